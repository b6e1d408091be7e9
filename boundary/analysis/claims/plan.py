"""How many more samples settle a claim, and of which problems and models."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Int
from scipy.stats import norm

from boundary.analysis.claims.comparisons import Claim
from boundary.analysis.claims.draws import holds, resolve
from boundary.analysis.claims.grammar import parse_claim
from boundary.analysis.claims.problem_sums import check_additive, problem_sums
from boundary.analysis.fitting import Panel, fit_all, make_panels
from boundary.analysis.formatting import number, probability_text
from boundary.analysis.options import chosen_prior, require_numbers, require_texts, require_whole_numbers
from boundary.analysis.progress import Progress, reporting
from boundary.analysis.selection import chosen_arms, chosen_benchmarks
from boundary.data.catalog import load_counts
from boundary.data.counts import Counts
from boundary.data.tables.writing import write_csv
from boundary.errors import InputError, did_you_mean
from boundary.stats.allocation import (
    ProblemSums,
    Step,
    allocated,
    assurance,
    exchangeable_groups,
    greedy_steps,
    preposterior_means,
)
from boundary.stats.diagnostics import MAX_R_HAT, convergence
from boundary.stats.priors import Prior
from boundary.stats.solve_rates import SolveRates

PLAN_COLUMNS = ("model", "benchmark", "problem_id", "n_more", "n_samples", "n_correct")
ASSURANCE_COLUMNS = ("allocation", "n_more", "chance", "width", "mean_probability")
# Groups of problems with the same counts hold at most this share of all problems.
PART = 1 / 50
# Posterior draws from which outcomes are simulated.
OUTCOMES = 1280
# The search ends at so many times the samples that are there.
FURTHEST = 64
# Where the chance of settling a claim is smaller, or differs by less, allocations are compared by the interval's width.
LEAST_CHANCE = 0.02
Allocation = Literal["planned", "even"]


@dataclass(frozen=True)
class Plan:
    """Further samples for a claim.

    Parameters
    ----------
    claim, benchmark, models
        What it is about; the base first, where there is one.
    probability, converged
        Probability of the claim now, and whether the chains agree on it.
    rows
        The plan: PLAN_COLUMNS, a row for each model and problem that is to be sampled further.
    assurance
        ASSURANCE_COLUMNS: for several numbers of further samples, allocated as planned or evenly, the `chance` that the
        claim is settled by them, and the expected `width` of the interval of its first quantity.
    n_even
        Samples that would do as much if they were spread evenly over problems; None if unknown.
    is_reached
        Whether the plan reaches its goal.
    goal
        The goal in words.
    extrapolated
        Whether the claim is about budgets beyond the present samples.
    is_settled
        Whether the present samples settle the claim.
    allocation
        `even` where a budget does more when it is spread evenly than on the problems that seem to tell most.
    """

    claim: str
    benchmark: str
    models: tuple[str, ...]
    probability: float
    converged: bool
    rows: pd.DataFrame
    assurance: pd.DataFrame
    n_even: int | None
    is_reached: bool
    goal: str
    extrapolated: bool
    is_settled: bool = False
    allocation: Allocation = "planned"

    @property
    def n_more(self) -> int:
        """Samples in the plan."""
        return int(self.rows["n_more"].sum())

    @property
    def text(self) -> str:
        """The plan in a few sentences."""
        today = f"P({self.claim}) is {number(self.probability, 1, 2)} now, on {self.benchmark}."
        if self.is_settled:
            surer = max(self.probability, 1 - self.probability)
            outcome = "holds" if self.probability > 0.5 else "does not hold"
            today = (
                f"The claim {self.claim} is settled: on {self.benchmark} it {outcome} with probability "
                f"{probability_text(surer)}."
            )
        if not self.n_more:
            enough = "no more samples are needed" if self.is_reached else "no sample would tell more"
            return f"{today} {enough.capitalize()}." if self.is_settled else f"{today} {self.goal}: {enough}."
        is_plan = (self.assurance["allocation"] == self.allocation) & (self.assurance["n_more"] == self.n_more)
        row = self.assurance.loc[is_plan].iloc[0]
        outlook = f"chance of settling it {number(row['chance'], 100, 0)} %, width {row['width']:.3g}"
        places = ", ".join(
            f"{rows['n_more'].sum():,} of {model} on {len(rows)} problem{'s' * (len(rows) > 1)}"
            for model, rows in self.rows.groupby("model", sort=False)
        )
        samples = f"{self.n_more:,} more sample{'s' * (self.n_more != 1)}"
        if not self.is_reached:
            return f"{today} {self.goal}: not within {samples} ({outlook}). They would be {places}."
        even = "" if self.n_even is None else f" Spread evenly it would take {self.n_even:,}."
        if self.allocation == "even":
            even = " No choice of problems that was tried does more than spreading them evenly."
        return f"{today} {self.goal}: {samples} ({outlook}): {places}.{even}"

    def write(self, path: str | Path) -> Path:
        """Write the file that `boundary sample --plan` takes, and return its path."""
        write_csv(self.rows, Path(path))
        return Path(path)


class _Goal(NamedTuple):
    """When a plan is good enough: a chance of settling a claim, or an interval's width."""

    certainty: float
    chance: float
    width: float | None
    budget: int | None
    level: float

    @property
    def words(self) -> str:
        """The goal in words."""
        if self.budget is not None:
            return f"With {self.budget:,} more sample{'s' * (self.budget != 1)} at most"
        if self.width is not None:
            return f"For a {number(self.level, 100, 0)} % interval no wider than {self.width:g}"
        bar = f"P \u2265 {self.certainty:g} or \u2264 {round(1 - self.certainty, 10):g}"
        return f"To settle it ({bar}) with a chance of {number(self.chance, 100, 0)} %"

    def is_met(self, row: dict[str, Any]) -> bool:
        """Whether the samples of a row of the assurance table are enough."""
        if self.budget is not None:
            return bool(row["n_more"])
        return bool(row["chance"] >= self.chance if self.width is None else row["width"] <= self.width)


@dataclass(frozen=True)
class _Forecast:
    """Forecast of a claim after further samples, from the posterior of its per-problem sums."""

    sums: ProblemSums
    groups: Sequence[np.ndarray]
    steps: Sequence[Step]
    budget_steps: Sequence[Step]
    columns: tuple[int, ...]
    goal: _Goal
    seed: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.sums.p.shape[1], self.sums.p.shape[2]

    def planned(self, budget: int) -> Int[np.ndarray, "problem model"]:
        return allocated(self.budget_steps if budget == self.goal.budget else self.steps, self.shape, budget)

    def even(self, budget: int, *, is_limit: bool = False) -> Int[np.ndarray, "problem model"]:
        """As many samples of every problem and model; where they do not divide, rounded up, or down to a limit."""
        more = np.zeros(self.shape, dtype=np.int64)
        n_cells = self.shape[0] * len(self.columns)
        more[:, list(self.columns)] = budget // n_cells if is_limit else -(-budget // n_cells)
        return more

    def row(self, allocation: Allocation, more: np.ndarray) -> dict[str, Any]:
        """A row of the assurance table."""
        expected = preposterior_means(self.sums, self.groups, more, np.random.default_rng(self.seed))
        probability, residual = assurance(self.sums.values, expected)
        sure = (probability >= self.goal.certainty) | (probability <= 1 - self.goal.certainty)
        tail = (1 - self.goal.level) / 2
        width = float(np.ptp(np.quantile(residual[:, 0], [tail, 1 - tail])))
        row = (allocation, int(more.sum()), float(sure.mean()), width, float(probability.mean()))
        return dict(zip(ASSURANCE_COLUMNS, row, strict=True))


def plan(
    counts: Any,
    claim: str,
    *,
    base: str | None = None,
    rl: str | None = None,
    benchmark: str | None = None,
    width: float | None = None,
    budget: int | None = None,
    only: str | Sequence[str] | None = None,
    certainty: float = 0.95,
    chance: float = 0.8,
    level: float = 0.95,
    prior: str | Prior | None = None,
    seed: int = 0,
    common_problems: bool = False,
    progress: Progress | bool | None = None,
) -> Plan:
    """Plan further samples: of which problems and models, and how many.

    Parameters
    ----------
    counts
        The present counts, in any form that `boundary.analyze` takes.
    claim
        As in `boundary.claims`, of one RL model and its base or of one model.
    base, rl, benchmark, prior, seed, common_problems, progress
        As for `boundary.analyze`. Where there are several benchmarks, `all` is meant.
    width
        Ask for an interval of the claim's first quantity that is expected to be no wider, in place of settling it.
    budget
        Ask how best to spend so many samples, in place of how many are needed.
    only
        Models that can be sampled; all in the claim where not given.
    certainty
        A claim is settled where its probability is at least this, or at most 1 less this; in (.5, 1).
    chance
        Probability, over the posterior, with which the samples are to settle it.
    level
        Probability within the interval.

    Returns
    -------
    The plan: show its `text`, and `write` it for `boundary sample --plan`.

    Raises
    ------
    InputError
        For what `boundary.analyze` and `boundary.claims` refuse, and claims that no plan can be made for.

    Notes
    -----
    The outcome of samples that have not been drawn is simulated from the posterior, and each simulated outcome is
    followed by what the posterior would then be: docs/plan.md.

    Examples
    --------
    Problem c decides whether the RL model lost anything, so that 64 more samples are best taken of it alone.

    >>> import pandas as pd
    >>> import boundary as bd
    >>> counts = pd.DataFrame({"model": ["base"] * 4 + ["rl"] * 4, "problem_id": list("abcd") * 2, "n_samples": 64})
    >>> counts["n_correct"] = [20, 3, 5, 12, 60, 30, 0, 50]
    >>> further = bd.plan(counts, "shrinkage(64) > 0", base="base", budget=64, prior="independent")
    >>> round(further.probability, 2)
    0.93
    >>> further.rows[["model", "problem_id", "n_more"]].values.tolist()
    [['rl', 'c', 64]]
    """
    require_texts(base=base, rl=rl, benchmark=benchmark)
    goal = _goal(claim, width, budget, certainty, chance, level)
    table = load_counts(counts)
    panel = _panel(table, base, rl, benchmark, common_problems)
    resolved = resolve(parse_claim(claim), panel.base, [panel.arm])
    columns = _columns(panel, only)
    check_additive(resolved)
    if width is not None and not resolved.of_counts[0].record.additive:
        raise InputError(
            f"--width is for shrinkage, lost, pass_at_k and the like, not for {resolved.of_counts[0].estimand}."
        )
    with reporting(progress) as report:
        rates = fit_all([panel], chosen_prior(prior), seed, report)[0]
    forecast = _forecast(resolved, rates, panel, columns, goal, seed)
    probability, converged = _probability_today(resolved, rates, panel)
    is_settled = converged and max(probability, 1 - probability) >= goal.certainty
    if goal.budget is not None:
        allocation, more = best_of_budget(forecast, goal.budget)
    else:
        allocation, more = "planned", forecast.planned(_least_cost(forecast, is_settled))
    outlook = forecast.row(allocation, more)
    return Plan(
        resolved.text,
        panel.benchmark,
        panel.models,
        probability,
        converged,
        rows=_rows(panel, more),
        assurance=_assurance_table(forecast, outlook),
        n_even=_even_as_good(forecast, outlook) if more.any() and allocation == "planned" else None,
        is_reached=goal.is_met(outlook) or (is_settled and goal.width is None),
        goal=goal.words,
        extrapolated=any(part.largest_budget > rates.reliable_k for part in resolved.comparisons),
        is_settled=is_settled,
        allocation=allocation,
    )


def _goal(claim: str, width: float | None, budget: int | None, certainty: float, chance: float, level: float) -> _Goal:
    require_whole_numbers(budget=budget)
    require_numbers({"width": width}, settled=certainty, chance=chance, level=level)
    bounds = {"settled": (certainty, 0.5), "chance": (chance, 0.0), "level": (level, 0.0)}
    for name, (value, least) in bounds.items():
        if not least < value < 1:
            raise InputError(f"--{name} is {value:g}; it lies between {least:g} and 1.")
    if width is not None and not width > 0:
        raise InputError(f"--width is {width:g}; write a width above 0, such as .02 for two points of pass@k.")
    if width is not None and budget is not None:
        raise InputError("--width and --budget are both given. Ask for a width, or say what may be spent.")
    return _Goal(certainty, chance, width, budget, level)


def _panel(table: Counts, base: str | None, rl: str | None, benchmark: str | None, common_problems: bool) -> Panel:
    """The counts of the one fit that a plan is made from."""
    base, arms = chosen_arms(table, base, rl, rank=False)
    if len(arms) > 1:
        raise InputError(f"A plan is for one RL model at a time. Say --rl MODEL, one of: {', '.join(arms)}.")
    names = chosen_benchmarks(table, benchmark, base, arms)
    return make_panels(table, base, arms, names[-1:], common_problems)[0]


def _columns(panel: Panel, only: str | Sequence[str] | None) -> tuple[int, ...]:
    """Models that can be sampled further, by number."""
    names = [only] if isinstance(only, str) else list(only or panel.models)
    for name in names:
        if name not in panel.models:
            raise InputError(
                f"--only names '{name}', which the plan is not about.{did_you_mean(name, panel.models)} "
                f"Choose of: {', '.join(panel.models)}."
            )
    return tuple(panel.models.index(name) for name in dict.fromkeys(names))


def _forecast(
    claim: Claim, rates: SolveRates, panel: Panel, columns: tuple[int, ...], goal: _Goal, seed: int
) -> _Forecast:
    sums = problem_sums(claim, rates, panel.base)
    if goal.width is not None:
        sums = sums._replace(contributions=sums.contributions[..., :1], constant=sums.constant[:1])
    sums = sums.thinned(OUTCOMES)
    n_correct, n_samples = panel.counts.n_correct, panel.counts.n_samples
    groups = exchangeable_groups(n_correct, n_samples, max(1, round(PART * len(n_correct))))
    smallest = max(float(np.median(n_samples)), 1.0) / 8
    if goal.budget is not None:
        smallest = min(smallest, goal.budget)
    sizes = sorted({max(1, round(smallest * 2**i)) for i in range(12)})
    present = n_samples[:, columns]
    most = 4 * goal.budget if goal.budget else FURTHEST * max(int(present.sum()), present.size)
    # The closer a sum is to 0, the more a unit of its variance matters to the probability of the claim.
    values = sums.values
    spread = np.maximum(values.std(axis=0), np.finfo(float).tiny)
    weights = (norm.pdf(np.clip(values.mean(axis=0) / spread, -6, 6)) / spread) ** 2
    steps = greedy_steps(sums, groups, weights, sizes, columns, most)
    budget_steps = greedy_steps(sums, groups, weights, sizes, columns, goal.budget) if goal.budget else []
    return _Forecast(sums, groups, steps, budget_steps, columns, goal, seed)


def best_of_budget(forecast: _Forecast, budget: int) -> tuple[Allocation, np.ndarray]:
    """The allocation that does most with a budget: chosen problem by problem, or spread evenly.

    Parameters
    ----------
    forecast
        Of the claim.
    budget
        Samples, at least 1.

    Returns
    -------
    Its name, and the further samples of each problem and model.

    Raises
    ------
    InputError
        If the budget is below the fewest samples that can be planned.
    """
    planned, even = forecast.planned(budget), forecast.even(budget, is_limit=True)
    if not (planned.any() or even.any()) and forecast.steps:
        raise InputError(
            f"--budget is {budget:,}; the least that can be planned here is {forecast.steps[0].cost:,}, since problems "
            "with the same counts are sampled alike."
        )
    if not even.any():
        return "planned", planned
    of_planned, of_even = forecast.row("planned", planned), forecast.row("even", even)
    gain = of_even["chance"] - of_planned["chance"]
    is_better = of_even["width"] < of_planned["width"] if abs(gain) < LEAST_CHANCE else gain > 0
    return ("even", even) if is_better else ("planned", planned)


def _least_cost(forecast: _Forecast, is_settled: bool) -> int:
    """Least cost of the plan's steps that reaches the goal, by bisection; all of them where none does."""
    costs = [0, *(step.cost for step in forecast.steps)]
    if forecast.goal.width is None and is_settled:
        return 0
    # A claim that is not settled needs at least one sample, even where the forecast of none reaches the goal.
    low, high = -1 if forecast.goal.width is not None else 0, len(costs) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if forecast.goal.is_met(forecast.row("planned", forecast.planned(costs[middle]))):
            high = middle
        else:
            low = middle
    return costs[high]


def _even_as_good(forecast: _Forecast, outlook: dict[str, Any]) -> int | None:
    """Number of evenly spread samples with the same assurance, to within a tenth; None beyond 64 times the plan."""
    by_width = forecast.goal.width is not None or outlook["chance"] < LEAST_CHANCE

    def as_good(budget: int) -> bool:
        row = forecast.row("even", forecast.even(budget))
        return bool(row["width"] <= outlook["width"] if by_width else row["chance"] >= outlook["chance"])

    high = max(outlook["n_more"], 1)
    furthest = 64 * high
    while not as_good(high):
        high *= 2
        if high > furthest:
            return None
    low = high // 2
    while high - low > max(1, low // 10):
        middle = (low + high) // 2
        low, high = (low, middle) if as_good(middle) else (middle, high)
    return int(forecast.even(high).sum())


def _assurance_table(forecast: _Forecast, outlook: dict[str, Any]) -> pd.DataFrame:
    """Assurance for the plan's number of samples and fractions and multiples of it, as planned and spread evenly."""
    n = outlook["n_more"]
    rows = [forecast.row("planned", forecast.planned(0)), outlook, forecast.row("planned", forecast.planned(n))]
    for budget in (n // 4, n // 2, 2 * n, 4 * n) if n else ():
        rows.append(forecast.row("planned", forecast.planned(budget)))
    for budget in (n // 4, n // 2, n, 2 * n, 4 * n) if n else ():
        rows.append(forecast.row("even", forecast.even(max(budget, 1))))
    table = pd.DataFrame(rows, columns=list(ASSURANCE_COLUMNS)).drop_duplicates(["allocation", "n_more"])
    return table.sort_values(["allocation", "n_more"], ascending=[False, True], ignore_index=True)


def _probability_today(claim: Claim, rates: SolveRates, panel: Panel) -> tuple[float, bool]:
    """Probability of the claim, and whether its chains agree on it."""
    draws = holds(claim, {panel.arm: rates}, panel.base)
    return float(draws.mean()), bool(convergence(draws.to_numpy()).r_hat <= MAX_R_HAT)


def _rows(panel: Panel, more: np.ndarray) -> pd.DataFrame:
    """The plan, a row for each model and problem that gets samples."""
    counts, rows = panel.counts, []
    for m, model in enumerate(panel.models):
        for i in np.flatnonzero(more[:, m]):
            benchmark, problem = counts.pairs[i]
            done = int(counts.n_samples[i, m]), int(counts.n_correct[i, m])
            rows.append((model, benchmark, problem, int(more[i, m]), *done))
    return pd.DataFrame(rows, columns=list(PLAN_COLUMNS))
