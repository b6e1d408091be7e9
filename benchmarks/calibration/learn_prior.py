"""`python -m benchmarks.calibration.learn_prior`: what to expect of one model's population, from published counts.

Each table of counts (one model on one benchmark) is fitted under a wide prior. The marginal likelihood of all tables
under other hyperparameters is the mean, over each table's draws, of the ratio of the two priors; its maximum is the
prior `empirical`. It is found a second time from draws under the first result, whose ratios are near 1. The same is
done with each set left out, so that a set can be judged with constants that have not seen it.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import jax
import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.special import logsumexp

from benchmarks.calibration import truths
from benchmarks.calibration.coverage import coverage_rows
from benchmarks.calibration.tables import PYTHIA_BUDGETS, summed
from boundary.stats.pareto_smoothing import leave_one_out
from boundary.stats.population.count_tables import count_tables
from boundary.stats.population.densities import AMPLITUDE, LEARNED_BEND, MarginalPrior, atom_odds, marginal_basis
from boundary.stats.population.grid import Grid
from boundary.stats.population.likelihood import count_data, counted_from_mode, log_posterior, posterior_data
from boundary.stats.population.starts import Density, starting_modes
from boundary.stats.priors.nonparametric import NonParametric, of_one_model
from boundary.stats.sampler.compilation import keep_compiled
from boundary.stats.sampler.hmc import hmc

PUBLISHED = Path(os.environ.get("BOUNDARY_PUBLISHED", "../shared/published"))
SHIPPED = Path("boundary/data/sets")
TRUTH = Path("examples/rl_vs_base")
FOLDER = Path(__file__).parent / "results"

# Tables of one set are alike (sizes of one family, checkpoints of one training): it counts as so many at most.
MOST_TABLES = 4
# Models of each benchmark of a leaderboard, evenly spaced by pass@1.
LEADERBOARD_MODELS = 3
EXACT_SAMPLES = 10_000  # an exactly known solve rate stands for so many samples
WIDE = LEARNED_BEND._replace(
    amplitude=0.6,
    amplitude_scale=1.2,
    width=4.0,
    width_scale=1.0,
    left=0.7,
    left_scale=1.5,
    right=0.7,
    right_scale=1.5,
    at_zero_scale=3.0,
    at_one_scale=3.0,
)
# The second fit's prior: the first result with its scales times this, so that the ratios of the priors are bounded.
BROADER = 1.25
# Weak knowledge of the hyperparameters: the places are normal around those of the prior that was chosen by hand, the
# scales log-normal around half of those of the wide prior, with these scales. Sets that say nothing of one leave it.
PLACE_SCALE, LOG_SCALE_SCALE = 2.0, 0.5
# Field of the place, field of the scale, whether the place is a median on the logarithmic scale.
PARAMETERS = (
    ("at_zero", "at_zero_scale", False),
    ("at_one", "at_one_scale", False),
    ("left", "left_scale", True),
    ("right", "right_scale", True),
    ("width", "width_scale", True),
    ("amplitude", "amplitude_scale", True),
)


class Table(NamedTuple):
    """Counts of one model on one benchmark, and the set they are from."""

    source: str
    name: str
    n_correct: np.ndarray
    n_samples: np.ndarray


def tables() -> list[Table]:
    """Every table that the prior is learned from."""
    return [
        *_tables("deepscaler-1.5b", pd.read_csv(SHIPPED / "deepscaler-1.5b/counts.csv")),
        *_tables("rlvr-math500-qwen7b", pd.read_csv(PUBLISHED / "rlvr-math500-qwen7b/counts.csv")),
        *_tables("monkeys-pythia-math-10k", pd.read_csv(PUBLISHED / "monkeys-pythia-math-10k/counts.csv")),
        # Sampling stopped after a success; the likelihood is that of fixed n, up to a factor without p.
        *_tables("bon-jailbreaking-text", pd.read_csv(PUBLISHED / "bon-jailbreaking-text/counts.csv")),
        *_tables("rlvr-gsm8k30-trajectory", longest_answers()),
        *_tables("tau-bench-airline-gpt4o", pd.read_csv(PUBLISHED / "tau-bench-airline-gpt4o/counts.csv")),
        *_tables("livecodebench-leaderboard", _leaderboard()),
        *_tables("smollm2-arithmetic", _every_third(_exact())),
        *_tables("smollm2-transfer", _every_third(pd.read_csv(SHIPPED / "smollm2-transfer/counts.csv"))),
    ]


def _tables(source: str, counts: pd.DataFrame) -> Iterator[Table]:
    for (benchmark, model), rows in counts.groupby(["benchmark", "model"], sort=True):
        yield Table(source, f"{benchmark}, {model}", rows["n_correct"].to_numpy(), rows["n_samples"].to_numpy())


def longest_answers() -> pd.DataFrame:
    """Counts of the published trajectory where answers could be longest."""
    counts = pd.read_csv(PUBLISHED / "rlvr-gsm8k30-trajectory/counts.csv")
    return counts.loc[counts["benchmark"].str.contains("2048")]


def _leaderboard() -> pd.DataFrame:
    """Three models of each benchmark in its first release, of those with ten samples a problem."""
    counts = pd.read_csv(PUBLISHED / "livecodebench-leaderboard/counts.csv.gz", low_memory=False)
    counts = counts.loc[counts["n_samples"] == 10]
    counts = counts.loc[counts["release"] == counts.groupby("benchmark")["release"].transform("min")]
    kept = []
    for _, rows in counts.groupby("benchmark"):
        solved = rows.groupby("model")["n_correct"].agg(["mean", "size"])
        solved = solved.loc[solved["mean"].between(0.1, 9.9) & (solved["size"] > 0.99 * solved["size"].max())]
        solved = solved.sort_values("mean")
        models = solved.index[np.linspace(0, len(solved) - 1, LEADERBOARD_MODELS).round().astype(int)]
        kept.append(rows.loc[rows["model"].isin(models)])
    return pd.concat(kept)


def _exact() -> pd.DataFrame:
    """The own models' exact solve rates, of both trainings, as counts."""
    first, second = (pd.read_csv(TRUTH / f"{name}.csv") for name in ("truth", "truth-scored"))
    second = second.loc[~second["model"].isin(["SmolLM2-135M-Instruct"])]
    rates = pd.concat([first, second.assign(model=second["model"] + ", second training")])
    return rates.assign(n_samples=EXACT_SAMPLES, n_correct=(rates["p"] * EXACT_SAMPLES).round().astype(int))


def _every_third(counts: pd.DataFrame) -> pd.DataFrame:
    """The base model and every third of the others: checkpoints of one training are alike."""
    models = sorted(counts["model"].unique())
    return counts.loc[counts["model"].isin([*models[::3], "SmolLM2-135M-Instruct"])]


def draws_of(table: Table, prior: MarginalPrior, seed: int) -> Float[np.ndarray, "draw parameter"]:
    """Posterior draws of a population's parameters: log odds of the atoms, logarithms of the others."""
    population = of_one_model(prior).population
    grid = Grid.for_samples(int(table.n_samples.max()), prior.spacing)
    counts, _ = count_data(count_tables(table.n_correct[:, None], table.n_samples[:, None], grid, None))
    basis = marginal_basis(prior, grid)._replace(n_problems=np.array(len(table.n_correct), np.float32))
    log_density = log_posterior(population)
    mode, *other_starts = starting_modes(Density(log_density, prior.dim, AMPLITUDE, True), counts, counts, basis)
    data = counted_from_mode(population, posterior_data(counts, basis), mode.position)

    def parameters(theta: Float[np.ndarray, "chain draw dim"]) -> Float[np.ndarray, "parameter chain draw"]:
        flat = theta.reshape(-1, theta.shape[-1]).T
        place, scale = hyperparameters(prior)
        odds, _ = atom_odds(flat[:2], (prior.at_zero, prior.at_one), basis.n_problems)
        values = np.concatenate([np.asarray(odds), place[2:, None] + scale[2:, None] * flat[2:6]])
        return values.reshape(-1, *theta.shape[:2])

    chains = hmc(log_density, data, mode, jax.random.key(seed), other_starts=other_starts, monitored=parameters)
    return parameters(chains.draws).reshape(len(PARAMETERS), -1).T


def hyperparameters(prior: MarginalPrior) -> tuple[np.ndarray, np.ndarray]:
    """Places and scales of the parameters, on the scale on which they are normal."""
    place = [np.log(getattr(prior, field)) if log else getattr(prior, field) for field, _, log in PARAMETERS]
    return np.array(place, float), np.array([getattr(prior, field) for _, field, _ in PARAMETERS], float)


def with_hyperparameters(place: np.ndarray, scale: np.ndarray) -> MarginalPrior:
    """The wide prior with these places and scales."""
    fields = {}
    for (place_field, scale_field, log), centre, spread in zip(PARAMETERS, place, scale, strict=True):
        fields |= {place_field: float(np.exp(centre) if log else centre), scale_field: float(spread)}
    return WIDE._replace(**fields)


def weights_of(sources: Sequence[str], left_out: str | None = None) -> Float[np.ndarray, " table"]:
    """How much each table counts: those of a set share at most `MOST_TABLES`, and those of the one left out nothing."""
    names = np.array(sources)
    counts = pd.Series(names).map(pd.Series(names).value_counts()).to_numpy()
    return np.where(names == left_out, 0.0, np.minimum(counts, MOST_TABLES) / counts)


def log_ratios(
    draws: Float[np.ndarray, "table draw parameter"], place: np.ndarray, scale: np.ndarray, drawn_under: MarginalPrior
) -> Float[np.ndarray, "table draw"]:
    """Log density of each draw's parameters under other hyperparameters, less that under those it was drawn under."""

    def log_density(place: np.ndarray, scale: np.ndarray) -> np.ndarray:
        return (-0.5 * ((draws - place) / scale) ** 2 - np.log(scale)).sum(-1)

    return log_density(place, scale) - log_density(*hyperparameters(drawn_under))


def most_likely(
    draws: Float[np.ndarray, "table draw parameter"], drawn_under: MarginalPrior, weights: Float[np.ndarray, " table"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places and log scales with the largest marginal likelihood of the tables, and the covariance of both together."""
    usual_place, usual_log_scale = hyperparameters(LEARNED_BEND)[0], np.log(0.5 * hyperparameters(WIDE)[1])

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        place, log_scale = np.split(values, 2)
        scale = np.exp(log_scale)
        ratios = log_ratios(draws, place, scale, drawn_under)
        total = logsumexp(ratios, axis=1, keepdims=True)
        share = np.exp(ratios - total) * weights[:, None]
        distance = (draws - place) / scale
        slope_place = np.einsum("td,tdp->p", share, distance) / scale
        slope_scale = np.einsum("td,tdp->p", share, distance**2 - 1)
        off_place, off_scale = (place - usual_place) / PLACE_SCALE, (log_scale - usual_log_scale) / LOG_SCALE_SCALE
        value = weights @ total[:, 0] - 0.5 * (off_place**2).sum() - 0.5 * (off_scale**2).sum()
        slope = [slope_place - off_place / PLACE_SCALE, slope_scale - off_scale / LOG_SCALE_SCALE]
        return -float(value), -np.concatenate(slope)

    best = minimize(loss, np.concatenate([usual_place, usual_log_scale]), jac=True, method="L-BFGS-B").x
    steps = 1e-3 * np.eye(len(best))
    curvature = np.stack([(loss(best + step)[1] - loss(best - step)[1]) / 2e-3 for step in steps])
    place, log_scale = np.split(best, 2)
    return place, log_scale, np.linalg.inv((curvature + curvature.T) / 2)


def predictive(place: np.ndarray, log_scale: np.ndarray, covariance: np.ndarray) -> MarginalPrior:
    """The prior of a new set: its variances are the expected ones and how uncertain the places are."""
    of_place, of_log_scale = np.split(np.diag(covariance), 2)
    return with_hyperparameters(place, np.sqrt(np.exp(2 * log_scale + 2 * of_log_scale) + of_place))


def learned_priors(every: Sequence[Table]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The prior from all sets and without each of them, one a row; and each table's share and Pareto k."""
    sources = [table.source for table in every]
    sets = list(dict.fromkeys(sources))
    drawn_under = WIDE
    for last in (False, True):
        draws = np.stack([draws_of(table, drawn_under, seed).astype(float) for seed, table in enumerate(every)])
        place, log_scale, covariance = most_likely(draws, drawn_under, weights_of(sources))
        if not last:
            drawn_under = with_hyperparameters(place, BROADER * np.exp(log_scale))
    rows = [{"left_out": "", **predictive(place, log_scale, covariance)._asdict()}]
    for source in sets:
        without = most_likely(draws, drawn_under, weights_of(sources, source))
        rows.append({"left_out": source, **predictive(*without)._asdict()})
    _, pareto_k = leave_one_out(-log_ratios(draws, place, np.exp(log_scale), drawn_under).T)
    shares = weights_of(sources) / weights_of(sources).sum()
    used = [
        {"set": source, "table": name, "problems": len(correct), "largest_n": int(samples.max())}
        for source, name, correct, samples in every
    ]
    return pd.DataFrame(rows), pd.DataFrame(used).assign(share=shares, pareto_k=pareto_k)


def prior_of(row: pd.Series) -> MarginalPrior:
    """The prior of a row of the results."""
    whole = {"waves": int(row["waves"])}
    return MarginalPrior(**{field: float(row[field]) for field in MarginalPrior._fields if field not in whole}, **whole)


def coverage_without_pythia(priors: pd.DataFrame, seeds: int) -> pd.DataFrame:
    """Intervals for real models whose truth is known, under the prior that was learned without them."""
    left_out = priors["left_out"] == "monkeys-pythia-math-10k"
    prior = NonParametric(marginal=prior_of(priors.loc[left_out].iloc[0]), name="learned without these models")
    rows = []
    for fit_on in (64, 256):
        for model in truths.pythia_models():
            for seed in range(seeds):
                draw = truths.subsampled(model, fit_on, seed)
                rates = prior.posterior(draw.n_correct, draw.n_samples, jax.random.key(seed))
                labels = {"prior": prior.name, "population": model, "n_problems": len(draw.rates), "fit_on": fit_on}
                rows += [{**labels, "draw": seed, **row} for row in coverage_rows(rates, draw, PYTHIA_BUDGETS)]
    return summed(pd.DataFrame(rows))


@click.command()
@click.option("--seeds", default=40, show_default=True, help="Subsamples of each real model that is judged.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=FOLDER, show_default=False)
def main(output: Path, seeds: int) -> None:
    """Learn the prior of one model's population from published counts, and judge it on real models left out of it."""
    keep_compiled(str(output / "compiled"))
    priors, used = learned_priors(tables())
    priors.to_csv(output / "learned-prior.csv", index=False, float_format="%.4g")
    used.to_csv(output / "learned-prior-sets.csv", index=False, float_format="%.3g")
    click.echo(priors.T.to_string(float_format=lambda value: f"{value:.3g}"))
    by_set = used.groupby("set", sort=False).agg({"table": "size", "share": "sum", "pareto_k": "max"})
    click.echo(by_set.to_string(float_format=lambda value: f"{value:.2f}"))
    cells = coverage_without_pythia(priors, seeds)
    cells.to_csv(output / "learned-prior-judged.csv", index=False, float_format="%.4g")
    shown = cells.groupby(["fit_on", "k"])[["coverage", "width", "error", "score"]].mean()
    click.echo(shown.to_string(float_format=lambda value: f"{value:.3f}"))


if __name__ == "__main__":
    main()
