"""Pass@k of a model at the temperature at which its answers are as varied as the base's."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from boundary.analysis.breadth.estimates import FEWEST_ANSWERED, ModelAnswers, places_of
from boundary.analysis.breadth.record import (
    MATCHED_REACHED,
    MATCHED_SHRINKAGE,
    MATCHED_TEMPERATURE,
    POSTERIOR,
)
from boundary.analysis.notes import Note
from boundary.analysis.request import Request
from boundary.data.counts import Counts
from boundary.stats.breadth import answer_entropy, matched_temperature, mean_over_problems
from boundary.stats.estimands import flows
from boundary.stats.intervals import summarise
from boundary.stats.solve_rates import SolveRates

# Between a model's name and the temperature, as `boundary sample --temperatures` names its models.
MARK = "@"
FEWEST_TEMPERATURES = 2
# Shrinkage at equal entropy is reported where this is reached with so much probability.
SURE = 0.95


class TemperatureFamily(NamedTuple):
    """One model sampled at several temperatures: its name, the temperatures in order, and the arm at each."""

    name: str
    temperatures: list[float]
    arms: list[str]


def temperature_families(counts: Counts, arms: Sequence[str]) -> list[TemperatureFamily]:
    """Models that were sampled at two temperatures or more: arms named MODEL@T whose counts have that temperature.

    Parameters
    ----------
    counts
        Counts with a column `temperature`.
    arms
        Names of the models.
    """
    if "temperature" not in counts.table:
        return []
    table = counts.table
    members: dict[str, dict[float, str]] = defaultdict(dict)
    for arm in arms:
        name, mark, _ = arm.rpartition(MARK)
        temperatures = pd.to_numeric(table.loc[table["model"] == arm, "temperature"], errors="coerce").unique()
        if mark and len(temperatures) == 1 and np.isfinite(temperatures[0]):
            members[name][float(temperatures[0])] = arm
    return [
        TemperatureFamily(name, sorted(of_name), [of_name[t] for t in sorted(of_name)])
        for name, of_name in members.items()
        if len(of_name) >= FEWEST_TEMPERATURES
    ]


def matched_rows(
    request: Request,
    counts: Counts,
    answers: Mapping[str, Mapping[str, ModelAnswers]],
    rates: Mapping[str, SolveRates],
) -> tuple[list[dict[str, Any]], list[Note]]:
    """Rows of every model with several temperatures: the matched temperature, and shrinkage at it.

    Parameters
    ----------
    request, counts
        Of the analysis.
    answers
        Of each model, by benchmark.
    rates
        Posterior of the solve rates by the names of the fits.

    Returns
    -------
    Rows, and a note where the models have answers to no problem in common.

    Notes
    -----
    The entropies are those of the problems on which every temperature and the base gave enough answers. They are drawn
    from normal distributions as wide as their intervals, and the matched temperature found in each draw by lines
    between those sampled; the mean of its row is the median of the draws, and an end where the base's entropy is not
    reached is 0 or infinite. Shrinkage there is that of the fits at the two temperatures around it, weighed alike;
    draws of the fits and of the entropies are taken as independent.
    """
    rows: list[dict[str, Any]] = []
    notes: list[Note] = []
    if request.base is None:
        return rows, notes
    for benchmark in request.benchmarks:
        of_benchmark = answers.get(benchmark, {})
        for family in temperature_families(counts, request.arms):
            models = [request.base, *family.arms]
            if not set(models) <= set(of_benchmark):
                continue
            entropies = common_entropies([of_benchmark[model] for model in models], request.level)
            if entropies is None:
                text = (
                    f"{request.shorten(request.base)} and {request.shorten(family.name)} at its temperatures have no "
                    f"problem in common with {FEWEST_ANSWERED} answers of each: their entropies are not compared."
                )
                notes.append(Note(benchmark, family.name, text, "note"))
                continue
            rows += _family_rows(request, benchmark, family, entropies, rates)
    return rows, notes


def common_entropies(models: Sequence[ModelAnswers], level: float) -> pd.DataFrame | None:
    """Answer entropy of each model on the problems on which all gave enough answers; None where there is none.

    Parameters
    ----------
    models
        Answers of each; the problems may differ.
    level
        Confidence of the intervals, in (0, 1).

    Returns
    -------
    A row a model: mean, lower, upper and n_problems.
    """
    of_arms = [set(model.problems) for model in models[1:]]
    common = [pair for pair in models[0].problems if all(pair in problems for problems in of_arms)]
    sides = [model.counts.of_problems(places_of(model.problems, common)) for model in models]
    enough = np.flatnonzero(np.min([side.n_answered for side in sides], axis=0) >= FEWEST_ANSWERED)
    if not len(enough):
        return None
    estimates = [mean_over_problems(answer_entropy(side.answered().of_problems(enough)), level) for side in sides]
    rows = [{name: float(part[0]) for name, part in estimate._asdict().items()} for estimate in estimates]
    return pd.DataFrame(rows).assign(n_problems=len(enough))


def _family_rows(
    request: Request,
    benchmark: str,
    family: TemperatureFamily,
    entropies: pd.DataFrame,
    rates: Mapping[str, SolveRates],
) -> list[dict[str, Any]]:
    has_several_arms = len(request.arms) > 1
    fits = [rates.get(f"{benchmark}: {arm}" if has_several_arms else benchmark) for arm in family.arms]
    labels: dict[str, Any] = {"benchmark": benchmark, "model": family.name, "reference": request.base}
    labels |= {"target": "benchmark", "kind": POSTERIOR, "level": request.level, "extrapolated": False}
    if any(fit is None for fit in fits):
        return []
    present = [fit for fit in fits if fit is not None]
    labels["n_problems"] = int(entropies["n_problems"].iloc[0])
    n_draws = min(fit.p.shape[0] * fit.p.shape[1] for fit in present)
    draws = _entropy_draws(entropies, request, n_draws)
    crossing = matched_temperature(family.temperatures, draws[1:], draws[0])
    is_met = np.isfinite(crossing.temperature) & (crossing.temperature > 0)
    probability = float(is_met.mean())
    rows = [labels | {"estimand": MATCHED_REACHED, "mean": probability}]
    if probability < 1 - SURE:
        return rows
    temperature = summarise(crossing.temperature, request.level)
    ends = {"mean": temperature.median, "lower": temperature.lower, "upper": temperature.upper}
    rows.append(labels | {"estimand": MATCHED_TEMPERATURE} | ends)
    if probability < SURE:  # what holds where it is reached is no statement on the models then
        return rows
    budgets = sorted(set.intersection(*(set(request.for_fit(fit).budgets) for fit in present)))
    shrinkage = [flows(fit, budgets)["shrinkage"] for fit in present]
    reliable = min(fit.reliable_k for fit in present)
    for k in budgets:
        values = np.stack([part.sel(k=k).to_numpy().ravel()[:n_draws] for part in shrinkage])
        matched = (crossing.weights * values).sum(axis=0)[is_met]
        signs = {"prob_positive": float((matched > 0).mean()), "prob_negative": float((matched < 0).mean())}
        summary = summarise(matched, request.level)
        ends = {"mean": summary.mean, "lower": summary.lower, "upper": summary.upper}
        row = labels | {"estimand": MATCHED_SHRINKAGE, "k": float(k), "extrapolated": k > reliable}
        rows.append(row | {"n_problems": present[0].n_problems} | signs | ends)
    return rows


def _entropy_draws(entropies: pd.DataFrame, request: Request, n_draws: int) -> np.ndarray:
    """Draws of the entropies: normal on either side, as wide as their intervals."""
    rng = np.random.default_rng(request.seed)
    z = float(ndtri((1 + request.level) / 2))
    mean, lower, upper = (entropies[name].to_numpy(dtype=float)[:, None] for name in ("mean", "lower", "upper"))
    normal = rng.standard_normal((len(entropies), n_draws)) / z
    return np.asarray(mean + normal * np.where(normal > 0, upper - mean, mean - lower))
