"""What the files of a run folder hold, as types; whatever else stands in them is passed over.

Texts are checked after `json.loads`, and not decoded by msgspec: a sample may hold half a character, which JSON as
Python writes it keeps, and msgspec refuses.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

Row = TypeVar("Row")
# numpy, pandas and torch hold no larger integers.
Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
TokenId = Annotated[int, Meta(ge=0, lt=2**31)]


class Manifest(msgspec.Struct):
    """manifest.json: what the samples of an arm are. Entries that are not named here are kept."""

    model: str
    benchmark: str
    label: str | None = None
    verifier: str | None = None
    settings: dict[str, Any] = {}
    n_samples: int | None = None
    n_problems: int = 0
    context: int = 0
    history: list[dict[str, Any]] = []
    skipped: dict[str, Any] = {}


class StoredProblem(msgspec.Struct):
    """A line of problems.jsonl."""

    problem_id: str
    prompt: str
    answer: str
    messages: list[Any]
    facts: dict[str, Any]
    images: list[str] = []  # their fingerprints


class StoredSample(msgspec.Struct):
    """A line of a shard of samples."""

    problem_id: str
    sample_index: Integer
    text: str
    finish_reason: str
    n_tokens: Integer
    tokens: list[TokenId] | None = None  # servers give none, and older versions stored none
    reasoning_joined: bool | None = None  # only where a server sent the reasoning apart


# A line of a shard of verdicts; the hash of the text came last into the format.
StoredVerdict = tuple[str, Integer, str, str | None, str, Integer | None]


class StoredPrompt(msgspec.Struct):
    """A line of prompts.jsonl: what a model reads of a problem, as token ids and as text without its BOS."""

    problem_id: str
    tokens: list[TokenId]
    text: str


class ScoringManifest(msgspec.Struct):
    """scoring.json: which model scored. Entries that are not named here are kept."""

    model: str
    revision: str | None = None
    label: str | None = None
    settings: dict[str, Any] = {}
    same_vocabulary: bool = True
    history: list[dict[str, Any]] = []


class StoredScore(msgspec.Struct):
    """A line of a shard of scores."""

    problem_id: str
    sample_index: Integer
    text_hash: Integer
    n_tokens: Integer
    sum_logp: float
    ending: str
    n_bytes: Integer
    truncated: bool
    empty: bool
    retokenised: bool
    same_count: bool | None = None
    sum_tempered: float | None = None
    sum_nucleus: float | None = None
    n_outside: Integer | None = None
    token_logp: list[float] | None = None


class ShardHeader(msgspec.Struct):
    """The first frame of a shard of samples or scores: the rows list what it holds."""

    manifest: str
    bytes: int
    samples: list[tuple[str, Integer, Integer, Integer, str]]


def fields_of(line: Any, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The fields of a line that its type names.

    Raises
    ------
    ValueError
        Naming the first field that is missing or of another kind.
    """
    if not isinstance(line, dict):
        raise ValueError("it has no fields")
    try:
        return msgspec.structs.asdict(msgspec.convert(named_fields(line, kind), kind))
    except msgspec.ValidationError as error:
        raise ValueError(f"{wrong_field(error)} is missing or of another kind") from error


def named_fields(content: Mapping[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The fields that a type names; msgspec cannot read the names of others that hold half a character."""
    return {name: content[name] for name in kind.__struct_fields__ if name in content}


def wrong_field(error: msgspec.ValidationError) -> str:
    """The name of the outermost field that does not fit its type."""
    place = re.search(r"at `\$\.([^.\[`]+)|missing required field `([^`]+)`", str(error))
    return (place[1] or place[2]) if place else "content"
