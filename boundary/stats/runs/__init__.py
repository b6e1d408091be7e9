"""Training runs: what several runs of one method say of the method, of a new run, and of the one that was chosen.

Everything starts from draws of pass@k of each run (draw, run). Read first `hierarchy` (runs of one method vary around
its mean). `shared_base`: draws of several fits that share the base, as one joint posterior. `selection`: the run or
checkpoint that was chosen because it did best. `strongest`: the best of several base arms. `narrowing`: what makes the
interval of a method narrower.
"""

from boundary.stats.runs.hierarchy import RunHierarchy, SpreadPrior, run_hierarchy, saturated, shared_share
from boundary.stats.runs.narrowing import MoreData, RunMoments, expected_width, widths_with
from boundary.stats.runs.selection import AfterSelection, SelectionBound, after_selection, selection_bound
from boundary.stats.runs.shared_base import over_one_base
from boundary.stats.runs.strongest import Maximum, maximum, maximum_signs, partially_pooled

__all__ = [
    "AfterSelection",
    "Maximum",
    "MoreData",
    "RunHierarchy",
    "RunMoments",
    "SelectionBound",
    "SpreadPrior",
    "after_selection",
    "expected_width",
    "maximum",
    "maximum_signs",
    "over_one_base",
    "partially_pooled",
    "run_hierarchy",
    "saturated",
    "selection_bound",
    "shared_share",
    "widths_with",
]
