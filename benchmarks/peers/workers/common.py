"""What every worker does: read the counts, time one call a draw, keep each answer as a line of JSON. Needs numpy alone.

Called as `python WORKER counts.npz answers.jsonl`; draws that have an answer already are left out.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

CANNOT = "cannot"


def interval(draws):
    """Mean and the ends of the equal-tailed 95 % interval."""
    lower, upper = np.quantile(draws, [0.025, 0.975])
    return float(np.mean(draws)), float(lower), float(upper)


def run(package, intervals):
    """Answer every draw; `intervals` returns (mean, lower, upper), or why not, for each (estimand, k)."""
    counts, answers = np.load(sys.argv[1]), Path(sys.argv[2])
    n_samples, budgets = int(counts["n_samples"]), counts["budgets"].tolist()
    done = len(answers.read_text().splitlines()) if answers.exists() else 0
    for draw in range(done, len(counts["n_correct"])):
        started, worked = time.perf_counter(), time.process_time()
        values = intervals(counts["n_correct"][draw], n_samples, budgets)
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        line = {
            "package": package,
            "version": version(package),
            "draw": draw,
            "first": draw == done,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "found": [[name, k, value] for (name, k), value in values.items()],
        }
        with answers.open("a") as lines:
            lines.write(json.dumps(line) + "\n")
