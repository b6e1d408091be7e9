"""Means over problems of powers of rates, in double precision.

Many numbers are summed by compiled code (`boundary.stats.compiled_sums`), others by NumPy, block by block, so that a
block stays in the cache. Powers are products: two multiplications a budget are exact to 1e-10 at k = 1,000,000, and
take half the time of exp(k log(1 - p)) in single precision. 1 - p is taken in double precision: in single precision it
loses what p = 1e-6 is made of, and pass@k at k = 1,000,000 is then wrong by 2e-4.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import comb
from types import ModuleType
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

# Numbers in a block, 256 KiB of them, and problems in a row of it: longer dot products start threads in OpenBLAS.
BLOCK, WIDTH = 1 << 15, 1 << 13
# From so many values on, of all functions of all rates, compiled sums are quicker even where they have to be compiled
# first; more functions at once would take long to compile.
MANY_VALUES, MOST_FUNCTIONS = 1 << 23, 256


def blocks(n_rows: int, n_problems: int) -> Iterator[tuple[slice, slice]]:
    """Rows (draws) and columns (problems) of blocks of at most `BLOCK` numbers, which cover a whole array."""
    width = max(min(n_problems, WIDTH), 1)
    for rows in row_blocks(n_rows, width):
        for left in range(0, n_problems, width):
            yield rows, slice(left, min(left + width, n_problems))


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Whole rows, at least one, of blocks of at most `BLOCK` numbers where a row has no more."""
    height = max(BLOCK // max(n_columns, 1), 1)
    for top in range(0, n_rows, height):
        yield slice(top, min(top + height, n_rows))


class Product(NamedTuple):
    """How a power is reached: as the power before it, or 1, times the squares x^(2^i) of these numbers i."""

    continues: bool
    squares: tuple[int, ...]


@lru_cache(maxsize=64)
def products(exponents: tuple[int, ...]) -> tuple[Product, ...]:
    """The way with fewest multiplications to each of some ascending exponents, from the one before or from squares.

    Examples
    --------
    >>> products((4, 5, 7))[1:]
    (Product(continues=False, squares=(0, 2)), Product(continues=True, squares=(1,)))
    """
    steps, last = [], 0
    for exponent in exponents:
        if not last < exponent:
            raise ValueError(f"Exponents must ascend from 1, got {exponents}.")
        directly, onward = (tuple(i for i in range(n.bit_length()) if n >> i & 1) for n in (exponent, exponent - last))
        steps.append(Product(True, onward) if last and len(onward) < len(directly) - 1 else Product(False, directly))
        last = exponent
    return tuple(steps)


def powers(x: Float[np.ndarray, "row problem"], exponents: Sequence[int]) -> Iterator[Float[np.ndarray, "row problem"]]:
    """Powers x^k for each of some ascending exponents k; what is yielded is overwritten by the next power."""
    squares, product = [x], np.empty_like(x)
    power = x
    for step in products(tuple(exponents)):
        while len(squares) <= step.squares[-1]:
            squares.append(np.square(squares[-1]))
        factors = [squares[i] for i in step.squares]
        power, *factors = [power, *factors] if step.continues else factors
        for factor in factors:
            power = np.multiply(power, factor, out=product)
        yield power


def failure_rates(p: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """1 - p in double precision."""
    return np.subtract(1.0, p, dtype=np.float64)


def mean_powers(
    columns: Sequence[Float[np.ndarray, "row problem"]], exponents: Sequence[int], *, of_failures: bool
) -> Float[np.ndarray, "mean k row"]:
    """Means over problems of p^k, or of (1 - p)^k, and for two models also of the product of their powers.

    Parameters
    ----------
    columns
        Solve rates in [0, 1] of one model, or of two.
    exponents
        Whole numbers, ascending, at least 1.
    of_failures
        Whether powers are those of 1 - p.

    Returns
    -------
    The mean of each model and, behind them, that of the product where there are two.

    Examples
    --------
    >>> mean_powers([np.array([[0.5, 0.0]]), np.array([[0.0, 1.0]])], [1, 2], of_failures=True)[:, 1, 0]
    array([0.625, 0.5  , 0.125])
    """
    n_rows, n_problems = columns[0].shape
    compiled = _compiled_sums(columns[0].size, len(columns) * len(exponents))
    if compiled is not None:
        return compiled.power_sums(columns, exponents, of_failures=of_failures) / n_problems
    sums = np.zeros((len(columns) + (len(columns) == 2), len(exponents), n_rows))
    summing = np.ones(WIDTH)
    for rows, problems in blocks(n_rows, n_problems):
        parts = [column[rows, problems] for column in columns]
        rates = [failure_rates(part) if of_failures else part.astype(np.float64) for part in parts]
        for i, values in enumerate(zip(*(powers(rate, exponents) for rate in rates), strict=True)):
            for j, value in enumerate(values):
                sums[j, i, rows] += value @ summing[: value.shape[1]]
            if len(values) == 2:
                sums[2, i, rows] += dots(values[0], values[1])
    return sums / n_problems


def _compiled_sums(n_rates: int, n_functions: int) -> ModuleType | None:
    """The compiled sums, where so many functions of so many rates make them quicker; JAX is loaded only then."""
    if n_functions > MOST_FUNCTIONS or n_rates * n_functions < MANY_VALUES:
        return None
    from boundary.stats import compiled_sums

    return compiled_sums if compiled_sums.is_usable() else None


def dots(a: Float[np.ndarray, "row problem"], b: Float[np.ndarray, "row problem"]) -> Float[np.ndarray, " row"]:
    """The dot product of each row of two arrays."""
    return np.matmul(a[:, None, :], b[:, :, None])[:, 0, 0]


def mean_binomials(p: Float[np.ndarray, "row problem"], k: int) -> Float[np.ndarray, "right row"]:
    """Means over problems of P(Binomial(k, p) = j), j = 0..k.

    Examples
    --------
    >>> mean_binomials(np.array([[0.5, 1.0]]), 2).ravel()
    array([0.125, 0.25 , 0.625])
    """
    ways = np.array([[comb(k, j)] for j in range(k + 1)], dtype=float)
    compiled = _compiled_sums(p.size, k + 1)
    if compiled is not None:
        return compiled.binomial_sums(p, k) * ways / p.shape[1]
    sums = np.zeros((k + 1, len(p)))
    for rows, problems in blocks(*p.shape):
        part = p[rows, problems]
        solved = [np.ones(part.shape), part.astype(np.float64)]
        for _ in range(k - 1):
            solved.append(solved[-1] * solved[1])
        failure, failed = failure_rates(part), np.ones(part.shape)
        for j in range(k, -1, -1):
            sums[j, rows] += dots(solved[j], failed)
            np.multiply(failed, failure, out=failed)
    return sums * ways / p.shape[1]


def sums_by_level(
    p: Float[np.ndarray, "row problem"],
    thresholds: Sequence[float] | Float[np.ndarray, " threshold"],
    weights: Float[np.ndarray, "row problem"] | None = None,
) -> Float[np.ndarray, "row level"]:
    """How many problems of each row reach just so many of some thresholds, none to all; or the sum of their weights.

    Examples
    --------
    >>> sums_by_level(np.array([[0.0, 0.5, 0.6, 1.0]]), [0.5, 1.0])
    array([[1., 2., 1.]])
    """
    least = np.sort(_rounded_up(np.asarray(thresholds, dtype=np.float64), p.dtype))
    if weights is None:
        return _counts_by_level(p, least)
    n_levels = len(least) + 1
    sums = np.zeros((len(p), n_levels))
    for rows, problems in blocks(*p.shape):
        part = p[rows, problems]
        level = np.zeros(part.shape, dtype=np.int8 if n_levels < 128 else np.int32)
        for threshold in least:
            level += part >= threshold
        place = level + np.arange(len(part))[:, None] * n_levels
        counts = np.bincount(place.ravel(), weights[rows, problems].ravel(), minlength=len(part) * n_levels)
        sums[rows] += counts.reshape(-1, n_levels)
    return sums


def _counts_by_level(
    p: Float[np.ndarray, "row problem"], ascending: Float[np.ndarray, " threshold"]
) -> Float[np.ndarray, "row level"]:
    """How many problems of each row reach just so many of some thresholds, from how many reach each."""
    reaching = np.zeros((len(p), len(ascending) + 2))
    reaching[:, 0] = p.shape[1]
    for rows, problems in blocks(*p.shape):
        part = p[rows, problems]
        for i, threshold in enumerate(ascending, start=1):
            # A block has fewer problems than 16 bits hold, which are added twice as fast as longer numbers.
            reaching[rows, i] += np.add.reduce((part >= threshold).view(np.int8), axis=1, dtype=np.int16)
    return -np.diff(reaching, axis=1)


def _rounded_up(thresholds: Float[np.ndarray, " threshold"], dtype: np.dtype) -> Float[np.ndarray, " threshold"]:
    """The least numbers of a type that reach some thresholds, so that nothing else has to be converted."""
    rounded = thresholds.astype(dtype)
    return np.where(rounded < thresholds, np.nextafter(rounded, np.array(np.inf, dtype)), rounded)
