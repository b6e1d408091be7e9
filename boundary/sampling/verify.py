"""Judging the stored samples of a run again: nothing is sampled, every verifier's verdicts are kept."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boundary.data.readers.limits import FLUSH_TEXT
from boundary.data.runs.folder import model_name, read_manifest, read_verdicts, sample_index, verdict_names
from boundary.errors import InputError
from boundary.sampling.judging.judge import judging
from boundary.sampling.problems import Completion
from boundary.sampling.store.arm import (
    append_verdicts,
    set_in_manifest,
    slug,
    stored_completions,
    stored_problems,
    unjudged,
)
from boundary.sampling.verifiers.spec import Verifier
from boundary.sampling.verifiers.table import VERIFIERS

BATCH = 4096
EXAMPLES = 5
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Disagreement:
    """How the verdicts of two verifiers on the same samples differ.

    Parameters
    ----------
    verifier, other
        Their keys.
    n_both
        Samples that both judged.
    only_verifier, only_other
        Samples that only the first, only the second calls correct.
    examples
        Some of these: problem_id, sample_index, the outcome of each, the answer that the first found.
    """

    verifier: str
    other: str
    n_both: int
    only_verifier: int
    only_other: int
    examples: tuple[dict[str, Any], ...]


def verify_arm(
    arm: Path, verifier: Verifier, workers: int = 2, again: bool = False, progress: Progress | None = None
) -> Counter[str]:
    """Judge the samples of an arm that a verifier has not judged yet, and store the verdicts.

    Parameters
    ----------
    arm
        The arm's folder.
    verifier
        What judges.
    workers
        Number of worker processes.
    again
        Judge those anew, too, that it has judged.
    progress
        Called with the arm's name, the samples done and the samples in all.

    Returns
    -------
    How often each outcome was given.
    """
    manifest = read_manifest(arm)
    samples = stored_completions(arm) if again else unjudged(arm, slug(verifier.key))
    total = len(sample_index(arm)) - (0 if again else len(read_verdicts(arm, slug(verifier.key))))
    outcomes: Counter[str] = Counter()
    name = f"{model_name(manifest)} on {manifest['benchmark']}"
    if progress:
        progress(name, 0, total)
    problems = stored_problems(arm)
    problem_ids = {problem.problem_id for problem in problems}
    with judging(problems, verifier, workers) as judge_batch:
        for batch in _batches(samples):
            unknown = [sample.problem_id for sample in batch if sample.problem_id not in problem_ids]
            if unknown:
                raise InputError(f"'{arm}': sampled problem {unknown[0]} is none of its problems. Sample anew.")
            verdicts = judge_batch(batch)
            append_verdicts(arm, verifier.key, verdicts)
            outcomes.update(verdict.outcome for verdict in verdicts)
            if progress:
                progress(name, outcomes.total(), total)
    if not manifest.get("verifier"):
        set_in_manifest(arm, verifier=slug(verifier.key))
    return outcomes


def disagreements(arm: Path, key: str) -> list[Disagreement]:
    """How the verdicts of a verifier (its key) differ from those of each other one, on an arm's samples."""
    return [_disagreement(arm, key, other) for other in verdict_names(arm) if other != key]


def verifier_name(arm: Path) -> str:
    """Name of the verifier of this package that an arm's manifest names, without its version.

    Raises
    ------
    InputError
        If it names none, or one that is not of this package. A folder may come from anyone, and a verifier is code that
        runs here, so a user's own comes from the user alone.
    """
    key = read_manifest(arm).get("verifier")
    if not key:
        raise InputError(f"'{arm}': its manifest names no verifier. Choose one with --verifier.")
    for name in sorted(VERIFIERS, key=len, reverse=True):
        if key == name or (key.startswith(f"{name}-") and key[len(name) + 1 : len(name) + 2].isdigit()):
            return name
    shown = "".join(sign if sign.isprintable() else " " for sign in key)[:60]
    raise InputError(
        f"'{arm}': its manifest names the verifier '{shown}', which is not one of boundary's. A folder does not choose "
        "what code runs here. If it is your own, name it yourself: --verifier module:function."
    )


def _disagreement(arm: Path, verifier: str, other: str) -> Disagreement:
    keys = ["problem_id", "sample_index"]
    table = read_verdicts(arm, verifier).merge(read_verdicts(arm, other), on=keys, suffixes=("", "_other"))
    correct, correct_other = table["outcome"] == "correct", table["outcome_other"] == "correct"
    shown = table.loc[correct != correct_other, [*keys, "outcome", "outcome_other", "answer"]].head(EXAMPLES)
    return Disagreement(
        verifier=verifier,
        other=other,
        n_both=len(table),
        only_verifier=int((correct & ~correct_other).sum()),
        only_other=int((correct_other & ~correct).sum()),
        examples=tuple({str(key): value for key, value in row.items()} for row in shown.to_dict("records")),
    )


def _batches(samples: Iterable[Completion]) -> Iterator[list[Completion]]:
    """Samples that are judged and written together: so many, or so much text."""
    batch: list[Completion] = []
    size = 0
    for sample in samples:
        batch.append(sample)
        size += len(sample.text)
        if len(batch) >= BATCH or size >= FLUSH_TEXT:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
