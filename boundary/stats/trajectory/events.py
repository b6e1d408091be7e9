"""Where a trajectory peaks, and from which step on breadth lies below the base's."""

import numpy as np
from jaxtyping import Float


def peak_probabilities(draws: Float[np.ndarray, "draw step"]) -> Float[np.ndarray, " step"]:
    """Probability that each step has the largest value of all; steps that share it share the probability.

    Examples
    --------
    >>> peak_probabilities(np.array([[0.1, 0.3, 0.2], [0.4, 0.3, 0.2]])).tolist()
    [0.5, 0.5, 0.0]
    """
    is_peak = draws == draws.max(axis=1, keepdims=True)
    probabilities: np.ndarray = (is_peak / is_peak.sum(axis=1, keepdims=True)).mean(axis=0)
    return probabilities


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
