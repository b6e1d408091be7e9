"""Speed of scoring against the bare forward pass: `python -m benchmarks.scoring [--layers 28 ...]`, prints JSON.

A model of random weights in the shape of Qwen2.5-1.5B (or as the options say) scores responses of one length, behind
prompts of one length. The bare forward pass is the model itself on the same tokens, padded alike, in the same batches,
up to and with its logits. Scoring is `boundary.sampling.scoring` as `boundary score` runs it: float32 log-softmax over
the vocabulary, sums, records. Needs torch, transformers and this package; downloads nothing.

`ratio` is scored tokens a second over those of the bare pass. Seconds are medians over the repeats, which take turns.
"""

import argparse
import json
import statistics
import time
from importlib.metadata import version

import torch
import transformers

from boundary.sampling.scoring.attention import use_causal_attention
from boundary.sampling.scoring.forward import forward_pass
from boundary.sampling.scoring.likelihood import Tempering, _log_sum_on
from boundary.sampling.scoring.records import Response, ScoreTerms

SHAPES = {
    "1.5b": {"hidden_size": 1536, "intermediate_size": 8960, "num_hidden_layers": 28, "num_attention_heads": 12},
    "0.5b": {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14},
    "tiny": {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 4},
}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, help="default: 1.5b on a GPU, tiny on a processor")
    parser.add_argument("--vocabulary", type=int, help="default: 151,936 on a GPU, 16,384 on a processor")
    parser.add_argument("--dtype", help="default: bfloat16 on a GPU, float32 on a processor")
    parser.add_argument("--prompt", type=int, default=256, help="tokens of a prompt")
    parser.add_argument("--response", type=int, help="tokens of a response; default 4,096, 256 on a processor")
    parser.add_argument("--responses", type=int, default=16, help="responses, all of one prompt")
    parser.add_argument("--batch-tokens", type=int, default=0, help="default: as boundary score")
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


def make_model(shape, vocabulary, dtype, device, longest):
    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        vocab_size=vocabulary, num_key_value_heads=2, max_position_embeddings=longest, tie_word_embeddings=True,
        **SHAPES[shape],
    )  # fmt: skip
    with torch.device(device):
        model = transformers.Qwen2ForCausalLM(config)
    return model.to(dtype).eval()


def bare(model, batches, device):
    with torch.inference_mode():
        for ids in batches:
            model(input_ids=ids.to(device), use_cache=False).logits  # noqa: B018


def wall(function, device):
    if device == "cuda":
        torch.cuda.synchronize()
    begun = time.perf_counter()
    function()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begun


def main():
    args = options()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    gpu = device == "cuda"
    shape = args.shape or ("1.5b" if gpu else "tiny")
    vocabulary = args.vocabulary or (151_936 if gpu else 16_384)
    dtype = getattr(torch, args.dtype or ("bfloat16" if gpu else "float32"))
    n_response = args.response or (4096 if gpu else 256)
    model = make_model(shape, vocabulary, dtype, device, args.prompt + n_response)
    generator = torch.Generator().manual_seed(1)
    tokens = lambda n: torch.randint(vocabulary, (n,), generator=generator).tolist()  # noqa: E731
    prompt = tuple(tokens(args.prompt))
    responses = [Response("p", place, 0, prompt, tokens(n_response), "none") for place in range(args.responses)]
    plain = forward_pass(model, args.batch_tokens, share_prompts=False)
    rows = max(1, plain.batch_tokens // (args.prompt + n_response - 1))
    ids = torch.tensor([[*prompt, *response.tokens][:-1] for response in responses])
    batches = list(ids.split(rows))
    scored = args.responses * n_response
    runs = {"bare": lambda: bare(model, batches, device)}

    def add(name, ready, terms):
        runs[name] = lambda: list(ready.score(responses, terms))

    add("scored", plain, ScoreTerms())
    shared = forward_pass(model, args.batch_tokens, share_prompts=True)
    from boundary.sampling.scoring import batches as planning

    planning.LEAST_SAVING = 0.0  # the prompt is shared whether that pays or not, so that it can be seen
    add("prompt read once, attention with a mask", shared, ScoreTerms())
    add("scored as sampled, too", plain, ScoreTerms(tempering=Tempering(0.6, 0.95)))
    seconds = {name: [] for name in runs}
    memory = {}
    masked = list(runs)
    for repeat in range(args.repeats + 1):  # the first is for warming up
        for name in masked:
            if gpu:
                torch.cuda.reset_peak_memory_stats()
            elapsed = wall(runs[name], device)
            if repeat:
                seconds[name].append(elapsed)
                memory[name] = round(torch.cuda.max_memory_allocated() / 1e9, 2) if gpu else None
    causal = use_causal_attention(model)
    if causal:  # as boundary score runs on a GPU
        for name, ready in (("scored, causal attention", plain), ("prompt read once, causal attention", shared)):
            add(name, ready, ScoreTerms())
            seconds[name] = [wall(runs[name], device) for _ in range(args.repeats + 1)][1:]
            memory[name] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
    median = {name: statistics.median(elapsed) for name, elapsed in seconds.items()}
    sums = {
        name: [score.sum_logp for score in ready.score(responses, ScoreTerms())]
        for name, ready in (("apart", plain), ("shared", shared))
    }
    print(
        json.dumps(
            {
                "device": torch.cuda.get_device_name() if gpu else f"cpu, {torch.get_num_threads()} threads",
                "torch": version("torch"),
                "transformers": version("transformers"),
                "model": {"shape": shape, "vocabulary": vocabulary, "dtype": str(dtype),
                          "parameters": sum(p.numel() for p in model.parameters())},
                "prompt": args.prompt, "response": n_response, "responses": args.responses,
                "batch_tokens": plain.batch_tokens, "rows": rows, "repeats": args.repeats,
                "head": plain.head.__qualname__ if plain.head else "whole model",
                "compiled_log_sum": hasattr(_log_sum_on(device), "_torchdynamo_orig_callable"),
                "shares_prompts": shared.shares, "causal_attention": causal,
                "tokens_per_second": {name: round(scored / elapsed, 1) for name, elapsed in median.items()},
                "ratio": {name: round(median["bare"] / elapsed, 3) for name, elapsed in median.items()},
                "seconds": {name: [round(t, 4) for t in elapsed] for name, elapsed in seconds.items()},
                "gigabytes": memory,
                "largest_difference_shared_nats_a_token": max(
                    abs(a - b) / n_response for a, b in zip(sums["apart"], sums["shared"], strict=True)
                ),
            },
            indent=2,
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
