"""Whether reinforcement learning widened or narrowed what a language model can solve, with honest uncertainty.

The public names load on first use, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "boundary.data.catalog": ("load_counts",),
    "boundary.data.counts": ("Counts",),
    "boundary.errors": ("InputError",),
    "boundary.analysis.compare": ("Analysis", "analyze"),
    "boundary.analysis.saved": ("read_posterior",),
    "boundary.stats.solve_rates": ("SolveRates",),
    "boundary.stats.priors": ("PRIORS", "BetaBinomial", "Independent", "NonParametric"),
    "boundary.stats.estimands": (
        "ESTIMANDS",
        "crossover",
        "delta_se",
        "flows",
        "gained",
        "kept",
        "lost",
        "neither",
        "no_crossover",
        "pass_at_k",
        "shrinkage",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("boundary-stats")
    raise AttributeError(f"module 'boundary' has no attribute '{name}'")


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
