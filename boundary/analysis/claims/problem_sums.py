"""Claims as margins: sums over problems that are above 0 where the claim holds."""

from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from boundary.analysis.claims.grammar import OF_PAIR, Claim, Comparison, ModelName
from boundary.errors import InputError
from boundary.stats.allocation import Margins
from boundary.stats.estimands import ESTIMANDS
from boundary.stats.solve_rates import SolveRates

NUMBERS_OF_PROBLEMS = ("kept", "lost", "gained", "neither")
# A rate is at least r where the first sum is at least r times the second: numbers of kept, lost, gained problems.
RATES = {
    "srr": ({"kept": 1}, {"kept": 1, "lost": 1}),
    "ndr": ({"gained": 1}, {"kept": 1, "gained": 1}),
    "nscr": ({"gained": 1, "lost": -1}, {"kept": 1, "lost": 1, "gained": 1}),
}
# A budget at which base and RL meet is at most b where this is at least 0 at b.
MEETING = {"crossover": "shrinkage", "sampling_speedup": "delta_se"}


class _Term(NamedTuple):
    factor: float
    estimand: str
    arguments: tuple[float, ...]
    model: str


def margins_of(claim: Claim, rates: SolveRates, base: str | None) -> Margins:
    """One margin for each comparison of a resolved claim, each above 0 where the comparison holds.

    Notes
    -----
    A claim on the crossover, or on the sampling speed-up, is taken as one on the shrinkage, or the sampling-efficiency
    gap, at its bound.
    """
    chains, draws, n_problems, n_models = rates.p.shape
    p = rates.p.reshape(chains * draws, n_problems, n_models)
    apart = _each_apart(p, rates.models)
    found, constants = [], []
    for one in claim.comparisons:
        terms, constant = _terms(one)
        found.append(np.sum([term.factor * _contributions(term, apart, base) for term in terms], axis=0).T)
        constants.append(constant)
    return Margins(p, np.stack(found, axis=-1), np.array(constants))


def check_sums(claim: Claim) -> None:
    """Refuse a resolved claim on quantities that are no sums over problems.

    Raises
    ------
    InputError
        For such a claim.
    """
    for one in claim.comparisons:
        _terms(one)


def is_sum(one: Comparison) -> bool:
    """Whether the quantity itself is a sum over problems, so that its interval is that of its margin."""
    return one.estimand not in (*RATES, *MEETING)


def _each_apart(p: Float[np.ndarray, "draw problem model"], models: tuple[str, ...]) -> SolveRates:
    """A benchmark of one problem for each problem, along the axis of chains."""
    nothing = np.zeros((1, len(models)), dtype=int)
    return SolveRates(np.swapaxes(p, 0, 1)[:, :, None, :], nothing, nothing, "given", models=models)


def _contributions(term: _Term, apart: SolveRates, base: str | None) -> Float[np.ndarray, "problem draw"]:
    arguments: list[Any] = [
        int(x) if i == 0 and term.estimand != "cover_at_tau" else x for i, x in enumerate(term.arguments)
    ]
    if term.estimand in OF_PAIR:
        values = ESTIMANDS[term.estimand](apart, *arguments, base=base, rl=term.model)
    else:
        values = ESTIMANDS[term.estimand](apart, *arguments).sel(model=term.model)
    share = 1 if term.estimand in NUMBERS_OF_PROBLEMS else len(apart.p)
    contributions: np.ndarray = values.to_numpy() / share
    return contributions


def _terms(one: Comparison) -> tuple[list[_Term], float]:
    """What is added up, and a constant, such that the sum is above 0 where the comparison holds."""
    assert one.model is not None  # resolved
    sign = 1.0 if one.relation in (">", ">=") else -1.0
    model = one.model.name
    arguments = tuple(float(argument) for argument in (one.k, one.tau) if argument is not None)
    if isinstance(one.bound, ModelName):
        sides = ((sign, model), (-sign, one.bound.name))
        return [_Term(factor, one.estimand, arguments, name) for factor, name in sides], 0.0
    if one.estimand in MEETING:
        at = floor(one.bound) if one.relation in ("<=", ">") else ceil(one.bound) - 1
        return [_Term(-sign, MEETING[one.estimand], (max(at, 1),), model)], 0.0
    if one.estimand in RATES:
        above, below = RATES[one.estimand]
        names = {*above, *below}
        factors = {name: above.get(name, 0) - one.bound * below.get(name, 0) for name in names}
        return [_Term(sign * factor, name, arguments, model) for name, factor in sorted(factors.items())], 0.0
    if one.estimand in ("sds", "tail_exponent"):
        raise InputError(
            f"No plan can be made for {one.estimand}, which is no sum over problems. Claim something of "
            "shrinkage, lost, gained, srr or pass_at_k in its place."
        )
    return [_Term(sign, one.estimand, arguments, model)], -sign * one.bound
