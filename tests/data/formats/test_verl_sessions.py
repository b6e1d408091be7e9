"""Problems of verl by uid and input, and sessions of several outputs."""

import json

import numpy as np
import pytest

from boundary.data.importing.import_files import import_files
from boundary.errors import InputError


def write_rows(folder, rows, name="0.jsonl"):
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def output(question="q", text="a", score=1.0, **more):
    return {"input": question, "output": text, "gts": "1", "score": score, "step": 0} | more


def counts_of(imported):
    return sorted(imported.counts.table[["n_samples", "n_correct"]].to_numpy().tolist())


def test_problems_of_one_text_are_told_apart_by_uid(tmp_path):
    """Such as one question on two pictures, be it with different answers."""
    rows = [output(text=f"{u}{j}", score=float(u == "a"), uid=u, gts=u) for u in ("a", "b") for j in range(4)]
    imported = import_files(write_rows(tmp_path, rows))
    assert counts_of(imported) == [[4, 0], [4, 4]]
    assert "1 inputs belong to several problems each" in imported.notes[0]


def test_uids_of_another_file_name_the_same_problems(tmp_path):
    files = []
    for step in (0, 100):
        rows = [
            output(f"q{i}", f"{step} {i} {j}", float(j), uid=f"{step} {i}") | {"step": step}
            for i in (0, 1)
            for j in (0, 1)
        ]
        files.append(write_rows(tmp_path, rows, f"{step}.jsonl"))
    table = import_files(files).counts.table
    assert set(table.groupby("problem_id")["model"].nunique()) == {2}


@pytest.mark.parametrize("key", ["session_id", "traj_uid", "trajectory_id", "request_id"])
def test_several_outputs_of_a_session_are_one_sample(tmp_path, key):
    rows = [
        output(
            "q" if turn == 0 else f"q and {u} {s} {turn}",
            f"{u}{s}{turn}",
            float(s == 0 and u == "a"),
            uid=u,
            **{key: s},
        )
        for u in ("a", "b")
        for s in range(3)
        for turn in range(2 + s)
    ]
    assert counts_of(import_files(write_rows(tmp_path, rows))) == [[3, 0], [3, 1]]


def test_sessions_by_name_alone(tmp_path):
    rows = [
        output("q" if turn == 0 else f"q{s}", f"{s}{turn}", float(s == 0), traj_uid=f"t{s}")
        for s in (0, 1)
        for turn in (0, 1)
    ]
    assert counts_of(import_files(write_rows(tmp_path, rows))) == [[2, 1]]


def test_outputs_of_a_session_with_two_verdicts_are_refused(tmp_path):
    rows = [output(text=str(turn), score=float(turn), uid="a", session_id=0) for turn in (0, 1)]
    with pytest.raises(InputError, match="line 2: outputs of one session have different verdicts"):
        import_files(write_rows(tmp_path, rows))


def test_turns_that_go_on_from_an_input_are_no_samples(tmp_path):
    rows = [
        output("q" if turn == 0 else f"q then {s}", f"{s}{turn}", float(s == 1), uid="a")
        for turn in (0, 1)
        for s in (0, 1, 2)
    ]
    assert counts_of(import_files(write_rows(tmp_path, rows))) == [[3, 1]]


def in_blocks(length, sessions=4, problems=3):
    rng = np.random.default_rng(1)
    rows = []
    for u in range(problems):
        for s in range(sessions):
            score = float(rng.random() < 0.5)
            rows += [output(f"q{u}", f"{u} {s} {turn}", score, uid=f"{u}") for turn in range(length)]
    return rows


@pytest.mark.parametrize("length", [2, 3, 5])
def test_verdicts_in_blocks_are_several_outputs_of_a_session(tmp_path, length):
    path = write_rows(tmp_path, in_blocks(length))
    with pytest.raises(InputError, match=rf"stand in blocks of {length}, .*--option outputs={length}"):
        import_files(path)
    assert {n for n, _ in counts_of(import_files(path, outputs=str(length)))} == {4}
    assert {n for n, _ in counts_of(import_files(path, outputs="1"))} == {4 * length}


@pytest.mark.parametrize("n", [2, 4, 8, 16])
def test_samples_of_a_uid_are_samples(tmp_path, n):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = [output(f"q{u}", f"{u} {j}", float(rng.random() < 0.5), uid=f"{u}") for u in range(8) for j in range(n)]
        assert {size for size, _ in counts_of(import_files(write_rows(tmp_path, rows)))} == {n}


def test_acc_is_named_where_scores_are_no_verdicts(tmp_path):
    rows = [output(text=str(j), score=2.0 * j - 1, acc=bool(j)) for j in (0, 1)]
    path = write_rows(tmp_path, rows)
    with pytest.raises(InputError, match="--option verdicts=acc, which stands beside it, or say from which score on"):
        import_files(path)
    assert counts_of(import_files(path, verdicts="acc")) == [[2, 1]]
    for score, shown in ((float("nan"), "NaN"), (float("inf"), "Infinity")):
        with pytest.raises(InputError, match=f"'{shown}' is not a verdict"):
            import_files(write_rows(tmp_path, [output(score=score)]))
