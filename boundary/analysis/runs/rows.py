"""Collects rows of the table of training runs for one benchmark."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import POSTERIOR
from boundary.stats.intervals import summaries


class RunRows:
    """Rows of one benchmark.

    Parameters
    ----------
    benchmark, level, margin
        Of the rows.
    reliable_k
        Largest budget within the samples; rows beyond it are extrapolated.
    n_problems
        Problems.
    diagnostics
        Of each model and budget: r_hat, ess_bulk and ess_tail of its pass@k.
    """

    def __init__(
        self,
        benchmark: str,
        level: float,
        margin: float,
        reliable_k: int,
        n_problems: int,
        diagnostics: Mapping[tuple[str, float], tuple[float, float, float]],
    ) -> None:
        self.level, self.margin, self.diagnostics = level, margin, diagnostics
        self.labels = {"benchmark": benchmark, "kind": POSTERIOR, "level": level, "n_problems": n_problems}
        self.reliable_k = reliable_k
        self.rows: list[dict[str, Any]] = []

    def add(
        self, estimand: str, of: str, k: int, draws: np.ndarray, fitted_models: tuple[str, ...], **labels: Any
    ) -> dict[str, Any]:
        """Add a row of draws, of a difference where there is a reference; `fitted_models`: whose fits it rests on."""
        is_difference = bool(labels.get("reference"))
        summary = summaries(draws[None], self.level, [self.margin if is_difference else None])[0]._asdict()
        if not is_difference:
            summary["prob_positive"] = np.nan
        return self._append(estimand, of, k, summary, fitted_models, labels)

    def add_value(
        self, estimand: str, of: str, k: int, value: float, fitted_models: tuple[str, ...], **labels: Any
    ) -> dict[str, Any]:
        """Add a row of a single number: a probability, or a width."""
        return self._append(estimand, of, k, {"mean": value}, fitted_models, labels)

    def _append(
        self,
        estimand: str,
        of: str,
        k: int,
        values: Mapping[str, float],
        fitted_models: tuple[str, ...],
        labels: Mapping[str, Any],
    ) -> dict[str, Any]:
        row = self.labels | {"estimand": estimand, "of": of, "k": float(k), "extrapolated": k > self.reliable_k}
        checks = [self.diagnostics[model, float(k)] for model in fitted_models if (model, float(k)) in self.diagnostics]
        if checks:
            r_hats, bulk, tail = zip(*checks, strict=True)
            row |= {"r_hat": max(r_hats), "ess_bulk": min(bulk), "ess_tail": min(tail)}
        row |= {"method": "", "model": "", "reference": "", "n_runs": 0} | dict(labels) | dict(values)
        self.rows.append(row)
        return row


def pass_diagnostics(estimates: pd.DataFrame, benchmark: str) -> dict[tuple[str, float], tuple[float, float, float]]:
    """Diagnostics of pass@k of every model and budget of a benchmark, from the table of estimates."""
    rows = estimates.loc[
        (estimates["benchmark"] == benchmark)
        & (estimates["estimand"] == "pass_at_k")
        & (estimates["kind"] == POSTERIOR)
    ]
    columns = (rows[name] for name in ("model", "k", "r_hat", "ess_bulk", "ess_tail"))
    return {(str(model), float(k)): (r_hat, bulk, tail) for model, k, r_hat, bulk, tail in zip(*columns, strict=True)}
