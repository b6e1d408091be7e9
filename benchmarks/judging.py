"""How long the math verifier takes on 64,000 answers of 500 problems, as a run folder holds them.

python benchmarks/judging.py [--problems 500] [--samples 128] [--workers 2] [--seed 0] -o benchmarks/results/judging.csv

Problems have references of ten kinds in equal shares (integers, fractions, roots, intervals, sets, expressions: harder
than MATH500, most of whose answers are numbers). Each has a solve rate from Beta(.5, .7); a right answer is written in
one of several ways, a wrong one is drawn from `pool` wrong answers of the problem, the n-th with probability
proportional to 1/n, and every text is 2,000 signs of reasoning before it. `pool` 40 is much like samples of one model;
`pool` 1000 makes most wrong answers differ. `distinct` is the number of different pairs of reference and answer,
`computed` that of the pairs which math-verify had to look at. Time covers reading the samples, judging them and storing
the verdicts: what `boundary verify` does; `cpu_seconds` are those of all processes, for a machine that is busy.
"""

import argparse
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

import numpy as np
import pandas as pd

from boundary.data.runs.counts import run_table
from boundary.data.runs.folder import arms
from boundary.sampling.problems import Completion, Problem
from boundary.sampling.store.arm import open_store
from boundary.sampling.verifiers import math
from boundary.sampling.verifiers.table import load_verifier
from boundary.sampling.verify import verify_arm

# How a reference of size a, b is written, and ways to write the same.
KINDS = (
    ("{a}", ["{a}", "{a}.0", r"\text{{{a}}}", "x={a}"]),
    (r"\frac{{{a}}}{{{b}}}", [r"\frac{{{a}}}{{{b}}}", r"\dfrac{{{a}}}{{{b}}}", "{a}/{b}"]),
    (r"{a}\sqrt{{{p}}}", [r"{a}\sqrt{{{p}}}", r"\sqrt{{{aap}}}", r"{a} \sqrt{{{p}}}"]),
    (r"({a}, {b})", [r"({a},{b})", r"\left({a}, {b}\right)"]),
    (r"[{a}, {c}]", [r"[{a},{c}]", r"\left[{a}, {c}\right]"]),
    (r"\{{{a}, {c}\}}", [r"\{{{c}, {a}\}}", "{a}, {c}"]),
    (r"x^2+{a}x+{b}", [r"x^2 + {a}x + {b}", r"{b} + {a}x + x^2"]),
    (r"\frac{{{a}\pi}}{{{b}}}", [r"\frac{{{a}}}{{{b}}}\pi", r"{a}\pi/{b}"]),
    (r"{a}+{b}i", [r"{b}i + {a}", r"{a} + {b}i"]),
    (r"2^{{{b}}}\cdot {a}", [r"{a}\cdot 2^{{{b}}}", r"2^{{{b}}} \times {a}"]),
)
PRIMES = (2, 3, 5, 7, 11, 13)


def numbers(rng: np.random.Generator) -> dict[str, int]:
    a, p = int(rng.integers(2, 900)), int(rng.choice(PRIMES))
    return {"a": a, "b": int(rng.integers(2, 40)), "c": a + int(rng.integers(1, 90)), "p": p, "aap": a * a * p}


def answers(rng: np.random.Generator, kind: int, right: dict[str, int], n: int, pool: int) -> list[str]:
    _, ways = KINDS[kind]
    rate = rng.beta(0.5, 0.7)
    wrong = [str(rng.choice(ways)).format(**numbers(rng)) for _ in range(pool)]
    weights = 1 / np.arange(1, pool + 1)
    choices = rng.choice(pool, size=n, p=weights / weights.sum())
    correct = rng.random(n) < rate
    return [str(rng.choice(ways)).format(**right) if correct[i] else wrong[choices[i]] for i in range(n)]


def write_run(folder: Path, rng: np.random.Generator, n_problems: int, n: int, pool: int) -> tuple[int, int]:
    """Write the samples; the numbers of distinct pairs and of those that need computing."""
    rights = [numbers(rng) for _ in range(n_problems)]
    golds = [KINDS[i % len(KINDS)][0].format(**right) for i, right in enumerate(rights)]
    problems = [Problem(f"{i:04d}", f"Problem {i}", gold) for i, gold in enumerate(golds)]
    reasoning = "We compute step by step, and then look at it again. " * 40
    pairs: set[tuple[str, str]] = set()
    with open_store(folder, {"model": "simulated", "benchmark": "toy", "n_samples": n}, problems) as store:
        for i, problem in enumerate(problems):
            texts = answers(rng, i % len(KINDS), rights[i], n, pool)
            pairs.update((problem.answer, answer) for answer in texts)
            store.append(
                Completion(problem.problem_id, j, f"{reasoning}\\boxed{{{answer}}}", "stop", 500)
                for j, answer in enumerate(texts)
            )
    return len(pairs), sum(math.quick(*pair) is None for pair in pairs)


def cpu_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    return sum(time for process in (RUSAGE_SELF, RUSAGE_CHILDREN) for time in getrusage(process)[:2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--samples", type=int, default=128)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/judging.csv"))
    options = parser.parse_args()
    rows = []
    for pool in (40, 1000):
        with tempfile.TemporaryDirectory() as folder:
            rng = np.random.default_rng(options.seed)
            distinct, computed = write_run(Path(folder), rng, options.problems, options.samples, pool)
            start, used = time.perf_counter(), cpu_seconds()
            outcomes = verify_arm(arms(Path(folder))[0], load_verifier("math"), options.workers)
            seconds, used = time.perf_counter() - start, cpu_seconds() - used
            start = time.perf_counter()
            run_table(Path(folder))
            counting = time.perf_counter() - start
        row = {"answers": outcomes.total(), "problems": options.problems, "pool": pool, "distinct": distinct}
        row |= {"computed": computed, "workers": options.workers, "seconds": round(seconds, 1)}
        row["cpu_seconds"] = round(used, 1)
        rows.append(row | {"counting_seconds": round(counting, 2), **outcomes})
        print(rows[-1], flush=True)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).fillna(0).to_csv(options.output, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
