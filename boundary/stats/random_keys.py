"""Random numbers: a key for each fit, and NumPy generators from JAX keys."""

import zlib

import jax
import numpy as np
from jaxtyping import Array


def fit_key(seed: int, label: str) -> Array:
    """Key of one fit: it depends on the seed and on what is fitted, not on what else is fitted beside it."""
    return jax.random.fold_in(jax.random.key(seed), zlib.crc32(label.encode()))


def jax_settings() -> dict[str, str]:
    """JAX's settings that the random numbers, and with them all draws, depend on."""
    names = ("enable_x64", "default_prng_impl", "threefry_partitionable", "default_matmul_precision")
    return {name: str(jax.config.values.get(f"jax_{name}")) for name in names}


def numpy_rng(key: Array) -> np.random.Generator:
    """NumPy generator seeded by a JAX key, for distributions that NumPy draws from faster."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key), dtype=np.uint32).tolist())
