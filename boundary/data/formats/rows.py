"""Samples of one's own making, in JSON Lines, JSON, CSV, TSV, Parquet or Arrow: a row a sample, or a problem.

The fields are known by their names (`problem_id`, `task_id`, ...; `is_correct`, `correct`, `passed`, ...) or named by
the option `columns`; a note says which were taken. Where no field names the problem, its text does. A verdict may also
be a list, of all samples of a problem; samples may be records in a list (`row_lists`), or columns of trials; each model
may have a column of verdicts; and a JSON file of one object may hold the records (`row_documents`).
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.confusable_names import visible
from boundary.data.formats.parts.option_values import number
from boundary.data.formats.parts.records import (
    JSON,
    Row,
    as_json,
    example_record,
    field_value,
    optional_field,
    record_kind,
    records,
)
from boundary.data.formats.parts.row_checks import RowChecks, note_several_tries
from boundary.data.formats.parts.row_documents import (
    Document,
    document_records,
    has_named_fields,
    has_two_levels,
    is_document,
    is_keyed,
    merged_records,
)
from boundary.data.formats.parts.row_fields import (
    PROMPTS,
    QUESTIONS,
    SURE,
    WORDS,
    Fields,
    check_fields,
    is_counts,
    is_verdict,
    listed,
    named_fields,
    value_at,
    word_of,
)
from boundary.data.formats.parts.row_guesses import (
    Roles,
    count_texts,
    guessed_fields,
    has_siblings,
    list_field,
    refuse_several_lists,
)
from boundary.data.formats.parts.row_lists import spread_record, spread_row
from boundary.data.formats.parts.row_names import FieldNames
from boundary.data.formats.parts.varying_fields import unread_fields
from boundary.data.readers.arrow_rows import STATE_FILES
from boundary.data.readers.raw_json import raw_hash
from boundary.data.readers.streams import Source
from boundary.data.records import CORRECT, EMPTY, MISSING_CELLS, TRUNCATED, WRONG, Answers, text_hash, token_count
from boundary.errors import InputError
from boundary.plain_text import count_text

# A text of more characters is no name, but a question: its hash is the name.
LONGEST_NAME = 200
EMPTY_TEXT = text_hash(b'""')
# How engines say that a sample ran into its limit.
CUT = ("length", "max_tokens", "max_output_tokens", "max_length")
DECIMAL_COMMA = re.compile(r"\A[+-]?[0-9]*,[0-9]+")
OWN_TABLE = {"problem_id", "outcome"}


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first record has a problem and a verdict, by the names and values of its fields."""
    if record_kind(head) is None or path.name in STATE_FILES:
        return False
    record = example_record(path, head)
    if record is not None and record_kind(head) != JSON and record.keys() >= OWN_TABLE:
        return False
    if record is not None and (is_counts(record) or _is_sample(record)):
        return not is_counts(record)
    if not is_document(path, head):
        return False
    try:
        document = document_records(Source(path), {})
    except InputError:
        return False
    return document is not None and document.is_sure and _is_sample(merged_records(document.records))


def _is_sample(record: Mapping[str, Any]) -> bool:
    """Whether a record has a problem and a verdict, or a list of samples with verdicts."""
    if is_keyed(record) or has_siblings(record):
        return False
    samples = list_field(record, {})
    record = spread_record(record, samples) if samples else record
    fields = guessed_fields(record, {}, samples)
    if not (fields.problem or fields.question) or not fields.correct:
        return False
    if fields.trials:
        return True
    value = listed(value_at(record, fields.correct))
    is_name = not fields.problem or not isinstance(value_at(record, fields.problem), list | dict)
    if not is_verdict(value) or not is_name:
        return False
    is_word = isinstance(value, str) and not value.strip()[:1].isdigit()
    if samples or fields.text or fields.sample or is_word or (isinstance(value, list) and len(value) > 1):
        return True
    return FieldNames(record).all(SURE, SURE)[:1] == [fields.correct]


def is_readable(path: Path, head: bytes) -> bool:
    """Whether a file of a folder may hold records, where the user named the format and its columns."""
    return path.name not in STATE_FILES and record_kind(head) is not None


def read(
    source: Source,
    *,
    columns: Any = "",
    id: str = "",
    correct: str = "",
    text: str = "",
    threshold: str = "",
) -> Iterator[Answers]:
    """Samples, a record each.

    Parameters
    ----------
    columns
        Which column is what, as `problem=qid,correct=is_correct,model=checkpoint`, or a mapping. A column within
        another one is `metrics.acc`. `models=NAME`, once for each, where every model has a column of verdicts.
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
    roles = named_fields(columns, problem=id, correct=correct, text=text)
    document = _document(source, roles)
    if document and document.names_models:
        roles = {role: names for role, names in roles.items() if role != "models"}
    record = merged_records(document.records) if document else example_record(source.path, source.head())
    if record is None:
        next(records(source, []), None)
        raise source.error("no records in it: neither JSON Lines, a JSON list of records nor a table")
    is_json = record_kind(source.head()) == JSON
    refuse_several_lists(record, roles, source)
    samples = list_field(record, roles)
    record = spread_record(record, samples) if samples else record
    fields = replace(guessed_fields(record, roles, samples), in_table=not is_json)
    fields = replace(fields, unread=unread_fields(record, fields))

    def appears(name: str) -> bool:
        rows = _rows_of(document) if document else records(source, [name])
        return is_json and any(optional_field(row, name) is not None for _, row in rows)

    check_fields(record, fields, roles, source, appears)
    if is_counts(record) and "correct" not in roles and "models" not in roles:
        raise source.error(
            "it holds counts already. Give it to boundary analyze, with --columns where names differ; where each "
            "record is a sample, name its verdict, with --columns correct=NAME"
        )
    note_several_tries(record, fields, source)
    checks = RowChecks(fields, source)
    names = [*fields.names, *fields.unread]
    for place, (line, whole_row) in enumerate(_rows_of(document) if document else records(source, names)):
        answers_of_row: list[Answers] = []
        try:
            rows = spread_row(whole_row, samples, fields.correct) if samples else [whole_row]
            for row in rows:
                for answers in _of_row(row, fields, least):
                    checks.add(row, answers, line, place)
                    answers_of_row.append(answers)
        except InputError:  # of the file as a whole
            raise
        except (ValueError, KeyError) as error:
            reason = f"no field {error} (--skip-bad leaves it out)" if isinstance(error, KeyError) else str(error)
            source.broken(reason, line)
            continue
        yield from (answers._replace(line=line) for answers in answers_of_row)
    checks.conclude(roles)


def _document(source: Source, roles: Roles) -> Document | None:
    """The records of a file that is one object and no record itself."""
    head = source.head()
    if not is_document(source.path, head):
        return None
    record = example_record(source.path, head)
    if record is not None and (_is_sample(record) or (_has_roles(record, roles) and not has_two_levels(record))):
        return None
    document = document_records(source, roles)
    if document is not None and document.remark:
        source.note(f"'{source.path}': {document.remark}.")
    return document


def _has_roles(record: Mapping[str, Any], roles: Roles) -> bool:
    """Whether the user named the fields of problem and verdict, and the record has them, or its list of samples."""
    samples = list_field(record, roles)
    is_named = "problem" in roles or "correct" in roles or "models" in roles
    return is_named and has_named_fields(spread_record(record, samples) if samples else record, roles)


def _rows_of(document: Document) -> Iterator[tuple[None, Row]]:
    """The records of a document, fields as JSON."""
    for record in document.records:
        yield None, {name: as_json(value) for name, value in record.items()}


def _of_row(row: Row, fields: Fields, least: float | None) -> Iterator[Answers]:
    """The samples of a record: one, all of a problem, or those of several models."""
    if not fields.models:
        yield _answers(row, fields, fields.correct, least)
        return
    for name in fields.models:
        yield _answers(row, fields, name, least)._replace(model=fields.model_of(name))


def _answers(row: Row, fields: Fields, verdicts: str, least: float | None) -> Answers:
    value: Any = _verdict_value(row, verdicts, fields)
    value = None if _is_missing(value, fields) else value
    value = [] if fields.is_list and value is None else value
    if fields.is_list and not isinstance(value, list):
        raise ValueError(f"{str(value)[:40]!r} is no list of verdicts, as in the records before")
    if not fields.is_list:
        _refuse_several(row, fields)
    values = value if fields.is_list else [value]
    places = [place for place, value in enumerate(values) if value is not None and not _is_missing(value, fields)]
    outcomes = [_outcome(values[place], least) for place in places]
    texts = _texts(row, fields, len(values)) if places else None
    ends = _ends(row, fields, len(values)) if places else []
    outcomes = [
        TRUNCATED
        if outcome == WRONG and ends[place] in CUT
        else EMPTY
        if outcome == WRONG and texts and texts[place] == EMPTY_TEXT
        else outcome
        for outcome, place in zip(outcomes, places, strict=True)
    ]
    question_text = optional_field(row, fields.question)
    question = None if question_text is None else bytes(question_text)
    run = _word(row, fields.run)
    return Answers(
        problem_id=_name(row, fields, question),
        outcomes=outcomes,
        model=_word(row, fields.model),
        benchmark=_word(row, fields.benchmark),
        run=None if run is None else f"{fields.run} {run}",
        texts=[texts[place] for place in places] if texts else None,
        tokens=_tokens(row, fields, len(values), places),
        question=question if fields.question in QUESTIONS else None,
        prompt=question if fields.question in PROMPTS else None,
        settings=_settings(row, fields),
        facts=_step(row, fields),
        reasons=_reasons(row, fields, outcomes),
        whole=fields.is_list,
    )


def _is_missing(value: Any, fields: Fields) -> bool:
    """Whether a cell of a table, or an entry of a list, holds no verdict."""
    return isinstance(value, str) and (value == "" or (fields.in_table and value.strip().lower() in MISSING_CELLS))


def _verdict_value(row: Row, verdicts: str, fields: Fields) -> Any:
    """A verdict, or a list of them; of columns of trials None where a cell is empty."""
    if verdicts in fields.trials:
        return [_decoded(_present(row, name, fields)) for name in fields.trials[verdicts]]
    return listed(_decoded(_present(row, verdicts, fields)))


def _settings(row: Row, fields: Fields) -> dict[str, Any]:
    values = {name: row[path] for name, path in fields.settings.items() if path in row}
    for name, path in fields.settings.items():
        if "." in path and name not in values and (raw := optional_field(row, path)) is not None:
            values[name] = raw
    return {name: _decoded(raw) for name, raw in values.items()}


def _refuse_several(row: Row, fields: Fields) -> None:
    """Refuse one verdict on several texts: it is on one of them, or on all of them together, and no sample."""
    for name in (fields.text, fields.finish):
        raw = optional_field(row, name)
        start = b"" if raw is None else bytes(memoryview(raw)[:2])
        if raw is None or not start.startswith((b"[", b'"[')):
            continue
        count = count_texts(name, _decoded(raw))
        if count > 1:
            raise ValueError(
                f"one verdict ('{fields.correct}'), but {count} of '{name}'. Name a field with a verdict on each, with "
                "--columns correct=NAME, or write a record for each sample"
            )


def _present(row: Row, name: str, fields: Fields) -> Any:
    """The verdict's field; a table leaves out what is empty."""
    try:
        return field_value(row, name)
    except KeyError:
        if fields.in_table:
            return None
        raise KeyError(name) from None


def _texts(row: Row, fields: Fields, count: int) -> list[int] | None:
    raw = optional_field(row, fields.text)
    if raw is None:
        return None
    if not fields.is_list:
        return [raw_hash(raw)]
    try:
        texts = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except ValueError:
        return None
    if len(texts) != count:
        raise ValueError(f"{count_text(count, 'verdict')}, but {count_text(len(texts), 'text')}")
    return [raw_hash(text) for text in texts]


def _tokens(row: Row, fields: Fields, count: int, places: list[int]) -> list[int | None] | None:
    """Tokens of each judged sample; a list where verdicts are one."""
    raw = optional_field(row, fields.tokens)
    if raw is None:
        return None
    value = listed(_decoded(raw))
    numbers = value if isinstance(value, list) else [value]
    if len(numbers) != count:
        return None
    whole = [int(number) if isinstance(number, str) and number.strip().isdecimal() else number for number in numbers]
    return [token_count(whole[place]) for place in places]


def _ends(row: Row, fields: Fields, count: int) -> list[Any]:
    """How each sample ended, as far as the record says."""
    raw = optional_field(row, fields.finish)
    value = None if raw is None else listed(_decoded(raw))
    ends = value if isinstance(value, list) and fields.is_list else [value] * count
    if len(ends) != count:
        raise ValueError(f"{count_text(count, 'verdict')}, but {len(ends)} of '{fields.finish}'")
    return [end.strip().lower() if isinstance(end, str) else None for end in ends]


def _name(row: Row, fields: Fields, question: bytes | None) -> str:
    if not fields.problem:
        if question is None:
            raise KeyError(fields.question)
        text = msgspec.json.decode(question)
        # A question has several words; a column `problem` may as well hold names.
        is_name = isinstance(text, str) and 0 < len(text) <= LONGEST_NAME and "".join(visible(text).split()) == text
        return text if is_name else f"{text_hash(question):016x}"
    raw = field_value(row, fields.problem)
    name = _decoded(raw)
    if isinstance(name, list | dict) and fields.problem in (*QUESTIONS, *PROMPTS) and name:
        return f"{raw_hash(raw):016x}"
    if isinstance(name, bool) or not isinstance(name, int | str | float) or str(name).strip() == "":
        raise ValueError(f"{str(name)[:40]!r} in field '{fields.problem}' is no name of a problem")
    if isinstance(name, str) and len(name) > LONGEST_NAME:
        return f"{raw_hash(raw):016x}"
    return str(int(name)) if isinstance(name, float) and name.is_integer() else str(name)


def _outcome(value: Any, least: float | None) -> str:
    if least is not None:
        return CORRECT if _score(value) >= least else WRONG
    if isinstance(value, bool | int | float | str) and word_of(value) in WORDS:
        return WORDS[word_of(value)]
    shown = " ".join(str(value).split())[:40]
    _refuse_decimal_comma(value)
    hint = " Say from which value on it is correct with --option threshold=NUMBER" if _is_number(value) else ""
    raise ValueError(f"{shown!r} is not a verdict of true or false.{hint}".rstrip("."))


def _is_number(value: Any) -> bool:
    try:
        return math.isfinite(_score(value))
    except ValueError:
        return False


def _score(value: Any) -> float:
    """A score, which a table may hold as text."""
    try:
        score = float("nan") if isinstance(value, bool) or not isinstance(value, int | float | str) else float(value)
    except (ValueError, OverflowError):
        score = float("nan")
    if score != score or (isinstance(value, str) and "_" in value):
        _refuse_decimal_comma(value)
        raise ValueError(f"{str(value)[:40]!r} is no score")
    return score


def _refuse_decimal_comma(value: Any) -> None:
    """Say what is wrong with a number such as 0,9."""
    if isinstance(value, str) and len(value) < 40 and DECIMAL_COMMA.fullmatch(value.strip()):
        raise ValueError(f"{value!r} has a decimal comma, which is not read. Write {value.replace(',', '.')}")


def _step(row: Row, fields: Fields) -> dict[str, int]:
    """The step of the training that a record is of."""
    raw = optional_field(row, fields.step)
    if raw is None:
        return {}
    value = _decoded(raw)
    step = _score(value)
    if step % 1 or not 0 <= step < 1 << 53:
        raise ValueError(f"{str(value)[:40]!r} in field '{fields.step}' is no step of a training")
    return {"checkpoint_step": int(step)}


def _reasons(row: Row, fields: Fields, outcomes: list[str]) -> list[str] | None:
    raw = optional_field(row, fields.reason)
    reason = None if raw is None else _decoded(raw)
    return [reason if outcome != CORRECT else "" for outcome in outcomes] if isinstance(reason, str) else None


def _word(row: Row, name: str) -> str | None:
    """A name as text; None where the record has none."""
    raw = optional_field(row, name)
    word = None if raw is None else _decoded(raw)
    if isinstance(word, bool | list | dict) or word is None or not str(word).strip():
        return None
    return str(word)


def _decoded(raw: Any) -> Any:
    return msgspec.json.decode(raw) if isinstance(raw, msgspec.Raw) else raw
