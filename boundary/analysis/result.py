"""The result of an analysis: estimates, posterior, diagnostics, checks and verdicts, and the files that it writes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from boundary.analysis.breadth.record import Breadth
from boundary.analysis.checkpoints import checkpoint_steps
from boundary.analysis.checks.arm_settings import ArmComparison
from boundary.analysis.checks.missing_outcomes import MissingOutcomes
from boundary.analysis.checks.model_checks import ModelChecks
from boundary.analysis.cost.record import CostEstimates
from boundary.analysis.estimates.sample_sizes import SampleSizes
from boundary.analysis.formatting import Shorten
from boundary.analysis.likelihood.record import Likelihood
from boundary.analysis.notes import Note
from boundary.analysis.progress import Progress, reporting
from boundary.analysis.request import Request
from boundary.analysis.runs.record import TrainingRuns
from boundary.analysis.strata.record import Strata
from boundary.analysis.tables.estimate_table import estimate_table
from boundary.analysis.tables.result_table import ResultTable
from boundary.analysis.tables.verdict_table import verdict_table
from boundary.analysis.text.answer import OverallAnswer, main_benchmark, overall_answer
from boundary.analysis.text.runs import runs_answers
from boundary.analysis.text.verdict import Verdict
from boundary.analysis.trajectory.record import Trajectories
from boundary.data.counts import ALL, Counts
from boundary.html_tables import MOST_ROWS, html_text
from boundary.plain_text import plain
from boundary.stats.solve_rates import SolveRates

# Of so many methods the answer has a sentence each.
MOST_METHODS = 3
WHERE_TO_LOOK = (
    "print() shows the verdicts; .table(), .estimates, .problems and .rates have the numbers, and .write(folder) makes "
    "the report."
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Analysis:
    """The result of `boundary.analyze`.

    Parameters
    ----------
    request
        The checked request: models, benchmarks, budgets, estimands, prior, target, level, margin, seed.
    counts
        The counts that were fitted.
    sample_sizes
        Samples of the problems, and the largest budget within them, by benchmark.
    estimates
        The tidy table, one row a number (`boundary.analysis.estimates.table.ESTIMATE_COLUMNS`).
    curves
        Pass@k and shrinkage at about sixty budgets, for figures (`boundary.analysis.estimates.curves.CURVE_COLUMNS`).
    rates
        Posterior of the solve rates for each benchmark; with several RL models, for each "benchmark: model". Without
        log likelihoods where those of all fits together take more than 512 MiB.
    diagnostics
        One row a fit: benchmark, model, prior, max_r_hat, min_ess, worst, max_interval_mc_error, worst_interval,
        max_visible_mc_error, worst_visible, ok, message (`boundary.analysis.checks.convergence.check_convergence`).
    verdicts
        A sentence for each benchmark and RL model.
    problems
        One row a problem and model (`boundary.analysis.estimates.problems.PROBLEM_COLUMNS`).
    exchangeability
        Notes on drift and dependence of the samples, where these were given.
    model_checks
        Whether the populations reproduce the counts, and what other families would say.
    tipping_points
        Shrinkage under several rates of false positives, if asked for
        (`boundary.analysis.checks.tipping_point.CURVE_COLUMNS`).
    claims
        The probability of each claim (`boundary.analysis.claims.evaluate.CLAIM_COLUMNS`); empty where there is none.
    missing_outcomes
        Samples that came to no verdict, and the main estimates with them as wrong and as missing.
    optional_stopping
        Notes on arms whose number of samples depends on the outcome: no unbiased estimates are made of their counts.
    unequal_samples
        Notes on problems that have fewer samples than the others, and what leaving them out would give.
    arms
        Settings with which each model was sampled and judged on each benchmark, and what differs.
    likelihood
        How likely the samples of each model are under the base model and the model itself, where they were scored.
    cost
        Solved problems against tokens or money, where lengths of attempts are known.
    breadth
        How many different answers each model gives, and the guess floors that the samples show, where these have
        answers.
    training_runs
        Methods with several training runs, models that were chosen, and the strongest of several bases.
    trajectory
        The checkpoints of training runs, each run as one trajectory, where steps are known.
    strata
        Pass@k and shrinkage in groups of problems, where a column makes them.
    writer
        Writes its files: `boundary.analysis.report.write.write_analysis`, which reads this type and so stands above it.
    """

    request: Request
    counts: Counts
    sample_sizes: Mapping[str, SampleSizes]
    estimates: pd.DataFrame
    rates: Mapping[str, SolveRates]
    diagnostics: pd.DataFrame
    verdicts: Sequence[Verdict]
    curves: pd.DataFrame = field(default_factory=pd.DataFrame)
    problems: pd.DataFrame = field(default_factory=pd.DataFrame)
    exchangeability: tuple[Note, ...] = ()
    model_checks: ModelChecks = field(default_factory=ModelChecks)
    claims: pd.DataFrame = field(default_factory=pd.DataFrame)
    tipping_points: pd.DataFrame = field(default_factory=pd.DataFrame)
    missing_outcomes: MissingOutcomes = field(default_factory=MissingOutcomes)
    optional_stopping: tuple[Note, ...] = ()
    unequal_samples: tuple[Note, ...] = ()
    arms: ArmComparison = field(default_factory=ArmComparison)
    likelihood: Likelihood = field(default_factory=Likelihood)
    cost: CostEstimates = field(default_factory=CostEstimates)
    breadth: Breadth = field(default_factory=Breadth)
    training_runs: TrainingRuns = field(default_factory=TrainingRuns)
    trajectory: Trajectories = field(default_factory=Trajectories)
    strata: Strata = field(default_factory=Strata)
    writer: Callable[..., list[Path]] = field(repr=False, compare=False)

    @property
    def base(self) -> str | None:
        """The base model; None where models stand alone."""
        return self.request.base

    @property
    def notes_on_counts(self) -> tuple[Note, ...]:
        """Notes on how samples were counted: optional stopping, unequal samples, missing outcomes."""
        return (*self.optional_stopping, *self.unequal_samples, *self.missing_outcomes.remarks)

    @property
    def missing_parts(self) -> tuple[str, ...]:
        """Questions that the data leave open, each with what they lack and how to get it, in a sentence."""
        parts = (self.likelihood, self.cost, self.breadth, self.trajectory, self.training_runs, self.strata)
        return tuple(part.missing for part in parts if part.missing)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model, the base first."""
        return self.request.models

    @property
    def shorten(self) -> Shorten:
        """Writes the name of a model as short as those of all models allow."""
        return self.request.shorten

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Every benchmark, `all` last where they are pooled."""
        return self.request.benchmarks

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What it takes to run the same analysis again, as summary.json has it."""
        request, counts = self.request, self.counts
        judge, verifier = request.judge, request.verifier
        return {
            "source": counts.source,
            "base": request.base,
            "rl": [] if request.base is None else list(request.arms),
            "benchmarks": list(request.benchmarks),
            "prior": request.prior.name,
            "target": request.target,
            "level": request.level,
            "margin": request.margin,
            "seed": request.seed,
            "k": sorted({int(k) for k in self.estimates["k"].dropna()}),
            "max_k": request.furthest(int(self.estimates["k"].max())),
            "tau": list(request.taus),
            "checkpoint_steps": checkpoint_steps(counts, request.base, request.models),
            "common_problems": request.common_problems,
            "verifier_errors": {} if verifier is None else verifier.as_dict(),
            "n_samples": {name: sizes.ranges for name, sizes in self.sample_sizes.items()},
            "sample_sizes": {name: sizes.in_words for name, sizes in self.sample_sizes.items()},
            "reliable_k": {name: sizes.reliable_k for name, sizes in self.sample_sizes.items()},
            "problem_set_hash": {
                name: counts.problem_set_hash(None if name == ALL else name) for name in self.sample_sizes
            },
            "versions": _versions(),
            "outcomes_as_missing": list(request.outcomes_as_missing),
            "allow_different_prompts": request.allow_different_prompts,
            "strata": list(request.strata),
            "prices": dict(request.prices),
            "token_limit": request.token_limit,
            **({"borrow_shape": True} if request.borrow_shape else {}),
            "judge_errors": {} if judge is None else judge.as_dict(),
        }

    @cached_property
    def answer(self) -> OverallAnswer:
        """The answer in a sentence: of the pooled benchmarks, of the only one, or how many went which way.

        Behind it stands what several runs, a choice and several bases make of it.
        """
        answer = overall_answer(self.verdicts, self.benchmarks, self.request.margin, self.request.level)
        rows = self.training_runs.estimates
        of_runs = runs_answers(
            rows.loc[rows["benchmark"] == main_benchmark(self.benchmarks)], MOST_METHODS, shorten=self.shorten
        )
        return replace(answer, details=(*answer.details, *of_runs))

    def table(self, estimand: str | None = None, *, k: int | Sequence[int] | None = None) -> ResultTable:
        """The verdicts as a table, or the posterior of one estimand.

        Parameters
        ----------
        estimand
            A key of `boundary.ESTIMANDS`; None for the verdict table, a row for each benchmark and model.
        k
            Budgets of the estimand; by default all, or of many the smallest, the largest within the samples and the
            largest.

        Returns
        -------
        ResultTable
            Shows itself in a notebook; `to_latex()` and `to_markdown()` write it, and `frame` has the numbers.

        Raises
        ------
        InputError
            If the estimand, or the budget, was not estimated.
        """
        if estimand is not None:
            words = {
                (verdict.benchmark, verdict.model): verdict.no_crossover_word
                for verdict in self.verdicts
                if verdict.curve_order is not None
            }
            return estimate_table(self.estimates, estimand, k, words)
        reliable_k = {name: sizes.reliable_k for name, sizes in self.sample_sizes.items()}
        return verdict_table(self.verdicts, self.estimates, reliable_k, self.request.margin)

    def __repr__(self) -> str:
        """What was analysed, the answer, and where the numbers are."""
        return f"{self._title}\n{plain(self.answer.sentence)}\n{WHERE_TO_LOOK}"

    def __str__(self) -> str:
        """The answer, the verdict table, and what the words mean."""
        table = self.table()
        parts = (self._title, plain(self.answer.text), "", table.to_text(MOST_ROWS), table.caption, self.answer.legend)
        return "\n".join(parts).rstrip()

    def _repr_html_(self) -> str:
        """The answer and the verdict table for a notebook."""
        return (
            f"<p>{html_text(self._title)}</p><p><strong>{html_text(self.answer.sentence)}</strong> "
            f"{html_text(' '.join(self.answer.details))}</p>{self.table()._repr_html_()}"
            f"<p><small>{html_text(self.answer.legend)}</small></p>"
        )

    @property
    def _title(self) -> str:
        arms = self.request.arms
        models = self.shorten(arms[0]) if len(arms) == 1 else f"{len(arms)} models"
        against = "" if self.base is None else f" against {self.shorten(self.base)}"
        names = [name for name in self.benchmarks if name != ALL]
        benchmarks = names[0] if len(names) == 1 else f"{len(names)} benchmarks" if names else "all benchmarks"
        failed = "" if self.ok else ". NOT CONVERGED: see diagnostics"
        return f"Analysis of {plain(models + against)} on {plain(benchmarks)}{failed}"

    @property
    def ok(self) -> bool:
        """Whether every fit's diagnostics passed."""
        return bool(self.diagnostics["ok"].all())

    def write(
        self,
        folder: str | Path,
        *,
        figure_formats: Sequence[str] = (),
        posterior: bool = True,
        figure_width: float | str = "page",
        figures: str | Sequence[str] = "all",
        progress: Progress | bool | None = None,
    ) -> list[Path]:
        """Write the report, tables, summary.json, posterior.nc and figures/ into a folder, all together.

        Parameters
        ----------
        folder
            Made where it is missing.
        figure_formats
            `pdf` or `png`, to write each figure as such a file too; figures/*.svg is written in any case.
        posterior
            Whether to write posterior.nc, the draws of the solve rates.
        figure_width
            Of the files in figures/: `column`, `page`, or inches. The report has its own sizes.
        figures
            Names of the figures to write into figures/, as `["pass_at_k"]`; `all` or `none`. The report has all.
        progress
            As for `boundary.analyze`: how far the writing is.

        Returns
        -------
        The files written, the report first. Files that an earlier analysis wrote there and this one did not are
        removed.

        Raises
        ------
        InputError
            If the folder cannot be written into, or there is no such format, width or figure.
        """
        with reporting(progress) as report:
            settings: dict[str, Any] = {"figure_width": figure_width, "figures": figures, "progress": report}
            paths = self.writer(self, Path(folder), figure_formats, posterior, **settings)
        self.request.fit_store.remove()  # the report is whole, and nothing needs the kept fits any more
        return paths


def _versions() -> dict[str, str]:
    versions = {}
    for package in ("boundary-stats", "jax", "numpyro", "numpy", "arviz"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions
