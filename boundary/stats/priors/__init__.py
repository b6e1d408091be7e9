"""Prior families of solve rates, one file each; `PRIORS` has them by name.

Read `prior` first: what a family is, `posterior(n_correct, n_samples, key, errors=None)`. Then:

- `nonparametric`: the default, a smooth population of any shape with atoms at 0 and 1, jointly for a pair.
- `empirical`: the default with what published sets say of solve rates.
- `fixed_bend`: the default as it was.
- `beta_binomial`, `inflated_beta_binomial`, `logit_normal`: parametric ones.
- `stacked`: the default and these, four in all, weighted by how well they predict left-out problems.
- `independent`: no population; for comparison.

A new family is one file and one line of `PRIORS`.
"""

from collections.abc import Callable

from boundary.stats.priors.beta_binomial import BetaBinomial
from boundary.stats.priors.empirical import empirical
from boundary.stats.priors.fixed_bend import fixed_bend
from boundary.stats.priors.independent import Independent
from boundary.stats.priors.inflated_beta_binomial import InflatedBetaBinomial
from boundary.stats.priors.logit_normal import LogitNormal
from boundary.stats.priors.nonparametric import NonParametric
from boundary.stats.priors.prior import Prior
from boundary.stats.priors.stacked import Stacked

PRIORS: dict[str, Callable[[], Prior]] = {
    "nonparametric": NonParametric,
    "empirical": empirical,
    "fixed_bend": fixed_bend,
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
    "empirical",
    "fixed_bend",
]
