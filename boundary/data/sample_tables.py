"""Samples one by one, and their scores, of whatever counts are loaded from: for cost, breadth and likelihood."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boundary.data.catalog import SETS, shipped_sets
from boundary.data.runs.folder import arms_of, is_run, shards
from boundary.data.runs.samples import samples_table
from boundary.data.runs.scores import REFERENCE_SCORED, SAMPLES_SCORED, scores_table, scoring_folders
from boundary.data.tables.reading import read_table
from boundary.data.tables.sample_rows import checked_samples, refuse_repeated_samples, samples_in
from boundary.data.validation import LINE
from boundary.errors import InputError

SAMPLES_FILE, SCORES_FILE = "samples.parquet", "scores.parquet"
# In the column `outcome` of scores: a reference answer rather than a sample.
REFERENCE = "reference"
# For messages on samples that come from no file, or from several.
SAMPLES_SOURCE = "The samples"
SAMPLE_NUMBERS = {"n_tokens": 0.0}
SCORE_NUMBERS = {"n_tokens": 0.0, "n_bytes": 0.0, "sum_logp": -np.inf}
SCORE_COLUMNS = ("model", "benchmark", "scorer", "problem_id", "sample_index", "outcome", "n_tokens", "sum_logp")


def load_samples(source: Any) -> pd.DataFrame | None:
    """The samples one by one, where what counts are loaded from holds them; None where it holds counts alone.

    Parameters
    ----------
    source
        Whatever `load_counts` takes: of run folders, shipped sets and tables with a row a sample there are samples.

    Returns
    -------
    Columns model, benchmark, problem_id, outcome (`boundary.data.records.OUTCOMES`), and where known sample_index,
    n_tokens (generated tokens, at least 0), finish_reason, answer (as the verifier extracted it; None where there is
    none) and reference (the right answer). Other columns of a table are kept.

    Raises
    ------
    InputError
        If samples are there and cannot be read, one has an outcome of an unknown name, or one stands twice.
    """
    table = _tables(source, _sample_rows, samples_table, SAMPLES_FILE)
    if table is None:
        return None
    refuse_repeated_samples(table, SAMPLES_SOURCE)
    return _numeric(table, SAMPLE_NUMBERS, "samples")


def load_scores(source: Any) -> pd.DataFrame | None:
    """The scores of samples under models, where what counts are loaded from holds them; None where it does not.

    Parameters
    ----------
    source
        Whatever `load_counts` takes, or a table of scores as `boundary score -o FILE` writes it: a path or a DataFrame.

    Returns
    -------
    The columns of `boundary.data.runs.scores.scores_table`; of a table of one's own at least model, benchmark, scorer,
    problem_id, sample_index, outcome, n_tokens and sum_logp (nats). Reference answers have the outcome `reference`.

    Raises
    ------
    InputError
        If scores are there and cannot be read, or one stands twice.
    """
    table = _tables(source, _score_rows, _run_scores, SCORES_FILE)
    if table is None:
        return None
    is_reference = (table["outcome"].astype(object) == REFERENCE).to_numpy()
    for part in (table.loc[is_reference], table.loc[~is_reference]):
        refuse_repeated_samples(part, "The scores")
    return _numeric(table, SCORE_NUMBERS, "scores")


def _tables(
    source: Any, of_table: Callable[[Any], pd.DataFrame | None], of_run: Callable[[Path], Any], shipped: str
) -> pd.DataFrame | None:
    """The tables of all sources, one below the other."""
    if isinstance(source, Sequence) and not isinstance(source, str):
        parts = [
            part
            for part in (_tables(part_source, of_table, of_run, shipped) for part_source in source)
            if part is not None
        ]
        return pd.concat(parts, ignore_index=True) if parts else None
    if isinstance(source, str) and source in shipped_sets():
        path = SETS / source / shipped
        return pd.read_parquet(path) if path.is_file() else None
    if isinstance(source, str | Path) and is_run(Path(source)):
        table: pd.DataFrame | None = of_run(Path(source))
        return table
    return of_table(source)


def _sample_rows(source: Any) -> pd.DataFrame | None:
    """Samples of a path or a DataFrame, with outcomes by their names."""
    table = samples_in(source)
    if table is None:
        return None
    return checked_samples(table, str(source) if isinstance(source, str | Path) else SAMPLES_SOURCE)


def _run_scores(folder: Path) -> pd.DataFrame | None:
    """Scores of the samples of a run, and of the reference answers."""
    scored = [path for arm in arms_of([folder]) for path in scoring_folders(arm)]
    parts = []
    for kind in (SAMPLES_SCORED, REFERENCE_SCORED):
        if any(shards(path / kind) for path in scored):
            table = scores_table(folder, kind=kind)
            parts.append(table.assign(outcome=REFERENCE) if kind == REFERENCE_SCORED else table)
    return pd.concat(parts, ignore_index=True) if parts else None


def _score_rows(source: Any) -> pd.DataFrame | None:
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.is_file():
            return None
        table = read_table(path)
    elif isinstance(source, pd.DataFrame):
        table = source
    else:
        return None
    if "sum_logp" not in table:
        return None
    absent = [name for name in SCORE_COLUMNS if name not in table]
    if absent:
        raise InputError(f"Scores: no column {absent[0]}. Scores need {', '.join(SCORE_COLUMNS)}.")
    return table


def _numeric(table: pd.DataFrame, least: dict[str, float], kind: str) -> pd.DataFrame:
    """The table with numbers in its columns of numbers; empty cells are not a number."""
    numbers = {}
    for name in set(least) & set(table.columns):
        values = pd.to_numeric(table[name], errors="coerce").astype(float)
        nonempty = table[name].notna() & (table[name].astype(str).str.strip() != "")
        wrong = (values.isna() & nonempty) | (values < least[name]) | np.isinf(values)
        if wrong.any():
            row = table.loc[wrong].iloc[0]
            line = f", line {row[LINE]}" if LINE in table else ""
            raise InputError(f"The {kind}{line}, column {name}: '{str(row[name])[:40]}' is no such number. Mend it.")
        numbers[name] = values
    return table.assign(**numbers).drop(columns=LINE, errors="ignore")
