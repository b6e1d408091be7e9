"""How wide intervals are, before anything is sampled.

`python docs/make_sample_sizes.py` makes docs/sample-sizes.csv and the table of docs/how-many-samples.md.

Truths are posterior draws of the solve rates of `deepscaler-1.5b`. From each, some problems are drawn, samples of both
models are simulated, and the shrinkage is estimated as `boundary analyze` does.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import boundary as bd

PAGE = Path(__file__).with_name("how-many-samples.md")
RESULTS = Path(__file__).with_name("sample-sizes.csv")
START, END = "<!-- table of python docs/make_sample_sizes.py -->", "<!-- end of the table -->"
PROBLEMS, SAMPLES, BUDGETS, REPEATS = (30, 100, 500), (16, 64, 256), (1, 16, 64, 256), 10
BASE, RL = "base", "RL"


def true_rates() -> np.ndarray:
    """Solve rates under both models, of all problems of the shipped set: draws x problems x models."""
    result = bd.analyze("deepscaler-1.5b", benchmarks="all", k=[1, 128], estimands=["shrinkage"])
    (rates,) = result.rates.values()
    return np.asarray(rates.p).reshape(-1, *rates.p.shape[-2:])


def simulated_counts(rates: np.ndarray, n_samples: int, rng: np.random.Generator) -> pd.DataFrame:
    """A counts table of both models: rates x problems x models, a number of samples of each."""
    rows = [
        {"model": model, "benchmark": "simulated", "problem_id": str(problem), "n_samples": n_samples, "n_correct": c}
        for column, model in enumerate((BASE, RL))
        for problem, c in enumerate(rng.binomial(n_samples, rates[:, column]))
    ]
    return pd.DataFrame(rows)


def widths(
    truths: np.ndarray, problems: Sequence[int], samples: Sequence[int], budgets: Sequence[int], repeats: int
) -> Iterator[dict[str, float]]:
    """Half the width of the interval of the shrinkage, and whether the verdict is settled, a row a fit and budget."""
    for n_problems in problems:
        for n_samples in samples:
            for repeat in range(repeats):
                rng = np.random.default_rng([n_problems, n_samples, repeat])
                subset = rng.choice(truths.shape[1], n_problems, replace=False)
                truth = truths[rng.integers(len(truths))][subset]
                result = bd.analyze(
                    simulated_counts(truth, n_samples, rng), BASE, k=budgets, estimands=["shrinkage"], seed=repeat
                )
                rows = result.estimates.query("estimand == 'shrinkage' and kind == 'posterior'").set_index("k")
                for k in budgets:
                    row = rows.loc[k]
                    solved = 1 - (1 - truth) ** k
                    shrinkage = float((solved[:, 0] - solved[:, 1]).mean())
                    sure = max(row["prob_equivalent"], *(_beyond_the_margin(result, k)))
                    yield {
                        "n_problems": n_problems,
                        "n_samples": n_samples,
                        "k": k,
                        "repeat": repeat,
                        "half_width": round((row["upper"] - row["lower"]) / 2, 5),
                        "covers": int(row["lower"] <= shrinkage <= row["upper"]),
                        "settled": int(sure >= 0.95),
                    }


def _beyond_the_margin(result: bd.Analysis, k: int) -> list[float]:
    rows = result.estimates.query("k == @k and kind == 'posterior' and estimand in ['narrowed', 'widened']")
    return [float(probability) for probability in rows["mean"]]


def table(rows: pd.DataFrame) -> str:
    """The table in Markdown: a row for each number of problems and samples, a column for each budget."""
    cells = rows.groupby(["n_problems", "n_samples", "k"])[["half_width", "settled"]].mean()
    budgets = sorted(rows["k"].unique())
    lines = [
        "| problems | samples of each, per model | " + " | ".join(f"k = {k}" for k in budgets) + " |",
        "|---|---" + "|---" * len(budgets) + "|",
    ]
    for n_problems, n_samples in sorted({key[:2] for key in cells.index}):
        texts = []
        for k in budgets:
            half_width, share_settled = cells.loc[(n_problems, n_samples, k)]
            text = f"± {100 * half_width:.1f} ({share_settled:.0%})"
            texts.append(f"*{text}*" if k > n_samples else text)
        lines.append(f"| {n_problems} | {n_samples} | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def page_with_table(page: str, rows: pd.DataFrame) -> str:
    """The page with the table between its two marks."""
    before, remainder = page.split(START)
    return f"{before}{START}\n\n{table(rows)}\n\n{END}{remainder.split(END)[1]}"


if __name__ == "__main__":
    results = pd.DataFrame(widths(true_rates(), PROBLEMS, SAMPLES, BUDGETS, REPEATS))
    results.to_csv(RESULTS, index=False)
    if PAGE.exists():
        PAGE.write_text(page_with_table(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    print(table(results))
