"""Samples cut at a limit of tokens after the fact: longer ones count as truncated, in every model alike."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.cost.record import TOKENS
from boundary.analysis.estimates.table import OBSERVED
from boundary.analysis.fitting import Panel
from boundary.analysis.notes import Note
from boundary.analysis.request import Request
from boundary.data.counts import Counts
from boundary.data.records import CORRECT, TRUNCATED
from boundary.data.token_means import MEAN_TOKENS, token_means
from boundary.data.validation import KEY, OUTCOME_COLUMNS
from boundary.errors import InputError
from boundary.stats.cost.token_limits import UnbiasedMean, pass_at_k_with_error

PROBLEM = list(KEY)
# Limits of the table, at most.
MOST_LIMITS = 7


class CutCounts(NamedTuple):
    """Counts and samples with every sample cut at a limit, and notes on it."""

    counts: Counts
    samples: pd.DataFrame
    notes: tuple[Note, ...]


def checked_token_limit(limit: int | None) -> int | None:
    """The limit.

    Raises
    ------
    InputError
        If it is no whole number of at least 1.
    """
    if limit is not None and (isinstance(limit, bool) or int(limit) != limit or limit < 1):
        raise InputError(f"A token limit must be a whole number of at least 1, got {limit}.")
    return limit


def cut_at_token_limit(counts: Counts, samples: pd.DataFrame | None, limit: int) -> CutCounts:
    """Counts as if every sample had been stopped after some tokens.

    Parameters
    ----------
    counts
        Of these samples.
    samples
        The samples one by one, with a column `n_tokens`.
    limit
        Tokens, at least 1.

    Returns
    -------
    CutCounts
        Longer samples are truncated ones, of `limit` tokens. Those that were truncated at fewer tokens stay as they
        are, and a note says how many.

    Raises
    ------
    InputError
        If the tokens of a sample are not known, or there are other samples than the counts count.
    """
    rows = _checked_samples(counts, samples)
    tokens = rows["n_tokens"].to_numpy(dtype=float)
    outcome = rows["outcome"].to_numpy(dtype=object)
    longer = tokens > limit
    was_cut = (outcome == TRUNCATED) & (tokens < limit)
    notes = tuple(_notes(rows, longer, was_cut, limit))
    cut = rows.assign(n_tokens=np.minimum(tokens, limit), outcome=np.where(longer, TRUNCATED, outcome))
    table = _recounted(counts.table, cut)
    if "max_tokens" in table:
        numbers = pd.to_numeric(table["max_tokens"], errors="coerce")
        table["max_tokens"] = table["max_tokens"].astype(object).where(~(numbers > limit), limit)
    remade = Counts.from_frame(table, counts.source, counts.default_base)
    return CutCounts(Counts(remade.table, counts.source, counts.default_base, counts.remarks), cut, notes)


def _checked_samples(counts: Counts, samples: pd.DataFrame | None) -> pd.DataFrame:
    need = "Count a run folder, or give a table of samples with n_tokens (--samples FILE)"
    if samples is None or "n_tokens" not in samples:
        lacking = "samples one by one" if samples is None else "samples with a column n_tokens"
        raise InputError(f"{counts.source}: a token limit needs {lacking}, and there are none. {need}.")
    index = pd.MultiIndex.from_frame(counts.table[PROBLEM])
    place = index.get_indexer(pd.MultiIndex.from_frame(samples[PROBLEM].astype(str)))
    rows = samples.loc[place >= 0].reset_index(drop=True)
    place = place[place >= 0]
    n = np.bincount(place, minlength=len(index))
    other = np.flatnonzero(n != counts.table["n_samples"].to_numpy())
    if len(other):
        model, benchmark, problem = index[other[0]]
        raise InputError(
            f"{counts.source}: a token limit needs every sample, and of {model} on {benchmark}, problem {problem}, "
            f"{n[other[0]]} of {counts.table['n_samples'].iloc[other[0]]} are there. {need}."
        )
    unknown = rows["n_tokens"].isna()
    if unknown.any():
        row = rows.loc[unknown].iloc[0]
        raise InputError(
            f"{counts.source}: {int(unknown.sum())} samples have no n_tokens, the first of {row['model']} on "
            f"{row['benchmark']}, problem {row['problem_id']}. A token limit needs the tokens of each."
        )
    return rows


def _notes(rows: pd.DataFrame, longer: np.ndarray, was_cut: np.ndarray, limit: int) -> Iterator[Note]:
    marks = pd.DataFrame(
        {
            "longer": longer,
            "right": longer & (rows["outcome"] == CORRECT).to_numpy(),
            "was_cut": was_cut,
            "benchmark": rows["benchmark"],
            "model": rows["model"],
        }
    )
    for (benchmark, model), group in marks.groupby(["benchmark", "model"], sort=False):
        n_longer, n_right, n_cut = (int(group[name].sum()) for name in ("longer", "right", "was_cut"))
        text = (
            f"{model}, {benchmark}: {n_longer:,} of {len(group):,} samples are longer than {limit:,} tokens and count "
            f"as truncated; {n_right:,} of them were right."
        )
        if n_cut:
            text += (
                f" {n_cut:,} were truncated at fewer tokens and cannot be extended: at this limit some might have been "
                "right."
            )
        yield Note(str(benchmark), str(model), text, "alarm" if n_cut > 0.01 * len(group) else "remark")


def _recounted(table: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """The table with the outcomes and mean tokens of the samples."""
    index = pd.MultiIndex.from_frame(table[PROBLEM])
    place = index.get_indexer(pd.MultiIndex.from_frame(samples[PROBLEM].astype(str)))
    outcome = samples["outcome"].to_numpy(dtype=object)

    def count(name: str) -> np.ndarray:
        return np.bincount(place[outcome == name], minlength=len(table))

    columns = {"n_correct": count(CORRECT)}
    for column in OUTCOME_COLUMNS:
        n = count(column.removeprefix("n_"))
        if column in table or n.any():
            columns[column] = n
    means = token_means(place, outcome == CORRECT, samples["n_tokens"].to_numpy(dtype=float), len(table))
    # Valid reasoning was judged of samples that may be cut now.
    without = table.drop(columns=["n_correct_cot"], errors="ignore")
    return without.assign(**columns, **dict(zip(MEAN_TOKENS, means, strict=True)))


def limit_rows(
    request: Request, panels: Sequence[Panel], samples: pd.DataFrame | None
) -> tuple[list[dict[str, Any]], list[Note]]:
    """Unbiased pass@k and shrinkage with every sample cut at some limits, with standard errors.

    Parameters
    ----------
    request
        Level, and outcomes whose samples are taken for missing.
    panels
        The fits; models whose number of samples depends on the outcome are left out.
    samples
        With tokens, or without: then there are none.

    Returns
    -------
    One mapping a row, for `COST_COLUMNS`, at k = 1 and at the largest power of two up to half the samples; and a note
    on each model that is left out because some of its samples come without tokens: those that have them may be others.
    """
    if samples is None or "n_tokens" not in samples:
        return [], []
    samples = samples.loc[~samples["outcome"].isin(list(request.outcomes_as_missing))]
    rows: list[dict[str, Any]] = []
    notes: list[Note] = []
    for panel in panels:
        parts: dict[str, _ProblemTokens] = {}
        for model in panel.models:
            part = None if model in panel.adaptive else _problem_tokens(panel, model, samples)
            if part is None or part.n.min() < 2:
                continue
            unknown = int(np.isnan(part.tokens).sum())
            if unknown == 0:
                parts[model] = part
            elif unknown < len(part.tokens):
                text = (
                    f"{model} is left out of the table of token limits: {unknown:,} of its {len(part.tokens):,} "
                    "samples come without n_tokens."
                )
                notes.append(Note(panel.benchmark, model, text, "note"))
        if parts:
            rows += _panel_limit_rows(request, panel, parts)
    return rows, notes


class _ProblemTokens(NamedTuple):
    """Samples of one model: number of the problem, tokens or NaN, whether right; and samples of each problem."""

    place: np.ndarray
    tokens: np.ndarray
    right: np.ndarray
    n: np.ndarray


def _problem_tokens(panel: Panel, model: str, samples: pd.DataFrame) -> _ProblemTokens | None:
    rows = samples.loc[samples["model"] == model]
    problems = pd.MultiIndex.from_tuples(panel.counts.pairs)
    place = problems.get_indexer(pd.MultiIndex.from_frame(rows[["benchmark", "problem_id"]].astype(str)))
    rows, place = rows.loc[place >= 0], place[place >= 0]
    if not len(rows):
        return None
    n = np.bincount(place, minlength=len(problems))
    return _ProblemTokens(place, rows["n_tokens"].to_numpy(dtype=float), (rows["outcome"] == CORRECT).to_numpy(), n)


def _panel_limit_rows(request: Request, panel: Panel, parts: dict[str, _ProblemTokens]) -> Iterator[dict[str, Any]]:
    fewest = min(int(part.n.min()) for part in parts.values())
    budgets = sorted({1, 2 ** int(np.log2(max(fewest // 2, 1)))})
    limits = token_limits(np.concatenate([part.tokens for part in parts.values()]))
    for limit in limits:
        for k in budgets:
            by_model = {}
            for model, part in parts.items():
                correct = np.bincount(part.place[part.right & (part.tokens <= limit)], minlength=len(part.n))
                by_model[model] = pass_at_k_with_error(correct, part.n, k)
                if model != panel.base or panel.first:
                    yield _limit_row(request, panel, "pass_at_k", model, "", k, limit, by_model[model])
            if panel.base in by_model and panel.arm in by_model:
                base, arm = by_model[panel.base], by_model[panel.arm]
                error = float(np.hypot(base.standard_error, arm.standard_error))
                difference = UnbiasedMean(base.value - arm.value, error)
                yield _limit_row(request, panel, "shrinkage", panel.arm, panel.base, k, limit, difference)


def token_limits(tokens: np.ndarray) -> list[int]:
    """Powers of two from a quarter of the samples' lengths on, and the longest length.

    Examples
    --------
    >>> token_limits(np.array([100.0, 300, 900, 1500]))
    [256, 512, 1024, 1500]
    """
    longest = int(tokens.max())
    low, high = np.log2(max(np.quantile(tokens, 0.25), 2)), np.log2(max(longest, 2))
    powers = [2**i for i in range(int(np.ceil(low)), int(np.ceil(high)) + 1) if 2**i < longest]
    return [*powers[-(MOST_LIMITS - 1) :], longest]


def _limit_row(
    request: Request,
    panel: Panel,
    estimand: str,
    model: str,
    reference: str,
    k: int,
    limit: int,
    estimate: UnbiasedMean,
) -> dict[str, Any]:
    return {
        "benchmark": panel.benchmark,
        "estimand": estimand,
        "model": model,
        "reference": reference,
        "k": k,
        "token_limit": limit,
        "unit": TOKENS,
        "kind": OBSERVED,
        "mean": estimate.value,
        "standard_error": estimate.standard_error,
        "level": request.level,
        "extrapolated": False,
        "n_problems": len(panel.counts.problem_ids),
        "lengths": "samples",
    }
