"""`python -m benchmarks.training_runs [--fits 24] [--docs docs/training-runs.md]`: coverage with several training runs.

A method's runs solve each problem with a rate of their own: expit(1.15 a_i + 2 + .8 w_i + u_r + .6 w_ir), where a_i is
the base's logit, u_r the effect of the run (standard deviation `effect`) and w_ir what it does to one problem; 6 % of
the problems are lost to every run. Counts are drawn; each run's posterior of pass@k is taken to be normal on the logit
scale around the unbiased estimate, with the standard error that the true rates give. So many draws are cheap; with
`--fits` the same is done with real fits of pairs of 60 problems, 32 samples, fewer of them.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import pandas as pd
from scipy.special import expit, gammaln, logit
from scipy.stats import binom

from benchmarks.pages import replace_between
from boundary.stats.runs import (
    after_selection,
    maximum,
    over_one_base,
    partially_pooled,
    run_hierarchy,
    selection_bound,
    shared_share,
)

RESULTS = Path(__file__).parent / "results"
N_PROBLEMS, N_SAMPLES, BUDGETS = 60, 32, (1, 8, 32)
N_DRAWS, LEVEL = 1024, 0.95
RUNS, EFFECTS = (2, 3, 5, 10), (0.0, 0.3, 0.8, 1.6)
FAR_BUDGETS = (1, 8, 32, 128, 512)
CANDIDATES, BASES = (2, 3, 5, 10, 20), (2, 3, 5)
NEW_RUNS = 2000
Draws = np.ndarray


class Method(NamedTuple):
    """The problems, as a method meets them: logits of the base and of the mean run, and which are lost."""

    base: np.ndarray
    centre: np.ndarray
    is_lost: np.ndarray

    def rates(self, rng: np.random.Generator, n_runs: int, effect: float) -> np.ndarray:
        """Solve rates (run, problem) of some runs."""
        noise = effect * rng.standard_normal((n_runs, 1)) + 0.6 * rng.standard_normal((n_runs, len(self.base)))
        return np.where(self.is_lost, 0.0, expit(self.centre + noise))


def method(rng: np.random.Generator, n: int = N_PROBLEMS) -> Method:
    base = rng.normal(-1.5, 2.5, n)
    return Method(base, 1.15 * base + 2 + 0.8 * rng.standard_normal(n), rng.random(n) < 0.06)


def pass_at_k(rates: np.ndarray, k: int) -> np.ndarray:
    return np.asarray((1 - (1 - rates) ** k).mean(axis=-1))


def estimates_by_count(k: int, n: int = N_SAMPLES) -> np.ndarray:
    """Unbiased estimate of a problem's pass@k for c = 0..n correct samples."""
    c = np.arange(n + 1)
    wrong = np.maximum(n - c, 0)
    log_ratio = gammaln(wrong + 1) - gammaln(np.maximum(wrong - k, 0) + 1) - gammaln(n + 1) + gammaln(n - k + 1)
    return np.where(wrong >= k, 1 - np.exp(log_ratio), 1.0)


def standard_errors(rates: np.ndarray, k: int, n: int = N_SAMPLES) -> np.ndarray:
    """Standard error of the unbiased estimate of pass@k of each run, from the true rates (run, problem)."""
    values = estimates_by_count(k, n)
    probabilities = binom.pmf(np.arange(n + 1), n, rates[..., None])
    variance = (probabilities @ values**2 - (probabilities @ values) ** 2).mean(axis=-1) / rates.shape[-1]
    return np.sqrt(np.maximum(variance, 1e-10))


def normal_draws(rates: np.ndarray, k: int, rng: np.random.Generator, n: int = N_SAMPLES) -> Draws:
    """Draws (draw, run) of pass@k of each run, normal on the logit scale."""
    return draws_of_counts(rng.binomial(n, rates), rates, k, rng, n)


def draws_of_counts(
    counts: np.ndarray, rates: np.ndarray, k: int, rng: np.random.Generator, n: int = N_SAMPLES
) -> Draws:
    """The same from given counts (run, problem)."""
    estimate = np.clip(estimates_by_count(k, n)[counts].mean(axis=-1), 1e-3, 1 - 1e-3)
    error = standard_errors(rates, k, n) / (estimate * (1 - estimate))
    return expit(logit(estimate) + error * rng.standard_normal((N_DRAWS, len(rates))))


def holds(draws: Draws, truth: float) -> bool:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return bool(low <= truth <= high)


def width(draws: Draws) -> float:
    return float(np.ptp(np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])))


def rows_of_runs(
    base: Draws,
    arms: Draws,
    truth: dict[str, float],
    cell: dict[str, Any],
    rng: np.random.Generator,
    shared: float = 0.0,
) -> Iterator[dict[str, Any]]:
    """Coverage of the hierarchy and of what ignores it, from joint draws of one base and the runs."""
    hierarchy = run_hierarchy(arms, rng, base, shared=shared)
    intervals = {
        "method's pass@k": (hierarchy.mean, hierarchy.average, truth["mean"]),
        "method's shrinkage": (base - hierarchy.mean, base - hierarchy.average, truth["base"] - truth["mean"]),
        "new run's shrinkage": (base - hierarchy.new_run, base - arms[:, 0], truth["base"] - truth["new"]),
        "spread": (hierarchy.spread, None, truth["spread"]),
        "average of these runs": (base - hierarchy.average, None, truth["base"] - truth["average"]),
    }
    for name, (draws, ignoring, true_value) in intervals.items():
        row = cell | {"quantity": name, "covered": holds(draws, true_value), "width": width(draws)}
        yield row | {"ignoring": np.nan if ignoring is None else holds(ignoring, true_value)}


def true_values(
    problems: Method, rates: np.ndarray, k: int, effect: float, rng: np.random.Generator
) -> dict[str, float]:
    """True pass@k of the base, a method's mean, its runs' average, a new run, and the spread between runs."""
    new_passes = pass_at_k(problems.rates(rng, NEW_RUNS, effect), k)
    return {
        "base": float(pass_at_k(expit(problems.base), k)),
        "mean": float(new_passes.mean()),
        "spread": float(new_passes.std()),
        "new": float(new_passes[0]),
        "average": float(pass_at_k(rates, k).mean()),
    }


def several_runs(seed: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for effect in EFFECTS:
        rng = np.random.default_rng([seed, int(100 * effect)])
        problems = method(rng)
        every = problems.rates(rng, max(RUNS), effect)
        for k in BUDGETS:
            base = normal_draws(expit(problems.base)[None], k, rng)[:, 0]
            arms = normal_draws(every, k, rng)
            for n_runs in RUNS:
                truth = true_values(problems, every[:n_runs], k, effect, rng)
                cell = {"runs": n_runs, "effect": effect, "k": k, "true_spread": truth["spread"]}
                rows += rows_of_runs(base, arms[:, :n_runs], truth, cell, rng)
    return rows


def choices(seed: int) -> list[dict[str, Any]]:
    """The best of several candidates at k = 1: intervals after the choice, and the estimate alone."""
    rows = []
    for n_candidates in CANDIDATES:
        for effect in (0.0, 0.1, 0.3, 0.8):
            rng = np.random.default_rng([seed, n_candidates, int(100 * effect), 7])
            problems = method(rng)
            rates = problems.rates(rng, n_candidates, effect)
            if effect == 0:  # candidates that are equally good, problem by problem
                rates = np.repeat(rates[:1], n_candidates, axis=0)
            passes = normal_draws(rates, 1, rng)
            place = int(passes.mean(axis=0).argmax())
            truth = float(pass_at_k(rates[place], 1))
            chosen_draws = passes[:, place]
            selected = after_selection(passes, place, rng)
            bound = selection_bound(chosen_draws.mean(), chosen_draws.std(), n_candidates, LEVEL)
            rows.append(
                {
                    "candidates": n_candidates,
                    "effect": effect,
                    "true_drop": chosen_draws.mean() - truth,
                    "expected_drop": selected.drop.mean(),
                    "bound_of_drop": bound.drop,
                    "covered": holds(selected.passes, truth),
                    "covered_by_bound": bound.lower <= truth <= bound.upper,
                    "ignoring": holds(chosen_draws, truth),
                    "width": width(selected.passes),
                    "width_of_bound": bound.upper - bound.lower,
                    "width_ignoring": width(chosen_draws),
                }
            )
    return rows


def several_bases(seed: int) -> list[dict[str, Any]]:
    """Pass@k of the strongest of several bases: partially pooled, each alone, and the one with the best estimate."""
    rows = []
    for n_bases in BASES:
        for effect in (0.0, 0.1, 0.3, 0.8):
            for k in BUDGETS:
                rng = np.random.default_rng([seed, n_bases, int(100 * effect), k])
                problems = method(rng)
                rates = problems.rates(rng, n_bases, effect)
                if effect == 0:
                    rates = np.repeat(rates[:1], n_bases, axis=0)
                passes = normal_draws(rates, k, rng)
                truth = float(pass_at_k(rates, k).max())
                pooled = partially_pooled(passes, rng)
                ways = {
                    "pooled": pooled.max(axis=1),
                    "each alone": passes.max(axis=1),
                    "best estimate": passes[:, passes.mean(axis=0).argmax()],
                }
                cell = {"bases": n_bases, "effect": effect, "k": k}
                for way, draws in ways.items():
                    numbers_of_way = {
                        "bias": draws.mean() - truth,
                        "covered": holds(draws, truth),
                        "width": width(draws),
                    }
                    rows.append(cell | {"way": way} | numbers_of_way)
                largest = maximum(passes, pooled, LEVEL)
                numbers = (
                    largest.draws.mean() - truth,
                    largest.lower <= truth <= largest.upper,
                    largest.upper - largest.lower,
                )
                rows.append(cell | {"way": "maximum"} | dict(zip(("bias", "covered", "width"), numbers, strict=True)))
    return rows


def two_methods(seed: int) -> list[dict[str, Any]]:
    """Two methods whose means differ by a random amount: their difference, and P(best) against how often it is so."""
    rows = []
    for n_runs in RUNS:
        for effect in EFFECTS[1:]:
            rng = np.random.default_rng([seed, n_runs, int(100 * effect), 11])
            first = method(rng)
            second = first._replace(centre=first.centre + rng.normal(0, 0.6))
            draws, truths, averages = [], [], []
            for problems in (first, second):
                rates = problems.rates(rng, n_runs, effect)
                hierarchy = run_hierarchy(normal_draws(rates, 1, rng), rng)
                draws.append(hierarchy.mean)
                averages.append(hierarchy.average)
                truths.append(float(pass_at_k(problems.rates(rng, NEW_RUNS, effect), 1).mean()))
            difference, true_difference = draws[0] - draws[1], truths[0] - truths[1]
            chance, ignoring = float((difference > 0).mean()), float((averages[0] > averages[1]).mean())
            rows.append(
                {
                    "runs": n_runs,
                    "effect": effect,
                    "covered": holds(difference, true_difference),
                    "ignoring": holds(averages[0] - averages[1], true_difference),
                    "prob_of_likelier": max(chance, 1 - chance),
                    "likelier_is_best": (chance > 0.5) == (true_difference > 0),
                    "prob_ignoring": max(ignoring, 1 - ignoring),
                    "likelier_is_best_ignoring": (ignoring > 0.5) == (true_difference > 0),
                }
            )
    return rows


def fitted_passes(seed: int, effect: float, most_runs: int = max(RUNS)) -> tuple[Method, np.ndarray, np.ndarray]:
    """A method, solve rates (run, problem) of its runs, and draws (run, k, model, draw) of pass@k from real fits."""
    rng = np.random.default_rng([seed, int(100 * effect), 5])
    problems = method(rng)
    every = problems.rates(rng, max(RUNS), effect)
    return problems, every, passes_of_fits(seed, problems.base, every[:most_runs], BUDGETS, rng)


def passes_of_fits(
    seed: int, base: np.ndarray, rates: np.ndarray, budgets: Sequence[int], rng: np.random.Generator
) -> np.ndarray:
    """Draws (run, k, model, draw) of pass@k from fits of each run with one base, given as logits."""
    import jax

    from boundary.stats.estimands import pass_at_k as posterior_pass_at_k
    from boundary.stats.priors import NonParametric

    size = np.full((N_PROBLEMS, 2), N_SAMPLES)
    base_counts = rng.binomial(N_SAMPLES, expit(base))
    passes = []
    for number, of_run in enumerate(rates):
        counts = np.stack([base_counts, rng.binomial(N_SAMPLES, of_run)], axis=1)
        fit = NonParametric().posterior(counts, size, jax.random.fold_in(jax.random.key(seed), number))
        draws = posterior_pass_at_k(fit, list(budgets)).transpose("k", "model", "chain", "draw").to_numpy()
        passes.append(draws.reshape(*draws.shape[:2], -1))
    return np.array(passes)


def two_fitted_methods(seed: int, n_runs: int = 5, effect: float = 0.3) -> list[dict[str, Any]]:
    """As `two_methods`, with real fits, to 16 n: what errors have in common, and the difference with it and without."""
    rng = np.random.default_rng([seed, n_runs, int(100 * effect), 13])
    first = method(rng)
    methods = first, first._replace(centre=first.centre + rng.normal(0, 0.6))
    rates = np.array([problems.rates(rng, n_runs, effect) for problems in methods])
    passes = passes_of_fits(seed, first.base, rates.reshape(2 * n_runs, -1), FAR_BUDGETS, rng)
    new_rates = [problems.rates(rng, NEW_RUNS, effect) for problems in methods]
    rows = []
    for place, k in enumerate(FAR_BUDGETS):
        logits = logit(np.clip(passes[:, place, 1], 1e-6, 1 - 1e-6))
        scores = (logits.mean(axis=1) - logit(pass_at_k(rates, k)).ravel()) / logits.std(axis=1)
        first_scores, second_scores = scores.reshape(2, n_runs)
        pairs = n_runs * (n_runs - 1)
        within = [(part.sum() ** 2 - (part**2).sum()) / pairs for part in (first_scores, second_scores)]
        errors = {
            "error": (scores**2).mean(),
            "within": np.mean(within),
            "between": first_scores.mean() * second_scores.mean(),
        }
        true_difference = float(np.subtract(*(pass_at_k(of_method, k).mean() for of_method in new_rates)))
        base, arms = over_one_base(list(passes[:, place, 0]), list(passes[:, place, 1]))
        for runs in (2, 3, n_runs):
            common, shared = rng.standard_normal(len(base)), shared_share(k, N_SAMPLES)
            row = {"k": k, "runs": runs} | errors
            for way, same in (("common", common), ("own", None)):
                means = [
                    run_hierarchy(arms[:, start : start + runs], rng, base, shared=shared, common=same).mean
                    for start in (0, n_runs)
                ]
                difference = means[0] - means[1]
                row |= {f"covered_{way}": holds(difference, true_difference), f"width_{way}": width(difference)}
            rows.append(row)
    return rows


def fitted_runs(seed: int, effect: float) -> list[dict[str, Any]]:
    """As `several_runs`, with real fits of each pair."""
    rng = np.random.default_rng([seed, int(100 * effect), 6])
    problems, every, passes = fitted_passes(seed, effect)
    rows: list[dict[str, Any]] = []
    for place, k in enumerate(BUDGETS):
        for n_runs in RUNS:
            truth = true_values(problems, every[:n_runs], k, effect, rng)
            base, arms = over_one_base(list(passes[:n_runs, place, 0]), list(passes[:n_runs, place, 1]))
            cell = {"runs": n_runs, "effect": effect, "k": k, "true_spread": truth["spread"]}
            rows += rows_of_runs(base, arms, truth, cell, rng, shared_share(k, N_SAMPLES))
    return rows


def averaged(rows: Sequence[dict[str, Any]], keys: Sequence[str]) -> pd.DataFrame:
    groups = pd.DataFrame(rows).groupby(list(keys), sort=False)
    table = groups.mean(numeric_only=False).astype(float)
    return table.assign(draws=groups.size()).reset_index()


PARTS: dict[str, tuple[Callable[[int], list[dict[str, Any]]], tuple[str, ...]]] = {
    "runs": (several_runs, ("quantity", "runs", "effect", "k")),
    "selection": (choices, ("candidates", "effect")),
    "bases": (several_bases, ("bases", "effect", "k", "way")),
    "methods": (two_methods, ("runs", "effect")),
}

# With real fits.
FITTED = ("fits", "fitted-methods")


@click.command()
@click.option("--draws", default=200, show_default=True, help="Simulated data sets of a cell.")
@click.option("--fits", default=0, show_default=True, help="Data sets with real fits, of each of two effects of runs.")
@click.option("--only", type=click.Choice([*PARTS, *FITTED]), multiple=True)
@click.option("--docs", type=click.Path(path_type=Path), help="Page whose tables to replace.")
def main(draws: int, fits: int, only: tuple[str, ...], docs: Path | None) -> None:
    for name, (simulate, keys) in PARTS.items():
        if not only or name in only:
            table = averaged([row for seed in range(draws) for row in simulate(seed)], keys)
            table.to_csv(result_file(name), index=False, float_format="%.4f")
            click.echo(table.to_string(index=False, float_format="%.3f"))
    if fits and (not only or "fits" in only):
        rows: list[dict[str, Any]] = []
        for seed in range(fits):
            for effect in (0.3, 0.8):
                rows += fitted_runs(seed, effect)
            click.echo(f"fitted {seed + 1} of {fits}", err=True)
            table = averaged(rows, ("quantity", "runs", "effect", "k"))
            table.to_csv(result_file("fits"), index=False, float_format="%.4f")
        click.echo(table.to_string(index=False, float_format="%.3f"))
    if fits and (not only or "fitted-methods" in only):
        table = averaged([row for seed in range(fits) for row in two_fitted_methods(seed)], ("k", "runs"))
        table.to_csv(result_file("fitted-methods"), index=False, float_format="%.4f")
        click.echo(table.to_string(index=False, float_format="%.3f"))
    if docs is not None:
        write_tables(docs)


def write_tables(page: Path) -> None:
    """Write the tables of the page from the results."""
    tables = {name: pd.read_csv(path) for name in (*PARTS, *FITTED) if (path := result_file(name)).exists()}
    texts = {
        "runs": runs_table(tables["runs"]),
        "fits": runs_table(tables["fits"]) if "fits" in tables else "",
        "selection": selection_table(tables["selection"]),
        "bases": bases_table(tables["bases"]),
        "methods": methods_table(tables["methods"]),
        "fitted-methods": fitted_methods_table(tables["fitted-methods"]) if "fitted-methods" in tables else "",
    }
    for name, text in texts.items():
        replace_between(page, name, text)


def result_file(name: str) -> Path:
    return RESULTS / f"training-runs-{name}.csv"


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def share(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}"


def runs_table(table: pd.DataFrame) -> str:
    """Coverage of each quantity, the mean over k and the lowest of its cells, by runs and spread."""
    lines = []
    for (runs, _), rows in table.groupby(["runs", "effect"]):
        spread = rows.loc[rows["k"] == 1, "true_spread"].mean()
        line = [f"{runs:.0f}", f"{100 * spread:.1f}"]
        for quantity in ("method's shrinkage", "new run's shrinkage"):
            own = rows.loc[rows["quantity"] == quantity]
            at_one = own.loc[own["k"] == 1].iloc[0]
            line += [f"{share(own['covered'].mean())} ({share(own['covered'].min())})", share(own["ignoring"].min())]
            line += [f"{100 * at_one['width']:.0f}"]
        line.append(share(rows.loc[rows["quantity"] == "spread", "covered"].mean()))
        lines.append(line)
    header = ("runs", "true spread at k = 1, points", "method's shrinkage", "ignoring runs", "width at k = 1, points")
    header += ("new run's shrinkage", "ignoring runs", "width at k = 1, points", "spread")
    n, most = int(table["draws"].min()), int(table["draws"].max())
    return (
        markdown(header, lines)
        + f"\n{n if n == most else f'{n} to {most}'} data sets a cell of k = 1, 8, 32: standard error "
        + f"{(0.05 * 0.95 / n) ** 0.5:.3f}{'' if n == most else f' to {(0.05 * 0.95 / most) ** 0.5:.3f}'}.\n"
    )


def selection_table(table: pd.DataFrame) -> str:
    lines = [
        [f"{row['candidates']:.0f}", f"{row['effect']:g}"]
        + [f"{100 * row[name]:.1f}" for name in ("true_drop", "expected_drop", "bound_of_drop")]
        + [share(row[name]) for name in ("covered", "covered_by_bound", "ignoring")]
        for row in table.to_dict(orient="records")
    ]
    header = ("candidates", "effect of a run", "drop, points", "expected drop", "bound of the drop")
    return markdown((*header, "after selection", "from the number alone", "ignoring the choice"), lines)


def bases_table(table: pd.DataFrame) -> str:
    lines = []
    for (bases, effect), rows in table.groupby(["bases", "effect"]):
        line = [f"{bases:.0f}", f"{effect:g}"]
        for way in ("maximum", "best estimate", "each alone"):
            own = rows.loc[rows["way"] == way]
            bias = own.loc[own["k"] == 32, "bias"].iloc[0]
            line += [f"{share(own['covered'].mean())} ({share(own['covered'].min())})", f"{100 * bias:+.1f}"]
        lines.append(line)
    header = ["bases", "effect"]
    for way in ("strongest base", "the best estimate", "largest of draws of each alone"):
        header += [way, "bias at k = 32, points"]
    return markdown(header, lines)


def methods_table(table: pd.DataFrame) -> str:
    names = (
        "covered",
        "ignoring",
        "prob_of_likelier",
        "likelier_is_best",
        "prob_ignoring",
        "likelier_is_best_ignoring",
    )
    lines = [
        [f"{row['runs']:.0f}", f"{row['effect']:g}", *(share(float(row[name])) for name in names)]
        for row in table.to_dict(orient="records")
    ]
    header = ("runs", "effect", "difference of means", "ignoring runs", "P(best) of the likelier", "it is the best")
    return markdown((*header, "P(best), ignoring runs", "it is the best"), lines)


def fitted_methods_table(table: pd.DataFrame) -> str:
    """What errors have in common by k, and coverage and width of the difference of two methods by runs."""
    lines = []
    for k, rows in table.groupby("k"):
        first = rows.iloc[0]
        line = [f"{k:.0f}", *(share(first[name] / first["error"]) for name in ("within", "between"))]
        for _, row in rows.iterrows():
            line += [f"{share(row[f'covered_{way}'])} ({100 * row[f'width_{way}']:.0f})" for way in ("common", "own")]
        lines.append(line)
    header = ["k", "common to runs of a method", "common to those of two methods"]
    for runs in table["runs"].unique():
        header += [f"{runs:.0f} runs", "drawn for each method"]
    return markdown(header, lines) + f"\n{table['draws'].min():.0f} data sets.\n"


if __name__ == "__main__":
    main()
