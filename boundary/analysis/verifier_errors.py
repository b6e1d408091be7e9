"""Misclassification rates of a verifier: read from options, tables or audits, and attached to the problems of a fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import betaincinv

from boundary.analysis.guess_floors import MeasuredFloors
from boundary.data.audits import read_audits
from boundary.data.counts import ALL, CountArrays, Counts
from boundary.data.records import FALSE_NEGATIVE, FALSE_POSITIVE
from boundary.data.tables.reading import read_table
from boundary.data.validation import LINE
from boundary.errors import InputError, did_you_mean
from boundary.stats.priors import Prior
from boundary.stats.verdict_errors import VerdictErrors, misclassification_from_audit, with_guessing

Rate = float | Mapping[str, float]
MEASURED = "measured"
KINDS = ("false_positive", "false_negative", "guess_floor")
KEYS = ("benchmark", "problem_id")
# Shares of an audit's posterior at which candidate rates are cut off: finest where they are low, since it is there
# that counts speak: a problem that is never judged correct bounds the false positives from above.
LEVELS = np.array([0, 0.001, 0.02, 0.15, 0.4, 0.7, 0.9, 1])
# Which share of the other kind's posterior goes with each: spread, and not in order.
OTHER_LEVELS = (np.array([3, 0, 5, 2, 6, 1, 4]) + 0.5) / 7


@dataclass(frozen=True)
class VerifierErrors:
    """How often a verifier errs, as far as it is known.

    Parameters
    ----------
    false_positive
        P(judged correct | wrong): one rate, or one for each benchmark by name (the others: 0).
    false_negative
        P(judged wrong | correct), in the same way.
    guess_floor
        Chance that a guess is right, 1 / choices, in the same way; or `measured`, for what the answers of the samples
        to other problems show, problem by problem and model by model (`boundary.analysis.guess_floors`).
    rates
        A table or its path, with columns benchmark and perhaps problem_id, and one or more of false_positive,
        false_negative and guess_floor: rates of a benchmark or of single problems, before those above.
    audit
        An audit or its path: see `boundary.data.audits`. In place of the first two.

    Notes
    -----
    Rates lie in [0, 1), and false positives and false negatives sum to less than 1: other rates are refused by
    `checked_misclassification_rates`.

    Examples
    --------
    A verifier that accepts 2 % of the wrong answers on one benchmark, and none on the others:

    >>> verifier = VerifierErrors(false_positive={"AIME24": 0.02})
    >>> verifier.as_dict()
    {'false_positive': {'AIME24': 0.02}}
    """

    false_positive: Rate = 0.0
    false_negative: Rate = 0.0
    guess_floor: Rate | str = 0.0
    rates: Any = None
    audit: Any = None

    @property
    def measures_floors(self) -> bool:
        """Whether the guess floors are measured from the samples."""
        return isinstance(self.guess_floor, str) and self.guess_floor == MEASURED

    def as_dict(self) -> dict[str, Any]:
        """The rates and files that were given, for the settings of an analysis; zero rates are left out."""
        rates: dict[str, Any] = {kind: getattr(self, kind) for kind in KINDS if getattr(self, kind)}
        sources = {name: getattr(self, name) for name in ("rates", "audit")}
        return rates | {name: f"{Path(path)}" for name, path in sources.items() if isinstance(path, str | Path)}


def checked_misclassification_rates(
    errors: VerifierErrors | None, counts: Counts, floors: MeasuredFloors | None = None
) -> "MisclassificationRates | None":
    """Misclassification rates, read and checked once for all fits; None where none are given.

    Parameters
    ----------
    errors
        As the user gives them.
    counts
        Of the benchmarks that are fitted.
    floors
        Measured guess floors, used where `errors` asks for them; None where there are none.

    Raises
    ------
    InputError
        For rates out of range, unknown benchmarks or problems, or a benchmark that an audit leaves out.
    """
    if errors is None:
        return None
    if errors.measures_floors and (floors is None or not floors.nodes):
        raise InputError(
            "Guess floors are measured from answers and right answers of the samples, and these have none for five "
            "problems of one kind. Give the floor as a number, or analyze a run folder or a table of samples with the "
            "columns answer and reference."
        )
    for kind in KINDS:
        if not (kind == "guess_floor" and errors.measures_floors):
            _check_rate(kind, getattr(errors, kind), counts.benchmarks)
    table = None if errors.rates is None else _rates_table(errors.rates, counts)
    audit = None if errors.audit is None else _audit_table(errors, table, counts)
    rates = MisclassificationRates(errors, table, audit, floors if errors.measures_floors else None)
    for benchmark in counts.benchmarks:
        rates.of_problems(counts.problems(benchmark))
    return rates


def _check_rate(kind: str, rate: Rate | str, benchmarks: tuple[str, ...]) -> None:
    for name, value in rate.items() if isinstance(rate, Mapping) else [("", rate)]:
        if name and name not in benchmarks:
            hint = did_you_mean(name, benchmarks) or f" There are: {', '.join(benchmarks)}."
            raise InputError(f"A {_label(kind)} is given for the benchmark '{name}', which is not there.{hint}")
        if not (isinstance(value, int | float) and 0 <= value < 1):
            of_benchmark = f" of {name}" if name else ""
            raise InputError(
                f"The {_label(kind)}{of_benchmark} must be at least 0 and below 1, got {value}. Write .01 for 1 %."
            )


def _label(kind: str) -> str:
    return {"guess_floor": "guess floor"}.get(kind, kind.replace("_", "-") + " rate")


def _rates_table(rates: Any, counts: Counts) -> pd.DataFrame:
    table = rates.copy() if isinstance(rates, pd.DataFrame) else read_table(Path(rates))
    source = "The table of rates" if isinstance(rates, pd.DataFrame) else f"'{rates}'"
    problems = {pair for name in counts.benchmarks for pair in counts.problems(name)}
    if "benchmark" not in table or not set(KINDS) & set(table):
        raise InputError(f"{source} needs the column benchmark and at least one of {', '.join(KINDS)}.")
    if "problem_id" not in table:
        table["problem_id"] = ""
    table["problem_id"] = table["problem_id"].fillna("").astype(str)
    for row in table.to_dict("records"):
        position = f"line {row[LINE]}" if LINE in row else f"{row['benchmark']} {row['problem_id']}"
        pair = str(row["benchmark"]), str(row["problem_id"])
        if pair[0] not in counts.benchmarks or (pair[1] and pair not in problems):
            raise InputError(
                f"{source}, {position}: the counts have no such benchmark or problem: {' '.join(pair)}. Check the row."
            )
        for kind in KINDS:
            _check_cell(row.get(kind), kind, f"{source}, {position}")
    doubled = table.duplicated(list(KEYS))
    if doubled.any():
        benchmark, problem = table.loc[doubled, list(KEYS)].iloc[0]
        raise InputError(f"{source} has {benchmark} {problem} twice. Keep one of the rows.")
    present = [kind for kind in KINDS if kind in table]
    return table[[*KEYS, *present]].assign(**{kind: pd.to_numeric(table[kind]) for kind in present})


def _check_cell(value: Any, kind: str, position: str) -> None:
    if value is None or value == "" or value != value:  # NaN: not given
        return
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise InputError(f"{position}: the {_label(kind)} is {value}; it must be at least 0 and below 1.")


def _audit_table(errors: VerifierErrors, table: pd.DataFrame | None, counts: Counts) -> pd.DataFrame:
    has_rates = errors.false_positive or errors.false_negative
    if has_rates or (table is not None and {"false_positive", "false_negative"} & set(table)):
        raise InputError("Both an audit and rates of false positives or negatives are given. Leave one of them out.")
    audit = errors.audit if isinstance(errors.audit, pd.DataFrame) else read_audits(errors.audit)
    missing = [name for name in counts.benchmarks if name not in set(audit["benchmark"])]
    if missing:
        raise InputError(
            f"The audit has no rows for {', '.join(missing)}. Audit it, or choose among the audited benchmarks: "
            f"{', '.join(dict.fromkeys(audit['benchmark']))}."
        )
    if (audit["errors"] > audit["checked"]).any() or (audit[["errors", "checked"]] < 0).any(axis=None):
        raise InputError("The audit has more errors than checked verdicts in a row, or fewer than none. Check it.")
    return audit.groupby(["benchmark", "kind"], as_index=False)[["errors", "checked"]].sum()


@dataclass(frozen=True)
class MisclassificationRates:
    """Misclassification rates of a verifier: as given, from a table of rates, from an audit, and measured floors."""

    errors: VerifierErrors
    table: pd.DataFrame | None
    audit: pd.DataFrame | None
    floors: MeasuredFloors | None = None

    def of_problems(self, problems: list[tuple[str, str]]) -> Float[np.ndarray, "kind problem"]:
        """Rates of each kind for (benchmark, problem) pairs."""
        rates = np.array([[_rate_of(getattr(self.errors, kind), name) for name, _ in problems] for kind in KINDS])
        for i, kind in enumerate(KINDS):
            if self.table is not None and kind in self.table:
                listed = self.table.set_index(list(KEYS))[kind].dropna().to_dict()
                specific = [listed.get((b, p), listed.get((b, ""))) for b, p in problems]
                rates[i] = [r if own is None else own for r, own in zip(rates[i], specific, strict=True)]
        if (rates[0] + rates[1] >= 1).any():
            name, problem = problems[int(np.argmax(rates[0] + rates[1]))]
            raise InputError(
                f"False positives and false negatives of {name}, problem {problem}, sum to 1 or more: such "
                "verdicts say nothing, or the opposite. Give lower rates."
            )
        return rates

    def verdict_errors(self, counts: CountArrays) -> VerdictErrors:
        """Misclassification rates of the verdicts on the problems and models of a fit."""
        positive, negative, guess = self.of_problems(counts.pairs)[..., None]
        shared = self.audit is not None
        if shared:
            positive, negative = self._audited(counts, [name for name, _ in counts.pairs])
        n_models = counts.n_correct.shape[1]
        positive, negative, guess = (
            np.repeat(part[:, None, :], n_models, axis=1) for part in (positive, negative, guess)
        )
        if self.floors is not None:
            guess = np.maximum(guess, self._measured(counts, positive.shape[2] if shared else None))
        positive = with_guessing(positive, negative, guess)
        negative = negative + 0 * positive
        return VerdictErrors(positive, negative, shared=shared, node_weights=np.diff(LEVELS) if shared else None)

    def _measured(self, counts: CountArrays, n_nodes: int | None) -> Float[np.ndarray, "problem model node"]:
        """Measured guess floors of the problems and models of a fit."""
        assert self.floors is not None  # asked for only then
        return np.stack([self.floors.of(model, counts.pairs, n_nodes) for model in counts.models], axis=1)

    def _audited(self, counts: CountArrays, benchmarks: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Rates of false positives and negatives of each problem at each node, from the audit of its benchmark."""
        rates = {}
        for name in dict.fromkeys(benchmarks):
            rows = np.array([benchmark == name for benchmark in benchmarks])
            share = counts.n_correct[rows].sum() / max(counts.n_samples[rows].sum(), 1)
            wrong = self._levels(name, FALSE_POSITIVE, (LEVELS[1:] + LEVELS[:-1]) / 2)
            missed = self._levels(name, FALSE_NEGATIVE, OTHER_LEVELS)
            rates[name] = misclassification_from_audit(wrong, missed, float(share))
        positive, negative = (np.stack([rates[name][part] for name in benchmarks]) for part in (0, 1))
        return positive, negative

    def _levels(self, benchmark: str, kind: str, levels: np.ndarray) -> np.ndarray:
        """Quantiles of the share of wrong verdicts of a kind, after a Jeffreys prior; 0 where it was not audited."""
        assert self.audit is not None  # asked for only then
        rows = self.audit.loc[(self.audit["benchmark"] == benchmark) & (self.audit["kind"] == kind)]
        errors, n_checked = int(rows["errors"].sum()), int(rows["checked"].sum())
        return np.asarray(betaincinv(errors + 0.5, n_checked - errors + 0.5, levels)) if len(rows) else 0 * levels


def _rate_of(rate: Rate | str, benchmark: str) -> float:
    if isinstance(rate, str):  # measured, which comes in by model
        return 0.0
    return float(rate.get(benchmark, 0.0) if isinstance(rate, Mapping) else rate)


def misclassification_rates(
    errors: VerifierErrors | None,
    counts: Counts,
    benchmarks: Sequence[str],
    prior: Prior,
    compare_priors: bool,
    floors: MeasuredFloors | None = None,
) -> MisclassificationRates | None:
    """Checked rates for the benchmarks of an analysis; refused where its prior takes verdicts for the truth."""
    if errors is None:
        return None
    if not prior.takes_errors or compare_priors:
        raise InputError(
            "Errors of the verifier are reckoned with under the prior 'nonparametric' alone. Use it, without others "
            "to compare it with."
        )
    return checked_misclassification_rates(
        errors, counts.select(benchmarks=[name for name in benchmarks if name != ALL] or None), floors
    )
