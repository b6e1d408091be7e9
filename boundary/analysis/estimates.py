"""The tidy table of estimates: one row a number, the contract with everything downstream."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from boundary.stats.closed_form import unbiased_flows, unbiased_pass_at_k
from boundary.stats.diagnostics import convergence
from boundary.stats.intervals import summarise
from boundary.stats.solve_rates import SolveRates, Target

ESTIMATE_COLUMNS = (
    "benchmark",
    "estimand",
    "model",
    "reference",
    "k",
    "tau",
    "target",
    "prior",
    "mean",
    "median",
    "lower",
    "upper",
    "level",
    "prob_positive",
    "extrapolated",
    "n_problems",
    "r_hat",
    "ess_bulk",
    "ess_tail",
)

# Rows of this "prior" are computed from the counts alone and carry no interval.
OBSERVED = "observed"


@dataclass
class Quantity:
    """One number to be: what it is, and its draws (chain, draw)."""

    estimand: str
    draws: xr.DataArray
    model: str
    reference: str = ""
    k: float = np.nan
    extrapolated: bool = False


@dataclass
class EstimateTable:
    """Collects rows of one benchmark and one target."""

    benchmark: str
    rates: SolveRates
    target: Target
    level: float
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add_posterior(self, quantities: Sequence[Quantity]) -> None:
        """Add the summaries of draws, each with its convergence."""
        named = {str(i): quantity.draws for i, quantity in enumerate(quantities)}
        judged = convergence(named)
        for i, quantity in enumerate(quantities):
            summary = summarise(quantity.draws.to_numpy(), self.level)
            row = self._row(quantity.estimand, quantity.model, quantity.reference, quantity.k, self.rates.prior)
            row |= summary._asdict() | judged[str(i)]._asdict()
            self.rows.append(row | {"level": self.level, "extrapolated": quantity.extrapolated})

    def add_observed(self, budgets: Sequence[int], models: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
        """Add the unbiased plug-ins at budgets within every problem's samples."""
        counts, sizes = self.rates.n_correct, self.rates.n_samples
        for k in (k for k in budgets if k <= self.rates.reliable_k):
            for model in models:
                column = self.rates.index(model)
                value = unbiased_pass_at_k(counts[:, column], sizes[:, column], k).mean()
                self._add_plug_in("pass_at_k", model, "", k, float(value))
            for base, rl in pairs:
                columns = [self.rates.index(base), self.rates.index(rl)]
                for estimand, value in unbiased_flows(counts[:, columns], sizes[:, columns], k).items():
                    self._add_plug_in(estimand, rl, base, k, value)

    def _add_plug_in(self, estimand: str, model: str, reference: str, k: int, value: float) -> None:
        row = self._row(estimand, model, reference, k, OBSERVED)
        self.rows.append(row | {"target": "benchmark", "mean": value, "extrapolated": False})

    def _row(self, estimand: str, model: str, reference: str, k: float, prior: str) -> dict[str, Any]:
        return {
            "benchmark": self.benchmark,
            "estimand": estimand,
            "model": model,
            "reference": reference,
            "k": k,
            "target": self.target,
            "prior": prior,
            "n_problems": self.rates.n_problems,
        }


def estimates_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows as the table, columns in the order of the contract; what a row does not have is missing."""
    frame = pd.DataFrame(list(rows), columns=list(ESTIMATE_COLUMNS))
    return frame.astype({"extrapolated": bool, "n_problems": int, "k": float, "tau": float})
