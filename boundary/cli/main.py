"""`boundary`: the group that holds the commands, and what happens when the user's input is wrong."""

from typing import Any

import click

from boundary.cli.analyze import analyze
from boundary.cli.data import data
from boundary.cli.importing import import_samples
from boundary.cli.plan import plan
from boundary.cli.runs import counts, status, verify
from boundary.cli.sample import sample
from boundary.errors import InputError
from boundary.plain_text import printable


class WrongInput(click.ClickException):
    """A fault of the input: printed as one plain message, exit code 2."""

    exit_code = 2


class Commands(click.Group):
    """A group whose commands may raise InputError; every other exception is a bug and keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise WrongInput(str(error)) from error
        except click.UsageError as error:  # quotes what was typed, which may be the name of another's file
            raise click.UsageError(printable(error.format_message()), error.ctx) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="boundary-stats", prog_name="boundary")
def main() -> None:
    """Tell whether RL widened or narrowed what a language model can solve.

    Counts of correct samples per problem in, honest uncertainty on pass@k, shrinkage and crossover out.
    """


main.add_command(analyze)
main.add_command(data)
main.add_command(plan)
main.add_command(counts)
main.add_command(import_samples)
main.add_command(status)
main.add_command(verify)
main.add_command(sample)
