"""What a claim is made of: comparisons of quantities of models, methods, strata and training runs."""

from collections.abc import Callable
from math import floor, inf
from typing import Any, NamedTuple

from boundary.stats.estimands import ESTIMANDS, Estimand
from boundary.stats.intervals import TIE

# Draws that differ by rounding alone tie.
RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": lambda left, right: left - right < -TIE,
    "<=": lambda left, right: left - right <= TIE,
    ">": lambda left, right: left - right > TIE,
    ">=": lambda left, right: left - right >= -TIE,
}
PERPLEXITY, PEAK = "perplexity", "peak"
METHOD, NEW_RUN, STRATUM = "method", "new_run", "stratum"
# Quantities of methods and strata.
OF_METHODS = ("pass_at_k", "shrinkage")


def claimable() -> dict[str, Estimand]:
    """Estimands that a claim can be about, by name: of one model, which it names, or of an RL model against its base.

    Examples
    --------
    >>> claimable()["g_pass_at_k"].arguments
    ('k', 'tau')
    """
    return {name: record for name, record in ESTIMANDS.items() if record.claimable}


# Least and largest value of a quantity that is no difference, by its unit.
_VALUES = {
    "share": (0.0, 1.0),
    "probability": (0.0, 1.0),
    "problems": (0.0, inf),
    "budget": (1.0, inf),
    "rank": (1.0, inf),
}


def possible_values(estimand: str) -> tuple[float, float]:
    """Least and largest value that a quantity of claims can have, whatever the counts are.

    Parameters
    ----------
    estimand
        A key of `claimable()`, or `perplexity` or `peak`.

    Examples
    --------
    >>> possible_values("shrinkage"), possible_values("perplexity")
    ((-1.0, 1.0), (1.0, inf))
    """
    if estimand in (PERPLEXITY, PEAK):
        return (1.0 if estimand == PERPLEXITY else 0.0), inf
    record = ESTIMANDS[estimand]
    return (-1.0, 1.0) if record.difference else _VALUES.get(record.unit, (-inf, inf))


class ModelName(NamedTuple):
    """A model as a claim names it: `base` and `rl` mean roles unless they stand in quotes."""

    name: str
    quoted: bool = False


class Comparison(NamedTuple):
    """One comparison of a claim.

    Parameters
    ----------
    estimand
        A key of `claimable()`.
    k, tau
        Its budget and its threshold or share; None where it takes none.
    model
        Whose quantity; None for that of the only RL model.
    relation
        One of RELATIONS.
    bound
        A number, or a model whose quantity of the same kind is compared with.
    """

    estimand: str
    k: int | None
    tau: float | None
    model: ModelName | None
    relation: str
    bound: float | ModelName

    @property
    def models(self) -> tuple[ModelName, ...]:
        """The models that it names."""
        return tuple(side for side in (self.model, self.bound) if isinstance(side, ModelName))

    @property
    def record(self) -> Estimand:
        """The estimand's record."""
        return ESTIMANDS[self.estimand]

    @property
    def largest_budget(self) -> int:
        """The largest budget that it looks at; 0 where it looks at none."""
        if self.record.is_budget:
            assert not isinstance(self.bound, ModelName)  # the grammar has numbers only
            return max(2, floor(self.bound))
        return int(self.record.samples_needed(self.k or 0))


class Perplexity(NamedTuple):
    """The mean perplexity of a model's responses under another, pooled over problems."""

    scorer: ModelName
    model: ModelName


class PerplexityComparison(NamedTuple):
    """One comparison of a claim, of a perplexity with a number or with another perplexity."""

    left: Perplexity
    relation: str
    bound: float | Perplexity

    @property
    def models(self) -> tuple[ModelName, ...]:
        """The models that it names."""
        sides = [side for side in (self.left, self.bound) if isinstance(side, Perplexity)]
        return tuple(name for side in sides for name in side)

    @property
    def estimand(self) -> str:
        """What it is about."""
        return PERPLEXITY

    @property
    def largest_budget(self) -> int:
        """The largest budget that it looks at: none."""
        return 0


class RunsName(NamedTuple):
    """The mean of a method over all runs there might be (`method`), or a new run of it (`new_run`)."""

    of: str
    method: str


class RunsComparison(NamedTuple):
    """One comparison of pass@k or shrinkage of a method or a new run.

    Parameters
    ----------
    estimand, k
        One of OF_METHODS, and its budget.
    left
        Whose quantity.
    relation
        One of RELATIONS.
    bound
        A number, or whose quantity of the same kind is compared with; a model for pass@k alone.
    """

    estimand: str
    k: int
    left: RunsName
    relation: str
    bound: "float | RunsName | ModelName"

    @property
    def models(self) -> tuple[ModelName, ...]:
        """The models that it names."""
        return (self.bound,) if isinstance(self.bound, ModelName) else ()

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it names."""
        return tuple(side.method for side in (self.left, self.bound) if isinstance(side, RunsName))

    @property
    def largest_budget(self) -> int:
        """The largest budget that it looks at."""
        return self.k


class Stratum(NamedTuple):
    """The problems that have a value in a column."""

    column: str
    value: str


class StratumComparison(NamedTuple):
    """One comparison of pass@k or shrinkage of a model in a stratum, with a number or with another stratum.

    Parameters
    ----------
    estimand, k
        One of OF_METHODS, and its budget.
    model
        Whose quantity; None for that of the only RL model.
    left
        In which stratum.
    relation
        One of RELATIONS.
    bound
        A number, or another stratum.
    """

    estimand: str
    k: int
    model: ModelName | None
    left: Stratum
    relation: str
    bound: float | Stratum

    @property
    def models(self) -> tuple[ModelName, ...]:
        """The models that it names."""
        return () if self.model is None else (self.model,)

    @property
    def strata(self) -> tuple[Stratum, ...]:
        """The strata that it names."""
        return tuple(side for side in (self.left, self.bound) if isinstance(side, Stratum))

    @property
    def largest_budget(self) -> int:
        """The largest budget that it looks at."""
        return self.k


class PeakComparison(NamedTuple):
    """One comparison of the training step at which pass@k of a run is largest; the base's step is 0.

    Parameters
    ----------
    k
        Budget of pass@k.
    run
        Name of the training run; empty for the only one.
    relation
        One of RELATIONS.
    bound
        A step.
    """

    k: int
    run: str
    relation: str
    bound: float

    @property
    def models(self) -> tuple[ModelName, ...]:
        """The models that it names: none."""
        return ()

    @property
    def estimand(self) -> str:
        """What it is about."""
        return PEAK

    @property
    def largest_budget(self) -> int:
        """The largest budget that it looks at."""
        return self.k


TrainingComparison = RunsComparison | StratumComparison | PeakComparison


def certain_outcome(part: Comparison | PerplexityComparison | TrainingComparison, n_problems: int) -> bool | None:
    """Whether a comparison holds whatever the counts are (True) or never holds (False); None where it is open.

    Parameters
    ----------
    part
        Of a claim.
    n_problems
        Problems of its benchmark, which no number of problems exceeds.

    Examples
    --------
    >>> certain_outcome(Comparison("lost", 8, None, None, ">", 30.0), 30)
    False
    """
    if not isinstance(part.bound, float):
        return None
    low, high = possible_values(part.estimand)
    may_be_undefined = False
    if isinstance(part, Comparison):
        may_be_undefined = part.record.is_budget or part.record.ratio is not None
        high = float(n_problems) if part.record.unit == "problems" else high
    relation = RELATIONS[part.relation]
    at_least, at_most = bool(relation(low, part.bound)), bool(relation(high, part.bound))
    # A relation to a number that holds at both ends holds between them.
    return None if at_least != at_most or (at_least and may_be_undefined) else at_least


class Claim(NamedTuple):
    """A claim as it was written, and the comparisons that must all hold."""

    text: str
    comparisons: tuple[Comparison | PerplexityComparison | TrainingComparison, ...]

    @property
    def of_counts(self) -> tuple[Comparison, ...]:
        """Its comparisons of what follows from counts."""
        return tuple(part for part in self.comparisons if isinstance(part, Comparison))

    @property
    def of_scores(self) -> tuple[PerplexityComparison, ...]:
        """Its comparisons of perplexities, which need scores."""
        return tuple(part for part in self.comparisons if isinstance(part, PerplexityComparison))

    @property
    def of_training(self) -> tuple[TrainingComparison, ...]:
        """Its comparisons of methods, strata and training runs."""
        return tuple(part for part in self.comparisons if isinstance(part, TrainingComparison))
