"""Progress: lines in a log, a bar on a terminal, nothing of what takes no time; standard output stays clean."""

import json
import os
import pty
import subprocess
import sys
import time

import pytest

from boundary.analysis import progress as plain_progress
from boundary.cli import progress


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(plain_progress, "FIRST_SECONDS", 0.1)
    monkeypatch.setattr(plain_progress, "LINE_SECONDS", 0.2)


def test_a_log_gets_a_line_now_and_then_and_the_last_state(quick, capsys):
    with plain_progress.log_lines(0.1) as show:
        for done in range(5):
            show(f"sums: {done} of 5")
            time.sleep(0.1)
        show("sums: 5 of 5")
    lines = capsys.readouterr().err.splitlines()
    assert 2 <= len(lines) <= 4
    assert lines[0].startswith("[0:00:00] sums: ")
    assert lines[-1].endswith("sums: 5 of 5")


@pytest.mark.parametrize("show", [True, False])
def test_what_is_done_at_once_says_nothing(show, capsys):
    with progress.progress_bar(show) as report:
        assert (report is not None) == show
        if report:
            report("fits", 1, 2)
            report("writing", 0, 0)
    assert capsys.readouterr() == ("", "")


def test_a_line_is_printed_while_nothing_moves(quick, capsys):
    with progress.progress_bar(True) as report:
        report("fits", 1, 2)
        time.sleep(0.25)
        printed = capsys.readouterr().err
    assert "fits: 1 of 2" in printed


def test_a_closed_log_stops_nothing(quick, monkeypatch):
    stream = open(os.devnull, "w")  # noqa: SIM115, PTH123
    monkeypatch.setattr(sys, "stderr", stream)
    with plain_progress.log_lines(0.0) as show:
        stream.close()
        show("text", at_once=True)


@pytest.mark.parametrize("seconds", [0.0, 0.6])
def test_a_terminal_gets_a_bar_only_of_what_takes_time(seconds):
    code = (
        "import time\nfrom boundary.cli import progress\nprogress.FIRST_SECONDS = 0.2\n"
        "with progress.progress_bar(True) as report:\n"
        "    report('fits [x]\\nm\\x1b[2J', 1, 2)\n"  # a model of somebody's folder may be named like that
        f"    time.sleep({seconds})\n"
        "    report('writing', 0, 0)\n"
        "    report('fits', 2, 2)\n"
    )
    outer, inner = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", code], stderr=inner, stdout=subprocess.PIPE) as process:
        os.close(inner)
        text = b""
        try:
            while chunk := os.read(outer, 4096):
                text += chunk
        except OSError:  # the terminal is closed
            pass
        assert process.stdout.read() == b""
    os.close(outer)
    assert process.returncode == 0
    assert (rb"fits [x]\nm\x1b[2J" in text) == (seconds > 0)


def test_sampling_into_a_log_says_how_far_it_is(tmp_path):
    """At the beginning and at the end of each arm, on standard error; JSON on standard output is JSON alone."""
    from boundary.cli.printing.sampling import sampling_progress
    from boundary.sampling.run import Snapshot

    def now(benchmark, done):
        return Snapshot("m", benchmark, done, 10, done, 40 * done, done, done // 2, 2.0)

    log = tmp_path / "log"
    with log.open("w") as stream:
        before, sys.stderr = sys.stderr, stream
        try:
            with sampling_progress(True) as (report, notice):
                notice("Loading m")
                for state in (now("a", 0), now("a", 4), now("a", 10), now("b", 0), now("b", 6), now("b", 10)):
                    report(state)
            with sampling_progress(False) as (report, notice):
                notice("Loading m")
                assert report is None
        finally:
            sys.stderr = before
    lines = [line.partition("] ")[2] for line in log.read_text().splitlines()]
    assert lines[0] == "Loading m"
    assert lines[1] == "m on a: 0 of 10 samples"
    assert lines[2].startswith("m on a: 10 of 10 samples, 200 tokens/s, 50.0% correct")
    assert lines[3] == "m on b: 0 of 10 samples"
    assert lines[4].startswith("m on b: 10 of 10 samples")
    assert len(lines) == 5
    assert json.dumps(lines)  # plain text, no codes of a terminal
    assert "\x1b" not in log.read_text()
