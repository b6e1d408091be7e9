"""`boundary score`: log-probabilities of stored responses under a model."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.interruption import EXIT_CODE, stopped_by_sigterm
from boundary.cli.options import FILE, FOLDER, json_option, quiet_option
from boundary.cli.parsing import engine_options, shard
from boundary.cli.progress import progress_bar
from boundary.cli.terminal import echo
from boundary.plain_text import one_line

if TYPE_CHECKING:
    from boundary.sampling.scoring.run import ScoredArmResult

INCOMPLETE = 4


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--model", metavar="ID|PATH", required=True, help="The model that scores; also LABEL=ID, ID@REVISION.")
@click.option("--reference", is_flag=True, help="Score the benchmarks' reference answers in place of the samples.")
@click.option("--per-token", is_flag=True, help="Keep the log-probability of each token, too.")
@click.option("--as-sampled", is_flag=True, help="Score at the temperature and top-p of sampling, too.")
@click.option("--no-cache", is_flag=True, help="Read the prompt anew for each of its responses.")
@click.option("--engine", metavar="[transformers|ray]", default="transformers", help="Default: transformers.")
@click.option(
    "--engine-option", "engine_options", metavar="K=V", multiple=True, callback=engine_options, help="Repeat."
)
@click.option("--revision", metavar="REV", help="Of the model on the hub: a commit, a branch or a tag.")
@click.option("--tokenizer", metavar="ID|PATH", help="Where the tokenizer is, if not with the model.")
@click.option("--template", metavar="NAME|FILE", help="Of a run of an older version, where its template was a file.")
@click.option(
    "--sampled-tokenizer", metavar="ID|PATH", help="Of the model that was sampled, for a run of an older version."
)
@click.option("--shard", metavar="I/N", callback=shard, help="Only every N-th problem from the I-th, I from 0.")
@json_option
@quiet_option
@click.option("-o", "--output", type=FILE, metavar="FILE", help="Write the scores in FOLDER as CSV, too.")
@click.pass_context
def score(
    ctx: click.Context, /, folder: Path, as_json: bool, quiet: bool, no_cache: bool, output: Path | None, **options: Any
) -> None:
    """Compute how likely stored responses are under a model, each given the prompt that it was sampled from.

    FOLDER is a run folder of `boundary sample`, or an arm of it. Scores are stored beside the samples; stopped at any
    moment, the same command goes on.

    Exit code 0: done; 2: wrong input; 4: some responses are longer than the model reads, the others are scored; 130:
    stopped.
    """
    from boundary.data.runs.scores import scores_table
    from boundary.data.tables.spreadsheets import guarded_table
    from boundary.data.tables.writing import check_writable
    from boundary.sampling.scoring.run import Scoring, ScoringSnapshot, score_run

    if output is not None:
        check_writable(output)
    options["shard"] = options["shard"] or (0, 1)
    scoring = Scoring(folder, share_prompts=not no_cache, **options)
    try:
        with stopped_by_sigterm(), progress_bar(not (quiet or as_json)) as move:

            def report(state: ScoringSnapshot) -> None:
                if move:
                    speed = f", {state.tokens / state.seconds:,.0f} tokens/s" if state.new and state.seconds else ""
                    move(f"{state.model} on {state.benchmark} under {state.scorer}{speed}", state.done, state.total)

            arms = score_run(scoring, report, (lambda text: move(text, 0, 0)) if move else (lambda text: None))
    except KeyboardInterrupt:
        echo(f"Stopped. What was scored is stored in {folder}; the same command goes on.", err=True)
        ctx.exit(EXIT_CODE)
    if output is not None:
        guarded_table(scores_table(folder, kind=scoring.kind)).to_csv(output, index=False)
    if as_json:
        echo(json.dumps([vars(arm) for arm in arms], indent=2, default=str))
    elif not quiet:
        for arm in arms:
            echo("\n".join(map(one_line, _sentences(arm, scoring.reference))))
    if any(arm.too_long for arm in arms):
        ctx.exit(INCOMPLETE)


def _sentences(arm: "ScoredArmResult", reference: bool) -> list[str]:
    """What was done for an arm, a line each."""
    from math import exp

    speed = f", {arm.tokens / arm.seconds:,.0f} tokens/s" if arm.new and arm.seconds else ""
    lines = [
        f"{arm.model} on {arm.benchmark} under {arm.scorer}: {arm.new:,} new scores of {arm.total:,} responses{speed}"
    ]
    if arm.mean_logp is not None:
        lines.append(
            f"  of the new scores: mean log-probability of a token {arm.mean_logp:.3f} "
            f"(perplexity {exp(min(-arm.mean_logp, 700)):.3g}); {arm.truncated:,} truncated, "
            f"{arm.empty:,} empty (no perplexity)"
        )
    if not arm.same_vocabulary:
        lines.append(
            "  another vocabulary than the responses were sampled with: texts were tokenised anew. Compare bits per "
            "byte, and nothing per token."
        )
    elif arm.retokenised and not reference:  # of reference answers no number of tokens was recorded
        lines.append(
            f"  {arm.retokenised:,} responses without stored token ids were tokenised anew; {arm.same_count:,} of them "
            "have the recorded number of tokens"
        )
    if arm.not_tempered:
        lines.append(f"  not scored as sampled: {arm.not_tempered}")
    if arm.too_long:
        are = "response is" if arm.too_long == 1 else "responses are"
        not_scored = "is" if arm.too_long == 1 else "are"
        lines.append(f"  {arm.too_long:,} {are} longer than {arm.scorer} reads, and {not_scored} not scored")
    return lines
