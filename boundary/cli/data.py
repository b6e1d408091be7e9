"""`boundary data`: the sets of counts that come with the package."""

import json
from pathlib import Path

import click


@click.group()
def data() -> None:
    """List, show and export the shipped sets of counts."""


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def list_sets(as_json: bool) -> None:
    """Name the shipped sets and what each holds."""
    from boundary.data.catalog import card, shipped_sets

    cards = [card(name) for name in shipped_sets()]
    if as_json:
        facts = ("name", "title", "base", "rl", "n_samples", "licence", "source")
        click.echo(json.dumps([{fact: getattr(its, fact) for fact in facts} for its in cards], indent=2))
        return
    for its in cards:
        click.echo(f"{its.name}\n  {its.title} ({its.licence})")


@data.command()
@click.argument("name")
def show(name: str) -> None:
    """Print a set's card: models, settings, verifier, source, caveats."""
    from boundary.data.catalog import card

    click.echo(card(name).text)


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
    from boundary.data.catalog import set_path

    counts = set_path(name).read_bytes()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(counts)
    click.echo(str(output))
