"""A Beta population of solve rates for each model, by NUTS with every solve rate integrated out.

`BetaBinomial` is the plain one; `InflatedBetaBinomial` has mass of its own at 0 and at 1.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.scipy.special import betaln as jax_betaln
from jaxtyping import Array, Float, Int
from scipy.special import betaln, gammaln

from boundary.stats.priors.prior import check_counts, numpy_rng
from boundary.stats.sampler.nuts import nuts
from boundary.stats.solve_rates import SolveRates

# All problems alike. In float32 a difference of two log Beta functions is lost for sizes far above, and what is left of
# it beats every true likelihood.
LARGEST_SIZE = 1e4


def population(n_correct: Array, n_samples: Array, problems: Array) -> None:
    """Beta-binomial model of distinct counts, `problems` many of each, in terms of mean and spread.

    Notes
    -----
    p ~ Beta(m s, (1 - m) s), m ~ Uniform(0, 1), log s ~ N(log 2, 1.5);
    P(c) is C(n, c) B(m s + c, (1 - m) s + n - c) / B(m s, (1 - m) s).
    """
    numpyro.factor("counts", (problems * _log_beta_binomial(n_correct, n_samples)).sum())


def inflated_population(n_correct: Array, n_samples: Array, problems: Array) -> None:
    """The same with a share of problems at exactly 0 and another at exactly 1.

    Notes
    -----
    (share at 0, share at 1, rest) ~ Dirichlet(.5, .5, 4): either share is near 0 as easily as it is .1 or more.
    """
    share = numpyro.sample("share", dist.Dirichlet(jnp.array([0.5, 0.5, 4.0])))
    smooth = jnp.log(share[2]) + _log_beta_binomial(n_correct, n_samples)
    at_zero, at_one = n_correct == 0, n_correct == n_samples
    # Where no atom explains the counts the smooth part stands alone: its probability may be far below any floor.
    atoms = jnp.where(at_zero | at_one, share[0] * at_zero + share[1] * at_one, 1.0)
    both = jnp.where(at_zero | at_one, jnp.logaddexp(smooth, jnp.log(atoms)), smooth)
    numpyro.factor("counts", (problems * both).sum())


def _log_beta_binomial(n_correct: Array, n_samples: Array) -> Array:
    """Log probability of the counts, but for C(n, c)."""
    mean = numpyro.sample("mean", dist.Uniform(0.0, 1.0))
    size = jnp.minimum(numpyro.sample("size", dist.LogNormal(jnp.log(2.0), 1.5)), LARGEST_SIZE)
    a, b = mean * size, (1 - mean) * size
    return jax_betaln(a + n_correct, b + n_samples - n_correct) - jax_betaln(a, b)


class _Drawn(NamedTuple):
    """Populations drawn for one model: Beta parameters and shares of problems at 0, at 1 and between; (chain, draw)."""

    a: Float[np.ndarray, "chain draw"]
    b: Float[np.ndarray, "chain draw"]
    share: Float[np.ndarray, "chain draw 3"]

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
        rest = n_samples - n_correct
        p = rng.beta(self.a[..., None] + n_correct, self.b[..., None] + rest, size=parts.shape[:-1])
        upper = np.cumsum(np.exp(parts - parts.max(axis=-1, keepdims=True)), axis=-1)
        kind = (rng.random(p.shape)[..., None] * upper[..., -1:] >= upper).sum(axis=-1)
        return np.where(kind == 0, 0.0, np.where(kind == 1, 1.0, p))


@dataclass(frozen=True)
class BetaBinomial:
    """One Beta population for each model, its two parameters learned; models are fitted apart.

    Right where solve rates are Beta distributed. Elsewhere it is confidently wrong beyond n: without mass at 0 it lets
    every unsolved problem be solved in the end (docs/decisions/002-population.md).

    Parameters
    ----------
    chains, draws, warmup
        NUTS chains, kept draws and tuning steps of each.
    new_problems
        New problems drawn from each population, for the target `superpopulation`.
    """

    chains: int = 8
    draws: int = 250
    warmup: int = 300
    new_problems: int = 1000
    name: str = "beta_binomial"

    def posterior(
        self, n_correct: Int[np.ndarray, "problem model"], n_samples: Int[np.ndarray, "problem model"], key: Array
    ) -> SolveRates:
        """Draws of p given the counts: the population by NUTS, then each solve rate from its conjugate Beta."""
        n_correct, n_samples = check_counts(n_correct, n_samples)
        keys = jax.random.split(key, n_correct.shape[1])
        fits = [self._one(c, n, k) for c, n, k in zip(n_correct.T, n_samples.T, keys, strict=True)]
        p, new_p, log_likelihood = zip(*fits, strict=True)
        return SolveRates(
            np.stack(p, axis=-1),
            n_correct,
            n_samples,
            self.name,
            np.stack(new_p, axis=-1),
            log_likelihood=np.sum(log_likelihood, axis=0),
        )

    def _one(self, n_correct: np.ndarray, n_samples: np.ndarray, key: Array) -> tuple[np.ndarray, ...]:
        for_nuts, for_rates = jax.random.split(key)
        populations = self._populations(n_correct, n_samples, for_nuts)
        rng = numpy_rng(for_rates)
        parts = populations.log_parts(n_correct, n_samples)
        p = populations.rates(parts, n_correct, n_samples, rng)
        unseen = np.log(populations.share + 1e-300)[..., None, :]
        unseen = np.broadcast_to(unseen, (*p.shape[:2], self.new_problems, 3))
        return p, populations.rates(unseen, 0, 0, rng), np.logaddexp.reduce(parts, axis=-1)

    def _populations(self, n_correct: np.ndarray, n_samples: np.ndarray, key: Array) -> _Drawn:
        draws = self._nuts(population, n_correct, n_samples, key)
        return _Drawn(*_beta(draws), np.broadcast_to([0.0, 0.0, 1.0], (*draws["mean"].shape, 3)))

    def _nuts(self, model: Any, n_correct: np.ndarray, n_samples: np.ndarray, key: Array) -> dict[str, np.ndarray]:
        distinct, problems = np.unique(np.column_stack([n_correct, n_samples]), axis=0, return_counts=True)
        # Padding with no problems keeps the compiled shape the same from one benchmark to the next.
        padding = -len(distinct) % 160
        data = [np.pad(column, (0, padding)).astype(np.float32) for column in (*distinct.T, problems)]
        return nuts(model, key, *data, chains=self.chains, draws=self.draws, warmup=self.warmup)


@dataclass(frozen=True)
class InflatedBetaBinomial(BetaBinomial):
    """A Beta population with mass of its own at exactly 0 and at exactly 1; models are fitted apart.

    Right for a Beta population with a spike of problems that no sample solves. Where the low tail is heavy instead, it
    takes the tail for a spike and stops too early beyond n (docs/decisions/002-population.md).
    """

    name: str = "inflated_beta_binomial"

    def _populations(self, n_correct: np.ndarray, n_samples: np.ndarray, key: Array) -> _Drawn:
        draws = self._nuts(inflated_population, n_correct, n_samples, key)
        return _Drawn(*_beta(draws), draws["share"])


def _beta(draws: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    size = np.minimum(draws["size"], LARGEST_SIZE)
    return draws["mean"] * size, (1 - draws["mean"]) * size
