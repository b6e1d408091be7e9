"""Texts in JSON that are hashed or compared as they stand, without being built."""

from typing import Any

import msgspec

from boundary.data.records import text_hash

# The default of a field of type msgspec.Raw, which cannot be optional.
NOTHING = msgspec.Raw()


def raw_bytes(raw: msgspec.Raw) -> bytes:
    """The JSON of a value; empty where the field is missing or null."""
    content = bytes(raw)
    return b"" if content == b"null" else content


def refuse_several_texts(value: Any) -> None:
    """Refuse a list of texts where one sample's text is expected: one verdict cannot be on each of them.

    Raises
    ------
    ValueError
        With their number.
    """
    if isinstance(value, msgspec.Raw):
        content = raw_bytes(value)
        value = msgspec.json.decode(content) if content.startswith(b'["') else None
    if isinstance(value, list) and len(value) > 1 and all(isinstance(text, str) for text in value):
        raise ValueError(f"one verdict, but {len(value)} texts: on which of them it is nobody can tell")


def raw_hash(raw: msgspec.Raw) -> int:
    """The hash of a text's JSON, 0 where it is missing or null."""
    content = raw_bytes(raw)
    return text_hash(content) if content else 0
