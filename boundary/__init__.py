"""Whether reinforcement learning widened or narrowed what a language model can solve, with honest uncertainty.

The public names load on first use, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers and editors, which do not run `__getattr__`
    from boundary import plots as plots
    from boundary.analysis.analyze import (
        analyze as analyze,
    )
    from boundary.analysis.claims.evaluate import (
        claims as claims,
    )
    from boundary.analysis.claims.plan import (
        Plan as Plan,
        plan as plan,
    )
    from boundary.analysis.output.posterior import (
        read_posterior as read_posterior,
    )
    from boundary.analysis.result import (
        Analysis as Analysis,
    )
    from boundary.analysis.training_plan.plan import (
        plan_training as plan_training,
    )
    from boundary.analysis.training_plan.record import (
        TrainingPlan as TrainingPlan,
    )
    from boundary.analysis.verifier_errors import (
        VerifierErrors as VerifierErrors,
    )
    from boundary.data.catalog import (
        load_counts as load_counts,
    )
    from boundary.data.counts import (
        Counts as Counts,
    )
    from boundary.data.importing.import_files import (
        Imported as Imported,
        import_files as import_files,
        read_counts as read_counts,
        read_samples as read_samples,
    )
    from boundary.errors import (
        InputError as InputError,
    )
    from boundary.stats.estimands import (
        ESTIMANDS as ESTIMANDS,
        accuracy_histogram as accuracy_histogram,
        amplified as amplified,
        best as best,
        better as better,
        cover_at_tau as cover_at_tau,
        crossover as crossover,
        delta_se as delta_se,
        discovered as discovered,
        flows as flows,
        g_pass_at_k as g_pass_at_k,
        gained as gained,
        gains as gains,
        kept as kept,
        lost as lost,
        mg_pass_at_k as mg_pass_at_k,
        narrowed as narrowed,
        ndr as ndr,
        neither as neither,
        no_crossover as no_crossover,
        nscr as nscr,
        pass_at_k as pass_at_k,
        pass_hat_k as pass_hat_k,
        rank as rank,
        reach as reach,
        sampling_speedup as sampling_speedup,
        sds as sds,
        shrinkage as shrinkage,
        srr as srr,
        support_rates as support_rates,
        tail_exponent as tail_exponent,
        widened as widened,
    )
    from boundary.stats.priors import (
        PRIORS as PRIORS,
        BetaBinomial as BetaBinomial,
        Independent as Independent,
        InflatedBetaBinomial as InflatedBetaBinomial,
        LogitNormal as LogitNormal,
        NonParametric as NonParametric,
        Stacked as Stacked,
        empirical as empirical,
        fixed_bend as fixed_bend,
    )
    from boundary.stats.solve_rates import (
        SolveRates as SolveRates,
    )

_HOMES = {
    "boundary.data.catalog": ("load_counts",),
    "boundary.data.counts": ("Counts",),
    "boundary.data.importing.import_files": ("Imported", "import_files", "read_counts", "read_samples"),
    "boundary.analysis.verifier_errors": ("VerifierErrors",),
    "boundary.errors": ("InputError",),
    "boundary.analysis.claims.evaluate": ("claims",),
    "boundary.analysis.analyze": ("analyze",),
    "boundary.analysis.result": ("Analysis",),
    "boundary.analysis.claims.plan": ("Plan", "plan"),
    "boundary.analysis.output.posterior": ("read_posterior",),
    "boundary.analysis.training_plan.plan": ("plan_training",),
    "boundary.analysis.training_plan.record": ("TrainingPlan",),
    "boundary.stats.solve_rates": ("SolveRates",),
    "boundary.stats.priors": (
        "PRIORS",
        "BetaBinomial",
        "Independent",
        "InflatedBetaBinomial",
        "LogitNormal",
        "NonParametric",
        "Stacked",
        "empirical",
        "fixed_bend",
    ),
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

_MODULES = ("plots",)

__all__ = sorted([*_HOME_OF, *_MODULES])


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name in _MODULES:
        return import_module(f"boundary.{name}")
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("boundary-stats")
    raise AttributeError(f"module 'boundary' has no attribute '{name}'")


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
