"""Ctrl-C ends a command within two seconds, whatever it is in: one plain line, exit code 130, no half-written file."""

import os
import signal
import subprocess
import sys
import time

import pytest

from boundary.sampling.problems import Completion, Problem
from boundary.sampling.store.arm import open_store

# Fits run in threads of a pool, which Python waits for at its end; here none of them ever comes back.
STUCK = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import boundary.analysis.analyze as compare
from boundary.analysis.output.folder import written_together

def analyze(*args, **options):
    with written_together(Path(sys.argv[-1])) as stage:
        (stage / "estimates.csv").write_text("half of")
        with ThreadPoolExecutor(2) as pool:
            fit = pool.submit(threading.Event().wait)
            print("FITTING", flush=True)
            fit.result()

compare.analyze = analyze
from boundary.cli.entry import main
main()
"""
PLAIN = "from boundary.cli.entry import main; main()"


def interrupted(code, command, folder, after, **environment):
    """Start a command, send SIGINT, and say what it printed and how long it took to end."""
    words = [sys.executable, "-c", code, command, "deepscaler-1.5b", "-o", str(folder)]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, env=os.environ | environment, **pipe) as process:
        if after is None:
            assert process.stdout.readline() == "FITTING\n"
        else:
            time.sleep(after)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        try:
            _, error = process.communicate(timeout=30)
        finally:
            process.kill()
    return process.returncode, error, time.monotonic() - began


def test_fits_that_never_end_are_left(tmp_path):
    folder = tmp_path / "new" / "report"
    code, error, seconds = interrupted(STUCK, "analyze", folder, after=None)
    assert (code, error) == (130, f"Interrupted. Nothing was written to '{folder}'.\n")
    assert seconds < 2
    assert list(tmp_path.rglob("*.csv")) == []


VERIFIER = """
import time
from pathlib import Path

def endless(text, answer):
    Path(__file__).with_name("begun").touch()
    time.sleep(60)
"""


def test_verify_ends_at_once_with_its_workers(tmp_path):
    """Ctrl-C in a terminal reaches the processes that judge, too."""
    problem = Problem("p", "What is 1 + 1?", "2")
    manifest = {"model": "m", "benchmark": "b", "template": "raw", "engine": "none", "settings": {}, "n_samples": 8}
    with open_store(tmp_path / "run", manifest, [problem]) as store:
        store.append([Completion("p", place, f"{place}", "stop", 1) for place in range(8)])
    (tmp_path / "slow_verifier.py").write_text(VERIFIER)
    words = [sys.executable, "-c", PLAIN, "verify", "run", "--verifier", "slow_verifier:endless", "--workers", "2"]
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    settings = {"cwd": tmp_path, "env": os.environ | {"PYTHONPATH": path}, "start_new_session": True, "text": True}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings) as process:
        while not (tmp_path / "begun").exists() and process.poll() is None:
            time.sleep(0.05)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        output, error = process.communicate(timeout=30)
    assert (process.returncode, output, error.splitlines()[-1]) == (130, "", "Interrupted.")
    assert "Traceback" not in error
    assert time.monotonic() - began < 2


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.1, 0.3, 1, 2, 4, 8, 15, 25])
@pytest.mark.parametrize("command", ["analyze", "plan"])
def test_at_any_moment(tmp_path, command, after):
    """Nothing compiled is at hand, so that most of these fall into compiling."""
    code = PLAIN if command == "analyze" else PLAIN.replace("main()", "import sys; sys.argv += CLAIM; main()")
    code = code.replace("CLAIM", "['--claim', 'shrinkage(128) > 0', '--benchmark', 'AMC23']")
    output = tmp_path / ("report" if command == "analyze" else "plan.csv")
    nothing_compiled = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "compiled")}
    status, error, seconds = interrupted(code, command, output, after, **nothing_compiled)
    assert status == 130, error
    assert error.startswith("Interrupted.")
    assert error.count("\n") == 1
    assert seconds < 2
    assert [path for path in tmp_path.rglob("*") if path.suffix in (".csv", ".html", ".nc")] == []
