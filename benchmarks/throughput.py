"""Tokens per second of `boundary sample` against the engine alone, on the same prompts, side by side.

python -m benchmarks.throughput ENGINE --model DIR [--base-url URL --served-model NAME] [-o FILE]

ENGINE is transformers, vllm (in this process) or openai (a server that runs). Alone means the shortest program that a
user would write: one call of `generate` per batch, one `LLM.generate`, or requests from a pool of threads. Everything
else is the same: prompts as token ids, temperature .6, top-p .95, the token limit, how many samples are side by side.
Each program runs in a process of its own with few and with many samples a prompt; its rate is the tokens more over the
seconds more, so that neither loading nor starting counts. The file holds a row for each run, and the table printed at
the end the ratio: above 1 where `boundary sample` is the faster.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd

PROMPTS = (
    "The history of the city begins with",
    "To bake a good loaf of bread, first",
    "Once upon a time there was a small",
    "The three laws of thermodynamics say that",
)
FEW, MANY, SIDE_BY_SIDE, TOKENS = 8, 40, 32, 48
TEMPERATURE, TOP_P = 0.6, 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=("transformers", "openai", "vllm"))
    parser.add_argument("--model", required=True)
    parser.add_argument("--base-url", default="http://localhost:8000/v1")
    parser.add_argument("--served-model", default="", help="what the server calls the model")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--many", type=int, default=MANY, help="the larger number of samples a prompt")
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/throughput.csv"))
    parser.add_argument("--one", choices=("alone", "boundary"), help=argparse.SUPPRESS)
    parser.add_argument("-n", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        begun = time.monotonic()
        tokens = (ALONE[arguments.engine] if arguments.one == "alone" else sampled)(arguments)
        print(json.dumps({"tokens": tokens, "seconds": round(time.monotonic() - begun, 3)}))
        return
    rows = [
        {"engine": arguments.engine, "program": program, "repeat": repeat, "n": n, **measured(program, n)}
        for repeat in range(arguments.repeats)
        for program in (("alone", "boundary") if repeat % 2 == 0 else ("boundary", "alone"))
        for n in (FEW, arguments.many)
    ]
    table = pd.DataFrame(rows)
    if arguments.output.exists():
        before = pd.read_csv(arguments.output)
        table = pd.concat([before[before["engine"] != arguments.engine], table], ignore_index=True)
    table.to_csv(arguments.output, index=False)
    print(rates(table).to_string())


def measured(program: str, n: int) -> dict[str, float]:
    """Run one program in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.throughput", *sys.argv[1:], "--one", program, "-n", str(n)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    # vLLM says things of its own there, even at the end.
    line = next(line for line in reversed(out.splitlines()) if line.startswith('{"tokens"'))
    result: dict[str, float] = json.loads(line)
    print(program, n, result, flush=True)
    return result


def rates(table: pd.DataFrame) -> pd.DataFrame:
    """Tokens per second of the two programs, over all repeats, and their ratio."""
    sums = table.groupby(["engine", "program", table["n"] > FEW])[["tokens", "seconds"]].sum().unstack("n")
    more = {column: sums[column][True] - sums[column][False] for column in ("tokens", "seconds")}
    rate = (more["tokens"] / more["seconds"]).unstack("program")
    return rate.assign(ratio=rate["boundary"] / rate["alone"]).round(2)


def sampled(arguments: argparse.Namespace) -> int:
    """`boundary sample`, judging and storing included."""
    from boundary.sampling.run import Run, sample

    options: dict[str, Any] = {
        "transformers": {"device": "cpu", "batch_size": SIDE_BY_SIDE},
        "openai": {
            "base_url": arguments.base_url,
            "served_model": arguments.served_model,
            "concurrency": SIDE_BY_SIDE,
            "choices": 1,
        },
        "vllm": {"max_model_len": 512, "enforce_eager": True},
    }[arguments.engine]
    with tempfile.TemporaryDirectory() as folder:
        problems = Path(folder, "texts.jsonl")
        problems.write_text("".join(json.dumps({"problem": text, "answer": "7"}) + "\n" for text in PROMPTS))
        done = sample(
            Run(
                output=Path(folder, "run"),
                models=(f"small={arguments.model}",),
                benchmarks=(str(problems),),
                n=arguments.n,
                engine=arguments.engine,
                engine_options=options,
                template="raw",
                verifier="number",
                max_tokens=TOKENS,
            )
        )
    assert done[0].missing == 0
    return done[0].tokens


def prompt_ids(arguments: argparse.Namespace) -> tuple[Any, list[list[int]]]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    return tokenizer, [tokenizer(text)["input_ids"] for text in PROMPTS]


def transformers_alone(arguments: argparse.Namespace) -> int:
    import torch
    from transformers import AutoModelForCausalLM, GenerationConfig

    tokenizer, prompts = prompt_ids(arguments)
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).eval()
    config = GenerationConfig(
        do_sample=True,
        temperature=TEMPERATURE,
        top_p=TOP_P,
        top_k=0,
        max_new_tokens=TOKENS,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    rows = [prompt for prompt in prompts for _ in range(arguments.n)]
    tokens = 0
    for start in range(0, len(rows), SIDE_BY_SIDE):
        batch = rows[start : start + SIDE_BY_SIDE]
        longest = max(map(len, batch))
        ids = torch.tensor([[tokenizer.eos_token_id] * (longest - len(row)) + row for row in batch])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in batch])
        with torch.inference_mode():
            out = model.generate(input_ids=ids, attention_mask=mask, generation_config=config)[:, longest:]
        tokenizer.batch_decode(out, skip_special_tokens=True)
        tokens += int(((out != tokenizer.eos_token_id).cumprod(1).sum(1) + 1).clamp(max=out.shape[1]).sum())
    return tokens


def openai_alone(arguments: argparse.Namespace) -> int:
    import httpx

    tokenizer, prompts = prompt_ids(arguments)
    body = {"model": Path(arguments.model).name, "max_tokens": TOKENS, "temperature": TEMPERATURE, "top_p": TOP_P}

    def tokens_of(prompt: list[int]) -> int:
        answer = client.post("completions", json={**body, "prompt": prompt, "n": 1})
        choice = answer.raise_for_status().json()["choices"][0]
        return len(tokenizer(choice["text"])["input_ids"]) + (choice["finish_reason"] == "stop")

    with (
        httpx.Client(base_url=arguments.base_url, timeout=600, limits=httpx.Limits(max_connections=None)) as client,
        ThreadPoolExecutor(SIDE_BY_SIDE) as pool,
    ):
        return sum(pool.map(tokens_of, [prompt for prompt in prompts for _ in range(arguments.n)]))


def vllm_alone(arguments: argparse.Namespace) -> int:
    import vllm

    _, prompts = prompt_ids(arguments)
    engine = vllm.LLM(arguments.model, max_model_len=512, enforce_eager=True, generation_config="vllm", seed=1)
    settings = vllm.SamplingParams(n=arguments.n, temperature=TEMPERATURE, top_p=TOP_P, max_tokens=TOKENS)
    outputs = engine.generate([{"prompt_token_ids": prompt} for prompt in prompts], settings, use_tqdm=False)
    return sum(len(completion.token_ids) for output in outputs for completion in output.outputs)


ALONE = {"transformers": transformers_alone, "openai": openai_alone, "vllm": vllm_alone}

if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
