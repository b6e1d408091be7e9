"""`boundary counts`, `status` and `verify`: what is done with a folder of samples."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boundary.cli.progress import progress_bar
from boundary.cli.terminal import echo, echo_table
from boundary.plain_text import one_line

if TYPE_CHECKING:
    from boundary.sampling.verify import Disagreement

FOLDER = click.Path(path_type=Path)


@click.command()
@click.argument("folders", nargs=-1, required=True, type=FOLDER)
@click.option("--verifier", metavar="V", help="Whose verdicts count. Default: the one that the manifest names.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="CSV to write.")
@click.option(
    "--samples",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="JSON lines to write, too: every sample with its text, its answer and the verdict on it.",
)
def counts(folders: tuple[Path, ...], verifier: str | None, output: Path | None, samples: Path | None) -> None:
    """Turn run folders into a counts table, as CSV.

    Folders of one model and benchmark are pooled where their manifests differ in the seed alone.
    """
    from boundary.data.counts import Counts
    from boundary.data.runs.counts import run_remarks, run_table
    from boundary.data.runs.samples import judged_samples
    from boundary.data.tables.writing import check_writable, csv_text, refuse_inputs, replacing, write_csv

    outputs = [path for path in (output, samples) if path is not None]
    refuse_inputs(outputs, folders)
    for path in outputs:
        check_writable(path)
    table = Counts.from_frame(run_table(list(folders), verifier), ", ".join(map(str, folders))).table
    for remark in run_remarks(folders, verifier):
        echo(remark, err=True)
    if samples is not None:
        # A server may send half a character: as an escape it is JSON still.
        with replacing(samples) as new, new.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.writelines(
                json.dumps(sample, ensure_ascii=False) + "\n" for sample in judged_samples(folders, verifier)
            )
    if output is None:
        echo_table(csv_text(table))
        return
    write_csv(table, output)
    echo(str(output))


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def status(folder: Path, as_json: bool) -> None:
    """Say how far a run is: samples stored, missing, truncated, repeated, judged."""
    from boundary.sampling.store.status import run_status, sentences

    arms = run_status(folder)
    if as_json:
        echo(json.dumps(arms, indent=2))
        return
    for arm in arms:
        echo("\n".join(map(one_line, sentences(arm))))


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--verifier", metavar="V", help="math, number, code, ... or module:function. Default: the manifest's.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Worker processes. Default: one a processor.")
@click.option("--again", is_flag=True, help="Judge those samples anew, too, that this verifier has judged.")
@click.option("--use", is_flag=True, help="Let counts and analyze use these verdicts from now on.")
@click.option("--unsafe", is_flag=True, help="Run generated programs without a sandbox.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def verify(folder: Path, as_json: bool, quiet: bool, use: bool, **options: Any) -> None:
    """Judge stored samples, again or by another verifier; nothing is sampled.

    Every verifier's verdicts are kept, and what they disagree on is reported. A verifier of your own is code that runs
    on this machine; it is only ever the one that you name, and never one that a folder names.
    """
    from boundary.data.runs.folder import arms_of
    from boundary.sampling.store.arm import set_in_manifest, slug
    from boundary.sampling.verifiers.table import load_verifier, machine_notices
    from boundary.sampling.verify import disagreements, verifier_of, verify_arm

    said: list[dict[str, Any]] = []
    # Every arm's verifier before the first is judged: what is wrong with one is said at once.
    judged_by = [
        (arm, load_verifier(options["verifier"] or verifier_of(arm), options["unsafe"])) for arm in arms_of([folder])
    ]
    for arm, how in judged_by:
        if not (quiet or said):
            for notice in machine_notices([how.name], options["unsafe"]):
                echo(notice, err=True)
        with progress_bar(wanted=not (quiet or as_json)) as progress:
            given = verify_arm(arm, how, options["workers"] or _processors(), options["again"], progress)
        if use:
            set_in_manifest(arm, verifier=slug(how.key))
        differ = disagreements(arm, slug(how.key))
        said.append({"folder": str(arm), "verifier": how.key, "outcomes": dict(given), "disagreements": differ})
        if not (quiet or as_json):
            _print_arm(arm, how.key, given, differ)
    if as_json:
        echo(json.dumps(said, indent=2, default=vars))


def _print_arm(arm: Path, key: str, given: Counter[str], differ: "list[Disagreement]") -> None:
    outcomes = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(given.items())) or "nothing new"
    echo(one_line(f"{arm}: {key} judged {given.total():,} samples: {outcomes}"))
    for each in differ:
        echo(
            f"  against {each.other}, on {each.n_both:,} samples of both: "
            f"only {each.verifier} calls {each.only_verifier:,} correct, only {each.other} {each.only_other:,}"
        )
        for example in each.examples:
            shown = (
                f"    {example['problem_id']} #{example['sample_index']}: {example['outcome']} against "
                f"{example['outcome_other']}; answer {example['answer']!r}"
            )
            echo(one_line(shown))


def _processors() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
