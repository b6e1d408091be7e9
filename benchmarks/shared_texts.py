"""How often arms that share nothing are said to share their texts, and how much has to be shared to be seen.

python benchmarks/shared_texts.py [--reports 100] [--seed 0] -o benchmarks/results/shared_texts.csv

Texts of a problem are drawn from a Dirichlet population: `few` of 6 texts, `some` of 40, `many` all different. The
other arm draws from the same population (the worst case), from one that was changed, or takes a share of the first
arm's samples: at the same places, elsewhere, or whole problems in another order. A report is two arms on one benchmark;
copies get a twentieth of the reports.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from boundary.data.shared_texts import shared_texts

SHAPES = {"30 x 64": (30, 64), "100 x 16": (100, 16), "6 x 8": (6, 8)}
TEXTS = {"few": (6, 0.5), "some": (40, 0.2), "many": (100_000, 0.0)}
Texts = np.ndarray
Harm = Callable[[np.random.Generator, Texts, Texts], Texts]


def draw_texts(rng: np.random.Generator, populations: np.ndarray | None, shape: tuple[int, int]) -> Texts:
    """Texts as numbers; without populations all different."""
    if populations is None:
        return rng.integers(2**60, size=shape)
    return np.stack([rng.choice(len(population), shape[1], p=population) for population in populations])


def same_places(share: float) -> Harm:
    """Copies a share of the samples, each to its place."""

    def harm(rng: np.random.Generator, first: Texts, second: Texts) -> Texts:
        return np.where(rng.random(first.shape) < share, first, second)

    return harm


def elsewhere(share: float) -> Harm:
    """Copies a share of each problem's samples to places of chance."""

    def harm(rng: np.random.Generator, first: Texts, second: Texts) -> Texts:
        copied = np.where(np.arange(first.shape[1]) < round(share * first.shape[1]), first, second)
        return rng.permuted(copied, axis=1)

    return harm


def whole_problems(share: float) -> Harm:
    """Copies a share of the problems, in another order."""

    def harm(rng: np.random.Generator, first: Texts, second: Texts) -> Texts:
        whole = np.arange(len(first))[:, None] < round(share * len(first))
        return np.where(whole, rng.permuted(first, axis=1), second)

    return harm


HARMS: dict[str, Harm] = {
    f"{harm.__name__.replace('_', ' ')}, {share:.0%}": harm(share)
    for harm in (same_places, elsewhere, whole_problems)
    for share in (0.1, 0.3, 1.0)
}


def alarmed(first: Texts, second: Texts) -> bool:
    """Whether a report of two arms raises an alarm."""
    problem, place = (axis.ravel().astype(str) for axis in np.indices(first.shape))
    arms = [
        pd.DataFrame({"problem_id": problem, "sample_index": place, "text_hash": (texts.ravel() + 1).astype(str)})
        for texts in (first, second)
    ]
    labelled = [arm.assign(model=name, benchmark="b", run="") for name, arm in zip("ab", arms, strict=True)]
    return any(note.severity == "alarm" for note in shared_texts(pd.concat(labelled)))


def rows(reports: int, seed: int) -> list[dict[str, object]]:
    """The share of reports with an alarm, for each shape, kind of texts and harm."""
    table: list[dict[str, object]] = []
    for shape_name, shape in SHAPES.items():
        for texts_name, (size, concentration) in TEXTS.items():
            rng = np.random.default_rng(seed)
            for harm_name in ("none, same population", "none, other population", *HARMS):
                n = reports if harm_name.startswith("none") else max(reports // 20, 1)
                alarms = 0
                for _ in range(n):
                    populations = rng.dirichlet(np.full(size, concentration), shape[0]) if concentration else None
                    first, second = draw_texts(rng, populations, shape), draw_texts(rng, populations, shape)
                    if harm_name == "none, other population" and populations is not None:
                        other = rng.dirichlet(np.full(size, concentration), shape[0])
                        second = draw_texts(rng, (populations + other) / 2, shape)
                    alarms += alarmed(first, HARMS[harm_name](rng, first, second) if harm_name in HARMS else second)
                case = {"problems x samples": shape_name, "texts": texts_name, "shared": harm_name}
                table.append(case | {"reports": n, "alarms": alarms, "share": alarms / n})
    return table


def main() -> None:
    """Run all cases and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    table = pd.DataFrame(rows(options.reports, options.seed))
    table.to_csv(options.output, index=False, float_format="%.4g", lineterminator="\n")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
