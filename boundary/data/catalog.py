"""Counts by name: files, tables and the sets shipped with the package."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from boundary.data.counts import Counts, concatenated
from boundary.data.tables.reading import PARQUET_SUFFIXES, TEXT_SUFFIXES
from boundary.errors import InputError, did_you_mean

SETS = Path(str(files("boundary") / "data" / "sets"))
FENCE = "+++"


@dataclass(frozen=True)
class Card:
    """What is known of a shipped set: the facts of card.md's front matter, and its text."""

    name: str
    title: str
    base: str | None
    rl: tuple[str, ...]
    licence: str
    source: str
    n_samples: int
    verifier: str
    settings: str
    text: str


def shipped_sets() -> list[str]:
    """Names of the shipped sets."""
    return sorted(folder.name for folder in SETS.iterdir() if (folder / "card.md").is_file())


def card(name: str) -> Card:
    """Card of a shipped set.

    Raises
    ------
    InputError
        If there is no such set; the message lists those there are.
    """
    if name not in shipped_sets():
        hint = did_you_mean(name, shipped_sets())
        raise InputError(f"No shipped set '{name}'.{hint} There are: {', '.join(shipped_sets())}.")
    _, front, text = (SETS / name / "card.md").read_text(encoding="utf-8").split(FENCE, 2)
    facts: dict[str, Any] = tomllib.loads(front)
    rl = tuple(facts.pop("rl"))
    return Card(name=name, rl=rl, base=facts.pop("base", None), text=text.strip(), **facts)


def set_path(name: str) -> Path:
    """Path of a shipped set's counts.csv."""
    return SETS / card(name).name / "counts.csv"


def load_counts(source: Any, columns: Any = None) -> Counts:
    """Load counts: from a shipped set's name, a path, a run folder, a DataFrame, or several of them together.

    This is the way to load counts, and what `boundary.analyze` and the commands do with what they are given. The other
    functions are parts of it, for those who need one alone: `Counts.from_frame` (a DataFrame), `Counts.from_file` (a
    table on disk), `Counts.from_runs` (run folders, with a choice of the verifier). Files that other tools wrote are
    turned into counts first, by `import_files`.

    Parameters
    ----------
    source
        The name of a shipped set; the path of a CSV, TSV (also .gz) or Parquet file, of a folder of samples that
        `boundary sample` wrote, or of one that holds counts.csv; a pandas DataFrame (each of
        these may have a row a sample, with an outcome, in place of counts); `Counts`; or a sequence of these.
    columns
        What the columns of a table are, where they have other names: `problem_id=qid,n_correct=c`, or a mapping, with
        `models=NAME` once for each model that has a column of correct samples. Usual names are guessed where they are
        not ambiguous, and `remarks` of the result says which.

    Returns
    -------
    Counts
        One validated table. Of several sources it holds all rows; no two of them may hold the same model, benchmark
        and problem.

    Raises
    ------
    InputError
        If it cannot be read or is not a counts table; the message names file, line and column, and what would mend it.

    Examples
    --------
    >>> import pandas as pd
    >>> import boundary as bd
    >>> shipped = bd.load_counts("smollm2-arithmetic")
    >>> shipped.models[0], len(shipped.problems())
    ('SmolLM2-135M-Instruct', 100)
    >>> own = pd.DataFrame({"model": ["m", "m"], "problem_id": ["p1", "p2"], "n_samples": 64, "n_correct": [3, 60]})
    >>> bd.load_counts(own).table[["benchmark", "problem_id", "n_correct"]].to_numpy().tolist()
    [['default', 'p1', 3], ['default', 'p2', 60]]
    >>> len(bd.load_counts([shipped, own]).models) - len(shipped.models)
    1
    >>> other = own.rename(columns={"problem_id": "qid", "n_samples": "drawn", "n_correct": "right"})
    >>> counts = bd.load_counts(other, columns="problem_id=qid,n_samples=drawn,n_correct=right")
    >>> counts.table["n_correct"].tolist()
    [3, 60]
    """
    if isinstance(source, Counts):
        return source
    if isinstance(source, pd.DataFrame):
        return Counts.from_frame(source, columns=columns)
    if isinstance(source, Path):
        return Counts.from_file(source, columns)
    if isinstance(source, str):
        return _by_name(source, columns)
    if isinstance(source, Sequence) and len(source):
        return concatenated([load_counts(part, columns) for part in source])
    raise InputError(f"Counts come from a path, a shipped set's name or a DataFrame, not from {type(source).__name__}.")


def _by_name(name: str, columns: Any) -> Counts:
    # A folder of results named after the set must not hide it; ./NAME is the folder.
    if name in shipped_sets():
        return replace(Counts.from_file(set_path(name)), source=name, default_base=card(name).base)
    if _is_path(name):
        return Counts.from_file(name, columns)
    hint = did_you_mean(name, shipped_sets())
    raise InputError(f"'{name}' is neither a file nor a shipped set.{hint} Shipped sets: {', '.join(shipped_sets())}.")


def _is_path(name: str) -> bool:
    if name.lower().endswith((*TEXT_SUFFIXES, *PARQUET_SUFFIXES)) or "/" in name:
        return True
    try:
        return Path(name).exists()
    except OSError:  # too long for a name, or in a folder that may not be looked into
        return True
