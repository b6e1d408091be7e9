"""Rows of the table of breadth for one benchmark."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.breadth.record import (
    AGREEMENT,
    DISTINCT_RIGHT,
    DISTINCT_WRONG,
    ENTROPY,
    GOOD_TOULMIN,
    MAJORITY,
    UNBIASED,
    WITH_UNSEEN,
)
from boundary.data.answers.given_answers import GivenAnswers
from boundary.data.counts import ALL
from boundary.stats.breadth import (
    AnswerCounts,
    Estimate,
    ProblemTerms,
    agreement,
    answer_entropy,
    difference_of_means,
    distinct_answers,
    majority_vote,
    mean_over_problems,
)
from boundary.stats.sample_sizes import MOST, samples_of_share
from boundary.stats.solve_rates import TARGETS

# Budgets of the curves between two powers of two.
STEPS = 2
# Beyond n, in multiples of it: what the estimates of unseen answers are good for.
EXTRAPOLATED = (1.5, 2.0, 3.0)
# Of fewer samples with an answer a problem says nothing of entropy and agreement.
FEWEST_ANSWERED = 4
# Voters: beyond a third of the samples the votings are nearly one and the same.
MOST_VOTERS = 1 / 3


class ModelAnswers(NamedTuple):
    """The answers of one model, and the problems that they are to; whether each problem has one right answer alone."""

    counts: AnswerCounts
    problems: list[tuple[str, str]]
    one_right: bool


class Quantity(NamedTuple):
    """Estimates of one estimand at some budgets, which kind each is, and the largest value that it can have."""

    estimand: str
    budgets: Sequence[float]
    kinds: Sequence[str]
    terms: ProblemTerms
    most: float = np.inf


def answers_of_model(answers_given: GivenAnswers, benchmark: str, model: str) -> ModelAnswers:
    """The answers of a model on a benchmark, or on all of them; no problems where it has none."""
    tables = []
    for table in answers_given:
        is_chosen = table["model"] == model
        tables.append(table.loc[is_chosen if benchmark == ALL else is_chosen & (table["benchmark"] == benchmark)])
    answers, problems = tables
    keys = pd.MultiIndex.from_frame(problems[["benchmark", "problem_id"]].astype(str))
    places = keys.get_indexer(pd.MultiIndex.from_frame(answers[["benchmark", "problem_id"]].astype(str)))
    counts = AnswerCounts(
        places.astype(int),
        answers["times"].to_numpy(dtype=int),
        answers["is_right"].to_numpy(dtype=bool),
        problems["n_samples"].to_numpy(dtype=int),
    )
    return ModelAnswers(counts, list(keys), bool(problems["reference"].notna().all()))


def benchmark_rows(
    models: Mapping[str, ModelAnswers], base: str | None, benchmark: str, level: float, seed: int
) -> list[dict[str, Any]]:
    """Rows of each model on a benchmark, and of the base less each other one.

    Parameters
    ----------
    models
        Answers by model, of models with at least one problem.
    base
        The base model; None, or not among the models: no differences.
    benchmark
        For the rows.
    level
        Confidence of the intervals, in (0, 1).
    seed
        For the votings.
    """
    first = models.get(base or "")
    rows: list[dict[str, Any]] = []
    for model, answers in models.items():
        labels: dict[str, Any] = {"benchmark": benchmark, "model": model, "reference": "", "level": level}
        for quantity in quantities([answers.counts], answers.one_right, seed):
            rows += _rows(quantity[0], None, labels)
        if first is None or model == base:
            continue
        common = [pair for pair in first.problems if pair in set(answers.problems)]
        sides = [side.counts.of_problems(places_of(side.problems, common)) for side in (first, answers)]
        for of_base, of_model in quantities(sides, first.one_right and answers.one_right, seed):
            rows += _rows(of_base, of_model, labels | {"reference": base})
    return rows


def quantities(sides: Sequence[AnswerCounts], one_right: bool, seed: int) -> Iterator[tuple[Quantity, ...]]:
    """Every quantity of one model, or of two on the same problems, from the problems with enough samples of both.

    Where each problem has one right answer, different right answers are pass@k, and not extrapolated here.
    """
    fewest = np.min([side.n_samples for side in sides], axis=0)
    n = samples_of_share(fewest, MOST)
    if n < 2:
        return
    enough = np.flatnonzero(fewest >= n)
    whole = [side.of_problems(enough) for side in sides]
    budgets = budgets_of_curve(n)
    for estimand, right in ((DISTINCT_RIGHT, True), (DISTINCT_WRONG, False)):
        at = [k for k in budgets if k <= n or not (right and one_right)]
        kinds = [GOOD_TOULMIN if k > n else UNBIASED for k in at]
        terms = [distinct_answers(side.answers_that_are(right), at) for side in whole]
        most = 1.0 if right and one_right else np.inf
        yield tuple(Quantity(estimand, at, kinds, part, most) for part in terms)
    votes = [k for k in (2**power for power in range(1, 12)) if k <= max(n * MOST_VOTERS, 2)]
    rng = np.random.default_rng(seed)
    kinds = [UNBIASED] * len(votes)
    yield tuple(Quantity(MAJORITY, votes, kinds, majority_vote(side, votes, rng), 1.0) for side in whole)
    answered = np.min([side.n_answered for side in sides], axis=0)
    enough = np.flatnonzero(answered >= FEWEST_ANSWERED)
    if not len(enough):
        return
    spoken = [side.answered().of_problems(enough) for side in sides]
    yield tuple(Quantity(ENTROPY, [np.nan], [WITH_UNSEEN], answer_entropy(side)) for side in spoken)
    yield tuple(Quantity(AGREEMENT, [np.nan], [UNBIASED], agreement(side), 1.0) for side in spoken)


def budgets_of_curve(n: int) -> list[int]:
    """Budgets at which different answers are counted: powers of two and one between them, n, and up to three times n.

    Examples
    --------
    >>> budgets_of_curve(16)
    [1, 2, 3, 4, 6, 8, 11, 16, 24, 32, 48]
    """
    octaves = int(np.log2(n)) * STEPS
    within = {round(2 ** (step / STEPS)) for step in range(octaves + 1)} | {n}
    return sorted({k for k in within if k <= n} | {int(times * n) for times in EXTRAPOLATED})


def places_of(problems: Sequence[tuple[str, str]], pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Places of some (benchmark, problem) pairs among problems."""
    place = {pair: i for i, pair in enumerate(problems)}
    return np.array([place[pair] for pair in pairs], dtype=int)


def _rows(quantity: Quantity, other: Quantity | None, labels: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of a quantity, or of its difference from the other's, for these problems and for new ones."""
    level = labels["level"]
    for target in TARGETS:
        if target != "benchmark" and quantity.terms.n_problems < 2:
            continue
        if other is None:
            estimate = mean_over_problems(quantity.terms, level, target)
        else:
            estimate = difference_of_means(quantity.terms, other.terms, level, target)
        for place, (k, kind) in enumerate(zip(quantity.budgets, quantity.kinds, strict=True)):
            row = dict(labels) | {"estimand": quantity.estimand, "k": float(k), "target": target, "kind": kind}
            most = min(quantity.most, k) if k == k else quantity.most
            least = -most if other is not None else 0.0
            numbers = {name: float(part[place]) for name, part in estimate._asdict().items()}
            row |= {name: min(max(value, least), most) for name, value in numbers.items()}
            row |= {"extrapolated": kind == GOOD_TOULMIN, "n_problems": quantity.terms.n_problems}
            yield row | (_signs(estimate, place, level) if other is not None else {})


def _signs(estimate: Estimate, place: int, level: float) -> dict[str, float]:
    positive = float(estimate.prob_positive(level)[place])
    return {"prob_positive": positive, "prob_negative": 1 - positive}
