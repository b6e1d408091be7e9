"""Hamiltonian Monte Carlo for smooth posteriors of a hundred dimensions, by many short chains from one mode or several.

The populations' posteriors, with every solve rate integrated out, are close to normal around their mode. So the chains
start from the Laplace approximation there, and at other places if these are given, use its covariance as metric, then a
scale pooled from the positions and gradients of all chains. All chains move in one vectorised call; the same compiled
block serves warm-up and sampling.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from boundary.stats.diagnostics import convergence
from boundary.stats.sampler.compilation import QUICKLY, compiled
from boundary.stats.sampler.mode import LogDensity, Mode

# Draws (chain, draw, dimension) to the quantities that must have converged, (quantity, chain, draw).
Monitored = Callable[[np.ndarray], np.ndarray]

# What a prior sets of `hmc`: fields of the prior, and parameters of these names.
SETTINGS = ("chains", "draws", "warmup", "leapfrogs", "thinning")

# Acceptance that tuning aims at, as the harmonic mean over chains: one stuck chain then shortens everybody's step,
# where an arithmetic mean lets the moving chains outvote it.
TARGET_ACCEPTANCE = 0.5


class Stage(NamedTuple):
    """How much longer trajectories are than in the first stage, and how many rounds of draws before each look."""

    lengthening: int
    rounds: tuple[int, ...]


# Draws are taken in rounds until the monitored quantities of those that are kept, as many at equal distances, have
# converged: one round, then a second beside it. Where two are not enough, the posterior is far from normal and the
# chains still on their way from where they started: all until then is warm-up, the metric is tuned anew, and
# trajectories are longer: the draws that chains take along a bent ridge fall with the square of that length
# (docs/decisions/025-where-chains-start.md).
STAGES = (Stage(1, (1, 1)), Stage(2, (1, 1)), Stage(4, (2, 2)), Stage(8, (4,)))

# Chains are reported in so many groups: see `in_groups`.
GROUPS = 8

# Tuning: the share of the steps in each window, in eighths. The first only leaves the starting points; after each of
# the middle ones the metric is pooled anew; the last only tunes the step.
WINDOWS = (1, 1, 2, 3, 1)


class Chains(NamedTuple):
    """Draws of the parameters, shape (chain, draw, dimension), and the share of proposals accepted by each chain."""

    draws: Float[np.ndarray, "chain draw dim"]
    acceptance: Float[np.ndarray, " chain"]


def hmc(
    log_density: LogDensity,
    data: Any,
    mode: Mode,
    key: Array,
    *,
    chains: int = 64,
    draws: int = 32,
    warmup: int = 32,
    leapfrogs: int = 16,
    thinning: int = 1,
    other_starts: Sequence[Mode] = (),
    guide: Any = None,
    monitored: Monitored = lambda draws: np.moveaxis(draws, -1, 0),
) -> Chains:
    """Draw from a posterior density.

    Parameters
    ----------
    log_density
        `log_density(theta, data)` of parameters (dim, chain), one value a chain, smooth; a module-level function, so
        that it is compiled once for each shape of data.
    data
        Pytree of arrays passed on to it.
    mode
        Mode of the density and the scale there: see `boundary.stats.sampler.mode.find_mode`.
    key
        JAX key; the same key gives the same draws.
    chains, draws, warmup
        Chains, kept draws of each, and tuning steps of each (at least 8, in windows of growing length). Where the
        monitored quantities have not converged, more draws are taken and thinned (see `STAGES`).
    leapfrogs
        Leapfrog steps a proposal, in later stages more; their length varies by -40 to +20 % so that no period is
        resonant.
    thinning
        Steps from one kept draw to the next.
    other_starts
        Other places where chains start, and the scales there: each of these and the mode has as many groups of chains
        (see `in_groups`), so that R-hat compares them.
    guide
        Data like `data` with which the density costs less and is nearly the same, up to a linear term: trajectories
        follow its gradient, and are accepted by the density itself, so that the draws are of that. None: `data`.
    monitored
        Function from draws (chain, draw, dim) to the quantities that must converge, (quantity, chain, draw); the
        parameters themselves by default.

    Returns
    -------
    The draws and the acceptance of each chain.

    Raises
    ------
    ValueError
        If `warmup` is below 8.

    Notes
    -----
    Neal 2011, arXiv 1206.1901, also for trajectories along an approximation; harmonic-mean tuning across chains after
    Hoffman & Sountsov 2022 (MEADS/ChEES); many short chains after Margossian et al. 2024, arXiv 2110.13017.
    """
    if warmup < sum(WINDOWS):
        raise ValueError(f"Chains need at least {sum(WINDOWS)} tuning steps (`warmup`), got {warmup}.")
    starts = [mode, *other_starts]
    with jax.enable_x64(False):  # whatever the user's own code computes in
        return _chains(
            _Walk(log_density, data, data if guide is None else guide, starts, key, chains, warmup // sum(WINDOWS)),
            draws,
            leapfrogs,
            thinning,
            monitored,
        )


def _chains(walk: "_Walk", draws: int, leapfrogs: int, thinning: int, monitored: Monitored) -> Chains:
    """Chains that are tuned and drawn stage by stage, until what is monitored has converged."""
    for stage in STAGES:
        length = leapfrogs * stage.lengthening
        walk.tune(length)
        rounds: list[np.ndarray] = []
        for more in stage.rounds:
            rounds += [walk.draw(draws * thinning, length) for _ in range(more)]
            every = np.concatenate(rounds, axis=1)
            step = every.shape[1] // draws
            kept = every[:, : step * draws : step]
            result = Chains(np.ascontiguousarray(kept), np.concatenate(walk.accepted).mean(0))
            if convergence(in_groups(monitored(result.draws), axis=1)).ok.all():
                return result
    return result


class Guided(NamedTuple):
    """Data of the density, data of its guide, and the guide's gradient at the mode less the density's.

    With that taken off, trajectories along the guide's gradient are those of the density near the mode.
    """

    data: Any
    guide: Any
    slope: Float[Array, " dim"]


class State(NamedTuple):
    """Where all chains are, in coordinates in which the metric is the identity.

    Parameters
    ----------
    position
        Whitened: parameters are `centre + metric @ position`.
    potential
        The log density there, its sign changed.
    slope
        Gradient of the guide's potential there, in the same coordinates.
    """

    position: Float[Array, "dim chain"]
    potential: Float[Array, " chain"]
    slope: Float[Array, "dim chain"]


class _Walk:
    """Chains on their way: where they are, and the centre, metric and step that tuning has reached."""

    def __init__(
        self,
        log_density: LogDensity,
        data: Any,
        guide: Any,
        starts: Sequence[Mode],
        key: Array,
        chains: int,
        steps: int,
    ) -> None:
        places = [Mode(*(_without_rounding_noise(part) for part in start)) for start in starts]
        self.centre, self.metric = places[0]
        which = np.arange(chains) * min(GROUPS, chains) // chains % len(places)
        first = _start(key, *(np.stack(part)[which] for part in zip(*places, strict=True)))
        potential, slope, difference = _at_start(log_density, data, guide, self.centre, first)
        self.state = _whitened(first, potential, slope, self.centre, self.metric)
        self.log_step: Any = np.float32(np.log(0.8 / len(self.centre) ** 0.25))
        self.accepted: list[np.ndarray] = []
        self.steps = steps
        self._block = partial(_block, log_density, steps, Guided(data, guide, difference))
        self._key, self._number = key, count()

    def _visit(self, leapfrogs: int, adapt: bool) -> tuple[Array, Array]:
        """Parameters and whitened gradients (step, dim, chain) of a block of steps."""
        state = self.state, self.centre, self.metric, self.log_step
        visited, slopes, self.state, self.log_step, rates = self._block(
            leapfrogs, *state, self._key, next(self._number), adapt
        )
        if not adapt:
            self.accepted.append(rates)
        return visited, slopes

    def tune(self, leapfrogs: int) -> None:
        """Tune the step throughout, and the metric after each of the middle windows."""
        for window, blocks in enumerate(WINDOWS):
            visits = [self._visit(leapfrogs, adapt=True) for _ in range(blocks)]
            if 0 < window < len(WINDOWS) - 1:
                positions, slopes = (np.concatenate(part) for part in zip(*visits, strict=True))
                slopes = _unwhitened(slopes, self.metric)
                self.centre, self.metric = _pooled(positions, slopes, self.metric)
                self.state = _whitened(positions[-1], self.state.potential, slopes[-1], self.centre, self.metric)

    def draw(self, draws: int, leapfrogs: int) -> Float[np.ndarray, "chain draw dim"]:
        """Draws of each chain, at least so many."""
        visits = [self._visit(leapfrogs, adapt=False)[0] for _ in range(-(-draws // self.steps))]
        return np.concatenate(visits).transpose(2, 0, 1)


def in_groups(draws: np.ndarray, axis: int = 0) -> np.ndarray:
    """Many short chains as eight long ones: those of a group one after the other.

    Parameters
    ----------
    draws
        Any array with an axis of chains, followed by one of draws.
    axis
        Which is that of chains. Fewer chains than sixteen, or a number that eight does not divide, stay as they are.

    Notes
    -----
    Split R-hat of chains of 32 draws is biased up, since the variance within is that of few draws. Compared by groups
    (nested R-hat, Margossian et al. 2024, arXiv 2110.13017), the variance within includes that between the chains of a
    group. Chains that disagree lower the effective draws, as their group is correlated over a chain's whole length.

    Examples
    --------
    >>> in_groups(np.zeros((64, 32, 5))).shape
    (8, 256, 5)
    """
    chains, length = draws.shape[axis : axis + 2]
    size = chains // GROUPS if chains >= 2 * GROUPS and chains % GROUPS == 0 else 1
    return draws.reshape(*draws.shape[:axis], chains // size, size * length, *draws.shape[axis + 2 :])


@compiled(static_argnums=0, compiler_options=QUICKLY)
def _at_start(
    log_density: LogDensity, data: Any, guide: Any, centre: Array, starts: Float[Array, "dim chain"]
) -> tuple[Float[Array, " chain"], Float[Array, "dim chain"], Float[Array, " dim"]]:
    """Potential of each start, slope of the guide's there, and the guide's gradient at the centre less the density's.

    Both densities are evaluated once, so that little is compiled.
    """

    def total(data: Any, theta: Array) -> tuple[Array, Array]:
        values = log_density(theta, data)
        return values.sum(), values

    theta = jnp.concatenate([centre[:, None], starts], axis=1)
    of_density, values = jax.grad(total, argnums=1, has_aux=True)(data, theta)
    of_guide, _ = jax.grad(total, argnums=1, has_aux=True)(guide, theta)
    difference = (of_guide - of_density)[:, 0]
    return -values[1:], difference[:, None] - of_guide[:, 1:], difference


def _whitened(
    positions: Array | np.ndarray, potential: Array, slope: Array | np.ndarray, centre: np.ndarray, metric: np.ndarray
) -> State:
    """Chains at these parameters (dim, chain), in the coordinates of a centre and a metric."""
    root = np.asarray(metric, dtype=np.float64)
    position = np.linalg.solve(root, np.asarray(positions, dtype=np.float64) - centre[:, None])
    return State(jnp.asarray(position, jnp.float32), potential, jnp.asarray(root.T @ np.asarray(slope), jnp.float32))


def _unwhitened(slopes: np.ndarray, metric: np.ndarray) -> Float[np.ndarray, "step dim chain"]:
    """Gradients with respect to the parameters, of those in the coordinates of a metric."""
    return np.asarray(np.linalg.inv(np.asarray(metric, dtype=np.float64)).T @ slopes)


@compiled()
def _start(key: Array, modes: Float[Array, "chain dim"], roots: Float[Array, "chain dim dim"]) -> Array:
    """Starting points (dim, chain): draws from the Laplace approximation at each chain's place, at half its scale.

    From the full scale a chain now and then begins where the approximation is wrong and never moves.
    """
    normal = jax.random.normal(jax.random.fold_in(key, 0), modes.shape[::-1])
    return modes.T + 0.5 * jnp.einsum("cij,jc->ic", roots, normal)


def _pooled(visited: np.ndarray, slopes: np.ndarray, metric: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean, and a square root of the scale, of the positions of the chains and of the gradients there.

    The scale is the geometric mean of the positions' covariance and the inverse of the gradients' second moment (for a
    normal density both are its covariance), each shrunk to the metric in use. The covariance alone stretches along
    curved ridges and let chains get stuck there: the fewest effective draws of six fits were 28 with it, 470 with the
    gradients alone, 754 with the mean of both (docs/decisions/002-population.md). The sampler nutpie does so too.
    """
    dim = len(metric)
    positions, gradients = (
        np.asarray(part, dtype=np.float64).transpose(0, 2, 1).reshape(-1, dim) for part in (visited, slopes)
    )
    root = np.asarray(metric, dtype=np.float64)
    in_use = root @ root.T
    weight = len(positions) / 5  # the draws are correlated
    spread = (weight * np.cov(positions.T) + dim * in_use) / (weight + dim)
    curvature = (weight * gradients.T @ gradients / len(gradients) + dim * np.linalg.inv(in_use)) / (weight + dim)
    scale = np.linalg.cholesky(_geometric_mean(spread, np.linalg.inv(curvature)))
    return _without_rounding_noise(positions.mean(0)), _without_rounding_noise(scale)


def _without_rounding_noise(values: np.ndarray) -> np.ndarray:
    """Values in single precision, each row to 18 bits of its largest.

    Linear algebra rounds differently with another number of threads, and chains go other ways from a last bit. Any
    centre and metric are valid, so that these may be rounded.
    """
    largest = np.abs(values).max(axis=-1, keepdims=True, initial=np.finfo(np.float64).tiny)
    step = 2.0 ** (np.ceil(np.log2(largest)) - 18)
    return np.asarray(np.round(values / step) * step, dtype=np.float32)


def _geometric_mean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The matrix half-way from a to b, both symmetric and positive definite: a^1/2 (a^-1/2 b a^-1/2)^1/2 a^1/2."""
    root = _square_root(a)
    inverse = np.linalg.inv(root)
    mean = root @ _square_root(inverse @ b @ inverse) @ root
    return np.asarray((mean + mean.T) / 2)


def _square_root(matrix: np.ndarray) -> np.ndarray:
    values, axes = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((axes * np.sqrt(np.maximum(values, 1e-12))) @ axes.T)


def _trajectory(gradients: Callable[[Array], Array], leapfrogs: Array, step: Array, start: tuple[Array, ...]) -> Any:
    """Position, momentum and gradient at the end of a leapfrog trajectory from `start`, which has the same three."""

    def leapfrog(_: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        z, momentum, grad = state
        momentum = momentum - 0.5 * step * grad
        z = z + step * momentum
        grad = gradients(z)
        return z, momentum - 0.5 * step * grad, grad

    return jax.lax.fori_loop(0, leapfrogs, leapfrog, start)


@compiled(static_argnums=(0, 1))
def _block(
    log_density: LogDensity,
    steps: int,
    guided: Guided,
    leapfrogs: Array,
    state: State,
    centre: Array,
    metric: Array,
    log_step: Array,
    key: Array,
    phase: Array,
    adapt: Array,
) -> tuple[Array, Array, State, Array, Array]:
    """Steps of a block: parameters, whitened gradients (step, dim, chain), last state, log step, share accepted.

    The number of leapfrogs is not static: another one compiles nothing.
    """

    def potential(z: Array) -> Array:
        return -log_density(centre[:, None] + metric @ z, guided.data)

    def of_guide(z: Array) -> Array:
        theta = centre[:, None] + metric @ z
        return -(log_density(theta, guided.guide) - guided.slope @ theta).sum()

    gradients = jax.grad(of_guide)  # values are needed at the ends of a trajectory only

    def step(carry: tuple[State, Array, Array], key: Array) -> tuple[tuple[State, Array, Array], tuple[Array, ...]]:
        state, log_step, number = carry
        for_momentum, for_length, for_accept = jax.random.split(key, 3)
        momentum = jax.random.normal(for_momentum, state.position.shape)
        size = jnp.exp(log_step) * jax.random.uniform(for_length, state.potential.shape, minval=0.6, maxval=1.2)
        position, momentum_new, slope = _trajectory(gradients, leapfrogs, size, (state.position, momentum, state.slope))
        proposed = State(position, potential(position), slope)
        kinetic_lost = 0.5 * ((momentum**2).sum(0) - (momentum_new**2).sum(0))
        log_ratio = state.potential - proposed.potential + kinetic_lost
        probability = jnp.where(jnp.isfinite(log_ratio), jnp.exp(jnp.minimum(log_ratio, 0.0)), 0.0)
        accept = jax.random.uniform(for_accept, probability.shape) < probability
        state = jax.tree.map(lambda new, old: jnp.where(accept, new, old), proposed, state)
        harmonic = 1.0 / (1.0 / jnp.maximum(probability, 0.05)).mean()
        log_step = log_step + jnp.where(adapt, 1.5, 0.0) * (harmonic - TARGET_ACCEPTANCE) / (1.0 + number) ** 0.6
        return (state, log_step, number + 1.0), (state.position, state.slope, probability)

    keys = jax.random.split(jax.random.fold_in(key, 1 + phase), steps)
    first = state, log_step, jnp.float32(0.0)
    (state, log_step, _), (visited, slopes, probability) = jax.lax.scan(step, first, keys)
    return centre[:, None] + metric @ visited, slopes, state, log_step, probability
