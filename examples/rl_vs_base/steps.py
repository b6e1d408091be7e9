"""Add the column checkpoint_step to a counts table whose models are named NAME-STEP: `python steps.py counts.csv`."""

import sys

import pandas as pd

if __name__ == "__main__":
    counts = pd.read_csv(sys.argv[1], dtype={"problem_id": str})
    counts["checkpoint_step"] = counts["model"].str.extract(r"^GRPO-(\d+)$")[0].fillna(0).astype(int)
    counts.to_csv(sys.argv[1], index=False, lineterminator="\n")
