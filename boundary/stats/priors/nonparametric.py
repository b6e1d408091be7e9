"""A smooth population of any shape with atoms at 0 and 1, for one model or jointly for a pair."""

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np
from jaxtyping import Array, Int

from boundary.stats.population.densities import (
    AMPLITUDE,
    LEARNED_BEND,
    MarginalPrior,
    marginal_basis,
    marginal_population,
)
from boundary.stats.population.fit import Family, fit_on_grid
from boundary.stats.population.lumpy_pair_densities import (
    LUMPY_DIM,
    LUMPY_SPACING,
    lumpy_basis,
    lumpy_population,
)
from boundary.stats.population.pair_densities import (
    EXPECTED_PAIR,
    JOINT_DIM,
    JointPrior,
    joint_basis,
    joint_population,
)
from boundary.stats.population.shared_errors import fit_nodes, fit_shared
from boundary.stats.priors.prior import check_counts
from boundary.stats.sampler.hmc import SETTINGS, in_groups
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors


@lru_cache
def of_one_model(prior: MarginalPrior) -> Family:
    """Populations of one model under a prior; the same family each time, since compiled functions go by identity."""
    amplitude = AMPLITUDE if prior.amplitude_scale else None
    population, basis = partial(marginal_population, prior), partial(marginal_basis, prior)
    return Family(population, basis, prior.dim, prior.spacing, amplitude)


@lru_cache
def of_pair(prior: JointPrior) -> Family:
    """Populations of a pair under a prior; what is compiled for one prior serves all."""
    lumpy = Family(lumpy_population, partial(lumpy_basis, prior), LUMPY_DIM, LUMPY_SPACING)
    return Family(joint_population, partial(joint_basis, prior), JOINT_DIM, lumpy=lumpy)


# Where no problem was ever solved, or every one always, counts do not tell an atom from a lump beside it, and its log
# odds wander over ten logits. In a coordinate that goes by problems that is from 0 to hundreds, and R-hat stays at 1.02
# to 1.1; in one that goes by this many it is nearly the log odds (docs/decisions/024-learned-prior.md).
COUNTED_WHERE_ALL_ALIKE = 0.05


@dataclass(frozen=True)
class NonParametric:
    """Smooth population of logit solve rates with atoms at 0 and at 1; jointly for a pair of models.

    The default. The density on the logit scale is a simple one bent by a Gaussian process
    (`boundary.stats.population.densities`), so it takes the shape of the data, and where these are not
    informative, near p = 0, its draws spread. In a pair each model's counts inform the other's solve rate.

    Parameters
    ----------
    chains, draws, warmup, leapfrogs, thinning
        Hamiltonian Monte Carlo: chains, kept draws and tuning steps (at least 8) of each, leapfrog steps a draw (more
        where two rounds of draws are not enough), draws from one kept to the next. The draws come in eight groups of
        chains (`boundary.stats.sampler.hmc.in_groups`).
    new_problems
        New problems drawn from each population, for the target `superpopulation`.
    marginal, joint
        What is expected of the population of one model (`boundary.stats.population.densities.MarginalPrior`) and of a
        pair (`boundary.stats.population.pair_densities.JointPrior`).
    name, learned_from
        The family's name, and for the methods section what its expectations were learned from, if anything.

    Examples
    --------
    Chains twice as long as the default's; `boundary.analyze(counts, prior=longer)` uses them.

    >>> longer = NonParametric().with_more_draws(2)
    >>> longer.draws, longer.thinning
    (32, 2)

    Notes
    -----
    A g-model (Efron 2016, doi 10.1093/biomet/asv068) with atoms, fully Bayesian. docs/decisions/002-population.md
    compares it with Dirichlet processes on a grid, which mix badly (10 effective draws of 2,000 for pass@1024) and
    have lower coverage.
    """

    chains: int = 64
    draws: int = 32
    warmup: int = 32
    leapfrogs: int = 16
    thinning: int = 1
    new_problems: int = 500
    marginal: MarginalPrior = LEARNED_BEND
    joint: JointPrior = EXPECTED_PAIR
    name: str = "nonparametric"
    learned_from: str = ""

    takes_errors: ClassVar[bool] = True
    has_population: ClassVar[bool] = True

    @property
    def description(self) -> str:
        """Description for the methods section."""
        learned = f"; its expectations were learned from {self.learned_from}" if self.learned_from else ""
        return (
            "a population of any smooth shape: on the logit scale a simple log density (of a single model a Beta with "
            "its tails drawn in, of a pair a normal level and a ridge of changes) bent by a Gaussian process (of a "
            "pair whose problems come in narrow lumps, along each model's own solve rates too), with atoms at p = 0 "
            f"and p = 1, jointly for a pair of models, where a problem that only one of them solves may be rarely "
            f"solved by the other instead of never{learned}"
        )

    def posterior(
        self,
        n_correct: Int[np.ndarray, "problem model"],
        n_samples: Int[np.ndarray, "problem model"],
        key: Array,
        errors: VerdictErrors | None = None,
    ) -> SolveRates:
        """Posterior of the solve rates of one model, or of a pair with the base model in column 0.

        Parameters
        ----------
        errors
            How often verdicts are wrong; None: never. The rates are then those of correct samples, not of verdicts.

        Raises
        ------
        ValueError
            If there are more than two models: fit pairs.
        """
        n_correct, n_samples = check_counts(n_correct, n_samples)
        n_models = n_correct.shape[1]
        if n_models > 2:
            raise ValueError(f"The nonparametric prior takes one model or a pair, got {n_models}; fit pairs.")
        family, settings = self._family(n_correct, n_samples), self._settings
        if errors is not None and errors.shared and errors.n_nodes > 1:
            return fit_shared(family, n_correct, n_samples, key, self.name, self.new_problems, settings, errors)
        return fit_on_grid(family, n_correct, n_samples, key, self.name, self.new_problems, settings, errors)

    def with_more_draws(self, times: int) -> "NonParametric":
        """The same family with chains `times` as long, of which as many draws are kept."""
        return replace(self, thinning=times * self.thinning)

    def _family(self, n_correct: np.ndarray, n_samples: np.ndarray) -> Family:
        if n_correct.shape[1] == 2:
            return of_pair(self.joint)
        if not n_correct.any() or (n_correct == n_samples).all():
            return of_one_model(self.marginal._replace(counted_problems=COUNTED_WHERE_ALL_ALIKE))
        return of_one_model(self.marginal)

    @property
    def _settings(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in SETTINGS}

    def posterior_by_node(
        self, n_correct: np.ndarray, n_samples: np.ndarray, key: Array, errors: VerdictErrors
    ) -> tuple[list[SolveRates], np.ndarray]:
        """Posterior under each node of the errors by itself.

        Returns
        -------
        The posteriors, and the nodes' log marginal likelihoods, less the largest.
        """
        n_correct, n_samples = check_counts(n_correct, n_samples)
        family = self._family(n_correct, n_samples)
        nodes = fit_nodes(family, n_correct, n_samples, key, self._settings, errors)
        fits = [
            SolveRates(in_groups(fit.p.reshape(self.chains, -1, *fit.p.shape[1:])), n_correct, n_samples, self.name)
            for fit in nodes.fits
        ]
        return fits, nodes.log_evidence
