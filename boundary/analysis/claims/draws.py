"""Claims on posterior draws: in which of them a claim holds."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import floor

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float

from boundary.analysis.claims.grammar import OF_PAIR, Claim, Comparison, ModelName
from boundary.errors import InputError
from boundary.stats.estimands import ESTIMANDS
from boundary.stats.solve_rates import SolveRates, Target

# A claim about these needs to be looked at no further than its bound.
BUDGETS_THEMSELVES = ("crossover", "sampling_speedup")


def resolved(claim: Claim, base: str | None, arms: Sequence[str]) -> Claim:
    """The claim with its roles and near names replaced by models of an analysis.

    Parameters
    ----------
    claim
        From `parse_claim`.
    base, arms
        The base model, if there is one, and the others.

    Raises
    ------
    InputError
        For a model that there is not, a quantity of a pair without a base, or one that does not say which arm.
    """
    return Claim(claim.text, tuple(_resolved(one, claim.text, base, arms) for one in claim.comparisons))


def _resolved(one: Comparison, text: str, base: str | None, arms: Sequence[str]) -> Comparison:
    if one.estimand not in OF_PAIR:
        assert one.model is not None  # the grammar asks for one
        bound = _named(one.bound, text, base, arms) if isinstance(one.bound, ModelName) else one.bound
        return one._replace(model=_named(one.model, text, base, arms), bound=bound)
    if base is None:
        raise InputError(
            f"The claim '{text}': {one.estimand} compares with a base model, and there is none. Say --base."
        )
    model = _named(one.model or ModelName("rl"), text, base, arms)
    if model.name == base:
        raise InputError(f"The claim '{text}': {one.estimand} is of an RL model against the base. Name an RL model.")
    return one._replace(model=model)


def _named(model: ModelName, text: str, base: str | None, arms: Sequence[str]) -> ModelName:
    names = [*([base] if base is not None else []), *arms]
    if not model.quoted and model.name == "base" and base is not None:
        return ModelName(base, quoted=True)
    if not model.quoted and model.name == "rl":
        if len(arms) == 1:
            return ModelName(arms[0], quoted=True)
        raise InputError(f"The claim '{text}' does not say which RL model. Name one of: {', '.join(arms)}.")
    if model.name in names:
        return ModelName(model.name, quoted=True)
    near = get_close_matches(model.name, [*names, "base", "rl"], n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Choose among base, rl, {', '.join(names)}."
    raise InputError(f"The claim '{text}' names the model '{model.name}', which is not in the analysis. {hint}")


def comparison_draws(
    one: Comparison, fits: Mapping[str, SolveRates], base: str | None, target: Target = "benchmark"
) -> tuple[xr.DataArray, xr.DataArray | float]:
    """Draws of both sides of a resolved comparison, dimensions (chain, draw); the right one a number where it is one.

    Parameters
    ----------
    fits
        The posterior of each arm, with the base or alone. Draws of one number in two fits make a joint draw, since
        models fitted apart are independent given the counts.
    """
    assert one.model is not None  # resolved
    if not isinstance(one.bound, ModelName):
        return _quantity(one, _fit_of(one.model.name, fits), one.model.name, base, target), one.bound
    names = (one.model.name, one.bound.name)
    together = [fit for fit in fits.values() if set(names) <= set(fit.models)]
    left, right = (_quantity(one, together[0] if together else _fit_of(m, fits), m, base, target) for m in names)
    return left, right


def _fit_of(model: str, fits: Mapping[str, SolveRates]) -> SolveRates:
    if model in fits:
        return fits[model]
    for fit in fits.values():
        if model in fit.models:
            return fit
    raise InputError(
        f"A claim names '{model}', which has no samples on the claim's benchmark. Choose another benchmark."
    )


def _quantity(one: Comparison, rates: SolveRates, model: str, base: str | None, target: Target) -> xr.DataArray:
    function = ESTIMANDS[one.estimand]
    if one.estimand in BUDGETS_THEMSELVES:
        assert not isinstance(one.bound, ModelName)  # the grammar has numbers only
        return function(rates, max(2, floor(one.bound) + 1), base=base, rl=model, target=target)
    arguments = [argument for argument in (one.k, one.tau) if argument is not None]
    if one.estimand in OF_PAIR:
        return function(rates, *arguments, base=base, rl=model, target=target)
    return function(rates, *arguments, target=target).sel(model=model, drop=True)


def holds(claim: Claim, fits: Mapping[str, SolveRates], base: str | None, target: Target = "benchmark") -> xr.DataArray:
    """Whether a resolved claim holds, draw by draw: its mean is the claim's probability.

    A comparison with a quantity that is not defined in a draw, such as the crossover where RL does not lead at k = 1,
    does not hold there.

    Returns
    -------
    Booleans, dimensions (chain, draw).
    """
    found = None
    for one in claim.comparisons:
        left, right = comparison_draws(one, fits, base, target)
        true = _compared(left, one.relation, right)
        found = true if found is None else found & true
    assert found is not None  # a claim has at least one comparison
    return found.rename("claim")


def _compared(left: xr.DataArray, relation: str, right: xr.DataArray | float) -> xr.DataArray:
    values = left.to_numpy()
    other = right.to_numpy() if isinstance(right, xr.DataArray) else right
    answers = {"<": values < other, "<=": values <= other, ">": values > other, ">=": values >= other}
    coords = {name: left.coords[name] for name in ("chain", "draw")}
    return xr.DataArray(answers[relation], dims=("chain", "draw"), coords=coords)


def claim_draws(
    claim: Claim,
    p: Float[np.ndarray, "*draw problem model"],
    models: Sequence[str],
    base: str | None = None,
) -> Bool[np.ndarray, " *draw"]:
    """Whether a claim holds, for draws of solve rates given as a bare array.

    Parameters
    ----------
    claim
        From `parse_claim`; its roles are resolved here, every model but the base being an RL one.
    p
        Solve rates in [0, 1], any leading dimensions.
    models
        Names along the last dimension.
    base
        The base model.

    Raises
    ------
    InputError
        If the claim names a model that there is not.
    """
    leading, size = p.shape[:-2], p.shape[-2:]
    nothing = np.zeros(size, dtype=int)
    rates = SolveRates(p.reshape(1, -1, *size), nothing, nothing, "given", models=tuple(models))
    arms = [model for model in models if model != base]
    found = holds(resolved(claim, base, arms), dict.fromkeys(arms, rates), base)
    return found.to_numpy().reshape(leading)
