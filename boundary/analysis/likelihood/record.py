"""What an analysis keeps of the likelihood of samples under models."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Likelihood:
    """Likelihood of the samples of each model under the base model and under the model itself.

    Parameters
    ----------
    missing
        What the data lack for it, and how to get that, in one sentence; empty where they lack nothing.
    """

    missing: str = ""
