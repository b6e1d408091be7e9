"""A JSON file that is one object and holds records: a list beside its settings, columns, or a record a problem."""

import json
from collections.abc import Mapping, Sequence
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
    WORDS,
    is_verdict,
    value_at,
    word_of,
)
from boundary.data.formats.parts.row_guesses import Roles, guessed_fields, list_field
from boundary.data.formats.parts.row_lists import matching_columns, spread_record
from boundary.data.formats.parts.row_names import JUDGE_FIELDS, FieldNames
from boundary.data.readers.file_kinds import BOM
from boundary.data.readers.streams import Source, is_object

Records = list[dict[str, Any]]


class Document(NamedTuple):
    """Records of a file that is one object, and how they stand there.

    Parameters
    ----------
    records, remark
        The records, and a sentence on them.
    is_sure
        Whether nothing else could be meant.
    names_models
        Whether the user named the models, whose names are keys, and each record has its own.
    """

    records: Records
    remark: str
    is_sure: bool = True
    names_models: bool = False


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
        Where the file is damaged, or holds several lists of records, or keys that may be models or problems.
    """
    document = source.document(dict[str, Any])
    table = _of_columns(document)
    if table is not None:
        return Document(table, "its columns are those of a table")
    if has_two_levels(document) and "correct" not in roles:
        by_model = _by_model(document, roles)
        if by_model is None:
            raise source.error(two_levels_text(document))
        return by_model
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


def has_two_levels(document: Mapping[str, Any]) -> bool:
    """Whether keys stand on two levels above verdicts, as those of models and problems do."""
    if not document or not all(isinstance(inner, dict) and inner for inner in document.values()):
        return False
    keys = {key for inner in document.values() for key in inner}
    if FieldNames(dict.fromkeys(keys, 0)).all((*NAMES, *VERDICTS)):
        return False
    leaves = [leaf for inner in document.values() for leaf in inner.values()]
    if all(isinstance(leaf, dict) for leaf in leaves):
        return len(keys) > 1 and all(FieldNames(leaf).all(VERDICTS, VERDICTS) for leaf in leaves)
    return all(map(_are_samples, leaves))


def _are_samples(value: Any) -> bool:
    """Whether a value is a verdict, a list of verdicts or a list of records with verdicts."""
    if isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
        return all(FieldNames(entry).all(VERDICTS, VERDICTS) for entry in value)
    parts = value if isinstance(value, list) else [value]
    return all(isinstance(part, str | int | float) and word_of(part) in WORDS for part in parts)


def two_levels_text(document: Mapping[str, Any]) -> str:
    """What to say of keys on two levels, either of which may name models."""
    inner_keys = dict.fromkeys(key for inner in document.values() for key in inner)
    ways = [
        ",".join(f"models={key}" for key in list(keys)[:4]) + ",..." * (len(keys) > 4)
        for keys in (document, inner_keys)
    ]
    return (
        f"its keys name models and problems, on two levels. Name the format rows and the models, with --columns "
        f"{ways[0]} or, where these are problems, --columns {ways[1]}"
    )


def _by_model(document: Mapping[str, Any], roles: Roles) -> Document | None:
    """Records of an object with keys on two levels, of which the user named the models; None where keys are none."""
    models = roles.get("models", ())
    inner_keys = {key for inner in document.values() for key in inner}
    if not models or not (set(models) <= document.keys() or set(models) <= inner_keys):
        return None
    are_outer = set(models) <= document.keys()
    pairs = [(outer, inner, leaf) for outer, leaves in document.items() for inner, leaf in leaves.items()]
    records = [
        {"model": model, "problem_id": problem} | _samples_field(leaf)
        for outer, inner, leaf in pairs
        for model, problem in [(outer, inner) if are_outer else (inner, outer)]
        if model in models
    ]
    return Document(records, "the keys of the file are taken for models and problems", names_models=True)


def _samples_field(value: Any) -> dict[str, Any]:
    """What stands under a problem's name, as fields of a record: a record, a list of records, verdicts."""
    if isinstance(value, dict):
        return value
    is_list_of_records = isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)
    return {"samples" if is_list_of_records else "correct": value}


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


def are_verdicts(document: Mapping[str, Any]) -> bool:
    """Whether an object is a verdict under each of several names, none of which is usual in a record."""
    is_record = FieldNames(dict.fromkeys(document, 0)).all((*NAMES, *QUESTIONS, *VERDICTS, *MODELS, *SETTINGS))
    return len(document) > 1 and not is_record and all(map(_are_samples, document.values()))


def _by_problem(document: Mapping[str, Any], roles: Roles) -> Document | None:
    """Records of an object whose keys name problems: a record, a list of records, or verdicts under each."""
    values = list(document.values())
    are_records = all(isinstance(value, dict) for value in values)
    if not values or not (
        are_records or all(isinstance(value, list) and value for value in values) or are_verdicts(document)
    ):
        return None
    rows = [{"problem_id": name} | _samples_field(value) for name, value in document.items()]
    merged = merged_records(rows)
    if not _has_samples(merged, roles):
        return None
    names = FieldNames(merged_records([value for value in values if isinstance(value, dict)]))
    is_sure = bool(names.all(CERTAIN) or names.all(QUESTIONS))
    return Document(rows, "" if names.all(CERTAIN) else "the keys of the file are taken for problems", is_sure)
