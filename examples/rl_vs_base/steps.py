"""Make the counts those of the shipped set: `python steps.py counts.csv`.

Adds the column checkpoint_step (empty for the fine-tuned models, which are no checkpoints of the run), puts the models
in the order of the training, and leaves out n_truncated: the token limit comes after the answer here, so a sample that
it cut is wrong and not undecided.
"""

import sys

import pandas as pd

BASE = "SmolLM2-135M-Instruct"
MODELS = (BASE, "GRPO-20", "GRPO-80", "Distilled", "Rejection")

if __name__ == "__main__":
    counts = pd.read_csv(sys.argv[1], dtype={"problem_id": str})
    counts["checkpoint_step"] = counts["model"].str.extract(r"^GRPO-(\d+)$")[0].astype("Int64")
    counts.loc[counts["model"] == BASE, "checkpoint_step"] = 0
    counts = counts.sort_values("checkpoint_step", kind="stable")
    counts = counts.drop(columns=[name for name in counts if name in ("n_truncated", "n_no_answer", "n_empty")])
    counts.to_csv(sys.argv[1], index=False, lineterminator="\n")
