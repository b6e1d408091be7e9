"""More runs, problems or samples of a method, in terms of the errors of today's fits."""

from collections.abc import Mapping, Sequence

from boundary.analysis.runs.draws import PassDraws
from boundary.stats.runs import MoreData, RunMoments, shared_share
from boundary.stats.solve_rates import SolveRates
from boundary.stats.trajectory import error_parts_of


def method_moments(draws: PassDraws, arms: Sequence[str], place: int) -> RunMoments:
    """What is known of a method's runs and the base at the budget of a place."""
    assert draws.base is not None  # shrinkage is against a base
    return RunMoments.of_draws(draws.of(arms, place), draws.base[place], draws.shared(place))


def more_problems(times: float) -> MoreData:
    """So many times the problems, of the same kind, for every run and the base."""
    return MoreData(0, times**-0.5, times**-0.5)


def more_samples(
    draws: PassDraws, fits: Mapping[str, SolveRates], base: str, arms: Sequence[str], place: int, times: float
) -> MoreData:
    """So many times the samples of every problem, for every run and the base.

    Notes
    -----
    At k = 1 the variance of an error falls with the samples. At k near n it falls faster or more slowly, as what is
    left of it is how hard the problems are that nobody solved: the ratio is that of the expected posterior variances
    (`boundary.stats.trajectory.error_parts`), of the method's first run for all of them.
    """
    assert draws.base is not None
    k, fit = draws.budgets[place], fits[arms[0]]
    ratios = [
        error_parts_of(fit, model, k, times).variance / max(error_parts_of(fit, model, k).variance, 1e-300)
        for model in (arms[0], base)
    ]
    shared = draws.shared(place), shared_share(k, draws.reliable_k * times)
    return MoreData.of_samples(draws.of(arms, place), draws.base[place], shared, (ratios[0], ratios[1]))
