"""Logs of inspect_ai: `.eval` (a zip file with a JSON file a sample) or one `.json`.

Fields: samples[]{id, epoch, input, scores{name: {value}}, error, limit, output.choices[0]}, eval{task, model,
task_args, model_roles, scorers, ...}, plan{steps, config}, status. Epochs are the samples of a problem. Values are "C",
"I", "P" (part of the credit), "N" (no answer) or numbers. Tokens are the output_tokens of the model in model_usage.
What the header calls results and reductions is aggregated over epochs, and is not read. Where inspect_ai is installed,
its own reader is used.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.formats.parts.inspect_files import (
    HEADER,
    OWN,
    PLAIN,
    SAMPLES,
    STARTED,
    Header,
    Message,
    Sample,
    records,
)
from boundary.data.formats.parts.inspect_settings import conditions, sampling_settings
from boundary.data.formats.parts.option_values import number, one_of
from boundary.data.readers.raw_json import raw_bytes, raw_hash
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.readers.zip_members import member_names
from boundary.data.records import CORRECT, EMPTY, NO_ANSWER, TIMEOUT, TRUNCATED, WRONG, Answers, token_count

# As inspect_ai turns letters into numbers (scorer/_metric.py, value_to_float).
GRADES = {"C": 1.0, "I": 0.0, "N": 0.0, "P": 0.5}
LIMITS = {"time": TIMEOUT, "working": TIMEOUT} | dict.fromkeys(
    ("context", "token", "message", "turn", "cost"), TRUNCATED
)
CUT = ("max_tokens", "model_length")
NOT_RUN = "ended in an error before they were scored"
UNSCORED = "have no score"
INVALID = "are marked invalid"
# How Python writes a score of NaN into JSON.
NAN = "NaN"
# `logs.json` of a folder of logs: the headers of all of them by the names of their files, and no samples.
LISTING = re.compile(rb'^\s*\{\s*"[^"]*\.(eval|json)"\s*:')


def recognises(path: Path, head: bytes) -> bool:
    """Whether a zip file holds a log's members, or a JSON file a log's keys."""
    names = member_names(path, head)
    if names:
        return any(name in (HEADER, STARTED) or name.startswith(SAMPLES) for name in names)
    if not is_object(head) or is_listing(head):
        return False
    return has_keys(head, "version", "status", "eval", "plan", "task_id", "dataset")


def is_listing(head: bytes) -> bool:
    """Whether a file is a list of headers, as inspect_ai writes one beside the logs of a folder."""
    return LISTING.match(head) is not None and has_keys(head, "version", "eval", "task_id")


def read(source: Source, *, scorer: str = "", threshold: object = "", reader: str = PLAIN) -> Iterator[Answers]:
    """Samples, an epoch each.

    Parameters
    ----------
    scorer
        Which of several scorers, or NAME.KEY where one gives several values.
    threshold
        The least value that counts as correct, where values lie between 0 and 1.
    reader
        `inspect_ai` to read the file with inspect_ai itself, which must be installed.
    """
    least = None if threshold == "" else number("threshold", threshold)
    entries = records(source, one_of("reader", reader, PLAIN, OWN))
    names = _from_header(next(entries), source, scorer)
    left_out: Counter[str] = Counter()
    epochs: set[tuple[str, int]] = set()
    for sample in entries:
        assert isinstance(sample, Sample)
        place = (str(sample.id), sample.epoch)
        if place in epochs:
            source.broken(f"epoch {sample.epoch} of sample {sample.id} appears twice")
            continue
        epochs.add(place)
        try:
            value = _value(sample, scorer)
            reason = _why_left_out(sample, value)
            correct = not reason and _is_correct(value, least)
        except ValueError as error:
            source.broken(f"sample {sample.id}, epoch {sample.epoch}: {error}")
            continue
        if reason:
            left_out[reason] += 1
            yield Answers(str(sample.id), [], whole=False, **names)
        else:
            tokens = [_output_tokens(sample, str(names["model"]))]
            yield _answers(sample, value, correct)._replace(tokens=tokens, **names)
    _tell(left_out, len(epochs), source)


def _from_header(header: Any, source: Source, scorer: str) -> dict[str, Any]:
    """Model, benchmark and run; settings and warnings go to the source."""
    assert isinstance(header, Header)
    task = header.eval
    source.settings |= sampling_settings(header)
    source.conditions |= conditions(header, scorer)
    if header.status not in (None, "success"):
        source.note(
            f"'{source.path}': the run did not finish (its status is {header.status}); problems may lack samples."
        )
    if header.invalidated:
        source.note(f"'{source.path}': inspect_ai marks samples of this log as invalid.")
    names = {"model": task.model, "benchmark": task.task}
    # A retry keeps its task_id and holds the samples that were finished before once more: not a second run.
    return names if task.task_id is None else names | {"run": f"task {task.task_id}"}


def _why_left_out(sample: Sample, value: Any) -> str:
    if sample.invalidation is not None:
        return INVALID
    if value is None or value == NAN:
        return UNSCORED if sample.error is None else NOT_RUN
    return ""


def _tell(left_out: Counter[str], samples: int, source: Source) -> None:
    if not samples:
        raise source.error("it holds no samples, and what its header says is aggregated over epochs. Log with samples")
    if sum(left_out.values()) == samples:
        raise source.error(f"all of its {samples} samples {next(iter(left_out))}. Score the log first (inspect score)")
    for reason, count in left_out.items():
        source.note(
            f"'{source.path}': {count} of {samples} samples {reason}; they were left out, not taken for wrong ones."
        )


def _answers(sample: Sample, value: Any, correct: bool) -> Answers:
    messages = _messages(sample)
    spoken = [message for message in messages if message.role == "assistant"]
    return Answers(
        problem_id=str(sample.id),
        outcomes=[_outcome(sample, value, correct, spoken)],
        sample_index=[sample.epoch - 1],
        texts=[_text(sample, spoken)],
        question=_question(sample),
        prompt=_prompt(messages),
        whole=False,
    )


def _output_tokens(sample: Sample, model: str) -> int | None:
    """Tokens that the model wrote in all of its messages; a grader's are apart."""
    usage = sample.model_usage.get(model) if isinstance(sample.model_usage, dict) else None
    return token_count(usage.get("output_tokens")) if isinstance(usage, dict) else None


def _value(sample: Sample, scorer: str) -> Any:
    """The score, None where there is none.

    Raises
    ------
    ValueError
        Where it is not clear which of several is meant.
    """
    scores = sample.scores or {}
    name, _, key = (scorer, "", "") if scorer in scores else scorer.partition(".")
    if not scores:
        return None
    if not name and len(scores) > 1:
        raise ValueError(f"several scorers ({', '.join(sorted(scores))}). Choose one with --option scorer=NAME")
    if name and name not in scores:
        raise ValueError(f"no scorer '{name}', only {', '.join(sorted(scores))}")
    value = scores[name].value if name else next(iter(scores.values())).value
    if isinstance(value, dict):
        if key not in value:
            raise ValueError(f"the scorer gives {', '.join(map(str, value))}. Choose one with --option scorer=NAME.KEY")
        return value[key]
    return value


def _is_correct(value: Any, least: float | None) -> bool:
    grade = _grade(value) if isinstance(value, str) else value
    if not isinstance(grade, int | float) or not abs(grade) < float("inf"):
        shown = " ".join(str(value).split())[:40]
        raise ValueError(f"the score {shown!r} is no verdict")
    if least is not None:
        return grade >= least
    if grade not in (0, 1):
        raise ValueError(
            f"the score {value!r} is part of the credit. Say what counts as correct with --option threshold=0.5"
        )
    return bool(grade)


def _grade(word: str) -> float | None:
    """The value of a grade that is written as text: a letter or a number."""
    if word in GRADES:
        return GRADES[word]
    try:
        return float(word)
    except ValueError:
        return None


def _outcome(sample: Sample, value: Any, correct: bool, spoken: list[Message]) -> str:
    """Outcome of a sample: correct if its answer is right, however it ended; otherwise what ended it."""
    choices = sample.output.choices if sample.output else None
    if correct:
        return CORRECT
    if sample.limit is not None and sample.limit.type in LIMITS:
        return LIMITS[sample.limit.type]
    if choices and choices[0].stop_reason in CUT:
        return TRUNCATED
    if len(spoken) == 1 and not spoken[0].tool_calls and raw_bytes(spoken[0].content) in (b'""', b"[]", b""):
        return EMPTY
    return NO_ANSWER if value == "N" else WRONG


def _messages(sample: Sample) -> list[Message]:
    if not raw_bytes(sample.messages):
        return []
    try:
        return msgspec.json.decode(sample.messages, type=list[Message])
    except ValueError:
        return []


def _text(sample: Sample, spoken: list[Message]) -> int:
    """Hash of the only answer; of a conversation that of all messages, since its last message may be a common one."""
    if len(spoken) == 1:
        return raw_hash(spoken[0].content)
    return raw_hash(sample.messages) if spoken else 0


def _prompt(messages: list[Message]) -> bytes | None:
    """What stands before the first answer: system message, worked examples, template."""
    roles = [message.role for message in messages]
    before = messages[: roles.index("assistant")] if "assistant" in roles else []
    return b"\0".join(f"{message.role}:".encode() + bytes(message.content) for message in before) or None


def _question(sample: Sample) -> bytes | None:
    """The input where it is plain text: messages carry ids of their own, and long texts are kept elsewhere."""
    text = raw_bytes(sample.input)
    return text if text.startswith(b'"') and not text.startswith(b'"attachment:') else None
