"""`boundary sample --temperatures`: an arm each, begun and continued in any order, and no sample twice."""

import json

import pytest
from click.testing import CliRunner

from boundary.analysis.checks.arm_settings import compare_arms
from boundary.cli.main import main
from boundary.data.counts import Counts
from boundary.data.runs.counts import run_table
from boundary.data.runs.folder import arms, read_manifest
from boundary.errors import InputError
from boundary.sampling.run_file import read_run

pytest.importorskip("httpx")
pytest.importorskip("transformers")


@pytest.fixture
def problems(tmp_path):
    path = tmp_path / "sums.jsonl"
    lines = [{"problem_id": f"s{k}", "problem": f"What is {k} + {k} ?", "answer": str(2 * k)} for k in range(3)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def command(server, tokenizer_folder, problems, tmp_path):
    scripted = server()

    def run(*more, model=f"tiny={tokenizer_folder}", out="run"):
        words = ["sample", "--model", model, "--benchmark", problems, "--template", "raw", "--verifier", "number"]
        words += ["--max-tokens", 8, "--base-url", scripted.url, "--engine-option", "served_model=served"]
        words += ["-o", tmp_path / out, *more]
        return CliRunner().invoke(main, list(map(str, words)), catch_exceptions=False)

    run.server = scripted
    return run


def n_by_arm(folder):
    table = run_table(folder)
    return {name: int(rows["n_samples"].sum()) for name, rows in table.groupby("model")}


def test_each_temperature_is_an_arm_with_its_own_label(command, tmp_path):
    done = command("--temperatures", ".2,.6,1.0,.2", "-n", 4)
    assert done.exit_code == 0, done.output
    assert n_by_arm(tmp_path / "run") == {"tiny@0.2": 12, "tiny@0.6": 12, "tiny@1": 12}
    table = run_table(tmp_path / "run")
    assert dict(zip(table["model"], table["temperature"], strict=True)) == {
        "tiny@0.2": 0.2,
        "tiny@0.6": 0.6,
        "tiny@1": 1.0,
    }
    assert {body["temperature"] for body in command.server.bodies} == {0.2, 0.6, 1.0}
    n_bodies = len(command.server.bodies)
    assert "0 new samples of 12" in command("--temperatures", ".2,.6,1.0", "-n", 4).output
    assert len(command.server.bodies) == n_bodies
    command("--temperatures", "1,.2", "-n", 5)
    assert n_by_arm(tmp_path / "run") == {"tiny@0.2": 15, "tiny@0.6": 12, "tiny@1": 15}
    comparison = compare_arms(Counts.from_frame(table), ["tiny@0.2", "tiny@1"], ["sums"])
    texts = [(remark.severity, remark.text) for remark in comparison.remarks]
    assert any(level == "alarm" and "not sampled alike: temperature" in text for level, text in texts)
    assert not any("one model under two names" in text for _, text in texts)
    assert any(level == "note" and "are one model at different temperatures" in text for level, text in texts)


def test_a_temperature_that_is_there_is_continued_however_it_was_begun(command, tmp_path):
    command("--temperature", ".6", "-n", 2)
    command("--temperatures", ".6,1", "-n", 2)
    assert n_by_arm(tmp_path / "run") == {"tiny@0.6": 6, "tiny@1": 6}
    assert "0 new samples of 6" in command("--temperature", "1", "-n", 2).output
    assert "3 new samples of 9" in command("--temperature", ".6", "-n", 3).output
    assert n_by_arm(tmp_path / "run") == {"tiny@0.6": 9, "tiny@1": 6}
    assert len(arms(tmp_path / "run")) == 2


def test_a_plan_names_the_temperature(command, tmp_path):
    command("--temperatures", ".2,1", "-n", 2)
    plan = tmp_path / "plan.csv"
    plan.write_text("model,benchmark,problem_id,n_more\ntiny@1,sums,s1,3\n")
    assert command("--temperatures", ".2,1", "--plan", plan).exit_code == 0
    assert n_by_arm(tmp_path / "run") == {"tiny@0.2": 6, "tiny@1": 9}


def test_shards_of_several_temperatures_fill_one_folder(command, tmp_path):
    for part in ("0/2", "1/2"):
        assert command("--temperatures", "0.5,1", "-n", 2, "--shard", part).exit_code == 0
    assert n_by_arm(tmp_path / "run") == {"tiny@0.5": 6, "tiny@1": 6}
    manifests = [read_manifest(arm) for arm in arms(tmp_path / "run")]
    assert sorted(manifest["settings"]["temperature"] for manifest in manifests) == [0.5, 1.0]


def test_a_run_file_has_temperatures_too(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('models = "m"\ntemperatures = [0.2, 1]\noutput = "x"\n')
    assert read_run(file, {}).all_temperatures == (0.2, 1.0)
    assert read_run(file, {"temperature": 0.7}).all_temperatures == (0.7,)
    file.write_text('temperature = 0.2\noutput = "x"\n')
    assert read_run(file, {"temperatures": [0.3, 0.4]}).all_temperatures == (0.3, 0.4)
    file.write_text('temperature = 0.2\ntemperatures = [1]\noutput = "x"\n')
    with pytest.raises(InputError, match="Give one of them"):
        read_run(file, {})
    file.write_text('temperatures = [-1]\noutput = "x"\n')
    with pytest.raises(InputError, match="temperatures"):
        read_run(file, {})


@pytest.mark.parametrize("text", ["a", "", "-1", "nan", "inf,1", ".2;.4"])
def test_a_list_that_is_none_is_said_plainly(command, text):
    done = command("--temperatures", text, "-n", 1)
    assert (done.exit_code, "is no list of temperatures" in " ".join(done.output.split())) == (2, True)


def test_temperatures_that_differ_in_late_digits_are_not_one(command, tmp_path):
    done = command("--temperatures", "0.12345671,0.12345672,1", "-n", 4)
    assert done.exit_code == 0, done.output
    assert n_by_arm(tmp_path / "run") == {"tiny@0.12345671": 12, "tiny@0.12345672": 12, "tiny@1": 12}
    assert len(list(arms(tmp_path / "run"))) == 3
