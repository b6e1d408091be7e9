"""Arms that share their texts: the same completions under two names, in the same places or in others.

Short answers coincide honestly, so equal texts alone say nothing. Two tests ask whether they are more than chance makes
of texts that vary as little as these do.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from boundary.data.runs.folder import arms, is_run, model_name, read_manifest, sample_index
from boundary.plain_text import plain

# Reports on honest arms raise a false alarm with at most this probability: all tests together, three for two arms.
FALSE_ALARM, TESTS = 1e-3, 3
# A smaller share of texts that are shared beyond chance is not spoken of.
LEAST_SHARE = 0.02
# Arms whose texts are the same to this share are named even where chance may make them so.
NEARLY_ALL = 0.98
# Random arrangements of a problem, and sample places that all of them together may take.
FEWEST, MOST, PLACES, LEAST_PLACES = 99, 3999, 20_000_000, 32
COLUMNS = ("model", "benchmark", "problem_id", "run", "sample_index", "text_hash")
UNKNOWN = ("", "0", "nan", "None", "<NA>")
PLACES_IN_WORDS = {
    "same places": "{} of the samples are the same at the same places",
    "any places": "{} of the samples of a problem are the same",
    "whole problems": "{} of the problems have the same samples",
}
# Of the Chernoff bound, in units of one over the largest statistic of a problem.
TILTS = np.geomspace(1e-2, 1e3, 31)


Overlap = Literal["same places", "any places", "whole problems"]


class SharedTexts(NamedTuple):
    """Two arms whose texts are the same to some extent.

    Parameters
    ----------
    benchmark, models
        The two arms.
    overlap
        `same places`: at the same index of the same problem; `any places`: anywhere in the same problem; `whole
        problems`: problems whose texts are all the same.
    share, chance
        Share of the samples whose text the other arm has there too (at any places: of the arm with fewer samples), or
        of whole problems, and how large chance makes it.
    p_value
        At most this probability of so many among independent samples; 1 where chance may explain all.
    """

    benchmark: str
    models: tuple[str, str]
    overlap: Overlap
    share: float
    chance: float
    p_value: float

    @property
    def severity(self) -> Literal["alarm", "remark"]:
        """`remark` where the texts vary too little to tell a copy from two models that agree."""
        return "alarm" if self.p_value < 1 else "remark"

    @property
    def text(self) -> str:
        """A sentence or two."""
        names = " and ".join(plain(name.rsplit("/", 1)[-1]) for name in self.models)  # without organisation
        if self.severity == "remark":
            return (
                f"{names} wrote the same texts ({self.share:.0%}). Texts of a problem vary too little to tell a copy "
                "from two models that agree."
            )
        return (
            f"{names} share their texts: {PLACES_IN_WORDS[self.overlap].format(f'{self.share:.0%}')}, where chance "
            f"makes {self.chance:.1%}. They are the same completions under two names, or were drawn with the same "
            "random numbers, and are not independent."
        )


def texts_of(source: Any, samples: pd.DataFrame | None = None) -> pd.DataFrame:
    """The hashes of the texts behind what the user named as counts, a row a sample, with the columns COLUMNS.

    Parameters
    ----------
    source
        Whatever `load_counts` takes; run folders hold such hashes.
    samples
        Samples one by one, where these are at hand; used where they have a column `text_hash`.

    Returns
    -------
    No rows where no texts are known.
    """
    parts = [_texts_of_arm(arm) for folder in _folders(source) for arm in arms(folder)]
    required = {"model", "benchmark", "problem_id", "sample_index", "text_hash"}
    if not parts and samples is not None and required <= set(samples.columns):
        parts.append(samples.assign(run=samples.get("run", ""))[list(COLUMNS)].astype(str))
    texts = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS), dtype=object)
    return texts.loc[~texts["text_hash"].isin(UNKNOWN)].reset_index(drop=True)


def shared_texts(texts: pd.DataFrame, models: Sequence[str] | None = None) -> list[SharedTexts]:
    """Arms of each benchmark that share their texts beyond what chance makes of them.

    Parameters
    ----------
    texts
        Columns COLUMNS; equal numbers are equal texts.
    models
        Only these.

    Returns
    -------
    One for each pair of arms that shares its texts.

    Notes
    -----
    Both tests suppose that samples of a problem are exchangeable within an arm and independent between arms.

    *Same places.* Given the texts of two arms, every order of one's samples is as probable as any other. The number of
    places with equal texts is compared with that under random orders of each problem's samples.

    *Any places.* Let two samples be equal with probability q_a and q_b within the arms and q between them. If the arms
    write texts with the same probabilities, q = q_a = q_b; if not, q <= (q_a + q_b) / 2. So q - (q_a + q_b) / 2,
    estimated without bias and summed over problems, is compared with that under random divisions of both arms' samples
    of each problem into two arms. So is the number of problems whose texts are all the same, which tells a copy of
    some problems from the noise of the others.

    The observed arrangement and up to 3,999 random ones are equally probable in each problem, which makes the test
    exact (Hemerik and Goeman 2018, TEST 27:811); over problems a Chernoff bound on the sum of the statistics gives a
    p-value that is at most too large. An alarm needs p times the number of tests of the report below 0.001, and 2 % of
    the texts shared beyond chance.
    """
    pairs: list[tuple[str, _Arm, _Arm]] = []
    for benchmark, rows in texts.groupby("benchmark", sort=False):
        pairs += [(str(benchmark), *pair) for pair in combinations(_arms(rows, models), 2)]
    shared = (_shared(benchmark, first, second, TESTS * len(pairs)) for benchmark, first, second in pairs)
    return [result for result in shared if result is not None]


def _folders(source: Any) -> list[Path]:
    if isinstance(source, str | Path):
        return [Path(source)] if is_run(Path(source)) else []
    if isinstance(source, Sequence):
        return [folder for part in source for folder in _folders(part)]
    return []


def _texts_of_arm(arm: Path) -> pd.DataFrame:
    manifest = read_manifest(arm)
    index = sample_index(arm)[["problem_id", "sample_index", "text_hash"]].astype(str)
    names = {"model": model_name(manifest), "benchmark": str(manifest["benchmark"]), "run": str(arm)}
    return index.assign(**names)[list(COLUMNS)]


@dataclass(frozen=True)
class _Arm:
    """The samples of an arm in numbers that all arms of the benchmark share; `text` tells the problem, too."""

    model: str
    place: Int[np.ndarray, " sample"]
    text: Int[np.ndarray, " sample"]
    problem_of_text: Int[np.ndarray, " text"]

    def counts(self) -> Int[np.ndarray, " text"]:
        return np.bincount(self.text, minlength=len(self.problem_of_text))


def _arms(rows: pd.DataFrame, models: Sequence[str] | None) -> list[_Arm]:
    rows = rows if models is None else rows.loc[rows["model"].isin(list(models))]
    # The runs of two models are matched in their order: their names may be those of files.
    run = rows.groupby("model", sort=False)["run"].transform(lambda names: pd.factorize(names)[0])
    place = rows.assign(run=run).groupby(["problem_id", "run", "sample_index"], sort=False).ngroup().to_numpy()
    text = rows.groupby(["problem_id", "text_hash"], sort=False).ngroup().to_numpy()
    problem = pd.factorize(rows["problem_id"])[0]
    problem_of_text = np.zeros(text.max(initial=-1) + 1, dtype=int)
    problem_of_text[text] = problem
    model = rows["model"].to_numpy()
    return [
        _Arm(str(name), place[model == name], text[model == name], problem_of_text) for name in rows["model"].unique()
    ]


@dataclass(frozen=True)
class _Test:
    """What two arms share, and the statistic that tells whether it is more than chance.

    Parameters
    ----------
    share
        As in `SharedTexts`, of `n`.
    excess
        Share that is estimated to be shared beyond chance.
    arranged
        For each problem what counts for the share, and the statistic, of the observed and of random arrangements.
    """

    overlap: Overlap
    n: int
    share: float
    excess: float
    arranged: Callable[[], Iterator[tuple[Float[np.ndarray, " arrangement"], Float[np.ndarray, " arrangement"]]]]


def _shared(benchmark: str, first: _Arm, second: _Arm, n_tests: int) -> SharedTexts | None:
    """Result of the first significant test, else that nearly all texts are equal where they are; None otherwise."""
    tests = [*_same_places(first, second), *_any_places(first, second)]
    for test in tests:
        if test.excess >= LEAST_SHARE:
            shared, statistics = zip(*test.arranged(), strict=True)
            p_value = _tail(statistics)
            if p_value * n_tests < FALSE_ALARM:
                chance = sum(float(statistic[1:].mean()) for statistic in shared) / test.n
                return SharedTexts(benchmark, (first.model, second.model), test.overlap, test.share, chance, p_value)
    common = np.minimum(first.counts(), second.counts()).sum() / max(len(first.text), len(second.text))
    if common >= NEARLY_ALL:
        return SharedTexts(benchmark, (first.model, second.model), "any places", float(common), float(common), 1.0)
    return None


def _same_places(first: _Arm, second: _Arm) -> Iterator[_Test]:
    """Equal texts at the same places, against random orders of one arm's samples of each problem."""
    _, at, to = np.intersect1d(first.place, second.place, assume_unique=True, return_indices=True)
    first_texts, second_texts, problem_of_text = first.text[at], second.text[to], first.problem_of_text
    if not len(first_texts):
        return
    n_texts = len(problem_of_text)
    n_problem = np.bincount(problem_of_text[first_texts])
    crossing = np.bincount(first_texts, minlength=n_texts) * np.bincount(second_texts, minlength=n_texts)
    expected = (np.bincount(problem_of_text, crossing)[: len(n_problem)] / np.maximum(n_problem, 1)).sum()
    equal = int((first_texts == second_texts).sum())

    def arranged() -> Iterator[tuple[Any, Any]]:
        rng = np.random.default_rng(0)
        informative = problem_of_text[np.flatnonzero(crossing)]
        for problem in np.unique(informative):
            rows = problem_of_text[first_texts] == problem
            first_rows, second_rows = first_texts[rows], second_texts[rows]
            orders = rng.permuted(np.tile(second_rows, (_arrangements(len(first_texts)), 1)), axis=1)
            matches = (np.vstack([second_rows, orders]) == first_rows).sum(axis=1).astype(float)
            yield matches, matches

    excess = _excess(equal - expected, len(first_texts) - expected)
    yield _Test("same places", len(first_texts), equal / len(first_texts), excess, arranged)


def _any_places(first: _Arm, second: _Arm) -> Iterator[_Test]:
    """Equal texts between the arms against those within them, and problems whose texts are all the same."""
    problem_of_text, a, b = first.problem_of_text, first.counts(), second.counts()
    n_a, n_b = (np.bincount(problem_of_text, counts) for counts in (a, b))
    comparable = (n_a > 1) & (n_b > 1)
    if not comparable.any():
        return
    inside = (_within(problem_of_text, a, n_a) + _within(problem_of_text, b, n_b)) / 2
    excess_pairs = np.bincount(problem_of_text, a * b) - n_a * n_b * inside  # a text that was copied once adds one pair
    fewer = np.minimum(n_a, n_b)
    common = np.bincount(problem_of_text, np.minimum(a, b))
    n = int(fewer[comparable].sum())
    share = float(common[comparable].sum() / n)

    def arranged(all_the_same: bool) -> Iterator[tuple[Any, Any]]:
        rng = np.random.default_rng(0)
        repeated = np.unique(problem_of_text[np.flatnonzero(a + b > 1)])
        for problem in repeated[comparable[repeated]]:
            texts = np.flatnonzero((problem_of_text == problem) & (a + b > 0))
            shared, statistic = _divided(a[texts], b[texts], _arrangements(int((n_a + n_b)[comparable].sum())), rng)
            same = ((shared == n_a[problem]) & (shared == n_b[problem])).astype(float)
            yield (same, same) if all_the_same else (shared, statistic)

    excess = _excess(excess_pairs[comparable].sum(), (fewer * (1 - inside))[comparable].sum())
    yield _Test("any places", n, share, excess, lambda: arranged(False))
    same = float(((common == n_a) & (common == n_b))[comparable].mean())
    yield _Test("whole problems", int(comparable.sum()), same, same, lambda: arranged(True))


def _divided(
    a: Int[np.ndarray, " text"], b: Int[np.ndarray, " text"], n_arrangements: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, " arrangement"], Float[np.ndarray, " arrangement"]]:
    """Of the observed and of random divisions: shared texts, and equal pairs between the arms beyond those within."""
    sizes, n_a, n_b = a + b, int(a.sum()), int(b.sum())
    labels = np.repeat([1, 0], [n_a, n_b])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    random = np.add.reduceat(rng.permuted(np.tile(labels, (n_arrangements, 1)), axis=1), starts, axis=1)
    first_counts = np.vstack([a, random]).astype(float)
    second_counts = sizes - first_counts
    inside = (first_counts * (first_counts - 1)).sum(1) / (n_a * (n_a - 1)) + (second_counts * (second_counts - 1)).sum(
        1
    ) / (n_b * (n_b - 1))
    return np.minimum(first_counts, second_counts).sum(1), (first_counts * second_counts).sum(
        1
    ) - n_a * n_b * inside / 2


def _within(
    problem_of_text: Int[np.ndarray, " text"], counts: Int[np.ndarray, " text"], n: Float[np.ndarray, " problem"]
) -> Float[np.ndarray, " problem"]:
    """Probability that two samples of an arm on a problem have one text, estimated without bias."""
    equal: np.ndarray = np.bincount(problem_of_text, counts * (counts - 1)) / np.maximum(n * (n - 1), 1)
    return equal


def _excess(shared: float, room: float) -> float:
    return float(shared / room) if room > 0 else 0.0


def _arrangements(n_samples: int) -> int:
    return int(np.clip(PLACES // max(n_samples, LEAST_PLACES), FEWEST, MOST))


def _tail(statistics: Sequence[Float[np.ndarray, " arrangement"]]) -> float:
    """A Chernoff bound on the probability of a sum over problems as large as the observed one, which stands first."""
    scale = max((float(np.abs(arranged).max()) for arranged in statistics), default=0.0)
    if not scale:
        return 1.0
    tilts = TILTS / scale
    bound = np.zeros(len(tilts))
    for arranged in statistics:
        raised = np.outer(arranged - arranged[0], tilts)
        top = raised.max(axis=0)
        bound += top + np.log(np.exp(raised - top).mean(axis=0))
    return float(np.exp(min(bound.min(), 0.0)))
