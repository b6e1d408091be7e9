"""Rows of one's own in tables: named columns, guesses that are said, and guesses that the rows contradict."""

import json

import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError

ROWS = [
    {"qid": f"p{i}", "answer_text": f'said {i},\n"{j}"', "ok": j < i, "ckpt": f"m{k}"}
    for k in range(2)
    for i in range(3)
    for j in range(3)
]
COUNTS = {"p0": (3, 0), "p1": (3, 1), "p2": (3, 2)}
COLUMNS = "problem=qid,correct=ok,model=ckpt,text=answer_text"


def json_lines(path, frame):
    frame.to_json(path, orient="records", lines=True)


def json_list(path, frame):
    path.write_text(json.dumps(frame.to_dict("records")))


def arrow(path, frame):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=4)


WRITERS = {
    "rows.jsonl": json_lines,
    "rows.json": json_list,
    "rows.csv": lambda path, frame: frame.to_csv(path, index=False),
    "rows.tsv": lambda path, frame: frame.to_csv(path, index=False, sep="\t"),
    "semicolons.csv": lambda path, frame: frame.to_csv(path, index=False, sep=";"),
    "rows.csv.gz": lambda path, frame: frame.to_csv(path, index=False),
    "rows.parquet": lambda path, frame: frame.to_parquet(path),
    "data-00000-of-00001.arrow": arrow,
}


def counts_of(imported, model=None):
    table = imported.counts.table
    table = table if model is None else table.loc[table["model"] == model]
    return dict(zip(table["problem_id"], zip(table["n_samples"], table["n_correct"], strict=True), strict=True))


@pytest.mark.parametrize("name", WRITERS)
def test_named_columns_in_every_kind_of_file(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, pd.DataFrame(ROWS))
    imported = import_files(path, "rows", columns=COLUMNS)
    assert counts_of(imported, "m0") == COUNTS == counts_of(imported, "m1")
    assert imported.counts.models == ("m0", "m1")
    assert imported.samples["text_hash"].nunique() == 9
    assert "problems are told apart by 'qid', and 'ok' is taken for the verdict; model 'ckpt'" in imported.notes[0]


@pytest.mark.parametrize("name", WRITERS)
def test_usual_names_are_guessed_and_said(tmp_path, name):
    path = tmp_path / name
    frame = pd.DataFrame(ROWS).set_axis(["problem_id", "response", "is_correct", "model"], axis=1)
    WRITERS[name](path, frame)
    assert recognised_format(path) == "rows"
    imported = import_files(path)
    assert counts_of(imported, "m0") == COUNTS
    assert (
        "by 'problem_id', and 'is_correct' is taken for the verdict; model 'model', text 'response'"
        in imported.notes[0]
    )


def test_a_data_set_saved_to_disk(tmp_path):
    frame = pd.DataFrame(ROWS)
    for part in range(2):
        arrow(tmp_path / f"data-0000{part}-of-00002.arrow", frame.loc[frame["ckpt"] == f"m{part}"])
    (tmp_path / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00002.arrow"}]}))
    (tmp_path / "dataset_info.json").write_text(json.dumps({"features": {"qid": {"dtype": "string"}}}))
    imported = import_files(tmp_path, "rows", columns=COLUMNS)
    assert counts_of(imported, "m1") == COUNTS
    assert not any("left out" in note for note in imported.notes)


def test_shards_that_are_missing_are_noted(tmp_path):
    for part in (0, 2):
        frame = pd.DataFrame({"problem_id": [f"p{part}"], "model": "m", "correct": [True]})
        arrow(tmp_path / f"data-0000{part}-of-00004.arrow", frame)
    notes = import_files(tmp_path).notes
    assert any("2 of 4 files of 'data' were not read (numbers 1, 3)" in note for note in notes)


def test_three_shards_and_two_parts_of_a_data_set(tmp_path):
    for split in ("train", "test"):
        for part in range(3):
            frame = pd.DataFrame(
                {"problem_id": [f"{split}{part}"], "model": "m", "correct": [[True, False, part == 1]]}
            )
            (tmp_path / split).mkdir(exist_ok=True)
            arrow(tmp_path / split / f"data-0000{part}-of-00003.arrow", frame)
        (tmp_path / split / "state.json").write_text("{}")
        (tmp_path / split / "dataset_info.json").write_text("{}")
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    imported = import_files(tmp_path)
    assert imported.counts.table[["n_samples", "n_correct"]].to_numpy().tolist() == [[3, 1], [3, 2], [3, 1]] * 2
    assert any("Parts of a data set (test, train) were read as one" in note for note in imported.notes)
    alone = import_files(tmp_path / "train")
    assert (len(alone.counts.table), [note for note in alone.notes if "Parts of" in note]) == (3, [])


def test_folders_of_shards(tmp_path):
    frame = pd.DataFrame(ROWS)
    for part in range(3):
        frame.iloc[part::3].to_parquet(tmp_path / f"train-0000{part}-of-00003.parquet")
    (tmp_path / "README.md").write_text("# Data\n")
    imported = import_files(tmp_path, "rows", columns=COLUMNS)
    assert counts_of(imported, "m0") == COUNTS
    assert any("README.md" in note for note in imported.notes)


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_compressed_arrow_is_refused(tmp_path, compression):
    table = pa.table({"problem_id": ["p"] * 100, "is_correct": [True] * 100})
    path = tmp_path / "a.arrow"
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema, options=options) as writer:
        writer.write_table(table)
    with pytest.raises(InputError, match="its batches are compressed"):
        import_files(path, model="m")


def test_arrow_that_is_cut_short(tmp_path):
    path = tmp_path / "a.arrow"
    arrow(path, pd.DataFrame(ROWS))
    whole = path.read_bytes()
    for size in (4, 9, 200, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError):
            import_files(path, "rows", columns=COLUMNS)


def test_a_column_of_verdicts_for_each_model(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("qid,base,rl\na,0,1\na,1,1\nb,0,0\nb,,1\n")
    imported = import_files(path, "rows", columns="problem=qid,models=base,models=rl")
    assert counts_of(imported, "base") == {"a": (2, 1), "b": (1, 0)}
    assert counts_of(imported, "rl") == {"a": (2, 2), "b": (2, 1)}
    assert any("1 of 8 samples are not judged" in note for note in imported.notes)
    with pytest.raises(InputError, match="of no known format"):
        import_files(path)


@pytest.mark.parametrize(
    "cell", ["[True, False, True]", "[1, 0, 1]", '["correct", "wrong", "correct"]', "[1.0,0.0,1.0]"]
)
def test_lists_of_verdicts_in_a_table(tmp_path, cell):
    path = tmp_path / "lists.csv"
    pd.DataFrame({"problem_id": ["a", "b"], "correct": [cell, cell]}).to_csv(path, index=False)
    assert counts_of(import_files(path, model="m")) == {"a": (3, 2), "b": (3, 2)}


def test_lists_of_verdicts_in_parquet(tmp_path):
    path = tmp_path / "lists.parquet"
    pd.DataFrame({"uid": ["a", "b"], "correct": [[True, False], [True, True, None]]}).to_parquet(path)
    assert counts_of(import_files(path, model="m")) == {"a": (2, 1), "b": (2, 2)}


def test_fields_within_fields(tmp_path):
    rows = [{"doc": {"id": i // 2}, "metrics": {"acc": i % 2}} for i in range(4)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pd.DataFrame(rows).to_parquet(tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.parquet"):
        imported = import_files(tmp_path / name, "rows", model="m", columns="problem=doc.id,correct=metrics.acc")
        assert counts_of(imported) == {"0": (2, 1), "1": (2, 1)}


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet"])
def test_scores_by_a_threshold(tmp_path, name):
    frame = pd.DataFrame({"problem_id": ["a", "a", "b"], "score": [0.2, 0.8, 0.9]})
    WRITERS[name](tmp_path / name, frame)
    options = {"columns": "problem=problem_id,correct=score", "model": "m"}
    with pytest.raises(InputError, match="threshold=NUMBER"):
        import_files(tmp_path / name, "rows", **options)
    assert counts_of(import_files(tmp_path / name, "rows", threshold="0.5", **options)) == {"a": (2, 1), "b": (1, 1)}


def test_checkpoints_of_one_model(tmp_path):
    rows = [{"qid": "p", "ok": j < step, "global_step": step} for step in (0, 1, 2) for j in range(3)]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = import_files(path, "rows", model="run", columns="problem=qid,correct=ok,step=global_step").counts.table
    assert table["model"].tolist() == ["run step 0", "run step 1", "run step 2"]
    assert table["n_correct"].tolist() == [0, 1, 2]
    assert table["checkpoint_step"].tolist() == [0, 1, 2]
    assert set(table["training_run"]) == {"run"}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows[:3]))
    assert import_files(path, "rows", model="run", columns="problem=qid,correct=ok").counts.models == ("run",)


def test_samples_that_ran_into_their_limit(tmp_path):
    rows = [{"id": "p", "correct": j == 0, "finish_reason": end} for j, end in enumerate(("length", "length", "stop"))]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = import_files(path, model="m").counts.table
    assert table[["n_samples", "n_correct", "n_truncated"]].to_numpy().tolist() == [[3, 1, 1]]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([{"id": 1, "correct": True, "success": False}], "'correct' and 'success' disagree.*correct=success"),
        (
            [{"question_id": i, "task_id": i // 2, "correct": True} for i in range(4)],
            r"'question_id' and 'task_id' tell problems apart otherwise \(4 and 2\).*problem=task_id",
        ),
        (
            [{"id": 1, "correct": j % 2, "model": "vllm", "model_name": f"m{j % 2}"} for j in range(4)],
            "tell models apart otherwise.*model=model_name",
        ),
        ([{"n_samples": 4, "n_correct": 2, "id": 1, "correct": 1}], "holds counts already"),
    ],
)
def test_guesses_that_the_rows_contradict(tmp_path, rows, why):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match=why):
        import_files(path, "rows", model="m")


def test_guesses_that_agree_are_taken(tmp_path):
    rows = [{"task_id": "aime", "problem_id": i, "correct": i, "passed": bool(i)} for i in (0, 1)]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert counts_of(import_files(path, model="m")) == {"0": (1, 0), "1": (1, 1)}


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ("problem", "names no column. Write --columns problem="),
        ("problm=qid", "No column can be 'problm'. Did you mean 'problem'"),
        ("problem=qid,id=ok", "Two columns are named for problem"),
        ("problem=qid,correct=okay", "no field 'okay' in any record, for correct. The first have qid"),
        ("problem=qid,correct=ok,models=ok", "leave out correct=NAME"),
    ],
)
def test_columns_that_cannot_be(tmp_path, columns, why):
    path = tmp_path / "rows.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False)
    with pytest.raises(InputError, match=why):
        import_files(path, "rows", columns=columns, model="m")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("qid,ok\na,1\nb\n", "line 3: 1 cells, where the header has 2"),
        ("qid,ok,ok\na,1,1\n", "'ok' stands in the header twice"),
        ('qid,ok\na,1\n"b,1\n', "line 3: not a row of a table"),
        ("qid,ok\na,maybe\n", "line 2: 'maybe' is not a verdict"),
        ("qid,ok\n,1\n", "line 2: no field 'qid'"),
    ],
)
def test_tables_that_are_broken(tmp_path, text, why):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        import_files(path, "rows", columns="problem=qid,correct=ok", model="m")


def test_columns_from_the_command_line(tmp_path):
    path, out = tmp_path / "rows.parquet", tmp_path / "counts.csv"
    pd.DataFrame(ROWS).to_parquet(path)
    for name in ("rows", "auto"):
        words = ["import", name, str(path), "--columns", COLUMNS, "-o", str(out)]
        answer = CliRunner().invoke(main, words)
        assert answer.exit_code == 0, answer.output
        assert pd.read_csv(out)["n_correct"].sum() == 6
    answer = CliRunner().invoke(main, ["import", "verl", str(path), "--columns", COLUMNS, "-o", str(out)])
    assert "The format verl has no option 'columns'" in answer.output


@pytest.mark.parametrize("second", ["qid,ok,ckpt", "\ufeffqid,ok,ckpt", '"qid","ok", ckpt'])
def test_a_header_within_a_table_is_left_out_and_noted(tmp_path, second):
    path = tmp_path / "all.csv"
    path.write_text(f"qid,ok,ckpt\np,1,a\n{second}\np,0,b\n", encoding="utf-8")
    imported = import_files(path, "rows", columns="problem=qid,correct=ok,model=ckpt")
    assert imported.counts.table[["model", "problem_id"]].to_numpy().tolist() == [["a", "p"], ["b", "p"]]
    assert any("the header stands again in line 3" in note for note in imported.notes)


def test_a_line_that_names_the_separator_is_no_header(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfsep=;\r\nproblem_id;model;correct\r\n1,5;m;1\r\np;m;0\r\n")
    assert recognised_format(path) == "rows"
    assert import_files(path).counts.table["problem_id"].tolist() == ["1,5", "p"]
