"""Which models are runs of one method, which was chosen from which, and which are bases: read from the counts."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from boundary.analysis.checkpoints import METHOD, RUN, UNREADABLE, bases_by_role, column_text, steps_by_model

SELECTED = "selected"
COLUMNS = (METHOD, RUN, SELECTED)
YES = ("true", "yes", "1")
NO = ("", "false", "no", "0")
# More candidates than these are a slip, as a date or an identifier is.
MOST_CANDIDATES = 1_000_000
BEST = re.compile(r"(?<![a-z])best(?![a-z])", re.IGNORECASE)
# Models of one training at several temperatures are named MODEL@T.
TEMPERATURE_MARK = "@"


class MethodRuns(NamedTuple):
    """A method, and the model that each of its training runs ended in."""

    name: str
    arms: tuple[str, ...]


class Choice(NamedTuple):
    """A model that was chosen, the candidates it was chosen from where they are here, and how many there were.

    Parameters
    ----------
    arm
        The chosen model.
    candidates
        Models among which it was chosen, itself among them; only itself where the others are not in the counts.
    n_candidates
        How many there were where the counts say so; None where they do not.
    by_name
        Whether only its name says that it was chosen.
    """

    arm: str
    candidates: tuple[str, ...]
    n_candidates: int | None = None
    by_name: bool = False


class RunDesign(NamedTuple):
    """Runs, choices and bases of one benchmark.

    Parameters
    ----------
    methods
        Each method with its runs, one or more.
    choices
        Models that were chosen.
    bases
        Base arms, the base of the analysis first.
    notes
        Columns that could not be read, and runs that were left out.
    """

    methods: tuple[MethodRuns, ...]
    choices: tuple[Choice, ...]
    bases: tuple[str, ...]
    notes: tuple[str, ...]


def run_design(table: pd.DataFrame, base: str | None, arms: Sequence[str]) -> RunDesign:
    """Read the design of one benchmark from the columns `method`, `training_run`, `selected` and `role`.

    Parameters
    ----------
    table
        Rows of the counts of the benchmark.
    base, arms
        Models of the analysis with samples there.

    Notes
    -----
    Columns are constant in a model; one that is not is not read. Without a column `method` nothing says that two models
    are runs of one method, and none are taken for it.
    """
    columns, notes = _columns(table, arms)
    bases = _bases(table, base, arms)
    trained = [arm for arm in arms if arm not in bases]
    chosen_arms = _selected(columns[SELECTED], trained)
    notes += _selected_notes(columns[SELECTED], trained)
    methods, method_notes = _methods(table, columns, trained, chosen_arms)
    steps = steps_by_model(table)
    choices = tuple(
        Choice(arm, _candidates(columns, trained, arm, steps), n, by_name) for arm, (n, by_name) in chosen_arms.items()
    )
    return RunDesign(methods, choices, bases, (*notes, *method_notes))


def _columns(table: pd.DataFrame, arms: Sequence[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Value of each column by model, without empty ones; and a note on each column that differs within a model."""
    columns: dict[str, dict[str, str]] = {}
    notes = []
    for name in COLUMNS:
        columns[name] = {}
        if name not in table:
            continue
        rows = table.loc[table["model"].isin(list(arms)), ["model", name]].drop_duplicates()
        texts = rows[name].map(column_text)
        by_model = texts.groupby(rows["model"].to_numpy()).agg(set)
        varying = [model for model in arms if len(by_model.get(model, ())) > 1]
        if varying:
            notes.append(
                f"The column {name} is not read: it has several values for {varying[0]}. It is to be constant in a "
                "model."
            )
            continue
        columns[name] = {str(model): text for model, (text,) in by_model.items() if text}
    return columns, notes


def _bases(table: pd.DataFrame, base: str | None, arms: Sequence[str]) -> tuple[str, ...]:
    if base is None:
        return ()
    other_bases = bases_by_role(table) - {base}
    return (base, *(arm for arm in arms if arm in other_bases))


def _selected(column: Mapping[str, str], arms: Sequence[str]) -> dict[str, tuple[int | None, bool]]:
    """The chosen models, with the number of candidates where it is known, and whether only the name says so."""
    chosen_arms: dict[str, tuple[int | None, bool]] = {}
    for arm in arms:
        text = column.get(arm, "").lower()
        if text in YES:
            chosen_arms[arm] = (None, False)
        elif (number := _n_candidates(text)) is not None:
            chosen_arms[arm] = (number, False)
        elif not column and BEST.search(arm.rsplit("/", 1)[-1]):
            chosen_arms[arm] = (None, True)
    return chosen_arms


def _n_candidates(text: str) -> int | None:
    """A number of candidates, from 2 on; None where the text is none."""
    number = int(text) if text.isdecimal() and len(text) < 10 else 0
    return number if 1 < number <= MOST_CANDIDATES else None


def _selected_notes(column: Mapping[str, str], arms: Sequence[str]) -> Iterator[str]:
    """A note where the column `selected` has something else than yes, no or a number of candidates."""
    unread = [
        arm for arm in arms if (text := column.get(arm, "").lower()) not in (*YES, *NO) and not _n_candidates(text)
    ]
    if unread:
        yield (
            f"The column selected has {column[unread[0]]!r} for {unread[0]}, which is not read: 1 says that a model "
            "was chosen, a number of 2 or more among how many, 0 or nothing that it was not."
        )


def _methods(
    table: pd.DataFrame,
    columns: Mapping[str, Mapping[str, str]],
    arms: Sequence[str],
    chosen_arms: Mapping[str, object],
) -> tuple[tuple[MethodRuns, ...], list[str]]:
    """Methods with the arm that stands for each run."""
    runs: dict[str, dict[str, list[str]]] = {}
    for arm in arms:
        if arm in columns[METHOD]:
            run = columns[RUN].get(arm, f"\0{arm}")
            runs.setdefault(columns[METHOD][arm], {}).setdefault(run, []).append(arm)
    steps = steps_by_model(table)
    methods, notes = [], []
    for name, of_method in runs.items():
        if _are_checkpoints(list(of_method), steps):
            notes.append(
                f"The models of {name} have different steps and no training_run: they are taken for checkpoints of one "
                "run, not for several runs. If they are several, name them in training_run."
            )
            of_method = {"": [arm for members in of_method.values() for arm in members]}
        elif _have_unreadable_steps(list(of_method), steps):
            notes.append(
                f"The models of {name} name no training_run, and checkpoint_step is not a number above 0 for all: "
                f"whether they are several runs or checkpoints of one is not known, and {name} is left out."
            )
            continue
        finals = []
        for run, members in of_method.items():
            final = _final_arm(members, steps, chosen_arms)
            if final is None:
                notes.append(
                    f"The training run {run or '(without a name)'} of {name} has {len(members)} models, and no column "
                    "checkpoint_step says which of them is the last: it is left out of its method."
                )
            else:
                finals.append(final)
        if finals:
            methods.append(MethodRuns(name, tuple(finals)))
    return tuple(methods), notes


def _are_checkpoints(runs: Sequence[str], steps: Mapping[str, float]) -> bool:
    """Whether the models of a method name no run and stand at different steps, as the checkpoints of one run do."""
    of_runs = [steps.get(run.removeprefix("\0"), math.nan) for run in runs]
    known_steps = [step for step in of_runs if math.isfinite(step)]
    # One model without a step beside others is the final checkpoint.
    n_checkpoints = len(known_steps) + (len(known_steps) > 0 and sum(map(math.isnan, of_runs)) == 1)
    is_nameless = all(run.startswith("\0") for run in runs)
    return is_nameless and n_checkpoints > 1 and len(set(known_steps)) == len(known_steps)


def _have_unreadable_steps(runs: Sequence[str], steps: Mapping[str, float]) -> bool:
    """Whether models of a method that name no run have steps that cannot be read."""
    return len(runs) > 1 and any(
        run.startswith("\0") and steps.get(run.removeprefix("\0"), math.nan) == UNREADABLE for run in runs
    )


def _final_arm(members: Sequence[str], steps: Mapping[str, float], chosen_arms: Mapping[str, object]) -> str | None:
    """The model that stands for a run: the only one, the last checkpoint, or the chosen one."""
    if len(members) == 1:
        return members[0]
    known_steps = {arm: steps.get(arm, float("nan")) for arm in members}
    stepless = [arm for arm, step in known_steps.items() if step != step]
    if len(stepless) == 1:
        return stepless[0]
    if not stepless:
        last = max(known_steps.values())
        finals = [arm for arm, step in known_steps.items() if step == last]
        if len(finals) == 1:
            return finals[0]
    selected = [arm for arm in members if arm in chosen_arms]
    return selected[0] if len(selected) == 1 else None


def _candidates(
    columns: Mapping[str, Mapping[str, str]], arms: Sequence[str], arm: str, steps: Mapping[str, float]
) -> tuple[str, ...]:
    """Models of the same training run, else of the same method, else of the same model at other temperatures.

    Checkpoints at different steps that name neither a run nor a method are of one run.
    """
    method, run = (columns[name].get(arm) for name in (METHOD, RUN))
    nameless = [
        a for a in arms if not {a} & {*columns[METHOD], *columns[RUN]} and math.isfinite(steps.get(a, math.nan))
    ]
    are_one_run = len({steps[a] for a in nameless}) == len(nameless)
    without_temperature = arm.rpartition(TEMPERATURE_MARK)[0]
    groups = [
        [a for a in arms if run is not None and (columns[METHOD].get(a), columns[RUN].get(a)) == (method, run)],
        [a for a in arms if method is not None and columns[METHOD].get(a) == method],
        [a for a in arms if without_temperature and a.rpartition(TEMPERATURE_MARK)[0] == without_temperature],
        nameless if arm in nameless and are_one_run else [],
    ]
    return tuple(next((group for group in groups if len(group) > 1), [arm]))
