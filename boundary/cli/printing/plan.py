"""A plan of further samples at the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

from boundary.cli.printing.fields import table_or_fields
from boundary.cli.terminal import console

if TYPE_CHECKING:
    from boundary.analysis.claims.plan import Plan
    from boundary.analysis.training_plan.record import TrainingPlan

NOT_CONVERGED = "NOT CONVERGED, do not rely on this plan. Run again with another seed."


def print_plan(plan: "Plan", path: Path) -> None:
    """Print what the plan says, what other numbers of samples promise, and where it is."""
    from rich.text import Text

    screen = console()
    if not plan.converged:
        screen.print(Text(NOT_CONVERGED, style="bold red"))
    screen.print(Text(plan.text, style="bold"))
    if plan.extrapolated:
        screen.print("The claim looks beyond the samples there are: it rests on the prior as well as on them.")
    if plan.n_more:
        rows = plan.assurance
        columns = {
            "samples": [*map(Text, rows["allocation"])],
            "more": [Text(f"{n:,}") for n in rows["n_more"]],
            "chance to settle": [Text(f"{chance:.2f}") for chance in rows["chance"]],
            "width": [Text(f"{width:.3g}") for width in rows["width"]],
        }
        names = [[name] for name in columns["samples"]]
        screen.print()
        screen.print(table_or_fields(columns, screen.width, right=[*columns][1:], names=names))
        screen.print()
        screen.print("Such samples depend on those before them: analyse them with --stopping adaptive.")
    screen.print(f"Written: {path}", soft_wrap=True)


def print_training_plan(plan: "TrainingPlan", path: Path) -> None:
    """Print what the plan says, a line for each design, and where the table is."""
    from rich.text import Text

    from boundary.analysis.training_plan.record import amount, width_text

    screen = console()
    if not plan.converged:
        screen.print(Text(NOT_CONVERGED, style="bold red"))
    screen.print(Text(plan.text, style="bold"))
    designs = plan.designs
    names = {plan.of: f"n_{plan.of}", "problems": "n_problems", "samples": "n_samples", "more samples": "n_more"}
    columns = {"more": [*map(Text, designs["more"])]}
    columns |= {heading: [Text(f"{n:,.0f}") for n in designs[name]] for heading, name in names.items()}
    if designs["tokens"].notna().all():
        columns["more tokens"] = [Text(amount(tokens)) for tokens in designs["tokens"]]
    rows = designs.to_dict("records")
    columns["width, points"] = [Text(width_text(row)) for row in rows]
    has_range = designs["width_upper"] > designs["width_lower"]
    if has_range.any():
        columns["80 %"] = [
            Text(f"{width_text(row, 'width_lower')}\u2013{width_text(row, 'width_upper')}" if is_uncertain else "")
            for row, is_uncertain in zip(rows, has_range, strict=True)
        ]
    screen.print()
    screen.print(
        table_or_fields(
            columns, screen.width, right=[*columns][1:], broken=["more"], names=[[more] for more in columns["more"]]
        )
    )
    screen.print()
    screen.print(f"Written: {path}", soft_wrap=True)
