"""Counts and pass@k of a GRPO training by TRL: python trl_counts.py MODEL OUTPUT."""

import sys

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from boundary.callbacks import CheckpointCounts
from boundary.callbacks.trl import counting_reward, counts_callback


def ends_well(completions: list[str], **columns: object) -> list[float]:
    """Whether a completion has an even number of characters: in place of a verifier."""
    return [float(len(text) % 2 == 0) for text in completions]


def main(model: str, output: str) -> None:
    """Train for a few steps; `output/counts.csv` goes to `boundary analyze`."""
    problems = Dataset.from_list([{"prompt": f"{i} + {i} =", "problem_id": f"sum {i}"} for i in range(4)])
    counts = CheckpointCounts("grpo", benchmark="sums", every=2)
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=counting_reward(ends_well, counts),
        args=GRPOConfig(output, max_steps=4, num_generations=4, max_completion_length=8, report_to=[], use_cpu=True),
        train_dataset=problems,
        callbacks=[counts_callback(counts, f"{output}/counts.csv", log=lambda values, step: print(step, values))],
    )
    trainer.train()


if __name__ == "__main__":
    main(*sys.argv[1:])
