"""Plans for training runs: python -m benchmarks.training_plan [--draws 100] [--fits 12] [--docs docs/plan.md].

Methods whose runs are known (as in benchmarks/training_runs.py: 60 problems, 32 samples) are planned for with three
runs; then the data set is enlarged, by twice or four times the runs, the problems, or the samples of each, and the
interval of the method's mean shrinkage is computed anew. Reported: the width that the plan expects (its median), the
width that came out, how often that lay in the plan's range of 80 % of outcomes, and how often the interval held the
truth. Errors of the runs are normal on the logit scale, so that many draws are cheap; with `--fits` all is fitted, by
`boundary.plan_training` as a user has it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from scipy.special import expit

import boundary as bd
from benchmarks.pages import replace_between
from benchmarks.training_runs import (
    Method,
    draws_of_counts,
    holds,
    markdown,
    method,
    pass_at_k,
    share,
    standard_errors,
    width,
)
from boundary.analysis.training_plan.levers import RANGE
from boundary.stats.runs import (
    MoreData,
    RunMoments,
    expected_width,
    over_one_base,
    run_hierarchy,
    shared_share,
    widths_with,
)

RESULT = Path(__file__).parent / "results" / "training_plan.csv"
N_PROBLEMS, N_SAMPLES, N_RUNS, LEVEL = 60, 32, 3, 0.95
EFFECTS, BUDGETS = (0.0, 0.3, 0.8, 1.6), (1, 8)
DESIGNS = (("now", 1), ("runs", 2), ("runs", 4), ("problems", 2), ("problems", 4), ("samples", 2), ("samples", 4))
KEYS = ["fits", "k", "effect", "more", "times"]


class World:
    """A method with enough problems and runs for every design, and their solve rates."""

    def __init__(self, rng: np.random.Generator, effect: float, most: int = 4) -> None:
        self.effect, self.method = effect, method(rng, most * N_PROBLEMS)
        self.rates = self.method.rates(rng, most * N_RUNS, effect)
        self.base = expit(self.method.base)
        self.every = np.concatenate([self.base[None], self.rates])
        self.counts = rng.binomial(N_SAMPLES, self.every)  # those of every design, as far as it has them

    def counts_of(self, design: tuple[int, int, int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Counts (base and runs, problem) under a design, in which the first ones are, and solve rates."""
        runs, problems, samples = design
        rates = self.every[: runs + 1, :problems]
        return self.counts[: runs + 1, :problems] + rng.binomial(samples - N_SAMPLES, rates), rates

    def enlarged(self, more: str, times: int) -> tuple[int, int, int]:
        """Runs, problems and samples of a design."""
        factors = [times if more == name else 1 for name in ("runs", "problems", "samples")]
        return N_RUNS * factors[0], N_PROBLEMS * factors[1], N_SAMPLES * factors[2]

    def true_shrinkage(self, problems: int, k: int, rng: np.random.Generator) -> float:
        """Of the method's mean on the first problems."""
        first = Method(*(part[:problems] for part in self.method))
        return float(pass_at_k(self.base[:problems], k) - pass_at_k(first.rates(rng, 1000, self.effect), k).mean())


def simulated(seed: int) -> Iterator[dict[str, Any]]:
    """Rows of one data set, with errors that are normal on the logit scale."""
    for effect in EFFECTS:
        rng = np.random.default_rng([seed, int(100 * effect), 21])
        world = World(rng, effect)
        for k in BUDGETS:
            small = world.rates[:N_RUNS, :N_PROBLEMS]
            counts, rates = world.counts_of(world.enlarged("now", 1), rng)
            first = draws_of_counts(counts, rates, k, rng)
            moments = RunMoments.of_draws(first[:, 1:], first[:, 0])
            for more, times in DESIGNS:
                runs, problems, samples = world.enlarged(more, times)
                ratio = error_ratio(small, k, samples) if more == "samples" else (N_PROBLEMS / problems) ** 0.5
                data = MoreData(runs - N_RUNS, ratio, ratio)
                expected = widths_with(data, moments, LEVEL, rng)
                if more == "now":
                    expected = np.array([expected_width(moments, LEVEL)])
                counts, rates = world.counts_of((runs, problems, samples), rng)
                draws = first if more == "now" else draws_of_counts(counts, rates, k, rng, samples)
                shrinkage = draws[:, 0] - run_hierarchy(draws[:, 1:], rng, draws[:, 0]).mean
                cell = {"fits": False, "k": k, "effect": effect, "more": more, "times": times}
                truth = world.true_shrinkage(problems, k, rng)
                low, high = np.quantile(expected, RANGE)
                yield cell | outcome(shrinkage, truth, float(np.median(expected)), low, high)


def outcome(shrinkage: np.ndarray, truth: float, expected: float, low: float, high: float) -> dict[str, Any]:
    """What came out, beside what was expected."""
    came = width(shrinkage)
    return {"expected": expected, "width": came, "in_range": low <= came <= high, "covered": holds(shrinkage, truth)}


def error_ratio(rates: np.ndarray, k: int, samples: int) -> float:
    """Ratio of the standard errors of pass@k with more samples to those with 32."""
    ratios = standard_errors(rates, k, samples) / standard_errors(rates, k, N_SAMPLES)
    return float(ratios.mean())


def fitted(seed: int) -> Iterator[dict[str, Any]]:
    """Rows of one data set, planned for and enlarged with real fits."""
    import jax

    from boundary.stats.estimands import pass_at_k as posterior_pass_at_k
    from boundary.stats.priors import NonParametric

    for effect in (0.3, 0.8):
        rng = np.random.default_rng([seed, int(100 * effect), 22])
        world = World(rng, effect, 2)
        first_counts = world.counts[: N_RUNS + 1, :N_PROBLEMS]
        plans = {k: bd.plan_training(frame(first_counts), base="base", k=k, seed=seed) for k in (1, N_SAMPLES)}
        for more, times in (("now", 1), ("runs", 2), ("problems", 2), ("samples", 2)):
            runs, problems, samples = world.enlarged(more, times)
            counts, _ = world.counts_of((runs, problems, samples), rng)
            of_base, of_runs = [], []
            for run in range(runs):
                pair = np.ascontiguousarray(counts[[0, run + 1]].T)
                key = jax.random.fold_in(jax.random.key(seed), run)
                fit = NonParametric().posterior(pair, np.full_like(pair, samples), key)
                draws = posterior_pass_at_k(fit, [1, N_SAMPLES]).transpose("k", "model", "chain", "draw").to_numpy()
                of_base.append(draws[:, 0].reshape(2, -1))
                of_runs.append(draws[:, 1].reshape(2, -1))
            for place, k in enumerate((1, N_SAMPLES)):
                base, arms = over_one_base([d[place] for d in of_base], [d[place] for d in of_runs])
                shrinkage = base - run_hierarchy(arms, rng, base, shared=shared_share(k, samples)).mean
                row = plans[k].designs.query("more == @more and times == @times").iloc[0]
                truth = world.true_shrinkage(problems, k, rng)
                cell = {"fits": True, "k": k, "effect": effect, "more": more, "times": times}
                yield cell | outcome(shrinkage, truth, row["width"], row["width_lower"], row["width_upper"])


def frame(counts: np.ndarray) -> pd.DataFrame:
    """A table of counts of the base and the runs of one method."""
    names = ["base", *(f"run {i}" for i in range(1, len(counts)))]
    rows = {"problem_id": range(counts.shape[1]), "n_samples": N_SAMPLES}
    parts = [
        pd.DataFrame(rows | {"model": name, "n_correct": c, "method": "" if name == "base" else "GRPO"})
        for name, c in zip(names, counts, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def summed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Medians of widths and shares of hits, by cell."""
    groups = pd.DataFrame(rows).groupby(KEYS, sort=False)
    table = groups[["expected", "width"]].median()
    table[["in_range", "covered"]] = groups[["in_range", "covered"]].mean().astype(float)
    return table.assign(data_sets=groups.size()).reset_index()


def lines(table: pd.DataFrame) -> str:
    """The table of the page: expected and actual widths, at each size of the effect of a run."""
    header = ("more", "k", "effect of a run", "foreseen width, points", "width", "in the range", "holds the truth")
    rows = [
        [
            "nothing" if row["more"] == "now" else f"{row['times']:.0f} times the {row['more']}",
            f"{row['k']:.0f}",
            f"{row['effect']:g}",
            f"{100 * row['expected']:.1f}",
            f"{100 * row['width']:.1f}",
            "" if row["more"] == "now" else share(row["in_range"]),
            share(row["covered"]),
        ]
        for row in table.to_dict("records")
    ]
    return markdown(header, rows)


@click.command()
@click.option("--draws", default=100, show_default=True, help="Simulated data sets.")
@click.option("--fits", default=0, show_default=True, help="Data sets with real fits.")
@click.option("--docs", type=click.Path(path_type=Path), help="Page whose tables to replace.")
def main(draws: int, fits: int, docs: Path | None) -> None:
    rows = [row for seed in range(draws) for row in simulated(seed)]
    for seed in range(fits):
        rows += fitted(seed)
        click.echo(f"fitted {seed + 1} of {fits}", err=True)
        summed(rows).to_csv(RESULT, index=False, float_format="%.4f")
    table = summed(rows)
    table.to_csv(RESULT, index=False, float_format="%.4f")
    click.echo(table.to_string(index=False, float_format="%.3f"))
    if docs is not None:
        replace_between(docs, "training plan", lines(table.loc[~table["fits"].astype(bool)]))


if __name__ == "__main__":
    main()
