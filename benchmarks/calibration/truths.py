"""Where the truth is known: real models with 10,000 samples, named populations, and pairs of models."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, gammaln, logit

PYTHIA = Path(os.environ.get("BOUNDARY_PUBLISHED", "../shared/published")) / "monkeys-pythia-math-10k" / "counts.csv"

Rates = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Draw:
    """Counts of one made-up or subsampled benchmark, and pass@k of these very problems.

    `rates` has shape (problem, model); `truth(k)` returns the share solved within k samples, one number a model.
    """

    n_correct: np.ndarray
    n_samples: np.ndarray
    truth: Callable[[int], np.ndarray]
    rates: np.ndarray


def beta(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.beta(0.4, 0.7, n)


def spike(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.where(rng.random(n) < 0.1, 0.0, rng.beta(0.4, 0.7, n))


def u_shaped(rng: np.random.Generator, n: int) -> np.ndarray:
    kind = rng.random(n)
    return np.where(kind < 0.5, rng.beta(1.2, 0.5, n), np.where(kind < 0.7, 0.0, rng.beta(60, 0.5, n)))


def logit_normal(rng: np.random.Generator, n: int) -> np.ndarray:
    return expit(rng.normal(-1, 3, n))


def bimodal(rng: np.random.Generator, n: int) -> np.ndarray:
    return expit(np.where(rng.random(n) < 0.4, rng.normal(-6, 1.2, n), rng.normal(1, 1.5, n)))


def three_bumps(rng: np.random.Generator, n: int) -> np.ndarray:
    """Three narrow groups, a quarter of the problems near a solve rate of .001: to 64 samples nearly an atom at 0."""
    kind = rng.choice(3, n, p=[0.25, 0.35, 0.4])
    return expit(np.array([-6.9, -2.0, 1.5])[kind] + np.array([0.25, 0.35, 0.35])[kind] * rng.normal(size=n))


def low_lump(rng: np.random.Generator, n: int) -> np.ndarray:
    """A third of the problems at a solve rate near .004, the others Beta."""
    return np.where(rng.random(n) < 1 / 3, expit(rng.normal(-5.5, 0.3, n)), rng.beta(2, 2, n))


def two_spikes(rng: np.random.Generator, n: int) -> np.ndarray:
    """Two exact solve rates, and a fifth of the problems never solved."""
    return rng.choice([0.0, 0.03, 0.6], n, p=[0.2, 0.4, 0.4])


def heavy_low_tail(rng: np.random.Generator, n: int) -> np.ndarray:
    """Logits of Student's t with three degrees of freedom, centred low."""
    return expit(-3 + 1.5 * rng.standard_t(3, n))


def heavy_high_tail(rng: np.random.Generator, n: int) -> np.ndarray:
    """Mostly easy problems, and a tail of hard ones that becomes thinner slowly."""
    return expit(3 - rng.gamma(1, 2.5, n))


def two_benchmarks(rng: np.random.Generator, n: int) -> np.ndarray:
    """A hard benchmark with an atom at 0 and an easy one with an atom at 1, half of the problems each."""
    hard = np.where(rng.random(n) < 0.15, 0.0, rng.beta(0.3, 1.8, n))
    easy = np.where(rng.random(n) < 0.2, 1.0, rng.beta(3, 0.6, n))
    return np.where(rng.random(n) < 0.5, hard, easy)


def uniform(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.random(n)


# The first six may be looked at when a prior is chosen; the others are for judging it, and no choice was made by them.
OPEN = (beta, spike, u_shaped, logit_normal, bimodal, three_bumps)
KEPT_BACK = (low_lump, two_spikes, heavy_low_tail, heavy_high_tail, two_benchmarks, uniform)
POPULATIONS: dict[str, Rates] = {f.__name__: f for f in OPEN + KEPT_BACK}


def pair(rng: np.random.Generator, n: int) -> np.ndarray:
    """RL = base sharpened; 6 % lost to exactly 0, 3 % gained, 8 % dead in both (STATISTICS, section 4)."""
    base_logit = rng.normal(-1.5, 2.5, n)
    base, rl = expit(base_logit), expit(1.15 * base_logit + 2 + rng.normal(0, 0.8, n))
    kind = rng.random(n)
    rl = np.where(kind < 0.06, 0.0, rl)
    base = np.where((kind >= 0.06) & (kind < 0.09), 0.0, base)
    dead = (kind >= 0.09) & (kind < 0.17)
    return np.stack([np.where(dead, 0.0, base), np.where(dead, 0.0, rl)], axis=1)


def heavy_pair(rng: np.random.Generator, n: int) -> np.ndarray:
    """Few easy problems: a heavy low tail that RL narrows without any exact loss, 2 % gained."""
    base_logit = rng.normal(-4, 3, n)
    rl_logit = 1.4 * base_logit + 2.5 + rng.normal(0, 1.0, n)
    base = np.where(rng.random(n) < 0.02, 0.0, expit(base_logit))
    return np.stack([base, expit(rl_logit)], axis=1)


def beta_pair(rng: np.random.Generator, n: int) -> np.ndarray:
    """A Beta base model; RL solves each problem as often as the better of two or three tries would, 4 % lost to 0."""
    base = rng.beta(0.5, 0.9, n)
    rl = 1 - (1 - base) ** rng.uniform(1.5, 4, n)
    return np.stack([base, np.where(rng.random(n) < 0.04, 0.0, rl)], axis=1)


def lumpy_pair(rng: np.random.Generator, n: int) -> np.ndarray:
    """A base model of three narrow groups, which RL sharpens and moves; 6 % lost to 0."""
    base = three_bumps(rng, n)
    rl = expit(1.2 * logit(base) + 2 + rng.normal(0, 0.5, n))
    return np.stack([base, np.where(rng.random(n) < 0.06, 0.0, rl)], axis=1)


def rarely_solved_pair(rng: np.random.Generator, n: int) -> np.ndarray:
    """As `pair`, but the 6 % lost, and 6 % gained, are left at a solve rate near .001: to 64 samples nearly 0."""
    base_logit = rng.normal(-1.5, 2.5, n)
    base, rl = expit(base_logit), expit(1.15 * base_logit + 2 + rng.normal(0, 0.8, n))
    kind = rng.random(n)
    low = expit(rng.normal(-7, 1, n))
    rl = np.where(kind < 0.06, low, rl)
    is_gained = (kind >= 0.06) & (kind < 0.12)
    dead = (kind >= 0.12) & (kind < 0.2)
    base, rl = np.where(is_gained, low, base), np.where(is_gained, rng.beta(2, 2, n), rl)
    return np.stack([np.where(dead, 0.0, base), np.where(dead, 0.0, rl)], axis=1)


PAIRS: dict[str, Rates] = {f.__name__: f for f in (pair, heavy_pair, beta_pair, lumpy_pair, rarely_solved_pair)}


def simulated_counts(population: Rates, n_problems: int, n_samples: int, seed: int) -> Draw:
    """Counts of problems from a population."""
    rng = np.random.default_rng([seed, n_problems, n_samples])
    rates = population(rng, n_problems).reshape(n_problems, -1)
    counts = rng.binomial(n_samples, rates)
    return Draw(counts, np.full_like(counts, n_samples), lambda k: (1 - (1 - rates) ** k).mean(0), rates)


def pythia_models() -> list[str]:
    return list(pd.read_csv(PYTHIA)["model"].unique())


def subsampled(model: str, n_samples: int, seed: int) -> Draw:
    """A subsample without replacement of 10,000 real samples of each problem; truth from all of them."""
    table = pd.read_csv(PYTHIA).query("model == @model")
    right, drawn_in_all = table["n_correct"].to_numpy(), table["n_samples"].to_numpy()
    rng = np.random.default_rng([seed, n_samples, sum(model.encode())])
    counts = rng.hypergeometric(right, drawn_in_all - right, n_samples)[:, None]
    rates = (right / drawn_in_all)[:, None]
    n_drawn = np.full_like(counts, n_samples)
    return Draw(counts, n_drawn, lambda k: np.atleast_1d(unbiased(right, drawn_in_all, k)), rates)


def unbiased(n_correct: np.ndarray, n_samples: np.ndarray, k: int) -> float:
    """Mean of 1 - C(n - c, k) / C(n, k) (Chen et al. 2021, arXiv 2107.03374)."""
    wrong = n_samples - n_correct
    possible = wrong >= k
    safe = np.where(possible, wrong, k)
    log_ratio = gammaln(safe + 1) - gammaln(safe - k + 1) - gammaln(n_samples + 1) + gammaln(n_samples - k + 1)
    return float((1 - np.where(possible, np.exp(log_ratio), 0)).mean())
