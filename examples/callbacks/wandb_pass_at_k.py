"""pass@k with intervals in Weights & Biases: WANDB_MODE=offline python wandb_pass_at_k.py."""

import random

import wandb

from boundary.callbacks import CheckpointCounts
from boundary.callbacks.trackers import wandb_log


def main() -> None:
    """Log three checkpoints of a made-up training."""
    counts = CheckpointCounts("my-run", benchmark="sums")
    rng = random.Random(0)
    with wandb.init(project="pass-at-k") as run:
        log = wandb_log(run)
        for step in (0, 100, 200):
            for problem in range(30):
                counts.add(step, f"p{problem}", [rng.random() < 0.2 + step / 400 for _ in range(16)])
            log(counts.pass_at_k(step, k=[1, 4, 16]), step)
    print(counts.pass_at_k(200, k=[1, 4, 16]))


if __name__ == "__main__":
    main()
