"""Runs that are one run filed twice, and samples that repeat each other: what pooling would take for more evidence."""

from itertools import groupby

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


def repeated_texts(collected: Collection) -> str | None:
    """A sentence where many samples of a problem have the text of another; None where few do or texts are unknown."""
    text, problem = numbers(collected.text, np.uint64), numbers(collected.problem, np.int32)
    if len(text) < ENOUGH_TEXTS or not text.all():
        return None
    several = np.bincount(problem)[problem] > 1
    pairs = np.unique(np.stack([problem.astype(np.uint64), text]), axis=1)
    repeats = len(text) - pairs.shape[1]
    if not several.any() or repeats < MANY_REPEATS * several.sum():
        return None
    return (
        f"{repeats} of {len(text)} samples repeat the text of another sample of their problem. At temperature 0, or "
        "with a seed used twice, samples are no independent tries."
    )


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
    n, c = np.bincount(problem), np.bincount(problem, weights=correct)
    chance = -(gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1)).sum()
    if chance > np.log(HARDLY_CHANCE):
        return None
    return bytes(numbers(collected.problem, np.int32)[place].tobytes() + correct.tobytes())


def _label(collected: Collection, code: int) -> str:
    name, file = list(collected.runs)[code]
    return f"'{collected.files[file]}'" + (f" ({name})" if name else "")
