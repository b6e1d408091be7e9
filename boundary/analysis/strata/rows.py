"""Rows of the table of strata of one fit."""

import zlib
from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from boundary.analysis.estimates.table import OBSERVED, POSTERIOR
from boundary.analysis.fitting import Panel
from boundary.analysis.request import Request
from boundary.analysis.strata.record import DIFFERENCE
from boundary.stats.intervals import summaries
from boundary.stats.solve_rates import SolveRates
from boundary.stats.strata import StratumCells, strata_posterior, stratum_cells

Row = dict[str, Any]
# Draws of the solve rates that are used.
MOST_DRAWS = 1000


class Partition(NamedTuple):
    """The strata of a fit: column, names of those that have problems, and the number of each problem's."""

    column: str
    names: list[str]
    stratum: Int[np.ndarray, " problem"]

    @property
    def sizes(self) -> list[int]:
        """Problems of each stratum."""
        return [int(size) for size in np.bincount(self.stratum, minlength=len(self.names))]


def partition_rows(request: Request, panel: Panel, rates: SolveRates, partition: Partition) -> list[Row]:
    """Rows of one fit and one column.

    Parameters
    ----------
    request
        Level, margin and seed.
    panel, rates
        The fit: rows of the base come from the first of a benchmark alone.
    partition
        Two strata or more.
    """
    quantities: list[tuple[str, str, str, tuple[float, ...]]] = []
    for column, model in enumerate(panel.models):
        if model != panel.base or panel.first:
            signs = tuple(float(i == column) for i in range(len(panel.models)))
            quantities.append(("pass_at_k", model, "", signs))
    if panel.base is not None:
        quantities.append(("shrinkage", panel.arm, panel.base, (1.0, -1.0)))
    p = thinned_rates(rates)
    n, is_counted = shared_budget(rates), has_unbiased_counts(panel)
    rows = []
    for k in dict.fromkeys((1, n)):
        for name, model, reference, signs in quantities:
            cells = stratum_cells(p, rates.n_correct, rates.n_samples, partition.stratum, k, signs)
            draws = stratum_draws(request.seed, panel, partition, cells, (name, model, k), is_counted)
            labels = {"estimand": name, "model": model, "reference": reference, "k": k}
            rows += [labels | row for row in _rows(request, partition, cells, draws, name, is_counted)]
    shared = {"benchmark": panel.benchmark, "column": partition.column, "extrapolated": False}
    return [shared | row for row in rows]


def thinned_rates(rates: SolveRates) -> Float[np.ndarray, "draw problem model"]:
    """The draws of the solve rates that strata are made of."""
    p = rates.p.reshape(-1, *rates.p.shape[2:])
    return p[:: max(len(p) // MOST_DRAWS, 1)]


def shared_budget(rates: SolveRates) -> int:
    """The largest budget that every problem has samples for, of every model."""
    return max(int(rates.n_samples.min()), 1)


def has_unbiased_counts(panel: Panel) -> bool:
    """Whether the counts of a stratum alone give unbiased estimates: no adaptive sampling, no verifier errors."""
    return panel.errors is None and panel.adaptive.isdisjoint(panel.models)


def stratum_draws(
    seed: int,
    panel: Panel,
    partition: Partition,
    cells: StratumCells,
    of: tuple[str, str, int],
    is_counted: bool,
) -> Float[np.ndarray, "draw stratum"]:
    """Joint draws of the strata: partially pooled, or of the common fit where counts alone would be biased.

    Parameters
    ----------
    seed
        Of the draws.
    panel, partition
        The fit and its strata.
    cells
        What the fit and the counts say of the quantity in each stratum.
    of
        Estimand, model and budget: the same ones give the same draws.
    is_counted
        Whether counts alone give unbiased estimates (`has_unbiased_counts`).
    """
    label = "\0".join(["strata", panel.benchmark, partition.column, *map(str, of)])
    seed = zlib.crc32(label.encode()) ^ seed
    if is_counted:
        draws = strata_posterior(cells, seed=seed).draws
    else:
        noise = np.random.default_rng(seed).normal(size=(4000, len(partition.names)))
        draws = cells.means + np.sqrt(cells.variances) * noise
    possible: np.ndarray = np.clip(draws, -1.0 if of[0] == "shrinkage" else 0.0, 1.0)
    return possible


def _rows(
    request: Request,
    partition: Partition,
    cells: StratumCells,
    draws: Float[np.ndarray, "draw stratum"],
    name: str,
    is_counted: bool,
) -> Iterator[Row]:
    """Rows of the strata of one quantity, and of shrinkage those of the differences of two strata."""
    is_difference = name == "shrinkage"
    margin = request.margin if is_difference else None
    sizes = partition.sizes
    for g, summary in enumerate(summaries(draws.T, request.level, [margin] * len(sizes))):
        stratum = {"stratum": partition.names[g], "n_problems": sizes[g]}
        numbers = summary._asdict()
        if not is_difference:
            numbers = {column: numbers[column] for column in ("mean", "median", "lower", "upper")}
        yield {"kind": POSTERIOR, "level": request.level} | stratum | numbers
        if is_counted:
            yield {"kind": OBSERVED, "mean": float(cells.unbiased[g])} | stratum
    if is_difference:
        pairs = list(combinations(range(len(sizes)), 2))
        differences = np.stack([draws[:, a] - draws[:, b] for a, b in pairs])
        for (a, b), summary in zip(pairs, summaries(differences, request.level, [margin] * len(pairs)), strict=True):
            two = {"stratum": partition.names[a], "other_stratum": partition.names[b]}
            row = {"estimand": DIFFERENCE, "kind": POSTERIOR, "level": request.level}
            yield row | two | {"n_problems": sizes[a] + sizes[b]} | summary._asdict()
