"""`python -m benchmarks.calibration`: how often 95 % intervals hold the truth, written as CSV and as a figure."""

from pathlib import Path

import click

from boundary.stats.compilation import keep_compiled
from boundary.stats.priors import PRIORS

HERE = Path(__file__).parent


@click.command()
@click.option("--table", "tables", multiple=True, help="pythia, populations or pairs; all where not given.")
@click.option("--prior", "priors", multiple=True, type=click.Choice(sorted(PRIORS)), default=["nonparametric"])
@click.option("--draws", default=40, show_default=True, help="Draws in each cell; seeds are 0, 1, 2, ...")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=HERE / "results", show_default=False)
def main(tables: tuple[str, ...], priors: tuple[str, ...], draws: int, output: Path) -> None:
    """Coverage of 95 % intervals where the truth is known; resumes where it was interrupted."""
    from benchmarks.calibration.tables import TABLES, run

    keep_compiled(str(output / "compiled"))
    for table in tables or tuple(TABLES):
        for prior in priors:
            cells = run(table, prior, draws, output)
            cells.to_csv(output / f"{table}-{prior}.csv", index=False, float_format="%.4g")
            click.echo(f"\n{table}, {prior}")
            click.echo(cells.to_string(index=False, float_format=lambda value: f"{value:.3g}"))


if __name__ == "__main__":
    main()
