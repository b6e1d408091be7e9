"""Arithmetic problems for training and testing, five kinds of unlike difficulty, and how they are asked.

python problems.py          # writes problems/KIND.jsonl (tested) and problems/train.jsonl: none is in both
"""

import json
import random
from collections.abc import Callable, Iterable
from operator import add, mul, sub
from pathlib import Path

FOLDER = Path(__file__).parent / "problems"
TEMPLATE = (Path(__file__).parent / "two-examples.txt").read_text(encoding="utf-8")
TOKENS = 4  # of an answer: three digits at most, and what shows that the number has ended
TESTED, TRAINED = 20, 200  # problems a kind, where there are as many; products of one digit are 64 in all
Kind = tuple[str, Callable[[int, int], int], Iterable[int], Iterable[int]]
KINDS: dict[str, Kind] = {
    "products-1": ("*", mul, range(2, 10), range(2, 10)),
    "products-2-1": ("*", mul, range(11, 100), range(2, 10)),
    "sums-2-1": ("+", add, range(10, 100), range(1, 10)),
    "sums-2": ("+", add, range(10, 100), range(10, 100)),
    "differences-2": ("-", sub, range(10, 100), range(10, 100)),
}


def problems_of(kind: str) -> list[dict[str, str]]:
    """All problems of a kind, in an order that is the same every time; differences are never below zero."""
    sign, result, left, right = KINDS[kind]
    pairs = [(a, b) for a in left for b in right if result(a, b) >= 0]
    random.Random(kind).shuffle(pairs)
    return [
        {"problem_id": f"{a}{sign}{b}", "problem": f"{a} {sign} {b} =", "answer": str(result(a, b))} for a, b in pairs
    ]


def write(name: str, problems: Iterable[dict[str, str]]) -> None:
    """Write problems, a line of JSON each."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.jsonl").write_text("".join(json.dumps(problem) + "\n" for problem in problems), encoding="utf-8")


def read(name: str) -> list[dict[str, str]]:
    """Problems that were written, each with its prompt."""
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    problems: list[dict[str, str]] = [json.loads(line) for line in lines]
    return [{**problem, "prompt": TEMPLATE.replace("{problem}", problem["problem"])} for problem in problems]


if __name__ == "__main__":
    trained = []
    for kind in KINDS:
        problems = problems_of(kind)
        write(kind, problems[:TESTED])
        trained += problems[TESTED : TESTED + TRAINED]
    write("train", trained)
