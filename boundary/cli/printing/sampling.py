"""Sampling at the terminal: a bar or lines of a log while it goes on, and what was done at its end."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from boundary.analysis.progress import LINE_SECONDS, log_lines
from boundary.cli.progress import on_terminal
from boundary.cli.terminal import console, echo, text_column

if TYPE_CHECKING:
    from boundary.sampling.run import ArmResult, Run, Snapshot

# Reasons and names that are printed before the rest is left out.
MOST_LISTED = 5


def as_json(arms: "list[ArmResult]") -> str:
    """What was done, as JSON."""
    return json.dumps([vars(arm) for arm in arms], indent=2, default=str)


def print_arms(run: "Run", arms: "list[ArmResult]") -> None:
    """Print a line for each model and benchmark, and what to do next."""
    for arm in arms:
        speed = f", {arm.tokens / arm.seconds:,.0f} tokens/s" if arm.new else ""
        outcomes = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(arm.outcomes.items()))
        echo(
            f"{arm.model} on {arm.benchmark}: {arm.new:,} new samples of {arm.total:,}{speed}"
            + (f"; {outcomes}" if outcomes else "")
        )
        if arm.reasoning_joined:
            echo(
                f"  of {arm.reasoning_joined:,} new samples the server sent the reasoning apart; it is stored as "
                "<think>...</think> before the answer."
            )
        if arm.skipped:
            names = ", ".join(arm.skipped[:MOST_LISTED]) + ", ..." * (len(arm.skipped) > MOST_LISTED)
            echo(f"  skipped, since their prompts are too long: {len(arm.skipped):,} problems ({names}).")
        if arm.missing:
            echo(f"  {arm.missing:,} samples could not be made; the same command tries again.")
            for reason, number in arm.failures.most_common(MOST_LISTED):
                echo(f"    {number:,}: {reason}")
    echo(f"boundary analyze {run.output} -o report" if len(arms) > 1 else f"boundary counts {run.output}")


@contextmanager
def sampling_progress(show: bool) -> "Iterator[tuple[Callable[[Snapshot], None] | None, Callable[[str], None]]]":
    """Show how far a run is: by bars on a terminal, by lines in a log.

    Parameters
    ----------
    show
        False for nothing at all.

    Yields
    ------
    tuple
        What is called with each state of the run (None for nothing), and what is called with sentences in between.
    """
    if not show:
        yield None, lambda text: None
        return
    if on_terminal():
        with _bars() as callbacks:
            yield callbacks
        return
    latest: dict[tuple[str, str], str] = {}
    with log_lines(LINE_SECONDS) as show_line:

        def report(state: "Snapshot") -> None:
            name = (state.model, state.benchmark)
            begins = name not in latest
            if begins and latest:
                show_line(next(reversed(latest.values())), at_once=True)  # how the arm before it ended
            latest[name] = _line(state)
            show_line(latest[name], at_once=begins)

        yield report, lambda text: show_line(text, at_once=True)


@contextmanager
def _bars() -> "Iterator[tuple[Callable[[Snapshot], None], Callable[[str], None]]]":
    """A bar for each model and benchmark: samples done, tokens/s, share correct so far, time left."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID
    from rich.text import Text

    screen = console(stderr=True)
    columns = (
        text_column("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        text_column("{task.fields[speed]}"),
        text_column("{task.fields[correct]}"),
        text_column("{task.fields[left]}"),
    )
    tasks: dict[tuple[str, str], TaskID] = {}
    with Progress(*columns, console=screen) as bars:

        def move(state: "Snapshot") -> None:
            name = (state.model, state.benchmark)
            if name not in tasks:
                tasks[name] = bars.add_task(f"{state.model} on {state.benchmark}", total=state.total, **_fields(state))
            bars.update(tasks[name], completed=state.done, **_fields(state))

        yield move, lambda text: screen.print(Text(text, style="dim"))


def _line(state: "Snapshot") -> str:
    """A state of the run as a line of a log."""
    fields = ", ".join(text for text in _fields(state).values() if text)
    progress = f"{state.model} on {state.benchmark}: {state.done:,} of {state.total:,} samples"
    return f"{progress}, {fields}" if fields else progress


def _fields(state: "Snapshot") -> dict[str, Any]:
    """What a bar shows beside the number of samples."""
    left = state.seconds / state.new * (state.total - state.done) if state.new else 0.0
    return {
        "speed": f"{state.tokens / state.seconds:,.0f} tokens/s" if state.new and state.seconds > 0 else "",
        "correct": f"{state.correct / state.n_judged:.1%} correct" if state.n_judged else "",
        "left": f"{timedelta(seconds=round(left))} left" if state.new else "",
    }
