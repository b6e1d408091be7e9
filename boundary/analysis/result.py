"""What an analysis found: estimates, posterior, diagnostics, checks and verdicts, and the files that it writes."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from boundary.analysis.checks.arm_settings import ArmComparison
from boundary.analysis.checks.missing_outcomes import Outcomes
from boundary.analysis.checks.model_checks import Criticism
from boundary.analysis.notes import Note
from boundary.analysis.output.folder import written_together
from boundary.analysis.text.verdict import Verdict
from boundary.data.counts import Counts
from boundary.data.tables.writing import write_csv
from boundary.stats.solve_rates import SolveRates


@dataclass(frozen=True)
class Analysis:
    """What `analyze` found.

    Parameters
    ----------
    estimates
        The tidy table, one row a number (`boundary.analysis.estimates.table.ESTIMATE_COLUMNS`).
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
    problems
        One row a problem and model (`boundary.analysis.estimates.problems.PROBLEM_COLUMNS`).
    criticism
        Whether the populations reproduce the counts, and what other families would say.
    error_curves
        Shrinkage under several rates of false positives, if asked for
        (`boundary.analysis.checks.tipping_point.CURVE_COLUMNS`).
    claims
        The probability of each claim (`boundary.analysis.claims.evaluate.CLAIM_COLUMNS`); empty where there is none.
    outcomes
        Samples that came to no verdict, and the main estimates with them as wrong and as missing.
    stopped
        Arms whose number of samples depends on the outcome: no unbiased estimates are made of their counts.
    unequal
        Where some problems have fewer samples than the others: which, and what leaving them out would give.
    arms
        How each model was sampled and judged on each benchmark, and what differs.
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
    sample_checks: tuple[Note, ...] = ()
    problems: pd.DataFrame = field(default_factory=pd.DataFrame)
    criticism: Criticism = field(default_factory=Criticism)
    claims: pd.DataFrame = field(default_factory=pd.DataFrame)
    error_curves: pd.DataFrame = field(default_factory=pd.DataFrame)
    outcomes: Outcomes = field(default_factory=Outcomes)
    stopped: tuple[Note, ...] = ()
    unequal: tuple[Note, ...] = ()
    arms: ArmComparison = field(default_factory=ArmComparison)

    @property
    def ok(self) -> bool:
        """Whether every fit's diagnostics passed."""
        return bool(self.diagnostics["ok"].all())

    def write(self, folder: str | Path) -> list[Path]:
        """Write the report, tables, summary.json, posterior.nc and figures/ into a folder, all together.

        Returns
        -------
        The files written, the report first. Files that an earlier analysis wrote there and this one did not are
        removed.
        """
        folder = Path(folder)
        with written_together(folder) as stage:
            written = self._written(stage)
        return [folder / path.relative_to(stage) for path in written]

    def _written(self, folder: Path) -> list[Path]:
        from boundary.analysis.output.posterior import write_posterior
        from boundary.analysis.report import write_report

        with ThreadPoolExecutor(1) as beside:  # compressing draws leaves Python free to draw figures
            posterior = beside.submit(write_posterior, self.rates, folder / "posterior.nc")
            written = write_report(self, folder)
        tables = {
            "estimates.csv": self.estimates,
            "problems.csv": self.problems,
            "checks.csv": self.criticism.checks,
            "families.csv": self.criticism.families,
        }
        if len(self.criticism.sensitivity):
            tables["sensitivity.csv"] = self.criticism.sensitivity
        if len(self.claims):
            tables["claims.csv"] = self.claims
        if len(self.error_curves):
            tables["errors.csv"] = self.error_curves
        if len(self.outcomes.rows):
            tables["outcomes.csv"] = self.outcomes.rows
        for name, table in tables.items():
            write_csv(table, folder / name, float_format="%.8g")
        return [written[0], *(folder / name for name in tables), posterior.result(), *written[1:]]
