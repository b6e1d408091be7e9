"""CoT-pass@k: pass@k of samples whose answer is right and whose reasoning is valid, beside plain pass@k."""

import pandas as pd

from boundary.analysis.checks.refit import refit
from boundary.analysis.notes import Note
from boundary.analysis.progress import Progress
from boundary.analysis.request import Request
from boundary.analysis.verifier_errors import MisclassificationRates, misclassification_rates
from boundary.data.counts import Counts
from boundary.data.validation import VALID
from boundary.errors import InputError

PREFIX = "cot_"


def valid_counts(counts: Counts) -> Counts | None:
    """Counts in which a sample is correct if its reasoning was judged valid too; None where none were judged.

    Models are left out that were not judged on every problem.

    Notes
    -----
    CoT-pass@k: Wen et al. 2025, arXiv 2506.14245. What the judge of the reasoning gets wrong is a verifier's error as
    any other, of these counts alone.
    """
    if VALID not in counts.table:
        return None
    complete = counts.table.groupby("model", sort=False)[VALID].apply(lambda column: bool(column.notna().all()))
    models = [str(model) for model in complete.index[complete]]
    if not models:
        return None
    valid = counts.select(models=models)
    table = valid.table.assign(n_correct=valid.table[VALID].astype("int64"))
    return Counts(table, valid.source, valid.default_base)


def judge_misclassification_rates(request: Request, counts: Counts) -> MisclassificationRates | None:
    """Misclassification rates of the judge of reasoning; None where they are not given, or nothing was judged.

    Raises
    ------
    InputError
        For rates out of range, or where there is nothing that it judged.
    """
    valid = valid_counts(counts)
    if request.judge is not None and valid is None:
        raise InputError(f"Errors of a judge are given, but no model has a whole column {VALID}. Add it, or drop them.")
    if valid is None:
        return None
    return misclassification_rates(request.judge, valid, request.benchmarks, request.prior, request.compare_priors)


def with_valid_reasoning(
    request: Request,
    estimates: pd.DataFrame,
    counts: Counts,
    progress: Progress,
    *,
    error_rates: MisclassificationRates | None = None,
    adaptive_arms: tuple[Note, ...] = (),
) -> pd.DataFrame:
    """The estimates, followed by `cot_pass_at_k`, `cot_shrinkage`, `cot_crossover` and `cot_no_crossover` where judged.

    Unbiased estimates of arms in `adaptive_arms` are left out, since these estimators need a fixed n.
    """
    valid = valid_counts(counts)
    if valid is None:
        return estimates
    rows = refit(
        request, estimates, valid, progress, "valid reasoning", error_rates=error_rates, adaptive_arms=adaptive_arms
    )
    return pd.concat([estimates, rows.assign(estimand=PREFIX + rows["estimand"])], ignore_index=True)
