"""`boundary analyze` killed or interrupted between fits: the same command makes the others, with the same numbers."""

import os
import signal
import subprocess
import sys

import pandas as pd
import pytest

# Each thread waits for ever after a fit, once two fits are kept; each fit that is made is reported.
STOPPING = """
import os, threading
from boundary.analysis.fit_store import FitStore
keep, kept = FitStore.save, []

def save(self, inputs, rates):
    keep(self, inputs, rates)
    kept.append(rates)
    if len(kept) >= 2:
        os.write(1, b"TWO FITS\\n")
        threading.Event().wait()

FitStore.save = save
"""
PLAIN = """
import os
from boundary.stats.priors import Independent
posterior = Independent.posterior

def reported_posterior(*arguments):
    os.write(1, b"A FIT\\n")
    return posterior(*arguments)

Independent.posterior = reported_posterior
from boundary.cli.entry import main
main()
"""
N_FITS = 6
CSV = ("estimates.csv", "problems.csv", "outcomes.csv")


@pytest.fixture(scope="module")
def counts(tmp_path_factory):
    """Two models on two benchmarks and both together, to be fitted with truncated samples as wrong and as missing."""
    rows = [
        {"model": model, "benchmark": benchmark, "problem_id": i, "n_samples": 8, "n_correct": (i * step) % 8}
        for model, step in (("base", 1), ("rl", 4))
        for benchmark in ("easy", "hard")
        for i in range(5)
    ]
    path = tmp_path_factory.mktemp("counts") / "counts.csv"
    pd.DataFrame(rows).assign(n_truncated=1).to_csv(path, index=False)
    return path


def started(code, counts, folder, *options):
    command = [sys.executable, "-c", code, "analyze", counts, "--base", "base", "--prior", "independent", "--k", "1,8"]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*command, *options, "-o", folder], env=os.environ, **pipe)


def finished(counts, folder, *options):
    """Run to the end, and say how many fits were made."""
    with started(PLAIN, counts, folder, *options) as process:
        output, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return output.count("A FIT\n")


def stopped_in_the_middle(counts, folder, number):
    with started(STOPPING + PLAIN, counts, folder) as process:
        try:
            while process.stdout.readline() not in ("TWO FITS\n", ""):
                pass
            process.send_signal(number)
            _, error = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, error


@pytest.fixture(scope="module")
def uninterrupted(counts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    assert finished(counts, folder) == N_FITS
    return {name: (folder / name).read_bytes() for name in CSV}


def fits_in(folder):
    return list((folder / ".boundary-fits").glob("[0-9a-f]*.npz"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_same_command_continues(counts, uninterrupted, tmp_path, number):
    folder = tmp_path / "new" / "report"
    code, error = stopped_in_the_middle(counts, folder, number)
    n_kept = len(fits_in(folder))
    assert 2 <= n_kept < N_FITS
    assert [path.name for path in folder.iterdir()] == [".boundary-fits"]
    if number == signal.SIGINT:
        state = f"No report was written to '{folder}', but {n_kept} finished fits are kept there"
        assert (code, error) == (130, f"Interrupted. {state}: the same command again continues.\n")
    (fits_in(folder)[0].parent / ".unfinished-abc.npz").write_bytes(b"half of")
    assert finished(counts, folder) == N_FITS - n_kept
    assert {name: (folder / name).read_bytes() for name in CSV} == uninterrupted
    assert not (folder / ".boundary-fits").exists()


@pytest.mark.parametrize("kind", ["link", "file"])
def test_only_a_folder_holds_fits(counts, tmp_path, kind):
    place = tmp_path / ".boundary-fits"
    (tmp_path / "elsewhere").mkdir()
    place.symlink_to(tmp_path / "elsewhere") if kind == "link" else place.touch()
    with started(PLAIN, counts, tmp_path) as process:
        output, error = process.communicate(timeout=60)
    assert (process.returncode, output) == (2, "")
    assert f"'{place}' is a {kind}" in error
    assert list((tmp_path / "elsewhere").iterdir()) == []
