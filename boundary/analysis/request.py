"""What the user asked for, checked and made definite: prior, models, benchmarks, budgets, estimands."""

from collections.abc import Sequence

from boundary.data.counts import ALL, Counts
from boundary.errors import InputError
from boundary.stats.estimands import ESTIMANDS
from boundary.stats.priors import PRIORS, Prior
from boundary.stats.solve_rates import TARGETS

# Budgets of the default curve beyond the samples drawn, as multiples of the typical n.
EXTRAPOLATED_MULTIPLES = (2, 4, 8)
# Solve rates at which cover@tau is reported, and shares of k at which G-Pass@k is.
DEFAULT_TAUS = (0.1, 0.25, 0.5, 0.75, 0.9)
# Reported always: the verdict and the figures need them.
MAIN_ESTIMANDS = (
    "pass_at_k",
    "kept",
    "lost",
    "gained",
    "neither",
    "shrinkage",
    "narrowed",
    "widened",
    "crossover",
    "no_crossover",
    "delta_se",
)
# Names for several estimands at once.
GROUPS = {"support_rates": ("srr", "ndr", "sds", "nscr"), "reach": ()}


def chosen_prior(prior: str | Prior | None) -> Prior:
    """The prior, made from its name where one is given."""
    if prior is None:
        return PRIORS["nonparametric"]()
    if not isinstance(prior, str):
        return prior
    if prior not in PRIORS:
        raise InputError(f"Unknown prior '{prior}'. Choose one of: {', '.join(PRIORS)}.")
    return PRIORS[prior]()


def check_options(target: str, level: float, k: Sequence[int] | None, max_k: int | None, prior: Prior) -> None:
    """Refuse what no analysis can be made of."""
    if target not in TARGETS:
        raise InputError(f"Unknown target '{target}'. Choose one of: {', '.join(TARGETS)}.")
    if target == "superpopulation" and prior.name == "independent":
        raise InputError(
            "The prior 'independent' knows no population of new problems. Use target 'benchmark', or another prior."
        )
    if not 0 < level < 1:
        raise InputError(f"The level of the intervals must lie between 0 and 1, got {level}. Write .95 for 95 %.")
    for budget in [*(k if k is not None else []), *([max_k] if max_k is not None else [])]:
        if isinstance(budget, bool) or int(budget) != budget or budget < 1:
            raise InputError(f"A budget k must be a whole number of at least 1, got {budget}.")
    if k is not None and not len(k):
        raise InputError("No budget k given. Leave k out for 1, 2, 4, ..., or name at least one.")


def chosen_taus(tau: Sequence[float] | None) -> tuple[float, ...]:
    """Thresholds in ascending order, or the default ones."""
    for threshold in tau or ():
        if not 0 <= threshold <= 1:
            raise InputError(f"A threshold tau is a solve rate between 0 and 1, got {threshold:g}. Write .5 for 50 %.")
    return DEFAULT_TAUS if tau is None else tuple(sorted({float(threshold) for threshold in tau}))


def chosen_estimands(names: Sequence[str] | None) -> frozenset[str]:
    """Every estimand, or the main ones with those named."""
    if names is None:
        return frozenset(ESTIMANDS)
    for name in names:
        if name not in ESTIMANDS and name not in GROUPS:
            raise InputError(f"Unknown estimand '{name}'. Choose among: {', '.join([*ESTIMANDS, *GROUPS])}.")
    return frozenset(MAIN_ESTIMANDS).union(*(GROUPS.get(name, (name,)) for name in names))


def chosen_arms(
    counts: Counts, base: str | None, rl: str | Sequence[str] | None, rank: bool
) -> tuple[str | None, tuple[str, ...]]:
    """The base model and the RL ones; no base where one model stands alone, or where models are ranked without one."""
    rls = tuple(dict.fromkeys([rl] if isinstance(rl, str) else rl or []))
    counts.select(models=[m for m in [base, *rls] if m is not None])  # says which names exist where one is unknown
    if rank:
        return None, _ranked(counts, base, rls)
    if base is None and (len(counts.models) == 1 or (len(rls) == 1 and counts.default_base in (None, rls[0]))):
        return None, (rls[0] if rls else counts.models[0],)
    base = base or counts.default_base
    if base is None:
        names = ", ".join(counts.models)
        raise InputError(
            f"Which model is the base? Say --base MODEL (base=... from Python), one of: {names}.\n"
            "To rank models without a base, say --rank (rank=True from Python)."
        )
    if base in rls:
        raise InputError(f"'{base}' is given both as base and as RL model. Name two different models.")
    others = rls or tuple(m for m in counts.models if m != base)
    return (base, others) if others else (None, (base,))


def _ranked(counts: Counts, base: str | None, named: tuple[str, ...]) -> tuple[str, ...]:
    if base is not None:
        raise InputError(
            "Models that are ranked have no base. Leave out either --base or --rank (base or rank from Python); "
            "with a base and two or more RL models all of them are ranked too."
        )
    models = named or counts.models
    if len(models) < 2:
        raise InputError(f"Ranking needs two models or more, and {counts.source} has {len(models)}: {models[0]}.")
    return models


def chosen_benchmarks(
    counts: Counts, wanted: str | Sequence[str] | None, base: str | None, others: Sequence[str]
) -> tuple[str, ...]:
    """Benchmarks to fit, `all` last where there are several and each was given to every model.

    `all` pools those named beside it, and every benchmark where it stands by itself.

    Raises
    ------
    InputError
        For an unknown benchmark, one that cannot be compared on, or `all` beside a single one.
    """
    chosen = [wanted] if isinstance(wanted, str) else list(wanted or [])
    names = [name for name in dict.fromkeys(chosen) if name != ALL]
    if len(names) == 1 and ALL in chosen:
        raise InputError(
            f"'all' pools the benchmarks named beside it, and only '{names[0]}' is. Name another one too, or say 'all' "
            "alone for every benchmark."
        )
    if names:
        counts = counts.select(benchmarks=names)
    known = counts.select(models=[m for m in (base, *others) if m in counts.models])
    if not chosen:
        names = list(known.benchmarks)
    for name in names:
        _check_compared(known, name, base)
    shared = len({frozenset(sampled_on(known, name)) for name in names}) == 1
    return tuple([*names, ALL] if (len(names) > 1 and shared) or ALL in chosen else names)


def _check_compared(counts: Counts, benchmark: str, base: str | None) -> None:
    """Refuse a benchmark without samples of the base, or of any other model."""
    present = sampled_on(counts, benchmark)
    if base is not None and base not in present:
        lacking = f"the base {base} has no samples on '{benchmark}'"
    elif set(present) <= {base}:
        lacking = f"no model beside the base has samples on '{benchmark}'" if base else f"'{benchmark}' has no samples"
    else:
        return
    raise InputError(f"{counts.source}: {lacking}. Choose other benchmarks with --benchmark (benchmarks= from Python).")


def sampled_arms(counts: Counts, arms: Sequence[str], named: bool) -> tuple[str, ...]:
    """Arms with samples in the counts; one without is refused where it was named, and left out otherwise."""
    missing = [arm for arm in arms if arm not in counts.models]
    if missing and named:
        raise InputError(
            f"{counts.source}: '{missing[0]}' has no samples on {', '.join(counts.benchmarks)}. Leave it out, or choose"
            " other benchmarks."
        )
    return tuple(arm for arm in arms if arm not in missing)


def sampled_on(counts: Counts, benchmark: str) -> list[str]:
    """Models with samples on a benchmark, in the order of the table."""
    if benchmark == ALL:
        return list(counts.models)
    table = counts.table
    return list(table.loc[table["benchmark"] == benchmark, "model"].unique())


def default_budgets(n: int, typical: int, max_k: int | None) -> list[int]:
    """Powers of two up to the typical number of samples, n, and 2, 4 and 8 times the typical; none above max_k."""
    n, typical = max(n, 1), max(typical, 1)
    within = {2**i for i in range(typical.bit_length())}
    budgets = within | {n, typical} | {typical * multiple for multiple in EXTRAPOLATED_MULTIPLES}
    return sorted(b for b in budgets if max_k is None or b <= max_k) or [1]
