"""Compares how the arms were sampled and judged: different prompts are refused, other differences become notes.

An arm is one model on one benchmark. Its settings stand in the counts table (`boundary.data.settings.columns`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from boundary.analysis.formatting import joined, shortener
from boundary.analysis.notes import Note, Severity
from boundary.data.counts import ALL, Counts
from boundary.data.settings.columns import BY_NAME, ArmSettings, Kind, Setting, arm_settings, setting
from boundary.data.shared_texts import SharedTexts
from boundary.data.validation import refuse_other_problems
from boundary.errors import InputError
from boundary.plain_text import plain

# Settings that tell two prompts apart, best evidence first.
TOKENS, TEXTS, TEMPLATE_HASH, TEMPLATE = "prompt_tokens_hash", "prompt_text_hash", "template_hash", "template"
TOKENIZER, STOPS, VERIFIER = "tokenizer_hash", "stop_ids", "verifier"
OTHER_PROMPTS = (
    "endpoint",
    "prompt_hash",
    "prompt_template",
    "system_prompt",
    "chat_template_kwargs",
    "few_shots",
)
# Settings that every comparison should state; one that is not recorded for some arms is noted.
MAIN_SETTINGS = ("temperature", "top_p", "max_tokens", "template", "engine", "verifier")
# A sentence names at most so many models or values, and gives the number of the others.
MOST_NAMES = 4
MAY_DECIDE = "What differs between the models may come from that."


@dataclass(frozen=True)
class ArmComparison:
    """The settings of all arms of an analysis, and notes on what differs between them.

    Parameters
    ----------
    arms
        Settings of each model on each benchmark.
    remarks
        Settings that differ or are not recorded, and arms that share their texts.
    """

    arms: tuple[ArmSettings, ...] = ()
    remarks: tuple[Note, ...] = ()

    def of(self, benchmark: str, notes: bool = True) -> list[Note]:
        """Remarks on one benchmark; for `all` those on every benchmark, equal sentences joined.

        Parameters
        ----------
        notes
            Whether to include remarks of severity `note`, which only the report shows.
        """
        remarks = [r for r in self.remarks if benchmark in (ALL, r.benchmark) and (notes or r.severity != "note")]
        if benchmark != ALL:
            return remarks
        benchmarks: dict[tuple[str, Severity], list[str]] = {}
        for remark in remarks:
            benchmarks.setdefault((remark.text, remark.severity), []).append(remark.benchmark)
        return [Note(ALL, "", f"{', '.join(names)}: {text}", level) for (text, level), names in benchmarks.items()]


def compare_arms(
    counts: Counts,
    models: Sequence[str],
    benchmarks: Sequence[str],
    allow_different_prompts: bool = False,
    shared: Sequence[SharedTexts] = (),
) -> ArmComparison:
    """Compare the settings of the models on each benchmark.

    Parameters
    ----------
    counts
        With the settings in columns, as far as they are known.
    models
        The base first, where there is one.
    benchmarks
        Those that are analysed; `all` alone stands for every one.
    allow_different_prompts
        Go on where the models were given different prompts, and say so.
    shared
        Which arms share their texts.

    Raises
    ------
    InputError
        If the models were sampled on different problems under one name, or were given different prompts.
    """
    names = [name for name in benchmarks if name != ALL] or list(counts.benchmarks)
    refuse_other_problems(counts.select(models=list(models)).table.loc[lambda rows: rows["benchmark"].isin(names)])
    arms: list[ArmSettings] = []
    remarks: list[Note] = []
    for name in names:
        benchmark_arms = arm_settings(counts.table, name, models)
        if not allow_different_prompts:
            _refuse_other_prompts(benchmark_arms)
        arms += benchmark_arms
        remarks += [Note(name, "", text, severity) for severity, text in _notes(benchmark_arms)]
        remarks += [Note(name, "", texts.text, texts.severity) for texts in shared if texts.benchmark == name]
    return ArmComparison(tuple(arms), tuple(remarks))


def differs(name: str, arms: Sequence[ArmSettings]) -> bool:
    """Whether the arms for which a setting is recorded have different values of it."""
    return len({arm.values[name] for arm in arms if name in arm.values}) > 1


def values_by_model(name: str, arms: Sequence[ArmSettings]) -> str:
    """The values of a setting, each with the models that have it: `0.6 (base) and 1 (rl)`."""
    names = display_names([arm.model for arm in arms])
    models: dict[str, list[str]] = {}
    for arm in arms:
        if name in arm.values:
            models.setdefault(setting_text(name, arm.values[name]), []).append(names[arm.model])
    return enumeration([f"{value} ({enumeration(names)})" for value, names in models.items()])


def setting_text(name: str, values: Sequence[str]) -> str:
    """The values of a setting for a reader: hashes by their beginning, large numbers with commas."""
    return ", ".join(_value_text(name, value) for value in values)


def _value_text(name: str, value: str) -> str:
    if value.startswith("sha256:"):
        return value.removeprefix("sha256:")[:12]
    if name == "max_tokens" and value.isdecimal():
        return f"{int(value):,}"
    stem, dash, version = value.rpartition("-")
    return f"{stem} {version}" if name == VERIFIER and dash and version[:1].isdigit() else value


def display_names(models: Sequence[str]) -> Mapping[str, str]:
    """Names of models without their organisation, as far as they stay distinct."""
    shorten = shortener(models)
    return {model: plain(shorten(model)) for model in models}


def known_settings(arms: Sequence[ArmSettings]) -> list[Setting]:
    """The settings recorded for any of the arms: the standard ones in their order, then further columns."""
    recorded = {name for arm in arms for name in arm.values}
    standard = [record for name, record in BY_NAME.items() if name in recorded]
    return standard + [extra for name in sorted(recorded - BY_NAME.keys()) if (extra := setting(name)) is not None]


def _refuse_other_prompts(arms: Sequence[ArmSettings]) -> None:
    evidence = _different_prompts(arms)
    if evidence is None:
        return
    raise InputError(
        f"The models were given different prompts on '{plain(arms[0].benchmark)}': {evidence}.\n"
        "What differs between them may come from the prompt alone. Sample them with one --template, or compare them "
        "all the same with --allow-different-prompts (allow_different_prompts=True from Python)."
    )


def _notes(arms: Sequence[ArmSettings]) -> Iterator[tuple[Severity, str]]:
    """Severity and text of each note on the arms of one benchmark: settings that differ or are not recorded."""
    if len(arms) > 1:
        yield from _prompt_notes(arms)
        yield from _kind_notes(arms, "sampling", "alarm", "The models were not sampled alike: {}. " + MAY_DECIDE)
        yield from _verifier_notes(arms)
        yield from _kind_notes(arms, "software", "remark", "The models were sampled by different software: {}.")
        yield from _stop_token_notes(arms)
        yield from _same_weights_notes(arms)
        yield from _unrecorded_setting_notes(arms)
    yield from _mixed_setting_notes(arms)
    yield from _missing_problem_notes(arms)


def _kind_notes(
    arms: Sequence[ArmSettings], kind: Kind, severity: Severity, sentence: str
) -> Iterator[tuple[Severity, str]]:
    parts = [
        f"{record.label} {values_by_model(record.name, arms)}"
        for record in known_settings(arms)
        if record.kind == kind
        and differs(record.name, arms)
        and not (record.name == STOPS and not _same_vocabulary(arms))
    ]
    if parts:
        yield severity, sentence.format("; ".join(parts))


def _prompt_notes(arms: Sequence[ArmSettings]) -> Iterator[tuple[Severity, str]]:
    evidence = _different_prompts(arms)
    if evidence is not None:
        yield "alarm", f"The models were given different prompts, as allowed: {evidence}. {MAY_DECIDE}"
        return
    unlike = next((name for name in (TEMPLATE, TEMPLATE_HASH) if differs(name, arms)), None)
    if unlike is not None:
        evidence = f"{BY_NAME[unlike].label} {values_by_model(unlike, arms)}"
        yield "remark", f"The prompts are the same, though their templates are not: {evidence}."
    if any(_compared_prompts(first, second) == "unknown" for first, second in combinations(arms, 2)):
        yield (
            "remark",
            "The prompts have other token ids, as the tokenizers differ. Their template is the same; whether their "
            "texts are is not recorded.",
        )


def _verifier_notes(arms: Sequence[ArmSettings]) -> Iterator[tuple[Severity, str]]:
    if differs(VERIFIER, arms):
        yield (
            "alarm",
            f"The models were judged by different verifiers: {values_by_model(VERIFIER, arms)}. {MAY_DECIDE} Judge "
            "the stored samples of all by one verifier: boundary verify FOLDER --verifier NAME --use.",
        )


def _stop_token_notes(arms: Sequence[ArmSettings]) -> Iterator[tuple[Severity, str]]:
    if differs(STOPS, arms) and not _same_vocabulary(arms):
        yield (
            "note",
            "The ids of the tokens that end a sample differ, as the tokenizers do; whether the same tokens end it is "
            "not recorded.",
        )


def _same_weights_notes(arms: Sequence[ArmSettings]) -> Iterator[tuple[Severity, str]]:
    names = display_names([arm.model for arm in arms])
    for first, second in combinations(arms, 2):
        pair = f"{names[first.model]} and {names[second.model]}"
        (id_a, revision_a, served_a), (id_b, revision_b, served_b) = (
            tuple(arm.values.get(name) for name in ("model_id", "revision", "served_model")) for arm in (first, second)
        )
        same_weights = revision_a is not None and revision_a == revision_b and len(revision_a[0]) >= 16
        if (same_weights or (id_a is not None and id_a == id_b)) and differs("temperature", (first, second)):
            temperatures = values_by_model("temperature", (first, second))
            yield "note", f"{pair} are one model at different temperatures: {temperatures}."
        elif same_weights and revision_a is not None:
            yield "alarm", f"{pair} are one model under two names: their weights have one fingerprint, {revision_a[0]}."
        elif id_a is not None and id_a == id_b and (revision_a == revision_b or None in (revision_a, revision_b)):
            yield "alarm", f"{pair} are one model under two names: both are {id_a[0]}."
        elif served_a is not None and served_a == served_b:
            yield "remark", f"{pair} may be one model under two names: a server calls both {served_a[0]}."


def _unrecorded_setting_notes(arms: Sequence[ArmSettings]) -> Iterator[tuple[Severity, str]]:
    """Settings that are recorded for some of the arms only."""
    names = display_names([arm.model for arm in arms])
    silent = [names[arm.model] for arm in arms if not any(name in arm.values for name in MAIN_SETTINGS)]
    if 0 < len(silent) < len(arms):
        were = "was" if len(silent) == 1 else "were"
        yield "remark", f"The counts do not say how {enumeration(silent)} {were} sampled, so this cannot be compared."
        return
    for name in MAIN_SETTINGS:
        without = [names[arm.model] for arm in arms if name not in arm.values]
        if 0 < len(without) < len(arms):
            yield "note", f"The {BY_NAME[name].label} is not recorded for {enumeration(without)}."


def _mixed_setting_notes(arms: Sequence[ArmSettings]) -> Iterator[tuple[Severity, str]]:
    """Arms whose problems were sampled under several values of one setting."""
    names = display_names([arm.model for arm in arms])
    for record in known_settings(arms):
        mixed = [arm for arm in arms if len(arm.values.get(record.name, ())) > 1]
        if record.kind != "named" and mixed:
            values = ", ".join(dict.fromkeys(setting_text(record.name, arm.values[record.name]) for arm in mixed))
            models = enumeration([names[arm.model] for arm in mixed])
            yield "alarm", f"The {record.label} is not the same for all problems of {models}: {values}."


def _missing_problem_notes(arms: Sequence[ArmSettings]) -> Iterator[tuple[Severity, str]]:
    """Problems of the set that have no counts: skipped, or not sampled yet."""
    names = display_names([arm.model for arm in arms])
    short_of: dict[str, list[str]] = {}
    for arm in arms:
        size = arm.values.get("problem_set_size", ("",))[-1]
        if size.isdigit() and int(size) > arm.n_problems:
            short_of.setdefault(f"{arm.n_problems} of the {size} problems", []).append(names[arm.model])
    if short_of:
        parts = "; ".join(f"{enumeration(models)}: {share}" for share, models in short_of.items())
        same_for_all = len(short_of) == 1 and sum(map(len, short_of.values())) == len(arms)
        yield "remark" if same_for_all else "alarm", f"Not every problem of the set has samples. {parts}."


def _different_prompts(arms: Sequence[ArmSettings]) -> str | None:
    """The evidence that two arms had different prompts, as a phrase; None where there is none."""
    for first, second in combinations(arms, 2):
        evidence = _compared_prompts(first, second)
        if evidence not in ("same", "unknown", ""):
            return _prompt_evidence(evidence, arms)
    return None


def _prompt_evidence(name: str, arms: Sequence[ArmSettings]) -> str:
    if name in (TOKENS, TEXTS) and not differs(TEMPLATE_HASH, arms) and not differs(TEMPLATE, arms):
        level = "tokens" if name == TOKENS else "rendered texts"
        return f"the template is the same, the {level} of the prompts are not ({values_by_model(name, arms)})"
    name = TEMPLATE if name not in OTHER_PROMPTS and differs(TEMPLATE, arms) else name
    return f"{BY_NAME[name].label} {values_by_model(name, arms)}"


def _compared_prompts(first: ArmSettings, second: ArmSettings) -> str:
    """Whether two arms had the same prompts: `same`, `unknown`, empty where nothing is recorded, or what differs.

    Notes
    -----
    Token ids are compared where the tokenizers are the same. Where they differ, so may the ids of one text; then the
    rendered texts are compared, or, where a folder of an older version does not record these, the templates.
    """
    a, b = first.values, second.values

    def in_both(name: str) -> bool:
        return name in a and name in b

    for name in OTHER_PROMPTS:
        if in_both(name) and a[name] != b[name]:
            return name
    if in_both(TOKENS) and a[TOKENS] == b[TOKENS]:
        return "same"
    other_tokenizers = in_both(TOKENIZER) and a[TOKENIZER] != b[TOKENIZER]
    for name in (TEXTS,) if other_tokenizers else (TOKENS, TEXTS):
        if in_both(name):
            return "same" if a[name] == b[name] else name
    for name in (TEMPLATE_HASH, TEMPLATE):
        if in_both(name):
            same = "unknown" if in_both(TOKENS) else "same"
            return same if a[name] == b[name] else name
    return ""


def _same_vocabulary(arms: Sequence[ArmSettings]) -> bool:
    """Whether token ids of all arms mean the same, as far as is known."""
    return not differs(TOKENIZER, arms) or (all(TOKENS in arm.values for arm in arms) and not differs(TOKENS, arms))


def enumeration(texts: Sequence[str]) -> str:
    """Texts in a sentence: a, b and c; of many the first few and the number of the others."""
    if len(texts) > MOST_NAMES:
        return f"{', '.join(texts[: MOST_NAMES - 1])} and {len(texts) - MOST_NAMES + 1} others"
    return joined(texts)
