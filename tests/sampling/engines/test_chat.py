"""Servers at /v1/chat/completions: turns and arguments go out, messages come back, and the run says so."""

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from boundary.analysis.checks.arm_settings import compare_arms
from boundary.cli.main import main
from boundary.data.counts import Counts
from boundary.data.runs.counts import run_table
from boundary.data.runs.folder import arms, read_manifest, read_samples
from boundary.errors import InputError
from boundary.sampling.chat import refuse_unused_arguments, with_chat_settings
from boundary.sampling.engines.chat_answers import message_text
from boundary.sampling.engines.opening import engine_facts, open_engine
from boundary.sampling.engines.spec import Chat, EngineSpec, Request, Sampling
from boundary.sampling.problems import Problem
from boundary.sampling.prompts import chat_messages, load_template, prompt_text

pytest.importorskip("httpx")
pytest.importorskip("transformers")

TURNS = ({"role": "user", "content": "What is 1 + 1 ?"},)
REQUESTS = [
    Request(f"p{number}", (1, 3), tuple(range(12)), chat=Chat(TURNS, {"enable_thinking": False})) for number in range(3)
]
CHAT_TEMPLATE = (
    "<s>{% for m in messages %}{{ m.content }} {% endfor %}"
    "{% if enable_thinking is defined and not enable_thinking %}= {% endif %}{% if add_generation_prompt %}?{% endif %}"
)


def sampled(model, server, requests=REQUESTS, **options):
    options = {"served_model": "served", "base_url": server.url, "chat": True} | options
    spec = EngineSpec("openai", str(model), sampling=Sampling(stop_ids=(2,)), options=options)
    with open_engine(spec) as generate:
        return list(generate(requests))


def test_turns_and_arguments_go_out_and_every_sample_comes_once(server, tokenizer_folder):
    scripted = server(given_choices=3)
    completions = sampled(tokenizer_folder, scripted)
    expected = {(request.problem_id, place): 1 for request in REQUESTS for place in request.sample_indices}
    assert Counter((sample.problem_id, sample.sample_index) for sample in completions) == expected
    assert set(scripted.paths) == {"/v1/chat/completions"}
    body = scripted.bodies[0]
    assert (body["messages"], body["chat_template_kwargs"]) == ([dict(TURNS[0])], {"enable_thinking": False})
    assert "prompt" not in body
    assert body["temperature"] == 0.6
    assert body["stop_token_ids"] == [2]


def test_the_token_limit_goes_by_the_name_that_the_server_knows(server, tokenizer_folder):
    scripted = server(context=None)
    sampled(tokenizer_folder, scripted, limit_field="max_completion_tokens", more_fields=False)
    assert {body["max_completion_tokens"] for body in scripted.bodies} == {16_384}
    assert all("max_tokens" not in body and "top_k" not in body for body in scripted.bodies)
    spec = EngineSpec("openai", "m", options={"base_url": scripted.url, "served_model": "served"})
    for options, message in (
        ({"limit_field": "tokens"}, "limit_field is"),
        ({"chat": "yes"}, "chat: .* has to be true or false"),
    ):
        with pytest.raises(InputError, match=message):
            engine_facts(EngineSpec("openai", "m", options={**spec.options, **options}))


@pytest.mark.parametrize(
    ("message", "finish", "text", "joined"),
    [
        ({"content": "4"}, "stop", "4", False),
        ({"content": None}, "stop", "", False),
        ({"content": [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}, 7]}, "stop", "42", False),
        ({"content": None, "refusal": "I cannot."}, "stop", "I cannot.", False),
        ({"content": "\n\n4", "reasoning_content": "\n2+2\n"}, "stop", "<think>\n2+2\n</think>\n\n4", True),
        ({"content": "4", "reasoning": "2+2"}, "stop", "<think>\n2+2\n</think>\n\n4", True),
        ({"content": None, "reasoning_content": "2+"}, "length", "<think>\n2+", True),
        ({"content": 7, "reasoning_content": ["x"]}, "stop", "", False),
    ],
)
def test_a_message_is_joined_as_the_model_wrote_it(message, finish, text, joined):
    assert message_text({"message": message, "finish_reason": finish}) == (text, joined)


@pytest.mark.parametrize("message", [None, "4", ["4"], 4])
def test_a_choice_without_a_message_is_missing_and_not_wrong(server, tokenizer_folder, message):
    scripted = server(lambda body, number: (200, {}, {"choices": [{"message": message, "finish_reason": "stop"}]}))
    completions = sampled(tokenizer_folder, scripted, [Request("p", (1,), (0,), chat=Chat(TURNS))])
    assert [(sample.finish_reason, sample.text) for sample in completions] == [
        ("error", "the server's choice has no message")
    ]


def test_what_a_filter_ended_is_missing(server, tokenizer_folder):
    choice = {"message": {"content": ""}, "finish_reason": "content_filter"}
    scripted = server(lambda body, number: (200, {}, {"choices": [choice]}))
    completions = sampled(tokenizer_folder, scripted, [Request("p", (1,), (0,), chat=Chat(TURNS))])
    assert completions[0].text == "the server ended it with content_filter"


@pytest.fixture
def chat_model(tokenizer_folder, tmp_path):
    """A tokenizer with a chat template that reads enable_thinking."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(tokenizer_folder)
    tokenizer.chat_template = CHAT_TEMPLATE
    folder = tmp_path / "chatty"
    tokenizer.save_pretrained(folder)
    (folder / "config.json").write_text((tokenizer_folder / "config.json").read_text())
    return folder


def test_the_local_chat_template_gets_the_same_turns_and_arguments(chat_model):
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(chat_model)
    template = with_chat_settings(load_template("chat"), "Be brief", {"enable_thinking": False})
    assert prompt_text(tokenizer, template, Problem("p", "What ?")) == "<s>Be brief What ? = ?"
    assert template.hash != load_template("chat").hash
    assert with_chat_settings(load_template("chat"), "", {}).hash == load_template("chat").hash
    with pytest.raises(InputError, match="is the whole prompt"):
        with_chat_settings(load_template("raw"), "Be brief", {})
    for name in ("chat_template", "tokenize", "messages", "a b"):
        with pytest.raises(InputError, match="is no argument of a chat template"):
            with_chat_settings(load_template("chat"), "", {name: 1})
    with pytest.raises(InputError, match="No chat template of these models reads the argument 'enable_thinkin'"):
        refuse_unused_arguments({"enable_thinkin": False}, [tokenizer])
    refuse_unused_arguments({"enable_thinking": False}, [tokenizer])
    own = Problem("p", "x", messages=({"role": "system", "content": "Own"},))
    with pytest.raises(InputError, match="has a system prompt of its own"):
        chat_messages(template, own)


def test_a_chat_template_that_refuses_a_turn_is_said_plainly(chat_model):
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(chat_model)
    tokenizer.chat_template = "{{ raise_exception('System role not supported') }}"
    with pytest.raises(InputError, match=r"refuses problem p \(System role not supported\)"):
        prompt_text(tokenizer, load_template("chat"), Problem("p", "x"))


@pytest.fixture
def problems(tmp_path):
    path = tmp_path / "sums.jsonl"
    lines = [{"problem_id": f"s{k}", "problem": f"What is {k} + {k} ?", "answer": str(2 * k)} for k in range(3)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def command(model, problems, url, out, *more):
    words = ["sample", "--model", model, "--benchmark", problems, "--verifier", "number", "--max-tokens", 8, "-n", 4]
    words += ["--base-url", url, "--engine-option", "served_model=served", "-o", out, *more]
    return CliRunner().invoke(main, list(map(str, words)), catch_exceptions=False)


CHAT = ("--engine-option", "chat=true", "--template", "chat")


def test_a_run_over_chat_is_recorded_and_told_apart_from_rendered_prompts(server, chat_model, problems, tmp_path):
    more = (*CHAT, "--system-prompt", "Be brief", "--chat-template-kwarg", "enable_thinking=false")
    scripted = server()
    done = command(f"rl={chat_model}", problems, scripted.url, tmp_path / "rl", *more)
    assert done.exit_code == 0, done.output
    assert scripted.bodies[0]["messages"][0] == {"role": "system", "content": "Be brief"}
    manifest = read_manifest(arms(tmp_path / "rl")[0])
    recorded = {name: manifest["settings"][name] for name in ("endpoint", "system_prompt", "chat_template_kwargs")}
    assert recorded == {
        "endpoint": "chat/completions",
        "system_prompt": "Be brief",
        "chat_template_kwargs": '{"enable_thinking": false}',
    }
    changed = command(f"rl={chat_model}", problems, scripted.url, tmp_path / "rl", *CHAT)
    assert (changed.exit_code, "settings.system_prompt was 'Be brief', now None" in changed.output) == (2, True)
    # The same text as a rendered prompt: another arm, though the turns are the same.
    for name, options in (("chat", CHAT), ("rendered", ("--template", "chat"))):
        label = f"{name}={chat_model}"
        assert command(label, problems, server().url, tmp_path / name, *options).exit_code == 0
    for pair, evidence in ((("rl", "chat"), "system prompt"), (("chat", "rendered"), "endpoint of the server")):
        counts = Counts.from_frame(run_table([tmp_path / name for name in pair]))
        with pytest.raises(InputError, match=rf"given different prompts on 'sums': {evidence}"):
            compare_arms(counts, pair, ["sums"])


def test_reasoning_that_comes_apart_is_joined_recorded_and_said(server, chat_model, problems, tmp_path):
    def behave(body, number):
        message = {"content": "4", "reasoning_content": "2 + 2"}
        return 200, {}, {"choices": [{"message": message, "finish_reason": "stop"}] * body["n"]}

    done = command(chat_model, problems, server(behave).url, tmp_path / "run", *CHAT)
    assert done.exit_code == 0, done.output
    assert "of 12 new samples the server sent the reasoning apart" in " ".join(done.output.split())
    samples = list(read_samples(arms(tmp_path / "run")[0]))
    assert {sample["text"] for sample in samples} == {"<think>\n2 + 2\n</think>\n\n4"}
    assert {sample["reasoning_joined"] for sample in samples} == {True}
    assert run_table(tmp_path / "run")["n_samples"].tolist() == [4] * 3


def test_a_template_that_is_a_whole_prompt_is_refused(server, chat_model, tokenizer_folder, problems, tmp_path):
    chat = CHAT[:2]
    done = command(chat_model, problems, server().url, tmp_path / "run", *chat, "--template", "raw")
    assert (done.exit_code, "puts its own chat template around" in " ".join(done.output.split())) == (2, True)
    # A tokenizer without a chat template will do: it only counts.
    done = command(tokenizer_folder, problems, server().url, tmp_path / "plain", *CHAT)
    assert done.exit_code == 0, done.output
