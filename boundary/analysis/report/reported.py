"""What the report reads of an analysis: a small contract, so that report and analysis do not import each other."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from boundary.analysis.arm_settings import ArmComparison


class Said(Protocol):
    """One verdict: a sentence on one benchmark and, in a comparison, one RL model."""

    @property
    def benchmark(self) -> str:
        """The benchmark it speaks of; `all` is every benchmark's problems together."""

    @property
    def model(self) -> str:
        """The model it speaks of: the RL one in a comparison."""

    @property
    def text(self) -> str:
        """The sentences."""

    @property
    def crosses(self) -> bool:
        """Whether a crossover is spoken of."""

    def described(self) -> dict[str, Any]:
        """The verdict for a script."""


class Checked(Protocol):
    """A sentence on the samples of one model on one benchmark, alarming where they contradict what is assumed."""

    @property
    def benchmark(self) -> str:
        """The benchmark it speaks of."""

    @property
    def model(self) -> str:
        """The model whose samples it speaks of."""

    @property
    def text(self) -> str:
        """The sentence."""

    @property
    def alarming(self) -> bool:
        """Whether the samples are not what the estimates suppose."""


class Criticised(Protocol):
    """What can be held against the fits."""

    @property
    def checks(self) -> pd.DataFrame:
        """Statistics of the counts, observed and replicated."""

    @property
    def families(self) -> pd.DataFrame:
        """One row a fit and family: leave-one-out prediction, stacking weight, checks failed."""

    @property
    def sensitivity(self) -> pd.DataFrame:
        """The main estimates under each family, as in estimates.csv; empty where one family was fitted."""

    @property
    def remarks(self) -> Sequence[Checked]:
        """What follows, in words."""


class Reported(Protocol):
    """An analysis, as far as summary, figures and page need it."""

    @property
    def estimates(self) -> pd.DataFrame:
        """The tidy table of estimates.csv."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What it takes to run the same analysis again."""

    @property
    def diagnostics(self) -> pd.DataFrame:
        """One row a fit: benchmark, model, prior, max_r_hat, min_ess, worst, ok, message."""

    @property
    def verdicts(self) -> Sequence[Said]:
        """The sentences, in the order of the benchmarks."""

    @property
    def sample_checks(self) -> Sequence[Checked]:
        """What order and runs of the samples show; empty where only counts are known."""

    @property
    def criticism(self) -> Criticised:
        """Whether the populations reproduce the counts, and what other families would say."""

    @property
    def problems(self) -> pd.DataFrame:
        """One row a problem and arm, as in problems.csv; empty where there is none."""

    @property
    def error_curves(self) -> pd.DataFrame:
        """Shrinkage under several rates of false positives; empty where not asked for."""

    @property
    def claims(self) -> pd.DataFrame:
        """One row a claim, as in claims.csv; empty where none was asked about."""

    @property
    def outcomes(self) -> Any:
        """What came to no verdict (`boundary.analysis.outcomes.Outcomes`)."""

    @property
    def stopped(self) -> Sequence[Checked]:
        """Arms whose number of samples depends on the outcome."""

    @property
    def unequal(self) -> Sequence[Checked]:
        """Benchmarks where some problems have fewer samples than the others."""

    @property
    def arms(self) -> ArmComparison:
        """How each model was sampled and judged on each benchmark, and what differs."""

    @property
    def counts(self) -> Any:
        """The counts (`boundary.data.counts.Counts`)."""

    @property
    def base(self) -> str | None:
        """The base model; None where no pair was compared."""

    @property
    def models(self) -> tuple[str, ...]:
        """Every model, the base first."""

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Every benchmark, `all` last where there are several."""

    @property
    def ok(self) -> bool:
        """Whether every fit's diagnostics passed."""


def samples_per_problem(analysis: Reported, benchmark: str) -> int:
    """Samples that nine of ten problems of a benchmark have, of every model: beyond it is extrapolation."""
    return int(analysis.settings["reliable_k"][benchmark])


def crossing_pairs(analysis: Reported) -> set[tuple[str, str]]:
    """Benchmark and model of the verdicts that speak of a crossover."""
    return {(verdict.benchmark, verdict.model) for verdict in analysis.verdicts if verdict.crosses}


def without_slight_crossovers(rows: pd.DataFrame, analysis: Reported) -> pd.DataFrame:
    """Rows of estimates less the crossovers that no verdict speaks of: their curves cross within the margin, or not."""
    pairs = pd.Series(list(zip(rows["benchmark"], rows["model"], strict=True)), index=rows.index, dtype=object)
    return rows.loc[(rows["estimand"] != "crossover") | pairs.isin(crossing_pairs(analysis))]
