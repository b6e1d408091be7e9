"""`boundary data`: the sets of counts that come with the package."""

import json
from pathlib import Path

import click


@click.group()
def data() -> None:
    """List, show and export the shipped sets of counts."""


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: names and models.")
def list_sets(as_json: bool) -> None:
    """Name the shipped sets and their base models."""
    from boundary.data.catalog import card, shipped_sets

    found = {name: card(name) for name in shipped_sets()}
    if as_json:
        click.echo(json.dumps([{"name": name, "base": its.base} for name, its in found.items()], indent=2))
        return
    for name, its in found.items():
        click.echo(f"{name}  (base: {its.base})" if its.base else name)


@data.command()
@click.argument("name")
def show(name: str) -> None:
    """Print a set's card: models, settings, verifier, source, caveats."""
    from boundary.data.catalog import card

    click.echo(card(name).text.strip())


@data.command()
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="CSV file to write.",
)
def export(name: str, output: Path) -> None:
    """Write a set's counts as CSV, a model for files of your own."""
    from boundary.data.catalog import card, load_counts

    card(name)  # a shipped set by its name, and not a file that happens to have it
    load_counts(name).to_csv(output)
    click.echo(f"{output}", err=True)
