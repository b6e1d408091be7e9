"""Families of solve-rate populations, one module each."""

from collections.abc import Callable

from boundary.stats.priors.beta_binomial import BetaBinomial, InflatedBetaBinomial
from boundary.stats.priors.independent import Independent
from boundary.stats.priors.logit_normal import LogitNormal
from boundary.stats.priors.nonparametric import NonParametric
from boundary.stats.priors.prior import Prior
from boundary.stats.priors.stacked import Stacked

PRIORS: dict[str, Callable[[], Prior]] = {
    "nonparametric": NonParametric,
    "beta_binomial": BetaBinomial,
    "inflated_beta_binomial": InflatedBetaBinomial,
    "logit_normal": LogitNormal,
    "stacked": Stacked,
    "independent": Independent,
}

__all__ = [
    "PRIORS",
    "BetaBinomial",
    "Independent",
    "InflatedBetaBinomial",
    "LogitNormal",
    "NonParametric",
    "Prior",
    "Stacked",
]
