"""Lines that stand twice, the same samples under two names, and verdicts that are all alike."""

import json

import numpy as np
import pytest

from boundary.data.importing.import_files import import_files


def lines(problems=20, n=4, seed=0, texts=None, passed=0.4):
    """Rows of human-eval's output, a problem after the other, each with a text of its own unless `texts` makes it."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(problems):
        for j in range(n):
            right = bool(rng.random() < passed)
            text = f"return {seed}, {i}, {j}" if texts is None else str(texts(rng, i))
            result = "passed" if right else "failed: "
            rows.append({"task_id": f"t/{i}", "completion": text, "result": result, "passed": right})
    return rows


def by_sample(rows, n):
    """The first sample of each problem, then the second, ..."""
    return [row for j in range(n) for row in rows[j::n]]


def write_rows(folder, rows, name="a.jsonl"):
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def counts_of(imported):
    table = imported.counts.table
    return len(table), set(table["n_samples"]), int(table["n_correct"].sum())


@pytest.mark.parametrize(
    ("again", "repeats"),
    [
        (lambda rows: [*rows, *rows], 80),
        (lambda rows: [*rows, *rows, *rows], 160),
        (lambda rows: [*rows[:20], *rows], 20),
        (lambda rows: [*rows[:50], *rows[30:]], 20),
        (lambda rows: [*rows, *rows[60:]], 20),
        (lambda rows: [*by_sample(rows, 4), *by_sample(rows, 4)], 80),
        (lambda rows: [*by_sample(rows, 4)[:30], *by_sample(rows, 4)], 30),
    ],
    ids=["whole", "three times", "start", "middle", "end", "by sample, whole", "by sample, start"],
)
def test_lines_written_again_count_once(tmp_path, again, repeats):
    rows = lines()
    expected = counts_of(import_files(write_rows(tmp_path, rows), model="m"))
    imported = import_files(write_rows(tmp_path, again(rows)), model="m")
    assert counts_of(imported) == expected == (20, {4}, sum(row["passed"] for row in rows))
    assert any(f"{repeats} samples stand there twice" in note for note in imported.notes)
    assert len(imported.samples) == 80


def test_a_few_lines_written_again_are_told(tmp_path):
    rows = lines()
    imported = import_files(write_rows(tmp_path, [*rows, *rows[:5]]), model="m")
    assert any("5 samples repeat earlier ones in the same order" in note for note in imported.notes)


def test_verdicts_written_again_are_told(tmp_path):
    rows = [{"problem_id": row["task_id"], "correct": row["passed"]} for row in lines()]
    message = "repeat earlier ones in the same order"
    assert not any(message in note for note in import_files(write_rows(tmp_path, rows), model="m").notes)
    imported = import_files(write_rows(tmp_path, rows * 2), model="m")
    assert counts_of(imported)[1] == {8}
    assert any(f"80 samples {message}" in note for note in imported.notes)
    by_verdict = sorted(rows * 16, key=lambda row: (row["problem_id"], row["correct"]))
    assert counts_of(import_files(write_rows(tmp_path, by_verdict), model="m"))[1] == {64}


@pytest.mark.parametrize("order", [lambda rows, n: rows, by_sample], ids=["by problem", "by sample"])
@pytest.mark.parametrize(
    "texts",
    [
        lambda rng, i: rng.choice(list("ABCD")),
        lambda rng, i: "A" if i % 2 else rng.integers(1_000),
        lambda rng, i: "B" if rng.random() < 0.9 else "C",
        lambda rng, i: i,
    ],
    ids=["letters", "half of them certain", "nearly certain", "temperature 0"],
)
@pytest.mark.parametrize("n", [2, 4, 16])
def test_short_answers_that_repeat_by_chance_all_count(tmp_path, texts, n, order):
    rows = order(lines(problems=60, n=n, texts=texts), n)
    imported = import_files(write_rows(tmp_path, rows), model="m")
    assert set(imported.counts.table["n_samples"]) == {n}


def test_lines_of_one_file_in_another_count_once(tmp_path):
    rows, more = lines(), lines(seed=1)
    files = [write_rows(tmp_path, rows), write_rows(tmp_path, [*rows[:40], *more], "b.jsonl")]
    imported = import_files(files, model="m")
    assert counts_of(imported) == (20, {8}, sum(row["passed"] for row in rows + more))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (lines(), "80 of 80 texts"),
        ([*lines()[:60], *lines(seed=1)[60:]], "60 of 80 texts"),
        ([*lines()[:8], *lines(seed=1)[8:]], None),
    ],
)
def test_texts_under_two_names_are_told(tmp_path, rows, message):
    base = [row | {"model": "base"} for row in lines()]
    rl = [row | {"model": "rl"} for row in rows]
    for row in base + rl:
        row["correct"] = row.pop("passed")
        del row["result"]
    imported = import_files([write_rows(tmp_path, base), write_rows(tmp_path, rl, "b.jsonl")])
    notes = [note for note in imported.notes if "two names" in note]
    assert notes == (
        [f"base and rl have {message} on default in common. Samples of one model may stand there under two names."]
        if message
        else []
    )


def test_verdicts_under_two_names_are_told(tmp_path):
    rows = [{"id": i, "correct": row["passed"]} for i, row in enumerate(lines())]
    all_rows = [row | {"model": model} for model in ("base", "rl") for row in rows]
    assert not [note for note in import_files(write_rows(tmp_path, all_rows)).notes if "two names" in note]
    rows = [{"problem_id": row["task_id"], "correct": row["passed"]} for row in lines()]
    all_rows = [row | {"model": model} for model in ("base", "rl") for row in rows]
    assert any(
        "all verdicts, one by one, on default" in note for note in import_files(write_rows(tmp_path, all_rows)).notes
    )


@pytest.mark.parametrize(
    ("result", "passed", "message"),
    [
        (
            "failed: module 'signal' has no attribute 'setitimer'",
            False,
            "All failures have one and the same reason (failed: m",
        ),
        ("failed: ", False, "Not one of the 80 samples of m on default is correct. Did the verifier run?"),
        ("timed out", False, "All of them ended as timeout."),
        ("passed", True, "All 80 samples of m on default are correct. Did the verifier run?"),
    ],
)
def test_verdicts_all_alike_are_told(tmp_path, result, passed, message):
    rows = [row | {"result": result, "passed": passed} for row in lines()]
    notes = import_files(write_rows(tmp_path, rows), model="m").notes
    assert any(message in note for note in notes)


def test_failures_for_one_reason_are_told_beside_successes(tmp_path):
    rows = lines()
    assert not import_files(write_rows(tmp_path, rows), model="m").notes
    rows = [row | {"result": row["result"].replace("failed: ", "failed: No module named 'numpy'")} for row in rows]
    notes = import_files(write_rows(tmp_path, rows), model="m").notes
    assert len(notes) == 1
    assert "one and the same reason (failed: No module named 'numpy')" in notes[0]


def test_few_samples_may_be_alike(tmp_path):
    rows = [row | {"result": "passed", "passed": True} for row in lines(3)]
    assert not import_files(write_rows(tmp_path, rows), model="m").notes
