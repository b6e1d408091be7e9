"""Write card.md of the shipped set from its counts: `python card.py`, where the packages of the training are."""

from importlib.metadata import version
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd
from steps import BASE, MODELS

FOLDER = Path(__file__).parent
NAME = "smollm2-arithmetic-scored"
SET = FOLDER.parents[1] / "boundary" / "data" / "sets" / NAME


def right_samples(counts: pd.DataFrame) -> pd.DataFrame:
    """Right samples, a row a problem and a column a model."""
    return counts.pivot(index=["benchmark", "problem_id"], columns="model", values="n_correct")[list(MODELS)]


def share_table(counts: pd.DataFrame) -> str:
    """Share of samples that are right, and how many problems no sample solved."""
    cells = counts.groupby(["benchmark", "model"]).agg(
        right=("n_correct", "sum"),
        samples=("n_samples", "sum"),
        unsolved=("n_correct", lambda column: (column == 0).sum()),
    )
    lines = ["| | " + " | ".join(MODELS) + " |", "|---" * (len(MODELS) + 1) + "|"]
    for benchmark in sorted(set(counts["benchmark"])):
        rows = [cells.loc[(benchmark, name)] for name in MODELS]
        lines.append(
            f"| {benchmark} | " + " | ".join(f"{r.right / r.samples:.3f} ({r.unsolved:.0f})" for r in rows) + " |"
        )
    return "\n".join(lines)


def solved_once(right: pd.DataFrame, model: str) -> dict[str, int]:
    """Problems solved at least once by both, by the base alone, by the model alone, by neither."""
    base, other = (right[name].to_numpy() > 0 for name in (BASE, model))
    sets = {"kept": base & other, "lost": base & ~other, "gained": other & ~base, "neither": ~base & ~other}
    return {name: int(part.sum()) for name, part in sets.items()}


def single_successes(right: pd.DataFrame, model: str) -> int:
    """Problems that one of the two solved by a single sample and the other never."""
    pair = np.sort(right[[BASE, model]].to_numpy(), axis=1)
    return int(((pair[:, 0] == 0) & (pair[:, 1] == 1)).sum())


def card() -> str:
    """The card of the set."""
    counts = pd.read_csv(SET / "counts.csv", dtype={"problem_id": str})
    right = right_samples(counts)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template(f"{NAME}.md.jinja").render(
        share_table=share_table(counts),
        first=solved_once(right, MODELS[1]),
        last=solved_once(right, MODELS[2]),
        single_successes=single_successes(right, MODELS[2]),
        versions={package: version(package).partition("+")[0] for package in ("torch", "transformers", "trl")},
    )


if __name__ == "__main__":
    (SET / "card.md").write_text(card(), encoding="utf-8")
