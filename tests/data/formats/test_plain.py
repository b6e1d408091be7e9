"""Plain formats: a matrix of 0 and 1, counts of passk-inference, the audit of limit-of-rlvr."""

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError


def totals(imported):
    table = imported.counts.table
    return dict(zip(table["problem_id"], zip(table["n_samples"], table["n_correct"], strict=True), strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,0,1\n0,0,0\n", {"0": (3, 2), "1": (3, 0)}),
        ("problem_id,s1,s2\na,1,0\nb,1,1\n", {"a": (2, 1), "b": (2, 2)}),
        ("id\ta1\ta2\nx\ttrue\tFalse\n", {"x": (2, 1)}),
        ("idx,correct\n0,1\n1,0\n", {"0": (1, 1), "1": (1, 0)}),
        ("1,0,\n0,1,1\n", {"0": (2, 1), "1": (3, 2)}),
    ],
)
def test_tables_of_0_and_1(tmp_path, text, expected):
    path = tmp_path / "m.csv"
    path.write_text(text)
    assert recognised_format(path) == "matrix"
    imported = import_files(path, model="m")
    assert totals(imported) == expected
    assert any("1 empty cell;" in note for note in imported.notes) == ("1,0,\n" in text)


@pytest.mark.parametrize("header", ["problem_id,n_samples,n_correct", "id,sample_index,correct", "id,temperature"])
def test_other_tables_are_not_taken_for_a_matrix(tmp_path, header):
    path = tmp_path / "m.csv"
    path.write_text(header + "\n" + ",".join("1" for _ in header.split(",")) + "\n")
    assert recognised_format(path) == ("rows" if "sample_index" in header else None)


def test_rows_can_be_samples(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("1,0,1\n0,0,1\n")
    assert totals(import_files(path, model="m", rows="samples")) == {"0": (2, 1), "1": (2, 0), "2": (2, 2)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1,0\n1,0.5\n", r"m\.csv', line 2: '0\.5' is not 0 or 1"),
        ("1,0\n1,-1\n", "'-1' is not 0 or 1"),
        ("1,0\n1\n", "line 2: 1 cells, where the first row has 2"),
        ("problem_id,s1\nx,1\nx,0\n", "appears twice"),
        ("problem_id,n_samples,n_correct\nx,1,1\n", "not numbered as samples"),
        ("problem_id,sample_index,correct\nx,0,1\n", "not numbered as samples"),
        ("a,1\nb,0\n", "head it problem_id"),
    ],
)
def test_tables_that_are_not_of_0_and_1(tmp_path, text, why):
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        import_files(path, "matrix", model="m")


@settings(max_examples=25, deadline=None)
@given(hnp.arrays(np.int8, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.integers(0, 1)))
def test_arrays_and_tables_give_the_same_counts(tmp_path_factory, array):
    folder = tmp_path_factory.mktemp("m")
    np.save(folder / "m.npy", array)
    np.savetxt(folder / "m.csv", array, fmt="%d", delimiter=",")
    expected = {str(i): (array.shape[1], int(row.sum())) for i, row in enumerate(array)}
    assert totals(import_files(folder / "m.npy", model="m")) == expected
    assert totals(import_files(folder / "m.csv", "matrix", model="m", header="no")) == expected


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.array([[1, 2]]), "holds 2"),
        (np.array([[1.0, 0.5]]), "holds 0.5"),
        (np.array([["a", "b"]]), "not of 0 and 1"),
    ],
)
def test_arrays_of_something_else(tmp_path, array, why):
    path = tmp_path / "m.npy"
    np.save(path, array)
    with pytest.raises(InputError, match=why):
        import_files(path, model="m")


def test_arrays_that_are_not_to_be_read(tmp_path):
    path = tmp_path / "m.npy"
    np.save(path, np.array([[{}, None]], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="damaged or of Python objects"):
        import_files(path, model="m")
    np.save(path, np.ones((2, 8), dtype=np.int8))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(InputError, match="cut short"):
        import_files(path, model="m")
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(huge, {"descr": "<i8", "fortran_order": False, "shape": (1 << 20, 1 << 40)})
    path.write_bytes(huge.getvalue())
    with pytest.raises(InputError, match="cut short"):
        import_files(path, model="m")


def test_missing_samples_of_an_array_are_left_out(tmp_path):
    path = tmp_path / "m.npy"
    np.save(path, np.array([[1.0, np.nan, 0.0]]))
    imported = import_files(path, model="m")
    assert totals(imported) == {"0": (2, 1)}
    assert imported.samples["sample_index"].tolist() == [0, 2]


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_counts_of_passk_inference(tmp_path):
    path = lines(tmp_path / "base.jsonl", [{"id": "a", "c": 3, "n": 8}, {"id": 7, "c": 0, "n": 8}])
    assert recognised_format(path) == "passk-inference"
    assert totals(import_files(path, model="m")) == {"a": (8, 3), "7": (8, 0)}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"id": "b", "c": 9, "n": 8}, "line 2: 9 correct of 8"),
        ({"id": "a", "c": 1, "n": 8}, "line 2: problem a of m on default appears twice"),
        ({"id": "b", "c": 0.5, "n": 8}, r"c is 0\.5, not a whole number"),
        ({"id": "b", "c": True, "n": 8}, "c is True, not a whole number"),
        ({"id": "b", "c": -1, "n": 8}, "c is -1, not a whole number"),
    ],
)
def test_counts_of_passk_inference_that_are_none(tmp_path, row, why):
    path = lines(tmp_path / "base.jsonl", [{"id": "a", "c": 3, "n": 8}, row])
    with pytest.raises(InputError, match=why):
        import_files(path, model="m")


def test_the_audit_of_limit_of_rlvr(tmp_path):
    path = tmp_path / "results.json"
    models = {
        name: {"correct_generations": 3 * c, "per_problem": {str(i): {"correct": c} for i in range(3)}}
        for name, c in (("base", 2), ("rl", 4))
    }
    audit = {"n_per_problem": 4, "models": models}
    path.write_text(json.dumps(audit))
    assert recognised_format(path) == "rlvr-audit"
    counts = import_files(path).counts
    assert counts.models == ("base", "rl")
    assert counts.table["n_correct"].tolist() == [2, 2, 2, 4, 4, 4]
    models["rl"]["correct_generations"] = 11
    path.write_text(json.dumps(audit))
    with pytest.raises(InputError, match="add up to 12"):
        import_files(path)
    models["rl"] = {"per_problem": {"0": {"correct": 5}}}
    path.write_text(json.dumps(audit))
    with pytest.raises(InputError, match="5 correct of 4"):
        import_files(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0,1,2\n1,0,1\n0,0,0\n", {"0": (3, 2), "1": (3, 0)}),
        ("1,2,3\n1,0,1\n", {"0": (3, 2)}),
        (",0,1\n0,1,0\n1,1,1\n", {"0": (2, 1), "1": (2, 2)}),
        ("Unnamed: 0,0,1\na,1,0\n", {"a": (2, 1)}),
        ("s1,s2\n1,0\n", {"0": (2, 1)}),
        ("problem_id,s1,s2,s4\na,1,0,1\n", {"a": (3, 2)}),
        ("problem_id,0,1\na,1,0\n", {"a": (2, 1)}),
        ("problem_id,qwen_1,qwen_2\na,1,0\n", {"a": (2, 1)}),
        ("1,1\n0,1\n", {"0": (2, 2), "1": (2, 1)}),
        (",s1,s2\n0,1,0\n1,1,1\n", {"0": (2, 1), "1": (2, 2)}),
        ('"problem_id","s1","s2"\n"a","1","0"\n', {"a": (2, 1)}),
    ],
)
def test_headers(tmp_path, text, expected):
    path = tmp_path / "m.csv"
    path.write_text(text)
    assert totals(import_files(path, model="m")) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0,1\n1,0\n0,0\n", "counts up as a header.*header=yes or header=no"),
        ("0\n1\n0\n", "counts up as a header"),
        ("problem_id,base_1,base_2,rl_1,rl_2\na,1,0,1,1\n", r"several names \(base, rl\)"),
        ("problem_id,gpt4,llama3\na,1,0\n", r"several names \(gpt, llama\)"),
        ("problem_id,level1,s1,s2\na,1,0,1\n", r"several names \(level, s\)"),
        ("problem_id,k1,k8\na,1,1\n", "not samples: 'k'"),
        ("problem_id,pass@1,pass@8\na,0,1\n", "not samples: 'pass@'"),
        ("problem_id,step100,step200\na,0,1\n", "not samples: 'step'"),
        ("problem_id,x1,x2,x4,x8\na,0,1,1,1\n", "not numbered one by one"),
        ("problem_id,gpt3,gpt4\na,0,1\n", "not numbered one by one"),
        ("problem_id,s1,s1\na,0,1\n", "not numbered one by one"),
        ("model1,model2\n1,0\n0,1\n", "not samples: 'model'"),
        ("base_1,rl_1\n1,0\n", r"several names \(base, rl\)"),
    ],
)
def test_columns_that_are_not_samples_of_one_model(tmp_path, text, why):
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        import_files(path, model="m")


def test_a_first_line_of_0_and_1_is_what_the_user_says(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("0,1\n1,0\n0,0\n")
    assert totals(import_files(path, model="m", header="yes")) == {"0": (2, 1), "1": (2, 0)}
    assert totals(import_files(path, model="m", header="no")) == {"0": (2, 1), "1": (2, 1), "2": (2, 0)}


def test_counts_of_lines_may_be_floats_or_none_at_all(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1, "c": 3.0, "n": 4.0}\n{"id": 2, "c": 0, "n": 0}\n')
    imported = import_files(path, model="m")
    assert totals(imported) == {"1": (4, 3)}
    assert "1 of 2 problems of m on default has no sample left; it was left out: 2." in imported.notes
    for counts in ('"c": true, "n": 4', '"c": 1, "n": true', '"c": 1.5, "n": 4', '"c": 1, "n": 0'):
        path.write_text(f'{{"id": 1, {counts}}}\n')
        with pytest.raises(InputError, match=r"line 1: (. is .*, not a whole number|1 correct of 0 samples)"):
            import_files(path, model="m")


@pytest.mark.parametrize(
    ("header", "is_noted"), [("m1,m2", True), ("qwen_1,qwen_2", True), ("s1,s2", False), ("1,2", False)]
)
def test_columns_that_may_be_models_are_named(tmp_path, header, is_noted):
    path = tmp_path / "a.csv"
    path.write_text(f"problem_id,{header}\np,1,0\nq,0,0\n")
    notes = " ".join(import_files(path, model="m").notes)
    first, second = header.split(",")
    note = f"its columns ({first}, {second}) are taken for samples of one model"
    assert (note in notes) == is_noted
    assert (f"--columns problem=problem_id,models={first},models={second}." in notes) == is_noted


def test_a_header_within_a_matrix_is_left_out_and_noted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("problem_id,s1,s2\np,1,0\nproblem_id,s1,s2\nq,1,1\n")
    imported = import_files(path, model="m")
    assert imported.counts.table["problem_id"].tolist() == ["p", "q"]
    assert any("the header stands again in line 3" in note for note in imported.notes)
    path.write_text("0,1\n0,1\n1,1\n")
    assert len(import_files(path, "matrix", model="m", header="yes").counts.table) == 2


def test_a_cell_of_a_table_with_a_header_is_not_blamed_on_it(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("problem_id,correct\np,1\nq,0\nr,1\ns,maybe\n")
    with pytest.raises(InputError, match=r"'maybe' is not 0 or 1\.$"):
        import_files(path, model="m")
