"""`boundary status`: how far a run folder is."""

import json
from pathlib import Path

import click

from boundary.cli.help_groups import WithExamples
from boundary.cli.options import FOLDER, json_option
from boundary.cli.terminal import echo
from boundary.plain_text import one_line


@click.command(cls=WithExamples, examples=["boundary status run"])
@click.argument("folder", type=FOLDER)
@json_option
def status(folder: Path, as_json: bool) -> None:
    """Say how far a run is: samples stored, missing, truncated, repeated, judged."""
    from boundary.sampling.store.status import run_status, sentences

    arms = run_status(folder)
    if as_json:
        echo(json.dumps(arms, indent=2))
        return
    for arm in arms:
        echo("\n".join(map(one_line, sentences(arm))))
