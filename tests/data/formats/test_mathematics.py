"""Formats of mathematics: MathArena, OpenCompass, scorio."""

import io
import json
import struct
import zipfile

import numpy as np
import pytest

from boundary.data.importing.import_files import import_files, recognised_format
from boundary.data.readers.zstd import compress
from boundary.errors import InputError


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def runs(correct=(True, False, True, False), answers=("7", "8", "7", "None"), **more):
    n = len(correct)
    fields = {"idx": 3, "problem": "p", "gold_answer": "7", "N": n, "pass_at_1": 0.5, "answers": list(answers)}
    return (
        fields
        | {"correct": list(correct), "messages": [[{"role": "assistant", "content": str(i)}] for i in range(n)]}
        | more
    )


def test_matharena_names_come_from_its_folders(tmp_path):
    path = write(tmp_path / "outputs" / "aime" / "aime_2025" / "org" / "small" / "3.json", runs())
    assert recognised_format(path) == "matharena"
    imported = import_files(path)
    assert imported.samples["outcome"].tolist() == ["correct", "wrong", "correct", "no_answer"]
    row = imported.counts.table[["model", "benchmark", "problem_id", "n_samples", "n_correct"]]
    assert row.to_numpy().tolist() == [["org/small", "aime/aime_2025", "3", 4, 2]]
    assert imported.notes == ()


def test_matharena_problems_are_numbered_by_their_files(tmp_path):
    """In older files idx counts from 0, in newer ones from 1."""
    folder = tmp_path / "outputs" / "aime" / "small"
    paths = [write(folder / "2.json", runs(idx=1)), write(folder / "1.json", runs(idx=1, problem="q"))]
    assert import_files(paths).counts.table["problem_id"].tolist() == ["2", "1"]


def test_matharena_zst(tmp_path):
    path = tmp_path / "outputs" / "aime" / "small" / "3.json.zst"
    write(path, {})
    path.write_bytes(compress(json.dumps(runs()).encode()))
    assert import_files(path).counts.table["n_correct"].tolist() == [2]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"correct": [0.5, 1.0, 0.0, 0.25]}, r"'0\.5' is not a verdict of true or false\. Points of a proof"),
        ({"correct": ["TODO", True, True, True]}, "'TODO' is not a verdict"),
        ({"N": 5}, "4 verdicts, but N is 5"),
        ({"answers": ["7"]}, "4 verdicts, but 1 answers"),
    ],
)
def test_matharena_that_cannot_be_counted(tmp_path, more, why):
    with pytest.raises(InputError, match=why):
        import_files(write(tmp_path / "3.json", runs(**more)), model="small")


def test_matharena_says_where_its_mean_differs_and_what_is_not_graded(tmp_path):
    imported = import_files(write(tmp_path / "3.json", runs((True, None, True, True), pass_at_1=0.5)), model="small")
    assert imported.counts.table[["n_samples", "n_correct"]].to_numpy().tolist() == [[3, 3]]
    assert "pass_at_1 says 0.5, its verdicts 1" in imported.notes[0]
    assert "1 of 4 samples are not graded" in imported.notes[1]


def detail(prompt, correct, text="x", references="2"):
    fields = {"prompt": prompt, "origin_prediction": text, "predictions": text, "references": references}
    return fields | {"correct": correct}


def numbered(*details, kind="GEN"):
    return {
        "accuracy": 50.0,
        "details": {"type": kind} | {str(i): detail_of_sample for i, detail_of_sample in enumerate(details)},
    }


def test_opencompass_copies_of_the_dataset_are_samples(tmp_path):
    three = [detail("p", True, "a"), detail("q", False, "b"), detail("r", False, "")]
    again = [detail("p", False, "c"), detail("q", True, "d"), detail("r", False, "e")]
    path = write(tmp_path / "results" / "small" / "math.json", numbered(*three, *again))
    assert recognised_format(path) == "opencompass"
    imported = import_files(path)
    table = imported.counts.table
    assert table[["model", "benchmark"]].drop_duplicates().to_numpy().tolist() == [["small", "math"]]
    assert table[["problem_id", "n_samples", "n_correct"]].to_numpy().tolist() == [
        ["0", 2, 1],
        ["1", 2, 1],
        ["2", 2, 0],
    ]
    assert table["n_no_answer"].tolist() == [0, 0, 1]
    assert "each prompt stands there 2 times" in imported.notes[0]


def test_opencompass_problems_that_are_repeated_now_and_then_are_refused(tmp_path):
    path = write(tmp_path / "math.json", numbered(detail("p", True), detail("q", True), detail("p", False)))
    with pytest.raises(InputError, match="some prompts stand in it several times"):
        import_files(path, model="small")


def test_opencompass_one_prompt_with_two_answers_is_two_problems(tmp_path):
    path = write(
        tmp_path / "math.json", numbered(detail("p", True, references="1"), detail("p", False, references="2"))
    )
    assert import_files(path, model="small").counts.table["n_samples"].tolist() == [1, 1]


def test_opencompass_grouped_by_problem(tmp_path):
    details = [
        {"example_abbr": "math_0", "pred": ["1", "", "3"], "answer": ["1"] * 3, "correct": [True, False, False]},
        {"example_abbr": "math_1", "predictions": [{"prediction": "1", "label": True}, {"prediction": "", "label": 0}]},
    ]
    details[0] |= {"G-Pass@2_0.5": 0.3}
    imported = import_files(write(tmp_path / "math.json", {"accuracy": 1, "details": details}), model="small")
    assert imported.samples["outcome"].tolist() == ["correct", "no_answer", "wrong", "correct", "no_answer"]
    assert imported.counts.table["problem_id"].tolist() == ["math_0", "math_1"]


def test_opencompass_predictions_without_verdicts(tmp_path):
    details = [{"example_abbr": "math_0", "pred": ["1", "2"], "answer": ["1"] * 2, "correct": [True]}]
    with pytest.raises(InputError, match="1 verdict, but 2 predictions"):
        import_files(write(tmp_path / "math.json", {"accuracy": 1, "details": details}), model="small")


def test_opencompass_without_verdicts(tmp_path):
    no_verdict = detail("p", None)
    with pytest.raises(InputError, match="sample 0 of 'details': no verdict"):
        import_files(write(tmp_path / "math.json", numbered(no_verdict)), model="small")
    with pytest.raises(InputError, match="dump-eval-details"):
        import_files(write(tmp_path / "math.json", {"accuracy": 50.0}), "opencompass", model="small")
    likelihood = import_files(write(tmp_path / "math.json", numbered(detail("p", True), kind="PPL")), model="small")
    assert "picked by likelihood (PPL), not sampled" in likelihood.notes[0]


def real_like(seed=0, shape=(2, 20, 16)):
    """Trials on problems of unlike difficulty."""
    rng = np.random.default_rng(seed)
    return (rng.random(shape) < np.linspace(0.02, 0.98, shape[1])[None, :, None]).astype(np.int8)


def test_scorio_arrays(tmp_path):
    aime, math = real_like(0), real_like(1, (2, 12, 16))
    aime[1, 4, 3:] = -1
    path = tmp_path / "r.npz"
    np.savez_compressed(path, aime=aime, math=math, combined=np.concatenate([aime, math], axis=1))
    assert recognised_format(path) == "scorio"
    imported = import_files(path, models="base, tuned")
    table = imported.counts.table
    assert len(table) == 64
    assert table["n_correct"].sum() == (aime == 1).sum() + math.sum()
    problem_rows = table[(table["model"] == "tuned") & (table["benchmark"] == "aime") & (table["problem_id"] == "4")]
    assert problem_rows["n_samples"].tolist() == [3]
    assert "'combined' is the other tasks put together" in imported.notes[0]
    assert "13 trials are marked as not run (-1)" in imported.notes[1]
    assert len(imported.notes) == 2


def test_scorio_random_bits_are_told(tmp_path):
    path = tmp_path / "r.npz"
    np.savez(path, aime=np.random.default_rng(3).integers(0, 2, (20, 30, 80), dtype=np.int8))
    notes = import_files(path).notes
    assert "no problem is harder than another beyond chance" in notes[0]
    assert "does not name its models" in notes[1]


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.full((1, 2, 3), 2), "holds 2; verdicts are 0 and 1"),
        (np.full((1, 2, 3), 0.5), r"holds 0\.5"),
        (np.full((1, 2, 3), 1j), "holds complex128"),
        (np.array([[["yes"]]]), "holds <U3"),
        (np.array([[[object()]]]), "Python objects"),
        (np.zeros(4, np.int8), r"shape \(4,\), not \(models, problems, trials\)"),
        (np.zeros((1, 0, 3), np.int8), r"shape \(1, 0, 3\)"),
    ],
)
def test_scorio_arrays_that_are_no_verdicts(tmp_path, array, why):
    path = tmp_path / "r.npz"
    np.savez(path, aime=array)
    with pytest.raises(InputError, match=why):
        import_files(path, model="small")


def test_scorio_headers_that_promise_more_than_follows(tmp_path):
    """A header of a hundred bytes must not take a terabyte."""
    header = b"{'descr': '|i1', 'fortran_order': False, 'shape': (1024, 1024, 1048576), }".ljust(117) + b"\n"
    path = tmp_path / "r.npz"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("aime.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\x00" * 64)
    with pytest.raises(InputError, match="its length is not that of its shape"):
        import_files(path, model="small")


def test_scorio_one_problem(tmp_path):
    content = {
        "source": "aime25/org-small/q06.jsonl.gz",
        "ground_truth": "8",
        "answers": ["8", "7", ""],
        "scores": [0.9, 0.1, 0.2],
    }
    path = write(tmp_path / "compass.json", content | {"correct": [1, 0, 0]})
    assert recognised_format(path) == "scorio"
    imported = import_files(path)
    assert imported.samples["outcome"].tolist() == ["correct", "wrong", "no_answer"]
    assert imported.counts.table[["model", "benchmark", "problem_id"]].to_numpy().tolist() == [
        ["org-small", "aime25", "q06"]
    ]
    with pytest.raises(InputError, match="3 verdicts, but 2 answers"):
        import_files(write(path, content | {"correct": [1, 0, 0], "answers": ["8", "7"]}))


def test_nothing_is_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    array = np.empty((1, 1, 1), object)
    array[0, 0, 0] = Evil()
    data = io.BytesIO()
    np.savez(data, aime=array)
    path = tmp_path / "r.npz"
    path.write_bytes(data.getvalue())
    with pytest.raises(InputError, match="Python objects"):
        import_files(path, model="small")
