"""A fixed Beta prior on the solve rate of each problem by itself: no population."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from jaxtyping import Array, Int

from boundary.stats.priors.prior import check_counts, refuse_errors
from boundary.stats.random_keys import numpy_rng
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors


@dataclass(frozen=True)
class Independent:
    """Beta(a, b) on every solve rate, independently.

    For comparison only: at c = 0 of n it expects pass@n of one half (a = b = 1), so its intervals for a benchmark
    are wrong at large k (docs/decisions/002-population.md). It has no population, hence no target `superpopulation`.

    Parameters
    ----------
    a, b
        Beta parameters, above 0; (1, 1) is flat, (.5, .5) is Jeffreys'.
    chains, draws
        Independent draws, arranged as chains.

    Examples
    --------
    Two problems solved 0 and 7 times of 8: the posterior means are (1 + c) / (2 + n).

    >>> import jax
    >>> import numpy as np
    >>> rates = Independent().posterior(np.array([[0], [7]]), np.array([[8], [8]]), jax.random.key(0))
    >>> rates.posterior.mean(["chain", "draw"]).round(1).values.ravel().tolist()
    [0.1, 0.8]
    """

    a: float = 1.0
    b: float = 1.0
    chains: int = 8
    draws: int = 160
    name: str = "independent"

    takes_errors: ClassVar[bool] = False
    has_population: ClassVar[bool] = False
    description: ClassVar[str] = "a Beta distribution for each problem, independent of the others"

    def __post_init__(self) -> None:
        """Check the parameters."""
        if not (self.a > 0 and self.b > 0):
            raise ValueError(f"Beta parameters must be above 0, got a = {self.a} and b = {self.b}.")

    def posterior(
        self,
        n_correct: Int[np.ndarray, "problem model"],
        n_samples: Int[np.ndarray, "problem model"],
        key: Array,
        errors: VerdictErrors | None = None,
    ) -> SolveRates:
        """Beta(a + c, b + n - c) for each problem and model: exact, independent draws."""
        refuse_errors(self.name, errors)
        n_correct, n_samples = check_counts(n_correct, n_samples)
        shape = (self.chains, self.draws, *n_correct.shape)
        p = numpy_rng(key).beta(self.a + n_correct, self.b + n_samples - n_correct, size=shape)
        return SolveRates(p, n_correct, n_samples, self.name)

    def with_more_draws(self, times: int) -> "Independent":
        """The same prior with `times` as many draws of each chain."""
        return replace(self, draws=times * self.draws)
