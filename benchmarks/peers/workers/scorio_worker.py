"""scorio: a Beta posterior for each problem by itself, a normal interval for the mean. Runs in its environment."""

import numpy as np
from common import CANNOT, run
from scorio.eval import pass_at_k_ci, tailpass
from scorio.eval.utils import normal_credible_interval

NAMES = ("pass@k, base", "pass@k, RL")


def pass_interval(samples, k):
    """`pass_at_k_ci` refuses k beyond the samples; `tailpass` has the same quantity as its discovery at any k."""
    if k <= samples.shape[1]:
        mean, _, lower, upper = pass_at_k_ci(samples, k)
        return mean, lower, upper
    mean, deviation = tailpass(samples, k).discovery()
    return mean, *normal_credible_interval(mean, deviation, credibility=0.95, two_sided=True, bounds=(0.0, 1.0))


def intervals(n_correct, n_samples, budgets):
    values = {}
    for name, c in zip(NAMES, n_correct.T, strict=True):
        samples = (np.arange(n_samples) < c[:, None]).astype(int)
        values |= {(name, k): pass_interval(samples, k) for k in budgets}
    return values | {("shrinkage", k): f"{CANNOT}: intervals for one model, none for a difference" for k in budgets}


run("scorio", intervals)
