"""Options that several commands take, each with one name and one help text."""

from pathlib import Path

import click

from boundary.stats.prior_names import PRIOR_NAMES

FOLDER = click.Path(path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)

counts_argument = click.argument("counts", nargs=-1, required=True)
base_option = click.option(
    "--base", metavar="MODEL", help="The base model. May be left out where the shipped set names it."
)
prior_option = click.option(
    "--prior", metavar=f"[{'|'.join(PRIOR_NAMES)}]", help="Population of solve rates. Default: nonparametric."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
quiet_option = click.option("--quiet", is_flag=True, help="Print nothing but errors.")
