"""Texts in JSON that are hashed or compared as they stand, without being built."""

import msgspec

from boundary.data.records import text_hash

# The default of a field of type msgspec.Raw, which cannot be optional.
NOTHING = msgspec.Raw()


def raw_bytes(raw: msgspec.Raw) -> bytes:
    """The JSON of a value; empty where the field is missing or null."""
    content = bytes(raw)
    return b"" if content == b"null" else content


def raw_hash(raw: msgspec.Raw) -> int:
    """The hash of a text's JSON, 0 where it is missing or null."""
    content = raw_bytes(raw)
    return text_hash(content) if content else 0
