"""Every problem apart: a fixed Beta prior on each solve rate, no population."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Array, Int

from boundary.stats.priors.prior import check_counts, numpy_rng
from boundary.stats.solve_rates import SolveRates


@dataclass(frozen=True)
class Independent:
    """Beta(a, b) on every solve rate, independently.

    For comparison only: at c = 0 of n it believes in pass@n of one half (a = b = 1), so its intervals for a benchmark
    are wrong at large k (docs/decisions/002-population.md). It knows no population, hence no target `superpopulation`.

    Parameters
    ----------
    a, b
        Beta parameters, above 0; (1, 1) is flat, (.5, .5) is Jeffreys'.
    chains, draws
        Independent draws, arranged as chains.
    """

    a: float = 1.0
    b: float = 1.0
    chains: int = 8
    draws: int = 160
    name: str = "independent"

    def __post_init__(self) -> None:
        """Check the parameters."""
        if not (self.a > 0 and self.b > 0):
            raise ValueError(f"Beta parameters must be above 0, got a = {self.a} and b = {self.b}.")

    def posterior(
        self, n_correct: Int[np.ndarray, "problem model"], n_samples: Int[np.ndarray, "problem model"], key: Array
    ) -> SolveRates:
        """Beta(a + c, b + n - c) for each problem and model: exact, independent draws."""
        n_correct, n_samples = check_counts(n_correct, n_samples)
        shape = (self.chains, self.draws, *n_correct.shape)
        p = numpy_rng(key).beta(self.a + n_correct, self.b + n_samples - n_correct, size=shape)
        return SolveRates(p, n_correct, n_samples, self.name)
