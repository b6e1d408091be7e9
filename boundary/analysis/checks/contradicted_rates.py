"""Verifier error rates that the counts contradict: fewer samples judged right than false positives alone would give."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import bdtr, bdtrc

from boundary.analysis.fitting import Panel
from boundary.analysis.formatting import Shorten, number, shortener
from boundary.analysis.notes import Note

# Counts this improbable are taken for a contradiction: of all problems of a model together, of one of them with the
# number of problems reckoned with, or so many improbable ones.
IMPROBABLE = 1e-3
TOO_HIGH = "The rates are too high for these counts, and estimates under them mean nothing: give lower ones."


def contradicted_rate_notes(panels: Sequence[Panel]) -> tuple[Note, ...]:
    """A note on each model whose counts are too low for the rates of errors that were given.

    Notes
    -----
    A sample is judged right with probability f + p (1 - f - g) >= f, with false positives f, false negatives g and the
    solve rate p. So c is at least binomial with f, whatever p is. Audited rates are left out: the fit learns them too.
    """
    shorten = shortener(model for panel in panels for model in panel.models)
    return tuple(note for panel in panels for note in _notes(panel, shorten))


def _notes(panel: Panel, shorten: Shorten) -> Iterator[Note]:
    if panel.errors is None or panel.errors.shared:
        return
    floors = panel.errors.false_positive.min(axis=2)
    for column, model in enumerate(panel.models):
        if model == panel.base and not panel.first:
            continue
        counts = panel.counts
        text = _contradiction(
            counts.n_correct[:, column], counts.n_samples[:, column], floors[:, column], counts.problem_ids
        )
        if text:
            yield Note(panel.benchmark, model, f"{shorten(model)}: {text}", "alarm")


def _contradiction(c: np.ndarray, n: np.ndarray, floor: np.ndarray, problem_ids: Sequence[str]) -> str:
    """The contradiction in a sentence; empty where there is none."""
    expected, spread = float(n @ floor), float(np.sqrt(n @ (floor * (1 - floor))))
    chances = bdtr(c, n, floor)
    too_low = chances < IMPROBABLE
    are_too_many = too_low.any() and bdtrc(too_low.sum() - 1, len(c), IMPROBABLE) < IMPROBABLE
    if spread > 0 and bdtr(c.sum(), n.sum(), expected / n.sum()) < IMPROBABLE:
        shares = f"{number(c.sum() / n.sum(), 100, 1)} % against at least {number(expected / n.sum(), 100, 1)} %"
        contradiction = f"fewer samples were judged right than false positives or guesses alone would give ({shares})"
    elif are_too_many or chances.min() < IMPROBABLE / len(c):
        first = int(chances.argmin())
        problems = "one problem has" if too_low.sum() == 1 else f"{too_low.sum():,} problems have"
        contradiction = (
            f"{problems} fewer samples judged right than false positives or guesses alone would give, as "
            f"{problem_ids[first]} with {c[first]:,} of {n[first]:,} for a rate of {floor[first]:.2g}"
        )
    else:
        return ""
    return f"{contradiction}. {TOO_HIGH}"
