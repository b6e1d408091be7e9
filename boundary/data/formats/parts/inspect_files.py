"""Headers and samples of inspect_ai's logs, by plain reading or through inspect_ai's own reader.

Plain reading is the rule: the other reader (as of inspect_ai 0.3.285) looks at no checksum and passes over an epoch
that stands twice, so that a damaged file could give wrong counts. It is there for logs of a newer schema.
"""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Annotated, Any
from zipfile import ZipInfo

import msgspec

from boundary.data.readers.raw_json import NOTHING
from boundary.data.readers.streams import Source, decode_json
from boundary.data.readers.zip_members import ZIP_MAGIC, open_members
from boundary.errors import InputError

HEADER, STARTED, SAMPLES = "header.json", "_journal/start.json", "samples/"
# `samples/{id}_epoch_{epoch}.json`
WHOLE = re.compile(r"_epoch_\d+\.json$")
MOST = 1 << 31
# Of the schema of logs (inspect_ai's LOG_SCHEMA_VERSION).
VERSIONS = (1, 2)
PLAIN, OWN = "plain", "inspect_ai"


class Step(msgspec.Struct):
    """A solver and its arguments."""

    solver: str
    params: dict[str, Any] | None = None


class Plan(msgspec.Struct):
    """What was done with each sample."""

    steps: list[Step] | None = None
    finish: Step | None = None
    config: dict[str, Any] | None = None


class Scorer(msgspec.Struct):
    """How samples were judged."""

    name: str
    options: dict[str, Any] | None = None


class Task(msgspec.Struct):
    """What was run."""

    model: str
    task: str
    task_id: str | None = None
    task_version: Any = None
    task_args: dict[str, Any] | None = None
    solver: str | None = None
    solver_args: dict[str, Any] | None = None
    model_args: dict[str, Any] | None = None
    model_roles: dict[str, Any] | None = None
    model_generate_config: dict[str, Any] | None = None
    dataset: dict[str, Any] | None = None
    config: dict[str, Any] | None = None
    scorers: list[Scorer] | None = None
    sandbox: Any = None


class Header(msgspec.Struct):
    """What a log says of itself."""

    version: int
    eval: Task
    status: str | None = None
    plan: Plan | None = None
    invalidated: bool = False


class Score(msgspec.Struct):
    """A scorer's verdict."""

    value: Any = None


class Message(msgspec.Struct):
    """A message, of which only who spoke and what is needed."""

    role: str | None = None
    content: msgspec.Raw = NOTHING
    tool_calls: list[Any] | None = None


class Choice(msgspec.Struct):
    """What the model answered last."""

    message: Message
    stop_reason: str | None = None


class Output(msgspec.Struct):
    """The model's output."""

    choices: list[Choice] | None = None


class Limit(msgspec.Struct):
    """The limit that ended a sample."""

    type: str


class Sample(msgspec.Struct):
    """An epoch of a problem."""

    id: int | str
    epoch: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    input: msgspec.Raw = NOTHING
    messages: msgspec.Raw = NOTHING
    output: Output | None = None
    scores: dict[str, Score] | None = None
    error: Any = None
    limit: Limit | None = None
    invalidation: Any = None
    model_usage: Any = None


class Log(Header):
    """A log that is one JSON file."""

    samples: list[Sample] | None = None


FIELDS = set(Sample.__struct_fields__)


def records(source: Source, reader: str = PLAIN) -> Iterator[Header | Sample]:
    """The header, then each sample.

    Parameters
    ----------
    reader
        PLAIN, or OWN for inspect_ai's reader. A log newer than VERSIONS is read by OWN in any case.

    Raises
    ------
    InputError
        If it is damaged or no log; if inspect_ai is needed and not installed.
    """
    zipped = source.head().startswith(ZIP_MAGIC)
    if reader == OWN:
        if zipped:
            with open_members(source):  # refuses what would unpack without end, before another reader is let at it
                pass
        yield from _through_inspect(source)
        return
    records = _from_zip(source) if zipped else _from_json(source)
    header = next(records)
    assert isinstance(header, Header)
    if header.version in VERSIONS:
        yield header
        yield from records
    else:
        yield from _through_inspect(source)


def _from_json(source: Source) -> Iterator[Header | Sample]:
    log = source.document(Log)
    yield log
    yield from log.samples or []


def _from_zip(source: Source) -> Iterator[Header | Sample]:
    with open_members(source) as (members, read):
        by_name = {info.filename: info for info in members}
        header = by_name.get(HEADER) or by_name.get(STARTED)
        if header is None:
            raise source.error(f"no {HEADER} in it; not a log of inspect_ai")
        try:
            first = decode_json(read(header), Header)
        except (ValueError, RecursionError) as error:
            raise source.error(f"'{header.filename}' in it: {error}") from error
        # The header proper is written when a run ends.
        first.status = first.status or "started"
        yield first
        for name, info in sorted(by_name.items(), key=_epoch):
            if not _is_sample(name):
                continue
            data = read(info)
            try:
                sample = decode_json(data, Sample)
            except (ValueError, RecursionError) as error:
                source.broken(f"'{name}' in it: {error}")
                continue
            yield sample


def _is_sample(name: str) -> bool:
    """Whether a member is a sample, whose id may hold slashes; a large one is a folder with a `sample.json`."""
    inside = name.removeprefix(SAMPLES)
    if inside == name or not name.endswith(".json"):
        return False
    return "/" not in inside or inside.endswith("/sample.json") or WHOLE.search(inside) is not None


def _epoch(member: tuple[str, ZipInfo]) -> int:
    """The epoch in a sample's name, by which samples of a problem come in order, not as they were finished."""
    number = re.search(r"_epoch_(\d{1,9})(\.json|/sample\.json)$", member[0])
    return int(number[1]) if number else 0


def _through_inspect(source: Source) -> Iterator[Header | Sample]:
    """What inspect_ai reads, turned into the fields needed."""
    if find_spec("inspect_ai") is None:
        raise source.error("only inspect_ai itself can read it. Install it (pip install inspect_ai)")
    from inspect_ai.log import read_eval_log, read_eval_log_samples

    path = str(source.path)
    try:
        log = read_eval_log(path, header_only=True)
        yield decode_json(
            log.model_dump_json(include={"version", "eval", "status", "plan", "invalidated"}).encode(), Header
        )
        for sample in read_eval_log_samples(path, all_samples_required=False):
            yield decode_json(sample.model_dump_json(include=FIELDS).encode(), Sample)
    except (InputError, GeneratorExit):
        raise
    except Exception as error:  # whatever another package's reader may raise
        raise source.error(f"inspect_ai cannot read it ({' '.join(str(error).split())[:120]})") from error
