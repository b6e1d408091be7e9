"""Estimates from the counts alone, beside the posterior: unbiased ones and plug-ins, without intervals."""

from collections.abc import Iterator, Sequence
from typing import get_args

import numpy as np
import xarray as xr

from boundary.analysis.estimates.table import Observed
from boundary.analysis.request import EstimateOptions
from boundary.stats.estimands import Estimand
from boundary.stats.estimands.estimand import ReportedAt
from boundary.stats.solve_rates import SolveRates


def observed(
    rates: SolveRates, models: Sequence[str], pairs: Sequence[tuple[str, str]], options: EstimateOptions
) -> Iterator[Observed]:
    """Every estimand that has an estimate from the counts, at budgets within the samples of at least half the problems.

    Parameters
    ----------
    rates
        Holds the counts.
    models, pairs
        Which models to report, and which pairs of a base and an RL model.
    options
        Estimands, budgets and thresholds.

    Returns
    -------
    One row for each estimand, budget, threshold, and model or pair.

    Notes
    -----
    An estimate at k is that of the problems with k samples or more, with their number as `n_problems`. All are unbiased
    for them, but for the support rates and the tail exponent, which are ratios of unbiased estimates, and the
    histogram, which is that of c/n. cover@tau has no estimate of its own: see `boundary.stats.estimands.reliability`.
    """
    for model in models:
        yield from _rows(options.records("model"), rates, options, [model])
    for pair in pairs:
        yield from _rows(options.records("pair"), rates, options, pair)


def _rows(
    records: Sequence[Estimand], rates: SolveRates, options: EstimateOptions, models: Sequence[str]
) -> Iterator[Observed]:
    """Rows of one model, or of a pair with the base first: at each budget all estimands, then those with their own."""
    budgets = [k for k in options.budgets if k <= rates.typical_k]
    from_counts = [record for record in records if record.unbiased is not None]
    for k in budgets:
        for record in from_counts:
            if record.reported_at == "each":
                yield from _estimates(record, rates, options, models, k)
    for reported_at in get_args(ReportedAt)[1:]:
        for record in from_counts:
            if record.reported_at == reported_at:
                for own in _own_budgets(record, rates, options, budgets):
                    yield from _estimates(record, rates, options, models, own)


def _own_budgets(
    record: Estimand, rates: SolveRates, options: EstimateOptions, budgets: Sequence[int]
) -> Sequence[int | None]:
    """Budgets within the samples of an estimand that is not reported at every budget; [None] if it has no budget."""
    if "k" not in record.parameters:
        return [None]
    if record.reported_at == "reliability":
        return [k for k in options.budgets_of(record, rates) if k <= rates.typical_k]
    limit = rates.reliable_k / 2 if record.reported_at == "half" else np.inf
    return [k for k in budgets if k <= limit][-1:]


def _estimates(
    record: Estimand, rates: SolveRates, options: EstimateOptions, models: Sequence[str], k: int | None
) -> Iterator[Observed]:
    """Estimates of the problems with enough samples, of each model where there are two."""
    assert record.unbiased is not None  # the caller has looked
    columns = [rates.index(model) for model in models]
    counts = [part[:, columns] for part in (rates.n_correct, rates.n_samples)]
    fewest = rates.fewest if len(columns) == len(rates.models) else counts[1].min(axis=1)
    enough = fewest >= (1 if k is None else record.samples_needed(k))
    if not enough.all():
        counts = [part[enough] for part in counts]
    if record.of == "model":
        counts = [part[:, 0] for part in counts]
    reference, model = ["", *models][-2:]
    taus = options.taus if "tau" in record.parameters else (None,)
    for tau in taus:
        estimate = record.unbiased(*counts, *(value for value in (k, tau) if value is not None))
        for at, value in _by_threshold(estimate, tau):
            budget = np.nan if k is None else k
            yield Observed(record.name, value, int(enough.sum()), model, reference, budget, at)


def _by_threshold(estimate: float | xr.DataArray | None, tau: float | None) -> list[tuple[float, float]]:
    """Thresholds and values of an estimate: none, one, or one for each label along tau."""
    if estimate is None:
        return []
    if isinstance(estimate, xr.DataArray):
        return [
            (float(at), float(value)) for at, value in zip(estimate["tau"].to_numpy(), estimate.to_numpy(), strict=True)
        ]
    return [(np.nan if tau is None else tau, estimate)]
