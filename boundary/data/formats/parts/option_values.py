"""Options of readers, which come as text from the command line."""

from boundary.errors import InputError


def number(name: str, value: object) -> float:
    """A finite number.

    Raises
    ------
    InputError
        For anything else.
    """
    try:
        parsed = float(str(value))
    except ValueError:
        parsed = float("nan")
    if not abs(parsed) < float("inf"):
        raise InputError(f"Option {name} is {value!r}: give a number, such as {name}=0.5.")
    return parsed


def one_of(name: str, value: object, *allowed: str) -> str:
    """One of a few words.

    Raises
    ------
    InputError
        For any other.
    """
    if value not in allowed:
        raise InputError(f"Option {name} is {value!r}: give {' or '.join(allowed)}.")
    return str(value)
