"""Problems with fewer samples than the others: how many samples there are, in words, and what such problems change."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Int

from boundary.analysis.fitting import Panel
from boundary.analysis.formatting import interval, number, short
from boundary.analysis.notes import Note
from boundary.data.counts import ALL
from boundary.stats.estimands import pass_at_k, shrinkage
from boundary.stats.intervals import summarise
from boundary.stats.sample_sizes import HALF, MOST, reached_by
from boundary.stats.solve_rates import SolveRates

# So many short problems are named.
MOST_NAMED = 5
# So many models have their samples told apart.
MOST_MODELS = 3


def samples_by_model(panels: Sequence[Panel]) -> dict[str, dict[str, Int[np.ndarray, " problem"]]]:
    """Samples of each problem, by benchmark and model."""
    sizes: dict[str, dict[str, np.ndarray]] = {}
    for panel in panels:
        sizes.setdefault(panel.benchmark, {}).update(zip(panel.models, panel.counts.n_samples.T, strict=True))
    return sizes


def reliable_budgets(panels: Sequence[Panel]) -> dict[str, int]:
    """Largest budget within the samples of nine of ten problems, of every model of a benchmark."""
    budgets: dict[str, int] = {}
    for panel in panels:
        n = reached_by(panel.counts.n_samples.min(axis=1), MOST)
        budgets[panel.benchmark] = min(n, budgets.get(panel.benchmark, n))
    return budgets


def sizes_in_words(sizes: Mapping[str, Int[np.ndarray, " problem"]]) -> str:
    """How many samples the problems of a benchmark have.

    Parameters
    ----------
    sizes
        Samples of each problem, by model.

    Examples
    --------
    >>> sizes_in_words({"base": np.array([64] * 59 + [4])})
    '4 to 64 samples a problem, 64 for 59 of 60'
    """
    texts = {model: _in_words(n) for model, n in sizes.items()}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    if len(texts) <= MOST_MODELS:
        return "; ".join(f"{short(model)}: {text}" for model, text in texts.items())
    every = np.concatenate(list(sizes.values()))
    return f"{every.min():,} to {every.max():,} samples a problem"


def _in_words(n: Int[np.ndarray, " problem"]) -> str:
    if n.min() == n.max():
        return f"n = {n.min():,} samples each"
    values, counts = np.unique(n, return_counts=True)
    common, count = values[counts.argmax()], int(counts.max())
    reach = f"{common:,} for {count:,} of {len(n):,}"
    if count < len(n) / 2:
        half = reached_by(n, HALF)
        reach = f"{half:,} or more for {int((n >= half).sum()):,} of {len(n):,}"
    return f"{n.min():,} to {n.max():,} samples a problem, {reach}"


def unequal_samples(rates: SolveRates, benchmark: str, arm: str, base: str | None, level: float) -> Note | None:
    """Name the problems with fewer samples than half of the problems have, and say what leaving them out would give.

    Parameters
    ----------
    rates
        Posterior of a pair, or of one model (`base` is then None). What is left out is left out of the means over
        problems; the fit is the same.
    benchmark, arm, base
        What it is of.
    level
        Probability within the intervals.

    Returns
    -------
    None where no problem is short.
    """
    n = rates.typical_k
    few = rates.fewest < n
    if not few.any():
        return None
    count, verb = int(few.sum()), "has" if few.sum() == 1 else "have"
    text = (
        f"{count:,} of {rates.n_problems:,} problems {verb} fewer than {n:,} samples: {_named(rates, few)}. "
        f"Without {'it' if count == 1 else 'them'}, {_left_out(rates, ~few, arm, base, n, level)}."
    )
    # Pooled benchmarks differ in n by design.
    short_of_half = benchmark != ALL and 2 * rates.fewest.min() < n
    return Note(benchmark, arm, text, "alarm" if short_of_half else "remark")


def _named(rates: SolveRates, few: Bool[np.ndarray, " problem"]) -> str:
    """The short problems, those with the fewest samples first, each with the model that has so few."""
    order = [i for i in np.argsort(rates.fewest, kind="stable") if few[i]]
    names = []
    for i in order[:MOST_NAMED]:
        fewest = rates.n_samples[i].min()
        alike = (rates.n_samples[i] == fewest).all()
        of = "" if alike else f" of {short(rates.models[int(rates.n_samples[i].argmin())])}"
        names.append(f"{rates.problem_ids[i]} ({fewest:,}{of})")
    rest = len(order) - len(names)
    return ", ".join(names) + (f" and {rest:,} more" if rest else "")


def _left_out(
    rates: SolveRates, keep: Bool[np.ndarray, " problem"], arm: str, base: str | None, k: int, level: float
) -> str:
    """The main quantity without the short problems, and with them."""
    ids = tuple(name for name, kept in zip(rates.problem_ids, keep, strict=True) if kept)
    counts = {"n_correct": rates.n_correct[keep], "n_samples": rates.n_samples[keep], "problem_ids": ids}
    others = replace(rates, p=rates.p[:, :, keep], **counts, log_likelihood=None, errors=None)
    texts = []
    for fit in (others, rates):
        draws = pass_at_k(fit, k).sel(model=arm) if base is None else shrinkage(fit, k, base=base, rl=arm)
        row = summarise(draws.to_numpy(), level)._asdict()
        texts.append(f"{number(row['mean'], 100, 1)} {interval(row, 100, 1)}")
    what, unit = (f"pass@{k} of {short(arm)}", "%") if base is None else (f"the shrinkage at k = {k:,}", "points")
    return f"{what} would be {texts[0]} {unit} in place of {texts[1]}"
