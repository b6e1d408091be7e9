"""One's own rows as programs lay them out: samples as records in a list, a column a trial, names within names."""

import json

import pandas as pd
import pytest

from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError

NAMES = ["a.jsonl", "a.json", "a.parquet"]


def counts_of(imported):
    table = imported.counts.table
    return table[["model", "problem_id", "n_samples", "n_correct"]].to_numpy().tolist()


def text_of_notes(imported):
    return " ".join(imported.notes)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("field", ["responses", "samples", "rollouts", "attempts", "completions"])
@pytest.mark.parametrize("verdict", ["reward", "correct", "is_correct", "score", "isCorrect"])
def test_samples_as_records_in_a_list(write, name, field, verdict):
    rows = [
        {
            "problem_id": f"p{i}",
            "question": f"q{i}",
            "model": "m",
            field: [{"text": f"{i} {j}", verdict: float(j <= i), "n_tokens": 10 + j} for j in range(3 + i)],
        }
        for i in range(2)
    ]
    path = write(rows, name)
    assert recognised_format(path) == "rows"
    imported = import_files(path)
    assert counts_of(imported) == [["m", "p0", 3, 1], ["m", "p1", 4, 2]]
    assert f"'{field}.{verdict}' is taken for the verdict" in text_of_notes(imported)
    assert f"text '{field}.text'" in text_of_notes(imported)
    assert f"tokens '{field}.n_tokens'" in text_of_notes(imported)
    assert imported.samples["text_hash"].nunique() == 7


def test_samples_in_a_list_of_two_models_are_two_models(write):
    samples = [{"model": m, "text": f"{m} {j}", "correct": j == 0} for m in ("base", "rl") for j in range(2)]
    imported = import_files(write([{"problem_id": "p", "responses": samples}]))
    assert counts_of(imported) == [["base", "p", 2, 1], ["rl", "p", 2, 1]]


def test_samples_in_a_list_of_several_settings_are_not_pooled(write):
    samples = [{"temperature": t, "text": f"{t} {j}", "correct": j == 0} for t in (0.6, 1.0) for j in range(2)]
    with pytest.raises(InputError, match="temperature"):
        import_files(write([{"problem_id": "p", "responses": samples}]), model="m")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([{"correct": True, "responses": [{"correct": True}, {"correct": False}]}], "may both be the verdicts"),
        ([{"responses": {"0": {"correct": True}, "1": {"correct": True}}}], "'responses.0.correct' and 'responses.1."),
        ([{"results": {"base": {"correct": 1}, "rl": {"correct": 1}}}], "'results.base.correct' and 'results.rl.corr"),
        ([{"is_correct": True, "all_correct": [True, False]}], "'is_correct' and 'all_correct' may both be"),
        ([{"correct": 1, "text": "x", "scores": [1.0, 0.0, 1.0]}], "'correct' and 'scores' may both be"),
        ([{"correct": True, "trial_1": 1, "trial_2": 0}], "'correct' and 'trial_\\*' may both be the verdicts"),
        ([{"trial_1": 1, "trial_2": 0, "seed_1": 1, "seed_2": 1}], "may both be the verdicts"),
        ([{"responses": [{"correct": True}, {"text": "x"}]}], "no field 'responses.correct'"),
        ([{"responses": [{"correct": True}, "x"]}], "no list of records"),
        ([{"responses": [{"correct": True}]}, {"responses": [{"correct": True}]}], "has a list of samples twice"),
        ([{"responses": [{"reward": 0.5}, {"reward": 1.0}]}], "threshold"),
        ([{"trial_1": 1, "trial_2": 0}, {"trial_1": 1, "trial_2": "maybe"}], "'maybe' is not a verdict"),
    ],
)
def test_lists_and_trials_that_are_not_plain_are_refused(write, rows, why):
    path = write([{"problem_id": "p", **row} for row in rows])
    with pytest.raises(InputError, match=why):
        import_files(path, "rows", model="m")


def test_a_list_may_be_named_where_a_record_has_a_verdict_too(write):
    rows = [{"problem_id": "p", "correct": True, "answers": [{"ok": 1, "t": "a"}, {"ok": 0, "t": "b"}]}]
    imported = import_files(write(rows), "rows", model="m", columns="correct=answers.ok,text=answers.t")
    assert counts_of(imported) == [["m", "p", 2, 1]]


def test_a_problem_without_samples_is_reported(write):
    rows = [{"problem_id": "p", "responses": [{"correct": True}]}, {"problem_id": "q", "responses": []}]
    imported = import_files(write(rows), model="m")
    assert counts_of(imported) == [["m", "p", 1, 1]]
    assert "no sample left" in text_of_notes(imported)


def test_entries_without_a_verdict_are_left_out_and_noted(write):
    imported = import_files(write([{"problem_id": "p", "correct": [True, None, False]}]), model="m")
    assert counts_of(imported) == [["m", "p", 2, 1]]
    assert "1 sample in lists of a problem has no verdict" in text_of_notes(imported)


@pytest.mark.parametrize("name", [*NAMES, "a.csv"])
@pytest.mark.parametrize("stem", ["trial_", "sample", "Trial ", "run-", "correct_", "attempt."])
@pytest.mark.parametrize("values", [(1, 0), (True, False)])
def test_a_column_a_trial(write, name, stem, values):
    yes, no = values
    rows = [
        {"problem_id": f"p{i}", "difficulty": "hard", "model": "m"}
        | {f"{stem}{j}": yes if j <= i + 1 else no for j in range(1, 13)}
        for i in range(3)
    ]
    path = write(rows, name)
    assert recognised_format(path) == "rows"
    imported = import_files(path)
    assert counts_of(imported) == [["m", "p0", 12, 1], ["m", "p1", 12, 2], ["m", "p2", 12, 3]]
    assert "is taken for the verdict" in text_of_notes(imported)


def test_verdicts_beside_numbered_texts(write):
    row = {"task_id": 1, "response_0": "a", "response_0_correct": 1, "response_1": "b", "response_1_correct": 0}
    assert counts_of(import_files(write([row]), model="m")) == [["m", "1", 2, 1]]


def test_empty_cells_of_trials_are_left_out_and_noted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("problem_id,split,trial_1,trial_2,trial_3\np,x,1,0,\nq,x,1,1,0\n")
    imported = import_files(path, model="m")
    assert counts_of(imported) == [["m", "p", 2, 1], ["m", "q", 3, 2]]
    assert "1 sample in lists of a problem has no verdict" in text_of_notes(imported)


@pytest.mark.parametrize("stem", ["pass_", "pass@", "acc_", "step_", "level", "maj@"])
def test_numbered_columns_of_something_else_are_no_trials(write, stem):
    rows = [{"problem_id": "p", "topic": "x"} | {f"{stem}{j}": 1 for j in range(1, 4)}]
    assert recognised_format(write(rows)) is None


def test_trials_that_are_named_by_a_pattern(write):
    rows = [{"qid": "p", "base_1": 0, "base_2": 1, "rl_1": 1, "rl_2": 1, "rl_10": 0}]
    columns = "problem=qid,models=base_*,models=rl_*"
    imported = import_files(write(rows), "rows", columns=columns)
    assert counts_of(imported) == [["base", "p", 2, 1], ["rl", "p", 3, 2]]
    imported = import_files(write(rows), "rows", columns="problem=qid,correct=rl_*", model="m")
    assert counts_of(imported) == [["m", "p", 3, 2]]


@pytest.mark.parametrize(
    ("row", "problem", "verdict"),
    [
        ({"problem_id": "p", "result": {"correct": True}}, "problem_id", "result.correct"),
        ({"problemId": "p", "isCorrect": True}, "problemId", "isCorrect"),
        ({"Problem ID": "p", "Is Correct": True}, "Problem ID", "Is Correct"),
        ({"task": {"id": "p"}, "eval": {"passed": True}}, "task.id", "eval.passed"),
        ({"metadata": {"problem_id": "p"}, "grading": {"isCorrect": True}}, "metadata.problem_id", "grading.isCorrect"),
        ({"problem-id": "p", "evaluation": {"outcome": {"success": True}}}, "problem-id", "evaluation.outcome.success"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_names_are_guessed_within_names_and_said(write, row, problem, verdict, name):
    path = write([row, row], name)
    assert recognised_format(path) == "rows"
    imported = import_files(path, model="m")
    assert counts_of(imported) == [["m", "p", 2, 2]]
    assert f"told apart by '{problem}', and '{verdict}' is taken for the verdict" in text_of_notes(imported)


def test_models_and_settings_within_fields_are_not_pooled_in_silence(write):
    def row(model, temperature):
        return {"problem_id": "p", "correct": True, "config": {"model": model, "temperature": temperature}}

    imported = import_files(write([row("a", 1), row("b", 1)]))
    assert counts_of(imported) == [["a", "p", 1, 1], ["b", "p", 1, 1]]
    with pytest.raises(InputError, match="temperature"):
        import_files(write([row("a", 1), row("a", 0.5)]))


def test_the_model_of_a_judge_is_not_the_model(write):
    rows = [{"problem_id": "p", "correct": True, "judge": {"model": "gpt", "temperature": 0}, "usage": {}}]
    with pytest.raises(InputError, match="which model"):
        import_files(write(rows))


def test_verdicts_that_disagree_within_fields(write):
    rows = [{"problem_id": "p", "correct": True, "rule": {"passed": False}}]
    with pytest.raises(InputError, match=r"'correct' and 'rule\.passed' disagree"):
        import_files(write(rows), model="m")
    assert counts_of(import_files(write(rows), model="m", columns="correct=rule.passed", format="rows")) == [
        ["m", "p", 1, 0]
    ]


def test_tokens_within_usage(write):
    rows = [
        {"problem_id": "p", "correct": True, "response": {"text": f"t{j}"}, "usage": {"completion_tokens": 7 + j}}
        for j in range(2)
    ]
    imported = import_files(write(rows), model="m")
    assert imported.counts.table["mean_tokens"].tolist() == [7.5]
    assert imported.samples["text_hash"].nunique() == 2


def test_a_status_that_is_no_verdict_stands_back(write):
    """As slime writes its rollouts."""
    rows = [
        {"group_index": i, "prompt": f"q{i}", "response": f"{i} {j}", "status": "truncated" if j else "completed"}
        | {"reward": {"score": float(j == 0), "acc": j == 0}}
        for i in range(2)
        for j in range(3)
    ]
    imported = import_files(write(rows), model="m")
    assert sorted(row[2:] for row in counts_of(imported)) == [[3, 1], [3, 1]]
    assert "'reward.acc' is taken for the verdict" in text_of_notes(imported)


def test_results_of_tests_are_no_samples(write):
    rows = [{"problem_id": "p", "correct": False, "test_results": [True, False], "passed_tests": [1, 0]}]
    assert counts_of(import_files(write(rows), model="m")) == [["m", "p", 1, 0]]


def test_a_list_of_records_as_json_in_a_cell(tmp_path):
    path = tmp_path / "a.csv"
    cell = json.dumps([{"text": "a", "correct": True}, {"text": "b", "correct": False}])
    pd.DataFrame([{"problem_id": "p", "model": "m", "responses": cell}]).to_csv(path, index=False)
    assert counts_of(import_files(path)) == [["m", "p", 2, 1]]


def test_a_number_of_tries_beside_a_verdict_is_noted(write):
    rows = [{"problem_id": "p", "attempts": 3, "success": True}, {"problem_id": "q", "attempts": 5, "success": False}]
    assert "'attempts' holds numbers of tries" in text_of_notes(import_files(write(rows), model="m"))


def test_a_name_of_the_record_itself_is_not_held_against_names_within(write):
    rows = [
        {"problem_id": "p", "correct": j == 0, "metadata": {"item_id": j, "dataset": f"d{j}"}, "benchmark": "b"}
        for j in range(3)
    ]
    assert counts_of(import_files(write(rows), model="m")) == [["m", "p", 3, 1]]


PATTERN_ROWS = [{"qid": "p", "rl_1": 1, "rl_2": 0, "rl_v2_1": 1, "rl_1_tokens": 7, "rl_count": 2, "base_1": 1}]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_pattern_takes_columns_with_a_number_only(write, name):
    path = write(PATTERN_ROWS, name)
    imported = import_files(path, "rows", columns="problem=qid,models=rl_*,models=base_*")
    assert counts_of(imported) == [["rl", "p", 2, 1], ["base", "p", 1, 1]]
    assert "'rl_*' (2 columns: rl_1, rl_2), 'base_*' (1 column: base_1) are taken" in text_of_notes(imported)
    assert "no verdict" not in text_of_notes(imported)


@pytest.mark.parametrize(
    ("models", "why"),
    [
        ("models=rl_*,models=rl_1", r"'rl_1' is named twice, by models=rl_\* and models=rl_1"),
        ("models=sft_*", r"no field 'sft_\*', in which each \* stands for a number, in any record"),
    ],
)
def test_a_pattern_of_no_column_or_of_one_that_is_named_too_is_refused(write, models, why):
    with pytest.raises(InputError, match=why):
        import_files(write(PATTERN_ROWS), "rows", columns=f"problem=qid,{models}")


def test_empty_cells_are_counted_for_each_models_own_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("qid,base_1,base_2,rl_1,rl_2,rl_3\np,1,0,1,,0\n")
    imported = import_files(path, "rows", columns="problem=qid,models=base_*,models=rl_*")
    assert "1 sample in lists of a problem has no verdict; it was left out" in text_of_notes(imported)


@pytest.mark.parametrize("field", ["samples", "correct"])
@pytest.mark.parametrize("blank", ["", " "])
def test_an_empty_list_is_no_sample_that_was_not_judged(tmp_path, field, blank):
    path = tmp_path / "a.jsonl"
    samples = '[{"correct": true}, {"correct": false}]' if field == "samples" else "[true, false]"
    path.write_text(f'{{"problem_id": "p", "{field}": {samples}}}\n{{"problem_id": "q", "{field}": [{blank}]}}\n')
    imported = import_files(path, model="m")
    assert counts_of(imported) == [["m", "p", 2, 1]]
    assert "not judged" not in text_of_notes(imported)
    assert "1 of 2 problems of m on default has no sample left" in text_of_notes(imported)


@pytest.mark.parametrize("cell", ["nan", "NaN", "NA", "null", ""])
def test_cells_that_hold_nothing_are_not_judged(tmp_path, cell):
    path = tmp_path / "a.csv"
    path.write_text(f"problem_id,model,correct\np,m,1\np,m,{cell}\np,m,0\n")
    imported = import_files(path)
    assert counts_of(imported) == [["m", "p", 2, 1]]
    assert "1 of 3 samples are not judged" in text_of_notes(imported)
    path.write_text(f"problem_id,split,trial_1,trial_2,trial_3\np,x,{cell},0,1\n")
    assert counts_of(import_files(path, model="m")) == [["m", "p", 2, 1]]
    path.write_text(f"problem_id,s1,s2,s3\np,{cell},0,1\n")
    imported = import_files(path, model="m")
    assert imported.format == "matrix"
    assert counts_of(imported) == [["m", "p", 2, 1]]


@pytest.mark.parametrize("options", [{"threshold": "0.5"}, {}])
def test_a_decimal_comma_is_named(tmp_path, options):
    path = tmp_path / "a.csv"
    path.write_text("problem_id;score;model\np;0,9;m\n")
    with pytest.raises(InputError, match=r"'0,9' has a decimal comma, which is not read\. Write 0\.9"):
        import_files(path, "rows", columns="correct=score", **options)


@pytest.mark.parametrize("field", ["problem", "question", "prompt"])
def test_a_short_text_names_its_problem(write, field):
    rows = [{field: "p1", "trial_1": 1, "trial_2": 0}, {field: "two\nlines", "trial_1": 1, "trial_2": 1}]
    imported = import_files(write(rows), "rows", model="m", columns="correct=trial_*")
    short, long = imported.counts.table["problem_id"]
    assert short == "p1"
    assert len(long) == 16
