"""The client of OpenAI-compatible servers, against a server that misbehaves as real ones do."""

import time
from collections import Counter

import pytest

from boundary.errors import InputError
from boundary.sampling.engines.opening import engine_facts, open_engine
from boundary.sampling.engines.spec import EngineSpec, Request, Sampling, noise_seed

pytest.importorskip("httpx")
pytest.importorskip("transformers")

REQUESTS = [Request(f"p{number}", (1, 3, number), tuple(range(12))) for number in range(5)]
EXPECTED = {(request.problem_id, place): 1 for request in REQUESTS for place in request.sample_indices}


PLAIN = Sampling(stop_ids=(2,))


def sampled(model, requests=REQUESTS, sampling=PLAIN, **options):
    options = {"served_model": "served"} | options
    with open_engine(EngineSpec("openai", str(model), sampling=sampling, options=options)) as generate:
        return list(generate(requests))


def sample_counts(completions):
    return Counter(
        (completion.problem_id, completion.sample_index)
        for completion in completions
        if completion.finish_reason != "error"
    )


def test_every_sample_comes_once(server, tokenizer_folder):
    assert sample_counts(sampled(tokenizer_folder, base_url=server().url)) == EXPECTED


def test_a_server_that_passes_over_n_is_asked_again(server, tokenizer_folder):
    single = server(given_choices=1)
    assert sample_counts(sampled(tokenizer_folder, base_url=single.url)) == EXPECTED
    assert sum(body["n"] > 1 for body in single.bodies) <= 32  # those in flight before it was found out


def test_a_server_that_refuses_so_many_choices_is_asked_for_fewer(server, tokenizer_folder):
    few = server(most_choices=3)
    assert sample_counts(sampled(tokenizer_folder, base_url=few.url, choices=12)) == EXPECTED


def test_busy_and_failing_servers_are_tried_again(server, tokenizer_folder):
    def behave(body, number):
        trouble = {0: (503, {}), 1: (429, {"Retry-After": "0.1"}), 2: (500, {})}.get(number)
        return trouble and (*trouble, {"error": {"message": "busy"}})

    assert sample_counts(sampled(tokenizer_folder, base_url=server(behave).url)) == EXPECTED


def test_a_dead_server_is_left_for_a_living_one(server, tokenizer_folder):
    living = server()
    urls = ["http://127.0.0.1:9/v1", living.url]
    assert sample_counts(sampled(tokenizer_folder, base_url=urls, concurrency=4)) == EXPECTED


def test_several_servers_share_the_work(server, tokenizer_folder):
    pair = [server(), server()]
    assert sample_counts(sampled(tokenizer_folder, base_url=[member.url for member in pair])) == EXPECTED
    assert all(member.bodies for member in pair)


def test_no_server_is_said_plainly(tokenizer_folder):
    with pytest.raises(InputError, match=r"No server answers at http://127\.0\.0\.1:9/v1.*--base-url"):
        sampled(tokenizer_folder, base_url="http://127.0.0.1:9/v1")


def test_a_server_that_stays_ill_ends_the_run(server, tokenizer_folder):
    ill = server(lambda body, number: (500, {}, {"error": {"message": "out of memory"}}))
    with pytest.raises(InputError, match=r"No server answers .*HTTP 500: out of memory.*What is stored stays"):
        sampled(tokenizer_folder, base_url=ill.url, retries=1)


def test_a_refused_request_is_said_plainly(server, tokenizer_folder):
    strict = server(lambda body, number: (400, {}, {"error": {"message": "unknown field top_k"}}))
    with pytest.raises(InputError, match=r"unknown field top_k.*more_fields=false"):
        sampled(tokenizer_folder, base_url=strict.url)


def test_nothing_is_left_to_a_servers_defaults(server, tokenizer_folder):
    scripted = server()
    sampled(tokenizer_folder, base_url=scripted.url, sampling=Sampling(0.6, 0.95, 16_384, (2,), 7))
    body = scripted.bodies[0]
    fields = {name: body[name] for name in ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")}
    assert fields == {"temperature": 0.6, "top_p": 0.95, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
    assert body["samplers"] == ["temperature", "top_p"]  # llama.cpp would cut before it tempers
    assert body["stop_token_ids"] == [2]
    assert "stop" not in body
    assert body["max_tokens"] == 64 - len(body["prompt"])  # what fits into the server's context
    assert body["model"] == "served"


def test_every_request_has_its_own_noise_and_the_same_seed_the_same(server, tokenizer_folder):
    seeds = []
    for seed in (0, 0, 1):
        scripted = server()
        sampled(tokenizer_folder, base_url=scripted.url, sampling=Sampling(stop_ids=(2,), seed=seed))
        seeds.append(sorted(body["seed"] for body in scripted.bodies))
    assert len(set(seeds[0])) == len(seeds[0])
    assert seeds[0] == seeds[1]
    assert not set(seeds[0]) & set(seeds[2])


def test_a_choice_that_failed_is_missing_and_not_wrong(server, tokenizer_folder):
    def behave(body, number):
        choices = [{"text": "7", "finish_reason": "stop"}, {"text": "", "finish_reason": "abort"}]
        return 200, {}, {"choices": choices[: body["n"]]}

    completions = sampled(tokenizer_folder, [Request("p", (1,), (0, 1))], base_url=server(behave).url)
    assert [completion.finish_reason for completion in completions] == ["stop", "error"]
    assert completions[0].n_tokens == 2  # its token and the end


@pytest.mark.parametrize("text", [{}, {"text": None}, {"text": 7}, {"message": {"content": "7"}}])
def test_a_choice_without_text_is_missing_and_not_empty(server, tokenizer_folder, text):
    scripted = server(lambda body, number: (200, {}, {"choices": [text | {"finish_reason": "stop"}]}))
    [completion] = sampled(tokenizer_folder, [Request("p", (1,), (0,))], base_url=scripted.url)
    assert (completion.finish_reason, "chat=true" in completion.text) == ("error", True)


def test_half_a_character_is_replaced(server, tokenizer_folder):
    scripted = server(lambda body, number: (200, {}, {"choices": [{"text": "\ud800 7", "finish_reason": "stop"}]}))
    [completion] = sampled(tokenizer_folder, [Request("p", (1,), (0,))], base_url=scripted.url)
    assert (completion.finish_reason, completion.text) == ("stop", "\ufffd 7")


def test_an_answer_that_is_no_json_is_said_plainly(server, tokenizer_folder, monkeypatch):
    monkeypatch.setattr("boundary.sampling.engines.openai._answer", no_json)
    with pytest.raises(InputError, match=r"/v1/completions answers, but not in JSON.*Check its URL"):
        sampled(tokenizer_folder, base_url=server().url, retries=0)


async def no_json(stream, most):
    return 200, b"<html>", 0.0


def test_a_server_that_passes_over_the_limit_is_noticed_and_its_samples_are_cut(server, tokenizer_folder):
    def behave(body, number):
        return 200, {}, {"choices": [{"text": "7 " * 300, "finish_reason": "stop"}] * body["n"]}

    spec = EngineSpec(
        "openai",
        str(tokenizer_folder),
        sampling=Sampling(max_tokens=20, stop_ids=(2,)),
        options={"served_model": "served", "base_url": server(behave).url},
    )
    notices = []
    with open_engine(spec, notice=notices.append) as generate:
        completions = list(generate(REQUESTS))
    assert {(sample.finish_reason, sample.n_tokens) for sample in completions} == {("length", 20)}
    assert {len(sample.text.split()) for sample in completions} == {20}
    assert len(notices) == 1
    assert "passes over max_tokens" in notices[0]


def test_trouble_is_noticed_once_with_its_reason_and_the_wait(server, tokenizer_folder):
    def behave(body, number):
        return (429, {"Retry-After": "0.2"}, {"error": {"message": "busy"}}) if number < 3 else None

    options = {"served_model": "served", "base_url": server(behave).url}
    notices = []
    with open_engine(
        EngineSpec("openai", str(tokenizer_folder), sampling=PLAIN, options=options), notice=notices.append
    ) as generate:
        assert sample_counts(generate(REQUESTS)) == EXPECTED
    assert len(notices) == 1
    assert "HTTP 429: busy; the request is tried again in 0 s" in notices[0]


def test_leaving_early_does_not_wait_for_the_server(server, tokenizer_folder):
    slow = server(lambda body, number: None if number == 0 else time.sleep(1.5), delay=0.0)
    spec = EngineSpec("openai", str(tokenizer_folder), options={"base_url": slow.url, "served_model": "served"})
    with open_engine(spec) as generate:
        completions = generate(REQUESTS)
        next(completions)
        begun = time.monotonic()
        completions.close()
        assert time.monotonic() - begun < 1.0


def test_unknown_engines_and_options_are_named(tokenizer_folder):
    with pytest.raises(InputError, match=r"No engine 'vlm'. There are: transformers, vllm, openai, ray"):
        open_engine(EngineSpec("vlm", str(tokenizer_folder)))
    with pytest.raises(InputError, match=r"no option 'concurency'. Did you mean 'concurrency'"):
        open_engine(EngineSpec("openai", str(tokenizer_folder), options={"concurency": 2}))


@pytest.mark.parametrize(
    ("engine", "options", "message"),
    [
        ("openai", {"choices": 0}, "The engine option choices: 0 cannot be used; .* whole number >= 1"),
        ("openai", {"concurrency": "abc"}, "concurrency: .* has to be a whole number"),
        ("openai", {"concurrency": 0}, "concurrency: .*>= 1"),
        ("openai", {"concurrency": True}, "concurrency: .* whole number"),
        ("openai", {"retries": -1}, "retries: .*>= 0"),
        ("openai", {"timeout": 0}, "timeout: .* a number > 0"),
        ("openai", {"limit_field": "tokens"}, "limit_field is max_tokens or max_completion_tokens, and not 'tokens'"),
        ("openai", {"base_url": 7}, "base_url: .* text or a list"),
        ("transformers", {"batch_size": 0}, "batch_size: .*>= 1"),
        ("transformers", {"batch_size": "x"}, "batch_size: .* whole number"),
        ("transformers", {"workers": -1}, "workers: .*>= 0"),
    ],
)
def test_options_are_checked_by_type_and_least_value(tokenizer_folder, engine, options, message):
    with pytest.raises(InputError, match=message):
        engine_facts(EngineSpec(engine, str(tokenizer_folder), options=options))


def test_seeds_are_told_apart_by_every_part():
    seeds = {noise_seed(seed, problem, place) for seed in range(3) for problem in "abc" for place in range(100)}
    assert len(seeds) == 900
    assert all(0 <= seed < 2**31 for seed in seeds)
