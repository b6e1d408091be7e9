"""`boundary plan`: how many more samples settle a claim."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.commands.analyze import PRIORS
from boundary.cli.interruption import interruptibly
from boundary.cli.jax_setup import prepare
from boundary.cli.progress import progress_bar
from boundary.cli.terminal import console

if TYPE_CHECKING:
    from boundary.analysis.claims.plan import Plan

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command()
@click.argument("counts", nargs=-1, required=True)
@click.option("--claim", required=True, metavar="CLAIM", help='What to settle, as in "shrinkage(1024) > 0".')
@click.option("--base", metavar="MODEL", help="The base model. May be left out where the shipped set names it.")
@click.option("--rl", metavar="MODEL", help="The RL model. Default: the other one.")
@click.option("--benchmark", metavar="B", help="The benchmark. Default: all together.")
@click.option("--width", type=float, metavar="W", help="Wanted width of the interval of the claim's quantity.")
@click.option("--budget", type=int, metavar="N", help="How best to spend N more samples.")
@click.option("--only", multiple=True, metavar="MODEL", help="Only this model can be sampled further.")
@click.option(
    "--settled", "certainty", type=SHARE, default=0.95, show_default=True, help="Settled: P above this or below 1 - it."
)
@click.option("--chance", type=SHARE, default=0.8, show_default=True, help="Wanted chance that the claim is settled.")
@click.option("--level", type=SHARE, default=0.95, show_default=True, help="Probability within the interval.")
@click.option("--prior", metavar=PRIORS, help="Population of solve rates. Default: nonparametric.")
@click.option("--common-problems", is_flag=True, help="Go on with the problems that both models have.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same plan.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("plan.csv"),
    show_default=True,
    help="File for `boundary sample --plan`.",
)
@click.pass_context
def plan(ctx: click.Context, /, counts: tuple[str, ...], output: Path, quiet: bool, **options: Any) -> None:
    """How many more samples settle a claim, and of which problems and models.

    COUNTS as for `boundary analyze`. The plan is a table of problems that `boundary sample --plan` takes; beside it
    stands what the same number of samples would tell if spread evenly.

    Exit codes: 0 done; 1 an unexpected error (a bug); 2 wrong input or usage; 4 the fit's diagnostics failed (the plan
    is written, and marked); 130 interrupted.
    """

    def run() -> tuple["Plan", Path]:
        prepare()
        from boundary.analysis.claims.plan import plan as make_plan
        from boundary.data.tables.writing import check_writable, refuse_inputs

        check_writable(output)
        refuse_inputs([output], counts)
        options["only"] = list(options["only"]) or None
        made = make_plan(counts[0] if len(counts) == 1 else counts, **options, progress=progress)
        return made, made.write(output)

    with progress_bar(wanted=not quiet) as progress:
        made, written = interruptibly(run, output)
    if not quiet:
        print_plan(made, written)
    if not made.converged:
        ctx.exit(4)


def print_plan(made: "Plan", written: Path) -> None:
    """Print what the plan says, what other numbers of samples promise, and where it is."""
    from rich.table import Table
    from rich.text import Text

    screen = console()
    if not made.converged:
        screen.print(Text("NOT CONVERGED, do not rely on this plan. Run again with another seed.", style="bold red"))
    screen.print(Text(made.text, style="bold"))
    if made.extrapolated:
        screen.print("The claim looks beyond the samples there are: it rests on the prior as well as on them.")
    if made.n_more:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
        for heading in ("samples", "more", "chance to settle", "width"):
            table.add_column(heading, justify="left" if heading == "samples" else "right")
        for row in made.assurance.to_dict("records"):
            table.add_row(row["allocation"], f"{row['n_more']:,}", f"{row['chance']:.2f}", f"{row['width']:.3g}")
        screen.print()
        screen.print(table)
        screen.print()
        screen.print("Such samples depend on those before them: analyse them with --stopping adaptive.")
    screen.print(f"Written: {written}", soft_wrap=True)
