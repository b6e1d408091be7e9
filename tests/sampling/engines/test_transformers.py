"""The transformers engine on a tiny model with random weights: plain batches and continuous batching."""

from collections import Counter

import pytest

from boundary.errors import InputError
from boundary.sampling.engines.opening import open_engine
from boundary.sampling.engines.spec import EngineSpec, Request, Sampling

pytest.importorskip("torch")
pytest.importorskip("accelerate")

REQUESTS = [Request(f"p{number}", (1, *range(3, 4 + number)), tuple(range(16))) for number in range(4)]
EXPECTED = {(request.problem_id, place): 1 for request in REQUESTS for place in request.sample_indices}
FREE = Sampling(1.0, 1.0, 8, (2, 5), 0)
# By itself the library takes most of the memory for its cache.
SMALL_CACHE = {"num_blocks": 64, "max_batch_tokens": 256}


@pytest.fixture(autouse=True)
def beside_the_model(tiny_model, monkeypatch):
    """The noise is named by the model's name: a short one, which is the same wherever the tests run."""
    monkeypatch.chdir(tiny_model.parent)


def sampled(model, sampling=FREE, requests=REQUESTS, **options):
    with open_engine(
        EngineSpec("transformers", model.name, sampling=sampling, options={"batching": SMALL_CACHE, **options})
    ) as generate:
        return list(generate(requests))


def texts(completions):
    return {(completion.problem_id, completion.sample_index): completion.text for completion in completions}


@pytest.mark.parametrize("continuous", [False, True])
def test_every_sample_comes_once_and_ends_where_it_should(tiny_model, continuous):
    completions = sampled(tiny_model, continuous=continuous)
    assert Counter((completion.problem_id, completion.sample_index) for completion in completions) == EXPECTED
    assert {completion.finish_reason for completion in completions} == {"stop", "length"}
    for completion in completions:
        words = len(completion.text.split())
        assert completion.n_tokens == 8 if completion.finish_reason == "length" else completion.n_tokens <= 8
        assert words <= completion.n_tokens
        assert "</s>" not in completion.text


def test_the_same_seed_gives_the_same_samples_and_another_one_others(tiny_model):
    first, again, other = (
        texts(sampled(tiny_model, Sampling(1.0, 1.0, 8, (2,), seed), continuous=False)) for seed in (0, 0, 1)
    )
    assert first == again
    assert sum(first[key] == other[key] for key in first) < len(first) / 4


def test_equal_prompts_in_a_batch_and_in_a_later_call_have_their_own_noise(tiny_model):
    spec = EngineSpec("transformers", str(tiny_model), sampling=FREE, options={"continuous": False})
    with open_engine(spec) as generate:
        sample_indices = [(0, 1, 2, 3), (4, 5, 6, 7)]
        completions = [
            list(generate([Request("p", (1, 3), indices), Request("q", (1, 3), indices)])) for indices in sample_indices
        ]
    assert len({completion.text for call in completions for completion in call}) > 12  # of 16


def test_the_models_own_generation_config_changes_nothing(tiny_model):
    """It says top_k = 1: with it, all samples of a problem would be the same."""
    completions = sampled(tiny_model, Sampling(1.0, 1.0, 4, (2,), 0), continuous=False)
    assert len({completion.text for completion in completions if completion.problem_id == "p0"}) > 8


@pytest.mark.parametrize("continuous", [False, True])
def test_temperature_and_top_p_do_what_they_say(tiny_model, continuous):
    for sampling in (Sampling(0.0, 1.0, 4, (2,), 0), Sampling(5.0, 1e-6, 4, (2,), 0)):
        completions = sampled(tiny_model, sampling, continuous=continuous)
        assert len({completion.text for completion in completions if completion.problem_id == "p0"}) == 1


def test_both_ways_sample_one_distribution(tiny_model):
    """First tokens of 600 samples each way: total variation within what chance allows."""
    shares = []
    for continuous in (False, True):
        request = [Request("p", (1, 3, 4), tuple(range(600)))]
        completions = sampled(tiny_model, Sampling(0.6, 0.95, 1, (), 0), request, continuous=continuous, batch_size=600)
        shares.append(Counter(completion.text for completion in completions))
    distance = sum(abs(shares[0][word] - shares[1][word]) for word in shares[0] | shares[1]) / 1200
    assert distance < 0.22  # two samples of 600 over these 43 words: .151 on average, .018 standard deviation


def test_reading_prompts_once_changes_no_sample(tiny_model, monkeypatch):
    """Prompts of unlike lengths in one batch, each for several samples, against reading each for each sample."""
    from boundary.sampling.engines import transformers as engine

    once = texts(sampled(tiny_model, continuous=False))
    monkeypatch.setattr(engine, "_read_once", lambda *_: {})
    assert once == texts(sampled(tiny_model, continuous=False))


def test_a_sample_ends_where_the_models_context_does(tiny_model):
    completions = sampled(
        tiny_model, Sampling(1.0, 1.0, 16_384, (), 0), [Request("p", (1, 3, 4, 5), (0, 1))], continuous=False
    )
    assert [completion.n_tokens for completion in completions] == [60, 60]
    with pytest.raises(InputError, match="70 tokens, and the model reads 64 at most"):
        sampled(tiny_model, requests=[Request("p", (1,) * 70, (0,))], continuous=False)


def test_leaving_early_leaves_the_engine_usable(tiny_model):
    spec = EngineSpec(
        "transformers", str(tiny_model), sampling=FREE, options={"continuous": True, "batching": SMALL_CACHE}
    )
    with open_engine(spec) as generate:
        completions = generate(REQUESTS)
        next(completions)
        completions.close()
        assert (
            Counter((completion.problem_id, completion.sample_index) for completion in generate(REQUESTS)) == EXPECTED
        )


def test_shared_prefixes_draw_from_the_same_distribution(tiny_model):
    """Each first and second token as often as the model's own probabilities say, with prompts of unlike lengths."""
    import torch
    import transformers

    n_samples = 4000
    requests = [Request(name, prompt, tuple(range(n_samples))) for name, prompt in (("p", (1, 3)), ("q", (1, 9, 4, 5)))]
    completions = sampled(
        tiny_model, Sampling(1.3, 1.0, 2, (2,), 0), requests, continuous=False, batch_size=1000, share_prefixes=True
    )
    assert len(completions) == 2 * n_samples
    model = transformers.AutoModelForCausalLM.from_pretrained(tiny_model).requires_grad_(False)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_model)
    for request in requests:
        counts = Counter(completion.text for completion in completions if completion.problem_id == request.problem_id)
        first = (model(torch.tensor([request.prompt])).logits[0, -1] / 1.3).softmax(-1)
        likely = int(first.argmax())
        second = (model(torch.tensor([[*request.prompt, likely]])).logits[0, -1] / 1.3).softmax(-1)
        for other in range(8, 48, 5):
            expected = float(first[likely] * second[other])
            text = tokenizer.decode([likely, other], skip_special_tokens=True)
            assert abs(counts[text] / n_samples - expected) < 4 * (expected / n_samples) ** 0.5 + 2 / n_samples


def test_shared_prefixes_come_once_each_and_end_where_they_should(tiny_model):
    completions = sampled(tiny_model, continuous=False, share_prefixes=True)
    assert Counter((completion.problem_id, completion.sample_index) for completion in completions) == EXPECTED
    assert {completion.finish_reason for completion in completions} == {"stop", "length"}
    assert all(completion.n_tokens == 8 for completion in completions if completion.finish_reason == "length")
    sure = sampled(tiny_model, Sampling(0.0, 1.0, 8, (2,), 0), continuous=False, share_prefixes=True)
    plain = sampled(tiny_model, Sampling(0.0, 1.0, 8, (2,), 0), continuous=False)
    assert texts(sure) == texts(plain)
