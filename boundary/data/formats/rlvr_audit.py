"""The audit of limit-of-rlvr's reproduction, `results.json`: counts of several models on one problem set.

Fields: n_per_problem; models.{label}.per_problem.{idx}.correct; models.{label}.correct_generations, their sum.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import Tally, whole_number


class Problem(msgspec.Struct):
    """Counts of a problem."""

    correct: int | float


class Model(msgspec.Struct):
    """Counts of a model."""

    per_problem: dict[str, Problem]
    correct_generations: int | None = None


class Audit(msgspec.Struct):
    """The file."""

    n_per_problem: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
    models: dict[str, Model]


def recognises(path: Path, head: bytes) -> bool:
    """Whether it has counts per problem of several models."""
    return is_object(head) and has_keys(head, "n_per_problem", "models", "per_problem")


def read(source: Source) -> Iterator[Tally]:
    """Counts of each model and problem."""
    audit = source.document(Audit)
    for name, model in audit.models.items():
        try:
            counts = {idx: whole_number(problem.correct, "correct") for idx, problem in model.per_problem.items()}
        except ValueError as error:
            raise source.error(f"{name}: {error}") from error
        total = sum(counts.values())
        if model.correct_generations not in (None, total):
            raise source.error(
                f"{name} has {model.correct_generations} correct in all, but its problems add up to {total}"
            )
        for idx, correct in counts.items():
            if correct > audit.n_per_problem:
                source.broken(f"problem {idx} of {name}: {correct} correct of {audit.n_per_problem} samples")
                continue
            yield Tally(idx, audit.n_per_problem, correct, name)
