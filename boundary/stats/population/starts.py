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
from boundary.stats.population.likelihood import CountData, SingleCounts, posterior_data
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
    modes, log_evidence = [], []
    for cells in (np.array([0]), too_low):
        explained, at = counts.as_if_impossible(cells), mode.position
        at_amplitudes = []
        for amplitude in AMPLITUDES if posterior.amplitude is not None else AMPLITUDES[:1]:
            at_amplitudes.append(_mode(posterior, explained, basis, amplitude, at))
            at = at_amplitudes[-1].position
        evidence = [_log_evidence(posterior, counts, basis, candidate) for candidate in at_amplitudes]
        modes.append(at_amplitudes[int(np.argmax(evidence))])
        log_evidence.append(np.logaddexp.reduce(evidence))
    order = np.argsort(log_evidence)[::-1]
    return [modes[i] for i in order if log_evidence[i] >= max(log_evidence) + LEAST_LOG_EVIDENCE]


def _mode(posterior: Posterior, counts: CountData, basis: Any, amplitude: float, start: np.ndarray) -> Mode:
    """The mode where the log amplitude is held.

    The mode in all parameters is where the bend and its amplitude are nearly 0, or a narrow lump, and says little of
    how much of the posterior is around it: on some data 11 nats too little of smooth populations.
    """
    data, at = posterior_data(counts, basis), posterior.amplitude
    if at is None:
        return find_mode(posterior.log_density, data, start)
    held = _with_one_held(posterior.log_density, at)
    mode = find_mode(held, (np.array(amplitude), data), np.delete(start, at))
    root = np.insert(np.insert(mode.root, at, 0.0, axis=0), at, 0.0, axis=1)
    root[at, at] = 1.0
    return Mode(np.insert(mode.position, at, amplitude), root)


@lru_cache
def _with_one_held(log_density: LogDensity, index: int) -> LogDensity:
    """The log density as one of all parameters but one, which is given with the data."""

    def held(theta: Float[Array, "others chain"], data: tuple[Any, Any]) -> Float[Array, " chain"]:
        value, inner = data
        row = jnp.broadcast_to(value, (1, theta.shape[1]))
        return log_density(jnp.concatenate([theta[:index], row, theta[index:]]), inner)

    return held


def _log_evidence(posterior: Posterior, counts: CountData, basis: Any, mode: Mode) -> float:
    """Laplace's approximation, up to a constant."""
    at_mode = log_density_at(posterior.log_density, mode.position, posterior_data(counts, basis))
    return at_mode + float(np.linalg.slogdet(mode.root)[1])
