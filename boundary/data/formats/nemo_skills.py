"""Generations of NeMo-Skills, `eval-results/{benchmark}/output-rs{seed}.jsonl`: a problem a line, a seed a file.

Fields: those of the data (problem, expected_answer, in some id), generation, predicted_answer, num_generated_tokens,
in some finish_reason; and the verdict, by benchmark: symbolic_correct (before: is_correct), judgement (of a model,
"Judgement: Yes"), is_correct with is_correct-plus, graded_list, status. `output.jsonl` is greedy.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.option_values import one_of
from boundary.data.formats.parts.rewards import hashed, sample_outcome, word
from boundary.data.readers.raw_json import refuse_several_texts
from boundary.data.readers.streams import Source, first_record, is_object
from boundary.data.records import NO_ANSWER, WRONG, Answers, text_hash, token_count, verdict as true_or_false

NAME = re.compile(r"output-rs(?P<seed>\d{1,9})\.jsonl")
# A chunk, or what an unfinished run has written so far.
PART = re.compile(r"_chunk_\d+\.jsonl|\.jsonl-async$")
IDS = ("id", "problem_id", "task_id", "question_id", "instance_id")
QUESTIONS = ("problem", "question")
SYMBOLIC, JUDGE = "symbolic", "judge"
SYMBOLIC_FIELDS = ("symbolic_correct", "is_correct")
VERDICTS = (*SYMBOLIC_FIELDS, "judgement", "graded_list", "status")
MARKS = ("predicted_answer", "expected_answer", "num_generated_tokens", "generation_time", "graded_list")


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is a judged generation."""
    record = first_record(path, head) if is_object(head) else None
    if not isinstance(record, Mapping) or not isinstance(record.get("generation"), str):
        return False
    return any(name in record for name in MARKS) and any(name in record for name in VERDICTS)


def read(source: Source, *, verdict: str = "", tests: str = "plus") -> Iterator[Answers]:
    """Samples, a line each.

    Parameters
    ----------
    verdict
        `symbolic` or `judge`, where both judged and disagree.
    tests
        `plus`: correct where the sample passes the base and the plus tests; `base`: the base tests alone.
    """
    one_of("verdict", verdict, "", SYMBOLIC, JUDGE)
    one_of("tests", tests, "plus", "base")
    if PART.search(source.plain_name):
        source.note(
            f"'{source.path}': a part of an output, whose samples stand in the whole output once the run is finished; "
            "it was left out."
        )
        return
    name = NAME.fullmatch(source.plain_name)
    run = f"seed {int(name['seed'])}" if name else None
    benchmark = source.path.resolve().parent.name if source.plain_name.startswith("output") else None
    unjudged = lines = 0
    for line, row in source.rows(dict[str, Any]):
        lines += 1
        try:
            problem = _problem(row)
            correct = _verdict(row, verdict, tests)
            refuse_several_texts(row.get("generation"))
        except ValueError as error:
            source.broken(str(error), line)
            continue
        unjudged += correct is None
        question = next((row[field] for field in QUESTIONS if isinstance(row.get(field), str)), None)
        yield Answers(
            problem_id=problem,
            outcomes=[] if correct is None else [_outcome(row, correct)],
            benchmark=benchmark,
            run=run,
            texts=None if correct is None else [hashed(row.get("generation"))],
            tokens=None if correct is None else [token_count(row.get("num_generated_tokens"))],
            question=question,
            whole=False,
            line=line,
        )
    source.leave_out(unjudged, lines, "have no clear verdict of the judge")
    if source.plain_name == "output.jsonl":
        source.note(f"'{source.path}': decoded greedily, unless it was set otherwise; it counts as one sample each.")


def _problem(row: Mapping[str, Any]) -> str:
    name = next((text for field in IDS if (text := word(row.get(field))) is not None), None)
    if name is not None:
        return name
    question = next((row[field] for field in QUESTIONS if isinstance(row.get(field), str) and row[field]), None)
    if question is None:
        raise ValueError("neither a name of the problem (id) nor its text (problem)")
    return f"{text_hash(question):016x}"


def _verdict(row: Mapping[str, Any], judge: str, tests: str) -> bool | None:
    """Whether the sample is correct; None where the judge's words say neither."""
    field = next((name for name in SYMBOLIC_FIELDS if row.get(name) is not None), None)
    if field is None and "judgement" not in row:
        return _of_code(row)
    symbolic = None if field is None else true_or_false(row[field])
    if field == "is_correct" and row.get("is_correct-plus") is not None and tests == "plus":
        symbolic = bool(symbolic) and true_or_false(row["is_correct-plus"])
    judged_correct = _judgement(row["judgement"]) if "judgement" in row else None
    if "judgement" not in row or judge == SYMBOLIC:
        if symbolic is None:
            raise ValueError("no field 'symbolic_correct'. Take the judge's verdict with --option verdict=judge")
        return symbolic
    if symbolic is not None and judge == "" and judged_correct is not None and judged_correct is not symbolic:
        raise ValueError(
            f"{field} and judgement disagree. Choose with --option verdict=symbolic or --option verdict=judge"
        )
    return judged_correct


def _of_code(row: Mapping[str, Any]) -> bool:
    if "graded_list" in row:
        grades = row["graded_list"]
        if not isinstance(grades, list) or len(grades) != 1:
            raise ValueError(f"graded_list {str(grades)[:40]} is not one verdict")
        return true_or_false(grades[0])
    status = row.get("status")
    if status not in ("pass", "fail", "timeout"):
        raise ValueError(
            f"no verdict: neither symbolic_correct, judgement, graded_list nor status ({str(status)[:40]})"
        )
    return bool(status == "pass")


def _judgement(text: Any) -> bool | None:
    """Yes or no after `Judgement:`; None for anything else, and where the first and the last differ."""
    if not isinstance(text, str):
        return None
    _, *answers = text.replace("*", "").lower().split("judgement:")
    words = [(answer.split() or [""])[0].strip(".,!:") for answer in answers[:1] + answers[-1:]]
    return {"yes": True, "no": False}.get(words[0]) if len(set(words)) == 1 else None


def _outcome(row: Mapping[str, Any], correct: bool) -> str:
    outcome = sample_outcome(correct, row.get("generation"), row.get("finish_reason"))
    no_answer = outcome == WRONG and "predicted_answer" in row and row["predicted_answer"] in (None, "")
    return NO_ANSWER if no_answer else outcome
