"""CoT-pass@k: pass@k of samples whose answer is right and whose reasoning is valid, beside plain pass@k."""

import pandas as pd

from boundary.analysis.checks.refit import refit
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.fitting import Progress
from boundary.analysis.formatting import interval, number
from boundary.analysis.notes import Note
from boundary.analysis.request import Request
from boundary.analysis.verifier_errors import MisclassificationRates, misclassification_rates
from boundary.data.counts import ALL, Counts
from boundary.data.validation import VALID
from boundary.errors import InputError

PREFIX = "cot_"
SHOWN = {"cot_pass_at_k": "CoT-pass@k", "cot_shrinkage": "shrinkage of CoT-pass@k"}


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
    adaptive_arms: tuple[Note, ...] = (),
) -> pd.DataFrame:
    """The estimates, followed by `cot_pass_at_k`, `cot_shrinkage`, `cot_crossover` and `cot_no_crossover` where judged.

    Unbiased estimates of arms in `adaptive_arms` are left out, since these estimators need a fixed n.
    """
    valid = valid_counts(counts)
    if valid is None:
        return estimates
    rows = refit(request, estimates, valid, progress, "valid reasoning", rates=rates, adaptive_arms=adaptive_arms)
    return pd.concat([estimates, rows.assign(estimand=PREFIX + rows["estimand"])], ignore_index=True)


def valid_shown(
    estimates: pd.DataFrame, counts: Counts | None, benchmark: str
) -> dict[str, list[dict[str, str]]] | None:
    """The report's part on one benchmark: share of right answers with valid reasoning, and CoT-pass@k beside pass@k."""
    posterior = select(estimates, kind=POSTERIOR, benchmark=benchmark)
    if counts is None or VALID not in counts.table or not posterior["estimand"].str.startswith(PREFIX).any():
        return None
    table = counts.table if benchmark == ALL else counts.table.loc[counts.table["benchmark"] == benchmark]
    shares = []
    for model, arm in table.dropna(subset=[VALID]).groupby("model", sort=False):
        right, valid = int(arm["n_correct"].sum()), int(arm[VALID].sum())
        share = f"{number(valid / right, 100, 1)} %" if right else "none right"
        shares.append({"model": str(model), "right": f"{right:,}", "valid": f"{valid:,}", "share": share})
    lines = []
    for name, words in SHOWN.items():
        for row in select(posterior, estimand=name).to_dict(orient="records"):
            plain_name = name.removeprefix(PREFIX)
            plain = select(posterior, estimand=plain_name, model=row["model"], k=row["k"]).to_dict(orient="records")
            lines.append(
                {
                    "what": f"{words} at k = {row['k']:.0f}, {row['model']}" + " (extrapolated)" * row["extrapolated"],
                    "valid": f"{number(row['mean'], 100, 1)} {interval(row, 100, 1)}",
                    "any": f"{number(plain[0]['mean'], 100, 1)} {interval(plain[0], 100, 1)}" if plain else "",
                }
            )
    return {"shares": shares, "lines": lines}
