"""`boundary sample --dry-run`: what a run would do, and nothing is done."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.runs.folder import arms, sample_index
from boundary.sampling.store.calls import CALLS, Call, largest_call, record_call

pytest.importorskip("httpx")
pytest.importorskip("transformers")

N_PROBLEMS = 4


@pytest.fixture
def problems(tmp_path):
    path = tmp_path / "sums.jsonl"
    lines = [
        {"problem_id": f"s{k}", "problem": f"What is {k} + {k} ? " * (40 if k == 3 else 1), "answer": str(2 * k)}
        for k in range(N_PROBLEMS)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def command(server, tokenizer_folder, problems, tmp_path):
    scripted = server()

    def run(*more):
        words = ["sample", "--model", f"tiny={tokenizer_folder}", "--benchmark", problems, "--template", "raw"]
        words += ["--verifier", "number", "--max-tokens", 8, "--base-url", scripted.url]
        words += ["--engine-option", "served_model=served", "-o", tmp_path / "run", *more]
        return CliRunner().invoke(main, list(map(str, words)), catch_exceptions=False)

    run.server = scripted
    return run


def forecast(command, *more):
    done = command("--dry-run", "--json", *more)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def files(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


def test_samples_that_repeat_and_a_limit_that_is_cut_are_remarked(command):
    done = command("--dry-run", "--skip-long", "-n", 4, "--temperature", 0, "--max-tokens", 60)
    assert "LOOK: tiny on sums: at temperature 0 all samples of a problem are one text, so -n 1 tells" in done.output
    assert "LOOK: tiny on sums: the model reads 64 tokens" in done.output
    assert "before the 60 of --max-tokens" in done.output
    assert "LOOK" not in command("--dry-run", "--skip-long", "-n", 4).output
    done = command("--skip-long", "-n", 4, "--temperature", 0)
    assert "at temperature 0 all samples of a problem are one text" in done.output
    assert "temperature" not in command("--dry-run", "--skip-long", "-n", 1, "--temperature", 0).output


def test_before_a_run_its_bounds_are_known_and_nothing_is_written(command, tmp_path):
    result = forecast(command, "-n", 10)
    [arm] = result["arms"]
    assert not (tmp_path / "run").exists()
    assert not command.server.bodies
    assert arm["too_long"] == {"s3": 240}
    assert (arm["n_problems"], arm["n_stored"], arm["n_missing"], arm["context"]) == (4, 0, 30, 64)
    assert (arm["prompt_tokens"], arm["longest_prompt"]) == (18, 6)
    assert (arm["most_tokens"], arm["expected_tokens"]) == (240, None)
    assert (arm["expected_seconds"], arm["most_seconds"], arm["tokens_per_second"]) == (None, None, None)
    assert result["total"]["most_bytes"] == pytest.approx(240 * 2.5 + 30 * 150)
    assert result["free_bytes"] > 0
    printed = " ".join(command("--dry-run", "-n", 10).output.split())
    assert "1 prompt does not fit into 64 tokens: s3 (240 tokens); the run is refused without --skip-long" in printed
    assert "240 at most; the expected number is unknown, since no sample is stored" in printed
    assert "unknown: no earlier call tells the speed" in printed
    assert "--limit 20 -n 2 in place of --dry-run" in printed


def test_stored_samples_and_earlier_calls_make_an_estimate(command, tmp_path):
    command("-n", 4, "--limit", 2)
    [folder] = arms(tmp_path / "run")
    before, n_bodies = files(tmp_path / "run"), len(command.server.bodies)
    [arm] = forecast(command, "-n", 10, "--skip-long")["arms"]
    assert files(tmp_path / "run") == before
    assert len(command.server.bodies) == n_bodies
    assert (arm["n_stored"], arm["n_missing"], arm["n_measured"]) == (8, 6 + 6 + 10, 8)
    index = sample_index(folder)
    assert arm["expected_tokens"] == pytest.approx(22 * index["n_tokens"].mean())  # every sample here has two tokens
    call = largest_call(folder)
    assert (call.samples, call.tokens) == (8, int(index["n_tokens"].sum()))
    assert arm["expected_seconds"] == pytest.approx(arm["expected_tokens"] / call.speed)
    assert arm["most_seconds"] == pytest.approx(22 * 8 / call.speed)
    assert arm["measured_in"] == "this arm"
    size = sum(path.stat().st_size for path in folder.rglob("*.zst"))
    assert arm["expected_bytes"] == pytest.approx(size / call.tokens * arm["expected_tokens"])
    printed = " ".join(command("--dry-run", "-n", 10, "--skip-long").output.split())
    assert "(from 8 stored samples)" in printed
    assert "tokens/s as measured in this arm" in printed


def test_a_run_that_is_done_and_one_that_would_be_refused(command, tmp_path):
    command("-n", 2, "--skip-long")
    [arm] = forecast(command, "-n", 2, "--skip-long")["arms"]
    assert (arm["n_missing"], arm["most_tokens"], arm["expected_seconds"]) == (0, 0, 0.0)
    refused = command("--dry-run", "-n", 2, "--top-p", ".5")
    assert (refused.exit_code, "settings.top_p was 0.95, now 0.5" in refused.output) == (2, True)


def test_a_shard_several_temperatures_and_a_plan(command, tmp_path):
    [arm] = forecast(command, "-n", 10, "--shard", "1/2")["arms"]
    assert (arm["n_problems"], arm["n_missing"]) == (2, 10)
    command("-n", 2, "--skip-long", "--temperature", ".6")
    by_name = {arm["model"]: arm for arm in forecast(command, "-n", 2, "--temperatures", ".6,1")["arms"]}
    assert {name: arm["n_missing"] for name, arm in by_name.items()} == {"tiny@0.6": 0, "tiny@1": 6}
    assert by_name["tiny@1"]["measured_in"] == "tiny on sums"  # the same model at another temperature
    assert by_name["tiny@1"]["expected_tokens"] is None
    plan = tmp_path / "plan.csv"
    plan.write_text("model,benchmark,problem_id,n_more\ntiny,sums,s1,3\n")
    [arm] = forecast(command, "--plan", plan)["arms"]
    assert arm["n_missing"] == 3
    assert not list(Path(arm["folder"]).glob("plans"))


def test_local_weights_are_not_read(tokenizer_folder, problems, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    from boundary.sampling import arms as module

    monkeypatch.setattr(module, "weights_revision", None)
    words = [
        "sample",
        "--model",
        tokenizer_folder,
        "--benchmark",
        problems,
        "--template",
        "raw",
        "--verifier",
        "number",
    ]
    words += ["-n", 1, "--max-tokens", 8, "-o", tmp_path / "run", "--dry-run", "--json"]
    done = CliRunner().invoke(main, list(map(str, words)), catch_exceptions=False)
    assert json.loads(done.output)["arms"][0]["most_tokens"] == 32  # llama's own context is long enough


@pytest.mark.parametrize("text", ["", "{}", "[1]\n", '{"samples": 1, "tokens": -1, "seconds": 1}\n', "\xff" * 9])
def test_calls_of_a_folder_that_came_from_anywhere(tmp_path, text):
    (tmp_path / CALLS).write_text(text)
    assert largest_call(tmp_path) is None
    record_call(tmp_path, Call(2, 30, 1.5))
    record_call(tmp_path, Call(2, 20, 0.5))
    assert largest_call(tmp_path) in (Call(2, 30, 1.5), Call(2, 20, 0.5))  # the first may stand behind a torn line
    (tmp_path / CALLS).unlink()
    (tmp_path / CALLS).symlink_to(tmp_path / "elsewhere")
    record_call(tmp_path, Call(2, 30, 1.5))
    assert not (tmp_path / "elsewhere").exists()
