"""What the counts of run folders leave out stands in their remarks, and every command that loads them prints these."""

import json

import pytest
from click.testing import CliRunner

import boundary as bd
from boundary.cli.main import main
from boundary.data.counts import Counts
from boundary.data.runs.folder import read_manifest, read_problems
from boundary.errors import InputError
from boundary.sampling.problems import Completion, Problem, Verdict
from boundary.sampling.store.arm import open_store

PROBLEMS = tuple(Problem(f"p{i}", f"What is {i} + {i}?", str(2 * i)) for i in range(4))
MISSING = "1 problem (p3) without samples. Not in the counts: missing, not wrong."


@pytest.fixture
def run(tmp_path):
    """Two models, of which neither was sampled on the last problem."""
    for seed, model in enumerate(("base", "rl")):
        manifest = {
            "model": model,
            "benchmark": "sums",
            "template": "raw",
            "engine": "none",
            "settings": {"temperature": 1.0, "seed": seed},
            "n_samples": 8,
            "cluster": "alpha",
        }
        with open_store(tmp_path / "run", manifest, PROBLEMS) as store:
            for problem in PROBLEMS[:3]:
                places = range(8)
                store.append([Completion(problem.problem_id, i, f"{model} {i}", "stop", 3) for i in places])
                verdicts = ["correct" if i < 3 + seed else "wrong" for i in places]
                store.append_verdicts(
                    "number-1", [Verdict(problem.problem_id, i, verdict) for i, verdict in enumerate(verdicts)]
                )
    return tmp_path / "run"


def test_every_way_to_load_a_run_folder_keeps_its_remarks(run):
    for counts in (bd.load_counts(run), bd.load_counts(str(run)), Counts.from_file(run), Counts.from_runs([run])):
        assert [remark.text for remark in counts.remarks] == [f"base on sums: {MISSING}", f"rl on sums: {MISSING}"]
        assert [remark.model for remark in counts.select(models=["rl"]).remarks] == ["rl"]
        assert counts.table["n_correct"].tolist() == [3] * 3 + [4] * 3


def test_commands_print_the_remarks(run, tmp_path):
    result = CliRunner().invoke(main, ["counts", str(run)])
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [f"base on sums: {MISSING}", f"rl on sums: {MISSING}"]
    options = ["--base", "base", "--prior", "independent", "--k", "1,8", "-o", str(tmp_path / "report")]
    result = CliRunner().invoke(main, ["analyze", str(run), *options])
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[-2:] == [f"base on sums: {MISSING}", f"rl on sums: {MISSING}"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("label", 7), ("settings", []), ("n_problems", "4"), ("history", [1]), ("skipped", ["p3"]), ("n_samples", 2.5)],
)
def test_an_entry_of_another_kind_is_named(run, name, value):
    path = next(run.glob("*/*/manifest.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    with pytest.raises(InputError, match=f"its {name} is not what boundary writes"):
        bd.load_counts(run)


def test_entries_that_are_not_known_are_kept(run):
    assert set(bd.load_counts(run).table["manifest_cluster"]) == {"alpha"}


def test_half_a_character_in_the_name_of_an_unknown_entry_is_passed_over(run):
    for arm in sorted(run.glob("*/*")):
        manifest, problems = arm / "manifest.json", arm / "problems.jsonl"
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"history": [{"\ud800": 1}]}))
        lines = [json.loads(line) | {"\ud800": "\ud800"} for line in problems.read_text().splitlines()]
        problems.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert read_manifest(arm)["model"] == "rl"
    assert len(read_problems(arm)) == len(PROBLEMS)
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"\ud800": 1}))
    assert read_manifest(arm)["\ud800"] == 1
