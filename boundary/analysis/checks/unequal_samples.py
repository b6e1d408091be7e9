"""Problems with fewer samples than the others: a note names them and gives the estimate without them."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool

from boundary.analysis.formatting import EXTRAPOLATED, interval, middle_column, number, shortener
from boundary.analysis.notes import Note
from boundary.data.counts import ALL
from boundary.stats.estimands import pass_at_k, shrinkage
from boundary.stats.intervals import summarise
from boundary.stats.solve_rates import SolveRates, Target

# At most so many problems with few samples are named.
MOST_NAMED = 5


def unequal_samples(
    rates: SolveRates, benchmark: str, arm: str, base: str | None, level: float, target: Target = "benchmark"
) -> Note | None:
    """A note on problems with fewer samples than half of the problems have, with the estimate if they are left out.

    Parameters
    ----------
    rates
        Posterior of a pair, or of one model (`base` is then None). What is left out is left out of the means over
        problems; the fit is the same.
    benchmark, arm, base
        Labels of the fit.
    level
        Probability within the intervals.
    target
        Of the analysis. Problems are left out of these problems alone, which the note says where it is of new ones.

    Returns
    -------
    None where no problem has so few.
    """
    n = rates.typical_k
    few = rates.fewest < n
    if not few.any():
        return None
    count, verb = int(few.sum()), "has" if few.sum() == 1 else "have"
    text = (
        f"{count:,} of {rates.n_problems:,} problems {verb} fewer than {n:,} samples: {_short_problems(rates, few)}. "
        f"Without {'it' if count == 1 else 'them'}, "
        f"{'on these problems rather than new ones, ' if target == 'superpopulation' else ''}"
        f"{_left_out(rates, few, arm, base, n, level)}."
    )
    # Pooled benchmarks differ in n by design.
    short_of_half = benchmark != ALL and 2 * rates.fewest.min() < n
    return Note(benchmark, arm, text, "alarm" if short_of_half else "remark")


def _short_problems(rates: SolveRates, few: Bool[np.ndarray, " problem"]) -> str:
    """The problems with few samples, fewest first, each with its number of samples and the model concerned."""
    shorten = shortener(rates.models)
    order = [i for i in np.argsort(rates.fewest, kind="stable") if few[i]]
    names = []
    for i in order[:MOST_NAMED]:
        fewest = rates.n_samples[i].min()
        same_for_all = (rates.n_samples[i] == fewest).all()
        of = "" if same_for_all else f" of {shorten(rates.models[int(rates.n_samples[i].argmin())])}"
        names.append(f"{rates.problem_ids[i]} ({fewest:,}{of})")
    n_more = len(order) - len(names)
    return ", ".join(names) + (f" and {n_more:,} more" if n_more else "")


def _left_out(
    rates: SolveRates, few: Bool[np.ndarray, " problem"], arm: str, base: str | None, k: int, level: float
) -> str:
    """Pass@k of one model, or the shrinkage of a pair, without the problems with few samples and with them."""
    ids = tuple(name for name, is_short in zip(rates.problem_ids, few, strict=True) if is_short)
    counts = {"n_correct": rates.n_correct[few], "n_samples": rates.n_samples[few], "problem_ids": ids}
    short = replace(rates, p=rates.p[:, :, few], **counts, log_likelihood=None, errors=None)
    with_all, of_short = (
        (pass_at_k(fit, k).sel(model=arm) if base is None else shrinkage(fit, k, base=base, rl=arm)).to_numpy()
        for fit in (rates, short)
    )
    # From the means of all and of the few: a copy of the draws of the others could be as large as the draws.
    without = (rates.n_problems * with_all - short.n_problems * of_short) / (rates.n_problems - short.n_problems)
    texts = []
    for draws in (without, with_all):
        row = summarise(draws, level)._asdict()
        texts.append(f"{number(row[middle_column(row)], 100, 1)} {interval(row, 100, 1)}")
    label, unit = (
        (f"pass@{k} of {shortener(rates.models)(arm)}", "%")
        if base is None
        else (f"the shrinkage at k = {k:,}", "points")
    )
    # Left in are problems with k samples; with the others it is beyond n where they are more than a tenth.
    mark = EXTRAPOLATED * (k > rates.reliable_k)
    return f"{label} would be {texts[0]} {unit} in place of {texts[1]}{mark}"
