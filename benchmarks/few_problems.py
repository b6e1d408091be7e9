"""Coverage where problems or independent samples are few: python -m benchmarks.few_problems [--draws N] [--only NAME].

`problems`: pooled means over new problems like these, from 2 to 30 of them (docs/likelihood.md).
`importance`: importance sampling of a solve rate by the effective share of the right responses (docs/likelihood.md).
`luck`: the mean solve rate with measured guess floors, where the samples of a problem repeat each other (docs/luck.md);
the population of solve rates is a Beta one that is averaged over on a grid, so that the floors alone are tested.
"""

import argparse
from collections.abc import Callable

import jax
import numpy as np
import pandas as pd
from scipy.stats import beta

from boundary.stats.guessing import guess_floors, hit_shares
from boundary.stats.likelihood.importance import MOST_PARETO_K, importance_draws, pareto_shape, skewness
from boundary.stats.likelihood.means import pooled
from boundary.stats.verdict_errors import count_likelihood

TAILS = [0.025, 0.975]
# Beyond it the ratios have hardly a mean.
LARGEST_RIGHT_SCALE = 1.5
EFFECTIVE = [0.3, 0.4, 0.5, 0.6, 0.65, 0.8, 1.01]
PROBLEM_LAWS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "t4": lambda rng, n: rng.standard_t(4, n) / np.sqrt(2),
    "gamma": lambda rng, n: (rng.gamma(2.0, 1.0, n) - 2) / np.sqrt(2),
}
# Grid of solve rates, and of Beta populations: mean and concentration.
EDGES = np.linspace(0, 1, 81)
RATES = (EDGES[1:] + EDGES[:-1]) / 2
POPULATIONS = np.array(
    [
        np.diff(beta.cdf(EDGES, mean * size, (1 - mean) * size)) + 1e-15
        for mean in np.linspace(0.02, 0.98, 25)
        for size in np.geomspace(0.3, 30, 10)
    ]
)


def problem_rows(draws: int) -> pd.DataFrame:
    """Pooled means of new problems; `noise` is the variance of a problem's mean over that between problems."""
    rows = []
    for law, problems_of in PROBLEM_LAWS.items():
        for n in (2, 3, 5, 10, 30):
            for noise in (0.0, 0.3, 1.0):
                rng = np.random.default_rng(0)
                held = []
                for number in range(draws):
                    means = problems_of(rng, n) + np.sqrt(noise) * rng.standard_normal(n)
                    posterior = means + np.sqrt(noise) * rng.standard_normal((8, 64, n))
                    low, high = np.quantile(pooled(posterior, jax.random.key(number), new_problems=True), TAILS)
                    held.append(low <= 0 <= high)
                rows.append({"law": law, "problems": n, "noise": noise, "held": np.mean(held)})
    return pd.DataFrame(rows)


def log_ratios(law: str, scale: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Log ratios of n responses, whose ratios have the mean 1."""
    if law == "normal":
        return rng.normal(-(scale**2) / 2, scale, n)
    sign = -1.0 if law == "left" else 1.0
    return np.asarray(sign * rng.gamma(4.0, scale / 2, n) + 4 * np.log(1 - sign * scale / 2))


def importance_rows(draws: int) -> pd.DataFrame:
    """Importance sampling where the Pareto shape is low enough: all, and those without skewness to the right."""
    rng, rows = np.random.default_rng(0), []
    for n in (40, 64, 128, 256):
        for law in ("normal", "left", "right"):
            for scale in (0.3, 0.5, 0.7, 0.9, 1.1, 1.4, 1.8):
                if law == "right" and scale > LARGEST_RIGHT_SCALE:
                    continue
                for share in (0.3, 0.8):
                    for _ in range(draws):
                        log_ratio, right = log_ratios(law, scale, n, rng), rng.random(n) < share
                        of_right = log_ratio[right]
                        shape = max(pareto_shape(log_ratio), pareto_shape(of_right)) if right.sum() > 2 else np.inf
                        if shape > MOST_PARETO_K:
                            continue
                        weights = np.exp(of_right - of_right.max())
                        effective = weights.sum() ** 2 / (weights**2).sum() / right.sum()
                        low, high = np.quantile(importance_draws(of_right, n, rng, 400), TAILS)
                        row = {"law": law, "effective": effective, "unskewed": skewness(of_right) <= 0}
                        rows.append(row | {"held": low <= share <= high})
    table = pd.DataFrame(rows)
    table["effective"] = pd.cut(table["effective"], EFFECTIVE)
    groups = {"all": table, "skewness <= 0": table.loc[table["unskewed"]]}
    parts = [
        part.groupby(["law", "effective"], observed=True)["held"].agg(["mean", "size"]) for part in groups.values()
    ]
    return pd.concat(parts, keys=groups, names=["ratios"]).reset_index()


def mean_rate_interval(
    n_correct: np.ndarray, n: int, nodes: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """95 % interval of the mean solve rate of these problems, with equally likely rates of false positives."""
    likelihood = count_likelihood(n_correct, np.full(len(n_correct), n), RATES, nodes, 0 * nodes)
    log_weight = np.log(POPULATIONS @ likelihood.T).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    means = []
    places = rng.choice(len(weight), 400, p=weight / weight.sum())
    for place, size in zip(*np.unique(places, return_counts=True), strict=True):
        cumulative = np.cumsum(POPULATIONS[place] * likelihood, axis=1)
        levels = rng.random((size, len(n_correct), 1)) * cumulative[:, -1:]
        means.append(RATES[(levels > cumulative).sum(axis=-1).clip(0, len(RATES) - 1)].mean(axis=1))
    low, high = np.quantile(np.concatenate(means), TAILS)
    return float(low), float(high)


def luck_rows(draws: int, n_problems: int = 40) -> pd.DataFrame:
    """Measured floors: quantiles of the floor as n guesses, and shares of lucky samples."""
    rows = []
    for choices in (4, 10, 50):
        for concentration in (0.3, 3.0, 100.0):
            for n in (8, 64):
                rng = np.random.default_rng(5)
                for _ in range(draws):
                    p, right = rng.beta(0.5, 1.0, n_problems), rng.integers(0, choices, n_problems)
                    favoured = rng.dirichlet(np.full(choices, 20.0))
                    chances = (1 - p)[:, None] * rng.dirichlet(concentration * favoured + 1e-9, n_problems)
                    chances[np.arange(n_problems), right] += p
                    answers = np.array([rng.multinomial(n, row / row.sum()) for row in chances])
                    problem, answer = np.nonzero(answers)
                    n_samples = np.full(n_problems, n)
                    shares = hit_shares(problem, answer, answers[problem, answer], n_samples, right)
                    floors = guess_floors(shares, 0.95, rng)
                    of_guesses = np.quantile(floors.draws, (np.arange(5) + 0.5) / 5, axis=1).T
                    row = {"choices": choices, "concentration": concentration, "samples": n, "worth": floors.worth}
                    for name, nodes in (("n guesses", of_guesses), ("lucky shares", floors.nodes(20, n, rng))):
                        n_correct = answers[np.arange(n_problems), right]
                        low, high = mean_rate_interval(n_correct, n, nodes, rng)
                        row[name] = low <= p.mean() <= high
                    rows.append(row)
    return pd.DataFrame(rows).groupby(["choices", "concentration", "samples"]).mean().reset_index()


TABLES = {"problems": (problem_rows, 400), "importance": (importance_rows, 60), "luck": (luck_rows, 80)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, help="data sets of a cell; by default 400, 60 and 80")
    parser.add_argument("--only", choices=list(TABLES), help="one of the tables")
    options = parser.parse_args()
    for name, (rows_of, draws) in TABLES.items():
        if options.only in (None, name):
            print(rows_of(options.draws or draws).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
