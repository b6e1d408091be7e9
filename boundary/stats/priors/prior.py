"""The interface of prior families, `Prior`: a frozen value whose main method is `posterior`."""

from typing import Protocol

import numpy as np
from jaxtyping import Array, Int

from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors


class Prior(Protocol):
    """A family of solve-rate populations: a final frozen dataclass in a file of its own, and a line of `PRIORS`."""

    @property
    def name(self) -> str:
        """The family's name in `PRIORS`."""
        ...

    @property
    def takes_errors(self) -> bool:
        """Whether `posterior` takes the errors of verdicts."""
        ...

    @property
    def has_population(self) -> bool:
        """Whether it has a population, and so an answer for new problems (target `superpopulation`)."""
        ...

    @property
    def description(self) -> str:
        """Description for the methods section of a report: it follows "The prior for the solve rates is"."""
        ...

    def posterior(
        self,
        n_correct: Int[np.ndarray, "problem model"],
        n_samples: Int[np.ndarray, "problem model"],
        key: Array,
        errors: VerdictErrors | None = None,
    ) -> SolveRates:
        """Posterior of the solve rates given the counts; the same key gives the same draws.

        Raises
        ------
        ValueError
            For counts that do not fit together, too many models, or errors where the family takes none.
        """
        ...

    def with_more_draws(self, times: int) -> "Prior":
        """The same family with `times` as many draws, all kept or thinned; itself where there is nothing to draw."""
        ...


def refuse_errors(name: str, errors: VerdictErrors | None) -> None:
    """Refuse errors of verdicts, for families that take every verdict for the truth.

    Raises
    ------
    ValueError
        If there are errors; it names the family.
    """
    if errors is not None:
        raise ValueError(
            f"The prior '{name}' takes verdicts for the truth and cannot take their errors. Use 'nonparametric'."
        )


def check_counts(n_correct: np.ndarray, n_samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts as whole numbers of shape (problem, model).

    Raises
    ------
    ValueError
        If shapes differ, there is no problem or no model, or 0 <= c <= n fails.
    """
    n_correct, n_samples = np.asarray(n_correct), np.asarray(n_samples)
    if n_correct.ndim != 2 or n_correct.shape != n_samples.shape or 0 in n_correct.shape:
        raise ValueError(
            f"Counts need one shape (problem, model) with at least one of each; got n_correct {n_correct.shape} and "
            f"n_samples {n_samples.shape}."
        )
    if (n_correct < 0).any() or (n_correct > n_samples).any():
        raise ValueError("Counts need 0 <= n_correct <= n_samples for every problem and model.")
    return n_correct.astype(np.int64), n_samples.astype(np.int64)
