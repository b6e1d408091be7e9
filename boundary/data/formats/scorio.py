"""Arrays of scorio: `.npz`, a task a key, each (models, problems, trials) of 0 and 1; and its one-problem JSON.

A -1 stands for a trial that was not run. The arrays in scorio's own tests are random bits: problems that do not
differ at all in how often they are solved are reported. A key that is other keys put together ("combined") is left out,
as it would count all twice. JSON fields: source, ground_truth, answers[n], scores[n] (a reward model's, no verdicts),
correct[n].
"""

import io
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipInfo

import msgspec
import numpy as np

from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.readers.zip_members import Member, member_names, open_members
from boundary.data.records import CORRECT, NO_ANSWER, WRONG, Answers, verdict
from boundary.plain_text import agreeing, count_text

ARRAY = ".npy"
NOT_RUN = -1
LONGEST_HEADER = 10_000
# Fewer trials or problems show no difference between random bits and a benchmark.
ENOUGH_TRIALS, ENOUGH_PROBLEMS = 8, 10
FROM_SOURCE = re.compile(r"^(?P<benchmark>[^/]+)/(?P<model>[^/]+)/(?P<problem>[^/.]+)\.")


class OneProblem(msgspec.Struct):
    """A problem's answers."""

    source: str
    correct: list[Any]
    answers: list[Any] | None = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether a zip file holds arrays alone, or a JSON file one problem's answers and rewards."""
    names = member_names(path, head)
    if names:
        return all(name.endswith(ARRAY) for name in names)
    return is_object(head) and has_keys(head, "source", "ground_truth", "answers", "scores", "correct")


def read(source: Source, *, models: str = "") -> Iterator[Answers]:
    """Samples of each model on each problem.

    Parameters
    ----------
    models
        Names of the models in the order of the array, between commas.
    """
    if is_object(source.head()):
        yield from _one_problem(source)
        return
    arrays = _arrays(source)
    names = [name.strip() for name in models.split(",")] if models else []
    for task, array in arrays.items():
        if names and len(names) != len(array):
            raise source.error(f"'{task}' has {len(array)} models, but option models names {len(names)}")
        _note_random_bits(task, array, source)
        for place, outcomes in enumerate(array):
            yield from _answers(task, outcomes, _model(place, names, len(array)))
    _tell_of_names(arrays, names, source)


def _arrays(source: Source) -> dict[str, np.ndarray]:
    with open_members(source) as (members, member):
        arrays = {info.filename.removesuffix(ARRAY): _array(info, member, source) for info in members}
    parts = {name: array for name, array in arrays.items() if not _is_put_together(name, arrays)}
    for name in arrays.keys() - parts.keys():
        source.note(f"'{name}' is the other tasks put together; it was left out, as it would count all twice.")
    return parts


def _array(info: ZipInfo, member: Member, source: Source) -> np.ndarray:
    """An array of three axes that holds 0, 1 and -1; nothing in it is ever unpickled."""
    data = member(info)
    name = info.filename
    try:
        array = np.lib.format.read_array(io.BytesIO(_of_full_length(data)), allow_pickle=False)
    except (ValueError, struct.error, EOFError, SyntaxError, TypeError, OverflowError, MemoryError) as error:
        raise source.error(f"'{name}' in it is no plain array ({' '.join(str(error).split())[:80]})") from error
    if array.dtype.kind not in "biuf":
        raise source.error(f"'{name}' in it holds {array.dtype}, not 0 and 1")
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or 0 in array.shape:
        raise source.error(f"'{name}' in it has the shape {array.shape}, not (models, problems, trials)")
    array = np.where(np.isnan(array), NOT_RUN, array) if array.dtype.kind == "f" else array
    if not np.isin(array, (0, 1, NOT_RUN)).all():
        strange = array[~np.isin(array, (0, 1, NOT_RUN))].flat[0]
        raise source.error(f"'{name}' in it holds {strange}; verdicts are 0 and 1, and -1 for a trial not run")
    return array.astype(np.int8)


def _of_full_length(data: bytes) -> bytes:
    """Refuse a header that promises more than follows, before memory is taken for it."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(
        version
    )
    if read_header is None:
        raise ValueError(f"version {version} of the array format")
    shape, _, dtype = read_header(file, max_header_size=LONGEST_HEADER)
    count = 1
    for length in shape:
        count *= length
    if dtype.hasobject or count * dtype.itemsize != len(data) - file.tell():
        raise ValueError("Python objects" if dtype.hasobject else "its length is not that of its shape")
    return data


def _is_put_together(name: str, arrays: dict[str, np.ndarray]) -> bool:
    other_arrays = [array for other, array in arrays.items() if other != name]
    whole = arrays[name]
    if len(other_arrays) < 2 or any(a.shape[::2] != whole.shape[::2] for a in other_arrays):
        return False
    return sum(a.shape[1] for a in other_arrays) == whole.shape[1] and np.array_equal(
        np.concatenate(other_arrays, axis=1), whole
    )


def _note_random_bits(task: str, array: np.ndarray, source: Source) -> None:
    """Say where Pearson's chi-square over problems, added up over models, is within 4 standard deviations of chance."""
    done = array != NOT_RUN
    solved = (array == 1).sum(axis=2)
    trials = done.sum(axis=2)
    if array.shape[1] < ENOUGH_PROBLEMS or trials.min() < ENOUGH_TRIALS:
        return
    rate = solved.sum(axis=1, keepdims=True) / trials.sum(axis=1, keepdims=True)
    spread = np.where((rate > 0) & (rate < 1), rate * (1 - rate), np.nan)
    square = np.nansum((solved - trials * rate) ** 2 / (trials * spread))
    freedom = (~np.isnan(spread)).sum() * (array.shape[1] - 1)
    if freedom and square < freedom + 4 * np.sqrt(2 * freedom):
        source.note(
            f"In '{task}' no problem is harder than another beyond chance. So are random bits, such as the arrays in "
            "scorio's own tests, but no benchmark."
        )


def _answers(task: str, outcomes: np.ndarray, model: str | None) -> Iterator[Answers]:
    words = {1: CORRECT, 0: WRONG}
    for problem, trials in enumerate(outcomes):
        ran = np.flatnonzero(trials != NOT_RUN)
        yield Answers(
            problem_id=str(problem),
            outcomes=[words[int(trials[place])] for place in ran],
            sample_index=ran.tolist(),
            model=model,
            benchmark=task,
        )


def _model(place: int, names: list[str], count: int) -> str | None:
    if names:
        return names[place]
    return None if count == 1 else f"model {place}"


def _tell_of_names(arrays: dict[str, np.ndarray], names: list[str], source: Source) -> None:
    if not names and any(len(array) > 1 for array in arrays.values()):
        source.note(
            "The file does not name its models; they are numbered. Name them with --option models=NAME,NAME,..."
        )
    if len(arrays) > 1 and all(len(array) == 1 for array in arrays.values()):
        few = ", ".join(name[:40] for name in list(arrays)[:4]) + ", ..." * (len(arrays) > 4)
        source.note(
            f"'{source.path}': its arrays ({few}) are taken for benchmarks of one model. Where they are models, save "
            "each to a file of its own, and import them apart, each with --model NAME."
        )
    missing = sum(int((array == NOT_RUN).sum()) for array in arrays.values())
    if missing:
        source.note(
            f"'{source.path}': {count_text(missing, 'trial')} {agreeing(missing, 'is', 'are')} marked as not run (-1); "
            f"{agreeing(missing, 'it was', 'they were')} left out, not taken for wrong."
        )


def _one_problem(source: Source) -> Iterator[Answers]:
    document = source.document(OneProblem)
    origin = FROM_SOURCE.match(document.source)
    if origin is None:
        source.broken(f"its source {document.source[:40]!r} names no benchmark, model and problem")
        return
    n = len(document.correct)
    if document.answers is not None and len(document.answers) != n:
        source.broken(f"{count_text(n, 'verdict')}, but {count_text(len(document.answers), 'answer')}")
        return
    try:
        empty = [answer in ("", None) for answer in document.answers or []] or [False] * n
        outcomes = [
            CORRECT if verdict(value) else NO_ANSWER if none else WRONG
            for value, none in zip(document.correct, empty, strict=True)
        ]
    except ValueError as error:
        source.broken(str(error))
        return
    yield Answers(origin["problem"], outcomes, origin["model"], origin["benchmark"])
