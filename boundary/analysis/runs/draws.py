"""Draws of pass@k of all models of a benchmark, over one base."""

import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from boundary.analysis.request import Request
from boundary.stats.budgets import mean_failures
from boundary.stats.runs import over_one_base, saturated, shared_share
from boundary.stats.solve_rates import SolveRates


class PassDraws(NamedTuple):
    """Draws of pass@k on these problems.

    Parameters
    ----------
    budgets
        The budgets k.
    base
        Of the base (k, draw); None where there is none.
    arms
        Of each other model (k, draw), which belong to those of the base.
    reliable_k
        Largest budget within the samples of every model.
    n_problems
        Problems.
    """

    budgets: list[int]
    base: Float[np.ndarray, "k draw"] | None
    arms: Mapping[str, Float[np.ndarray, "k draw"]]
    reliable_k: int
    n_problems: int

    def shared(self, place: int) -> float:
        """Share of a model's error at the budget of that place that all models have in common."""
        return shared_share(self.budgets[place], self.reliable_k)

    def of(self, arms: Sequence[str], place: int) -> Float[np.ndarray, "draw arm"]:
        """Draws of some models at the budget of that place."""
        return np.stack([self.arms[arm][place] for arm in arms], axis=1)


def pass_draws(request: Request, base: str | None, fits: Mapping[str, SolveRates]) -> PassDraws:
    """Draws of every model of a benchmark at the budgets that all its fits report.

    Parameters
    ----------
    request
        Says which budgets.
    base
        The base model; None where models stand alone.
    fits
        Posterior of each other model, with the base where there is one.
    """
    return passes_at(
        sorted(set.intersection(*(set(request.for_fit(fit).budgets) for fit in fits.values()))), base, fits
    )


def passes_at(budgets: list[int], base: str | None, fits: Mapping[str, SolveRates]) -> PassDraws:
    """Draws of every model of a benchmark at some budgets; base and fits as for `pass_draws`."""
    passes = {arm: _passes(fit, arm, budgets) for arm, fit in fits.items()}
    n_problems = next(iter(fits.values())).n_problems
    reliable_k = min(fit.reliable_k for fit in fits.values())
    if base is None:
        return PassDraws(budgets, None, passes, reliable_k, n_problems)
    of_base = [_passes(fit, base, budgets) for fit in fits.values()]
    joint = [
        over_one_base([draws[place] for draws in of_base], [draws[place] for draws in passes.values()])
        for place in range(len(budgets))
    ]
    arms = np.stack([of_arms.T for _, of_arms in joint], axis=1)
    first = np.stack([of_base for of_base, _ in joint])
    return PassDraws(budgets, first, dict(zip(passes, arms, strict=True)), reliable_k, n_problems)


def draws_rng(request: Request, *labels: str) -> np.random.Generator:
    """Random numbers that depend on the seed and on what they are for."""
    return np.random.default_rng([request.seed, zlib.crc32("\0".join(["runs", *labels]).encode())])


def _passes(rates: SolveRates, model: str, budgets: Sequence[int]) -> Float[np.ndarray, "k draw"]:
    """Draws of one model's pass@k on these problems, from the fit of a pair."""
    failures = mean_failures(rates, budgets, "benchmark", [rates.index(model)])
    return saturated(np.asarray(1.0 - failures[..., 0].reshape(len(budgets), -1), dtype=float))
