"""Strata: groups of a benchmark's problems, partially pooled towards the fit of all of them.

- `pooling`: the joint posterior of a quantity in each stratum.
- `cells`: what a fit and the counts say of each stratum.
"""

from boundary.stats.strata.cells import StratumCells, stratum_cells
from boundary.stats.strata.pooling import StrataPosterior, strata_posterior

__all__ = ["StrataPosterior", "StratumCells", "strata_posterior", "stratum_cells"]
