"""Logged samples of lm-evaluation-harness, `samples_{task}_{date}.jsonl`: a line for each document and filter.

Fields: doc_id, doc_hash, prompt_hash, resps[[...]] (repeats inside), filter, metrics[] and each metric by name,
arguments. A metric is of the document after the filter, not of each sample: with repeats there is a verdict on single
samples only in scores_per_repeat{metric: [...]}, which newer versions write. `results_{date}.json` beside it says how
the model was run. Versions 0.4.0 and 0.4.1 wrote one JSON list, under a name that ends in .jsonl too, without filter
and metrics.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.raw_json import NOTHING, raw_bytes
from boundary.data.readers.sidecar_files import json_beside
from boundary.data.readers.streams import Source, has_keys, is_list, is_object, misfit_message
from boundary.data.records import CORRECT, EMPTY, WRONG, Answers, text_hash, verdict
from boundary.data.settings.pooling import relevant_settings

NAME = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d{2}-\d{2}T.+)\.jsonl")
TASK = re.compile(r"\Asamples_(?P<task>.+)_\d{4}-\d{2}-\d{2}T")
# Names of settings in the arguments of a request, and what they are called elsewhere.
SETTING_NAMES = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_gen_toks": "max_tokens",
    "max_tokens": "max_tokens",
}
NOT_OF_MODEL = (
    "batch_size,max_batch_size,device,tensor_parallel_size,gpu_memory_utilization,num_concurrent,base_url,api_key,seed"
)


# The filter of a record that does not name it; versions that do call the one that does nothing so too.
UNNAMED = "none"
# What a record has beside its metrics.
FIELDS = {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "scores_per_repeat"}
FIELDS |= {"doc_hash", "prompt_hash", "target_hash"}
NUMBER_STARTS = (*(b"%d" % digit for digit in range(10)), b"-", b"t", b"f")


class Row(msgspec.Struct):
    """The part of a line that is the same for every metric."""

    doc_id: int | str
    resps: list[list[msgspec.Raw]]
    filter: str = UNNAMED
    metrics: list[str] | None = None
    doc_hash: str | None = None
    prompt_hash: str | None = None
    scores_per_repeat: dict[str, Any] | None = None
    arguments: msgspec.Raw = NOTHING


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first record is a logged sample."""
    return (is_object(head) or is_list(head)) and has_keys(head, "doc_id", "resps", "filtered_resps")


def read(source: Source, *, filter: str = "", metric: str = "") -> Iterator[Answers]:
    """Samples, one of each document.

    Parameters
    ----------
    filter
        Which filter's rows to take, where there are several.
    metric
        Which metric is the verdict, where there are several.
    """
    names = _from_name(source)
    filters: set[str] = set()
    documents: set[str] = set()
    has_filter = False
    for line, raw in _records(source):
        row, value = _row(raw, metric, source, line)
        if row is None:
            continue
        if row.filter == UNNAMED and str(row.doc_id) in documents:
            raise source.error(
                f"document {row.doc_id} stands there twice, as where a task has several filters, whose names this "
                "version does not write. Keep one record of each document",
                line,
            )
        documents.add(str(row.doc_id))
        filters.add(row.filter)
        if len(filters) > 1 and not filter:
            filter_names = " and ".join(name[:40] for name in sorted(filters)[:2])
            raise source.error(
                f"a row for each of the filters {filter_names}. Choose one with --option filter=NAME",
                line,
            )
        if filter and row.filter != filter:
            continue
        _settings(row, source)
        has_filter = True
        answers = _answers(row, value, metric, names, source, line)
        if answers is not None:
            yield answers
    if filter and filters and not has_filter:
        raise source.error(f"no filter '{filter}' in it. It has {', '.join(sorted(filters))}")


def _records(source: Source) -> Iterator[tuple[int | None, msgspec.Raw]]:
    if is_list(source.head()):
        for raw in source.document(list[msgspec.Raw]):
            yield None, raw
    else:
        yield from source.rows(msgspec.Raw)


def _row(raw: msgspec.Raw, metric: str, source: Source, line: int | None) -> tuple[Row | None, Any]:
    """The record and the value of its metric; the values are looked up once the metric's name is known."""
    try:
        row = msgspec.json.decode(raw, type=Row)
        name = _metric(row, metric or ("" if row.metrics else _only_number(raw, source)))
        value = msgspec.json.decode(raw, type=_with(name)).value
        if value is msgspec.UNSET:
            raise ValueError(f"no metric '{name}'. It has {', '.join(row.metrics or ['none'])}")
    except msgspec.ValidationError as error:
        source.broken(misfit_message(error), line)
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


def _only_number(raw: msgspec.Raw, source: Source) -> str:
    """The one field with a number beside those of every version; "" where there is none."""
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    names = [name for name, value in fields.items() if name not in FIELDS and bytes(value)[:1] in NUMBER_STARTS]
    if len(names) > 1:
        raise ValueError(f"several metrics ({', '.join(names[:8])}). Choose one with --option metric=NAME")
    if names:
        source.note(f"'{source.path}': '{names[0]}' is taken for the verdict. Name another with --option metric=NAME.")
    return names[0] if names else ""


_STRUCTS: dict[str, Any] = {}


def _with(name: str) -> Any:
    """A type for decoding the value of the metric of this name."""
    if name not in _STRUCTS:
        field = ("value", Any, msgspec.field(name=name, default=msgspec.UNSET))
        _STRUCTS[name] = msgspec.defstruct("Metric", [field])
    return _STRUCTS[name]


def _answers(
    row: Row, value: Any, metric: str, names: dict[str, Any], source: Source, line: int | None
) -> Answers | None:
    samples = row.resps[0] if row.resps else []
    if len(row.resps) > 1:
        source.broken("answers picked by likelihood, not sampled: several requests a document", line)
        return None
    values = [value] if len(samples) == 1 else _repeats(row, metric, len(samples), source, line)
    if values is None:
        raise source.error(
            f"{len(samples)} samples a document, but one verdict on all of them after the filter '{row.filter}'. "
            "Verdicts on single samples are not in the file: judge them anew, or log "
            "runs of one sample and import them together",
            line,
        )
    texts = [bytes(sample) for sample in samples]
    if any(text.startswith(b"[") for text in texts):
        source.broken("answers picked by likelihood, not sampled", line)
        return None
    try:
        outcomes = [
            CORRECT if verdict(value_of_sample) else EMPTY if text == b'""' else WRONG
            for value_of_sample, text in zip(values, texts, strict=True)
        ]
    except ValueError as error:
        source.broken(str(error), line)
        return None
    hashes = [text_hash(text) for text in texts]
    more: dict[str, Any] = {"question": row.doc_hash, "prompt": row.prompt_hash or _context(row), "line": line}
    return Answers(str(row.doc_id), outcomes, texts=hashes, **more, **names)


def _repeats(row: Row, metric: str, count: int, source: Source, line: int | None) -> list[Any] | None:
    """Verdicts on each repeat; None where the file has none."""
    scores = (row.scores_per_repeat or {}).get(_metric(row, metric))
    if scores is None or not count:
        return None
    if not isinstance(scores, list) or len(scores) != count:
        length = len(scores) if isinstance(scores, list) else "no list of"
        raise source.error(f"{count} samples a document, but {length} scores in scores_per_repeat", line)
    return scores


def _context(row: Row) -> bytes | None:
    """The text of the first request, where no hash of it is written."""
    context, _ = _request(row)
    return None if context is None else str(context).encode("utf-8", "surrogatepass")


def _request(row: Row) -> tuple[Any, dict[str, Any]]:
    """Text and settings of the first request: `{"gen_args_0": {"arg_0", "arg_1"}}`, before `[[text, settings]]`."""
    try:
        arguments = msgspec.json.decode(raw_bytes(row.arguments) or b"{}")
    except ValueError:  # text that is not UTF-8
        arguments = {}
    requests = list(arguments.values()) if isinstance(arguments, dict) else arguments
    first = requests[0] if isinstance(requests, list) and requests else []
    parts = list(first.values()) if isinstance(first, dict) else first if isinstance(first, list) else []
    settings = next((part for part in parts[1:] if isinstance(part, dict)), {})
    return (parts[0] if parts else None), settings


def _settings(row: Row, source: Source) -> None:
    """Settings of the first request; lm-eval writes 0 or nothing for greedy decoding."""
    if "filter" in source.settings:
        return
    source.settings["filter"] = row.filter
    settings = _request(row)[1]
    for name, value in settings.items():
        if name in SETTING_NAMES and isinstance(value, int | float) and not isinstance(value, bool):
            source.settings[SETTING_NAMES[name]] = int(value) if SETTING_NAMES[name] == "max_tokens" else float(value)
    source.conditions["generation"] = relevant_settings(
        settings, *(set(SETTING_NAMES) & source.settings.keys()), "max_gen_toks", "seed"
    )
    if settings.get("do_sample") is False or source.settings.get("temperature") == 0:
        source.note(f"'{source.path}': decoded greedily. Another run would give the same answers, not new samples.")


def _from_name(source: Source) -> dict[str, Any]:
    task = TASK.match(source.plain_name)
    folder = source.path.resolve().parent.name
    names = {"benchmark": task["task"]} if task else {}
    dated = NAME.match(source.plain_name)
    if dated:
        _results(json_beside(source, f"results_{dated['date']}.json"), dated["task"], source)
    # The tool writes {output_path}/{organisation}__{model}/.
    return names | ({"model": folder.replace("__", "/", 1)} if "__" in folder.strip("_") else {})


def _results(results: Mapping[str, Any], task: str, source: Source) -> None:
    """How the model was run and the task made, as the file of results says it."""
    config, shots, versions = (results.get(name) for name in ("config", "n-shot", "versions"))
    if isinstance(config, Mapping):
        arguments = config.get("model_args")
        if isinstance(arguments, str):
            arguments = dict(part.partition("=")[::2] for part in arguments.split(","))
        if isinstance(arguments, Mapping):
            source.conditions["model_args"] = relevant_settings(arguments, *NOT_OF_MODEL.split(","))
        names = ("gen_kwargs", "system_instruction", "chat_template_sha", "fewshot_as_multiturn", "apply_chat_template")
        for name in (*names, "system_instruction_sha"):
            source.conditions[name] = config.get(name, results.get(name))
    for name, values in (("num_fewshot", shots), ("task_version", versions)):
        if isinstance(values, Mapping) and task in values:
            source.conditions[name] = values[task]
