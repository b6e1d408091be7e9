"""Fields that differ among the samples of a problem, and may tell models or benchmarks apart."""

import pytest

from boundary.data.importing.import_files import import_files
from boundary.errors import InputError

NAMES = ["a.jsonl", "a.csv", "a.parquet"]


def rows_with(field, values):
    return [
        {"problem_id": f"p{i}", field: value, "correct": int(i == j)}
        for i in range(2)
        for j, value in enumerate(values)
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("field", "role"),
    [("bench", "benchmark"), ("eval", "benchmark"), ("iteration", "step"), ("llm", "model"), ("algo", "model")],
)
def test_fields_that_decide_are_asked_for(write, name, field, role):
    path = write(rows_with(field, ["3", "5"]), name)
    with pytest.raises(InputError, match=f"differ in '{field}'.* with --columns {role}={field}"):
        import_files(path, "rows", model="m")
    imported = import_files(path, "rows", model=None if role == "model" else "m", columns=f"{role}={field}")
    assert imported.counts.table["n_samples"].tolist() == [1] * 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("field", ["config", "run_name", "system", "source", "lang", "year", "anything"])
def test_other_fields_are_noted(write, name, field):
    values = [2024, 2025] if field == "year" else ["u", "v"]
    imported = import_files(write(rows_with(field, values), name), "rows", model="m")
    text = f"samples of one problem differ in '{field}' ({values[0]}, {values[1]}), which was not read"
    assert any(text in note for note in imported.notes)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("k", [0, 1, 2]),
        ("extracted_answer", ["A", "B"]),
        ("seconds", [0.5, 1.5]),
        ("format_ok", [True, False]),
        ("seed", [42, 43]),
        ("n_tokens", [10, 12]),
        ("worker", [f"w{i}" for i in range(40)]),
        ("note", ["x" * 80, "y" * 80]),
    ],
)
def test_fields_of_a_sample_are_not_noted(write, field, values):
    imported = import_files(write(rows_with(field, values)), "rows", model="m")
    assert not any("samples of one problem differ" in note for note in imported.notes)


def test_a_field_that_tells_problems_apart_is_not_noted(write):
    rows = [{"problem_id": f"p{i}", "topic": f"t{i}", "correct": j} for i in range(3) for j in range(2)]
    assert not any("differ" in note for note in import_files(write(rows), model="m").notes)


def test_fields_may_differ_between_files(tmp_path, write):
    for value in ("u", "v"):
        write([{"problem_id": "p", "config": value, "text": value, "correct": 1}], f"seed{ord(value)}.jsonl")
    notes = " ".join(import_files(tmp_path, "rows", model="m", columns="text=text").notes)
    assert notes.count("samples of one problem differ in 'config' (u, v), which was not read") == 1
    for value in ("u", "v"):
        write([{"problem_id": "p", "llm": value, "text": value, "correct": 1}], f"seed{ord(value)}.jsonl")
    with pytest.raises(InputError, match=r"seed118\.jsonl', line 1: samples of one problem differ in 'llm'"):
        import_files(tmp_path, "rows", model="m", columns="text=text")
