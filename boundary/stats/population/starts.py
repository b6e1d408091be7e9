"""Where chains start: the modes of a posterior under each explanation of the problems that were never solved.

Of one model's problems, those without a success are in the atom at 0 or in a lump of low solve rates beside it. Chains
that all start from one explanation find the other late or never, and agree meanwhile: R-hat does not show it.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from boundary.stats.population.likelihood import CountData, PosteriorData, SingleCounts, posterior_data
from boundary.stats.sampler.mode import LogDensity, Mode, find_mode, log_density_at

# Prior standard deviations from its median at which the log amplitude of the bend is held: a smooth population, and one
# of narrow lumps.
AMPLITUDES = (0.0, 2.5)
# An explanation whose log evidence is lower than the other's by more than this gets no chains: they would take long to
# leave it. One at -4 by Laplace's approximation had 8 % of the posterior in long runs
# (docs/decisions/025-where-chains-start.md).
LEAST_LOG_EVIDENCE = -7.0
# The prior's curvature in the coordinate of a bend is the inverse of its amplitude: .14 where that is held high.
LEAST_CURVATURE = 0.1


class Density(NamedTuple):
    """The log posterior density of a population's parameters.

    Parameters
    ----------
    log_density
        `log_density(theta (dim, chain), data)`.
    dim
        How many parameters there are.
    amplitude
        Which of them is the log amplitude of the bend; None if that is fixed, and for a pair.
    has_atom
        Whether the population's first cell is an atom at 0.
    """

    log_density: LogDensity
    dim: int
    amplitude: int | None
    has_atom: bool


def starting_modes(posterior: Density, counts: CountData, guide: CountData, basis: Any) -> list[Mode]:
    """Modes to start chains from, the likeliest first; for a pair, one mode only.

    Parameters
    ----------
    counts, guide
        The counts, and counts nearly the same that cost less, of which a pair's curvature is taken; not used for one
        model.
    basis
        Constants of the population on the grid.
    """
    start = np.zeros(posterior.dim)
    if not isinstance(counts, SingleCounts):
        data, nearly = (posterior_data(part, basis) for part in (counts, guide))
        return [find_mode(posterior.log_density, data, start, guide=nearly)]
    mode = _mode(posterior, counts, basis, AMPLITUDES[0], start)
    if not (posterior.has_atom and counts.likelihood[:, 0].any()):
        return [mode]
    explanations = [
        _explanation(posterior, counts, explained, basis, mode.position)
        for explained in (counts.without_atom(), counts.without_low_rates())
    ]
    explanations.sort(key=lambda explanation: -explanation.log_evidence)
    least = explanations[0].log_evidence + LEAST_LOG_EVIDENCE
    return [explanation.mode for explanation in explanations if explanation.log_evidence >= least]


class _Explanation(NamedTuple):
    """Where an explanation is likeliest, and its log evidence by Laplace's approximation, up to a constant."""

    mode: Mode
    log_evidence: float


def _explanation(
    posterior: Density, counts: SingleCounts, explained: SingleCounts, basis: Any, start: np.ndarray
) -> _Explanation:
    modes, log_evidence = [], []
    for amplitude in AMPLITUDES if posterior.amplitude is not None else AMPLITUDES[:1]:
        mode, evidence = evidence_at(posterior, counts, explained, basis, amplitude, start)
        modes.append(mode)
        log_evidence.append(evidence)
        start = mode.position
    return _Explanation(modes[int(np.argmax(log_evidence))], float(np.logaddexp.reduce(log_evidence)))


def evidence_at(
    posterior: Density, counts: SingleCounts, explained: SingleCounts, basis: Any, amplitude: float, start: np.ndarray
) -> tuple[Mode, float]:
    """The mode of an explanation where the log amplitude is held, and the log evidence of the counts around it.

    Notes
    -----
    Laplace's approximation, up to a constant: log p(counts, mode) + log |R|, R the root of the inverse curvature.
    """
    mode = _mode(posterior, explained, basis, amplitude, start)
    density, data = _held(posterior, posterior_data(counts, basis), amplitude)
    at_mode = log_density_at(density, _without_amplitude(posterior, mode.position), data)
    return mode, at_mode + float(np.linalg.slogdet(mode.root)[1])


def _mode(posterior: Density, counts: SingleCounts, basis: Any, amplitude: float, start: np.ndarray) -> Mode:
    """The mode where the log amplitude is held.

    In all parameters at once, the mode is a funnel's neck (bend and amplitude near 0) or a narrow lump. Laplace's
    approximation there understated the evidence of smooth populations by 11 nats.
    """
    density, data = _held(posterior, posterior_data(counts, basis), amplitude)
    at = posterior.amplitude
    if at is None:
        return find_mode(density, data, start)
    mode = find_mode(density, data, _without_amplitude(posterior, start), LEAST_CURVATURE)
    root = np.insert(np.insert(mode.root, at, 0.0, axis=0), at, 0.0, axis=1)
    root[at, at] = 1.0
    return Mode(np.insert(mode.position, at, amplitude), root)


def _held(posterior: Density, data: PosteriorData, amplitude: float) -> tuple[LogDensity, Any]:
    """The log density of the other parameters where the log amplitude is held, and its data."""
    if posterior.amplitude is None:
        return posterior.log_density, data
    return _with_one_held(posterior.log_density, posterior.amplitude), (np.array(amplitude), data)


def _without_amplitude(posterior: Density, theta: np.ndarray) -> np.ndarray:
    return theta if posterior.amplitude is None else np.delete(theta, posterior.amplitude)


@lru_cache
def _with_one_held(log_density: LogDensity, index: int) -> LogDensity:
    """The log density as one of all parameters but one, which is given with the data."""

    def held(theta: Float[Array, "others chain"], data: tuple[Any, Any]) -> Float[Array, " chain"]:
        value, inner = data
        row = jnp.broadcast_to(value, (1, theta.shape[1]))
        return log_density(jnp.concatenate([theta[:index], row, theta[index:]]), inner)

    return held
