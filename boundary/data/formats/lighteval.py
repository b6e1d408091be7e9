"""Details of lighteval, `details/{model}/{date}/details_{task}_{date}.parquet`: a document a row.

Fields: doc (id, query, ...), metric, model_response (input, text[n], ...), as structs or as JSON in text; before 0.10
example, full_prompt, predictions[n], metrics, which before 0.7 are texts as Python writes them. Metrics are of the
document: with several samples there is no verdict on single ones, but pass@1 of n samples (`pass@k:k=1&n=4`,
`math_pass@1:4_samples`, `avg@n:n=4`) is the share of correct ones, which gives back the counts.
`results/{model}/results_{date}.json` says how the samples were taken.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.readers.parquet_rows import column_names, parquet_rows
from boundary.data.readers.python_literals import literal_value
from boundary.data.readers.sidecar_files import json_beside
from boundary.data.readers.streams import Source
from boundary.data.records import CORRECT, EMPTY, WRONG, Answers, Tally, text_hash, verdict
from boundary.data.settings.pooling import relevant_settings
from boundary.data.token_means import MEAN_TOKENS

COLUMNS = ["doc", "metric", "model_response"]
OLD_COLUMNS = ["example", "full_prompt", "predictions", "metrics", "cont_tokens"]
# Share of correct ones among n samples, or among all; names of lighteval's metrics (math_, gpqa_, codegen_) before it.
SHARE = re.compile(
    r"^(?!.*(g-pass|maj|cons))([a-z]\w*_)?(pass@k:k=1(&n=(?P<a>\d+))?|pass@1(:(?P<b>\d+)(_samples)?)?|(avg|mean)@([nk]:[nk]=)?(?P<c>\d+))$"
)
NAME = re.compile(r"^details_(?P<task>.+?)_(?P<date>\d{4}-\d{2}-\d{2}T.+)\.parquet")
NEAR = 1e-6
SETTING_NAMES = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_new_tokens": "max_tokens",
    "max_tokens": "max_tokens",
}
NOT_OF_TASK = ("original_num_docs", "effective_num_docs", "must_remove_duplicate_docs", "full_name", "version")


def recognises(path: Path, head: bytes) -> bool:
    """Whether the columns are those of details."""
    names = set(column_names(path, head))
    return set(COLUMNS) <= names or {"predictions", "metrics", "full_prompt"} <= names


def read(source: Source, *, metric: str = "") -> Iterator[Answers | Tally]:
    """Samples where each document has one, else counts.

    Parameters
    ----------
    metric
        Which metric is the verdict, or the share of correct samples, where there are several.
    """
    names = _from_name(source)
    for number, row in parquet_rows(source, [*COLUMNS, *OLD_COLUMNS]):
        try:
            doc, metrics, response = _parts(row)
            name = str(doc.get("id") or number - 1) if doc.get("id") != 0 else "0"
            texts = _texts(response)
            metric_name = _metric(metrics, metric, len(texts))
            record = _record(name, metric_name, metrics[metric_name], texts, doc, names)
            if isinstance(record, Answers):
                record = record._replace(prompt=_prompt(doc, response), tokens=_tokens(response, 1))
            elif tokens := _tokens(response, record.n_samples):
                record = record._replace(facts={MEAN_TOKENS[0]: sum(tokens) / len(tokens)})
        except ValueError as error:
            source.broken(f"row {number}: {error}")
            continue
        if isinstance(record, Tally):
            source.note(
                f"'{source.path}': no verdicts on single samples; the counts are those that '{metric_name}' gives."
            )
            if record.n_samples < len(texts):
                source.note(
                    f"'{source.path}': '{metric_name}' judges the first {record.n_samples} of {len(texts)} samples."
                )
        yield record


def _parts(row: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    """Document, metrics and response, in whichever columns they stand."""
    if "doc" in row:
        return (
            _struct(row["doc"], "doc"),
            _struct(row["metric"], "metric"),
            _struct(row["model_response"], "model_response"),
        )
    response = {
        "text": _flat(row.get("predictions")),
        "input": row.get("full_prompt"),
        "output_tokens": _old_tokens(row.get("cont_tokens")),
    }
    return {"query": row.get("example")}, _struct(row.get("metrics"), "metrics"), response


def _old_tokens(value: Any) -> Any:
    """Tokens one by one; None where they stand there as the text of a tensor."""
    try:
        return _from_text(value, "cont_tokens")
    except ValueError:
        return None


def _flat(values: Any) -> Any:
    """Predictions; some versions put all of them into one inner list."""
    values = _from_text(values, "predictions")
    return values[0] if isinstance(values, list) and len(values) == 1 and isinstance(values[0], list) else values


def _prompt(doc: Mapping[str, Any], response: Mapping[str, Any]) -> str | None:
    """What the model was given: as it was sent, or the query with its instruction."""
    sent = response.get("input")
    prompt = sent if sent not in (None, "", []) else [doc.get("instruction"), doc.get("query")]
    return None if prompt == [None, None] else json.dumps(prompt, default=str)


def _from_text(value: Any, name: str) -> Any:
    """A value that stands there as text: JSON, or as Python writes it."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        try:
            return literal_value(value)
        except ValueError as error:
            raise ValueError(f"the text in column {name} is neither JSON nor a literal of Python") from error


def _struct(value: Any, name: str) -> Mapping[str, Any]:
    value = _from_text(value, name)
    if not isinstance(value, dict):
        raise ValueError(f"column {name} holds no fields")
    return value


def _texts(response: Mapping[str, Any]) -> list[Any]:
    texts = response.get("text")
    if not isinstance(texts, list) or not texts:
        raise ValueError("no samples in model_response.text; answers picked by likelihood are not sampled")
    return texts


def _tokens(response: Mapping[str, Any], n: int) -> list[int] | None:
    """Numbers of tokens of the first n samples, whose tokens stand one by one in `output_tokens`; None if unknown."""
    tokens = response.get("output_tokens")
    if isinstance(tokens, list) and len(tokens) == 1 and n > 1 and isinstance(tokens[0], list):
        tokens = tokens[0]
    lists = tokens[:n] if isinstance(tokens, list) and len(tokens) >= n else []
    is_known = bool(lists) and all(
        isinstance(sample, list) and sample and not any(isinstance(token, list) for token in sample) for sample in lists
    )
    return [len(sample) for sample in lists] if is_known else None


def _metric(metrics: Mapping[str, Any], requested: str, n: int) -> str:
    present = [name for name, value in metrics.items() if value is not None]
    if requested:
        if requested not in present:
            raise ValueError(f"no metric '{requested}'. It has {', '.join(present) or 'none'}")
        return requested
    sizes = {name: _size(name, n) for name in present}
    most = max((size for size in sizes.values() if size is not None), default=None)
    shares = [name for name in present if most is not None and sizes[name] == most]
    fit = present if n == 1 else shares
    if fit and fit == shares and all(metrics[name] == metrics[fit[0]] for name in fit):
        # pass@1 and avg@n of the same samples are one number under two names.
        fit = fit[:1]
    if not fit:
        raise ValueError(
            f"{n} samples, but no verdict on single ones: the metrics ({', '.join(present) or 'none'}) are of the "
            f"document, and none is the pass@1 of {n} samples"
        )
    if len(fit) > 1:
        raise ValueError(f"several metrics ({', '.join(fit)}). Choose one with --option metric=NAME")
    return fit[0]


def _size(name: str, n: int) -> int | None:
    """Of how many samples a metric is the share of correct ones; None where it is something else."""
    share = SHARE.match(name)
    if share is None:
        return None
    size = int(share["a"] or share["b"] or share["c"] or n)
    return size if size <= n else None


def _record(
    name: str, metric: str, value: Any, texts: list[Any], doc: Mapping[str, Any], names: dict[str, Any]
) -> Answers | Tally:
    n = len(texts)
    question = doc.get("query") if isinstance(doc.get("query"), str) else None
    if n == 1:
        text = texts[0]
        outcome = CORRECT if verdict(value) else EMPTY if text in ("", None) else WRONG
        hashes = [text_hash(text)] if isinstance(text, str) else None
        return Answers(name, [outcome], texts=hashes, question=question, **names)
    size = _size(metric, n)
    if size is None:
        raise ValueError(f"the metric '{metric}' is not the pass@1 of {n} samples, or of some of them")
    n = size
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{str(value)[:40]!r} is no share of {n} samples")
    correct = round(value * n)
    if abs(correct - value * n) > NEAR * n:
        raise ValueError(f"{value} is no share of {n} samples")
    return Tally(name, n, correct, **names)


def _from_name(source: Source) -> dict[str, Any]:
    """Benchmark from the file's name, model from its folders; settings from the file of results."""
    file_name = NAME.match(source.plain_name)
    parts = source.path.resolve().parts[:-2]
    names = {"benchmark": file_name["task"].replace("|", "/")} if file_name else {}
    if "details" in parts:
        place = len(parts) - parts[::-1].index("details")
        if parts[place:]:
            names["model"] = "/".join(parts[place:])
            if file_name:
                up = "/".join([".."] * (len(parts) - place + 2))
                beside = f"{up}/results/{names['model']}/results_{file_name['date']}.json"
                _settings(json_beside(source, beside), file_name["task"], source)
    return names


def _settings(results: Mapping[str, Any], task: str, source: Source) -> None:
    """How the samples were taken, as the file of results says it."""
    general, tasks = results.get("config_general"), results.get("config_tasks")
    model = general.get("model_config") if isinstance(general, Mapping) else None
    if isinstance(general, Mapping) and not isinstance(model, Mapping):
        # Before 0.10 these stand beside the model's name.
        model = {**general, "revision": general.get("model_sha"), "dtype": general.get("model_dtype")}
    if isinstance(model, Mapping):
        generation = model.get("generation_parameters")
        if isinstance(generation, Mapping):
            source.settings |= {
                SETTING_NAMES[k]: v for k, v in generation.items() if k in SETTING_NAMES and v is not None
            }
            source.conditions["generation"] = relevant_settings(
                generation, "seed", "num_blocks", "block_size", "cache_implementation"
            )
        names = (
            "revision",
            "dtype",
            "system_prompt",
            "override_chat_template",
            "chat_template",
            "quantization",
            "use_chat_template",
        )
        source.conditions["model_args"] = {name: model[name] for name in names if model.get(name) is not None}
    if isinstance(tasks, Mapping):
        config = tasks.get(task, tasks.get(task.rpartition("|")[0]))
        if isinstance(config, Mapping):
            plain = {name: value for name, value in config.items() if isinstance(value, str | int | float)}
            source.conditions["task"] = relevant_settings(plain, *NOT_OF_TASK)
