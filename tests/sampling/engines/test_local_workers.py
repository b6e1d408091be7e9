"""Worker processes on one machine: every sample once, whichever worker is lost, and no worker outlives the run."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from boundary.data.runs.counts import run_table
from boundary.data.runs.folder import arms, read_manifest, sample_index
from boundary.errors import InputError
from boundary.sampling.engines.blocks import BlockQueue
from boundary.sampling.engines.local_workers import worker_places
from boundary.sampling.engines.opening import identifying_options, open_engine, worker_spec
from boundary.sampling.engines.spec import Chat, EngineSpec, Request, Sampling
from boundary.sampling.engines.worker_process import request_of, request_record
from boundary.sampling.run import Run, sample

REQUESTS = [Request(f"p{number}", (1, 3, number), tuple(range(24))) for number in range(4)]
EXPECTED = {(request.problem_id, place): 1 for request in REQUESTS for place in request.sample_indices}
OPTIONS = {"workers": 2, "block_samples": 8, "device": "cpu", "batch_size": 4}


def spec_of(model, **options):
    return EngineSpec("transformers", str(model), sampling=Sampling(1.0, 1.0, 8, (2,)), options=OPTIONS | options)


def sample_keys(completions):
    return Counter((completion.problem_id, completion.sample_index) for completion in completions)


def worker_processes(parent=None):
    """Worker processes that this one, or `parent`, has started and that still run."""
    found_ids = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, status = (entry / "cmdline").read_bytes(), (entry / "stat").read_text()
        except OSError:
            continue
        state, of = status.rpartition(")")[2].split()[:2]
        if b"worker_process" in command and state != "Z" and int(of) == (parent or os.getpid()):
            found_ids.append(int(entry.name))
    return found_ids


@pytest.fixture(autouse=True)
def no_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def test_requests_cross_as_they_are():
    request = Request("p", (1, 2), (0, 5), "text \ud83d", (b"\x89PNG",), "arm", Chat(({"role": "user"},), {"a": 1}))
    assert request_of(json.loads(json.dumps(request_record(request)))) == request
    assert request_of(json.loads(json.dumps(request_record(REQUESTS[0])))) == REQUESTS[0]


def test_blocks_hold_every_sample_once_and_shrink():
    queue = BlockQueue(REQUESTS, 2, 1000)
    first = queue.next_block()
    assert sum(len(request.sample_indices) for request in first) == 24
    queue.put_back(first)
    sizes, keys = [], Counter()
    while block := queue.next_block():
        keys.update((request.problem_id, index) for request in block for index in request.sample_indices)
        sizes.append(sum(len(request.sample_indices) for request in block))
    assert keys == EXPECTED
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1


@pytest.mark.parametrize(
    ("visible", "options", "places"),
    [
        ("0,1,5", {}, [("0",), ("1",), ("5",)]),
        ("0,1,5", {"gpus": "all", "workers": 2}, [("0",), ("1",)]),
        ("0,1,2,3", {"gpus_per_worker": 2}, [("0", "1"), ("2", "3")]),
        ("0,1", {"gpus": 1}, [("0",)]),
        ("0,1", {"gpus": [1, "GPU-8e-f"]}, [("1",), ("GPU-8e-f",)]),
        ("", {"workers": 3}, [(), (), ()]),
        ("0,1", {"gpus": 0, "workers": 2}, [(), ()]),
    ],
)
def test_each_worker_has_gpus_of_its_own(monkeypatch, visible, options, places):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    options = {"gpus": None, "workers": 0, "gpus_per_worker": 0} | options
    assert worker_places(EngineSpec("transformers", "m"), **options) == places


def test_vllms_parallel_sizes_say_how_many_gpus_a_worker_takes(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    spec = EngineSpec("vllm", "m", options={"tensor_parallel_size": 2})
    assert worker_places(spec, "all", 0, 0) == [("0", "1"), ("2", "3")]


@pytest.mark.parametrize(
    ("visible", "options", "message"),
    [
        ("", {}, "Say how many workers"),
        ("", {"gpus": "all"}, "gpus=all asks for some"),
        ("0", {"workers": 2}, "2 workers with GPUs of their own, 1 each, need 2, and 1 are to be used"),
        ("0", {"gpus_per_worker": 2}, "1 workers with GPUs of their own, 2 each, need 2"),
        ("0", {"gpus": 3}, "1 GPUs are there"),
        ("0", {"gpus": "some"}, "1 GPUs are there"),
        ("0", {"gpus": [0, 0]}, "each GPU once"),
        ("0", {"gpus": ["0;rm"]}, "each GPU once"),
        ("0", {"workers": "2"}, "workers is a whole number"),
        ("0", {"workers": -1}, "workers is a whole number"),
    ],
)
def test_gpus_that_are_not_there_are_said_plainly(monkeypatch, visible, options, message):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    options = {"gpus": None, "workers": 0, "gpus_per_worker": 0} | options
    with pytest.raises(InputError, match=message):
        worker_places(EngineSpec("transformers", "m"), **options)


def test_workers_are_no_part_of_what_is_sampled():
    spec = EngineSpec("transformers", "m", options=OPTIONS | {"dtype": "float32", "gpus": "all"})
    assert identifying_options(spec) == {"dtype": "float32"}
    assert worker_spec(spec).options == {"device": "cpu", "batch_size": 4, "dtype": "float32"}


def test_an_engine_of_servers_has_no_workers():
    with pytest.raises(InputError, match="The engine openai has no option 'workers'"):
        open_engine(EngineSpec("openai", "m", options={"workers": 2}))


def test_a_lost_worker_is_said_and_its_samples_are_made_anew(tiny_model):
    pytest.importorskip("torch")
    completions, notices = [], []
    with open_engine(spec_of(tiny_model), notice=notices.append) as generate:
        for completion in generate(REQUESTS):
            completions.append(completion)
            if len(completions) == 5:
                assert len(worker_processes()) == 2
                os.kill(worker_processes()[0], signal.SIGKILL)
        assert sample_keys(completions) == EXPECTED
        more = list(generate([Request("q", (1, 3), tuple(range(6)))]))  # another arm, by the same workers
        assert sample_keys(more) == {("q", place): 1 for place in range(6)}
    assert len(notices) == 1
    assert notices[0].startswith("Lost worker ")
    assert "was killed by SIGKILL" in notices[0]
    assert not worker_processes()
    assert len({completion.text for completion in completions}) > 20  # each has noise of its own


def test_too_many_lost_workers_end_the_run(tiny_model):
    pytest.importorskip("torch")
    with open_engine(spec_of(tiny_model, losses=0)) as generate:
        completions = generate(REQUESTS)
        next(completions)
        for process in worker_processes():
            os.kill(process, signal.SIGKILL)
        with pytest.raises(InputError, match=r"Too many workers were lost: worker \d .*What is stored stays"):
            list(completions)
    assert not worker_processes()


def test_what_a_worker_cannot_load_is_said_plainly(tiny_model):
    pytest.importorskip("torch")
    with (
        pytest.raises(InputError, match=r"No folder '\./nowhere'"),
        open_engine(spec_of("./nowhere")) as generate,
    ):
        list(generate(REQUESTS))
    assert not worker_processes()


def test_leaving_early_ends_the_workers_at_once(tiny_model):
    pytest.importorskip("torch")
    with open_engine(spec_of(tiny_model)) as generate:
        completions = generate(REQUESTS)
        next(completions)
        completions.close()
        assert not worker_processes()
        assert sample_keys(generate(REQUESTS)) == EXPECTED  # and new ones are started


@pytest.fixture
def problems(tmp_path):
    path = tmp_path / "sums.jsonl"
    lines = [{"problem_id": f"s{k}", "problem": f"What is {k} + {k} ?", "answer": str(2 * k)} for k in range(4)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_run_begun_by_one_process_goes_on_with_workers(tiny_model, problems, tmp_path):
    pytest.importorskip("torch")
    run = Run(
        tmp_path / "run", (str(tiny_model),), (str(problems),), 4, template="raw", verifier="number", max_tokens=8
    )
    options = {"device": "cpu", "batch_size": 8}
    for n, more in ((4, {}), (12, {"workers": 2, "block_samples": 8}), (14, {})):
        result = sample(Run(**{**vars(run), "n": n, "engine_options": options | more}))[0]
        assert result.missing == 0
    table = run_table(tmp_path / "run")
    assert table["n_samples"].tolist() == [14] * 4
    assert read_manifest(arms(tmp_path / "run")[0])["engine"] == "transformers"


RUNNER = """
import sys
from pathlib import Path
from boundary.sampling.run import Run, sample
import boundary.sampling.store.recording as recording
recording.FLUSH_SAMPLES = 4
model, problems, out = sys.argv[1:]
sample(Run(Path(out), (model,), (problems,), 40, engine_options={"workers": 2, "block_samples": 16, "device": "cpu",
           "batch_size": 2}, template="raw", verifier="number", max_tokens=8))
"""


@pytest.mark.parametrize("kind", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_killed_run_leaves_no_worker_and_goes_on(kind, tiny_model, problems, tmp_path):
    pytest.importorskip("torch")
    command = [sys.executable, "-c", RUNNER, str(tiny_model), str(problems), str(tmp_path / "run")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 240
        while not list((tmp_path / "run").glob("*/*/samples/*.zst")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        workers = worker_processes(process.pid)
        process.send_signal(kind)
        process.wait()
    assert workers
    until = time.monotonic() + 30
    while any(Path(f"/proc/{worker}/cmdline").exists() and _runs(worker) for worker in workers):
        assert time.monotonic() < until
        time.sleep(0.05)
    n_stored = len(sample_index(arms(tmp_path / "run")[0]))
    assert 0 < n_stored < 160
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    index = sample_index(arms(tmp_path / "run")[0])  # raises on a sample that is there twice
    assert len(index) == 160


def _runs(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
