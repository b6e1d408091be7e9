"""Scores of an analysis: those of its models and problems, as columns of numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from boundary.data.counts import ALL
from boundary.data.records import CORRECT
from boundary.data.sample_tables import REFERENCE
from boundary.data.tables.sample_rows import WORDS
from boundary.errors import InputError

ANY, RIGHT, WRONG = "all", "right", "wrong"
# How log-probabilities were taken: of the model as it is, at the temperature of sampling, and within top-p there.
UNTEMPERED, TEMPERED, NUCLEUS = "untempered", "tempered", "nucleus"
SUMS = {UNTEMPERED: "sum_logp", TEMPERED: "sum_tempered", NUCLEUS: "sum_nucleus"}
OPTIONAL_NUMBERS = ("n_bytes", "sum_tempered", "sum_nucleus", "n_outside")


def refuse_no_scores(scores: Any, table: pd.DataFrame | None) -> None:
    """Refuse scores that were named and hold none.

    Raises
    ------
    InputError
        If `scores` is given and its table is missing or empty.
    """
    if scores is not None and (table is None or table.empty):
        source = f"'{scores}'" if not isinstance(scores, pd.DataFrame) else "The table of scores"
        raise InputError(
            f"{source} holds no scores. Name a file that boundary score -o FILE wrote, or a scored folder."
        )


def scores_of_models(table: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Rows of some models, with the columns that are read here.

    Parameters
    ----------
    table
        From `boundary.data.sample_tables.load_scores`.
    models
        Whose responses are kept; reference answers are too.

    Returns
    -------
    Columns scorer, model, benchmark, problem_id, sample_index, outcome (RIGHT, WRONG, REFERENCE or missing), n_tokens,
    sum_logp, n_bytes, sum_tempered, sum_nucleus, n_outside, truncated, empty, comparable (whether the scorer reads the
    model's tokens).
    """
    is_reference = np.array([outcome == REFERENCE for outcome in table["outcome"].astype(object)], dtype=bool)
    table = table.loc[is_reference | table["model"].astype(str).isin(list(models)).to_numpy()]
    names = ("scorer", "model", "benchmark", "problem_id")
    columns: dict[str, Any] = {name: table[name].astype(str).to_numpy(dtype=object) for name in names}
    columns["sample_index"] = table["sample_index"].astype(str).to_numpy(dtype=object)
    columns["outcome"] = [_class_of(outcome) for outcome in table["outcome"].tolist()]
    for name in ("n_tokens", "sum_logp"):
        columns[name] = table[name].to_numpy(dtype=float)
    for name in OPTIONAL_NUMBERS:
        values = pd.to_numeric(table[name], errors="coerce") if name in table else pd.Series(np.nan, table.index)
        columns[name] = values.to_numpy(dtype=float)
    columns["truncated"] = _truths(table, "truncated", False)
    columns["empty"] = _truths(table, "empty", False)
    columns["comparable"] = _truths(table, "same_vocabulary", True)
    rows = pd.DataFrame(columns)
    return rows.loc[rows["sum_logp"].notna() & (rows["n_tokens"] > 0)].reset_index(drop=True)


def _class_of(outcome: Any) -> str | None:
    if outcome is None or outcome != outcome or outcome is pd.NA:
        return None
    text = str(outcome)
    if text == REFERENCE:
        return text
    return RIGHT if WORDS.get(text) == CORRECT else WRONG


def _truths(table: pd.DataFrame, name: str, default: bool) -> np.ndarray:
    """A column of truth values, as files have them."""
    if name not in table:
        return np.full(len(table), default)
    texts = table[name].astype(object).where(table[name].notna(), default).astype(str).str.lower()
    return np.asarray(texts.isin(["true", "1", "1.0"]))


def under_both_scorers(rows: pd.DataFrame, model: str, first: str, second: str) -> pd.DataFrame:
    """Responses of a model that two models scored, a row each; the second's sums have the suffix `_second`.

    Rows of one sample index that are there more than once, as of several runs, cannot be told apart and are left out.
    """
    key = ["problem", "sample_index", "n_tokens"]
    sums = list(SUMS.values())
    parts = []
    for scorer in (first, second):
        part = rows.loc[(rows["scorer"] == scorer) & (rows["model"] == model) & rows["comparable"]]
        part = part.loc[part["outcome"].astype(object) != REFERENCE]
        parts.append(part.loc[~part.duplicated(key, keep=False)])
    return parts[0].merge(parts[1][[*key, *sums, "n_outside"]], on=key, suffixes=("", "_second"))


def of_benchmark(rows: pd.DataFrame, benchmark: str, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Rows of a benchmark's problems, with the number of each problem.

    Parameters
    ----------
    rows
        From `scores_of_models`.
    benchmark
        Which; `all` has the problems of all.
    pairs
        Benchmark and name of each of its problems, in order.
    """
    places = {pair: i for i, pair in enumerate(pairs)}
    part = rows if benchmark == ALL else rows.loc[rows["benchmark"] == benchmark]
    problem = [places.get(pair, -1) for pair in zip(part["benchmark"], part["problem_id"], strict=True)]
    part = part.assign(problem=np.array(problem, dtype=int))
    return part.loc[part["problem"] >= 0].reset_index(drop=True)
