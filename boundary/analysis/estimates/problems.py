"""The table of problems: counts and posterior of each problem, and flags on those whose result needs a second look."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from boundary.analysis.estimates.table import without_minus_zero
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
    for prefix, name in arms.items():
        columns |= {
            prefix + label: values for label, values in _model_columns(rates, rates.index(name), k, level).items()
        }
    if base is not None:
        columns |= _lost_and_gained(rates, rates.index(base), rates.index(model), k)
    return without_minus_zero(pd.DataFrame(columns).reindex(columns=list(PROBLEM_COLUMNS)))


def _model_columns(rates: SolveRates, column: int, k: int, level: float) -> dict[str, Any]:
    p = rates.p[..., column].reshape(-1, rates.n_problems)
    tail = (1 - level) / 2
    lower, upper = np.quantile(p, [tail, 1 - tail], axis=0, method="inverted_cdf")
    reach = _reach(p, k)
    # Reach never falls as p grows, so its quantiles are those of p, and it is one half at this solve rate.
    half = -np.expm1(np.log(0.5) / k)
    return {
        "n_samples": rates.n_samples[:, column],
        "n_correct": rates.n_correct[:, column],
        "p_mean": p.mean(axis=0),
        "p_lower": lower,
        "p_upper": upper,
        "reach_mean": reach.mean(axis=0),
        "reach_lower": _reach(lower, k),
        "reach_upper": _reach(upper, k),
        "prob_solvable": (p >= half).mean(axis=0),
    }


def _reach(p: np.ndarray, k: int) -> Float[np.ndarray, "..."]:
    with np.errstate(divide="ignore"):  # p = 1 never fails
        return np.asarray(-np.expm1(k * np.log1p(-p)))


def _lost_and_gained(rates: SolveRates, base: int, model: int, k: int) -> dict[str, Any]:
    before, after = (_reach(rates.p[..., column], k) for column in (base, model))
    return {
        "prob_lost": (before * (1 - after)).mean(axis=(0, 1)),
        "prob_gained": ((1 - before) * after).mean(axis=(0, 1)),
        "flag": flags(rates.n_correct[:, [base, model]], rates.n_samples[:, [base, model]]),
    }


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
