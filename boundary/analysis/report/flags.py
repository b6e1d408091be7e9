"""Flags of a model on a benchmark: short words for what a reader should know before relying on its numbers."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from boundary.analysis.notes import Note
from boundary.analysis.result import Analysis
from boundary.analysis.text.extremes import FEW_PROBLEMS, FEW_SAMPLES
from boundary.analysis.text.verdict import Verdict
from boundary.data.counts import ALL


class Flag(NamedTuple):
    """A flag.

    Parameters
    ----------
    word
        What the label reads.
    text
        The sentence behind it.
    alarming
        Whether the estimates or the comparison may be wrong because of it.
    """

    word: str
    text: str
    alarming: bool


def flags_of(
    analysis: Analysis, benchmark: str, model: str, verdict: Verdict | None, converged: bool
) -> tuple[Flag, ...]:
    """The flags of a model on a benchmark, each word once, those that alarm first.

    Parameters
    ----------
    verdict
        On the model, if there is one.
    converged
        Whether the fit's diagnostics passed.
    """
    flags = [Flag("NOT CONVERGED", "The diagnostics of the fit failed: do not rely on it.", True)] * (not converged)
    flags += [*_small(analysis, benchmark, verdict), *_of_notes(analysis, benchmark, model)]
    by_word: dict[str, Flag] = {}
    for flag in sorted(flags, key=lambda flag: not flag.alarming):
        by_word.setdefault(flag.word, flag)
    return tuple(by_word.values())


def _small(analysis: Analysis, benchmark: str, verdict: Verdict | None) -> Iterator[Flag]:
    """Few problems, few samples, and samples that are not as many of each model."""
    sizes = analysis.sample_sizes[benchmark]
    n_problems = max(len(n) for n in sizes.by_model.values())
    cautions = " ".join(() if verdict is None else verdict.cautions)
    if n_problems < FEW_PROBLEMS:
        yield Flag("few problems", cautions or f"Fewer than {FEW_PROBLEMS} problems.", False)
    if sizes.reliable_k < FEW_SAMPLES:
        yield Flag("few samples", cautions or f"Fewer than {FEW_SAMPLES} samples of each problem.", False)
    if len({tuple(ends) for ends in sizes.ranges.values()}) > 1:
        yield Flag("unequal n", f"{sizes.in_words}.", False)


def _of_notes(analysis: Analysis, benchmark: str, model: str) -> Iterator[Flag]:
    """Flags for what the checks noted."""
    checks: dict[str, Iterable[Note]] = {
        "unequal n": analysis.unequal_samples,
        "arms differ": analysis.arms.of(benchmark, notes=False),
        "n depends on outcome": analysis.optional_stopping,
        "counts": analysis.missing_outcomes.remarks,
        "prior": analysis.model_checks.remarks,
        "order of samples": [note for note in analysis.exchangeability if note.alarming],
    }
    for word, notes in checks.items():
        for note in notes:
            is_about = note.benchmark == benchmark or benchmark == ALL
            if is_about and note.model in ("", model, analysis.base) and note.severity != "note":
                yield Flag(word, note.text, note.alarming)
