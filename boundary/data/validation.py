"""What a counts table must be; the first row that is not is named by file, line and column."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np
import pandas as pd

from boundary.data.confusable_names import collapsed, confusable, whitespace_variants
from boundary.data.readers import limits
from boundary.data.records import MOST_TOKENS
from boundary.data.token_means import MEAN_TOKENS
from boundary.errors import InputError
from boundary.plain_text import agreeing, count_text

# Where a row came from, carried beside the data until validation is done.
LINE = "__line__"
KEY = ("model", "benchmark", "problem_id")
REQUIRED = ("model", "problem_id", "n_samples", "n_correct")
OUTCOME_COLUMNS = ("n_truncated", "n_no_answer", "n_timeout", "n_empty", "n_verifier_error")
# Correct samples whose reasoning was judged valid too.
VALID = "n_correct_cot"
COLUMNS = ("model", "benchmark", "problem_id", "n_samples", "n_correct")
DEFAULT_BENCHMARK = "default"
RESERVED = "all"
# Beyond this, double precision no longer holds every whole number, and no one samples so much.
LARGEST = 2**53 - 1
# Part of a mean of tokens that rounding may move.
TOKEN_ROUNDING = 0.01
# The fit was tested up to so many samples of a problem; from about 1e8 on its posterior is too narrow for it.
MOST_SAMPLES = 10**7
BOOLEANS = ("true", "false")
# Columns by which one sees that a row is a sample.
VERDICTS = {"correct", "is_correct", "passed", "pass", "success", "solved", "outcome", "verdict", "reward", "score"}


class CountNote(NamedTuple):
    """A sentence on what was done with some rows of a table, for one model and benchmark."""

    benchmark: str
    model: str
    text: str


def validated(frame: pd.DataFrame, source: str) -> tuple[pd.DataFrame, tuple[CountNote, ...]]:
    """Check a raw table and give its columns their types.

    Parameters
    ----------
    frame
        Any table; text cells are read as numbers where numbers belong.
    source
        File name for messages.

    Returns
    -------
    The table, with the columns model, benchmark, problem_id, n_samples, n_correct first and others after them as they
    were, without rows of no sample; and what the user should know of it.

    Raises
    ------
    InputError
        With the first thing that is wrong.
    """
    lines = frame[LINE].to_numpy() if LINE in frame else None
    rows = _Rows(source, lines)
    table = frame.drop(columns=LINE, errors="ignore").reset_index(drop=True)
    table.columns = [str(name).strip() for name in table.columns]
    _require_columns(table, source)
    if table.empty:
        raise InputError(f"{source}: a header but no rows. It needs a row for each model and problem.")
    if "benchmark" not in table:
        table["benchmark"] = DEFAULT_BENCHMARK
    names = {column: rows.names(table[column], column) for column in KEY}
    notes = list(_merged_names(table, names))
    table = table.assign(**names)
    if (table["benchmark"] == RESERVED).any():
        place = rows.at((table["benchmark"] == RESERVED).to_numpy())
        raise InputError(
            f"{source}{place}, column benchmark: 'all' is reserved for every benchmark together. Rename it."
        )
    for column in ("n_samples", "n_correct"):
        table[column] = rows.whole(table[column], column)
    for column in (name for name in (*OUTCOME_COLUMNS, VALID) if name in table):
        table[column] = rows.whole_or_missing(table[column], column)
    for column in (name for name in MEAN_TOKENS if name in table):
        table[column] = rows.positive_or_missing(table[column], column)
    _check_totals(table, rows)
    _check_token_means(table, rows)
    _check_unique(table, rows)
    notes += _empty_rows(table, source)
    other_columns = [name for name in table.columns if name not in COLUMNS]
    sampled = table["n_samples"] > 0
    return table.loc[sampled, [*COLUMNS, *other_columns]].reset_index(drop=True), tuple(notes)


def _merged_names(table: pd.DataFrame, names: dict[str, pd.Series]) -> Iterator[CountNote]:
    """Notes on names that differ in white space only and were merged."""
    for column in KEY:
        for first, other in whitespace_variants(list(dict.fromkeys(table[column].astype(str)))):
            row = names["model"].index[(table[column].astype(str) == other).to_numpy()][0]
            text = f"The {column} {other!a} was taken for {first!a}: they differ only in white space."
            yield CountNote(str(names["benchmark"][row]), str(names["model"][row]), text)


def _empty_rows(table: pd.DataFrame, source: str) -> Iterator[CountNote]:
    """Problems without a sample say nothing: they are left out."""
    empty = table.loc[table["n_samples"] == 0]
    if len(empty) == len(table):
        raise InputError(f"{source}: no row has a sample; n_samples is 0 in all of them.")
    for (model, benchmark), rows in empty.groupby(["model", "benchmark"], sort=False):
        few = ", ".join(rows["problem_id"].head(5)) + ", ..." * (len(rows) > 5)
        text = (
            f"{model} has no sample of {count_text(len(rows), 'problem')} of {benchmark} ({few}); "
            f"{agreeing(len(rows), 'it was', 'they were')} left out."
        )
        yield CountNote(str(benchmark), str(model), text)


def refuse_other_problems(table: pd.DataFrame) -> None:
    """Refuse a table in which models were sampled on different problem sets under one benchmark's name.

    Raises
    ------
    InputError
        Naming the benchmark and the models.
    """
    if "problem_set_hash" not in table.columns:
        return
    hashed = table.dropna(subset=["problem_set_hash"])
    for benchmark, rows in hashed.groupby("benchmark", sort=False):
        sets = rows.groupby("problem_set_hash", sort=False)["model"].agg(lambda models: models.iloc[0])
        if len(sets) > 1:
            first, second = list(sets)[:2]
            raise InputError(
                f"{first} and {second} were sampled on different problem sets under the name '{benchmark}' "
                "(their problem_set_hash differs). Sample both on the same problems, or name one benchmark otherwise."
            )


class _Rows:
    """Converts columns of a table; an error names the file and the line of the first bad row."""

    def __init__(self, source: str, lines: np.ndarray | None) -> None:
        self.source, self.lines = source, lines

    def at(self, bad: np.ndarray) -> str:
        """', line 7' (or ', row 6' of a table without lines) of the first bad row."""
        first = int(np.flatnonzero(bad)[0])
        return f", line {self.lines[first]}" if self.lines is not None else f", row {first}"

    def names(self, column: pd.Series, name: str) -> pd.Series:
        """A column of names as text, each run of white space one space; 7 and 7.0 are both '7'."""
        text = column.astype("int64").astype(str) if _whole_floats(column) else column.astype(str)
        text = pd.Series([collapsed(str(value)) for value in text], index=column.index, dtype=object)
        missing = (column.isna() | (text == "")).to_numpy()
        if missing.any():
            raise InputError(f"{self.source}{self.at(missing)}, column {name}: empty. Every row needs a {name}.")
        long = (text.str.len() > limits.LONGEST_NAME).to_numpy()
        if long.any():
            length = len(text.iloc[int(np.flatnonzero(long)[0])])
            raise InputError(
                f"{self.source}{self.at(long)}, column {name}: {length:,} characters are no name. Shorten it to "
                f"{limits.LONGEST_NAME} or fewer."
            )
        look_alike = confusable(list(dict.fromkeys(text)))
        if look_alike is not None:
            place = self.at((text == look_alike[1]).to_numpy())
            raise InputError(
                f"{self.source}{place}, column {name}: {look_alike[0]!a} and {look_alike[1]!a} differ only in what "
                "cannot be seen. Write them alike, or so that one can tell them apart."
            )
        return text

    def whole(self, column: pd.Series, name: str) -> pd.Series:
        """A column of whole numbers of at least 0."""
        values = _numbers(column)
        limit = MOST_SAMPLES if name == "n_samples" else LARGEST
        problems = (
            (_booleans(column), "{} is no count. Where each row is a sample, name the column outcome"),
            (_missing(column), "empty. Give a whole number"),
            (np.isnan(values), "'{}' is not a number"),
            (np.isinf(values), "'{}' is infinite. Give a whole number"),
            (values < 0, "{} is negative. Counts start at 0"),
            (values != np.floor(values), "{} is not a whole number. Counts are whole: multiply a rate by n_samples"),
            (values > limit, f"{{}} is too large for a count. At most {limit:,} can be analysed"),
        )
        for bad, complaint in problems:
            if bad.any():
                value = _shown(column.astype(object).iloc[int(np.flatnonzero(bad)[0])])
                raise InputError(f"{self.source}{self.at(bad)}, column {name}: {complaint.format(value)}.")
        return pd.Series(values.astype(np.int64), index=column.index)

    def positive_or_missing(self, column: pd.Series, name: str) -> pd.Series:
        """A column of numbers above 0, not a number where a cell is empty."""
        missing = _missing(column)
        values = np.where(missing, 1.0, _numbers(column))
        problems = (
            (_booleans(column) & ~missing, "{} is no number of tokens"),
            (np.isnan(values), "'{}' is not a number"),
            (np.isinf(values), "'{}' is infinite"),
            (values <= 0, "{} is not above 0. Leave the cell empty where it is unknown"),
            (
                values > MOST_TOKENS,
                f"{{}} is too large for the mean tokens of a sample. At most {MOST_TOKENS:,} can be read",
            ),
        )
        for bad, complaint in problems:
            if bad.any():
                value = _shown(column.astype(object).iloc[int(np.flatnonzero(bad)[0])])
                raise InputError(f"{self.source}{self.at(bad)}, column {name}: {complaint.format(value)}.")
        return pd.Series(np.where(missing, np.nan, values), index=column.index)

    def whole_or_missing(self, column: pd.Series, name: str) -> pd.Series:
        """A column of whole numbers of at least 0, of type Int64 where some are missing."""
        missing = _missing(column)
        filled = self.whole(column.astype(object).mask(missing, 0), name)
        return filled.astype("Int64").mask(missing) if missing.any() else filled


def _shown(value: object) -> str:
    """A cell or a column's name in a message: on one line, and not too long."""
    return " ".join(str(value).split())[:40]


def _booleans(column: pd.Series) -> np.ndarray:
    """Whether cells are true or false, which would pass for 1 and 0."""
    if column.dtype.kind not in "bO":
        return np.zeros(len(column), dtype=bool)
    return np.asarray(column.astype(str).str.strip().str.lower().isin(BOOLEANS), dtype=bool)


def _missing(column: pd.Series) -> np.ndarray:
    return np.asarray(column.isna() | (column.astype(str).str.strip() == ""), dtype=bool)


def _whole_floats(column: pd.Series) -> bool:
    if column.dtype.kind != "f" or column.isna().any():
        return False
    values = column.to_numpy()
    return bool(((np.abs(values) < LARGEST) & (values == np.floor(values))).all())


def _numbers(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column) and column.dtype.kind != "c":
        return column.to_numpy(dtype=float, na_value=np.nan)
    text = column.astype(str).str.strip()
    # Python and pandas would read 1_000 and hexadecimal as numbers; a counts file means neither.
    text = text.where(~text.str.contains("_", regex=False), "not a number")
    return np.asarray(pd.to_numeric(text, errors="coerce"), dtype=float)


def _require_columns(table: pd.DataFrame, source: str) -> None:
    have = list(table.columns)
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise InputError(f"{source}: the column '{_shown(repeated[0])}' appears more than once. Rename or remove one.")
    for name in REQUIRED:
        if name not in have:
            other = {_shown(h).lower(): _shown(h) for h in have if h not in COLUMNS}
            near = get_close_matches(name, other, n=1, cutoff=0.7)
            hint = f" Is '{other[near[0]]}' meant? Rename it." if near else ""
            few = ", ".join([_shown(h) for h in have[:12]] + ["..."] * (len(have) > 12))
            remedy = _remedy(name, {_shown(h).lower() for h in have})
            raise InputError(
                f"{source}: no column '{name}'.{hint} It needs {', '.join(REQUIRED)}; it has {few}.{remedy}"
            )


def _remedy(lacking: str, columns: set[str]) -> str:
    """What a table may be that lacks a column of counts."""
    if lacking in ("n_samples", "n_correct") and columns & VERDICTS:
        return " Where each row is a sample, count them first: boundary import rows FILE -o counts.csv."
    if lacking == "model":
        return " Where each model has a column, name these: --columns models=NAME,models=NAME."
    return ""


def _check_totals(table: pd.DataFrame, rows: _Rows) -> None:
    over = (table["n_correct"] > table["n_samples"]).to_numpy()
    if over.any():
        row = table.loc[over].iloc[0]
        raise InputError(
            f"{rows.source}{rows.at(over)}, column n_correct: {row['n_correct']} correct of {row['n_samples']} "
            "samples. Are the two columns swapped?"
        )
    over = (table[VALID] > table["n_correct"]).fillna(False).to_numpy(dtype=bool) if VALID in table else over
    if over.any():
        row = table.loc[over].iloc[0]
        raise InputError(
            f"{rows.source}{rows.at(over)}, column {VALID}: {row[VALID]} with valid reasoning of "
            f"{row['n_correct']} correct samples. It is at most n_correct."
        )
    present = [name for name in OUTCOME_COLUMNS if name in table]
    other_outcomes = table[present].sum(axis=1).to_numpy(dtype=np.int64)
    over = (table["n_correct"] + other_outcomes > table["n_samples"]).to_numpy()
    if over.any():
        raise InputError(
            f"{rows.source}{rows.at(over)}: n_correct and {', '.join(present)} add up to more than n_samples. "
            "A sample has one outcome."
        )


def _check_token_means(table: pd.DataFrame, rows: _Rows) -> None:
    """Refuse mean tokens of all samples that do not lie between those of correct and of other samples."""
    if not set(MEAN_TOKENS) <= set(table.columns):
        return
    means, *parts = (table[name].to_numpy(dtype=float) for name in MEAN_TOKENS)
    low, high = np.minimum(*parts), np.maximum(*parts)
    # As much as rounding to whole tokens or to three digits may do; a mean that is not known compares as False.
    outside = (means < (1 - TOKEN_ROUNDING) * low - 1) | (means > (1 + TOKEN_ROUNDING) * high + 1)
    if outside.any():
        mean, correct, wrong = (f"{table.loc[outside, name].iloc[0]:,g}" for name in MEAN_TOKENS)
        raise InputError(
            f"{rows.source}{rows.at(outside)}, column {MEAN_TOKENS[0]}: all samples have {mean} tokens in the mean, "
            f"but correct ones {correct} and the others {wrong}. The first lies between these two: are the three "
            "columns of the same samples?"
        )


def _check_unique(table: pd.DataFrame, rows: _Rows) -> None:
    repeated = table.duplicated(list(KEY)).to_numpy()
    if not repeated.any():
        return
    row = table.loc[repeated].iloc[0]
    description = f"{row['model']} on {row['benchmark']}, problem {row['problem_id']}"
    same = table.loc[(table[list(KEY)] == row[list(KEY)]).all(axis=1)]
    for column in ("temperature", "checkpoint_step"):
        if column in table and same[column].nunique(dropna=False) > 1:
            values = ", ".join(map(str, same[column].unique()[:4]))
            raise InputError(
                f"{rows.source}{rows.at(repeated)}: {description} appears with several values of {column} ({values}). "
                f"Keep one, or put the {column} into the model's name."
            )
    other_columns = [name for name in table.columns if name not in (*COLUMNS, *OUTCOME_COLUMNS, VALID, *MEAN_TOKENS)]
    differing = [str(name) for name in other_columns if same[name].astype(str).nunique() > 1]
    remedy = (
        f" The rows differ in {', '.join(map(_shown, differing[:3]))}: name such a column with --columns "
        f"benchmark={_shown(differing[0])} or model={_shown(differing[0])} where it tells these apart."
        if differing
        else ""
    )
    raise InputError(
        f"{rows.source}{rows.at(repeated)}: {description} appears twice. Add the rows up, or remove one.{remedy}"
    )
