"""The request for an analysis, checked once: models, benchmarks, budgets, estimands, prior, target, margin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from boundary.analysis.checkpoints import in_training_order
from boundary.analysis.fit_store import FitStore
from boundary.analysis.formatting import Shorten, shortener
from boundary.analysis.options import (
    DEFAULT_TAUS,
    check_options,
    check_rankable,
    checked_margin,
    checked_prices,
    chosen_classes,
    chosen_estimands,
    chosen_prior,
    chosen_taus,
    default_budgets,
)
from boundary.analysis.selection import chosen_arms, chosen_benchmarks, sampled_arms
from boundary.analysis.verifier_errors import VerifierErrors
from boundary.data.counts import ALL, Counts
from boundary.stats.estimands import ESTIMANDS, Estimand
from boundary.stats.intervals import MARGIN
from boundary.stats.priors import Prior
from boundary.stats.solve_rates import SolveRates, Target

# G-Pass@k is about reliability, which its paper reports at k = 16 (arXiv 2412.13147, Sec. 4).
RELIABILITY_K = 16


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
        Largest budget of the default list, and how far a crossover is looked for where no larger budget is reported.
    taus
        Thresholds of cover@tau and G-Pass@k.
    estimands
        Names of what is reported.
    target, level, margin, seed, common_problems, compare_priors, allow_different_prompts, outcomes_as_missing
        As for `boundary.analyze`.
    verifier, judge
        How often the verifier, and the judge of reasoning, err; None where their verdicts are taken for the truth.
    fit_store
        Where finished fits are kept until the report is written.
    jobs
        How many fits are made at once; as many as there are processors where None.
    prices
        USD for a million tokens of each model; empty where cost is in tokens.
    token_limit
        Tokens at which every sample was cut before anything else; None for no such limit.
    strata
        Columns of the counts that make strata of the problems; `stratum` where there are none and the counts have it.
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
    fit_store: FitStore = field(default_factory=FitStore, compare=False, repr=False)
    jobs: int | None = field(default=None, compare=False, repr=False)
    prices: Mapping[str, float] = field(default_factory=dict, hash=False)
    token_limit: int | None = None
    strata: tuple[str, ...] = ()
    borrow_shape: bool = False

    @property
    def has_verdict_errors(self) -> bool:
        """Whether verdicts or a judge are taken to err."""
        return self.verifier is not None or self.judge is not None

    @property
    def shorten(self) -> Shorten:
        """Writes the name of a model as short as those of all models allow."""
        return shortener(self.models)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model, the base first."""
        return self.arms if self.base is None else (self.base, *self.arms)

    def furthest(self, largest: int) -> int:
        """How far a crossover is looked for, where the largest budget reported is `largest`: at least to that."""
        return max(self.max_k or 0, largest, 2)

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
    prices: Mapping[str, float] | None = None,
    **fields: Any,
) -> tuple[Request, Counts]:
    """The request, and the counts of the benchmarks chosen.

    Parameters
    ----------
    counts
        All counts.
    base, rl, benchmarks, k, max_k, tau, estimands, rank, prior, target, level, margin, outcomes_as_missing, prices
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
    return replace(request, prices=checked_prices(prices, request.models)), counts
