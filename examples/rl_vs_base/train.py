"""Train the small model on arithmetic, in one of three ways, from what it did when it practised (practice.toml).

python train.py grpo       # TRL's GRPO                                        -> models/grpo/checkpoint-*
python train.py rejection  # fine-tuned on its own right samples               -> models/rejection
python train.py distilled  # fine-tuned on the answers of a teacher who knows  -> models/distilled

Prompt, temperature, token limit and the rule of what is right are those of the sampling. Needs trl. GRPO that was
stopped goes on from its last checkpoint; its rewards are in training.csv.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import transformers
from datasets import Dataset
from problems import TOKENS, read
from trl import GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer
from verdict import right

FOLDER = Path(__file__).parent
BASE = FOLDER / "models" / "base"
SAMPLES, PROBLEMS, STEPS, SAVE_EVERY = 16, 8, 160, 20  # of GRPO: samples a problem, problems a step
EXAMPLES_A_PROBLEM = 8  # examples a problem that was solved, of the two fine-tunings
SEED = 1
COMMON: dict[str, Any] = {
    "bf16": True,  # weights stay float32
    "use_cpu": not torch.cuda.is_available(),
    "gradient_checkpointing": False,
    "lr_scheduler_type": "constant_with_warmup",
    "warmup_steps": 5,
    "learning_rate": 2e-5,
    "logging_steps": 1,
    "report_to": "none",
    "seed": SEED,
}


def training_problems() -> pd.DataFrame:
    """Problems to train on, none of which is tested: prompt, answer, and n_correct of the base's n_samples."""
    problems = pd.DataFrame(read("train"))
    practised = pd.read_csv(FOLDER / "practice.csv", dtype={"problem_id": str})
    return problems.merge(practised[["problem_id", "n_samples", "n_correct"]], on="problem_id", validate="1:1")


def base() -> Any:
    """The base with its embeddings held fixed: a fifth of the weights, and their gradient a fifth of the time."""
    model = transformers.AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    model.get_input_embeddings().requires_grad_(False)
    return model


def reward(completions: list[str], answer: list[str], **_: Any) -> list[float]:
    """1 for a right text, 0 for any other."""
    return [float(right({"answer": gold}, text)) for text, gold in zip(completions, answer, strict=True)]


def grpo() -> None:
    """Reinforcement learning on problems that the base solves now and then, without a penalty for leaving the base.

    A problem solved always or never gives all samples of a group the same reward, and so no gradient.
    """
    problems = training_problems().query("0 < n_correct < n_samples - 1")
    config = GRPOConfig(
        output_dir=str(FOLDER / "models" / "grpo"),
        per_device_train_batch_size=SAMPLES * PROBLEMS // 2,
        gradient_accumulation_steps=2,  # one step all the same, in half the memory
        num_generations=SAMPLES,
        max_completion_length=TOKENS,
        temperature=1.0,
        beta=0.0,
        max_steps=STEPS,
        save_steps=SAVE_EVERY,
        **COMMON,
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(BASE)
    data = Dataset.from_list(problems[["prompt", "answer"]].to_dict("records"))
    trainer = GRPOTrainer(base(), reward, args=config, train_dataset=data, processing_class=tokenizer)
    trainer.train(resume_from_checkpoint=any(Path(config.output_dir).glob("checkpoint-*/trainer_state.json")) or None)
    history = pd.DataFrame(trainer.state.log_history).dropna(subset="reward")
    history[["step", "reward", "frac_reward_zero_std"]].to_csv(FOLDER / "training.csv", index=False)


def right_samples(problems: pd.DataFrame) -> list[dict[str, str]]:
    """What the base itself got right when it practised, at most EXAMPLES_A_PROBLEM of each."""
    prompts = problems.set_index("problem_id")["prompt"]
    kept: dict[str, int] = {}
    rows = []
    with (FOLDER / "practice.jsonl").open(encoding="utf-8") as file:
        for sample in map(json.loads, file):
            name = sample["problem_id"]
            if sample["outcome"] == "correct" and kept.get(name, 0) < EXAMPLES_A_PROBLEM:
                kept[name] = kept.get(name, 0) + 1
                rows.append({"prompt": prompts[name], "completion": sample["answer"]})
    return rows


def fine_tune(kind: str) -> None:
    """Supervised fine-tuning, once over the examples: the base's own right samples, or as many by the teacher.

    The teacher answers all problems alike often, those too which the base never solved.
    """
    problems = training_problems()
    rows = right_samples(problems)
    if kind == "distilled":
        every = problems[["prompt", "answer"]].rename(columns={"answer": "completion"}).to_dict("records")
        rows = [every[number % len(every)] for number in range(len(rows))]
    random.Random(SEED).shuffle(rows)
    out = str(FOLDER / "models" / kind)
    config = SFTConfig(output_dir=out, per_device_train_batch_size=32, num_train_epochs=1, save_strategy="no", **COMMON)
    tokenizer = transformers.AutoTokenizer.from_pretrained(BASE)
    trainer = SFTTrainer(base(), args=config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
    trainer.train()
    trainer.save_model(out)


if __name__ == "__main__":
    way = sys.argv[1] if len(sys.argv) == 2 else ""
    if way not in ("grpo", "rejection", "distilled"):
        raise SystemExit(__doc__)
    grpo() if way == "grpo" else fine_tune(way)
