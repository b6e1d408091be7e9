"""JSON files that are one object: records beside settings, tables by columns, keys that are problems; and messages."""

import json

import numpy as np
import pandas as pd
import pytest

from boundary.data.catalog import load_counts
from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError

ROWS = [{"problem_id": f"p{i}", "response": f"{i} {j}", "correct": j <= i} for i in range(3) for j in range(4)]
COUNTS = [["m", "p0", 4, 1], ["m", "p1", 4, 2], ["m", "p2", 4, 3]]


@pytest.fixture
def write(tmp_path):
    def write_json(document, indent=None, name="a.json"):
        path = tmp_path / name
        path.write_text(json.dumps(document, indent=indent))
        return path

    return write_json


def counts_of(imported):
    table = imported.counts.table
    return table[["model", "problem_id", "n_samples", "n_correct"]].to_numpy().tolist()


DOCUMENTS = {
    "beside settings": {"model": "m", "accuracy": 0.5, "results": ROWS},
    "model within": {"config": {"model_name": "m", "temperature": 0.6}, "summary": {"pass@1": 0.5}, "data": ROWS},
    "columns and data": {"columns": list(ROWS[0]), "data": [list(row.values()) for row in ROWS]},
    "pandas": json.loads(pd.DataFrame(ROWS).to_json()),
    "pandas split": json.loads(pd.DataFrame(ROWS).to_json(orient="split")),
    "lists": pd.DataFrame(ROWS).to_dict(orient="list"),
    "keys are problems": {
        f"p{i}": {"question": f"q{i}", "correct": [j <= i for j in range(4)], "answer": "7"} for i in range(3)
    },
    "keys within are problems": {
        "model": "m",
        "results": {f"p{i}": {"question": f"q{i}", "correct": [j <= i for j in range(4)]} for i in range(3)},
    },
    "samples of problems": {
        "model": "m",
        "problems": [
            {"id": f"p{i}", "trials": [{"text": f"{i} {j}", "correct": j <= i} for j in range(4)]} for i in range(3)
        ],
    },
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_one_object(write, name, indent):
    path = write(DOCUMENTS[name], indent)
    assert recognised_format(path) == "rows"
    document = DOCUMENTS[name]
    imported = import_files(path, model=None if "model" in document or "config" in document else "m")
    assert counts_of(imported) == COUNTS


def test_settings_around_the_records_are_not_pooled(write):
    paths = [write({"model": "m", "config": {"temperature": t}, "results": ROWS}, name=f"{t}.json") for t in (0.6, 1.0)]
    with pytest.raises(InputError, match="temperature"):
        import_files(paths)


def test_an_accuracy_around_the_records_is_no_verdict(write):
    assert counts_of(import_files(write({"model": "m", "correct": 6, "results": ROWS}))) == COUNTS


def test_keys_that_may_be_problems_or_models_are_not_guessed(write):
    path = write({"a": [True, False], "b": [False, False]})
    with pytest.raises(InputError, match="each of which holds a list"):
        import_files(path, model="m")
    imported = import_files(path, "rows", model="m")
    assert counts_of(imported) == [["m", "a", 2, 1], ["m", "b", 2, 0]]
    assert any("keys of the file are taken for problems" in note for note in imported.notes)


def test_several_lists_of_records_are_refused(write):
    with pytest.raises(InputError, match=r"2 lists of records \(base, rl\)"):
        import_files(write({"base": ROWS, "rl": ROWS}), "rows", model="m")


def test_a_list_of_samples_of_several_problems(write):
    record = {"id": "run 1", "model": "m", "samples": ROWS}
    assert counts_of(import_files(write(record))) == COUNTS


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([[1, 0], [0, 1]], "a JSON list of lists. Write it as CSV"),
        ({"problem_id": "p", "grades": {"rule": True, "llm": False}}, "stands in grades.rule, grades.llm"),
        ({"problem_id": "p", "predictions": ["3"]}, "no field holds true or false"),
        ({"task_id": "p", "n": 8, "c": 3}, "seem to be counts. Write it as CSV"),
    ],
)
def test_messages_for_json_that_is_not_known(write, value, why):
    with pytest.raises(InputError, match=why):
        import_files(write(value), model="m")


def test_objects_over_several_lines_one_after_another(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("\n".join(json.dumps(row, indent=2) for row in ROWS))
    with pytest.raises(InputError, match="several objects over several lines"):
        import_files(path, model="m")


def test_a_folder_of_unknown_files_says_what_was_looked_at(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"problem_id": "p", "grades": {"rule": true}}\n')
    (tmp_path / "b.yaml").write_text("p: [true]\n")
    (tmp_path / "c.md").write_text("# results\n")
    with pytest.raises(InputError, match=r"None of 3 files.*1 \.jsonl, 1 \.yaml, 1 \.md.*grades\.rule"):
        import_files(tmp_path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("problem_id,model,correct,attempts\np,m,1,8\nq,m,0,8\n", "seems to hold counts.*n_samples=attempts"),
        ("problem_id,model,n,c\np,m,8,1\n", "seems to hold counts.*n_samples=n,n_correct=c"),
        ("problem,answer,llama_solve_rate\np,1,0.34\n", "llama_solve_rate seems to hold rates. Counts need"),
        ("problem_id,base_correct,rl_correct\np,1,0\n", "models=base_correct,models=rl_correct"),
    ],
)
def test_messages_for_tables_that_are_not_known(tmp_path, text, why):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        import_files(path, model="m")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("problem_id,model,correct\np,m,1\n", "count them first: boundary import rows"),
        ("problem_id,n_samples,base,rl\np,8,1,2\n", "--columns models=NAME,models=NAME"),
    ],
)
def test_messages_for_tables_that_are_no_counts(tmp_path, text, why):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        load_counts(path)


def test_attempts_are_the_samples_of_a_count(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("problem_id,model,correct,attempts\np,m,1,8\nq,m,0,8\n")
    assert load_counts(path).table[["n_samples", "n_correct"]].to_numpy().tolist() == [[8, 1], [8, 0]]


def test_one_verdict_on_several_predictions_is_noted(write):
    imported = import_files(write({"problem_id": "p", "preds": ["3", "4", "3"], "correct": True}), model="m")
    assert any("'preds' holds several texts of a record" in note for note in imported.notes)


def test_a_seed_twice_is_noted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("problem_id,model,seed,correct\np,m,0,1\np,m,0,1\np,m,1,0\n")
    assert any("two samples or more of one seed" in note for note in import_files(path).notes)
    with pytest.raises(InputError, match="sample 0 of problem p stands there twice"):
        import_files(path, "rows", columns="sample=seed")
    path.write_text("problem_id,model,seed,correct\np,m,42,1\np,m,42,1\nq,m,42,0\nq,m,42,0\n")
    assert not any("of one seed" in note for note in import_files(path).notes)


@pytest.mark.parametrize(("right", "wrong"), [("Y", "N"), ("passed", "failed"), ("TRUE", "FALSE")])
@pytest.mark.parametrize("field", ["correct", "status"])
def test_words_that_are_verdicts(tmp_path, right, wrong, field):
    path = tmp_path / "a.csv"
    path.write_text(f"problem_id,model,{field}\np,m,{right}\np,m,{wrong}\n")
    assert counts_of(import_files(path)) == [["m", "p", 2, 1]]


def test_a_score_of_any_kind_says_how_it_becomes_a_verdict(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("problem_id,response,score\np,a,100\np,b,0\n")
    with pytest.raises(InputError, match="threshold=NUMBER"):
        import_files(path, "rows", model="m")
    assert counts_of(import_files(path, "rows", model="m", threshold=50)) == [["m", "p", 2, 1]]


def test_arrays_of_two_axes_are_said_to_be_benchmarks(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, base=np.array([[1, 0], [0, 1]]), rl=np.array([[1, 1], [0, 1]]))
    assert any("taken for benchmarks of one model" in note for note in import_files(path, model="m").notes)


@pytest.mark.parametrize(
    "record",
    [
        {"task_id": "t", "model": "m", "passed": 1, "failed": 7},
        {"task_id": "t", "model": "m", "correct": 1, "incorrect": 0},
        {"task_id": "t", "model": "m", "summary": {"passed": 1, "failed": 0, "total": 1}},
    ],
)
def test_numbers_of_passed_tests_are_no_verdicts(write, record):
    assert recognised_format(write(record)) is None
    if "summary" not in record:
        with pytest.raises(InputError, match=r"holds counts already.*--columns correct=NAME"):
            import_files(write(record), "rows")


def test_folders_in_messages_are_those_of_all_files(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "a.csv").write_text("problem_id,model,correct\np,m,1\n")
    (tmp_path / "b" / "c.csv").write_text("problem_id,s1,s2\np,1,0\n")
    with pytest.raises(InputError, match=f"2 formats.*boundary import (rows|matrix) {tmp_path} -o"):
        import_files(tmp_path)


@pytest.mark.parametrize("name", ["a" + "_" * 200_000, "a1" * 100_000, "A" * 200_000, "a." * 100_000])
def test_long_names_of_fields_take_no_time(write, name):
    path = write({"problem_id": "p", name: 1, "inner": {name: {name: True}}, "runs": [{name: 1}]})
    assert recognised_format(path) is None


def test_deep_records_are_no_samples(write):
    record = {"problem_id": "p"}
    for _ in range(500):
        record = {"inner": record, "correct_": [record and 1]}
    assert recognised_format(write(record)) is None


def test_one_record_on_one_line_is_no_document(write):
    record = {"task": {"id": "p"}, "responses": [{"ok": True, "t": "a"}, {"ok": False, "t": "b"}]}
    imported = import_files(write(record), "rows", model="m", columns="problem=task.id,correct=responses.ok")
    assert counts_of(imported) == [["m", "p", 2, 1]]


def test_named_fields_of_records_in_a_document(write):
    document = {"model": "m", "items": [{"name": f"p{i}", "ok": [True, False]} for i in range(2)]}
    imported = import_files(write(document, 2), "rows", columns="problem=name,correct=ok")
    assert counts_of(imported) == [["m", "p0", 2, 1], ["m", "p1", 2, 1]]


def test_a_line_that_is_no_record_says_what_leaves_it_out(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*ROWS, {"accuracy": 0.5}]))
    with pytest.raises(InputError, match=r"line 13: no field 'correct' \(--skip-bad"):
        import_files(path, model="m")
    assert counts_of(import_files(path, model="m", skip_bad=True)) == COUNTS


@pytest.mark.parametrize("question", [{}, {"question": "q"}])
@pytest.mark.parametrize(("names", "is_noted"), [(("base", "rl"), True), (("seed0", "seed1"), False)])
@pytest.mark.parametrize("in_folders", [True, False])
def test_files_of_several_models_under_one_name_are_noted(tmp_path, names, is_noted, in_folders, question):
    for name in names:
        path = tmp_path / name / "samples.jsonl" if in_folders else tmp_path / f"{name}.jsonl"
        path.parent.mkdir(exist_ok=True)
        rows = [row | question | {"response": f"{name} {row['response']}"} for row in ROWS]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    notes = " ".join(import_files(tmp_path, model="m").notes)
    assert ("whose names differ in more than a number" in notes) == (is_noted and bool(question))
    assert ("Files have problems of the same names" in notes) == (not question)


TWO_LEVELS = {
    "records": {"base": {"p": {"correct": True}, "q": {"correct": False}}, "rl": {"p": {"correct": True}}},
    "verdicts": {"base": {"p": True, "q": False}, "rl": {"p": True}},
    "lists": {"base": {"p": [1], "q": [0]}, "rl": {"p": [1]}},
    "lists of records": {"base": {"p": [{"correct": 1}], "q": [{"correct": 0}]}, "rl": {"p": [{"correct": 1}]}},
}


@pytest.mark.parametrize("name", TWO_LEVELS)
def test_keys_of_models_and_problems_are_read_once_the_models_are_named(write, name):
    path = write(TWO_LEVELS[name])
    for format in ("auto", "rows"):
        with pytest.raises(InputError, match="--columns models=base,models=rl or, where these are problems, --columns"):
            import_files(path, format, model="m")
    expected = [["base", "p", 1, 1], ["base", "q", 1, 0], ["rl", "p", 1, 1]]
    assert counts_of(import_files(path, "rows", columns="models=base,models=rl")) == expected
    by_problem: dict = {}
    for model, problems in TWO_LEVELS[name].items():
        for problem, samples in problems.items():
            by_problem.setdefault(problem, {})[model] = samples
    assert sorted(counts_of(import_files(write(by_problem), "rows", columns="models=base,models=rl"))) == expected


def test_a_verdict_under_each_problems_name(write):
    path = write({"p": True, "q": False})
    with pytest.raises(
        InputError, match=r"each of which holds a verdict\. Where these are problems, name the format rows"
    ):
        import_files(path, model="m")
    assert counts_of(import_files(path, "rows", model="m")) == [["m", "p", 1, 1], ["m", "q", 1, 0]]
