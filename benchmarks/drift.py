"""How often the checks of samples raise a false alarm, and how often they find what is wrong.

python benchmarks/drift.py [--tables 1000] [--seed 0] -o benchmarks/results/drift.csv

Samples are simulated: solve rates from Beta(0.6, 0.9), or Beta(0.1, 1) for hard problems, and independent outcomes;
then one thing is made wrong. A table is one report: `check_samples` of one model on one benchmark. The share of tables
with an alarm is written with its standard error. The largest shape gets a quarter of the tables, a harm a tenth.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from boundary.analysis.checks.exchangeability import check_samples

# Problems, runs, samples a run: as AIME in one run of 64; a small set in 4 seeds of 8; MATH-500 in 8 of 16.
SHAPES = {"30 x 64": (30, 1, 64), "100 x 4 x 8": (100, 4, 8), "500 x 8 x 16": (500, 8, 16)}
Harm = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def exchangeable(
    rng: np.random.Generator, shape: tuple[int, int, int], population: tuple[float, float] = (0.6, 0.9)
) -> np.ndarray:
    problems, runs, n_samples = shape
    rates = rng.beta(*population, problems)
    return (rng.random((problems, runs, n_samples)) < rates[:, None, None]).astype(int)


def sound(rng: np.random.Generator, outcomes: np.ndarray) -> np.ndarray:
    return outcomes


def sound_and_hard(rng: np.random.Generator, outcomes: np.ndarray) -> np.ndarray:
    problems, runs, n_samples = outcomes.shape
    return exchangeable(rng, (problems, runs, n_samples), (0.1, 1.0))


def drift(fall: float) -> Harm:
    """The later half of each run loses this share of its successes."""

    def harm(rng: np.random.Generator, outcomes: np.ndarray) -> np.ndarray:
        late = np.arange(outcomes.shape[2]) >= outcomes.shape[2] // 2
        return np.where(late & (rng.random(outcomes.shape) < fall), 0, outcomes)

    return harm


def worse_run(fall: float) -> Harm:
    """The last run (another template, say) loses this share of its successes."""

    def harm(rng: np.random.Generator, outcomes: np.ndarray) -> np.ndarray:
        last = np.arange(outcomes.shape[1])[:, None] == outcomes.shape[1] - 1
        return np.where(last & (rng.random(outcomes.shape) < fall), 0, outcomes)

    return harm


def seed_again(share: float) -> Harm:
    """Within each run, this share of the later half's samples come out as the earlier half's did, in the same order."""

    def harm(rng: np.random.Generator, outcomes: np.ndarray) -> np.ndarray:
        half = outcomes.shape[2] // 2
        again = np.tile(outcomes[:, :, :half], 2)[:, :, : outcomes.shape[2]]
        return np.where(rng.random(outcomes.shape) < share, again, outcomes)

    return harm


def run_twice(share: float) -> Harm:
    """This share of the last run's samples are the first run's."""

    def harm(rng: np.random.Generator, outcomes: np.ndarray) -> np.ndarray:
        again = outcomes.copy()
        again[:, -1] = np.where(rng.random(again[:, -1].shape) < share, again[:, 0], again[:, -1])
        return again

    return harm


def copies(rng: np.random.Generator, outcomes: np.ndarray) -> np.ndarray:
    return np.broadcast_to(outcomes[:, :1, :1], outcomes.shape)


HARMS: dict[str, tuple[Harm, bool]] = {
    "none (false alarms)": (sound, False),
    "none, hard problems (false alarms)": (sound_and_hard, False),
    "later half loses 5 % of its successes": (drift(0.05), False),
    "later half loses 10 %": (drift(0.10), False),
    "later half loses 20 %": (drift(0.20), False),
    "one run loses 10 % of its successes": (worse_run(0.10), True),
    "one run loses 20 %": (worse_run(0.20), True),
    "one run loses 40 %": (worse_run(0.40), True),
    "seed taken up again: all repeated": (seed_again(1.0), False),
    "seed taken up again: half repeated": (seed_again(0.5), False),
    "seed taken up again: a quarter repeated": (seed_again(0.25), False),
    "one run filed twice": (run_twice(1.0), True),
    "two runs with one seed, half the same": (run_twice(0.5), True),
    "all samples copies of one": (copies, False),
}


def as_table(outcomes: np.ndarray) -> pd.DataFrame:
    problem, run, index = np.indices(outcomes.shape)
    return pd.DataFrame(
        {
            "model": "m",
            "benchmark": "b",
            "problem_id": problem.ravel(),
            "run": run.ravel(),
            "sample_index": index.ravel(),
            "outcome": outcomes.ravel(),
        }
    )


def share_of_alarms(shape: str, harm: Harm, tables: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    alarms = 0
    for _ in range(tables):
        checks = check_samples(as_table(harm(rng, exchangeable(rng, SHAPES[shape]))))
        alarms += any(check.alarming for check in checks)
    return alarms / tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=1000, help="tables to simulate without harm")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/drift.csv"))
    options = parser.parse_args()
    rows = []
    for shape, (problems, runs, _) in SHAPES.items():
        for name, (harm, needs_runs) in HARMS.items():
            if needs_runs and runs == 1:
                continue
            tables = options.tables // (4 if problems == 500 else 1) // (1 if "false alarms" in name else 10)
            share = share_of_alarms(shape, harm, tables, options.seed)
            error = round(float(np.sqrt(max(share * (1 - share), 1 / tables) / tables)), 4)
            rows.append({"shape": shape, "harm": name, "alarms": share, "standard_error": error, "tables": tables})
            print(rows[-1], flush=True)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(options.output, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
