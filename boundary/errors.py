"""The one error that is the user's to mend."""

from boundary.plain_text import printable, redacted


class InputError(ValueError):
    """Input or usage that cannot be worked with; the message says what is wrong, where, and what would mend it.

    Messages quote what others wrote. Whatever in them could steer a terminal is written out, and passwords are left
    out, so that no message need see to it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(redacted(message)))


def missing_package(package: str, extra: str) -> InputError:
    """The error for a package that is not installed, with the extra of this project that brings it."""
    return InputError(
        f"The package {package} is not installed. It comes with the extra '{extra}': "
        f"run pip install '.[{extra}]' in the folder of boundary's source."
    )
