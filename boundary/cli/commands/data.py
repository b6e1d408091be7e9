"""`boundary data`: the sets of counts that come with the package, and published ones that live elsewhere."""

import json
import sys
from pathlib import Path

import click

from boundary.cli.completion import completing, published_names, set_names
from boundary.cli.help_groups import CommandGroup
from boundary.cli.options import FILE, json_option
from boundary.cli.terminal import echo


@click.group(
    cls=CommandGroup,
    examples=[
        "boundary data list",
        "boundary data show deepscaler-1.5b",
        "boundary data export deepscaler-1.5b -o counts.csv",
        "boundary data get monkey_business",
    ],
)
def data() -> None:
    """List, show, export and get sets of counts."""


@data.command("list")
@json_option
def list_sets(as_json: bool) -> None:
    """Name the shipped sets, and published ones that live elsewhere."""
    from boundary.data.catalog import card as shipped_card, shipped_sets
    from boundary.data.published import published_card, published_sets

    shipped = [shipped_card(name) for name in shipped_sets()]
    published = [published_card(name) for name in published_sets()]
    if as_json:
        facts: tuple[str, ...] = ("name", "title", "base", "rl", "n_samples", "licence", "source")
        entries = [{"shipped": True} | {fact: getattr(card, fact) for fact in facts} for card in shipped]
        facts = ("name", "title", "benchmarks", "n_samples", "licence", "url", "format", "counts")
        entries += [{"shipped": False} | {fact: getattr(card, fact) for fact in facts} for card in published]
        echo(json.dumps(entries, indent=2))
        return
    echo("Shipped (boundary analyze NAME):")
    for card in shipped:
        echo(f"{card.name}\n  {card.title}\n  samples a problem: {card.n_samples}; licence: {card.licence}")
    echo("\nPublished elsewhere (boundary data get NAME):")
    for set_card in published:
        echo(f"{set_card.name}\n  {set_card.title}\n  {set_card.url}")
        echo(f"  samples a problem: {set_card.n_samples}; format: {set_card.format}; licence: {set_card.licence}")
    echo("\nboundary data show NAME prints a set's card.")


@data.command()
@click.argument("name", shell_complete=completing(lambda: [*set_names(), *published_names()]))
def show(name: str) -> None:
    """Print a set's card: models, settings, verifier, source, caveats."""
    from boundary.data.catalog import card
    from boundary.data.published import known_as_published, published_card

    echo(published_card(name).text if known_as_published(name) else card(name).text)


@data.command()
@click.argument("name", shell_complete=completing(set_names))
@click.option(
    "-o",
    "--output",
    type=FILE,
    required=True,
    metavar="FILE",
    help="CSV file to write.",
)
def export(name: str, output: Path) -> None:
    """Write a set's counts as CSV, a model for files of your own."""
    from boundary.data.catalog import set_path
    from boundary.data.published import known_as_published
    from boundary.data.tables.writing import refuse_inputs, write_bytes
    from boundary.errors import InputError

    if known_as_published(name):
        raise InputError(f"'{name}' is not shipped: it lives elsewhere. Fetch it with: boundary data get {name}")
    refuse_inputs([output], [set_path(name)])
    write_bytes(output, set_path(name).read_bytes())
    echo(str(output))


@data.command()
@click.argument("name", shell_complete=completing(published_names))
@click.option("--files", "patterns", multiple=True, metavar="PATTERN", help="Only files named so; repeat for several.")
@click.option("--refresh", is_flag=True, help="Fetch the newest revision, whatever the cache holds.")
@click.option("--json", "as_json", is_flag=True, help="Print files, revision and SHA-256 as JSON.")
def get(name: str, patterns: tuple[str, ...], refresh: bool, as_json: bool) -> None:
    """Fetch a published set that lives elsewhere, and print where its files are.

    Files are kept in the user's cache folder (on Linux ~/.cache/boundary), or in $BOUNDARY_CACHE, with their revision
    and SHA-256, and are checked against these whenever they are used again. Needs the extra `hub` (the package
    huggingface_hub).
    """
    from boundary.data.published import fetch, published_card

    fetched = fetch(name, patterns, refresh=refresh, progress=sys.stderr.isatty())
    if as_json:
        record = {"folder": str(fetched.folder), "revision": fetched.revision, "sha256": fetched.sha256}
        echo(json.dumps(record, indent=2))
        return
    for path in fetched.files:
        echo(str(path))
    card = published_card(name)
    counts = card.counts.replace("FOLDER", str(fetched.folder))
    echo(f"Revision {fetched.revision}; format: {card.format}; licence: {card.licence}. To counts:\n{counts}", err=True)
