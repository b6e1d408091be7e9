"""`boundary sample`: a model and a benchmark in, samples and counts out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.completion import completing, preset_names, template_names, verifier_names
from boundary.cli.help_groups import WithExamples, options_under
from boundary.cli.interruption import EXIT_CODE, stopped_by_sigterm
from boundary.cli.options import FILE, OUTPUT_FOLDER, output_option, quiet_option
from boundary.cli.parsing import engine_options, shard, temperatures
from boundary.cli.printing.dry_run import as_json as forecast_as_json, print_forecast
from boundary.cli.printing.sampling import as_json as arms_as_json, print_arms, sampling_progress
from boundary.cli.terminal import echo
from boundary.sampling.engines.table import ENGINES

if TYPE_CHECKING:
    from boundary.sampling.requests import Run

INCOMPLETE = 4


model_option, engine_option, sampling_option, judging_option = map(
    options_under, ("Models and problems", "Engine", "How samples are drawn", "How samples are judged")
)
EXAMPLES = (
    "boundary sample --model Qwen/Qwen2.5-0.5B --benchmark math500 --limit 20 -n 16 -o run",
    "boundary sample --model NAME --engine openai --base-url http://localhost:8000/v1 --benchmark aime24 -n 64 -o run",
    "boundary sample run.toml --dry-run",
    "boundary sample run.toml",
    "boundary analyze run -o report",
)


@click.command(cls=WithExamples, examples=EXAMPLES)
@click.argument("runfile", required=False, type=FILE)
@model_option(
    "--model", "models", metavar="ID|PATH", multiple=True, help="Repeat for several; also LABEL=ID, ID@REVISION."
)
@model_option(
    "--benchmark",
    "benchmarks",
    metavar="NAME|FILE",
    multiple=True,
    shell_complete=completing(preset_names, files=True),
    help="Repeat for several.",
)
@model_option("-n", "n", type=click.IntRange(min=1), metavar="N", help="Samples a problem.")
@model_option("--plan", type=FILE, metavar="FILE", help="CSV of samples to add.")
@model_option("--revision", metavar="REV", help="Of the model on the hub: a commit, a branch or a tag.")
@model_option("--tokenizer", metavar="ID|PATH", help="Where the tokenizer is, if not with the model.")
@model_option("--limit", type=click.IntRange(min=1), metavar="M", help="Only the first M problems.")
@model_option("--shard", metavar="I/N", callback=shard, help="Only every N-th problem from the I-th, I from 0.")
@engine_option("--engine", type=click.Choice(list(ENGINES)), help="What samples. Default: transformers.")
@engine_option(
    "--engine-option", "engine_options", metavar="K=V", multiple=True, callback=engine_options, help="Repeat."
)
@engine_option("--base-url", "base_urls", metavar="URL", multiple=True, help="Server of --engine openai; repeat.")
@engine_option("--trust-remote-code", is_flag=True, default=None, help="Run code that comes with a model.")
@sampling_option(
    "--template",
    metavar="NAME|FILE",
    shell_complete=completing(template_names, files=True),
    help="Prompt template. Default: the benchmark's.",
)
@sampling_option("--system-prompt", metavar="TEXT", help="First turn of every chat.")
@sampling_option(
    "--chat-template-kwarg",
    "chat_template_kwargs",
    metavar="K=V",
    multiple=True,
    callback=engine_options,
    help="Argument of the models' chat templates, such as enable_thinking=false; repeat.",
)
@sampling_option("--temperature", type=click.FloatRange(min=0), help="Default: 0.6.")
@sampling_option(
    "--temperatures", metavar="LIST", callback=temperatures, help="Several, as .2,.6,1: an arm each, MODEL@TEMPERATURE."
)
@sampling_option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Default: 0.95.")
@sampling_option("--max-tokens", type=click.IntRange(min=1), help="New tokens a sample. Default: 16384.")
@sampling_option("--seed", type=click.IntRange(min=0), help="Default: 0.")
@sampling_option("--skip-long", is_flag=True, default=None, help="Leave out problems whose prompt is too long.")
@judging_option(
    "--verifier",
    metavar="V",
    shell_complete=completing(verifier_names),
    help="math, number, code, ... or module:function. Default: the benchmark's.",
)
@judging_option("--workers", type=click.IntRange(min=1), help="Processes that judge. Default: 2.")
@judging_option("--unsafe", is_flag=True, default=None, help="Run generated programs without a sandbox.")
@output_option("--dry-run", is_flag=True, help="Only say what would be done: tokens, time, disk.")
@output_option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@quiet_option
@output_option("-o", "--output", type=OUTPUT_FOLDER, metavar="DIR", help="The run folder.")
@click.pass_context
def sample(
    ctx: click.Context, /, runfile: Path | None, dry_run: bool, as_json: bool, quiet: bool, **options: Any
) -> None:
    """Sample a model on a benchmark and judge the samples; stopped at any moment, the same command goes on.

    The settings default to those of Yue et al. (arXiv 2504.13837). RUNFILE is a TOML file of the same options; options
    given here go before it. Then: boundary analyze DIR

    Exit code 0: done; 2: wrong input; 4: samples are missing that could not be made, the others are stored; 130:
    stopped.
    """
    from boundary.data.tables.writing import check_writable, refuse_within_arms
    from boundary.sampling.benchmarks.presets import find_benchmark
    from boundary.sampling.run import sample as run_sampling
    from boundary.sampling.run_file import read_run
    from boundary.sampling.verifiers.table import machine_notices

    run = read_run(runfile, options)
    check_writable(run.output, is_folder=True)
    files = [*run.benchmarks, run.template, runfile, run.plan]
    refuse_within_arms(run.output, [file for file in files if file is not None])
    if dry_run:
        _print_forecast(run, as_json)
        return
    verifiers = {run.verifier or find_benchmark(name).verifier for name in run.benchmarks}
    if not quiet:
        for sentence in machine_notices(verifiers, run.unsafe):
            echo(sentence, err=True)
    try:
        with stopped_by_sigterm(), sampling_progress(not (quiet or as_json)) as (progress, say):
            arms = run_sampling(run, progress, say)
    except KeyboardInterrupt:
        echo(f"Stopped. What came in is stored in {run.output}; the same command goes on.", err=True)
        ctx.exit(EXIT_CODE)
    if as_json:
        echo(arms_as_json(arms))
    elif not quiet:
        print_arms(run, arms)
    if any(arm.missing for arm in arms):
        ctx.exit(INCOMPLETE)


def _print_forecast(run: "Run", as_json: bool) -> None:
    from boundary.sampling.dry_run import forecast, free_bytes

    arms, free = forecast(run), free_bytes(run.output)
    if as_json:
        echo(forecast_as_json(arms, free))
    else:
        print_forecast(arms, run.output, free, run.skip_long)
