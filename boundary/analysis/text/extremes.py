"""Sentences on models that solved nothing or everything, and on few problems or few samples."""

from collections.abc import Mapping
from typing import NamedTuple

from boundary.analysis.formatting import Shorten, number, short_name
from boundary.stats.solve_rates import SolveRates

# Fewer problems, or fewer samples of each, are a reason for caution.
FEW_PROBLEMS, FEW_SAMPLES = 20, 16


class Totals(NamedTuple):
    """All samples of one model on a benchmark, and the fewest and most of a problem."""

    n_correct: int
    n_samples: int
    fewest: int
    most: int


def totals_of(rates: SolveRates) -> dict[str, Totals]:
    """Samples of each model of a fit."""
    columns = zip(rates.models, rates.n_correct.T, rates.n_samples.T, strict=True)
    return {model: Totals(int(c.sum()), int(n.sum()), int(n.min()), int(n.max())) for model, c, n in columns}


def both_extreme(model: str, reference: str | None, totals: Mapping[str, Totals]) -> str:
    """The sentence on a pair that solved nothing, or everything: no more is to be said. Empty of any other."""
    sampled = _sampled([model, *([] if reference is None else [reference])], totals)
    if reference is None or len(sampled) < 2:
        return ""
    if not any(total.n_correct for total in sampled.values()):
        return f"Neither model solved any problem in {_samples(sampled)} each."
    if all(total.n_correct == total.n_samples for total in sampled.values()):
        return f"Both models solved every problem in every sample, {_samples(sampled)} each."
    return ""


def extreme_clause(
    model: str,
    reference: str | None,
    totals: Mapping[str, Totals],
    with_errors: bool = False,
    *,
    shorten: Shorten = short_name,
) -> str:
    """Which model of a pair, or a model alone, solved nothing or everything; empty where none did.

    Parameters
    ----------
    model, reference
        The model and its base.
    totals
        Samples of each model.
    with_errors
        Whether the verifier was taken to err: what was judged correct need not have been solved then.
    """
    clauses = []
    for name, total in _sampled([model, *([] if reference is None else [reference])], totals).items():
        samples = _samples({name: total})
        if total.n_correct == 0:
            outcome = "has no sample judged correct" if with_errors else f"solved no problem in {samples} each"
        elif total.n_correct == total.n_samples:
            every = f"solved every problem in every sample, {samples} each"
            outcome = "has every sample judged correct" if with_errors else every
        else:
            continue
        clauses.append(f"{shorten(name)} {outcome}")
    return " and ".join(clauses)


def cautions(n_problems: int, n: int, most: int) -> tuple[str, ...]:
    """Sentences that warn of few problems, or of few samples: n of nine problems in ten, at most `most` of any."""
    sentences = []
    if n_problems < FEW_PROBLEMS:
        few = f"Caution: there {'is one problem' if n_problems == 1 else f'are {n_problems} problems'} only"
        moves = f"each moves pass@k by up to about {number(1 / max(n_problems, 1), 100, 0)} points"
        sentences.append(f"{few}, so that {'pass@k is that of this one problem' if n_problems == 1 else moves}.")
    if n < FEW_SAMPLES:
        samples = "one sample" if n == 1 else f"{n} samples"
        of_problems = "of each problem" if n == most else "or fewer of more than a tenth of the problems"
        sentences.append(f"Caution: with {samples} {of_problems} the estimates rest much on the prior.")
    return tuple(sentences)


def _sampled(names: list[str], totals: Mapping[str, Totals]) -> dict[str, Totals]:
    return {name: totals[name] for name in names if name in totals and totals[name].n_samples}


def _samples(totals: Mapping[str, Totals]) -> str:
    fewest, most = min(total.fewest for total in totals.values()), max(total.most for total in totals.values())
    if fewest == most:
        return f"{most:,} sample{'s' * (most != 1)}"
    return f"{fewest:,} to {most:,} samples"
