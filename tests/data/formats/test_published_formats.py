"""Every published example imports with the counts it must have, or is refused with the right reason."""

from pathlib import Path

import pandas as pd
import pytest

from boundary.data.audits import audit_table
from boundary.data.importing import import_files, recognised
from boundary.errors import InputError

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "published" / "formats"
needs_examples = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published examples are not here")

# Problems, samples, correct ones; None where the file must be refused, with the reason.
EXPECTED = {
    "evalperf/Qwen2.5-Coder-7B_temp0.2_gpu_results.first12tasks.json": ("evalperf", 12, 480, 440),
    "evalplus/SYNTHETIC_samples.eval_results.json": ("evalplus", 1, 4, 1),
    "evalplus/samples.Qwen2.5-Coder-7B_temp0.2.raw.first120.jsonl": ("evalplus", "its solutions are not judged yet"),
    "human-eval/example_samples.jsonl": ("human-eval", "its completions are not judged yet"),
    "inspect_ai/2024-11-05T13-31-45-05-00_input-task_8zXjbRzCWrL9GXiXo2vus9.json": ("inspect-ai", 1, 1, 1),
    "inspect_ai/2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval": (
        "inspect-ai",
        "all of its 10 samples have no score",
    ),
    "inspect_ai/hibayes_minimal_test.eval": ("inspect-ai", 2, 2, 0),
    "inspect_ai/log_read_sample.eval": ("inspect-ai", 1, 1, 1),
    "inspect_ai/log_read_sample.json": ("inspect-ai", 1, 1, 1),
    "matharena/SYNTHETIC_aime_2025_modelX_1.json": ("matharena", 1, 4, 3),
    "metr/runs.head200.jsonl": ("metr", 6, 200, 1),
    "opencompass/SYNTHETIC_results_math.json": ("opencompass", 2, 2, 1),
    "scorio/aime25_q06_compass.json": ("scorio", 1, 80, 32),
    "tau-bench/gpt-4o-airline.excerpt.json": ("tau-bench", 50, 200, 84),
}
NAMELESS = ("evalplus", "matharena", "opencompass", "tau-bench", "human-eval")


@needs_examples
@pytest.mark.parametrize("name", EXPECTED)
def test_published_example(name):
    path = FOLDER / name
    format_name, *expected = EXPECTED[name]
    assert recognised(path) == format_name
    model = "small" if format_name in NAMELESS else None
    if isinstance(expected[0], str):
        with pytest.raises(InputError, match=expected[0]):
            import_files(path, model=model)
        return
    table = import_files(path, model=model).counts.table
    assert [len(table), int(table["n_samples"].sum()), int(table["n_correct"].sum())] == expected


@needs_examples
def test_evalperf_agrees_with_the_counts_beside_it():
    counts = pd.read_csv(FOLDER / "evalperf" / "counts.csv").set_index("problem_id")
    path = FOLDER / "evalperf" / "Qwen2.5-Coder-7B_temp0.2_gpu_results.first12tasks.json"
    found = import_files(path).counts.table.set_index("problem_id")
    columns = ["n_samples", "n_correct", "temperature"]
    assert found[columns].to_numpy().tolist() == counts.loc[found.index, columns].to_numpy().tolist()


@needs_examples
def test_tau_bench_agrees_with_the_counts_of_the_whole_set():
    folder = FOLDER.parent / "tau-bench-airline-gpt4o"
    counts = pd.read_csv(folder / "counts.csv", dtype={"problem_id": str}).set_index("problem_id")
    found = import_files(FOLDER / "tau-bench" / "gpt-4o-airline.excerpt.json", model="m").counts.table
    assert len(found) == len(counts) == 50
    columns = ["n_samples", "n_correct"]
    expected = counts.loc[found["problem_id"], columns]
    assert found[columns].to_numpy().tolist() == expected.to_numpy().tolist()


@needs_examples
def test_evalplus_measures_the_example():
    path = FOLDER / "evalplus" / "SYNTHETIC_samples.eval_results.json"
    imported = import_files(path, model="small", tests="base")
    assert imported.counts.table["n_correct"].tolist() == [2]
    assert audit_table(imported.audits)[["benchmark", "errors", "checked"]].to_numpy().tolist() == [["HumanEval", 1, 2]]
