"""Whether reinforcement learning widened or narrowed what a language model can solve, with honest uncertainty.

The public names load on first use, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "boundary.data.catalog": ("load_counts",),
    "boundary.data.counts": ("Counts",),
    "boundary.data.importing": ("Imported", "import_files", "read_counts", "read_samples"),
    "boundary.analysis.verifier_errors": ("VerifierErrors",),
    "boundary.errors": ("InputError",),
    "boundary.analysis.claims": ("claims",),
    "boundary.analysis.compare": ("Analysis", "analyze"),
    "boundary.analysis.planning": ("Plan", "plan"),
    "boundary.analysis.saved": ("read_posterior",),
    "boundary.stats.solve_rates": ("SolveRates",),
    "boundary.stats.priors": ("PRIORS", "BetaBinomial", "Independent", "NonParametric"),
    "boundary.stats.estimands": (
        "ESTIMANDS",
        "accuracy_histogram",
        "amplified",
        "best",
        "better",
        "cover_at_tau",
        "crossover",
        "delta_se",
        "discovered",
        "flows",
        "g_pass_at_k",
        "gained",
        "gains",
        "kept",
        "lost",
        "mg_pass_at_k",
        "narrowed",
        "ndr",
        "neither",
        "no_crossover",
        "nscr",
        "pass_at_k",
        "pass_hat_k",
        "rank",
        "reach",
        "sampling_speedup",
        "sds",
        "shrinkage",
        "srr",
        "support_rates",
        "tail_exponent",
        "widened",
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
