"""`boundary sample`: a model and a benchmark in, samples and counts out."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.progress import LINE_SECONDS, log_lines, on_terminal
from boundary.cli.terminal import console, echo, text_column
from boundary.sampling.engines.table import ENGINES

if TYPE_CHECKING:
    from boundary.sampling.run import ArmDone, Run, Snapshot

INCOMPLETE = 4
# Reasons and names that are printed before the rest is left out.
SHOWN = 5


def shard(ctx: click.Context, param: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """Turn i/N, as in 0/8, into two integers, 0 <= i < N."""
    if text is None:
        return None
    number, _, parts = text.partition("/")
    if not (number.isdecimal() and parts.isdecimal() and int(number) < int(parts)):
        raise click.BadParameter(f"'{text}' is no part; write them as 0/8, 1/8, ..., 7/8.")
    return int(number), int(parts)


def engine_options(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    """Turn NAME=VALUE into a dict; a value that is JSON (a number, true, a list) is read as such."""
    import json

    options: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"'{text}' is not NAME=VALUE.")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options


@click.command()
@click.argument("runfile", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--model", "models", metavar="ID|PATH", multiple=True, help="Repeat for several; also LABEL=ID, ID@REVISION."
)
@click.option("--benchmark", "benchmarks", metavar="NAME|FILE", multiple=True, help="Repeat for several.")
@click.option("-n", "n", type=click.IntRange(min=1), metavar="N", help="Samples a problem.")
@click.option("--plan", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="CSV of samples to add.")
@click.option("--engine", type=click.Choice(list(ENGINES)), help="What samples. Default: transformers.")
@click.option(
    "--engine-option", "engine_options", metavar="K=V", multiple=True, callback=engine_options, help="Repeat."
)
@click.option("--base-url", "base_urls", metavar="URL", multiple=True, help="Server of --engine openai; repeat.")
@click.option("--revision", metavar="REV", help="Of the model on the hub: a commit, a branch or a tag.")
@click.option("--tokenizer", metavar="ID|PATH", help="Where the tokenizer is, if not with the model.")
@click.option("--template", metavar="NAME|FILE", help="Prompt template. Default: the benchmark's.")
@click.option("--verifier", metavar="V", help="math, number, code, ... or module:function. Default: the benchmark's.")
@click.option("--temperature", type=click.FloatRange(min=0), help="Default: 0.6.")
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Default: 0.95.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="New tokens a sample. Default: 16384.")
@click.option("--seed", type=click.IntRange(min=0), help="Default: 0.")
@click.option("--limit", type=click.IntRange(min=1), metavar="M", help="Only the first M problems.")
@click.option("--shard", metavar="I/N", callback=shard, help="Only every N-th problem from the I-th, I from 0.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes that judge. Default: 2.")
@click.option("--skip-long", is_flag=True, default=None, help="Leave out problems whose prompt is too long.")
@click.option("--unsafe", is_flag=True, default=None, help="Run generated programs without a sandbox.")
@click.option("--trust-remote-code", is_flag=True, default=None, help="Run code that comes with a model.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="The run folder.")
@click.pass_context
def sample(ctx: click.Context, /, runfile: Path | None, as_json: bool, quiet: bool, **options: Any) -> None:
    """Sample a model on a benchmark and judge the samples; stopped at any moment, the same command goes on.

    The settings default to those of Yue et al. (arXiv 2504.13837). RUNFILE is a TOML file of the same options; options
    given here go before it. Then: boundary analyze DIR

    Exit code 0: done; 2: wrong input; 4: samples are missing that could not be made, the others are stored; 130:
    stopped.
    """
    from boundary.data.tables.writing import check_writable, refuse_within_arms
    from boundary.sampling.benchmarks.presets import find_benchmark
    from boundary.sampling.run import sample as run_sampling
    from boundary.sampling.run_file import run_of
    from boundary.sampling.verifiers.table import machine_notices

    run = run_of(runfile, options)
    check_writable(run.output, is_folder=True)
    files = [*run.benchmarks, run.template, runfile, run.plan]
    refuse_within_arms(run.output, [file for file in files if file is not None])
    verifiers = {run.verifier or find_benchmark(name).verifier for name in run.benchmarks}
    if not quiet:
        for sentence in machine_notices(verifiers, run.unsafe):
            echo(sentence, err=True)
    try:
        with stopped_by_sigterm(), reports(wanted=not (quiet or as_json)) as (progress, notice):
            done = run_sampling(run, progress, notice)
    except KeyboardInterrupt:
        echo(f"Stopped. What came in is stored in {run.output}; the same command goes on.", err=True)
        ctx.exit(130)
    if as_json:
        echo(as_text(done))
    elif not quiet:
        print_done(run, done)
    if any(arm.missing for arm in done):
        ctx.exit(INCOMPLETE)


def as_text(done: "list[ArmDone]") -> str:
    """What was done, as JSON."""
    import json

    return json.dumps([vars(arm) for arm in done], indent=2, default=str)


def print_done(run: "Run", done: "list[ArmDone]") -> None:
    """Print a line for each model and benchmark, and what to do next."""
    for arm in done:
        speed = f", {arm.tokens / arm.seconds:,.0f} tokens/s" if arm.new else ""
        outcomes = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(arm.outcomes.items()))
        echo(
            f"{arm.model} on {arm.benchmark}: {arm.new:,} new samples of {arm.total:,}{speed}"
            + (f"; {outcomes}" if outcomes else "")
        )
        if arm.skipped:
            few = ", ".join(arm.skipped[:SHOWN]) + ", ..." * (len(arm.skipped) > SHOWN)
            echo(f"  skipped, since their prompts are too long: {len(arm.skipped):,} problems ({few}).")
        if arm.missing:
            echo(f"  {arm.missing:,} samples could not be made; the same command tries again.")
            for reason, number in arm.failures.most_common(SHOWN):
                echo(f"    {number:,}: {reason}")
    echo(f"boundary analyze {run.output} -o report" if len(done) > 1 else f"boundary counts {run.output}")


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """Let a scheduler's SIGTERM stop a run as Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: a test, a notebook
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def reports(wanted: bool) -> "Iterator[tuple[Callable[[Snapshot], None] | None, Callable[[str], None]]]":
    """What is called with each state of the run, and with sentences in between: a bar, or lines in a log."""
    if not wanted:
        yield None, lambda text: None
        return
    if on_terminal():
        with bars() as both:
            yield both
        return
    latest: dict[tuple[str, str], str] = {}
    with log_lines(LINE_SECONDS) as show:

        def report(now: "Snapshot") -> None:
            name = (now.model, now.benchmark)
            begins = name not in latest
            if begins and latest:
                show(next(reversed(latest.values())), at_once=True)  # how the one before ended
            latest[name] = line(now)
            show(latest[name], at_once=begins)

        yield report, lambda text: show(text, at_once=True)


@contextmanager
def bars() -> "Iterator[tuple[Callable[[Snapshot], None], Callable[[str], None]]]":
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
    with Progress(*columns, console=screen) as shown:

        def move(now: "Snapshot") -> None:
            name = (now.model, now.benchmark)
            if name not in tasks:
                tasks[name] = shown.add_task(f"{now.model} on {now.benchmark}", total=now.total, **fields(now))
            shown.update(tasks[name], completed=now.done, **fields(now))

        yield move, lambda text: screen.print(Text(text, style="dim"))


def line(now: "Snapshot") -> str:
    """A state of the run as a line of a log."""
    known = ", ".join(text for text in fields(now).values() if text)
    return f"{now.model} on {now.benchmark}: {now.done:,} of {now.total:,} samples" + (f", {known}" if known else "")


def fields(now: "Snapshot") -> dict[str, Any]:
    """What a bar says beside the number of samples."""
    left = now.seconds / now.new * (now.total - now.done) if now.new else 0.0
    return {
        "speed": f"{now.tokens / now.seconds:,.0f} tokens/s" if now.new and now.seconds > 0 else "",
        "correct": f"{now.correct / now.n_judged:.1%} correct" if now.n_judged else "",
        "left": f"{timedelta(seconds=round(left))} left" if now.new else "",
    }
