"""The default's population with what published sets say of one model's solve rates."""

from boundary.stats.population.densities import EMPIRICAL
from boundary.stats.priors.nonparametric import NonParametric


def empirical() -> NonParametric:
    """The prior `nonparametric` with expectations of one model learned from nine published sets; a pair is the same.

    Returns
    -------
    The family. Its places and scales have the largest marginal likelihood of 71 published tables of counts, and are
    widened by how uncertain they are (`python -m benchmarks.calibration.learn_prior`). On real models its intervals
    beyond n are narrower than the default's; where problems come in lumps they hold the truth about as often
    (docs/decisions/024-learned-prior.md).

    Notes
    -----
    Empirical Bayes (Efron & Morris 1973, doi 10.1080/01621459.1973.10481350) with the marginal likelihood maximised
    by importance sampling, as in Geyer & Thompson 1992.

    Examples
    --------
    >>> empirical().name
    'empirical'
    """
    return NonParametric(marginal=EMPIRICAL, name="empirical")
