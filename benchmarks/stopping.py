"""Sampling that stops at a success: python -m benchmarks.stopping [--draws 40] [--docs docs/counting.md].

100 problems, rates as `pair` in benchmarks/calibration/truths.py. The RL model is sampled up to its first success, 64
times at most; its base 64 times. Reported for pass@k of the RL model and the shrinkage: the mean error of the unbiased
estimate (unbiased for a fixed n only; for k up to 16 on the problems sampled that often), and mean error, coverage and
width of the posterior.
"""

import argparse
from pathlib import Path

import jax
import numpy as np
import pandas as pd

from benchmarks.calibration.truths import PAIRS
from benchmarks.pages import replace_between
from boundary.stats.estimands import pass_at_k, shrinkage
from boundary.stats.estimands.unbiased import unbiased_pass_at_k
from boundary.stats.priors import NonParametric

RESULTS = Path(__file__).parent / "results"
N_PROBLEMS, MOST, BUDGETS = 100, 64, (1, 4, 16, 64, 256)


def up_to_first_success(rng: np.random.Generator, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    hits = rng.random((len(p), MOST)) < p[:, None]
    solved = hits.any(axis=1)
    return solved.astype(int), np.where(solved, hits.argmax(axis=1) + 1, MOST)


def simulate(seed: int) -> list[dict[str, float | str]]:
    rng = np.random.default_rng(seed)
    p = PAIRS["pair"](rng, N_PROBLEMS)
    c, n = up_to_first_success(rng, p[:, 1])
    counts = np.column_stack([rng.binomial(MOST, p[:, 0]), c]), np.column_stack([np.full(N_PROBLEMS, MOST), n])
    rates = NonParametric().posterior(*counts, jax.random.key(seed))
    rows: list[dict[str, float | str]] = []
    for k in BUDGETS:
        reach = (1 - (1 - p) ** k).mean(axis=0)
        often = n >= k
        plug_in = float(unbiased_pass_at_k(c[often], n[often], k).mean()) if k <= 16 else np.nan
        draws = {"pass@k, RL": pass_at_k(rates, k).to_numpy()[..., 1], "shrinkage": shrinkage(rates, k).to_numpy()}
        truths = {"pass@k, RL": reach[1], "shrinkage": reach[0] - reach[1]}
        for quantity, values in draws.items():
            low, high = np.quantile(values, [0.025, 0.975])
            row = {"seed": seed, "what": quantity, "k": k, "truth": truths[quantity], "mean": values.mean()}
            row |= {"held": low <= truths[quantity] <= high, "width": high - low}
            rows.append(row | {"plug_in": plug_in if quantity != "shrinkage" else np.nan})
    return rows


def summed(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(unbiased=rows["plug_in"] - rows["truth"], posterior=rows["mean"] - rows["truth"])
    groups = rows.groupby(["what", "k"], sort=False)
    table = groups[["truth", "unbiased", "posterior", "held", "width"]].mean().reset_index()
    table["held_error"] = np.sqrt(table["held"] * (1 - table["held"]) / groups.size().to_numpy())
    return table.assign(draws=groups.size().to_numpy())


def lines(table: pd.DataFrame) -> str:
    heads = ("", "k", "error of the unbiased estimate", "error of the posterior mean", "coverage", "width")
    text = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in table.to_dict("records"):
        plug_in = "" if np.isnan(row["unbiased"]) else f"{100 * row['unbiased']:+.1f}"
        text.append(
            f"| {row['what']} | {row['k']} | {plug_in} | {100 * row['posterior']:+.1f} | "
            f"{row['held']:.2f} \u00b1 {row['held_error']:.2f} | {100 * row['width']:.1f} |"
        )
    return "\n".join(text) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "stopping.csv")
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    table = summed(pd.DataFrame([row for seed in range(options.draws) for row in simulate(seed)]))
    table.to_csv(options.output, index=False, float_format="%.5g")
    print(table.to_string(index=False))
    if options.docs:
        replace_between(options.docs, "stopping", lines(table))


if __name__ == "__main__":
    main()
