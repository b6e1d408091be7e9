"""`boundary import`: samples that others published, as counts."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from boundary.cli.completion import completing, format_names
from boundary.cli.help_groups import WithExamples
from boundary.cli.options import FILE, FOLDER, quiet_option
from boundary.cli.parsing import format_options
from boundary.cli.printing.imported import print_imported
from boundary.cli.progress import progress_bar
from boundary.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from boundary.data.importing.import_files import Imported


CSV_SUFFIXES, PARQUET_SUFFIXES = (".csv", ".csv.gz"), (".parquet", ".pq")


@click.command(
    name="import",
    cls=WithExamples,
    examples=[
        "boundary import auto results/ -o counts.csv",
        "boundary import lm-eval samples_gsm8k_*.jsonl --option filter=strict-match -o counts.csv",
        "boundary import rows samples.parquet --columns problem=qid,correct=is_correct,model=checkpoint -o counts.csv",
        "boundary import matrix outcomes.csv --model my-model --benchmark AIME24 -o counts.csv",
    ],
)
@click.argument("format", metavar="FORMAT", shell_complete=completing(format_names))
@click.argument("files", nargs=-1, required=True, type=FOLDER)
@click.option("-o", "--output", type=FILE, required=True, metavar="CSV")
@click.option("--samples", type=FILE, help="Keep the samples too: .parquet.")
@click.option("--audits", type=FILE, help="Keep verdicts checked anew (.csv).")
@click.option("--model", metavar="NAME", help="The model, where the files do not say.")
@click.option("--benchmark", metavar="NAME", help="The benchmark, where the files do not say.")
@click.option("--skip-bad", is_flag=True, help="Leave broken records out, and count them.")
@click.option("--pool-settings", is_flag=True, help="Pool runs of different settings or prompts too.")
@click.option("--columns", metavar="ROLE=NAME,...", help="Of the format rows: which column is what.")
@click.option(
    "--option", "options", callback=format_options, multiple=True, metavar="NAME=TEXT", help="Of the format; repeat."
)
@quiet_option
def import_samples(
    format: str,
    files: tuple[Path, ...],
    output: Path,
    samples: Path | None,
    audits: Path | None,
    model: str | None,
    benchmark: str | None,
    skip_bad: bool,
    pool_settings: bool,
    columns: str | None,
    options: dict[str, str],
    quiet: bool,
) -> None:
    """Make a counts table of samples that are already there.

    FORMAT is one of docs/import.md, or `auto` to tell by content. FILES may be folders; .gz and .zst are read as they
    are. Several files of one model and benchmark are pooled by problem, if they were sampled under the same settings.
    """
    from boundary.data.importing.import_files import import_files
    from boundary.data.tables.writing import check_writable, refuse_inputs

    if columns is not None:
        options["columns"] = columns
        format = "rows" if format == "auto" else format
    outputs = [path for path in (output, samples, audits) if path is not None]
    refuse_inputs(outputs, [path for path in files if not path.is_dir()])
    for path in outputs:
        if not path.name.endswith((*CSV_SUFFIXES, *PARQUET_SUFFIXES)):
            raise InputError(f"'{path}': write to a name that ends in .csv, .csv.gz or .parquet.")
        check_writable(path)
    with progress_bar(not quiet) as progress:
        imported = import_files(
            files,
            format,
            model=model,
            benchmark=benchmark,
            skip_bad=skip_bad,
            pool_settings=pool_settings,
            progress=progress,
            **options,
        )
    refuse_inputs(outputs, imported.collected.files)
    paths = _write(imported, output, samples, audits)
    if not quiet:
        print_imported(imported, paths)


def _write(imported: "Imported", output: Path, samples: Path | None, audits: Path | None) -> list[Path]:
    tables = {output: imported.counts.table}
    if samples is not None:
        tables[samples] = imported.samples
    if audits is not None:
        from boundary.data.audits import audit_table

        if not imported.audits:
            raise InputError(f"The format {imported.format} holds no verdicts checked anew. Leave out --audits.")
        tables[audits] = audit_table(imported.audits)
    for path, table in tables.items():
        _write_table(table, path)
    return list(tables)


def _write_table(table: "pd.DataFrame", path: Path) -> None:
    from boundary.data.tables.writing import replacing, write_csv

    if path.name.endswith(CSV_SUFFIXES):
        write_csv(table, path)
        return
    with replacing(path) as new:
        table.to_parquet(new, index=False)
