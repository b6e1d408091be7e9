"""Claims on methods, strata and training runs: the draws of the sections that report them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from boundary.analysis.checkpoints import TrainingRun, training_runs
from boundary.analysis.claims.comparisons import (
    NEW_RUN,
    RELATIONS,
    Claim,
    ModelName,
    PeakComparison,
    RunsComparison,
    RunsName,
    Stratum,
    StratumComparison,
    TrainingComparison,
)
from boundary.analysis.fitting import make_panels
from boundary.analysis.result import Analysis
from boundary.analysis.runs.design import MethodRuns, run_design
from boundary.analysis.runs.draws import PassDraws, draws_rng, passes_at
from boundary.analysis.runs.methods import FEWEST_RUNS, method_hierarchy
from boundary.analysis.runs.record import FEW_RUNS
from boundary.analysis.strata.groups import groups_of, strata_columns
from boundary.analysis.strata.rows import has_unbiased_counts, shared_budget, stratum_draws, thinned_rates
from boundary.analysis.strata.strata import partition_of
from boundary.analysis.trajectory.rows import run_trajectory
from boundary.data.counts import ALL, Counts
from boundary.errors import InputError, did_you_mean
from boundary.stats.solve_rates import SolveRates
from boundary.stats.strata import stratum_cells

CHAINS = 4


class TrainingDraws(NamedTuple):
    """Where the comparisons of an analysis on one benchmark come from.

    Parameters
    ----------
    analysis
        With its counts and fits.
    benchmark
        The claim's.
    fits
        Posterior of each RL model there, with the base where there is one.
    """

    analysis: Analysis
    benchmark: str
    fits: Mapping[str, SolveRates]

    def of_claim(self, claim: Claim) -> dict[TrainingComparison, np.ndarray]:
        """Whether each of its comparisons of methods, strata and runs holds, (chain, draw)."""
        return {part: self._holds(part) for part in claim.of_training}

    def cautions(self, claim: Claim) -> list[str]:
        """That a method with very few runs rests on the prior of their spread, and that a step was not known."""
        unknown_steps = [
            f"the step of the last checkpoint{f' of {run.name}' if run.name else ''} is not known and was taken to be "
            f"{run.steps[-1]:,.15g}"
            for part in claim.of_training
            if isinstance(part, PeakComparison) and (run := self._run_of(part)).has_unknown_step
        ]
        of_methods = [part for part in claim.of_training if isinstance(part, RunsComparison)]
        if not of_methods:
            return unknown_steps
        names = dict.fromkeys(name for part in of_methods for name in part.methods)
        runs = {
            method.name: len(method.arms)
            for method in _methods(self.analysis.counts, self.analysis.base, self.fits, self.benchmark)
        }
        return unknown_steps + [
            f"rests on {runs[name]} runs of {name} and on the prior of how much runs differ"
            for name in names
            if runs[name] < FEW_RUNS
        ]

    def _holds(self, part: TrainingComparison) -> np.ndarray:
        if isinstance(part, RunsComparison):
            left, right = self._sides_of_runs(part)
            chains = next(iter(self.fits.values())).p.shape[0]
        elif isinstance(part, StratumComparison):
            (left, right), chains = self._sides_of_strata(part), CHAINS
        else:
            left, right, chains = self._peak_steps(part), part.bound, CHAINS
        truths: np.ndarray = np.asarray(RELATIONS[part.relation](left, right)).reshape(chains, -1)
        return truths

    def _sides_of_runs(self, part: RunsComparison) -> tuple[np.ndarray, np.ndarray | float]:
        base = self.analysis.base
        draws = passes_at([part.k], base, self.fits)
        methods = {method.name: method for method in _methods(self.analysis.counts, base, self.fits, self.benchmark)}
        left = self._runs(part, part.left, methods, draws)
        if isinstance(part.bound, RunsName):
            return left, self._runs(part, part.bound, methods, draws)
        if isinstance(part.bound, ModelName):
            name = part.bound.name
            assert draws.base is not None or name in draws.arms
            return left, draws.base[0] if name == base and draws.base is not None else draws.arms[name][0]
        return left, part.bound

    def _runs(
        self, part: RunsComparison, side: RunsName, methods: Mapping[str, MethodRuns], draws: PassDraws
    ) -> np.ndarray:
        """Draws of one side: those of runs.csv, which belong to the draws of the base."""
        method = _method_of(side.method, methods, "with two training runs or more there")
        hierarchy = method_hierarchy(self.analysis.request, self.benchmark, method, draws, 0)
        passes = hierarchy.new_run if side.of == NEW_RUN else hierarchy.mean
        return passes if part.estimand == "pass_at_k" or draws.base is None else draws.base[0] - passes

    def _sides_of_strata(self, part: StratumComparison) -> tuple[np.ndarray, np.ndarray | float]:
        assert part.model is not None  # resolved
        analysis, base = self.analysis, self.analysis.base
        arm = part.model.name if part.model.name in self.fits else next(iter(self.fits))
        request = analysis.request
        (panel,) = make_panels(
            analysis.counts, base, [arm], [self.benchmark], request.common_problems, None, analysis.optional_stopping
        )
        rates, of_column = self.fits[arm], groups_of(analysis.counts, part.left.column)
        if part.k > shared_budget(rates):
            raise InputError(
                f"A claim on strata has k = {part.k:,}, and some problem has only {shared_budget(rates):,} samples. "
                "Choose a budget that every problem has samples for."
            )
        partition = partition_of(panel, of_column)
        places = [_place(stratum, part.left.column, partition.names) for stratum in part.strata]
        signs = (
            (1.0, -1.0) if part.estimand == "shrinkage" else tuple(float(m == part.model.name) for m in panel.models)
        )
        cells = stratum_cells(thinned_rates(rates), rates.n_correct, rates.n_samples, partition.stratum, part.k, signs)
        is_counted = request.verifier is None and has_unbiased_counts(panel)
        of = (part.estimand, part.model.name, part.k)
        draws = stratum_draws(request.seed, panel, partition, cells, of, is_counted)
        right = draws[:, places[1]] if isinstance(part.bound, Stratum) else part.bound
        return draws[:, places[0]], right

    def _peak_steps(self, part: PeakComparison) -> np.ndarray:
        """Step of the largest pass@k, in each joint draw of the run's checkpoints and the base."""
        run = self._run_of(part)
        fits = {model: self.fits[model] for model in run.models[1:]}
        request = self.analysis.request
        trajectory = run_trajectory(self.benchmark, run, fits, part.k, request.level, request.seed)
        shares = trajectory.shares[:, : len(run.steps)]
        # Steps that share the largest value share its probability, as in the section.
        rng = draws_rng(request, self.benchmark, "peak", run.name, str(part.k))
        is_largest = shares == shares.max(axis=1, keepdims=True)
        largest = (is_largest * rng.uniform(0.5, 1, shares.shape)).argmax(axis=1)
        steps: np.ndarray = np.asarray(run.steps)[largest]
        return steps

    def _run_of(self, part: PeakComparison) -> TrainingRun:
        """The run of a claim on a peak, with the checkpoints that were fitted on the benchmark."""
        analysis = self.analysis
        whole = {run.name: run for run in training_runs(analysis.counts, analysis.base, analysis.request.models)}
        models = [*filter(None, [analysis.base]), *self.fits]
        return _run(part.run, {name: on for name, run in whole.items() if (on := run.on(models))})


def refuse_unknown_names(claims: Sequence[Claim], counts: Counts, base: str | None, arms: Sequence[str]) -> None:
    """Refuse claims on methods, columns and training runs that the counts do not have, before any fit.

    Parameters
    ----------
    claims
        From `boundary.analysis.claims.draws.resolve`.
    counts
        The counts of the analysis.
    base, arms
        Its models.

    Raises
    ------
    InputError
        For such a claim.
    """
    for part in (part for claim in claims for part in claim.of_training):
        if isinstance(part, RunsComparison):
            methods = {method.name: method for method in _methods(counts, base, arms, ALL)}
            for name in part.methods:
                _method_of(name, methods, "with two training runs or more")
        elif isinstance(part, StratumComparison):
            columns = {stratum.column for stratum in part.strata}
            if len(columns) > 1:
                raise InputError(f"A claim compares strata of {' and '.join(sorted(columns))}: name one column.")
            strata_columns(counts, tuple(columns))
            for stratum in part.strata:
                _place(stratum, stratum.column, groups_of(counts, stratum.column).order)
        else:
            _run(part.run, {run.name: run for run in training_runs(counts, base, [*filter(None, [base]), *arms])})


def _methods(counts: Counts, base: str | None, arms: Iterable[str], benchmark: str) -> list[MethodRuns]:
    """Methods with two runs or more on a benchmark."""
    table = counts.table if benchmark == ALL else counts.table.loc[counts.table["benchmark"] == benchmark]
    return [part for part in run_design(table, base, list(arms)).methods if len(part.arms) >= FEWEST_RUNS]


def _method_of(name: str, methods: Mapping[str, MethodRuns], which: str) -> MethodRuns:
    if name in methods:
        return methods[name]
    hint = did_you_mean(name, list(methods)) or (f" There are: {', '.join(methods)}." if methods else " There is none.")
    raise InputError(f"A claim is about the method '{name}', and the counts have none of that name {which}.{hint}")


def _place(stratum: Stratum, column: str, names: Sequence[str]) -> int:
    if stratum.value in names:
        return list(names).index(stratum.value)
    hint = did_you_mean(stratum.value, names) or f" There are: {', '.join(names)}."
    raise InputError(f"A claim is about the stratum '{stratum.value}' of {column}, which no problem is in.{hint}")


def _run(name: str, runs: Mapping[str, TrainingRun]) -> TrainingRun:
    if name in runs:
        return runs[name]
    if not name and len(runs) == 1:
        return next(iter(runs.values()))
    which = f"has no training run '{name}'" if name else "has several training runs" if runs else "has no training run"
    remedy = f" Name one of: {', '.join(map(repr, runs))}." if runs else " Give checkpoint_step in the counts."
    raise InputError(f"A claim is about a peak, and the analysis {which} with checkpoints.{remedy}")
