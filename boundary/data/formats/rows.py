"""Samples of one's own making: JSON Lines or a JSON list, a sample a record, with a problem's name and a verdict.

The fields are known by their names (`problem_id`, `task_id`, ...; `is_correct`, `correct`, `passed`, ...) or named by
the options. Where no field names the problem, its text does. A verdict may also be a list, of all samples of a problem.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.formats.parts.option_values import number
from boundary.data.readers.raw_json import raw_hash
from boundary.data.readers.streams import Source, first_record, is_list, is_object
from boundary.data.records import CORRECT, EMPTY, OUTCOMES, WRONG, Answers, text_hash, token_count

Row = Mapping[str, msgspec.Raw]
NAMES = (
    *("problem_id", "question_id", "example_id", "task_id", "instance_id", "prompt_id", "item_id", "doc_id", "qid"),
    *("problem_idx", "question_idx", "problem_index", "question_index", "uid", "unique_id", "idx", "index", "id"),
)
# These may number lines in place of problems.
UNCERTAIN = ("uid", "unique_id", "idx", "index", "id")
VERDICTS = (
    *("is_correct", "correct", "passed", "outcome", "success", "is_success", "solved", "is_solved", "resolved"),
    *("judged_correct", "correctness", "verdict", "pass", "acc", "accuracy", "score", "reward", "grade", "label"),
)
# The others are verdicts only where there is a sample beside them.
SURE = VERDICTS[:12]
TEXTS = (
    *("completion", "response", "output", "generation", "generated_text", "generated", "solution", "model_output"),
    *("model_response", "raw_output", "prediction", "text", "reasoning", "code", "completions", "responses"),
    *("outputs", "generations"),
)
QUESTIONS, PROMPTS = ("problem", "question", "query", "instruction"), ("prompt", "input", "messages")
PLACES = (
    *("sample_index", "sample_idx", "sample_id", "rollout", "rollout_id", "rollout_idx", "rollout_index", "attempt"),
    *("trial", "completion_id", "generation_id", "repeat", "run_idx"),
)
TOKENS = (
    *("n_tokens", "num_tokens", "completion_tokens", "output_tokens", "generated_tokens", "num_generated_tokens"),
    *("response_tokens", "response_length_tokens", "n_output_tokens", "num_output_tokens"),
)
MODELS, BENCHMARKS = ("model", "model_name", "model_id"), ("benchmark", "dataset", "dataset_name", "data_source")
SETTINGS = (
    *("temperature", "top_p", "top_k", "min_p", "max_tokens", "max_new_tokens", "reasoning_effort", "system_prompt"),
    *("system_message", "prompt_type", "prompt_template", "template", "num_fewshot", "n_shot", "few_shot", "split"),
    *("verifier", "scorer", "checkpoint_step"),
)
REASONS = ("error", "reason", "failure_reason", "result")
RIGHT = dict.fromkeys(("correct", "right", "true", "pass", "passed", "success", "solved", "1", "1.0"), CORRECT)
WRONGS = dict.fromkeys(("wrong", "incorrect", "false", "fail", "failed", "failure", "unsolved", "0", "0.0"), WRONG)
WORDS = {name: name for name in OUTCOMES} | RIGHT | WRONGS


class Fields(msgspec.Struct):
    """Which field is what; "" where there is none."""

    id: str
    correct: str
    text: str
    question: str
    place: str
    is_list: bool


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first record has a problem and a verdict, by the names and values of its fields."""
    record = first_record(path, head) if is_object(head) or is_list(head) else None
    if not isinstance(record, Mapping):
        return False
    fields = _fields(record, "", "", "")
    if not (fields.id or fields.question) or not fields.correct or not _is_verdict(record[fields.correct]):
        return False
    return fields.correct in SURE or bool(fields.text or fields.place)


def read(source: Source, *, id: str = "", correct: str = "", text: str = "", threshold: str = "") -> Iterator[Answers]:
    """Samples, a record each.

    Parameters
    ----------
    id
        The field that names the problem; `problem_id`, `task_id` and the like where not given, else the problem's text.
    correct
        The field of the verdict: true or false, 0 or 1, or a word such as correct, wrong, truncated.
    text
        The field of the sample's text, by which repeats are found.
    threshold
        From which value on a sample is correct, where values are not 0 and 1.
    """
    least = None if threshold == "" else number("threshold", threshold)
    record = first_record(source.path, source.head())
    if not isinstance(record, Mapping):
        raise source.error("neither JSON Lines nor a JSON list of records")
    fields = _check_fields(record, _fields(record, id, correct, text), source)
    summary = _Summary(fields)
    for line, row in _rows(source):
        try:
            answers = _answers(row, fields, least)
            summary.add(row, answers)
        except (ValueError, KeyError) as error:
            reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
            source.broken(reason, line)
            continue
        yield answers._replace(line=line)
    summary.tell(source)


class _Summary:
    """Notes on the file once it is read: how problems are told apart, and samples that are not judged."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.rows, self.unjudged = 0, 0
        self.problems: Counter[tuple[Any, ...]] = Counter()
        self.questions: set[int] = set()
        self.places: set[tuple[Any, ...]] = set()

    def add(self, row: Row, answers: Answers) -> None:
        """Take a record."""
        key = (answers.model, answers.benchmark, answers.problem_id)
        if self.fields.place in row:
            place = (*key, *answers.settings.items(), bytes(row[self.fields.place]))
            if place in self.places:
                shown = bytes(row[self.fields.place]).decode("utf-8", "replace")[:40]
                raise ValueError(f"sample {shown} of problem {answers.problem_id} stands there twice")
            self.places.add(place)
        self.rows += 1
        self.unjudged += not answers.outcomes
        self.problems[key] += 1
        if self.fields.question in row:
            self.questions.add(hash((answers.model, answers.benchmark, bytes(row[self.fields.question]))))

    def tell(self, source: Source) -> None:
        """Refuse names that number lines, and note what was left out."""
        once = self.rows > 1 and len(self.problems) == self.rows
        if once and self.fields.id in UNCERTAIN and 0 < len(self.questions) < self.rows:
            raise source.error(
                f"each record has an {self.fields.id} of its own, but {len(self.questions)} questions repeat: it does "
                "not name problems. Name the field that does with --option id=NAME"
            )
        source.note(
            f"'{source.path}': problems are told apart by '{self.fields.id or self.fields.question}', and "
            f"'{self.fields.correct}' is taken for the verdict. Name others with --option id=NAME and correct=NAME."
        )
        if self.unjudged:
            source.note(
                f"'{source.path}': {self.unjudged} of {self.rows} samples are not judged; they were left out, not "
                "taken for wrong ones."
            )


def _rows(source: Source) -> Iterator[tuple[int | None, Row]]:
    if is_list(source.head()):
        for row in source.document(list[dict[str, msgspec.Raw]]):
            yield None, row
    else:
        yield from source.rows(dict[str, msgspec.Raw])


def _fields(record: Mapping[str, Any], id: str, correct: str, text: str) -> Fields:
    """Fields by the options, else the first of the usual names that the record has."""

    def first(names: tuple[str, ...] | list[str]) -> str:
        return next((name for name in names if record.get(name) is not None), "")

    question = next((name for name in (*QUESTIONS, *PROMPTS) if isinstance(record.get(name), str | list)), "")
    verdict = correct or first(VERDICTS)
    is_list = isinstance(record.get(verdict), list)
    return Fields(id or first(NAMES), verdict, text or first(TEXTS), question, first(PLACES), is_list)


def _check_fields(record: Mapping[str, Any], fields: Fields, source: Source) -> Fields:
    present = ", ".join(str(name)[:40] for name in list(record)[:12])
    for option, name in (("id", fields.id or fields.question), ("correct", fields.correct)):
        if not name:
            raise source.error(
                f"no field is known for {option}. Name one with --option {option}=NAME. It has {present}"
            )
    for option, name in (("id", fields.id), ("correct", fields.correct), ("text", fields.text)):
        if name and name not in record:
            raise source.error(f"no field '{name}' in the first record, for option {option}. It has {present}")
    return fields


def _answers(row: Row, fields: Fields, least: float | None) -> Answers:
    value = _decoded(row[fields.correct])
    if fields.is_list and not isinstance(value, list):
        raise ValueError(f"{str(value)[:40]!r} is no list of verdicts, as in the first record")
    values = value if fields.is_list else [value]
    outcomes = [_outcome(value, least) for value in values if value is not None]
    texts = _texts(row.get(fields.text), len(values), fields.is_list)
    if texts is not None:
        places = [place for place, value in enumerate(values) if value is not None]
        outcomes = [
            EMPTY if outcome == WRONG and texts[place] == EMPTY_TEXT else outcome
            for outcome, place in zip(outcomes, places, strict=True)
        ]
        texts = [texts[place] for place in places]
    settings = {name: _decoded(row[name]) for name in SETTINGS if name in row}
    step = settings.pop("checkpoint_step", None)
    question = bytes(row[fields.question]) if fields.question in row else None
    return Answers(
        problem_id=_name(row, fields, question),
        outcomes=outcomes,
        model=_word(row, MODELS),
        benchmark=_word(row, BENCHMARKS),
        texts=texts,
        tokens=_tokens(row, values),
        question=question if fields.question in QUESTIONS else None,
        prompt=question if fields.question in PROMPTS else None,
        settings=settings if not isinstance(step, int) else settings | {"checkpoint_step": step},
        reasons=_reasons(row, outcomes),
        whole=fields.is_list,
    )


EMPTY_TEXT = text_hash(b'""')


def _texts(raw: msgspec.Raw | None, count: int, is_list: bool) -> list[int] | None:
    if raw is None:
        return None
    if not is_list:
        return [raw_hash(raw)]
    try:
        texts = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except ValueError:
        return None
    if len(texts) != count:
        raise ValueError(f"{count} verdicts, but {len(texts)} texts")
    return [raw_hash(text) for text in texts]


def _tokens(row: Row, verdicts: list[Any]) -> list[int | None] | None:
    """Tokens of each judged sample, by the first field of the usual names; a list where verdicts are one."""
    field = next((name for name in TOKENS if name in row), None)
    tokens = None if field is None else _decoded(row[field])
    if tokens is None:
        return None
    numbers = tokens if isinstance(tokens, list) else [tokens]
    if len(numbers) != len(verdicts):
        return None
    pairs = zip(numbers, verdicts, strict=True)
    return [token_count(number) for number, verdict in pairs if verdict is not None]


def _name(row: Row, fields: Fields, question: bytes | None) -> str:
    if not fields.id:
        if question is None:
            raise KeyError(fields.question)
        return f"{text_hash(question):016x}"
    name = _decoded(row[fields.id])
    if isinstance(name, bool) or not isinstance(name, int | str | float) or str(name).strip() == "":
        raise ValueError(f"{str(name)[:40]!r} in field '{fields.id}' is no name of a problem")
    return str(int(name)) if isinstance(name, float) and name.is_integer() else str(name)


def _outcome(value: Any, least: float | None) -> str:
    if least is not None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{str(value)[:40]!r} is no score")
        return CORRECT if value >= least else WRONG
    word = str(value).strip().lower().replace(" ", "_")
    if isinstance(value, bool | int | float | str) and word in WORDS:
        return WORDS[word]
    shown = " ".join(str(value).split())[:40]
    hint = " Say from which value on it is correct with --option threshold=NUMBER" if isinstance(value, float) else ""
    raise ValueError(f"{shown!r} is not a verdict of true or false.{hint}".rstrip("."))


def _is_verdict(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_is_verdict(part) for part in value)
    return isinstance(value, int | float) or (
        isinstance(value, str) and value.strip().lower().replace(" ", "_") in WORDS
    )


def _reasons(row: Row, outcomes: list[str]) -> list[str] | None:
    raw = next((row[name] for name in REASONS if name in row), None)
    reason = None if raw is None else _decoded(raw)
    return [reason if outcome != CORRECT else "" for outcome in outcomes] if isinstance(reason, str) else None


def _word(row: Row, names: tuple[str, ...]) -> str | None:
    word = next((_decoded(row[name]) for name in names if name in row), None)
    return word if isinstance(word, str) and word.strip() else None


def _decoded(raw: msgspec.Raw) -> Any:
    return msgspec.json.decode(raw)
