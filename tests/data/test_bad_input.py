"""Every kind of bad input: one plain message that names the place, exit code 2, and never a traceback."""

import gzip
import io
import os

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings, strategies as st

from boundary.cli.main import main
from boundary.data.catalog import load_counts
from boundary.data.counts import Counts
from boundary.errors import InputError

HEADER = "model,benchmark,problem_id,n_samples,n_correct"
GOOD = f"{HEADER}\nthe-base,easy,p0,16,3\nthe-base,easy,p1,16,0\nthe-rl,easy,p0,16,5\nthe-rl,easy,p1,16,1\n"


def parquet(table):
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()


def good_table(**changed):
    return pd.read_csv(io.StringIO(GOOD)).assign(**changed)


def with_row(row):
    """The good table, its line 3 replaced."""
    lines = GOOD.splitlines()
    return "\n".join([*lines[:2], row, *lines[3:], ""]).encode()


PARQUET = parquet(good_table())
ZIPPED = gzip.compress(GOOD.encode())

# What is wrong: file name, its bytes, and what the message must say beside the file's name.
BAD_FILES = {
    "missing column": ("c.csv", GOOD.replace(",n_correct", ",seed").encode(), ["no column 'n_correct'", "it has"]),
    "misspelt column": ("c.csv", GOOD.replace("n_correct", "n_corect").encode(), ["'n_corect' meant"]),
    "misspelt column in capitals": ("c.csv", GOOD.replace("n_samples", "N_SAMPEL").encode(), ["'N_SAMPEL' meant"]),
    "repeated column": ("c.csv", GOOD.replace("benchmark", "model").encode(), ["'model' appears more than once"]),
    "more correct than samples": ("c.csv", with_row("m,b,p,16,17"), ["line 3, column n_correct: 17 correct of 16"]),
    "negative": ("c.csv", with_row("m,b,p,16,-1"), ["line 3", "column n_correct", "-1 is negative"]),
    "negative samples": ("c.csv", with_row("m,b,p,-16,0"), ["line 3", "column n_samples", "-16 is negative"]),
    "fraction": ("c.csv", with_row("m,b,p,16,0.5"), ["line 3", "column n_correct", "0.5 is not a whole number"]),
    "NaN": ("c.csv", with_row("m,b,p,16,NaN"), ["line 3", "column n_correct", "'NaN' is not a number"]),
    "empty number": ("c.csv", with_row("m,b,p,16,"), ["line 3", "column n_correct", "empty"]),
    "blank number": ("c.csv", with_row("m,b,p, ,1"), ["line 3", "column n_samples", "empty"]),
    "empty model": ("c.csv", with_row(",b,p,16,1"), ["line 3", "column model", "empty"]),
    "blank problem": ("c.csv", with_row("m,b, ,16,1"), ["line 3", "column problem_id", "empty"]),
    "infinite": ("c.csv", with_row("m,b,p,inf,1"), ["line 3", "column n_samples", "'inf' is infinite"]),
    "too large for a float": ("c.csv", with_row("m,b,p,1e999,1"), ["line 3", "column n_samples", "1e999"]),
    "text": ("c.csv", with_row("m,b,p,16,three"), ["line 3", "column n_correct", "'three' is not a number"]),
    "thousands": ("c.csv", with_row('m,b,p,"1,000",3'), ["line 3", "column n_samples", "'1,000' is not a number"]),
    "underscore": ("c.csv", with_row("m,b,p,1_000,3"), ["line 3", "column n_samples", "'1_000' is not a number"]),
    "hexadecimal": ("c.csv", with_row("m,b,p,0x10,3"), ["line 3", "column n_samples", "'0x10' is not a number"]),
    "line break in a number": ("c.csv", with_row('m,b,p,16,"1\n2\n3"'), ["line 3", "'1 2 3' is not a number"]),
    "beyond 64 bits": ("c.csv", with_row("m,b,p,99999999999999999999,3"), ["line 3", "column n_samples", "too large"]),
    "beyond 53 bits": ("c.csv", with_row("m,b,p,9007199254740993,3"), ["line 3", "column n_samples", "too large"]),
    "duplicate": ("c.csv", with_row("the-base,easy,p0,16,3"), ["line 3", "the-base on easy, problem p0 appears twice"]),
    "reserved benchmark": ("c.csv", with_row("m,all,p,16,3"), ["line 3", "column benchmark", "'all' is reserved"]),
    "too few cells": ("c.csv", with_row("m,b,p,16"), ["line 3", "4 cells where the header has 5"]),
    "too many cells": ("c.csv", with_row("m,b,p,16,1,2"), ["line 3", "6 cells where the header has 5"]),
    "open quote": ("c.csv", with_row('"m,b,p,16,1'), ["line 3", "not a table"]),
    "text after a quote": ("c.csv", with_row('"m"x,b,p,16,1'), ["line 3", "not a table"]),
    "bad row after a long cell": ("c.csv", with_row('"m\n\n",b,p,16,1\nm,b,q,16,x'), ["line 6", "'x' is not a number"]),
    "bad row after blank lines": ("c.csv", with_row("\n\nm,b,p,16,x"), ["line 5", "'x' is not a number"]),
    "bad row after Windows line ends": ("c.csv", with_row("m,b,p,16,x").replace(b"\n", b"\r\n"), ["line 3", "'x'"]),
    "semicolons": ("c.csv", GOOD.replace(",", ";").encode(), ["line 1", "semicolons", "Separate them by commas"]),
    "tabs in a .csv": ("c.csv", GOOD.replace(",", "\t").encode(), ["line 1", "tabs", "Separate them by commas"]),
    "commas in a .tsv": ("c.tsv", GOOD.encode(), ["line 1", "commas", "Separate them by tabs"]),
    "empty": ("c.csv", b"", ["is empty"]),
    "byte-order mark alone": ("c.csv", b"\xef\xbb\xbf", ["is empty"]),
    "blank lines alone": ("c.csv", b"\n \r\n\n", ["is empty"]),
    "separators alone": ("c.csv", b",,,,\n,,,,\n", ["is empty"]),
    "header alone": ("c.csv", f"{HEADER}\n".encode(), ["a header but no rows"]),
    "prose": ("c.csv", b"These are the counts.\n\nThey are very good.\n", ["no column 'model'"]),
    "JSON": ("c.csv", b'{"model": "m", "n_samples": 16}\n', ["no column 'model'"]),
    "one endless line": ("c.csv", b"x" * 200_000, ["not a table"]),
    "endless header": ("c.csv", b"y" * 90_000 + b"\n1\n", ["no column 'model'"]),
    "Latin-1": ("c.csv", with_row("mod\u00e8le,b,p,16,1").decode().encode("latin-1"), ["line 3", "not UTF-8", "0xe8"]),
    "UTF-16": ("c.csv", GOOD.encode("utf-16"), ["UTF-16", "Save it as UTF-8"]),
    "binary": ("c.csv", bytes(range(256)) * 8, ["binary"]),
    "Parquet named .csv": ("c.csv", PARQUET, ["binary"]),
    "Git LFS pointer": (
        "c.csv",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        ["git lfs pull"],
    ),
    "pointer named .parquet": (
        "c.parquet",
        b"version https://git-lfs.github.com/spec/v1\n",
        ["not a Parquet", "git lfs"],
    ),
    "web page": ("c.csv", b"<!DOCTYPE html><html><body>404</body></html>", ["a web page", "Fetch the raw file"]),
    "xz": ("c.csv.xz", b"\xfd7zXZ\0" + bytes(20), ["packed by xz", "Unpack it"]),
    "xz named .csv": ("c.csv", b"\xfd7zXZ\0" + bytes(20), ["packed by xz", "Unpack it"]),
    "UTF-32": ("c.csv", GOOD.encode("utf-32"), ["UTF-32", "Save it as UTF-8"]),
    "gzip named .csv": ("c.csv", ZIPPED, ["c.csv"]),
    "CSV named .gz": ("c.csv.gz", GOOD.encode(), ["not a whole gzip file"]),
    "cut gzip": ("c.csv.gz", ZIPPED[:-12], ["not a whole gzip file"]),
    "broken Parquet": ("c.parquet", PARQUET[: len(PARQUET) // 2], ["not a Parquet file"]),
    "Parquet without its footer": ("c.parquet", PARQUET[:-40] + b"\xff" * 32 + PARQUET[-8:], ["not a Parquet file"]),
    "CSV named .parquet": ("c.parquet", GOOD.encode(), ["not a Parquet file"]),
    "empty Parquet": ("c.parquet", b"", ["not a Parquet file"]),
    "Parquet with NaN": (
        "c.parquet",
        parquet(good_table(n_correct=[1, np.nan, 1, 1])),
        ["row 1, column n_correct: empty"],
    ),
    "Parquet of dates": ("c.parquet", parquet(good_table(n_correct=pd.Timestamp(0))), ["row 0", "not a number"]),
    "unknown kind": ("c.xlsx", b"PK", ["unknown kind", ".csv"]),
    "outcomes that add up to too many": (
        "c.csv",
        f"{HEADER},n_truncated,n_timeout\nm,b,p,16,3,1,13\n".encode(),
        ["line 2", "add up to more than n_samples"],
    ),
    "several temperatures": (
        "c.csv",
        f"{HEADER},temperature\nm,b,p,16,3,0.6\nm,b,p,16,4,1.0\n".encode(),
        ["line 3", "several values of temperature (0.6, 1.0)"],
    ),
}


def is_plain(message):
    return 1 <= len(message.splitlines()) <= 2 and len(message) < 600 and "Traceback" not in message


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file(case, tmp_path):
    name, content, parts = BAD_FILES[case]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_counts(str(path))
    message = str(caught.value)
    assert is_plain(message.replace(str(tmp_path), ""))
    assert str(path) in message
    for part in parts:
        assert part in message
    result = analyze(path, "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (2, f"Error: {message}\n")
    assert not (tmp_path / "out").exists()


def analyze(*arguments):
    return CliRunner().invoke(main, ["analyze", *map(str, arguments), "--prior", "independent"], catch_exceptions=False)


GOOD_FILES = {
    "plain": ("c.csv", GOOD.encode()),
    "byte-order mark": ("c.csv", b"\xef\xbb\xbf" + GOOD.encode()),
    "Windows line ends": ("c.csv", GOOD.replace("\n", "\r\n").encode()),
    "old line ends": ("c.csv", GOOD.replace("\n", "\r").encode()),
    "no last line end": ("c.csv", GOOD.strip().encode()),
    "blank lines": ("c.csv", ("\n\n" + GOOD.replace("\n", "\n\n,,,,\n")).encode()),
    "spaces": ("c.csv", GOOD.replace(",", " , ").encode()),
    "quotes": ("c.csv", GOOD.replace("the-base", '"the-base"').encode()),
    "whole numbers as floats": ("c.csv", GOOD.replace(",16,", ",16.0,").encode()),
    "capitals in the suffix": ("C.CSV", GOOD.encode()),
    "tabs": ("c.tsv", GOOD.replace(",", "\t").encode()),
    "gzip": ("c.csv.gz", ZIPPED),
    "gzip with tabs": ("c.tsv.gz", gzip.compress(GOOD.replace(",", "\t").encode())),
    "Parquet": ("c.parquet", PARQUET),
    "Parquet with an index": ("c.pq", parquet(good_table().set_index(["model", "problem_id"]))),
    "Parquet of floats": ("c.parquet", parquet(good_table().astype({"n_correct": float}))),
    "Parquet with categories": ("c.parquet", parquet(good_table().astype({"model": "category"}))),
    "Parquet with nullable integers": ("c.parquet", parquet(good_table().astype({"n_correct": "Int16"}))),
}


@pytest.mark.parametrize("case", GOOD_FILES)
def test_unusual_but_good_file(case, tmp_path):
    name, content = GOOD_FILES[case]
    folder = tmp_path / "model=other"  # a folder that some readers would take for a column
    folder.mkdir()
    (folder / name).write_bytes(content)
    counts = load_counts(folder / name)
    pd.testing.assert_frame_equal(counts.table, Counts.from_frame(good_table()).table)


def test_names_with_commas_and_quotes(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(f'{HEADER}\n"a, b","say ""hi""",p,4,1\n', encoding="utf-8")
    assert (load_counts(path).models, load_counts(path).benchmarks) == (("a, b",), ('say "hi"',))


def test_folder_without_counts(tmp_path):
    result = analyze(tmp_path, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "is a folder without a counts.csv" in result.stderr
    assert is_plain(result.stderr.replace(str(tmp_path), ""))


def test_folder_with_counts_is_read_and_errors_name_the_folder(tmp_path):
    (tmp_path / "counts.csv").write_text(GOOD, encoding="utf-8")
    assert load_counts(tmp_path).models == ("the-base", "the-rl")
    (tmp_path / "counts.csv").write_bytes(with_row("m,b,p,16,x"))
    with pytest.raises(InputError, match="line 3, column n_correct"):
        load_counts(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.csv", "No file"),
        ("no/such/folder/c.parquet", "No file"),
        ("deepscaler", "Did you mean 'deepscaler-1.5b'?"),
        ("", "is a folder"),
        ("a" * 5000, "too long"),
        ("a" * 5000 + ".csv", "too long"),
        ("null\0byte.csv", "No file"),
    ],
)
def test_no_such_file(name, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        load_counts(name)
    assert message in str(caught.value)
    if "\0" not in name:
        assert analyze(name, "-o", tmp_path / "out").exit_code == 2


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_unreadable_file(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(GOOD, encoding="utf-8")
    path.chmod(0)
    with pytest.raises(InputError, match="Permission denied"):
        load_counts(path)


@pytest.mark.parametrize("case", [None, 7, {"model": ["m"]}, [], b"c.csv", [None]])
def test_not_counts_at_all(case):
    with pytest.raises(InputError, match="Counts come from"):
        load_counts(case)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_correct": [1, -2, 1, 1]}, "DataFrame, row 1, column n_correct: -2 is negative"),
        ({"n_correct": [1, np.inf, 1, 1]}, "'inf' is infinite"),
        ({"n_correct": [1, None, 1, 1]}, "row 1, column n_correct: empty"),
        ({"n_correct": pd.array([1, None, 1, 1], dtype="Int64")}, "row 1, column n_correct: empty"),
        ({"n_correct": 1 + 2j}, "is not a number"),
        ({"n_correct": [10**30, 1, 1, 1]}, "too large"),
        ({"n_samples": np.uint64(2**64 - 1)}, "too large"),
        ({"model": ["a", None, "b", "b"]}, "row 1, column model: empty"),
        ({"model": [1.0, np.nan, 2.0, 2.0]}, "row 1, column model: empty"),
    ],
)
def test_bad_frame(changed, message):
    with pytest.raises(InputError) as caught:
        load_counts(good_table(**changed))
    assert message in str(caught.value)


def test_frame_with_a_column_twice():
    table = good_table()
    with pytest.raises(InputError, match="the column 'model' appears more than once"):
        load_counts(pd.concat([table, table[["model"]]], axis=1))


def test_unknown_model_says_which_there_are():
    counts = load_counts(good_table())
    for ask in (lambda: counts.select(models=["the-bass"]), lambda: counts.arrays(["the-bass"])):
        with pytest.raises(InputError, match=r"no model 'the-bass'.*'the-base'\? It has: the-base, the-rl\."):
            ask()


def test_unknown_benchmark_says_which_there_are():
    with pytest.raises(InputError, match=r"no benchmark 'eazy'.*'easy'\? It has: easy\."):
        load_counts(good_table()).arrays(["the-base"], "eazy")


def test_two_files_with_the_same_rows(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(GOOD, encoding="utf-8")
    result = analyze(path, path, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "both hold the-base on easy, problem p0" in result.stderr


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400) | st.text(alphabet='model,;"\n\r\t 01.-é', max_size=200).map(str.encode))
def test_any_bytes_are_counts_or_a_plain_message(tmp_path, content):
    for name in ("c.csv", "c.tsv", "c.parquet"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            load_counts(path)
        assert is_plain(str(caught.value).replace(str(tmp_path), ""))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=3), st.integers(0, 5))
def test_any_change_of_a_good_file_gives_counts_or_a_plain_message(tmp_path, start, instead, length):
    path = tmp_path / "c.csv"
    path.write_bytes(GOOD.encode()[:start] + instead + GOOD.encode()[start + length :])
    message = ""
    try:
        table = load_counts(path).table
    except InputError as error:
        message = str(error).replace(str(tmp_path), "")
    assert is_plain(message) if message else (table["n_correct"] <= table["n_samples"]).all()


@pytest.mark.parametrize("length", range(0, len(PARQUET), 101))
def test_a_parquet_file_cut_short(tmp_path, length):
    path = tmp_path / "c.parquet"
    path.write_bytes(PARQUET[:length])
    with pytest.raises(InputError, match="not a Parquet file"):
        load_counts(path)
