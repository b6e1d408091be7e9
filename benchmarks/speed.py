"""How long things take and how much memory: python -m benchmarks.speed [--only NAME] [-o benchmarks/results/speed.csv]

Commands are timed as whole processes, first with an empty compilation cache and then with it filled; fits inside one
process, once compiled. Effective draws are the least of pass@k, shrinkage, kept, lost, gained and neither at k = 1, 16,
n, 4n and 8n. Run it on a quiet machine.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

RESULTS = Path(__file__).parent / "results"
REPEATS = 3
N = 128

Row = dict[str, Any]


def command(name: str, *arguments: str, cache: str) -> Row:
    """Wall time and peak memory of one `boundary` command."""
    environment = os.environ | {"XDG_CACHE_HOME": cache}
    call = [sys.executable, "-c", "from boundary.cli.main import main; main()", *arguments]
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(call, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"what": name, "seconds": seconds, "cpu_seconds": cpu, "peak_gb": after.ru_maxrss / 2**20}


def commands() -> Iterator[Row]:
    """`--help`, and the main job on the shipped set: first and later runs."""
    with tempfile.TemporaryDirectory() as folder:
        job = ("analyze", "deepscaler-1.5b", "--quiet", "-o", f"{folder}/report")
        for _ in range(REPEATS):
            yield command("boundary --help", "--help", cache=folder)
        yield command("analyze deepscaler-1.5b, first run", *job, cache=folder)
        for _ in range(REPEATS):
            yield command("analyze deepscaler-1.5b, later run", *job, cache=folder)


def pair_of(problems: int, seed: int) -> np.ndarray:
    """Counts (problem, model) of a pair like the benchmark's `pair`."""
    from benchmarks.calibration.truths import PAIRS

    rng = np.random.default_rng(seed)
    return rng.binomial(N, PAIRS["pair"](rng, problems))


def fit(problems: int, seed: int) -> Row:
    """One joint fit of the default prior: seconds, and the least effective draws."""
    import jax

    from boundary.stats.diagnostics import convergence
    from boundary.stats.estimands import flows, pass_at_k
    from boundary.stats.priors import NonParametric

    counts = pair_of(problems, seed)
    started, cpu = time.perf_counter(), time.process_time()
    rates = NonParametric().posterior(counts, np.full_like(counts, N), jax.random.key(seed))
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    budgets = [1, 16, N, 4 * N, 8 * N]
    flow_draws, covered = flows(rates, budgets), pass_at_k(rates, budgets)
    draws = {f"{name} {k}": flow_draws[name].sel(k=k) for name in flow_draws for k in budgets}
    draws |= {f"pass {m} {k}": covered.isel(model=m).sel(k=k) for m in (0, 1) for k in budgets}
    diagnostics = convergence(np.stack([quantity.to_numpy() for quantity in draws.values()]))
    ess = float(min(diagnostics.ess_bulk.min(), diagnostics.ess_tail.min()))
    name = f"joint fit of a pair, {problems} problems"
    return {"what": name, "problems": problems, "seconds": seconds, "cpu_seconds": cpu, "min_ess": ess}


def fits() -> Iterator[Row]:
    """Joint fits of growing size, compiled before."""
    for problems in (30, 100, 300, 1000, 3000, 10_000):
        fit(problems, 0)
        for seed in range(1, REPEATS + 1):
            yield fit(problems, seed)


def table(models: dict[str, np.ndarray]) -> pd.DataFrame:
    """A counts table from successes of each model."""
    frames = []
    for model, correct in models.items():
        ids = [str(i) for i in range(len(correct))]
        frames.append(pd.DataFrame({"model": model, "problem_id": ids, "n_samples": N, "n_correct": correct}))
    return pd.concat(frames, ignore_index=True).assign(benchmark="made-up")


def called(name: str, counts: pd.DataFrame, **options: Any) -> Row:
    """One call of `boundary.analyze` in this process."""
    from boundary.analysis.analyze import analyze

    started, cpu = time.perf_counter(), time.process_time()
    result = analyze(counts, **options)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    ess = float(result.diagnostics["min_ess"].min())
    return {"what": name, "seconds": seconds, "cpu_seconds": cpu, "peak_gb": peak, "min_ess": ess}


def many_pairs() -> Iterator[Row]:
    """24 RL models of 1,000 problems against one base, in one call."""
    base = pair_of(1000, 0)[:, 0]
    arms = {f"rl {i}": pair_of(1000, 0)[:, 1] if i == 0 else pair_of(1000, i)[:, 1] for i in range(24)}
    yield called("24 pairs of 1,000 problems in one call", table({"base": base} | arms), base="base")


def many_models() -> Iterator[Row]:
    """100 models of 1,000 problems, ranked."""
    models = {f"model {i}": pair_of(1000, i)[:, 0] for i in range(100)}
    yield called("100 models x 1,000 problems, ranked", table(models), rank=True)


def million_cells() -> Iterator[Row]:
    """A million problem-model cells: one pair of 500,000 problems."""
    pair = pair_of(500_000, 0)
    yield called(
        "1,000,000 cells: a pair of 500,000 problems", table({"base": pair[:, 0], "rl": pair[:, 1]}), base="base"
    )


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    part.__name__: part for part in (commands, fits, many_pairs, many_models, million_cells)
}


def figure(rows: pd.DataFrame, path: Path) -> None:
    """Seconds of a joint fit against the number of problems."""
    import matplotlib.pyplot as plt

    sizes = rows.dropna(subset=["problems"]).groupby("problems")["seconds"].agg(["min", "median", "max"])
    fig, ax = plt.subplots(figsize=(5, 3))
    ax.fill_between(sizes.index, sizes["min"], sizes["max"], alpha=0.2)
    ax.plot(sizes.index, sizes["median"], marker="o")
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="problems",
        ylabel="seconds, once compiled",
        title="Joint fit of a pair, n = 128",
    )
    fig.tight_layout()
    fig.savefig(path, dpi=130)
    plt.close(fig)


def main() -> None:
    """Measure, print and write."""
    from boundary.stats.sampler.compilation import keep_compiled

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=sorted(PARTS))
    parser.add_argument("-o", "--output", type=Path, default=RESULTS / "speed.csv")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        keep_compiled(cache)
        rows = []
        for name in options.only or PARTS:
            for row in PARTS[name]():
                print({key: round(v, 2) if isinstance(v, float) else v for key, v in row.items()}, flush=True)
                rows.append(row)
    results = pd.DataFrame(rows).assign(cores=os.cpu_count())
    results.to_csv(options.output, index=False, float_format="%.4g")
    if "problems" in results:
        figure(results, options.output.with_suffix(".png"))


if __name__ == "__main__":
    main()
