"""Bombs: small files that would fill memory or disk are refused as they unpack; honest files of their kind are read."""

import gzip
import io
import json
import os
import struct
import tempfile
import tracemalloc
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from boundary.analysis.claims.evaluate import read_claims
from boundary.data.catalog import load_counts
from boundary.data.importing.import_files import import_files
from boundary.data.readers import limits, streams
from boundary.data.readers.zstd import ZstdFile, compress
from boundary.data.runs.counts import run_table
from boundary.data.runs.folder import (
    arms,
    read_manifest,
    read_problems,
    read_samples,
    read_verdicts,
    sample_index,
    shards,
)
from boundary.errors import InputError
from boundary.sampling.problems import Completion, Problem, Verdict
from boundary.sampling.run_file import read_run
from boundary.sampling.store.arm import open_store, write_shard
from boundary.sampling.verifiers.table import load_verifier
from boundary.sampling.verify import verify_arm

MIB = limits.MIB
PROBLEMS = (Problem("p0", "1 + 1?", "2"), Problem("p1", "2 + 2?", "4"))
MANIFEST = {"model": "m", "benchmark": "b", "settings": {"seed": 0}, "n_samples": 2, "verifier": "number-1"}
HEADER = "model,benchmark,problem_id,n_samples,n_correct\n"
VERDICTS_OF_VERL = b'{"input": "q", "output": "a", "gts": "1", "score": 1.0, "step": 1}\n'


@pytest.fixture
def small(monkeypatch):
    """Limits of a few kilobytes, so that no test need unpack gigabytes."""
    monkeypatch.setattr(limits, "ALWAYS_ALLOWED", 10_000)
    monkeypatch.setattr(limits, "MOST_TIMES", 2)


@pytest.fixture
def run(tmp_path):
    """A run folder: two problems, two samples each, judged."""
    with open_store(tmp_path / "run", MANIFEST, PROBLEMS) as store:
        store.append([Completion(p.problem_id, i, f"text {i}", "stop", 3) for p in PROBLEMS for i in range(2)])
        store.append_verdicts("number-1", [Verdict(p.problem_id, i, "correct") for p in PROBLEMS for i in range(2)])
    return tmp_path / "run"


def peak_of(call):
    """The error that a call raises, and the most memory that it took, in MiB."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as caught:
            call()
        return str(caught.value), tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


def frames(content, times):
    """A text that stands `times` times, packed once: unpacked it may be of any size."""
    return compress(content) * times


def bodied(path, body):
    """The shard at `path` with its header, which vouches for another body."""
    with ZstdFile(path) as stream:
        header = json.loads(stream.readline())
    packed = compress(json.dumps(header | {"bytes": len(body)}).encode() + b"\n")
    path.write_bytes(packed + body)


# --- run folders


def test_a_shard_of_100_kilobytes_does_not_unpack_to_6_gigabytes(run):
    arm = arms(run)[0]
    shard = shards(arm / "samples")[0]
    bodied(shard, frames(b"0" * (64 * MIB), 100))
    assert shard.stat().st_size < 300_000
    message, peak = peak_of(lambda: list(read_samples(arm)))
    assert "a line of it is longer than 32 MiB" in message
    assert "Delete it" in message
    assert peak < 150
    verdicts = shards(arm / "verdicts" / "number-1")[0]
    verdicts.write_bytes(frames(b"0" * (64 * MIB), 100))
    message, peak = peak_of(lambda: run_table(run))
    assert "a line of it is longer" in message
    assert peak < 150


def test_a_shard_of_too_many_lines_is_refused(run, monkeypatch):
    arm = arms(run)[0]
    line = json.dumps(SAMPLE)
    shard = shards(arm / "samples")[0]
    bodied(shard, frames((line + "\n").encode(), 5))
    with pytest.raises(InputError, match="holds more samples than it says"):
        list(read_samples(arm))
    monkeypatch.setattr(limits, "LARGEST_SHARD", 100)
    with pytest.raises(InputError, match="unpacks to more than 1 MiB"):
        list(read_samples(arm))


def test_a_header_of_a_shard_is_bounded(run, monkeypatch):
    arm = arms(run)[0]
    monkeypatch.setattr(limits, "LARGEST_HEADER", 50)
    with pytest.raises(InputError, match="unpacks to more than"):
        sample_index(arm)


def test_headers_together_list_no_more_than_their_shards_hold(run, small, monkeypatch):
    monkeypatch.setattr(limits, "SAMPLE_ROW", 5000)
    with pytest.raises(InputError, match="list more samples than they hold"):
        sample_index(arms(run)[0])


def test_verdicts_that_repeat_are_kept_once_and_their_texts_are_bounded(run, small):
    arm = arms(run)[0]
    folder = arm / "verdicts" / "number-1"
    text = int(sample_index(arm).set_index(["problem_id", "sample_index"]).loc[("p0", 0), "text_hash"])
    write_shard(folder, [["p0", 0, "wrong", "5" * 100, "", text]] * 10_000, "000002-again")
    table = read_verdicts(arm, "number-1")
    assert len(table) == 4
    assert table.loc[table["problem_id"].eq("p0") & table["sample_index"].eq(0), "outcome"].tolist() == ["wrong"]
    write_shard(folder, [["p0", 0, "wrong", "5" * 20_000, "", text]], "000003-again")
    with pytest.raises(InputError, match="longer than any"):
        read_verdicts(arm, "number-1")


@pytest.mark.parametrize("row", [["p0", 0, "=1+1", "", ""], ["p0", 0], {"a": 1}, 7, None, [["p0"], 0, "wrong", "", ""]])
def test_a_line_that_is_no_verdict_is_named(run, row):
    arm = arms(run)[0]
    path = write_shard(arm / "verdicts" / "number-1", [row], "000002-again")
    with pytest.raises(InputError, match=path.name):
        read_verdicts(arm, "number-1")


def test_texts_that_repeat_themselves_stay_readable_however_well_they_pack(tmp_path, small):
    with open_store(tmp_path, MANIFEST, PROBLEMS) as store:
        store.append([Completion("p0", i, "again and " * 20_000, "length", 40_000) for i in range(50)])
    arm = arms(tmp_path)[0]
    assert shards(arm / "samples")[0].stat().st_size < 20_000
    assert sum(len(sample["text"]) for sample in read_samples(arm)) == 50 * 200_000


SAMPLE = {"problem_id": "p0", "sample_index": 0, "text": "", "finish_reason": "stop", "n_tokens": 1}


@pytest.mark.parametrize("line", [[1], 7, SAMPLE | {"text": [1]}, SAMPLE | {"problem_id": {}}, {"problem_id": "p0"}])
def test_a_line_that_is_no_sample_is_named(run, line):
    arm = arms(run)[0]
    shard = shards(arm / "samples")[0]
    bodied(shard, frames(json.dumps(line).encode() + b"\n", 1))
    with pytest.raises(InputError, match=shard.name):
        list(read_samples(arm))


def test_samples_of_no_problem_and_fields_of_no_sample(run):
    arm = arms(run)[0]
    shard = shards(arm / "samples")[0]
    bodied(shard, frames(json.dumps(SAMPLE | {"evil": 1}).encode() + b"\n", 4))
    assert list(read_samples(arm)) == [SAMPLE | {"tokens": None, "reasoning_joined": None}] * 4
    bodied(shard, frames(json.dumps(SAMPLE | {"problem_id": "zz"}).encode() + b"\n", 4))
    with pytest.raises(InputError, match="zz is none of its problems"):
        verify_arm(arm, load_verifier("number"), workers=1, again=True)


@pytest.mark.parametrize("rows", [[["p0"]], [[]], [["p0", "0", 1, 1, "stop"]], [7], "p0"])
def test_a_header_of_another_kind_is_refused(run, rows):
    arm = arms(run)[0]
    shard = shards(arm / "samples")[0]
    header = json.dumps({"manifest": "x", "samples": rows, "bytes": 0}).encode()
    shard.write_bytes(compress(header))
    with pytest.raises(InputError, match=shard.name):
        sample_index(arm)


@pytest.mark.parametrize("line", ["null", '{"problem_id": "p0"}', '{"problem_id": 1, "prompt": "", "answer": ""}'])
def test_a_line_that_is_no_problem_is_refused(run, line):
    arm = arms(run)[0]
    (arm / "problems.jsonl").write_text(line + "\n")
    with pytest.raises(InputError, match="a line is no problem"):
        read_problems(arm)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[" * 100_000, "recursion"),
        ('{"model": "m", "benchmark": "b", "n": ' + "9" * 5000 + "}", "4300"),
        ('{"model": "m", "benchmark": {}}', "its benchmark is not what boundary writes"),
        ('{"model": "m", "benchmark": "b", "settings": []}', "its settings is not what boundary writes"),
        ('{"model": "m", "benchmark": "b", "n_samples": "many"}', "its n_samples is not what boundary writes"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(run, content, why):
    arm = arms(run)[0]
    (arm / "manifest.json").write_text(content)
    with pytest.raises(InputError, match=why):
        read_manifest(arm)


def test_a_manifest_and_problems_are_files_of_bounded_size(run, monkeypatch):
    arm = arms(run)[0]
    monkeypatch.setattr(limits, "LARGEST_MANIFEST", 10)
    with pytest.raises(InputError, match="longer than"):
        read_manifest(arm)
    (arm / "problems.jsonl").write_text("[" * 100_000)
    with pytest.raises(InputError, match="recursion"):
        read_problems(arm)
    for name in ("manifest.json", "problems.jsonl"):
        (arm / name).unlink()
        os.mkfifo(arm / name)  # reading it would wait for ever
    with pytest.raises(InputError, match="no ordinary file"):
        read_manifest(arm)
    with pytest.raises(InputError, match="no ordinary file"):
        read_problems(arm)


# --- files of samples


def test_a_gz_of_a_megabyte_does_not_fill_the_disk(tmp_path, monkeypatch):
    sizes = []

    class Recorded(io.BytesIO):
        def write(self, chunk):
            sizes.append(len(chunk))
            return len(chunk)

    path = tmp_path / "Scenario.codegeneration_1_0.2_eval_all.json.gz"
    path.write_bytes(gzip.compress(b"[" + b" " * (16 * MIB)) + gzip.compress(b" " * (16 * MIB)) * 19)
    monkeypatch.setattr(tempfile, "TemporaryFile", Recorded)
    message, peak = peak_of(lambda: import_files(path, "livecodebench", model="m"))
    assert "unpacks to more than 64 MiB, 128 times its size" in message
    assert "unpack it yourself" in message
    assert sum(sizes) <= 64 * MIB
    assert peak < 50


@pytest.mark.parametrize("pack", [gzip.compress, compress])
def test_packed_lines_are_counted_as_they_unpack(tmp_path, small, pack):
    path = tmp_path / "1.jsonl.gz"
    path.write_bytes(pack(VERDICTS_OF_VERL * 100))
    assert import_files(path, "verl").counts.table["n_samples"].tolist() == [100]
    path.write_bytes(pack(VERDICTS_OF_VERL * 1000))
    with pytest.raises(InputError, match="unpacks to more than"):
        import_files(path, "verl")
    plain = tmp_path / "2.jsonl"
    plain.write_bytes(VERDICTS_OF_VERL * 1000)
    assert import_files(plain, "verl").counts.table["n_samples"].tolist() == [1000]


def test_a_line_is_bounded_and_an_honest_one_fits(tmp_path, monkeypatch):
    assert limits.LONGEST_LINE > 10_000 * 32_000 * 4
    path = tmp_path / "1.jsonl"
    path.write_bytes(VERDICTS_OF_VERL)
    monkeypatch.setattr(limits, "LONGEST_LINE", 20)
    with pytest.raises(InputError, match="line 1: longer than"):
        import_files(path, "verl")


def test_constants_and_half_characters_of_python_are_read_in_linear_time(tmp_path):
    path = tmp_path / "1.jsonl"
    text = r"say \"NaN\" \\ud800 \ud83d\ude00 \ud800"
    lines = [f'{{"input": "{text}", "output": "{i}", "gts": NaN, "score": 1, "more": [-Infinity]}}' for i in range(3)]
    path.write_text("\n".join(lines))
    assert import_files(path, "verl", model="m").counts.table["n_correct"].tolist() == [3]
    path.write_text('{"input": NaN, "output": "' + '\\"' * 300_000)
    with pytest.raises(InputError, match="line 1: not JSON"):
        import_files(path, "verl", model="m")


@pytest.mark.parametrize(
    "text",
    [
        b"a: &a [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n".encode()
            for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        )
        + b"is_corrects: *i\nsamples: *i\n",
        b"samples: []\nis_corrects: " + b"[" * 50,
        b"samples: []\nis_corrects: [!!python/name:os.system '']",
        b"samples: []\nis_corrects: []\n---\nsamples: []",
    ],
    ids=["aliases", "depth", "tags", "documents"],
)
def test_yaml_of_half_a_kilobyte_builds_nothing(tmp_path, text):
    path = tmp_path / "MATH_m" / "1.yaml"
    path.parent.mkdir()
    path.write_bytes(text)
    message, peak = peak_of(lambda: import_files(path, "large-language-monkeys", model="m"))
    assert "not YAML" in message
    assert peak < 20


def test_zip_members_are_bounded_and_do_not_lie_over_each_other(tmp_path, small):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a.npy", b"\0" * 100_000)
    with pytest.raises(InputError, match="unpack it yourself"):
        import_files(path, "scorio")
    with zipfile.ZipFile(path, "w") as zipped:
        for name in ("a.npy", "b.npy", "c.npy"):
            zipped.writestr(name, b"\0" * 1000)
    # Three entries of the directory, one member.
    raw, entry, end = path.read_bytes(), 46 + len("a.npy"), struct.Struct("<4s4H2LH")
    directory = raw.index(b"PK\x01\x02")
    entries = [bytearray(raw[directory + i * entry : directory + (i + 1) * entry]) for i in range(3)]
    for record in entries:
        record[42:46] = bytes(4)
    last = end.pack(b"PK\x05\x06", 0, 0, 3, 3, 3 * entry, directory // 3, 0)
    path.write_bytes(raw[: directory // 3] + b"".join(entries) + last)
    with pytest.raises(InputError, match="lie over each other"):
        import_files(path, "scorio")


# --- tables


def test_a_gzipped_table_is_counted_as_it_unpacks(tmp_path, small):
    path = tmp_path / "counts.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "m,b,p0,4,1\n").encode()))
    assert load_counts(path).models == ("m",)
    path.write_bytes(gzip.compress((HEADER + "m,b,p0,4,1\n" * 5000).encode()))
    with pytest.raises(InputError, match="unpacks to more than"):
        load_counts(path)


def test_a_name_is_no_book(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text(HEADER + "m" * limits.LONGEST_NAME + ",b,p0,4,1\n")
    assert len(load_counts(path).models[0]) == limits.LONGEST_NAME
    path.write_text(HEADER + "m,b,p0,4,1\nm,b," + "p" * 501 + ",4,1\n")
    with pytest.raises(InputError, match="line 3, column problem_id: 501 characters are no name"):
        load_counts(path)


def repeated(text, times):
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(times, dtype=np.int32)), pa.array([text]))


def test_a_parquet_table_expands_to_no_more_than_its_size_says(tmp_path):
    path = tmp_path / "counts.parquet"
    columns = {"problem_id": [str(i) for i in range(9)], "n_samples": [4] * 9, "n_correct": [1] * 9}
    pq.write_table(pa.table({"model": repeated("m", 9)} | columns), path, store_schema=False)
    assert load_counts(path).models == ("m",)
    pq.write_table(pa.table({"model": repeated("x" * 100_000, 200_000)}), path, compression="zstd", store_schema=False)
    assert path.stat().st_size < 10_000
    message, peak = peak_of(lambda: load_counts(path))
    assert "expands to more than 1024 MiB" in message
    assert peak < 50
    pq.write_table(pa.table({"model": repeated("m", 1_000_001)}), path, store_schema=False)
    with pytest.raises(InputError, match="1,000,001 rows"):
        load_counts(path)


def test_rows_of_parquet_expand_to_no_more_than_their_file_says(tmp_path):
    path = tmp_path / "MATH_m.parquet"
    samples = pa.ListArray.from_arrays(pa.array([0, 50_000], pa.int32()), repeated("x" * 100_000, 50_000))
    correct = pa.array([[True] * 50_000])
    pq.write_table(pa.table({"samples": samples, "is_corrects": correct}), path, compression="zstd", store_schema=False)
    message, peak = peak_of(lambda: import_files(path, model="m"))
    assert "expands to more than 64 MiB" in message
    assert peak < 50


# --- files of options


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a = " + "[" * 5000, "nested too deeply"),
        ("a." * 5000 + "b = 1", "more than 100 dots"),
        ("a = '" + "x" * limits.LARGEST_TOML + "'", "longer than 256 KiB"),
        ("a = " + "9" * 5000, "4300"),
    ],
)
def test_toml_is_bounded(tmp_path, text, why):
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        read_claims(path)
    with pytest.raises(InputError, match=why):
        read_run(path, {})


def test_the_limits_of_streams_are_those_of_one_place():
    assert not {name for name in vars(streams) if name.startswith(("LONGEST", "LARGEST", "MOST"))}
