"""`boundary analyze`: counts in, verdict and report out."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.interruption import interruptibly
from boundary.cli.jax_setup import prepare
from boundary.cli.options import base_option, counts_argument, prior_option, quiet_option
from boundary.cli.parsing import budgets, judge_errors, rate, required, thresholds, verifier_errors
from boundary.cli.printing.verdict import print_verdict
from boundary.cli.progress import progress_bar
from boundary.cli.terminal import echo

if TYPE_CHECKING:
    from boundary.analysis.result import Analysis

TARGETS = ("benchmark", "superpopulation")


@click.command()
@counts_argument
@base_option
@click.option("--rl", metavar="MODEL", multiple=True, help="An RL model; repeat for several. Default: all others.")
@click.option("--benchmark", "benchmarks", metavar="B", multiple=True, help="Only this benchmark; repeat for several.")
@click.option("--k", callback=budgets, metavar="K,K,...", help="Sample budgets to report. Default: 1,2,4,... to 8n.")
@click.option("--max-k", type=click.IntRange(min=1), metavar="K", help="The largest budget of the default list.")
@click.option("--tau", callback=thresholds, metavar="T,T,...", help="Solve rates of cover@tau, shares of G-Pass@k.")
@click.option(
    "--estimand", "estimands", metavar="E", multiple=True, help="Only this estimand beside the main ones; repeat."
)
@click.option("--rank", is_flag=True, help="Rank all models, each fitted alone, without a base.")
@prior_option
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
    help="Probability of the intervals.",
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
@click.option("--claim", metavar="CLAIM", multiple=True, help='A claim, as in "shrinkage(1024) > 0"; repeat.')
@click.option(
    "--require", callback=required, multiple=True, metavar="[NAME=]P", help="Probability that claims must have."
)
@click.option("--outcomes-as-missing", metavar="O,O,...", help="Outcomes to leave out, as truncated,timeout.")
@click.option("--stopping", metavar="RULE", help="How n was decided: fixed, first success, adaptive.")
@click.option("--false-positive-rate", callback=rate, multiple=True, metavar="[B=]R", help="P(judged right | wrong).")
@click.option("--false-negative-rate", callback=rate, multiple=True, metavar="[B=]R", help="P(judged wrong | right).")
@click.option("--guess-floor", callback=rate, multiple=True, metavar="[B=]R", help="P(a guess is right): 1 / choices.")
@click.option(
    "--error-rates", type=click.Path(dir_okay=False), metavar="FILE", help="Verifier error rates, problem by problem."
)
@click.option("--audit", type=click.Path(dir_okay=False), metavar="FILE", help="How many checked verdicts were wrong.")
@click.option(
    "--judge-false-positive-rate",
    callback=rate,
    multiple=True,
    metavar="[B=]R",
    help="The same, of the judge of reasoning.",
)
@click.option(
    "--judge-false-negative-rate",
    callback=rate,
    multiple=True,
    metavar="[B=]R",
    help="The same, of the judge of reasoning.",
)
@click.option("--error-curve", is_flag=True, default=None, help="Shrinkage against the verifier's error rate.")
@click.option(
    "--figure-format",
    "figure_formats",
    type=click.Choice(["pdf", "png"]),
    multiple=True,
    help="Write each figure as such a file too, beside its SVG; repeat for both.",
)
@click.option(
    "--figure-width",
    default="page",
    show_default=True,
    metavar="W",
    help="Width of these files: column, page, or inches.",
)
@click.option("--no-posterior", is_flag=True, help="Leave posterior.nc out, the draws of the solve rates.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON in place of the verdict.")
@quiet_option
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
    ctx: click.Context,
    /,
    counts: tuple[str, ...],
    output: Path,
    figure_formats: tuple[str, ...],
    figure_width: str,
    no_posterior: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Compare what two models can solve, with honest uncertainty.

    COUNTS is a CSV or Parquet file with the columns model, benchmark, problem_id, n_samples, n_correct, or the name of
    a shipped set (see: boundary data list); several are joined.

    Finished fits are kept in DIR until the report is written: after Ctrl-C or a crash the same command continues.

    Exit codes: 0 done; 1 an unexpected error (a bug); 2 wrong input or usage; 3 a required claim is not probable
    enough; 4 the fit's diagnostics failed (results written, and marked), whatever its claims; 130 interrupted.
    """

    def run() -> tuple["Analysis", list[Path]]:
        prepare()
        from boundary.analysis.analyze import analyze as run_analysis
        from boundary.analysis.options import chosen_width
        from boundary.analysis.output.files import FITS_FOLDER, check_output

        width = chosen_width(figure_width)  # before the fits, which take long
        files = (options[name] for name in ("samples", "error_rates", "audit"))
        check_output(output, [*counts, *options["claims"], *(file for file in files if file)])
        options["claims"] += options.pop("claim")
        options["margin"] /= 100
        options["verifier"], options["judge"] = verifier_errors(options), judge_errors(options)
        for name, value in options.items():
            if isinstance(value, tuple):
                options[name] = list(value) or None
        sources = counts[0] if len(counts) == 1 else counts
        analysis = run_analysis(sources, **options, keep_fits=output / FITS_FOLDER, progress=progress)
        if progress:
            progress("Writing the report, its tables and figures", 0, 0)
        gc.freeze()  # what the fits left need not be looked through while figures are made and thrown away
        try:
            return analysis, analysis.write(
                output, figure_formats=figure_formats, posterior=not no_posterior, figure_width=width
            )
        finally:
            gc.unfreeze()

    with progress_bar(not (quiet or as_json)) as progress:
        analysis, files = interruptibly(run, output)
    if as_json:
        from boundary.analysis.report.summary import summary_json

        echo(summary_json(analysis))
    elif not quiet:
        print_verdict(analysis, files)
    if not analysis.ok:  # before the claims: a probability from such a fit says nothing
        ctx.exit(4)
    if len(analysis.claims) and not analysis.claims["met"].ne(False).all():
        ctx.exit(3)
