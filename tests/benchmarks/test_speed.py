"""benchmarks/speed: limits, turns and comparisons, and one quick run of the command itself."""

import resource
import sys
import textwrap
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from benchmarks.speed import peers, simulated
from benchmarks.speed.__main__ import main
from benchmarks.speed.items import LONG, Run, in_turns, sizes
from benchmarks.speed.launch import measure
from benchmarks.speed.page import MARK, draw_figures, write_page
from benchmarks.speed.processes import Limits, Worker
from benchmarks.speed.quality import ENDS, compare_estimates, differences
from benchmarks.speed.results import COLUMNS, summary, write_rows
from benchmarks.speed.versions import ROOT, Version, checkout

COLUMNS_OF_COUNTS = {"model", "benchmark", "problem_id", "n_samples", "n_correct"}


# Counts


def test_rl_models_of_one_base_are_pairs_with_it():
    models = simulated.arms_of(500, 3, 0)
    assert list(models) == ["base", "rl-1", "rl-2", "rl-3"]
    for other in ("rl-1", "rl-2", "rl-3"):
        assert np.corrcoef(models["base"], models[other])[0, 1] > 0.5
    assert (models["rl-1"] != models["rl-2"]).mean() > 0.3
    pair = simulated.pair_of(500, 0)
    np.testing.assert_array_equal(models["base"], pair[:, 0])


def test_tables_have_the_sizes_that_the_items_name():
    assert (len(simulated.TWELVE), sum(simulated.TWELVE)) == (12, 725)
    table = simulated.benchmarks_by_models(simulated.TWELVE, 6)
    assert set(table) == COLUMNS_OF_COUNTS
    assert len(table) == 6 * 725
    assert table["benchmark"].nunique() == 12
    assert simulated.many_pairs(24, 50)["model"].nunique() == 25
    assert simulated.many_models(7, 50).groupby("model").size().to_dict() == {f"model-{i}": 50 for i in range(1, 8)}
    pd.testing.assert_frame_equal(table, simulated.benchmarks_by_models(simulated.TWELVE, 6))


# Processes and their limits


def python(text):
    return [sys.executable, "-S", "-c", text]


def test_a_command_is_measured():
    row = measure(python("import sys; bytearray(200 << 20); sys.exit(4)"), 60, 10)
    assert row["exit_code"] == 4
    assert row["note"] == ""
    # A child begins with its parent's pages, and this one has many by the end of a long run of tests.
    assert 0.19 < row["peak_gb"] < max(0.4, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20 + 0.1)
    assert 0 < row["cpu_seconds"] < row["seconds"] + 1


@pytest.mark.parametrize(
    ("seconds", "gigabytes", "note"), [(0.3, 10, "ended after 0.3 s"), (60, 0.2, "ended at 0."), (60, 10, "")]
)
def test_a_command_over_a_limit_is_ended(seconds, gigabytes, note):
    sleep = 30 if note else 0
    row = measure(python(f"import time; held = bytearray(300 << 20); time.sleep({sleep})"), seconds, gigabytes)
    assert row["note"].startswith(note)
    assert row["exit_code"] == (-9 if note else 0)


@pytest.fixture
def worker(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(
        textwrap.dedent("""
        from serve import peak_gb, serve
        import os, time

        def double(number):
            print("no reply")
            return {"number": 2 * number, "peak_gb": peak_gb()}

        serve(double=double, end=lambda: os._exit(7), sleep=lambda seconds: time.sleep(seconds), fail=lambda: 1 / 0)
        """)
    )
    worker = Worker("now", str(script), sys.executable, {}, Limits(seconds=20.0, gigabytes=1.0))
    yield worker
    worker.close()


def test_a_worker_answers_and_goes_on_after_a_failure(worker, capfd):
    assert worker.job("double", number=4)["number"] == 8
    assert worker.job("fail") == {"note": "ZeroDivisionError: division by zero"}
    assert worker.job("double", number=5)["peak_gb"] > 0
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_worker_that_ends_or_takes_too_long_is_started_anew(worker):
    assert worker.job("end") == {"note": "the worker ended with exit code 7"}
    assert worker.job("double", number=1)["number"] == 2
    worker.limits = Limits(seconds=0.5, gigabytes=1.0)
    assert worker.job("sleep", seconds=30) == {"note": "ended after 0.5 s"}
    worker.limits = Limits(seconds=20.0, gigabytes=1.0)
    assert worker.job("double", number=3)["number"] == 6


def test_the_order_alternates_and_what_takes_long_is_not_repeated_unless_it_is_now():
    versions = [Version(name, "", ROOT) for name in ("before", "now")]
    order = [row["version"] for row in in_turns(versions, 3, lambda version, run: {"seconds": 1.0})]
    assert order == ["before", "now", "now", "before", "before", "now"]
    order = [row["version"] for row in in_turns(versions, 3, lambda version, run: {"seconds": 2 * LONG})]
    assert order == ["before", "now", "now", "now"]


def test_a_revision_that_takes_long_and_a_fit_that_does_not_finish_are_not_tried_at_larger_sizes(tmp_path, monkeypatch):
    replies = {"before": {"seconds": 2 * LONG}, "now": {"note": "ended at 9 GB"}}

    def worker(name):
        return SimpleNamespace(name=name, revision="", job=lambda *_, **__: replies.pop(name))

    monkeypatch.setattr(Run, "workers", lambda run: nullcontext([worker("before"), worker("now")]))
    rows = sizes(Run((), 1, True, Limits(), tmp_path, tmp_path))
    assert [(row["version"], row["problems"], row.get("note")) for row in rows] == [
        ("before", 30, None),
        ("now", 30, "ended at 9 GB"),
        ("before", 60, "not tried: took 200 s at 30 problems"),
        ("now", 60, "not tried: ended at 9 GB at 30 problems"),
    ]


# Revisions and peers


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs this repository's history")
def test_another_revision_is_run_from_a_checkout_of_its_own(tmp_path):
    with checkout("HEAD", tmp_path) as version:
        version.check()
        assert version.root == (tmp_path / "before").resolve()
        assert (version.root / "boundary" / "__init__.py").exists()
    assert not version.root.exists()
    with pytest.raises(RuntimeError, match="boundary is imported from"):
        Version("before", "", tmp_path).check()


def test_a_peer_that_does_not_install_is_reported_as_missing(tmp_path, monkeypatch):
    (tmp_path / "nutpie.txt").write_text("./no-such-file.whl\n")
    monkeypatch.setattr(peers, "LOCKS", tmp_path)
    monkeypatch.setattr(peers, "PEERS", ("nutpie",))
    workers, missing = peers.peer_workers(tmp_path, None, Limits())
    assert workers == []
    assert missing[0]["version"] == "nutpie"
    assert missing[0]["note"].startswith("did not install: ")
    assert len(missing[0]["note"]) > 20


# Comparisons


def estimates(model="rl", lower=0.1):
    row = {"benchmark": "b", "estimand": "shrinkage", "model": model, "k": 16.0, "tau": np.nan, "kind": "posterior"}
    return pd.DataFrame([row | {"mean": 0.2, "median": np.inf, "lower": lower, "upper": np.nan}])


def test_estimates_are_the_same_only_if_every_number_is():
    among = pd.concat([estimates("other", 0.3), estimates()])
    same = compare_estimates(among, estimates(), model="rl")
    assert same == {"same": "yes", "compared": 1, "different": 0, "largest": 0.0}
    shifted = compare_estimates(among, estimates(lower=0.1 + 1e-9), model="rl")
    assert (shifted["same"], shifted["different"]) == ("no", 1)
    assert shifted["largest"] == pytest.approx(1e-8, rel=1e-3)
    assert compare_estimates(estimates("other"), estimates(), model="rl")["same"] == "no"
    assert compare_estimates(among, estimates(), model="absent")["same"] == "no"


def test_a_difference_is_measured_in_its_monte_carlo_error():
    def table(mean, error):
        row = {"benchmark": "b", "estimand": "lost", "model": "rl", "k": 16}
        numbers = {"mean": mean, "lower": 0.0, "upper": 1.0}
        return pd.DataFrame([row | numbers | {f"{end}_error": error for end in ENDS}])

    row = differences(table(0.50, 0.03), table(0.60, 0.04)).iloc[0]
    assert row["mean_z"] == pytest.approx(2.0)
    assert row["lower_z"] == 0
    assert differences(table(0.5, 0.0), table(0.5, 0.0)).iloc[0]["mean_z"] == 0
    assert np.isinf(differences(table(0.5, 0.0), table(0.6, 0.0)).iloc[0]["mean_z"])


# Results and page


def timings(case, phase="later", **seconds):
    return [
        {"case": case, "phase": phase, "version": version, "revision": version, "run": run, "seconds": value}
        | {"cpu_seconds": value, "peak_gb": value / 10, "max_r_hat": 1 + value / 1000}
        for version, values in seconds.items()
        for run, value in enumerate(values)
    ]


def test_rows_are_written_as_they_come_and_replace_those_of_their_item(tmp_path):
    path = tmp_path / "speed.csv"
    write_rows(path, "shipped", timings("a", now=[1.0]), quick=False)

    def interrupted():
        yield from timings("b", now=[2.0, 3.0])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_rows(path, "panels", interrupted(), quick=False)
    rows = pd.read_csv(path)
    assert list(rows) == list(COLUMNS)
    assert rows["seconds"].tolist() == [1, 2, 3]
    write_rows(path, "shipped", timings("a", now=[4.0]), quick=False)
    assert pd.read_csv(path)["seconds"].tolist() == [2, 3, 4]
    with pytest.raises(ValueError, match="no column"):
        write_rows(path, "panels", [{"velocity": 1}], quick=False)


def test_ratios_are_of_medians_within_a_case_and_phase(tmp_path):
    rows = [*timings("a", "first", before=[40.0], now=[20.0]), *timings("a", before=[9.0, 10.0, 30.0], now=[2.5])]
    cells = summary(write_rows(tmp_path / "speed.csv", "shipped", rows, quick=False)).set_index(["phase", "version"])
    assert cells.loc[("first", "now"), "seconds_ratio"] == 0.5
    assert cells.loc[("later", "now"), "seconds_ratio"] == 0.25
    assert cells.loc[("later", "before"), ["runs", "peak_gb", "fits_over_limit"]].tolist() == [3, 3.0, 1]


def test_the_page_has_a_table_for_each_item_and_marks_quick_numbers(tmp_path):
    path, page = tmp_path / "speed.csv", tmp_path / "speed.md"
    page.write_text(f"Before\n<!-- {MARK} -->\nold\n<!-- end of {MARK} -->\nAfter\n")
    write_rows(path, "shipped", timings("analyze deepscaler-1.5b", before=[20.0], now=[5.0]), quick=True)
    write_rows(path, "joint_fit", timings("joint fit", "warm", before=[2.0], now=[0.5], npmle=[0.1]), quick=True)
    sizes = [
        row | {"problems": n}
        for n in (30, 60)
        for row in timings(f"pair, {n} problems", "warm", before=[2.0], now=[1.0])
    ]
    for item in ("sizes", "large_pairs"):
        rows = write_rows(path, item, sizes, quick=True)
    missing = [{"case": "joint fit", "version": "nutpie", "note": "did not install: no wheel"}]
    same = [{"case": "1 of 9", "version": "now", "same": "yes", "compared": 7, "different": 0, "largest": 0.0}]
    write_rows(path, "panels", missing, quick=True)
    rows = write_rows(path, "same_numbers", same, quick=True)
    figures = draw_figures(rows, tmp_path)
    assert list(figures) == ["sizes"]
    assert figures["sizes"].stat().st_size > 5000
    write_page(page, rows, figures)
    text = page.read_text()
    assert text.startswith("Before\n")
    assert text.endswith("After\n")
    for part in (
        "--quick",
        "| analyze deepscaler-1.5b, later run | 20 / 5 | 20 / 5 | 2 / 0.5 |",
        "| joint fit: convex NPMLE | 0.1 | 0.05 |",
        "| pair, 60 problems: now | 1 | 1 |",
        "fitted together (now; 1 of 9, 7 rows of estimates): **yes**",
        "- joint fit, nutpie: did not install: no wheel",
        "speed-sizes.png",
    ):
        assert part in text


def test_the_page_in_docs_has_the_marks():
    text = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    assert text.count(f"<!-- {MARK} -->") == text.count(f"<!-- end of {MARK} -->") == 1


# The command


def test_a_quick_run(tmp_path):
    output, items = tmp_path / "results", ["--only", "command_help", "--only", "joint_fit"]
    options = ["--quick", "--repeats", "1", "--before", "none", "--no-peers", "-o", str(output), *items]
    finished = CliRunner().invoke(main, options, catch_exceptions=False)
    assert finished.exit_code == 0, finished.output
    rows = pd.read_csv(output / "speed.csv").set_index("item")
    assert rows["note"].isna().all()
    assert rows["quick"].all()
    assert rows.loc["command_help", "peak_gb"] < 0.1
    fit = rows.loc["joint_fit"]
    assert fit["min_ess_bulk"] > 100
    assert fit["max_r_hat"] < 1.1
    assert 0 < fit["max_end_error"] < 0.5
    assert fit["quantities"] > 150
    assert (output / "speed-summary.csv").exists()


def test_a_quick_run_does_not_replace_the_results():
    finished = CliRunner().invoke(main, ["--quick"])
    assert finished.exit_code == 2
    assert "-o FOLDER" in finished.output
