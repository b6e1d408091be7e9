"""What a plan saves: python -m benchmarks.plan [--draws 40] [--docs docs/plan.md].

Each simulated pair (`pair` and `heavy_pair` of benchmarks/calibration/truths.py: 100 problems, 64 samples of each
model) is planned for, with as many further samples as there are; then further samples are drawn in three ways: as
planned, spread evenly, and spread evenly with four times as many. Each is fitted anew, all samples together. Reported:
the mean width of the 95 % interval of the shrinkage at k = 256, how often it holds the truth, how often the claim that
it is above 0 is settled (P at least .95 or at most .05), and what the plan foresaw.
"""

import argparse
from pathlib import Path

import jax
import numpy as np
import pandas as pd

import boundary as bd
from benchmarks.calibration.truths import PAIRS
from benchmarks.pages import replace_between
from boundary.stats.estimands import shrinkage
from boundary.stats.priors import NonParametric

RESULTS = Path(__file__).parent / "results"
N_PROBLEMS, N_SAMPLES, K, TIMES = 100, 64, 256, 4
CLAIM = f"shrinkage({K}) > 0"
MODELS = ("base", "RL")


def frame(c: np.ndarray, n: np.ndarray) -> pd.DataFrame:
    arms = [{"model": m, "n_samples": n[:, j], "n_correct": c[:, j]} for j, m in enumerate(MODELS)]
    return pd.concat([pd.DataFrame({"problem_id": range(N_PROBLEMS)} | arm) for arm in arms], ignore_index=True)


def planned_row(assurance: pd.DataFrame, allocation: str, n_more: int) -> pd.Series:
    """The row that is nearest to a number of samples."""
    rows = assurance.loc[assurance["allocation"] == allocation]
    return rows.loc[(rows["n_more"] - n_more).abs().idxmin()]


def simulate(truth: str, seed: int) -> list[dict[str, object]]:
    rng = np.random.default_rng(seed)
    p = PAIRS[truth](rng, N_PROBLEMS)
    at_first = np.full(p.shape, N_SAMPLES)
    c = rng.binomial(at_first, p)
    budget = int(at_first.sum())
    plan = bd.plan(frame(c, at_first), CLAIM, base="base", budget=budget, seed=seed)
    planned = np.zeros_like(at_first)
    for row in plan.rows.itertuples():
        planned[int(row.problem_id), MODELS.index(row.model)] = row.n_more
    ways = {"none": 0 * at_first, "planned": planned, "even": at_first, f"even, {TIMES} times": TIMES * at_first}
    real = float(((1 - p[:, 1]) ** K - (1 - p[:, 0]) ** K).mean())
    rows = []
    for way, more in ways.items():
        rates = NonParametric().posterior(c + rng.binomial(more, p), at_first + more, jax.random.key(seed))
        draws = shrinkage(rates, K).to_numpy().ravel()
        low, high = np.quantile(draws, [0.025, 0.975])
        positive = float((draws > 0).mean())
        observed = {"width": high - low, "held": low <= real <= high, "settled": not 0.05 < positive < 0.95}
        ahead = planned_row(plan.assurance, "planned" if way in ("none", "planned") else "even", int(more.sum()))
        rows.append({"truth": truth, "seed": seed, "samples": way, "n_more": int(more.sum()), **observed})
        rows[-1] |= {"foreseen_width": ahead["width"], "foreseen_chance": ahead["chance"]}
    return rows


def summed(rows: pd.DataFrame) -> pd.DataFrame:
    groups = rows.groupby(["truth", "samples"], sort=False)
    table = groups[["n_more", "width", "foreseen_width", "settled", "foreseen_chance", "held"]].mean().reset_index()
    share = table["held"]
    table["held_error"] = np.sqrt(share * (1 - share) / groups.size().to_numpy())
    table["draws"] = groups.size().to_numpy()
    return table


def lines(table: pd.DataFrame) -> str:
    text = ["| truth | further samples | width | foreseen | settled | foreseen | holds the truth |", "|---" * 7 + "|"]
    for row in table.to_dict("records"):
        text.append(
            f"| {row['truth']} | {row['samples']} ({row['n_more']:,.0f}) | {row['width']:.4f} | "
            f"{row['foreseen_width']:.4f} | {row['settled']:.2f} | {row['foreseen_chance']:.2f} | "
            f"{row['held']:.2f} \u00b1 {row['held_error']:.2f} |"
        )
    return "\n".join(text) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "plan.csv")
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    rows = []
    for truth in ("pair", "heavy_pair"):
        for seed in range(options.draws):
            rows += simulate(truth, seed)
            summed(pd.DataFrame(rows)).to_csv(options.output, index=False, float_format="%.5g")
    table = summed(pd.DataFrame(rows))
    print(table.to_string(index=False))
    if options.docs:
        replace_between(options.docs, "saving", lines(table))


if __name__ == "__main__":
    main()
