"""Values that users give for options, checked by the types that the options are annotated with."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from boundary.errors import InputError

Positive = Annotated[int, Meta(ge=1)]
NonNegative = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(gt=0, le=1)]
# What msgspec calls the kinds of values, and what users call them.
KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


def typed_value(name: str, value: Any, kind: Any, dec_hook: Callable[[type, Any], Any] | None = None) -> Any:
    """A value as its type has it.

    Parameters
    ----------
    name
        Of the option, for the message.
    kind
        Its annotation.
    dec_hook
        As msgspec takes it, for types that it does not know.

    Raises
    ------
    InputError
        If it is of another type or out of bounds.

    Examples
    --------
    >>> typed_value("limit", 3, Positive)
    3
    """
    try:
        return msgspec.convert(value, kind, dec_hook=dec_hook)
    except msgspec.ValidationError as error:
        reason, _, entry = str(error).partition(" - at ")
        if get_origin(kind) is Literal:
            raise InputError(f"{name} is {' or '.join(map(str, get_args(kind)))}, and not {value!r}.") from error
        expected = reason.removeprefix("Expected ").partition(", got ")[0].replace("`", "").replace(" | null", "")
        required = " or ".join(_in_words(part) for part in expected.split(" | "))
        subject = "every entry" if entry else "it"
        raise InputError(f"{name}: {value!r} cannot be used; {subject} has to be {required}.") from error


def _in_words(expected: str) -> str:
    kind, _, bound = expected.partition(" ")
    return f"{KINDS.get(kind, kind)} {bound}".strip()
