"""Beta populations, with or without mass at 0 and at 1: drawn by NUTS with every solve rate integrated out.

The two families that use it, `BetaBinomial` and `InflatedBetaBinomial`, differ in their NumPyro model alone.
"""

import functools
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import betaln, gammaln

from boundary.stats.distinct_counts import distinct_rows
from boundary.stats.random_keys import numpy_rng
from boundary.stats.solve_rates import SolveRates

# All problems have one solve rate. In float32 a difference of two log Beta functions is lost for sizes far above, and
# the rounding error that remains beats every true likelihood.
LARGEST_SIZE = 1e4
# With more samples of a problem the differences of log Beta functions need double precision.
MOST_SINGLE = 4096
# Numbers of distinct counts that code is compiled for: these, and multiples of the last.
COUNT_SHAPES = (32, 64, 160)


def log_beta_binomial(n_correct: Array, n_samples: Array) -> Array:
    """Log probability of the counts, but for C(n, c), with mean and size of the Beta drawn as NumPyro sites.

    Notes
    -----
    p ~ Beta(m s, (1 - m) s), m ~ Uniform(0, 1), log s ~ N(log 2, 1.5);
    P(c) is C(n, c) B(m s + c, (1 - m) s + n - c) / B(m s, (1 - m) s).
    """
    import numpyro  # takes a third of a second, and no other family needs it
    import numpyro.distributions as dist

    mean = numpyro.sample("mean", dist.Uniform(0.0, 1.0))
    size = jnp.minimum(numpyro.sample("size", dist.LogNormal(jnp.log(2.0), 1.5)), LARGEST_SIZE)
    a, b = mean * size, (1 - mean) * size
    return _log_beta(a + n_correct, b + n_samples - n_correct) - _log_beta(a, b)


def log_gamma(x: Array) -> Array:
    """Log of the Gamma function of positive numbers.

    Notes
    -----
    Stirling's series at x, or at x + 8 where x is smaller and Gamma(x) = Gamma(x + 8) / (x (x + 1) ... (x + 7))
    (Abramowitz & Stegun 1964, 6.1.15 and 6.1.41). JAX's also takes negative numbers, and took 12 of the 35 seconds
    of a first `inflated_beta_binomial` (docs/decisions/016-many-short-chains.md).
    """
    is_small = x < 8
    shifted = jnp.where(is_small, x, 1.0)
    product = functools.reduce(operator.mul, [shifted + i for i in range(8)])
    z = jnp.where(is_small, x + 8, x)
    square = 1 / z**2
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / z
    return (z - 0.5) * jnp.log(z) - z + math.log(2 * math.pi) / 2 + series - jnp.where(is_small, jnp.log(product), 0.0)


def _log_beta(a: Array, b: Array) -> Array:
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b)


class BetaPopulations(NamedTuple):
    """Populations drawn for one model: Beta parameters and shares of problems at 0, at 1 and between; (chain, draw)."""

    a: Float[np.ndarray, "chain draw"]
    b: Float[np.ndarray, "chain draw"]
    share: Float[np.ndarray, "chain draw 3"]

    @classmethod
    def from_draws(cls, draws: dict[str, np.ndarray]) -> "BetaPopulations":
        """From draws of the NumPyro sites `mean`, `size` and, where there is mass at 0 and at 1, `share`."""
        mean, size = draws["mean"], np.minimum(draws["size"], LARGEST_SIZE)
        share = draws.get("share", np.broadcast_to([0.0, 0.0, 1.0], (*mean.shape, 3)))
        return cls(mean * size, (1 - mean) * size, share)

    def log_parts(self, n_correct: np.ndarray, n_samples: np.ndarray) -> Float[np.ndarray, "chain draw problem 3"]:
        """Log probability of each problem's counts together with p = 0, p = 1 and p between."""
        a, b = self.a[..., None], self.b[..., None]
        choose = gammaln(n_samples + 1) - gammaln(n_correct + 1) - gammaln(n_samples - n_correct + 1)
        between = choose + betaln(a + n_correct, b + n_samples - n_correct) - betaln(a, b)
        certain = np.stack([n_correct == 0, n_correct == n_samples], axis=-1)
        with np.errstate(divide="ignore"):  # log 0: no share, or counts that an atom rules out
            share, atoms = np.log(self.share[..., None, :]), np.log(certain.astype(float))
        atoms = np.broadcast_to(atoms, (*between.shape, 2))
        return share + np.concatenate([atoms, between[..., None]], axis=-1)

    def rates(self, parts: np.ndarray, n_correct: Any, n_samples: Any, rng: np.random.Generator) -> np.ndarray:
        """Solve rates given the counts, from their conjugate Beta or an atom."""
        a, b = self.a[..., None] + n_correct, self.b[..., None] + (n_samples - n_correct)
        p = rng.beta(a, b, size=parts.shape[:-1])
        upper = np.cumsum(np.exp(parts - parts.max(axis=-1, keepdims=True)), axis=-1)
        kind = (rng.random(p.shape)[..., None] * upper[..., -1:] >= upper).sum(axis=-1)
        return np.where(kind == 0, 0.0, np.where(kind == 1, 1.0, p))


class BetaSettings(NamedTuple):
    """NUTS chains, kept draws and tuning steps of each, draws from one kept to the next, and new problems.

    The new problems are drawn from each population.
    """

    chains: int
    draws: int
    warmup: int
    thinning: int
    new_problems: int


def fit_beta(
    model: Callable[..., None],
    n_correct: np.ndarray,
    n_samples: np.ndarray,
    key: Array,
    name: str,
    settings: BetaSettings,
) -> SolveRates:
    """Populations by NUTS, then each solve rate from its conjugate Beta; models are fitted independently.

    Parameters
    ----------
    model
        NumPyro model of distinct counts and of how many problems have each.
    n_correct, n_samples
        Counts, (problem, model).
    key
        JAX key; the same key gives the same draws.
    name
        Of the family.
    settings
        Of the sampler.

    Returns
    -------
    Draws of the solve rates, of new problems and of the log likelihood.
    """
    keys = jax.random.split(key, n_correct.shape[1])
    fits = [_fit_model(model, c, n, k, settings) for c, n, k in zip(n_correct.T, n_samples.T, keys, strict=True)]
    p, new_p, log_likelihood = zip(*fits, strict=True)
    return SolveRates(
        np.stack(p, axis=-1),
        n_correct,
        n_samples,
        name,
        np.stack(new_p, axis=-1) if settings.new_problems else None,
        log_likelihood=np.sum(log_likelihood, axis=0),
    )


def _fit_model(
    model: Callable[..., None], n_correct: np.ndarray, n_samples: np.ndarray, key: Array, settings: BetaSettings
) -> tuple[np.ndarray, ...]:
    """Solve rates, those of new problems, and log likelihoods of one model."""
    from boundary.stats.sampler.nuts import nuts

    for_nuts, for_rates = jax.random.split(key)
    distinct, place = distinct_rows(np.column_stack([n_correct, n_samples]))
    problems = np.bincount(place)
    # Padding with no problems keeps the compiled shapes few from one benchmark to the next; each count costs its time.
    multiple = next((size for size in COUNT_SHAPES if len(distinct) <= size), COUNT_SHAPES[-1])
    padding = -len(distinct) % multiple
    is_double = bool(n_samples.max() > MOST_SINGLE)
    kind = np.float64 if is_double else np.float32
    data = [np.pad(column, (0, padding)).astype(kind) for column in (*distinct.T, problems)]
    chains, draws, warmup, thinning, new_problems = settings
    populations = BetaPopulations.from_draws(
        nuts(model, for_nuts, *data, chains=chains, draws=draws, warmup=warmup, thinning=thinning, is_double=is_double)
    )
    rng = numpy_rng(for_rates)
    parts = populations.log_parts(n_correct, n_samples)
    p = populations.rates(parts, n_correct, n_samples, rng)
    prior_parts = np.log(populations.share + 1e-300)[..., None, :]
    prior_parts = np.broadcast_to(prior_parts, (*p.shape[:2], new_problems, 3))
    return p, populations.rates(prior_parts, 0, 0, rng), np.logaddexp.reduce(parts, axis=-1)
