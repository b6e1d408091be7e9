"""pass@k with intervals in MLflow: python mlflow_pass_at_k.py DATABASE, as in sqlite:///runs.db or ./mlruns."""

import random
import sys

import mlflow

from boundary.callbacks import CheckpointCounts
from boundary.callbacks.trackers import mlflow_log


def main(address: str) -> None:
    """Log three checkpoints of a made-up training."""
    mlflow.set_tracking_uri(address)
    counts = CheckpointCounts("my-run", benchmark="sums")
    rng, log = random.Random(0), mlflow_log()
    with mlflow.start_run():
        for step in (0, 100, 200):
            for problem in range(30):
                counts.add(step, f"p{problem}", [rng.random() < 0.2 + step / 400 for _ in range(16)])
            log(counts.pass_at_k(step, k=[1, 4, 16]), step)
    print(counts.pass_at_k(200, k=[1, 4, 16]))


if __name__ == "__main__":
    main(*sys.argv[1:])
