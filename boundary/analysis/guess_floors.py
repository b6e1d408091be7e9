"""Guess floors measured from the samples: how often answers to other problems hit a problem's right answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from jaxtyping import Float

from boundary.data.answers.given_answers import GivenAnswers
from boundary.stats.guessing import GuessFloors as FloorDraws, guess_floors, hit_shares, lucky_chances

# Of fewer problems of a type nothing is measured: each has too few others.
FEWEST_PROBLEMS = 5
# Of each problem's share of lucky samples, so many equally likely values enter the observation model. They are many,
# since where samples repeat each other nearly all problems have a share of about 0, and some one of about 1.
NODES = 20
FLOOR_COLUMNS = (
    "benchmark",
    "model",
    "problem_id",
    "answer_type",
    "n_samples",
    "n_others",
    "mean",
    "lower",
    "upper",
    "level",
    "lucky",
)
TYPE_COLUMNS = (
    "benchmark",
    "model",
    "answer_type",
    "n_problems",
    "mean",
    "lower",
    "upper",
    "level",
    "lucky_problems",
    "n_samples",
    "worth",
)


@dataclass(frozen=True)
class MeasuredFloors:
    """Guess floors of each model and problem.

    Parameters
    ----------
    problems
        A row for each model and problem (FLOOR_COLUMNS): `mean`, `lower` and `upper` are of the floor, `lucky` is the
        probability that at least one of as many samples of another problem hits this one's right answer.
    types
        A row for each benchmark, model and answer type (TYPE_COLUMNS): the mean floor over problems, and how many
        problems are expected to have at least one lucky hit; `n_samples`, their median number of samples, and `worth`,
        how many independent guesses these are worth.
    nodes
        Equally likely values of the share of lucky samples, by benchmark, model and problem.
    """

    problems: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(FLOOR_COLUMNS)))
    types: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(TYPE_COLUMNS)))
    nodes: dict[tuple[str, str, str], Float[np.ndarray, " node"]] = field(default_factory=dict)

    def of(
        self, model: str, pairs: Sequence[tuple[str, str]], n_nodes: int | None = None
    ) -> Float[np.ndarray, "problem node"]:
        """Values of the shares of lucky samples of (benchmark, problem) pairs; 0 where nothing was measured.

        Parameters
        ----------
        model
            The model whose answers hit.
        pairs
            Benchmark and problem.
        n_nodes
            None for the NODES values of each; else the mean, so many times.
        """
        nothing = np.zeros(NODES)
        values = np.array([self.nodes.get((benchmark, model, problem), nothing) for benchmark, problem in pairs])
        return values if n_nodes is None else np.repeat(values.mean(axis=1, keepdims=True), n_nodes, axis=1)


def measured_floors(answers_given: GivenAnswers, level: float, seed: int) -> MeasuredFloors:
    """Measure the guess floors of all models, benchmarks and answer types.

    Parameters
    ----------
    answers_given
        The answers of the samples.
    level
        Probability within the intervals, in (0, 1).
    seed
        For the draws of the floors.
    """
    problems, types, nodes = [], [], {}
    with_reference = answers_given.problems.loc[answers_given.problems["reference"].notna()]
    for place, (key, group) in enumerate(with_reference.groupby(["benchmark", "model", "answer_type"], sort=False)):
        if len(group) < FEWEST_PROBLEMS:
            continue
        benchmark, model, kind = map(str, key)
        shares = _shares_of_type(answers_given, group)
        rng = np.random.default_rng([seed, place])
        floors = guess_floors(shares, level, rng)
        n = group["n_samples"].to_numpy()
        rows = _problem_rows(group, floors, lucky_chances(shares, n, n), level)
        problems.append(rows)
        labels = {"benchmark": benchmark, "model": model, "answer_type": kind, "n_problems": len(group), "level": level}
        numbers = {"mean": floors.mean, "lower": floors.lower, "upper": floors.upper}
        luck = {"lucky_problems": float(rows["lucky"].sum()), "n_samples": float(np.median(n)), "worth": floors.worth}
        types.append(labels | numbers | luck)
        for problem, values in zip(group["problem_id"], floors.nodes(NODES, float(np.median(n)), rng), strict=True):
            nodes[benchmark, model, str(problem)] = values
    if not problems:
        return MeasuredFloors()
    return MeasuredFloors(
        pd.concat(problems, ignore_index=True)[list(FLOOR_COLUMNS)], pd.DataFrame(types)[list(TYPE_COLUMNS)], nodes
    )


def _shares_of_type(answers_given: GivenAnswers, group: pd.DataFrame) -> Float[np.ndarray, "problem problem"]:
    """Shares of hits (`hit_shares`) of the problems of one benchmark, model and answer type."""
    first = group.iloc[0]
    answers = answers_given.answers
    own = answers.loc[(answers["benchmark"] == first["benchmark"]) & (answers["model"] == first["model"])]
    place = pd.Series(np.arange(len(group)), index=group["problem_id"].astype(str))
    own = own.loc[own["problem_id"].astype(str).isin(place.index)]
    forms = pd.Index(group["reference"]).append(pd.Index(own["form"]))
    codes, _ = pd.factorize(forms)
    return hit_shares(
        place.loc[own["problem_id"].astype(str)].to_numpy(),
        codes[len(group) :],
        own["times"].to_numpy(),
        group["n_samples"].to_numpy(),
        codes[: len(group)],
    )


def _problem_rows(group: pd.DataFrame, floors: FloorDraws, lucky: np.ndarray, level: float) -> pd.DataFrame:
    lower, upper = np.quantile(floors.draws, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return group[["benchmark", "model", "problem_id", "answer_type", "n_samples"]].assign(
        n_others=len(group) - 1,
        mean=floors.draws.mean(axis=1),
        lower=lower,
        upper=upper,
        level=level,
        lucky=lucky,
    )
