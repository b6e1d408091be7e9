"""Trajectories and strata on simulated truth: python -m benchmarks.trajectories [--draws 96] [--fits N] [--docs PAGE].

Checkpoints: logit solve rates of each problem are a + b z with z normal and nearly the same at all checkpoints; a and b
follow one of six courses, and each checkpoint wobbles. Its posterior is exact, from the population that it was drawn
from, so that what the trajectory does with it is tested alone. `--fits N` adds N runs of five checkpoints whose pairs
are fitted by the default prior.

Strata: pairs of which each stratum has a population of its own; the fit of all problems is the exact posterior under
the mixture of them.

Reported: coverage of 95 % intervals and mean width of the trajectory and of the checkpoints apart, of strata pooled,
under the common fit, and from their own counts alone; how often the set of likeliest peaks and onsets of the fall holds
the true one, and how often the checkpoint with the best estimate is the best.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from benchmarks.pages import replace_between
from boundary.stats.intervals import probabilities_of_largest
from boundary.stats.strata import strata_posterior, stratum_cells
from boundary.stats.trajectory import (
    Measurements,
    error_parts,
    fall_onset,
    from_scale,
    to_scale,
    walk_posterior,
)

RESULTS = Path(__file__).parent / "results"
LEVEL, MARGIN, DRAWS = 0.95, 0.005, 400
GRID = np.linspace(-5, 5, 121)
GRID_WEIGHTS = norm.pdf(GRID) / norm.pdf(GRID).sum()
# Correlation of problems' difficulty between checkpoints, and how far checkpoints wobble, on the logit scale.
PROBLEM_CORRELATION, WOBBLES = 0.98, (0.0, 0.1, 0.3)
# How far a checkpoint collapses, in logits of solve rates.
COLLAPSE = 2.5
# Place and spread of the logits of solve rates, over the course x of training from 0 to 1.
COURSES: dict[str, Any] = {
    "flat": lambda x: (-1 + 0 * x, 2.2 + 0 * x),
    "narrowing": lambda x: (-2 + 2.2 * (1 - np.exp(-4 * x)), 2.2 + 1.6 * x),
    "hump": lambda x: (-2 + 3 * (1 - np.exp(-3 * x)), 2.2 + 2.2 * x**2),
    "jump": lambda x: (-2.5 + 2.2 * (x > 0) + 0.3 * x, 2.2 + 0.6 * (x > 0)),
    "collapse": lambda x: (-1 + x - 9.9 * np.clip(x - 0.7, 0, None), 2.4 + 0 * x),
    "widening": lambda x: (-2.5 + 2.5 * x**0.7, 2.2 - 0.3 * x),
}
CHECKPOINTS, BENCHMARKS = (3, 5, 10, 20), ((30, 8), (100, 32), (300, 128))
# Of the strata: sharpness of RL, how much easier the problems are, share of problems that RL loses.
STRATA = {
    "alike": lambda g, rng: (1.15, 0.0, 0.06),
    "one differs": lambda g, rng: (1.15, 0.0, 0.3 if g == 0 else 0.03),
    "all differ": lambda g, rng: (1.15, rng.normal(0, 1.5), abs(rng.normal(0, 0.15))),
    "one easy, nothing lost": lambda g, rng: (1.15, 2.0 if g == 0 else -1.5, 0.0 if g == 0 else 0.12),
}
SIZES = ((15, 15), (100, 100), (100, 60, 8), (30, 30, 30, 30), (15,) * 6, (60,) * 6)
STRATA_SAMPLES = 32


def training_steps(checkpoints: int, even: bool) -> np.ndarray:
    """Steps of a run, the base's 0 first: evenly spaced, or from 10 to 1,000 in equal ratios."""
    steps = np.arange(1, checkpoints + 1) * 100.0 if even else np.round(np.geomspace(10, 1000, checkpoints))
    return np.concatenate([[0.0], steps])


def solve_rates(course: str, steps: np.ndarray, problems: int, wobble: float, rng: np.random.Generator) -> Any:
    """Solve rates (step, problem), and place and spread of the population of each step."""
    place, spread = (np.broadcast_to(part, steps.shape) for part in COURSES[course](steps / steps[-1]))
    place = place + np.concatenate([[0.0], rng.normal(0, wobble, len(steps) - 1)])
    z = np.sqrt(PROBLEM_CORRELATION) * rng.normal(size=problems) + np.sqrt(1 - PROBLEM_CORRELATION) * rng.normal(
        size=(len(steps), problems)
    )
    return expit(place[:, None] + spread[:, None] * z), place, spread


def exact_draws(c: np.ndarray, n: int, place: float, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Draws of solve rates (draw, problem) from their posterior under the population they were drawn from."""
    p = expit(place + spread * GRID)
    logs = c[:, None] * np.log(p) + (n - c)[:, None] * np.log1p(-p) + np.log(GRID_WEIGHTS)
    chances = np.exp(logs - logs.max(axis=1, keepdims=True)).cumsum(axis=1)
    uniform = rng.random((DRAWS, len(c))) * chances[:, -1]
    return np.stack([p[np.searchsorted(chances[i], uniform[:, i])] for i in range(len(c))], axis=1)


def reach(p: np.ndarray, k: int) -> np.ndarray:
    """Mean over problems of pass@k."""
    rates = np.minimum(np.asarray(p, dtype=float), 1 - 1e-15)
    return np.asarray(-np.expm1(k * np.log1p(-rates)).mean(axis=-1))


def measurements(draws: list[np.ndarray], steps: np.ndarray, n: int, k: int) -> Measurements:
    """What posteriors of the solve rates say of pass@k at each step."""
    problems = draws[0].shape[1]
    scaled = [to_scale(reach(p, k), problems) for p in draws]
    shared = [error_parts(p, np.full(problems, n), k).shared for p in draws]
    return Measurements(
        steps, np.array([s.mean() for s in scaled]), np.array([s.var() for s in scaled]), np.array(shared)
    )


def scores(draws: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Share of true values within their intervals, and mean width."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return float(np.mean((low <= truth) & (truth <= high))), float(np.mean(high - low))


def in_likeliest(probabilities: np.ndarray, place: int) -> bool:
    """Whether a place is among the likeliest that have the probability of the level together."""
    order = np.argsort(-probabilities)
    return place in order[: np.searchsorted(probabilities[order].cumsum(), LEVEL) + 1]


def run_scores(draws: list[np.ndarray], rates: np.ndarray, steps: np.ndarray, n: int, seed: int) -> dict[str, float]:
    """All scores of one run: each quantity by the trajectory and by checkpoints apart, peaks, onset."""
    row: dict[str, float] = {}
    problems = rates.shape[1]
    for k, name in ((1, "pass@1"), (n, "pass@n")):
        measured, truth = measurements(draws, steps, n, k), reach(rates, k)
        joint = from_scale(walk_posterior(measured, draws=2000, seed=seed).draws, problems)
        separate = np.stack([reach(p, k) for p in draws], axis=1)
        separate = np.random.default_rng(seed).permuted(separate, axis=0)
        for way, values in (("", joint), (", apart", separate)):
            row[f"{name}{way}"], row[f"{name} width{way}"] = scores(values, truth)
            shrinkage, true = values[:, :1] - values, truth[0] - truth
            row[f"shrinkage {name}{way}"], row[f"shrinkage {name} width{way}"] = scores(shrinkage[:, 1:], true[1:])
            peaks = probabilities_of_largest(values)
            row[f"peak {name}{way}"] = in_likeliest(peaks, int(truth.argmax()))
            row[f"peak {name} likeliest is true{way}"] = peaks.argmax() == truth.argmax()
            row[f"peak {name} claimed{way}"] = peaks.max()
            true_onset = int(fall_onset(true[None], MARGIN).argmax())
            row[f"onset {name}{way}"] = in_likeliest(fall_onset(shrinkage, MARGIN), true_onset)
        row[f"best estimate is best {name}"] = separate.mean(axis=0).argmax() == truth.argmax()
        if len(steps) > 8:
            kept = np.arange(len(steps)) % 2 == 0
            kept[[0, -1]] = True
            few = Measurements(*(part[kept] for part in measured))
            left_out = walk_posterior(few, steps[~kept].tolist(), draws=2000, seed=seed).draws[:, kept.sum() :]
            row[f"left out {name}"] = scores(from_scale(left_out, problems), truth[~kept])[0]
    return row


def run_of(
    course: str, checkpoints: int, problems: int, n: int, number: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Any]:
    """Steps, solve rates and counts of one simulated run, and draws from the exact posterior of each step."""
    rng = np.random.default_rng([number, checkpoints, problems, list(COURSES).index(course)])
    steps = training_steps(checkpoints, even=number % 2 == 0)
    rates, place, spread = solve_rates(course, steps, problems, WOBBLES[number // 2 % 3], rng)
    counts = rng.binomial(n, rates)
    draws = [exact_draws(counts[s], n, place[s], spread[s], rng) for s in range(len(steps))]
    return steps, rates, counts, draws


def trajectories(draws: int) -> Iterator[dict[str, Any]]:
    """Rows of simulated runs, `draws` of each cell, a sixth of each course."""
    for problems, n in BENCHMARKS:
        for checkpoints in CHECKPOINTS:
            for course in COURSES:
                for number in range(-(-draws // len(COURSES))):
                    steps, rates, _, posterior = run_of(course, checkpoints, problems, n, number)
                    cell = {"problems": problems, "samples": n, "checkpoints": checkpoints, "course": course}
                    yield cell | run_scores(posterior, rates, steps, n, number)


def collapses(draws: int) -> Iterator[dict[str, Any]]:
    """Rows of runs in which one checkpoint of six collapses by `COLLAPSE` logits, or the last, 10 steps on."""
    kinds = {"one of six": (np.arange(7) * 100.0, 5), "the last, close": (np.array([0, 100.0, 200, 300, 400, 410]), 5)}
    for problems, n in BENCHMARKS:
        for kind, (steps, place) in kinds.items():
            for number in range(draws):
                rng = np.random.default_rng([number, problems, len(steps), 3])
                places = -1.0 + rng.normal(0, WOBBLES[number % 3], len(steps)) * (np.arange(len(steps)) > 0)
                places[place] -= COLLAPSE
                z = np.sqrt(PROBLEM_CORRELATION) * rng.normal(size=problems)
                z = z + np.sqrt(1 - PROBLEM_CORRELATION) * rng.normal(size=(len(steps), problems))
                rates = expit(places[:, None] + 2.2 * z)
                counts = rng.binomial(n, rates)
                posteriors = [exact_draws(counts[s], n, places[s], 2.2, rng) for s in range(len(steps))]
                measured, truth = measurements(posteriors, steps, n, n), reach(rates, n)
                joint = from_scale(walk_posterior(measured, draws=2000, seed=number).draws, problems)
                separate = np.stack([reach(p, n) for p in posteriors], axis=1)
                row: dict[str, Any] = {"problems": problems, "samples": n, "kind": kind}
                for way, values in (("", joint), (", apart", np.random.default_rng(number).permuted(separate, axis=0))):
                    elsewhere = np.arange(len(steps)) != place
                    row[f"there{way}"], row[f"width{way}"] = scores(values[:, [place]], truth[[place]])
                    row[f"elsewhere{way}"] = scores(values[:, elsewhere], truth[elsewhere])[0]
                    shrinkage, true_shrinkage = values[:, :1] - values, truth[:1] - truth
                    row[f"shrinkage{way}"] = scores(shrinkage[:, [place]], true_shrinkage[[place]])[0]
                yield row


def fitted_trajectories(number_of_runs: int, checkpoints: int = 5, problems: int = 60, n: int = 32) -> Any:
    """The same of runs whose pairs are fitted by the default prior; the base's draws are of its first pair."""
    import jax

    from boundary.stats.priors import NonParametric

    prior = NonParametric(new_problems=0)
    for number in range(number_of_runs):
        course = list(COURSES)[number % len(COURSES)]
        steps, rates, counts, _ = run_of(course, checkpoints, problems, n, 1000 + number // len(COURSES))
        draws = []
        for s in range(1, len(steps)):
            pair = np.ascontiguousarray(counts[[0, s]].T)
            p = np.asarray(prior.posterior(pair, np.full_like(pair, n), jax.random.key(100 * number + s)).p)
            p = p.reshape(-1, *p.shape[2:])
            draws += [p[..., 0]] * (s == 1) + [p[..., 1]]
        cell = {"problems": problems, "samples": n, "checkpoints": checkpoints, "course": course, "fitted": True}
        yield cell | run_scores(draws, rates, steps, n, number)


def pair_rates(n: int, sharpness: float, easier: float, lost: float, rng: np.random.Generator) -> np.ndarray:
    """Solve rates of base and RL on n problems of a stratum; a share of them is lost to exactly 0, 2 % are gained."""
    logit = rng.normal(-1.5 + easier, 2.5, n)
    base, rl, kind = expit(logit), expit(sharpness * logit + 2 + rng.normal(0, 0.8, n)), rng.random(n)
    return np.stack([np.where((kind >= lost) & (kind < lost + 0.02), 0.0, base), np.where(kind < lost, 0.0, rl)], 1)


def strata(draws: int) -> Iterator[dict[str, Any]]:
    """Rows of simulated strata: coverage and width of shrinkage at n in each, and of the first less the last."""
    n = STRATA_SAMPLES
    for kind, parameters in STRATA.items():
        for sizes in SIZES:
            for number in range(draws):
                rng = np.random.default_rng([number, *sizes])
                laws = [parameters(g, rng) for g in range(len(sizes))]
                rates = np.concatenate([pair_rates(size, *law, rng) for size, law in zip(sizes, laws, strict=True)])
                shares = np.array(sizes) / sum(sizes)
                atoms = [pair_rates(int(2000 * s) + 50, *law, rng) for s, law in zip(shares, laws, strict=True)]
                stratum = np.repeat(np.arange(len(sizes)), sizes)
                counts = rng.binomial(n, rates)
                p = draws_from_atoms(counts, n, np.concatenate(atoms), rng)
                cells = stratum_cells(p, counts, np.full_like(counts, n), stratum, n, (1.0, -1.0))
                reach_of_problem = -np.expm1(n * np.log1p(-np.minimum(rates, 1 - 1e-15)))
                truth = np.bincount(stratum, reach_of_problem[:, 0] - reach_of_problem[:, 1]) / np.array(sizes)
                shape = (2000, len(sizes))
                ways = {
                    "pooled": strata_posterior(cells, 2000, number).draws,
                    "common fit": rng.normal(cells.means, np.sqrt(cells.variances + 1e-9), shape),
                    "counts alone": rng.normal(cells.unbiased, np.sqrt(cells.unbiased_variances), shape),
                }
                row: dict[str, Any] = {"populations": kind, "strata": len(sizes), "sizes": " ".join(map(str, sizes))}
                for way, values in ways.items():
                    row[way], row[f"width, {way}"] = scores(values, truth)
                    difference = values[:, :1] - values[:, -1:]
                    row[f"difference, {way}"] = scores(difference, truth[:1] - truth[-1:])[0]
                yield row


def draws_from_atoms(c: np.ndarray, n: int, atoms: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws (draw, problem, model) from the exact posterior under a population of equally probable atoms."""
    p = np.clip(atoms, 1e-12, 1 - 1e-12)
    logs = c @ np.log(p).T + (n - c) @ np.log1p(-p).T
    chances = np.exp(logs - logs.max(axis=1, keepdims=True)).cumsum(axis=1)
    uniform = rng.random((DRAWS, len(c))) * chances[:, -1]
    return np.stack([atoms[np.searchsorted(chances[i], uniform[:, i])] for i in range(len(c))], axis=1)


def page(table: pd.DataFrame) -> str:
    """The tables of the documentation for runs: coverage and width of both ways, peaks and onsets."""
    head = (
        "| problems, n | checkpoints | pass@n | apart | shrinkage at n | apart | width, points | apart | checkpoint "
        "left out | peak of pass@n | best estimate is best | onset of the fall |"
    )
    lines = [head, "|---" * 12 + "|"]
    for (problems, n, checkpoints), rows in table.groupby(["problems", "samples", "checkpoints"], sort=False):
        m = rows.mean(numeric_only=True)
        left_out = f"{m['left out pass@n']:.2f}" if m.get("left out pass@n", np.nan) > 0 else ""
        cells = [f"{m[c]:.2f}" for c in ("pass@n", "pass@n, apart", "shrinkage pass@n", "shrinkage pass@n, apart")]
        widths = [f"{100 * m[c]:.1f}" for c in ("shrinkage pass@n width", "shrinkage pass@n width, apart")]
        events = [f"{m[c]:.2f}" for c in ("peak pass@n", "best estimate is best pass@n", "onset pass@n")]
        lines.append(f"| {problems}, {n} | {checkpoints} | " + " | ".join([*cells, *widths, left_out, *events]) + " |")
    return "\n".join(lines) + "\n"


def collapse_page(table: pd.DataFrame) -> str:
    """The table of the documentation for checkpoints that collapse: coverage there and elsewhere, and width."""
    ways = ("", ", apart")
    head = "| problems, n | which collapses | pass@n there | apart | width, points | apart | shrinkage | apart "
    head += "| elsewhere | apart |"
    lines = [head, "|---" * 10 + "|"]
    for (problems, n, kind), rows in table.groupby(["problems", "samples", "kind"], sort=False):
        m = rows.mean(numeric_only=True)
        cells = [f"{m[f'there{way}']:.2f}" for way in ways] + [f"{100 * m[f'width{way}']:.1f}" for way in ways]
        cells += [f"{m[f'{name}{way}']:.2f}" for name in ("shrinkage", "elsewhere") for way in ways]
        lines.append(f"| {problems}, {n} | {kind} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def strata_page(table: pd.DataFrame) -> str:
    """The table of the documentation for strata."""
    head = "| populations | problems of the strata | pooled | common fit | counts alone |"
    lines = [head.replace("pooled", "pooled: coverage, of the difference, width"), "|---" * 5 + "|"]
    for (kind, sizes), rows in table.groupby(["populations", "sizes"], sort=False):
        m = rows.mean(numeric_only=True)
        cells = [
            f"{m[way]:.2f}, {m[f'difference, {way}']:.2f}, {100 * m[f'width, {way}']:.1f}"
            for way in ("pooled", "common fit", "counts alone")
        ]
        lines.append(f"| {kind} | {sizes.replace(' ', ', ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write_means(rows: Any, path: Path, keys: list[str]) -> pd.DataFrame:
    """Collect rows, write their means by cell, and return the rows."""
    table = pd.DataFrame([{k: float(v) if k not in keys else v for k, v in row.items()} for row in rows])
    groups = table.groupby(keys, sort=False)
    means = groups.mean(numeric_only=True).round(4)
    means["data_sets"] = groups.size()
    means.reset_index().to_csv(path, index=False, lineterminator="\n")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=96, help="data sets of a cell")
    parser.add_argument("--fits", type=int, default=0, help="runs that are fitted by the default prior")
    parser.add_argument("--only", choices=["trajectories", "collapses", "strata", "fits"], help="one part alone")
    parser.add_argument("--docs", type=Path, help="folder of the pages whose tables to replace")
    arguments = parser.parse_args()
    runs = ["problems", "samples", "checkpoints", "course"]
    if arguments.only in (None, "trajectories"):
        table = write_means(trajectories(arguments.draws), RESULTS / "trajectories.csv", runs)
        print(page(table))
        if arguments.docs is not None:
            replace_between(arguments.docs / "trajectory.md", "trajectories", page(table))
    if arguments.only in (None, "collapses"):
        table = write_means(collapses(arguments.draws), RESULTS / "collapses.csv", [*runs[:2], "kind"])
        print(collapse_page(table))
        if arguments.docs is not None:
            replace_between(arguments.docs / "trajectory.md", "collapses", collapse_page(table))
    if arguments.only in (None, "strata"):
        table = write_means(strata(arguments.draws), RESULTS / "strata.csv", ["populations", "strata", "sizes"])
        print(strata_page(table))
        if arguments.docs is not None:
            replace_between(arguments.docs / "strata.md", "strata", strata_page(table))
    if arguments.fits:
        table = write_means(fitted_trajectories(arguments.fits), RESULTS / "trajectories_fitted.csv", [*runs, "fitted"])
        print(page(table))
        if arguments.docs is not None:
            replace_between(arguments.docs / "trajectory.md", "fitted", page(table))


if __name__ == "__main__":
    main()
