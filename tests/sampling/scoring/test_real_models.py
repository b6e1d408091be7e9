"""Scores under a real small model: equal to a direct float32 forward pass to 1e-3 a response."""

import random

import pytest

from boundary.sampling.models import load_tokenizer
from boundary.sampling.scoring.batches import plan_batches
from boundary.sampling.scoring.forward import forward_pass
from boundary.sampling.scoring.likelihood import Tempering
from boundary.sampling.scoring.records import Response, ScoreTerms

pytest.importorskip("torch")

SHOTS = "2 + 3 = 5\n4 + 1 = 5\n7 + 2 = 9\n{} ="
TEXTS = (
    " 7\nThe next sum is harder.", " 12", " 3, because three and four are seven, and seven less four is three.",
    " Let us think step by step. First we add the ones, then the tens, and carry what is left. So it is 41.", "", " no",
)  # fmt: skip


def test_scores_equal_a_direct_forward_pass(real_model, direct):
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(real_model, dtype="float32").eval()
    tokenizer = load_tokenizer(str(real_model))
    stop = tokenizer.eos_token_id
    responses = []
    for sum_of in ("3 + 4", "20 + 21"):
        prompt = tuple(tokenizer(SHOTS.format(sum_of))["input_ids"])
        for place, text in enumerate(TEXTS):
            tokens = tokenizer(text, add_special_tokens=False)["input_ids"] + [stop] * (place % 2)
            responses.append(Response(sum_of, place, 0, prompt, tokens, "token" if place % 2 else "none"))
    expected = {(r.problem_id, r.sample_index): sum(direct(model, r.prompt, r.tokens)) for r in responses}
    assert min(expected.values()) < -50
    assert any(batch.shared for batch in plan_batches(responses, 4096, share_prompts=True))
    for share, batch_tokens in ((True, 4096), (True, 60), (False, 4096), (False, 1)):
        random.Random(batch_tokens).shuffle(responses)
        ready = forward_pass(model, batch_tokens, share)
        assert ready.shares == share
        for score in ready.score(responses, ScoreTerms((stop,), Tempering(0.6, 0.95))):
            assert score.sum_logp == pytest.approx(expected[score.problem_id, score.sample_index], abs=1e-3)
