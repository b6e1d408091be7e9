"""Our HMC kernel against those of blackjax: python -m benchmarks.kernels [--repeats 3] [--only TEXT] [-o FILE]

Needs blackjax, which nothing else here does: `pip install blackjax`.

Each fit is warmed up by `boundary.stats.sampler.hmc`. From the positions, metric and step that the warm-up ends with,
every kernel takes the same number of draws; each repeat has a seed and a warm-up of its own. Kernels take turns, so
that a busy machine is slow for all of them alike. Columns of the result:

- `compile_seconds`; `cpu_seconds` of all threads and `seconds`, both of drawing alone;
- `min_ess` and `max_r_hat`: the least bulk effective sample size and the largest R-hat of pass@k of each model and of
  shrinkage, at k = 1, n and 8n; `ess_per_cpu_second`;
- `acceptance`, and `leapfrogs` a draw, both means;
- `divergences`: trajectories whose energy error is above 1,000; `min_e_bfmi`: the least E-BFMI of a chain;
- `mean_shift`, `end_shift`: how far the mean, and an end of the 95 % interval, of any of these quantities is from what
  `nuts` has, in posterior standard deviations; all repeats together.

The kernels:

- `ours`: 16 leapfrogs, each trajectory's step scaled by U(.6, 1.2); `ours, changed`: the file given by `--changed`.
- `hmc, jittered step`: blackjax.hmc, the same algorithm with the same distribution of steps.
- `hmc, fixed`: blackjax.hmc as it comes, 16 leapfrogs of .9 of the step.
- `hmc, multinomial`: blackjax.hmc that draws from all states of the jittered trajectory.
- `dynamic_hmc`: blackjax.dynamic_hmc, 10 to 19 leapfrogs, each chain its own number.
- `dynamic_hmc, in step`: the same, with one number for all chains.
- `nuts`: blackjax.nuts with our metric and half our step, which is tuned to an acceptance of .5.
- `nuts, window adaptation`: blackjax alone, with a dense metric and a step from its own 400 steps of warm-up, timed
  with it; only if asked for by `--kernel`, since it takes twenty times as long.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.speed.simulated import N, pair_of
from boundary.data.catalog import card, load_counts
from boundary.data.counts import ALL
from boundary.stats.diagnostics import convergence
from boundary.stats.estimands import pass_at_k, shrinkage
from boundary.stats.population import fit as population_fit
from boundary.stats.priors import NonParametric
from boundary.stats.random_keys import fit_key
from boundary.stats.sampler import hmc as our_hmc

try:
    import blackjax
except ImportError:
    raise SystemExit("blackjax is not installed: pip install blackjax") from None

RESULTS = Path(__file__).parent / "results" / "kernels.csv"
SET = "deepscaler-1.5b"
CHAINS, DRAWS, LEAPFROGS = NonParametric().chains, NonParametric().draws, NonParametric().leapfrogs
JITTER = (0.6, 1.2)  # of the step, as in our kernel
LENGTHS = (10, 20)  # the same of the number of leapfrogs: 16 times .6 to 16 times 1.2
ADAPTATION_STEPS, MAX_DOUBLINGS = 400, 7


class WarmedUp(Exception):  # noqa: N818 - it ends a fit early, and is no error
    """The log density of a fit and the State that its warm-up ends with."""


class State(NamedTuple):
    """What a warm-up ends with: data and guide, the state of the chains, centre, root of the metric and log step."""

    guided: our_hmc.Guided
    chains: our_hmc.State
    centre: np.ndarray
    metric: np.ndarray
    log_step: jax.Array


class Trajectories(NamedTuple):
    """Positions (draw, dim, chain); acceptance, leapfrogs, divergence and energy (draw, chain), None if not known."""

    positions: Any
    acceptance: Any
    leapfrogs: Any = LEAPFROGS
    divergent: Any = None
    energy: Any = None


Density = Callable[[jax.Array], jax.Array]
Sampler = Callable[[State, jax.Array], Trajectories]
Kernel = Callable[[Any, State], Sampler]


class Fit(NamedTuple):
    """Successes and samples (problem, model) of a model or a pair, and the text that its key is made of."""

    n_correct: np.ndarray
    n_samples: np.ndarray
    label: str


def fits() -> dict[str, Fit]:
    """What `analyze` fits of the shipped set, one of its models alone, and a simulated pair."""
    counts, facts = load_counts(SET), card(SET)
    models = (str(facts.base), *facts.rl)
    fits = {}
    for benchmark in [*counts.benchmarks, ALL]:
        arrays = counts.arrays(models, benchmark)
        fits[f"pair, {benchmark}"] = Fit(arrays.n_correct, arrays.n_samples, "\0".join([benchmark, *models]))
    pair = fits[f"pair, {ALL}"]
    fits["one model, all"] = Fit(pair.n_correct[:, :1], pair.n_samples[:, :1], f"{ALL}\0{models[0]}")
    simulated = pair_of(300, 0)
    return fits | {"pair, 300 simulated": Fit(simulated, np.full_like(simulated, N), "simulated")}


def warmed_up(fit: Fit, key: jax.Array) -> tuple[Any, State]:
    """The log density of a fit, and what our warm-up ends with."""
    original = our_hmc._block

    def block(log_density: Any, steps: int, guided: our_hmc.Guided, leapfrogs: int, *state: Any) -> Any:
        chains, centre, metric, log_step, _, _, adapt = state
        if not adapt:
            raise WarmedUp(log_density, State(guided, chains, centre, metric, log_step))
        return original(log_density, steps, guided, leapfrogs, *state)

    try:
        with patch.object(our_hmc, "_block", block):
            NonParametric().posterior(fit.n_correct, fit.n_samples, key)
    except WarmedUp as stop:
        log_density, after = stop.args
        return log_density, after
    raise RuntimeError("The fit ended without a draw.")


def our_kernel(log_density: Any, state: State, module: ModuleType = our_hmc) -> Sampler:
    """Our kernel, compiled, in the blocks of steps in which it is called."""
    steps = NonParametric().warmup // sum(module.WINDOWS)
    key, number, tune = jax.random.key(0), 0, False
    compiled = module._block.lower(log_density, steps, state.guided, LEAPFROGS, *state[1:], key, number, tune).compile()

    def sample(state: State, key: jax.Array) -> Trajectories:
        chains, blocks = state.chains, []
        for number in range(DRAWS // steps):
            visited, _, chains, _, *records = compiled(state.guided, LEAPFROGS, chains, *state[2:], key, number, tune)
            blocks.append((visited, *records))
        positions, acceptance, *energies = (np.concatenate(part) for part in zip(*blocks, strict=True))
        return Trajectories(positions, acceptance, LEAPFROGS, *energies)

    return sample


def of_blackjax(kernel: Any, log_density: Any, state: State) -> Sampler:
    """A kernel of blackjax, compiled, all draws in one scan and all chains in one vmap.

    It walks in the coordinates in which our metric is the identity, as ours does.
    """

    @jax.jit
    def sample(state: State, key: jax.Array) -> Trajectories:
        guided, chains, centre, metric, log_step = state
        position = chains.position
        if kernel is adapted_nuts:  # it finds a metric of its own
            position = centre[:, None] + metric @ position
            centre, metric = jnp.zeros_like(centre), jnp.eye(len(centre))

        def density(z: jax.Array) -> jax.Array:
            return log_density(centre[:, None] + metric @ z[:, None], guided.data)[0]

        first, step = kernel(density, position.T, jnp.exp(log_step), key)
        _, trajectories = jax.lax.scan(step, first, jax.random.split(key, DRAWS))
        return trajectories._replace(positions=centre[:, None] + metric @ trajectories.positions.transpose(0, 2, 1))

    return sample.lower(state, jax.random.key(0)).compile()


def record(before: Any, after: Any, info: Any, energy: Any = None) -> Trajectories:
    """What a transition of all chains tells; its energy is that after the momentum was drawn."""
    if energy is None:
        energy = 0.5 * (info.momentum**2).sum(-1) - before.logdensity
    return Trajectories(after.position, info.acceptance_rate, info.num_integration_steps, info.is_divergent, energy)


def hmc(density: Density, position: jax.Array, size: jax.Array, key: jax.Array, jitter: Any, **options: Any) -> Any:
    kernel, metric = blackjax.hmc.build_kernel(**options), jnp.ones(position.shape[1])

    def transition(key: jax.Array, state: Any) -> Any:
        for_step, key = jax.random.split(key)
        scale = jax.random.uniform(for_step, minval=jitter[0], maxval=jitter[1])
        return kernel(key, state, density, size * scale, metric, LEAPFROGS)

    def step(state: Any, key: jax.Array) -> Any:
        after, info = jax.vmap(transition)(jax.random.split(key, CHAINS), state)
        return after, record(state, after, info)

    return jax.vmap(partial(blackjax.hmc.init, logdensity_fn=density))(position), step


def dynamic_hmc(density: Density, position: jax.Array, size: jax.Array, key: jax.Array, in_step: bool) -> Any:
    algorithm = blackjax.dynamic_hmc(
        density,
        size,
        jnp.ones(position.shape[1]),
        integration_steps_fn=lambda key: jax.random.randint(key, (), *LENGTHS),
    )

    def step(state: Any, key: jax.Array) -> Any:
        after, info = jax.vmap(algorithm.step)(jax.random.split(key, CHAINS), state)
        return after, record(state, after, info)

    for_lengths = jax.random.fold_in(key, 1)
    keys = jnp.stack([for_lengths] * CHAINS) if in_step else jax.random.split(for_lengths, CHAINS)
    return jax.vmap(algorithm.init)(position, keys), step


def nuts(density: Density, position: jax.Array, size: jax.Array, key: jax.Array) -> Any:
    algorithm = blackjax.nuts(density, size / 2, jnp.ones(position.shape[1]), max_num_doublings=MAX_DOUBLINGS)

    def step(state: Any, key: jax.Array) -> Any:
        after, info = jax.vmap(algorithm.step)(jax.random.split(key, CHAINS), state)
        return after, record(state, after, info, info.energy)

    return jax.vmap(algorithm.init)(position), step


def adapted_nuts(density: Density, position: jax.Array, size: jax.Array, key: jax.Array) -> Any:
    adaptation = blackjax.window_adaptation(
        blackjax.nuts, density, is_mass_matrix_diagonal=False, max_num_doublings=MAX_DOUBLINGS
    )
    keys = jax.random.split(jax.random.fold_in(key, 1), CHAINS)
    (states, settings), _ = jax.vmap(partial(adaptation.run, num_steps=ADAPTATION_STEPS))(keys, position)
    kernel = blackjax.nuts.build_kernel()

    def transition(key: jax.Array, state: Any, step_size: jax.Array, inverse_mass: jax.Array) -> Any:
        return kernel(key, state, density, step_size, inverse_mass, MAX_DOUBLINGS)

    def step(state: Any, key: jax.Array) -> Any:
        tuned = settings["step_size"], settings["inverse_mass_matrix"]
        after, info = jax.vmap(transition)(jax.random.split(key, CHAINS), state, *tuned)
        return after, record(state, after, info, info.energy)

    return states, step


ALONE = "nuts, window adaptation"
# Its steps are small enough to follow every trajectory, so that its draws are what the others' should be.
REFERENCE = "nuts"

KERNELS: dict[str, Kernel] = {
    "ours": our_kernel,
    "hmc, jittered step": partial(of_blackjax, partial(hmc, jitter=JITTER)),
    "hmc, fixed": partial(of_blackjax, partial(hmc, jitter=(0.9, 0.9))),
    "hmc, multinomial": partial(
        of_blackjax, partial(hmc, jitter=JITTER, build_proposal=blackjax.mcmc.hmc.multinomial_hmc_proposal)
    ),
    "dynamic_hmc": partial(of_blackjax, partial(dynamic_hmc, in_step=False)),
    "dynamic_hmc, in step": partial(of_blackjax, partial(dynamic_hmc, in_step=True)),
    "nuts": partial(of_blackjax, nuts),
    ALONE: partial(of_blackjax, adapted_nuts),
}


def estimates(fit: Fit, key: jax.Array, positions: np.ndarray) -> dict[str, xr.DataArray]:
    """Draws of pass@k of each model, and of shrinkage, given these draws of the population (draw, dim, chain)."""
    chains = SimpleNamespace(draws=np.ascontiguousarray(positions.transpose(2, 0, 1)))

    def hmc_of(*_: Any, monitored: Callable[[np.ndarray], np.ndarray], **__: Any) -> SimpleNamespace:
        monitored(chains.draws)  # a fit takes its populations from what was monitored last
        return chains

    with patch.object(population_fit, "hmc", hmc_of):
        rates = NonParametric(draws=DRAWS).posterior(fit.n_correct, fit.n_samples, key)
    n, models = int(fit.n_samples.max()), fit.n_correct.shape[1]
    budgets = [1, n, 8 * n]
    curves = {f"pass@k {model}": pass_at_k(rates, budgets).isel(model=model) for model in range(models)}
    curves |= {"shrinkage": shrinkage(rates, budgets)} if models == 2 else {}
    return {f"{name} {k}": curve.sel(k=k) for name, curve in curves.items() for k in budgets}


def measured(sampler: Callable[[jax.Array], Trajectories], fit: Fit, key: jax.Array) -> dict[str, Any]:
    """One run of a compiled kernel; `draws` are those of each quantity (quantity, draw)."""
    started, cpu = time.perf_counter(), time.process_time()
    trajectories = jax.block_until_ready(sampler(key))
    cpu, seconds = time.process_time() - cpu, time.perf_counter() - started
    positions, acceptance, leapfrogs, divergent, energy = (
        part if part is None else np.asarray(part) for part in trajectories
    )
    quantities = estimates(fit, key, positions)
    convergences = convergence(np.stack([draws.to_numpy() for draws in quantities.values()]))
    least_ess = float(convergences.ess_bulk.min())
    row = {
        "cpu_seconds": cpu,
        "seconds": seconds,
        "min_ess": least_ess,
        "ess_per_cpu_second": least_ess / cpu,
        "max_r_hat": float(convergences.r_hat.max()),
        "acceptance": float(acceptance.mean()),
        "leapfrogs": float(leapfrogs.mean()),
        "draws": np.array([draws.to_numpy().ravel() for draws in quantities.values()]),
    }
    if divergent is not None:
        bfmi = (np.diff(energy, axis=0) ** 2).mean(0) / energy.var(0)
        row |= {"divergences": int(divergent.sum()), "min_e_bfmi": float(bfmi.min())}
    return row


def shifts(draws: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Largest shift, in posterior standard deviations, of a quantity's mean and of an end of its 95 % interval."""
    scale = reference.std(axis=1)
    means = np.abs(draws.mean(axis=1) - reference.mean(axis=1)) / scale
    ends = np.abs(np.subtract(*(np.quantile(part, [0.025, 0.975], axis=1) for part in (draws, reference)))) / scale
    return {"mean_shift": means.max(), "end_shift": ends.max()}


def rows(name: str, fit: Fit, repeats: int, kernels: dict[str, Kernel]) -> Iterator[dict[str, Any]]:
    """All kernels on one fit, in turns; each repeat has a warm-up of its own."""
    samplers: dict[str, Sampler] = {}
    compile_seconds: dict[str, float] = {}
    for repeat in range(repeats):
        key = fit_key(repeat, fit.label)
        log_density, state = warmed_up(fit, key)
        turn, names = repeat % len(kernels), list(kernels)
        for kernel in names[turn:] + names[:turn]:
            if kernel not in samplers:
                started = time.perf_counter()
                # A function of its own, so that what the warm-up compiled is not used again.
                samplers[kernel] = kernels[kernel](partial(log_density), state)
                compile_seconds[kernel] = time.perf_counter() - started
            labels = {"fit": name, "kernel": kernel, "repeat": repeat, "compile_seconds": compile_seconds[kernel]}
            row = labels | measured(partial(samplers[kernel], state), fit, jax.random.fold_in(key, 1000))
            print({name: value for name, value in row.items() if name != "draws"}, flush=True)
            yield row


def with_shifts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a fit, the draws of each kernel's repeats together compared with those of the reference."""
    together: dict[str, np.ndarray] = {}
    for row in rows:
        draws = row.pop("draws")
        together[row["kernel"]] = np.concatenate([together.get(row["kernel"], draws[:, :0]), draws], axis=1)
    if REFERENCE not in together:
        return rows
    return [row | shifts(together[row["kernel"]], together[REFERENCE]) for row in rows]


def module_from(path: Path) -> ModuleType:
    spec = spec_from_file_location("changed_hmc", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Measure, print the medians and write every row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", help="fits whose name has this in it")
    parser.add_argument("--kernel", action="append", choices=KERNELS, help="this kernel only")
    parser.add_argument("--changed", type=Path, help="measure this version of boundary/stats/sampler/hmc.py too")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    kernels = {name: KERNELS[name] for name in options.kernel or KERNELS if options.kernel or name != ALONE}
    if options.changed:
        kernels["ours, changed"] = partial(our_kernel, module=module_from(options.changed))
    results: list[dict[str, Any]] = []
    for name, fit in fits().items():
        if options.only in name:
            results += with_shifts(list(rows(name, fit, options.repeats, kernels)))
            pd.DataFrame(results).to_csv(options.output, index=False, float_format="%.4g")
    medians = pd.DataFrame(results).groupby(["fit", "kernel"], sort=False).median().drop(columns="repeat")
    print(medians.to_string(float_format=lambda value: f"{value:.3g}"))


if __name__ == "__main__":
    main()
