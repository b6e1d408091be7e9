"""Fits and analyses of one version of boundary, whichever PYTHONPATH names. Uses only names that all versions have."""

from serve import peak_gb, serve  # first, since it binds the process to its core

import time  # isort: skip

import arviz as az
import jax
import numpy as np
import pandas as pd
import xarray as xr

from boundary.stats import estimands
from boundary.stats.priors import NonParametric

TAUS = (0.1, 0.25, 0.5, 0.75, 0.9)
LEVEL = (0.025, 0.975)
# A fit during which something was compiled, for more than this share of its time, is measured again.
COMPILE_SHARE = 0.05

compile_seconds = [0.0]


def _listen(event, seconds, **_):
    if event.startswith("/jax/core/compile/"):
        compile_seconds[0] += seconds


jax.monitoring.register_event_duration_secs_listener(_listen)


def budgets_of(n):
    """The budgets that are reported by default: 1, 2, 4, ... up to n, and 2n, 4n, 8n."""
    return sorted({*(2**i for i in range(n.bit_length())), n, 2 * n, 4 * n, 8 * n})


def main_quantities(rates, budgets):
    """pass@k of both models, kept, lost, gained, neither and shrinkage, by name: dimensions (chain, draw, k, ...)."""
    flows = estimands.flows(rates, budgets)
    return {"pass_at_k": estimands.pass_at_k(rates, budgets)} | {str(name): flows[name] for name in flows}


def reported_quantities(rates, n):
    """Everything that an analysis reports of a pair by default."""
    budgets = budgets_of(n)
    steady, half = [max(k for k in budgets if k <= min(16, n))], [max(k for k in budgets if k <= n / 2)]
    quantities = main_quantities(rates, budgets) | {
        "pass_hat_k": estimands.pass_hat_k(rates, budgets),
        "g_pass_at_k": estimands.g_pass_at_k(rates, steady, TAUS),
        "mg_pass_at_k": estimands.mg_pass_at_k(rates, steady),
        "cover_at_tau": estimands.cover_at_tau(rates, TAUS),
        "accuracy_histogram": estimands.accuracy_histogram(rates),
        "tail_exponent": estimands.tail_exponent(rates, half),
        "crossover": estimands.crossover(rates, max(budgets)),
        "sampling_speedup": estimands.sampling_speedup(rates, max(budgets)),
        "delta_se": estimands.delta_se(rates, [n]),
    }
    quantities["no_crossover"] = estimands.uncrossed(quantities["crossover"])
    for function in (estimands.support_rates, estimands.gains):
        together = function(rates, budgets)
        quantities |= {str(name): together[name] for name in together}
    return quantities


def columns(quantities):
    """Draws (chain, draw, quantity) in float64, and the name of each column."""
    names, parts = [], []
    for name, array in quantities.items():
        array = array.transpose("chain", "draw", ...)
        labels = [dict(zip(array.dims[2:], index, strict=True)) for index in np.ndindex(array.shape[2:])]
        texts = [" ".join(f"{dim} {array[dim].values[i]}" for dim, i in label.items()) for label in labels]
        names += [f"{name} {text}".strip() for text in texts]
        parts.append(array.to_numpy().astype(np.float64).reshape(*array.shape[:2], -1))
    return np.concatenate(parts, axis=2), names


def defined(draws):
    """Draws without NaN and infinity, as boundary's own check of convergence takes them."""
    draws = draws.copy()
    for i in np.flatnonzero(~np.isfinite(draws).all(axis=(0, 1))):
        column = draws[..., i]
        if np.isnan(column).any():
            draws[..., i] = np.isnan(column)
        else:
            draws[..., i] = np.where(np.isinf(column), 2 * column[np.isfinite(column)].max(initial=0.0) + 1, column)
    return draws


def quality(quantities):
    """Worst R-hat, least effective draws, and the largest Monte Carlo error of an interval end over its width.

    The last is of quantities that have a draw's own value in at least half of their draws: where draws are whole
    numbers, an end is one of few values, and its error in these units means nothing.
    """
    draws, names = columns(quantities)
    draws = defined(draws)
    varying = np.flatnonzero(draws.std(axis=(0, 1)) > 0)
    names = np.array(names)[varying]
    data = xr.Dataset({"x": (("chain", "draw", "quantity"), draws[..., varying])})
    rank, scale = (az.rhat(data, method=method)["x"].to_numpy() for method in ("rank", "z_scale"))
    r_hat = np.where(np.isfinite(rank), rank, scale)
    bulk, tail = (az.ess(data, method=method)["x"].to_numpy() for method in ("bulk", "tail"))
    tail = np.where(np.isfinite(tail), tail, bulk)
    flat = draws[..., varying].reshape(-1, len(varying))
    smooth = np.array([len(np.unique(column)) >= len(column) / 2 for column in flat.T])
    lower, upper = np.quantile(flat, LEVEL, axis=0)
    ends = [az.mcse(data, method="quantile", prob=p)["x"].to_numpy() for p in LEVEL]
    share = np.where(smooth, np.max(ends, axis=0) / np.where(smooth, upper - lower, 1.0), 0.0)
    return {
        "max_r_hat": float(r_hat.max()),
        "min_ess_bulk": float(bulk.min()),
        "min_ess_tail": float(tail.min()),
        "max_end_error": float(share.max()),
        "worst": f"R-hat: {names[r_hat.argmax()]}; bulk: {names[bulk.argmin()]}; "
        f"tail: {names[tail.argmin()]}; end: {names[share.argmax()]}",
        "quantities": len(names),
    }


def timed_posterior(n_correct, n_samples, seed):
    """The posterior, and the time that it took."""
    compiled = compile_seconds[0]
    started, worked = time.perf_counter(), time.process_time()
    rates = NonParametric().posterior(n_correct, n_samples, jax.random.key(seed))
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    return rates, {"seconds": seconds, "cpu_seconds": cpu, "compile_seconds": compile_seconds[0] - compiled}


def fit(counts, seed, scope="main"):
    """One joint fit, once compiled: time, memory, and quality of the `main` or of `all` reported quantities."""
    data = np.load(counts)
    n_correct, n_samples = data["n_correct"], data["n_samples"]
    rates, row = timed_posterior(n_correct, n_samples, seed)
    if row["compile_seconds"] > COMPILE_SHARE * row["seconds"]:
        del rates  # not both in memory
        compiled = row["compile_seconds"]
        rates, row = timed_posterior(n_correct, n_samples, seed + 1000)
        row["compile_seconds"] += compiled
    row["fit_peak_gb"] = peak_gb()
    n = int(n_samples.max())
    worked = time.process_time()
    budgets = [1, 16, n, 4 * n, 8 * n]
    quantities = reported_quantities(rates, n) if scope == "all" else main_quantities(rates, budgets)
    row["estimates_cpu_seconds"] = time.process_time() - worked
    return row | quality(quantities) | {"peak_gb": peak_gb()}


def estimates(counts, output, errors=None, **options):
    """Write the estimates of an analysis, and into `errors` Monte Carlo errors of the main ones' means and ends."""
    import boundary

    result = boundary.analyze(counts, **options)
    result.estimates.to_csv(output, index=False)
    if errors is not None:
        frames = [monte_carlo_errors(rates).assign(benchmark=name) for name, rates in result.rates.items()]
        pd.concat(frames).to_csv(errors, index=False)
    return {}


def monte_carlo_errors(rates):
    """Monte Carlo errors of the mean and of both interval ends of the main quantities."""
    n = int(np.max(rates.n_samples))
    rows = []
    for name, array in main_quantities(rates, [1, 16, n, 8 * n]).items():
        errors = [az.mcse(xr.Dataset({"x": array.astype(float)}), method="mean")["x"]]
        errors += [az.mcse(xr.Dataset({"x": array.astype(float)}), method="quantile", prob=p)["x"] for p in LEVEL]
        together = xr.Dataset(dict(zip(("mean_error", "lower_error", "upper_error"), errors, strict=True)))
        rows.append(together.drop_vars("prob", errors="ignore").to_dataframe().reset_index().assign(estimand=name))
    return pd.concat(rows, ignore_index=True).drop(columns="rl", errors="ignore")


if __name__ == "__main__":
    serve(fit=fit, estimates=estimates)
