"""The one error that is the user's to mend."""


class InputError(ValueError):
    """Input or usage that cannot be worked with; the message says what is wrong, where, and what would mend it."""


def missing_package(package: str, extra: str) -> InputError:
    """The error for a package that is not installed, with the extra of this project that brings it."""
    return InputError(
        f"The package {package} is not installed. It comes with the extra '{extra}': "
        f"run pip install '.[{extra}]' in the folder of boundary's source."
    )
