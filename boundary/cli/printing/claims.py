"""Claims at the terminal: how probable each is, and whether that is enough."""

from typing import TYPE_CHECKING, Any

from boundary.cli.printing.fields import table_or_fields
from boundary.cli.terminal import cell_text

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

COLUMNS = ("name", "claim", "benchmark", "probability", "MC error", "required", "outcome")
NUMBERS, TEXTS = COLUMNS[3:6], (*COLUMNS[:3], COLUMNS[6])
OUTCOMES = {None: "", True: "met", False: "NOT MET"}


def print_claims(console: "Console", claims: "pd.DataFrame") -> None:
    """Print a line for each claim: its probability, and whether what is required of it is met."""
    from rich.text import Text

    if claims.empty:
        return
    rows = [
        [Text(cell_text(cell), style="bold red" if row["met"] is False else "") for cell in _cells(row)]
        for row in claims.to_dict("records")
    ]
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    headings = [*COLUMNS[:-1], ""]
    names = [row[:1] for row in rows]
    console.print(table_or_fields(columns, console.width, headings=headings, right=NUMBERS, broken=TEXTS, names=names))
    console.print()


def _cells(row: dict[Any, Any]) -> list[str]:
    from boundary.analysis.formatting import probability_number

    marks = [OUTCOMES[row["met"]], "extrapolated" if row["extrapolated"] else "", row["note"]]
    required = "" if row["met"] is None else f"{row['require']:g}"
    numbers = [*(probability_number(row[name], 3) for name in ("probability", "mc_error")), required]
    return [row["name"], row["claim"], row["benchmark"], *numbers, ", ".join(mark for mark in marks if mark)]
