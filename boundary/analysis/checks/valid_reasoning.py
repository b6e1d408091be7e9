"""CoT-pass@k: samples that are right and reason validly, beside pass@k."""

import pandas as pd

from boundary.analysis.checks.refit import refit
from boundary.analysis.fitting import Progress
from boundary.analysis.notes import Note
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
    judged = counts.table.groupby("model", sort=False)[VALID].apply(lambda column: bool(column.notna().all()))
    models = [str(model) for model in judged.index[judged]]
    if not models:
        return None
    chosen = counts.select(models=models)
    table = chosen.table.assign(n_correct=chosen.table[VALID].astype("int64"))
    return Counts(table, chosen.source, chosen.default_base)


def judge_rates(request: Request, counts: Counts) -> MisclassificationRates | None:
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
    rates: MisclassificationRates | None = None,
    stopped: tuple[Note, ...] = (),
) -> pd.DataFrame:
    """The estimates, followed by `cot_pass_at_k`, `cot_shrinkage`, `cot_crossover` and `cot_no_crossover` where judged.

    As the unbiased ones need an n that was fixed, those of arms with another are left out.
    """
    valid = valid_counts(counts)
    if valid is None:
        return estimates
    rows = refit(request, estimates, valid, progress, "valid reasoning", rates=rates, stopped=stopped)
    return pd.concat([estimates, rows.assign(estimand=PREFIX + rows["estimand"])], ignore_index=True)
