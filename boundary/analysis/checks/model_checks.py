"""Model checks: posterior predictive checks of the fitted populations, leave-one-out comparison, other families."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.estimates.estimate import estimate
from boundary.analysis.estimates.table import POSTERIOR, estimates_frame
from boundary.analysis.fitting import Panel, fit_all
from boundary.analysis.formatting import number
from boundary.analysis.notes import Note
from boundary.analysis.progress import Progress
from boundary.analysis.request import Request
from boundary.processors import usable_processors
from boundary.stats.model_checks import LARGEST_PARETO_K, Check, loo, predictive_checks, stacking_weights
from boundary.stats.priors import PRIORS
from boundary.stats.solve_rates import SolveRates

FIT = ("benchmark", "model", "prior")
CHECK_COLUMNS = (*FIT, "statistic", "observed", "replicated", "lower", "upper", "p_value", "ok")
FAMILY_COLUMNS = (
    *FIT,
    "elpd",
    "elpd_se",
    "elpd_difference",
    "difference_se",
    "max_pareto_k",
    "weight",
    "failed",
    "ok",
)
# Compared with the family in use on request: those with a population, which can predict a left-out problem.
FAMILIES = ("nonparametric", "logit_normal", "beta_binomial", "inflated_beta_binomial")
# Estimands that are compared between families, at the largest budget within the samples and at the largest of all.
SENSITIVE = frozenset({"pass_at_k", "shrinkage", "lost", "gained", "crossover"})

Row = dict[str, Any]
Fits = Mapping[str, SolveRates]


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True)
class ModelChecks:
    """Results of the model checks of all fits.

    Parameters
    ----------
    checks
        Statistics of the counts, observed and replicated from the fitted populations (CHECK_COLUMNS).
    families
        Leave-one-out prediction of each family, and its stacking weight among those fitted (FAMILY_COLUMNS).
    sensitivity
        The main estimates under each family, columns as in estimates.csv; empty where one family was fitted.
    remarks
        Failed checks, unreliable leave-one-out predictions, and families that disagree.
    """

    checks: pd.DataFrame = field(default_factory=lambda: _empty(CHECK_COLUMNS))
    families: pd.DataFrame = field(default_factory=lambda: _empty(FAMILY_COLUMNS))
    sensitivity: pd.DataFrame = field(default_factory=lambda: estimates_frame([]))
    remarks: tuple[Note, ...] = ()


def model_checks(
    request: Request,
    panels: Sequence[Panel],
    posteriors: Sequence[SolveRates],
    predictive: Sequence[list[Check]],
    progress: Progress,
) -> ModelChecks:
    """Check the fitted populations against the counts, and compare them with other families on request.

    Parameters
    ----------
    request
        Says whether other families are fitted too.
    panels, posteriors, predictive
        The fits in use, and their predictive checks.
    progress
        Called as each further fit begins and ends.
    """
    fits = _fits_by_family(request, panels, posteriors, progress)
    with ThreadPoolExecutor(usable_processors()) as pool:
        rows_of_panels = list(pool.map(partial(_rows_of_panel, request), panels, fits, predictive))
    checks, families, sensitivity = (list(chain.from_iterable(rows)) for rows in zip(*rows_of_panels, strict=True))
    tables = (
        pd.DataFrame(checks, columns=list(CHECK_COLUMNS)),
        pd.DataFrame(families, columns=list(FAMILY_COLUMNS)),
        estimates_frame(sensitivity),
    )
    used = next(iter(fits[0]))
    return ModelChecks(*tables, (*_misfits(tables[1], used), *_disagreements(tables[2], tables[1], used)))


def _rows_of_panel(
    request: Request, panel: Panel, by_family: Fits, predictive: list[Check]
) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows of one panel in the tables of checks, families and sensitivity."""
    labels = {"benchmark": panel.benchmark, "model": panel.arm}
    used, *other_families = by_family
    by_prior = {used: predictive} | {name: predictive_checks(by_family[name], request.seed) for name in other_families}
    replicated = [
        labels | {"prior": name} | check._asdict() | {"ok": check.ok}
        for name, checks in by_prior.items()
        for check in checks
    ]
    sensitivity: list[Row] = []
    if len(by_family) > 1:
        main = _main_request(request, next(iter(by_family.values())))
        every = panel._replace(first=True)
        for rates in by_family.values():
            sensitivity += estimate(main, every, rates, kinds=(POSTERIOR,))
    return replicated, _families(panel, by_family, replicated), sensitivity


def _fits_by_family(
    request: Request, panels: Sequence[Panel], posteriors: Sequence[SolveRates], progress: Progress
) -> list[Fits]:
    """Posterior of each panel under the family in use, first, and under the other families on request."""
    fits: list[Fits] = [{rates.prior: rates} for rates in posteriors]
    for name in FAMILIES if request.compare_priors else ():
        if name != request.prior.name:
            posteriors_of_family = fit_all(
                panels, PRIORS[name](), request.seed, progress, request.fit_store, request.jobs
            )
            fits = [{**families, name: rates} for families, rates in zip(fits, posteriors_of_family, strict=True)]
    return fits


def _families(panel: Panel, fits: Fits, checks: Sequence[Row]) -> list[Row]:
    """Leave-one-out prediction of each family that has a population, with the predictive checks that it failed."""
    left_out_by_family = {name: left_out for name, rates in fits.items() if (left_out := loo(rates)) is not None}
    if not left_out_by_family:
        return []
    elpd = np.array([left_out.elpd for left_out in left_out_by_family.values()])
    best = elpd[elpd.sum(axis=1).argmax()]
    rows = []
    for (name, left_out), weight in zip(left_out_by_family.items(), stacking_weights(elpd), strict=True):
        failed = [check["statistic"] for check in checks if check["prior"] == name and not check["ok"]]
        difference = left_out.elpd - best
        n_problems = len(difference)
        standard_error = float(np.sqrt(n_problems) * difference.std(ddof=1)) if n_problems > 1 else np.nan
        rows.append(
            dict(zip(FIT, (panel.benchmark, panel.arm, name), strict=True))
            | {
                "elpd": left_out.total,
                "elpd_se": left_out.standard_error,
                "elpd_difference": float(difference.sum()),
                "difference_se": standard_error,
                "max_pareto_k": left_out.max_pareto_k,
                "weight": float(weight),
                "failed": "; ".join(failed),
                "ok": not failed,
            }
        )
    return rows


def _main_request(request: Request, rates: SolveRates) -> Request:
    """The request cut to the main estimands, at the largest budget within the samples and at the largest of all."""
    options = request.for_fit(rates)
    budgets = tuple(sorted({options.within(rates.reliable_k), max(options.budgets)}))
    return replace(request, budgets=budgets, max_k=options.max_k, estimands=SENSITIVE)


def _misfits(families: pd.DataFrame, used: str) -> Iterator[Note]:
    """Notes on families that fail a check, and on leave-one-out results that are not reliable."""
    for row in families.to_dict(orient="records"):
        about = row["benchmark"], row["model"]
        if not row["ok"]:
            text = f"{row['prior']} does not reproduce the counts: {row['failed']}."
            yield Note(*about, text, "alarm" if row["prior"] == used else "remark")
        if row["max_pareto_k"] > LARGEST_PARETO_K:
            k_text = number(row["max_pareto_k"], 1, 2) if np.isfinite(row["max_pareto_k"]) else "beyond all bounds"
            yield Note(
                *about, f"{row['prior']}: predictions of left-out problems are unsure (Pareto k {k_text}).", "remark"
            )


def _disagreements(sensitivity: pd.DataFrame, families: pd.DataFrame, used: str) -> Iterator[Note]:
    """Notes where a family that passes its checks differs from the one in use by more than an interval's width."""
    passed = families.loc[families["ok"].astype(bool), list(FIT)]
    rows = sensitivity.merge(passed, on=list(FIT)) if len(sensitivity) else sensitivity
    rows = rows.loc[rows["estimand"] == ("shrinkage" if (rows["estimand"] == "shrinkage").any() else "pass_at_k")]
    for _, group in rows.groupby(["benchmark", "model", "k"], sort=False):
        by_family = {row["prior"]: row for row in group.to_dict(orient="records")}
        if used not in by_family:
            continue
        in_use = by_family[used]
        furthest = max(by_family.values(), key=lambda row: abs(row["mean"] - in_use["mean"]))
        if abs(furthest["mean"] - in_use["mean"]) > in_use["upper"] - in_use["lower"]:
            text = (
                f"At k = {in_use['k']:.0f} two families that both reproduce the counts disagree by more than an "
                f"interval's width: {in_use['estimand'].replace('_', ' ')} is {number(in_use['mean'], 100, 1)} points "
                f"under {used} and {number(furthest['mean'], 100, 1)} under {furthest['prior']}."
            )
            yield Note(in_use["benchmark"], in_use["model"], text, "alarm")
