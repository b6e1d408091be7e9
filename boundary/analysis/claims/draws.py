"""Claims on posterior draws: in which of them a claim holds."""

from collections.abc import Mapping, Sequence
from math import floor

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float

from boundary.analysis.claims.comparisons import (
    RELATIONS,
    Claim,
    Comparison,
    ModelName,
    PeakComparison,
    Perplexity,
    PerplexityComparison,
    RunsComparison,
    StratumComparison,
    TrainingComparison,
)
from boundary.errors import InputError, did_you_mean
from boundary.stats.solve_rates import SolveRates, Target


def resolve(claim: Claim, base: str | None, arms: Sequence[str]) -> Claim:
    """The claim with its roles and near names replaced by models of an analysis.

    Parameters
    ----------
    claim
        From `parse_claim`.
    base, arms
        The base model, if there is one, and the others.

    Returns
    -------
    The same comparisons, each model of them with the name that it has in the analysis.

    Raises
    ------
    InputError
        For a model that is not in the analysis, an estimand of a pair without a base, or one that leaves the arm open.
    """
    parts: list[Comparison | PerplexityComparison | TrainingComparison] = []
    for part in claim.comparisons:
        if isinstance(part, Comparison):
            parts.append(_resolve_comparison(part, claim.text, base, arms))
        elif isinstance(part, PerplexityComparison):
            parts.append(_resolve_perplexities(part, claim.text, base, arms))
        else:
            parts.append(_resolve_training(part, claim.text, base, arms))
    return Claim(claim.text, tuple(parts))


def _resolve_training(part: TrainingComparison, text: str, base: str | None, arms: Sequence[str]) -> TrainingComparison:
    """The comparison with the names of its models; methods, strata and runs are names of the counts as they are."""
    if base is None and (isinstance(part, PeakComparison) or part.estimand == "shrinkage"):
        raise InputError(
            f"The claim '{text}': {part.estimand} compares with a base model, and there is none. Say --base."
        )
    if isinstance(part, RunsComparison) and isinstance(part.bound, ModelName):
        return part._replace(bound=_resolve_model(part.bound, text, base, arms))
    if isinstance(part, StratumComparison):
        model = _resolve_model(part.model or ModelName("rl"), text, base, arms)
        if part.estimand == "shrinkage" and model.name == base:
            raise InputError(f"The claim '{text}': shrinkage is of an RL model against the base. Name an RL model.")
        return part._replace(model=model)
    return part


def _resolve_perplexities(
    part: PerplexityComparison, text: str, base: str | None, arms: Sequence[str]
) -> PerplexityComparison:
    """The comparison with the names of its models; a scorer may be a model that is not analysed."""

    def with_names(side: Perplexity) -> Perplexity:
        is_role = side.scorer.name in ("base", "rl") and not side.scorer.quoted
        scorer = _resolve_model(side.scorer, text, base, arms) if is_role else side.scorer._replace(quoted=True)
        return Perplexity(scorer, _resolve_model(side.model, text, base, arms))

    bound = with_names(part.bound) if isinstance(part.bound, Perplexity) else part.bound
    return part._replace(left=with_names(part.left), bound=bound)


def _resolve_comparison(part: Comparison, text: str, base: str | None, arms: Sequence[str]) -> Comparison:
    if part.record.of != "pair":
        assert part.model is not None  # the grammar requires one
        bound = _resolve_model(part.bound, text, base, arms) if isinstance(part.bound, ModelName) else part.bound
        return part._replace(model=_resolve_model(part.model, text, base, arms), bound=bound)
    if base is None:
        raise InputError(
            f"The claim '{text}': {part.estimand} compares with a base model, and there is none. Say --base."
        )
    model = _resolve_model(part.model or ModelName("rl"), text, base, arms)
    if model.name == base:
        raise InputError(f"The claim '{text}': {part.estimand} is of an RL model against the base. Name an RL model.")
    return part._replace(model=model)


def _resolve_model(model: ModelName, text: str, base: str | None, arms: Sequence[str]) -> ModelName:
    names = [*([base] if base is not None else []), *arms]
    if not model.quoted and model.name == "base" and base is not None:
        return ModelName(base, quoted=True)
    if not model.quoted and model.name == "rl":
        if len(arms) == 1:
            return ModelName(arms[0], quoted=True)
        raise InputError(f"The claim '{text}' does not say which RL model. Name one of: {', '.join(arms)}.")
    if model.name in names:
        return ModelName(model.name, quoted=True)
    hint = did_you_mean(model.name, [*names, "base", "rl"]) or f" Choose among base, rl, {', '.join(names)}."
    raise InputError(f"The claim '{text}' names the model '{model.name}', which is not in the analysis.{hint}")


def comparison_draws(
    comparison: Comparison, fits: Mapping[str, SolveRates], base: str | None, target: Target = "benchmark"
) -> tuple[xr.DataArray, xr.DataArray | float]:
    """Draws of both sides of a resolved comparison.

    Parameters
    ----------
    comparison
        Of a claim from `resolve`.
    fits
        The posterior of each arm, with the base or alone. Draws of one number in two fits make a joint draw, since
        models fitted each by itself are independent given the counts.
    base
        The base model.
    target
        `benchmark` or `superpopulation`.

    Returns
    -------
    Left and right side, dimensions (chain, draw); the right side is a number where the claim has a number there.
    """
    assert comparison.model is not None  # resolved
    bound, model = comparison.bound, comparison.model.name
    if not isinstance(bound, ModelName):
        return _estimand_draws(comparison, _fit_of(model, fits), model, base, target), bound
    names = (model, bound.name)
    joint = next((fit for fit in fits.values() if set(names) <= set(fit.models)), None)
    left, right = (_estimand_draws(comparison, joint or _fit_of(name, fits), name, base, target) for name in names)
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


def _estimand_draws(
    comparison: Comparison, rates: SolveRates, model: str, base: str | None, target: Target
) -> xr.DataArray:
    record = comparison.record
    values = {"k": comparison.k, "tau": comparison.tau}
    if record.is_budget:
        assert not isinstance(comparison.bound, ModelName)  # the grammar has numbers only
        values["max_k"] = max(2, floor(comparison.bound) + 1)  # no need to look further than the bound
    arguments = [values[name] for name in record.parameters]
    if record.of == "pair":
        return record(rates, *arguments, base=base, rl=model, target=target)
    return record(rates, *arguments, target=target).sel(model=model, drop=True)


Perplexities = Mapping[tuple[str, str], np.ndarray]
"""Draws (chain, draw) of pooled perplexities of a benchmark, by scorer and model."""


def holds(
    claim: Claim,
    fits: Mapping[str, SolveRates],
    base: str | None,
    target: Target = "benchmark",
    perplexities: Perplexities | None = None,
    training: Mapping[TrainingComparison, np.ndarray] | None = None,
) -> xr.DataArray:
    """Whether a resolved claim holds, draw by draw: its mean is the claim's probability.

    A comparison with a quantity that is not defined in a draw, such as the crossover where RL does not lead at k = 1,
    does not hold there. Perplexities are independent of what follows from counts, given these and the scores.
    `training` has for each comparison of methods, strata and runs whether it holds, draw by draw: those of methods
    belong to the draws of the base in the first fit.

    Returns
    -------
    Booleans, dimensions (chain, draw).
    """
    truths, shape = [], (1, 1)
    for comparison in claim.of_counts:
        left, right = comparison_draws(comparison, fits, base, target)
        truths.append(RELATIONS[comparison.relation](left.to_numpy(), np.asarray(right)))
        shape = truths[0].shape
    for of_training in claim.of_training:
        compared_draws = (training or {})[of_training]
        shape = shape if claim.of_counts else compared_draws.shape
        truths.append(np.resize(compared_draws, shape))
    for part in claim.of_scores:
        sides = perplexity_draws(part, perplexities or {})
        compared_draws = np.asarray(RELATIONS[part.relation](*sides))
        shape = shape if truths else compared_draws.shape
        truths.append(np.resize(compared_draws, shape))
    coords = {"chain": np.arange(shape[0]), "draw": np.arange(shape[1])}
    return xr.DataArray(np.logical_and.reduce(truths), dims=("chain", "draw"), coords=coords, name="claim")


def perplexity_draws(part: PerplexityComparison, perplexities: Perplexities) -> tuple[np.ndarray, np.ndarray | float]:
    """Draws of both sides of a resolved comparison of perplexities; the right one may be a number.

    Raises
    ------
    InputError
        If the responses were not scored under the model.
    """

    def draws_of(side: Perplexity) -> np.ndarray:
        names = side.scorer.name, side.model.name
        if names not in perplexities:
            raise InputError(
                f"A claim is about the perplexity of {names[1]}'s responses under {names[0]}, and they have no scores "
                f"of its tokens there. Make them: boundary score DIR --model {names[0]}"
            )
        return perplexities[names]

    left = draws_of(part.left)
    return left, draws_of(part.bound) if isinstance(part.bound, Perplexity) else part.bound


def claim_draws(
    claim: Claim,
    p: Float[np.ndarray, "*draw problem model"],
    models: Sequence[str],
    base: str | None = None,
) -> Bool[np.ndarray, " *draw"]:
    """Whether a claim holds, for draws of solve rates in a bare array.

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

    Returns
    -------
    One boolean for each draw.

    Raises
    ------
    InputError
        If the claim names a model that is not among them, or is about perplexities, which no solve rate says.
    """
    if claim.of_scores:
        raise InputError(f"The claim '{claim.text}' is about perplexities, which counts do not say. Leave it out.")
    if claim.of_training:
        raise InputError(f"The claim '{claim.text}' is about more than solve rates of models say. Leave it out.")
    leading, size = p.shape[:-2], p.shape[-2:]
    no_counts = np.zeros(size, dtype=int)
    rates = SolveRates(p.reshape(1, -1, *size), no_counts, no_counts, "given", models=tuple(models))
    arms = [model for model in models if model != base]
    truths = holds(resolve(claim, base, arms), dict.fromkeys(arms, rates), base)
    return truths.to_numpy().reshape(leading)
