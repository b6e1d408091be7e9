"""A Beta population of solve rates for each model, by NUTS with every solve rate integrated out."""

from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.scipy.special import betaln
from jaxtyping import Array, Int
from numpyro.infer import MCMC, NUTS

from boundary.stats.priors.prior import check_counts, numpy_rng
from boundary.stats.solve_rates import SolveRates


def population(n_correct: Array, n_samples: Array, problems: Array) -> None:
    """Beta-binomial model of distinct counts, `problems` many of each, in terms of mean and spread.

    Notes
    -----
    p ~ Beta(m s, (1 - m) s), m ~ Uniform(0, 1), log s ~ N(log 2, 1.5);
    P(c) is C(n, c) B(m s + c, (1 - m) s + n - c) / B(m s, (1 - m) s).
    """
    mean = numpyro.sample("mean", dist.Uniform(0.0, 1.0))
    size = numpyro.sample("size", dist.LogNormal(jnp.log(2.0), 1.5))
    a, b = mean * size, (1 - mean) * size
    log_likelihood = betaln(a + n_correct, b + n_samples - n_correct) - betaln(a, b)
    numpyro.factor("counts", (problems * log_likelihood).sum())


# NumPyro keeps a stack of its own while a model is traced, which threads must not share.
_TRACING = Lock()


@partial(jax.jit, static_argnums=(0, 1, 2))
def _nuts(chains: int, draws: int, warmup: int, key: Array, *data: Array) -> Any:
    """Draws (chain, draw) of the population's parameters; compiled once for each shape of data."""
    # Trees of at most 64 steps: a chain that would need deeper ones in three dimensions has lost its way.
    kernel = NUTS(population, target_accept_prob=0.9, max_tree_depth=6)
    sampler = MCMC(
        kernel,
        num_warmup=warmup,
        num_samples=draws,
        num_chains=chains,
        chain_method="vectorized",
        progress_bar=False,
    )
    sampler.run(key, *data)
    return sampler.get_samples(group_by_chain=True)


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
        p, new_p = (np.stack(part, axis=-1) for part in zip(*fits, strict=True))
        return SolveRates(p, n_correct, n_samples, self.name, new_p)

    def _one(self, n_correct: np.ndarray, n_samples: np.ndarray, key: Array) -> tuple[np.ndarray, np.ndarray]:
        for_nuts, for_rates = jax.random.split(key)
        distinct, problems = np.unique(np.column_stack([n_correct, n_samples]), axis=0, return_counts=True)
        # Padding with no problems keeps the compiled shape the same from one benchmark to the next.
        padding = -len(distinct) % 128
        data = [np.pad(column, (0, padding)).astype(np.float32) for column in (*distinct.T, problems)]
        with _TRACING:
            found = _nuts(self.chains, self.draws, self.warmup, for_nuts, *data)
        draws = {name: np.asarray(value, float) for name, value in found.items()}
        a, b = draws["mean"] * draws["size"], (1 - draws["mean"]) * draws["size"]
        rng = numpy_rng(for_rates)
        p = rng.beta(a[..., None] + n_correct, b[..., None] + n_samples - n_correct)
        new_p = rng.beta(a[..., None], b[..., None], size=(*a.shape, self.new_problems))
        return p, new_p
