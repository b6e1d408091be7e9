"""The gain in pass@1, split by what the base's counts and what the scores say of its reach."""

import numpy as np
from jaxtyping import Float

# Parts of the gain: what the counts say of the base, and what the scores say.
PARTS = (
    "amplified_by_both",
    "discovered_by_both",
    "amplified_by_counts",
    "discovered_by_counts",
    "within_reach_by_scores",
    "out_of_reach_by_scores",
)


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
    For each of PARTS draws of its share of the gain, in [-1, 1]; they sum to mean(p_rl - p_base). `..._by_both`: counts
    and scores agree. `..._by_counts`: the scores leave it open, since the estimate is withheld and the bound is low.
    `within_reach_by_scores`: within reach by the scores, and not by the counts; `out_of_reach_by_scores`: the converse.

    Notes
    -----
    A problem is within reach where 1 - (1 - p)^k >= 1/2; see `boundary.stats.estimands.support.gains`.

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
    scores_out = ~scores_within & ~np.isnan(estimate)
    left_open = ~scores_within & ~scores_out
    gain = p_rl - p_base
    conditions = (
        counts_within & scores_within,
        ~counts_within & scores_out,
        counts_within & left_open,
        ~counts_within & left_open,
        ~counts_within & scores_within,
        counts_within & scores_out,
    )
    return {name: (gain * condition).mean(axis=-1) for name, condition in zip(PARTS, conditions, strict=True)}
