"""How often the 95 % interval of each estimand holds the truth, where the truth is known.

python -m benchmarks.estimands [--draws 40] [--seed 0] [-o benchmarks/results/estimands.csv] [--docs FILE]

Solve rates of 60 problems come from named populations of pairs (`benchmarks.calibration.truths.PAIRS`), 64 samples of
each are drawn, the default prior is fitted, and every estimand is computed twice: from the posterior and from the true
rates. A leaderboard of six models, each fitted alone, does the same for ranks. Budgets up to 64 lie within the samples;
256 extrapolates. Coverage stands with its Monte Carlo error.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit

from benchmarks.calibration.truths import PAIRS
from boundary.stats import estimands
from boundary.stats.priors import NonParametric
from boundary.stats.sampler.compilation import keep_compiled
from boundary.stats.solve_rates import SolveRates

PROBLEMS, SAMPLES, MODELS = 60, 64, 6
WITHIN, EXTRAPOLATED, FURTHEST = [1, 4, 16, 64], [256], 512
TAUS = [0.05, 0.25, 0.5, 0.75, 0.95]
LEVEL, LOW = 0.95, 0.92
RESULTS = Path(__file__).parent / "results"


def quantities(rates: SolveRates) -> dict[str, xr.DataArray]:
    """Every estimand of a pair, by name."""
    budgets = WITHIN + EXTRAPOLATED
    draws_by_name: dict[str, xr.DataArray] = {
        "pass_at_k": estimands.pass_at_k(rates, budgets),
        "pass_hat_k": estimands.pass_hat_k(rates, budgets),
        "g_pass_at_k": estimands.g_pass_at_k(rates, [16], TAUS),
        "mg_pass_at_k": estimands.mg_pass_at_k(rates, [16, 64]),
        "cover_at_tau": estimands.cover_at_tau(rates, TAUS),
        "accuracy_histogram": estimands.accuracy_histogram(rates),
        "tail_exponent": estimands.tail_exponent(rates, [4, 16, 32]),
        "reach": estimands.reach(rates, budgets),
        "delta_se": estimands.delta_se(rates, [64, 256]),
        "crossover": estimands.crossover(rates, FURTHEST),
        "sampling_speedup": estimands.sampling_speedup(rates, FURTHEST),
    }
    for joint in (estimands.flows, estimands.support_rates, estimands.gains):
        draws_by_name |= {str(name): draws for name, draws in joint(rates, budgets).items()}
    return draws_by_name


def true_rates(p: np.ndarray) -> SolveRates:
    """The true solve rates as a posterior of one draw."""
    counts = np.zeros(p.shape, dtype=int)
    return SolveRates(p[None, None], counts, counts + SAMPLES, "truth")


def coverage_rows(population: str, seed: int) -> Iterator[dict[str, Any]]:
    """Whether each interval of one made-up benchmark holds the truth."""
    rng = np.random.default_rng([seed, sum(population.encode())])
    p = PAIRS[population](rng, PROBLEMS)
    counts = rng.binomial(SAMPLES, p)
    fit = NonParametric().posterior(counts, np.full_like(counts, SAMPLES), jax.random.key(seed))
    truths = quantities(true_rates(p))
    for name, draws in quantities(fit).items():
        for row in _compare(name, draws, truths[name]):
            yield {"population": population, "seed": seed} | row


def _compare(name: str, draws: xr.DataArray, truth: xr.DataArray) -> Iterator[dict[str, Any]]:
    over = [dim for dim in draws.dims if dim not in ("chain", "draw")]
    flat = draws.stack(draws_=("chain", "draw")).transpose("draws_", ...).to_numpy()
    with np.errstate(invalid="ignore"):
        tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
        low, high = (_quantile(flat, tail) for tail in tails)
    true = truth.isel(chain=0, draw=0).transpose(*over).to_numpy()
    slack = 1e-6 * np.maximum(1, np.abs(np.where(np.isfinite(true), true, 0)))  # shares of problems in single precision
    held = (low - slack <= true) & (true <= high + slack)
    sides = [draws.coords[dim].to_numpy() for dim in over]
    for place in np.ndindex(true.shape):
        at = {dim: sides[axis][place[axis]] for axis, dim in enumerate(over)}
        if name == "reach":
            at.pop("problem", None)
        if not np.isnan(true[place]) and not np.isnan(low[place]):
            width = high[place] - low[place]
            yield {"estimand": name, **at, "truth": true[place], "held": bool(held[place]), "width": float(width)}


def _quantile(values: np.ndarray, level: float) -> np.ndarray:
    """An order statistic down the first axis, undefined draws left out, infinite ones kept."""
    ordered = np.sort(values, axis=0)  # NaN stand last
    defined = (~np.isnan(ordered)).sum(axis=0)
    place = np.clip(np.ceil(level * defined).astype(int) - 1, 0, len(ordered) - 1)
    return np.take_along_axis(ordered, place[None], axis=0)[0]


def leaderboard(seed: int) -> Iterator[dict[str, Any]]:
    """Ranks of six models fitted alone: intervals of ranks, and P(best) and P(better) beside what is true."""
    rng = np.random.default_rng([seed, 6])
    difficulty, ability = rng.normal(0, 2, PROBLEMS)[:, None], rng.normal(0, 0.4, MODELS)
    p = expit(ability - 0.5 - difficulty + rng.normal(0, 1, (PROBLEMS, MODELS)))
    counts = rng.binomial(SAMPLES, p)
    fits = [
        NonParametric().posterior(counts[:, [m]], np.full((PROBLEMS, 1), SAMPLES), jax.random.key(100 * seed + m)).p
        for m in range(MODELS)
    ]
    fit = SolveRates(np.concatenate(fits, axis=-1), counts, np.full_like(counts, SAMPLES), "nonparametric")
    for row in _compare("rank", estimands.rank(fit, WITHIN), estimands.rank(true_rates(p), WITHIN)):
        yield {"population": "leaderboard", "seed": seed} | row
    for name in ("best", "better"):
        chances, true = (getattr(estimands, name)(rates, WITHIN) for rates in (fit, true_rates(p)))
        chances, true = (part.mean([d for d in ("chain", "draw") if d in part.dims]) for part in (chances, true))
        for chance, right in zip(chances.to_numpy().ravel(), true.to_numpy().ravel(), strict=True):
            if name == "best" or right != 0.5:
                yield {"population": "leaderboard", "seed": seed, "estimand": name, "chance": chance, "truth": right}


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage of each estimand at each budget or threshold, over all and by population."""
    keys = ["estimand", "k", "tau"]
    intervals = rows.loc[rows["held"].notna()].assign(held=lambda r: r["held"].astype(float))
    intervals[["k", "tau"]] = intervals[["k", "tau"]].fillna(-1)
    # Problems and models of one draw are not independent: the error is that of the draws' means.
    draws = intervals.groupby([*keys, "population", "seed"])["held"].mean()
    over = draws.groupby(level=keys)
    summary = pd.DataFrame({"coverage": over.mean(), "error": over.std() / np.sqrt(over.size()), "draws": over.size()})
    by_population = draws.groupby(level=[*keys, "population"]).mean().unstack("population")
    return summary.join(by_population).reset_index().replace({"k": {-1: np.nan}, "tau": {-1: np.nan}})


def calibration(rows: pd.DataFrame) -> pd.DataFrame:
    """Of claims made with a probability in a bin: how many, the mean probability, and how many are true."""
    claims = rows.loc[rows["estimand"].isin(["best", "better"])]
    bins = pd.cut(claims["chance"], [0, 0.05, 0.2, 0.5, 0.8, 0.95, 1], include_lowest=True)
    grouped = claims.groupby(["estimand", bins], observed=True)
    return grouped.agg(claims=("truth", "size"), stated=("chance", "mean"), true=("truth", "mean")).reset_index()


def page(coverage: pd.DataFrame, claims: pd.DataFrame, draws: int) -> str:
    """The tables as a page of the documentation."""
    low = coverage.loc[coverage["coverage"] < LOW]
    extrapolated = low.loc[low["k"] > SAMPLES]
    worst = ", ".join(f"{_label(row)} ({row['coverage']:.2f})" for _, row in low.iterrows()) or "none"
    lines = [
        "# Coverage of every estimand",
        "",
        f"How often the 95 % interval of each estimand holds the truth: {PROBLEMS} problems, {SAMPLES} samples each,",
        f"{draws} draws from each of {len(PAIRS)} populations of pairs ({', '.join(f'`{name}`' for name in PAIRS)} in",
        f"`benchmarks/calibration/truths.py`) and, for ranks, from a leaderboard of {MODELS} models that are each",
        "fitted alone. The default prior; error: one Monte Carlo standard error. Made by",
        "`python -m benchmarks.estimands`, numbers in `benchmarks/results/estimands.csv`. An interval that always",
        "holds the truth is too wide or, where values are few (histogram, cover, rank), as narrow as can be.",
        "",
        f"{len(coverage)} rows; below {LOW}: {len(low)}, of which {len(extrapolated)} extrapolate (k > {SAMPLES}): "
        f"{worst}.",
        "",
    ]
    populations = [name for name in (*PAIRS, "leaderboard") if name in coverage]
    lines += [
        f"| estimand | k | tau | coverage | error | {' | '.join(populations)} |",
        "|---" * (5 + len(populations)) + "|",
    ]
    for _, row in coverage.iterrows():
        shown = [_plain(row["k"]), _plain(row["tau"]), f"{row['coverage']:.3f}", f"{row['error']:.3f}"]
        shown += ["" if np.isnan(row[name]) else f"{row[name]:.2f}" for name in populations]
        mark = " (extrapolated)" if row["k"] > SAMPLES else ""
        lines.append(f"| `{row['estimand']}`{mark} | {' | '.join(shown)} |")
    lines += ["", "## Claims of rank", "", "Of claims stated with a probability in a bin, how many are true.", ""]
    lines += ["| claim | stated | claims | mean probability | true |", "|---|---|---|---|---|"]
    for _, row in claims.iterrows():
        bounds = f"{max(row['chance'].left, 0):g} to {row['chance'].right:g}"
        lines.append(f"| `{row['estimand']}` | {bounds} | {row['claims']} | {row['stated']:.3f} | {row['true']:.3f} |")
    return "\n".join(lines) + "\n"


def _label(row: pd.Series) -> str:
    at = [
        f"k = {row['k']:g}" if not np.isnan(row["k"]) else "",
        f"tau = {row['tau']:g}" if not np.isnan(row["tau"]) else "",
    ]
    return " ".join([f"`{row['estimand']}`", *(part for part in at if part)])


def _plain(value: float) -> str:
    return "" if np.isnan(value) else f"{value:g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "estimands.csv")
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    keep_compiled(str(RESULTS / "compiled"))
    rows = []
    for seed in range(options.seed, options.seed + options.draws):
        for population in PAIRS:
            rows += coverage_rows(population, seed)
        rows += leaderboard(seed)
        print(f"draw {seed + 1 - options.seed} of {options.draws}", flush=True)
    frame = pd.DataFrame(rows)
    frame.to_csv(options.output.with_name("estimands-rows.csv.gz"), index=False, float_format="%.6g")
    coverage, claims = table(frame), calibration(frame)
    coverage.to_csv(options.output, index=False, float_format="%.4g")
    claims.to_csv(options.output.with_name("rank-claims.csv"), index=False, float_format="%.4g")
    if options.docs:
        options.docs.write_text(page(coverage, claims, options.draws), encoding="utf-8")
    print(coverage.to_string(), claims.to_string(), sep="\n\n")


if __name__ == "__main__":
    main()
