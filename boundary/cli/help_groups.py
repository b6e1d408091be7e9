"""`--help` in groups: options under headings, commands under headings, and examples at the end.

Written here rather than taken from a library: cloup makes click half as slow again to import, which every completion
would wait for, and rich-click loads rich for `--help`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
OptionDecorator = Callable[..., Callable[[Decorated], Decorated]]
OTHER = "Other options"


class GroupedOption(click.Option):
    """An option that stands under a heading of its own in `--help`."""

    def __init__(self, *arguments: Any, heading: str = OTHER, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.heading = heading


def options_under(heading: str) -> OptionDecorator[Any]:
    """`click.option` for the options under one heading.

    Parameters
    ----------
    heading
        Headings stand in the order in which their first options do.
    """
    return partial(click.option, cls=GroupedOption, heading=heading)


class WithExamples(click.Command):
    """A command whose `--help` groups its options and ends in examples."""

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings; those without one last."""
        headings: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                headings.setdefault(getattr(parameter, "heading", OTHER), []).append(record)
        ungrouped = headings.pop(OTHER, [])
        if ungrouped:
            headings[OTHER if headings else "Options"] = ungrouped
        for heading, records in headings.items():
            with formatter.section(heading):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, a line each, which are not broken."""
        super().format_epilog(ctx, formatter)
        if self.examples:
            formatter.write("\nExamples:\n")
            for example in self.examples:
                formatter.write(f"  {example}\n")


class CommandGroup(WithExamples, click.Group):
    """A group whose `--help` lists its commands under headings.

    Parameters
    ----------
    headings
        Names of commands under each heading; the others stand last.
    """

    def __init__(self, *arguments: Any, headings: Mapping[str, Sequence[str]] | None = None, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.headings = dict(headings or {})

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        WithExamples.format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under their headings."""
        placed = {name for names in self.headings.values() for name in names}
        headings = {**self.headings, "Commands": [name for name in self.list_commands(ctx) if name not in placed]}
        room = formatter.width - 6 - max(map(len, self.commands), default=0)
        for heading, names in headings.items():
            records = [(name, self.commands[name].get_short_help_str(room)) for name in names if name in self.commands]
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)
