"""`boundary sample` from end to end: what is missing is sampled, judged and counted, whatever stops it in between."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.runs.counts import run_table
from boundary.data.runs.folder import arms, read_verdicts, sample_index, verdict_names
from boundary.errors import InputError
from boundary.sampling.models import cannot_load
from boundary.sampling.run import Run, sample

pytest.importorskip("httpx")
pytest.importorskip("transformers")

N_PROBLEMS = 6


@pytest.fixture
def problems(tmp_path):
    path = tmp_path / "sums.jsonl"
    lines = [
        {"problem_id": f"s{k}", "problem": f"What is {k} + {k} ?", "answer": str(2 * k)} for k in range(N_PROBLEMS)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def arguments(model, problems, url, out, *more):
    fixed = ("--template", "raw", "--verifier", "number", "--max-tokens", "8", "--base-url", url)
    fixed += ("--engine-option", "served_model=served")
    return ["sample", "--model", str(model), "--benchmark", str(problems), *fixed, "-o", str(out), *map(str, more)]


def run_command(*command):
    return CliRunner().invoke(main, list(map(str, command)), catch_exceptions=False)


def test_a_run_is_sampled_judged_and_counted_and_is_not_sampled_twice(server, tokenizer_folder, problems, tmp_path):
    scripted, out = server(), tmp_path / "run"
    command = arguments(f"tiny={tokenizer_folder}", problems, scripted.url, out)
    done = run_command(*command, "-n", 20)
    assert done.exit_code == 0, done.output
    assert "tiny on sums: 120 new samples of 120" in done.output
    table = run_table(out)
    assert list(table["n_samples"]) == [20] * N_PROBLEMS
    assert set(table["model"]) == {"tiny"}
    n_bodies = len(scripted.bodies)
    assert "0 new samples of 120" in run_command(*command, "-n", 20).output
    assert len(scripted.bodies) == n_bodies
    done = run_command(*command, "-n", 25, "--json")
    assert json.loads(done.output)[0]["new"] == 30
    assert list(run_table(out)["n_samples"]) == [25] * N_PROBLEMS


@pytest.mark.parametrize(("verifier", "answer"), [("choice", "B,C"), ("number", "Paris")])
def test_a_reference_that_cannot_be_compared_is_refused_before_sampling(
    server, tokenizer_folder, tmp_path, verifier, answer
):
    path, scripted = tmp_path / "one.jsonl", server()
    path.write_text(json.dumps({"problem_id": "q7", "problem": "What ?", "answer": answer}))
    command = arguments(tokenizer_folder, path, scripted.url, tmp_path / "run", "-n", 2, "--verifier", verifier)
    done = run_command(*command)
    assert (done.exit_code, scripted.bodies) == (2, [])
    assert f"Problem q7 of one: the reference answer '{answer}' is no" in done.output


def test_a_verifier_in_use_stays_and_judges_new_samples(server, tokenizer_folder, problems, tmp_path):
    out = tmp_path / "run"
    command = arguments(tokenizer_folder, problems, server().url, out)
    run_command(*command, "-n", 2)
    assert run_command("verify", out, "--verifier", "exact", "--use").exit_code == 0
    done = run_command(*command, "-n", 3)
    assert "the verdicts of exact-3 count, as chosen with boundary verify --use" in done.output
    [arm] = arms(out)
    assert {name: len(read_verdicts(arm, name)) for name in verdict_names(arm)} == {"exact-3": 18, "number-3": 18}
    assert set(run_table(out)["verifier"]) == {"exact-3"}
    assert "counts and analyze use the verdicts of exact-3" in run_command("status", out).output
    run_command("verify", out, "--verifier", "number", "--use")
    run_command(*command, "-n", 4)
    assert set(run_table(out)["verifier"]) == {"number-3"}


def test_a_folder_has_no_revisions(server, tokenizer_folder, problems, tmp_path):
    done = run_command(
        *arguments(tokenizer_folder, problems, server().url, tmp_path / "run"), "-n", 2, "--revision", "x"
    )
    assert done.exit_code == 2
    assert "is a folder, which has no revisions to choose from" in " ".join(done.output.split())


def test_other_settings_are_not_pooled_with_the_old_ones(server, tokenizer_folder, problems, tmp_path):
    command = arguments(tokenizer_folder, problems, server().url, tmp_path / "run", "-n", 2)
    run_command(*command)
    done = run_command(*command, "--temperature", 1)
    assert done.exit_code == 2
    assert "settings.temperature was 0.6, now 1.0" in done.output


def test_several_models_and_shards_fill_one_folder(server, tokenizer_folder, tiny_copy, problems, tmp_path):
    scripted, out = server(models=(str(tokenizer_folder), str(tiny_copy))), tmp_path / "run"
    for part in ("0/2", "1/2"):
        command = arguments(tokenizer_folder, problems, scripted.url, out, "-n", 3, "--shard", part)
        command = [word for word in command if word not in ("--engine-option", "served_model=served")]
        assert run_command(*command, "--model", tiny_copy).exit_code == 0
    table = run_table(out)
    assert Counter(table["model"]) == {str(tokenizer_folder): N_PROBLEMS, str(tiny_copy): N_PROBLEMS}
    assert set(table["n_samples"]) == {3}
    stops = {json.loads((arm / "manifest.json").read_text())["settings"]["stop_ids"][0] for arm in arms(out)}
    assert len(stops) == 1


@pytest.fixture
def tiny_copy(tokenizer_folder, tmp_path):
    import shutil

    return shutil.copytree(tokenizer_folder, tmp_path / "tiny-copy")


def test_a_plan_adds_what_it_says_once(server, tokenizer_folder, problems, tmp_path):
    scripted, out, plan = server(), tmp_path / "run", tmp_path / "plan.csv"
    command = arguments(f"tiny={tokenizer_folder}", problems, scripted.url, out)
    run_command(*command, "-n", 4)
    plan.write_text("model,benchmark,problem_id,n_more\ntiny,sums,s1,7\ntiny,sums,s4,2\ntiny,other,s4,2\n")
    for _ in range(2):  # the second call finds it done
        assert run_command(*command, "--plan", plan).exit_code == 0
        table = run_table(out).set_index("problem_id")["n_samples"]
        assert dict(table) == {"s0": 4, "s1": 11, "s2": 4, "s3": 4, "s4": 6, "s5": 4}
    plan.write_text("model,benchmark,problem_id,n_more\ntiny,sums,s1,9\n")  # another plan counts from what is there now
    run_command(*command, "--plan", plan)
    assert run_table(out).set_index("problem_id")["n_samples"]["s1"] == 20
    plan.write_text("model,benchmark,problem_id,n_more\ntiny,sums,s9,9\n")
    assert "does not have: s9" in run_command(*command, "--plan", plan).output
    plan.write_text("model,benchmark,problem_id,n_more\ntiny,sums,s1,some\n")
    assert "line 2, n_more: 'some' is no whole number" in run_command(*command, "--plan", plan).output


def test_a_plan_that_fits_nothing_is_refused(server, tokenizer_folder, problems, tmp_path):
    """A plan may be for several models and benchmarks; one that has no row for what is sampled is a mistake."""
    out, plan = tmp_path / "run", tmp_path / "plan.csv"
    command = arguments(f"tiny={tokenizer_folder}", problems, server().url, out)
    header = "model,benchmark,problem_id,n_more\n"
    for rows, names in (
        ("other,sums,s1,7\n", "other on sums"),
        ("tiny,primes,s1,7\ntiny@0.3,sums,s1,7\n", "tiny on primes, tiny@0.3 on sums"),
    ):
        plan.write_text(header + rows)
        for more in ((), ("--dry-run",)):
            done = run_command(*command, "--plan", plan, *more)
            assert done.exit_code == 2
            message = " ".join(done.output.split())
            assert f"has no row for tiny on sums. It has {names}. Call models (--model LABEL=ID)" in message
    plan.write_text(header)
    done = run_command(*command, "--plan", plan)
    assert done.exit_code == 2
    assert "has no rows: no sample is to be added" in " ".join(done.output.split())
    assert not out.exists()
    plan.write_text(header + "tiny,sums,s1,7\nother,sums,s1,7\n")
    done = run_command(*command, "--plan", plan)
    assert done.exit_code == 0
    assert "1 of 2 rows of the plan are for other models or benchmarks" in " ".join(done.output.split())


def test_a_run_file_says_it_all(server, tokenizer_folder, problems, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text(
        f'models = ["tiny={tokenizer_folder}"]\nbenchmarks = "{problems}"\nn = 2\noutput = "{tmp_path / "run"}"\n'
        f'engine = "openai"\ntemplate = "raw"\nverifier = "number"\nmax_tokens = 8\n'
        f'[engine_options]\nbase_url = "{server().url}"\nserved_model = "served"\n'
    )
    assert "12 new samples of 12" in run_command("sample", file).output
    assert "6 new samples of 18" in run_command("sample", file, "-n", 3).output
    for wrong, message in (
        ("temprature = 1", "no option 'temprature'. Did you mean 'temperature'"),
        ("n = 2.5", "n: 2.5 cannot be used; it has to be a whole number"),
        ("top_p = 0", "top_p: 0 cannot be used; it has to be a number > 0"),
        ("temperature = inf", "temperature: inf cannot be used; it has to be a number <= 1000"),
        ("temperature = 1e-300", "temperature: 1e-300 is too low. Give 0, or 0.01 and more"),
        ("seed = -1", "seed: -1 cannot be used; it has to be a whole number >= 0"),
        ("models = [3]", "models: [3] cannot be used; every entry has to be text"),
        ('shard = "8/8"', "shard: '8/8' is no part"),
        ("unsafe = 1", "unsafe: 1 cannot be used; it has to be true or false"),
        ("n = ", "Cannot read the run file"),
    ):
        file.write_text(wrong)
        done = run_command("sample", file, "-o", tmp_path / "x")
        assert done.exit_code == 2
        assert message in " ".join(done.output.split())


def test_a_failed_sample_is_missing_and_never_wrong(server, tokenizer_folder, problems, tmp_path):
    def behave(body, number):
        if number == 0:
            return 200, {}, {"choices": [{"text": "", "finish_reason": "abort"} for _ in range(body["n"])]}
        return None

    command = arguments(tokenizer_folder, problems, server(behave).url, tmp_path / "run", "-n", 4)
    done = run_command(*command)
    assert done.exit_code == 4
    assert "4 samples could not be made" in done.output
    assert "4: the server ended it with abort" in done.output
    assert sorted(run_table(tmp_path / "run")["n_samples"]) == [4] * (N_PROBLEMS - 1)  # the sixth has none, not 0 of 4
    assert run_command(*command).exit_code == 0
    assert set(run_table(tmp_path / "run")["n_samples"]) == {4}


def test_what_came_in_before_a_failure_is_stored(server, tokenizer_folder, problems, tmp_path):
    scripted = server(lambda body, number: (400, {}, {"error": {"message": "no"}}) if number >= 8 else None)
    run = Run(
        output=tmp_path / "run",
        models=(str(tokenizer_folder),),
        benchmarks=(str(problems),),
        n=16,
        engine="openai",
        engine_options={"base_url": scripted.url, "served_model": "served", "choices": 2, "concurrency": 1},
        template="raw",
        verifier="number",
    )
    with pytest.raises(InputError, match="refuses a request"):
        sample(run)
    assert len(sample_index(arms(tmp_path / "run")[0])) == 16


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--model", "./nowhere"], "No folder './nowhere'"),
        (["--benchmark", "math50"], "Did you mean 'math500'"),
        (["--template", "qwen-boxd"], "Did you mean 'qwen-boxed'"),
        (["--verifier", "maths"], "Did you mean 'math'"),
        (["--engine", "vllm"], "pip install '.[vllm]'"),
        (["--shard", "2/2"], "is no part"),
    ],
)
def test_a_wrong_input_is_one_plain_sentence(tokenizer_folder, problems, tmp_path, more, message):
    if "vllm" in more:
        try:
            import vllm  # noqa: F401
        except ImportError:
            pass
        else:
            pytest.skip("vLLM is installed")
    words = {"--model": str(tokenizer_folder), "--benchmark": str(problems), "--template": "raw", more[0]: more[1]}
    done = run_command("sample", *[word for pair in words.items() for word in pair], "-n", 1, "-o", tmp_path / "run")
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_no_network_is_said_plainly(problems, tmp_path):
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub")}
    words = [
        "sample",
        "--model",
        "Qwen/Qwen2.5-0.5B",
        "--benchmark",
        str(problems),
        "-n",
        "1",
        "-o",
        str(tmp_path / "r"),
    ]
    code = "import sys; from boundary.cli.main import main; main(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "'Qwen/Qwen2.5-0.5B' is not on this machine, and huggingface.co cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("GatedRepoError", "'a/b' is gated: ask for access"),
        ("RepositoryNotFoundError", "There is no model 'a/b' on huggingface.co that you may see"),
        ("RevisionNotFoundError", "no such revision"),
        ("LocalEntryNotFoundError", "huggingface.co cannot be reached"),
        ("SafetensorError", "Cannot load the model 'a/b': the reason"),
    ],
)
def test_what_the_hub_refuses_is_said_plainly(kind, message):
    cause = type(kind, (Exception,), {})("the reason")
    error = OSError("the reason")
    error.__cause__ = cause
    assert message in str(cannot_load("a/b", error))


def test_sigterm_stops_a_run_that_the_same_command_goes_on_with(server, tokenizer_folder, problems, tmp_path):
    slow = server(delay=0.3)
    words = [*arguments(tokenizer_folder, problems, slow.url, tmp_path / "run", "-n", 400), "--engine-option"]
    code = "import sys; from boundary.cli.main import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, *words, "concurrency=2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while len(slow.bodies) < 6:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        errors = process.stderr.read()
    assert process.returncode == 130
    assert "Stopped. What came in is stored" in errors
    assert len(sample_index(arms(tmp_path / "run")[0])) >= 8 * 3  # all but the requests in flight


# Forks its runs, so that a kill costs no import; each is killed at a random moment, or ends.
KILLER = """
import os, random, signal, sys, time
from pathlib import Path
model, problems, url, out, kills, n = sys.argv[1:]
import transformers, httpx
transformers.PreTrainedTokenizerFast
from boundary.sampling.models import cannot_load
from boundary.sampling.run import Run, sample
run = Run(output=Path(out), models=(model,), benchmarks=(problems,), n=int(n), engine="openai", template="raw",
          engine_options={"base_url": url, "served_model": "served", "choices": 4, "concurrency": 4},
          verifier="number", max_tokens=8)
random.seed(0)
killed = 0
while True:
    child = os.fork()
    if child == 0:
        import boundary.sampling.store.recording as recording
        recording.FLUSH_SAMPLES = 8
        os._exit(0 if sample(run)[0].missing == 0 else 3)
    if killed < int(kills):
        time.sleep(random.uniform(0, 0.6))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        killed += 1
    elif killed >= int(kills):
        print(killed, os.waitstatus_to_exitcode(status))
        break
    else:
        print("done too early", killed)
        break
"""


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_moments_nothing_is_lost_or_twice(kills, server, tokenizer_folder, problems, tmp_path):
    out, n = tmp_path / "run", 40 * kills
    scripted = server(delay=0.05)  # slow enough that no run ends before its kill: 5 s of answers, kills within 3 s
    command = [sys.executable, "-c", KILLER, tokenizer_folder, problems, scripted.url, out, str(kills), str(n)]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.stdout.split() == [str(kills), "0"], done.stdout + done.stderr
    arm = arms(out)[0]
    index = sample_index(arm)  # raises on a torn shard or a sample held twice
    expected = Counter({(f"s{k}", place): 1 for k in range(N_PROBLEMS) for place in range(n)})
    assert Counter(zip(index["problem_id"], index["sample_index"], strict=True)) == expected
    verdicts = read_verdicts(arm, verdict_names(arm)[0])
    assert len(verdicts) == len(index)
    assert set(run_table(out)["n_samples"]) == {n}
    n_asked = sum(body["n"] for body in scripted.bodies)
    in_flight = 4 * 4 + 8 + 4  # requests, an unwritten batch, and what an answer adds to it
    assert n_asked <= N_PROBLEMS * n + kills * in_flight


def test_every_option_is_explained_in_the_docs():
    from pathlib import Path

    page = Path(__file__).parents[2] / "docs" / "sampling.md"
    if not page.exists():
        pytest.skip("installed without the docs")
    options = set(re.findall(r"--[a-z-]+", run_command("sample", "--help").output)) - {"--help"}
    text = page.read_text(encoding="utf-8")
    assert not [option for option in options if option not in text]
