"""The one error that is the user's to mend."""


class InputError(ValueError):
    """Input or usage that cannot be worked with; the message says what is wrong, where, and what would mend it."""
