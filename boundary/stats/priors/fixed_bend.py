"""The default's population as it was before the amplitude of its bend was learned, to compare with."""

from boundary.stats.population.densities import FIXED_BEND
from boundary.stats.priors.nonparametric import NonParametric


def fixed_bend() -> NonParametric:
    """The prior `nonparametric` with a bend of fixed amplitude and a coarser grid for one model; a pair is the same.

    Returns
    -------
    The default as it was. Where many problems share nearly one small solve rate, its intervals beyond n are far too
    narrow (docs/decisions/022-learned-amplitude.md).

    Examples
    --------
    >>> fixed_bend().name
    'fixed_bend'
    """
    return NonParametric(marginal=FIXED_BEND, name="fixed_bend")
