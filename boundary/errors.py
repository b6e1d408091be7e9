"""The one error that is the user's to mend."""

from collections.abc import Iterable
from difflib import get_close_matches

from boundary.plain_text import printable, redacted


class InputError(ValueError):
    """Input or usage that cannot be worked with; the message says what is wrong, where, and what would mend it.

    Messages quote what others wrote. Whatever in them could steer a terminal is written out, and passwords are left
    out, so that no message need see to it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(redacted(message)))


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """The question whether another name was meant, with a space before it; empty where none is like it.

    Parameters
    ----------
    name
        What was typed. Case does not matter; a name that holds it as the only one counts as like it too.
    names
        The names there are.

    Examples
    --------
    >>> did_you_mean("aime24", ["AIME24", "AMC23"]), did_you_mean("DeepScaleR", ["org/DeepScaleR-1.5B", "org/base"])
    (" Did you mean 'AIME24'?", " Did you mean 'org/DeepScaleR-1.5B'?")
    >>> did_you_mean("flat", ["nonparametric"])
    ''
    """
    typed, choices = str(name).casefold(), {str(choice).casefold(): str(choice) for choice in names}
    near = get_close_matches(typed, choices, n=1) or [choice for choice in choices if typed and typed in choice]
    return f" Did you mean '{choices[near[0]]}'?" if len(near) == 1 else ""


def missing_package(package: str, extra: str) -> InputError:
    """The error for a package that is not installed, with the extra of this project that brings it."""
    return InputError(
        f"The package {package} is not installed. It comes with the extra '{extra}': "
        f"run pip install '.[{extra}]' in the folder of boundary's source."
    )
