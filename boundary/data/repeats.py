"""Runs that are one run filed twice, and samples that repeat each other: what pooling would take for more evidence."""

from collections.abc import Iterator
from itertools import combinations, groupby

import numpy as np
from scipy.special import gammaln

from boundary.data.collecting import CODE, Collection
from boundary.data.pooled import numbers
from boundary.data.records import CORRECT
from boundary.errors import InputError

# Runs whose verdicts agree sample by sample, where an agreement by chance is rarer than this, are one run.
HARDLY_CHANCE = 1e-9
# With fewer samples than this in common, equal texts can be short answers that happen to agree.
ENOUGH_TEXTS = 8
MANY_REPEATS = 0.25


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
    parts = _by_run(collected)
    for what, equal in (("texts", _same_texts), ("verdicts", _same_verdicts)):
        known: dict[bytes, int] = {}
        for run, place in parts.items():
            fingerprint = equal(collected, place)
            if fingerprint is None:
                continue
            other = known.setdefault(fingerprint, run)
            if other != run:
                first, second = (_label(collected, code) for code in (other, run))
                raise InputError(f"{first} and {second} hold the same {what} one by one: one run twice. Leave one out.")


def repeated_texts(collected: Collection) -> Iterator[str]:
    """A sentence where many samples of a problem have the text of another; none where few do or texts are unknown."""
    text, problem = numbers(collected.text, np.uint64), numbers(collected.problem, np.int32)
    if len(text) < ENOUGH_TEXTS or not text.all():
        return
    several = np.bincount(problem)[problem] > 1
    pairs = np.unique(np.stack([problem.astype(np.uint64), text]), axis=1)
    repeats = len(text) - pairs.shape[1]
    if several.any() and repeats >= MANY_REPEATS * several.sum():
        yield (
            f"{repeats} of {len(text)} samples repeat the text of another sample of their problem. At temperature 0, "
            "with a seed used twice, or where a resumed run wrote lines again, samples are no independent tries."
        )


def texts_under_two_names(collected: Collection) -> Iterator[str]:
    """A sentence for two models that have most texts or all verdicts on a benchmark in common, one by one."""
    problem, index = numbers(collected.problem, np.int64), numbers(collected.index, np.int64)
    text, outcome = numbers(collected.text, np.uint64), numbers(collected.outcome, np.int8)
    arms: dict[tuple[str, str], list[int]] = {}
    for code, (model, benchmark, _) in enumerate(collected.keys):
        arms.setdefault((benchmark, model), []).append(code)
    names = {key[2]: place for place, key in enumerate({key[2]: key for key in collected.keys}.values())}
    common = np.array([names[key[2]] for key in collected.keys], dtype=np.int64)
    tables = {}
    for arm, codes in arms.items():
        place = np.flatnonzero(np.isin(problem, codes))
        place = place[np.lexsort((index[place], common[problem[place]]))]
        tables[arm] = (common[problem[place]], text[place], outcome[place] == CODE[CORRECT])
    for (one, first), (other, second) in combinations(tables.items(), 2):
        if one[0] == other[0] and (what := _in_common(first, second)):
            yield (
                f"{one[1]} and {other[1]} have {what} on {one[0]} in common. Samples of one model may stand there "
                "under two names."
            )


def _in_common(first: tuple[np.ndarray, ...], second: tuple[np.ndarray, ...]) -> str | None:
    """`12 of 16 texts`, or `all verdicts, one by one`; None where it is little, or might be chance."""
    known = [np.unique(np.stack([p.astype(np.uint64), t])[:, t > 0], axis=1) for p, t, _ in (first, second)]
    smaller = min(pairs.shape[1] for pairs in known)
    # Short answers repeat each other within a model too, and say nothing.
    distinct = all(2 * pairs.shape[1] > (t > 0).sum() for pairs, (_, t, _) in zip(known, (first, second), strict=True))
    if smaller >= ENOUGH_TEXTS and distinct:
        shared = sum(known[i].shape[1] for i in (0, 1)) - np.unique(np.concatenate(known, axis=1), axis=1).shape[1]
        return f"{shared} of {smaller} texts" if 2 * shared >= smaller else None
    same = len(first[0]) == len(second[0]) and (first[0] == second[0]).all() and (first[2] == second[2]).all()
    return "all verdicts, one by one," if same and _log_chance(first[0], first[2]) < np.log(HARDLY_CHANCE) else None


def _by_run(collected: Collection) -> dict[int, np.ndarray]:
    """Places of each run's samples, sorted by problem and index."""
    run = numbers(collected.run, np.int32)
    order = np.lexsort((numbers(collected.index, np.int64), numbers(collected.problem, np.int32), run))
    return {int(code): np.array(list(places)) for code, places in groupby(order, key=lambda place: run[place])}


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
