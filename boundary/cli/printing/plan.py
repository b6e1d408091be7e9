"""A plan of further samples at the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

from boundary.cli.terminal import console

if TYPE_CHECKING:
    from boundary.analysis.claims.plan import Plan
    from boundary.analysis.training_plan.record import TrainingPlan

NOT_CONVERGED = "NOT CONVERGED, do not rely on this plan. Run again with another seed."


def print_plan(plan: "Plan", path: Path) -> None:
    """Print what the plan says, what other numbers of samples promise, and where it is."""
    from rich.table import Table
    from rich.text import Text

    screen = console()
    if not plan.converged:
        screen.print(Text(NOT_CONVERGED, style="bold red"))
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


def print_training_plan(plan: "TrainingPlan", path: Path) -> None:
    """Print what the plan says, a line for each design, and where the table is."""
    from rich.table import Table
    from rich.text import Text

    from boundary.analysis.training_plan.record import amount

    screen = console()
    if not plan.converged:
        screen.print(Text(NOT_CONVERGED, style="bold red"))
    screen.print(Text(plan.text, style="bold"))
    columns = {plan.of: f"n_{plan.of}", "problems": "n_problems", "samples": "n_samples", "more samples": "n_more"}
    if plan.designs["tokens"].notna().all():
        columns["more tokens"] = "tokens"
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    has_range = plan.designs["width_upper"] > plan.designs["width_lower"]
    for heading in ("more", *columns, "width, points", *(["80 %"] if has_range.any() else [])):
        table.add_column(heading, justify="left" if heading == "more" else "right")
    for row, is_uncertain in zip(plan.designs.to_dict("records"), has_range, strict=True):
        numbers = [amount(row[name]) if name == "tokens" else f"{row[name]:,.0f}" for name in columns.values()]
        outcomes = f"{100 * row['width_lower']:.1f}\u2013{100 * row['width_upper']:.1f}" if is_uncertain else ""
        table.add_row(
            Text(row["more"]), *numbers, f"{100 * row['width']:.1f}", *([outcomes] if has_range.any() else [])
        )
    screen.print()
    screen.print(table)
    screen.print()
    screen.print(f"Written: {path}", soft_wrap=True)
