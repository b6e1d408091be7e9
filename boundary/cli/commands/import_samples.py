"""`boundary import`: samples that others published, as counts."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.progress import progress_bar
from boundary.cli.terminal import echo
from boundary.errors import InputError
from boundary.plain_text import one_line

if TYPE_CHECKING:
    import pandas as pd

    from boundary.data.importing.import_files import Imported


CSV_SUFFIXES, PARQUET_SUFFIXES = (".csv", ".csv.gz"), (".parquet", ".pq")
# What import_files takes beside the options of a format.
RESERVED = ("paths", "format", "model", "benchmark", "skip_bad", "pool_settings", "progress")


def named(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> dict[str, Any]:
    """Turn NAME=TEXT, repeated, into a dict."""
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not (equals and name.isidentifier()):
            raise click.BadParameter(f"'{word}' is not of the form NAME=TEXT, as in threshold=0.5.")
        if name in RESERVED:
            raise click.BadParameter(f"'{name}' is no option of a format. Write it as one of the command.")
        if name in found:
            raise click.BadParameter(f"'{name}' is given twice.")
        found[name] = text
    return found


@click.command(name="import")
@click.argument("format", metavar="FORMAT")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="CSV")
@click.option("--samples", type=click.Path(dir_okay=False, path_type=Path), help="Keep the samples too: .parquet.")
@click.option("--audits", type=click.Path(dir_okay=False, path_type=Path), help="Keep verdicts checked anew (.csv).")
@click.option("--model", metavar="NAME", help="The model, where the files do not say.")
@click.option("--benchmark", metavar="NAME", help="The benchmark, where the files do not say.")
@click.option("--skip-bad", is_flag=True, help="Leave broken records out, and count them.")
@click.option("--pool-settings", is_flag=True, help="Pool runs of different settings or prompts too.")
@click.option("--option", "options", callback=named, multiple=True, metavar="NAME=TEXT", help="Of the format; repeat.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
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
    options: dict[str, Any],
    quiet: bool,
) -> None:
    """Make a counts table of samples that are already there.

    FORMAT is one of docs/import.md, or `auto` to tell by content. FILES may be folders; .gz and .zst are read as they
    are. Several files of one model and benchmark are pooled by problem, if they were sampled under the same settings.
    """
    from boundary.data.importing.import_files import import_files
    from boundary.data.tables.writing import check_writable, refuse_inputs

    outputs = [path for path in (output, samples, audits) if path is not None]
    refuse_inputs(outputs, [path for path in files if not path.is_dir()])
    for path in outputs:
        _check_name(path)
        check_writable(path)
    with progress_bar(wanted=not quiet) as progress:
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
    written = _write(imported, output, samples, audits)
    if not quiet:
        _print(imported, written)


def _write(imported: "Imported", output: Path, samples: Path | None, audits: Path | None) -> list[Path]:
    written = {output: imported.counts.table}
    if samples is not None:
        written[samples] = imported.samples
    if audits is not None:
        from boundary.data.audits import audit_table

        if not imported.audits:
            raise InputError(f"The format {imported.format} holds no verdicts checked anew. Leave out --audits.")
        written[audits] = audit_table(imported.audits)
    for path, table in written.items():
        _write_table(table, path)
    return list(written)


def _check_name(path: Path) -> None:
    if not path.name.endswith((*CSV_SUFFIXES, *PARQUET_SUFFIXES)):
        raise InputError(f"'{path}': write to a name that ends in .csv, .csv.gz or .parquet.")


def _write_table(table: "pd.DataFrame", path: Path) -> None:
    from boundary.data.tables.writing import replacing, write_csv

    if path.name.endswith(CSV_SUFFIXES):
        write_csv(table, path)
        return
    with replacing(path) as new:
        table.to_parquet(new, index=False)


def _print(imported: "Imported", written: list[Path]) -> None:
    table = imported.counts.table
    for (model, benchmark), part in table.groupby(["model", "benchmark"], sort=False):
        correct, samples = int(part["n_correct"].sum()), int(part["n_samples"].sum())
        n = part["n_samples"]
        each = f"{n.min()}" if n.min() == n.max() else f"{n.min()} to {n.max()}"
        echo(f"{model} on {benchmark}: {len(part)} problems, {each} samples each, {correct} of {samples} correct")
    for name, value in imported.settings.items():
        echo(one_line(f"{name}: {value}"))
    for note in imported.notes:
        echo(one_line(note), err=True)
    for path in written:
        echo(str(path))
