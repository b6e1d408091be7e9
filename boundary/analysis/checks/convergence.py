"""Convergence of a fit: the worst R-hat, effective draws and Monte Carlo error among the estimates that it reports."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.formatting import format_of, number
from boundary.stats.diagnostics import MAX_INTERVAL_MC_ERROR, MAX_R_HAT, MIN_ESS
from boundary.stats.estimands import ESTIMANDS


def check_convergence(benchmark: str, model: str, prior: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One row of the diagnostics table: whether all reported estimates of a fit converged, and the worst of them.

    Parameters
    ----------
    benchmark, model, prior
        Labels of the fit.
    rows
        Its rows of the estimates table; those without R-hat, as they are no posterior summaries, do not count.

    Returns
    -------
    `max_r_hat` and `min_ess` with `worst`, the estimate furthest from their limits; `max_interval_mc_error`, the Monte
    Carlo error of the least certain end of an interval as a share of the interval's width, with `worst_interval`, the
    estimate that it is of (NaN and empty where no estimate has one); `ok` and, where not, a `message`. The Monte Carlo
    error has no part in `ok`; it leaves out budgets, and intervals narrower than the last digit that is written.
    """
    summaries = [row for row in rows if "r_hat" in row]
    worst = max(summaries, key=_distance_from_limits)
    r_hat = max(row["r_hat"] for row in summaries)
    ess = min(min(row["ess_bulk"], row["ess_tail"]) for row in summaries)
    worst_interval = max(filter(_has_interval_error, summaries), key=lambda row: row["interval_mc_error"], default=None)
    error = np.nan if worst_interval is None else worst_interval["interval_mc_error"]
    ok = r_hat <= MAX_R_HAT and ess >= MIN_ESS
    message = (
        f"R-hat {number(r_hat, 1, 3) or 'unknown'} (wanted: at most {MAX_R_HAT}), effective draws "
        f"{number(ess, 1, 0) or 'unknown'} (wanted: at least {MIN_ESS:.0f}); "
        f"worst: {_name(worst)}. Run again with another seed, or with more draws from Python."
    )
    return {
        "benchmark": benchmark,
        "model": model,
        "prior": prior,
        "max_r_hat": r_hat,
        "min_ess": ess,
        "worst": _name(worst),
        "max_interval_mc_error": float(error),
        "worst_interval": "" if worst_interval is None else _name(worst_interval),
        "ok": ok,
        "message": "" if ok else message,
    }


def interval_error_sentence(diagnostics: pd.DataFrame) -> str:
    """How well the ends of intervals are known, in words for readers.

    Parameters
    ----------
    diagnostics
        The diagnostics table of an analysis.

    Returns
    -------
    One sentence, and another where the limit is not kept; empty where no interval has an error.

    Examples
    --------
    >>> fit = {"benchmark": "AIME24", "max_interval_mc_error": 0.0312, "worst_interval": "gained at k = 128"}
    >>> print(interval_error_sentence(pd.DataFrame([fit])))
    The ends of intervals are known to 3.1 % of the interval's width or better (Monte Carlo error; worst: gained at \
k = 128, AIME24).
    """
    errors = diagnostics["max_interval_mc_error"].astype(float)
    if errors.isna().all():
        return ""
    worst = diagnostics.iloc[int(errors.argmax())]
    sentence = (
        f"The ends of intervals are known to {number(errors.max(), 100, 1)} % of the interval's width or better "
        f"(Monte Carlo error; worst: {worst['worst_interval']}, {worst['benchmark']})."
    )
    above = int((errors > MAX_INTERVAL_MC_ERROR).sum())
    if not above:
        return sentence
    fits = f"in {above} of {len(errors)} fits" if len(errors) > 1 else ""
    limit = f"more than {100 * MAX_INTERVAL_MC_ERROR:.0f} %"
    return f"{sentence} That is {' '.join(filter(None, (limit, fits)))}: more draws from Python make it less."


def _name(row: dict[str, Any]) -> str:
    """An estimate and its budget."""
    return str(row["estimand"]) + (f" at k = {row['k']:.0f}" if not np.isnan(row["k"]) else "")


def _has_interval_error(row: dict[str, Any]) -> bool:
    """Whether the Monte Carlo error of an estimate's interval is of interest."""
    unit = format_of(row["estimand"])
    narrow = row["upper"] - row["lower"] < 10.0**-unit.digits / unit.scale
    return not (np.isnan(row["interval_mc_error"]) or narrow or ESTIMANDS[row["estimand"]].is_budget)


def _distance_from_limits(row: dict[str, Any]) -> float:
    """R-hat and effective draws of an estimate in units of their limits: larger is further from convergence."""
    return float((row["r_hat"] - 1) / (MAX_R_HAT - 1) + MIN_ESS / min(row["ess_bulk"], row["ess_tail"]))
