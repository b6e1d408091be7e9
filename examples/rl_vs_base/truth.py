"""The exact solve rates of models: `python truth.py NAME=MODEL [NAME=MODEL ...] > truth.csv`.

Answers here have few tokens, so the probability of a right one can be added up over every text that is right: what
sampling estimates is known. Columns: model, benchmark, problem_id, p, and `left`, the probability of beginnings that
were too improbable to follow, by which p may be too small.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
import transformers
from problems import KINDS, TOKENS, read
from verdict import right

SMALLEST, BATCH = 1e-7, 128
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


def continued(model: Model, problem: dict[str, Any], begun: Text, chance: torch.Tensor) -> Iterator[tuple[str, Text]]:
    """What one more token makes of a text: `right` whatever follows, or `open`; what is wrong is left out."""
    for token, word in model.going_on.items():
        tokens = (*begun.tokens, token)
        text = Text(begun.problem, tokens, begun.text + word, begun.p * float(chance[token]))
        ended = len(tokens) == TOKENS
        if right(problem, text.text) if ended else is_sure(problem, text.text):
            yield "right", text
        elif not ended and may_become_right(text.text, problem["answer"]):
            yield "open", text


def solve_rates(model: Model, problems: list[dict[str, Any]]) -> tuple[list[float], list[float]]:
    """For each problem the probability of a right text, and of beginnings not followed."""
    prompts = [model.tokenizer(beginning["prompt"])["input_ids"] for beginning in problems]
    p, left = [0.0] * len(problems), [0.0] * len(problems)
    texts = [Text(number, (), "", 1.0) for number in range(len(problems))]
    while texts:
        batch, texts = texts[:BATCH], texts[BATCH:]
        chances = model.next_tokens([prompts[beginning.problem] + list(beginning.tokens) for beginning in batch])
        ends = 1 - chances[:, list(model.going_on)].sum(1)
        for begun, chance, end in zip(batch, chances, ends.tolist(), strict=True):
            problem = problems[begun.problem]
            if right(problem, begun.text):  # any other token, a stop among them, ends the number
                p[begun.problem] += begun.p * end
            for state, text in continued(model, problem, begun, chance):
                if state == "right":
                    p[begun.problem] += text.p
                elif text.p > SMALLEST:
                    texts.append(text)
                else:
                    left[begun.problem] += text.p
    return p, left


def main(models: list[str]) -> None:
    """Print the table."""
    rows = []
    for name, _, path in (word.partition("=") for word in models):
        model = Model(path)
        for kind in KINDS:
            problems = read(kind)
            for problem, p, left in zip(problems, *solve_rates(model, problems), strict=True):
                rows.append((name, kind, problem["problem_id"], f"{p:.9f}", f"{left:.9f}"))
    table = pd.DataFrame(rows, columns=["model", "benchmark", "problem_id", "p", "left"])
    print(table.to_csv(index=False, lineterminator="\n"), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
