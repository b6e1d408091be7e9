"""A JSON file that is one object and holds records: a list beside its settings, columns, or a record a problem."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from boundary.data.formats.parts.records import EXAMPLES
from boundary.data.formats.parts.row_fields import (
    BENCHMARKS,
    CERTAIN,
    MODELS,
    NAMES,
    QUESTIONS,
    SETTINGS,
    STEPS,
    VERDICTS,
    is_verdict,
    value_at,
)
from boundary.data.formats.parts.row_guesses import Roles, guessed_fields, list_field
from boundary.data.formats.parts.row_lists import matching_columns, spread_record
from boundary.data.formats.parts.row_names import JUDGE_FIELDS, FieldNames
from boundary.data.readers.file_kinds import BOM
from boundary.data.readers.streams import Source, is_object

Records = list[dict[str, Any]]


class Document(NamedTuple):
    """Records of a file that is one object, how they stand there, and whether nothing else could be meant."""

    records: Records
    remark: str
    is_sure: bool = True


# A larger file of one object is not looked into.
LARGEST = 1 << 26


def is_document(path: Path, head: bytes) -> bool:
    """Whether a file is one JSON object, over several lines or the only one."""
    if not is_object(head) or path.stat().st_size > LARGEST:
        return False
    first, _, next_lines = head.removeprefix(BOM).lstrip().partition(b"\n")
    try:
        json.loads(first.decode())
    except (ValueError, RecursionError):
        return True
    return not next_lines.strip()


def document_records(source: Source, roles: Roles) -> Document | None:
    """The records of a file that is one object; None where it holds none.

    Raises
    ------
    InputError
        Where the file is damaged, or holds several lists of records.
    """
    document = source.document(dict[str, Any])
    table = _of_columns(document)
    if table is not None:
        return Document(table, "its columns are those of a table")
    lists = {name: value for name, value in document.items() if _holds_records(value, roles)}
    if len(lists) > 1:
        few = ", ".join(name[:40] for name in list(lists)[:4]) + ", ..." * (len(lists) > 4)
        raise source.error(
            f"it holds {len(lists)} lists of records ({few}), which may be models, benchmarks or something else. Write "
            "each to a file of its own, and import them apart, with --model and --benchmark"
        )
    if lists:
        name, entries = next(iter(lists.items()))
        context = _context(document)
        return Document([context | entry for entry in entries], f"the records are those of '{name[:40]}'")
    return _by_problem(document, roles) or _within(document, roles)


def _within(document: Mapping[str, Any], roles: Roles) -> Document | None:
    """Records under the keys of the one field that holds such; none where the object itself names a problem."""
    if FieldNames(document).all((*CERTAIN, "id")):
        return None
    parts = {name: _by_problem(value, roles) for name, value in document.items() if isinstance(value, dict)}
    documents = {name: part for name, part in parts.items() if part is not None}
    if len(documents) != 1:
        return None
    name, part = next(iter(documents.items()))
    context = _context({other: value for other, value in document.items() if other != name})
    remark = part.remark.replace("of the file", f"of '{name[:40]}'")
    return Document([context | record for record in part.records], remark, part.is_sure)


def is_keyed(record: Mapping[str, Any]) -> bool:
    """Whether an object holds several records under names of their own, each with a verdict."""
    values = list(record.values())
    if len(values) < 2 or not all(isinstance(value, Mapping) for value in values):
        return False
    return bool(FieldNames(dict.fromkeys(set(values[0]).intersection(*values[1:]), 0)).all(VERDICTS))


def merged_records(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The first of some records, with the fields that the next ones add or fill."""
    merged: dict[str, Any] = {}
    for record in records[:EXAMPLES]:
        merged |= {name: value for name, value in record.items() if merged.get(name) is None}
    return merged


def _of_columns(document: Mapping[str, Any]) -> Records | None:
    """Rows of a table as pandas or W&B write it: `columns` and `data`, or a list or an object a column."""
    columns, data = document.get("columns"), document.get("data")
    if isinstance(columns, list) and isinstance(data, list) and data:
        is_table = all(isinstance(row, list) and len(row) == len(columns) for row in data)
        return [dict(zip(map(str, columns), row, strict=True)) for row in data] if is_table else None
    usual = FieldNames(dict.fromkeys(document, 0))
    if not usual.all(NAMES) or not usual.all(VERDICTS):
        return None
    values = list(document.values())
    if all(isinstance(value, Mapping) for value in values) and len({tuple(value) for value in values}) == 1:
        return [{name: cells[row] for name, cells in document.items()} for row in values[0]]
    if all(isinstance(value, list) for value in values) and len({len(value) for value in values}) == 1:
        return [dict(zip(document, row, strict=True)) for row in zip(*values, strict=True)]
    return None


def _holds_records(value: Any, roles: Roles) -> bool:
    """Whether a value is a list of records that each have a problem and a verdict."""
    is_list = isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)
    return is_list and _has_samples(merged_records(value), roles)


def _has_samples(record: Mapping[str, Any], roles: Roles) -> bool:
    samples = list_field(record, roles)
    record = spread_record(record, samples) if samples else record
    fields = guessed_fields(record, roles, samples)
    if not has_named_fields(record, roles):
        return False
    if not (fields.problem or fields.question) or isinstance(value_at(record, fields.problem), list | dict):
        return False
    if fields.trials or "models" in roles:
        return True
    return bool(fields.correct) and ("correct" in roles or is_verdict(value_at(record, fields.correct)))


def has_named_fields(record: Mapping[str, Any], roles: Roles) -> bool:
    """Whether a record has the fields that the user named for problem and verdict."""
    names = [name for role in ("problem", "correct", "models") for name in roles.get(role, ())]
    return all(value_at(record, name) is not None or matching_columns(record, name) for name in names)


def _context(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the object says of all of its records: model, benchmark, step and settings."""
    names = FieldNames({name: value for name, value in document.items() if not isinstance(value, list)})
    context = {}
    for usual_names in (MODELS, BENCHMARKS, STEPS, *((name,) for name in SETTINGS)):
        path = next(iter(names.all(usual_names, usual_names, JUDGE_FIELDS)), None)
        if path is not None:
            context[usual_names[0]] = names.paths[path]
    return context


def _by_problem(document: Mapping[str, Any], roles: Roles) -> Document | None:
    """Records of an object whose keys name problems: a record, a list of records or a list of verdicts under each."""
    values = list(document.values())
    if not values:
        return None
    records: Iterator[dict[str, Any]]
    if all(isinstance(value, dict) for value in values):
        records = ({"problem_id": name} | value for name, value in document.items())
    elif all(isinstance(value, list) and value for value in values):
        field = "samples" if all(isinstance(entry, dict) for value in values for entry in value) else "correct"
        records = ({"problem_id": name, field: value} for name, value in document.items())
    else:
        return None
    rows = list(records)
    merged = merged_records(rows)
    if not _has_samples(merged, roles):
        return None
    names = FieldNames(merged_records([value for value in values if isinstance(value, dict)]))
    is_sure = bool(names.all(CERTAIN) or names.all(QUESTIONS))
    return Document(rows, "" if names.all(CERTAIN) else "the keys of the file are taken for problems", is_sure)
