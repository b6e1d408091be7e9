"""Samples of the training and of its evaluations: trainers write both into one folder, and they are never pooled."""

from pathlib import Path

from boundary.data.readers.streams import Source

STAGES = {"train": "the training", "eval": "the evaluation", "val": "the evaluation", "valid": "the evaluation"}
STAGES["validation"] = STAGES["val"]


def stage_of_path(path: Path, depth: int = 2) -> str | None:
    """Whether a file is of the training or of an evaluation, by its name or one of its nearest folders.

    Parameters
    ----------
    path
        As `step_10/train_rollouts.jsonl` or `step_10/eval/all/traces.jsonl`.
    depth
        How many folders are looked at.
    """
    names = [path.name.partition("_")[0], *(folder.name for folder in path.resolve().parents[:depth])]
    return next((STAGES[name] for name in names if name in STAGES), None)


def refuse_mixed_stages(source: Source, stage: str | None, line: int | None = None) -> None:
    """Refuse samples of the training beside those of the evaluation, in one file or in several.

    Raises
    ------
    InputError
        Naming a file of the other stage.
    """
    if stage is None:
        return
    before, path = source.shared.setdefault("stage", (stage, source.path))
    if before != stage:
        raise source.error(
            f"samples of {stage}, while '{path}' has those of {before}: they are of other problems and other sampling. "
            "Import them apart, naming the files or the folder of one of them",
            line,
        )
