"""Every published example imports with the counts it must have, or is refused with the right reason."""

import os
from math import comb
from pathlib import Path

import pandas as pd
import pytest

from boundary.data.audits import audit_table
from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError

FOLDER = Path(os.environ.get("BOUNDARY_PUBLISHED", "")) / "formats"
needs_examples = pytest.mark.skipif(
    "BOUNDARY_PUBLISHED" not in os.environ, reason="BOUNDARY_PUBLISHED does not name the folder of published sets"
)

# The format, then problems, samples and correct ones, or why the file must be refused.
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
    "large_language_monkeys/SYNTHETIC_1234.yaml": ("large-language-monkeys", 1, 2, 1),
    "lighteval/SYNTHETIC_details_aime24.parquet": ("lighteval", 2, 8, 4),
    "limit-of-rlvr/math_cot_100.first60.jsonl": ("math-eval", 60, 480, 444),
    "livecodebench/O1-Mini_N1_Scenario.codegeneration_1_0.2_eval_all.first60.json": ("livecodebench", 60, 60, 49),
    "lm-eval-harness/SYNTHETIC_samples_gsm8k_2026-01-01T00-00-00.000000.jsonl": (
        "lm-eval",
        "4 samples a document, but one verdict on all of them",
    ),
    "matharena/SYNTHETIC_aime_2025_modelX_1.json": ("matharena", 1, 4, 3),
    "metr/runs.head200.jsonl": ("metr", 6, 200, 1),
    "opencompass/SYNTHETIC_results_math.json": ("opencompass", 2, 2, 1),
    "scorio/aime25_q06_compass.json": ("scorio", 1, 80, 32),
    "tau-bench/gpt-4o-airline.excerpt.json": ("tau-bench", 50, 200, 84),
    "verl/SYNTHETIC_validation_dump_step0.jsonl": ("verl", 1, 4, 2),
}
# Made from the examples by others, of no format that a tool writes: counts, and outcomes beside rewards.
TABLES = {
    "evalperf/counts.csv": "holds counts already",
    "limit-of-rlvr/counts.csv": "holds counts already",
    "limit-of-rlvr/outcomes_with_rm_score.csv": "does not say which model. Give it with --model NAME",
}
WITH_MODEL = ("evalperf", "inspect-ai", "metr", "scorio", "verl")


@needs_examples
def test_no_example_is_forgotten():
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert files == {*EXPECTED, *TABLES, "README.md"}


@needs_examples
@pytest.mark.parametrize("name", TABLES)
def test_tables_made_of_examples_are_refused(name):
    with pytest.raises(InputError, match=TABLES[name]):
        import_files(FOLDER / name)


@needs_examples
@pytest.mark.parametrize("name", EXPECTED)
def test_published_example(name):
    path = FOLDER / name
    format_name, *expected = EXPECTED[name]
    assert recognised_format(path) == format_name
    model = None if format_name in WITH_MODEL else "small"
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
    table = import_files(path).counts.table.set_index("problem_id")
    columns = ["n_samples", "n_correct", "temperature"]
    assert table[columns].to_numpy().tolist() == counts.loc[table.index, columns].to_numpy().tolist()


@needs_examples
def test_math_eval_agrees_with_the_counts_beside_it():
    counts = pd.read_csv(FOLDER / "limit-of-rlvr" / "counts.csv", dtype={"problem_id": str}).set_index("problem_id")
    table = import_files(FOLDER / "limit-of-rlvr" / "math_cot_100.first60.jsonl", model="small").counts.table
    columns = ["n_samples", "n_correct"]
    assert table[columns].to_numpy().tolist() == counts.loc[table["problem_id"], columns].to_numpy().tolist()


@needs_examples
def test_tau_bench_agrees_with_the_counts_of_the_whole_set():
    folder = FOLDER.parent / "tau-bench-airline-gpt4o"
    counts = pd.read_csv(folder / "counts.csv", dtype={"problem_id": str}).set_index("problem_id")
    table = import_files(FOLDER / "tau-bench" / "gpt-4o-airline.excerpt.json", model="m").counts.table
    assert len(table) == len(counts) == 50
    columns = ["n_samples", "n_correct"]
    expected = counts.loc[table["problem_id"], columns]
    assert table[columns].to_numpy().tolist() == expected.to_numpy().tolist()
    # The figures in its README: pass@1 and pass@4, then pass^k for k from 1 to 4.
    correct = table["n_correct"]
    assert [round(correct.mean() / 4, 3), (correct > 0).mean()] == [0.42, 0.72]
    all_of_k = [correct.map(lambda c, k=k: comb(c, k)).mean() / comb(4, k) for k in (1, 2, 3, 4)]
    assert [round(value, 3) for value in all_of_k] == [0.42, 0.273, 0.22, 0.2]


@needs_examples
def test_evalplus_measures_the_example():
    path = FOLDER / "evalplus" / "SYNTHETIC_samples.eval_results.json"
    imported = import_files(path, model="small", tests="base")
    assert imported.counts.table["n_correct"].tolist() == [2]
    assert audit_table(imported.audits)[["benchmark", "errors", "checked"]].to_numpy().tolist() == [["HumanEval", 1, 2]]
