"""Formats of evaluation harnesses and trainers: lm-eval, lighteval, verl."""

import json

import numpy as np
import pandas as pd
import pytest

from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def totals(imported):
    table = imported.counts.table
    return dict(zip(table["problem_id"], zip(table["n_samples"], table["n_correct"], strict=True), strict=True))


def logged(doc=0, value=1.0, text="a", filter="strict-match", **more):
    row = {
        "doc_id": doc,
        "target": "1",
        "arguments": {"gen_args_0": {"arg_0": "p", "arg_1": {"do_sample": True, "temperature": 0.6}}},
        "resps": [[text]],
        "filtered_resps": ["1"],
        "filter": filter,
        "metrics": ["exact_match"],
        "doc_hash": f"hash {doc}",
        "exact_match": value,
    }
    return row | more


NAME = "org__small/samples_gsm8k_2026-01-0{}T00-00-00.000000.jsonl"


def test_lm_eval_runs_of_one_sample_are_pooled(tmp_path):
    for day, values in ((1, (1.0, 0.0)), (2, (0.0, 0.0))):
        lines(tmp_path / NAME.format(day), [logged(i, value, f"{day}{i}") for i, value in enumerate(values)])
    imported = import_files(tmp_path)
    assert imported.format == "lm-eval"
    assert totals(imported) == {"0": (2, 1), "1": (2, 0)}
    assert imported.counts.models == ("org/small",)
    assert imported.counts.benchmarks == ("gsm8k",)
    assert imported.settings == {"filter": "strict-match", "temperature": 0.6}
    assert imported.samples["run"].nunique() == 2


def test_lm_eval_rows_of_two_filters_are_not_two_samples(tmp_path):
    path = lines(
        tmp_path / NAME.format(1), [logged(filter=name, value=v) for name, v in (("strict", 0.0), ("loose", 1))]
    )
    with pytest.raises(InputError, match=r"line 2: a row for each of the filters loose and strict.*filter=NAME"):
        import_files(path)
    assert totals(import_files(path, filter="loose")) == {"0": (1, 1)}
    assert totals(import_files(path, filter="strict")) == {"0": (1, 0)}
    with pytest.raises(InputError, match=r"no filter 'other' in it\. It has loose, strict"):
        import_files(path, filter="other")


def test_lm_eval_one_verdict_on_many_samples_is_refused(tmp_path):
    path = lines(tmp_path / NAME.format(1), [logged(resps=[["a", "b", "c"]])])
    with pytest.raises(InputError, match="3 samples a document, but one verdict on all of them"):
        import_files(path)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"metrics": ["exact_match", "f1"], "f1": 0.3}, "several metrics"),
        ({"metrics": ["acc"]}, "no metric 'acc'"),
        ({"exact_match": 0.5}, "'0.5' is not a verdict"),
        ({"resps": [[["-1.5", "False"]], [["-2.0", "True"]]]}, "by likelihood"),
        ({"resps": "a"}, "expected 'array'"),
    ],
)
def test_lm_eval_that_cannot_be_counted(tmp_path, more, why):
    with pytest.raises(InputError, match=why):
        import_files(lines(tmp_path / NAME.format(1), [logged(**more)]))


def test_lm_eval_greedy_decoding_is_told(tmp_path):
    greedy = {"gen_args_0": {"arg_0": "p", "arg_1": {"do_sample": False, "temperature": 0}}}
    path = lines(tmp_path / NAME.format(1), [logged(arguments=greedy)])
    assert any("decoded greedily" in note for note in import_files(path).notes)


def detail(metric, texts, name="0"):
    return {"doc": {"id": name, "query": f"q{name}"}, "metric": metric, "model_response": {"text": texts}}


def details(path, rows, as_text=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    if as_text:
        rows = [{name: json.dumps(value) for name, value in row.items()} for row in rows]
    pd.DataFrame(rows).to_parquet(path)
    return path


@pytest.mark.parametrize("as_text", [True, False])
def test_lighteval_pass_at_1_gives_back_the_counts(tmp_path, as_text):
    folder = tmp_path / "details" / "org" / "small" / "2026-01-01T00-00-00"
    rows = [detail({"pass@k:k=1&n=4": 0.75}, list("abcd"), str(i)) for i in range(2)]
    path = details(folder / "details_lighteval|aime24|0_2026-01-01T00-00-00.parquet", rows, as_text)
    assert recognised_format(path) == "lighteval"
    imported = import_files(path)
    assert totals(imported) == {"0": (4, 3), "1": (4, 3)}
    assert imported.counts.models == ("org/small",)
    assert imported.counts.benchmarks == ("lighteval/aime24/0",)
    assert any("no verdicts on single samples" in note for note in imported.notes)


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize(
    ("tokens", "mean"),
    [
        ([[1, 2], [1, 2, 3], [1], [1, 2]], 2.0),
        ([[[1, 2], [1, 2, 3], [1], [1, 2]]], 2.0),
        ([[1, 2], [1, 2, 3], [1, 2, 3, 4], []], None),
        ([[1, 2]], None),
    ],
)
def test_lighteval_mean_tokens_of_repeats(tmp_path, tokens, mean, as_text):
    row = detail({"pass@k:k=1&n=4": 0.75}, list("abcd"))
    row["model_response"]["output_tokens"] = tokens
    path = details(
        tmp_path / "details_t_2026-01-01T00-00-00.parquet", [row, detail(row["metric"], list("efgh"), "1")], as_text
    )
    table = import_files(path, model="m").counts.table
    assert table["n_samples"].tolist() == [4, 4]
    if mean is None:
        assert "mean_tokens" not in table or table["mean_tokens"].isna().all()
    else:
        assert table["mean_tokens"][0] == mean
        assert np.isnan(table["mean_tokens"][1])


def test_lighteval_mean_tokens_of_the_samples_that_were_judged(tmp_path):
    row = detail({"pass@k:k=1&n=2": 0.5}, list("abcd"))
    row["model_response"]["output_tokens"] = [[1], [1, 2, 3], [1] * 50, [1] * 50]
    table = import_files(details(tmp_path / "a.parquet", [row], as_text=True), model="m").counts.table
    assert table[["n_samples", "n_correct", "mean_tokens"]].to_numpy().tolist() == [[2, 1, 2]]


def test_lighteval_single_samples_are_verdicts(tmp_path):
    path = details(tmp_path / "a.parquet", [detail({"extractive_match": v}, ["a"], str(v)) for v in (0.0, 1.0)])
    assert import_files(path, model="m").samples["outcome"].tolist() == ["wrong", "correct"]


@pytest.mark.parametrize(
    ("metric", "why"),
    [
        ({"pass@k:k=4&n=4": 1.0}, "none is the pass@1 of 4 samples"),
        ({"maj@4": 1.0}, "none is the pass@1 of 4 samples"),
        ({"pass@k:k=1&n=8": 0.5}, "none is the pass@1 of 4 samples"),
        ({"pass@k:k=1&n=4": 0.6}, "no share of 4 samples"),
        ({"pass@k:k=1&n=4": 1.5}, "no share of 4 samples"),
        ({"avg@n:n=4": 0.25, "pass@k:k=1&n=4": 0.5}, "several metrics"),
    ],
)
def test_lighteval_aggregates_that_are_no_counts(tmp_path, metric, why):
    path = details(tmp_path / "a.parquet", [detail(metric, list("abcd"))], as_text=True)
    with pytest.raises(InputError, match=why):
        import_files(path, model="m")


def rollout(question="q0", text="x", score=1.0, **more):
    return {"input": question, "output": text, "gts": "18", "score": score, "step": 0} | more


def test_verl_samples_are_grouped_by_input(tmp_path):
    rows = [rollout("a", "1"), rollout("b", "2", 0.0), rollout("a", "", 0.0), rollout("b", "4", 0.0)]
    path = lines(tmp_path / "0.jsonl", rows)
    assert recognised_format(path) == "verl"
    imported = import_files(path)
    assert list(totals(imported).values()) == [(2, 1), (2, 0)]
    assert imported.samples["outcome"].tolist() == ["correct", "wrong", "empty", "wrong"]


def test_verl_steps_are_models(tmp_path):
    for step in (0, 10):
        lines(tmp_path / f"{step}.jsonl", [rollout("a", f"{step} {i}", float(i < step), step=step) for i in range(4)])
    table = import_files(tmp_path).counts.table
    columns = ["model", "n_samples", "n_correct", "checkpoint_step"]
    assert table[columns].to_numpy().tolist() == [["step 0", 4, 0, 0], ["step 10", 4, 4, 10]]
    assert table["problem_id"].nunique() == 1
    assert import_files(tmp_path / "10.jsonl", model="mine").counts.models == ("mine",)


def test_verl_scores_need_a_threshold_where_they_are_no_verdicts(tmp_path):
    path = lines(tmp_path / "0.jsonl", [rollout(text=str(s), score=s) for s in (-1.0, 1.0, 0.1)])
    with pytest.raises(InputError, match="threshold=NUMBER"):
        import_files(path)
    assert list(totals(import_files(path, threshold="0.5")).values()) == [(3, 1)]
    with pytest.raises(InputError, match="give a number"):
        import_files(path, threshold="high")


def test_verl_score_and_acc_that_disagree_are_told(tmp_path):
    path = lines(tmp_path / "0.jsonl", [rollout(acc=False, text="a"), rollout(acc=True, text="b")])
    imported = import_files(path)
    assert any("score and acc disagree" in note for note in imported.notes)
    assert list(totals(imported).values()) == [(2, 2)]
    assert list(totals(import_files(path, verdicts="acc")).values()) == [(2, 1)]


def test_verl_one_prompt_of_two_problems_is_refused(tmp_path):
    path = lines(tmp_path / "0.jsonl", [rollout(), rollout(gts="19")])
    with pytest.raises(InputError, match="line 2: its input stood before with another reference"):
        import_files(path)


def test_lm_eval_verdicts_on_each_repeat(tmp_path):
    scores = {"exact_match": [1.0, 0.0, 0.0]}
    rows = [logged(i, 1 / 3, resps=[[f"{i}a", f"{i}b", f"{i}c"]], scores_per_repeat=scores) for i in range(2)]
    path = lines(tmp_path / NAME.format(1), rows)
    assert totals(import_files(path)) == {"0": (3, 1), "1": (3, 1)}
    assert import_files(path).samples["outcome"].tolist() == ["correct", "wrong", "wrong"] * 2
    rows[1]["scores_per_repeat"] = {"exact_match": [1.0, 0.0]}
    with pytest.raises(InputError, match="line 2: 3 samples a document, but 2 scores in scores_per_repeat"):
        import_files(lines(path, rows))
    rows[1]["scores_per_repeat"] = {"f1": [1.0, 0.0, 0.5]}
    with pytest.raises(InputError, match="one verdict on all of them"):
        import_files(lines(path, rows))


@pytest.mark.parametrize(
    ("metric", "n", "of"),
    [
        ("pass@k:k=1&n=4", 4, 4),
        ("pass@k:k=1", 4, 4),
        ("pass@1", 4, 4),
        ("pass@1:4", 4, 4),
        ("pass@1:4_samples", 4, 4),
        ("math_pass@1:4_samples", 4, 4),
        ("gpqa_pass@1:4_samples", 4, 4),
        ("gpqa_pass@k:k=1&n=4", 4, 4),
        ("codegen_pass@1:4", 4, 4),
        ("lcb_codegeneration_pass@1:4", 4, 4),
        ("avg@n:n=4", 4, 4),
        ("avg@4", 4, 4),
        ("math_avg@4", 4, 4),
        ("pass@1:4_samples", 8, 4),
        ("pass@k:k=2&n=4", 4, None),
        ("maj@4", 4, None),
        ("maj@n:n=4", 4, None),
        ("g-pass@k:k=1&n=4", 4, None),
        ("pass@4:4_samples", 4, None),
        ("pass@1:8_samples", 4, None),
    ],
)
@pytest.mark.parametrize("old", [False, True])
def test_lighteval_names_of_the_share_of_correct_samples(tmp_path, metric, n, of, old):
    texts = [str(i) for i in range(n)]
    rows = []
    for c in range(5):
        value = {metric: c / 4, "other": 0.3}
        new = {"doc": {"id": str(c), "query": f"q{c}"}, "metric": value, "model_response": {"text": texts}}
        rows.append({"example": f"q{c}", "full_prompt": "p", "predictions": texts, "metrics": value} if old else new)
    path = tmp_path / "details_aime24_2026-01-01T00-00-00.parquet"
    pd.DataFrame(rows).to_parquet(path)
    if of is None:
        with pytest.raises(InputError, match="none is the pass@1"):
            import_files(path, model="m")
        return
    imported = import_files(path, model="m")
    assert totals(imported) == {str(c): (of, c) for c in range(5)}
    assert any("judges the first 4 of 8 samples" in note for note in imported.notes) == (n == 8)


def test_lighteval_takes_the_share_of_most_samples(tmp_path):
    metrics = {"math_pass@1:1_samples": 1.0, "math_pass@1:4_samples": 0.5, "math_pass@1:8_samples": 0.25}
    row = {"doc": {"id": "0"}, "metric": metrics, "model_response": {"text": [str(i) for i in range(8)]}}
    path = tmp_path / "details_aime24_2026-01-01T00-00-00.parquet"
    pd.DataFrame([row]).to_parquet(path)
    assert totals(import_files(path, model="m")) == {"0": (8, 2)}
