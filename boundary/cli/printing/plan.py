"""A plan of further samples at the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

from boundary.cli.terminal import console

if TYPE_CHECKING:
    from boundary.analysis.claims.plan import Plan


def print_plan(plan: "Plan", path: Path) -> None:
    """Print what the plan says, what other numbers of samples promise, and where it is."""
    from rich.table import Table
    from rich.text import Text

    screen = console()
    if not plan.converged:
        screen.print(Text("NOT CONVERGED, do not rely on this plan. Run again with another seed.", style="bold red"))
    screen.print(Text(plan.text, style="bold"))
    if plan.extrapolated:
        screen.print("The claim looks beyond the samples there are: it rests on the prior as well as on them.")
    if plan.n_more:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
        for heading in ("samples", "more", "chance to settle", "width"):
            table.add_column(heading, justify="left" if heading == "samples" else "right")
        for row in plan.assurance.to_dict("records"):
            table.add_row(row["allocation"], f"{row['n_more']:,}", f"{row['chance']:.2f}", f"{row['width']:.3g}")
        screen.print()
        screen.print(table)
        screen.print()
        screen.print("Such samples depend on those before them: analyse them with --stopping adaptive.")
    screen.print(f"Written: {path}", soft_wrap=True)
