"""Log-probabilities of responses: equal to a direct forward pass, however they are put together."""

import random

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from boundary.sampling.scoring import attention, batches, likelihood  # noqa: E402
from boundary.sampling.scoring.batches import plan_batches  # noqa: E402
from boundary.sampling.scoring.forward import forward_pass  # noqa: E402
from boundary.sampling.scoring.head import find_head  # noqa: E402
from boundary.sampling.scoring.likelihood import Tempering  # noqa: E402
from boundary.sampling.scoring.records import Response, ScoreTerms  # noqa: E402

SIZES = {
    "vocab_size": 61, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "max_position_embeddings": 128, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip
# Windows are shorter than the responses; caps and scales are large enough to show.
FAMILIES = {
    "Llama": {},
    "Qwen2": {},
    "Gemma2": {"head_dim": 8, "sliding_window": 8, "final_logit_softcapping": 0.3},
    "Gemma3": {"head_dim": 8, "sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"]},
    "Cohere": {"logit_scale": 0.3},
    "Granite": {"logits_scaling": 3.0, "embedding_multiplier": 2.0},
    "GPT2": None,
    "Mamba": None,
}
STOPS = (2, 5)


def model_of(family):
    torch.manual_seed(3)
    if family == "GPT2":
        config = transformers.GPT2Config(
            vocab_size=61, n_embd=16, n_layer=2, n_head=2, n_positions=128, bos_token_id=1, eos_token_id=2
        )
        return transformers.GPT2LMHeadModel(config).eval()
    if family == "Mamba":
        return transformers.MambaForCausalLM(
            transformers.MambaConfig(vocab_size=61, hidden_size=16, num_hidden_layers=2, state_size=4)
        ).eval()
    name = "Gemma3Text" if family == "Gemma3" else family
    config = getattr(transformers, f"{name}Config")(**SIZES, **FAMILIES[family])
    return getattr(transformers, f"{family}ForCausalLM")(config).eval()


def random_responses(n_prompts=3, n=5, seed=0):
    noise = random.Random(seed)
    responses = []
    for number in range(n_prompts):
        prompt = tuple(noise.randrange(3, 61) for _ in range(1 if number == 0 else noise.randrange(9, 30)))
        for place in range(n):
            tokens = [noise.randrange(3, 61) for _ in range(noise.randrange(0, 25))]
            responses.append(Response(f"p{number}", place, 0, prompt, tokens, noise.choice(("token", "any", "none"))))
    noise.shuffle(responses)
    return responses


def response_of(responses, score):
    return next(r for r in responses if (r.problem_id, r.sample_index) == (score.problem_id, score.sample_index))


def expected_sum(direct, model, response):
    return sum(direct(model, response.prompt, response.tokens, STOPS if response.ending == "any" else ()))


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_equal_a_direct_forward_pass_in_any_batches(family, direct):
    model, responses = model_of(family), random_responses()
    expected = {(r.problem_id, r.sample_index): expected_sum(direct, model, r) for r in responses}
    for share, batch_tokens in ((True, 10_000), (True, 70), (False, 10_000), (False, 1)):
        ready = forward_pass(model, batch_tokens, share)
        assert ready.shares == (share and family != "Mamba")  # a state is not expanded over rows
        scores = list(ready.score(responses, ScoreTerms(STOPS)))
        assert len(scores) == len(responses)
        for score in scores:
            assert score.sum_logp == pytest.approx(expected[score.problem_id, score.sample_index], abs=2e-5)
        random.Random(batch_tokens).shuffle(responses)


@pytest.mark.parametrize("family", ["Gemma2", "Cohere", "Granite"])
def test_the_head_apart_scales_and_caps_as_the_model_does(family):
    model = model_of(family)
    ids = torch.arange(3, 20)[None]
    with torch.no_grad():
        hidden, logits = model.base_model(ids).last_hidden_state[0] * 40, model(ids).logits[0]
        assert "_linear_head" in find_head(model).__qualname__
        assert torch.allclose(find_head(model)(hidden / 40), logits, atol=1e-6)
        plain = hidden @ model.get_output_embeddings().weight.t()
        assert not torch.allclose(find_head(model)(hidden), plain, atol=1e-2)


def test_a_head_of_another_kind_is_run_by_the_models_own_forward_pass(direct, monkeypatch):
    """A family that no setting's name gives away, and one whose forward pass cannot be divided."""
    model, responses = model_of("Cohere"), random_responses(2, 3)
    model.config.logit_scale = None  # the model itself goes on scaling
    assert "_own_head" in find_head(model).__qualname__
    for divided in (True, False):
        if not divided:
            monkeypatch.setattr(type(model), "base_model", torch.nn.Identity())
            ready = forward_pass(model, 10_000, share_prompts=True)
            assert ready.head is None
            assert not ready.shares
        for score in forward_pass(model, 10_000).score(responses, ScoreTerms(STOPS)):
            same = next(
                r for r in responses if (r.problem_id, r.sample_index) == (score.problem_id, score.sample_index)
            )
            assert score.sum_logp == pytest.approx(expected_sum(direct, model, same), abs=2e-5)


def test_the_head_runs_in_chunks(direct, monkeypatch):
    monkeypatch.setattr(likelihood, "CPU_LOGITS", 61 * 17)
    model, responses = model_of("Llama"), random_responses()
    for score in forward_pass(model, 10_000).score(responses, ScoreTerms(STOPS, per_token=True)):
        same = response_of(responses, score)
        logps = direct(model, same.prompt, same.tokens, STOPS if same.ending == "any" else ())
        assert list(score.token_logp) == pytest.approx(logps, abs=1e-5)
        assert score.n_tokens == len(logps)


@pytest.mark.parametrize("few", [4, 256])
def test_scores_as_sampled_are_those_of_the_distribution_that_is_sampled(few, monkeypatch):
    monkeypatch.setattr(likelihood, "NUCLEUS", few)
    torch.manual_seed(0)
    logits, targets = 3 * torch.randn(200, 61), torch.randint(61, (200,))
    for temperature, top_p in ((0.6, 0.95), (1.3, 0.5), (0.8, 1.0)):
        scores = likelihood.token_scores(lambda rows: rows, logits, targets, STOPS, Tempering(temperature, top_p))
        warped = transformers.TopPLogitsWarper(top_p)(None, logits / temperature)
        expected = warped.log_softmax(-1).gather(1, targets[:, None])[:, 0]
        assert torch.allclose(scores.nucleus, expected, atol=1e-5)
        assert bool(torch.isinf(expected).any()) == (top_p < 1)
        tempered = (logits / temperature).log_softmax(-1).gather(1, targets[:, None])[:, 0]
        assert torch.allclose(scores.tempered, tempered, atol=1e-5)
        ends = likelihood.token_scores(
            lambda rows: rows, logits, torch.full((200,), likelihood.ANY_STOP), STOPS, Tempering(temperature, top_p)
        )
        stops = warped.log_softmax(-1)[:, list(STOPS)].logsumexp(-1)
        assert torch.allclose(ends.nucleus, stops, atol=1e-5)


def test_tokens_outside_the_nucleus_are_counted():
    model = model_of("Llama")
    score = next(
        iter(
            forward_pass(model).score(
                [Response("p", 0, 0, (4, 5), list(range(3, 40)))], ScoreTerms(STOPS, Tempering(0.5, 0.3))
            )
        )
    )
    assert 0 < score.n_outside < 37
    assert score.sum_nucleus > score.sum_tempered


@pytest.mark.parametrize("family", ["Llama", "Gemma3"])
def test_attention_without_a_mask_behind_a_shared_prompt(family, direct, monkeypatch):
    """As on a GPU: layers that read all before them get no mask, layers with a window keep theirs."""
    model, responses = model_of(family), random_responses()
    attention.register()
    model.set_attn_implementation(attention.NAME)
    masks = []
    make_mask = attention._mask

    def recorded(*arguments, **options):
        masks.append(make_mask(*arguments, **options))
        return masks[-1]

    transformers.AttentionMaskInterface.register(attention.NAME, recorded)
    ready = forward_pass(model, 10_000)
    assert ready.shares
    masks.clear()
    for score in ready.score(responses, ScoreTerms(STOPS)):
        same = response_of(responses, score)
        assert score.sum_logp == pytest.approx(expected_sum(direct, model, same), abs=2e-5)
    assert any(mask is None for mask in masks)
    assert any(mask is not None for mask in masks) == (family == "Gemma3")
    attention.register()


def test_a_batch_that_does_not_fit_is_divided(direct, monkeypatch):
    model, responses = model_of("Llama"), random_responses(2, 6)
    ready = forward_pass(model, 10_000)
    scores_of = type(ready)._scores

    def small(self, some, *arguments):
        if len(some) > 2:
            raise torch.OutOfMemoryError("full")
        return scores_of(self, some, *arguments)

    monkeypatch.setattr(type(ready), "_scores", small)
    assert len(list(ready.score(responses, ScoreTerms(STOPS)))) == len(responses)


def test_batches_hold_little_padding_and_share_prompts_that_pay(monkeypatch):
    monkeypatch.setattr(batches, "LEAST_SAVING", 0.2)
    few_shot, short = tuple(range(100)), (1, 2)
    responses = [Response("a", n, 0, few_shot, [1] * (5 + n)) for n in range(40)]
    responses += [Response("b", n, 0, short, [1] * (50 + n)) for n in range(40)]
    planned = list(plan_batches(responses, 1000, share_prompts=True))
    assert sorted((r.problem_id, r.sample_index) for batch in planned for r in batch.responses) == sorted(
        (r.problem_id, r.sample_index) for r in responses
    )
    for batch in planned:
        lengths = [r.n_tokens if batch.shared else r.length for r in batch.responses]
        assert batch.shared == (batch.responses[0].problem_id == "a")
        assert len(lengths) * max(lengths) <= 1000
    assert not any(batch.shared for batch in plan_batches(responses, 1000, share_prompts=False))
