"""What a format is: a name, a module with two functions, and a few words for the documentation."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from boundary.data.readers.streams import Source
from boundary.data.records import Answers, Tally
from boundary.errors import InputError, did_you_mean


class FormatModule(Protocol):
    """What the module of a format defines; `boundary.data.formats` says what the two functions must do."""

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether a file is of the format, by its content alone."""

    def read(self, source: Source) -> Iterator[Answers | Tally]:
        """Read the samples or counts of one file; the options of the format are keyword-only, with defaults."""


@dataclass(frozen=True)
class Format:
    """A format of files that hold samples, or counts of them.

    Parameters
    ----------
    name
        As in `boundary import NAME`.
    module
        What reads it.
    files
        Which files these are, in Markdown, for docs/import.md.
    sample
        What counts as one sample.
    examples
        An example of each option, as `threshold=0.5`.
    fallback
        True where the format is tried only on files that no other format recognises.
    readable
        Whether a file of a folder can be read once the user names the format with options that say what its fields
        are; None where `recognises` tells.
    """

    name: str
    module: FormatModule
    files: str
    sample: str
    examples: tuple[str, ...] = ()
    fallback: bool = False
    readable: Callable[[Path, bytes], bool] | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options: the keyword-only parameters of `read`."""
        parameters = inspect.signature(self.module.read).parameters.values()
        return tuple(parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY)

    def read(self, source: Source, options: Mapping[str, Any]) -> Iterator[Answers | Tally]:
        """Read the samples or counts of one file."""
        yield from self.module.read(source, **options)

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Refuse options that the format does not have.

        Raises
        ------
        InputError
            Naming the first of them, and those that the format has.
        """
        for option in options:
            if option not in self.options:
                hint = did_you_mean(option, self.options)
                takes = f"It takes {', '.join(self.options)}" if self.options else "It takes none"
                raise InputError(f"The format {self.name} has no option '{option}'.{hint} {takes}.")

    @property
    def documentation(self) -> str:
        """The row of the format in the tables of docs/import.md."""
        examples = ", ".join(f"`{example}`" for example in self.examples)
        return f"| `{self.name}` | {self.files} | {self.sample} | {examples}{' ' * bool(examples)}|"
