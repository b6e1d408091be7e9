"""What every prior family is: a value with one method."""

import zlib
from typing import Protocol

import jax
import numpy as np
from jaxtyping import Array, Int

from boundary.stats.solve_rates import SolveRates


class Prior(Protocol):
    """A family of solve-rate populations."""

    @property
    def name(self) -> str:
        """The family's name in `PRIORS`."""
        ...

    def posterior(
        self, n_correct: Int[np.ndarray, "problem model"], n_samples: Int[np.ndarray, "problem model"], key: Array
    ) -> SolveRates:
        """Posterior of the solve rates given the counts; the same key gives the same draws."""
        ...


def check_counts(n_correct: np.ndarray, n_samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts as whole numbers of shape (problem, model).

    Raises
    ------
    ValueError
        If shapes differ, nothing is there, or 0 <= c <= n fails.
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


def numpy_rng(key: Array) -> np.random.Generator:
    """NumPy generator seeded by a JAX key, for distributions that NumPy draws from faster."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key), dtype=np.uint32).tolist())


def fit_key(seed: int, label: str) -> Array:
    """Key of one fit: it depends on the seed and on what is fitted, not on what else is fitted beside it."""
    return jax.random.fold_in(jax.random.key(seed), zlib.crc32(label.encode()))
