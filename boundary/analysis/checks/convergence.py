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
    estimate that it is of (NaN and empty where no estimate has one); `max_visible_mc_error` with `worst_visible`, the
    same of the ends whose error is more than one in the last digit that is written; `ok` and, where not, a `message`.
    The Monte Carlo errors have no part in `ok`; they leave out budgets, and intervals narrower than that digit.

    Notes
    -----
    An interval whose end is wrong by less than a tenth of a point misleads nobody, however narrow it is: pass^k at
    512 samples of [0, .3] points with an error of .06 has one of 19 % of its width.
    """
    summaries = [row for row in rows if "r_hat" in row]
    worst = max(summaries, key=_distance_from_limits)
    r_hat = max(row["r_hat"] for row in summaries)
    ess = min(min(row["ess_bulk"], row["ess_tail"]) for row in summaries)
    with_error = [row for row in summaries if _has_interval_error(row)]
    error, worst_interval = _least_certain(with_error)
    visible_error, worst_visible = _least_certain([row for row in with_error if _is_visible(row)])
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
        "max_interval_mc_error": error,
        "worst_interval": worst_interval,
        "max_visible_mc_error": visible_error,
        "worst_visible": worst_visible,
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
    A sentence for the ends whose error can be seen in what is written, and another where the limit is not kept; then
    the largest error of all as a share of the width, where it is larger. Empty where no interval has an error.

    Examples
    --------
    >>> fit = {"benchmark": "AIME24", "max_interval_mc_error": 0.0312, "worst_interval": "gained at k = 128"}
    >>> fit |= {"max_visible_mc_error": 0.0312, "worst_visible": "gained at k = 128"}
    >>> print(interval_error_sentence(pd.DataFrame([fit])))
    The ends of intervals are known to within 3.1 % of the interval's width, or to one in the last digit shown (Monte \
Carlo error; worst: gained at k = 128, AIME24).
    """
    errors, visible = (diagnostics[f"max_{kind}_mc_error"].astype(float) for kind in ("interval", "visible"))
    if errors.isna().all():
        return ""
    if visible.isna().all():
        sentence = "The ends of intervals are known to one in the last digit shown (Monte Carlo error)."
    else:
        worst = diagnostics.iloc[int(visible.argmax())]
        sentence = (
            f"The ends of intervals are known to within {_percent(visible.max())} % of the interval's width, or "
            f"to one in the last digit shown (Monte Carlo error; worst: {worst['worst_visible']}, "
            f"{worst['benchmark']})."
        )
    visible = visible.fillna(0.0)
    above = int((visible > MAX_INTERVAL_MC_ERROR).sum())
    if above:
        fits = f"in {above} of {len(errors)} fits" if len(errors) > 1 else ""
        limit = f"more than {100 * MAX_INTERVAL_MC_ERROR:.0f} %"
        sentence += f" That is {' '.join(filter(None, (limit, fits)))}: more draws from Python make it less."
    if errors.max() > max(visible.max(), MAX_INTERVAL_MC_ERROR):
        narrow = diagnostics.iloc[int(errors.argmax())]
        sentence += (
            f" Of intervals whose ends are known to that digit it is up to {number(errors.max(), 100, 1)} % of the "
            f"width ({narrow['worst_interval']}, {narrow['benchmark']})."
        )
    return sentence


def _percent(error: float) -> str:
    """An error as a percentage; one above the limit is not rounded to it."""
    text = number(error, 100, 1)
    return number(error, 100, 2) if error > MAX_INTERVAL_MC_ERROR >= float(text) / 100 else text


def _name(row: dict[str, Any]) -> str:
    """An estimate and its budget."""
    return str(row["estimand"]) + (f" at k = {row['k']:.0f}" if not np.isnan(row["k"]) else "")


def _has_interval_error(row: dict[str, Any]) -> bool:
    """Whether the Monte Carlo error of an estimate's interval is of interest."""
    narrow = row["upper"] - row["lower"] < _last_digit(row)
    return not (np.isnan(row["interval_mc_error"]) or narrow or ESTIMANDS[row["estimand"]].is_budget)


def _is_visible(row: dict[str, Any]) -> bool:
    """Whether the error of an interval's end is more than one in the last digit that is written."""
    return bool(row["interval_mc_error"] * (row["upper"] - row["lower"]) > _last_digit(row))


def _last_digit(row: dict[str, Any]) -> float:
    """One in the last digit in which an estimate is written: a tenth of a point, a tenth of a problem."""
    unit = format_of(row["estimand"])
    return float(10.0**-unit.digits / unit.scale)


def _least_certain(rows: Sequence[dict[str, Any]]) -> tuple[float, str]:
    """The largest error of an interval's end, and the estimate that it is of; NaN and empty where there is none."""
    worst = max(rows, key=lambda row: row["interval_mc_error"], default=None)
    return (np.nan, "") if worst is None else (float(worst["interval_mc_error"]), _name(worst))


def _distance_from_limits(row: dict[str, Any]) -> float:
    """R-hat and effective draws of an estimate in units of their limits: larger is further from convergence."""
    return float((row["r_hat"] - 1) / (MAX_R_HAT - 1) + MIN_ESS / min(row["ess_bulk"], row["ess_tail"]))
