"""This project: both models jointly, nonparametric population."""

import jax
import numpy as np
from common import interval, run

from boundary.stats.estimands import flows, pass_at_k
from boundary.stats.priors import NonParametric


def intervals(n_correct, n_samples, budgets):
    rates = NonParametric().posterior(n_correct, np.full_like(n_correct, n_samples), jax.random.key(0))
    curve, flow_draws = pass_at_k(rates, budgets), flows(rates, budgets)
    values = {}
    for k in budgets:
        for column, name in enumerate(("pass@k, base", "pass@k, RL")):
            values[name, k] = interval(curve.sel(k=k).isel(model=column).to_numpy().ravel())
        values["shrinkage", k] = interval(flow_draws["shrinkage"].sel(k=k).to_numpy().ravel())
    return values


run("boundary-stats", intervals)
