"""The convex nonparametric maximum-likelihood estimate of each arm's population of solve rates, without any interval.

Koenker & Mizera 2014 (doi 10.1080/01621459.2013.869224): the likelihood of the masses on a grid is concave; REBayes
solves it with MOSEK, here CVXPY hands it to Clarabel, an interior-point solver of conic programs.
"""

from serve import serve  # first, since it binds the process to its core

import time  # isort: skip
from importlib.metadata import version

import cvxpy as cp
import numpy as np
from scipy.stats import binom

GRID = 300


def grid():
    """Solve rates, dense near 0 and 1 where counts tell most."""
    return np.sin(np.linspace(0, np.pi / 2, GRID)) ** 2


def masses(n_correct, n_samples):
    """The most likely masses on the grid, and their duality gap: no others gain more a problem (Lindsay 1983)."""
    distinct, times = np.unique(np.column_stack([n_correct, n_samples]), axis=0, return_counts=True)
    likelihood = binom.pmf(distinct[:, :1], distinct[:, 1:], grid())
    likelihood /= likelihood.max(axis=1, keepdims=True)
    weights = times / times.sum()
    mass = cp.Variable(GRID, nonneg=True)
    problem = cp.Problem(cp.Maximize(weights @ cp.log(likelihood @ mass)), [cp.sum(mass) == 1])
    problem.solve(solver=cp.CLARABEL)
    if problem.status != "optimal":
        raise RuntimeError(f"Clarabel: {problem.status}")
    value = np.maximum(mass.value, 0) / np.maximum(mass.value, 0).sum()
    gap = float((likelihood.T @ (weights / (likelihood @ value))).max() - 1)
    return value, gap


def fit(counts, seed, scope="main"):
    """Both arms, one after the other; nothing is drawn, so there are no effective draws."""
    del seed, scope
    data = np.load(counts)
    started, worked = time.perf_counter(), time.process_time()
    gaps = [masses(data["n_correct"][:, i], data["n_samples"][:, i])[1] for i in (0, 1)]
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    row = {"seconds": seconds, "cpu_seconds": cpu, "duality_gap": max(gaps)}
    return row | {"revision": f"cvxpy {version('cvxpy-base')}, clarabel {version('clarabel')}"}


if __name__ == "__main__":
    serve(fit=fit)
