"""Intervals of cost on simulated truth: python -m benchmarks.cost [--draws 80] [--cells NAME;...] [--docs PAGE].

Two models on the same problems, 64 attempts of each. Each cell has another law of lengths, and each data set another
benchmark. Solve rates are fitted by the default prior, or are draws of their exact posterior under the law that they
were drawn from, which leaves what lengths add to be tested alone. The truth is what attempts that follow each other
until one is right solve within a budget, by simulation of their lengths. Reported: coverage of 95 % intervals, mean
width, and how far the shortcut 1 - (1-p)^(B/t), with p and t known exactly, is from the truth.
"""

import argparse
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
from scipy.stats import norm

from benchmarks.pages import replace_between
from boundary.stats.cost.draws import cost_draws
from boundary.stats.cost.lengths import RIGHT, WRONG, ObservedLengths, lengths_of_means, lengths_of_samples
from boundary.stats.cost.quantities import budget_to_solve, crossover_budget
from boundary.stats.priors import NonParametric

RESULTS = Path(__file__).parent / "results"
SAMPLES, SIMULATIONS = 64, 6000
# Budgets of the table, in attempts of the base model in the mean: the last lies beyond the samples.
TABLE_BUDGETS = (1, 8, 48, 128)
PRIOR = NonParametric(new_problems=0)
# Chains and draws of an exact posterior, and the parameters of the Beta laws of the solve rates, base and RL.
DRAWS, BETAS = (4, 512), ((0.5, 1.0), (0.35, 0.25))
EXACT, FITTED = "exact", "fitted"


@dataclass(frozen=True)
class Cell:
    """A law of lengths.

    Parameters
    ----------
    correlation
        How much the log length of an attempt falls with the logit of the base model's solve rate.
    wrong_longer
        Mean length of a wrong attempt over that of a right one, base and RL.
    spread
        Standard deviation over mean of the lengths of one problem.
    limit
        Attempts are cut there, in multiples of the typical length.
    seen_as
        What the analysis sees: `samples`, `means by outcome` or `means`.
    rates
        `fitted` by the default prior, or draws of the `exact` posterior.
    """

    problems: int
    correlation: float = 0.0
    wrong_longer: tuple[float, float] = (1.0, 1.0)
    spread: float = 0.5
    limit: float = np.inf
    seen_as: str = "samples"
    rates: str = EXACT


LAWS: dict[str, dict[str, Any]] = {
    "alike": {},
    "harder are longer": {"correlation": 0.2},
    "wrong are longer": {"correlation": 0.15, "wrong_longer": (2.5, 1.8)},
    "heavy tails": {"correlation": 0.15, "wrong_longer": (1.5, 1.3), "spread": 1.5},
    "cut at a limit": {"correlation": 0.2, "wrong_longer": (3.0, 2.0), "limit": 3.0},
    "wrong are longer, means by outcome": {
        "correlation": 0.15,
        "wrong_longer": (2.5, 1.8),
        "seen_as": "means by outcome",
    },
    "wrong are longer, means": {"correlation": 0.15, "wrong_longer": (2.5, 1.8), "seen_as": "means"},
}
CELLS = {f"{name}, {n}": Cell(n, **law) for name, law in LAWS.items() for n in (30, 300)}
CELLS |= {f"{name}, 30, fitted": Cell(30, **LAWS[name], rates=FITTED) for name in ("wrong are longer", "heavy tails")}


class Arm:
    """One model on a benchmark: solve rates, and log-normal lengths of wrong and right attempts, cut at a limit."""

    def __init__(self, p: np.ndarray, mean: np.ndarray, spread: float, limit: float) -> None:
        self.p, self.mean, self.limit = p, mean, limit
        self.sigma = float(np.sqrt(np.log1p(spread**2)))

    def lengths(self, rng: np.random.Generator, outcome: int, size: int) -> np.ndarray:
        noise = rng.standard_normal((len(self.p), size))
        values = self.mean[:, outcome, None] * np.exp(self.sigma * noise - self.sigma**2 / 2)
        return np.minimum(values, self.limit)

    def mean_length(self, outcome: int) -> np.ndarray:
        """Mean of the cut log-normal lengths."""
        mean, limit = self.mean[:, outcome], self.limit
        if not np.isfinite(limit):
            return mean
        at = (np.log(limit / mean) + self.sigma**2 / 2) / self.sigma
        return mean * norm.cdf(at - self.sigma) + limit * norm.sf(at)

    def ends_within(self, outcome: int, budgets: np.ndarray) -> np.ndarray:
        """P(a single attempt ends within each budget)."""
        at = (np.log(budgets / self.mean[:, outcome, None]) + self.sigma**2 / 2) / self.sigma
        return np.where(budgets >= self.limit, 1.0, norm.cdf(at))

    def solved(self, budgets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Share of problems solved within each budget: sum over j of p q^j P(W_1 + ... + W_j + R <= B)."""
        p = self.p[:, None]
        size = max(SIMULATIONS // len(self.p), 20)
        total = p * self.ends_within(RIGHT, budgets)
        before = np.zeros((len(self.p), size))
        weight = p.copy()
        shape = len(self.p), len(budgets) + 1
        rows = np.arange(shape[0])[:, None] * shape[1]
        while True:
            before = before + self.lengths(rng, WRONG, size)
            weight = weight * (1 - p)
            if (before.min(axis=1) > budgets[-1]).all() or weight.max() < 1e-7:
                return np.asarray(total.mean(axis=0))
            place = np.searchsorted(budgets, before + self.lengths(rng, RIGHT, size)) + rows
            counts = np.bincount(place.ravel(), minlength=shape[0] * shape[1]).reshape(shape)
            total += weight * np.cumsum(counts, axis=1)[:, :-1] / size

    def shortcut(self, budgets: np.ndarray) -> np.ndarray:
        """1 - (1-p)^(B/t), with t the mean length of an attempt."""
        mean = self.p * self.mean_length(RIGHT) + (1 - self.p) * self.mean_length(WRONG)
        with np.errstate(divide="ignore"):
            rate = np.log1p(-self.p) / mean
        return np.asarray(-np.expm1(rate[:, None] * budgets).mean(axis=0))

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Verdicts and lengths of the samples (problem, sample)."""
        right = rng.random((len(self.p), SAMPLES)) < self.p[:, None]
        wrong_length, right_length = (self.lengths(rng, outcome, SAMPLES) for outcome in (WRONG, RIGHT))
        return right, np.maximum(np.where(right, right_length, wrong_length), 1)


def population(cell: Cell, rng: np.random.Generator) -> tuple[Arm, Arm]:
    """A base model and an RL model: RL is sharper and shorter, and has lost a few problems."""
    n = cell.problems
    if cell.rates == EXACT:
        rates = [np.clip(rng.beta(*law, n), 1e-12, 1 - 1e-12) for law in BETAS]
        base_logit, rl_logit = (np.log(p / (1 - p)) for p in rates)
        base_logit = np.clip(base_logit, -8, 8)
    else:
        base_logit = rng.normal(-1.0, 2.2, n)
        rl_logit = 1.15 * base_logit + 1.5 + rng.normal(0, 0.7, n)
        rl_logit[rng.random(n) < 0.08] = -12.0
        rates = [1 / (1 + np.exp(-logit)) for logit in (base_logit, rl_logit)]
    log_length = 7.0 - cell.correlation * base_logit + rng.normal(0, 0.3, n)
    arms = []
    for p, factor, longer in zip(rates, (1.0, 0.8), cell.wrong_longer, strict=True):
        right = np.exp(log_length) * factor
        arms.append(Arm(p, np.stack([right * longer, right], axis=1), cell.spread, cell.limit * np.exp(7.0)))
    return arms[0], arms[1]


def observed(cell: Cell, right: np.ndarray, tokens: np.ndarray) -> ObservedLengths:
    """The lengths as the analysis sees them."""
    n, c = np.full(len(right), SAMPLES), right.sum(axis=1)
    if cell.seen_as == "samples":
        problem = np.repeat(np.arange(len(right)), SAMPLES)
        return lengths_of_samples(problem, right.ravel(), tokens.ravel(), len(right))
    if cell.seen_as == "means":
        return lengths_of_means(n, c, tokens.mean(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        of_right = np.where(right, tokens, 0).sum(axis=1) / c
        of_wrong = np.where(right, 0, tokens).sum(axis=1) / (n - c)
    return lengths_of_means(n, c, tokens.mean(axis=1), of_right, of_wrong)


def posterior(cell: Cell, counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws of the solve rates (chain, draw, problem, model)."""
    if cell.rates == FITTED:
        key = jax.random.key(int(rng.integers(2**31)))
        return np.asarray(PRIOR.posterior(counts, np.full(counts.shape, SAMPLES), key).p)
    a, b = (np.array(parameters) for parameters in zip(*BETAS, strict=True))
    return rng.beta(a + counts, b + SAMPLES - counts, (*DRAWS, *counts.shape))


def simulate(name: str, cell: Cell, number: int) -> list[dict[str, Any]]:
    """Rows of one data set."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), number])
    arms = population(cell, rng)
    means = [arm.p * arm.mean_length(RIGHT) + (1 - arm.p) * arm.mean_length(WRONG) for arm in arms]
    attempt = float(means[0].mean())
    table_budgets = np.array([attempt * k for k in TABLE_BUDGETS])
    budgets = np.unique([*np.geomspace(0.15 * attempt, 4 * SAMPLES * attempt, 56), *table_budgets])
    truth = [arm.solved(budgets, rng) for arm in arms]
    shortcut = [arm.shortcut(budgets) for arm in arms]
    samples = [arm.sample(rng) for arm in arms]
    p = posterior(cell, np.stack([right.sum(axis=1) for right, _ in samples], axis=1), rng)
    draws = [cost_draws(p[..., m], observed(cell, *samples[m]), budgets, rng) for m in (0, 1)]
    rows = rows_of(draws, truth, shortcut, budgets, table_budgets, [float(mean.mean()) for mean in means])
    return [row | {"cell": name, "data_set": number} for row in rows]


def rows_of(
    draws: Any, truth: Any, shortcut: Any, budgets: np.ndarray, table_budgets: np.ndarray, means: list[float]
) -> list[dict[str, Any]]:
    """One row a quantity: truth, interval, and whether the one is in the other."""
    base, rl = (part.solved.reshape(-1, len(budgets)) for part in draws)
    rows = []
    for k, budget in zip(TABLE_BUDGETS, table_budgets, strict=True):
        place = int(np.flatnonzero(budgets == budget)[0])
        for quantity, values, true, short in (
            ("pass@B, base", base, truth[0], shortcut[0]),
            ("pass@B, RL", rl, truth[1], shortcut[1]),
            ("shrinkage", base - rl, truth[0] - truth[1], shortcut[0] - shortcut[1]),
        ):
            row = row_of(quantity, values[:, place], float(true[place]))
            rows.append(row | {"attempts": k, "shortcut_error": abs(float(short[place] - true[place]))})
    crossing = crossover_budget(truth[0][None], truth[1][None], budgets)[0]
    if not np.isnan(crossing):
        rows.append(row_of("crossover", crossover_budget(base, rl, budgets), float(crossing), logarithm=True))
    for m, curve in enumerate((base, rl)):
        half = float(budget_to_solve(truth[m][None], budgets, 0.5)[0])
        rows.append(row_of("budget for half", budget_to_solve(curve, budgets, 0.5), half, logarithm=True))
        rows.append(row_of("mean length", draws[m].attempts[0].ravel(), means[m], logarithm=True))
    return rows


def row_of(quantity: str, draws: np.ndarray, truth: float, logarithm: bool = False) -> dict[str, Any]:
    draws = draws[~np.isnan(draws)]
    low, high = np.quantile(draws, [0.025, 0.975], method="inverted_cdf")
    with np.errstate(invalid="ignore"):
        width = np.log(high / low) if logarithm else high - low
    row = {"quantity": quantity, "truth": truth, "lower": low, "upper": high, "held": bool(low <= truth <= high)}
    return row | {"width": float(width) if np.isfinite(width) else np.nan}


def summed(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage by cell, quantity and budget, with its standard error."""
    rows = rows.assign(attempts=rows["attempts"].fillna(0).astype(int))
    groups = rows.groupby(["cell", "quantity", "attempts"], sort=False)
    table = groups[["held", "width", "shortcut_error"]].mean().reset_index()
    n = groups.size().to_numpy()
    return table.assign(held_error=np.sqrt(table["held"] * (1 - table["held"]) / n), draws=n)


def page(table: pd.DataFrame) -> str:
    """The table of the documentation: the least and the mean coverage of each cell and quantity."""
    lines = ["| lengths, problems | " + " | ".join(QUANTITIES) + " | error of the shortcut |", "|---" * 7 + "|"]
    for cell, rows in table.groupby("cell", sort=False):
        held = rows.groupby("quantity", sort=False)["held"].mean()
        cells = [f"{held[name]:.2f}" for name in QUANTITIES]
        error = rows.loc[rows["quantity"].str.startswith("pass@B"), "shortcut_error"].max()
        lines.append(f"| {cell} | {' | '.join(cells)} | {100 * error:.1f} points |")
    return "\n".join(lines)


QUANTITIES = ("pass@B, base", "pass@B, RL", "shrinkage", "crossover", "budget for half")


def run(cells: dict[str, Cell], draws: int, report: Callable[[str], None] = print) -> pd.DataFrame:
    """Rows of all data sets of some cells."""
    rows: list[dict[str, Any]] = []
    for name, cell in cells.items():
        for number in range(draws):
            rows += simulate(name, cell, number)
        held = pd.DataFrame([row for row in rows if row["cell"] == name]).groupby("quantity")["held"].mean()
        report(f"{name}: " + ", ".join(f"{quantity} {value:.3f}" for quantity, value in held.items()))
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=80, help="data sets of a cell")
    parser.add_argument("--cells", default="", help="names, between semicolons; all by default")
    parser.add_argument("--docs", type=Path, help="page whose table to replace")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "cost.csv")
    arguments = parser.parse_args()
    names = [name.strip() for name in arguments.cells.split(";") if name.strip()] or list(CELLS)
    table = summed(run({name: CELLS[name] for name in names}, arguments.draws))
    table.to_csv(arguments.output, index=False, float_format="%.5g", lineterminator="\n")
    if arguments.docs is not None:
        replace_between(arguments.docs, "cost", page(table))


if __name__ == "__main__":
    main()
