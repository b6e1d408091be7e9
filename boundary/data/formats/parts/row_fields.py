"""Which field of one's own records is what: named by the user, or guessed by the usual names and said."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boundary.data.formats.parts.matrix_header import BETWEEN
from boundary.data.formats.parts.records import field_value
from boundary.data.formats.parts.row_lists import matching_columns
from boundary.data.readers.streams import Source
from boundary.data.records import CORRECT, OUTCOMES, WRONG
from boundary.errors import InputError, did_you_mean

NAMES = (
    *("problem_id", "question_id", "example_id", "task_id", "instance_id", "prompt_id", "item_id", "doc_id", "qid"),
    *("problem_idx", "question_idx", "problem_index", "question_index", "uid", "unique_id", "idx", "index", "id"),
)
# These may number lines in place of problems.
UNCERTAIN = ("uid", "unique_id", "idx", "index", "id")
CERTAIN = tuple(name for name in NAMES if name not in UNCERTAIN)
VERDICTS = (
    *("is_correct", "correct", "passed", "outcome", "success", "is_success", "solved", "is_solved", "resolved"),
    *("judged_correct", "correctness", "verdict", "pass", "acc", "accuracy", "score", "reward", "grade"),
    *(
        "is_right",
        "is_passed",
        "exact_match",
        "is_equiv",
        "verdicts",
        "corrects",
        "passes",
        "scores",
        "rewards",
        "grades",
        "results",
        "status",
        "result",
        "verified",
        "judgement",
        "judgment",
        "match",
    ),
)
# The others are verdicts only where there is a sample beside them.
SURE = VERDICTS[:12]
TEXTS = (
    *("completion", "response", "output", "generation", "generated_text", "generated", "solution", "model_output"),
    *("model_response", "raw_output", "prediction", "text", "reasoning", "code", "completions", "responses"),
    *("outputs", "generations"),
)
QUESTIONS, PROMPTS = ("problem", "question", "query", "instruction"), ("prompt", "input", "messages")
PLACES = (
    *("sample_index", "sample_idx", "sample_id", "rollout", "rollout_id", "rollout_idx", "rollout_index", "attempt"),
    *("trial", "completion_id", "generation_id", "repeat", "run_idx"),
)
MODELS, BENCHMARKS = ("model", "model_name", "model_id"), ("benchmark", "dataset", "dataset_name", "data_source")
TOKENS = (
    *("n_tokens", "num_tokens", "completion_tokens", "output_tokens", "generated_tokens", "num_generated_tokens"),
    *("response_tokens", "response_length_tokens", "n_output_tokens", "num_output_tokens"),
)
STEPS = ("checkpoint_step", "global_step")
FINISH = ("finish_reason", "stop_reason")
SETTINGS = (
    *("temperature", "top_p", "top_k", "min_p", "max_tokens", "max_new_tokens", "reasoning_effort", "system_prompt"),
    *("system_message", "prompt_type", "prompt_template", "template", "num_fewshot", "n_shot", "few_shot", "split"),
    *("verifier", "scorer"),
)
# Other names of columns that decide what is analysed, in tables of counts and of samples.
OTHER_NAMES = {
    "benchmark": (
        *("bench", "dataset", "data_source", "eval", "evaluation", "benchmark_name", "data_name", "eval_name"),
        "test_set",
    ),
    "checkpoint_step": ("step", "steps", "global_step", "training_step", "train_step", "iteration"),
    "training_run": ("training_seed", "train_seed", "run_id"),
    "method": ("algorithm", "algo"),
}
# Beside a sample these are the steps that an agent took.
STEP_NAMES = tuple(name for name in OTHER_NAMES["checkpoint_step"] if name != "steps")
# Fields that often tell policies apart; where they differ among samples of one problem this has to be said.
POLICIES = (
    *(*STEP_NAMES, "epoch", "checkpoint", "checkpoint_path", "ckpt", "model_path", "policy", "llm", "adapter"),
    *("variant", "method", *OTHER_NAMES["method"], "experiment", "stage", "arm", "training_seed", "train_seed"),
)
# Likewise benchmarks.
DATA_SETS = (*OTHER_NAMES["benchmark"], "subset", "task", "task_name", "subject")
SEED = "seed"
REASONS = ("error", "reason", "failure_reason", "result")
RIGHT = dict.fromkeys(
    ("correct", "right", "true", "pass", "passed", "success", "solved", "yes", "y", "1", "1.0"), CORRECT
)
WRONGS = dict.fromkeys(
    ("wrong", "incorrect", "false", "fail", "failed", "failure", "unsolved", "no", "n", "0", "0.0"), WRONG
)
WORDS = {name: name for name in OUTCOMES} | RIGHT | WRONGS
# What a column may be said to be (`--columns problem=qid`), and the names of the counts table that mean the same.
ROLES = (
    *("problem", "correct", "model", "models", "benchmark", "sample", "run", "text", "question", "prompt", "step"),
    *("finish", "reason", "tokens"),
)
ALIASES = {
    "problem_id": "problem",
    "id": "problem",
    "outcome": "correct",
    "sample_index": "sample",
    "checkpoint_step": "step",
    "finish_reason": "finish",
    "seed": "run",
    "n_tokens": "tokens",
}
EXAMPLE = "problem=qid,correct=is_correct,model=checkpoint"
# Columns of counts: such a table is no table of samples.
COUNTS = (("n_samples", "n_correct"), ("n", "c"))
TOTALS = (
    *(
        "n_samples",
        "num_samples",
        "n_total",
        "total",
        "num_trials",
        "n_trials",
        "n_attempts",
        "num_attempts",
        "attempts",
    ),
    *("trials", "rollouts", "n_rollouts", "num_rollouts", "generations", "n_generations", "num_generations", "samples"),
    *("n_completions", "num_completions", "n_responses", "num_responses", "num_total", "n_runs", "num_runs"),
)
CORRECT_COUNTS = ("num_correct", "correct_count", "n_passed", "num_passed", "n_success", "num_success", "correct")
# What was counted beside the correct samples, or the tests of one sample that passed.
OPPOSITES = {
    "passed": ("failed", "n_failed", "failures", "total"),
    "pass": ("fail", "failed", "total"),
    "correct": ("incorrect", "wrong", "total"),
    "success": ("failure", "failures", "failed", "total"),
    "solved": ("unsolved", "failed", "total"),
    "resolved": ("unresolved", "total"),
}
# Roles that decide what is counted: a field for one of them that only later records have is not passed over.
DECISIVE = ("problem", "correct", "model", "benchmark", "step")
# Fields that hold several texts of a record.
LISTS = (
    *("completions", "responses", "outputs", "generations", "samples", "predictions", "preds", "rollouts", "attempts"),
    *("trials", "solutions", "model_outputs", "model_responses", "codes", "generated_texts"),
)


@dataclass(frozen=True)
class Fields:
    """Which field is what; "" where there is none.

    Parameters
    ----------
    problem, correct, text, question, sample, model, benchmark, step, finish, run, reason, tokens
        Names of fields.
    models
        Fields that each hold the verdicts of a model, in place of `correct` and `model`.
    is_list
        Whether a record holds all samples of a problem.
    in_table
        Whether the records are rows of a table, in which an empty cell is a field that is not there.
    other_verdicts, other_names
        Further fields that could be the verdict, or tell problems, models or benchmarks apart, by role: where they
        contradict the guess it is refused.
    later_names
        Names by their roles that would have been taken, had one of the first records had a field named so.
    lists
        Fields that hold several texts of a record, where it has one verdict.
    policies
        Fields that may tell policies or benchmarks apart, and have no other use.
    list_field
        The field that holds a list of records, each a sample, whose fields are named `list_field.name`.
    trials
        Fields that each hold the verdict on one trial, by the pattern that stands for them in `correct` or `models`.
    settings
        Fields that hold settings of the sampling, by the names of SETTINGS.
    unread
        Fields without a role: that they differ among the samples of a problem is noted.
    """

    problem: str = ""
    correct: str = ""
    text: str = ""
    question: str = ""
    sample: str = ""
    model: str = ""
    benchmark: str = ""
    step: str = ""
    finish: str = ""
    run: str = ""
    reason: str = ""
    tokens: str = ""
    models: tuple[str, ...] = ()
    is_list: bool = False
    in_table: bool = False
    other_verdicts: tuple[str, ...] = ()
    other_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    later_names: Mapping[str, str] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    list_field: str = ""
    trials: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All fields that are read."""
        fields = (self.problem, self.correct, self.text, self.question, self.sample, self.model, self.benchmark)
        optional = (
            self.step,
            self.finish,
            self.run,
            self.reason,
            self.tokens,
            *self.models,
            *self.other_verdicts,
            *self.policies,
            *self.settings.values(),
            *SETTINGS,
            SEED,
        )
        candidates = (name for names in (*self.other_names.values(), *self.trials.values()) for name in names)
        names = (*fields, self.list_field, *optional, *candidates, *self.later_names)
        return [name for name in dict.fromkeys(names) if name]

    def model_of(self, name: str) -> str:
        """The model whose verdicts a field holds, or the columns of a pattern."""
        return (name.replace("*", "").strip(BETWEEN) or name) if name in self.trials else name

    def verdicts_of(self, model: str | None) -> str:
        """The field that holds the verdicts on a model, or the pattern of its columns."""
        return next((name for name in self.models if self.model_of(name) == model), self.correct)


def named_fields(columns: Any, **options: str) -> dict[str, tuple[str, ...]]:
    """What the user says which column is: `problem=qid,correct=is_correct`, or a mapping, with the options of old.

    Parameters
    ----------
    columns
        Text, or a mapping of roles to names of columns; of the role `models` there may be several.
    **options
        Roles of single options; "" where not given.

    Raises
    ------
    InputError
        For an unknown role, or one that is given twice.
    """
    pairs = [(role, name) for role, name in options.items() if name]
    if isinstance(columns, Mapping):
        pairs += [
            (str(role), str(name))
            for role, names in columns.items()
            for name in ([names] if isinstance(names, str) or not isinstance(names, Sequence) else names)
        ]
    elif columns:
        pairs += _parsed(str(columns))
    roles: dict[str, tuple[str, ...]] = {}
    for written_role, name in pairs:
        role = ALIASES.get(written_role.strip(), written_role.strip())
        if role not in ROLES:
            hint = did_you_mean(role, ROLES)
            raise InputError(
                f"No column can be '{role}'.{hint} Write --columns {EXAMPLE}; there are: {', '.join(ROLES)}."
            )
        if role in roles and role != "models":
            raise InputError(f"Two columns are named for {role} ({roles[role][0]} and {name}). Name one.")
        roles[role] = (*roles.get(role, ()), name.strip())
    if "models" in roles and {"correct", "model"} & roles.keys():
        raise InputError(
            "Where each model has a column of verdicts (models=NAME), leave out correct=NAME and model=NAME."
        )
    return roles


def _parsed(text: str) -> list[tuple[str, str]]:
    """Pairs of `role=name,...`; a name with a comma in it is quoted."""
    try:
        words = next(csv.reader([text], strict=True, skipinitialspace=True), [])
    except csv.Error as error:
        raise InputError(f"--columns {text[:60]}: {error}. Write --columns {EXAMPLE}.") from error
    pairs = []
    for word in words:
        role, equals, name = word.partition("=")
        if not equals or not name.strip():
            raise InputError(f"--columns: '{word[:60]}' names no column. Write --columns {EXAMPLE}.")
        pairs.append((role, name))
    return pairs


def check_fields(
    record: Mapping[str, Any],
    fields: Fields,
    roles: Mapping[str, Any],
    source: Source,
    appears: Callable[[str], bool],
) -> None:
    """Refuse fields that are not there.

    Parameters
    ----------
    record
        The first record.
    fields
        Which field is what.
    roles
        What the user named.
    source
        The file, for messages.
    appears
        Whether any record has a field of a name.

    Raises
    ------
    InputError
        Naming the fields that the record has.
    """
    present = ", ".join(str(name)[:40] for name in list(record)[:12]) + ", ..." * (len(record) > 12)
    for role, name in (("problem", fields.problem or fields.question), ("correct", fields.correct or fields.models)):
        if not name:
            raise source.error(f"no field is known for {role}. Name one with --columns {role}=NAME. It has {present}")
    for role, names in roles.items():
        for name in names:
            try:
                if not matching_columns(record, name):
                    value_at(record, name, strict=True)
            except KeyError:
                if not appears(name):
                    pattern = ", in which each * stands for a number," * ("*" in name)
                    raise source.error(
                        f"no field '{name[:60]}'{pattern} in any record, for {role}. The first have {present}"
                    ) from None
    _refuse_shared_columns(fields, source)


def _refuse_shared_columns(fields: Fields, source: Source) -> None:
    """Refuse a column of verdicts that stands for two models."""
    names: dict[str, str] = {}
    for name in fields.models:
        for column in fields.trials.get(name, (name,)):
            if column in names:
                raise source.error(
                    f"the column '{column[:40]}' is named twice, by models={names[column][:40]} and models={name[:40]}"
                    ". Name it once"
                )
            names[column] = name


def value_at(record: Mapping[str, Any], name: str, strict: bool = False) -> Any:
    """The value of a field, or within one (`metrics.acc`); None, or with `strict` a KeyError, where there is none."""
    if name in record:
        return record[name]
    try:
        return field_value(record, name)
    except KeyError:
        if strict:
            raise
        return None


def is_counts(record: Mapping[str, Any]) -> bool:
    """Whether a record holds counts, or is of a table of samples as this project writes it, which is read as it is."""
    names = {str(name).strip().lower(): value for name, value in record.items()}
    if any(names.keys() >= set(pair) for pair in COUNTS):
        return True
    totals, correct = ([names[name] for name in usual if name in names] for usual in (TOTALS, CORRECT_COUNTS))
    if any(map(_is_count, totals)) and any(map(_is_count, correct)):
        return True
    return any(is_count_of_several(names, name) for name in OPPOSITES)


def is_count_of_several(record: Mapping[str, Any], name: str) -> bool:
    """Whether a field is a number of passed tests or samples, as the number of those that failed stands beside it."""
    opposites = OPPOSITES.get(name, ())
    return _is_count(record.get(name)) and any(_is_count(record.get(opposite)) for opposite in opposites)


def _is_count(value: Any) -> bool:
    """Whether a value is a whole number, which a table may hold as text."""
    return isinstance(value, int | float | str) and not isinstance(value, bool) and str(value).strip().isdecimal()


def is_verdict(value: Any) -> bool:
    """Whether a value is a verdict, or a list of verdicts."""
    value = listed(value)
    if isinstance(value, list):
        parts = [part for part in value if part is not None]
        return bool(parts) and all(is_verdict(part) for part in parts)
    return isinstance(value, int | float) or (isinstance(value, str) and word_of(value) in WORDS)


def word_of(value: Any) -> str:
    """A verdict as it stands in WORDS."""
    return str(value).strip().lower().replace(" ", "_")


def listed(value: Any) -> Any:
    """A list that a table holds as text, as `[True, False]` or `[1, 0]`; any other value as it is."""
    if not (isinstance(value, str) and value.lstrip()[:1] == "[" and value.rstrip()[-1:] == "]"):
        return value
    words = [word.strip().strip("'\"") for word in value.strip()[1:-1].split(",")]
    return words if all(words) or words == [""] else value
