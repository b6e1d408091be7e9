"""`boundary plan`: how many more samples settle a claim."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.interruption import interruptibly
from boundary.cli.jax_setup import prepare
from boundary.cli.options import base_option, counts_argument, prior_option, quiet_option
from boundary.cli.printing.plan import print_plan
from boundary.cli.progress import progress_bar

if TYPE_CHECKING:
    from boundary.analysis.claims.plan import Plan

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command()
@counts_argument
@click.option("--claim", required=True, metavar="CLAIM", help='What to settle, as in "shrinkage(1024) > 0".')
@base_option
@click.option("--rl", metavar="MODEL", help="The RL model. Default: the other one.")
@click.option("--benchmark", metavar="B", help="The benchmark. Default: all together.")
@click.option("--width", type=float, metavar="W", help="Desired width of the interval of the claim's quantity.")
@click.option("--budget", type=int, metavar="N", help="How best to spend N more samples.")
@click.option("--only", multiple=True, metavar="MODEL", help="Only this model can be sampled further.")
@click.option(
    "--settled",
    "certainty",
    type=SHARE,
    default=0.95,
    show_default=True,
    help="A claim is settled if its probability is above this, or below 1 minus this.",
)
@click.option("--chance", type=SHARE, default=0.8, show_default=True, help="Desired chance that the claim is settled.")
@click.option("--level", type=SHARE, default=0.95, show_default=True, help="Probability within the interval.")
@prior_option
@click.option("--common-problems", is_flag=True, help="Go on with the problems that both models have.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same plan.")
@quiet_option
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
        plan = make_plan(counts[0] if len(counts) == 1 else counts, **options, progress=progress)
        return plan, plan.write(output)

    with progress_bar(not quiet) as progress:
        sampling_plan, path = interruptibly(run, output)
    if not quiet:
        print_plan(sampling_plan, path)
    if not sampling_plan.converged:
        ctx.exit(4)
