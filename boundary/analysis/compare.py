"""The main question: what can each model solve, and whether RL widens or narrows it."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boundary.analysis.dependence import SampleCheck, check_samples
from boundary.analysis.estimates import EstimateTable, Quantity, estimates_frame
from boundary.analysis.verdict import Verdict, verdict
from boundary.data.catalog import load_counts
from boundary.data.counts import Counts
from boundary.errors import InputError
from boundary.stats import estimands
from boundary.stats.diagnostics import MAX_R_HAT, MIN_ESS
from boundary.stats.priors import PRIORS, Prior
from boundary.stats.priors.prior import fit_key
from boundary.stats.solve_rates import TARGETS, SolveRates, Target

ALL = "all"
# Budgets of the default curve beyond the samples drawn, as multiples of n.
EXTRAPOLATED_MULTIPLES = (2, 4, 8)
FLOWS = ("kept", "lost", "gained", "neither", "shrinkage")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Analysis:
    """What `analyze` found.

    Parameters
    ----------
    estimates
        The tidy table, one row a number (`boundary.analysis.estimates.ESTIMATE_COLUMNS`).
    rates
        Posterior of the solve rates for each benchmark; with several RL models, for each "benchmark: model".
    counts
        What it rests on.
    base, models, benchmarks
        The base model (None where one model stands alone), all models with the base first, all benchmarks with `all`
        last.
    settings
        What it takes to run the same analysis again.
    diagnostics
        One row a fit: benchmark, model, prior, max_r_hat, min_ess, worst, ok, message.
    verdicts
        A sentence for each benchmark and RL model.
    sample_checks
        Sentences on drift and dependence of the samples, where these were given.
    """

    estimates: pd.DataFrame
    rates: Mapping[str, SolveRates]
    counts: Counts
    base: str | None
    models: tuple[str, ...]
    benchmarks: tuple[str, ...]
    settings: Mapping[str, Any]
    diagnostics: pd.DataFrame
    verdicts: Sequence[Verdict]
    sample_checks: tuple[SampleCheck, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every fit's diagnostics passed."""
        return bool(self.diagnostics["ok"].all())

    def write(self, folder: str | Path) -> list[Path]:
        """Write estimates.csv, summary.json, posterior.nc, report.html and figures/ into a folder, made where missing.

        Returns
        -------
        The files written, the report first.
        """
        from boundary.analysis.report import write_report
        from boundary.analysis.saved import write_posterior

        folder = _made(folder)
        written = write_report(self, folder)
        table = folder / "estimates.csv"
        self.estimates.to_csv(table, index=False, float_format="%.8g", lineterminator="\n")
        return [written[0], table, write_posterior(self.rates, folder / "posterior.nc"), *written[1:]]


def analyze(
    counts: Any,
    base: str | None = None,
    rl: str | Sequence[str] | None = None,
    *,
    benchmarks: str | Sequence[str] | None = None,
    k: Sequence[int] | None = None,
    max_k: int | None = None,
    prior: str | Prior | None = None,
    target: Target = "benchmark",
    level: float = 0.95,
    seed: int = 0,
    common_problems: bool = False,
    samples: Any = None,
    progress: Progress | None = None,
) -> Analysis:
    """Compare RL models with a base model, or describe one model alone.

    Parameters
    ----------
    counts
        A path, a shipped set's name, a DataFrame, `Counts`, or several of them.
    base
        The base model. May be left out where the counts' card or `role` column names it, or where there is one model
        only.
    rl
        One or more RL models; every other model where not given.
    benchmarks
        Only these; every one where not given. With more than one, `all` pools their problems.
    k
        Budgets; 1, 2, 4, ..., n, and 2n, 4n, 8n (extrapolated) where not given.
    max_k
        Largest budget of the default list, and how far a crossover is looked for; the largest k where not given.
    prior
        A name in `PRIORS` or a prior; `nonparametric` where not given.
    target
        `benchmark` (these problems) or `superpopulation` (new ones of the same kind).
    level
        Probability within each interval.
    seed
        The same seed gives the same numbers.
    common_problems
        Go on with the problems that all models have, where they differ.
    samples
        The samples one by one, a DataFrame or a path, to be checked for drift and dependence: see
        `boundary.analysis.dependence.check_samples`.
    progress
        Called with what is being done, steps done and steps in all.

    Raises
    ------
    InputError
        If the counts or the options are not usable; the message says what would mend it.
    """
    table = load_counts(counts)
    chosen_prior = _prior(prior)
    _check(target, level, k, max_k, chosen_prior)
    base, rls = _arms(table, base, rl)
    models = tuple([base, *rls] if base is not None else rls)
    names = _benchmarks(table, benchmarks, models)
    run = _Run(table.select(models=list(models)), base, rls, models, chosen_prior, target, level, seed, k, max_k)
    checks = [] if samples is None else check_samples(samples)  # first, since a fault in them should show at once
    found = run.analysis(names, common_problems, progress or (lambda what, done, steps: None))
    return replace(found, sample_checks=tuple(c for c in checks if c.model in models and c.benchmark in names))


@dataclass(frozen=True)
class _Run:
    """The choices of one call, and the loop over benchmarks and RL models."""

    counts: Counts
    base: str | None
    rls: tuple[str, ...]
    models: tuple[str, ...]
    prior: Prior
    target: Target
    level: float
    seed: int
    k: Sequence[int] | None
    max_k: int | None

    def analysis(self, benchmarks: tuple[str, ...], common_problems: bool, progress: Progress) -> Analysis:
        fits: dict[str, SolveRates] = {}
        rows: list[dict[str, Any]] = []
        diagnostics: list[dict[str, Any]] = []
        verdicts: list[Verdict] = []
        sizes: dict[str, dict[str, list[int]]] = {}
        arms = [(benchmark, rl) for benchmark in benchmarks for rl in self.rls]
        for (benchmark, rl), rates in zip(arms, self._fits(arms, common_problems, progress), strict=True):
            fits[self._name(benchmark, rl)] = rates
            fitted = self._estimate(benchmark, rl, rates)
            rows += fitted
            diagnostics.append(_diagnose(benchmark, rl, rates.prior, fitted))
            verdicts.append(verdict(estimates_frame(fitted), benchmark, rl, self.base, rates.reliable_k))
            spans = zip(rates.models, rates.n_samples.min(0), rates.n_samples.max(0), strict=True)
            sizes.setdefault(benchmark, {}).update({m: [int(low), int(high)] for m, low, high in spans})
        estimates = estimates_frame(rows)
        settings = self._settings(benchmarks, sizes, estimates, common_problems)
        return Analysis(
            estimates,
            fits,
            self.counts,
            self.base,
            self.models,
            benchmarks,
            settings,
            pd.DataFrame(diagnostics),
            verdicts,
        )

    def _name(self, benchmark: str, rl: str) -> str:
        return benchmark if len(self.rls) == 1 else f"{benchmark}: {rl}"

    def _fits(self, arms: Sequence[tuple[str, str]], common_only: bool, progress: Progress) -> Iterator[SolveRates]:
        """Posterior of each arm, several at once: a fit of this size keeps little more than one core busy."""
        pairs = [[rl] if self.base is None else [self.base, rl] for _, rl in arms]
        arrays = [
            self.counts.arrays(pair, benchmark, common_only=common_only)
            for (benchmark, _), pair in zip(arms, pairs, strict=True)
        ]
        progress(self._name(*arms[0]), 0, len(arms))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            # The largest first: `all` takes longest and compiles what the larger benchmarks need too.
            order = sorted(range(len(arms)), key=lambda i: -len(arrays[i].problem_ids))
            fits = {pool.submit(self._fit, arms[i][0], pairs[i], arrays[i]): i for i in order}
            try:
                for done, fit in enumerate(as_completed(fits), start=1):
                    progress(self._name(*arms[fits[fit]]), done, len(arms))
                found = {i: fit.result() for fit, i in fits.items()}
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # or an interruption would wait for every fit
                raise
        return (found[i] for i in range(len(arms)))

    def _fit(self, benchmark: str, pair: Sequence[str], arrays: Any) -> SolveRates:
        key = fit_key(self.seed, "\0".join([benchmark, *pair]))
        rates = self.prior.posterior(arrays.n_correct, arrays.n_samples, key)
        return rates.labelled(pair, arrays.problem_ids)

    def _estimate(self, benchmark: str, rl: str, rates: SolveRates) -> list[dict[str, Any]]:
        budgets = self._budgets(rates)
        # Each pair is fitted apart, so a base model would get several rows; the first pair's stand.
        models = [m for m in rates.models if m != self.base or rl == self.rls[0]]
        table = EstimateTable(benchmark, rates, self.target, self.level)
        pairs = [(self.base, rl)] if self.base is not None else []
        table.add_observed(budgets, models, pairs)
        table.add_posterior(_pass_curves(rates, budgets, models, self.target))
        if self.base is not None:
            table.add_posterior(_comparison(rates, budgets, self.base, rl, self.target, self._furthest(budgets)))
        return table.rows

    def _budgets(self, rates: SolveRates) -> list[int]:
        if self.k is not None:
            return sorted({int(b) for b in self.k})
        n = max(rates.reliable_k, 1)
        within = [2**i for i in range(n.bit_length()) if 2**i < n]
        budgets = [*within, n, *(n * multiple for multiple in EXTRAPOLATED_MULTIPLES)]
        return [b for b in budgets if self.max_k is None or b <= self.max_k] or [1]

    def _furthest(self, budgets: Sequence[int]) -> int:
        return max(self.max_k or max(budgets), 2)

    def _settings(
        self,
        benchmarks: tuple[str, ...],
        sizes: Mapping[str, Any],
        estimates: pd.DataFrame,
        common_problems: bool,
    ) -> dict[str, Any]:
        return {
            "source": self.counts.source,
            "base": self.base,
            "rl": list(self.rls),
            "benchmarks": list(benchmarks),
            "prior": self.prior.name,
            "target": self.target,
            "level": self.level,
            "seed": self.seed,
            "k": sorted({int(b) for b in estimates["k"].dropna()}),
            "max_k": self._furthest([int(estimates["k"].max())]),
            "common_problems": common_problems,
            "n_samples": dict(sizes),
            "problem_set_hash": {name: self.counts.problem_set_hash(None if name == ALL else name) for name in sizes},
            "versions": _versions(),
        }


def _pass_curves(rates: SolveRates, budgets: list[int], models: Sequence[str], target: Target) -> list[Quantity]:
    curve = estimands.pass_at_k(rates, budgets, target=target)
    return [
        Quantity("pass_at_k", curve.sel(k=k, model=model), model, k=k, extrapolated=k > rates.reliable_k)
        for model in models
        for k in budgets
    ]


def _comparison(
    rates: SolveRates, budgets: list[int], base: str, rl: str, target: Target, furthest: int
) -> list[Quantity]:
    """Flows and shrinkage at each budget, the crossover, and the sampling-efficiency gap at the largest k within n."""
    pair: dict[str, Any] = {"base": base, "rl": rl, "target": target}
    moved = estimands.flows(rates, budgets, **pair)
    quantities = [
        Quantity(name, moved[name].sel(k=k), rl, base, k, k > rates.reliable_k) for name in FLOWS for k in budgets
    ]
    crossing = estimands.crossover(rates, furthest, **pair)
    never = estimands.uncrossed(crossing)
    beyond = furthest > rates.reliable_k
    defined = crossing.to_numpy()[~np.isnan(crossing.to_numpy())]
    reached = np.quantile(defined, 0.5, method="inverted_cdf") > rates.reliable_k if len(defined) else beyond
    quantities.append(Quantity("crossover", crossing, rl, base, extrapolated=bool(reached)))
    quantities.append(Quantity("no_crossover", never, rl, base, furthest, beyond))
    ceiling = max([k for k in budgets if k <= rates.reliable_k], default=min(budgets))
    gap = estimands.delta_se(rates, ceiling, **pair)
    quantities.append(Quantity("delta_se", gap, rl, base, ceiling, ceiling > rates.reliable_k))
    return quantities


def _diagnose(benchmark: str, model: str, prior: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Judge a fit by the worst of what it reports."""
    judged = [row for row in rows if "r_hat" in row]
    worst = max(judged, key=_badness)
    r_hat = max(row["r_hat"] for row in judged)
    ess = min(min(row["ess_bulk"], row["ess_tail"]) for row in judged)
    ok = r_hat <= MAX_R_HAT and ess >= MIN_ESS
    at = f" at k = {worst['k']:.0f}" if not np.isnan(worst["k"]) else ""
    message = (
        f"R-hat {r_hat:.3f} (wanted: at most {MAX_R_HAT}), effective draws {ess:.0f} (wanted: at least {MIN_ESS:.0f}); "
        f"worst: {worst['estimand']}{at}. Run again with another seed, or with more draws from Python."
    )
    return {
        "benchmark": benchmark,
        "model": model,
        "prior": prior,
        "max_r_hat": r_hat,
        "min_ess": ess,
        "worst": f"{worst['estimand']}{at}",
        "ok": ok,
        "message": "" if ok else message,
    }


def _badness(row: dict[str, Any]) -> float:
    """How far a quantity is from converged, in the units of the two limits."""
    return float((row["r_hat"] - 1) / (MAX_R_HAT - 1) + MIN_ESS / min(row["ess_bulk"], row["ess_tail"]))


def _prior(prior: str | Prior | None) -> Prior:
    if prior is None:
        return PRIORS["nonparametric"]()
    if not isinstance(prior, str):
        return prior
    if prior not in PRIORS:
        raise InputError(f"Unknown prior '{prior}'. Choose one of: {', '.join(PRIORS)}.")
    return PRIORS[prior]()


def _check(target: str, level: float, k: Sequence[int] | None, max_k: int | None, prior: Prior) -> None:
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


def _arms(counts: Counts, base: str | None, rl: str | Sequence[str] | None) -> tuple[str | None, tuple[str, ...]]:
    """The base model and the RL ones; no base where one model stands alone."""
    rls = [rl] if isinstance(rl, str) else list(rl or [])
    counts.select(models=[m for m in [base, *rls] if m is not None])  # says which names exist where one is unknown
    if base is None and (len(counts.models) == 1 or (len(rls) == 1 and counts.default_base in (None, rls[0]))):
        return None, (rls[0] if rls else counts.models[0],)
    base = base or counts.default_base
    if base is None:
        names = ", ".join(counts.models)
        raise InputError(f"Which model is the base? Say --base MODEL (base=... from Python), one of: {names}.")
    if base in rls:
        raise InputError(f"'{base}' is given both as base and as RL model. Name two different models.")
    others = tuple(dict.fromkeys(rls)) or tuple(m for m in counts.models if m != base)
    return (base, others) if others else (None, (base,))


def _benchmarks(counts: Counts, wanted: str | Sequence[str] | None, models: Sequence[str]) -> tuple[str, ...]:
    """Benchmarks to fit, `all` last where there are several."""
    asked = [wanted] if isinstance(wanted, str) else list(wanted or [])
    names = [b for b in dict.fromkeys(asked) if b != ALL]
    known = counts.select(models=list(models))
    if names:
        known = known.select(benchmarks=names)
    if not asked:
        names = list(known.benchmarks)
    return tuple([*names, ALL] if len(names) > 1 or ALL in asked else names)


def _versions() -> dict[str, str]:
    found = {}
    for package in ("boundary-stats", "jax", "numpyro", "numpy", "arviz"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _made(folder: str | Path) -> Path:
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise InputError(f"Cannot write into '{folder}': {error.strerror}. Choose another output folder.") from error
    return folder
