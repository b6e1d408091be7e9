"""NUTS by NumPyro, all chains side by side, compiled once for each model and shape of data."""

from collections.abc import Callable
from threading import Lock
from typing import Any

import jax
import numpy as np
from jaxtyping import Array
from numpyro.infer import MCMC, NUTS, init_to_uniform

from boundary.stats.sampler.compilation import compiled

# NumPyro keeps a stack of its own while a model is traced, which threads must not share.
_TRACING = Lock()


def nuts(
    model: Callable[..., None],
    key: Array,
    *data: Any,
    chains: int,
    draws: int,
    warmup: int,
    thinning: int = 1,
    is_double: bool = False,
) -> dict[str, np.ndarray]:
    """Draws (chain, draw, ...) of a NumPyro model's variables.

    Parameters
    ----------
    model
        A module-level function, so that it is compiled once for each shape of data.
    key
        JAX key; the same key gives the same draws.
    data
        What the model is called with: arrays, or tuples of them.
    chains, draws, warmup
        Chains, kept draws and tuning steps of each.
    thinning
        Draws from one kept to the next.
    is_double
        Whether to compute in double precision, which takes about twice as long.

    Returns
    -------
    Draws of each variable, by name.
    """
    with _TRACING, jax.enable_x64(is_double):
        draws_by_site = _run(model, chains, draws, warmup, thinning, key, *data)
    return {name: np.asarray(value, dtype=np.float64) for name, value in draws_by_site.items()}


@compiled(static_argnums=(0, 1, 2, 3, 4))
def _run(
    model: Callable[..., None], chains: int, draws: int, warmup: int, thinning: int, key: Array, *data: Array
) -> Any:
    # Trees of at most 64 steps: a chain that would need deeper ones has lost its way, and all others wait for it.
    kernel = NUTS(model, target_accept_prob=0.9, max_tree_depth=6, init_strategy=init_to_uniform)
    sampler = MCMC(
        kernel,
        num_warmup=warmup,
        num_samples=draws * thinning,
        thinning=thinning,
        num_chains=chains,
        chain_method="vectorized",
        progress_bar=False,
    )
    sampler.run(key, *data)
    return sampler.get_samples(group_by_chain=True)
