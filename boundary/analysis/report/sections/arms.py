"""The report's part on how the arms were sampled and judged: a table, and a sentence for the methods paragraph."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from boundary.analysis.checks.arm_settings import (
    MAIN_SETTINGS,
    ArmComparison,
    differs,
    display_names,
    in_a_row,
    known_settings,
    shown,
    values_by_model,
)
from boundary.analysis.result import Analysis
from boundary.data.catalog import card, shipped_sets
from boundary.data.settings.columns import BY_NAME, ArmSettings, Setting
from boundary.plain_text import plain

UNKNOWN = "The counts do not say how they were sampled."
ABSENT = "not recorded"
# These tell the models from each other, so they are not marked where they differ.
IDENTITIES = ("model_id", "revision", "served_model")
# What the methods paragraph says of a setting; {} is its value.
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


def arms_section(analysis: Analysis) -> dict[str, Any]:
    """What the template shows: `models`, `rows`, `fingerprints` (rows of hashes), and `unknown`, a sentence."""
    arms = analysis.arms.arms
    models = list(dict.fromkeys(arm.model for arm in arms))
    names = display_names(models)
    rows = {each: list(_rows(each, models, arms)) for each in known_settings(arms)}
    hashes = [each for each in rows if each.name.endswith("_hash")]
    return {
        "models": [names[model] for model in models],
        "rows": [
            *(row for each, lines in rows.items() if each not in hashes for row in lines),
            *_grouped("samples a problem", models, arms, [_span(arm) for arm in arms]),
        ],
        "fingerprints": [row for each in hashes for row in rows[each]],
        "unknown": _unknown(analysis),
    }


def arms_summary(compared: ArmComparison) -> dict[str, Any]:
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
            for arm in compared.arms
        ],
        "remarks": [
            {
                "benchmark": remark.benchmark,
                "text": remark.text,
                "severity": remark.severity,
                "alarming": remark.alarming,
            }
            for remark in compared.remarks
        ],
    }


def sampling_sentences(analysis: Analysis) -> Iterator[str]:
    """How the samples were drawn and judged, as far as the counts say it, for the methods paragraph."""
    arms = analysis.arms.arms
    known = {each.name for each in known_settings(arms)}
    phrases = [phrase.format(_in_words(name, arms)) for name, phrase in PHRASES.items() if name in known]
    if phrases:
        # Values of several models have commas of their own.
        yield f"Samples were drawn {('; ' if any('(' in phrase for phrase in phrases) else ', ').join(phrases)}."
    if "verifier" in known:
        yield f"Answers were judged by {_in_words('verifier', arms)}."
    if arms and (unknown := _unknown(analysis)):
        yield unknown


def _unknown(analysis: Analysis) -> str:
    """What the counts do not say, or the card of a shipped set in its place; empty where they say all of it."""
    arms = analysis.arms.arms
    missing = [BY_NAME[name].label for name in MAIN_SETTINGS if not any(name in arm.values for arm in arms)]
    if missing and analysis.settings["source"] in shipped_sets():
        return f"The card of the set says: {card(analysis.settings['source']).settings}."
    if len(missing) == len(MAIN_SETTINGS):
        return UNKNOWN
    return f"The counts do not say: {', '.join(missing)}." if missing else ""


def _in_words(name: str, arms: Sequence[ArmSettings]) -> str:
    """A setting's value; where it differs, with the benchmarks or models that have it."""
    known = [arm for arm in arms if name in arm.values]
    values = {arm.values[name] for arm in known}
    if len(values) == 1:
        return shown(name, next(iter(values)))
    benchmarks = dict.fromkeys(arm.benchmark for arm in known)
    if all(len({arm.values[name] for arm in known if arm.benchmark == b}) == 1 for b in benchmarks):
        where: dict[tuple[str, ...], list[str]] = {}
        for benchmark in benchmarks:
            value = next(arm.values[name] for arm in known if arm.benchmark == benchmark)
            where.setdefault(value, []).append(plain(benchmark))
        return in_a_row([f"{shown(name, value)} ({in_a_row(names)})" for value, names in where.items()])
    texts: dict[str, list[str]] = {}
    for benchmark in benchmarks:
        here = [arm for arm in known if arm.benchmark == benchmark]
        text = values_by_model(name, here) if differs(name, here) else shown(name, here[0].values[name])
        texts.setdefault(text, []).append(plain(benchmark))
    return ", ".join(text + (f" on {in_a_row(names)}" if len(texts) > 1 else "") for text, names in texts.items())


def _rows(each: Setting, models: Sequence[str], arms: Sequence[ArmSettings]) -> Iterator[SettingRow]:
    texts = [shown(each.name, arm.values[each.name]) if each.name in arm.values else ABSENT for arm in arms]
    yield from _grouped(each.label, models, arms, texts, each.name)


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
        where = f" ({', '.join(map(plain, benchmarks))})" if len(groups) > 1 else ""
        here = [arm for arm in arms if arm.benchmark == benchmarks[0]]
        unlike = differs(name, here) and name not in IDENTITIES if name else len({cell for cell in row if cell}) > 1
        yield SettingRow(label + where, list(row), unlike)


def _span(arm: ArmSettings) -> str:
    low, high = arm.n_samples
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
