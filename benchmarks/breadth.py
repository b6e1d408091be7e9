"""`python -m benchmarks.breadth`: coverage, width and bias of the intervals of breadth and of guess floors, as CSV.

Answers to every problem are drawn from distributions that are known: the right answer with a solve rate from
Beta(.6, .8), the wrong ones from a Zipf, geometric or uniform distribution whose steepness differs by problem. The
second model of a pair is right more often, and its wrong answers are fewer or of another kind.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import pandas as pd
from scipy.special import digamma

from boundary.stats.breadth import (
    AnswerCounts,
    agreement,
    answer_entropy,
    difference_of_means,
    distinct_answers,
    majority_vote,
    mean_over_problems,
)
from boundary.stats.guessing import guess_floors, hit_shares

RESULTS = Path(__file__).parent / "results"
ANSWERS = 300
# So many problems stand for the population that these problems are drawn from.
POPULATION = 4000
LEVEL = 0.95
KINDS = ("zipf", "geometric", "uniform")
PAIRS = (("zipf", "zipf"), ("zipf", "geometric"), ("geometric", "geometric"), ("uniform", "geometric"))
PROBLEMS, SAMPLES = (20, 200), (16, 64, 256)


def wrong_answers(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Probabilities of one problem's wrong answers."""
    if kind == "zipf":
        weights = np.arange(1, ANSWERS + 1.0) ** -rng.uniform(0.8, 1.6)
    elif kind == "geometric":
        weights = rng.uniform(0.5, 0.97) ** np.arange(ANSWERS)
    else:
        weights = (np.arange(ANSWERS) < rng.integers(1, 60)).astype(float)
    return np.asarray(weights / weights.sum())


def problems(kind: str, n: int, sharpened: bool, rng: np.random.Generator) -> np.ndarray:
    """Probabilities of the answers (problem, answer) of a benchmark, the right one first."""
    right = rng.beta(0.6, 0.8, n)
    if sharpened:
        right = 1 - 0.6 * (1 - right)
    wrong = np.stack([wrong_answers(kind, rng) for _ in range(n)])
    return np.concatenate([right[:, None], (1 - right)[:, None] * wrong], axis=1)


def drawn_answers(shares: np.ndarray, n_samples: int, rng: np.random.Generator) -> AnswerCounts:
    """Answers of n samples of each problem."""
    times = rng.multinomial(n_samples, shares)
    place = np.nonzero(times)
    return AnswerCounts(place[0], times[place], place[1] == 0, np.full(len(shares), n_samples))


def distinct(shares: np.ndarray, k: int) -> np.ndarray:
    """Expected number of different answers in k samples of each problem."""
    return np.asarray(-np.expm1(k * np.log1p(-np.minimum(shares, 1 - 1e-15)))).sum(axis=1)


def entropy(shares: np.ndarray) -> np.ndarray:
    return np.asarray(-(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1))


class Case(NamedTuple):
    """A quantity: its true value of each problem, its estimates, and the budget."""

    name: str
    k: int
    true: Any
    estimated: Any


def cases(n: int) -> list[Case]:
    """The quantities that are tried with n samples."""
    distinct_cases = [
        Case("distinct_wrong", k, lambda p, k=k: distinct(p[:, 1:], k), lambda c, k=k: _wrong(c, k))
        for k in (n // 4, n, 2 * n, 3 * n)
    ]
    return [
        *distinct_cases,
        Case("answer_entropy", 0, entropy, lambda c: answer_entropy(c.answered())),
        Case("agreement", 0, lambda p: (p**2).sum(axis=1), lambda c: agreement(c.answered())),
    ]


def _wrong(counts: AnswerCounts, k: int) -> Any:
    return distinct_answers(counts.answers_that_are(False), [k])


def coverage_of_pair(
    kinds: tuple[str, str], n_problems: int, n_samples: int, draws: int, seed: int = 0
) -> list[dict[str, Any]]:
    """Coverage of the intervals of each quantity of the first model, and of its difference from the second."""
    rng = np.random.default_rng(seed)
    whole = [problems(kind, POPULATION, place == 1, rng) for place, kind in enumerate(kinds)]
    tried = cases(n_samples)
    of_population = [[case.true(part).mean() for part in whole] for case in tried]
    hits: dict[tuple[str, int, str, str], list[tuple[bool, float, float]]] = {}
    for _ in range(draws):
        rows_of_models = [rng.choice(POPULATION, n_problems, replace=False)] * 2
        shares = [model[rows] for model, rows in zip(whole, rows_of_models, strict=True)]
        counts = [drawn_answers(part, n_samples, rng) for part in shares]
        for case, population in zip(tried, of_population, strict=True):
            terms = [case.estimated(part) for part in counts]
            true = {"benchmark": [case.true(part).mean() for part in shares], "superpopulation": population}
            for target, values in true.items():
                estimates = {
                    "model": (mean_over_problems(terms[0], LEVEL, target), values[0]),
                    "difference": (difference_of_means(*terms, LEVEL, target), values[0] - values[1]),
                }
                for of, (estimate, value) in estimates.items():
                    holds = bool(estimate.lower[0] <= value <= estimate.upper[0])
                    width, bias = estimate.upper[0] - estimate.lower[0], estimate.mean[0] - value
                    hits.setdefault((case.name, case.k, of, target), []).append((holds, width, bias))
    cell = {"wrong_answers": " and ".join(kinds), "n_problems": n_problems, "n_samples": n_samples}
    return [
        cell
        | dict(zip(("quantity", "k", "of", "target"), key, strict=True))
        | dict(zip(("coverage", "width", "bias"), np.mean(values, axis=0).round(4).tolist(), strict=True))
        for key, values in hits.items()
    ]


def coverage_of_floors(
    n_problems: int, n_samples: int, concentration: float, draws: int, seed: int = 0
) -> dict[str, Any]:
    """Coverage of guess floors: problems share guesses from a Zipf distribution, each with favourites of its own.

    A problem's answers are drawn from a Dirichlet process around the shared distribution; the lower the concentration,
    the more its samples repeat each other.
    """
    rng = np.random.default_rng(seed)
    shared = np.arange(1, 1001.0) ** -1.1
    shared /= shared.sum()
    hits = []
    for _ in range(draws):
        right = rng.choice(1000, n_problems, p=0.5 * shared + 0.5 / 1000)
        shares = np.maximum(rng.gamma(concentration * shared, size=(n_problems, 1000)), 1e-300)
        times = rng.multinomial(n_samples, shares / shares.sum(axis=1, keepdims=True))
        place = np.nonzero(times)
        hit = hit_shares(place[0], place[1], times[place], np.full(n_problems, n_samples), right)
        floors = guess_floors(hit, LEVEL, rng)
        lower, upper = np.quantile(floors.draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
        true = shared[right]
        holds = floors.lower <= true.mean() <= floors.upper
        hits.append(
            (holds, np.mean((lower <= true) & (true <= upper)), floors.upper - floors.lower, floors.mean - true.mean())
        )
    means = np.mean(hits, axis=0).round(4).tolist()
    names = ("coverage_of_mean", "coverage_of_problems", "width_of_mean", "bias_of_mean")
    cell = {"n_problems": n_problems, "n_samples": n_samples, "concentration": concentration}
    return cell | dict(zip(names, means, strict=True))


def entropy_estimators(counts: AnswerCounts) -> dict[str, np.ndarray]:
    """Entropy of each problem by estimators that give one number; docs/breadth.md says what came of them."""
    n = counts.n_samples.astype(float)
    size = n[counts.problem]
    m = counts.times.astype(float)
    share = m / size

    def total(parts: np.ndarray) -> np.ndarray:
        return np.bincount(counts.problem, parts, counts.n_problems)

    plug_in = total(-share * np.log(share))
    species = total(np.ones_like(m))
    once = total(counts.times == 1)
    covered = np.maximum(1 - np.where(once == n, n - 1, once) / n, 1 / n)[counts.problem] * share
    grassberger = digamma(m) + 0.5 * (-1.0) ** counts.times * (digamma((m + 1) / 2) - digamma(m / 2))
    uniform = (1 / species)[counts.problem]
    weight = (1 - total(share**2)) / ((n - 1) * total((uniform - share) ** 2) + 1e-12)
    shrunk = np.clip(weight, 0, 1)[counts.problem] * (uniform - share) + share
    return {
        "plug-in": plug_in,
        "Miller-Madow": plug_in + (species - 1) / (2 * n),
        "Chao-Shen": total(-covered * np.log(covered) / (1 - (1 - covered) ** size)),
        "Grassberger": np.log(n) - total(share * grassberger),
        "James-Stein": total(-shrunk * np.log(shrunk)),
        "boundary": answer_entropy(counts).values[0] + _middle_of_tail(counts),
    }


def _middle_of_tail(counts: AnswerCounts) -> float:
    terms = answer_entropy(counts)
    return float((terms.tail_low[0] + terms.tail_high[0]) / 2)


def entropy_errors(kind: str, n_problems: int, n_samples: int, draws: int, seed: int = 0) -> list[dict[str, Any]]:
    """Bias and coverage of each estimator of the mean entropy; those of one number with a normal interval."""
    rng = np.random.default_rng(seed)
    errors: dict[str, list[tuple[float, bool]]] = {}
    for _ in range(draws):
        shares = problems(kind, n_problems, False, rng)
        counts, true = drawn_answers(shares, n_samples, rng), entropy(shares).mean()
        terms = answer_entropy(counts)
        own, spread = mean_over_problems(terms, LEVEL), 1.96 * np.sqrt(terms.variances.sum()) / n_problems
        for name, values in entropy_estimators(counts).items():
            bias = values.mean() - true
            holds = own.lower[0] <= true <= own.upper[0] if name == "boundary" else abs(bias) <= spread
            errors.setdefault(name, []).append((bias, bool(holds)))
    cell = {"answers": kind, "n_problems": n_problems, "n_samples": n_samples}
    return [
        cell
        | {"estimator": name}
        | dict(zip(("bias", "coverage"), np.mean(rows, axis=0).round(4).tolist(), strict=True))
        for name, rows in errors.items()
    ]


def majority_coverage(n_problems: int, n_samples: int, draws: int, seed: int = 0) -> dict[str, Any]:
    """Coverage of majority voting of 8 samples, on geometric wrong answers; the truth by 20,000 votings a problem."""
    rng = np.random.default_rng(seed)
    shares = problems("geometric", n_problems, False, rng)
    votes = np.stack([rng.multinomial(8, p, 4000) for p in shares])
    top = votes == votes.max(axis=2, keepdims=True)
    true = (top[:, :, 0] / top.sum(axis=2)).mean()
    hits = []
    for _ in range(draws):
        estimate = mean_over_problems(majority_vote(drawn_answers(shares, n_samples, rng), [8], rng), LEVEL)
        hits.append((estimate.lower[0] <= true <= estimate.upper[0], estimate.upper[0] - estimate.lower[0]))
    coverage, width = np.mean(hits, axis=0).round(4).tolist()
    cell = {"wrong_answers": "geometric", "n_problems": n_problems, "n_samples": n_samples, "quantity": "majority_vote"}
    return cell | {"k": 8, "of": "model", "target": "benchmark", "coverage": coverage, "width": width}


def tables(draws: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """The tables of results by the names of their files."""
    rows = [row for pair in PAIRS for n in PROBLEMS for m in SAMPLES for row in coverage_of_pair(pair, n, m, draws)]
    rows += [majority_coverage(n, m, draws) for n in PROBLEMS for m in SAMPLES]
    yield "breadth", pd.DataFrame(rows)
    cells = [(n, m, c) for n in PROBLEMS for m in SAMPLES for c in (3.0, 30.0)]
    yield "breadth-floors", pd.DataFrame([coverage_of_floors(*cell, draws) for cell in cells])
    rows = [row for kind in KINDS for m in SAMPLES for row in entropy_errors(kind, 200, m, draws // 2)]
    yield "breadth-entropy", pd.DataFrame(rows)


@click.command()
@click.option("--draws", default=80, show_default=True, help="Draws of each cell.")
def main(draws: int) -> None:
    """Write benchmarks/results/breadth*.csv."""
    for name, table in tables(draws):
        table.to_csv(RESULTS / f"{name}.csv", index=False)
        click.echo(table.to_string())


if __name__ == "__main__":
    main()
