"""Which model a server samples: the one that it lists under the model's id, or by the name that the user gives."""

import json

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.runs.folder import arms, read_manifest
from boundary.errors import InputError
from boundary.sampling.engines.opening import engine_facts, open_engine
from boundary.sampling.engines.spec import EngineSpec, Request, Sampling

pytest.importorskip("httpx")
pytest.importorskip("transformers")

PLAIN = Sampling(stop_ids=(2,))


def spec(model, *servers, **options):
    return EngineSpec("openai", str(model), sampling=PLAIN, options={"base_url": [s.url for s in servers]} | options)


def sampled(model, requests, *servers, **options):
    with open_engine(spec(model, *servers, **options)) as generate:
        return list(generate(requests))


def listing(*entries):
    return {"/v1/models": (200, {}, {"data": list(entries)})}


@pytest.mark.parametrize("served_model", ["", "other"])
def test_a_server_of_another_model_is_refused(server, tokenizer_folder, served_model):
    scripted = server()
    with pytest.raises(InputError, match=r"lists 'served', and not .*served_model=served"):
        sampled(tokenizer_folder, [Request("p", (1,), (0,))], scripted, served_model=served_model)
    assert not scripted.bodies


def test_every_server_is_asked(server, tokenizer_folder):
    pair = server(models=(str(tokenizer_folder),)), server()
    with pytest.raises(InputError, match="lists 'served'"):
        sampled(tokenizer_folder, [Request("p", (1,), (0,))], *pair)


def test_a_server_that_comes_late_is_asked_before_it_is_used(server, tokenizer_folder):
    """It is not there when the run begins, and holds another model when it is."""
    late = server()
    late.pages["/v1/models"] = (503, {}, {"error": "loading"})

    def behave(body, number):
        late.pages.update(listing({"id": "another"}))

    first = server(behave, models=(str(tokenizer_folder),))
    with pytest.raises(InputError, match="lists 'another'"):
        sampled(tokenizer_folder, [Request("p", (1,), tuple(range(64)))], first, late, concurrency=1)
    assert not late.bodies


def test_a_name_is_believed_where_the_server_says_where_its_weights_come_from(server, tokenizer_folder):
    scripted = server(pages=listing({"id": "short", "root": str(tokenizer_folder)}))
    assert engine_facts(spec(tokenizer_folder, scripted)).served_model == "short"


def test_a_server_that_lists_nothing_needs_the_users_word(server, tokenizer_folder):
    silent = server(pages={"/v1/models": (404, {}, {})})
    with pytest.raises(InputError, match=r"does not list its models.*served_model=NAME"):
        engine_facts(spec(tokenizer_folder, silent))
    assert engine_facts(spec(tokenizer_folder, silent, served_model="any")).served_model == "any"


@pytest.mark.parametrize("listed", [[], {"data": 3}, {"data": [3, {}, {"id": 5}]}, "x", {"data": [{"id": "\x1b[2J"}]}])
def test_an_odd_listing_is_a_plain_error(server, tokenizer_folder, listed):
    with pytest.raises(InputError) as error:
        engine_facts(spec(tokenizer_folder, server(pages={"/v1/models": (200, {}, listed)})))
    assert "\x1b" not in str(error.value)


def test_version_and_context_are_what_the_server_says(server, tokenizer_folder):
    name = {"id": str(tokenizer_folder), "owned_by": "vllm", "max_model_len": 48}
    vllm = server(pages=listing(name) | {"/version": (200, {}, {"version": "0.11.0"})})
    facts = engine_facts(spec(tokenizer_folder, vllm))
    assert (facts.version, facts.context) == ("OpenAI-compatible, vllm 0.11.0", 48)
    props = {"build_info": "b6000", "default_generation_settings": {"n_ctx": 256}}
    llama = server(pages=listing({"id": str(tokenizer_folder), "owned_by": "llamacpp"}) | {"/props": (200, {}, props)})
    facts = engine_facts(spec(tokenizer_folder, llama))
    assert (facts.version, facts.context) == ("OpenAI-compatible, llamacpp b6000", 256)
    assert engine_facts(spec(tokenizer_folder, llama, context=32)).context == 32


def run(*words):
    return CliRunner().invoke(main, ["sample", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def problems(tmp_path):
    path = tmp_path / "sums.jsonl"
    path.write_text('{"problem_id": "p0", "problem": "What is 1 + 1 ?", "answer": "2"}\n')
    return ["--benchmark", path, "--template", "raw", "--verifier", "number", "--max-tokens", 8, "-n", 2]


def test_one_server_is_not_two_models(server, tokenizer_folder, problems, tmp_path):
    scripted = server()
    models = ["--model", f"base={tokenizer_folder}", "--model", f"rl={tokenizer_folder}/"]
    words = [*models, *problems, "--base-url", scripted.url, "-o", tmp_path / "run"]
    done = run(*words, "--engine-option", "served_model=served")
    assert done.exit_code == 2
    assert "'base' and 'rl' as one model, 'served'" in done.output
    assert not scripted.bodies
    assert run(*words).exit_code == 2  # it lists neither


def test_one_model_twice_is_refused(tiny_model, problems, tmp_path):
    pytest.importorskip("torch")
    done = run("--model", f"a={tiny_model}", "--model", f"b={tiny_model}", *problems, "-o", tmp_path / "run")
    assert (done.exit_code, "'a' and 'b' are one model" in done.output) == (2, True)


def test_what_was_served_and_by_what_is_recorded_and_another_name_is_refused(
    server, tokenizer_folder, problems, tmp_path
):
    scripted = server(models=("served", "other"), pages={"/version": (200, {}, {"version": "1.0"})})
    words = ["--model", tokenizer_folder, *problems, "--base-url", scripted.url, "-o", tmp_path / "run"]
    assert run(*words, "--engine-option", "served_model=served").exit_code == 0
    manifest = read_manifest(arms(tmp_path / "run")[0])
    assert manifest["settings"]["served_model"] == "served"
    assert manifest["engine_version"] == "OpenAI-compatible, scripted 1.0"
    done = run(*words, "--engine-option", "served_model=other")
    assert (done.exit_code, "served_model was 'served', now 'other'" in done.output) == (2, True)


def test_a_folder_from_before_servers_were_asked_is_continued(server, tokenizer_folder, problems, tmp_path):
    scripted = server(models=(str(tokenizer_folder),))
    words = ["--model", tokenizer_folder, *problems, "--base-url", scripted.url, "-o", tmp_path / "run"]
    assert run(*words).exit_code == 0
    arm = arms(tmp_path / "run")[0]
    manifest = json.loads((arm / "manifest.json").read_text())
    (arm / "samples").rename(arm / "kept")
    (arm / "samples").mkdir()
    del manifest["settings"]["served_model"]
    (arm / "manifest.json").write_text(json.dumps(manifest))
    assert run(*words).exit_code == 0
    assert read_manifest(arm)["settings"]["served_model"] == str(tokenizer_folder)
    assert "served_model" not in read_manifest(arm)["history"][0]["settings"]


def test_a_refused_problem_leaves_the_others_sampled(server, tokenizer_folder):
    """A server that says nothing of its context refuses one prompt, the first one; no other is lost by it."""
    scripted = server(
        lambda body, number: (400, {}, {"error": {"message": "too long"}}) if len(body["prompt"]) > 9 else None,
        context=None,
    )
    requests = [Request(f"p{k}", (1,) * (20 if k == 0 else 3), tuple(range(16))) for k in range(4)]
    completions = sampled(tokenizer_folder, requests, scripted, served_model="served")
    good = [completion for completion in completions if completion.finish_reason != "error"]
    assert {(completion.problem_id, completion.sample_index) for completion in good} == {
        (f"p{k}", i) for k in (1, 2, 3) for i in range(16)
    }
    assert {completion.text for completion in completions if completion.finish_reason == "error"} == {
        f"{scripted.url}: HTTP 400: too long"
    }
    assert {body["n"] for body in scripted.bodies if len(body["prompt"]) == 3} == {8}  # as many choices as before
