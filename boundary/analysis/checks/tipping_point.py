"""Tipping-point analysis: shrinkage against the rate of false positives, and the rate at which its verdict changes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.estimates.decisions import EQUIVALENT, NARROWED, SURE, WIDENED, Decision
from boundary.analysis.fit_inputs import FitInputs
from boundary.analysis.fit_store import FitStore
from boundary.analysis.fitting import NOTHING_KEPT, Panel
from boundary.analysis.formatting import probability_text
from boundary.analysis.progress import Progress
from boundary.stats.estimands import flows
from boundary.stats.intervals import MARGIN, TIE, summarise
from boundary.stats.priors import NonParametric
from boundary.stats.random_keys import fit_key
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors

# Rates of false positives on the curve; hardly any verifier has 3 % or more.
CURVE_RATES = (0.0, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2)
CURVE_PRIOR = NonParametric(new_problems=0)
# A rate is contradicted where the counts are this much less probable than under the best.
CONTRADICTED = np.log(0.01)
CURVE_COLUMNS = (
    "benchmark",
    "model",
    "reference",
    "k",
    "false_positive_rate",
    "mean",
    "lower",
    "upper",
    "level",
    "prob_positive",
    "prob_negative",
    "prob_equivalent",
    "prob_narrowed",
    "prob_widened",
    "log_evidence",
    "extrapolated",
)


def tipping_point_curves(
    pairs: Sequence[Panel],
    level: float,
    seed: int,
    progress: Progress,
    margin: float = MARGIN,
    store: FitStore = NOTHING_KEPT,
) -> pd.DataFrame:
    """Shrinkage at k = 1, n and 8n of each pair under each rate of CURVE_RATES (CURVE_COLUMNS).

    Rates of false negatives are those of the panel's first node. Each rate is fitted; `log_evidence` is the log
    probability of the counts under it, less that of the best rate. Fits that are in the store are not made again.
    """
    rows: list[dict[str, Any]] = []
    progress = store.reporting(progress)
    for i, panel in enumerate(pairs):
        progress(f"errors: {panel.benchmark}", i, len(pairs))
        fits, log_evidence = _fits_at_curve_rates(panel, seed, store)
        for rate, fit, evidence in zip(CURVE_RATES, fits, log_evidence, strict=True):
            rows += _rows(panel, fit, level, margin, {"false_positive_rate": rate, "log_evidence": float(evidence)})
        progress(f"errors: {panel.benchmark}", i + 1, len(pairs))
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def _fits_at_curve_rates(panel: Panel, seed: int, store: FitStore) -> tuple[list[SolveRates], np.ndarray]:
    """Posterior under each rate of the curve, and their log evidence."""
    c, n = panel.counts[:2]
    label = "\0".join(["errors", panel.benchmark, *panel.models])
    errors = _errors_at_curve_rates(panel)
    inputs = FitInputs(c, n, CURVE_PRIOR, seed, label, errors)
    fits = store.load_nodes(inputs)
    if fits is None:
        fits = CURVE_PRIOR.posterior_by_node(c, n, fit_key(seed, label), errors)
        store.save_nodes(inputs, *fits)
    return fits


def _errors_at_curve_rates(panel: Panel) -> VerdictErrors:
    """Misclassification rates of a panel with each false-positive rate of the curve as one node."""
    shape = (*panel.counts.n_correct.shape, len(CURVE_RATES))
    positive = np.broadcast_to(np.array(CURVE_RATES), shape)
    negative = np.zeros(shape) if panel.errors is None else panel.errors.false_negative[..., :1] + np.zeros(shape)
    return VerdictErrors(positive, np.minimum(negative, 0.9), shared=True)


def _rows(panel: Panel, fit: SolveRates, level: float, margin: float, node: dict[str, float]) -> list[dict[str, Any]]:
    """Rows of the curve at one false-positive rate; `node` holds the rate and its log evidence."""
    n = max(fit.reliable_k, 1)
    budgets = sorted({1, n, 8 * n})
    shrinkage = flows(fit, budgets)["shrinkage"]
    rows = []
    for k in budgets:
        draws = shrinkage.sel(k=k).to_numpy()
        chances = {
            "prob_narrowed": float((draws > margin + TIE).mean()),
            "prob_widened": float((draws < -margin - TIE).mean()),
        }
        labels = {"benchmark": panel.benchmark, "model": panel.arm, "reference": panel.base, "k": k, "level": level}
        rows.append(summarise(draws, level, margin)._asdict() | labels | node | chances | {"extrapolated": k > n})
    return rows


class TippingPoint(NamedTuple):
    """The false-positive rate at which a verdict is no longer sure.

    Parameters
    ----------
    benchmark, model, k
        The shrinkage that the verdict is on.
    rate
        The tipping point; infinite where the verdict is never sure, or stays sure over the whole curve.
    contradicted
        Smallest rate above 0 of the curve that the counts contradict; infinite where there is none.
    text
        Both as sentences.
    """

    benchmark: str
    model: str
    k: int
    rate: float
    contradicted: float
    text: str


def tipping_points(curves: pd.DataFrame) -> list[TippingPoint]:
    """The tipping point of the verdict on the shrinkage, for each pair and each k above 1.

    Parameters
    ----------
    curves
        From `tipping_point_curves`.
    """
    points = []
    for (benchmark, model, k), rows in curves.loc[curves["k"] > 1].groupby(["benchmark", "model", "k"], sort=False):
        ordered = rows.sort_values("false_positive_rate")
        points.append(_tipping_point(str(benchmark), str(model), int(float(str(k))), ordered))
    return points


def _tipping_point(benchmark: str, model: str, k: int, rows: pd.DataFrame) -> TippingPoint:
    rates = rows["false_positive_rate"].to_numpy(float)
    against = rates[rows["log_evidence"].to_numpy() < CONTRADICTED]
    contradicted = float(against[against > 0].min(initial=np.inf))
    first = rows.iloc[0]
    start = Decision(k, False, *(float(first[f"prob_{name}"]) for name in ("narrowed", "widened", "equivalent")))
    column = {NARROWED: "prob_narrowed", WIDENED: "prob_widened", EQUIVALENT: "prob_equivalent"}[start.likeliest]
    probability = rows[column].to_numpy(float)
    rate = crossing(rates, probability, SURE) if start.probability >= SURE else float("inf")
    text = f"At k = {k} the likeliest verdict on {model} without false positives is '{start.likeliest}', with "
    text += f"probability {probability_text(start.probability)}"
    if start.probability < SURE:
        text += ": it is not sure to begin with."
    elif np.isinf(rate):
        text += f"; it stays above {SURE} up to a false-positive rate of {rates[-1]:.2g}."
    else:
        text += f"; it falls below {SURE} at a false-positive rate of about {rate:.1g}."
    if np.isfinite(contradicted):
        text += f" The counts themselves contradict rates from {contradicted:.2g} on."
    return TippingPoint(benchmark, model, k, rate, contradicted, text)


def crossing(rates: np.ndarray, probability: np.ndarray, bar: float) -> float:
    """First rate at which a probability falls below a bar, between candidates; infinity where it does not.

    Between candidates rates are taken on a log scale, but for the first, which is 0.
    """
    below = np.flatnonzero(probability < bar)
    if not len(below):
        return float("inf")
    after = int(below[0])
    if after == 0:
        return float(rates[0])
    share = (probability[after - 1] - bar) / (probability[after - 1] - probability[after])
    low, high = rates[after - 1], rates[after]
    return float(low + share * (high - low) if low == 0 else low * (high / low) ** share)


def tipping_point_panels(panels: Sequence[Panel]) -> list[Panel]:
    """The panels to draw a curve of: pairs on all problems together, or on each benchmark if these are not pooled."""
    pairs = [panel for panel in panels if panel.base is not None]
    pooled = [panel for panel in pairs if panel.benchmark == "all"]
    return [panel._replace(errors=_middle_node(panel.errors)) for panel in pooled or pairs]


def _middle_node(errors: VerdictErrors | None) -> VerdictErrors | None:
    return None if errors is None else replace(errors.node(errors.n_nodes // 2), shared=False)
