"""Intervals against the exact solve rates of real models: examples/rl_vs_base, whose answers are short enough.

python -m benchmarks.known_truth [-n 16 32 64 256] [-o benchmarks/results/known_truth.csv]

The counts are the shipped set `smollm2-arithmetic`; fewer samples a problem are drawn from its 256 without
replacement. The exact probability that a model solves a problem is in examples/rl_vs_base/truth.csv (made by truth.py
there), so that pass@k and shrinkage of these problems are known at every k. Each RL model is compared with the base, on
each benchmark. The file holds a row for each n, benchmark, model, estimand and k: the truth, the estimate and its 95 %
interval; what c/n alone would say stands beside. The table printed at the end says how often the interval holds the
truth and how far the estimate is from it.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import boundary as bd

TRUTH = Path("examples/rl_vs_base/truth.csv")
KS = (1, 4, 16, 64, 256, 1024, 4096)
ASKED = ("pass_at_k", "shrinkage")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, nargs="+", default=[16, 32, 64, 256])
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/known_truth.csv"))
    given = parser.parse_args()
    counts = bd.load_counts("smollm2-arithmetic")
    truth = pd.read_csv(TRUTH, dtype={"problem_id": str})
    rng = np.random.default_rng(0)
    found = pd.concat([compared(thinned(counts.table, n, rng), truth, n) for n in given.n], ignore_index=True)
    found.round(6).to_csv(given.output, index=False)
    print(summary(found).to_string())


def thinned(table: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """The same samples, n of each problem's drawn without replacement."""
    right, wrong = table["n_correct"], table["n_samples"] - table["n_correct"]
    return table.assign(n_samples=n, n_correct=rng.hypergeometric(right, wrong, n))


def compared(table: pd.DataFrame, truth: pd.DataFrame, n: int) -> pd.DataFrame:
    """Estimates of one call of analyze beside the truth."""
    base = table["model"].iloc[0]
    done = bd.analyze(table, base=base, k=KS, max_k=max(KS), estimands=ASKED)
    rows = done.estimates.loc[done.estimates["estimand"].isin(ASKED) & (done.estimates["benchmark"] != "all")]
    values = {
        (benchmark, model): part.sort_values("problem_id")["p"].to_numpy()
        for (benchmark, model), part in truth.groupby(["benchmark", "model"])
    }
    sides = {
        key: part.sort_values("problem_id")["n_correct"].to_numpy()
        for key, part in table.groupby(["benchmark", "model"])
    }

    def exact(row: pd.Series) -> float:
        own = covered(values[row["benchmark"], row["model"]], row["k"])
        return own if row["estimand"] == "pass_at_k" else covered(values[row["benchmark"], base], row["k"]) - own

    keep = rows.loc[~rows["prior"].isin(["observed", "bounds"])].copy()
    keep["truth"] = keep.apply(exact, axis=1)
    keep["c_over_n"] = [
        covered(sides[row.benchmark, row.model] / n, row.k) if row.estimand == "pass_at_k" else np.nan
        for row in keep.itertuples()
    ]
    keep["n"] = n
    return keep[["n", "benchmark", "model", "estimand", "k", "truth", "mean", "lower", "upper", "c_over_n"]]


def covered(p: np.ndarray, k: float) -> float:
    """Mean of 1 - (1 - p)^k."""
    return float(-np.expm1(k * np.log1p(-np.minimum(p, 1 - 1e-12))).mean())


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """Coverage and mean absolute errors by estimand, n and k."""
    held = found.assign(
        coverage=(found["lower"] <= found["truth"]) & (found["truth"] <= found["upper"]),
        error=(found["mean"] - found["truth"]).abs(),
        plug_in_error=(found["c_over_n"] - found["truth"]).abs(),
        width=found["upper"] - found["lower"],
        rows=1,
    )
    means = held.groupby(["estimand", "n", "k"])[["coverage", "error", "plug_in_error", "width"]].mean().round(3)
    return means.assign(rows=held.groupby(["estimand", "n", "k"])["rows"].sum())


if __name__ == "__main__":
    main()
