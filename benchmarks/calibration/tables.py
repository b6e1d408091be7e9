"""The tables: which truths, which priors, how many draws; and the sums over draws with their Monte Carlo error."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd

from benchmarks.calibration import truths
from benchmarks.calibration.coverage import LEVEL, coverage_rows
from boundary.stats.priors import PRIORS

PYTHIA_BUDGETS = (1, 16, 64, 256, 1024, 10000)
MADE_UP_BUDGETS = (1, 16, 64, 256, 1024)
N_SAMPLES = 64

Task = tuple[dict[str, Any], Callable[[], list[dict[str, Any]]]]


def pythia(prior: str, draws: int) -> Iterator[Task]:
    for fit_on in (64, 256):
        for model in truths.pythia_models():
            for seed in range(draws):
                labels = {"population": model, "n_problems": 128, "fit_on": fit_on, "draw": seed}
                yield labels, partial(_of, prior, partial(truths.subsampled, model, fit_on, seed), PYTHIA_BUDGETS, seed)


def populations(prior: str, draws: int) -> Iterator[Task]:
    yield from _made_up(truths.POPULATIONS, (30, 500), prior, draws)


def pairs(prior: str, draws: int) -> Iterator[Task]:
    yield from _made_up(truths.PAIRS, (30, 300), prior, draws)


def _made_up(which: dict[str, truths.Rates], sizes: tuple[int, ...], prior: str, draws: int) -> Iterator[Task]:
    for n_problems in sizes:
        for name, population in which.items():
            for seed in range(draws):
                labels = {"population": name, "n_problems": n_problems, "fit_on": N_SAMPLES, "draw": seed}
                make = partial(truths.simulated_counts, population, n_problems, N_SAMPLES, seed)
                yield labels, partial(_of, prior, make, MADE_UP_BUDGETS, seed)


def _of(prior: str, make: Callable[[], truths.Draw], budgets: tuple[int, ...], seed: int) -> list[dict[str, Any]]:
    draw = make()
    rates = PRIORS[prior]().posterior(draw.n_correct, draw.n_samples, jax.random.key(seed))
    return coverage_rows(rates, draw, budgets)


TABLES: dict[str, Callable[[str, int], Iterator[Task]]] = {
    "pythia": pythia,
    "populations": populations,
    "pairs": pairs,
}


def run(table: str, prior: str, draws: int, folder: Path) -> pd.DataFrame:
    """Every fit of a table; each row is kept as soon as it is there, so that an interruption loses one fit."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{table}-{prior}.draws.csv"
    tasks = list(TABLES[table](prior, draws))
    keys = ["population", "n_problems", "fit_on", "draw"]
    done = set(pd.read_csv(path)[keys].itertuples(index=False, name=None)) if path.exists() else set()
    tasks = [task for task in tasks if tuple(task[0][key] for key in keys) not in done]
    started = time.time()
    with ThreadPoolExecutor(int(os.environ.get("BOUNDARY_THREADS", os.cpu_count() or 1))) as pool:
        for count, (labels, rows) in enumerate(pool.map(lambda task: (task[0], task[1]()), tasks), start=1):
            frame = pd.DataFrame([{"prior": prior, **labels, **row} for row in rows])
            frame.to_csv(path, mode="a", header=not path.exists(), index=False, float_format="%.6g")
            if count % 10 == 0:
                print(f"{table} {prior}: {count}/{len(tasks)}, {time.time() - started:.0f} s", file=sys.stderr)
    return summed(pd.read_csv(path))


def summed(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage, its Monte Carlo error, mean width, error and interval score of each cell of a table.

    The interval score of level 1 - a is the width plus 2 / a times the distance of the truth where it lies outside
    (Winkler 1972; Gneiting & Raftery 2007, doi 10.1198/016214506000001437): less is better, and neither a wide interval
    nor one that misses is rewarded.
    """
    outside = np.maximum(rows["lower"] - rows["truth"], 0) + np.maximum(rows["truth"] - rows["upper"], 0)
    rows = rows.assign(
        holds=((rows["lower"] <= rows["truth"]) & (rows["truth"] <= rows["upper"])).where(rows["lower"].notna()),
        width=rows["upper"] - rows["lower"],
        error=(rows["mean"] - rows["truth"]).abs(),
        score=rows["upper"] - rows["lower"] + 2 / (1 - LEVEL) * outside,
    )
    by = ["prior", "population", "n_problems", "fit_on", "estimand", "k"]
    with np.errstate(invalid="ignore"):
        cells = rows.groupby(by, sort=False).agg(
            draws=("holds", "count"),
            coverage=("holds", lambda held: held.astype(float).mean()),
            width=("width", "mean"),
            error=("error", "mean"),
            score=("score", "mean"),
            max_r_hat=("r_hat", "max"),
            min_ess=("ess", "min"),
        )
    cells = cells.reset_index()
    spread = cells["coverage"] * (1 - cells["coverage"]) / cells["draws"]
    return cells.assign(coverage_error=np.sqrt(spread))
