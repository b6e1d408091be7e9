"""A random walk over training steps, seen through the posterior of each checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

# On the logit scale: the start may lie anywhere, and the first steps of training may move the base's place freely,
# since a format that is learnt at once says nothing about what follows.
START_SPREAD, FIRST_JUMP = 3.0, 1.0
# Of the walk over the whole run, and of each checkpoint around it: half-normal priors, on the logit scale.
WALK_SPREAD, WOBBLE_SPREAD = 1.0, 0.15
WALKS = np.geomspace(0.03, 3.0, 8)
WOBBLES = np.array([0.003, 0.02, 0.06, 0.15, 0.35])
# At most one step of a run is an exception: a checkpoint away from the others, or a jump from one to the next that
# stays, by so much on the logit scale. Probability of that, shared by all of its places.
EXCEPTION_SPREAD, EXCEPTIONAL = 2.0, 0.2
# Which part of the error that two checkpoints can share is shared: it depends on how alike they are.
SHARED_PARTS = (0.5, 1.0)
# Variances come from draws and are of posteriors that are not quite normal (measured: decision 021).
INFLATION = 1.2
LEAST_VARIANCE = 1e-6
# Settings with so much less posterior weight than the likeliest are left out.
LEAST_WEIGHT, JITTER = 1e-3, 1e-9
# Resolution of the logit scale at its ends, in problems: shares of 0 and 1 stay finite.
RESOLUTION = 0.25
SCALES = ("linear", "root", "logarithm")


def to_scale(share: Float[np.ndarray, "..."], n_problems: int) -> Float[np.ndarray, "..."]:
    """Shares on the logit scale, a quarter of a problem away from its ends.

    Examples
    --------
    >>> to_scale(np.array([0.5, 1.0]), 25).round(2).tolist()
    [0.0, 4.62]
    """
    least = RESOLUTION / n_problems
    scaled: np.ndarray = np.log(share + least) - np.log1p(least - share)
    return scaled


def from_scale(value: Float[np.ndarray, "..."], n_problems: int) -> Float[np.ndarray, "..."]:
    """The inverse of `to_scale`, within [0, 1]."""
    least = RESOLUTION / n_problems
    share: np.ndarray = (1 + 2 * least) / (1 + np.exp(-value)) - least
    return np.clip(share, 0, 1)


class Exceptional(NamedTuple):
    """What of a run neither walk nor wobbles explain.

    Parameters
    ----------
    kind
        `none`; `checkpoint`: one away from the others; `jump`: from the one before to it, which stays.
    place
        Number of the measured step.
    """

    kind: str = "none"
    place: int = 0


class WalkSetting(NamedTuple):
    """Scale of the steps, spread of the walk and of the wobble, shared part of errors, and the exception."""

    scale: str
    walk: float
    wobble: float
    part: float
    exception: Exceptional


class Measurements(NamedTuple):
    """What the fits say of one quantity at the steps of a run, the base first.

    Parameters
    ----------
    steps
        Ascending, the first of them 0.
    values, variances
        Posterior mean and variance at each step, on the logit scale.
    shared
        Share of each variance that is luck of the problems, in [0, 1]: see `boundary.stats.trajectory.errors`.
    """

    steps: Float[np.ndarray, " step"]
    values: Float[np.ndarray, " step"]
    variances: Float[np.ndarray, " step"]
    shared: Float[np.ndarray, " step"]


@dataclass(frozen=True)
class WalkPosterior:
    """Joint draws of a trajectory, and the settings of the walk with their posterior weights.

    Parameters
    ----------
    draws
        Of shape (draw, step): the measured steps first, then those between, on the logit scale.
    weights
        Posterior probability of each setting; they sum to 1.
    settings
        One a weight; those with next to no weight are left out.
    """

    draws: Float[np.ndarray, "draw step"]
    weights: Float[np.ndarray, " setting"]
    settings: tuple[WalkSetting, ...]

    def weight_of_scale(self, name: str) -> float:
        """Posterior probability of a scale of the steps."""
        return float(sum(w for w, setting in zip(self.weights, self.settings, strict=True) if setting.scale == name))


def walk_posterior(
    measured: Measurements, between: Sequence[float] = (), draws: int = 4000, seed: int = 0
) -> WalkPosterior:
    r"""Joint posterior of a quantity at measured steps and between them.

    Parameters
    ----------
    measured
        Two checkpoints or more beside the base.
    between
        Further steps, from 0 to the last one.
    draws
        Number of joint draws.
    seed
        Of the draws; equal seeds give equal draws.

    Returns
    -------
    WalkPosterior
        A checkpoint at a step between is meant: with its own wobble, as the measured ones have it.

    Notes
    -----
    With u the step on one of three scales (linear, square root, logarithm), scaled to [0, 1], the true values are
    :math:`\theta_s = \mu + a\,W(u_s) + g\,e_s`, a Wiener process W and independent wobbles e, and the base has a
    jump of its own. One checkpoint may be away from the others, or one jump between two may stay (docs/decisions/021).
    The posterior means are :math:`\hat\theta = \theta + \epsilon` with normal errors of which a part is common to
    all steps. All is normal given (scale, a, g, shared part, exception); these are integrated over a grid with their
    marginal likelihoods (Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, ch. 2 and 5).
    """
    steps = np.concatenate([measured.steps, np.asarray(between, dtype=float)])
    n = len(measured.steps)
    centre = measured.values.mean()
    residual = measured.values - centre
    settings, weights = _weighted_settings(measured, residual)
    rng = np.random.default_rng(seed)
    parts = []
    for setting, number in zip(settings, rng.multinomial(draws, weights), strict=True):
        if number:
            prior = _prior_covariance(measured, steps, setting)
            gain = np.linalg.solve(prior[:n, :n] + _error_covariance(measured, setting.part), prior[:n])
            covariance = prior - prior[:n].T @ gain
            noise = rng.normal(size=(number, len(steps))) @ _factor(covariance).T
            parts.append(centre + residual @ gain + noise)
    return WalkPosterior(np.concatenate(parts)[rng.permutation(draws)], weights, settings)


def shrinkage_spread(
    measured: Measurements, posterior: WalkPosterior, added: Sequence[float] = (), errors: float = 1.0
) -> float:
    """Expected posterior standard deviation, on the logit scale, of the base less the last step under another design.

    Parameters
    ----------
    measured, posterior
        The run today.
    added
        Steps of further checkpoints, measured as well as those at hand are on average.
    errors
        What variances of errors are multiplied with: 0.5 with twice the problems.

    Notes
    -----
    Given a setting the posterior variance of a normal model does not depend on the values that will be seen; it is
    averaged over the settings with today's weights.
    """
    steps = np.concatenate([measured.steps, np.asarray(added, dtype=float)])
    means = [np.full(len(added), part[1:].mean()) for part in measured[1:]]
    wider = Measurements(steps, *(np.concatenate([a, b]) for a, b in zip(measured[1:], means, strict=True)))
    last = len(measured.steps) - 1
    contrast = np.zeros(len(steps))
    contrast[[0, last]] = 1.0, -1.0
    variance = 0.0
    for weight, setting in zip(posterior.weights, posterior.settings, strict=True):
        prior = _prior_covariance(measured, steps, setting)
        observed = prior + errors * _error_covariance(wider, setting.part)
        side = prior @ contrast
        variance += weight * float(contrast @ side - side @ np.linalg.solve(observed, side))
    return float(np.sqrt(max(variance, 0.0)))


def on_scale(steps: Float[np.ndarray, " step"], first: float, scale: str) -> Float[np.ndarray, " step"]:
    """Steps on a scale, from 0 to 1; the logarithm is of 1 + step / first step, where a checkpoint was measured."""
    scaled: np.ndarray = {"linear": steps, "root": np.sqrt(steps), "logarithm": np.log1p(steps / first)}[scale]
    return scaled / scaled.max()


def _prior_covariance(measured: Measurements, steps: np.ndarray, setting: WalkSetting) -> np.ndarray:
    """Of the true values at the steps, the measured ones first."""
    u = on_scale(steps, float(measured.steps[measured.steps > 0].min()), setting.scale)
    walk = setting.walk**2 * np.minimum(u[:, None], u[None])
    covariance: np.ndarray = START_SPREAD**2 + walk + setting.wobble**2 * np.eye(len(u))
    covariance[0, 0] += FIRST_JUMP**2
    return covariance + _exception_covariance(measured, steps, setting.exception)


def _exception_covariance(measured: Measurements, steps: np.ndarray, exception: Exceptional) -> np.ndarray:
    """What an exception adds to the covariance; between the two steps of a jump it is a fast walk."""
    kind, place = exception
    if kind == "none":
        return np.zeros((len(steps), len(steps)))
    if kind == "checkpoint":
        share = (np.arange(len(steps)) == place).astype(float)
    else:
        before, after = measured.steps[place - 1 : place + 1]
        share = np.clip((steps - before) / (after - before), 0.0, 1.0)
    covariance: np.ndarray = EXCEPTION_SPREAD**2 * np.minimum(share[:, None], share[None])
    return covariance


def _error_covariance(measured: Measurements, part: float) -> np.ndarray:
    variances = INFLATION * np.maximum(measured.variances, LEAST_VARIANCE)
    shared = part * np.clip(measured.shared, 0, 0.99) * variances
    covariance: np.ndarray = np.diag(variances - shared) + np.sqrt(np.outer(shared, shared))
    return covariance


def _weighted_settings(measured: Measurements, residual: np.ndarray) -> tuple[tuple[WalkSetting, ...], np.ndarray]:
    """Settings with their posterior weights: marginal likelihood times prior; those that matter.

    Priors are half-normal, on logarithmic grids; exceptions of a kind are equally probable at each place.
    """
    places = range(1, len(measured.steps))
    exceptions = [Exceptional(kind, place) for kind in ("checkpoint", "jump") for place in places]
    errors = {part: _error_covariance(measured, part) for part in SHARED_PARTS}
    plain = [
        WalkSetting(*setting, Exceptional())
        for setting in product(SCALES, WALKS.tolist(), WOBBLES.tolist(), SHARED_PARTS)
    ]
    covariances = np.stack(
        [_prior_covariance(measured, measured.steps, setting) + errors[setting.part] for setting in plain]
    )
    walks, wobbles = np.array([[setting.walk, setting.wobble] for setting in plain]).T
    prior = np.log(walks) - 0.5 * (walks / WALK_SPREAD) ** 2 + np.log(wobbles) - 0.5 * (wobbles / WOBBLE_SPREAD) ** 2
    logs = [prior + np.log1p(-EXCEPTIONAL) + _log_likelihoods(covariances, residual)]
    for exception in exceptions:
        with_exception = covariances + _exception_covariance(measured, measured.steps, exception)
        logs.append(prior + np.log(EXCEPTIONAL / len(exceptions)) + _log_likelihoods(with_exception, residual))
    weights = np.exp(np.concatenate(logs) - np.max(logs))
    settings = [
        setting._replace(exception=exception) for exception in (Exceptional(), *exceptions) for setting in plain
    ]
    kept = np.flatnonzero(weights >= LEAST_WEIGHT * weights.max())
    return tuple(settings[i] for i in kept), weights[kept] / weights[kept].sum()


def _log_likelihoods(covariances: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Log density of the residuals under each covariance, but for a constant."""
    factors = np.linalg.cholesky(covariances)
    sides = np.broadcast_to(residual[:, None], (len(factors), len(residual), 1))
    whitened = np.linalg.solve(factors, sides)[..., 0]
    logs: np.ndarray = -0.5 * (whitened**2).sum(axis=1) - np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    return logs


def _factor(covariance: np.ndarray) -> np.ndarray:
    """Lower Cholesky factor; wobbles keep the covariance well away from singular, but for rounding."""
    symmetric = (covariance + covariance.T) / 2
    factor: np.ndarray = np.linalg.cholesky(symmetric + JITTER * np.eye(len(symmetric)))
    return factor
