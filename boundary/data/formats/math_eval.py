"""Output of `math_eval.py` of Qwen2.5-Math, SimpleRL and limit-of-rlvr: JSON Lines, a problem a line.

Fields: idx, question, code[n] (the completions), pred[n], score[n] (true or false), finish_reason[n] in some. Files are
named `{model}_{benchmark}_temp{T}_n{n}_seed{s}/test_{prompt}_{num}_seed{s}_t{T}_s{start}_e{end}.jsonl`; seeds are
pooled by idx.
A timeout of the verifier stands there as a false score and cannot be told from a wrong answer.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.raw_json import NOTHING, raw_bytes
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, EMPTY, NO_ANSWER, TRUNCATED, WRONG, Answers, text_hash, verdict

FOLDER = re.compile(r"^(?P<model>.+)_(?P<benchmark>[^_]+)_temp(?P<T>[0-9.]+)_n\d+_seed(?P<seed>\d+)$")
FILE = re.compile(r"^((?P<split>[a-z]+)_(?P<prompt>.+)_-?\d+)?_?seed(?P<seed>-?\d+)_t(?P<T>[0-9.]+)_s-?\d+_e-?\d+")


class Row(msgspec.Struct):
    """What is read of a line."""

    idx: int | str
    score: list[Any]
    question: msgspec.Raw = NOTHING
    code: list[msgspec.Raw] | None = None
    pred: list[Any] | None = None
    finish_reason: list[Any] | None = None
    level: int | str | None = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line has a problem's idx, its worked answer and completions."""
    return is_object(head) and has_keys(head, "idx", "gt_cot", "code")


def read(source: Source) -> Iterator[Answers]:
    """Samples of each problem."""
    names = _from_name(source)
    for line, row in source.rows(Row):
        try:
            outcomes = _outcomes(row)
        except ValueError as error:
            source.broken(str(error), line)
            continue
        yield Answers(
            problem_id=str(row.idx),
            outcomes=outcomes,
            texts=None if row.code is None else [text_hash(memoryview(text)) for text in row.code],
            question=raw_bytes(row.question) or None,
            facts={} if row.level is None else {"level": row.level},
            line=line,
            **names,
        )


def _outcomes(row: Row) -> list[str]:
    n = len(row.score)
    for name in ("code", "pred", "finish_reason"):
        values = getattr(row, name)
        if values is not None and len(values) != n:
            raise ValueError(f"problem {row.idx} has {n} scores, but {len(values)} of {name}")
    pred, finish = row.pred or [None] * n, row.finish_reason or [None] * n
    empty = [bytes(text) in (b'""', b"null") for text in row.code or []] or [False] * n
    return [_outcome(verdict(score), *details) for score, *details in zip(row.score, pred, finish, empty, strict=True)]


def _outcome(correct: bool, pred: Any, finish: Any, empty: bool) -> str:
    """Outcome of a sample: correct if its answer is right, however it ended; otherwise the first fault."""
    if correct:
        return CORRECT
    if empty:
        return EMPTY
    if finish == "length":
        return TRUNCATED
    return NO_ANSWER if pred == "" else WRONG


def _from_name(source: Source) -> dict[str, Any]:
    """Model, benchmark and seed, where folder and file are named as the tool names them."""
    folder = FOLDER.match(source.path.resolve().parent.name)
    file = FILE.match(source.plain_name)
    names: dict[str, Any] = {"model": folder["model"], "benchmark": folder["benchmark"]} if folder else {}
    match = file or folder
    if match:
        source.settings["temperature"] = float(match["T"])
        names["run"] = f"seed {match['seed']}"
    if file and file["prompt"]:
        source.conditions |= {"prompt": file["prompt"], "split": file["split"]}
    return names
