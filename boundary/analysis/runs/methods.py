"""Rows of methods with several runs: their mean, a new run, the spread between runs, and methods against each other."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from boundary.analysis.request import Request
from boundary.analysis.runs.design import MethodRuns
from boundary.analysis.runs.draws import PassDraws, draws_rng
from boundary.analysis.runs.more_data import method_moments, more_samples
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
from boundary.stats.intervals import probabilities_of_largest
from boundary.stats.runs import MoreData, RunHierarchy, RunMoments, expected_width, run_hierarchy, widths_with
from boundary.stats.solve_rates import SolveRates

FEWEST_RUNS = 2


def add_methods(
    rows: RunRows,
    request: Request,
    base: str | None,
    methods: Sequence[MethodRuns],
    draws: PassDraws,
    fits: Mapping[str, SolveRates],
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
    fits
        Posterior of each other model, with the base where there is one.
    """
    repeated = [method for method in methods if len(method.arms) >= FEWEST_RUNS]
    for place, k in enumerate(draws.budgets):
        of_base = None if draws.base is None else draws.base[place]
        means = {}
        for method in repeated:
            hierarchy = method_hierarchy(request, str(rows.labels["benchmark"]), method, draws, place)
            _add_method(rows, base, method, k, hierarchy, draws.of(method.arms, place), of_base)
            if base is not None:
                moments = method_moments(draws, method.arms, place)
                more = {
                    TWICE_RUNS: MoreData(len(method.arms)),
                    TWICE_SAMPLES: more_samples(draws, fits, base, method.arms, place, 2),
                }
                _add_widths(rows, base, method, k, moments, more, request.seed)
            means[method] = hierarchy.mean
        _add_comparisons(rows, k, means)


def method_hierarchy(
    request: Request, benchmark: str, method: MethodRuns, draws: PassDraws, place: int
) -> RunHierarchy:
    """What the runs of a method say at one budget.

    Parameters
    ----------
    request
        With the seed.
    benchmark, method, draws
        The benchmark, the method, and draws of its runs there.
    place
        Of the budget among those of the draws.

    Notes
    -----
    The error that all runs have in common is the same draw by draw for all methods of a benchmark.
    """
    passes, k = draws.of(method.arms, place), str(draws.budgets[place])
    of_base = None if draws.base is None else draws.base[place]
    common = draws_rng(request, benchmark, "common", k).standard_normal(len(passes))
    rng = draws_rng(request, benchmark, method.name, k)
    return run_hierarchy(passes, rng, of_base, shared=draws.shared(place), common=common)


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
    more: Mapping[str, MoreData],
    seed: int,
) -> None:
    """Width of the interval of the method's shrinkage to be expected: now, with twice the runs, twice the samples.

    The outcomes are those of `boundary.plan_training`: the same seed for each.
    """
    now, widths = expected_width(moments, rows.level), {}
    for of, data in more.items():
        outcomes = widths_with(data, moments, rows.level, np.random.default_rng(seed))
        widths[of] = float(np.median(outcomes))
    # With very few runs the prior can make more exact ones look worse by a hair.
    for of, width in {WIDTH_NOW: now, **widths}.items():
        labels = {"method": method.name, "reference": base, "n_runs": len(method.arms)}
        rows.add_value(WIDTH, of, k, min(width, now), (base, *method.arms), **labels)


def _add_comparisons(rows: RunRows, k: int, means: Mapping[MethodRuns, np.ndarray]) -> None:
    """Differences of the methods' means, and the probability that each is best."""
    if len(means) < FEWEST_RUNS:
        return
    for first, second in combinations(means, 2):
        difference, arms = means[first] - means[second], (*first.arms, *second.arms)
        rows.add(DIFFERENCE, METHOD, k, difference, arms, method=first.name, reference=second.name)
    chances = probabilities_of_largest(np.stack(list(means.values()), axis=1)).tolist()
    arms = tuple(arm for method in means for arm in method.arms)
    for method, chance in zip(means, chances, strict=True):
        rows.add_value(BEST_METHOD, METHOD, k, chance, arms, method=method.name, n_runs=len(method.arms))
