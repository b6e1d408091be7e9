"""Which budgets are within the samples, where problems have different numbers of them."""

import math

import numpy as np
from jaxtyping import Int

# A budget is within the samples where at least this share of the problems has so many: docs/decisions/011.
MOST = 0.9
# An estimate from counts alone is made where at least this share of the problems has enough samples.
HALF = 0.5


def samples_of_share(n_samples: Int[np.ndarray, " problem"], share: float) -> int:
    """The largest number of samples that at least a share of the problems has.

    Parameters
    ----------
    n_samples
        Samples of each problem.
    share
        In (0, 1]; 1 gives the fewest samples of any problem.

    Returns
    -------
    0 where there are no problems.

    Examples
    --------
    >>> samples_of_share(np.array([64] * 59 + [4]), 0.9), samples_of_share(np.array([64, 64, 4]), 0.9)
    (64, 4)
    """
    if not len(n_samples):
        return 0
    count = math.ceil(share * len(n_samples) - 1e-9)
    return int(np.sort(n_samples)[::-1][max(count, 1) - 1])
