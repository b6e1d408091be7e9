"""Fields of a YAML mapping, read event by event: no aliases, no tags, and nothing built that was not asked for.

A parser that builds what it reads can be made to build gigabytes from half a kilobyte, by lists of aliases of lists of
aliases; and to spend minutes on one number of base 60.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import IO, Any

from boundary.data.readers import limits

# As YAML 1.1 has them, and PyYAML with it.
TRUE, FALSE, NULL = ({*words.split()} for words in ("true yes on", "false no off", "~ null"))
LONGEST_NUMBER = 40


def yaml_fields(file: IO[bytes], names: Collection[str], nested: bool = False) -> dict[str, Any] | None:
    """Some fields of the mapping that a YAML file is: texts, booleans, numbers, None and lists of these.

    Parameters
    ----------
    file
        What is read, as it streams by.
    names
        The fields to build; all others are passed over.
    nested
        Build mappings within them, too.

    Returns
    -------
    The fields that are there; None where the file is no mapping.

    Raises
    ------
    yaml.YAMLError, ValueError
        If it is no YAML; for aliases, tags and several documents; and where it is nested deeper than any file of ours.
    """
    import yaml

    parsed: Iterator[Any] = yaml.parse(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    events = _refuse_deep(parsed)
    if not isinstance(next(events, None), yaml.MappingStartEvent):
        return None
    fields: dict[str, Any] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        name = _value(event, events, build=True)
        is_field = isinstance(name, str) and name in names
        value = _value(next(events), events, is_field, nested)
        if is_field:
            fields[name] = value
    if next(events, None) is not None:
        raise ValueError("it holds more than one document")
    return fields


def _refuse_deep(events: Iterator[Any]) -> Iterator[Any]:
    """The events that matter; an alias, a tag or a depth that no honest file has is an error."""
    import yaml

    depth = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(f"an alias in line {line}; write out what it stands for")
        if getattr(event, "tag", None) not in (None, "!"):
            raise ValueError(f"a tag in line {line}; write plain values")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > limits.DEEPEST_YAML:
            raise ValueError(f"nested too deeply in line {line}")
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            yield event


def _value(event: Any, events: Iterator[Any], build: bool, nested: bool = False) -> Any:
    """The value that begins with an event; its events are consumed even where it is not built."""
    import yaml

    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event) if build else None
    is_list = isinstance(event, yaml.SequenceStartEvent)
    closing = yaml.SequenceEndEvent if is_list else yaml.MappingEndEvent
    build = build and (is_list or nested)
    entries = []
    while not isinstance(inner := next(events), closing):
        entry = _value(inner, events, build, nested)
        if build:
            entries.append(entry)
    if not build:
        return None
    return entries if is_list else dict(zip(map(str, entries[::2]), entries[1::2], strict=True))


def _scalar(event: Any) -> Any:
    text = str(event.value)
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    word = text if text in (text.lower(), text.upper(), text.capitalize()) else ""
    for words, value in ((TRUE, True), (FALSE, False), (NULL, None)):
        if word.lower() in words:
            return value
    if not text:
        return None
    if len(text) <= LONGEST_NUMBER and text.isascii() and not text.isalpha():
        with suppress(ValueError):
            return float(text) if "." in text else int(text)
    return text
