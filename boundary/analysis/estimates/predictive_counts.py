"""How many problems have how many correct samples, and how many the fitted population would lead one to expect."""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from boundary.stats.model_checks import replicated_counts
from boundary.stats.solve_rates import SolveRates

# Bins of a histogram of counts, beside those of none and of all right; replicated benchmarks, and problems in all.
MOST_BINS = 16
REPLICATES, FEWEST_REPLICATES, MOST_REPLICATED = 400, 100, 400_000


def predictive_counts(rates: SolveRates, model: str, level: float, seed: int = 0) -> pd.DataFrame | None:
    """Histogram of the correct samples of each problem, with the posterior predictive of new problems.

    Parameters
    ----------
    rates
        Posterior, with the counts that it rests on.
    model
        Whose counts.
    level
        Probability within the predictive intervals.
    seed
        The same seed gives the same predictions.

    Returns
    -------
    One row a bin: `label` (`0`, `1-8`, `128`; shares of the samples where their numbers differ), `observed`, `mean`,
    `lower`, `upper`, numbers of problems. None where the prior has no population. Problems without samples are left
    out.
    """
    n_replicates = int(np.clip(MOST_REPLICATED // max(rates.n_problems, 1), FEWEST_REPLICATES, REPLICATES))
    replicated = replicated_counts(rates, model, n_replicates, seed)
    column = rates.index(model)
    n = rates.n_samples[:, column]
    sampled = n > 0
    if replicated is None or not sampled.any():
        return None
    n, observed, replicated = n[sampled], rates.n_correct[sampled, column], replicated[:, sampled]
    if (n == n[0]).all():
        edges, labels = _count_bins(int(n[0]))
    else:
        edges, labels = _share_bins()
        observed, replicated = observed / n, replicated / n
    place = np.searchsorted(edges, replicated, side="left")
    counts = np.stack([np.bincount(row, minlength=len(labels)) for row in place])
    tail = (1 - level) / 2
    lower, upper = np.quantile(counts, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return pd.DataFrame(
        {
            "label": labels,
            "observed": np.bincount(np.searchsorted(edges, observed, side="left"), minlength=len(labels)),
            "mean": counts.mean(axis=0),
            "lower": lower.astype(float),
            "upper": upper.astype(float),
        }
    )


def _count_bins(n: int) -> tuple[Int[np.ndarray, " edge"], list[str]]:
    """Upper ends of the bins but the last, and labels: none right, bins of one width, all right."""
    width = max(-(-(n - 1) // MOST_BINS), 1)
    firsts = list(range(1, n, width))
    lasts = [min(first + width - 1, n - 1) for first in firsts]
    inner = [f"{a}" if a == b else f"{a}\N{EN DASH}{b}" for a, b in zip(firsts, lasts, strict=True)]
    return np.array([0, *lasts]), ["0", *inner, f"{n}"]


def _share_bins() -> tuple[Float[np.ndarray, " edge"], list[str]]:
    """The same for shares: 0, tenths, and 1."""
    tenths = [f"\N{LESS-THAN OR EQUAL TO}.{high}" for high in range(1, 10)]
    return np.array([0, *(np.arange(1, 10) / 10 + 1e-9), 1 - 1e-9]), ["0", *tenths, "<1", "1"]
