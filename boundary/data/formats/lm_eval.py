"""Logged samples of lm-evaluation-harness, `samples_{task}_{date}.jsonl`: a line for each document and filter.

Fields: doc_id, doc_hash, resps[[...]] (repeats inside), filter, metrics[] and each metric by name, arguments. A metric
is of the document after the filter, not of each sample: with repeats there is no verdict on single samples.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.raw_json import NOTHING, raw_bytes
from boundary.data.records import CORRECT, EMPTY, WRONG, Answers, text_hash, verdict
from boundary.data.streams import Source, has_keys, is_object, misfit

NAME = re.compile(r"samples_(?P<task>.+)_\d{4}-\d{2}-\d{2}T")
SETTINGS = ("temperature", "top_p")


class Row(msgspec.Struct):
    """The part of a line that is the same for every metric."""

    doc_id: int | str
    resps: list[list[msgspec.Raw]]
    filter: str = "none"
    metrics: list[str] | None = None
    doc_hash: str | None = None
    arguments: msgspec.Raw = NOTHING


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is a logged sample."""
    return is_object(head) and has_keys(head, "doc_id", "resps", "filtered_resps")


def read(source: Source, *, filter: str = "", metric: str = "") -> Iterator[Answers]:
    """Samples, one of each document.

    Parameters
    ----------
    filter
        Which filter's rows to take, where there are several.
    metric
        Which metric is the verdict, where there are several.
    """
    said = _from_name(source)
    filters: set[str] = set()
    found = False
    for line, raw in source.rows(msgspec.Raw):
        row, value = _row(raw, metric, source, line)
        if row is None:
            continue
        filters.add(row.filter)
        if len(filters) > 1 and not filter:
            raise source.error(
                f"a row for each of the filters {' and '.join(sorted(filters))}. Choose one with --option filter=NAME",
                line,
            )
        if filter and row.filter != filter:
            continue
        _settings(row, source)
        found = True
        answers = _answers(row, value, said, source, line)
        if answers is not None:
            yield answers
    if filter and filters and not found:
        raise source.error(f"no filter '{filter}' in it. It has {', '.join(sorted(filters))}")


def _row(raw: msgspec.Raw, metric: str, source: Source, line: int) -> tuple[Row | None, Any]:
    """The record and the value of its metric; the values are looked up once the metric's name is known."""
    try:
        row = msgspec.json.decode(raw, type=Row)
        name = _metric(row, metric)
        value = msgspec.json.decode(raw, type=_with(name)).value
        if value is msgspec.UNSET:
            raise ValueError(f"no metric '{name}'. It has {', '.join(row.metrics or ['none'])}")
    except msgspec.ValidationError as error:
        source.broken(misfit(error), line)
        return None, None
    except ValueError as error:
        source.broken(str(error), line)
        return None, None
    return row, value


def _metric(row: Row, metric: str) -> str:
    names = row.metrics or []
    if metric or len(names) == 1:
        return metric or names[0]
    if not names:
        raise ValueError("it does not say its metrics. Name one with --option metric=NAME")
    raise ValueError(f"several metrics ({', '.join(names)}). Choose one with --option metric=NAME")


_KNOWN: dict[str, Any] = {}


def _with(name: str) -> Any:
    """A type that has the value of one metric, whatever its name."""
    if name not in _KNOWN:
        field = ("value", Any, msgspec.field(name=name, default=msgspec.UNSET))
        _KNOWN[name] = msgspec.defstruct("Metric", [field])
    return _KNOWN[name]


def _answers(row: Row, value: Any, said: dict[str, Any], source: Source, line: int) -> Answers | None:
    samples = row.resps[0] if row.resps else []
    if len(row.resps) > 1:
        source.broken("answers picked by likelihood, not sampled: several requests a document", line)
        return None
    if len(samples) != 1:
        raise source.error(
            f"{len(samples)} samples a document, but one verdict on all of them after the filter '{row.filter}'. "
            "Verdicts on single samples are not in the file: judge them anew, or log "
            "runs of one sample and import them together",
            line,
        )
    text = bytes(samples[0])
    if text.startswith(b"["):
        source.broken("answers picked by likelihood, not sampled", line)
        return None
    try:
        outcome = CORRECT if verdict(value) else EMPTY if text == b'""' else WRONG
    except ValueError as error:
        source.broken(str(error), line)
        return None
    return Answers(str(row.doc_id), [outcome], texts=[text_hash(text)], question=row.doc_hash, line=line, **said)


def _settings(row: Row, source: Source) -> None:
    """Temperature and top_p of the first request; lm-eval writes 0 or nothing for greedy decoding."""
    if "filter" in source.settings:
        return
    source.settings["filter"] = row.filter
    raw = raw_bytes(row.arguments)
    for name in SETTINGS:
        found = re.search(rb'"' + name.encode() + rb'":\s*(\d+(\.\d+)?)', raw)
        if found:
            source.settings[name] = float(found[1])
    if re.search(rb'"do_sample":\s*false', raw) or source.settings.get("temperature") == 0:
        source.note(f"'{source.path}': decoded greedily. Another run would give the same answers, not new samples.")


def _from_name(source: Source) -> dict[str, Any]:
    found = NAME.match(source.path.name)
    folder = source.path.resolve().parent.name
    said = {"benchmark": found["task"]} if found else {}
    # The tool writes {output_path}/{organisation}__{model}/.
    return said | ({"model": folder.replace("__", "/", 1)} if "__" in folder.strip("_") else {})
