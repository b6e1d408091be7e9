"""The default's population with what published sets say of solve rates."""

from boundary.stats.population.densities import EMPIRICAL
from boundary.stats.population.pair_densities import EMPIRICAL_PAIR
from boundary.stats.priors.nonparametric import NonParametric


def empirical() -> NonParametric:
    """The prior `nonparametric` with expectations learned from published sets.

    Returns
    -------
    The family. The places and scales of one model's population have the largest marginal likelihood of 71 tables of
    counts of nine sets, and those of a pair's that of 26 pairs of five sets; both are widened by how uncertain they
    are (`python -m benchmarks.calibration.learn_prior` and `learn_pair_prior`). On real models its intervals beyond n
    are narrower than the default's. Where populations are unlike the published ones, its intervals hold the truth less
    often (docs/decisions/024-learned-prior.md, docs/decisions/027-learned-prior-of-a-pair.md).

    Notes
    -----
    Empirical Bayes (Efron & Morris 1973, doi 10.1080/01621459.1973.10481350), the marginal likelihood maximised by
    importance sampling (Geyer & Thompson 1992) and by Newton's method with Louis' identity (Louis 1982, doi
    10.1111/j.2517-6161.1982.tb01203.x).

    Examples
    --------
    >>> empirical().name, empirical().description.rpartition("; ")[2]
    ('empirical', 'its expectations were learned from nine published sets of counts')
    """
    return NonParametric(
        marginal=EMPIRICAL, joint=EMPIRICAL_PAIR, name="empirical", learned_from="nine published sets of counts"
    )
