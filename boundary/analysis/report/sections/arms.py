"""The section on how the models were sampled and judged: a table, and sentences for the methods paragraph."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from boundary.analysis.checks.arm_settings import (
    MAIN_SETTINGS,
    ArmComparison,
    differs,
    display_names,
    enumeration,
    known_settings,
    setting_text,
    values_by_model,
)
from boundary.analysis.result import Analysis
from boundary.data.catalog import card, shipped_sets
from boundary.data.settings.columns import BY_NAME, ArmSettings
from boundary.plain_text import plain

UNKNOWN = "The counts do not say how they were sampled."
ABSENT = "not recorded"
# These tell the models from each other, so they are not marked where they differ.
IDENTITIES = ("model_id", "revision", "served_model")
# Phrase of the methods paragraph for each setting; {} is its value.
PHRASES = {
    "temperature": "at temperature {}",
    "top_p": "top-p {}",
    "top_k": "top-k {}",
    "min_p": "min-p {}",
    "max_tokens": "up to {} new tokens",
    "reasoning_effort": "reasoning effort {}",
    "template": "with the template {}",
    "few_shots": "{} worked examples",
    "dtype": "weights in {}",
    "quantization": "quantization {}",
    "engine": "on the engine {}",
    "engine_version": "with {}",
    "seed": "seed {}",
}


class SettingRow(NamedTuple):
    """A setting with its value for each model."""

    label: str
    cells: list[str]
    differs: bool


def arms_section(analysis: Analysis) -> dict[str, Any] | None:
    """Names of the models, rows of settings, rows of hashes (`fingerprints`), and a sentence on what is `unknown`."""
    arms = analysis.arms.arms
    if not arms:
        return None
    models = list(dict.fromkeys(arm.model for arm in arms))
    names = display_names(models)
    rows = {}
    for setting in known_settings(arms):
        name = setting.name
        texts = [setting_text(name, arm.values[name]) if name in arm.values else ABSENT for arm in arms]
        rows[setting] = list(_grouped(setting.label, models, arms, texts, name))
    ranges = [" to ".join(f"{n:,}" for n in dict.fromkeys(arm.n_samples)) for arm in arms]
    hashes = [setting for setting in rows if setting.name.endswith("_hash")]
    return {
        "models": [names[model] for model in models],
        "rows": [
            *(row for setting, lines in rows.items() if setting not in hashes for row in lines),
            *_grouped("samples a problem", models, arms, ranges),
        ],
        "fingerprints": [row for setting in hashes for row in rows[setting]],
        "unknown": _unknown(analysis),
    }


def arms_summary(comparison: ArmComparison) -> dict[str, Any]:
    """The settings and remarks for summary.json."""
    return {
        "settings": [
            {
                "benchmark": arm.benchmark,
                "model": arm.model,
                "values": {
                    name: values[0] if len(values) == 1 else list(values) for name, values in arm.values.items()
                },
            }
            for arm in comparison.arms
        ],
        "remarks": [
            {
                "benchmark": remark.benchmark,
                "text": remark.text,
                "severity": remark.severity,
                "alarming": remark.alarming,
            }
            for remark in comparison.remarks
        ],
    }


def sampling_sentences(analysis: Analysis) -> Iterator[str]:
    """How the samples were drawn and judged, as far as the counts say it, for the methods paragraph."""
    arms = analysis.arms.arms
    names = {setting.name for setting in known_settings(arms)}
    phrases = [phrase.format(_in_words(name, arms)) for name, phrase in PHRASES.items() if name in names]
    if phrases:
        # Values of several models have commas of their own.
        yield f"Samples were drawn {('; ' if any('(' in phrase for phrase in phrases) else ', ').join(phrases)}."
    if "verifier" in names:
        yield f"Answers were judged by {_in_words('verifier', arms)}."
    if arms and (unknown := _unknown(analysis)):
        yield unknown


def _unknown(analysis: Analysis) -> str:
    """What the counts do not say, or the card of a shipped set in its place; empty where they say all of it."""
    arms = analysis.arms.arms
    missing = [BY_NAME[name].label for name in MAIN_SETTINGS if not any(name in arm.values for arm in arms)]
    source = analysis.counts.source
    if missing and source in shipped_sets():
        return f"The card of the set says: {card(source).settings}."
    if len(missing) == len(MAIN_SETTINGS):
        return UNKNOWN
    return f"The counts do not say: {', '.join(missing)}." if missing else ""


def _in_words(name: str, arms: Sequence[ArmSettings]) -> str:
    """A setting's value; where it differs, with the benchmarks or models that have it."""
    with_value = [arm for arm in arms if name in arm.values]
    values = {arm.values[name] for arm in with_value}
    if len(values) == 1:
        return setting_text(name, next(iter(values)))
    benchmarks = dict.fromkeys(arm.benchmark for arm in with_value)
    if all(len({arm.values[name] for arm in with_value if arm.benchmark == b}) == 1 for b in benchmarks):
        names_by_value: dict[tuple[str, ...], list[str]] = {}
        for benchmark in benchmarks:
            value = next(arm.values[name] for arm in with_value if arm.benchmark == benchmark)
            names_by_value.setdefault(value, []).append(plain(benchmark))
        return enumeration(
            [f"{setting_text(name, value)} ({enumeration(names)})" for value, names in names_by_value.items()]
        )
    texts: dict[str, list[str]] = {}
    for benchmark in benchmarks:
        arms_there = [arm for arm in with_value if arm.benchmark == benchmark]
        text = setting_text(name, arms_there[0].values[name])
        if differs(name, arms_there):
            text = values_by_model(name, arms_there)
        texts.setdefault(text, []).append(plain(benchmark))
    return ", ".join(text + (f" on {enumeration(names)}" if len(texts) > 1 else "") for text, names in texts.items())


def _grouped(
    label: str, models: Sequence[str], arms: Sequence[ArmSettings], texts: Sequence[str], name: str = ""
) -> Iterator[SettingRow]:
    """A row of a setting; one for each group of benchmarks where it is not the same on all of them."""
    cells: dict[str, dict[str, str]] = {}
    for arm, text in zip(arms, texts, strict=True):
        cells.setdefault(arm.benchmark, {})[arm.model] = text
    groups: dict[tuple[str, ...], list[str]] = {}
    for benchmark, by_model in cells.items():
        groups.setdefault(tuple(by_model.get(model, "") for model in models), []).append(benchmark)
    for row, benchmarks in groups.items():
        suffix = f" ({', '.join(map(plain, benchmarks))})" if len(groups) > 1 else ""
        arms_there = [arm for arm in arms if arm.benchmark == benchmarks[0]]
        if name:
            is_different = differs(name, arms_there) and name not in IDENTITIES
        else:
            is_different = len({cell for cell in row if cell}) > 1
        yield SettingRow(label + suffix, list(row), is_different)
