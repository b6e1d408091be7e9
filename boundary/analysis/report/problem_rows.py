"""The rows of the problem table: as many as a page can hold, those that matter most first, packed as JSON."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup

from boundary.plain_text import printable

# About 110 bytes each in the page.
MOST_ROWS = 4000
ARM_COLUMNS = ("n_correct", "n_samples", "p_mean", "p_lower", "p_upper", "reach_mean", "prob_solvable")
FLOW_COLUMNS = ("prob_lost", "prob_gained")
DIGITS = {
    "p_mean": 3,
    "p_lower": 3,
    "p_upper": 3,
    "reach_mean": 3,
    "prob_solvable": 2,
    "prob_lost": 2,
    "prob_gained": 2,
}


class ProblemRows(NamedTuple):
    """The packed table.

    Parameters
    ----------
    content
        What the script reads: names of models and benchmarks, columns, and rows as lists in the order of the columns.
    n_rows
        Rows of all problems, whether they are in the page or not.
    n_flagged
        Rows of all problems that are flagged.
    """

    content: dict[str, Any]
    n_rows: int
    n_flagged: int

    @property
    def n_packed(self) -> int:
        """Rows in the page."""
        return len(self.content["rows"])


def packed_problems(problems: pd.DataFrame, benchmarks: Sequence[str], most: int = MOST_ROWS) -> ProblemRows:
    """Pack the problems most likely lost or gained; of models alone those with the lowest solve rates.

    Parameters
    ----------
    problems
        Columns as in problems.csv.
    benchmarks
        In the order in which they are to be offered.
    most
        Rows that the page holds at most.
    """
    is_pair = bool((problems["reference"] != "").any())
    if is_pair:
        flows = problems[list(FLOW_COLUMNS)].to_numpy(dtype=float)
        importance = np.fmax.reduce(np.nan_to_num(flows, nan=-1.0), axis=1)
    else:
        importance = -problems["p_mean"].to_numpy(dtype=float)
    shown = problems.iloc[np.argsort(-importance, kind="stable")[:most]]
    models = list(dict.fromkeys(problems["model"].astype(str)))
    names = [name for name in benchmarks if name in set(problems["benchmark"])]
    columns = [*ARM_COLUMNS, *((f"reference_{name}" for name in ARM_COLUMNS) if is_pair else ())]
    columns += FLOW_COLUMNS if is_pair else ()
    numbers = [_rounded(shown[column], DIGITS.get(column.removeprefix("reference_"), 0)) for column in columns]
    labels = [
        [names.index(benchmark) for benchmark in shown["benchmark"]],
        [models.index(str(model)) for model in shown["model"]],
        [printable(str(name)) for name in shown["problem_id"]],
        list(shown["flag"]),
    ]
    content = {
        "benchmarks": [printable(name) for name in names],
        "models": [printable(name) for name in models],
        "budgets": [int(problems.loc[problems["benchmark"] == name, "k"].iloc[0]) for name in names],
        "columns": ["benchmark", "model", "problem", "flag", *columns],
        "rows": [list(row) for row in zip(*labels, *numbers, strict=True)],
    }
    return ProblemRows(content, len(problems), int((problems["flag"] != "").sum()))


def json_text(content: Any) -> Markup:
    """JSON for a `<script type="application/json">`: no text in it can end the element or begin a comment."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _rounded(column: pd.Series, digits: int) -> list[float | int | None]:
    """Numbers as they are shown; whole ones as such, and None for what is missing."""
    values = np.round(column.to_numpy(dtype=float), digits).tolist()
    return [None if value != value else int(value) if value == int(value) else value for value in values]
