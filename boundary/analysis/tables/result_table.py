"""A table of results: cells written for readers, and the numbers behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import combining, east_asian_width

import pandas as pd

from boundary.analysis.tables.markup import latex_text, markdown_text
from boundary.html_tables import MOST_ROWS, html_table
from boundary.plain_text import plain

MARK = "\N{DAGGER}"
EXTRAPOLATED_NOTE = f"{MARK} extrapolated beyond the samples: it rests on the prior, and the data alone cannot say."


class Cell(NamedTuple):
    """A cell as readers see it, and whether it is extrapolated; `marked` has the mark of these."""

    text: str
    is_extrapolated: bool = False

    @property
    def marked(self) -> str:
        """The text with a dagger where it is extrapolated."""
        return f"{self.text}{MARK}" if self.is_extrapolated and self.text else self.text


@dataclass(frozen=True, repr=False)
class ResultTable:
    r"""A table of an analysis, for papers, notebooks and the terminal. `Analysis.table` makes one.

    Parameters
    ----------
    caption
        What it shows, in a sentence.
    headings
        Of the columns.
    n_labels
        Columns of names, which stand first, on the left.
    rows
        The cells, as long as the headings.
    frame
        The numbers, unrounded, a row each.

    Examples
    --------
    >>> table = ResultTable("Shares.", ("model", "pass@8, %"), 1, ((Cell("my_model"), Cell("50.0", True)),), None)
    >>> print(table.to_markdown())
    Shares.
    <BLANKLINE>
    | model | pass@8, % |
    | :--- | ---: |
    | my\_model | 50.0† |
    <BLANKLINE>
    † extrapolated beyond the samples: it rests on the prior, and the data alone cannot say.
    """

    caption: str
    headings: tuple[str, ...]
    n_labels: int
    rows: tuple[tuple[Cell, ...], ...]
    frame: pd.DataFrame

    @property
    def note(self) -> str:
        """What the mark of extrapolated cells means; empty where there is none."""
        return EXTRAPOLATED_NOTE if any(cell.is_extrapolated for row in self.rows for cell in row) else ""

    def to_markdown(self) -> str:
        """The table in Markdown (GitHub's and Pandoc's pipe tables), with its caption and note as paragraphs.

        Returns
        -------
        Text; names are escaped.
        """
        rules = [":---" if column < self.n_labels else "---:" for column in range(len(self.headings))]
        lines = [_joined(self.headings), _joined(rules)]
        for row in self.rows:
            names = [markdown_text(cell.marked) for cell in row[: self.n_labels]]
            lines.append(_joined([*names, *(cell.marked.replace("|", "\\|") for cell in row[self.n_labels :])]))
        return "\n\n".join(part for part in (self.caption, "\n".join(lines), self.note) if part)

    def to_latex(self) -> str:
        """The table in LaTeX, with its caption and note; it needs the package booktabs.

        Returns
        -------
        A `table` environment; names are escaped. Letters beyond ASCII need XeLaTeX or LuaLaTeX.
        """
        columns = "l" * self.n_labels + "r" * (len(self.headings) - self.n_labels)
        lines = [_latex_row(self.headings), r"\midrule"]
        lines += [_latex_row([cell.marked for cell in row]) for row in self.rows]
        note = [r"\par\smallskip\footnotesize " + latex_text(self.note)] if self.note else []
        return "\n".join(
            [
                r"\begin{table}",
                r"\centering",
                rf"\caption{{{latex_text(self.caption)}}}",
                rf"\begin{{tabular}}{{{columns}}}",
                r"\toprule",
                *lines,
                r"\bottomrule",
                r"\end{tabular}",
                *note,
                r"\end{table}",
            ]
        )

    def to_text(self, most_rows: int | None = None) -> str:
        """The table as aligned text.

        Parameters
        ----------
        most_rows
            Rows to show; all where it is None.
        """
        shown = self.rows[:most_rows]
        lines = [list(self.headings), *([plain(cell.marked) for cell in row] for row in shown)]
        widths = [max(_width(line[column]) for line in lines) for column in range(len(self.headings))]
        text = ["  ".join(self._padded(line, widths)).rstrip() for line in lines]
        hidden = len(self.rows) - len(shown)
        more = [f"... and {hidden:,} more row{'s' * (hidden > 1)}"] if hidden else []
        return "\n".join([*text, *more, *([self.note] if self.note else [])])

    def _padded(self, line: Sequence[str], widths: Sequence[int]) -> list[str]:
        spaces = [" " * (width - _width(text)) for text, width in zip(line, widths, strict=True)]
        return [
            text + space if column < self.n_labels else space + text
            for column, (text, space) in enumerate(zip(line, spaces, strict=True))
        ]

    def __repr__(self) -> str:
        """The caption, and the table as text."""
        return f"{self.caption}\n{self.to_text(MOST_ROWS)}"

    def _repr_html_(self) -> str:
        """The table for a notebook."""
        rows = [[cell.marked for cell in row] for row in self.rows]
        return html_table(self.caption, self.headings, rows, self.note)


def _joined(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _latex_row(cells: Sequence[str]) -> str:
    return f"{' & '.join(map(latex_text, cells))} \\\\"


def _width(text: str) -> int:
    """Columns of a terminal that a text takes: letters of East Asia take two, combining marks none."""
    return sum(0 if combining(letter) else 1 + (east_asian_width(letter) in "WF") for letter in text)
