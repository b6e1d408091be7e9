"""The request for an analysis, checked once: models, benchmarks, budgets, estimands, prior, target, margin."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from boundary.analysis.checkpoints import in_training_order
from boundary.analysis.verifier_errors import VerifierErrors
from boundary.data.counts import ALL, Counts
from boundary.data.validation import OUTCOME_COLUMNS
from boundary.errors import InputError
from boundary.stats.estimands import ESTIMANDS, Estimand
from boundary.stats.intervals import MARGIN
from boundary.stats.priors import PRIORS, Prior
from boundary.stats.solve_rates import TARGETS, SolveRates, Target

# G-Pass@k is about reliability, which its paper reports at k = 16 (arXiv 2412.13147, Sec. 4).
RELIABILITY_K = 16
# Outcomes that may be taken for missing samples.
CLASSES = tuple(name.removeprefix("n_") for name in OUTCOME_COLUMNS)
# Budgets of the default curve beyond the samples drawn, as multiples of the typical n.
EXTRAPOLATED_MULTIPLES = (2, 4, 8)
# Solve rates at which cover@tau is reported, and shares of k at which G-Pass@k is.
DEFAULT_TAUS = (0.1, 0.25, 0.5, 0.75, 0.9)
RANKINGS = frozenset({"rank", "best", "better"})
# Models are ranked beside their base where there are so many.
ENOUGH_MODELS = 3


class EstimateOptions(NamedTuple):
    """Options of the estimates of one fit: budgets k, thresholds tau, how far a crossover is looked for, and so on."""

    budgets: list[int]
    taus: tuple[float, ...]
    max_k: int
    target: Target
    estimands: frozenset[str]
    margin: float = MARGIN

    def within(self, limit: float) -> int:
        """The largest budget up to a limit, or the smallest there is."""
        return max([k for k in self.budgets if k <= limit], default=min(self.budgets))

    def reliability_budget(self, rates: SolveRates) -> int:
        """The budget at which reliability is reported."""
        return self.within(min(RELIABILITY_K, rates.reliable_k))

    def budgets_of(self, record: Estimand, rates: SolveRates) -> list[int]:
        """The budgets at which an estimand is reported."""
        return {
            "each": self.budgets,
            "half": [self.within(rates.reliable_k / 2)],
            "within": [self.within(rates.reliable_k)],
            "reliability": [self.reliability_budget(rates)],
        }.get(str(record.reported_at), [])

    def records(self, of: str) -> list[Estimand]:
        """The estimands to report of each `model` or of a `pair`, in the order of the table."""
        return [
            record
            for record in ESTIMANDS.values()
            if record.of == of and record.reported_at is not None and record.name in self.estimands
        ]


@dataclass(frozen=True)
class Request:
    """The checked request for an analysis.

    Parameters
    ----------
    base
        The base model; None where models stand alone.
    arms
        The models that are compared with the base, or every model where there is none.
    benchmarks
        Benchmarks to fit, `all` last where they are pooled too.
    prior
        Family of populations.
    budgets
        Budgets k to report, ascending; None for those that follow from the numbers of samples.
    max_k
        Largest budget of the default list, and how far a crossover is looked for.
    taus
        Thresholds of cover@tau and G-Pass@k.
    estimands
        Names of what is reported.
    target, level, margin, seed, common_problems, compare_priors, allow_different_prompts, outcomes_as_missing
        As for `boundary.analyze`.
    verifier, judge
        How often the verifier, and the judge of reasoning, err; None where their verdicts are taken for the truth.
    """

    base: str | None
    arms: tuple[str, ...]
    benchmarks: tuple[str, ...]
    prior: Prior
    budgets: tuple[int, ...] | None = None
    max_k: int | None = None
    taus: tuple[float, ...] = DEFAULT_TAUS
    estimands: frozenset[str] = frozenset()
    target: Target = "benchmark"
    level: float = 0.95
    margin: float = MARGIN
    seed: int = 0
    common_problems: bool = False
    compare_priors: bool = False
    allow_different_prompts: bool = False
    outcomes_as_missing: tuple[str, ...] = ()
    verifier: VerifierErrors | None = None
    judge: VerifierErrors | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Every model, the base first."""
        return self.arms if self.base is None else (self.base, *self.arms)

    def furthest(self, largest: int) -> int:
        """How far a crossover is looked for, where the largest budget reported is `largest`."""
        return max(self.max_k or largest, 2)

    def for_fit(self, rates: SolveRates) -> EstimateOptions:
        """What to report of one fit: the default budgets depend on its numbers of samples."""
        budgets = list(self.budgets or default_budgets(rates.reliable_k, rates.typical_k, self.max_k))
        furthest = self.furthest(max(budgets))
        return EstimateOptions(budgets, self.taus, furthest, self.target, self.estimands, self.margin)


def checked_request(
    counts: Counts,
    base: str | None,
    rl: str | Sequence[str] | None,
    *,
    benchmarks: str | Sequence[str] | None,
    k: Sequence[int] | None,
    max_k: int | None,
    tau: Sequence[float] | None,
    estimands: Sequence[str] | None,
    rank: bool,
    prior: str | Prior | None,
    target: Target,
    level: float,
    margin: float,
    outcomes_as_missing: str | Sequence[str] | None,
    **fields: Any,
) -> tuple[Request, Counts]:
    """The request, and the counts of the benchmarks chosen.

    Parameters
    ----------
    counts
        All counts.
    base, rl, benchmarks, k, max_k, tau, estimands, rank, prior, target, level, margin, outcomes_as_missing
        As for `boundary.analyze`.
    fields
        Other fields of `Request`, as they are.

    Raises
    ------
    InputError
        If no analysis can be made of it.
    """
    family = chosen_prior(prior)
    check_options(target, level, k, max_k, family)
    taus, estimand_names = chosen_taus(tau), chosen_estimands(estimands)
    margin = checked_margin(margin)
    base, arms = chosen_arms(counts, base, rl, rank)
    if rl is None:
        arms = in_training_order(counts, base, arms)
    names = chosen_benchmarks(counts, benchmarks, base, arms)
    counts = counts.select(benchmarks=[name for name in names if name != ALL] or None)  # `all` pools these alone
    request = Request(
        base=base,
        arms=sampled_arms(counts, arms, required=rl is not None),
        benchmarks=names,
        prior=family,
        budgets=None if k is None else tuple(sorted({int(budget) for budget in k})),
        max_k=max_k,
        taus=taus,
        estimands=estimand_names,
        target=target,
        level=level,
        margin=margin,
        outcomes_as_missing=chosen_classes(outcomes_as_missing, counts),
        **fields,
    )
    check_rankable(estimands, request.models, base, target)
    return request, counts


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
    """Refuse a target, level, budget or prior that no analysis can be made with."""
    if target not in TARGETS:
        raise InputError(f"Unknown target '{target}'. Choose one of: {', '.join(TARGETS)}.")
    if target == "superpopulation" and not prior.has_population:
        raise InputError(
            f"The prior '{prior.name}' has no population of new problems. Use target 'benchmark', or another prior."
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
    """Names of all estimands where `names` is None; else the main ones and those named, singly or by their group."""
    if names is None:
        return frozenset(ESTIMANDS)
    groups = dict.fromkeys(record.group for record in ESTIMANDS.values())
    for name in names:
        if name not in ESTIMANDS and name not in groups:
            raise InputError(f"Unknown estimand '{name}'. Choose among: {', '.join([*ESTIMANDS, *groups])}.")
    return frozenset(
        name for name, record in ESTIMANDS.items() if record.main or name in names or record.group in names
    )


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
    arms = rls or tuple(m for m in counts.models if m != base)
    return (base, arms) if arms else (None, (base,))


def _ranked(counts: Counts, base: str | None, models: tuple[str, ...]) -> tuple[str, ...]:
    if base is not None:
        raise InputError(
            "Models that are ranked have no base. Leave out either --base or --rank (base or rank from Python); "
            "with a base and two or more RL models all of them are ranked too."
        )
    models = models or counts.models
    if len(models) < 2:
        raise InputError(f"Ranking needs two models or more, and {counts.source} has {len(models)}: {models[0]}.")
    return models


def chosen_benchmarks(
    counts: Counts, benchmarks: str | Sequence[str] | None, base: str | None, arms: Sequence[str]
) -> tuple[str, ...]:
    """Benchmarks to fit, `all` last where there are several and each was given to every model.

    `all` pools those named beside it, and every benchmark where it stands by itself.

    Raises
    ------
    InputError
        For an unknown benchmark, one that cannot be compared on, or `all` beside a single one.
    """
    requested = [benchmarks] if isinstance(benchmarks, str) else list(benchmarks or [])
    names = [name for name in dict.fromkeys(requested) if name != ALL]
    if len(names) == 1 and ALL in requested:
        raise InputError(
            f"'all' pools the benchmarks named beside it, and only '{names[0]}' is. Name another one too, or say 'all' "
            "alone for every benchmark."
        )
    if names:
        counts = counts.select(benchmarks=names)
    counts = counts.select(models=[m for m in (base, *arms) if m in counts.models])
    if not requested:
        names = list(counts.benchmarks)
    for name in names:
        _check_comparable(counts, name, base)
    same_models = len({frozenset(sampled_on(counts, name)) for name in names}) == 1
    return tuple([*names, ALL] if (len(names) > 1 and same_models) or ALL in requested else names)


def _check_comparable(counts: Counts, benchmark: str, base: str | None) -> None:
    """Refuse a benchmark without samples of the base, or of any other model."""
    present = sampled_on(counts, benchmark)
    if base is not None and base not in present:
        lacking = f"the base {base} has no samples on '{benchmark}'"
    elif set(present) <= {base}:
        lacking = f"no model beside the base has samples on '{benchmark}'" if base else f"'{benchmark}' has no samples"
    else:
        return
    raise InputError(f"{counts.source}: {lacking}. Choose other benchmarks with --benchmark (benchmarks= from Python).")


def sampled_arms(counts: Counts, arms: Sequence[str], required: bool) -> tuple[str, ...]:
    """Arms with samples in the counts; one without is refused where the user named it (`required`), else left out."""
    missing = [arm for arm in arms if arm not in counts.models]
    if missing and required:
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


def check_rankable(estimands: Sequence[str] | None, models: Sequence[str], base: str | None, target: Target) -> None:
    """Refuse estimands that would have no rows.

    Raises
    ------
    InputError
        For `rank`, `best` or `better` where models are not ranked, and for `reach`, which is a problem's.
    """
    for name in estimands or ():
        if name == "reach":
            raise InputError(
                "'reach' is a quantity of one problem and has no row in estimates.csv. Leave it out: problems.csv has "
                "the reach of every problem, and pass_at_k is its mean."
            )
        if name in RANKINGS and target != "benchmark":
            raise InputError(
                f"'{name}' ranks models on these very problems, not on new ones. Leave it out, or say --target "
                "benchmark."
            )
        if name in RANKINGS and len(models) < (2 if base is None else ENOUGH_MODELS):
            raise InputError(
                f"'{name}' compares several models, and there are too few here: {', '.join(models)}. Leave it out, add "
                "RL models, or rank two or more models without a base (--rank; rank=True from Python)."
            )


def checked_margin(margin: float) -> float:
    """The margin as a share of problems.

    Raises
    ------
    InputError
        If it is not in [0, 1).
    """
    if isinstance(margin, bool) or not 0 <= margin < 1:
        raise InputError(
            f"The margin is {margin}, and it must be at least 0 and below 1. Write .005 for half a percentage point."
        )
    return float(margin)


def chosen_classes(names: str | Sequence[str] | None, counts: Counts) -> tuple[str, ...]:
    """The outcome classes to be taken for missing.

    Raises
    ------
    InputError
        For a class that there is not, or that the counts do not hold.
    """
    words = names.split(",") if isinstance(names, str) else list(names or ())
    classes = tuple(dict.fromkeys(str(word).strip() for word in words))
    recorded = recorded_classes(counts)
    for name in classes:
        if name not in CLASSES:
            near = get_close_matches(name, CLASSES, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Choose among: {', '.join(CLASSES)}."
            raise InputError(f"'{name}' is no outcome that could be missing. {hint}")
        if name not in recorded:
            raise InputError(
                f"{counts.source}: no column n_{name}, so its samples cannot be taken for missing. "
                f"It counts: {', '.join(recorded) or 'no outcome apart'}."
            )
    return classes


def recorded_classes(counts: Counts) -> list[str]:
    """Outcome classes that the counts have a column of."""
    return [name for name in CLASSES if f"n_{name}" in counts.table]
