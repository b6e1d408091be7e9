"""`boundary counts`: a run folder as a table of counts."""

import json
from pathlib import Path

import click

from boundary.cli.completion import completing, verifier_names
from boundary.cli.help_groups import WithExamples
from boundary.cli.options import FILE, FOLDER
from boundary.cli.terminal import echo, echo_table


@click.command(
    cls=WithExamples, examples=["boundary counts run -o counts.csv", "boundary counts run --samples samples.jsonl"]
)
@click.argument("folders", nargs=-1, required=True, type=FOLDER)
@click.option(
    "--verifier",
    metavar="V",
    shell_complete=completing(verifier_names),
    help="Whose verdicts count. Default: the one that the manifest names.",
)
@click.option("-o", "--output", type=FILE, metavar="FILE", help="CSV to write.")
@click.option(
    "--samples",
    type=FILE,
    metavar="FILE",
    help="JSON lines to write, too: every sample with its text, its answer and the verdict on it.",
)
def counts(folders: tuple[Path, ...], verifier: str | None, output: Path | None, samples: Path | None) -> None:
    """Turn run folders into a counts table, as CSV.

    Folders of one model and benchmark are pooled where their manifests differ in the seed alone.
    """
    from boundary.data.counts import Counts
    from boundary.data.runs.samples import judged_samples
    from boundary.data.tables.writing import check_writable, csv_text, refuse_inputs, replacing, write_csv

    outputs = [path for path in (output, samples) if path is not None]
    refuse_inputs(outputs, folders)
    for path in outputs:
        check_writable(path)
    run = Counts.from_runs(folders, verifier)
    for remark in run.remarks:
        echo(remark.text, err=True)
    if samples is not None:
        # A server may send half a character: as an escape it is JSON still.
        with replacing(samples) as new, new.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.writelines(
                json.dumps(sample, ensure_ascii=False) + "\n" for sample in judged_samples(folders, verifier)
            )
    if output is None:
        echo_table(csv_text(run.table))
        return
    write_csv(run.table, output)
    echo(str(output))
