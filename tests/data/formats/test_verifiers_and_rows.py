"""Results of verifiers, and rows of one's own."""

import json

import pytest

from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError


def write_rows(path, rows, as_list=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows) if as_list else "".join(json.dumps(row) + "\n" for row in rows))
    return path


def counts_of(imported):
    table = imported.counts.table
    return dict(zip(table["problem_id"], zip(table["n_samples"], table["n_correct"], strict=True), strict=True))


def rollout(i, j, reward, key="example_id", **more):
    prompt = [{"role": "system", "content": "s"}, {"role": "user", "content": f"q{i}"}]
    row = {key: i, "prompt": prompt, "completion": [{"role": "assistant", "content": f"{i} {j}"}], "task": "default"}
    return row | {"reward": reward, "answer": "1"} | more


@pytest.mark.parametrize("key", ["example_id", "id"])
def test_verifiers(tmp_path, key):
    rows = [rollout(i, j, float(j < i), key, generation_ms=1.0) for i in range(3) for j in range(3)]
    path = write_rows(tmp_path / "evals" / "math--gpt" / "1a" / "results.jsonl", rows)
    metadata = {"env": "math-python", "model": "org/m", "sampling_args": {"max_tokens": None, "temperature": 0.7}}
    (path.parent / "metadata.json").write_text(json.dumps(metadata))
    assert recognised_format(path) == "verifiers"
    imported = import_files(path.parent)
    assert counts_of(imported) == {"0": (3, 0), "1": (3, 1), "2": (3, 2)}
    assert imported.counts.models == ("org/m",)
    assert imported.counts.benchmarks == ("math-python",)
    assert imported.settings == {"temperature": 0.7}
    (path.parent / "metadata.json").unlink()
    assert import_files(path).counts.models == ("gpt",)


def test_verifiers_environments_together(tmp_path):
    rows = [rollout(0, j, 1.0, task=task) for task in ("a", "b") for j in range(2)]
    path = write_rows(tmp_path / "group--m" / "1" / "results.jsonl", rows)
    assert import_files(path).counts.benchmarks == ("group/a", "group/b")


def test_verifiers_errors_are_left_out_and_told(tmp_path):
    rows = [rollout(0, 0, 1.0), rollout(0, 1, 0.0, error={"error": "InfraError"}), rollout(1, 0, 0.0, error="lost")]
    rows += [rollout(2, 0, 0.0, error={"error": "OverlongPromptError"}), rollout(2, 1, 0.0, is_truncated=True)]
    path = write_rows(tmp_path / "e--m" / "1" / "results.jsonl", rows)
    imported = import_files(path)
    assert counts_of(imported) == {"0": (1, 1), "2": (2, 0)}
    assert imported.counts.table["n_truncated"].tolist() == [0, 2]
    assert "2 of 5 rollouts broke off in an error" in imported.notes[0]
    assert "1 of 3 problems of m on e has no sample left; it was left out: 1." in imported.notes
    assert counts_of(import_files(path, errors="wrong"))["1"] == (1, 0)


def test_verifiers_rewards_that_add_up_several(tmp_path):
    rows = [rollout(0, j, 0.2 + j, correct=float(j), metrics={"format": 1.0, "hidden": float(j)}) for j in (0, 1)]
    path = write_rows(tmp_path / "e--m" / "1" / "results.jsonl", rows)
    with pytest.raises(
        InputError, match=r"reward 0\.2 is neither 0 nor 1.*threshold=NUMBER, or .*verdict=NAME \(correct\)"
    ):
        import_files(path)
    for options in ({"verdict": "correct"}, {"verdict": "hidden"}, {"threshold": "1"}):
        assert counts_of(import_files(path, **options)) == {"0": (2, 1)}
    nearly = [rollout(0, 0, 0.9999999999), rollout(0, 1, 0.0)]
    assert counts_of(import_files(write_rows(path, nearly))) == {"0": (2, 1)}
    del rows[0]["reward"]
    with pytest.raises(InputError, match=r"line 1: no field 'reward', so that no verdict is in the file, or take"):
        import_files(write_rows(path, [row | {"timing": {}} for row in rows]))


def test_verifiers_ids_that_stand_for_several_problems_are_told(tmp_path):
    rows = [rollout(i, j, 1.0) | {"prompt": f"q{(3 * i + j) % 2}"} for i in range(2) for j in range(3)]
    path = write_rows(tmp_path / "e--m" / "1" / "results.jsonl", rows)
    imported = import_files(path)
    assert counts_of(imported) == {"0": (3, 3), "1": (3, 3)}
    assert any("the prompts of 2 ids differ" in note for note in imported.notes)
    by_prompt = import_files(path, problems="prompt")
    assert set(counts_of(by_prompt).values()) == {(3, 3)}
    assert not any("ids differ" in note for note in by_prompt.notes)


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize("name", ["problem_id", "question_id", "task_id", "qid", "idx", "id"])
@pytest.mark.parametrize("verdict", ["is_correct", "correct", "passed", "success", "score"])
def test_rows(tmp_path, name, verdict, as_list):
    rows = [{name: i, "response": f"{i} {j}", verdict: j < i} for i in range(3) for j in range(3)]
    path = write_rows(tmp_path / "a.json", rows, as_list)
    assert recognised_format(path) == "rows"
    imported = import_files(path, model="m")
    assert counts_of(imported) == {"0": (3, 0), "1": (3, 1), "2": (3, 2)}
    assert "text_hash" in imported.samples
    assert f"'{name}', and '{verdict}' is taken for the verdict" in imported.notes[0]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (True, False),
        (1, 0),
        (1.0, 0.0),
        ("correct", "incorrect"),
        ("pass", "fail"),
        ("True", "False"),
        ("Correct", "wrong"),
    ],
)
def test_verdicts_of_rows(tmp_path, right, wrong):
    rows = [{"id": i // 2, "correct": right if i % 2 else wrong} for i in range(6)]
    assert set(counts_of(import_files(write_rows(tmp_path / "a.jsonl", rows), model="m")).values()) == {(2, 1)}


def test_rows_say_how_samples_ended_and_what_was_set(tmp_path):
    rows = [
        {"problem_id": "p", "outcome": outcome, "model_name": "m", "dataset": "d", "temperature": 0.6, "step": 3}
        for outcome in ("correct", "truncated", "timeout", "no_answer")
    ]
    table = import_files(write_rows(tmp_path / "a.jsonl", rows)).counts.table
    columns = ["model", "benchmark", "n_samples", "n_correct", "n_truncated", "n_timeout", "n_no_answer", "temperature"]
    assert table[columns].to_numpy().tolist() == [["m", "d", 4, 1, 1, 1, 1, 0.6]]


def test_rows_of_lists_and_named_fields(tmp_path):
    rows = [{"question": f"q{i}", "answers": ["a", "b"], "correct": [True, False]} for i in range(3)]
    assert set(counts_of(import_files(write_rows(tmp_path / "a.jsonl", rows), model="m")).values()) == {(2, 1)}
    rows = [{"key": i // 2, "id": i, "fine": i % 2, "words": f"w{i}"} for i in range(6)]
    path = write_rows(tmp_path / "b.jsonl", rows)
    assert recognised_format(path) is None
    imported = import_files(path, "rows", model="m", id="key", correct="fine", text="words")
    assert counts_of(imported) == {"0": (2, 1), "1": (2, 1), "2": (2, 1)}


@pytest.mark.parametrize(
    ("rows", "options", "why"),
    [
        ([{"id": 1, "correct": "B"}], {}, "'B' is not a verdict"),
        ([{"id": 1, "correct": 0.5}], {}, r"'0\.5' is not a verdict.*threshold=NUMBER"),
        ([{"id": 1, "correct": -1}], {}, "'-1' is not a verdict"),
        ([{"id": 1, "correct": True}, {"id": 1}], {}, "line 2: no field 'correct'"),
        ([{"id": 1, "correct": True}, {"correct": True}], {}, "line 2: no field 'id'"),
        ([{"id": "", "correct": True}], {}, "is no name of a problem"),
        ([{"a": 1, "correct": True}], {}, "no field is known for problem.*--columns problem=NAME. It has a, correct"),
        ([{"id": 1, "b": True}], {}, "no field is known for correct"),
        ([{"id": 1, "correct": True}], {"id": "name"}, "no field 'name' in any record"),
        ([{"problem_id": 1, "sample_index": 0, "correct": True}] * 2, {}, "sample 0 of problem 1 stands there twice"),
        ([{"id": i, "question": "q", "correct": True} for i in range(3)], {}, "it does not name problems"),
        ([{"id": 1, "question": q, "correct": True} for q in "ab"], {}, "asks something else"),
        ([{"id": 1, "correct": [True], "outputs": ["a", "b"]}], {}, "1 verdict, but 2 texts"),
    ],
)
def test_rows_that_cannot_be_counted(tmp_path, rows, options, why):
    with pytest.raises(InputError, match=why):
        import_files(write_rows(tmp_path / "a.jsonl", rows), "rows", model="m", **options)


def test_rows_that_are_not_judged_are_told(tmp_path):
    rows = [{"id": 1, "correct": True}, {"id": 1, "correct": None}, {"id": 2, "correct": None}]
    imported = import_files(write_rows(tmp_path / "a.jsonl", rows), model="m")
    assert counts_of(imported) == {"1": (1, 1)}
    assert any("2 of 3 samples are not judged" in note for note in imported.notes)
    assert any("1 of 2 problems of m on default has no sample left" in note for note in imported.notes)


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "question": "q", "answer": "7"},
        {"id": 1, "n_correct": 3, "n_samples": 4},
        {"task_id": "t", "score": 0.5},
        {"id": 1, "correct": "B", "choices": ["A", "B"]},
        {"steps": [{"correct": True}], "qid": 1},
        {"answers": [{"text": "A", "correct": True}, {"text": "B", "correct": False}], "qid": 1},
        {"loss": 0.1, "step": 3},
    ],
)
def test_records_that_are_no_samples_are_not_taken_for_rows(tmp_path, row):
    assert recognised_format(write_rows(tmp_path / "a.jsonl", [row])) is None
