"""`python -m benchmarks.calibration`: how often 95 % intervals hold the truth, written as CSV and as a figure."""

from pathlib import Path

import click

from boundary.stats.priors import PRIORS
from boundary.stats.sampler.compilation import keep_compiled

FOLDER = Path(__file__).parent
INTRODUCTION = """# Coverage where the truth is known

How often 95 % intervals of `boundary` hold the truth, of these very problems (target `benchmark`). Written by
`python -m benchmarks.calibration --docs docs/calibration.md`; populations and pairs are defined in
`benchmarks/calibration/truths.py`. Budgets above the number of samples fitted on are extrapolated.
[002-population.md](decisions/002-population.md) and [022-learned-amplitude.md](decisions/022-learned-amplitude.md)
say what was tried and why the default won. A language model whose solve rates are known exactly is in
[own-set.md](own-set.md).
[024-learned-prior.md](decisions/024-learned-prior.md) and
[027-learned-prior-of-a-pair.md](decisions/027-learned-prior-of-a-pair.md) have the same for the prior `empirical`,
which was learned from published counts: narrower on real models, surer than it should be on two of these populations,
and better on small hard benchmarks than on pairs that are unlike the published ones.

Where a population is truly a Beta one, a beta-binomial fit is the best there is, and the last table says what the
default gives away to it. With 500 problems its intervals are nearly twice as wide at four times the samples: `beta` and
`spike`, a tenth of whose problems are never solved, look nearly alike in 64 samples, and a beta-binomial fit that is as
sure of both holds the truth of the second in few draws.

Where many problems share nearly one small solve rate, intervals beyond n hold the truth less often than they should:
.75 to .85 of the time in `three_bumps` and `two_spikes` with 500 problems, and in `low_lump` .42 of the time at four
times the samples and not at all at sixteen times. 64 samples cannot tell a lump from a slope or from problems that are
never solved, so that extrapolation rests on the prior; the prior-free bounds that stand beside it in every report do
not.
Six populations (`low_lump` and those after it) were left out of every choice that was made.

The prior of a pair expects a bend of fixed size, on knots twice as far apart. Where the counts of a pair come in lumps
too narrow for it (`lumpy_pair`), that is recognised at 300 problems nine times in ten and at 30 one time in four, and
the population is one with closer knots and bends along each model's own solve rates
([028-pairs-in-lumps.md](decisions/028-pairs-in-lumps.md)).
What one model solves and the other never did in 64 samples may be rarely solved instead of never
(`rarely_solved_pair`, [029-lost-or-rarely-solved.md](decisions/029-lost-or-rarely-solved.md)).
Of `heavy_pair` with 30 problems 160 further draws were fitted: shrinkage was held in .94, .91, .91, .93 and .96 of
them, lost in .93 to .96, gained in .93 to 1.00, so that the low cells below are in part luck.

![coverage](../benchmarks/calibration/results/coverage.png)

How far the density of one model is expected to bend decides between narrow intervals where solve rates are spread
smoothly and intervals that hold the truth where they are not (`python -m benchmarks.calibration.frontier`; 40 draws of
500 problems, and 48 of real models; n = 64). The default is 1.

![frontier](../benchmarks/calibration/results/frontier.png)

"""


@click.command()
@click.option("--table", "tables", multiple=True, help="pythia, populations or pairs; all where not given.")
@click.option("--prior", "priors", multiple=True, type=click.Choice(sorted(PRIORS)), default=["nonparametric"])
@click.option("--draws", default=40, show_default=True, help="Draws in each cell; seeds are 0, 1, 2, ...")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=FOLDER / "results", show_default=False)
@click.option("--docs", type=click.Path(path_type=Path), help="Write the tables into this Markdown file too.")
def main(tables: tuple[str, ...], priors: tuple[str, ...], draws: int, output: Path, docs: Path | None) -> None:
    """Coverage of 95 % intervals where the truth is known; resumes where it was interrupted."""
    from benchmarks.calibration.shown import figure, markdown
    from benchmarks.calibration.tables import TABLES, run

    keep_compiled(str(output / "compiled"))
    for table in tables or tuple(TABLES):
        for prior in priors:
            cells = run(table, prior, draws, output)
            cells.to_csv(output / f"{table}-{prior}.csv", index=False, float_format="%.4g")
            click.echo(f"\n{table}, {prior}")
            click.echo(cells.to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    click.echo(f"\n{figure(output)}")
    if docs is not None:
        docs.write_text(INTRODUCTION + markdown(output), encoding="utf-8")


if __name__ == "__main__":
    main()
