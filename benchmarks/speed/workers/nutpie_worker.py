"""nutpie on the beta-binomial model that its users would write: a Beta population for each arm, in one model."""

from serve import serve  # first, since it binds the process to its core

import logging  # isort: skip
import time
from importlib.metadata import version

import arviz as az
import numpy as np
import nutpie
import pymc as pm
import xarray as xr

logging.getLogger("pymc").setLevel(logging.ERROR)
compiled_models = {}


def compiled(counts):
    """The compiled model of a file of counts, kept, and the seconds that compiling took."""
    if counts in compiled_models:
        return compiled_models[counts], 0.0
    data = np.load(counts)
    started = time.perf_counter()
    with pm.Model() as model:
        mean = pm.Uniform("mean", 0, 1, shape=2)
        size = pm.LogNormal("size", np.log(2), 1.5, shape=2)
        pm.BetaBinomial("c", alpha=mean * size, beta=(1 - mean) * size, n=data["n_samples"], observed=data["n_correct"])
    compiled_models[counts] = nutpie.compile_pymc_model(model)
    return compiled_models[counts], time.perf_counter() - started


def fit(counts, seed, scope="main"):
    """Both arms: seconds of sampling and of drawing the solve rates, once compiled, and the least effective draws."""
    del scope  # pass@k and shrinkage are all that it has
    model, compile_seconds = compiled(counts)
    if compile_seconds:
        nutpie.sample(model, draws=10, tune=10, chains=1, seed=seed, progress_bar=False)
    started, worked = time.perf_counter(), time.process_time()
    fitted = nutpie.sample(model, draws=1000, tune=1000, chains=4, cores=1, seed=seed, progress_bar=False)
    sampling = time.process_time() - worked
    data = np.load(counts)
    values = shares(fitted.posterior, data["n_correct"], data["n_samples"], np.random.default_rng(seed))
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    draws = xr.Dataset({"x": (("chain", "draw", "quantity"), values)})
    bulk, tail = (az.ess(draws, method=method)["x"].to_numpy() for method in ("bulk", "tail"))
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "compile_seconds": compile_seconds,
        "sampling_cpu_seconds": sampling,
        "max_r_hat": float(az.rhat(draws, method="rank")["x"].max()),
        "min_ess_bulk": float(bulk.min()),
        "min_ess_tail": float(tail.min()),
        "quantities": values.shape[2],
        "revision": version("nutpie"),
    }


def shares(posterior, n_correct, n_samples, rng):
    """pass@k of both arms and shrinkage at k = 1, 16, n, 4n and 8n, of draws of these problems' solve rates."""
    mean, size = (posterior[name].to_numpy()[..., None, :] for name in ("mean", "size"))
    columns = []
    rates = rng.beta(mean * size + n_correct, (1 - mean) * size + n_samples - n_correct)
    n = int(n_samples.max())
    for k in (1, 16, n, 4 * n, 8 * n):
        base, rl = np.moveaxis((1 - (1 - rates) ** k).mean(axis=2), -1, 0)
        columns += [base, rl, base - rl]
    return np.stack(columns, axis=-1)


if __name__ == "__main__":
    serve(fit=fit)
