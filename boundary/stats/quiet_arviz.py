"""ArviZ, without the notice that ArviZ 0.23 gives of its successor on the first import of every day."""

import warnings
from typing import Any


def import_arviz() -> Any:
    """The package arviz. Everything here imports it through this, and inside functions: it is slow to import."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*ArviZ is undergoing", category=FutureWarning)
        import arviz
    return arviz
