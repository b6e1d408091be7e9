"""A table without lines where a terminal has room for its numbers, and where it has not, a field on each line."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

# Columns between two cells, and those that a text at least gets before it is broken into lines.
SPACE, LEAST_TEXT_COLUMNS = 2, 10


def table_or_fields(
    columns: "Mapping[str, Sequence[Text]]",
    width: int,
    *,
    headings: Sequence[str] = (),
    right: Sequence[str] = (),
    broken: Sequence[str] = (),
    names: "Sequence[Sequence[Text]]" = (),
) -> "RenderableType":
    """Rows as a table, its headings faint; where that is wider than the terminal, a field on each line: no cell is cut.

    Parameters
    ----------
    columns
        Cells by the key of their column.
    width
        Columns of the terminal.
    headings
        In place of the keys.
    right
        Keys of columns whose cells stand to the right.
    broken
        Keys of columns of texts, which may be broken into lines.
    names
        Names of each row that stand above its fields, in place of as many first columns, which may be shortened.
    """
    from rich.cells import cell_len
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    labels = dict(zip(columns, headings or columns, strict=True))
    widest = {key: max([cell_len(labels[key]), *(cell.cell_len for cell in cells)]) for key, cells in columns.items()}
    table_columns = sum(min(widest[key], LEAST_TEXT_COLUMNS) if key in broken else widest[key] for key in columns)
    rows = list(zip(*columns.values(), strict=True))
    if table_columns + SPACE * (len(columns) - 1) <= width:
        table = Table(box=None, padding=(0, SPACE, 0, 0), pad_edge=False, header_style="dim")
        for key, label in labels.items():
            table.add_column(Text(label), justify="right" if key in right else "left", no_wrap=key not in broken)
        for row in rows:
            table.add_row(*row)
        return table
    lines: list[Text] = []
    n_names = len(names[0]) if names else 0
    for place, row in enumerate(rows):
        lines += names[place] if names else []
        for label, cell in list(zip(labels.values(), row, strict=True))[n_names:]:
            if cell.plain:
                lines.append(Text.assemble((f"  {label}: " if label else "  ", "dim"), cell))
    return Group(*lines)
