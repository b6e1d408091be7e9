"""Rows of likelihood.csv and likelihood_problems.csv from draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.table import OBSERVED, POSTERIOR
from boundary.analysis.likelihood.record import PROBLEM_COLUMNS, ROW_COLUMNS
from boundary.stats.diagnostics import Convergence, convergence
from boundary.stats.intervals import summaries

SUPERPOPULATION = "superpopulation"
FEWEST_PROBLEMS = 2
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
SHARE_COLUMNS = tuple(name for name in ROW_COLUMNS if name.startswith("share_"))


@dataclass
class Rows:
    """Collects rows of one benchmark.

    Parameters
    ----------
    benchmark, target, level
        As in estimates.csv.
    pairs
        Benchmark and name of each problem.
    """

    benchmark: str
    target: str
    level: float
    pairs: list[tuple[str, str]]
    pooled: list[dict[str, Any]] = field(default_factory=list)
    by_problem: list[pd.DataFrame] = field(default_factory=list)

    def has_enough(self, problems: np.ndarray) -> bool:
        """Whether a pooled row can be made of these: one problem says nothing of new problems like it."""
        return self.target != SUPERPOPULATION or int(problems.sum()) >= FEWEST_PROBLEMS

    def add(self, labels: Mapping[str, Any], draws: np.ndarray, **fields: Any) -> None:
        """Add the summary of draws (chain, draw) of a pooled quantity."""
        summary = summaries(draws.reshape(1, -1), self.level, [None])[0]._asdict()
        if labels.get("reference"):
            summary["prob_negative"] = float(np.mean(draws < 0))
        else:
            summary["prob_positive"] = np.nan
        diagnostics = convergence(draws[None])
        checks = dict(zip(Convergence._fields, (float(part[0]) for part in diagnostics), strict=True))
        self.pooled.append(self._row(labels, POSTERIOR) | summary | checks | fields)

    def add_exact(self, labels: Mapping[str, Any], value: float, **fields: Any) -> None:
        """Add a value without uncertainty."""
        self.pooled.append(self._row(labels, OBSERVED) | {"mean": value, "target": "benchmark"} | fields)

    def add_problems(
        self, labels: Mapping[str, Any], draws: np.ndarray, problems: np.ndarray, n: np.ndarray, n_reference: Any = 0
    ) -> None:
        """Add the summaries of draws (chain, draw, problem), one a problem; `problems` says of which."""
        summarised = summaries(draws.reshape(-1, draws.shape[2]).T, self.level, [None] * draws.shape[2])
        places = np.flatnonzero(problems)
        frame = pd.DataFrame([summary._asdict() for summary in summarised])
        if not labels.get("reference"):
            frame["prob_positive"] = np.nan
        names = {"benchmark": [self.pairs[i][0] for i in places], "problem_id": [self.pairs[i][1] for i in places]}
        counts = {"n_responses": n[problems].astype(int), "n_responses_reference": n_reference}
        self.by_problem.append(frame.assign(**names, **labels, **counts, level=self.level))

    def _row(self, labels: Mapping[str, Any], kind: str) -> dict[str, Any]:
        row = {"benchmark": self.benchmark, "target": self.target, "kind": kind, "level": self.level, "reference": ""}
        return row | dict(labels)


def row_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Pooled rows as a table."""
    frame = pd.DataFrame(rows, columns=list(ROW_COLUMNS))
    numbers = dict.fromkeys(("k", *SHARE_COLUMNS), float)
    return frame.astype(numbers).assign(n_responses=frame["n_responses"].fillna(0).astype(int))


def problem_frame(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows of problems as a table."""
    if not parts:
        return pd.DataFrame(columns=list(PROBLEM_COLUMNS))
    return pd.concat([part.reindex(columns=list(PROBLEM_COLUMNS)) for part in parts], ignore_index=True)


def spread_of_responses(values: np.ndarray, problem: np.ndarray) -> dict[str, float]:
    """Quantiles of a value over responses, every problem with the same weight.

    Examples
    --------
    >>> import numpy as np
    >>> spread_of_responses(np.arange(100.0), np.zeros(100, dtype=int))["share_50"]
    49.0
    """
    order = np.argsort(values, kind="stable")
    weight = 1.0 / np.bincount(problem)[problem[order]]
    reached_share = np.cumsum(weight) / weight.sum()
    places = np.minimum(np.searchsorted(reached_share, np.array(SHARES) - 1e-12), len(values) - 1)
    return dict(zip(SHARE_COLUMNS, values[order][places].tolist(), strict=True))
