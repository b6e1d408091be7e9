"""Sentences on models that solved nothing or everything, and on few problems or few samples."""

from collections.abc import Mapping
from typing import NamedTuple

from boundary.analysis.formatting import Shorten, listed, number, short_name
from boundary.stats.priors.prior import Prior
from boundary.stats.solve_rates import SolveRates

# Fewer problems, or fewer samples of each, are a reason for caution.
FEW_PROBLEMS, FEW_SAMPLES = 20, 16
# Place of the shift of RL's logits, where both models solve little, in `JointPrior.ridge`.
SHIFT = 4


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


def cautions(
    n_problems: int,
    n: int,
    totals: Mapping[str, Totals],
    *,
    on_new_problems: bool = False,
    expected_lead: float = 0.0,
    shorten: Shorten = short_name,
) -> tuple[str, ...]:
    """Sentences that warn of few problems, or of few samples.

    Parameters
    ----------
    n_problems
        Problems at hand.
    n
        Largest budget that nine of ten problems have samples for.
    totals
        Samples of each model.
    on_new_problems
        Whether the estimates are of new problems of the same kind.
    expected_lead
        Logits by which the prior of a pair expects RL ahead of its base, as `expected_lead` has it.
    shorten
        Short name of a model (`boundary.analysis.formatting.shortener`).
    """
    sentences = []
    if n_problems < FEW_PROBLEMS:
        is_single = n_problems == 1
        few = f"Caution: there {'is one problem' if is_single else f'are {n_problems} problems'} only"
        moves = f"each moves pass@k by up to about {number(1 / max(n_problems, 1), 100, 0)} points"
        if on_new_problems:
            caution = f"{few}, which {'tells almost nothing' if is_single else 'tell little'} of new ones."
        else:
            caution = f"{few}, so that {'pass@k is that of this one problem' if is_single else moves}."
        if expected_lead:
            caution += (
                f" The prior expects RL's logits of solve rates to be {number(expected_lead, 1, 1)} above its base's "
                "where both solve little: with so few problems the sign of a difference may come from it."
            )
        sentences.append(caution)
    if n < FEW_SAMPLES:
        sentences.append(f"Caution: with {_few_samples(n, totals, shorten)} the estimates rest much on the prior.")
    return tuple(sentences)


def expected_lead(prior: Prior) -> tuple[float, float]:
    """Logits by which a prior expects RL ahead of its base where both solve little: mean and standard deviation.

    Zero for families that treat both models alike.

    Examples
    --------
    >>> from boundary.stats.priors import PRIORS
    >>> expected_lead(PRIORS["nonparametric"]()), expected_lead(PRIORS["independent"]())
    ((1.0, 1.5), (0.0, 0.0))
    """
    joint = getattr(prior, "joint", None)
    return (0.0, 0.0) if joint is None else (float(joint.ridge[SHIFT]), float(joint.ridge_scale[SHIFT]))


def _few_samples(n: int, totals: Mapping[str, Totals], shorten: Shorten) -> str:
    """How many samples of which problems by which model, where the largest budget that most have is `n`."""
    short_on_all = {model: total for model, total in totals.items() if total.most <= n}
    short = short_on_all or {model: total for model, total in totals.items() if total.fewest <= n}
    samples = "no sample" if n == 0 else "one sample" if n == 1 else f"{n} samples"
    if any(total.fewest < n for total in short.values()):
        samples += " or none" if n == 1 else " or fewer"
    of_problems = "of each problem" if short_on_all or not totals else "of more than a tenth of the problems"
    by = f" by {listed([shorten(model) for model in short])}" if len(short) < len(totals) else ""
    return f"{samples} {of_problems}{by}"


def _sampled(names: list[str], totals: Mapping[str, Totals]) -> dict[str, Totals]:
    return {name: totals[name] for name in names if name in totals and totals[name].n_samples}


def _samples(totals: Mapping[str, Totals]) -> str:
    fewest, most = min(total.fewest for total in totals.values()), max(total.most for total in totals.values())
    if fewest == most:
        return f"{most:,} sample{'s' * (most != 1)}"
    return f"{fewest:,} to {most:,} samples"
