"""Rows of methods with several runs: their mean, a new run, the spread between runs, and methods against each other."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from boundary.analysis.request import Request
from boundary.analysis.runs.design import MethodRuns
from boundary.analysis.runs.draws import PassDraws, draws_rng
from boundary.analysis.runs.record import (
    AVERAGE,
    BEST_METHOD,
    DIFFERENCE,
    METHOD,
    NEW_RUN,
    RUN,
    SPREAD,
    TWICE_RUNS,
    TWICE_SAMPLES,
    WIDTH,
    WIDTH_NOW,
)
from boundary.analysis.runs.rows import RunRows
from boundary.stats.runs import RunHierarchy, RunMoments, expected_width, run_hierarchy, width_with_more_runs

FEWEST_RUNS = 2


def add_methods(
    rows: RunRows, request: Request, base: str | None, methods: Sequence[MethodRuns], draws: PassDraws
) -> None:
    """Add the rows of every method with two runs or more.

    Parameters
    ----------
    rows
        Where they go.
    request
        Seed and level.
    base
        The base model; None where there is none.
    methods
        With their runs.
    draws
        Of all models.
    """
    repeated = [method for method in methods if len(method.arms) >= FEWEST_RUNS]
    for place, k in enumerate(draws.budgets):
        of_base = None if draws.base is None else draws.base[place]
        means = {}
        for method in repeated:
            passes = draws.of(method.arms, place)
            rng = draws_rng(request, str(rows.labels["benchmark"]), method.name, str(k))
            hierarchy = run_hierarchy(passes, rng, of_base, shared=draws.shared(place))
            _add_method(rows, base, method, k, hierarchy, passes, of_base)
            if of_base is not None:
                moments = RunMoments.of_draws(passes, of_base, draws.shared(place))
                _add_widths(rows, str(base), method, k, moments, rng)
            means[method] = hierarchy.mean
        _add_comparisons(rows, k, means)


def _add_method(
    rows: RunRows,
    base: str | None,
    method: MethodRuns,
    k: int,
    hierarchy: RunHierarchy,
    passes: np.ndarray,
    of_base: np.ndarray | None,
) -> None:
    """Rows of the runs, their average, the mean, a new run and the spread, and of the shrinkage of each."""
    labels = {"method": method.name, "n_runs": len(method.arms)}
    quantities = [(RUN, passes[:, i], arm) for i, arm in enumerate(method.arms)]
    quantities += [(AVERAGE, hierarchy.average, ""), (METHOD, hierarchy.mean, ""), (NEW_RUN, hierarchy.new_run, "")]
    for of, values, arm in quantities:
        fitted_models = (arm,) if arm else method.arms
        rows.add("pass_at_k", of, k, values, fitted_models, model=arm, **labels)
        if of_base is not None:
            all_models = (str(base), *fitted_models)
            rows.add("shrinkage", of, k, of_base - values, all_models, model=arm, reference=base, **labels)
    rows.add(SPREAD, METHOD, k, hierarchy.spread, method.arms, **labels)


def _add_widths(
    rows: RunRows,
    base: str,
    method: MethodRuns,
    k: int,
    moments: RunMoments,
    rng: np.random.Generator,
) -> None:
    """Width of the interval of the method's shrinkage to be expected: now, with twice the runs, twice the samples."""
    n_runs = len(method.arms)
    widths = {
        WIDTH_NOW: expected_width(moments, rows.level),
        TWICE_RUNS: width_with_more_runs(moments, n_runs, rows.level, rng),
        TWICE_SAMPLES: expected_width(moments.with_samples(2), rows.level),
    }
    # With very few runs the prior can make more exact ones look worse by a hair.
    widths = {of: min(width, widths[WIDTH_NOW]) for of, width in widths.items()}
    all_models = (base, *method.arms)
    for of, width in widths.items():
        rows.add_value(WIDTH, of, k, width, all_models, method=method.name, reference=base, n_runs=n_runs)


def _add_comparisons(rows: RunRows, k: int, means: Mapping[MethodRuns, np.ndarray]) -> None:
    """Differences of the methods' means, and the probability that each is best."""
    if len(means) < FEWEST_RUNS:
        return
    for first, second in combinations(means, 2):
        difference, arms = means[first] - means[second], (*first.arms, *second.arms)
        rows.add(DIFFERENCE, METHOD, k, difference, arms, method=first.name, reference=second.name)
    best = np.stack(list(means.values())).argmax(axis=0)
    arms = tuple(arm for method in means for arm in method.arms)
    for number, method in enumerate(means):
        chance = float((best == number).mean())
        rows.add_value(BEST_METHOD, METHOD, k, chance, arms, method=method.name, n_runs=len(method.arms))
