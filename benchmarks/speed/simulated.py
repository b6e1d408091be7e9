"""Simulated counts: pairs of benchmarks/calibration/truths.py, 128 samples of each problem, and tables made of them."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.calibration.truths import PAIRS
from benchmarks.peers.truths import BASE, RL, SHIPPED
from boundary.data.catalog import load_counts

N = 128
# Twelve benchmarks of 725 problems in all; four have one size, so that fits of one shape are among them.
TWELVE = (30, 30, 30, 30, 40, 40, 50, 60, 80, 100, 115, 120)


def pair_of(problems: int, seed: int, population: str = "pair") -> np.ndarray:
    """Counts (problem, model) of a simulated pair, the base in column 0."""
    rng = np.random.default_rng(seed)
    return rng.binomial(N, PAIRS[population](rng, problems))


def arms_of(problems: int, arms: int, seed: int) -> dict[str, np.ndarray]:
    """Correct samples of a base and of several RL models trained from it.

    Each RL model is that of a pair of its own, its problems put in the order of the base's counts. So every pair has
    nearly the joint distribution of `pair`, and the RL models differ.
    """
    base = pair_of(problems, seed)[:, 0]
    order = np.argsort(base, kind="stable")
    models = {"base": base}
    for i in range(1, arms + 1):
        pair = pair_of(problems, seed + i)
        matched = np.empty(problems, dtype=base.dtype)
        matched[order] = pair[np.argsort(pair[:, 0], kind="stable"), 1]
        models[f"rl-{i}"] = matched
    return models


def table(models: dict[str, np.ndarray], benchmark: str = "simulated") -> pd.DataFrame:
    """A counts table of one benchmark."""
    frames = [
        pd.DataFrame({"model": model, "problem_id": range(len(correct)), "n_samples": N, "n_correct": correct})
        for model, correct in models.items()
    ]
    return pd.concat(frames, ignore_index=True).assign(benchmark=benchmark)


def many_pairs(pairs: int, problems: int, seed: int = 0) -> pd.DataFrame:
    """One base and several RL models on one benchmark: as many pairs as RL models."""
    return table(arms_of(problems, pairs, seed))


def benchmarks_by_models(sizes: tuple[int, ...], models: int, seed: int = 0) -> pd.DataFrame:
    """Several benchmarks of a base and RL models."""
    return pd.concat(
        [table(arms_of(size, models - 1, seed + 100 * i), f"benchmark-{i + 1}") for i, size in enumerate(sizes)],
        ignore_index=True,
    )


def many_models(models: int, problems: int) -> pd.DataFrame:
    """Models that have nothing to do with each other, on one benchmark."""
    return table({f"model-{i + 1}": pair_of(problems, i)[:, 0] for i in range(models)})


def shipped_pair() -> tuple[np.ndarray, np.ndarray]:
    """Correct samples and samples (problem, model) of the shipped set, its benchmarks pooled: 1,060 problems."""
    arrays = load_counts(SHIPPED).arrays([BASE, RL])
    return np.asarray(arrays.n_correct), np.asarray(arrays.n_samples)


def saved_pair(folder: Path, name: str, n_correct: np.ndarray, n_samples: np.ndarray | None = None) -> Path:
    """A file of counts that the workers read."""
    path = folder / f"{name}.npz"
    np.savez(path, n_correct=n_correct, n_samples=np.full_like(n_correct, N) if n_samples is None else n_samples)
    return path
