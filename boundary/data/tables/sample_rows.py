"""Tables with a row a sample, as `boundary import --samples` writes them: counted, or found among counts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boundary.data.records import CORRECT, OUTCOMES, WRONG
from boundary.data.settings.columns import setting
from boundary.data.tables.reading import PARQUET_SUFFIXES, TEXT_SUFFIXES, read_table
from boundary.data.token_means import MEAN_TOKENS, token_means
from boundary.data.validation import DEFAULT_BENCHMARK, KEY, LINE
from boundary.errors import InputError

WORDS = {word: word for word in OUTCOMES} | dict.fromkeys(("1", "true", "1.0"), CORRECT)
WORDS |= dict.fromkeys(("0", "false", "0.0"), WRONG)
# Of a sample's problem or arm, beside the settings of `boundary.data.settings.columns`.
FACTS = ("checkpoint_step", "level")
# Rows that a message names before it only counts them.
MOST_PLACES = 5


def is_samples(frame: pd.DataFrame) -> bool:
    """Whether a table has an outcome for each sample, and no counts."""
    return {"problem_id", "outcome"} <= set(frame.columns) and not {"n_samples", "n_correct"} & set(frame.columns)


def count_samples(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """Counts of a table of samples; any other table as it is.

    Raises
    ------
    InputError
        For an outcome of an unknown name, or a sample that stands twice.
    """
    if not is_samples(frame):
        return frame
    if "model" not in frame:
        raise InputError(f"{source}: no column 'model'. Samples need model, problem_id and outcome.")
    table = checked_samples(frame, source)
    # A column may hold names and numbers, which cannot be put in order together.
    table = table.assign(**{name: _texts(table[name]) for name in KEY})
    outcomes = pd.crosstab([table[name] for name in KEY], table["outcome"]).reindex(
        columns=list(OUTCOMES), fill_value=0
    )
    counts = pd.DataFrame({"n_samples": outcomes.sum(axis=1), "n_correct": outcomes[CORRECT]})
    for name in OUTCOMES:
        if name not in (CORRECT, WRONG) and outcomes[name].any():
            counts[f"n_{name}"] = outcomes[name]
    if "n_tokens" in table:
        counts = counts.assign(**_token_means(table, counts.index))
    settings = [str(name) for name in table if (listed := setting(str(name))) is not None and listed.kind != "named"]
    groups = table.groupby(list(KEY), sort=False)
    for name in settings:
        ambiguous = groups[name].nunique() > 1
        if ambiguous.any():
            model, benchmark, problem = ambiguous.index[ambiguous.to_numpy()][0]
            raise InputError(
                f"{source}: the samples of {model} on {benchmark}, problem {problem}, have several values of {name}. "
                f"Keep one, or put the {name} into the model's name."
            )
    facts = groups[[*settings, *(name for name in FACTS if name in table)]].first()
    order = table[list(KEY)].drop_duplicates()
    return order.merge(counts.join(facts).reset_index(), on=list(KEY), validate="one_to_one")


def checked_samples(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """A table of samples with a benchmark, and outcomes by the names of `OUTCOMES`.

    Parameters
    ----------
    frame
        With columns problem_id and outcome (a name, or 1 and 0, or true and false, in any letters).
    source
        File name for messages.

    Raises
    ------
    InputError
        For an outcome of an unknown name, or a sample that stands twice.
    """
    table = with_benchmark(frame).assign(outcome=_outcomes(frame, source))
    _refuse_nameless(table, source)
    refuse_repeated_samples(table, source)
    return table


def with_benchmark(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of samples in which every row has a benchmark: the default one where none is named."""
    if "benchmark" not in frame:
        return frame.assign(benchmark=DEFAULT_BENCHMARK)
    missing = _missing(frame["benchmark"])
    if not missing.any():
        return frame
    return frame.assign(benchmark=frame["benchmark"].astype(object).where(~missing, DEFAULT_BENCHMARK))


def _refuse_nameless(table: pd.DataFrame, source: str) -> None:
    """Refuse samples without a model or a problem, which no count could hold."""
    for name in ("model", "problem_id"):
        missing = _missing(table[name]) if name in table else np.zeros(len(table), dtype=bool)
        if missing.any():
            lines = table[LINE] if LINE in table else pd.Series(range(len(table)))
            places = [str(line) for line in lines[missing]]
            few = ", ".join(places[:MOST_PLACES]) + f" and {len(places) - MOST_PLACES:,} more" * (
                len(places) > MOST_PLACES
            )
            kind = ("line" if LINE in table else "row") + "s" * (len(places) > 1)
            raise InputError(f"{source}, {kind} {few}, column {name}: empty. Every sample needs a {name}.")


def _missing(column: pd.Series) -> np.ndarray:
    return np.asarray(column.isna() | (column.astype(str).str.strip() == ""), dtype=bool)


def refuse_repeated_samples(table: pd.DataFrame, source: str) -> None:
    """Refuse a sample that stands twice: model, benchmark, run, problem and sample_index are the same, and the scorer.

    Parameters
    ----------
    table
        A row a sample, or a sample and scorer. Without a column sample_index nothing is refused.
    source
        File name for messages.

    Raises
    ------
    InputError
        With the second row of the first such sample.
    """
    if "sample_index" not in table:
        return
    names = [name for name in ("scorer", *KEY, "run", "sample_index") if name in table]
    keys = table[names].assign(problem_id=table["problem_id"].astype(str))
    index = pd.to_numeric(keys["sample_index"], errors="coerce")
    repeated = keys.assign(sample_index=index.astype(object).where(index.notna(), keys["sample_index"])).duplicated()
    if repeated.any():
        row = table.loc[repeated.to_numpy()].iloc[0]
        raise InputError(
            f"{source}{_at(row)}: sample {row['sample_index']} of problem {row['problem_id']} stands twice. "
            "Leave one out."
        )


def _texts(column: pd.Series) -> pd.Series:
    """Names as texts: 7 and 7.0 of a column of whole numbers are both '7'."""
    if column.dtype.kind == "f" and (column % 1 == 0).all() and (column.abs() < 2**53).all():
        column = column.astype("int64")
    return column.astype(str).astype(object)


def _token_means(table: pd.DataFrame, keys: pd.Index) -> dict[str, np.ndarray]:
    """Mean tokens of each problem; `boundary.data.sample_tables` refuses what is no number."""
    place = keys.get_indexer(pd.MultiIndex.from_frame(table[list(KEY)]))
    tokens = pd.to_numeric(table["n_tokens"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    tokens = np.where(np.isfinite(tokens) & (tokens >= 0), tokens, np.nan)
    means = token_means(place, (table["outcome"] == CORRECT).to_numpy(), tokens, len(keys))
    return {} if np.isnan(means).all() else dict(zip(MEAN_TOKENS, means, strict=True))


def samples_in(source: Any) -> pd.DataFrame | None:
    """The samples one by one, where what the user named as counts holds them; None where it holds counts alone.

    Parameters
    ----------
    source
        Whatever `load_counts` takes.
    """
    if isinstance(source, pd.DataFrame):
        return source if is_samples(source) else None
    if isinstance(source, str | Path):
        return _of_path(Path(source))
    if isinstance(source, Sequence):
        parts = [part for part in map(samples_in, source) if part is not None]
        return pd.concat(parts, ignore_index=True) if parts else None
    return None


def _of_path(path: Path) -> pd.DataFrame | None:
    if not path.name.lower().endswith((*TEXT_SUFFIXES, *PARQUET_SUFFIXES)) or not path.is_file():
        return None
    table = read_table(path)
    ordered = is_samples(table) and "sample_index" in table
    return with_benchmark(table) if ordered else None


def _outcomes(frame: pd.DataFrame, source: str) -> pd.Series:
    words = frame["outcome"]
    outcomes = words.astype(str).str.strip().str.lower().map(WORDS)
    strange = np.asarray(outcomes.isna())
    if strange.any():
        row = frame.loc[strange].iloc[0]
        raise InputError(
            f"{source}{_at(row)}, column outcome: {str(row['outcome'])[:40]!r} is none of {', '.join(OUTCOMES)}, "
            "1 and 0."
        )
    return outcomes


def _at(row: pd.Series) -> str:
    return f", line {row[LINE]}" if LINE in row.index else ""
