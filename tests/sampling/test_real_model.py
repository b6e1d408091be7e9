"""A real language model through transformers and through llama.cpp's server on loopback: the same solve rates."""

import json
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.runs.counts import run_table
from boundary.data.runs.folder import arms, read_manifest

pytest.importorskip("torch")
pytest.importorskip("xllamacpp")
pytest.importorskip("httpx")

SERVE = """
import sys, time, xllamacpp
settings = xllamacpp.CommonParams()
settings.model.path, settings.port = sys.argv[1], int(sys.argv[2])
settings.n_parallel, settings.n_ctx = 4, 4096
settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(settings)
sys.stdin.read()
"""
SHOTS = "2 + 3 = 5\n4 + 1 = 5\n7 + 2 = 9\n{problem} ="
SUMS = [(1, 2), (3, 4), (5, 3), (9, 8), (6, 7)]
N = 16


@pytest.fixture(scope="session")
def llama_server(real_gguf):
    """llama.cpp's server in a process of its own, which ends with its standard input."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(real_gguf), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5).close()
            break
        except OSError:
            assert process.poll() is None, "the server ended"
            time.sleep(0.2)
    yield f"http://127.0.0.1:{port}/v1"
    process.stdin.close()
    process.terminate()
    process.wait()


def test_a_real_model_solves_the_same_through_transformers_and_a_server(real_model, real_gguf, llama_server, tmp_path):
    (tmp_path / "shots.txt").write_text(SHOTS)
    (tmp_path / "sums.jsonl").write_text(
        "".join(
            json.dumps({"problem": f"{a} + {b}", "answer": str(a + b), "problem_id": f"{a}+{b}"}) + "\n"
            for a, b in SUMS
        )
    )
    shared = ["sample", "--model", f"small={real_model}", "--benchmark", str(tmp_path / "sums.jsonl"), "-n", str(N)]
    shared += ["--template", str(tmp_path / "shots.txt"), "--verifier", "first-number", "--max-tokens", "4"]
    shared += ["--temperature", "1", "--top-p", "1"]
    counts = {}
    for engine, more in (
        ("transformers", ["--engine-option", "device=cpu", "--engine-option", f"batch_size={N * len(SUMS)}"]),
        ("openai", ["--base-url", llama_server, "--engine-option", f"served_model={real_gguf}"]),
    ):
        done = CliRunner().invoke(main, [*shared, *more, "-o", str(tmp_path / engine)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        table = run_table(tmp_path / engine)
        assert list(table["n_samples"]) == [N] * len(SUMS)
        counts[engine] = table["n_correct"].to_numpy()
        if engine == "openai":
            assert "llamacpp b" in read_manifest(arms(tmp_path / engine)[0])["engine_version"]
    assert all(8 <= count.sum() < N * len(SUMS) for count in counts.values())  # it knows some sums, and not all
    # Differences of Beta posteriors, problem by problem, in standard deviations; quantised weights are the same ones.
    p = [(count + 1) / (N + 2) for count in counts.values()]
    z = (p[0] - p[1]) / ((p[0] * (1 - p[0]) + p[1] * (1 - p[1])) / (N + 3)) ** 0.5
    assert abs(z).max() < 4
