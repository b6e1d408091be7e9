"""Rows of the cost table of one fit, from the joint posterior of solve rates and lengths."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from boundary.analysis.cost.lengths import ModelLengths
from boundary.analysis.cost.record import CURVE, MONEY, TOKENS
from boundary.analysis.estimates.table import POSTERIOR
from boundary.analysis.fitting import Panel
from boundary.analysis.request import Request
from boundary.stats.cost.draws import CostDraws, cost_draws
from boundary.stats.cost.lengths import ObservedLengths
from boundary.stats.cost.quantities import budget_to_solve, crossover_budget, spending
from boundary.stats.diagnostics import Convergence, convergence
from boundary.stats.intervals import TIE, summaries
from boundary.stats.sample_sizes import MOST
from boundary.stats.solve_rates import SolveRates

N_BUDGETS, MOST_REPORTED = 60, 8
# Shares of the problems, to the cost of which coverage at cost refers.
SHARES = (0.25, 0.5, 0.75, 0.9)
PER_MILLION = 1e-6
LabelledDraws = tuple[str, np.ndarray, Mapping[str, Any]]
"""An estimand, its draws (chain, draw), and columns of its row."""
# Of the lengths those below which no attempt ends, nearly.
SHORTEST = 0.02


class CostBudgets(NamedTuple):
    """Budgets a problem of one fit, in tokens or money.

    Parameters
    ----------
    every
        Of the curves, ascending.
    table
        Those of them that are reported.
    reliable
        The largest that nine of ten problems have samples for, of every model: beyond it all is extrapolated.
    """

    every: Float[np.ndarray, " budget"]
    table: list[float]
    reliable: float


def cost_rows(
    request: Request, panel: Panel, rates: SolveRates, lengths: Mapping[str, ModelLengths]
) -> list[dict[str, Any]]:
    """Rows of one fit.

    Parameters
    ----------
    request
        Level, margin, seed and prices.
    panel
        The fit: rows of the base come from the first of a benchmark alone.
    rates
        Its posterior; the problems at hand are meant, whatever the target.
    lengths
        Of each of its models.

    Returns
    -------
    One mapping a row, for `COST_COLUMNS`.
    """
    unit = MONEY if request.prices else TOKENS
    scaled = {
        model: lengths[model].lengths.scaled(PER_MILLION * request.prices[model] if request.prices else 1.0)
        for model in panel.models
    }
    budgets = _budgets(request, panel, rates, scaled)
    arms = {model: _arm_draws(request, panel, rates, model, scaled[model], budgets) for model in panel.models}
    origins = {model: lengths[model].origin for model in panel.models}
    table = _CostTable(request, panel, rates.prior, unit, budgets, origins)
    for model, arm in arms.items():
        if model != panel.base or panel.first:
            table.add_model(model, arm)
    if panel.base is not None:
        table.add_pair(panel.arm, panel.base, arms[panel.arm], arms[panel.base])
    return table.rows


def _budgets(request: Request, panel: Panel, rates: SolveRates, lengths: Mapping[str, ObservedLengths]) -> CostBudgets:
    n_samples = panel.counts.n_samples
    means, shortest, spent = [], [], []
    for column, model in enumerate(panel.models):
        observed = lengths[model]
        n = observed.n if observed.by_outcome else observed.n / 2
        total = np.nansum(n * observed.mean, axis=1)
        mean = np.divide(total, n.sum(axis=1), out=np.full(len(total), np.nan), where=n.sum(axis=1) > 0)
        mean = np.where(np.isnan(mean), np.nanmean(mean), mean)
        means.append(mean.mean())
        shortest.append(np.nanquantile(observed.mean * observed.shape[..., 0], SHORTEST))
        spent.append(n_samples[:, column] * mean)
    within = np.sort(np.min(spent, axis=0))[::-1]
    reliable = float(within[max(int(np.ceil(MOST * len(within) - 1e-9)), 1) - 1])
    options = request.for_fit(rates)
    low = float(min(shortest)) * 0.9
    high = max(float(options.max_k * max(means)), 2 * low)
    round_numbers = _round_numbers(low, high)
    every = np.unique([*np.geomspace(low, high, N_BUDGETS - len(round_numbers)), *round_numbers])
    return CostBudgets(every, _thinned(round_numbers, reliable), reliable)


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten between two budgets; their ends where there is none."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    numbers = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
    return [number for number in numbers if low <= number <= high] or [low, high]


def _thinned(numbers: Sequence[float], reliable: float) -> list[float]:
    """At most `MOST_REPORTED` of them, evenly spread, the largest within the samples among them."""
    within = [i for i, number in enumerate(numbers) if number <= reliable]
    anchor = within[-1] if within else 0
    step = max(1, int(np.ceil(len(numbers) / MOST_REPORTED)))
    return [number for i, number in enumerate(numbers) if (i - anchor) % step == 0]


def _arm_draws(
    request: Request, panel: Panel, rates: SolveRates, model: str, observed: ObservedLengths, budgets: CostBudgets
) -> CostDraws:
    label = "\0".join(["cost", panel.benchmark, model])
    rng = np.random.default_rng([request.seed, zlib.crc32(label.encode())])
    return cost_draws(rates.p[..., rates.index(model)], observed, budgets.every, rng)


class _CostTable:
    """Collects the rows of one fit."""

    def __init__(
        self,
        request: Request,
        panel: Panel,
        prior: str,
        unit: str,
        budgets: CostBudgets,
        origins: Mapping[str, str],
    ) -> None:
        self.origins = origins
        self.request, self.panel, self.prior, self.unit, self.budgets = request, panel, prior, unit, budgets
        self.rows: list[dict[str, Any]] = []
        self.places = [int(np.flatnonzero(budgets.every == budget)[0]) for budget in budgets.table]

    def add_model(self, model: str, arm: CostDraws) -> None:
        """Rows of one model: pass at each budget, what an attempt costs, coverage at cost, cost of a solved problem."""
        labels = {"model": model, "lengths": self.origins[model]}
        self._add_curve("pass_at_cost", arm.solved, labels)
        names = ("attempt_cost", "attempt_cost_wrong", "attempt_cost_correct")
        quantities: list[LabelledDraws] = [(name, arm.attempts[i], {}) for i, name in enumerate(names)]
        every, flat = self.budgets.every, arm.solved.reshape(-1, arm.solved.shape[-1])
        shape = arm.solved.shape[:2]
        for share in SHARES:
            cost = budget_to_solve(flat, every, share).reshape(shape)
            quantities.append(("cost_to_solve", cost, {"share": share, "extrapolated": self._is_beyond(cost)}))
        spent = spending(flat, every)
        for place in self.places:
            with np.errstate(divide="ignore"):
                ratio = (spent[:, place] / flat[:, place]).reshape(shape)
            is_beyond = bool(every[place] > self.budgets.reliable)
            quantities.append(("cost_per_solved", ratio, {"cost": every[place], "extrapolated": is_beyond}))
        self._add(quantities, labels)

    def add_pair(self, model: str, reference: str, arm: CostDraws, base: CostDraws) -> None:
        """Rows of a pair: shrinkage at each budget, the crossover, attempts for equal cost."""
        labels = {
            "model": model,
            "reference": reference,
            "lengths": _worse_origin(self.origins[model], self.origins[reference]),
        }
        difference = base.solved - arm.solved
        self._add_curve("shrinkage_at_cost", difference, labels, self.request.margin)
        shape, size = difference.shape[:2], difference.shape[2]
        crossing = crossover_budget(base.solved.reshape(-1, size), arm.solved.reshape(-1, size), self.budgets.every)
        crossing = crossing.reshape(shape)
        n = max(int(np.median(self.panel.counts.n_samples)), 1)
        ratio = base.attempts[0] / arm.attempts[0]
        undefined = np.isnan(crossing)
        no_crossing = np.where(undefined, np.nan, np.isinf(crossing))
        last = float(self.budgets.every[-1])
        is_beyond = last > self.budgets.reliable
        quantities: list[LabelledDraws] = [
            ("crossover_cost", crossing, {"extrapolated": self._is_beyond(crossing)}),
            ("no_crossover_cost", no_crossing, {"cost": last, "extrapolated": is_beyond}),
            ("leads_at_cost", 1.0 - undefined, {"cost": last, "extrapolated": is_beyond}),
            ("matched_attempts", n * ratio, {"k": n}),
        ]
        self._add(quantities, labels)
        swapped = labels | {"model": reference, "reference": model}
        self._add([("matched_attempts", n / ratio, {"k": n})], swapped)
        self._add_crossing_probabilities(difference, labels)

    def _add_crossing_probabilities(self, difference: np.ndarray, labels: Mapping[str, Any]) -> None:
        """Probabilities that RL is ahead, and behind at a larger budget, by more than the margin; and the converse."""
        least = self.request.margin + TIE
        ahead, behind = difference < -least, difference > least
        chances = {
            "crosses_at_cost": (np.logical_or.accumulate(ahead, axis=2) & behind).any(axis=2),
            "crosses_back_at_cost": (np.logical_or.accumulate(behind, axis=2) & ahead).any(axis=2),
        }
        last, is_beyond = float(self.budgets.every[-1]), bool(self.budgets.every[-1] > self.budgets.reliable)
        for name, holds in chances.items():
            row = self._row(name, labels) | {"mean": float(holds.mean()), "cost": last, "extrapolated": is_beyond}
            self.rows.append(row)

    def _is_beyond(self, costs: np.ndarray) -> bool:
        """Whether the median of draws of a cost lies beyond the samples."""
        defined = costs[~np.isnan(costs)]
        return bool(len(defined)) and bool(np.quantile(defined, 0.5, method="inverted_cdf") > self.budgets.reliable)

    def _add_curve(
        self,
        name: str,
        draws: Float[np.ndarray, "chain draw budget"],
        labels: Mapping[str, Any],
        margin: float | None = None,
    ) -> None:
        """Rows of all budgets as a curve, and of some as estimates with their diagnostics."""
        every = self.budgets.every
        quantities = [
            (
                name,
                draws[..., place],
                {"cost": every[place], "extrapolated": bool(every[place] > self.budgets.reliable)},
            )
            for place in range(len(every))
        ]
        self._add([quantities[place] for place in self.places], labels, margin)
        self._add(quantities, labels, margin, CURVE)

    def _add(
        self,
        quantities: Sequence[LabelledDraws],
        labels: Mapping[str, Any],
        margin: float | None = None,
        kind: str = POSTERIOR,
    ) -> None:
        draws = np.stack([part for _, part, _ in quantities])
        level = self.request.level
        summarised = summaries(draws.reshape(len(draws), -1), level, [margin] * len(draws))
        diagnosed = self._diagnostics(draws, kind)
        for (name, part, at), summary, diagnostics in zip(quantities, summarised, diagnosed, strict=True):
            row = self._row(name, labels, kind) | summary._asdict() | diagnostics
            if margin is not None:
                row["prob_narrowed"] = float((part > margin + TIE).mean())
                row["prob_widened"] = float((part < -margin - TIE).mean())
            if name == "no_crossover_cost":  # a mean of zeros and ones: quantiles of these would say nothing
                row |= dict.fromkeys(("median", "lower", "upper", "prob_positive"), np.nan)
            self.rows.append(row | {"extrapolated": False} | dict(at))

    def _diagnostics(self, draws: np.ndarray, kind: str) -> Iterator[dict[str, float]]:
        names = ("r_hat", "ess_bulk", "ess_tail")
        if kind == CURVE:
            return iter([{} for _ in draws])
        parts = zip(*convergence(draws), strict=True)
        all_names = Convergence._fields
        return iter(
            [
                {name: float(value) for name, value in zip(all_names, values, strict=True) if name in names}
                for values in parts
            ]
        )

    def _row(self, name: str, labels: Mapping[str, Any], kind: str = POSTERIOR) -> dict[str, Any]:
        return {
            "benchmark": self.panel.benchmark,
            "estimand": name,
            "reference": "",
            "unit": self.unit,
            "kind": kind,
            "prior": self.prior,
            "level": self.request.level,
            "n_problems": len(self.panel.counts.problem_ids),
            **labels,
        }


def _worse_origin(*origins: str) -> str:
    """Of where lengths come from what says least."""
    return max(origins, key=("samples", "means by outcome", "means").index)
