"""Train the small model on arithmetic with TRL's GRPO: `python train.py MODEL OUT`, with checkpoints.

Needs trl (pip install trl). Prompt, temperature and the rule of what is right are those of the sampling.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

HERE = Path(__file__).parent
TEMPLATE = (HERE / "two-examples.txt").read_text(encoding="utf-8")
FIRST_NUMBER = re.compile(r"\s*(-?\d+)(?!\d)")
TOKENS = 4  # three digits at most, and what shows that the number has ended
STEPS, SAVE_EVERY, SEED = 12, 6, 1


def right(text: str, answer: str) -> bool:
    """Whether the first number of a text is the answer."""
    found = FIRST_NUMBER.match(text)
    return found is not None and found[1] == answer


def reward(completions: list[str], answer: list[str], **_: Any) -> list[float]:
    """1 for a right answer, 0 for any other."""
    return [float(right(text, gold)) for text, gold in zip(completions, answer, strict=True)]


def training_problems() -> list[dict[str, str]]:
    """Prompts and answers of the problems trained on, none of which is tested."""
    lines = (HERE / "problems" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [{"prompt": TEMPLATE.replace("{problem}", each["problem"]), "answer": each["answer"]} for each in found]


def grpo(model: str, out: str) -> None:
    """Reinforcement learning: groups of 8 samples of 6 problems a step, no penalty for leaving the base."""
    config = GRPOConfig(
        output_dir=out,
        learning_rate=4e-5,
        per_device_train_batch_size=48,
        num_generations=8,
        max_completion_length=TOKENS,
        temperature=1.0,
        beta=0.0,
        max_steps=STEPS,
        save_steps=SAVE_EVERY,
        save_only_model=True,
        logging_steps=1,
        lr_scheduler_type="constant",
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        seed=SEED,
    )
    GRPOTrainer(model, reward, args=config, train_dataset=Dataset.from_list(training_problems())).train()


if __name__ == "__main__":
    grpo(*sys.argv[1:])
