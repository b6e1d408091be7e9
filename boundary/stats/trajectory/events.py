"""From which step of a trajectory on breadth lies below the base's."""

import numpy as np
from jaxtyping import Float


def fall_onset(shrinkage: Float[np.ndarray, "draw step"], margin: float) -> Float[np.ndarray, " step_and_none"]:
    """Probability that breadth lies below the base's from each step to the last one; of no fall at the end.

    Parameters
    ----------
    shrinkage
        Base less each checkpoint, the base's own column (0) first.
    margin
        Difference that matters, in the unit of shrinkage.

    Returns
    -------
    Float[np.ndarray, " step_and_none"]
        For each step the probability that it is the first of the steps from which on shrinkage is above the margin up
        to the last one; 0 for the base. The last number is the probability that shrinkage is not above the margin at
        the last step.

    Examples
    --------
    >>> shrinkage = np.array([[0.0, 0.1, -0.1, 0.2], [0.0, 0.1, 0.1, 0.2], [0.0, 0.1, 0.1, 0.0]])
    >>> fall_onset(shrinkage, 0.01).round(2).tolist()
    [0.0, 0.33, 0.0, 0.33, 0.33]
    """
    below = shrinkage > margin
    stays = np.logical_and.accumulate(below[:, ::-1], axis=1).sum(axis=1)
    n = shrinkage.shape[1]
    onset = np.where(stays > 0, n - stays, n)
    probabilities: np.ndarray = np.bincount(onset, minlength=n + 1) / len(shrinkage)
    return probabilities
