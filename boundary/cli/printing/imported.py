"""What was imported, at the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

from boundary.cli.terminal import echo
from boundary.plain_text import count_text, one_line

if TYPE_CHECKING:
    from boundary.data.importing.import_files import Imported


def print_imported(imported: "Imported", paths: list[Path]) -> None:
    """Print a line for each model and benchmark, the settings, the notes and where the files are."""
    table = imported.counts.table
    for (model, benchmark), part in table.groupby(["model", "benchmark"], sort=False):
        correct, samples = int(part["n_correct"].sum()), int(part["n_samples"].sum())
        n = part["n_samples"]
        per_problem = f"{n.min()} to {n.max()} samples" if n.min() < n.max() else count_text(int(n.max()), "sample")
        echo(
            f"{model} on {benchmark}: {count_text(len(part), 'problem')}, {per_problem} each, {correct} of {samples} "
            "correct"
        )
    for name, value in imported.settings.items():
        echo(one_line(f"{name}: {value}"))
    for note in imported.notes:
        echo(one_line(note), err=True)
    for path in paths:
        echo(str(path))
