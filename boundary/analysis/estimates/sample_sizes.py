"""How many samples the problems of a benchmark have, of each model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from boundary.analysis.fitting import Panel
from boundary.analysis.formatting import shortener
from boundary.stats.sample_sizes import HALF, MOST, samples_of_share

# Of more models the numbers of samples are given together.
MOST_MODELS = 3


@dataclass(frozen=True)
class SampleSizes:
    """Samples of the problems of one benchmark.

    Parameters
    ----------
    by_model
        Samples of each problem, by model.
    reliable_k
        Largest budget that nine of ten problems have samples for, of every model: beyond it all is extrapolated.

    Examples
    --------
    >>> SampleSizes({"base": np.array([64] * 59 + [4])}, reliable_k=64).in_words
    '4 to 64 samples a problem, 64 for 59 of 60'
    """

    by_model: Mapping[str, Int[np.ndarray, " problem"]]
    reliable_k: int

    @property
    def ranges(self) -> dict[str, list[int]]:
        """Fewest and most samples of a problem, by model."""
        return {model: [int(n.min()), int(n.max())] for model, n in self.by_model.items()}

    @property
    def in_words(self) -> str:
        """The numbers of samples as a phrase for readers."""
        phrases = {model: _phrase(n) for model, n in self.by_model.items()}
        if len(set(phrases.values())) == 1:
            return next(iter(phrases.values()))
        if len(phrases) <= MOST_MODELS:
            shorten = shortener(self.by_model)
            return "; ".join(f"{shorten(model)}: {phrase}" for model, phrase in phrases.items())
        n = np.concatenate(list(self.by_model.values()))
        return f"{n.min():,} to {n.max():,} samples a problem"


def sample_sizes(panels: Sequence[Panel]) -> dict[str, SampleSizes]:
    """Samples of the problems of each benchmark."""
    by_benchmark: dict[str, SampleSizes] = {}
    for panel in panels:
        by_model = dict(zip(panel.models, panel.counts.n_samples.T, strict=True))
        reliable_k = samples_of_share(panel.counts.n_samples.min(axis=1), MOST)
        before = by_benchmark.get(panel.benchmark, SampleSizes({}, reliable_k))
        by_benchmark[panel.benchmark] = SampleSizes({**before.by_model, **by_model}, min(before.reliable_k, reliable_k))
    return by_benchmark


def _phrase(n: Int[np.ndarray, " problem"]) -> str:
    if n.min() == n.max():
        return f"n = {n.min():,} samples each"
    values, counts = np.unique(n, return_counts=True)
    common, count = values[counts.argmax()], int(counts.max())
    reach = f"{common:,} for {count:,} of {len(n):,}"
    if count < len(n) / 2:
        half = samples_of_share(n, HALF)
        reach = f"{half:,} or more for {int((n >= half).sum()):,} of {len(n):,}"
    return f"{n.min():,} to {n.max():,} samples a problem, {reach}"
