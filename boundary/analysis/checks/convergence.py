"""Convergence of a fit: the worst R-hat and effective sample size among the estimates that it reports."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from boundary.analysis.formatting import number
from boundary.stats.diagnostics import MAX_R_HAT, MIN_ESS


def check_convergence(benchmark: str, model: str, prior: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One row of the diagnostics table: whether all reported estimates of a fit converged, and the worst of them.

    Parameters
    ----------
    benchmark, model, prior
        Labels of the fit.
    rows
        Its rows of the estimates table; those without R-hat, as they are no posterior summaries, do not count.
    """
    summaries = [row for row in rows if "r_hat" in row]
    worst = max(summaries, key=_distance_from_limits)
    r_hat = max(row["r_hat"] for row in summaries)
    ess = min(min(row["ess_bulk"], row["ess_tail"]) for row in summaries)
    ok = r_hat <= MAX_R_HAT and ess >= MIN_ESS
    at = f" at k = {worst['k']:.0f}" if not np.isnan(worst["k"]) else ""
    message = (
        f"R-hat {number(r_hat, 1, 3) or 'unknown'} (wanted: at most {MAX_R_HAT}), effective draws "
        f"{number(ess, 1, 0) or 'unknown'} (wanted: at least {MIN_ESS:.0f}); "
        f"worst: {worst['estimand']}{at}. Run again with another seed, or with more draws from Python."
    )
    return {
        "benchmark": benchmark,
        "model": model,
        "prior": prior,
        "max_r_hat": r_hat,
        "min_ess": ess,
        "worst": f"{worst['estimand']}{at}",
        "ok": ok,
        "message": "" if ok else message,
    }


def _distance_from_limits(row: dict[str, Any]) -> float:
    """R-hat and effective draws of an estimate in units of their limits: larger is further from convergence."""
    return float((row["r_hat"] - 1) / (MAX_R_HAT - 1) + MIN_ESS / min(row["ess_bulk"], row["ess_tail"]))
