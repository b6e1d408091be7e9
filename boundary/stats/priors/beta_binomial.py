"""A Beta population of solve rates for each model."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from jaxtyping import Array, Int

from boundary.stats.population.beta import BetaSettings, fit_beta, log_beta_binomial
from boundary.stats.priors.prior import check_counts, refuse_errors
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors


def population(n_correct: Array, n_samples: Array, problems: Array) -> None:
    """Beta-binomial model of distinct counts, `problems` many of each (see `log_beta_binomial`)."""
    import numpyro  # takes a third of a second, and no other family needs it

    numpyro.factor("counts", (problems * log_beta_binomial(n_correct, n_samples)).sum())


@dataclass(frozen=True)
class BetaBinomial:
    """One Beta population for each model, its two parameters learned; models are fitted independently.

    Right where solve rates are Beta distributed. Elsewhere it is confidently wrong beyond n: without mass at 0 it lets
    every unsolved problem be solved in the end (docs/decisions/002-population.md).

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
    name: str = "beta_binomial"

    takes_errors: ClassVar[bool] = False
    has_population: ClassVar[bool] = True
    description: ClassVar[str] = "a Beta population with its parameters learned from all problems (beta-binomial)"

    def posterior(
        self,
        n_correct: Int[np.ndarray, "problem model"],
        n_samples: Int[np.ndarray, "problem model"],
        key: Array,
        errors: VerdictErrors | None = None,
    ) -> SolveRates:
        """Draws of p given the counts: the population by NUTS, then each solve rate from its conjugate Beta."""
        refuse_errors(self.name, errors)
        n_correct, n_samples = check_counts(n_correct, n_samples)
        settings = BetaSettings(self.chains, self.draws, self.warmup, self.thinning, self.new_problems)
        return fit_beta(population, n_correct, n_samples, key, self.name, settings)

    def with_more_draws(self, times: int) -> "BetaBinomial":
        """The same family with chains `times` as long, of which as many draws are kept."""
        return replace(self, thinning=times * self.thinning)
