"""Where chains start: the modes of a posterior under each explanation of the problems that were never solved.

Of one model's problems, those without a success are in the atom at 0 or in a lump of low solve rates beside it. Chains
that all start from one explanation find the other late or never, and agree meanwhile: R-hat does not show it.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from boundary.stats.population.grid import Grid
from boundary.stats.population.likelihood import CountData, PosteriorData, SingleCounts, posterior_data
from boundary.stats.sampler.mode import LogDensity, Mode, find_mode, log_density_at

# Prior standard deviations from its median at which the log amplitude of the bend is held: a smooth population, and one
# of narrow lumps.
AMPLITUDES = (0.0, 2.5)
# From an explanation with so much less log evidence than the other no chain starts: it would take long to leave it. In
# long runs one with -4 had 8 % of the posterior (docs/decisions/025-where-chains-start.md).
LEAST_LOG_EVIDENCE = -7.0
# A solve rate at which this many successes are expected of all samples is too low to be told from 0.
FEW_SUCCESSES = 0.25


class Posterior(NamedTuple):
    """A posterior whose modes are sought.

    Parameters
    ----------
    log_density
        `log_density(theta (dim, chain), data)`.
    dim
        How many parameters there are.
    amplitude
        Which of them is the log amplitude of the bend; None if that is fixed.
    """

    log_density: LogDensity
    dim: int
    amplitude: int | None


def starting_modes(
    posterior: Posterior, counts: CountData, binned: CountData, basis: Any, grid: Grid, largest_n: int
) -> list[Mode]:
    """Modes to start chains from, the likeliest first; of a pair the one there is.

    Parameters
    ----------
    counts, binned
        The counts, and counts nearly the same that cost less.
    basis
        Constants of the population on the grid.
    grid, largest_n
        The grid, and the largest number of samples of a problem.
    """
    # The mode of the binned counts costs a fraction of a step, and is a few steps from that of the counts.
    start = _mode(posterior, binned, basis, AMPLITUDES[0], np.zeros(posterior.dim))
    mode = _mode(posterior, counts, basis, AMPLITUDES[0], start.position)
    if not isinstance(counts, SingleCounts):
        return [mode]
    too_low = np.flatnonzero(grid.knots < np.log(FEW_SUCCESSES / max(largest_n, 1))) + 1
    explanations = [
        _explanation(posterior, counts, counts.as_if_impossible(cells), basis, mode.position)
        for cells in (np.array([0]), too_low)
    ]
    explanations.sort(key=lambda explanation: -explanation.log_evidence)
    least = explanations[0].log_evidence + LEAST_LOG_EVIDENCE
    return [explanation.mode for explanation in explanations if explanation.log_evidence >= least]


class _Explanation(NamedTuple):
    """Where an explanation is likeliest, and its log evidence by Laplace's approximation, up to a constant."""

    mode: Mode
    log_evidence: float


def _explanation(
    posterior: Posterior, counts: SingleCounts, explained: SingleCounts, basis: Any, start: np.ndarray
) -> _Explanation:
    modes, log_evidence = [], []
    for amplitude in AMPLITUDES if posterior.amplitude is not None else AMPLITUDES[:1]:
        mode = _mode(posterior, explained, basis, amplitude, start)
        density, data = _held(posterior, posterior_data(counts, basis), amplitude)
        at_mode = log_density_at(density, _others(posterior, mode.position), data)
        modes.append(mode)
        log_evidence.append(at_mode + float(np.linalg.slogdet(mode.root)[1]))
        start = mode.position
    return _Explanation(modes[int(np.argmax(log_evidence))], float(np.logaddexp.reduce(log_evidence)))


def _mode(posterior: Posterior, counts: CountData, basis: Any, amplitude: float, start: np.ndarray) -> Mode:
    """The mode where the log amplitude is held.

    The mode in all parameters is where the bend and its amplitude are nearly 0, or a narrow lump, and says little of
    how much of the posterior is around it: on some data 11 nats too little of smooth populations.
    """
    density, data = _held(posterior, posterior_data(counts, basis), amplitude)
    mode, at = find_mode(density, data, _others(posterior, start)), posterior.amplitude
    if at is None:
        return mode
    root = np.insert(np.insert(mode.root, at, 0.0, axis=0), at, 0.0, axis=1)
    root[at, at] = 1.0
    return Mode(np.insert(mode.position, at, amplitude), root)


def _held(posterior: Posterior, data: PosteriorData, amplitude: float) -> tuple[LogDensity, Any]:
    """The log density of the other parameters where the log amplitude is held, and its data."""
    if posterior.amplitude is None:
        return posterior.log_density, data
    return _with_one_held(posterior.log_density, posterior.amplitude), (np.array(amplitude), data)


def _others(posterior: Posterior, theta: np.ndarray) -> np.ndarray:
    return theta if posterior.amplitude is None else np.delete(theta, posterior.amplitude)


@lru_cache
def _with_one_held(log_density: LogDensity, index: int) -> LogDensity:
    """The log density as one of all parameters but one, which is given with the data."""

    def held(theta: Float[Array, "others chain"], data: tuple[Any, Any]) -> Float[Array, " chain"]:
        value, inner = data
        row = jnp.broadcast_to(value, (1, theta.shape[1]))
        return log_density(jnp.concatenate([theta[:index], row, theta[index:]]), inner)

    return held
