"""Which field of one's own records is what, guessed by the usual names where the user does not say."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from boundary.data.formats.parts.row_fields import (
    BENCHMARKS,
    CERTAIN,
    DATA_SETS,
    FINISH,
    LISTS,
    MODELS,
    NAMES,
    PLACES,
    POLICIES,
    PROMPTS,
    QUESTIONS,
    REASONS,
    SETTINGS,
    STEPS,
    SURE,
    TEXTS,
    TOKENS,
    UNCERTAIN,
    VERDICTS,
    Fields,
    is_count_of_several,
    is_verdict,
    listed,
    value_at,
)
from boundary.data.formats.parts.row_lists import lists_of_samples, matching_columns, spread_record, trial_columns
from boundary.data.formats.parts.row_names import JUDGE_FIELDS, PROMPT_FIELDS, FieldNames, usual_spelling
from boundary.data.readers.streams import Source

Roles = Mapping[str, tuple[str, ...]]
# Words in the names of lists of verdicts on samples; with the others they are on parts of one.
VERDICT_WORDS = {
    *("correct", "corrects", "correctness", "corrections", "pass", "passed", "passes", "verdict", "verdicts", "score"),
    *("scores", "reward", "rewards", "solved", "success", "successes", "acc", "accuracies", "grade", "grades"),
}
NOT_VERDICTS = {
    "test",
    "tests",
    "step",
    "steps",
    "case",
    "cases",
    "turn",
    "turns",
    "token",
    "tokens",
    "option",
    "options",
}
AROUND_TEXTS = ("response", "completion", "generation", "output", "result", "sample", "rollout", "prediction", "answer")
INNER_POLICIES = ("checkpoint", "checkpoint_path", "ckpt", "model_path", "policy", "train_step", "training_step")


def list_field(record: Mapping[str, Any], roles: Roles) -> str:
    """The field that holds a list of samples, each a record: named as part of `correct`, or guessed; "" for none."""
    if "models" in roles:
        return ""
    lists = lists_of_samples(record, VERDICTS)
    if "correct" not in roles:
        return lists[0] if len(lists) == 1 and not _verdicts(FieldNames(record), record) else ""
    name = roles["correct"][0]
    outer = name.partition(".")[0]
    is_list = name not in record and outer in record and spread_record(record, outer).keys() - record.keys()
    return outer if is_list else ""


def refuse_several_lists(record: Mapping[str, Any], roles: Roles, source: Source) -> None:
    """Refuse to guess between a record's own verdict and those within a list, or between two kinds of trials.

    Raises
    ------
    InputError
        Naming both.
    """
    if "correct" in roles or "models" in roles:
        return
    lists = lists_of_samples(record, VERDICTS)
    inner = [
        next(path for path in FieldNames(spread_record(record, name)).all(VERDICTS, VERDICTS) if path.startswith(name))
        for name in lists
    ]
    sure = _verdicts(FieldNames(record), record)
    is_single = bool(sure) and not isinstance(listed(value_at(record, sure[0])), list)
    verdict_lists = _lists_of_verdicts(record) if is_single else []
    candidates = [*sure, *inner, *_trials(record), *verdict_lists]
    if len(candidates) > 1 and (inner or verdict_lists or has_siblings(record) or _trials(record)):
        first, second = candidates[0], candidates[-1]
        raise source.error(
            f"'{first}' and '{second}' may both be the verdicts. Say which, with --columns correct={first} or "
            f"--columns correct={second}"
        )


def has_siblings(record: Mapping[str, Any]) -> bool:
    """Whether the verdicts stand under names of their own, as those of models or of samples: `base.correct`, ..."""
    sure = _verdicts(FieldNames(record), record)
    if not sure or sure[0] in record:
        return False
    last_words = [path.rpartition(".")[2] for path in sure if path not in record]
    return last_words.count(last_words[0]) > 1


def _verdicts(names: FieldNames, record: Mapping[str, Any]) -> list[str]:
    """Fields that are surely verdicts, best first; within other fields only where their values are verdicts."""
    return [
        path
        for path in names.all(SURE, SURE)
        if path in record or (is_verdict(value_at(record, path)) and not _is_inner_count(record, path))
    ]


def _is_inner_count(record: Mapping[str, Any], path: str) -> bool:
    """Whether a field within another one is a number of tests or samples."""
    outer, _, name = path.rpartition(".")
    around = value_at(record, outer)
    return isinstance(around, Mapping) and is_count_of_several(around, name)


def _lists_of_verdicts(record: Mapping[str, Any]) -> list[str]:
    """Fields that hold several verdicts, by their names and values, as `all_correct` beside `correct`."""
    return [
        path
        for path, value in FieldNames(record).paths.items()
        if isinstance(value, list)
        and len(value) > 1
        and is_verdict(value)
        and all(part in (0, 1) or isinstance(part, str) for part in value if part is not None)
        and (words := set(usual_spelling(path.rpartition(".")[2]).split("_"))) & VERDICT_WORDS
        and not words & NOT_VERDICTS
    ]


def _trials(record: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Columns of trials whose values are verdicts."""
    return {
        pattern: columns
        for pattern, columns in trial_columns(record, VERDICTS).items()
        if all(is_verdict(record[name]) for name in columns if record[name] is not None)
        and any(record[name] is not None for name in columns)
    }


class _Parts(NamedTuple):
    """The fields of a record: of its list of samples, around it, and all; without a list the first two are all."""

    sample: FieldNames
    around: FieldNames
    all: FieldNames


def guessed_fields(record: Mapping[str, Any], roles: Roles, samples: str = "") -> Fields:
    """Fields as the user names them, else the first of the usual names that the record has.

    Parameters
    ----------
    record
        The first record; of a list of samples as `spread_record` makes it.
    roles
        What the user named.
    samples
        The field that holds the list of samples, or "".
    """
    parts = _parts(record, samples)
    names = parts.all
    fields = _with_problem(_with_verdicts(Fields(list_field=samples), record, roles, parts), roles, parts)
    models, is_list = fields.models, fields.is_list
    model_names = list(dict.fromkeys(path for part in parts for path in part.all_within(MODELS, JUDGE_FIELDS)))
    benchmarks = parts.around.all_within(BENCHMARKS)
    text = "" if models else _first(roles, "text", _texts(parts.sample, (samples,) if samples else AROUND_TEXTS))
    other_names = {
        **fields.other_names,
        "model": () if "model" in roles or models else tuple(model_names[1:]),
        "benchmark": () if "benchmark" in roles else tuple(path for path in benchmarks[1:] if path in record),
    }
    fields = replace(
        fields,
        text=text,
        sample=_first(roles, "sample", [*parts.sample.all_within(PLACES), *names.all_within(PLACES)]),
        model="" if models else _first(roles, "model", model_names),
        benchmark=_first(roles, "benchmark", benchmarks),
        step=_first(roles, "step", names.all_within(STEPS)),
        finish=_first(roles, "finish", parts.sample.all_within(FINISH)),
        run=_first(roles, "run", ()),
        reason=_first(roles, "reason", parts.sample.all(REASONS)),
        tokens="" if models else _first(roles, "tokens", parts.sample.all_within(TOKENS, PROMPT_FIELDS)),
        settings=_settings(names),
        lists=tuple(name for name in LISTS if not is_list and name != text and count_texts(name, record.get(name)) > 1),
        other_names={role: paths for role, paths in other_names.items() if paths},
    )
    unused = tuple(path for path in _policies(record, parts, samples) if path not in fields.names)
    return replace(fields, later_names=_later_names(record, fields, roles), policies=unused)


def _first(roles: Roles, role: str, paths: Sequence[str]) -> str:
    """The field that the user named for a role, else the first of some; "" where there is none."""
    return roles[role][0] if role in roles else next(iter(paths), "")


def _parts(record: Mapping[str, Any], samples: str) -> _Parts:
    names = FieldNames(record)
    if not samples:
        return _Parts(names, names, names)
    inner = {name: value for name, value in record.items() if name.startswith(f"{samples}.")}
    outer = {name: value for name, value in record.items() if name not in inner}
    return _Parts(FieldNames(inner), FieldNames(outer), names)


def _with_verdicts(fields: Fields, record: Mapping[str, Any], roles: Roles, parts: _Parts) -> Fields:
    """Which field is the verdict, and which could be it too."""
    models = roles.get("models", ())
    sure = _verdicts(parts.sample, record)
    trials = _named_trials(record, (*models, *roles.get("correct", ())))
    guessed_trials = {} if sure or models or "correct" in roles else _trials(record)
    trials |= guessed_trials if len(guessed_trials) == 1 else {}
    usual = [path for path in parts.sample.all_within(VERDICTS) if not _is_inner_count(record, path)]
    usual.sort(key=lambda path: not is_verdict(value_at(record, path)))
    correct = "" if models else _first(roles, "correct", [*sure, *guessed_trials, *usual])
    other_verdicts = tuple(path for path in sure if path != correct and is_verdict(value_at(record, path)))
    verdict = models[0] if models else correct
    return replace(
        fields,
        correct=correct,
        models=models,
        is_list=verdict in trials or isinstance(listed(value_at(record, verdict)), list),
        trials=trials,
        other_verdicts=() if "correct" in roles or models or correct not in sure else other_verdicts,
    )


def _with_problem(fields: Fields, roles: Roles, parts: _Parts) -> Fields:
    """Which fields name the problem and hold its text, and which could name it too."""
    texts, certain = _questions(parts.around), parts.around.all_within(CERTAIN)
    uncertain = parts.around.all(UNCERTAIN)
    if fields.list_field and not certain and not texts:
        # What is around the list may be a run, and its entries of several problems.
        certain, texts = parts.sample.all_within(CERTAIN), _questions(parts.sample)
        uncertain = [] if texts else uncertain
    problem = _first(roles, "problem", [*certain, *uncertain])
    # A name of the record itself is compared with others of its kind, and not with those within other fields.
    own = [path for path in certain if "." not in path]
    same_kind = [*(own if problem in own else certain), *(parts.sample.all(CERTAIN) if fields.list_field else ())]
    other_paths = () if "problem" in roles or problem not in certain else tuple(p for p in same_kind if p != problem)
    question = roles.get("question", roles.get("prompt", (next(iter(texts), ""),)))[0]
    return replace(fields, problem=problem, question=question, other_names={"problem": other_paths})


def _questions(names: FieldNames) -> list[str]:
    """Fields that hold the problem's text, or all that the model was given."""
    return [path for path in names.all((*QUESTIONS, *PROMPTS), QUESTIONS) if isinstance(names.paths[path], str | list)]


def _texts(names: FieldNames, around: Sequence[str]) -> list[str]:
    """Fields of the completion's text; within other fields only in those of the completion."""
    inner = names.all((*TEXTS, "content"), (*TEXTS, "content"))
    return list(dict.fromkeys([*names.all(TEXTS), *(path for path in inner if path.partition(".")[0] in around)]))


def _settings(names: FieldNames) -> dict[str, str]:
    """Fields that hold settings of the sampling, by the names of the settings; the name itself where none does."""
    return {name: next(iter(names.all((name,), (name,), JUDGE_FIELDS)), name) for name in SETTINGS}


def _policies(record: Mapping[str, Any], parts: _Parts, samples: str) -> list[str]:
    """Fields that may tell policies or benchmarks apart."""
    usual_names = (*POLICIES, *DATA_SETS)
    paths = [name for name in usual_names if record.get(name) is not None]
    paths += parts.all.all(usual_names)
    paths += parts.sample.all_within(POLICIES, JUDGE_FIELDS) if samples else []
    paths += parts.all.all_within(INNER_POLICIES, JUDGE_FIELDS)
    return list(dict.fromkeys(paths))


def _named_trials(record: Mapping[str, Any], patterns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Columns that the user named by a pattern, such as `trial_*`."""
    return {pattern: columns for pattern in patterns if (columns := matching_columns(record, pattern))}


def _later_names(record: Mapping[str, Any], fields: Fields, roles: Roles) -> dict[str, str]:
    """Names by their roles that the first records lack, and that would be taken, or contradict what was taken."""
    verdicts = SURE if fields.correct in SURE else VERDICTS
    usual_names = {
        "problem": CERTAIN if fields.problem else NAMES,
        "correct": () if fields.models else verdicts,
        "model": () if fields.models else MODELS,
        "benchmark": BENCHMARKS,
        "step": () if fields.step else STEPS,
        "sample": () if fields.sample else PLACES,
        "text": () if fields.text or fields.models else TEXTS,
        "finish": () if fields.finish else FINISH,
        "reason": () if fields.reason else REASONS,
        "tokens": () if fields.tokens or fields.models else TOKENS,
    }
    in_use = set(fields.names)
    return {
        name: role
        for role, names in usual_names.items()
        if role not in roles
        for name in names
        if record.get(name) is None and name not in in_use
    }


def count_texts(name: str, value: Any) -> int:
    """How many texts, or conversations, a field holds: the entries of a list, else 1."""
    if isinstance(value, str) and name in LISTS:
        value = listed(value)
    if not isinstance(value, list) or not value:
        return 1
    # The turns of a conversation have roles, the parts of a message types: these are one text.
    are_parts = all(isinstance(part, Mapping) and part.keys() & {"role", "type"} for part in value)
    are_texts = any(all(isinstance(part, kind) for part in value) for kind in (str, list, Mapping))
    return len(value) if are_texts and not are_parts else 1
