"""Progress of an analysis from Python: a callback, or lines on standard error; and jobs change no number."""

import io
import subprocess
import sys

import pandas as pd
import pytest

from boundary import analyze
from boundary.analysis import progress
from boundary.errors import InputError


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def quick(monkeypatch):
    for name, seconds in (("FIRST_SECONDS", 0.0), ("LINE_SECONDS", 0.05), ("REWRITE_SECONDS", 0.02)):
        monkeypatch.setattr(progress, name, seconds)


@pytest.fixture
def counts():
    rows = [
        {"model": model, "benchmark": benchmark, "problem_id": f"{i}", "n_samples": 8, "n_correct": (i * step) % 9}
        for model, step in (("base", 1), ("rl", 4))
        for benchmark in ("easy", "hard")
        for i in range(5)
    ]
    return pd.DataFrame(rows)


def test_lines_tell_how_far_it_is_and_how_long_it_takes(quick, monkeypatch):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    pace = progress.Pace()
    assert pace.seconds_left(0, 4) is None
    assert pace.seconds_left(1, 4) == 30
    assert pace.seconds_left(2, 4) == 20
    assert pace.seconds_left(4, 4) is None
    assert pace.seconds_left(0, 4) is None  # the next stage begins anew
    assert progress.progress_text("Fits", 23, 65, 4000.0) == "Fits: 23 of 65, about 67 min left"
    assert progress.progress_text("Fits", 23, 65, 12.0) == "Fits: 23 of 65, about 10 s left"
    assert progress.progress_text("Fits", 23, 65, 9000.0) == "Fits: 23 of 65, about 2.5 h left"


def test_on_a_terminal_one_line_is_written_over_and_taken_away(quick, monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.reporting(True) as report:
        report("fits of m\x1b[2J\n", 1, 2)
        progress.time.sleep(0.2)
        report("end", 0, 0)
        progress.time.sleep(0.1)
    text = stream.getvalue()
    assert r"fits of m\x1b[2J\n: 1 of 2" in text
    assert not set(text) & {"\n", "\x1b"}
    *states, last, end = text.split("\r")[1:]
    assert states[-1].rstrip().endswith("end")
    assert len(states[0]) <= max(map(len, states))
    assert (last.strip(), end) == ("", "")


def test_a_callback_is_handed_on_and_none_reports_to_nobody(capsys):
    calls = []
    with progress.reporting(lambda *call: calls.append(call)) as report:
        report("a", 1, 2)
    for nothing in (None, False):
        with progress.reporting(nothing) as report:
            report("a", 1, 2)
    assert calls == [("a", 1, 2)]
    assert capsys.readouterr() == ("", "")


def test_an_analysis_reports_to_the_end_of_its_last_file_and_jobs_change_no_number(quick, counts, tmp_path, capsys):
    options = {"base": "base", "k": [1, 8], "prior": "independent"}
    calls = []
    first = analyze(counts, **options, jobs=1, progress=lambda *call: calls.append(call))
    assert ("Fits", 0, 3) in calls
    assert [done for task, done, steps in calls if task.startswith("Fits (latest ")] == [1, 2, 3]
    second = analyze(counts, **options, jobs=3, progress=True)
    pd.testing.assert_frame_equal(first.estimates, second.estimates)
    assert "of 3" in capsys.readouterr().err
    calls.clear()
    second.write(tmp_path / "out", figures=["pass_at_k"], progress=lambda *call: calls.append(call))
    tasks = list(dict.fromkeys(task for task, *_ in calls))
    assert tasks[0] == "Drawing figures"
    assert tasks[-2:] == ["Writing the report", "Writing tables and draws"]
    assert {path.name.rpartition("-")[2] for path in (tmp_path / "out" / "figures").iterdir()} == {"pass_at_k.svg"}
    assert second.request == first.request


@pytest.mark.parametrize("jobs", [0, -1, 1.5, True])
def test_jobs_are_a_whole_number(counts, jobs):
    with pytest.raises(InputError, match="number of jobs must be a whole number of at least 1"):
        analyze(counts, base="base", jobs=jobs)


def test_progress_needs_no_terminal_package():
    code = "import sys\nimport boundary.analysis.progress\nprint({'rich', 'click', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
