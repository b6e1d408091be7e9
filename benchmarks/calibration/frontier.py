"""`python -m benchmarks.calibration.frontier`: what the expected bend of one model's population costs and saves.

Each amplitude is a prior of its own, fitted to the same draws. A small one gives narrow intervals on real
models; a large one holds the truth where the population has modes and lumps.
"""

from pathlib import Path
from typing import Any

import click
import jax
import pandas as pd

from benchmarks.calibration import truths
from benchmarks.calibration.coverage import LEVEL, coverage_rows
from benchmarks.calibration.tables import summed
from boundary.stats.population.densities import (
    FIXED_BEND,
    LEARNED_BEND,
    MarginalPrior,
)
from boundary.stats.population.fit import fit_on_grid
from boundary.stats.priors import NonParametric
from boundary.stats.priors.nonparametric import of_one_model
from boundary.stats.sampler.compilation import keep_compiled
from boundary.stats.sampler.hmc import SETTINGS

FOLDER = Path(__file__).parent / "results"
N_SAMPLES, BUDGETS, SEEDS, REAL_SEEDS = 64, (1, 16, 64, 256, 1024), 40, 16
# Median and log scale of the amplitude.
AMPLITUDES = ((0.1, 0.0), (0.3, 0.4), (0.6, 0.4), (1.0, 0.4), (1.6, 0.4), (1.75, 0.0))


def settings() -> dict[str, MarginalPrior]:
    """The priors that are compared: the default with other amplitudes, and the default as it was."""
    amplitudes = {
        f"{median:g}{'' if scale else ' fixed'}": LEARNED_BEND._replace(amplitude=median, amplitude_scale=scale)
        for median, scale in AMPLITUDES
    }
    return {**amplitudes, "as it was": FIXED_BEND}


def rows_of(name: str, prior: MarginalPrior) -> list[dict[str, Any]]:
    """Intervals of pass@k under one prior: of real models, and of the populations that may be looked at."""
    family = of_one_model(prior)
    sampler = {setting: getattr(NonParametric(), setting) for setting in SETTINGS}
    draws = [("real", truths.subsampled(m, N_SAMPLES, s)) for m in truths.pythia_models() for s in range(REAL_SEEDS)]
    for population in truths.OPEN:
        draws += [
            (population.__name__, truths.simulated_counts(population, 500, N_SAMPLES, seed)) for seed in range(SEEDS)
        ]
    rows = []
    for seed, (population, draw) in enumerate(draws):
        rates = fit_on_grid(family, draw.n_correct, draw.n_samples, jax.random.key(seed), name, 0, sampler)
        labels = {"prior": name, "population": population, "n_problems": len(draw.rates), "fit_on": N_SAMPLES}
        rows += [labels | row for row in coverage_rows(rates, draw, BUDGETS)]
    return rows


def figure(cells: pd.DataFrame, path: Path) -> None:
    """Coverage of each population under each prior, learned amplitudes first, beside the width on real models."""
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(cells["amplitude"]))
    is_fixed = [name.endswith("fixed") or name == "as it was" for name in names]
    order = sorted(range(len(names)), key=lambda at: is_fixed[at])
    names = [names[at] for at in order]
    fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), sharey=True)
    for ax, k in zip(axes, (256, 1024), strict=True):
        at_k = cells.loc[cells["k"] == k].set_index(["population", "amplitude"])
        for population in [p.__name__ for p in truths.OPEN] + ["real"]:
            coverage = at_k.loc[population, "coverage"][names].to_numpy()
            style = {"color": "0.2", "ls": "--"} if population == "real" else {"ls": "-"}
            n_learned = is_fixed.count(False)
            (line,) = ax.plot(
                range(n_learned), coverage[:n_learned], marker="o", ms=3.5, lw=1, label=population, **style
            )
            ax.plot(range(n_learned, len(names)), coverage[n_learned:], "o", ms=3.5, color=line.get_color())
        width = at_k.loc["real", "width"]
        ax.set_xticks(range(len(names)), [f"{name}\n{width[name]:.2f}" for name in names], fontsize=7)
        ax.axhline(LEVEL, color="0.7", lw=0.8, zorder=0)
        ax.set(title=f"k = {k}", ylim=(-0.02, 1.02))
    fig.supxlabel("median amplitude of the bend, and below it the mean width on real models", fontsize=8, y=-0.06)
    axes[0].set_ylabel("coverage of 95 % intervals", fontsize=8)
    axes[1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    fig.savefig(path, dpi=130, bbox_inches="tight")
    plt.close(fig)


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=FOLDER, show_default=False)
def main(output: Path) -> None:
    """Coverage, width and error of one model's intervals under other amplitudes of the bend."""
    keep_compiled(str(output / "compiled"))
    cells: list[pd.DataFrame] = []
    for name, prior in settings().items():
        of_prior = summed(pd.DataFrame(rows_of(name, prior))).rename(columns={"prior": "amplitude"})
        cells.append(of_prior[["amplitude", "population", "k", "coverage", "width", "error"]])
        click.echo(cells[-1].loc[lambda c: c["k"] >= 256].to_string(index=False, float_format="{:.3f}".format))
    table = pd.concat(cells, ignore_index=True)
    table.to_csv(output / "frontier.csv", index=False, float_format="%.4g")
    figure(table, output / "frontier.png")


if __name__ == "__main__":
    main()
