"""Runs that are one run filed twice, and samples that repeat each other: what pooling would take for more evidence."""

from collections.abc import Iterator
from itertools import combinations, groupby
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from boundary.data.importing.collection import CODE, Collection
from boundary.data.importing.pooled_tables import numbers
from boundary.data.records import CORRECT
from boundary.errors import InputError

# Runs whose verdicts agree sample by sample, where an agreement by chance is rarer than this, are one run.
HARDLY_CHANCE = 1e-9
# With fewer samples than this in common, equal texts can be short answers that happen to agree.
ENOUGH_TEXTS = 8
MANY_REPEATS = 0.25
MIXER = np.uint64(0x9E3779B97F4A7C15)


def refuse_copies(collected: Collection) -> None:
    """Refuse two runs that are one run twice.

    Raises
    ------
    InputError
        Where all texts of two runs agree sample by sample; or all verdicts do, which chance would bring about in fewer
        than 1e-9 of cases.

    Notes
    -----
    Given n samples of a problem with c correct ones, two independent runs put the correct ones in the same places with
    probability 1 / C(n, c). Runs that agree in part are found by the tests of docs/drift.md.
    """
    run_of_sample = numbers(collected.run, np.int32)
    order = np.lexsort((numbers(collected.index, np.int64), numbers(collected.problem, np.int32), run_of_sample))
    places = {int(run): np.array(list(part)) for run, part in groupby(order, key=lambda place: run_of_sample[place])}
    for content, equal in (("texts", _same_texts), ("verdicts", _same_verdicts)):
        first_runs: dict[bytes, int] = {}
        for run, place in places.items():
            fingerprint = equal(collected, place)
            if fingerprint is None:
                continue
            other = first_runs.setdefault(fingerprint, run)
            if other != run:
                first, second = (_label(collected, code) for code in (other, run))
                raise InputError(
                    f"{first} and {second} hold the same {content} one by one: one run twice. Leave one out."
                )


def repeated_texts(collected: Collection) -> Iterator[str]:
    """A sentence where many samples of a problem have the text of another; none where few do or texts are unknown."""
    text, problem = numbers(collected.text, np.uint64), numbers(collected.problem, np.int32)
    if len(text) < ENOUGH_TEXTS or not text.all():
        return
    has_several = np.bincount(problem)[problem] > 1
    pairs = np.unique(np.stack([problem.astype(np.uint64), text]), axis=1)
    repeats = len(text) - pairs.shape[1]
    if has_several.any() and repeats >= MANY_REPEATS * has_several.sum():
        yield (
            f"{repeats} of {len(text)} samples repeat the text of another sample of their problem. At temperature 0, "
            "with a seed used twice, or where a resumed run wrote lines again, samples are no independent tries."
        )


class _Arm(NamedTuple):
    """What is compared of a model on a benchmark."""

    samples: int
    # Distinct pairs of problem and text, sorted, of the samples whose text is known.
    texts: np.ndarray
    # Of all verdicts one by one; None where two models could well have the same by chance.
    verdicts: bytes | None


def texts_under_two_names(collected: Collection) -> Iterator[str]:
    """A sentence for two models that have most texts or all verdicts on a benchmark in common, one by one."""
    arms: dict[tuple[str, str], list[int]] = {}
    for code, (model, benchmark, _) in enumerate(collected.keys):
        arms.setdefault((benchmark, model), []).append(code)
    if len({model for _, model in arms}) < 2:
        return
    names = {name: place for place, name in enumerate(dict.fromkeys(key[2] for key in collected.keys))}
    common = np.array([names[key[2]] for key in collected.keys], dtype=np.int64)
    contents = {arm: _arm(collected, codes, common) for arm, codes in arms.items()}
    for (arm, first), (other_arm, second) in combinations(contents.items(), 2):
        if arm[0] == other_arm[0] and (overlap := _in_common(first, second)):
            yield (
                f"{arm[1]} and {other_arm[1]} have {overlap} on {arm[0]} in common. Samples of one model may stand "
                "there under two names."
            )


def _arm(collected: Collection, codes: list[int], common: np.ndarray) -> _Arm:
    problem = numbers(collected.problem, np.int64)
    place = np.flatnonzero(np.isin(problem, codes))
    place = place[np.lexsort((numbers(collected.index, np.int64)[place], common[problem[place]]))]
    same_problem, text = common[problem[place]], numbers(collected.text, np.uint64)[place]
    correct = numbers(collected.outcome, np.int8)[place] == CODE[CORRECT]
    rare = _log_chance(np.unique(same_problem, return_inverse=True)[1], correct) < np.log(HARDLY_CHANCE)
    verdicts = same_problem.tobytes() + correct.tobytes() if rare else None
    return _Arm(len(place), np.unique(of_problem(same_problem, text)[text > 0]), verdicts)


def _in_common(first: _Arm, second: _Arm) -> str | None:
    """`12 of 16 texts`, or `all verdicts, one by one`; None where it is little, or might be chance."""
    smaller = min(len(first.texts), len(second.texts))
    # Short answers repeat each other within a model too, and say nothing.
    distinct = all(2 * len(arm.texts) > arm.samples for arm in (first, second))
    if smaller >= ENOUGH_TEXTS and distinct:
        shared = len(np.intersect1d(first.texts, second.texts, assume_unique=True))
        return f"{shared} of {smaller} texts" if 2 * shared >= smaller else None
    return "all verdicts, one by one," if first.verdicts is not None and first.verdicts == second.verdicts else None


def of_problem(problem: np.ndarray, text: np.ndarray) -> np.ndarray:
    """A number for each pair of problem and text; that two of a million are equal by chance is rarer than 1e-7."""
    return np.asarray(text ^ (problem.astype(np.uint64) * MIXER))


def _same_texts(collected: Collection, place: np.ndarray) -> bytes | None:
    text = numbers(collected.text, np.uint64)[place]
    if len(place) < ENOUGH_TEXTS or not text.all():
        return None
    return bytes(numbers(collected.problem, np.int32)[place].tobytes() + text.tobytes())


def _same_verdicts(collected: Collection, place: np.ndarray) -> bytes | None:
    problem = np.unique(numbers(collected.problem, np.int32)[place], return_inverse=True)[1]
    correct = numbers(collected.outcome, np.int8)[place] == CODE[CORRECT]
    if _log_chance(problem, correct) > np.log(HARDLY_CHANCE):
        return None
    return bytes(numbers(collected.problem, np.int32)[place].tobytes() + correct.tobytes())


def _log_chance(problem: np.ndarray, correct: np.ndarray) -> float:
    """Logarithm of the chance that another run puts its correct samples in the same places: 1 / C(n, c) a problem."""
    n, c = np.bincount(problem), np.bincount(problem, weights=correct)
    return float(-(gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1)).sum())


def _label(collected: Collection, code: int) -> str:
    name, file = list(collected.runs)[code]
    return f"'{collected.files[file]}'" + (f" ({name})" if name else "")
