"""The gain in pass@1, split by what the base's counts and what the scores say of its reach."""

import numpy as np
from jaxtyping import Float

# Parts of the gain: what the counts say of the base, and what the scores say.
PARTS = ("amplified_by_both", "amplified_by_counts", "discovered_by_counts", "within_reach_by_scores")


def split_gain(
    p_base: Float[np.ndarray, "draw problem"],
    p_rl: Float[np.ndarray, "draw problem"],
    bound: Float[np.ndarray, "draw problem"],
    estimate: Float[np.ndarray, "draw problem"],
    k: int,
) -> dict[str, np.ndarray]:
    """Gain in pass@1 of RL by the reach of the base, as two witnesses have it.

    Parameters
    ----------
    p_base, p_rl
        Draws of the solve rates, from counts.
    bound
        Draws of a lower bound of the base's solve rate, from scores; 0 where there is none.
    estimate
        Draws of the base's solve rate from scores; NaN where it is withheld.
    k
        Budget within whose reach a problem is where k samples of the base are likelier than not to solve it.

    Returns
    -------
    For each of PARTS draws of its share of the gain, in [-1, 1]; they sum to mean(p_rl - p_base). `amplified_by_both`:
    within reach by counts and scores. `..._by_counts`: the scores leave it open. `within_reach_by_scores`: within reach
    by the scores, and not by the counts.

    Notes
    -----
    A problem is within reach where 1 - (1 - p)^k >= 1/2; see `boundary.stats.estimands.support.gains`. Scores prove
    reach and never its absence: what the base writes and the RL model never does has weight in no sample, so that an
    estimate from the samples of the RL model can be far too low however certain it looks.

    Examples
    --------
    >>> import numpy as np
    >>> p_base, p_rl, bound, estimate = (np.array([row]) for row in ([0.4, 0.0], [0.8, 0.5], [0.3, 0.2], [np.nan] * 2))
    >>> parts = split_gain(p_base, p_rl, bound, estimate, 8)
    >>> parts["amplified_by_both"].tolist(), parts["within_reach_by_scores"].tolist()
    ([0.2], [0.25])
    """
    half = -np.expm1(-np.log(2) / k)
    counts_within = p_base >= half
    scores_within = np.fmax(bound, estimate) >= half
    gain = p_rl - p_base
    conditions = (
        counts_within & scores_within,
        counts_within & ~scores_within,
        ~counts_within & ~scores_within,
        ~counts_within & scores_within,
    )
    return {name: (gain * condition).mean(axis=-1) for name, condition in zip(PARTS, conditions, strict=True)}
