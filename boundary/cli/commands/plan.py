"""`boundary plan`: how many more samples settle a claim."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.completion import completing_column
from boundary.cli.help_groups import WithExamples, options_under
from boundary.cli.interruption import interruptibly
from boundary.cli.jax_setup import prepare
from boundary.cli.options import (
    base_option,
    counts_argument,
    estimates_option,
    output_option,
    prior_option,
    quiet_option,
    selection_option,
)
from boundary.cli.printing.plan import print_plan
from boundary.cli.progress import progress_bar

if TYPE_CHECKING:
    from boundary.analysis.claims.plan import Plan

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


GOAL = "What is to be settled"
goal_option = options_under(GOAL)
EXAMPLES = (
    'boundary plan deepscaler-1.5b --claim "shrinkage(1024) > 0" -o plan.csv',
    'boundary plan counts.csv --base BASE --claim "shrinkage(256) > 0" --budget 10000',
    "boundary sample --plan plan.csv --model BASE --benchmark math500 -o run",
)


@click.command(cls=WithExamples, examples=EXAMPLES)
@counts_argument
@goal_option("--claim", required=True, metavar="CLAIM", help='What to settle, as in "shrinkage(1024) > 0".')
@base_option
@selection_option(
    "--rl", metavar="MODEL", shell_complete=completing_column("model"), help="The RL model. Default: the other one."
)
@selection_option(
    "--benchmark",
    metavar="B",
    shell_complete=completing_column("benchmark"),
    help="The benchmark. Default: all together.",
)
@goal_option("--width", type=float, metavar="W", help="Desired width of the interval of the claim's quantity.")
@goal_option("--budget", type=int, metavar="N", help="How best to spend N more samples.")
@goal_option(
    "--only",
    multiple=True,
    metavar="MODEL",
    shell_complete=completing_column("model"),
    help="Only this model can be sampled further.",
)
@goal_option(
    "--settled",
    "certainty",
    type=SHARE,
    default=0.95,
    show_default=True,
    help="A claim is settled if its probability is above this, or below 1 minus this.",
)
@goal_option("--chance", type=SHARE, default=0.8, show_default=True, help="Desired chance that the claim is settled.")
@estimates_option("--level", type=SHARE, default=0.95, show_default=True, help="Probability within the interval.")
@prior_option
@selection_option("--common-problems", is_flag=True, help="Go on with the problems that both models have.")
@estimates_option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same plan.")
@output_option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("plan.csv"),
    show_default=True,
    help="File for `boundary sample --plan`.",
)
@quiet_option
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
