"""`analyze`: from counts to the result, by way of the request, the fits, the estimates and the checks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from boundary.analysis.borrowed_shape import borrowing_notes, borrowing_panels, check_borrowing
from boundary.analysis.breadth.breadth import breadth_of_answers
from boundary.analysis.checks.arm_settings import ArmComparison, compare_arms
from boundary.analysis.checks.contradicted_rates import contradicted_rate_notes
from boundary.analysis.checks.convergence import check_convergence
from boundary.analysis.checks.exchangeability import check_samples
from boundary.analysis.checks.missing_outcomes import as_missing, missing_outcomes
from boundary.analysis.checks.model_checks import model_checks
from boundary.analysis.checks.optional_stopping import adaptive_arms
from boundary.analysis.checks.sample_numbers import sample_number_notes
from boundary.analysis.checks.suspect_counts import suspect_count_notes
from boundary.analysis.checks.tipping_point import tipping_point_curves, tipping_point_panels
from boundary.analysis.checks.unequal_samples import unequal_samples
from boundary.analysis.checks.valid_reasoning import judge_misclassification_rates, with_valid_reasoning
from boundary.analysis.claims.evaluate import (
    claim_requests,
    claims as evaluate_claims,
    refuse_unscored,
    resolve_requests,
)
from boundary.analysis.claims.training import refuse_unknown_names
from boundary.analysis.cost.analyse_cost import analyse_cost
from boundary.analysis.cost.token_limit import checked_token_limit, cut_at_token_limit
from boundary.analysis.estimates.curves import joined_curves, panel_curves
from boundary.analysis.estimates.estimate import estimate
from boundary.analysis.estimates.problems import concatenated, problem_table
from boundary.analysis.estimates.ranking import ranking_rows
from boundary.analysis.estimates.sample_sizes import sample_sizes
from boundary.analysis.estimates.table import estimates_frame
from boundary.analysis.fit_store import FitStore
from boundary.analysis.fitting import Panel, fit, fit_names, for_each, make_panels
from boundary.analysis.guess_floors import MeasuredFloors, measured_floors
from boundary.analysis.likelihood.compute import likelihood
from boundary.analysis.likelihood.scores import refuse_no_scores
from boundary.analysis.notes import Note
from boundary.analysis.options import checked_jobs
from boundary.analysis.progress import Progress, reporting
from boundary.analysis.report.write import write_analysis
from boundary.analysis.request import Request, checked_request
from boundary.analysis.result import Analysis
from boundary.analysis.runs.analyse_runs import analyse_runs
from boundary.analysis.strata.groups import Groups
from boundary.analysis.strata.strata import analyse_strata, strata_of_problems
from boundary.analysis.text.extremes import expected_lead
from boundary.analysis.text.verdict import Verdict, verdict_of_fit
from boundary.analysis.text.verdicts import verdicts
from boundary.analysis.trajectory.trajectories import analyse_trajectories
from boundary.analysis.verifier_errors import MisclassificationRates, VerifierErrors, misclassification_rates
from boundary.data.answers.given_answers import GivenAnswers, given_answers
from boundary.data.catalog import load_counts
from boundary.data.counts import ALL, Counts
from boundary.data.sample_tables import load_samples, load_scores
from boundary.data.shared_texts import shared_texts, texts_of
from boundary.data.tables.sample_rows import samples_in
from boundary.memory import release_memory
from boundary.stats.intervals import MARGIN
from boundary.stats.model_checks import Check, predictive_checks
from boundary.stats.priors import Prior
from boundary.stats.solve_rates import SolveRates, Target

# A fit that has not converged is repeated with so many times the draws; most miss the limits by little.
MORE_DRAWS = (2, 6, 12)
IN_LUMPS = (
    "Solve rates of {base} and {arm} come in narrow groups, which no smooth population explains; the population fitted "
    "to them allows for such groups."
)
# Log likelihoods of all fits together are kept in the result up to so many bytes.
MOST_LOG_LIKELIHOOD_BYTES = 2**29


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
    scores: Any = None,
    token_limit: int | None = None,
    prices: Mapping[str, float] | None = None,
    claims: Any = None,
    require: Any = None,
    verifier: VerifierErrors | None = None,
    judge: VerifierErrors | None = None,
    error_curve: bool | None = None,
    outcomes_as_missing: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    borrow_shape: bool = False,
    stopping: str | None = None,
    allow_different_prompts: bool = False,
    keep_fits: str | Path | None = None,
    jobs: int | None = None,
    progress: Progress | bool | None = None,
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
        Largest budget of the default list, and how far a crossover is looked for, which is at least to the largest k;
        just to that where not given.
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
        `boundary.analysis.checks.exchangeability.check_samples`. Not needed where `counts` is such a table, a run
        folder, or a shipped set that has samples.
    scores
        Log-probabilities of the samples under models, as `boundary score -o FILE` writes them: a DataFrame or a path.
        Not needed where `counts` is a run folder that was scored, or a shipped set that has scores.
    token_limit
        Tokens, at least 1: every sample is cut there after the fact, before everything else, so that all models have
        one budget. Longer samples count as truncated. It needs the samples, with a column n_tokens.
    prices
        USD for a million generated tokens, by model: then cost is in money, and in tokens otherwise.
    claims, require
        Claims to evaluate, and the probability that each must have: see `boundary.analysis.claims.evaluate.claims`.
    verifier
        How often the verifier errs; verdicts are taken for the truth where not given.
    judge
        How often the judge of reasoning errs: how often it calls a sample right and valid (`n_correct_cot`) that is
        not, and the converse.
    error_curve
        Whether to fit shrinkage under several rates of false positives; by default only where `verifier` is given.
    outcomes_as_missing
        Outcome classes (`truncated`, `no_answer`, `timeout`, `empty`, `verifier_error`) that are left out as if never
        sampled; by default they count as wrong. Where there are any, the other treatment is reported beside.
    strata
        Columns of the counts that are constant for each problem, as `level` or `contaminated`: pass@k and shrinkage in
        each of their groups, and differences of two. Numbers and dates of more than eight values are cut into four
        groups. `stratum` where not given and the counts have such a column.
    borrow_shape
        Benchmarks with fewer than 100 problems borrow the shape of their population of solve rates from larger ones of
        the same pair, as far as their counts agree. Their intervals are then a little narrower and rest on these
        benchmarks too (docs/benchmarks-together.md).
    stopping
        `fixed`, `first success` or `adaptive`: how the number of samples was chosen, where the counts do not say it
        themselves. Estimates that need a fixed one are withheld otherwise.
    allow_different_prompts
        Compare models that were given different prompts; refused otherwise.
    keep_fits
        A folder in which every fit is kept as it ends, so that the same call after an interruption or a crash makes
        only the others; it is made where it is missing. A kept fit is used again where counts, prior, seed, verifier
        errors and versions are the same, with the same numbers. The result's `write` removes what is kept once the
        report is there; without it the fits stay. Fits of more than 512 MiB and those of a prior of your own are not
        kept, nor any where less than 256 MiB of the disk would stay free. None: no fit is kept.
    jobs
        How many fits are made at once, at least 1; as many as there are processors where not given. The numbers do not
        depend on it.
    progress
        True: lines on standard error that say how far it is, one that is written over on a terminal and in a notebook,
        elsewhere one every half minute. Or a callback, called with the name of the step, the number of steps done and
        the number of all steps (0 where it is not known).

    Returns
    -------
    Analysis
        Verdicts, estimates with intervals, the posterior of the solve rates, and what the checks say: see there. Its
        `write` makes the report.

    Raises
    ------
    InputError
        If the counts or the options are not usable; the message says what would mend it.

    Examples
    --------
    Training sharpens three problems; the fourth, c, the base solved 5 times and the RL model never. The prior here is
    the quickest; leave it out for results that are to be relied on.

    >>> import pandas as pd
    >>> import boundary as bd
    >>> counts = pd.DataFrame({"model": ["base"] * 4 + ["rl"] * 4, "problem_id": list("abcd") * 2, "n_samples": 64})
    >>> counts["n_correct"] = [20, 3, 5, 12, 60, 30, 0, 50]
    >>> analysis = bd.analyze(counts, "base", "rl", k=[1, 64], prior="independent", estimands=["lost"])
    >>> analysis.verdicts[0].word
    'cannot tell yet'
    >>> shrinkage = analysis.estimates.query("estimand == 'shrinkage' and kind == 'posterior'")
    >>> shrinkage[["k", "mean", "lower", "upper"]].round(2).values.tolist()
    [[1.0, -0.38, -0.44, -0.31], [64.0, 0.11, -0.02, 0.23]]
    """
    loaded, cut_notes = load_counts(counts), tuple[Note, ...]()
    limit = checked_token_limit(token_limit)
    if limit is not None:
        samples = load_samples(counts if samples is None else samples)
        loaded, samples, cut_notes = cut_at_token_limit(loaded, samples, limit)
    request, table = checked_request(
        loaded,
        base,
        rl,
        benchmarks=benchmarks,
        k=k,
        max_k=max_k,
        tau=tau,
        estimands=estimands,
        rank=rank,
        prior=prior,
        target=target,
        level=level,
        margin=margin,
        outcomes_as_missing=outcomes_as_missing,
        strata=(strata,) if isinstance(strata, str) else tuple(strata or ()),
        prices=prices,
        token_limit=limit,
        borrow_shape=borrow_shape,
        seed=seed,
        common_problems=common_problems,
        compare_priors=compare_priors,
        allow_different_prompts=allow_different_prompts,
        verifier=verifier,
        judge=judge,
        fit_store=FitStore(None if keep_fits is None else Path(keep_fits)),
        jobs=checked_jobs(jobs),
    )
    claims_to_judge = resolve_requests(claim_requests(claims, require), request.base, request.arms, request.benchmarks)
    with_curves = verifier is not None if error_curve is None else error_curve
    if request.borrow_shape:
        check_borrowing(request, with_curves)
    data = _checked_data(request, table.select(models=list(request.models)), counts, samples, scores, stopping)
    refuse_unscored(claims_to_judge, data.scores)
    refuse_unknown_names([part.claim for part in claims_to_judge], data.counts, request.base, request.arms)
    own_notes = (note for note in cut_notes if note.model in request.models and note.benchmark in request.benchmarks)
    data = data._replace(cut_notes=tuple(own_notes))
    with reporting(progress) as report:
        analysis = _fitted_analysis(request, data, with_curves, report)
        if claims_to_judge:
            report("Claims", 0, 0)
            analysis = replace(analysis, claims=evaluate_claims(analysis, claims_to_judge))
    return analysis


class _CheckedData(NamedTuple):
    """The data of an analysis after all checks that need no fit, so that a fault in them shows at once.

    Parameters
    ----------
    sampled, counts
        Counts of the requested models and benchmarks: all samples, and the fitted ones, without those whose outcome is
        taken for missing.
    samples, scores
        The samples one by one, and their log-probabilities under models; None where there are none.
    answers, floors
        The answers that the samples gave, None where there are none; and the guess floors that they show.
    exchangeability, adaptive_arms, arms
        Notes on the order of samples and on optional stopping, and the settings of the arms.
    error_rates, judge_error_rates
        Misclassification rates of the verifier, and of the judge of reasoning; None where verdicts are taken for the
        truth.
    panels
        The counts of each fit.
    groups
        The stratum of each problem, for each column that makes strata.
    cut_notes
        Notes on samples that were cut at a token limit.
    """

    sampled: Counts
    counts: Counts
    samples: pd.DataFrame | None
    scores: pd.DataFrame | None
    answers: GivenAnswers | None
    floors: MeasuredFloors
    exchangeability: tuple[Note, ...]
    adaptive_arms: tuple[Note, ...]
    arms: ArmComparison
    error_rates: MisclassificationRates | None
    judge_error_rates: MisclassificationRates | None
    panels: list[Panel]
    groups: list[Groups]
    cut_notes: tuple[Note, ...] = ()


def _checked_data(
    request: Request, sampled: Counts, source: Any, samples: Any, scores: Any, stopping: str | None
) -> _CheckedData:
    """Check counts and samples; `source` is what the counts were read from, which may hold samples and scores."""
    sample_table = load_samples(source if samples is None else samples)
    score_table = load_scores(source if scores is None else scores)
    refuse_no_scores(scores, score_table)
    if samples is None:
        samples = sample_table
    sample_checks = [] if samples is None else check_samples(samples)
    stopped_arms = tuple(note for note in adaptive_arms(sampled, stopping) if note.benchmark in request.benchmarks)
    shared = shared_texts(texts_of(source, samples_in(samples)), request.models)
    arms = compare_arms(sampled, request.models, request.benchmarks, request.allow_different_prompts, shared)
    counts = as_missing(sampled, request.outcomes_as_missing)
    answers = given_answers(sample_table, request.models, request.outcomes_as_missing)
    floors = MeasuredFloors() if answers is None else measured_floors(answers, request.level, request.seed)
    error_rates = misclassification_rates(
        request.verifier, counts, request.benchmarks, request.prior, request.compare_priors, floors
    )
    panels = make_panels(
        counts, request.base, request.arms, request.benchmarks, request.common_problems, error_rates, stopped_arms
    )
    return _CheckedData(
        sampled=sampled,
        counts=counts,
        samples=sample_table,
        scores=score_table,
        answers=answers,
        floors=floors,
        exchangeability=tuple(
            note for note in sample_checks if note.model in request.models and note.benchmark in request.benchmarks
        ),
        adaptive_arms=stopped_arms,
        arms=arms,
        error_rates=error_rates,
        judge_error_rates=judge_misclassification_rates(request, counts),
        panels=borrowing_panels(panels) if request.borrow_shape else panels,
        groups=strata_of_problems(counts, request.strata),
    )


def _fitted_analysis(request: Request, data: _CheckedData, with_curves: bool, progress: Progress) -> Analysis:
    """Fit all panels, then estimate and check; `with_curves` adds the tipping-point curves."""
    fits = _fit_until_converged(request, data.panels, progress)
    progress("Estimates and checks", 0, 0)
    release_memory()
    estimates = _estimates(request, fits)
    sizes = sample_sizes(data.panels)
    checks = model_checks(request, data.panels, [fit.rates for fit in fits], [fit.predictive for fit in fits], progress)
    fits = _without_large_log_likelihoods(fits)
    adaptive = data.adaptive_arms
    outcomes = missing_outcomes(
        request, estimates, data.sampled, progress, error_rates=data.error_rates, adaptive_arms=adaptive
    )
    with_reasoning = with_valid_reasoning(
        request, estimates, data.counts, progress, error_rates=data.judge_error_rates, adaptive_arms=adaptive
    )
    curves = pd.DataFrame()
    if with_curves:
        pairs = tipping_point_panels(data.panels)
        curves = tipping_point_curves(pairs, request.level, request.seed, progress, request.margin, request.fit_store)
    suspicious = suspect_count_notes(data.sampled, request.benchmarks)
    numbers = sample_number_notes(data.sampled, data.samples, request.models, request.benchmarks)
    contradicted = contradicted_rate_notes(data.panels)
    borrowed = borrowing_notes(data.panels)
    rates = {name: fit.rates for name, fit in zip(fit_names(data.panels), fits, strict=True)}
    trajectory = analyse_trajectories(
        request, data.counts, [(fit.panel, fit.rates, bool(fit.convergence["ok"])) for fit in fits]
    )
    return Analysis(
        request=request,
        counts=data.counts,
        sample_sizes=sizes,
        estimates=with_reasoning,
        curves=joined_curves([fit.curves for fit in fits]),
        rates=rates,
        diagnostics=pd.DataFrame([fit.convergence for fit in fits]),
        verdicts=verdicts(
            request,
            data.counts,
            estimates,
            sizes,
            [(fit.panel, fit.verdict) for fit in fits],
            trajectory.estimates,
        ),
        problems=concatenated([fit.problems for fit in fits if fit.problems is not None]),
        model_checks=checks,
        tipping_points=curves,
        missing_outcomes=replace(outcomes, remarks=(*outcomes.remarks, *suspicious, *numbers, *contradicted)),
        optional_stopping=adaptive,
        unequal_samples=_unequal_samples(request, fits),
        arms=replace(data.arms, remarks=(*data.arms.remarks, *borrowed, *_in_lumps(fits))),
        likelihood=likelihood(request, data.scores, data.counts, [(fit.panel, fit.rates) for fit in fits], progress),
        breadth=breadth_of_answers(request, data.sampled, data.answers, data.floors, rates, adaptive),
        exchangeability=data.exchangeability,
        cost=analyse_cost(
            request, data.panels, [fit.rates for fit in fits], data.counts, data.samples, progress, data.cut_notes
        ),
        training_runs=analyse_runs(request, estimates, data.counts, [(fit.panel, fit.rates) for fit in fits]),
        trajectory=trajectory,
        strata=analyse_strata(request, data.groups, [(fit.panel, fit.rates) for fit in fits]),
        writer=write_analysis,
    )


class _Fit(NamedTuple):
    """A panel, its posterior, and all that is made of these two alone, side by side with the other panels.

    Parameters
    ----------
    rows, curves
        Of the estimates table, and of the curves.
    convergence, predictive
        Of the fit: its diagnostics, and its predictive checks.
    verdict
        On the model, or on the RL model against its base.
    problems
        Its rows of the problem table; None where the fits of the single benchmarks have them.
    """

    panel: Panel
    rates: SolveRates
    rows: list[dict[str, Any]]
    curves: pd.DataFrame
    convergence: dict[str, Any]
    predictive: list[Check]
    verdict: Verdict
    problems: pd.DataFrame | None


def _fitted(request: Request, panel: Panel, rates: SolveRates) -> _Fit:
    """What a panel and its posterior give."""
    rows, predictive = estimate(request, panel, rates), predictive_checks(rates, request.seed)
    if request.target == "benchmark":
        rates = rates.without_new_problems()
    convergence = check_convergence(panel.benchmark, panel.arm, rates.prior, rows)
    options, about = request.for_fit(rates), (panel.benchmark, panel.arm, panel.base)
    verdict = verdict_of_fit(
        estimates_frame(rows),
        rates,
        *about,
        options,
        request.level,
        bool(convergence["ok"]),
        expected_lead(request.prior)[0],
        shorten=request.shorten,
    )
    curves, problems = panel_curves(request, panel, rates), None
    # `all` repeats the problems of the benchmarks.
    if panel.benchmark != ALL or len(request.benchmarks) == 1:
        problems = problem_table(rates, *about, k=max(rates.reliable_k, 1), level=request.level)
    rates.forget_means_except(options.budgets)
    return _Fit(panel, rates, rows, curves, convergence, predictive, verdict, problems)


def _fit_until_converged(request: Request, panels: Sequence[Panel], progress: Progress) -> list[_Fit]:
    """Fits of all panels; those that have not converged are fitted again with more draws, thinned to as many."""

    def fit_panel(panel: Panel, prior: Prior, draws: int | None = None) -> _Fit:
        rates = fit(panel, prior, request.seed, request.fit_store)
        if draws is not None and rates.p.shape[1] >= 2 * draws:  # as many as of the first fit
            rates = rates.thinned(rates.p.shape[1] // draws)
        fitted = _fitted(request, panel, rates)
        release_memory()
        return fitted

    report = request.fit_store.reporting(progress)
    fits = for_each(panels, lambda panel: fit_panel(panel, request.prior), report, request.jobs)
    for times in MORE_DRAWS:
        longer = request.prior.with_more_draws(times)
        failed = [i for i, first_fit in enumerate(fits) if not first_fit.convergence["ok"]]
        if not failed or longer == request.prior:
            break
        report = request.fit_store.reporting(progress)
        draws = {(panels[i].benchmark, panels[i].arm): fits[i].rates.p.shape[1] for i in failed}
        refits = for_each(
            [panels[i] for i in failed],
            lambda panel: fit_panel(panel, longer, draws[panel.benchmark, panel.arm]),  # noqa: B023
            report,
            request.jobs,
        )
        for i, refitted in zip(failed, refits, strict=True):
            fits[i] = refitted
    return fits


def _without_large_log_likelihoods(fits: list[_Fit]) -> list[_Fit]:
    """The fits without log likelihoods, where those of all are large; the model checks have read them."""
    sizes = [fit.rates.log_likelihood.nbytes for fit in fits if fit.rates.log_likelihood is not None]
    if sum(sizes) <= MOST_LOG_LIKELIHOOD_BYTES:
        return fits
    return [fit._replace(rates=replace(fit.rates, log_likelihood=None)) for fit in fits]


def _estimates(request: Request, fits: Sequence[_Fit]) -> pd.DataFrame:
    """The estimates table of all fits: the rows of each benchmark, followed by those that rank its models."""
    rows: list[dict[str, Any]] = []
    for benchmark, group in groupby(fits, key=lambda fit: fit.panel.benchmark):
        benchmark_fits = list(group)
        rows += [row for fit in benchmark_fits for row in fit.rows]
        rates = {fit.panel.arm: fit.rates for fit in benchmark_fits}
        base = {} if request.base is None else {request.base: benchmark_fits[0].rates}
        rows += ranking_rows(request, benchmark, base | rates)
    return estimates_frame(rows)


def _in_lumps(fits: Sequence[_Fit]) -> tuple[Note, ...]:
    """A note on each pair whose population has narrow lumps."""
    return tuple(
        Note(panel.benchmark, panel.arm, IN_LUMPS.format(arm=panel.arm, base=panel.base), "note")
        for panel, rates, *_ in fits
        if rates.in_lumps
    )


def _unequal_samples(request: Request, fits: Sequence[_Fit]) -> tuple[Note, ...]:
    """Notes on problems with few samples, except of adaptive arms, where n depends on the outcome by design."""
    notes = [
        unequal_samples(rates, panel.benchmark, panel.arm, panel.base, request.level, request.target)
        for panel, rates, *_ in fits
        if panel.adaptive.isdisjoint(panel.models)
    ]
    return tuple(note for note in notes if note is not None)
