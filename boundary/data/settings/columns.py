"""How an arm was sampled and judged: the settings of a manifest as columns of a counts table, and read back from one.

A counts table carries the settings of its arms (one model on one benchmark each) in columns, so that a file of counts
says as much as the run folder that it was made from. SETTINGS lists the columns; those of a manifest that are not
in the list have the prefix `setting_` or `manifest_`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import pandas as pd

from boundary.plain_text import plain

Kind = Literal["prompt", "problems", "sampling", "judging", "software", "named"]


class Setting(NamedTuple):
    """A setting of an arm.

    Parameters
    ----------
    name
        The column of a counts table.
    label
        What it is called in sentences.
    kind
        What it decides: what the model reads (`prompt`, `problems`), how it writes (`sampling`, `software`), how that
        is judged (`judging`); `named` settings are expected to differ between arms.
    """

    name: str
    label: str
    kind: Kind


SETTINGS = (
    Setting("temperature", "temperature", "sampling"),
    Setting("top_p", "top-p", "sampling"),
    Setting("top_k", "top-k", "sampling"),
    Setting("min_p", "min-p", "sampling"),
    Setting("max_tokens", "token limit", "sampling"),
    Setting("repetition_penalty", "repetition penalty", "sampling"),
    Setting("presence_penalty", "presence penalty", "sampling"),
    Setting("frequency_penalty", "frequency penalty", "sampling"),
    Setting("reasoning_effort", "reasoning effort", "sampling"),
    Setting("stop_ids", "stop token ids", "sampling"),
    Setting("dtype", "dtype", "sampling"),
    Setting("quantization", "quantization", "sampling"),
    Setting("template", "template", "prompt"),
    Setting("template_hash", "hash of the template", "prompt"),
    Setting("prompt_text_hash", "hash of the prompts as text", "prompt"),
    Setting("prompt_tokens_hash", "hash of the prompts as tokens", "prompt"),
    Setting("prompt_hash", "hash of the prompts", "prompt"),
    Setting("prompt_template", "prompt template", "prompt"),
    Setting("system_prompt", "system prompt", "prompt"),
    Setting("chat_template_kwargs", "chat-template arguments", "prompt"),
    Setting("endpoint", "endpoint of the server", "prompt"),
    Setting("few_shots", "worked examples", "prompt"),
    Setting("verifier", "verifier", "judging"),
    Setting("problem_set_hash", "hash of the problem set", "problems"),
    Setting("problem_set_size", "problems of the set", "named"),
    Setting("problems_skipped", "problems skipped", "named"),
    Setting("engine", "engine", "software"),
    Setting("engine_version", "version of the engine", "software"),
    Setting("attention", "attention", "software"),
    Setting("worker", "engine of the workers", "software"),
    Setting("model_id", "id of the model", "named"),
    Setting("revision", "revision of the model", "named"),
    Setting("served_model", "model of the server", "named"),
    Setting("context", "context length", "named"),
    Setting("tokenizer_hash", "hash of the tokenizer", "named"),
    Setting("seed", "seed", "named"),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
# Only a manifest says this, so that what such an arm lacks was not set.
FROM_A_RUN, DEFAULT = "model_id", "default"
# Settings of the prompt that a manifest holds only where they are not the default, as it does other options.
PROMPT_OPTIONS = ("system_prompt", "chat_template_kwargs", "endpoint")
ALWAYS_IN_A_MANIFEST = ("temperature", "top_p", "max_tokens", "stop_ids", "engine", "engine_version")
SAMPLING_PREFIX, NAMED_PREFIX = "setting_", "manifest_"
# Arguments by which tools name the model or where its weights are: these differ between models, as `model_id` does.
MODEL_ARGUMENTS = tuple(
    f"{SAMPLING_PREFIX}model_args_{name}"
    for name in (
        *("pretrained", "model", "model_name", "model_path", "path", "revision", "subfolder", "peft", "delta"),
        *("lora_local_path", "tokenizer", "tokenizer_revision", "served_model_name", "gguf_file"),
    )
)
# What a manifest calls otherwise than a counts table, and what of it is no setting of the samples.
RENAMED = {"model": "model_id", "n_problems": "problem_set_size"}
NOT_SETTINGS = (
    "label",
    "benchmark",
    "n_samples",
    "created",
    "verifier",
    "settings",
    "history",
    "skipped",
    "vocabulary_hash",
    "engine_options",
)
# A manifest of others can hold anything: bounds on unknown entries, and on the characters of names and values.
MOST_UNKNOWN, LONGEST_NAME, LONGEST_VALUE = 40, 40, 300
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True)
class ArmSettings:
    """How one model was sampled and judged on one benchmark.

    Parameters
    ----------
    model, benchmark
        The arm.
    values
        The known settings, by column: as text, and more than one where rows of the arm differ. An option of the engine
        that other arms of the benchmark have and a run folder does not is DEFAULT.
    n_samples
        Fewest and most samples of a problem.
    n_problems
        Problems with counts.
    """

    model: str
    benchmark: str
    values: Mapping[str, tuple[str, ...]]
    n_samples: tuple[int, int]
    n_problems: int


def setting(column: str) -> Setting | None:
    """The setting that a column of a counts table holds; None for any other column."""
    listed = BY_NAME.get(column)
    if listed is not None:
        return listed
    for prefix, kind in ((SAMPLING_PREFIX, "sampling"), (NAMED_PREFIX, "named")):
        if column.startswith(prefix):
            label = plain(column.removeprefix(prefix)).replace("_", " ")[:LONGEST_NAME]
            kind = "named" if column in MODEL_ARGUMENTS else kind
            return Setting(column, label, kind)  # type: ignore[arg-type]
    return None


def manifest_settings(manifests: Sequence[Mapping[str, Any]], verifier: str) -> dict[str, Any]:
    """Settings of an arm as cells of a counts table.

    Parameters
    ----------
    manifests
        Of the runs that are pooled; they differ in their seed alone.
    verifier
        Whose verdicts count.
    """
    manifest, sampling = manifests[0], _sampling_settings(manifests[0])
    entries = {name: value for name, value in manifest.items() if name not in NOT_SETTINGS}
    cells = setting_cells(entries, NAMED_PREFIX) | setting_cells(sampling)
    for name, earlier in _earlier(manifest).items():
        cells[name] = ", later ".join([*earlier, str(cells.get(name, "not set"))])
    if isinstance(manifest.get("skipped"), Sequence | Mapping):
        cells["problems_skipped"] = len(manifest["skipped"])
    seeds = [_sampling_settings(pooled).get("seed", "unknown") for pooled in manifests]
    if len(seeds) > 1:
        cells["seed"] = ", ".join(map(str, sorted(seeds, key=str)))
    # These have always been there, known or not.
    always = dict.fromkeys(("temperature", "template", "verifier", "problem_set_hash"))
    return always | cells | {"verifier": verifier}


def setting_cells(entries: Mapping[str, Any], prefix: str = SAMPLING_PREFIX) -> dict[str, Any]:
    """Settings by name as cells of a counts table; those that SETTINGS lacks get a prefix.

    Parameters
    ----------
    entries
        Of a manifest or of a file of others. What is nested gets the names of its levels, joined.
    prefix
        SAMPLING_PREFIX for what changes the samples, NAMED_PREFIX for the rest.
    """
    cells: dict[str, Any] = {}
    unknown = 0
    for key, value in _flat(entries):
        name = RENAMED.get(key, key)
        if name not in BY_NAME:
            unknown += 1
            name = prefix + re.sub(r"[^a-z0-9]+", "_", key.lower()[:LONGEST_NAME]).strip("_")
        if value is not None and name not in cells and unknown <= MOST_UNKNOWN:
            cells[name] = _cell(value)
    return cells


def arm_settings(table: pd.DataFrame, benchmark: str, models: Iterable[str]) -> list[ArmSettings]:
    """Settings of the arms of a benchmark, read from a counts table, in the order of the models.

    Parameters
    ----------
    table
        A validated counts table.
    benchmark
        Its name.
    models
        Those without counts on the benchmark are left out.
    """
    benchmark_rows = table.loc[table["benchmark"] == benchmark]
    columns = [name for name in benchmark_rows.columns if setting(str(name)) is not None]
    arms = []
    for model in models:
        rows = benchmark_rows.loc[benchmark_rows["model"] == model]
        if len(rows):
            values = {str(name): distinct for name in columns if (distinct := _distinct(rows[name], str(name)))}
            span = int(rows["n_samples"].min()), int(rows["n_samples"].max())
            arms.append(ArmSettings(model, benchmark, values, span, len(rows)))
    defaults = {name: (DEFAULT,) for arm in arms for name in arm.values if _is_option(name)}
    return [replace(arm, values={**defaults, **arm.values}) if FROM_A_RUN in arm.values else arm for arm in arms]


def _is_option(name: str) -> bool:
    """Whether a manifest holds a setting only where it is not the default."""
    column = setting(name)
    if column is None or name in ALWAYS_IN_A_MANIFEST:
        return False
    return column.kind in ("sampling", "software") or name in PROMPT_OPTIONS


def setting_text(value: Any, numeric: bool = True) -> str | None:
    """A setting's value as text, the same for a number and for the text of that number; None where unknown."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | dict):
        value = json.dumps(value, sort_keys=True, default=str)
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    text = plain(str(value))
    if text.lower() in ("", "nan", "none", "null", "<na>"):
        return None
    if text in ("True", "False"):
        return text.lower()
    if numeric and NUMBER.fullmatch(text):
        return f"{float(text):.12g}"
    return _shortened(text)


def _flat(entries: Mapping[str, Any], levels: int = 3) -> Iterator[tuple[str, Any]]:
    for key, value in entries.items():
        if isinstance(value, Mapping) and value and levels > 1:
            yield from ((f"{key}.{inner}", its) for inner, its in _flat(value, levels - 1))
        else:
            yield str(key), value


def _earlier(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Settings under which an arm was begun and not ended: a record each in its manifest's history."""
    earlier: dict[str, list[str]] = {}
    now = setting_cells(_sampling_settings(manifest)) | setting_cells(
        {"engine_version": manifest.get("engine_version")}
    )
    history = manifest.get("history")
    for record in history if isinstance(history, list) else []:
        if isinstance(record, Mapping):
            before = setting_cells(_sampling_settings(record)) | setting_cells(
                {"engine_version": record.get("engine_version")}
            )
            for name, value in before.items():
                values = earlier.setdefault(name, [])
                if value != now.get(name) and str(value) not in values:
                    values.append(str(value))
    return {name: values for name, values in earlier.items() if values}


def _sampling_settings(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    settings = manifest.get("settings")
    return settings if isinstance(settings, Mapping) else {}


def _distinct(column: pd.Series, name: str) -> tuple[str, ...]:
    """The distinct values of a column, sorted; unknown ones are left out."""
    numeric = not name.endswith(("hash", "revision", "_id", "version"))
    try:
        values = list(column.dropna().unique())
    except TypeError:  # lists in a DataFrame
        values = list(column)
    return tuple(sorted({text for value in values if (text := setting_text(value, numeric)) is not None}))


def _cell(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return _shortened(plain(text))


def _shortened(text: str) -> str:
    """A long text by its beginning and its hash, so that other texts with that beginning stay other texts."""
    if len(text) <= LONGEST_VALUE:
        return text
    return f"{text[:60]}... (sha256 {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]})"
