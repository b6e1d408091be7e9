"""A Beta population of solve rates with mass of its own at exactly 0 and at exactly 1, for each model."""

from dataclasses import dataclass, replace
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from boundary.stats.population.beta import BetaSettings, fit_beta, log_beta_binomial
from boundary.stats.priors.prior import check_counts, refuse_errors
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors


def inflated_population(n_correct: Array, n_samples: Array, problems: Array) -> None:
    """Beta-binomial model with a share of problems at exactly 0 and another at exactly 1.

    Notes
    -----
    (share at 0, share at 1, between) ~ Dirichlet(.5, .5, 4): either share is near 0 as easily as it is .1 or more.
    """
    import numpyro  # takes a third of a second, and no other family needs it
    import numpyro.distributions as dist

    share = numpyro.sample("share", dist.Dirichlet(jnp.array([0.5, 0.5, 4.0])))
    smooth = jnp.log(share[2]) + log_beta_binomial(n_correct, n_samples)
    at_zero, at_one = n_correct == 0, n_correct == n_samples
    # Where no atom explains the counts the smooth part stands alone: its probability may be far below any floor.
    atoms = jnp.where(at_zero | at_one, share[0] * at_zero + share[1] * at_one, 1.0)
    log_probability = jnp.where(at_zero | at_one, jnp.logaddexp(smooth, jnp.log(atoms)), smooth)
    numpyro.factor("counts", (problems * log_probability).sum())


@dataclass(frozen=True)
class InflatedBetaBinomial:
    """A Beta population with mass of its own at exactly 0 and at exactly 1; models are fitted independently.

    Right for a Beta population with a spike of problems that no sample solves. Where the low tail is heavy instead, it
    takes the tail for a spike and stops too early beyond n (docs/decisions/002-population.md).

    Parameters
    ----------
    chains, draws, warmup, thinning
        NUTS chains, kept draws and tuning steps of each, draws from one kept to the next.
    new_problems
        New problems drawn from each population, for the target `superpopulation`.
    """

    chains: int = 8
    draws: int = 250
    warmup: int = 300
    thinning: int = 1
    new_problems: int = 1000
    name: str = "inflated_beta_binomial"

    takes_errors: ClassVar[bool] = False
    has_population: ClassVar[bool] = True
    description: ClassVar[str] = "a Beta population with atoms at p = 0 and p = 1, learned from all problems"

    def posterior(
        self,
        n_correct: Int[np.ndarray, "problem model"],
        n_samples: Int[np.ndarray, "problem model"],
        key: Array,
        errors: VerdictErrors | None = None,
    ) -> SolveRates:
        """Draws of p given the counts: the population by NUTS, then each solve rate from its Beta or an atom."""
        refuse_errors(self.name, errors)
        n_correct, n_samples = check_counts(n_correct, n_samples)
        settings = BetaSettings(self.chains, self.draws, self.warmup, self.thinning, self.new_problems)
        return fit_beta(inflated_population, n_correct, n_samples, key, self.name, settings)

    def with_more_draws(self, times: int) -> "InflatedBetaBinomial":
        """The same family with chains `times` as long, of which as many draws are kept."""
        return replace(self, thinning=times * self.thinning)
