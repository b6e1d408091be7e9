"""Lines that a resumed run wrote again: a stretch of samples that stands in the files twice, text by text."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from boundary.data.importing.collection import Collection
from boundary.data.importing.pooled_tables import numbers
from boundary.data.importing.repeated_runs import HARDLY_CHANCE, of_problem
from boundary.plain_text import agreeing, count_text

# Shorter stretches are not looked at, nor more distances between a stretch and its copy, nor more stretches of each.
SHORTEST, MOST_DISTANCES, MOST_STRETCHES = 3, 64, 1000
# Weight of the rate of equal texts in all problems, in pairs of samples, where a problem's own rate is estimated.
PRIOR_PAIRS = 4


class Stretch(NamedTuple):
    """Samples that repeat earlier ones one by one: the place of the first, and how many."""

    start: int
    length: int


def drop_repeated_lines(collected: Collection) -> list[str]:
    """Drop samples that were written twice; the sentences returned name them, and repeats that may be chance.

    Notes
    -----
    A stretch of samples, in the order of the files, is a copy where each has the problem and the text of the one that
    stands a fixed distance before it. By chance this happens with the product, over the stretch, of the probability
    that two samples of the problem have equal texts; it is estimated from all pairs of the other samples. A stretch
    rarer than 1e-9 is dropped, with (equal + 1) / (pairs + 1) as the estimate, which is cautious: where no pair of
    other samples is left to tell, nothing is dropped. One that is rarer only with an estimate that borrows from the
    other problems is reported and kept. So is one of samples whose texts are unknown, of which the verdicts are
    compared: these may stand in an order of their own, such as the correct ones first.
    """
    problem, text = numbers(collected.problem, np.int64), numbers(collected.text, np.uint64)
    unknown = text == 0
    content = np.where(unknown, numbers(collected.outcome, np.uint64) + 1, text)
    code = np.unique(of_problem(problem, content), return_inverse=True)[1].reshape(-1)
    stretches = [
        stretch for stretch in _stretches(code) if not unknown[stretch.start] or _spans_problems(stretch, problem)
    ]
    copied = _marked(stretches, len(code))
    cautious, pooled = _chances(problem[~copied], code[~copied], int(problem.max(initial=-1)) + 1)
    certain: list[Stretch] = []
    uncertain: list[Stretch] = []
    for stretch in stretches:
        lines = problem[stretch.start : stretch.start + stretch.length]
        if cautious[lines].sum() < np.log(HARDLY_CHANCE):
            (uncertain if unknown[stretch.start] else certain).append(stretch)
        elif not unknown[stretch.start] and pooled[lines].sum() < np.log(HARDLY_CHANCE):
            uncertain.append(stretch)
    dropped = _marked(certain, len(code))
    kept = _marked(uncertain, len(code)) & ~dropped
    collected.keep(~dropped)
    return list(_sentences(int(dropped.sum()), int(kept.sum())))


def _sentences(n_dropped: int, n_kept: int) -> Iterator[str]:
    """Sentences on the samples that were dropped, and on those that repeat others and were kept."""
    if n_dropped:
        yield (
            f"{count_text(n_dropped, 'sample')} {agreeing(n_dropped, 'stands', 'stand')} there twice, word by word and "
            "in the same order, as where a resumed run writes lines again. Each was counted once."
        )
    if n_kept:
        yield (
            f"{count_text(n_kept, 'sample')} {agreeing(n_kept, 'repeats', 'repeat')} earlier ones in the same order. "
            "All were counted; if a resumed run wrote lines again, remove them."
        )


def _spans_problems(stretch: Stretch, problem: np.ndarray) -> bool:
    return bool((problem[stretch.start : stretch.start + stretch.length] != problem[stretch.start]).any())


def _stretches(code: np.ndarray) -> Iterator[Stretch]:
    """Longest stretches that repeat what stands a fixed distance before them."""
    first = np.unique(code, return_index=True)[1][code] if len(code) else code
    place = np.arange(len(code))
    again = first < place
    distances, times = np.unique(place[again] - first[again], return_counts=True)
    frequent = distances[times >= SHORTEST][np.argsort(-times[times >= SHORTEST], kind="stable")]
    for distance in frequent[:MOST_DISTANCES]:
        equal = np.zeros(len(code) + 2, dtype=np.int8)
        equal[distance + 1 : -1] = code[distance:] == code[:-distance]
        edges = np.flatnonzero(np.diff(equal))
        starts, lengths = edges[::2], edges[1::2] - edges[::2]
        longest = np.argsort(-lengths, kind="stable")[:MOST_STRETCHES]
        for start, length in zip(starts[longest], lengths[longest], strict=True):
            if length >= SHORTEST:
                yield Stretch(int(start), int(length))


def _marked(stretches: list[Stretch], count: int) -> np.ndarray:
    marks = np.zeros(count, dtype=bool)
    for stretch in stretches:
        marks[stretch.start : stretch.start + stretch.length] = True
    return marks


def _chances(problem: np.ndarray, code: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the probability that two samples of each problem have equal texts: cautious, and pooled."""
    n = np.bincount(problem, minlength=count)
    kinds, times = np.unique(code, return_counts=True)
    of_kind = np.zeros(int(kinds.max(initial=-1)) + 1, dtype=np.int64)
    of_kind[code] = problem
    equal = np.bincount(of_kind[kinds], weights=times * (times - 1) / 2, minlength=count)
    pairs = n * (n - 1) / 2
    overall = (equal.sum() + 1) / (pairs.sum() + 1)
    cautious = np.log((equal + 1) / (pairs + 1))
    return cautious, np.log((equal + PRIOR_PAIRS * overall) / (pairs + PRIOR_PAIRS))
