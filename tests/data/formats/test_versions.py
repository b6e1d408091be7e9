"""Files of older and newer versions of formats that are read."""

import json

import pandas as pd
import pytest

from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError


def counts_of(imported):
    table = imported.counts.table
    return dict(zip(table["problem_id"], zip(table["n_samples"], table["n_correct"], strict=True), strict=True))


def old_detail(i, texts, metrics, **more):
    return {
        "choices": ["1"],
        "cont_tokens": [[1, 2]] * len(texts),
        "example": f"what's {i}?",
        "full_prompt": f'"What\'s" {i}?',
        "gold": ["1"],
        "gold_index": [0],
        "input_tokens": [[1]],
        "instruction": "",
        "metrics": metrics,
        "num_asked_few_shots": 0,
        "num_effective_few_shots": 0,
        "padded": [0],
        "pred_logits": [],
        "predictions": texts,
        "truncated": [0],
    } | more


def lighteval_file(folder, rows):
    path = folder / "details" / "org" / "m" / "2025-02-01T10-00-00.000000"
    path.mkdir(parents=True)
    path /= "details_lighteval|aime24|0_2025-02-01T10-00-00.000000.parquet"
    pd.DataFrame(rows).to_parquet(path)
    return path


@pytest.mark.parametrize("as_text", [False, True])
def test_lighteval_before_10(tmp_path, as_text):
    """Versions up to 0.6 write each column as Python's text."""
    rows = [old_detail(i, [f'it\'s {i}\n"x"'], {"extractive_match": float(i > 0)}) for i in range(3)]
    rows = [{name: str(value) for name, value in row.items()} for row in rows] if as_text else rows
    path = lighteval_file(tmp_path, rows)
    beside = tmp_path / "results" / "org" / "m" / "results_2025-02-01T10-00-00.000000.json"
    beside.parent.mkdir(parents=True)
    general = {"model_name": "org/m", "model_sha": "abc", "generation_parameters": {"temperature": 0.6, "seed": 1}}
    beside.write_text(json.dumps({"config_general": general, "config_tasks": {"lighteval|aime24": {"version": 1}}}))
    assert recognised_format(path) == "lighteval"
    imported = import_files(path)
    assert counts_of(imported) == {"0": (1, 0), "1": (1, 1), "2": (1, 1)}
    assert imported.counts.models == ("org/m",)
    assert imported.settings == {"temperature": 0.6}


NAMES = ["math_pass@1:4_samples", "gpqa_pass@1:4_samples", "pass@1:4_samples", "codegen_pass@1:4", "pass@k:k=1&n=4"]
NAMES += ["math_pass@k:k=1", "avg@n:n=4", "avg@k:4", "gpqa_pass@k:k=1&n=4"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "avg@k:4"])
@pytest.mark.parametrize("as_text", [False, True])
def test_names_of_lighteval_metrics(tmp_path, name, as_text):
    rows = [old_detail(i, [f"{i} {j}" for j in range(4)], {name: i / 4}) for i in range(5)]
    rows = [{name: str(value) for name, value in row.items()} for row in rows] if as_text else rows
    assert list(counts_of(import_files(lighteval_file(tmp_path, rows))).values()) == [(4, c) for c in range(5)]


def test_lighteval_texts_that_are_no_literals(tmp_path):
    rows = [{name: str(value) for name, value in old_detail(0, ["a"], {"em": 1.0}).items()} | {"metrics": "{'em': 1"}]
    with pytest.raises(InputError, match="column metrics is neither JSON nor a literal of Python"):
        import_files(lighteval_file(tmp_path, rows))


def logged(i, **more):
    sample = {"doc_id": i, "doc": {"q": i}, "target": "1", "arguments": [["Q", {"temperature": 0.6}]]}
    return sample | {"resps": [[f"a {i}"]], "filtered_resps": ["1"]} | more


def test_lm_eval_lists_of_0_4_0(tmp_path):
    path = tmp_path / "pretrained__org__m_gsm8k.jsonl"
    path.write_text(json.dumps([logged(i, exact_match=float(i % 2)) for i in range(4)], indent=2))
    assert recognised_format(path) == "lm-eval"
    imported = import_files(path, model="m")
    assert counts_of(imported) == {str(i): (1, i % 2) for i in range(4)}
    assert any("'exact_match' is taken for the verdict" in note for note in imported.notes)
    path.write_text(json.dumps([logged(0, exact_match=1.0), logged(0, exact_match=0.0)]))
    with pytest.raises(InputError, match="document 0 stands there twice, as where a task has several filters"):
        import_files(path, model="m")
    path.write_text(json.dumps([logged(0, exact_match=1.0, f1=0.2)]))
    with pytest.raises(InputError, match=r"several metrics \(exact_match, f1\)"):
        import_files(path, model="m")


def test_lm_eval_scores_per_repeat(tmp_path):
    rows = [
        logged(i, filter="none", metrics=["exact_match"], exact_match=i / 3)
        | {"resps": [["a", "b", "c"]], "scores_per_repeat": {"exact_match": [1.0] * i + [0.0] * (3 - i)}}
        for i in range(4)
    ]
    path = tmp_path / "samples_gsm8k_2026-06-01T10-00-00.000000.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert counts_of(import_files(path, model="m")) == {str(i): (3, i) for i in range(4)}


def verl_row(question, uid, text, score):
    return {"input": question, "output": text, "gts": "1", "score": score, "step": 20, "reward": score, "uid": uid}


def test_verl_keys_of_outputs(tmp_path):
    """verl 0.9 dumps {uid}_{session}_{output} as uid; every output of a session has the session's score."""
    rows = []
    for problem, question in (("5f0-a", "q1"), ("5f0-b", "q2")):
        for session in range(4):
            score = float(session == 0 and problem.endswith("a"))
            for turn in range(1 + session % 2):
                text = question if turn == 0 else f"{question} tool {session}"
                rows.append(verl_row(text, f"{problem}_{session}_{turn}", f"{problem}{session}{turn}", score))
    path = tmp_path / "20.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    imported = import_files(path)
    assert sorted(counts_of(imported).values()) == [(4, 0), (4, 1)]
    assert imported.counts.models == ("step 20",)
    assert imported.counts.table["checkpoint_step"].tolist() == [20, 20]


def test_verl_uids_that_only_look_like_keys(tmp_path):
    rows = [verl_row(f"q{i}", f"math_{i}_{j}", f"{i} {j}", float(j)) for i in range(3) for j in (0, 1)]
    rows = [row | {"uid": f"math_{row['input'][1:]}_0"} for row in rows]
    path = tmp_path / "20.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert list(counts_of(import_files(path)).values()) == [(2, 1)] * 3
    single = [verl_row(f"q{i}", f"math_{i}_0", f"{i}", float(i)) for i in (0, 1)]
    path.write_text("".join(json.dumps(row) + "\n" for row in single))
    assert list(counts_of(import_files(path)).values()) == [(1, 0), (1, 1)]
    table = [row | {"step": step} for step in (0, 20) for row in single]
    for step in (0, 20):
        lines = [json.dumps(row) for row in table if row["step"] == step]
        (tmp_path / f"{step}.jsonl").write_text("\n".join(lines) + "\n")
    table_of_run = import_files([tmp_path / "0.jsonl", tmp_path / "20.jsonl"], model="run").counts.table
    assert table_of_run["model"].unique().tolist() == ["run step 0", "run step 20"]
    assert set(table_of_run["training_run"]) == {"run"}
