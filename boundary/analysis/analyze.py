"""The main question: what can each model solve, and whether RL widens or narrows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.checks.arm_settings import compare_arms
from boundary.analysis.checks.convergence import diagnose
from boundary.analysis.checks.exchangeability import check_samples
from boundary.analysis.checks.missing_outcomes import as_missing, chosen_classes, outcomes
from boundary.analysis.checks.model_checks import Criticism, criticism, fit_families
from boundary.analysis.checks.optional_stopping import stopped_arms, withheld
from boundary.analysis.checks.suspect_counts import count_remarks
from boundary.analysis.checks.tipping_point import error_curves, with_curve
from boundary.analysis.checks.unequal_samples import (
    reliable_budgets,
    samples_by_model,
    sizes_in_words,
    unequal_samples,
)
from boundary.analysis.claims.evaluate import claim_requests, claims as evaluate_claims, resolve_requests
from boundary.analysis.estimates.decisions import checked_margin
from boundary.analysis.estimates.observed import observed
from boundary.analysis.estimates.posterior import EstimateOptions, model_quantities, pair_quantities
from boundary.analysis.estimates.prior_free import band_rows, beyond_rows, bootstrap_rows
from boundary.analysis.estimates.problems import joined, problem_table
from boundary.analysis.estimates.ranking import (
    ENOUGH_MODELS,
    RANKINGS,
    check_rankable,
    coverage_of,
    ranking_rows,
    ranking_verdict,
)
from boundary.analysis.estimates.table import EstimateTable, estimates_frame
from boundary.analysis.estimates.valid_reasoning import known_judge, with_valid
from boundary.analysis.fitting import LONGER, Panel, Progress, fit_all, fit_longer, fit_names, panels
from boundary.analysis.notes import Note
from boundary.analysis.request import (
    check_options,
    chosen_arms,
    chosen_benchmarks,
    chosen_estimands,
    chosen_prior,
    chosen_taus,
    default_budgets,
    sampled_arms,
)
from boundary.analysis.result import Analysis
from boundary.analysis.text.trajectory import checkpoint_steps, in_training_order, trajectory_verdict
from boundary.analysis.text.verdict import Verdict, cautions, verdict_of_fit
from boundary.analysis.verifier_errors import KnownErrors, VerifierErrors, known_errors, with_errors, without_verdicts
from boundary.data.catalog import load_counts
from boundary.data.counts import ALL, Counts
from boundary.data.shared_texts import shared_texts, texts_of
from boundary.data.tables.sample_rows import samples_in
from boundary.stats.intervals import MARGIN
from boundary.stats.priors import Prior
from boundary.stats.solve_rates import SolveRates, Target


def analyze(
    counts: Any,
    base: str | None = None,
    rl: str | Sequence[str] | None = None,
    *,
    benchmarks: str | Sequence[str] | None = None,
    k: Sequence[int] | None = None,
    max_k: int | None = None,
    tau: Sequence[float] | None = None,
    estimands: Sequence[str] | None = None,
    rank: bool = False,
    prior: str | Prior | None = None,
    target: Target = "benchmark",
    level: float = 0.95,
    margin: float = MARGIN,
    seed: int = 0,
    common_problems: bool = False,
    compare_priors: bool = False,
    samples: Any = None,
    claims: Any = None,
    require: Any = None,
    verifier: VerifierErrors | None = None,
    judge: VerifierErrors | None = None,
    error_curve: bool | None = None,
    outcomes_as_missing: str | Sequence[str] | None = None,
    stopping: str | None = None,
    allow_different_prompts: bool = False,
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
    tau
        Solve rates at which cover@tau is reported and shares of k at which G-Pass@k is; .1, .25, .5, .75, .9 where not
        given.
    estimands
        Report only these beside the main ones (names of `boundary.ESTIMANDS`); all where not given.
    rank
        Fit every model alone and rank them, without a base. With a base and two or more RL models all are ranked too.
    prior
        A name in `PRIORS` or a prior; `nonparametric` where not given.
    target
        `benchmark` (these problems) or `superpopulation` (new ones of the same kind).
    level
        Probability within each interval.
    margin
        Difference of pass@k that matters, as a share of problems in [0, 1): within it the verdict says that there is no
        material difference, and models are ranked as tied.
    seed
        The same seed gives the same numbers.
    common_problems
        Go on with the problems that all models have, where they differ.
    compare_priors
        Fit the other families of populations too, weigh them by leave-one-out prediction, and say where they disagree.
    samples
        The samples one by one, a DataFrame or a path, to be checked for drift and dependence: see
        `boundary.analysis.checks.exchangeability.check_samples`. Not needed where `counts` is such a table.
    claims, require
        Claims to be judged and the probability asked of them: see `boundary.analysis.claims.evaluate.claims`.
    verifier
        How often the verifier errs; verdicts are taken for the truth where not given.
    judge
        The same of the judge of reasoning: how often a sample is called right and valid (`n_correct_cot`) that is not,
        and the converse.
    error_curve
        Whether to fit shrinkage under several rates of false positives; where `verifier` is given, if not said.
    outcomes_as_missing
        Outcome classes (`truncated`, `no_answer`, `timeout`, `empty`, `verifier_error`) that are left out as if never
        sampled; by default they count as wrong. Where there are any, the other treatment is reported beside.
    stopping
        `fixed`, `first success` or `adaptive`: how the number of samples was chosen, where the counts do not say it
        themselves. Estimates that need a fixed one are withheld otherwise.
    allow_different_prompts
        Compare models that were given different prompts; refused otherwise.
    progress
        Called with what is being done, steps done and steps in all.

    Raises
    ------
    InputError
        If the counts or the options are not usable; the message says what would mend it.
    """
    table = load_counts(counts)
    prior_used = chosen_prior(prior)
    check_options(target, level, k, max_k, prior_used)
    wanted = _Wanted(
        k,
        max_k,
        chosen_taus(tau),
        chosen_estimands(estimands),
        target,
        level,
        seed,
        compare_priors,
        checked_margin(margin),
    )
    base, arms = chosen_arms(table, base, rl, rank)
    if rl is None:
        arms = in_training_order(table, base, arms)
    names = chosen_benchmarks(table, benchmarks, base, arms)
    table = table.select(benchmarks=[name for name in names if name != ALL] or None)  # `all` pools the chosen ones
    arms = sampled_arms(table, arms, named=rl is not None)
    asked = resolve_requests(claim_requests(claims, require), base, arms, names)
    models = tuple([base, *arms] if base is not None else arms)
    check_rankable(estimands, models, base, target)
    samples = samples_in(counts) if samples is None else samples
    checks = [] if samples is None else check_samples(samples)  # first, since a fault in them should show at once
    missing = chosen_classes(outcomes_as_missing, table)
    drawn = table.select(models=list(models))
    stopped = tuple(one for one in stopped_arms(drawn, stopping) if one.benchmark in names)
    texts = texts_of(counts, samples_in(samples))
    compared = compare_arms(drawn, models, names, allow_different_prompts, shared_texts(texts, models))
    told = progress or (lambda what, done, steps: None)
    run = _Run(as_missing(drawn, missing), base, arms, models, prior_used, wanted, stopped)
    run = replace(run, known=known_errors(verifier, run.counts, names, prior_used, compare_priors))
    reasoning = known_judge(judge, run.counts, names, prior_used, compare_priors)
    found = run.analysis(names, common_problems, told)
    missing_outcomes = outcomes(found, drawn, missing, prior_used, told, run.known)
    remarks = (*missing_outcomes.remarks, *count_remarks(drawn, names))
    found = replace(
        found,
        outcomes=replace(missing_outcomes, remarks=remarks),
        estimates=with_valid(found, prior_used, told, reasoning),
        settings={
            **found.settings,
            "outcomes_as_missing": list(missing),
            "allow_different_prompts": allow_different_prompts,
            "judge_errors": {} if reasoning is None else reasoning.said.described(),
        },
    )
    if error_curve or (error_curve is None and verifier is not None):
        curves = error_curves(with_curve(run.panels(names, common_problems)), level, seed, told, wanted.margin)
        found = replace(found, error_curves=curves)
    checked = tuple(c for c in checks if c.model in models and c.benchmark in names)
    judged = evaluate_claims(found, asked) if asked else pd.DataFrame()
    return replace(found, arms=compared, sample_checks=checked, claims=judged)


@dataclass(frozen=True)
class _Wanted:
    """What to report, as chosen by the user."""

    k: Sequence[int] | None
    max_k: int | None
    taus: tuple[float, ...]
    estimands: frozenset[str]
    target: Target
    level: float
    seed: int
    compare_priors: bool = False
    margin: float = MARGIN

    def of(self, rates: SolveRates) -> EstimateOptions:
        """What to report of a fit: the default budgets depend on its samples."""
        if self.k is None:
            budgets = default_budgets(rates.reliable_k, rates.typical_k, self.max_k)
        else:
            budgets = sorted({int(b) for b in self.k})
        return EstimateOptions(
            budgets, self.taus, self.furthest(max(budgets)), self.target, self.estimands, self.margin
        )

    def furthest(self, largest: int) -> int:
        """How far a crossing is looked for."""
        return max(self.max_k or largest, 2)


class _Done(NamedTuple):
    """A fit, the rows it gives, and whether it may be relied on."""

    panel: Panel
    rates: SolveRates
    rows: list[dict[str, Any]]
    diagnosis: dict[str, Any]


@dataclass(frozen=True)
class _Run:
    """One call: its models and choices, and the loop over fits and benchmarks."""

    counts: Counts
    base: str | None
    arms: tuple[str, ...]
    models: tuple[str, ...]
    prior: Prior
    wanted: _Wanted
    stopped: tuple[Note, ...] = ()
    known: KnownErrors | None = None

    def panels(self, benchmarks: tuple[str, ...], common_problems: bool) -> list[Panel]:
        """Every fit, with what is known of the verifier's errors."""
        asked = panels(self.counts, self.base, self.arms, benchmarks, common_problems)
        return with_errors(asked, self.known)

    def analysis(self, benchmarks: tuple[str, ...], common_problems: bool, progress: Progress) -> Analysis:
        asked = self.panels(benchmarks, common_problems)
        done = self._done(asked, progress)
        rows: list[dict[str, Any]] = []
        verdicts, tables = [], []
        for benchmark, group in groupby(done, key=lambda one: one.panel.benchmark):
            together = list(group)
            for one in together:
                rows += one.rows
                verdicts += self._verdicts(one, alone=len(together) == 1)
                if benchmark != ALL or len(benchmarks) == 1:
                    tables.append(self._problems(one))
            rows += self._ranked(together)
        estimates = estimates_frame(rows)
        settings = self._settings(benchmarks, asked, estimates, common_problems)
        return Analysis(
            estimates,
            {name: one.rates for name, one in zip(fit_names(asked), done, strict=True)},
            self.counts,
            self.base,
            self.models,
            benchmarks,
            settings,
            pd.DataFrame([one.diagnosis for one in done]),
            _by_benchmark([*self._verdicts_of_several(estimates, settings), *verdicts], benchmarks),
            problems=joined(tables),
            criticism=self._criticism(done, progress),
            stopped=self.stopped,
            unequal=self._unequal(done),
        )

    def _unequal(self, done: Sequence[_Done]) -> tuple[Note, ...]:
        """Short problems; none where n depends on the outcome, since there it is no accident which they are."""
        remarks = []
        for one in done:
            if not withheld(self.stopped, one.panel.benchmark) & {*one.panel.models}:
                remarks.append(
                    unequal_samples(one.rates, one.panel.benchmark, one.panel.arm, self.base, self.wanted.level)
                )
        return tuple(remark for remark in remarks if remark is not None)

    def _criticism(self, done: Sequence[_Done], progress: Progress) -> Criticism:
        asked = [one.panel for one in done]
        fits = [{one.rates.prior: one.rates} for one in done]
        if self.wanted.compare_priors:
            others = fit_families(asked, self.prior, self.wanted.seed, progress)
            fits = [mine | more for mine, more in zip(fits, others, strict=True)]
        wanted = [self.wanted.of(one.rates) for one in done]
        return criticism(asked, fits, wanted, self.wanted.level, self.wanted.seed)

    def _done(self, asked: list[Panel], progress: Progress) -> list[_Done]:
        """Fits with their rows and diagnoses; those that did not converge once more, with more draws."""
        done = fit_all(asked, self.prior, self.wanted.seed, progress, self._judged)
        for times in LONGER:
            failed = [i for i, one in enumerate(done) if not one.diagnosis["ok"]]
            if not failed:
                break
            panels_again = [asked[i] for i in failed]
            again = fit_longer(panels_again, self.prior, times, self.wanted.seed, progress, self._judged)
            for i, one in zip(failed, again, strict=False):
                done[i] = one
        return done

    def _judged(self, panel: Panel, rates: SolveRates) -> _Done:
        # Each pair is fitted apart, so a base model would get several rows; the first arm's stand.
        rows = self._estimate(panel, rates, with_base=panel.first)
        return _Done(panel, rates, rows, diagnose(panel.benchmark, panel.arm, rates.prior, rows))

    def _problems(self, one: _Done) -> pd.DataFrame:
        k = max(one.rates.reliable_k, 1)
        return problem_table(one.rates, one.panel.benchmark, one.panel.arm, self.base, k, self.wanted.level)

    def _estimate(self, panel: Panel, rates: SolveRates, with_base: bool) -> list[dict[str, Any]]:
        asked = self.wanted.of(rates)
        models = [m for m in rates.models if m != self.base or with_base]
        pairs = [(self.base, panel.arm)] if self.base is not None else []
        table = EstimateTable(panel.benchmark, rates, self.wanted.target, self.wanted.level, self.wanted.margin)
        not_fixed = withheld(self.stopped, panel.benchmark)
        fixed, fixed_pairs = [m for m in models if m not in not_fixed], [p for p in pairs if not not_fixed & {*p}]
        table.add_observed(observed(rates, fixed, fixed_pairs, asked))
        table.add_posterior(model_quantities(rates, models, asked))
        compared = [quantity for base, arm in pairs for quantity in pair_quantities(rates, base, arm, asked)]
        table.add_posterior(compared)
        table.add_calls(compared)
        beyond_rows(table, fixed, fixed_pairs, asked)
        band_rows(table, pairs, asked, compared)
        bootstrap_rows(table, fixed_pairs, asked, self.wanted.seed)
        return without_verdicts(table.rows, panel.errors)

    def _verdicts(self, one: _Done, alone: bool) -> list[Verdict]:
        """A sentence for each pair; models without a base get one each only where there is no ranking to speak of."""
        if self.base is None and not alone:
            return []
        about = one.panel.benchmark, one.panel.arm, self.base
        asked = self.wanted.of(one.rates)
        return [verdict_of_fit(estimates_frame(one.rows), one.rates, *about, asked, self.wanted.level)]

    def _ranked(self, together: list[_Done]) -> list[dict[str, Any]]:
        """Rows that rank the models of one benchmark. New problems would be the same ones for all: not independent."""
        fits = {one.panel.arm: one.rates for one in together}
        if self.base is not None:
            fits = {self.base: together[0].rates} | fits
        enough = 2 if self.base is None else ENOUGH_MODELS
        wanted = self.wanted.estimands & RANKINGS
        if len(fits) < enough or self.wanted.target != "benchmark" or not wanted:
            return []
        rates = min(fits.values(), key=lambda fit: fit.reliable_k)
        table = EstimateTable(
            together[0].panel.benchmark, rates, self.wanted.target, self.wanted.level, self.wanted.margin
        )
        common = set.intersection(*(set(self.wanted.of(fit).budgets) for fit in fits.values()))
        coverage = coverage_of(fits, sorted(common), self.wanted.target)
        ranking_rows(table, coverage, rates.reliable_k, wanted)
        fewest = np.min([fit.fewest for fit in fits.values()], axis=0)
        return [row | {"n_extrapolated": int((fewest < row["k"]).sum())} for row in table.rows]

    def _verdicts_of_several(self, estimates: pd.DataFrame, settings: Mapping[str, Any]) -> list[Verdict]:
        found = []
        for benchmark in settings["n_samples"]:
            n, margin = settings["reliable_k"][benchmark], self.wanted.margin
            found.append(trajectory_verdict(estimates, benchmark, settings["checkpoint_steps"], n, margin))
            found.append(self._ranking_verdict(estimates, benchmark, n))
        return [one for one in found if one is not None]

    def _ranking_verdict(self, estimates: pd.DataFrame, benchmark: str, n: int) -> Verdict | None:
        table = self.counts.table
        table = table if benchmark == ALL else table.loc[table["benchmark"] == benchmark]
        solved = {str(model): int(c) for model, c in table.groupby("model")["n_correct"].sum().items()}
        # With a base each pair has a verdict of its own, which holds these warnings.
        here = estimates["benchmark"] == benchmark
        warnings = cautions(int(estimates.loc[here, "n_problems"].max()), n) if self.base is None else ()
        return ranking_verdict(estimates, benchmark, n, self.wanted.margin, warnings, solved)

    def _settings(
        self,
        benchmarks: tuple[str, ...],
        asked: Sequence[Panel],
        estimates: pd.DataFrame,
        common_problems: bool,
    ) -> dict[str, Any]:
        sizes = samples_by_model(asked)
        return {
            "source": self.counts.source,
            "base": self.base,
            "rl": list(self.arms) if self.base is not None else [],
            "benchmarks": list(benchmarks),
            "prior": self.prior.name,
            "target": self.wanted.target,
            "level": self.wanted.level,
            "margin": self.wanted.margin,
            "seed": self.wanted.seed,
            "k": sorted({int(b) for b in estimates["k"].dropna()}),
            "max_k": self.wanted.furthest(int(estimates["k"].max())),
            "tau": list(self.wanted.taus),
            "checkpoint_steps": checkpoint_steps(self.counts, self.base, self.models),
            "common_problems": common_problems,
            "verifier_errors": {} if self.known is None else self.known.said.described(),
            "n_samples": {b: {m: [int(n.min()), int(n.max())] for m, n in of.items()} for b, of in sizes.items()},
            "sample_sizes": {name: sizes_in_words(of) for name, of in sizes.items()},
            "reliable_k": reliable_budgets(asked),
            "problem_set_hash": {name: self.counts.problem_set_hash(None if name == ALL else name) for name in sizes},
            "versions": _versions(),
        }


def _by_benchmark(verdicts: Sequence[Verdict], benchmarks: Sequence[str]) -> list[Verdict]:
    """The verdicts in the order of the benchmarks; within one, what is said of several models stands first."""
    return sorted(verdicts, key=lambda said: benchmarks.index(said.benchmark))


def _versions() -> dict[str, str]:
    found = {}
    for package in ("boundary-stats", "jax", "numpyro", "numpy", "arviz"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
