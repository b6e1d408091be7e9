"""Claims as per-problem sums: for each comparison a sum over problems that is above 0 where the comparison holds."""

from math import ceil, floor
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from boundary.analysis.claims.comparisons import Claim, Comparison, ModelName
from boundary.errors import InputError
from boundary.stats.allocation import ProblemSums
from boundary.stats.estimands import ESTIMANDS
from boundary.stats.solve_rates import SolveRates


class _Term(NamedTuple):
    """An additive estimand of a model, times a factor."""

    factor: float
    estimand: str
    k: int | None
    tau: float | None
    model: str


def problem_sums(claim: Claim, rates: SolveRates, base: str | None) -> ProblemSums:
    """One sum over problems for each comparison of a claim, above 0 where the comparison holds.

    Parameters
    ----------
    claim
        From `boundary.analysis.claims.draws.resolve`.
    rates
        Posterior of the solve rates of the claim's models.
    base
        The base model.

    Returns
    -------
    What each problem adds to each sum, in each posterior draw.

    Raises
    ------
    InputError
        For a claim on an estimand that is no sum over problems.

    Notes
    -----
    A claim on the crossover, or on the sampling speed-up, is taken as one on the shrinkage, or the sampling-efficiency
    gap, at its bound.
    """
    chains, draws, n_problems, n_models = rates.p.shape
    p = rates.p.reshape(chains * draws, n_problems, n_models)
    # Each problem as a benchmark of one problem, along the axis of chains.
    no_counts = np.zeros((1, n_models), dtype=int)
    single = SolveRates(np.swapaxes(p, 0, 1)[:, :, None, :], no_counts, no_counts, "given", models=rates.models)
    contributions, constants = [], []
    for comparison in claim.of_counts:
        terms, constant = _terms(comparison)
        parts = [term.factor * _contributions(term, single, base) for term in terms]
        contributions.append(np.sum(parts, axis=0).T)
        constants.append(constant)
    return ProblemSums(p, np.stack(contributions, axis=-1), np.array(constants))


def check_additive(claim: Claim) -> None:
    """Refuse a resolved claim on estimands that are no sums over problems.

    Raises
    ------
    InputError
        For such a claim.
    """
    if claim.of_scores:
        raise InputError("No plan can be made for perplexity, which scores tell and counts do not. Leave it out.")
    if claim.of_training:
        raise InputError(
            "No plan can be made for a claim on methods, strata or a peak. What narrows the interval of a method is "
            "planned without --claim, with --method NAME."
        )
    for comparison in claim.of_counts:
        _terms(comparison)


def _contributions(term: _Term, single: SolveRates, base: str | None) -> Float[np.ndarray, "problem draw"]:
    """What each problem adds to an estimand: a share of it where the estimand is a mean over problems."""
    record = ESTIMANDS[term.estimand]
    values = {"k": term.k, "tau": term.tau}
    arguments = [values[name] for name in record.arguments]
    if record.of == "pair":
        draws = record(single, *arguments, base=base, rl=term.model)
    else:
        draws = record(single, *arguments).sel(model=term.model)
    contributions: np.ndarray = draws.to_numpy() / (1 if record.unit == "problems" else len(single.p))
    return contributions


def _terms(comparison: Comparison) -> tuple[list[_Term], float]:
    """Terms and a constant, whose sum is above 0 where the comparison holds."""
    assert comparison.model is not None  # resolved
    record, bound, model = comparison.record, comparison.bound, comparison.model.name
    sign = 1.0 if comparison.relation in (">", ">=") else -1.0
    at = comparison.k, comparison.tau
    if record.ratio is not None:
        # A ratio is at least r where its numerator is at least r times its denominator.
        assert not isinstance(bound, ModelName)  # a ratio is of a pair, and the grammar has numbers only
        above, below = record.ratio
        factors = {name: above.get(name, 0) - bound * below.get(name, 0) for name in sorted({*above, *below})}
        return [_Term(sign * factor, name, *at, model) for name, factor in factors.items()], 0.0
    if record.root_of:
        # The first budget at which an estimand is at least 0 is at most b where the estimand is so at b.
        assert not isinstance(bound, ModelName)
        k = floor(bound) if comparison.relation in ("<=", ">") else ceil(bound) - 1
        return [_Term(-sign, record.root_of, max(k, 1), None, model)], 0.0
    if not record.additive:
        raise InputError(
            f"No plan can be made for {record.name}, which is no sum over problems. Claim something of "
            "shrinkage, lost, gained, srr or pass_at_k in its place."
        )
    if isinstance(bound, ModelName):
        return [_Term(sign, record.name, *at, model), _Term(-sign, record.name, *at, bound.name)], 0.0
    return [_Term(sign, record.name, *at, model)], -sign * bound
