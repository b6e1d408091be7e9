"""The exact solve rates of models: `python truth.py NAME=MODEL [NAME=MODEL ...] > truth.csv`.

Answers here have few tokens, so the probability of a right one can be added up over every text that is right: what
sampling estimates is known. Columns: model, benchmark, problem_id, p, and `left`, the probability of beginnings that
were too improbable to follow, by which p may be too small.
"""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import transformers
from verdict import right

HERE = Path(__file__).parent
TEMPLATE = (HERE / "two-examples.txt").read_text(encoding="utf-8")
KINDS = ("products-1", "products-2-1", "sums-2-1", "sums-2", "differences-2")
TOKENS, SMALLEST, BATCH = 4, 1e-7, 128
BEGUN = re.compile(r"\s*(\d*)(\.?)", re.ASCII)


@dataclass(frozen=True)
class Text:
    """What was written so far: its tokens behind the prompt, and how probable it is."""

    problem: int
    tokens: tuple[int, ...]
    text: str
    p: float


class Model:
    """A model and what its tokens say."""

    def __init__(self, path: str) -> None:
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(path)
        self.model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
        words = [self.tokenizer.decode([token]) for token in range(self.model.config.vocab_size)]
        self.stops = [self.tokenizer.convert_tokens_to_ids(name) for name in ("<|endoftext|>", "<|im_end|>")]
        # Only these can begin a number, go on with it or put off its end; all others end what is there.
        self.going_on = {
            token: word for token, word in enumerate(words) if word.isspace() or word == "." or re.search(r"\d", word)
        }

    def next_tokens(self, prompts: list[list[int]]) -> torch.Tensor:
        """Probability of each token behind each prompt: (prompts, vocabulary)."""
        lengths = torch.tensor([len(prompt) for prompt in prompts])
        longest, spread = int(lengths.max()), int(lengths.max() - lengths.min()) + 1
        ids = torch.tensor([prompt + [0] * (longest - len(prompt)) for prompt in prompts])
        with torch.inference_mode():
            logits = self.model(ids, logits_to_keep=spread).logits
        last = logits[torch.arange(len(prompts)), lengths - 1 - longest + spread]
        return last.double().softmax(-1)


def may_become_right(text: str, answer: str) -> bool:
    """Whether a text is only the beginning of a right one."""
    begun = BEGUN.fullmatch(text)
    if begun is None:
        return False
    digits, point = begun[1], begun[2]
    if point or not digits:
        return not point or (bool(digits) and int(digits) == int(answer))
    return answer.startswith(digits.lstrip("0"))


def is_sure(problem: dict[str, Any], text: str) -> bool:
    """Whether a text is right whatever follows it."""
    return all(right(problem, text + more) for more in ("", "0", ".0"))


def solve_rates(model: Model, problems: list[dict[str, Any]]) -> tuple[list[float], list[float]]:
    """For each problem the probability of a right text, and of beginnings not followed."""
    prompts = [model.tokenizer(TEMPLATE.replace("{problem}", each["problem"]))["input_ids"] for each in problems]
    p, left = [0.0] * len(problems), [0.0] * len(problems)
    texts = [Text(problem, (), "", 1.0) for problem in range(len(problems))]
    for place in range(TOKENS):
        following: list[Text] = []
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            chances = model.next_tokens([prompts[each.problem] + list(each.tokens) for each in batch])
            for each, chance in zip(batch, chances, strict=True):
                problem = problems[each.problem]
                known = float(chance[list(model.going_on)].sum())
                if right(problem, each.text):  # any other token, a stop among them, ends the number
                    p[each.problem] += each.p * (1 - known)
                for token, word in model.going_on.items():
                    text, now = each.text + word, each.p * float(chance[token])
                    if place == TOKENS - 1:
                        p[each.problem] += now * right(problem, text)
                    elif is_sure(problem, text):
                        p[each.problem] += now
                    elif may_become_right(text, problem["answer"]):
                        if now > SMALLEST:
                            following.append(Text(each.problem, (*each.tokens, token), text, now))
                        else:
                            left[each.problem] += now
        texts = following
    return p, left


def main(named: list[str]) -> None:
    """Print the table."""
    rows = []
    for name, _, path in (word.partition("=") for word in named):
        model = Model(path)
        for kind in KINDS:
            lines = (HERE / "problems" / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()
            problems = [json.loads(line) for line in lines]
            for problem, p, left in zip(problems, *solve_rates(model, problems), strict=True):
                rows.append((name, kind, problem["problem_id"], f"{p:.9f}", f"{left:.9f}"))
    table = pd.DataFrame(rows, columns=["model", "benchmark", "problem_id", "p", "left"])
    print(table.to_csv(index=False, lineterminator="\n"), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
