"""The answer of an analysis at the terminal: a sentence, a table, a plot, what makes it doubtful, and where it is kept.

Where it is no terminal, nothing is cut short and no line is broken: each file and each sentence has its line.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from boundary.cli.printing.claims import print_claims
from boundary.cli.printing.verdict_table import (
    EXTRAPOLATED,
    LEGEND,
    MOST_BENCHMARKS,
    MOST_ROWS,
    benchmark_label,
    is_extrapolated,
    model_label,
    model_matrix,
    model_table,
    pair_table,
    shortener_of,
    verdict_counts,
)
from boundary.cli.terminal import cell_text, console, echo

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from boundary.analysis.formatting import Shorten
    from boundary.analysis.notes import Note
    from boundary.analysis.result import Analysis
    from boundary.analysis.text.verdict import Verdict
    from boundary.cli.printing.curve_plot import Curve

# Remarks that are printed on a terminal before the rest is left to the report.
MOST_REMARKS = 4
# The level that brackets are taken for where nothing is said.
USUAL_LEVEL = 0.95
BASE_STYLE, RL_STYLE = "blue", "magenta"


def print_verdict(analysis: "Analysis", files: list[Path]) -> None:
    """Print the verdicts, what failed, and where the files are.

    Parameters
    ----------
    analysis
        What was computed.
    files
        The files, the report first.
    """
    from boundary.analysis.tables.estimate_table import target_words

    screen = console(unlimited=True)
    _print_failures(screen, analysis)
    pairs = [verdict for verdict in analysis.verdicts if verdict.subject == "pair" and verdict.decisions]
    if screen.is_terminal:
        _print_answer(screen, analysis)
    if pairs:
        _print_pairs(screen, pairs, target_words(analysis.request.target), _level_text(analysis.request.level))
    elif analysis.verdicts:
        _print_models(screen, analysis)
    if not screen.is_terminal:
        _print_whole_texts(screen, analysis)
    _print_cost(screen, analysis, pairs)
    print_claims(screen, analysis.claims)
    _print_remarks(screen, analysis)
    if screen.is_terminal:
        _print_plot(screen, analysis, pairs)
    _print_files(screen, files if not _is_long(screen, analysis) else files[:1])
    for remark in analysis.counts.remarks:
        echo(remark.text, err=True)


def _print_failures(screen: "Console", analysis: "Analysis") -> None:
    from rich.text import Text

    failed = analysis.diagnostics.loc[~analysis.diagnostics["ok"].astype(bool)]
    most = len(failed) if not screen.is_terminal else 0 if _is_long(screen, analysis) else MOST_REMARKS
    for benchmark, message in list(zip(failed["benchmark"], failed["message"], strict=True))[:most]:
        screen.print(Text(f"NOT CONVERGED, do not rely on {cell_text(benchmark)}: {message}", style="bold red"))
    if len(failed) > most:
        fits = f"{len(failed) - most}{' more' * bool(most)} fits"
        screen.print(Text(f"NOT CONVERGED, do not rely on {fits}: see the report.", style="bold red"))


def _is_long(screen: "Console", analysis: "Analysis") -> bool:
    """Whether there are too many verdicts for a terminal, so that all else is kept short."""
    return screen.is_terminal and len(analysis.verdicts) > MOST_ROWS


def _headlines(verdicts: "Sequence[Verdict]") -> "list[Verdict]":
    """The verdicts to be read first: those of all benchmarks pooled, or else of the first."""
    pooled = [verdict for verdict in verdicts if verdict.benchmark == "all"]
    return pooled or [verdict for verdict in verdicts if verdict.benchmark == verdicts[0].benchmark]


def _print_answer(screen: "Console", analysis: "Analysis") -> None:
    """Print the answer of the whole analysis; of many verdicts the table says it in fewer lines."""
    from rich.text import Text

    if _is_long(screen, analysis) or not analysis.answer.sentence:
        return
    screen.print(Text(cell_text(analysis.answer.sentence), style="bold"))
    if analysis.answer.details:
        screen.print(Text(cell_text(" ".join(analysis.answer.details)), style="dim"))
    screen.print()


def _print_pairs(screen: "Console", pairs: "Sequence[Verdict]", of_target: str, of_level: str) -> None:
    """Print the verdicts on pairs: all in rows, or where these are too many, the pooled ones, then models abreast."""
    from rich.text import Text

    pooled = [verdict for verdict in pairs if verdict.benchmark == "all"]
    by_benchmark = [verdict for verdict in pairs if verdict.benchmark != "all"]
    is_long = screen.is_terminal and len(pairs) > MOST_ROWS
    rows = pooled[:MOST_ROWS] if is_long else [*pooled, *by_benchmark]
    if rows:
        _print_subject(screen, rows)
        screen.print(pair_table(rows, screen.width))
        extrapolated = f" {EXTRAPOLATED} extrapolated." if any(map(is_extrapolated, rows)) else ""
        screen.print(Text(f"{LEGEND}{extrapolated}{of_target}{of_level}", style="dim"))
    if is_long:
        screen.print()
        screen.print(
            Text(f"Each benchmark: shrinkage at {_place(by_benchmark)}. {verdict_counts(by_benchmark)}", style="dim")
        )
        screen.print(model_matrix(by_benchmark, screen.width))
        n_left_out = len({verdict.benchmark for verdict in by_benchmark}) - MOST_BENCHMARKS
        if n_left_out > 0:
            screen.print(Text(f"{n_left_out} more benchmarks: see the report.", style="dim"))
    screen.print()


def _level_text(level: float) -> str:
    """What brackets hold, behind other sentences, where it is not what a reader takes them for."""
    from boundary.analysis.formatting import level_text

    return "" if level == USUAL_LEVEL else f" Brackets hold {level_text(level)} intervals."


def _place(verdicts: "Sequence[Verdict]") -> str:
    """Where the decisions of a table lie that has no room for their budgets."""
    is_at_n = all(verdict.decision is None or verdict.decision.k == verdict.n for verdict in verdicts)
    return "n" if is_at_n else "the k of each verdict"


def _print_subject(screen: "Console", verdicts: "Sequence[Verdict]") -> None:
    """Print on a terminal what is compared, where every row of the table is about the same."""
    from rich.text import Text

    if not screen.is_terminal:
        return
    shorten = shortener_of(verdicts)
    models = {model_label(verdict.model, shorten) for verdict in verdicts}
    benchmarks = {benchmark_label(verdict.benchmark) for verdict in verdicts}
    subject = models.pop() if len(models) == 1 else f"{len(models)} models"
    on = f", {benchmarks.pop()}" if len(benchmarks) == 1 else ""
    screen.print(Text(f"{subject} against {model_label(str(verdicts[0].reference), shorten)}{on}:", style="dim"))


def _print_models(screen: "Console", analysis: "Analysis") -> None:
    """Print how much each model solves by itself: on a terminal of all benchmarks pooled where they are ranked."""
    from rich.text import Text

    from boundary.analysis.tables.estimate_table import target_words
    from boundary.data.counts import ALL

    names: Sequence[str] = analysis.benchmarks
    if screen.is_terminal and len(analysis.models) > 1 and ALL in names:
        names = [ALL]
    table, n_left_out = model_table(analysis, names, screen.width, MOST_ROWS if screen.is_terminal else None)
    screen.print(table)
    if of_target := target_words(analysis.request.target).strip():
        screen.print(Text(of_target, style="dim"))
    if n_left_out:
        screen.print(Text(f"{n_left_out} more: see the report.", style="dim"))
    if level := _level_text(analysis.request.level):
        screen.print(Text(level.lstrip(), style="dim"))
    screen.print()


def _print_whole_texts(screen: "Console", analysis: "Analysis") -> None:
    """Print all sentences on each benchmark, a line each: on its models, and on methods, choices and bases."""
    from rich.text import Text

    from boundary.analysis.text.runs import runs_answers

    rows = analysis.training_runs.estimates
    lines = [(verdict.benchmark, verdict.text) for verdict in analysis.verdicts]
    for benchmark in analysis.benchmarks:
        lines += [
            (benchmark, sentence)
            for sentence in runs_answers(rows.loc[rows["benchmark"] == benchmark], shorten=analysis.shorten)
        ]
    for benchmark, text in lines:
        screen.print(Text(cell_text(f"{benchmark}: {text}")), soft_wrap=True)
    if lines:
        screen.print()


def _print_cost(screen: "Console", analysis: "Analysis", pairs: "Sequence[Verdict]") -> None:
    """Print where a pair's curves cross at equal cost: on a terminal of the first pair, elsewhere of all."""
    from rich.text import Text

    if not pairs or analysis.cost.estimates.empty:
        return
    from boundary.analysis.text.cost import cost_sentences

    headlines = _headlines(pairs)[:1] if screen.is_terminal else pairs
    table, margin = analysis.cost.estimates, analysis.request.margin
    for verdict in headlines:
        rows = table.loc[table["benchmark"] == verdict.benchmark]
        sentences = cost_sentences(rows, verdict.model, verdict.reference, margin, shorten=analysis.shorten).comparison
        if sentences:
            text = cell_text(f"{benchmark_label(verdict.benchmark)}: {sentences[0]}")
            screen.print(Text(text), soft_wrap=not screen.is_terminal)
    screen.print()


def _print_remarks(screen: "Console", analysis: "Analysis") -> None:
    """Print what makes the estimates doubtful, and how well the intervals are known."""
    from rich.text import Text

    from boundary.analysis.checks.convergence import interval_error_sentence

    remarks = [
        *_alarms("POPULATION", analysis.model_checks.remarks, "bold red"),
        *_alarms("COUNTS", analysis.notes_on_counts, "bold"),
        *_alarms("SAMPLES", analysis.exchangeability, "bold red"),
        *_arm_remarks(analysis),
    ]
    is_long = _is_long(screen, analysis)
    most = len(remarks) if not screen.is_terminal else 0 if is_long else MOST_REMARKS
    for remark in remarks[:most]:
        screen.print(remark, soft_wrap=not screen.is_terminal)
    if len(remarks) > most:
        more = " more" if most else ""
        screen.print(Text(f"{len(remarks) - most}{more} remarks on the samples: see the report.", style="bold"))
    if not is_long and (sentence := interval_error_sentence(analysis.diagnostics)):
        screen.print(Text(sentence, style="dim"), soft_wrap=not screen.is_terminal)
        remarks.append(Text(sentence))
    if remarks and screen.is_terminal and not is_long:
        screen.print()


def _alarms(subject: str, notes: "Iterable[Note]", style: str) -> "list[Text]":
    """Those notes by which the estimates may be wrong."""
    from rich.text import Text

    return [
        Text(cell_text(f"{subject} of {note.model}, {note.benchmark}: {note.text}"), style=style)
        for note in notes
        if note.alarming
    ]


def _arm_remarks(analysis: "Analysis") -> "list[Text]":
    """How the models were sampled differently, benchmark by benchmark."""
    from rich.text import Text

    names = [name for name in analysis.benchmarks if name != "all" or len(analysis.benchmarks) == 1]
    return [
        Text(cell_text(f"{name}: {note.text}"), style="bold red" if note.alarming else "bold")
        for name in names
        for note in analysis.arms.of(name, notes=False)
    ]


def _print_plot(screen: "Console", analysis: "Analysis", pairs: "Sequence[Verdict]") -> None:
    """Draw pass@k of the first pair: of all benchmarks pooled, or else of the first."""
    from rich.text import Text

    from boundary.cli.printing.curve_plot import curve_plot

    headlines = [verdict for verdict in _headlines(pairs) if verdict.reference is not None] if pairs else []
    if not headlines or screen.options.ascii_only:
        return
    verdict = headlines[0]
    lines = curve_plot(_curves(analysis, verdict, shortener_of(pairs)), verdict.n, screen.width)
    if not lines:
        return
    mark = ", fainter where extrapolated" if verdict.beyond_n is not None else ""
    screen.print(Text(f"pass@k, {benchmark_label(verdict.benchmark)}{mark}", style="dim"))
    for line in lines:
        screen.print(line, soft_wrap=True)
    screen.print()


def _curves(analysis: "Analysis", verdict: "Verdict", shorten: "Shorten") -> "list[Curve]":
    """The curves of a pair, the base first."""
    from boundary.analysis.estimates.table import POSTERIOR, select
    from boundary.cli.printing.curve_plot import Curve

    curves = []
    for model, style in ((verdict.reference, BASE_STYLE), (verdict.model, RL_STYLE)):
        rows = select(
            analysis.estimates, kind=POSTERIOR, estimand="pass_at_k", benchmark=verdict.benchmark, model=model
        )
        rows = rows.sort_values("k")
        curves.append(
            Curve(model_label(str(model), shorten), style, [*rows["k"]], [*rows["mean"]], style == BASE_STYLE)
        )
    return curves


def _print_files(screen: "Console", files: Sequence[Path]) -> None:
    """Print where the files are: on a terminal an address to open, elsewhere each path on a line."""
    from rich.text import Text

    if screen.is_terminal:
        beside = [path.name for path in files[1:] if path.parent == files[0].parent]
        screen.print(Text(f"Open: {files[0].resolve().as_uri()}", style="bold"), soft_wrap=True)
        if beside:
            screen.print(Text(f"Beside it: {', '.join(beside)}", style="dim"))
        return
    for path in files:
        if path.parent == files[0].parent:
            screen.print(Text(str(path)), soft_wrap=True)
