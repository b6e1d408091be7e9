"""PyMC: the beta-binomial model that its users would write, one for each model. Runs in PyMC's environment."""

import logging

import numpy as np
import pymc as pm
from common import interval, run

logging.getLogger("pymc").setLevel(logging.ERROR)


def solve_rates(n_correct, n_samples, seed):
    with pm.Model():
        mean = pm.Uniform("mean", 0, 1)
        size = pm.LogNormal("size", np.log(2), 1.5)
        pm.BetaBinomial("c", alpha=mean * size, beta=(1 - mean) * size, n=n_samples, observed=n_correct)
        options = {"progressbar": False, "compute_convergence_checks": False}
        fit = pm.sample(1000, tune=1000, chains=4, cores=1, random_seed=seed, **options).posterior
    mean, size = (fit[name].to_numpy().ravel()[:, None] for name in ("mean", "size"))
    rng = np.random.default_rng(seed)
    return rng.beta(mean * size + n_correct, (1 - mean) * size + n_samples - n_correct)


def intervals(n_correct, n_samples, budgets):
    base, rl = (solve_rates(c, n_samples, seed) for seed, c in enumerate(n_correct.T))
    values = {}
    for k in budgets:
        shares = [(1 - (1 - p) ** k).mean(axis=1) for p in (base, rl)]
        values["pass@k, base", k], values["pass@k, RL", k] = map(interval, shares)
        values["shrinkage", k] = interval(shares[0] - shares[1])
    return values


run("pymc", intervals)
