"""What the fits of a run say of pass@k at each step."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from boundary.analysis.checkpoints import TrainingRun
from boundary.stats.budgets import mean_failures
from boundary.stats.solve_rates import SolveRates
from boundary.stats.trajectory import INFLATION, ErrorParts, Measurements, error_parts_of, to_scale


class RunMeasurements(NamedTuple):
    """Pass@k at each step of a run, from the fit of each pair.

    Parameters
    ----------
    measured
        On the logit scale.
    shrinkage_widths
        Width of the interval of shrinkage under each pair's own fit.
    errors
        Parts of the error of each step.
    """

    measured: Measurements
    shrinkage_widths: Float[np.ndarray, " checkpoint"]
    errors: list[ErrorParts]


def run_measurements(run: TrainingRun, fits: Mapping[str, SolveRates], k: int, level: float) -> RunMeasurements:
    """Measure pass@k along a run.

    Parameters
    ----------
    run
        Its base and the checkpoints that were fitted.
    fits
        The fit of each checkpoint with the base.
    k
        Budget.
    level
        Of the intervals.

    Notes
    -----
    Every fit has draws of the base: their means and variances are averaged, since they rest on the same samples.
    """
    base, checkpoints = run.models[0], run.models[1:]
    tails = [(1 - level) / 2, (1 + level) / 2]
    of_base, of_checkpoints, widths = [], [], []
    for model in checkpoints:
        rates = fits[model]
        failures = mean_failures(rates, [k], "benchmark", [rates.index(base), rates.index(model)])[0]
        shares = (1.0 - failures).reshape(-1, 2).T
        low, high = np.quantile(shares[0] - shares[1], tails)
        widths.append(high - low)
        scaled = [to_scale(share, rates.n_problems) for share in shares]
        of_base.append(_moments(scaled[0], tails))
        of_checkpoints.append(_moments(scaled[1], tails))
    moments = np.array([np.mean(of_base, axis=0), *of_checkpoints])
    errors = step_errors(run, fits, k)
    shared = np.array([part.shared for part in errors])
    measured = Measurements(np.array(run.steps), moments[:, 0], moments[:, 1], shared)
    return RunMeasurements(measured, np.array(widths), errors)


def step_errors(run: TrainingRun, fits: Mapping[str, SolveRates], k: int, times: float = 1.0) -> list[ErrorParts]:
    """Parts of the error of pass@k at each step, as if each problem had so many times its samples."""
    base, checkpoints = run.models[0], run.models[1:]
    of_base = error_parts_of(fits[checkpoints[0]], base, k, times)
    return [of_base, *(error_parts_of(fits[model], model, k, times) for model in checkpoints)]


def _moments(draws: Float[np.ndarray, " draw"], tails: list[float]) -> tuple[float, float]:
    """Mean and variance of the normal that reaches as far as the draws do to either side, once it is inflated.

    Where nothing or everything is solved the posterior is skewed on the logit scale too, and a normal with its variance
    ends before its long tail does, by more than `INFLATION` makes up for.
    """
    mean = float(draws.mean())
    low, high = np.quantile(draws, tails)
    reach = max(mean - low, high - mean) / -ndtri(tails[0])
    return mean, float(max(draws.var(), reach**2 / INFLATION))
