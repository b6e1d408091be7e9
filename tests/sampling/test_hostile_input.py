"""Folders, run files, models and servers of others: none of them chooses what runs here, or what is sent where."""

import builtins
import json
import shutil
import sys

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.runs.folder import arms, read_manifest
from boundary.errors import InputError
from boundary.sampling.judging.judge import judge
from boundary.sampling.problems import Completion, Problem, Verdict
from boundary.sampling.run_file import read_run
from boundary.sampling.store.arm import open_store, set_in_manifest
from boundary.sampling.verifiers.table import load_verifier

SUM = (Problem("p0", "What is 1 + 1?", "2"),)
MANIFEST = {"model": "m", "benchmark": "b", "settings": {}, "n_samples": 1}


def folder_of(path, problems=SUM, text="The answer is 2", **manifest):
    """A run folder as it could come from anyone."""
    with open_store(path, MANIFEST, problems) as store:
        store.append([Completion(problem.problem_id, 0, text, "stop", 5) for problem in problems])
    if manifest:
        set_in_manifest(store.arm, **manifest)
    return store.arm


def command(*words):
    return CliRunner().invoke(main, list(map(str, words)), catch_exceptions=False)


@pytest.fixture
def marker(tmp_path, monkeypatch):
    """A file that only hostile code makes; a module that makes it is in the folder where the command runs."""
    (tmp_path / "evil.py").write_text(
        f"open({str(tmp_path / 'ran')!r}, 'w').close()\ndef judge(problem, text):\n    return True\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path / "ran"


@pytest.mark.parametrize(
    "key", ["evil.judge-1.0", "evil:judge", "evil.judge", "pydoc.pipepager-1.0", "mathx:evil", "../../evil:judge"]
)
def test_a_folder_never_chooses_the_code_that_judges_it(tmp_path, marker, key):
    arm = folder_of(tmp_path / "run", verifier=key)
    done = command("verify", tmp_path / "run")
    assert done.exit_code == 2
    assert "--verifier module:function" in done.output or "No verifier" in done.output
    for words in (("status", tmp_path / "run"), ("counts", tmp_path / "run"), ("counts", arm)):
        command(*words)
    assert not marker.exists()
    assert command("verify", tmp_path / "run", "--verifier", "evil:judge").exit_code == 0  # the user's own word
    assert marker.exists()


def test_going_on_with_a_folder_never_runs_the_verifier_that_it_names(tmp_path, marker, server, tokenizer_folder):
    problems = tmp_path / "sums.jsonl"
    problems.write_text('{"problem_id": "p0", "problem": "What is 1 + 1 ?", "answer": "2"}\n')
    words = ["sample", "--model", tokenizer_folder, "--benchmark", problems, "--template", "raw", "--max-tokens", 8]
    words += ["--base-url", server().url, "--engine-option", "served_model=served", "-o", tmp_path / "run"]
    assert command(*words, "-n", 1, "--verifier", "number").exit_code == 0
    set_in_manifest(arms(tmp_path / "run")[0], verifier="evil.judge-1.0")
    assert command(*words, "-n", 2, "--verifier", "number").exit_code == 0
    assert not marker.exists()


@pytest.mark.parametrize(
    ("dataset", "answer", "text", "metadata"),
    [
        ("string_insertion", "[]", "CODE", {}),
        ("number_sorting", "CODE", "['1']", {}),
        ("bitwise_arithmetic", "0x1", "0x1", {"problem": "CODE"}),
        ("countdown", "1", "CODE", {"numbers": [1], "target": 1}),
    ],
)
def test_scorers_run_no_code_of_a_model_or_a_folder(tmp_path, dataset, answer, text, metadata):
    """Scorers of reasoning-gym call eval, or sympy's parser that does, on answers and on what the folder holds."""
    pytest.importorskip("reasoning_gym")
    code = f"open('{tmp_path / 'ran'}', 'w')"
    answer, text, metadata = json.loads(json.dumps([answer, text, metadata]).replace("CODE", code))
    gym = {"name": dataset, "options": {"seed": 0, "size": 1}, "index": 0, "metadata": {"difficulty": {}} | metadata}
    problem = Problem("p0", "?", answer, facts={"gym": gym})
    sample = Completion("p0", 0, f"<answer>{text}</answer>", "stop", 5)
    verdict = judge((problem,), [sample], load_verifier("reasoning-gym"), 1)[0]
    assert verdict.outcome != "correct"
    assert not (tmp_path / "ran").exists()


def test_links_in_a_folder_lead_no_file_elsewhere(tmp_path):
    arm = folder_of(tmp_path / "run")
    for linked in ("samples", "verdicts"):
        shutil.rmtree(arm / linked, ignore_errors=True)
        (tmp_path / linked).mkdir()
        (arm / linked).symlink_to(tmp_path / linked)
    with pytest.raises(InputError, match="is a link"), open_store(tmp_path / "run", MANIFEST, SUM):
        pass
    (arm / "samples").unlink()
    with open_store(tmp_path / "run", MANIFEST, SUM) as store:
        store.append([Completion("p0", 0, "2", "stop", 1)])
        with pytest.raises(InputError, match="is a link"):
            store.append_verdicts("number-1", [Verdict("p0", 0, "correct")])
    (arm / ".lock-00000of00001").unlink()
    (arm / ".lock-00000of00001").symlink_to(tmp_path / "made")
    with pytest.raises(InputError, match="Cannot write"), open_store(tmp_path / "run", MANIFEST, SUM):
        pass
    assert not (tmp_path / "made").exists()
    assert not list((tmp_path / "verdicts").iterdir())


@pytest.mark.parametrize(
    "broken",
    [
        {"verifier": 5},
        {"settings": []},
        {"n_samples": "many"},
        {"label": {}},
        {"history": ["x"]},
        {"history": {}},
        {"skipped": 3},
        {"model": ["m"]},
    ],
)
def test_a_manifest_of_odd_kinds_is_a_plain_error(tmp_path, broken):
    arm = folder_of(tmp_path / "run")
    (arm / "manifest.json").write_text(json.dumps(read_manifest(arm) | broken))
    for words in (("status",), ("counts",), ("verify",)):
        done = command(*words, tmp_path / "run")
        assert done.exit_code == 2
        assert "is not what boundary writes" in done.output


def test_problems_and_samples_of_odd_kinds_are_plain_errors(tmp_path):
    arm = folder_of(tmp_path / "run", verifier="number-1")
    problems = (arm / "problems.jsonl").read_text()
    for lines in ('{"problem_id": 3}\n', "[]\n", problems.replace('"facts"', '"fact"')):
        (arm / "problems.jsonl").write_text(lines)
        done = command("verify", tmp_path / "run")
        assert (done.exit_code, "no problem" in done.output) == (2, True)
    (arm / "problems.jsonl").write_text(problems.replace("p0", "p1"))
    done = command("verify", tmp_path / "run")
    assert (done.exit_code, "sampled problem p0 is none of its problems" in done.output) == (2, True)


def test_a_run_file_names_no_secret_but_those_of_a_list(tmp_path):
    file = tmp_path / "run.toml"
    options = {"output": tmp_path / "run"}
    for table in ('api_key_env = "AWS_SECRET_ACCESS_KEY"', 'worker_options = {api_key_env = "AWS_SECRET_ACCESS_KEY"}'):
        file.write_text(f'[engine_options]\nbase_url = "https://example.org/v1"\n{table}\n')
        with pytest.raises(InputError, match=r"AWS_SECRET_ACCESS_KEY.*--engine-option api_key_env=NAME"):
            read_run(file, options)
    file.write_text('[engine_options]\napi_key_env = "AWS_SECRET_ACCESS_KEY"\n')
    run = read_run(file, options | {"engine_options": {"api_key_env": "AWS_SECRET_ACCESS_KEY"}})
    assert run.engine_options["api_key_env"] == "AWS_SECRET_ACCESS_KEY"  # the user's own word
    file.write_text('[engine_options]\napi_key_env = "VLLM_API_KEY"\n')
    assert read_run(file, options).engine_options["api_key_env"] == "VLLM_API_KEY"


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.1.2.3:8000/v1", True),
        ("http://[::1]:8000/v1", True),
        ("https://example.org/v1", True),
        ("http://example.org/v1", False),
        ("http://localhost.example.org/v1", False),
        ("http://127.0.0.1.example.org/v1", False),
        ("http://localhost@example.org/v1", False),
        ("http://10.0.0.7:8000/v1", False),
    ],
)
def test_a_key_goes_over_https_or_to_this_machine(monkeypatch, url, sent):
    pytest.importorskip("httpx")
    from boundary.sampling.engines.servers import parse_servers

    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("MY_KEY", "secret")
    assert bool(parse_servers(url)[0].headers) == sent
    if sent:
        assert parse_servers(url, "MY_KEY")[0].headers == {"Authorization": "Bearer secret"}
    else:
        with pytest.raises(InputError, match="unencrypted") as error:
            parse_servers(url, "MY_KEY")
        assert "localhost@" not in str(error.value)


def test_no_redirect_is_followed_and_no_proxy_stands_before_this_machine(server, tokenizer_folder, monkeypatch):
    pytest.importorskip("httpx")
    from boundary.sampling.engines.servers import ask_servers, parse_servers

    other = server()
    sly = server(pages={"/v1/models": (307, {"Location": f"{other.url}/models"}, {})})
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(InputError, match="points to another address"):
        ask_servers(parse_servers(sly.url), "served")
    assert not other.headers
    assert ask_servers(parse_servers(other.url), "served")
    assert other.headers[0]["Authorization"] == "Bearer secret"


@pytest.fixture
def model_with_code(tokenizer_folder, tmp_path, monkeypatch):
    """A model whose configuration and tokenizer are code of its own, and a user who says yes to everything."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path / "own-code"
    shutil.copytree(tokenizer_folder, folder)
    (folder / "config.json").write_text(
        json.dumps({"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig"}, "max_position_embeddings": 64})
    )
    (folder / "own.py").write_text(
        f"import transformers\nopen({str(tmp_path / 'ran')!r}, 'w').close()\n"
        "class OwnConfig(transformers.PretrainedConfig):\n    model_type = 'own'\n"
    )
    monkeypatch.setattr(builtins, "input", lambda *_: "y")
    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    return folder


def test_code_of_a_model_runs_only_where_the_user_says_so(model_with_code, tmp_path):
    from boundary.sampling.models import load_config, weights_revision

    for load in (load_config, lambda name: load_config(name, None, False)):
        with pytest.raises(InputError, match="--trust-remote-code"):
            load(str(model_with_code))
    assert weights_revision(str(model_with_code)).startswith("sha256:")
    assert not (tmp_path / "ran").exists()
    assert load_config(str(model_with_code), None, True).model_type == "own"
    assert (tmp_path / "ran").exists()


def test_a_run_of_a_model_with_code_of_its_own_names_the_option(model_with_code, tmp_path):
    pytest.importorskip("torch")
    words = ["sample", "--model", model_with_code, "--benchmark", "reasoning-gym/chain_sum?size=1", "-n", 1]
    done = command(*words, "-o", tmp_path / "run")
    assert (done.exit_code, "add --trust-remote-code" in done.output) == (2, True)
    assert not (tmp_path / "ran").exists()


def test_every_call_that_could_load_code_says_whether_it_may():
    import ast
    from pathlib import Path

    import boundary

    calls = []
    for path in Path(boundary.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                loads = node.func.attr in ("from_pretrained", "load_dataset") or (
                    node.func.attr == "EngineArgs" and path.stem == "vllm"
                )
                if loads:
                    keywords = {keyword.arg for keyword in node.keywords}
                    calls.append((path.name, node.lineno, bool(keywords & {"trust_remote_code", None})))
    assert len(calls) >= 6
    assert not [call for call in calls if not call[2]]
