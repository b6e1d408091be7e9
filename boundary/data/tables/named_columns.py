"""Counts tables whose columns have other names: named by the user, or guessed by the usual names and said."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import permutations
from shlex import quote
from typing import Any

import pandas as pd

from boundary.data.formats.parts.row_fields import OTHER_NAMES
from boundary.data.validation import COLUMNS, KEY, LINE, OUTCOME_COLUMNS, REQUIRED
from boundary.errors import InputError, did_you_mean

# What others call the columns of counts; guessed where a table lacks the column and has one of these.
USUAL_NAMES = {
    "model": ("model_name", "model_id", "model_path", "checkpoint"),
    "problem_id": (
        *("problem", "question_id", "task_id", "qid", "example_id", "instance_id", "doc_id", "problem_idx"),
        *("question_idx", "unique_id", "idx", "id"),
    ),
    "n_samples": (
        *("n", "num_samples", "n_total", "total", "num_trials", "n_trials", "n_attempts", "num_attempts", "attempts"),
        *("trials", "rollouts", "n_rollouts", "num_rollouts", "generations", "n_generations", "num_generations"),
        *("n_completions", "num_completions", "n_responses", "num_responses", "num_total", "n_runs", "num_runs"),
    ),
    "n_correct": ("c", "num_correct", "correct_count", "n_passed", "num_passed", "n_success", "num_success", "correct"),
}
# Columns that decide what is analysed: taken in any letters, and asked for where a table seems to have them by another
# name. What else a table has may be strata, whose names the user knows.
DECIDING = ("benchmark", "temperature", "checkpoint_step", "training_run", "method", "selected", "role")
NEARLY_THE_NAME = 0.8
# Columns that each hold the correct samples of a model.
MODELS = "models"
SHORT_NAMES = {"problem": "problem_id", "n": "n_samples", "c": "n_correct", "correct": "n_correct"}
OPTIONAL = (
    "temperature",
    "checkpoint_step",
    "training_run",
    "method",
    "selected",
    "level",
    "role",
    "outcome",
    "sample_index",
    "run",
)
EXAMPLE = "problem_id=qid,n_correct=c"


def named_columns(columns: Any) -> dict[str, tuple[str, ...]]:
    """Columns by the names of the counts table: `problem_id=qid,n_correct=c`, or a mapping.

    Raises
    ------
    InputError
        For a name that the counts table does not have, or that is given twice.
    """
    pairs = list(columns.items()) if isinstance(columns, Mapping) else list(_parsed(str(columns or "")))
    names: dict[str, tuple[str, ...]] = {}
    known_names = (*COLUMNS, *OUTCOME_COLUMNS, *OPTIONAL, MODELS)
    for written_name, value in pairs:
        name = SHORT_NAMES.get(str(written_name).strip(), str(written_name).strip())
        if name not in known_names:
            hint = did_you_mean(name, known_names)
            raise InputError(f"The counts table has no column '{name}'.{hint} Write --columns {EXAMPLE}.")
        if name in names and name != MODELS:
            raise InputError(f"Two columns are named for {name} ({names[name][0]} and {value}). Name one.")
        values = [value] if isinstance(value, str) or not isinstance(value, Sequence) else value
        names[name] = (*names.get(name, ()), *map(str, values))
    if MODELS in names and {"model", "n_correct"} & names.keys():
        raise InputError("Where each model has a column of counts (models=NAME), leave out model and n_correct.")
    return names


def with_standard_names(frame: pd.DataFrame, source: str, columns: Any = None) -> tuple[pd.DataFrame, str | None]:
    """A table under the names of the counts table, and a sentence on names that were guessed.

    Parameters
    ----------
    frame
        Any table.
    source
        What messages call it.
    columns
        What the user says of its columns: see `named_columns`.

    Raises
    ------
    InputError
        For a column that is not there, stands there twice or is named twice, or where two could be meant.
    """
    names = named_columns(columns)
    have = [str(name).strip() for name in frame.columns]
    for name, own_names in names.items():
        for own_name in own_names:
            if own_name not in have:
                hint = did_you_mean(own_name, have)
                few = ", ".join([column[:40] for column in have if column != LINE][:12])
                raise InputError(f"{source}: no column '{own_name}', named for {name}.{hint} It has {few}.")
    _refuse_repeated(have, names, source)
    models = names.pop(MODELS, ())
    renamed = {own_names[0]: name for name, own_names in names.items() if own_names[0] != name}
    table = frame.set_axis(have, axis=1)
    if renamed:
        # A column that has the name already is another one, and would stand there twice; unless it is renamed itself.
        replaced = [name for name in renamed.values() if name in have and name not in renamed]
        table = table.drop(columns=replaced).rename(columns=renamed)
    if models:
        _refuse_samples_of_each(have, models, names.get("n_samples", ()), source)
        table = _melted(table, models)
    guesses = _guesses(list(table.columns), source) | _in_other_letters(list(table.columns))
    sentences = []
    if guesses:
        pairs = ", ".join(f"'{own_name}' for {name}" for own_name, name in guesses.items())
        sentences = [f"{source}: columns are taken as follows: {pairs}. Name others with --columns {EXAMPLE}."]
    table = table.rename(columns=guesses)
    sentences += [
        f"{source}: there is no column {name}. If '{own_name}' is it, say --columns {quote(f'{name}={own_name}')}."
        for name, own_name in _likely_meant(list(table.columns))
    ]
    return table, " ".join(sentences) or None


def _refuse_repeated(have: Sequence[str], names: Mapping[str, tuple[str, ...]], source: str) -> None:
    """Refuse a column that the table has twice, and one that is named for two things."""
    repeated = next((name for name, count in Counter(have).items() if count > 1), None)
    if repeated is not None:
        raise InputError(f"{source}: the column '{repeated[:40]}' appears more than once. Rename or remove one.")
    purposes: dict[str, str] = {}
    for name, own_names in names.items():
        for own_name in own_names:
            if own_name in purposes:
                purposes_named = (
                    f"both {purposes[own_name]} and {name}" if purposes[own_name] != name else f"{name} twice"
                )
                raise InputError(
                    f"{source}: the column '{own_name[:40]}' is named for {purposes_named}. Name another for one."
                )
            purposes[own_name] = name


def _parsed(text: str) -> Iterator[tuple[str, str]]:
    if not text:
        return
    try:
        words = next(csv.reader([text], strict=True, skipinitialspace=True), [])
    except csv.Error as error:
        raise InputError(f"--columns {text[:60]}: {error}. Write --columns {EXAMPLE}.") from error
    for word in words:
        name, equals, own_name = word.partition("=")
        if not equals or not own_name.strip():
            raise InputError(f"--columns: '{word[:60]}' names no column. Write --columns {EXAMPLE}.")
        yield name, own_name.strip()


def _refuse_samples_of_each(have: Sequence[str], models: Sequence[str], n_samples: Sequence[str], source: str) -> None:
    """Refuse one column for the samples of all models where the table has one for each (n_base, n_rl)."""
    words = [_words(name) for name in models]
    for name in n_samples:
        for own, other in permutations(words, 2):
            for word in own - other & _words(name):
                same = [column for column in have if _words(column) == _words(name) - {word} | (other - own)]
                if same:
                    raise InputError(
                        f"{source}: '{name[:40]}' is named for n_samples, but '{same[0][:40]}' seems to be that of "
                        "another model. Write a row for each model and problem, with its own n_samples."
                    )


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", name.lower()))


def _melted(table: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """A row for each model, of a table with a column of correct samples for each; empty cells are left out."""
    shared_columns = table.drop(columns=[name for name in (*models, "model", "n_correct") if name in table])
    parts = [shared_columns.assign(model=model, n_correct=table[model]) for model in models]
    melted = pd.concat(parts, ignore_index=True)
    filled = melted["n_correct"].notna() & (melted["n_correct"].astype(str).str.strip() != "")
    return melted.loc[filled].reset_index(drop=True)


def _in_other_letters(have: Sequence[str]) -> dict[str, str]:
    """Columns that decide what is analysed, where their names are written in other letters."""
    lower = {column.lower(): column for column in have}
    return {lower[name]: name for name in DECIDING if name not in have and name in lower}


def _likely_meant(have: Sequence[str]) -> Iterator[tuple[str, str]]:
    """For each deciding column that a table lacks, the first column of it that may be meant by another name."""
    known_names = {*COLUMNS, *OUTCOME_COLUMNS, *OPTIONAL}
    unknown = [column for column in have if column not in known_names]
    for name in (name for name in DECIDING if name not in have):
        for column in unknown:
            spelling = column.lower().replace(" ", "_").replace("-", "_")
            if spelling in OTHER_NAMES.get(name, ()) or get_close_matches(spelling, [name], cutoff=NEARLY_THE_NAME):
                yield name, column
                break


def _guesses(have: Sequence[str], source: str) -> dict[str, str]:
    """Columns that are taken for those that counts need, where every one of these is there or can be guessed."""
    lacking = [name for name in REQUIRED if name not in have]
    if not lacking or "outcome" in have:
        return {}
    lower = {column.lower(): column for column in have if column not in KEY and column not in COLUMNS}
    candidates = {name: [lower[other] for other in (name, *USUAL_NAMES[name]) if other in lower] for name in lacking}
    if not all(candidates.values()):
        return {}
    for name, columns in candidates.items():
        if len(columns) > 1:
            first, second = columns[:2]
            raise InputError(
                f"{source}: no column '{name}', and '{first}' or '{second}' could be it. Say which, with --columns "
                f"{name}={first} or --columns {name}={second}."
            )
    return {columns[0]: name for name, columns in candidates.items()}
