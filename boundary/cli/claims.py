"""Claims at the terminal: what is required of them, and how probable they are."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console


def required(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> float | dict[str, float] | None:
    """Turn `NAME=0.95`, once or more, or one `0.95` for all claims, into what `boundary.claims` takes."""
    if not words:
        return None
    found = dict(_split(word) for word in words)
    if "" in found and len(words) > 1:
        raise click.BadParameter("give one probability for all claims, or NAME=P for each.")
    return found.get("", found)


def _split(word: str) -> tuple[str, float]:
    name, _, text = word.rpartition("=")
    try:
        return name, float(text)
    except ValueError as error:
        raise click.BadParameter(f"'{text}' is no probability; write NAME=0.95, or 0.95 for all claims.") from error


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
        table.add_row(*(Text(cell, style=_style(row["met"])) for cell in _cells(row)))
    console.print(table)
    console.print()


def _cells(row: dict[Any, Any]) -> list[str]:
    asked = "" if row["met"] is None else f"{row['require']:g}"
    said = {None: "", True: "met", False: "NOT MET"}[row["met"]]
    marks = [said, "extrapolated" if row["extrapolated"] else "", row["note"]]
    numbers = [f"{row['probability']:.3f}", f"{row['mc_error']:.3f}", asked]
    return [row["name"], row["claim"], row["benchmark"], *numbers, ", ".join(mark for mark in marks if mark)]


def _style(met: bool | None) -> str:
    return "bold red" if met is False else ""
