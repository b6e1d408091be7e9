"""Sums over problems of many functions of the solve rates, compiled: each rate is read once, and no power is stored.

NumPy writes every power of every rate to memory and reads it again; that takes six times as long.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import add

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from boundary.stats.powers import products
from boundary.stats.sampler.compilation import compiled

# Rows (draws) and problems of a block: one compiled shape for all benchmarks.
ROWS, PROBLEMS = 256, 256
Values = tuple[Float[Array, "row problem"], ...]
# Sums may be taken in any order, as vector registers need it; there are no infinities, and nothing is not a number.
_FAST_MATH = {"xla_cpu_enable_fast_math": True}


def is_usable() -> bool:
    """Whether JAX computes on a processor: a loop of so many sums is made for it."""
    return jax.default_backend() == "cpu"


def power_sums(
    columns: Sequence[Float[np.ndarray, "row problem"]], exponents: Sequence[int], *, of_failures: bool
) -> Float[np.ndarray, "sum k row"]:
    """Sums over problems of p^k, or of (1 - p)^k: of each column and, of two, of the product of their powers."""
    function = partial(_power_sums, tuple(exponents), of_failures)
    return _over_blocks(function, columns, (2 * len(columns) - 1, len(exponents)))


def binomial_sums(p: Float[np.ndarray, "row problem"], k: int) -> Float[np.ndarray, "right row"]:
    """Sums over problems of p^j (1 - p)^(k - j), j = 0..k."""
    return _over_blocks(partial(_binomial_sums, k), [p], (k + 1,))


def _over_blocks(
    function: Callable[..., Array], columns: Sequence[Float[np.ndarray, "row problem"]], shape: tuple[int, ...]
) -> Float[np.ndarray, "*sum row"]:
    """The sum of a compiled function over blocks of problems; blocks at an edge are filled up with absent problems."""
    n_rows, n_problems = columns[0].shape
    sums = np.zeros((*shape, n_rows))
    with jax.enable_x64(True):
        for top in range(0, n_rows, ROWS):
            height = min(ROWS, n_rows - top)
            for left in range(0, n_problems, PROBLEMS):
                width = min(PROBLEMS, n_problems - left)
                parts = tuple(_block(column[top : top + height, left : left + width]) for column in columns)
                present = (np.arange(PROBLEMS) < width).astype(np.float64)
                sums[..., top : top + height] += np.asarray(function(parts, present))[..., :height]
    return sums


def _block(part: Float[np.ndarray, "row problem"]) -> Float[np.ndarray, "block_row block_problem"]:
    """A part of some rates as a whole block, filled up with zeros."""
    if part.shape == (ROWS, PROBLEMS):
        return np.ascontiguousarray(part)
    block = np.zeros((ROWS, PROBLEMS), part.dtype)
    block[: part.shape[0], : part.shape[1]] = part
    return block


@compiled(static_argnums=(0, 1), compiler_options=_FAST_MATH)
def _power_sums(exponents: tuple[int, ...], of_failures: bool, columns: Values, present: Array) -> Array:
    rates = [_failures(column, present) if of_failures else column.astype(jnp.float64) for column in columns]
    if len(rates) == 2:
        rates.append(rates[0] * rates[1])
    return jnp.stack([_sums(tuple(_powers(rate, exponents))) for rate in rates])


@compiled(static_argnums=0, compiler_options=_FAST_MATH)
def _binomial_sums(k: int, columns: Values, present: Array) -> Array:
    success, failure = columns[0].astype(jnp.float64), _failures(columns[0], present)
    successes, failures = (list(_powers(rate, tuple(range(1, k + 1)))) for rate in (success, failure))
    products = [right * wrong for right, wrong in zip(successes[:-1], failures[-2::-1], strict=True)]
    return _sums((failures[-1], *products, successes[-1]))


def _failures(p: Array, present: Array) -> Float[Array, "row problem"]:
    """1 - p in double precision; of an absent problem, whose p is 0, it is 0 too."""
    return present - p.astype(jnp.float64)


def _powers(x: Array, exponents: tuple[int, ...]) -> Iterator[Array]:
    """Powers of some ascending exponents, as `boundary.stats.powers.powers` reaches them."""
    squares, power = [x], x
    for step in products(exponents):
        while len(squares) <= step.squares[-1]:
            squares.append(squares[-1] * squares[-1])
        factors = [squares[i] for i in step.squares]
        power, *factors = [power, *factors] if step.continues else factors
        for factor in factors:
            power = power * factor
        yield power


def _sums(values: Values) -> Float[Array, "value row"]:
    """Sums over problems of each of several values, in one loop over these."""
    zeros = tuple(jnp.zeros((), value.dtype) for value in values)
    return jnp.stack(jax.lax.reduce(values, zeros, lambda a, b: tuple(map(add, a, b)), (1,)))
