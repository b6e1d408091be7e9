"""Options that several commands take, each with one name and one help text."""

from pathlib import Path

import click

from boundary.cli.completion import completing, completing_column, set_names
from boundary.cli.help_groups import options_under
from boundary.stats.prior_names import PRIOR_NAMES

FOLDER = click.Path(path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
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
