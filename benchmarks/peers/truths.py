"""Made-up pairs like the shipped set, and one with problems lost and gained, with the truth of each draw."""

from functools import cache

import numpy as np
from scipy.special import expit
from scipy.stats import binom

from benchmarks.calibration.truths import PAIRS
from boundary.data.catalog import load_counts

PROBLEMS, SAMPLES = 300, 128
BUDGETS = (SAMPLES, 4 * SAMPLES)
SHIPPED, BASE, RL = "deepscaler-1.5b", "DeepSeek-R1-Distill-Qwen-1.5B", "DeepScaleR-1.5B-Preview"
MANY = 200_000
# Expectation-maximisation is stopped early: its limit is a handful of points, which no benchmark is.
STEPS = 200


def like_shipped(rng: np.random.Generator, problems: int) -> np.ndarray:
    """Pairs of solve rates from the smooth early iterates of the joint maximum-likelihood mixture of the shipped set.

    No prior of this project, and none of a peer, is in it.
    """
    points, masses = _mixture()
    cells = rng.choice(masses.size, size=problems, p=masses.ravel())
    return np.stack([points[cells // len(points)], points[cells % len(points)]], axis=1)


@cache
def _mixture() -> tuple[np.ndarray, np.ndarray]:
    arrays = load_counts(SHIPPED).arrays([BASE, RL])
    points = np.concatenate([[0.0], expit(np.linspace(-12, 8, 61)), [1.0]])
    base, rl = (
        binom.pmf(c[:, None], n[:, None], points) for c, n in zip(arrays.n_correct.T, arrays.n_samples.T, strict=True)
    )
    masses = np.full((len(points), len(points)), len(points) ** -2.0)
    for _ in range(STEPS):
        likelihood = ((base @ masses) * rl).sum(axis=1)
        masses *= base.T @ (rl / likelihood[:, None]) / len(base)
    return points, masses / masses.sum()


TRUTHS = {"like the shipped set": like_shipped, "lost and gained": PAIRS["pair"]}


def shares(rates: np.ndarray) -> dict[tuple[str, int], float]:
    """pass@k of base and RL and shrinkage, at each budget."""
    values = {}
    for k in BUDGETS:
        base, rl = (1 - (1 - rates) ** k).mean(axis=0)
        values |= {("pass@k, base", k): base, ("pass@k, RL", k): rl, ("shrinkage", k): base - rl}
    return {key: float(value) for key, value in values.items()}


def simulated_counts(
    name: str, draws: int
) -> tuple[np.ndarray, list[dict[tuple[str, int], float]], dict[tuple[str, int], float]]:
    """Counts (draw, problem, model) of a truth, what is true of each draw's problems, and what of the population."""
    rates = [TRUTHS[name](np.random.default_rng([7, seed]), PROBLEMS) for seed in range(draws)]
    counts = [np.random.default_rng([8, seed]).binomial(SAMPLES, p) for seed, p in enumerate(rates)]
    return np.stack(counts), [shares(p) for p in rates], shares(TRUTHS[name](np.random.default_rng(9), MANY))
