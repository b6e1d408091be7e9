"""Make the tables of the shipped set's samples and scores: `python tables.py run FOLDER`.

Writes FOLDER/samples.parquet, a row a sample, and FOLDER/scores.parquet, a row a sample and scoring model, and a row a
reference answer. `answer` is the number that the verdict reads; where a text does not begin with one there is none.
A sample that the token limit cut is wrong, as in steps.py. Log-probabilities are rounded to 1e-4 nats.
"""

import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from steps import MODELS
from verdict import NUMBER

from boundary.data.runs.samples import judged_samples
from boundary.data.runs.scores import REFERENCE_SCORED, scores_table

ROW = ["model", "benchmark", "problem_id", "sample_index"]
SAMPLES = [*ROW, "outcome", "n_tokens", "finish_reason", "answer", "reference", "text"]
SCORES = [*ROW[:2], "scorer", *ROW[2:], "outcome", "n_tokens", "sum_logp", "n_bytes", "truncated", "empty"]
REFERENCE = "reference"  # in the column outcome
DIGITS = 4


def samples_of(run: Path) -> pd.DataFrame:
    """The samples with their texts, in the order of the counts."""
    table = pd.DataFrame(judged_samples([run]))
    table["answer"] = [number(text) for text in table["text"]]
    return right_or_wrong(in_order(table))[SAMPLES]


def number(text: str) -> str | None:
    """The number that a text begins with, as the verdict reads it."""
    match = NUMBER.match(text)
    return None if match is None else str(int(match[1]))


def scores_of(run: Path) -> pd.DataFrame:
    """The scores of all samples, those under the base first, then those of the reference answers."""
    references = scores_table(run, kind=REFERENCE_SCORED).assign(outcome=REFERENCE)
    table = pd.concat([right_or_wrong(in_order(scores_table(run))), in_order(references)])
    table["sum_logp"] = table["sum_logp"].round(DIGITS).astype("float32")
    return table[SCORES]


def right_or_wrong(table: pd.DataFrame) -> pd.DataFrame:
    """With two outcomes alone: what the token limit cut is wrong, since no answer needs more."""
    return table.assign(outcome=table["outcome"].where(table["outcome"] == "correct", "wrong"))


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """By scoring model, model, benchmark, problem and sample, models in the order of the training."""
    keys = ["scorer", *ROW] if "scorer" in table else ROW
    ranks = {name: rank for rank, name in enumerate(MODELS)}
    return table.sort_values(
        keys, key=lambda column: column.map(ranks) if column.name in ("model", "scorer") else column
    )


def write(table: pd.DataFrame, path: Path) -> None:
    """A small file: equal values once, whole numbers in two bytes."""
    whole = {name: "int16" for name in ("sample_index", "n_tokens", "n_bytes") if name in table}
    arrow = pa.Table.from_pandas(table.astype(whole), preserve_index=False)
    pq.write_table(arrow, path, compression="zstd", compression_level=19, row_group_size=len(table))


if __name__ == "__main__":
    run, folder = map(Path, sys.argv[1:])
    write(samples_of(run), folder / "samples.parquet")
    write(scores_of(run), folder / "scores.parquet")
