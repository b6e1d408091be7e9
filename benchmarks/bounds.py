"""`python -m benchmarks.bounds`: coverage and width of the prior-free bounds, estimates and bands, as CSV.

Ranges of pass@k and of shrinkage that counts allow, for these problems and for problems like them, Good-Toulmin's
intervals, and the posterior-free band of shrinkage over all k up to n, on the truths of benchmarks/calibration.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import pandas as pd

from benchmarks.calibration import truths
from boundary.stats.prior_free.bands import first_loss_set, sup_t_band
from boundary.stats.prior_free.bounds import pass_at_k_bounds, shrinkage_bounds
from boundary.stats.prior_free.good_toulmin import good_toulmin

N_SAMPLES = 64
BUDGETS = [128, 256, 1024]
# So many problems stand for the population that these problems are drawn from.
POPULATION = 200_000
MARK = "<!-- coverage -->"
RESULTS = Path(__file__).parent / "results" / "bounds.csv"


class PopulationTruth(NamedTuple):
    """The true values of a population: pass@k at BUDGETS (k, model) and, of a pair, shrinkage at every k up to n."""

    shares: np.ndarray
    curve: np.ndarray | None


def population_truth(population: truths.Rates) -> PopulationTruth:
    many = population(np.random.default_rng(0), POPULATION).reshape(POPULATION, -1)
    shares = np.array([share(many, k) for k in BUDGETS])
    if many.shape[1] == 1:
        return PopulationTruth(shares, None)
    within = np.array([share(many, k) for k in range(1, N_SAMPLES + 1)])
    return PopulationTruth(shares, within[:, 0] - within[:, 1])


def tasks() -> Iterator[tuple[dict[str, Any], Any, PopulationTruth | None]]:
    """Labels, a function that draws counts for a seed, and the population's own truth (None where it has none)."""
    for group, sizes in ((truths.POPULATIONS, (30, 500)), (truths.PAIRS, (30, 300))):
        for name, population in group.items():
            true = population_truth(population)
            for problems in sizes:
                yield (
                    {"population": name, "n_problems": problems},
                    partial(truths.simulated_counts, population, problems, N_SAMPLES),
                    true,
                )
    if truths.PYTHIA.exists():
        for model in truths.pythia_models():
            yield {"population": model, "n_problems": 128}, partial(truths.subsampled, model, N_SAMPLES), None


def share(rates: np.ndarray, k: int) -> np.ndarray:
    return np.asarray((1 - (1 - rates) ** k).mean(axis=0))


def interval_rows(draw: truths.Draw, population: PopulationTruth | None) -> Iterator[dict[str, Any]]:
    """Rows of quantity (`what`), target, k, truth, lower, upper for one draw."""
    benchmark_truth = np.array([draw.truth(k) for k in BUDGETS])
    superpopulation_truth = None if population is None else population.shares
    for target, truth in (("benchmark", benchmark_truth), ("superpopulation", superpopulation_truth)):
        if truth is None:
            continue
        for column in range(truth.shape[1]):
            bounds = pass_at_k_bounds(draw.n_correct[:, column], draw.n_samples[:, column], BUDGETS, target=target)
            yield from rows("bounds: pass@k", target, truth[:, column], bounds.T)
        if truth.shape[1] == 2:
            bounds = shrinkage_bounds(draw.n_correct, draw.n_samples, BUDGETS, target=target)
            yield from rows("bounds: shrinkage", target, truth[:, 0] - truth[:, 1], bounds.T)
    for target, truth in (("benchmark", benchmark_truth), ("superpopulation", superpopulation_truth)):
        if truth is not None:
            yield from toulmin_rows(draw, target, truth)
    if population is not None and population.curve is not None:
        yield from band_rows(draw, population.curve)


def rows(quantity: str, target: str, truth: np.ndarray, ends: np.ndarray) -> Iterator[dict[str, Any]]:
    for k, value, lower, upper in zip(BUDGETS, truth, *ends, strict=True):
        yield {"what": quantity, "target": target, "k": k, "truth": value, "lower": lower, "upper": upper}


def toulmin_rows(draw: truths.Draw, target: str, truth: np.ndarray) -> Iterator[dict[str, Any]]:
    pairs = [("pass@k", [column], truth[:, column]) for column in range(truth.shape[1])]
    if truth.shape[1] == 2:
        pairs.append(("shrinkage", [0, 1], truth[:, 0] - truth[:, 1]))
    for name, columns, value in pairs:
        estimates = good_toulmin(draw.n_correct[:, columns], draw.n_samples[:, columns], BUDGETS)
        for row, mean in zip(
            rows(f"Good-Toulmin: {name}", target, value, np.array(estimates[1:3])), estimates.mean, strict=True
        ):
            if np.isfinite(mean):
                yield row | {"error": abs(mean - row["truth"])}


def band_rows(draw: truths.Draw, curve: np.ndarray) -> Iterator[dict[str, Any]]:
    """Whether the bootstrap's band holds the whole curve, and the first-loss set the population's crossover."""
    band = sup_t_band(draw.n_correct, draw.n_samples)
    inside = bool(((band.lower <= curve) & (curve <= band.upper)).all())
    whole = {"what": "sup-t band: shrinkage", "target": "superpopulation", "k": N_SAMPLES}
    yield whole | {
        "truth": 0.0,
        "lower": 0.0 if inside else 1.0,
        "upper": 1.0,
        "width": (band.upper - band.lower).mean(),
    }
    caught = np.flatnonzero(curve >= 0)
    if curve[0] < 0:
        first, last = first_loss_set(band)
        crossing = float(band.k[caught[0]]) if len(caught) else np.inf
        yield whole | {
            "what": "sup-t band: first loss",
            "truth": crossing,
            "lower": first,
            "upper": last,
            "width": np.nan,
        }


def summed(intervals: pd.DataFrame) -> pd.DataFrame:
    """Coverage with its Monte Carlo error, mean width and mean absolute error of each cell."""
    intervals = intervals.reindex(columns=[*intervals.columns, *({"width", "error"} - set(intervals.columns))])
    intervals = intervals.assign(
        holds=(intervals["lower"] <= intervals["truth"] + 1e-9) & (intervals["truth"] <= intervals["upper"] + 1e-9),
        width=intervals["width"].fillna(
            (intervals["upper"] - intervals["lower"]).where(np.isfinite(intervals["upper"]))
        ),
    )
    by = ["population", "n_problems", "what", "target", "k"]
    cells = intervals.groupby(by, sort=False).agg(
        intervals=("holds", "size"), coverage=("holds", "mean"), width=("width", "mean"), error=("error", "mean")
    )
    cells["coverage_error"] = np.sqrt(cells["coverage"] * (1 - cells["coverage"]) / cells["intervals"])
    return cells.reset_index()


@click.command()
@click.option("--draws", default=100, show_default=True, help="Draws in each cell; seeds are 0, 1, 2, ...")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=RESULTS, show_default=False)
@click.option("--docs", type=click.Path(path_type=Path, exists=True), help="Also end a page with it: docs/bounds.md.")
@click.option("--table-only", is_flag=True, help="Only sum up the results that are there.")
def main(draws: int, output: Path, docs: Path | None, table_only: bool) -> None:
    """Coverage and width of the prior-free bounds, estimates and bands."""
    if not table_only:
        measure(draws, output)
    cells = pd.read_csv(output)
    click.echo(overall(cells).to_string(float_format=lambda value: f"{value:.3f}"))
    if docs:
        kept = docs.read_text(encoding="utf-8").split(MARK)[0]
        docs.write_text(f"{kept}{MARK}\n{section(cells)}", encoding="utf-8")


def measure(draws: int, output: Path) -> None:
    """Every cell, from all its draws, written as soon as it is there."""
    cells: list[pd.DataFrame] = []
    for labels, make, population in tasks():
        intervals = [{**labels, **row} for seed in range(draws) for row in interval_rows(make(seed), population)]
        cells.append(summed(pd.DataFrame(intervals)))
        pd.concat(cells).to_csv(output, index=False, float_format="%.4g")
        click.echo(f"{labels['population']}, {labels['n_problems']} problems", err=True)


def overall(cells: pd.DataFrame) -> pd.DataFrame:
    """The lowest and the mean coverage over populations."""
    return cells.groupby(["what", "target", "k"], sort=False).agg(
        cells=("coverage", "size"),
        lowest=("coverage", "min"),
        mean=("coverage", "mean"),
        width=("width", "mean"),
        error=("error", "mean"),
    )


def section(cells: pd.DataFrame) -> str:
    """The results as a section of a page."""
    lines = [
        "## How often it holds the truth",
        "",
        f"`python -m benchmarks.bounds --docs docs/bounds.md`: n = {N_SAMPLES}, 95 % intervals, at least "
        f"{cells['intervals'].min()} a cell; cells are",
        "the five named populations (30 and 500 problems), three of pairs (30 and 300), and subsamples of Pythia's",
        "10,000 samples where that set is at hand. Every cell: `benchmarks/results/bounds.csv`.",
        "",
        "| what | target | k | cells | coverage: lowest | mean | width | mean abs. error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (quantity, target, k), row in overall(cells).iterrows():
        width, error = (f"{value:.3f}" if np.isfinite(value) else "" for value in (row["width"], row["error"]))
        ends = f"{row['lowest']:.2f} | {row['mean']:.3f} | {width} | {error} |"
        lines.append(f"| {quantity} | {target} | {k} | {row['cells']:.0f} | {ends}")
    lowest = cells.loc[cells["what"].str.startswith("Good-Toulmin")].sort_values("coverage").head(3)
    worst = [
        f"{r.population}, {r.n_problems} problems, {r.target}, k = {r.k}: {r.coverage:.2f}" for r in lowest.itertuples()
    ]
    return "\n".join([*lines, "", f"Good-Toulmin at its worst: {'; '.join(worst)}.", ""])


if __name__ == "__main__":
    main()
