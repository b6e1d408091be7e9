"""Guesses of one's own rows: one verdict on several texts, fields that come later, what is no verdict."""

import pytest

from boundary.data.catalog import load_counts
from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError


def counts_of(imported):
    table = imported.counts.table
    return table[["model", "problem_id", "n_samples", "n_correct"]].to_numpy().tolist()


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.parquet"])
@pytest.mark.parametrize("field", ["responses", "completions", "generations", "outputs"])
def test_one_verdict_on_several_texts_is_refused(write, name, field):
    rows = [{"problem_id": f"p{i}", field: ["a", "b", "c"], "correct": i % 2 == 1} for i in range(4)]
    path = write(rows, name)
    with pytest.raises(InputError, match=f"one verdict .'correct'., but 3 of '{field}'. Name a field with a verdict"):
        import_files(path, "rows", model="m")
    with pytest.raises(InputError, match="no samples"):
        import_files(path, "rows", model="m", skip_bad=True)


SINGLE_TEXTS = {
    "human-eval": "completion",
    "verl": "output",
    "nemo-skills": "generation",
    "trl": "completion",
    "openai-evals": "sampled",
    "opencompass": "predictions",
    "evalscope": "prediction",
}


@pytest.mark.parametrize("name", SINGLE_TEXTS)
def test_one_verdict_on_several_texts_is_refused_in_every_format(tmp_path, all_examples, name):
    format_name, example = all_examples[name]

    def with_lists(value):
        if isinstance(value, dict):
            texts = [f"{value.get(SINGLE_TEXTS[name])} {i}" for i in range(3)]
            return {key: texts if key == SINGLE_TEXTS[name] else with_lists(part) for key, part in value.items()}
        return [with_lists(part) for part in value] if isinstance(value, list) else value

    path = tmp_path / example.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(example.pack(with_lists(example.content)))
    with pytest.raises(InputError, match="one verdict, but 3 texts"):
        import_files(path, format_name, model="m")


def test_one_verdict_with_several_reasons_to_stop_is_refused(write):
    rows = [{"problem_id": "p", "correct": 1, "finish_reason": ["stop", "length"]}]
    with pytest.raises(InputError, match="but 2 of 'finish_reason'"):
        import_files(write(rows), "rows", model="m")


def test_several_texts_beside_the_one_that_was_judged_are_noted(write):
    rows = [{"problem_id": "p", "response": "b", "samples": ["a", "b"], "correct": True}]
    notes = import_files(write(rows), "rows", model="m").notes
    assert any("'samples' holds several texts of a record, and 'correct' one verdict" in note for note in notes)


def test_several_texts_in_records_of_their_own_are_refused(write):
    rows = [{"problem_id": "p", "completions": [{"text": "a"}, {"text": "b"}], "correct": True}]
    with pytest.raises(InputError, match="but 2 of 'completions'"):
        import_files(write(rows), "rows", model="m")


def test_a_list_that_is_null_is_not_judged(write):
    rows = [{"id": 1, "correct": None, "responses": ["a", "b"]}, {"id": 2, "correct": [True, False]}]
    imported = import_files(write(rows), "rows", model="m")
    assert counts_of(imported) == [["m", "2", 2, 1]]
    assert any("1 of 2 problems" in note for note in imported.notes)


def test_a_conversation_is_one_text(write):
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    rows = [{"problem_id": "p", "completion": turns, "correct": True}, {"problem_id": "p", "completion": ["a"]}]
    rows[1]["correct"] = False
    assert counts_of(import_files(write(rows), "rows", model="m")) == [["m", "p", 2, 1]]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.parquet"])
def test_fields_that_the_first_record_lacks_are_read(write, name):
    rows = [
        {"problem_id": "p", "correct": None, "finish_reason": None},
        {"problem_id": "p", "correct": False, "finish_reason": "length", "model": "a"},
        {"problem_id": "p", "correct": True, "finish_reason": "stop", "model": "b"},
    ]
    if name.startswith("a.json"):
        rows[0] = {"problem_id": "p", "correct": None}
    rows[0]["model"] = "a"
    path = write(rows, name)
    imported = import_files(path, "rows")
    assert counts_of(imported) == [["a", "p", 1, 0], ["b", "p", 1, 1]]
    assert imported.counts.table["n_truncated"].tolist() == [1, 0]
    assert any("1 of 3 samples are not judged" in note for note in imported.notes)
    assert recognised_format(path) == "rows"


LATE = 150


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.parquet"])
@pytest.mark.parametrize(
    ("field", "role", "value"),
    [
        ("model_name", "model", "other"),
        ("task_id", "problem", "t"),
        ("passed", "correct", True),
        ("dataset", "benchmark", "b"),
        ("checkpoint_step", "step", 20),
    ],
)
def test_a_field_that_decides_and_comes_late_is_refused(write, name, field, role, value):
    rows = [{"id": f"p{i}", "response": str(i), "is_correct": True} | {field: None} for i in range(LATE)]
    if name.startswith("a.json"):
        rows = [{key: row[key] for key in ("id", "response", "is_correct")} for row in rows]
    rows += [{"id": "p0", "response": "x", "is_correct": False, field: value}]
    path = write(rows, name)
    with pytest.raises(InputError, match=f"'{field}' first has a value here, and may be the {role} of each sample"):
        import_files(path, "rows", model="m")
    with pytest.raises(InputError) as refusal:
        import_files(path, "rows", model="m", skip_bad=True)
    assert str(refusal.value).count(str(path)) == 1
    if role == "benchmark":
        table = import_files(path, "rows", model="m", columns=f"{role}={field}").counts.table
        assert table["benchmark"].tolist() == ["default"] * LATE + ["b"]


def test_a_field_that_decides_nothing_and_comes_late_is_noted(write):
    rows = [{"id": "p", "response": str(i), "is_correct": True} for i in range(LATE)]
    rows += [{"id": "p", "response": "x", "is_correct": False, "stop_reason": "length"}]
    path = write(rows)
    notes = import_files(path, "rows", model="m").notes
    assert any(f"'stop_reason' first has a value in line {LATE + 1}, and was not read" in note for note in notes)
    table = import_files(path, "rows", model="m", columns="finish=stop_reason").counts.table
    assert table["n_truncated"].tolist() == [1]


def test_a_label_is_no_verdict(write):
    """A label is as often the right answer: 0 and 1 of a classification."""
    path = write([{"id": "p", "response": "1", "label": 1}, {"id": "p", "response": "0", "label": 1}])
    assert recognised_format(path) is None
    with pytest.raises(InputError, match="no field is known for correct"):
        import_files(path, "rows", model="m")
    assert counts_of(import_files(path, "rows", model="m", columns="correct=label")) == [["m", "p", 2, 2]]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
@pytest.mark.parametrize("total", ["num_samples", "total", "n_attempts"])
def test_counts_are_no_verdicts(write, name, total):
    path = write([{"id": f"p{i}", "response": "x", "correct": i, total: 8} for i in (0, 1)], name)
    with pytest.raises(InputError, match="holds counts already"):
        import_files(path, "rows", model="m")
    assert recognised_format(path) is None


def test_a_damaged_name_of_a_column_is_a_damaged_file(write):
    path = write([{"problem_id": "p", "is_correct": True, "response": "a"}] * 3, "a.parquet")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"is_correct", b"is\x90correct"))
    for source in (lambda: import_files(path, "rows", model="m"), lambda: load_counts(path)):
        with pytest.raises(InputError, match=r"cut short or damaged|not a Parquet file that can be read"):
            source()
