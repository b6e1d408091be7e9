"""What is said of files that hold no samples in a known format."""

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
import zipfile

import pandas as pd
import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.catalog import load_counts
from boundary.data.importing.import_files import import_files
from boundary.data.readers.zstd import compress
from boundary.errors import InputError

LINES = b'{"task_id": "HumanEval/0", "completion": "a", "result": "passed", "passed": true}\n'
COUNTS = "model,problem_id,n_samples,n_correct\nm,p,4,1\n"


def zipped(name="a.jsonl"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(name, LINES)
    return buffer.getvalue()


def tarred():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        info = tarfile.TarInfo("a.jsonl")
        info.size = len(LINES)
        file.addfile(info, io.BytesIO(LINES))
    return buffer.getvalue()


def parquet(**columns):
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer)
    return buffer.getvalue()


# Whatever format is named, the first bytes say that it cannot be.
NEVER = {
    "xz": (lzma.compress(LINES), "packed by xz. Unpack it first, for instance with unxz"),
    "bzip2": (bz2.compress(LINES), "packed by bzip2"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(40), "packed by 7-Zip"),
    "rar": (b"Rar!\x1a\x07\x01\0" + bytes(40), "packed by RAR"),
    "lz4": (b"\x04\x22\x4d\x18" + bytes(40), "packed by lz4"),
    "tar": (tarred(), "a tar archive"),
    "tar.gz": (gzip.compress(tarred()), "a tar archive"),
    "xz in zst": (compress(lzma.compress(LINES)), "packed by xz"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "a Git LFS pointer.*git lfs pull"),
    "annex": (b"/annex/objects/SHA256E-s9--0.json\n", "a git-annex pointer.*git annex get"),
    "HTML": (b"\n<!DOCTYPE html>\n<html><body>404</body></html>", "a web page"),
    "HTML in capitals": (b"<HTML><HEAD>", "a web page"),
    "XML error": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "a web page"),
    "UTF-16": (LINES.decode().encode("utf-16"), "encoded as UTF-16. Save it as UTF-8"),
    "UTF-16 without a mark": (LINES.decode().encode("utf-16-le"), "encoded as UTF-16"),
    "UTF-16, the other end first": (LINES.decode().encode("utf-16-be"), "encoded as UTF-16"),
    "UTF-32": (LINES.decode().encode("utf-32"), "encoded as UTF-32"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(40), "an HDF5 file"),
    "Arrow": (b"ARROW1\0\0" + bytes(40), "an Arrow"),
    "pickle": (b"\x80\x04\x95\x10\0\0\0", "a pickle of Python, which is never read"),
    "empty": (b"", "is empty"),
    "blank": (b"\n \n\n", "is empty"),
    "mark alone": (b"\xef\xbb\xbf\n", "is empty"),
}
# Told where no format is named.
FOREIGN = {
    "zip": ("a.zip", zipped(), r"packed by zip \(it holds a\.jsonl\)\. Unpack it first"),
    "Excel": ("a.xlsx", zipped("xl/workbook.xml"), "an Excel workbook"),
    "PyTorch": ("a.pt", zipped("archive/data.pkl"), "a file of PyTorch"),
    "counts": ("c.csv", COUNTS.encode(), "holds counts already. Give it to boundary analyze"),
    "counts under another name": ("c.txt", COUNTS.encode(), r"as it is, under a name that ends in \.csv"),
    "counts in Parquet": (
        "c.parquet",
        parquet(model=["m"], problem_id=["p"], n_samples=[4], n_correct=[1]),
        "holds counts",
    ),
    "a word that holds n_correct": ("c.csv", b"model,problem_id,min_correct\nm,p,3\n", "of no known format"),
    "rows a sample": ("s.csv", b"model,problem_id,outcome\nm,p,correct\n", "boundary analyze reads it as it is"),
    "rows a sample without model": ("s.csv", b"problem_id,outcome\np,wrong\n", "once it has a column model"),
    "verdict of another kind": (
        "s.tsv",
        b"model\tproblem_id\tis_correct\nm\tp\t0.7\n",
        r"rows .*--columns problem=problem_id,correct=is_correct.*--option threshold=NUMBER",
    ),
    "Parquet scores": (
        "s.parquet",
        parquet(model=["m"], problem_id=["p"], score=[0.5]),
        "rows .*--columns problem=problem_id,correct=score",
    ),
    "Parquet of something": ("s.parquet", parquet(a=[1], b=["x"]), "a Parquet table of the columns a, b"),
    "JSON": ("a.json", b'{"lr": 0.1, "n_correct": 3}', "JSON of no known format, with the fields lr, n_correct"),
    "JSON Lines": ("a.jsonl", b'{"loss": 1}\n{"loss": 2}\n', "JSON of no known format, with the fields loss"),
    "Latin-1": ("a.csv", "model,bèta\nx,1\n".encode("latin-1"), "no text in UTF-8"),
    "prose": ("a.txt", b"hello\n", "of no known format. .*or name the format"),
}


@pytest.mark.parametrize("format_name", ["auto", "human-eval"])
@pytest.mark.parametrize("name", NEVER)
def test_files_that_are_never_samples(tmp_path, name, format_name):
    data, message = NEVER[name]
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        import_files(path, format_name, model="m")


def test_a_database(tmp_path):
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as database:
        database.execute("create table samples (id text, correct int)")
    database.close()
    with pytest.raises(InputError, match="a SQLite database"):
        import_files(path, model="m")


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_no_known_format(tmp_path, name):
    file, data, message = FOREIGN[name]
    path = tmp_path / file
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as refusal:
        import_files(path)
    assert ("counts already" in str(refusal.value)) == name.startswith("counts")


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("s.tsv", b"model\tproblem_id\tis_correct\nm\tp\tTrue\n"),
        ("s.parquet", parquet(model=["m"], problem_id=["p"], passed=[True])),
    ],
)
def test_tables_of_samples_whose_verdict_has_another_name_are_read(tmp_path, file, data):
    path = tmp_path / file
    path.write_bytes(data)
    assert import_files(path).counts.table[["n_samples", "n_correct"]].to_numpy().tolist() == [[1, 1]]


def test_what_is_left_out_of_a_folder_is_told(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(LINES)
    (tmp_path / "b.jsonl.xz").write_bytes(lzma.compress(LINES))
    notes = import_files(tmp_path, model="m").notes
    assert any("b.jsonl.xz': it is packed by xz. Unpack it first" in note for note in notes)


@pytest.mark.parametrize("name", ["a.bin", "a", "a.jsonl", "a.csv"])
def test_parquet_is_read_under_any_name(tmp_path, name):
    rows = [
        {"Model": "m", "Benchmark": "b", "Problem Idx": i, "Attempt Idx": j, "Score": j} for i in (0, 1) for j in (0, 1)
    ]
    path = tmp_path / name
    pd.DataFrame(rows).to_parquet(path)
    assert import_files(path).counts.table["n_correct"].tolist() == [1, 1]


def links(folder):
    """A file of samples, and names under which it would be overwritten."""
    path = folder / "m.csv"
    path.write_text("1,0\n0,0\n")
    (folder / "hard.csv").hardlink_to(path)
    (folder / "soft.csv").symlink_to(path)
    (folder / "up").mkdir()
    return path, [path, folder / "hard.csv", folder / "soft.csv", folder / "up" / ".." / "m.csv"]


def test_no_output_is_an_input(tmp_path):
    path, outputs = links(tmp_path)
    for output in outputs:
        for words in (["-o", output], ["-o", tmp_path / "c.csv", "--samples", output]):
            answer = CliRunner().invoke(main, ["import", "matrix", str(path), "--model", "m", *map(str, words)])
            assert answer.exit_code == 2, answer.output
            assert "is an input" in answer.output
            assert path.read_text() == "1,0\n0,0\n"


def test_an_output_within_the_folder_of_inputs(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(LINES)
    command = ["import", "auto", str(tmp_path), "--model", "m", "-o"]
    for _ in range(2):  # the counts of the first time are no samples
        assert CliRunner().invoke(main, [*command, str(tmp_path / "c.csv")]).exit_code == 0
    answer = CliRunner().invoke(main, [*command, str(tmp_path / "a.jsonl")])
    assert answer.exit_code == 2
    assert (tmp_path / "a.jsonl").read_bytes() == LINES


def test_two_outputs_of_one_name(tmp_path):
    path, _ = links(tmp_path)
    out = str(tmp_path / "c.csv")
    answer = CliRunner().invoke(main, ["import", "matrix", str(path), "--model", "m", "-o", out, "--samples", out])
    assert answer.exit_code == 2
    assert "Two outputs name one file" in answer.output


def test_the_first_record_may_be_long(tmp_path):
    row = {"problem_id": "p", "response": "x" * 400_000, "is_correct": True}
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps(row | {"is_correct": False, "response": "y"}) + "\n")
    assert import_files(path, model="m").counts.table["n_correct"].tolist() == [1]


def workbook():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/worksheets/sheet1.xml"):
            file.writestr(name, "<a/>" * 100)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a.parquet"])
def test_an_excel_workbook_is_named_whatever_reads_it(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(workbook())
    why = r"is an Excel workbook\. Save its table as CSV in UTF-8"
    for format in ("auto", "rows"):
        with pytest.raises(InputError, match=why):
            import_files(path, format, model="m")
    with pytest.raises(InputError, match=why):
        load_counts(path)


def test_the_command_that_unpacks_names_the_file(tmp_path):
    path = tmp_path / "a.jsonl.bz2"
    path.write_bytes(bz2.compress(LINES))
    with pytest.raises(InputError, match=r"with bunzip2 'a\.jsonl\.bz2'"):
        import_files(path, model="m")
