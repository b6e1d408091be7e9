"""`python -m benchmarks.peers`: the same counts through other packages; time, interval and coverage side by side.

Each package runs in a virtual environment of its own, made here. Answers are kept a line a draw, so that an interrupted
run goes on where it stopped; the table is written as CSV and into docs/peers.md.
"""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import pandas as pd

from benchmarks.peers.environments import PEERS, ROOT, python_of
from benchmarks.peers.table import page, scored, summed
from benchmarks.peers.truths import BUDGETS, SAMPLES, TRUTHS, simulated_counts

FOLDER = Path(__file__).parent
WORKERS = ("boundary", *PEERS)


def answer(peer: str, counts: np.ndarray, answers: Path) -> None:
    """Run a worker over the draws that it has not answered yet."""
    python = python_of(peer, ROOT)
    worker = FOLDER / "workers" / f"{peer.replace('-', '_')}_worker.py"
    with TemporaryDirectory() as scratch:
        data = Path(scratch) / "counts.npz"
        np.savez(data, n_correct=counts, n_samples=SAMPLES, budgets=np.array(BUDGETS))
        path = {"PYTHONPATH": str(ROOT)} if peer not in PEERS else {}
        subprocess.run([python, str(worker), str(data), str(answers)], check=True, env=os.environ | path, cwd=ROOT)


@click.command()
@click.option("--draws", default=40, show_default=True, help="Draws of each truth; seeds are 0, 1, 2, ...")
@click.option("--package", "packages", multiple=True, type=click.Choice(WORKERS), default=WORKERS)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=FOLDER / "results", show_default=False)
@click.option("--table-only", is_flag=True, help="Only sum up the answers that are there.")
@click.option("--docs", type=click.Path(path_type=Path), help="Also write the page, such as docs/peers.md.")
def main(draws: int, packages: tuple[str, ...], output: Path, table_only: bool, docs: Path | None) -> None:
    """Other packages on the same counts."""
    output.mkdir(parents=True, exist_ok=True)
    rows = []
    for truth in TRUTHS:
        counts, truth_of_draws, population = simulated_counts(truth, draws)
        for peer in packages:
            click.echo(f"{truth}: {peer}", err=True)
            answers = output / f"{truth.replace(' ', '-')}-{peer}.jsonl"
            if not table_only:
                answer(peer, counts, answers)
            rows += scored(truth, answers, truth_of_draws, population) if answers.exists() else []
    cells = summed(pd.DataFrame(rows))
    cells.to_csv(output / "peers.csv", index=False, float_format="%.4g")
    click.echo(cells.to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    if docs:
        docs.write_text(page(cells), encoding="utf-8")


if __name__ == "__main__":
    main()
