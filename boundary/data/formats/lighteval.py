"""Details of lighteval, `details/{model}/{date}/details_{task}_{date}.parquet`: a document a row.

Fields: doc (id, query, ...), metric, model_response (text[n], ...), as structs or as JSON in text. Metrics are of the
document: with several samples there is no verdict on single ones, but pass@1 of n samples (`pass@k:k=1&n=4`,
`avg@n:n=4`) is the share of correct ones, which gives back the counts.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.parquet_rows import column_names, parquet_rows
from boundary.data.records import CORRECT, EMPTY, WRONG, Answers, Tally, text_hash, verdict
from boundary.data.streams import Source

COLUMNS = ["doc", "metric", "model_response"]
SHARE = re.compile(r"^(pass@k:k=1&n=|pass@1:|avg@n:n=|avg@)(?P<n>\d+)?")
NAME = re.compile(r"^details_(?P<task>.+?)_\d{4}-\d{2}-\d{2}T")
NEAR = 1e-6


def recognises(path: Path, head: bytes) -> bool:
    """Whether the columns are those of details."""
    return set(COLUMNS) <= set(column_names(path, head))


def read(source: Source, *, metric: str = "") -> Iterator[Answers | Tally]:
    """Samples where each document has one, else counts.

    Parameters
    ----------
    metric
        Which metric is the verdict, or the share of correct samples, where there are several.
    """
    said = _from_name(source)
    for number, row in parquet_rows(source, COLUMNS):
        try:
            doc, metrics, response = (_struct(row[name], name) for name in COLUMNS)
            name = str(doc.get("id") or number - 1) if doc.get("id") != 0 else "0"
            texts = _texts(response)
            chosen = _metric(metrics, metric, len(texts))
            record = _record(name, chosen, metrics[chosen], texts, doc, said)
        except ValueError as error:
            source.broken(f"row {number}: {error}")
            continue
        if isinstance(record, Tally):
            source.note(f"'{source.path}': no verdicts on single samples; the counts are those that '{chosen}' gives.")
        yield record


def _struct(value: Any, name: str) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the text in column {name} is not JSON") from error
    if not isinstance(value, dict):
        raise ValueError(f"column {name} holds no fields")
    return value


def _texts(response: Mapping[str, Any]) -> list[Any]:
    texts = response.get("text")
    if not isinstance(texts, list) or not texts:
        raise ValueError("no samples in model_response.text; answers picked by likelihood are not sampled")
    return texts


def _metric(metrics: Mapping[str, Any], wanted: str, n: int) -> str:
    there = [name for name, value in metrics.items() if value is not None]
    if wanted:
        if wanted not in there:
            raise ValueError(f"no metric '{wanted}'. It has {', '.join(there) or 'none'}")
        return wanted
    fit = [name for name in there if _is_share(name, n)] if n > 1 else there
    if not fit:
        raise ValueError(
            f"{n} samples, but no verdict on single ones: the metrics ({', '.join(there) or 'none'}) are of the "
            f"document, and none is the pass@1 of {n} samples"
        )
    if len(fit) > 1:
        raise ValueError(f"several metrics ({', '.join(fit)}). Choose one with --option metric=NAME")
    return fit[0]


def _is_share(name: str, n: int) -> bool:
    found = SHARE.match(name)
    return found is not None and (found["n"] is None or int(found["n"]) == n)


def _record(
    name: str, metric: str, value: Any, texts: list[Any], doc: Mapping[str, Any], said: dict[str, Any]
) -> Answers | Tally:
    n = len(texts)
    question = doc.get("query") if isinstance(doc.get("query"), str) else None
    if n == 1:
        text = texts[0]
        outcome = CORRECT if verdict(value) else EMPTY if text in ("", None) else WRONG
        hashes = [text_hash(text)] if isinstance(text, str) else None
        return Answers(name, [outcome], texts=hashes, question=question, **said)
    if not _is_share(metric, n):
        raise ValueError(f"the metric '{metric}' is not the pass@1 of {n} samples")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{str(value)[:40]!r} is no share of {n} samples")
    correct = round(value * n)
    if abs(correct - value * n) > NEAR * n:
        raise ValueError(f"{value} is no share of {n} samples")
    return Tally(name, n, correct, **said)


def _from_name(source: Source) -> dict[str, Any]:
    """Benchmark from the file's name, model from its folders."""
    found = NAME.match(source.path.name)
    parts = source.path.resolve().parts[:-2]
    said = {"benchmark": found["task"].replace("|", "/")} if found else {}
    if "details" in parts:
        place = len(parts) - parts[::-1].index("details")
        if parts[place:]:
            said["model"] = "/".join(parts[place:])
    return said
