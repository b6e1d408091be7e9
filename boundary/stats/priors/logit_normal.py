"""A normal population of logit solve rates, of any number of models jointly."""

from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int
from scipy.special import expit

from boundary.stats.population.densities import NORMAL_DIM, normal_basis, normal_population
from boundary.stats.population.fit import Family, fit_on_grid
from boundary.stats.population.pair_densities import NORMAL_PAIR_DIM, normal_pair_basis, normal_pair_population
from boundary.stats.priors.prior import check_counts, refuse_errors
from boundary.stats.random_keys import numpy_rng
from boundary.stats.sampler.hmc import SETTINGS
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors

# Three models or more: chains of NUTS, and tuning steps of each.
NUTS_CHAINS, NUTS_WARMUP = 8, 320

SINGLE = Family(normal_population, normal_basis, NORMAL_DIM, has_atom=False)
PAIR = Family(normal_pair_population, normal_pair_basis, NORMAL_PAIR_DIM, has_atom=False)


def population(n_correct: Array, n_samples: Array) -> None:
    """Multivariate normal logits of three or more models with binomial counts, (problem, model).

    Notes
    -----
    x_i ~ N(m, S), c_ij ~ Binomial(n_ij, expit(x_ij)); m_j ~ N(-.5, 2.5), log s_j ~ N(1, .5), correlation ~ LKJ(1.5).
    Sampled as x_i = a_i + L_i z_i with z_i standard normal a priori, where N(a_i, L_i L_i') is the posterior under a
    normal approximation of the counts' likelihood: centred where counts are informative and non-centred where they are
    not, which mixes at any n.
    """
    import numpyro  # takes a third of a second, and no other family needs it
    import numpyro.distributions as dist

    n_problems, n_models = n_correct.shape
    with numpyro.plate("models", n_models):
        mean = numpyro.sample("mean", dist.Normal(-0.5, 2.5))
        scale = numpyro.sample("scale", dist.LogNormal(1.0, 0.5))
    root = scale[:, None] * numpyro.sample("root", dist.LKJCholesky(n_models, 1.5))
    precision = jax.scipy.linalg.cho_solve((root, True), jnp.eye(n_models))
    guess = (n_correct + 0.5) / (n_samples + 1.0)
    information = n_samples * guess * (1 - guess)
    sharpened = jnp.linalg.cholesky(precision + information[:, :, None] * jnp.eye(n_models))
    pull = (precision @ mean) + information * (jnp.log(guess) - jnp.log1p(-guess))
    z = numpyro.sample("z", dist.Normal(0.0, 1.0).expand([n_problems, n_models]).to_event(2))
    forward = jax.scipy.linalg.solve_triangular(sharpened, pull[..., None], lower=True)
    logit = jax.scipy.linalg.solve_triangular(sharpened, forward + z[..., None], lower=True, trans=1)[..., 0]
    numpyro.deterministic("logit", logit)
    whitened = jax.scipy.linalg.solve_triangular(root, (logit - mean).T, lower=True)
    log_prior = -0.5 * (whitened**2).sum() - n_problems * jnp.log(jnp.diagonal(root)).sum()
    log_stretch = jnp.log(jnp.diagonal(sharpened, axis1=1, axis2=2)).sum()
    log_counts = (n_correct * logit - n_samples * jax.nn.softplus(logit)).sum()
    numpyro.factor("counts", log_prior + log_counts - log_stretch + 0.5 * (z**2).sum())


@dataclass(frozen=True)
class LogitNormal:
    """Normal population of logit solve rates; any number of models, jointly.

    One model or a pair: solve rates are integrated out on the grid. Three or more: every logit is sampled by NUTS, a
    hundred times slower, and no likelihood of the counts is given.

    Right where logits are normal. It has no mass at exactly 0 or 1, so a spike of hopeless problems makes it
    over-confident beyond n (docs/decisions/002-population.md).

    Parameters
    ----------
    chains, draws, warmup, leapfrogs, thinning
        Hamiltonian Monte Carlo, for one model or a pair: chains, kept draws and tuning steps of each, leapfrog steps a
        draw (more where two rounds of draws are not enough), draws from one kept to the next. For three models or more
        as many draws are kept in eight chains of NUTS.
    new_problems
        New problems drawn from each population, for the target `superpopulation`.
    """

    chains: int = 64
    draws: int = 32
    warmup: int = 32
    leapfrogs: int = 8
    thinning: int = 1
    new_problems: int = 500
    name: str = "logit_normal"

    takes_errors: ClassVar[bool] = False
    has_population: ClassVar[bool] = True
    description: ClassVar[str] = (
        "a normal population of logit solve rates, jointly for all models, their correlation with an LKJ prior"
    )

    def posterior(
        self,
        n_correct: Int[np.ndarray, "problem model"],
        n_samples: Int[np.ndarray, "problem model"],
        key: Array,
        errors: VerdictErrors | None = None,
    ) -> SolveRates:
        """Draws of p given the counts."""
        refuse_errors(self.name, errors)
        n_correct, n_samples = check_counts(n_correct, n_samples)
        if n_correct.shape[1] > 2:
            return self._fit_logits(n_correct, n_samples, key)
        family = (SINGLE, PAIR)[n_correct.shape[1] - 1]
        settings = {name: getattr(self, name) for name in SETTINGS}
        return fit_on_grid(family, n_correct, n_samples, key, self.name, self.new_problems, settings)

    def with_more_draws(self, times: int) -> "LogitNormal":
        """The same family with chains `times` as long, of which as many draws are kept."""
        return replace(self, thinning=times * self.thinning)

    def _fit_logits(self, n_correct: np.ndarray, n_samples: np.ndarray, key: Array) -> SolveRates:
        """Three models or more: every logit by NUTS."""
        from boundary.stats.sampler.nuts import nuts

        n_problems, n_models = n_correct.shape
        # Problems never sampled change nothing, and few shapes are compiled.
        padding = ((0, -n_problems % 64), (0, 0))
        data = [np.pad(part, padding).astype(np.float32) for part in (n_correct, n_samples)]
        draws = nuts(
            population,
            key,
            *data,
            chains=NUTS_CHAINS,
            draws=self.chains * self.draws // NUTS_CHAINS,
            warmup=NUTS_WARMUP,
            thinning=self.thinning,
        )
        root = draws["scale"][..., None] * draws["root"]
        p = expit(draws["logit"][:, :, :n_problems])
        if not self.new_problems:
            return SolveRates(p, n_correct, n_samples, self.name)
        noise = numpy_rng(key).standard_normal((*root.shape[:2], self.new_problems, n_models))
        new_logit = draws["mean"][:, :, None, :] + np.einsum("cdij,cdnj->cdni", root, noise)
        return SolveRates(p, n_correct, n_samples, self.name, expit(new_logit))
