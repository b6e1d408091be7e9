"""The table of problems: counts and posterior of each problem, and flags on those whose result needs a second look."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from boundary.analysis.estimates.table import without_minus_zero
from boundary.stats.powers import dots, failure_rates, powers
from boundary.stats.solve_rates import SolveRates

ARM_COLUMNS = (
    "n_samples",
    "n_correct",
    "p_mean",
    "p_lower",
    "p_upper",
    "reach_mean",
    "reach_lower",
    "reach_upper",
    "prob_solvable",
)
PROBLEM_COLUMNS = (
    "benchmark",
    "problem_id",
    "model",
    "reference",
    "k",
    *ARM_COLUMNS,
    *(f"reference_{name}" for name in ARM_COLUMNS),
    "prob_lost",
    "prob_gained",
    "flag",
    "extrapolated",
)
ONE_SUCCESS, ARTEFACT = "one success", "check grading"
# One arm never right and the other this often right, in so many samples of each at least, is more like a change of
# answer format, or of the verifier, than of what a model can do.
ARTEFACT_SHARE, ARTEFACT_SAMPLES = 0.9, 8
# Problems whose draws are summarised together.
TOGETHER = 64


def problem_table(
    rates: SolveRates, benchmark: str, model: str, base: str | None, k: int, level: float = 0.95
) -> pd.DataFrame:
    """One row a problem: counts, solve rate and reach at a budget for each arm, and what was lost or gained.

    Parameters
    ----------
    rates
        Posterior of a pair, or of one model (`base` is then None).
    benchmark
        Name put in the first column.
    model, base
        The arm, and the model that it is compared with.
    k
        Budget of reach and of what is lost and gained, at least 1.
    level
        Probability within each interval.

    Returns
    -------
    Columns `PROBLEM_COLUMNS`. `p_*` is the posterior of the solve rate, `reach_*` that of 1 - (1 - p)^k, the
    probability that k samples solve the problem; `prob_solvable` is the probability that this reach is at least one
    half. `prob_lost` is the probability that k samples of the base solve the problem and k of the model do not;
    `prob_gained` the converse. Columns of the base begin with `reference_` and are missing where there is none.

    Notes
    -----
    `flag` is `one success` where a problem lost or gained rests on a single right sample against none, and
    `check grading` where one arm is never right and the other at least nine times of ten, with 8 samples or more each.
    """
    arms = {"": model} if base is None else {"": model, "reference_": base}
    columns: dict[str, Any] = {"benchmark": benchmark, "problem_id": list(rates.problem_ids), "model": model}
    columns |= {"reference": base or "", "k": k, "flag": "", "extrapolated": k > rates.fewest}
    models = [rates.index(name) for name in arms.values()]
    summaries, prob_lost, prob_gained = _summaries(rates, models, k, level)
    for prefix, summary in zip(arms, summaries, strict=True):
        columns |= {prefix + label: values for label, values in summary.items()}
    if base is not None:
        pair = models[::-1]
        columns |= {"prob_lost": prob_lost, "prob_gained": prob_gained}
        columns["flag"] = flags(rates.n_correct[:, pair], rates.n_samples[:, pair])
    return without_minus_zero(pd.DataFrame(columns).reindex(columns=list(PROBLEM_COLUMNS)))


def _summaries(
    rates: SolveRates, models: Sequence[int], k: int, level: float
) -> tuple[list[dict[str, Any]], np.ndarray, np.ndarray]:
    """Columns of each model, the base last, and the chances that a problem is lost and gained, by blocks."""
    values = np.empty((len(models), 5, rates.n_problems))
    chances = np.zeros((2, rates.n_problems))
    for first in range(0, rates.n_problems, TOGETHER):
        block = slice(first, first + TOGETHER)
        failed = []
        for i, model in enumerate(models):
            p = np.ascontiguousarray(rates.p[:, :, block, model].reshape(-1, values[i, 0, block].size).T)
            failed.append(next(powers(failure_rates(p), [k])))
            values[i, :, block] = _summary(p, failed[-1], k, level)
        if len(models) == 2:
            fails_both = dots(failed[0], failed[1]) / failed[0].shape[1]
            chances[:, block] = np.maximum([part.mean(axis=1) - fails_both for part in failed], 0.0)
    summaries = []
    for model, (mean, lower, upper, reach, solvable) in zip(models, values, strict=True):
        counts = {"n_samples": rates.n_samples[:, model], "n_correct": rates.n_correct[:, model]}
        # Reach never falls as p grows, so its quantiles are those of p.
        summaries.append(
            counts
            | {"p_mean": mean, "p_lower": lower, "p_upper": upper, "reach_mean": reach}
            | {"reach_lower": _reach(lower, k), "reach_upper": _reach(upper, k), "prob_solvable": solvable}
        )
    return summaries, chances[0], chances[1]


def _summary(
    p: Float[np.ndarray, "problem draw"], failed: Float[np.ndarray, "problem draw"], k: int, level: float
) -> Float[np.ndarray, "5 problem"]:
    """Mean and interval of the solve rates, mean reach, and the probability that reach is at least one half."""
    half = -np.expm1(np.log(0.5) / k)  # reach is one half at this solve rate
    ascending = np.sort(p, axis=1)
    tail = (1 - level) / 2
    lower, upper = (ascending[:, max(ceil(p.shape[1] * share - 1), 0)] for share in (tail, 1 - tail))
    solvable = (p.astype(np.float64) >= half).mean(axis=1)
    return np.stack([p.mean(axis=1, dtype=np.float64), lower, upper, 1 - failed.mean(axis=1), solvable])


def _reach(p: np.ndarray, k: int) -> Float[np.ndarray, "..."]:
    return np.asarray(1.0 - next(powers(failure_rates(p[None]), [k]))[0])


def flags(n_correct: np.ndarray, n_samples: np.ndarray) -> list[str]:
    """The flag of each problem, empty where there is none; counts of two arms, shape (problem, 2)."""
    fewer, more = n_correct.min(axis=1), n_correct.max(axis=1)
    share = np.divide(n_correct, n_samples, out=np.zeros(n_correct.shape), where=n_samples > 0).max(axis=1)
    enough = n_samples.min(axis=1) >= ARTEFACT_SAMPLES
    one_success = (fewer == 0) & (more == 1)
    artefact = (fewer == 0) & (share >= ARTEFACT_SHARE) & enough
    return [ARTEFACT if a else ONE_SUCCESS if b else "" for a, b in zip(artefact, one_success, strict=True)]


def concatenated(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The problem tables of several fits as one; an empty one with the same columns where there are none."""
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(PROBLEM_COLUMNS))
