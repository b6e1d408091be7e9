"""`python -m benchmarks.borrowing [--draws 80] [--real 40] [--docs docs/benchmarks-together.md]`: borrowed shapes.

A benchmark of 30 problems, 64 samples of each model, beside two others of the pair, of 100 and 300 problems: of the
same population, of the same with easier problems, of another population, or of the opposite one, where RL loses what
the base solves. 95 % intervals with the shape borrowed (`--borrow-shape`) and without: how often they hold the truth,
how wide they are, and their interval score (width, and 40 times what the truth lies outside by; less is better).

With `--real` the same is done with 32 of the 128 samples of AIME24 (30 problems) and AMC23 (39) beside Gaokao2023en and
OlympiadBench (`deepscaler-1.5b`), with the unbiased estimate from all 128 as truth.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from scipy.special import expit, logit
from threadpoolctl import threadpool_limits

from benchmarks.calibration.coverage import coverage_rows
from benchmarks.calibration.truths import PAIRS, Draw, beta_pair, heavy_pair, pair, simulated_counts, unbiased
from benchmarks.pages import replace_between
from benchmarks.training_runs import markdown, share
from boundary.data.catalog import load_counts

RESULT = Path(__file__).parent / "results" / "borrowing.csv"
N_PROBLEMS, N_SAMPLES, SIZES_OF_LENDERS, N_LENDER_SETS = 30, 64, (100, 300), 20
BUDGETS = (1, N_SAMPLES, 4 * N_SAMPLES)
REAL_SAMPLES, REAL_BUDGETS = 32, (1, 32, 64)
SMALL, LARGE = ("AIME24", "AMC23"), ("Gaokao2023en", "OlympiadBench")
KEYS = ["population", "beside", "estimand", "k"]
OUTSIDE = 40  # 2 / (1 - level)


def easier_pair(rng: np.random.Generator, n: int) -> np.ndarray:
    """`pair` with problems two logits easier for the base."""
    base_logit = rng.normal(0.5, 2.5, n)
    base, rl = expit(base_logit), expit(1.15 * base_logit + 2 + rng.normal(0, 0.8, n))
    kind = rng.random(n)
    base = np.where(((kind >= 0.06) & (kind < 0.09)) | (kind >= 0.92), 0.0, base)
    return np.stack([base, np.where((kind < 0.06) | (kind >= 0.92), 0.0, rl)], axis=1)


def easier_heavy_pair(rng: np.random.Generator, n: int) -> np.ndarray:
    """`heavy_pair` with problems two logits easier for the base."""
    base_logit = rng.normal(-2, 3, n)
    base = np.where(rng.random(n) < 0.02, 0.0, expit(base_logit))
    return np.stack([base, expit(1.4 * base_logit + 2.5 + rng.normal(0, 1.0, n))], axis=1)


def opposite_pair(rng: np.random.Generator, n: int) -> np.ndarray:
    """Easy problems, of which RL loses a fifth to 0 and becomes worse at the others."""
    base = np.clip(rng.beta(3, 0.6, n), 1e-6, 1 - 1e-6)
    rl = expit(0.8 * logit(base) - 2 + rng.normal(0, 0.5, n))
    return np.stack([base, np.where(rng.random(n) < 0.2, 0.0, rl)], axis=1)


Rates = Callable[[np.random.Generator, int], np.ndarray]
BESIDE: dict[str, dict[str, Rates]] = {
    "heavy_pair": {"same": heavy_pair, "easier": easier_heavy_pair, "other": beta_pair, "opposite": opposite_pair},
    "pair": {"same": pair, "easier": easier_pair, "other": heavy_pair, "opposite": opposite_pair},
    "beta_pair": {"same": beta_pair, "other": heavy_pair, "opposite": opposite_pair},
}


@cache
def _borrowing(population: Rates, number: int) -> Any:
    """The prior beside two other benchmarks, of which there are a few."""
    from boundary.stats.borrowed_shape import BorrowedShape
    from boundary.stats.priors import NonParametric

    lenders = [
        simulated_counts(population, n, N_SAMPLES, 5000 + 10 * number + i) for i, n in enumerate(SIZES_OF_LENDERS)
    ]
    return BorrowedShape(NonParametric(new_problems=0), tuple((draw.n_correct, draw.n_samples) for draw in lenders))


def simulated(seed: int) -> Iterator[dict[str, Any]]:
    """Rows of one data set of each population."""
    from boundary.stats.priors import NonParametric

    for name, contexts in BESIDE.items():
        draw = simulated_counts(PAIRS[name], N_PROBLEMS, N_SAMPLES, seed)
        priors = {"none": NonParametric(new_problems=0)}
        priors |= {beside: _borrowing(population, seed % N_LENDER_SETS) for beside, population in contexts.items()}
        for beside, prior in priors.items():
            yield from _rows(prior, draw, seed, {"population": name, "beside": beside}, BUDGETS)


def real(seed: int) -> Iterator[dict[str, Any]]:
    """Rows of one subsample of the real benchmarks."""
    from boundary.stats.borrowed_shape import BorrowedShape
    from boundary.stats.priors import NonParametric

    draws = {name: subsampled_pair(name, seed) for name in (*SMALL, *LARGE)}
    lender_counts = tuple((draws[name].n_correct, draws[name].n_samples) for name in LARGE)
    plain = NonParametric(new_problems=0)
    priors = {"none": plain, ", ".join(LARGE): BorrowedShape(plain, lender_counts)}
    for name in SMALL:
        for beside, prior in priors.items():
            yield from _rows(prior, draws[name], seed, {"population": name, "beside": beside}, REAL_BUDGETS)


def subsampled_pair(benchmark: str, seed: int) -> Draw:
    """A subsample of a shipped benchmark; the truth is the unbiased estimate from all samples."""
    counts = load_counts("deepscaler-1.5b")
    models = [counts.default_base, *(model for model in counts.models if model != counts.default_base)]
    n_correct, n_samples, *_ = counts.arrays(models, benchmark, common_only=False)
    rng = np.random.default_rng([seed, len(n_correct)])
    subsample = rng.hypergeometric(n_correct, n_samples - n_correct, REAL_SAMPLES)

    def truth(k: int) -> np.ndarray:
        return np.array([unbiased(c, n, k) for c, n in zip(n_correct.T, n_samples.T, strict=True)])

    return Draw(subsample, np.full_like(subsample, REAL_SAMPLES), truth, n_correct / n_samples)


def _rows(
    prior: Any, draw: Draw, seed: int, cell: dict[str, Any], budgets: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """Rows of one fit; of real data those of pass@k and shrinkage, whose truth is an unbiased estimate."""
    import jax

    rates = prior.posterior(draw.n_correct, draw.n_samples, jax.random.key(seed))
    for row in coverage_rows(rates, draw, budgets):
        name = row["estimand"]
        if name == "crossover" or (budgets == REAL_BUDGETS and name in ("lost", "gained")):
            continue
        truth = row["truth"]
        if name == "shrinkage":
            base, rl = draw.truth(int(row["k"]))
            truth = base - rl
        low, high = row["lower"], row["upper"]
        score = high - low + OUTSIDE * (max(low - truth, 0.0) + max(truth - high, 0.0))
        numbers = {"covered": low <= truth <= high, "width": high - low, "score": score, "r_hat": row["r_hat"]}
        yield cell | {"estimand": name, "k": row["k"], "seed": seed} | numbers


def summed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A row a cell: coverage, and width and interval score relative to those without borrowing."""
    groups = pd.DataFrame(rows).groupby(KEYS, sort=False)
    table = groups[["covered", "width", "score"]].mean().astype(float)
    table = table.assign(r_hat=groups["r_hat"].max(), data_sets=groups.size()).reset_index()
    labels = ["population", "estimand", "k"]
    plain = table.loc[table["beside"] == "none"].set_index(labels)
    for name in ("width", "score"):
        of_plain = plain.loc[pd.MultiIndex.from_frame(table[labels]), name].to_numpy()
        table[f"{name}_ratio"] = table[name].to_numpy() / of_plain
    return table


def lines(table: pd.DataFrame) -> str:
    """The table of the page: a row for each population and what stands beside it."""
    of_cells = ("pass@k of base, n, 4n", "shrinkage, n, 4n", "all: mean, lowest", "width, 4n", "score, n, 4n")
    header = ("small benchmark", "beside", *of_cells)
    rows = []
    for (population, beside), cell in table.groupby(["population", "beside"], sort=False):
        budgets = sorted(cell["k"].unique())[1:]

        def at(estimand: str, cell: pd.DataFrame = cell, budgets: list[int] = budgets) -> str:
            covered = cell.loc[cell["estimand"] == estimand].set_index("k")["covered"]
            return " ".join(share(covered[k]) for k in budgets)

        ratios = np.exp(np.log(cell[["width_ratio", "score_ratio"]]).groupby(cell["k"]).mean())
        scores = " ".join(share(ratios.loc[k, "score_ratio"]) for k in budgets)
        overall = f"{share(cell['covered'].mean())} {share(cell['covered'].min())}"
        width = share(ratios.loc[budgets[-1], "width_ratio"])
        rows.append([population, beside, at("pass_at_k base"), at("shrinkage"), overall, width, scores])
    return markdown(header, rows)


@click.command()
@click.option("--draws", default=80, show_default=True, help="Simulated data sets of each population.")
@click.option("--real", "n_real", default=40, show_default=True, help="Subsamples of the real benchmarks.")
@click.option("--docs", type=click.Path(path_type=Path), help="Page whose table to replace.")
def main(draws: int, n_real: int, docs: Path | None) -> None:
    rows: list[dict[str, Any]] = []
    with threadpool_limits(1, user_api="blas"):
        for number in range(max(draws, n_real)):
            rows += simulated(number) if number < draws else ()
            rows += real(number) if number < n_real else ()
            click.echo(f"{number + 1} of {max(draws, n_real)}", err=True)
            table = summed(rows)
            table.to_csv(RESULT, index=False, float_format="%.4f")
    click.echo(lines(table))
    if docs is not None:
        replace_between(docs, "borrowing", lines(table))


if __name__ == "__main__":
    main()
