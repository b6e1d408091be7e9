"""`python -m benchmarks.speed`: time and memory of this working tree, of another revision, and of peers, in turns."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks.speed import items, quality
from benchmarks.speed.page import draw_figures, write_page
from benchmarks.speed.processes import Limits, Row
from benchmarks.speed.results import read_rows, summary, write_rows
from benchmarks.speed.versions import BEFORE, checkout, current

RESULTS = Path(__file__).parents[1] / "results"
FUNCTIONS = (
    items.command_help,
    items.shipped,
    items.joint_fit,
    items.large_pairs,
    items.pairs_24,
    items.benchmarks_12,
    items.models_100,
    items.sizes,
    items.panels,
    quality.same_numbers,
    quality.agreement,
)
ITEMS: dict[str, Callable[[items.Run], Iterator[Row]]] = {function.__name__: function for function in FUNCTIONS}


@click.command(
    epilog="\b\nItems:\n"
    + "\n".join(f"  {name:14} {(item.__doc__ or '').splitlines()[0]}" for name, item in ITEMS.items())
)
@click.option("--only", "item_names", multiple=True, type=click.Choice(list(ITEMS)), help="Only this item; repeat.")
@click.option("--before", default=BEFORE, show_default=True, help="Revision to compare with; 'none': no other.")
@click.option("--repeats", default=3, show_default=True, type=click.IntRange(1), help="Later runs, and fits of a size.")
@click.option("--quick", is_flag=True, help="Small sizes, to see that everything works; needs -o.")
@click.option("--peers/--no-peers", default=True, help="Whether other packages are installed and measured.")
@click.option("--limit", "seconds", default=600.0, show_default=True, help="Seconds after which a run is ended.")
@click.option("--memory", type=float, help="Gigabytes at which a run is ended. Default: 60 % of this machine's.")
@click.option("--work", type=click.Path(path_type=Path), help="Keep checkouts and peers' environments here.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of results. Default: benchmarks/results.")
@click.option("--docs", type=click.Path(path_type=Path, exists=True), help="Write the tables into this page.")
@click.option("--table-only", is_flag=True, help="Measure nothing: tables and figures from the results there are.")
def main(
    item_names: tuple[str, ...],
    before: str,
    repeats: int,
    quick: bool,
    peers: bool,
    seconds: float,
    memory: float | None,
    work: Path | None,
    output: Path | None,
    docs: Path | None,
    table_only: bool,
) -> None:
    """Measure, print and write; rows of other items in the results stay."""
    if quick and output is None:
        raise click.UsageError("--quick needs a folder of its own: -o FOLDER.")
    output = output or RESULTS
    output.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the checkout is removed then, too
    limits = Limits(seconds, memory or Limits().gigabytes)
    results = output / "speed.csv"
    if not table_only:
        with ExitStack() as stack:
            folder = work or Path(stack.enter_context(TemporaryDirectory()))
            folder.mkdir(parents=True, exist_ok=True)
            versions = [current()]
            if before != "none":
                versions.insert(0, stack.enter_context(checkout(before, folder)))
            for version in versions:
                version.check()
            run = items.Run(versions, repeats, quick, limits, folder.resolve(), output, peers)
            for name in item_names or ITEMS:
                write_rows(results, name, echoed(name, ITEMS[name](run)), quick)
    rows = read_rows(results)
    summary(rows).dropna(axis=1, how="all").to_csv(output / "speed-summary.csv", index=False, float_format="%.4g")
    figures = draw_figures(rows, output)
    if docs:
        write_page(docs, rows, figures)


def echoed(item: str, rows: Iterator[Row]) -> Iterator[Row]:
    """Print each row as it comes."""
    for row in rows:
        shown = {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in row.items()}
        click.echo(
            f"{item}: " + ", ".join(f"{name} {value}" for name, value in shown.items() if value not in ("", None))
        )
        yield row


if __name__ == "__main__":
    main()
