"""Several families of populations, mixed with the weights that predict left-out problems best."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import ClassVar

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from boundary.stats.model_checks import loo, stacking_weights
from boundary.stats.priors.beta_binomial import BetaBinomial
from boundary.stats.priors.inflated_beta_binomial import InflatedBetaBinomial
from boundary.stats.priors.logit_normal import LogitNormal
from boundary.stats.priors.nonparametric import NonParametric
from boundary.stats.priors.prior import Prior, check_counts, refuse_errors
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors

STACKED: Mapping[str, Callable[[], Prior]] = {
    "nonparametric": NonParametric,
    "beta_binomial": BetaBinomial,
    "inflated_beta_binomial": InflatedBetaBinomial,
    "logit_normal": LogitNormal,
}


@dataclass(frozen=True)
class Stacked:
    """A mixture of the families' posteriors, weighted by stacking of their leave-one-out predictions.

    A family's extrapolation beyond n weighs as much as the family predicts problems within n. The weights rest on the
    counts alone and cannot distinguish families that differ only beyond n (docs/decisions/002-population.md).

    Parameters
    ----------
    draws
        Kept draws of each of the 8 chains.
    times
        How many times as long the families' chains are.
    families
        The families, by name.

    Notes
    -----
    Yao, Vehtari, Simpson & Gelman 2018, arXiv 1704.02030.

    Examples
    --------
    A mixture of two of the four families:

    >>> sorted(Stacked().families)
    ['beta_binomial', 'inflated_beta_binomial', 'logit_normal', 'nonparametric']
    >>> sorted(Stacked(families={"beta_binomial": BetaBinomial, "logit_normal": LogitNormal}).families)
    ['beta_binomial', 'logit_normal']
    """

    draws: int = 250
    families: Mapping[str, Callable[[], Prior]] = field(default_factory=lambda: dict(STACKED))
    name: str = "stacked"
    times: int = 1

    takes_errors: ClassVar[bool] = False
    has_population: ClassVar[bool] = True
    description: ClassVar[str] = (
        "a mixture of four families of populations (nonparametric, logit-normal, beta-binomial with and without "
        "atoms), weighted by stacking of their leave-one-out predictions"
    )

    def posterior(
        self,
        n_correct: Int[np.ndarray, "problem model"],
        n_samples: Int[np.ndarray, "problem model"],
        key: Array,
        errors: VerdictErrors | None = None,
    ) -> SolveRates:
        """Draws of p from every family, in proportion to its weight; the weights are kept in `families`.

        Raises
        ------
        ValueError
            If there are more than two models (fit pairs), or errors of verdicts.
        """
        refuse_errors(self.name, errors)
        fits = self.fits(n_correct, n_samples, key)
        return mixed(fits, weights_of(fits), self.draws, self.name)

    def with_more_draws(self, times: int) -> "Stacked":
        """The same family with chains `times` as long, of which as many draws are kept."""
        return replace(self, times=times * self.times)

    def fits(self, n_correct: np.ndarray, n_samples: np.ndarray, key: Array) -> dict[str, SolveRates]:
        """Posterior under each family, two at a time."""
        n_correct, n_samples = check_counts(n_correct, n_samples)
        if n_correct.shape[1] > 2:
            raise ValueError(f"The stacked prior takes one model or a pair, got {n_correct.shape[1]}; fit pairs.")
        keys = jax.random.split(key, len(self.families))
        with ThreadPoolExecutor(2) as pool:
            tasks = [
                pool.submit(family().with_more_draws(self.times).posterior, n_correct, n_samples, family_key)
                for family, family_key in zip(self.families.values(), keys, strict=True)
            ]
            return {name: task.result() for name, task in zip(self.families, tasks, strict=True)}


def weights_of(fits: Mapping[str, SolveRates]) -> Float[np.ndarray, " family"]:
    """Stacking weights of fits that give a likelihood of the counts.

    Returns
    -------
    Weights that sum to 1, in the order of the fits.

    Raises
    ------
    ValueError
        For a fit without a likelihood.
    """
    elpd = []
    for name, fit in fits.items():
        left_out = loo(fit)
        if left_out is None:
            raise ValueError(f"The family '{name}' gives no likelihood of the counts and cannot be stacked.")
        elpd.append(left_out.elpd)
    return stacking_weights(np.array(elpd))


def mixed(fits: Mapping[str, SolveRates], weights: Float[np.ndarray, " family"], draws: int, name: str) -> SolveRates:
    """A fit whose draws come from each family in proportion to its weight, chain by chain.

    Chain c of the mixture holds draws of chain c of every family, interleaved in their own order, so that R-hat
    compares chains of the same composition and still shows a family whose own chains disagree, and ESS one that mixes
    slowly.
    """
    shares = np.floor(weights * draws).astype(int)
    shares[np.argsort(weights * draws - shares)[::-1][: draws - shares.sum()]] += 1
    order = np.argsort(np.concatenate([(np.arange(share) + 0.5) / max(share, 1) for share in shares]), kind="stable")
    parts: dict[str, list[np.ndarray]] = {"p": [], "new_p": [], "log_likelihood": []}
    new_problems = min(fit.new_p.shape[2] for fit in fits.values() if fit.new_p is not None)
    for fit, share in zip(fits.values(), shares, strict=True):
        kept = np.linspace(0, fit.p.shape[1] - 1, share).round().astype(int)
        parts["p"].append(fit.p[:, kept])
        for field_name in ("new_p", "log_likelihood"):
            values = getattr(fit, field_name)
            parts[field_name].append(values[:, kept, :new_problems] if field_name == "new_p" else values[:, kept])
    p, new_p, log_likelihood = (np.concatenate(part, axis=1)[:, order] for part in parts.values())
    some = next(iter(fits.values()))
    return SolveRates(
        p,
        some.n_correct,
        some.n_samples,
        name,
        new_p,
        log_likelihood=log_likelihood,
        families={family: float(weight) for family, weight in zip(fits, weights, strict=True)},
        in_lumps=any(fit.in_lumps for fit in fits.values()),
    )
