"""A note: a sentence on one benchmark, or on one model there, with how much depends on it."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["alarm", "remark", "note"]
"""`alarm`: the estimates or the comparison may be wrong because of it; `remark`: to be known; `note`: report only."""


@dataclass(frozen=True)
class Note:
    """A sentence for the reader of an analysis.

    Parameters
    ----------
    benchmark
        The benchmark that it is about; `all` for every benchmark's problems together.
    model
        The model that it is about; empty where it is about all models.
    text
        One or more full sentences.
    severity
        `alarm`, `remark` or `note`.
    """

    benchmark: str
    model: str
    text: str
    severity: Severity

    @property
    def alarming(self) -> bool:
        """Whether the estimates or the comparison may be wrong because of it."""
        return self.severity == "alarm"
