"""Make the counts those of the shipped set: `python steps.py counts.csv`.

Adds the column checkpoint_step, puts the models in order of training, and leaves out n_truncated: the token limit comes
after the answer here, so a sample that it cut is wrong and not undecided.
"""

import sys

import pandas as pd

if __name__ == "__main__":
    counts = pd.read_csv(sys.argv[1], dtype={"problem_id": str})
    counts["checkpoint_step"] = counts["model"].str.extract(r"^GRPO-(\d+)$")[0].fillna("0").astype(int)
    counts = counts.sort_values("checkpoint_step", kind="stable")
    counts = counts.drop(columns=[name for name in counts if name in ("n_truncated", "n_no_answer", "n_empty")])
    counts.to_csv(sys.argv[1], index=False, lineterminator="\n")
