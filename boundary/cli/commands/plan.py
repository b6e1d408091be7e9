"""`boundary plan`: how many more samples settle a claim, or what narrows the interval of a method most per token."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.completion import completing_column
from boundary.cli.help_groups import WithExamples, options_under
from boundary.cli.interruption import interruptibly
from boundary.cli.jax_setup import prepare
from boundary.cli.options import (
    FILE,
    base_option,
    counts_argument,
    estimates_option,
    output_option,
    prior_option,
    quiet_option,
    selection_option,
)
from boundary.cli.printing.plan import print_plan, print_training_plan
from boundary.cli.progress import progress_bar
from boundary.errors import InputError

if TYPE_CHECKING:
    from boundary.analysis.claims.plan import Plan
    from boundary.analysis.training_plan.record import TrainingPlan

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


GOAL = "What is to be settled"
goal_option = options_under(GOAL)
training_option = options_under("Training runs and checkpoints, without --claim")
# Options that belong to a claim alone, and to a plan for training alone, with the names that messages give them.
OF_CLAIMS = {"rl": "--rl", "only": "--only", "certainty": "--settled"}
OF_TRAINING = {
    "method": "--method",
    "training_run": "--training-run",
    "k": "--k",
    "tokens": "--tokens",
    "run_tokens": "--run-tokens",
}
EXAMPLES = (
    'boundary plan deepscaler-1.5b --claim "shrinkage(1024) > 0" -o plan.csv',
    'boundary plan counts.csv --base BASE --claim "shrinkage(256) > 0" --budget 10000',
    "boundary plan counts.csv --base BASE --method GRPO --k 64 --width .05",
    "boundary sample --plan plan.csv --model BASE --benchmark math500 -o run",
)


@click.command(cls=WithExamples, examples=EXAMPLES)
@counts_argument
@goal_option("--claim", metavar="CLAIM", help='What to settle, as in "shrinkage(1024) > 0".')
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
@goal_option("--width", type=float, metavar="W", help="Desired width of the interval, as .02 for two points.")
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
@goal_option(
    "--chance",
    type=SHARE,
    default=0.8,
    show_default=True,
    help="Desired chance of settling the claim, or of the width.",
)
@training_option("--method", metavar="METHOD", help="Plan for the mean of this method, over all runs of it.")
@training_option("--training-run", metavar="RUN", help="Plan for the checkpoints of this training run.")
@training_option("--k", type=click.IntRange(min=1), metavar="K", help="Budget of the shrinkage. Default: the samples.")
@training_option("--tokens", type=float, metavar="T", help="Mean tokens of a sample. Default: the column mean_tokens.")
@training_option("--run-tokens", type=float, default=0.0, metavar="T", help="Tokens that training a run costs.")
@estimates_option("--level", type=SHARE, default=0.95, show_default=True, help="Probability within the interval.")
@prior_option
@selection_option("--common-problems", is_flag=True, help="Go on with the problems that both models have.")
@estimates_option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same plan.")
@output_option(
    "-o",
    "--output",
    type=FILE,
    default=Path("plan.csv"),
    show_default=True,
    help="File for `boundary sample --plan`.",
)
@quiet_option
@click.pass_context
def plan(ctx: click.Context, /, counts: tuple[str, ...], output: Path, quiet: bool, **options: Any) -> None:
    """How many more samples settle a claim, or what narrows the interval of a method most per token.

    COUNTS as for `boundary analyze`. With --claim the plan is a table of problems that `boundary sample --plan` takes;
    beside it stands what the same number of samples would tell if spread evenly. Without it the counts have training
    runs (columns method and training_run) or checkpoints (checkpoint_step), and the plan is a table of what more runs,
    checkpoints, problems or samples would do to the interval of shrinkage, and what they cost.

    Exit codes: 0 done; 1 an unexpected error (a bug); 2 wrong input or usage; 4 the fit's diagnostics failed (the plan
    is written, and marked); 130 interrupted.
    """
    is_of_claim = options["claim"] is not None
    _refuse_others(ctx, OF_TRAINING if is_of_claim else OF_CLAIMS, is_of_claim)
    for name in OF_TRAINING if is_of_claim else (*OF_CLAIMS, "claim"):
        del options[name]

    def run() -> tuple["Plan | TrainingPlan", Path]:
        prepare()
        from boundary.data.tables.writing import check_writable, refuse_inputs

        check_writable(output)
        refuse_inputs([output], counts)
        source = counts[0] if len(counts) == 1 else counts
        sampling_plan = _plan(source, options | {"progress": progress})
        return sampling_plan, sampling_plan.write(output)

    with progress_bar(not quiet) as progress:
        sampling_plan, path = interruptibly(run, output)
    if not quiet:
        _print(sampling_plan, path)
    if not sampling_plan.converged:
        ctx.exit(4)


def _refuse_others(ctx: click.Context, names: dict[str, str], is_of_claim: bool) -> None:
    """Refuse options of the other kind of plan."""
    for name, option in names.items():
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            reason = "is for plans without --claim" if is_of_claim else "needs a claim: say --claim"
            raise InputError(f"{option} {reason}.")


def _plan(counts: Any, options: dict[str, Any]) -> "Plan | TrainingPlan":
    if "claim" in options:
        from boundary.analysis.claims.plan import plan as make_plan

        return make_plan(counts, **options | {"only": list(options["only"]) or None})
    from boundary.analysis.training_plan.plan import plan_training

    return plan_training(counts, **options)


def _print(sampling_plan: "Plan | TrainingPlan", path: Path) -> None:
    from boundary.analysis.training_plan.record import TrainingPlan

    if isinstance(sampling_plan, TrainingPlan):
        print_training_plan(sampling_plan, path)
    else:
        print_plan(sampling_plan, path)
