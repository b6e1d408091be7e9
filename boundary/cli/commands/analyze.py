"""`boundary analyze`: counts in, verdict and report out."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.completion import completing, completing_column
from boundary.cli.help_groups import WithExamples, options_under
from boundary.cli.interruption import interruptibly
from boundary.cli.jax_setup import prepare
from boundary.cli.options import (
    FILE,
    FOLDER,
    OUTPUT_FOLDER,
    Points,
    base_option,
    common_problems_option,
    counts_argument,
    estimates_option,
    output_option,
    prior_option,
    quiet_option,
    selection_option,
)
from boundary.cli.parsing import (
    budgets,
    guess_floor,
    judge_errors,
    names,
    prices,
    rate,
    required,
    thresholds,
    verifier_errors,
)
from boundary.cli.printing.verdict import print_verdict
from boundary.cli.progress import progress_bar
from boundary.cli.terminal import echo, open_in_browser

if TYPE_CHECKING:
    from boundary.analysis.result import Analysis

TARGETS = ("benchmark", "superpopulation")


SAMPLING, CLAIMS, VERIFIER = "How samples were drawn", "Claims", "Errors of the verifier"
COST = "Cost in tokens or money"
sampling_option, claims_option, verifier_option, cost_option = map(options_under, (SAMPLING, CLAIMS, VERIFIER, COST))
EXAMPLES = (
    "boundary analyze deepscaler-1.5b -o report --open",
    "boundary analyze counts.csv --base Qwen2.5-7B --rl Qwen2.5-7B-GRPO -o report",
    "boundary analyze counts.csv --base Qwen2.5-7B --k 1,16,256 --margin 1 -o report",
    'boundary analyze counts.csv --base Qwen2.5-7B --claim "shrinkage(256) > 0" --require .95 -o report',
    "boundary analyze counts.csv --rank -o report",
)


@click.command(cls=WithExamples, examples=EXAMPLES)
@counts_argument
@selection_option("--columns", metavar="NAME=COLUMN,...", help="Columns of other names, as problem_id=qid,n_correct=c.")
@base_option
@selection_option(
    "--rl",
    metavar="MODEL",
    multiple=True,
    shell_complete=completing_column("model"),
    help="An RL model; repeat for several. Default: all others.",
)
@selection_option("--rank", is_flag=True, help="Rank all models, each fitted alone, without a base.")
@selection_option(
    "--benchmark",
    "benchmarks",
    metavar="B",
    multiple=True,
    shell_complete=completing_column("benchmark"),
    help="Only this benchmark; repeat for several.",
)
@common_problems_option
@selection_option("--allow-different-prompts", is_flag=True, help="Compare models that were given different prompts.")
@estimates_option(
    "--k", callback=budgets, metavar="K,K,...", help="Sample budgets to report. Default: 1,2,4,... to 8n."
)
@estimates_option("--max-k", type=click.IntRange(min=1), metavar="K", help="The largest budget of the default list.")
@estimates_option("--tau", callback=thresholds, metavar="T,T,...", help="Solve rates of cover@tau, shares of G-Pass@k.")
@estimates_option(
    "--estimand", "estimands", metavar="E", multiple=True, help="Only this estimand beside the main ones; repeat."
)
@estimates_option(
    "--target",
    type=click.Choice(TARGETS),
    default="benchmark",
    show_default=True,
    help="These very problems, or new ones of the same kind.",
)
@estimates_option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Probability of the intervals.",
)
@estimates_option(
    "--margin",
    type=Points(),
    default=0.5,
    show_default=True,
    metavar="POINTS",
    help="Difference of pass@k that matters, in percentage points.",
)
@prior_option
@estimates_option(
    "--strata",
    metavar="COLUMN",
    multiple=True,
    help="Shrinkage in groups of problems by this column of COUNTS, as level; repeat. Default: stratum, if there.",
)
@estimates_option(
    "--borrow-shape", is_flag=True, help="Small benchmarks borrow the shape of their population from larger ones."
)
@estimates_option("--compare-priors", is_flag=True, help="Fit other families too, and say where they disagree.")
@estimates_option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same numbers.")
@claims_option("--claim", metavar="CLAIM", multiple=True, help='A claim, as in "shrinkage(1024) > 0"; repeat.')
@claims_option("--claims", type=FOLDER, multiple=True, metavar="FILE", help="Claims in a TOML file.")
@claims_option(
    "--require", callback=required, multiple=True, metavar="[NAME=]P", help="Probability that claims must have."
)
@sampling_option("--samples", type=FILE, metavar="FILE", help="Samples, to check order and runs.")
@sampling_option(
    "--scores",
    type=FOLDER,
    metavar="FILE",
    help="Log-probabilities of the samples, as boundary score -o FILE writes them.",
)
@sampling_option("--outcomes-as-missing", metavar="O,O,...", help="Outcomes to leave out, as truncated,timeout.")
@sampling_option(
    "--stopping",
    metavar="RULE",
    shell_complete=completing(lambda: ("fixed", "first success", "adaptive")),
    help="How n was decided: fixed, first success, adaptive.",
)
@cost_option(
    "--token-limit",
    type=click.IntRange(min=1),
    metavar="T",
    help="Cut all samples at so many tokens after the fact; longer ones count as truncated.",
)
@cost_option(
    "--price",
    "prices",
    callback=prices,
    multiple=True,
    metavar="MODEL=USD",
    help="Price of a million generated tokens; one for each model. Default: cost in tokens.",
)
@verifier_option(
    "--false-positive-rate", callback=rate, multiple=True, metavar="[B=]R", help="P(judged right | wrong)."
)
@verifier_option(
    "--false-negative-rate", callback=rate, multiple=True, metavar="[B=]R", help="P(judged wrong | right)."
)
@verifier_option(
    "--guess-floor",
    callback=guess_floor,
    multiple=True,
    metavar="[B=]R|measured",
    help="P(a guess is right): 1 / choices, or as the samples' answers to other problems show.",
)
@verifier_option("--error-rates", type=FILE, metavar="FILE", help="Verifier error rates, problem by problem.")
@verifier_option("--audit", type=FILE, metavar="FILE", help="How many checked verdicts were wrong.")
@verifier_option(
    "--judge-false-positive-rate",
    callback=rate,
    multiple=True,
    metavar="[B=]R",
    help="The same, of the judge of reasoning.",
)
@verifier_option(
    "--judge-false-negative-rate",
    callback=rate,
    multiple=True,
    metavar="[B=]R",
    help="The same, of the judge of reasoning.",
)
@verifier_option("--error-curve", is_flag=True, default=None, help="Shrinkage against the verifier's error rate.")
@output_option(
    "-o",
    "--output",
    type=OUTPUT_FOLDER,
    required=True,
    metavar="DIR",
    help="Folder for report.html, estimates.csv, problems.csv, summary.json, posterior.nc and figures/.",
)
@output_option("--open", "open_report", is_flag=True, help="Open the report in a browser.")
@output_option(
    "--figures",
    default="all",
    show_default=True,
    callback=names,
    metavar="all|none|F,F,...",
    shell_complete=completing(lambda: ("all", "none")),
    help="Figures to write into figures/, as pass_at_k,shrinkage. The report has all of them.",
)
@output_option(
    "--figure-format",
    "figure_formats",
    type=click.Choice(["pdf", "png"]),
    multiple=True,
    help="Write each figure as such a file too, beside its SVG; repeat for both.",
)
@output_option(
    "--figure-width",
    default="page",
    show_default=True,
    metavar="W",
    help="Width of these files: column, page, or inches.",
)
@output_option("--no-posterior", is_flag=True, help="Leave posterior.nc out, the draws of the solve rates.")
@output_option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Fits at once. Default: one a processor. The numbers do not depend on it.",
)
@output_option("--json", "as_json", is_flag=True, help="Print the summary as JSON in place of the verdict.")
@quiet_option
@click.pass_context
def analyze(
    ctx: click.Context,
    /,
    counts: tuple[str, ...],
    columns: str | None,
    output: Path,
    open_report: bool,
    figures: list[str],
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

    Finished fits are kept in DIR until the report is written: after Ctrl-C or a crash the same command continues. On a
    terminal a table and a plot are printed; in a pipe plain text, a sentence and a file a line.

    Exit codes: 0 done; 1 an unexpected error (a bug); 2 wrong input or usage; 3 a required claim is not probable
    enough; 4 the fit's diagnostics failed (results written, and marked), whatever its claims; 130 interrupted.
    """

    def run() -> tuple["Analysis", list[Path]]:
        prepare()
        from boundary.analysis.analyze import analyze as run_analysis
        from boundary.analysis.figures import chosen_figures
        from boundary.analysis.options import chosen_width
        from boundary.analysis.output.files import FITS_FOLDER
        from boundary.analysis.output.folder import check_output
        from boundary.analysis.report.provenance import provenance_of_command, with_provenance

        width = chosen_width(figure_width)  # before the fits, which take long
        chosen_figures(figures)
        files = (options[name] for name in ("samples", "scores", "error_rates", "audit"))
        check_output(output, [*counts, *options["claims"], *(file for file in files if file)])
        options["claims"] += options.pop("claim")
        options["margin"] /= 100
        options["verifier"], options["judge"] = verifier_errors(options), judge_errors(options)
        for name, value in options.items():
            if isinstance(value, tuple):
                options[name] = list(value) or None
        sources: Any = counts[0] if len(counts) == 1 else counts
        if columns is not None:
            from boundary.data.catalog import load_counts

            sources = load_counts(sources, columns)
        analysis = run_analysis(sources, **options, keep_fits=output / FITS_FOLDER, progress=progress)
        analysis = with_provenance(analysis, provenance_of_command(getattr(ctx.find_root().command, "arguments", [])))
        gc.freeze()  # what the fits left need not be looked through while figures are made and thrown away
        try:
            return analysis, analysis.write(
                output,
                figures=figures,
                figure_formats=figure_formats,
                posterior=not no_posterior,
                figure_width=width,
                progress=progress,
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
    if open_report:
        open_in_browser(files[0])
    if not analysis.ok:  # before the claims: a probability from such a fit says nothing
        ctx.exit(4)
    if len(analysis.claims) and not analysis.claims["met"].ne(False).all():
        ctx.exit(3)
