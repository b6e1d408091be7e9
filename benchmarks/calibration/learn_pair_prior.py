"""`python -m benchmarks.calibration.learn_pair_prior`: what to expect of a pair's population, from published counts.

A pair's prior has sixteen normal parameters, too many for ratios of priors as in `learn_prior`. So the most likely
means and scales are found by Newton's method on the marginal likelihood: pairs of models are fitted under the prior so
far, the gradient is the mean over the draws of that of the prior's log density (Fisher's identity), and the curvature
comes from Louis' identity (1982, doi 10.1111/j.2517-6161.1982.tb01203.x).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click
import jax
import numpy as np
import pandas as pd
from jaxtyping import Float

from benchmarks.calibration import truths
from benchmarks.calibration.coverage import coverage_rows
from benchmarks.calibration.learn_prior import FOLDER, PUBLISHED, SHIPPED, TRUTH, longest_answers, weights_of
from benchmarks.calibration.tables import summed
from boundary.stats.population.count_tables import count_tables
from boundary.stats.population.densities import atom_odds
from boundary.stats.population.fit import draw_parameters, posterior_of
from boundary.stats.population.pair_densities import (
    CORNERS_AND_EDGES,
    EDGE_WAVES,
    EXPECTED_PAIR,
    RIDGE,
    JointPrior,
)
from boundary.stats.priors.nonparametric import NonParametric, of_pair
from boundary.stats.sampler.compilation import keep_compiled

BASES = {
    "deepscaler-1.5b": "DeepSeek-R1-Distill-Qwen-1.5B",
    "rlvr-math500-qwen7b": "Qwen2.5-7B",
    "rlvr-gsm8k30-trajectory": "qwen2.5-1.5b-SFT",
    "smollm2-arithmetic": "SmolLM2-135M-Instruct",
    "smollm2-transfer": "SmolLM2-135M-Instruct",
}
# The own models, whose exact solve rates judge the prior that was learned without them.
OWN_SETS = ("smollm2-arithmetic", "smollm2-transfer")
# Weak knowledge of what is learned: the means are normal around those of the prior that was chosen by hand, with so
# many times its scale, and the logarithms of the scales around its own.
PLACE_SCALE, LOG_SCALE_SCALE = 1.0, 0.5
# A set is fitted on so many of its pairs at most, evenly spaced; `weights_of` says how much these count together.
MOST_PAIRS = 8
# A step changes a mean by so many of its scales at most, and a log scale by half as much.
LONGEST_STEP = 1.0
# Steps from the prior that was chosen by hand; the largest change of the last is written.
STEPS = 6
N_PARAMETERS = CORNERS_AND_EDGES + RIDGE
JUDGED_SAMPLES, JUDGED_BUDGETS = 64, (1, 16, 64, 256, 1024)
# In the order of `JointPrior`.
PARAMETERS = (
    "log odds of dead in both",
    "log odds of certain in both",
    "log odds of (0, 1)",
    "log odds of (1, 0)",
    "log odds of base at 0",
    "log odds of base at 1",
    "log odds of RL at 0",
    "log odds of RL at 1",
    "m",
    "log s",
    "b_low",
    "b_high",
    "a_low",
    "a_high - a_low",
    "mean of log t",
    "half difference of log t",
)


class Pair(NamedTuple):
    """Counts (problem, model) of a base and an RL model on one benchmark, and the set they are from."""

    source: str
    name: str
    n_correct: np.ndarray
    n_samples: np.ndarray


class Learned(NamedTuple):
    """Most likely means and log scales of the parameters, and the covariance of both together."""

    place: Float[np.ndarray, " parameter"]
    log_scale: Float[np.ndarray, " parameter"]
    covariance: Float[np.ndarray, "both both"]


def pairs() -> list[Pair]:
    """Pairs of models that the prior is learned from: the base of each set with others of its models."""
    tables = {
        "deepscaler-1.5b": pd.read_csv(SHIPPED / "deepscaler-1.5b/counts.csv"),
        "rlvr-math500-qwen7b": pd.read_csv(PUBLISHED / "rlvr-math500-qwen7b/counts.csv"),
        "rlvr-gsm8k30-trajectory": longest_answers(),
        "smollm2-arithmetic": pd.read_csv(SHIPPED / "smollm2-arithmetic/counts.csv"),
        "smollm2-transfer": pd.read_csv(SHIPPED / "smollm2-transfer/counts.csv"),
    }
    return [pair for source, counts in tables.items() for pair in _pairs(source, counts)]


def _pairs(source: str, counts: pd.DataFrame) -> list[Pair]:
    every = []
    for benchmark, rows in counts.groupby("benchmark", sort=True):
        wide = rows.pivot(index="problem_id", columns="model", values=["n_correct", "n_samples"])
        for model in sorted(set(rows["model"]) - {BASES[source]}):
            parts = (wide[part][[BASES[source], model]].to_numpy(int) for part in ("n_correct", "n_samples"))
            every.append(Pair(source, f"{benchmark}, {model}", *parts))
    places = np.linspace(0, len(every) - 1, min(MOST_PAIRS, len(every))).round().astype(int)
    return [every[place] for place in places]


def draws_of(pair: Pair, prior: JointPrior, seed: int) -> Float[np.ndarray, "draw parameter"]:
    """Posterior draws of the parameters that have an expectation: log odds of corners and edges, and the ridge.

    R-hat is looked at of the mean of all coordinates alone: of each it takes three times as long, and errors of single
    pairs cancel in the sums over all.
    """
    family = of_pair(prior)
    grid = family.grid(int(pair.n_samples.max()))
    tables = count_tables(pair.n_correct, pair.n_samples, grid, None)

    def mean_coordinate(theta: Float[np.ndarray, "chain draw dim"]) -> Float[np.ndarray, "1 chain draw"]:
        return theta.mean(axis=-1)[None]

    theta = draw_parameters(posterior_of(family, tables, grid), jax.random.key(seed), mean_coordinate)
    flat, n_problems = theta.reshape(-1, theta.shape[-1]).T, np.array(len(pair.n_correct), np.float32)
    odds, _ = atom_odds(flat[:CORNERS_AND_EDGES], prior.odds, n_problems, prior.odds_scale)
    standard = flat[CORNERS_AND_EDGES + 4 * EDGE_WAVES :][:RIDGE]
    ridge = np.array(prior.ridge)[:, None] + np.array(prior.ridge_scale)[:, None] * standard
    return np.concatenate([np.asarray(odds), ridge]).T.astype(float)


def hyperparameters(prior: JointPrior) -> tuple[np.ndarray, np.ndarray]:
    """Means and scales of the parameters."""
    return np.concatenate([prior.odds, prior.ridge]), np.concatenate([prior.odds_scale, prior.ridge_scale])


def with_hyperparameters(place: np.ndarray, scale: np.ndarray) -> JointPrior:
    """The prior with these means and scales."""
    parts = (tuple(map(float, part)) for value in (place, scale) for part in np.split(value, [CORNERS_AND_EDGES]))
    odds, ridge, odds_scale, ridge_scale = parts
    return JointPrior(odds, odds_scale, ridge, ridge_scale)


def improved(
    prior: JointPrior, draws: Float[np.ndarray, "pair draw parameter"], weights: Float[np.ndarray, " pair"]
) -> Learned:
    """One step of Newton's method from the prior under which the parameters of some pairs were drawn."""
    (usual_place, usual_scale), (place, scale) = hyperparameters(EXPECTED_PAIR), hyperparameters(prior)
    distance = (draws - place) / scale
    # Of the mean and the log scale: gradient of each draw's log density, and minus its second derivatives.
    scores = np.concatenate([distance / scale, distance**2 - 1], axis=-1)
    precision = np.concatenate([1 / (PLACE_SCALE * usual_scale) ** 2, np.full(N_PARAMETERS, LOG_SCALE_SCALE**-2)])
    off = np.concatenate([place - usual_place, np.log(scale / usual_scale)])
    gradient = weights @ scores.mean(axis=1) - precision * off
    mean, square = (weights @ part.mean(axis=1) for part in (distance, distance**2))
    information = np.diag(np.concatenate([weights.sum() / scale**2, 2 * square]) + precision)
    of_place, of_log_scale = np.arange(N_PARAMETERS), np.arange(N_PARAMETERS, 2 * N_PARAMETERS)
    information[of_place, of_log_scale] = information[of_log_scale, of_place] = 2 * mean / scale
    information -= sum(weight * np.cov(score.T) for weight, score in zip(weights, scores, strict=True))
    covariance = np.linalg.inv(information + _what_is_missing(information, precision))
    step = covariance @ gradient
    longest = LONGEST_STEP * np.concatenate([scale, np.full(N_PARAMETERS, 0.5)])
    step = np.clip(step, -longest, longest)
    return Learned(place + step[of_place], np.log(scale) + step[of_log_scale], covariance)


def _what_is_missing(information: np.ndarray, least: np.ndarray) -> np.ndarray:
    """What makes the information at least that of the weak prior in every direction, so that a step climbs."""
    root = np.sqrt(least)
    values, axes = np.linalg.eigh(information / np.outer(root, root))
    return np.outer(root, root) * ((axes * np.maximum(1.0 - values, 0.0)) @ axes.T)


def predictive(learned: Learned) -> JointPrior:
    """The prior of a new set: its variances are the expected ones and how uncertain the means are."""
    of_place, of_log_scale = np.split(np.diag(learned.covariance), 2)
    return with_hyperparameters(learned.place, np.sqrt(np.exp(2 * learned.log_scale + 2 * of_log_scale) + of_place))


def learn(every: Sequence[Pair], left_out: Sequence[str] = ()) -> Learned:
    """The most likely prior of all sets but some."""
    weights = weights_of([pair.source for pair in every])
    used = [(pair, weight) for pair, weight in zip(every, weights, strict=True) if pair.source not in left_out]
    prior = EXPECTED_PAIR
    for step in range(STEPS):
        draws = np.stack([draws_of(pair, prior, 1000 * step + seed) for seed, (pair, _) in enumerate(used)])
        learned, before = improved(prior, draws, np.array([weight for _, weight in used])), hyperparameters(prior)
        prior = with_hyperparameters(learned.place, np.exp(learned.log_scale))
        _say(f"without {', '.join(left_out) or 'none'}, step {step + 1} of {STEPS}", before, learned)
    return learned


def _say(step_name: str, before: tuple[np.ndarray, np.ndarray], learned: Learned) -> None:
    """How far a step went, beside how uncertain the result is."""
    place, scale = before
    errors = np.sqrt(np.diag(learned.covariance))
    changes = np.concatenate([learned.place - place, learned.log_scale - np.log(scale)]) / errors
    most = np.abs(changes).argmax()
    name = (*PARAMETERS, *(f"scale of {parameter}" for parameter in PARAMETERS))[most]
    click.echo(f"{step_name}: changes by {abs(changes[most]):.2f} standard errors at most ({name})", err=True)


def learned_priors(every: Sequence[Pair]) -> pd.DataFrame:
    """Means and scales from all sets, without each, and without the own models: a row each and parameter.

    Without a single set they are one step from those of all, with the draws that are there; without the own models,
    which judge it, all is learned anew.
    """
    of_all = learn(every)
    rows = [_rows("", predictive(of_all)), _rows("own models", predictive(learn(every, OWN_SETS)))]
    prior = with_hyperparameters(of_all.place, np.exp(of_all.log_scale))
    draws = np.stack([draws_of(pair, prior, seed) for seed, pair in enumerate(every)])
    sources = [pair.source for pair in every]
    _say("one step more", hyperparameters(prior), improved(prior, draws, weights_of(sources)))
    for source in BASES:
        rows.append(_rows(source, predictive(improved(prior, draws, weights_of(sources, source)))))
    return pd.concat(rows, ignore_index=True)


def _rows(left_out: str, prior: JointPrior) -> pd.DataFrame:
    place, scale = hyperparameters(prior)
    return pd.DataFrame({"left_out": left_out, "parameter": PARAMETERS, "place": place, "scale": scale})


def prior_of(rows: pd.DataFrame) -> JointPrior:
    """The prior of some rows of the results."""
    return with_hyperparameters(rows["place"].to_numpy(), rows["scale"].to_numpy())


def coverage_on_own_models(priors: pd.DataFrame, seeds: int) -> pd.DataFrame:
    """Intervals for the own models, whose solve rates are exact: the default, and what was learned without them."""
    learned = prior_of(priors.loc[priors["left_out"] == "own models"])
    families = [NonParametric(), NonParametric(joint=learned, name="learned without these models")]
    exact = pd.read_csv(TRUTH / "truth.csv").pivot(index=["benchmark", "problem_id"], columns="model", values="p")
    base, rows = BASES[OWN_SETS[0]], []
    for model in sorted(set(exact.columns) - {base}):
        rates = exact[[base, model]].to_numpy()
        n_samples = np.full(rates.shape, JUDGED_SAMPLES)
        for seed in range(seeds):
            n_correct = np.random.default_rng([seed, sum(model.encode())]).binomial(n_samples, rates)
            draw = truths.Draw(n_correct, n_samples, lambda k, rates=rates: (1 - (1 - rates) ** k).mean(0), rates)
            for prior in families:
                fit = prior.posterior(n_correct, n_samples, jax.random.key(seed))
                labels = {"prior": prior.name, "population": model, "n_problems": len(rates), "fit_on": JUDGED_SAMPLES}
                rows += [{**labels, "draw": seed, **row} for row in coverage_rows(fit, draw, JUDGED_BUDGETS)]
    return summed(pd.DataFrame(rows))


@click.command()
@click.option("--seeds", default=8, show_default=True, help="Draws of each pair of own models that are judged.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=FOLDER, show_default=False)
def main(output: Path, seeds: int) -> None:
    """Learn the prior of a pair's population from published counts, and judge it on own models left out of it."""
    keep_compiled(str(output / "compiled"))
    priors = learned_priors(pairs())
    priors.to_csv(output / "learned-pair-prior.csv", index=False, float_format="%.4g")
    click.echo(priors.pivot(index="parameter", columns="left_out", values=["place", "scale"]).round(2).to_string())
    cells = coverage_on_own_models(priors, seeds)
    cells.to_csv(output / "learned-pair-prior-judged.csv", index=False, float_format="%.4g")
    shown = cells.groupby(["estimand", "k", "prior"])[["coverage", "width", "error", "score"]].mean()
    click.echo(shown.unstack("prior").round(3).to_string())


if __name__ == "__main__":
    main()
