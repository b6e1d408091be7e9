"""The likelihood of an analysis, and what is missing for it. Without scores nothing is loaded that computes it."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from boundary.analysis.fitting import Panel
from boundary.analysis.likelihood.record import Likelihood
from boundary.analysis.progress import Progress, no_progress
from boundary.analysis.request import Request
from boundary.data.counts import Counts
from boundary.stats.solve_rates import SolveRates

HOW_TO_SCORE = "boundary score DIR --model {model} makes them of a run folder."


def likelihood(
    request: Request,
    scores: pd.DataFrame | None,
    counts: Counts,
    pairs: Sequence[tuple[Panel, SolveRates]],
    progress: Progress = no_progress,
) -> Likelihood:
    """Likelihood of the responses of an analysis, by their scores.

    Parameters
    ----------
    request
        Models, benchmarks, target, level and seed.
    scores
        From `boundary.data.sample_tables.load_scores`; None where there are none.
    counts
        Whose settings of sampling are read.
    pairs
        Each pair, or model alone, with the posterior of its solve rates.
    progress
        Told of each benchmark.

    Returns
    -------
    Likelihood
        Empty where there are no scores, but for how to get them.
    """
    model = request.base if request.base is not None else request.arms[0]
    if scores is None:
        return Likelihood(missing=f"No scores: {HOW_TO_SCORE.format(model=model)}")
    from boundary.analysis.likelihood.fitted import fit_likelihood

    result = fit_likelihood(request, scores, counts, pairs, progress)
    if (result.rows["scorer"] == model).any():
        return result
    return replace(result, missing=f"No scores under {model}: {HOW_TO_SCORE.format(model=model)}")
