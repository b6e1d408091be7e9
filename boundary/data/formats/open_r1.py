"""Tables of OpenR1-Math and its kin, Parquet, Arrow or JSON Lines: a problem a row, its generations in lists.

Fields: uuid, problem, generations[n], correctness_math_verify[n], correctness_llama[n] (null where it did not judge),
finish_reasons[n], in some generation_token_length[n], source. The published set keeps problems with a right generation
only.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.formats.parts.option_values import one_of
from boundary.data.formats.parts.records import DELIMITED, example_record, record_kind, records
from boundary.data.formats.parts.rewards import hashed, sample_outcome, word
from boundary.data.readers.streams import Source
from boundary.data.records import CORRECT, Answers, text_hash, token_count, verdict as true_or_false
from boundary.plain_text import count_text

MATH, LLAMA = "correctness_math_verify", "correctness_llama"
NAMES = {"math_verify": (MATH,), "llama": (LLAMA,), "any": (MATH, LLAMA), "": (MATH, LLAMA)}
COLUMNS = ("uuid", "problem", "generations", MATH, LLAMA, "finish_reasons", "generation_token_length")


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first row has generations and verdicts on each."""
    if record_kind(head) in (None, DELIMITED):
        return False
    record = example_record(path, head)
    return record is not None and {"generations", MATH} <= record.keys()


def read(source: Source, *, verdict: str = "") -> Iterator[Answers]:
    """Samples of each problem.

    Parameters
    ----------
    verdict
        `math_verify`, `llama`, or `any`: right where either says so. By default the one that judged, and where both did
        and disagree this has to be chosen.
    """
    one_of("verdict", verdict, *NAMES)
    rows = unjudged = solved = samples = 0
    contents: set[tuple[Any, ...]] = set()
    for line, row in records(source, COLUMNS):
        values = {name: msgspec.json.decode(row[name]) for name in COLUMNS if name in row}
        try:
            answers, missing = _answers(values, verdict)
            content = (answers.problem_id, *(answers.texts or ()))
            if content in contents:
                raise ValueError(f"problem {answers.problem_id[:60]} stands there twice, with the same generations")
            contents.add(content)
        except ValueError as error:
            source.broken(str(error), line)
            continue
        rows, unjudged, samples = rows + 1, unjudged + missing, samples + missing + len(answers.outcomes)
        solved += CORRECT in answers.outcomes
        yield answers._replace(line=line)
    source.leave_out(unjudged, samples, "are not judged")
    if rows > 1 and solved == rows:
        source.note(
            f"'{source.path}': every problem has a right sample, as where problems were kept for having one. Solve "
            "rates of problems chosen by their own outcomes are too high."
        )


def _answers(row: Mapping[str, Any], verdict: str) -> tuple[Answers, int]:
    texts = row.get("generations")
    if not isinstance(texts, list):
        raise ValueError("no list of generations")
    verdicts = _verdicts(row, verdict, len(texts))
    ends = row.get("finish_reasons") or [None] * len(texts)
    tokens = row.get("generation_token_length") or [None] * len(texts)
    if not isinstance(ends, list) or len(ends) != len(texts):
        raise ValueError(f"{count_text(len(texts), 'generation')}, but not as many finish_reasons")
    kept = [place for place, value in enumerate(verdicts) if value is not None]
    question = row.get("problem")
    problem = word(row.get("uuid")) or (f"{text_hash(question):016x}" if isinstance(question, str) and question else "")
    if not problem:
        raise ValueError("neither a uuid nor a text of the problem")
    lengths = tokens if isinstance(tokens, list) and len(tokens) == len(texts) else [None] * len(texts)
    answers = Answers(
        problem_id=problem,
        outcomes=[sample_outcome(bool(verdicts[place]), texts[place], ends[place]) for place in kept],
        texts=[hashed(texts[place]) for place in kept],
        tokens=[token_count(lengths[place]) for place in kept],
        question=question if isinstance(question, str) else None,
        whole=False,
    )
    return answers, len(texts) - len(kept)


def _verdicts(row: Mapping[str, Any], verdict: str, count: int) -> list[bool | None]:
    """A verdict on each generation, None where nobody judged it."""
    lists = []
    for name in NAMES[verdict]:
        values = row.get(name)
        if values is None or values == []:
            continue
        if not isinstance(values, list) or len(values) != count:
            raise ValueError(f"{count_text(count, 'generation')}, but not as many verdicts in {name}")
        lists.append([None if value is None else true_or_false(value) for value in values])
    verdicts: list[bool | None] = []
    for values in zip(*lists, strict=True) if lists else [()] * count:
        judgements = [value for value in values if value is not None]
        if verdict == "" and len(set(judgements)) > 1:
            raise ValueError(
                f"{MATH} and {LLAMA} disagree. Choose with --option verdict=math_verify, verdict=llama or verdict=any"
            )
        verdicts.append(any(judgements) if judgements else None)
    return verdicts
