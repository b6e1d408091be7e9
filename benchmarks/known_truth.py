"""Intervals against the exact solve rates of real models: examples/rl_vs_base, whose answers are short enough.

python -m benchmarks.known_truth [-n 32 256] [-o benchmarks/results/known_truth.csv] [--figure FILE]

The counts are the shipped set `smollm2-arithmetic`; fewer samples a problem are drawn from its 256 without
replacement. The exact probability that a model solves a problem is in examples/rl_vs_base/truth.csv (made by truth.py
there), so that pass@k and shrinkage of these problems are known at every k. Each trained model is compared with the
base, on each benchmark and on all. The file holds a row for each n, benchmark, model, estimand and k: the truth, the
estimate, its 95 % interval, and what c/n alone would say. The table printed at the end says how often the interval
holds the truth and how far the estimate is from it; the figure shows three of the models.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import boundary as bd
from boundary.analysis.estimates.table import POSTERIOR, select

TRUTH = Path("examples/rl_vs_base/truth.csv")
KS = (1, 4, 16, 64, 256, 1024, 4096)
ESTIMANDS = ("pass_at_k", "shrinkage")
SHOWN = {"SmolLM2-135M-Instruct": "#0072B2", "GRPO-160": "#CC79A7", "Distilled": "#E69F00"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, nargs="+", default=[32, 256])
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/known_truth.csv"))
    parser.add_argument("--figure", type=Path, default=Path("docs/known-truth.png"))
    options = parser.parse_args()
    counts = bd.load_counts("smollm2-arithmetic")
    truth = pd.read_csv(TRUTH, dtype={"problem_id": str})
    rng = np.random.default_rng(0)
    estimates = pd.concat(
        [estimates_and_truth(thinned(counts.table, n, rng), truth, n) for n in options.n], ignore_index=True
    )
    estimates.round(6).to_csv(options.output, index=False)
    print(summary(estimates).to_string())
    draw(estimates, options.figure)


def thinned(table: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """The same samples, n of each problem's drawn without replacement."""
    right, wrong = table["n_correct"], table["n_samples"] - table["n_correct"]
    return table.assign(n_samples=n, n_correct=rng.hypergeometric(right, wrong, n))


def estimates_and_truth(table: pd.DataFrame, truth: pd.DataFrame, n: int) -> pd.DataFrame:
    """Estimates of one call of analyze beside the truth."""
    base = table["model"].iloc[0]
    done = bd.analyze(table, base=base, k=KS, max_k=max(KS), estimands=ESTIMANDS)
    rows = select(done.estimates, kind=POSTERIOR, estimand=ESTIMANDS).copy()
    exact = truth.set_index(["model", "benchmark"])["p"]
    naive = table.set_index(["model", "benchmark"])["n_correct"] / n

    def true_value(rates: pd.Series, row: pd.Series) -> float:
        own, other = (covered(of_arm(rates, model, row["benchmark"]), row["k"]) for model in (row["model"], base))
        return own if row["estimand"] == "pass_at_k" else other - own

    rows["truth"] = rows.apply(lambda row: true_value(exact, row), axis=1)
    rows["c_over_n"] = rows.apply(lambda row: true_value(naive, row), axis=1)
    rows["n"] = n
    return rows[["n", "benchmark", "model", "estimand", "k", "truth", "mean", "lower", "upper", "c_over_n"]]


def of_arm(rates: pd.Series, model: str, benchmark: str) -> np.ndarray:
    """Solve rates of one model on one benchmark, or on all."""
    own_rates = rates.loc[model]
    return (own_rates if benchmark == "all" else own_rates.loc[benchmark]).to_numpy()


def covered(p: np.ndarray, k: float) -> float:
    """Mean of 1 - (1 - p)^k."""
    return float(-np.expm1(k * np.log1p(-np.minimum(p, 1 - 1e-12))).mean())


def summary(estimates: pd.DataFrame) -> pd.DataFrame:
    """Coverage and mean absolute errors by estimand, n and k."""
    held = estimates.assign(
        coverage=(estimates["lower"] <= estimates["truth"]) & (estimates["truth"] <= estimates["upper"]),
        error=(estimates["mean"] - estimates["truth"]).abs(),
        plug_in_error=(estimates["c_over_n"] - estimates["truth"]).abs(),
        width=estimates["upper"] - estimates["lower"],
        rows=1,
    )
    means = held.groupby(["estimand", "n", "k"])[["coverage", "error", "plug_in_error", "width"]].mean().round(3)
    return means.assign(rows=held.groupby(["estimand", "n", "k"])["rows"].sum())


def draw(estimates: pd.DataFrame, path: Path) -> None:
    """Exact curves of three models over all problems, and the intervals fitted on few and on many samples."""
    import matplotlib.pyplot as plt

    sizes = sorted(set(estimates["n"]))
    figure, panels = plt.subplots(1, len(sizes), figsize=(4.6 * len(sizes), 3.7), sharey=True, layout="constrained")
    for axes, n in zip(np.atleast_1d(panels), sizes, strict=True):
        rows = estimates.query("n == @n and benchmark == 'all' and estimand == 'pass_at_k'")
        axes.axvspan(n, max(KS), color="0.93", linewidth=0)
        for place, (model, colour) in enumerate(SHOWN.items()):
            curve = rows[rows["model"] == model].sort_values("k")
            axes.plot(curve["k"], 100 * curve["truth"], "--", color=colour, linewidth=1)
            low, high = 100 * (curve["mean"] - curve["lower"]), 100 * (curve["upper"] - curve["mean"])
            beside = curve["k"] * 1.1 ** (place - 1)
            axes.errorbar(beside, 100 * curve["mean"], [low, high], fmt="o", markersize=4, color=colour, label=model)
        axes.set_xscale("log", base=4)
        axes.set_xticks(KS, [str(k) for k in KS])
        axes.set_xlabel("k, samples per problem")
        axes.set_title(f"fitted on n = {n} samples a problem", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.annotate("k > n", (max(KS), 21), ha="right", color="0.4", fontsize=8)
        axes.annotate("dashed: exact; points: posterior, 95 % intervals", (0.97, 95), color="0.4", fontsize=8)
    first = np.atleast_1d(panels)[0]
    first.set_ylabel("pass@k of 100 problems, %")
    first.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 0.06))
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
