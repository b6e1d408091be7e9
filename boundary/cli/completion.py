"""What a shell completes: names of sets, formats, priors and templates, and what a small counts file holds.

Nothing slow is loaded: names come from the names of files, and counts from their first megabytes at most.
"""

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# Counts files up to so many bytes are read for the names in them.
LARGEST_READ = 8 << 20
SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_BOUNDARY_COMPLETE"
Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def _data_folder(name: str) -> Path:
    """A folder of `boundary.data`, without loading it."""
    return Path(__file__).parents[1] / "data" / name


def set_names() -> list[str]:
    """Names of the shipped sets."""
    return sorted(card.parent.name for card in _data_folder("sets").glob("*/card.md"))


def published_names() -> list[str]:
    """Names of the published sets that live elsewhere."""
    return sorted(card.stem for card in _data_folder("published_cards").glob("*.md"))


def format_names() -> list[str]:
    """What `boundary import` takes for a format: names of the modules of `boundary.data.formats`."""
    spec = find_spec("boundary.data.formats.parts")
    folder = str(Path(spec.origin).parents[1]) if spec is not None and spec.origin else ""
    modules = [module.name for module in iter_modules([folder]) if not module.ispkg and module.name != "format"]
    return ["auto", *sorted(name.replace("_", "-") for name in modules)]


def template_names() -> list[str]:
    """Names of the prompt templates that come with the package."""
    folder = Path(__file__).parents[1] / "sampling" / "templates"
    return sorted(path.name.removesuffix(".txt").removesuffix(".chat") for path in folder.glob("*.txt"))


def preset_names() -> list[str]:
    """Names of the benchmarks that `boundary sample` knows."""
    from boundary.sampling.benchmarks.presets import presets

    return sorted(presets())


def verifier_names() -> list[str]:
    """Names of the verifiers."""
    from boundary.sampling.verifiers.table import VERIFIERS

    return sorted(VERIFIERS)


def completing(names: Callable[[], Iterable[str]], files: bool = False) -> Completer:
    """A completer of names.

    Parameters
    ----------
    names
        Called when a name is to be completed.
    files
        Whether paths are completed too.
    """

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        items = [CompletionItem(name) for name in names() if name.startswith(incomplete)]
        return [*items, *[CompletionItem(incomplete, type="file")] * files]

    return complete


def completing_column(column: str) -> Completer:
    """A completer of the names in a column of the counts on the same command line."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        sources = ctx.params.get("counts") or ctx.args  # these where the option to be completed ends the line
        names = dict.fromkeys(name for source in sources for name in _column(str(source), column))
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]

    return complete


def _column(source: str, column: str) -> list[str]:
    """Names in a column of a small CSV of counts; none where it cannot be read, whatever the reason."""
    import csv
    import gzip

    path = _data_folder("sets") / source / "counts.csv" if source in set_names() else Path(source)
    if path.is_dir():
        path = path / "counts.csv"
    try:
        if not path.name.endswith((".csv", ".csv.gz")) or path.stat().st_size > LARGEST_READ:
            return []
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file.read(LARGEST_READ).splitlines())
            names = dict.fromkeys(row.get(column) or "" for row in rows)
    except (OSError, ValueError, EOFError, csv.Error):
        return []
    return [name for name in names if name and name.isprintable()]  # a newline would look like another item
