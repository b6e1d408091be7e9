"""Runs of a tiny model that are scored, and the direct forward pass that scores are compared with."""

import pytest

from boundary.sampling.models import load_tokenizer, tokenizer_hash, vocabulary_hash
from boundary.sampling.problems import Completion, Problem
from boundary.sampling.prompts import load_template, prompt_ids, text_without_bos
from boundary.sampling.store.arm import open_store
from boundary.sampling.store.manifests import Prompts

PROBLEMS = tuple(Problem(f"p{n}", "What is " + "1 + " * (3 * n + 1) + f"{n} ?", str(n + 3)) for n in range(4))
STOP = 2


@pytest.fixture(scope="session")
def direct():
    """The log-probability of each token by one plain forward pass in float32: `direct(model, prompt, tokens)`."""
    import torch

    def scores(model, prompt, tokens, stop_ids=()):
        with torch.no_grad():  # torch's own float32 log-softmax is off by up to 7e-5 a token on a processor
            logits = model(torch.tensor([[*prompt, *tokens]]), use_cache=False).logits[0].double()
        table = logits.log_softmax(-1)
        logps = [float(table[len(prompt) - 1 + place, token]) for place, token in enumerate(tokens)]
        return logps + ([float(table[-1, list(stop_ids)].logsumexp(-1))] if stop_ids else [])

    return scores


@pytest.fixture
def write_run(tiny_model):
    """Write a run of the tiny model: `write_run(folder, n=5)`; `tokens=False` as a server or an older version does."""

    def write(folder, n=5, tokens=True, prompts=True, problems=PROBLEMS, name=None, **settings):
        from random import Random

        tokenizer, template, noise = load_tokenizer(str(tiny_model)), load_template("raw"), Random(n)
        manifest = {
            "model": str(tiny_model), "label": "tiny", "revision": "r", "benchmark": name or "sums", "template": "raw",
            "template_hash": template.hash, "tokenizer_hash": tokenizer_hash(tokenizer), "engine": "none",
            "settings": {"temperature": 0.7, "top_p": 0.8, "stop_ids": [STOP], "seed": 0} | settings, "n_samples": n,
        }  # fmt: skip
        if tokens:
            manifest["vocabulary_hash"] = vocabulary_hash(tokenizer)
        made_prompts = Prompts(
            lambda problem: prompt_ids(tokenizer, template, problem),
            lambda problem: text_without_bos(tokenizer, template, problem),
        )
        with open_store(folder, manifest, problems, prompts=made_prompts) as store:
            for problem in problems:
                store.append(
                    sample(tokenizer, problem, place, noise, tokens) for place in store.missing(problem.problem_id, n)
                )
        if not prompts:
            (store.arm / "prompts.jsonl").unlink()
        return store.arm

    return write


def sample(tokenizer, problem, place, noise, with_tokens):
    """A sample of random words: the first is empty, the second truncated."""
    words = [noise.randrange(3, 48) for _ in range(0 if place == 0 else noise.randrange(1, 12))]
    at_stop = place != 1
    ids = (*words, *[STOP] * at_stop)
    text = tokenizer.decode(words)
    finish = "stop" if at_stop else "length"
    return Completion(problem.problem_id, place, text, finish, len(ids), ids if with_tokens else None)
