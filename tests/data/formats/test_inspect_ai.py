import json
import zipfile
import zlib
from importlib.util import find_spec

import pytest

from boundary.data.formats.parts import inspect_files
from boundary.data.importing.import_files import import_files, recognised_format
from boundary.data.readers.zstd import compress
from boundary.errors import InputError

HEADER = {
    "version": 2,
    "status": "success",
    "eval": {
        "run_id": "r",
        "created": "2026-01-01T00:00:00+00:00",
        "task": "sums",
        "task_id": "t",
        "dataset": {"name": "sums", "samples": 2, "sample_ids": ["q1", "q2"]},
        "model": "openai/small",
        "model_generate_config": {"temperature": 0.5, "top_p": 0.9},
        "config": {"epochs": 3, "epochs_reducer": ["mean"]},
    },
    "plan": {"name": "plan", "steps": [], "config": {"temperature": 0.7}},
    "results": {"total_samples": 6, "completed_samples": 6, "scores": []},
    "stats": {
        "started_at": "2026-01-01T00:00:00+00:00",
        "completed_at": "2026-01-01T00:01:00+00:00",
        "model_usage": {},
    },
}


@pytest.fixture(params=["plain", "inspect_ai"])
def reader(request):
    """Both ways of reading must tell the same."""
    if request.param == "inspect_ai" and find_spec("inspect_ai") is None:
        pytest.skip("inspect_ai is not installed")
    return request.param


def sample(id="q1", epoch=1, value="C", text="four", stop="stop", **more):
    answer = {"role": "assistant", "content": text, "source": "generate"}
    scores = {"match": {"value": value, "answer": text}} if value is not None else {}
    output = {"model": "small", "choices": [{"message": answer, "stop_reason": stop}]}
    question = f"What is {id}?"
    messages = [{"role": "user", "content": question, "source": "input"}, answer]
    fields = {"id": id, "epoch": epoch, "input": question, "target": "4", "messages": messages, "output": output}
    return fields | {"scores": scores, "metadata": {}, "store": {}, "events": []} | more


def write_eval(path, samples, header=HEADER, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as zipped:
        for entry in samples:
            zipped.writestr(f"samples/{entry['id']}_epoch_{entry['epoch']}.json", json.dumps(entry))
        zipped.writestr("summaries.json", "[]")
        zipped.writestr(
            "reductions.json", json.dumps([{"scorer": "match", "samples": [{"value": 1.0, "sample_id": "q1"}]}])
        )
        zipped.writestr("header.json", json.dumps(header))
    return path


def write_zstd(path, samples):
    """What newer versions write: method 93, in several frames, which this Python's zipfile cannot."""
    write_eval(path, samples, method=zipfile.ZIP_STORED)
    with zipfile.ZipFile(path) as zipped:
        members = {info.filename: zipped.read(info) for info in zipped.infolist()}
    packed = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as zipped:
        for name, data in members.items():
            frames = [compress(data[:50]), compress(data[50:])]
            packed[name] = (data, b"".join(frames))
            zipped.writestr(name, packed[name][1])
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as zipped:
        infos, directory = zipped.infolist(), zipped.start_dir
    for info in infos:
        data, _ = packed[info.filename]
        crc, size = zlib.crc32(data).to_bytes(4, "little"), len(data).to_bytes(4, "little")
        at, entry = info.header_offset, raw.index(b"PK\x01\x02", directory)
        raw[at + 8 : at + 10] = raw[entry + 10 : entry + 12] = (93).to_bytes(2, "little")
        raw[at + 14 : at + 18] = raw[entry + 16 : entry + 20] = crc
        raw[at + 22 : at + 26] = raw[entry + 24 : entry + 28] = size
        directory = entry + 4
    path.write_bytes(raw)
    return path


def write_json(path, samples, header=HEADER):
    reductions = [{"scorer": "match", "samples": [{"value": 1.0, "sample_id": "q1"}]}]
    path.write_text(json.dumps(header | {"samples": samples, "reductions": reductions}))
    return path


SIX = [
    sample("q1", 1, "C"),
    sample("q1", 2, "I", text="five"),
    sample("q1", 3, "C", text="Four."),
    sample("q2", 1, "N", text="I will not"),
    sample("q2", 2, "I", text=""),
    sample("q2", 3, "I", text="two and", stop="max_tokens"),
]


@pytest.mark.parametrize("write", [write_eval, write_json, write_zstd])
def test_epochs_are_samples(tmp_path, write, reader):
    path = write(tmp_path / ("log.json" if write is write_json else "log.eval"), SIX)
    assert recognised_format(path) == "inspect-ai"
    imported = import_files(path, reader=reader)
    table = imported.counts.table.set_index("problem_id")
    assert table.loc["q1", ["n_samples", "n_correct"]].tolist() == [3, 2]
    assert table.loc["q2", ["n_samples", "n_correct"]].tolist() == [3, 0]
    samples = imported.samples.sort_values(["problem_id", "sample_index"])
    assert samples["outcome"].tolist() == ["correct", "wrong", "correct", "no_answer", "empty", "truncated"]
    assert samples["sample_index"].tolist() == [0, 1, 2, 0, 1, 2]
    assert set(samples["model"]) == {"openai/small"}
    assert set(samples["benchmark"]) == {"sums"}
    assert imported.settings == {"temperature": 0.7, "top_p": 0.9}
    assert imported.notes == ()


def test_what_was_not_scored_is_left_out_and_told(tmp_path, reader):
    error = {"message": "no connection", "traceback": "", "traceback_ansi": ""}
    nan = sample("q2", 2, float("nan"))
    samples = [sample("q1"), sample("q2", value=None), sample("q1", 2, None, error=error), nan]
    imported = import_files(write_eval(tmp_path / "log.eval", samples), reader=reader)
    assert imported.counts.table["n_samples"].tolist() == [1]
    assert sorted(note.split(": ", 1)[1][:40] for note in imported.notes[:2]) == [
        "1 of 4 samples ended in an error before ",
        "2 of 4 samples have no score; they were ",
    ]
    assert imported.notes[2].startswith("1 of 2 problems of openai/small on sums has no sample left")


def test_scores_that_are_no_verdicts_are_refused_unless_told_what_counts(tmp_path, reader):
    path = write_eval(
        tmp_path / "log.eval", [sample(value=0.4), sample(epoch=2, value=0.6), sample(epoch=3, value="P")]
    )
    with pytest.raises(InputError, match=r"part of the credit.*threshold=0\.5"):
        import_files(path, reader=reader)
    assert import_files(path, threshold="0.5", reader=reader).counts.table["n_correct"].tolist() == [2]
    with pytest.raises(InputError, match="give a number"):
        import_files(path, threshold="half", reader=reader)
    with pytest.raises(InputError, match="'maybe' is no verdict"):
        import_files(write_eval(tmp_path / "words.eval", [sample(value="maybe")]), reader=reader)
    with pytest.raises(InputError, match="'nan' is no verdict"):
        import_files(write_eval(tmp_path / "nan.eval", [sample(value="nan")]), threshold="0.5", reader=reader)


@pytest.mark.parametrize(("value", "correct"), [(1, 1), (0.0, 0), (True, 1), ("1", 1), ("0.0", 0)])
def test_numbers_that_are_verdicts(tmp_path, value, correct, reader):
    path = write_eval(tmp_path / "log.eval", [sample(value=value)])
    assert import_files(path, reader=reader).counts.table["n_correct"].tolist() == [correct]


def test_one_of_several_scorers_must_be_named(tmp_path, reader):
    scores = {"match": {"value": "I"}, "judge": {"value": {"right": 1, "polite": 0}}}
    path = write_eval(tmp_path / "log.eval", [sample(scores=scores)])
    with pytest.raises(InputError, match=r"several scorers \(judge, match\)"):
        import_files(path, reader=reader)
    with pytest.raises(InputError, match="gives right, polite"):
        import_files(path, scorer="judge", reader=reader)
    assert import_files(path, scorer="match", reader=reader).counts.table["n_correct"].tolist() == [0]
    assert import_files(path, scorer="judge.right", reader=reader).counts.table["n_correct"].tolist() == [1]
    with pytest.raises(InputError, match="no scorer 'other'"):
        import_files(path, scorer="other", reader=reader)


def test_limits_say_how_a_wrong_sample_ended(tmp_path, reader):
    samples = [
        sample(epoch=1, value="I", limit={"type": "time", "limit": 60}),
        sample(epoch=2, value="I", limit={"type": "token", "limit": 1000}),
        sample(epoch=3, value="C", limit={"type": "message", "limit": 10}),
    ]
    outcomes = import_files(write_eval(tmp_path / "log.eval", samples), reader=reader).samples["outcome"].tolist()
    assert outcomes == ["timeout", "truncated", "correct"]


def test_aggregates_over_epochs_are_never_taken_for_samples(tmp_path, reader):
    with pytest.raises(InputError, match="no samples, and what its header says is aggregated"):
        import_files(write_json(tmp_path / "log.json", []), reader=reader)


def test_a_run_that_did_not_finish_is_told(tmp_path, reader):
    imported = import_files(write_eval(tmp_path / "log.eval", SIX, HEADER | {"status": "cancelled"}), reader=reader)
    assert "did not finish (its status is cancelled)" in imported.notes[0]


def test_progress_is_told_member_by_member(tmp_path):
    calls = []
    path = write_eval(tmp_path / "log.eval", SIX)
    import_files(path, progress=lambda name, done, size: calls.append((name, done, size)))
    assert {name for name, _, _ in calls} == {"log.eval"}
    assert len({done for _, done, _ in calls}) >= len(SIX)
    assert max(done for _, done, _ in calls) <= path.stat().st_size


def test_two_logs_are_two_runs(tmp_path):
    other = HEADER | {"eval": HEADER["eval"] | {"task_id": "u"}}
    logs = [write_eval(tmp_path / "a.eval", SIX), write_eval(tmp_path / "b.eval", SIX[1:], other)]
    imported = import_files(logs)
    assert imported.counts.table["n_samples"].tolist() == [5, 6]
    assert sorted(set(imported.samples["run"])) == ["task t", "task u"]


def test_a_retry_holds_samples_of_the_first_try_again(tmp_path):
    logs = [
        write_eval(tmp_path / "a.eval", SIX[:4], HEADER | {"status": "error"}),
        write_eval(tmp_path / "b.eval", SIX),
    ]
    with pytest.raises(InputError, match=r"has samples of task t in .*Leave one file out"):
        import_files(logs)


def test_an_epoch_twice_is_refused(tmp_path):
    with pytest.raises(InputError, match="epoch 2 of sample q1 appears twice"):
        import_files(write_json(tmp_path / "log.json", [sample(), sample(epoch=2), sample(epoch=2)]))
    path = write_eval(tmp_path / "log.eval", [sample(), sample(epoch=2)])
    path.write_bytes(path.read_bytes().replace(b"q1_epoch_2", b"q1_epoch_1"))
    with pytest.raises(InputError, match=r"holds 'samples/q1_epoch_1\.json' twice"):
        import_files(path)


def test_a_run_that_broke_off_and_long_samples_in_folders_of_their_own(tmp_path):
    path = tmp_path / "log.eval"
    started = {name: HEADER[name] for name in ("version", "eval", "plan")}
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("_journal/start.json", json.dumps(started))
        zipped.writestr("samples/q1_epoch_1/sample.json", json.dumps(sample()))
        zipped.writestr("samples/q1_epoch_1/events/0.json", "[]")
    imported = import_files(path)
    assert imported.counts.table[["problem_id", "n_samples", "n_correct"]].to_numpy().tolist() == [["q1", 1, 1]]
    assert "did not finish (its status is started)" in imported.notes[0]


def test_logs_of_a_newer_schema_are_left_to_inspect_ai(tmp_path, monkeypatch):
    path = write_eval(tmp_path / "log.eval", SIX, HEADER | {"version": 9})
    monkeypatch.setattr(inspect_files, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="only inspect_ai itself can read it"):
        import_files(path)


def test_zip_bombs_are_refused_before_they_unpack(tmp_path):
    path = tmp_path / "bomb.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("header.json", json.dumps(HEADER))
        zipped.writestr("samples/q1_epoch_1.json", json.dumps(sample()))
    raw = bytearray(path.read_bytes())
    entry = raw.rindex(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(InputError, match="unpack to 4096 MiB"):
        import_files(path)


def test_members_longer_than_they_say_are_refused(tmp_path):
    """A zstd stream may go on for ever; no more is unpacked than the directory says."""
    path = write_zstd(tmp_path / "log.eval", SIX)
    raw = bytearray(path.read_bytes())
    entry = raw.index(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = (10).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(InputError, match="its checksum differs"):
        import_files(path)


def test_damage_is_named(tmp_path):
    path = write_zstd(tmp_path / "log.eval", SIX)
    raw = bytearray(path.read_bytes())
    at = raw.index(b"\x28\xb5\x2f\xfd")
    raw[at + 20] ^= 255
    path.write_bytes(raw)
    with pytest.raises(InputError, match=r"'samples/q1_epoch_1\.json' in it is cut short or damaged"):
        import_files(path)
    path.write_bytes(bytes(raw[:-40]))
    with pytest.raises(InputError, match="cut short or damaged"):
        import_files(path)


def test_a_broken_sample_can_be_left_out(tmp_path):
    path = tmp_path / "log.json"
    bad = sample(epoch=2)
    bad["scores"]["match"]["value"] = [1, 0]
    with pytest.raises(InputError, match="sample q1, epoch 2"):
        import_files(write_json(path, [sample(), bad]))
    assert import_files(path, skip_bad=True).counts.table["n_samples"].tolist() == [1]


@pytest.mark.parametrize(
    "name",
    [
        "HumanEval/{}",
        "a/b/c/{}",
        "C:\\dir\\{}",
        "v1.{}",
        "50%2F{}",
        "two words {}",
        "日本 {}",
        "../{}",
        "x.json/{}",
        "{}/sample",
    ],
)
def test_ids_of_every_kind(tmp_path, name):
    """Slashes and whatever else stands in an id stand in the names of the members of the zip file too."""
    samples = [sample(name.format(i), epoch, "C" if epoch == 1 else "I") for i in range(3) for epoch in (1, 2)]
    some = [*samples, sample("plain", 1), sample("plain", 2, "I")]
    for part, problems in ((samples, 3), (some, 4)):
        table = import_files(write_eval(tmp_path / "log.eval", part)).counts.table
        assert len(table) == problems
        assert set(table["n_samples"]) == {2}
        assert set(table["n_correct"]) == {1}


def test_parts_of_a_large_sample_are_not_samples(tmp_path):
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("header.json", json.dumps(HEADER))
        zipped.writestr("samples/a/b_epoch_1/sample.json", json.dumps(sample("a/b")))
        zipped.writestr("samples/a/b_epoch_1/events/0.json", "[]")
        zipped.writestr("samples/a/b_epoch_1/attachments/x.json", "{}")
    assert import_files(path).counts.table["problem_id"].tolist() == ["a/b"]


def test_a_folder_of_logs_has_a_list_of_their_headers(tmp_path):
    for task in ("one", "two"):
        header = HEADER | {"eval": HEADER["eval"] | {"task": task}}
        write_eval(tmp_path / f"{task}.eval", [sample(), sample(epoch=2, value="I")], header)
    listing = {f"{task}.eval": HEADER for task in ("one", "two")}
    (tmp_path / "logs.json").write_text(json.dumps(listing, indent=2))
    (tmp_path / "eval-set.json").write_text(json.dumps({"eval_set_id": "x", "tasks": []}))
    assert recognised_format(tmp_path / "logs.json") is None
    for name in ("auto", "inspect-ai"):
        assert import_files(tmp_path, name).counts.benchmarks == ("one", "two")
