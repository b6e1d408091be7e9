"""The verdict of an analysis at the terminal."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from boundary.cli.printing.claims import print_claims
from boundary.cli.terminal import console, echo

if TYPE_CHECKING:
    from rich.console import Console

    from boundary.analysis.notes import Note
    from boundary.analysis.result import Analysis


def print_verdict(analysis: "Analysis", files: list[Path]) -> None:
    """Print a sentence for each benchmark, what failed, how well the intervals are known, and where the files are.

    Parameters
    ----------
    analysis
        What was computed.
    files
        The files, the report first.
    """
    from rich.text import Text

    from boundary.analysis.checks.convergence import interval_error_sentence

    screen = console()
    failed = analysis.diagnostics.loc[~analysis.diagnostics["ok"].astype(bool)]
    for benchmark, message in zip(failed["benchmark"], failed["message"], strict=True):
        screen.print(Text(f"NOT CONVERGED, do not rely on {benchmark}: {message}", style="bold red"))
    _print_benchmarks(screen, analysis)
    print_claims(screen, analysis.claims)
    _print_alarms(screen, "POPULATION", analysis.model_checks.remarks, "bold red")
    _print_alarms(
        screen,
        "COUNTS",
        analysis.notes_on_counts,
        "bold",
    )
    _print_alarms(screen, "SAMPLES", analysis.exchangeability, "bold red")
    if sentence := interval_error_sentence(analysis.diagnostics):
        screen.print(Text(sentence))
    folder = files[0].parent
    for path in files:
        if path.parent == folder:
            screen.print(Text(str(path)), soft_wrap=True)
    for remark in analysis.counts.remarks:
        echo(remark.text, err=True)


def _print_benchmarks(screen: "Console", analysis: "Analysis") -> None:
    """Print the verdicts on each benchmark, with the remarks on how its models were sampled below them."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 1, 0), pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for benchmark in analysis.benchmarks:
        for verdict in analysis.verdicts:
            if verdict.benchmark == benchmark:
                table.add_row(Text(benchmark), Text(verdict.text))
        if benchmark == "all" and len(analysis.benchmarks) > 1:
            continue  # the remarks stand below each benchmark
        for note in analysis.arms.of(benchmark, notes=False):
            table.add_row(Text(), Text(note.text, style="bold red" if note.alarming else "bold"))
    screen.print(table)


def _print_alarms(screen: "Console", subject: str, notes: "Iterable[Note]", style: str) -> None:
    """Print those notes by which the estimates may be wrong."""
    from rich.text import Text

    for note in notes:
        if note.alarming:
            screen.print(Text(f"{subject} of {note.model}, {note.benchmark}: {note.text}", style=style))
