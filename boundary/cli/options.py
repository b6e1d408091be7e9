"""Options that several commands take, each with one name and one help text."""

from pathlib import Path
from typing import Any

import click

from boundary.cli.completion import completing, completing_column, set_names
from boundary.cli.help_groups import options_under
from boundary.stats.prior_names import PRIOR_NAMES


class NamedPath(click.Path):
    """A path that has a name: an empty one, as of a shell variable that is not set, would be the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn the text into a path."""
        if value == "":
            self.fail("the name is empty, as where a variable of the shell is not set; write . for this folder.")
        return super().convert(value, param, ctx)


class Points(click.FloatRange):
    """Percentage points, in [0, 100): `0.5`, or `0.5%` as in claims."""

    def __init__(self) -> None:
        super().__init__(0, 100, max_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Turn the text into a number of points."""
        text: Any = value.strip().removesuffix("%") if isinstance(value, str) else value
        try:
            return float(super().convert(text, param, ctx))
        except click.BadParameter:
            self.fail(f"'{value}' is no number of percentage points from 0 to below 100; write 0.5 for half a point.")


FOLDER = NamedPath(path_type=Path)
FILE = NamedPath(dir_okay=False, path_type=Path)
OUTPUT_FOLDER = NamedPath(file_okay=False, path_type=Path)
# Headings of `--help`.
SELECTION, ESTIMATES, OUTPUT = "Models and benchmarks", "Estimates", "Output"

selection_option, estimates_option, output_option = map(options_under, (SELECTION, ESTIMATES, OUTPUT))
counts_argument = click.argument("counts", nargs=-1, required=True, shell_complete=completing(set_names, files=True))
base_option = selection_option(
    "--base",
    metavar="MODEL",
    shell_complete=completing_column("model"),
    help="The base model. May be left out where the shipped set names it.",
)
common_problems_option = selection_option(
    "--common-problems", is_flag=True, help="Use only the problems that every model has."
)
prior_option = estimates_option(
    "--prior",
    metavar=f"[{'|'.join(PRIOR_NAMES)}]",
    shell_complete=completing(lambda: PRIOR_NAMES),
    help="Population of solve rates. Default: nonparametric.",
)
json_option = output_option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
quiet_option = output_option("--quiet", is_flag=True, help="Print nothing but errors.")
