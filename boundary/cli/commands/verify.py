"""`boundary verify`: the stored samples of a run folder, judged again."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.completion import completing, verifier_names
from boundary.cli.help_groups import WithExamples
from boundary.cli.options import FOLDER, json_option, quiet_option
from boundary.cli.progress import progress_bar
from boundary.cli.terminal import echo
from boundary.plain_text import one_line
from boundary.processors import usable_processors

if TYPE_CHECKING:
    from boundary.sampling.verify import Disagreement


@click.command(
    cls=WithExamples,
    examples=["boundary verify run --verifier number", "boundary verify run --verifier my_module:my_function --use"],
)
@click.argument("folder", type=FOLDER)
@click.option(
    "--verifier",
    metavar="V",
    shell_complete=completing(verifier_names),
    help="math, number, code, ... or module:function. Default: the manifest's.",
)
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Worker processes. Default: one a processor.")
@click.option("--again", is_flag=True, help="Judge those samples anew, too, that this verifier has judged.")
@click.option("--use", is_flag=True, help="Let counts and analyze use these verdicts from now on.")
@click.option("--unsafe", is_flag=True, help="Run generated programs without a sandbox.")
@json_option
@quiet_option
def verify(folder: Path, as_json: bool, quiet: bool, use: bool, **options: Any) -> None:
    """Judge stored samples, again or by another verifier; nothing is sampled.

    Every verifier's verdicts are kept, and what they disagree on is reported. A verifier of your own is code that runs
    on this machine; it is only ever the one that you name, and never one that a folder names.
    """
    from boundary.data.runs.folder import arms_of
    from boundary.sampling.store.arm import set_in_manifest, slug
    from boundary.sampling.verifiers.table import load_verifier, machine_notices
    from boundary.sampling.verify import disagreements, verifier_name, verify_arm

    # Every arm's verifier is made before the first arm is judged, so that a wrong one ends the command at once.
    verifiers = {
        arm: load_verifier(options["verifier"] or verifier_name(arm), options["unsafe"]) for arm in arms_of([folder])
    }
    if not quiet:
        for notice in machine_notices([verifier.name for verifier in verifiers.values()], options["unsafe"]):
            echo(notice, err=True)
    results: list[dict[str, Any]] = []
    for arm, verifier in verifiers.items():
        with progress_bar(not (quiet or as_json)) as progress:
            outcomes = verify_arm(arm, verifier, options["workers"] or usable_processors(), options["again"], progress)
        if use:
            set_in_manifest(arm, verifier=slug(verifier.key), verifier_in_use=slug(verifier.key))
        differences = disagreements(arm, slug(verifier.key))
        results.append(
            {
                "folder": str(arm),
                "verifier": verifier.key,
                "outcomes": dict(outcomes),
                "disagreements": differences,
            }
        )
        if not (quiet or as_json):
            _print_arm(arm, verifier.key, outcomes, differences)
    if as_json:
        echo(json.dumps(results, indent=2, default=vars))


def _print_arm(arm: Path, verifier: str, outcomes: Counter[str], disagreements: "list[Disagreement]") -> None:
    by_outcome = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(outcomes.items())) or "nothing new"
    echo(one_line(f"{arm}: {verifier} judged {outcomes.total():,} samples: {by_outcome}"))
    for pair in disagreements:
        echo(
            f"  against {pair.other}, on {pair.n_both:,} samples of both: "
            f"only {pair.verifier} calls {pair.only_verifier:,} correct, only {pair.other} {pair.only_other:,}"
        )
        for example in pair.examples:
            line = (
                f"    {example['problem_id']} #{example['sample_index']}: {example['outcome']} against "
                f"{example['outcome_other']}; answer {example['answer']!r}"
            )
            echo(one_line(line))
