"""The type of a section of the report: its heading, the variables of its template, and its files."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boundary.analysis.result import Analysis

Content = Mapping[str, Any] | None
"""Variables of a section's template; None where the section has nothing to show."""


@dataclass(frozen=True)
class Section:
    """One section: of every benchmark, or of the whole analysis, whichever function is given.

    Parameters
    ----------
    name
        Stem of its files, which stand beside the module of its function: the template `<name>.html.j2`, and where it
        needs them `<name>.css` and `<name>.js`. A section of the whole analysis has it as its anchor too.
    title
        Its heading, for `str.format` with the variables that the function returns; empty where the template has
        headings of its own.
    of_benchmark
        Function that returns the template's variables for one benchmark; called for each benchmark.
    of_analysis
        Function that returns the template's variables for the whole analysis; called once.
    on_top
        Of a section of the whole analysis: whether it stands above the benchmarks.
    in_contents
        How the contents of the page name a section of the whole analysis; its heading where this is empty.
    """

    name: str
    title: str
    of_benchmark: Callable[[Analysis, str], Content] | None = None
    of_analysis: Callable[[Analysis], Content] | None = None
    on_top: bool = False
    in_contents: str = ""

    @property
    def folder(self) -> Path:
        """Where its files are."""
        function = self.of_benchmark or self.of_analysis
        if function is None:
            raise ValueError(f"The section '{self.name}' has no function. Give it of_benchmark or of_analysis.")
        return Path(inspect.getfile(function)).parent

    @property
    def template(self) -> str:
        """File name of its template."""
        return f"{self.name}.html.j2"

    def text(self, suffix: str) -> str:
        """Its style sheet (`.css`) or script (`.js`); empty where it has none."""
        path = self.folder / f"{self.name}{suffix}"
        return path.read_text(encoding="utf-8") if path.is_file() else ""
