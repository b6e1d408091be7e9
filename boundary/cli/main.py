"""`boundary`: the group that holds the commands, and what happens when the user's input is wrong."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from boundary.cli.commands.analyze import analyze
from boundary.cli.commands.completion import completion
from boundary.cli.commands.counts import counts
from boundary.cli.commands.data import data
from boundary.cli.commands.import_samples import import_samples
from boundary.cli.commands.plan import plan
from boundary.cli.commands.sample import sample
from boundary.cli.commands.score import score
from boundary.cli.commands.status import status
from boundary.cli.commands.verify import verify
from boundary.cli.help_groups import CommandGroup
from boundary.cli.interruption import Interrupted, end_now, ignore_more
from boundary.cli.terminal import discard_if_failing, echo
from boundary.errors import InputError
from boundary.plain_text import printable


class WrongInput(click.ClickException):
    """A fault of the input: printed as one plain message, exit code 2."""

    exit_code = 2


class Commands(CommandGroup):
    """A group whose commands may raise InputError; every other exception is a bug and keeps its traceback."""

    interrupted = False
    arguments: Sequence[str] = ()

    def main(self, args: Sequence[str] | None = None, *arguments: Any, **options: Any) -> Any:
        """Run a command line; interrupted, the process ends whatever its threads are in."""
        self.arguments = sys.argv[1:] if args is None else list(args)
        try:
            return super().main(args, *arguments, **options)
        except SystemExit:
            if self.interrupted and args is None:  # a program that passes arguments goes on after them
                end_now()
            raise
        except OSError as error:
            if not discard_if_failing():
                raise
            echo(f"Error: Standard output cannot be written: {error.strerror}. Send it to another place.", err=True)
            sys.exit(WrongInput.exit_code)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise WrongInput(str(error)) from error
        except Interrupted:
            self.interrupted = True
            raise
        except KeyboardInterrupt as error:
            self.interrupted = True
            ignore_more()
            raise Interrupted("Interrupted.") from error
        except click.UsageError as error:  # quotes what was typed, which may be the name of another's file
            raise click.UsageError(printable(error.format_message()), error.ctx) from error


HEADINGS = {
    "From counts to an answer": ["analyze", "plan"],
    "From a model to samples": ["sample", "status", "verify", "score"],
    "From samples to counts": ["counts", "import", "data"],
    "Shell": ["completion"],
}
EXAMPLES = (
    "boundary data list                              # counts that come with the package",
    "boundary analyze deepscaler-1.5b -o report      # verdict, report.html, tables, figures",
    "boundary import auto results/ -o counts.csv     # counts of samples that are already there",
)


@click.group(
    cls=Commands,
    headings=HEADINGS,
    examples=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="boundary-stats", prog_name="boundary")
def main() -> None:
    """Tell whether RL widened or narrowed what a language model can solve.

    Counts of correct samples per problem in, honest uncertainty on pass@k, shrinkage and crossover out.

    Exit codes: 0 done; 1 an unexpected error (a bug); 2 wrong input or usage; 3 a required claim is not probable
    enough; 4 the fit's diagnostics failed (results written, and marked); 130 interrupted.
    """


COMMANDS = (analyze, completion, counts, data, import_samples, plan, sample, score, status, verify)
for command in COMMANDS:
    main.add_command(command)
