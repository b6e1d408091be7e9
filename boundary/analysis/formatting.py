"""Numbers as readers see them, in the verdict and in the report alike."""

import math
from typing import Any

import pandas as pd


def number(value: float | None, scale: float, digits: int) -> str:
    """Write a number for readers: a true minus sign, `none` for infinity, nothing where there is none.

    Examples
    --------
    >>> number(0.12345, scale=100, digits=1)
    '12.3'
    """
    if value is None or pd.isna(value):
        return ""
    if math.isinf(value):
        return "none"
    text = f"{scale * value:,.{digits}f}"
    zero = f"{0:.{digits}f}"
    return zero if text == f"-{zero}" else text.replace("-", "\N{MINUS SIGN}")


def interval(row: dict[Any, Any], scale: float, digits: int) -> str:
    """Write an interval, or nothing where the row has none."""
    lower, upper = (number(row.get(side), scale, digits) for side in ("lower", "upper"))
    return f"[{lower}, {upper}]" if lower and upper else ""


def chance(value: float) -> str:
    """Write a probability; one that is nearly 0 or 1 is not rounded to it.

    Examples
    --------
    >>> chance(0.876), chance(0.9999), chance(0.0)
    ('0.88', 'over 0.99', 'under 0.01')
    """
    if math.isnan(value):
        return "unknown"
    return "over 0.99" if value >= 0.995 else "under 0.01" if value < 0.005 else number(value, 1, 2)


def points(margin: float) -> str:
    """Write a difference of shares in percentage points.

    Examples
    --------
    >>> points(0.005), points(0.01), points(0.0)
    ('0.5 points', '1 point', '0 points')
    """
    text = f"{100 * margin:.3g}"
    return f"{text} point{'s' * (text != '1')}"


def of_fewer(observed: dict[Any, Any], posterior: dict[Any, Any]) -> str:
    """Say of how many problems an observed value is, where these are fewer than those of the posterior beside it."""
    few, every = (int(row.get("n_problems", 0)) for row in (observed, posterior))
    return f" (of {few:,})" if few < every else ""


def short(model: str) -> str:
    """Write a model's name without its organisation.

    Examples
    --------
    >>> short("Qwen/Qwen2.5-7B")
    'Qwen2.5-7B'
    """
    return model.rsplit("/", 1)[-1]
