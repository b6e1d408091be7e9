"""Comparison of the settings of arms: what differs, what is not recorded, and which prompts are refused."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from boundary.analysis.checks.arm_settings import compare_arms
from boundary.analysis.report.sections.methods import methods_paragraph
from boundary.data.catalog import load_counts
from boundary.data.counts import Counts
from boundary.data.importing.import_files import import_files
from boundary.errors import InputError


def counts(base=None, rl=None, benchmarks=("a",)):
    """Counts of two models, with settings in columns."""
    rows = [
        {"model": model, "benchmark": benchmark, "problem_id": str(p), "n_samples": 8, "n_correct": p}
        | dict(settings or {})
        for model, settings in (("org/base", base), ("org/rl", rl))
        for benchmark in benchmarks
        for p in range(5)
    ]
    return Counts.from_frame(pd.DataFrame(rows))


def remarks(table, **options):
    comparison = compare_arms(table, ["org/base", "org/rl"], list(table.benchmarks), **options)
    return [(remark.severity, remark.text) for remark in comparison.remarks]


@pytest.mark.parametrize(("value", "text"), [(0.6, "0.60"), ("1", 1.0), (16384, "16384.0"), ([1, 2], "[1, 2]")])
def test_a_number_and_its_text_are_the_same(value, text):
    assert remarks(counts({"temperature": value}, {"temperature": text})) == []


def test_unknown_cells_are_not_compared_and_a_silent_model_is_named():
    assert remarks(counts({"temperature": 0.6}, {"temperature": None})) == [
        ("remark", "The counts do not say how rl was sampled, so this cannot be compared.")
    ]
    settings = {"temperature": 0.6, "top_p": 1}
    assert remarks(counts(settings, {"temperature": 0.6})) == [("note", "The top-p is not recorded for rl.")]
    assert remarks(counts()) == []


def test_several_values_within_a_model_are_said():
    table = counts({"temperature": 0.6}, {"temperature": 0.6}).table
    table.loc[0, "temperature"] = 1.0
    notes = remarks(Counts.from_frame(table))
    assert ("alarm", "The temperature is not the same for all problems of base: 0.6, 1.") in notes


def test_problems_without_samples_are_said():
    assert remarks(counts({"problem_set_size": 7}, {"problem_set_size": 7})) == [
        ("remark", "Not every problem of the set has samples. base and rl: 5 of the 7 problems.")
    ]


def test_imported_prompts_are_compared():
    with pytest.raises(InputError, match="worked examples 0 \\(base\\) and 5 \\(rl\\)"):
        remarks(counts({"few_shots": 0}, {"few_shots": 5}))
    assert remarks(counts({"few_shots": 0}, {"few_shots": 5}), allow_different_prompts=True)[0][0] == "alarm"


def test_models_that_are_left_out_are_not_compared():
    table = counts({"template": "x", "problem_set_hash": "x"}, {"template": "y", "problem_set_hash": "y"})
    assert compare_arms(table, ["org/base"], ["a"]).remarks == ()


@pytest.mark.parametrize(
    ("base", "rl", "sentence"),
    [
        ({}, {}, "The counts do not say how they were sampled."),
        (
            {"temperature": 0.6, "max_tokens": 16384, "verifier": "math-2.0.9"},
            {"temperature": 0.6, "max_tokens": 16384, "verifier": "math-2.0.9"},
            "Samples were drawn at temperature 0.6, up to 16,384 new tokens. Answers were judged by math 2.0.9. "
            "The counts do not say: top-p, template, engine.",
        ),
        (
            {"temperature": 0.6},
            {"temperature": 1.0},
            "Samples were drawn at temperature 0.6 (base) and 1 (rl). The counts do not say: top-p,",
        ),
    ],
)
def test_the_methods_paragraph_says_how_samples_were_drawn(pair, base, rl, sentence):
    arms = compare_arms(counts(base, rl), ["org/base", "org/rl"], ["a"])
    assert methods_paragraph(replace(pair, arms=arms)).startswith(sentence)


def test_what_is_said_of_every_benchmark_is_said_once_of_all():
    table = counts({"temperature": 0.6}, {"temperature": 1.0}, benchmarks=("a", "b"))
    comparison = compare_arms(table, ["org/base", "org/rl"], ["a", "b", "all"])
    (remark,) = comparison.of("all")
    assert remark.text.startswith("a, b: The models were not sampled alike: temperature 0.6 (base) and 1 (rl).")


def test_imported_files_of_other_temperatures_are_remarked(tmp_path):
    """Counts and tables of samples keep what the files tell, so that models imported apart can be compared."""
    folders = []
    for model, temperature in (("base", 0.6), ("rl", 1.0)):
        folder = tmp_path / f"{model}_aime_temp{temperature}_n2_seed0"
        folder.mkdir()
        row = {"question": "q", "gt_cot": "", "gt": "1", "code": [model, "other"], "score": [True, False]}
        (folder / "a.jsonl").write_text("".join(json.dumps(row | {"idx": number}) + "\n" for number in range(3)))
        imported = import_files(folder / "a.jsonl")
        imported.counts.to_csv(folder / "counts.csv")
        imported.samples.to_parquet(folder / "samples.parquet")
        folders.append(folder)
    for name in ("counts.csv", "samples.parquet"):
        table = load_counts([folder / name for folder in folders])
        comparison = compare_arms(table, ["base", "rl"], ["aime"])
        assert [remark.severity for remark in comparison.remarks] == ["alarm"]
        assert "temperature 0.6 (base) and 1 (rl)" in comparison.remarks[0].text


def test_samples_of_several_settings_are_not_counted_together():
    frame = pd.DataFrame({"model": "m", "problem_id": "1", "outcome": ["correct", "wrong"], "temperature": [0.6, 1.0]})
    with pytest.raises(InputError, match="have several values of temperature"):
        load_counts(frame)


LM_EVAL_DATE = "2025-01-01T00-00-00.000000"


def lm_eval_logs(folder, name, arguments):
    """Samples of lm-evaluation-harness with their file of results."""
    logs = folder / f"org__{name}"
    logs.mkdir(parents=True)
    rows = [
        {"doc_id": i, "doc": {}, "arguments": {"gen_args_0": {"arg_0": f"q{i}", "arg_1": {"temperature": 0.6}}}}
        | {"resps": [[f"{name} {i}"]], "filtered_resps": ["1"], "filter": "none", "metrics": ["acc"], "acc": i % 2}
        for i in range(4)
    ]
    (logs / f"samples_gsm8k_{LM_EVAL_DATE}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (logs / f"results_{LM_EVAL_DATE}.json").write_text(json.dumps({"config": {"model_args": arguments}}))


def test_the_path_of_the_model_among_its_arguments_is_no_difference(tmp_path):
    lm_eval_logs(tmp_path, "base", "pretrained=org/base,revision=main,dtype=bfloat16")
    lm_eval_logs(tmp_path, "rl", "pretrained=org/rl,peft=org/adapter,revision=step_9,dtype=float16")
    imported = import_files(tmp_path)
    assert not any("left out" in note for note in imported.notes)
    (alarm,) = [text for severity, text in remarks(imported.counts) if severity == "alarm"]
    assert alarm.startswith("The models were not sampled alike: model args dtype bfloat16 (base) and float16 (rl). ")
