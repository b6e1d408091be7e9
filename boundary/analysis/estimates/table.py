"""The tidy table of estimates, one row a number: report, figures, texts and claims read nothing else."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from jaxtyping import Bool, Shaped

from boundary.stats.diagnostics import Convergence, convergence
from boundary.stats.estimands import ESTIMANDS
from boundary.stats.intervals import MARGIN, TIE, Signs, summaries
from boundary.stats.solve_rates import SolveRates, Target

ESTIMATE_COLUMNS = (
    "benchmark",
    "estimand",
    "model",
    "reference",
    "k",
    "tau",
    "target",
    "kind",
    "prior",
    "mean",
    "median",
    "lower",
    "upper",
    "level",
    "prob_positive",
    "prob_negative",
    "prob_equivalent",
    "extrapolated",
    "n_problems",
    "n_extrapolated",
    "r_hat",
    "ess_bulk",
    "ess_tail",
)

# Kinds of rows: posterior summaries under a prior; unbiased estimates from the counts alone, without an interval;
# bounds beyond n that hold whatever the prior, and estimates beyond n without one; bands over all k at once, of the
# posterior and of a bootstrap over problems (boundary.analysis.estimates.prior_free).
Kind = Literal["posterior", "observed", "bounds", "good_toulmin", "simultaneous", "sup_t"]
POSTERIOR: Kind = "posterior"
OBSERVED: Kind = "observed"
BOUNDS: Kind = "bounds"
GOOD_TOULMIN: Kind = "good_toulmin"
SIMULTANEOUS: Kind = "simultaneous"
SUP_T: Kind = "sup_t"
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass
class Quantity:
    """Draws (chain, draw) of one estimand at its budget and threshold, of a model or a pair: one row of the table."""

    estimand: str
    draws: Shaped[np.ndarray, "chain draw"]
    model: str
    reference: str = ""
    k: float = np.nan
    tau: float = np.nan
    extrapolated: bool = False
    n_extrapolated: int = 0


class Observed(NamedTuple):
    """One estimate from the counts alone, over `n_problems` problems."""

    estimand: str
    value: float
    n_problems: int
    model: str
    reference: str = ""
    k: float = np.nan
    tau: float = np.nan


@dataclass
class EstimateTable:
    """Collects the rows of one benchmark and one target; `margin` is the difference of pass@k that matters."""

    benchmark: str
    rates: SolveRates
    target: Target
    level: float
    margin: float = MARGIN
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add_posterior(self, quantities: Sequence[Quantity]) -> None:
        """Add the summaries of draws, each with its convergence and the Monte Carlo error of its interval."""
        if not quantities:
            return
        draws = np.stack([quantity.draws for quantity in quantities])
        margins = [self._margin_of(quantity.estimand) for quantity in quantities]
        summarised = summaries(draws.reshape(len(draws), -1), self.level, margins)
        diagnosed = zip(*convergence(draws, self.level), strict=True)
        for quantity, summary, diagnostics in zip(quantities, summarised, diagnosed, strict=True):
            row = self._row(quantity.estimand, quantity.model, quantity.reference, quantity.k, POSTERIOR)
            row["tau"] = quantity.tau
            row |= summary._asdict() | dict(zip(Convergence._fields, map(float, diagnostics), strict=True))
            row |= {"extrapolated": quantity.extrapolated, "n_extrapolated": quantity.n_extrapolated}
            self.rows.append(row | {"level": self.level})

    def add_decisions(self, quantities: Sequence[Quantity]) -> None:
        """Add P(narrowed) and P(widened), by more than the margin, for each shrinkage among some quantities."""
        least = self.margin + TIE
        for shrinkage in quantities:
            if shrinkage.estimand == "shrinkage":
                labels = shrinkage.model, shrinkage.reference, int(shrinkage.k)
                chances = {"narrowed": shrinkage.draws > least, "widened": shrinkage.draws < -least}
                for name, draws in chances.items():
                    self.add_probability(name, *labels, float(draws.mean()), shrinkage.extrapolated)

    def add_observed(self, estimates: Iterable[Observed]) -> None:
        """Add estimates from the counts alone: without an interval, and always of these very problems."""
        for estimate in estimates:
            row = self._row(estimate.estimand, estimate.model, estimate.reference, estimate.k, OBSERVED)
            row |= {"tau": estimate.tau, "target": "benchmark", "mean": estimate.value}
            self.rows.append(row | {"n_problems": estimate.n_problems, "n_extrapolated": 0, "extrapolated": False})

    def add_prior_free(
        self,
        kind: Kind,
        estimand: str,
        model: str,
        reference: str,
        k: float,
        values: tuple[float, ...],
        extrapolated: bool,
        n_problems: int | None = None,
    ) -> None:
        """Add a bound, a Good-Toulmin estimate or a band; `values`: mean (NaN for a bound), lower and upper end."""
        row = self._row(estimand, model, reference, k, kind) | dict(
            zip(("mean", "lower", "upper"), values, strict=True)
        )
        # A bootstrap over problems is about problems like these, whatever the target of the request.
        target = "superpopulation" if kind in (SUP_T, GOOD_TOULMIN) else self.target
        row |= {"target": target, "level": self.level, "extrapolated": bool(extrapolated)}
        if n_problems is not None:  # it rests on the problems with the most samples alone
            left_out = self.rates.n_problems - n_problems
            row |= {"n_problems": n_problems, "n_extrapolated": max(row["n_extrapolated"] - left_out, 0)}
        self.rows.append(row)

    def add_probability(
        self,
        estimand: str,
        model: str,
        reference: str,
        k: int,
        value: float,
        extrapolated: bool,
        of: Signs | None = None,
    ) -> None:
        """Add a probability: it has no interval. `of` has the probabilities of the signs of the difference."""
        row = self._row(estimand, model, reference, k, POSTERIOR)
        if of is not None:
            row |= {f"prob_{name}": chance for name, chance in of._asdict().items()}
        self.rows.append(row | {"mean": value, "level": self.level, "extrapolated": bool(extrapolated)})

    def _margin_of(self, estimand: str) -> float | None:
        """The margin is one of differences of shares, and as many problems for numbers of problems."""
        if ESTIMANDS[estimand].unit == "problems":
            return self.margin * self.rates.n_problems
        return self.margin if ESTIMANDS[estimand].difference else None

    def _row(self, estimand: str, model: str, reference: str, k: float, kind: Kind) -> dict[str, Any]:
        return {
            "benchmark": self.benchmark,
            "estimand": estimand,
            "model": model,
            "reference": reference,
            "k": k,
            "target": self.target,
            "kind": kind,
            "prior": self.rates.prior if kind in (POSTERIOR, SIMULTANEOUS) else "",
            "n_problems": self.rates.n_problems,
            "n_extrapolated": self.rates.n_short(float(k)),
        }


FEW_CHOICES = 4
Choice = str | float | Collection[str] | Collection[float] | None


def select(
    rows: pd.DataFrame,
    *,
    kind: Kind | Collection[Kind] | None = None,
    benchmark: Choice = None,
    estimand: Choice = None,
    model: Choice = None,
    reference: Choice = None,
    k: Choice = None,
) -> pd.DataFrame:
    """Rows of the estimates with these values; a collection stands for any of its members, None for all rows.

    Parameters
    ----------
    rows
        Columns as in estimates.csv.
    kind, benchmark, estimand, model, reference, k
        Values of the columns of these names.

    Returns
    -------
    The rows, in their order and with their index.

    Examples
    --------
    >>> rows = pd.DataFrame({"kind": ["posterior", "observed"], "k": [1.0, 8.0]})
    >>> select(rows, kind="observed", k=[1, 8])["k"].tolist()
    [8.0]
    """
    matches = np.ones(len(rows), dtype=bool)
    values = {
        "kind": kind,
        "benchmark": benchmark,
        "estimand": estimand,
        "model": model,
        "reference": reference,
        "k": k,
    }
    for column, value in values.items():
        if value is not None:
            choices = [value] if isinstance(value, str | int | float) else list(value)
            matches &= _is_any(rows[column], choices)
    return rows.take(np.flatnonzero(matches))


def _is_any(column: "pd.Series[Any]", choices: Sequence[object]) -> Bool[np.ndarray, " row"]:
    """Whether each entry is one of some values; of Python's strings NumPy tells it in a third of pandas' time."""
    if column.dtype != "str" and 0 < len(choices) <= FEW_CHOICES:
        entries = column.to_numpy()
        return np.asarray(np.any([np.asarray(entries == choice, dtype=bool) for choice in choices], axis=0))
    return column.isin(choices).to_numpy(dtype=bool)


def estimates_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows as the table, columns in the order of the contract; what a row does not have is missing."""
    types = {"extrapolated": bool, "n_problems": int, "n_extrapolated": int, "k": float, "tau": float}
    frame = pd.DataFrame(list(rows), columns=list(ESTIMATE_COLUMNS))
    frame["n_extrapolated"] = frame["n_extrapolated"].fillna(0)  # missing where a row is not about problems
    return without_minus_zero(frame.astype(types))


def without_minus_zero(table: pd.DataFrame) -> pd.DataFrame:
    """The table with 0.0 for every -0.0, which a difference of two zeros with its sign changed gives."""
    numbers = table.select_dtypes("float").columns
    return table.assign(**{str(name): table[name] + 0.0 for name in numbers})


def furthest_budget(rows: pd.DataFrame) -> float:
    """The largest budget at which the curves of a pair were compared, of which `no_crossover` has the number."""
    budgets = rows.loc[rows["estimand"] == "no_crossover", "k"]
    return float((rows["k"] if budgets.empty else budgets).max())
