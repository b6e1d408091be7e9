"""`boundary analyze`: counts in, verdict and report out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.claims import print_claims, required
from boundary.cli.interruption import interruptibly
from boundary.cli.jax_setup import prepare
from boundary.cli.progress import progress_bar
from boundary.cli.terminal import console, echo
from boundary.cli.verifier_errors import judge_errors, rate, verifier_errors
from boundary.stats.prior_names import PRIOR_NAMES

if TYPE_CHECKING:
    from boundary.analysis.result import Analysis

PRIORS = f"[{'|'.join(PRIOR_NAMES)}]"
TARGETS = ("benchmark", "superpopulation")


def budgets(ctx: click.Context, param: click.Parameter, text: str | None) -> list[int] | None:
    """Turn a comma list of sample budgets, as in `1,16,128`, into sorted distinct integers of at least 1."""
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if not (word.isascii() and word.isdigit() and int(word) >= 1):
            raise click.BadParameter(f"'{word}' is not a whole number of at least 1; write budgets as 1,16,128.")
    return sorted({int(word) for word in words})


def thresholds(ctx: click.Context, param: click.Parameter, text: str | None) -> list[float] | None:
    """Turn a comma list of solve rates, as in `.25,.5`, into numbers; analyze checks that they lie in [0, 1]."""
    if text is None:
        return None
    try:
        return [float(word) for word in text.split(",")]
    except ValueError as error:
        raise click.BadParameter(f"'{text}' is no list of solve rates; write them as .25,.5.") from error


@click.command()
@click.argument("counts", nargs=-1, required=True)
@click.option("--base", metavar="MODEL", help="The base model. May be left out where the shipped set names it.")
@click.option("--rl", metavar="MODEL", multiple=True, help="An RL model; repeat for several. Default: all others.")
@click.option("--benchmark", "benchmarks", metavar="B", multiple=True, help="Only this benchmark; repeat for several.")
@click.option("--k", callback=budgets, metavar="K,K,...", help="Sample budgets to report. Default: 1,2,4,... to 8n.")
@click.option("--max-k", type=click.IntRange(min=1), metavar="K", help="The largest budget of the default list.")
@click.option("--tau", callback=thresholds, metavar="T,T,...", help="Solve rates of cover@tau, shares of G-Pass@k.")
@click.option("--estimand", "estimands", metavar="E", multiple=True, help="Only this beside the main ones; repeat.")
@click.option("--rank", is_flag=True, help="Rank all models, each fitted alone, without a base.")
@click.option("--prior", metavar=PRIORS, help="Population of solve rates. Default: nonparametric.")
@click.option(
    "--target",
    type=click.Choice(TARGETS),
    default="benchmark",
    show_default=True,
    help="These very problems, or new ones of the same kind.",
)
@click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Probability that an interval holds.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 100, max_open=True),
    default=0.5,
    show_default=True,
    metavar="POINTS",
    help="Difference of pass@k that matters, in percentage points.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same numbers.")
@click.option("--common-problems", is_flag=True, help="Use only the problems that every model has.")
@click.option("--allow-different-prompts", is_flag=True, help="Compare models that were given different prompts.")
@click.option("--compare-priors", is_flag=True, help="Fit other families too, and say where they disagree.")
@click.option("--samples", type=click.Path(dir_okay=False), metavar="FILE", help="Samples, to check order and runs.")
@click.option("--claims", type=click.Path(path_type=Path), multiple=True, metavar="FILE", help="Claims in a TOML file.")
@click.option("--claim", "told", metavar="CLAIM", multiple=True, help='A claim, as in "shrinkage(1024) > 0"; repeat.')
@click.option("--require", callback=required, multiple=True, metavar="[NAME=]P", help="Probability asked of claims.")
@click.option("--outcomes-as-missing", metavar="O,O,...", help="Outcomes to leave out, as truncated,timeout.")
@click.option("--stopping", metavar="RULE", help="What decided n: fixed, first success, adaptive.")
@click.option("--false-positive-rate", callback=rate, multiple=True, metavar="[B=]R", help="P(judged right | wrong).")
@click.option("--false-negative-rate", callback=rate, multiple=True, metavar="[B=]R", help="P(judged wrong | right).")
@click.option("--guess-floor", callback=rate, multiple=True, metavar="[B=]R", help="P(a guess is right): 1 / choices.")
@click.option("--error-rates", type=click.Path(dir_okay=False), metavar="FILE", help="Such rates problem by problem.")
@click.option("--audit", type=click.Path(dir_okay=False), metavar="FILE", help="How many checked verdicts were wrong.")
@click.option("--judge-false-positive-rate", callback=rate, multiple=True, metavar="[B=]R", help="The same, of CoT.")
@click.option("--judge-false-negative-rate", callback=rate, multiple=True, metavar="[B=]R", help="The same, of CoT.")
@click.option("--error-curve", is_flag=True, default=None, help="Shrinkage against the verifier's error rate.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON in place of the verdict.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder for report.html, estimates.csv, problems.csv, summary.json, posterior.nc and figures/.",
)
@click.pass_context
def analyze(
    ctx: click.Context, /, counts: tuple[str, ...], output: Path, as_json: bool, quiet: bool, **options: Any
) -> None:
    """Compare what two models can solve, with honest uncertainty.

    COUNTS is a CSV or Parquet file with the columns model, benchmark, problem_id, n_samples, n_correct, or the name of
    a shipped set (see: boundary data list); several are joined.

    Exit codes: 0 done; 1 an unexpected error (a bug); 2 wrong input or usage; 3 a required claim is not probable
    enough; 4 the fit's diagnostics failed (results written, and marked), whatever its claims; 130 interrupted.
    """

    def run() -> tuple["Analysis", list[Path]]:
        prepare()
        from boundary.analysis.analyze import analyze as run_analysis
        from boundary.analysis.output.files import check_output

        files = (options[name] for name in ("samples", "error_rates", "audit"))
        check_output(output, [*counts, *options["claims"], *(file for file in files if file)])
        options["claims"] += options.pop("told")
        options["margin"] /= 100
        options["verifier"], options["judge"] = verifier_errors(options), judge_errors(options)
        chosen: dict[str, Any] = {
            name: list(value) or None if isinstance(value, tuple) else value for name, value in options.items()
        }
        analysis = run_analysis(counts[0] if len(counts) == 1 else counts, **chosen, progress=progress)
        if progress:
            progress("Writing the report, its tables and figures", 0, 0)
        return analysis, analysis.write(output)

    with progress_bar(wanted=not (quiet or as_json)) as progress:
        analysis, written = interruptibly(run, output)
    if as_json:
        from boundary.analysis.report.summary import summary_json

        echo(summary_json(analysis))
    elif not quiet:
        print_verdict(analysis, written)
        print_run_remarks(counts)
    if not analysis.ok:  # before the claims: a probability from such a fit says nothing
        ctx.exit(4)
    if len(analysis.claims) and not analysis.claims["met"].ne(False).all():
        ctx.exit(3)


def print_run_remarks(counts: tuple[str, ...]) -> None:
    """Print what the counts of run folders leave out."""
    from boundary.data.runs.counts import run_remarks
    from boundary.data.runs.folder import is_run

    for folder in map(Path, counts):
        if folder.is_dir() and is_run(folder):
            for remark in run_remarks(folder):
                echo(remark, err=True)


def print_verdict(analysis: "Analysis", written: list[Path]) -> None:
    """Print a sentence per benchmark, what failed if anything did, and where the files are."""
    from rich.table import Table
    from rich.text import Text

    screen = console()
    failed = analysis.diagnostics.loc[~analysis.diagnostics["ok"].astype(bool)]
    for benchmark, message in zip(failed["benchmark"], failed["message"], strict=True):
        screen.print(Text(f"NOT CONVERGED, do not rely on {benchmark}: {message}", style="bold red"))
    table = Table(box=None, show_header=False, padding=(0, 2, 1, 0), pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for benchmark in analysis.benchmarks:
        for verdict in analysis.verdicts:
            if verdict.benchmark == benchmark:
                table.add_row(Text(benchmark), Text(verdict.text))
        if benchmark == "all" and len(analysis.benchmarks) > 1:
            continue  # said of each benchmark above
        for remark in analysis.arms.of(benchmark, notes=False):
            table.add_row(Text(), Text(remark.text, style="bold red" if remark.alarming else "bold"))
    screen.print(table)
    print_claims(screen, analysis.claims)
    for doubt in analysis.criticism.remarks:
        if doubt.alarming:
            screen.print(Text(f"POPULATION of {doubt.model}, {doubt.benchmark}: {doubt.text}", style="bold red"))
    counting: list[Any] = [*analysis.stopped, *analysis.unequal, *analysis.outcomes.remarks]
    for told in counting:
        if told.alarming:
            screen.print(Text(f"COUNTS of {told.model}, {told.benchmark}: {told.text}", style="bold"))
    for check in analysis.sample_checks:
        if check.alarming:
            screen.print(Text(f"SAMPLES of {check.model}, {check.benchmark}: {check.text}", style="bold red"))
    folder = written[0].parent
    for path in written:
        if path.parent == folder:
            screen.print(Text(str(path)), soft_wrap=True)
