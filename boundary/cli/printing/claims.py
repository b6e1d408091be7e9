"""Claims at the terminal: how probable each is, and whether that is enough."""

from typing import TYPE_CHECKING, Any

from boundary.cli.terminal import cell_text

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

OUTCOMES = {None: "", True: "met", False: "NOT MET"}


def print_claims(console: "Console", claims: "pd.DataFrame") -> None:
    """Print a line for each claim: its probability, and whether what is required of it is met."""
    from rich.table import Table
    from rich.text import Text

    if claims.empty:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("claim", "", "benchmark", "probability", "± MC", "required", ""):
        table.add_column(heading, justify="right" if heading in ("probability", "± MC", "required") else "left")
    for row in claims.to_dict("records"):
        style = "bold red" if row["met"] is False else ""
        table.add_row(*(Text(cell_text(cell), style=style) for cell in _cells(row)))
    console.print(table)
    console.print()


def _cells(row: dict[Any, Any]) -> list[str]:
    marks = [OUTCOMES[row["met"]], "extrapolated" if row["extrapolated"] else "", row["note"]]
    required = "" if row["met"] is None else f"{row['require']:g}"
    numbers = [f"{row['probability']:.3f}", f"{row['mc_error']:.3f}", required]
    return [row["name"], row["claim"], row["benchmark"], *numbers, ", ".join(mark for mark in marks if mark)]
