"""The default for a pair on a small benchmark, its shape borrowed from other benchmarks of the same pair."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from jaxtyping import Array, Int

from boundary.stats.population.borrowed import borrowing_family, shape_of
from boundary.stats.population.fit import Family, fit_on_grid
from boundary.stats.priors.nonparametric import NonParametric, of_pair
from boundary.stats.priors.prior import check_counts, refuse_errors
from boundary.stats.sampler.hmc import SETTINGS
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors

# Benchmarks have different numbers of problems.
PairCounts = tuple[Int[np.ndarray, "_ 2"], Int[np.ndarray, "_ 2"]]


@dataclass(frozen=True, eq=False)
class BorrowedShape:
    """A pair's nonparametric population, correlated with those of other benchmarks of the pair.

    Parameters
    ----------
    prior
        The population without what is borrowed, and the settings of the sampler.
    lenders
        Counts of the other benchmarks: n_correct and n_samples of each, (problem, model), the base in column 0.

    Examples
    --------
    >>> large = np.array([[20, 60], [0, 3], [64, 64]]), np.full((3, 2), 64)
    >>> BorrowedShape(NonParametric(), (large,)).name
    'nonparametric'

    Notes
    -----
    `boundary.stats.population.borrowed`; what it reaches and what was tried: docs/decisions/023-benchmarks-together.md.
    """

    prior: NonParametric
    lenders: tuple[PairCounts, ...]

    takes_errors: ClassVar[bool] = False
    has_population: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The family's name."""
        return self.prior.name

    @property
    def description(self) -> str:
        """Description for the methods section."""
        return self.prior.description

    @property
    def new_problems(self) -> int:
        """New problems drawn from each population."""
        return self.prior.new_problems

    @cached_property
    def _family(self) -> Family:
        joint = self.prior.joint
        return borrowing_family(shape_of(self.lenders, of_pair(joint)), joint)

    def posterior(
        self,
        n_correct: Int[np.ndarray, "problem model"],
        n_samples: Int[np.ndarray, "problem model"],
        key: Array,
        errors: VerdictErrors | None = None,
    ) -> SolveRates:
        """Posterior of the solve rates of a pair, the base model in column 0.

        Raises
        ------
        ValueError
            For counts of another number of models than two, or errors of verdicts.
        """
        refuse_errors("nonparametric with a borrowed shape", errors)
        n_correct, n_samples = check_counts(n_correct, n_samples)
        if n_correct.shape[1] != 2:
            raise ValueError(f"A shape is borrowed by a pair of models, got {n_correct.shape[1]}.")
        settings = {name: getattr(self.prior, name) for name in SETTINGS}
        return fit_on_grid(self._family, n_correct, n_samples, key, self.name, self.new_problems, settings)

    def with_more_draws(self, times: int) -> "BorrowedShape":
        """The same family with chains `times` as long, of which as many draws are kept."""
        return replace(self, prior=self.prior.with_more_draws(times))
