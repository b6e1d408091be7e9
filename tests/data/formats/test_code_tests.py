"""Formats of programs judged by tests: EvalPlus, EvalPerf, human-eval."""

import json

import pytest

from boundary.data.audits import audit_table
from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError


def plus(base="pass", more="pass", solution="def f(): ..."):
    return {"task_id": "HumanEval/0", "solution": solution, "base_status": base, "plus_status": more}


def write_evalplus(path, problems):
    path.write_text(json.dumps({"date": "2026-01-01 00:00", "hash": "0", "eval": problems}))
    return path


MIXED = {
    "HumanEval/0": [plus(), plus(more="fail", solution="b"), plus("fail", "fail", "c"), plus("timeout", None, "d")],
    "HumanEval/1": [
        plus(more="timeout", solution="e"),
        plus("fail", "pass", "f"),
        plus(solution="g"),
        plus(solution="h"),
    ],
}


def test_evalplus_is_correct_where_both_kinds_of_tests_pass(tmp_path):
    path = write_evalplus(tmp_path / "org--small_vllm_temp_0.8.eval_results.json", MIXED)
    assert recognised_format(path) == "evalplus"
    imported = import_files(path)
    assert imported.counts.table["n_correct"].tolist() == [1, 2]
    assert imported.samples["outcome"].tolist() == [
        *("correct", "wrong", "wrong", "timeout"),
        *("timeout", "wrong", "correct", "correct"),
    ]
    assert set(imported.samples["model"]) == {"org/small"}
    assert set(imported.samples["benchmark"]) == {"HumanEval+"}
    assert imported.settings == {"temperature": 0.8, "verifier": "EvalPlus plus tests"}


def test_evalplus_measures_the_false_positives_of_the_base_tests(tmp_path):
    path = write_evalplus(tmp_path / "eval_results.json", MIXED)
    base = import_files(path, model="small", tests="base")
    assert base.counts.table["n_correct"].tolist() == [2, 3]
    assert set(base.samples["benchmark"]) == {"HumanEval"}
    audit = audit_table(base.audits).set_index("problem_id")
    assert audit["errors"].tolist() == [1, 1]
    assert audit["checked"].tolist() == [2, 3]
    assert set(audit["kind"]) == {"false_positive"}
    assert set(audit["benchmark"]) == {"HumanEval"}
    assert "2 of 5 samples that pass the base tests fail the plus tests: 40.00%" in base.notes[0]
    assert audit_table(import_files(path, model="small").audits).equals(audit_table(base.audits))


def test_evalplus_results_of_the_base_tests_alone(tmp_path):
    path = write_evalplus(tmp_path / "eval_results.json", {"Mbpp/2": [plus(more=None), plus("fail", None)]})
    with pytest.raises(InputError, match=r"problem Mbpp/2: a sample whose tests were not run.*tests=base"):
        import_files(path, model="small")
    imported = import_files(path, model="small", tests="base")
    assert imported.counts.table[["benchmark", "n_samples", "n_correct"]].to_numpy().tolist() == [["MBPP", 2, 1]]
    assert audit_table(imported.audits)["checked"].tolist() == [0]
    with pytest.raises(InputError, match="give plus or base"):
        import_files(path, model="small", tests="both")


def test_evalplus_of_old(tmp_path):
    old = {"nfiles": 3, "base": [["success", []], ["failed", [1]], ["success", []]]}
    old["plus"] = [["success", []], ["failed", []], ["timed out", []]]
    path = write_evalplus(tmp_path / "samples_eval_results.json", {"HumanEval/0": old})
    assert recognised_format(path) == "evalplus"
    imported = import_files(path, model="small")
    assert imported.samples["outcome"].tolist() == ["correct", "wrong", "timeout"]
    assert audit_table(imported.audits)[["errors", "checked"]].to_numpy().tolist() == [[1, 2]]


def test_an_unknown_status_is_no_failure(tmp_path):
    path = write_evalplus(tmp_path / "eval_results.json", {"HumanEval/0": [plus("crashed")]})
    with pytest.raises(InputError, match="'crashed' is neither pass nor fail nor timeout"):
        import_files(path, model="small")


def test_solutions_that_were_not_judged_are_refused(tmp_path):
    path = tmp_path / "samples.jsonl"
    path.write_text(json.dumps({"task_id": "HumanEval/0", "sample_id": "a", "solution": "s"}) + "\n")
    assert recognised_format(path) == "evalplus"
    with pytest.raises(InputError, match=r"not judged yet. Run evalplus\.evaluate"):
        import_files(path)
    path.write_text(json.dumps({"task_id": "HumanEval/0", "completion": "s"}) + "\n")
    assert recognised_format(path) == "human-eval"
    with pytest.raises(InputError, match=r"not judged yet. Run evaluate_functional_correctness"):
        import_files(path)


def speed(passed=True, solution="s", name="passed"):
    return {"solution": solution, name: passed, "profiled": False, "matching_cluster_idx": None, "dps": None}


def write_evalperf(path, problems):
    config = {"model": "org/small", "temperature": 0.2, "n_samples": 3}
    results = {
        task: {"task_id": task, "results": results_of_problem, "pass_1": 1.0}
        for task, results_of_problem in problems.items()
    }
    path.write_text(json.dumps({"config": config, "eval": results}))
    return path


@pytest.mark.parametrize("name", ["passed", "pass"])
def test_evalperf(tmp_path, name):
    results = [speed(True, "a", name), speed(False, "b", name), speed(None, "c", name)]
    path = write_evalperf(tmp_path / "results.json", {"Mbpp/9": results})
    assert recognised_format(path) == "evalperf"
    imported = import_files(path)
    assert imported.counts.table[["model", "benchmark", "n_samples", "n_correct"]].to_numpy().tolist() == [
        ["org/small", "EvalPerf", 2, 1]
    ]
    assert imported.settings == {"temperature": 0.2}
    assert "1 sample was not judged" in imported.notes[0]


def test_evalperf_samples_twice(tmp_path):
    twice = [speed() | {"sample_id": "a"}, speed() | {"sample_id": "a"}]
    with pytest.raises(InputError, match="problem Mbpp/9: a sample_id stands there twice"):
        import_files(write_evalperf(tmp_path / "results.json", {"Mbpp/9": twice}))


def test_evalperf_speeds_are_no_verdicts(tmp_path):
    path = write_evalperf(tmp_path / "results.json", {"Mbpp/9": [speed(0.84)]})
    with pytest.raises(InputError, match=r"problem Mbpp/9: '0\.84' is not a verdict"):
        import_files(path)


def write_human_eval(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def human_eval_line(task="HumanEval/0", result="passed", completion="    return 1"):
    return {"task_id": task, "completion": completion, "result": result, "passed": result == "passed"}


def test_human_eval_lines_of_a_problem_need_not_stand_together(tmp_path):
    rows = [
        human_eval_line(),
        human_eval_line("HumanEval/1", "failed: AssertionError", "x"),
        human_eval_line("HumanEval/0", "timed out", "y"),
        human_eval_line("HumanEval/0", "failed: empty", ""),
    ]
    path = write_human_eval(tmp_path / "samples.jsonl_results.jsonl", rows)
    assert recognised_format(path) == "human-eval"
    imported = import_files(path, model="small")
    table = imported.counts.table.set_index("problem_id")
    assert table.loc["HumanEval/0", ["n_samples", "n_correct", "n_timeout", "n_empty"]].tolist() == [3, 1, 1, 1]
    assert table.loc["HumanEval/1", ["n_samples", "n_correct"]].tolist() == [1, 0]
    assert set(table["benchmark"]) == {"HumanEval"}


def test_human_eval_that_contradicts_itself(tmp_path):
    path = write_human_eval(
        tmp_path / "results.jsonl", [human_eval_line(), human_eval_line(result="timed out") | {"passed": True}]
    )
    with pytest.raises(InputError, match="line 2: 'passed' is true, but the result is 'timed out'"):
        import_files(path, model="small")
    imported = import_files(path, model="small", skip_bad=True)
    assert imported.counts.table["n_samples"].tolist() == [1]
    assert imported.skipped == 1


@pytest.mark.parametrize("ending", ["", "-perf-instruct"])
def test_evalperf_brief_as_it_is_published(tmp_path, ending):
    """The layout of evalplus.github.io: a summary beside the problems, solutions that were profiled within them."""
    path = tmp_path / f"Qwen--QwQ-32B-Preview_vllm_temp_1.0{ending}_evalperf_results.brief.json"
    solutions = [{"solution": "def f(): ...", "matching_cluster_idx": 8}] * 3
    problems = {
        "HumanEval/9": {"dps": 100.0, "dps_norm": 100.0, "pass@1": 100.0, "profiled": solutions},
        "HumanEval/0": {"dps": 52.3, "dps_norm": 57.1, "pass@1": 37.0, "profiled": solutions},
        "Mbpp/1": {"dps": None, "dps_norm": None, "pass@1": 0.0, "profiled": []},
        "Mbpp/2": {"dps": 1.0, "dps_norm": 1.0, "pass@1": 28.999999999999996, "profiled": []},
    }
    config = {"n_samples": 100, "temperature": 1.0, "min_correct": 10, "max_profile": 20}
    summary = {"dps": 83.4, "dps_norm": 79.2, "pass@1": 83.72033898305085}
    document = {"date": "2024-11-30 05:28", "config": config, "summary": summary, "eval": problems}
    path.write_text(json.dumps(document))
    imported = import_files(path)
    table = imported.counts.table
    assert imported.format == "evalperf-brief"
    assert table["n_correct"].tolist() == [100, 37, 0, 29]
    assert set(table["n_samples"]) == {100}
    assert imported.counts.models == ("Qwen/QwQ-32B-Preview",)
    assert imported.settings["temperature"] == 1.0
    problems["Mbpp/2"]["pass@1"] = 28.5
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="no share of 100 samples"):
        import_files(path)
