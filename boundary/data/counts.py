"""The counts table: how many samples of each model on each problem were judged correct."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Int

from boundary.data.runs.counts import count_runs
from boundary.data.runs.folder import is_run
from boundary.data.tables.named_columns import with_standard_names
from boundary.data.tables.reading import read_table
from boundary.data.tables.sample_rows import count_samples
from boundary.data.tables.writing import write_csv
from boundary.data.validation import KEY, CountNote, refuse_other_problems, validated
from boundary.errors import InputError, did_you_mean
from boundary.html_tables import html_table
from boundary.plain_text import plain

ALL = "all"
BASE_ROLE = "base"
# Names that a repr shows.
MOST_NAMES = 4


class CountArrays(NamedTuple):
    """Counts of some models on the same problems, as arrays; labels beside them."""

    n_correct: Int[np.ndarray, "problem model"]
    n_samples: Int[np.ndarray, "problem model"]
    problem_ids: list[str]
    models: tuple[str, ...]
    benchmark: str
    pairs: list[tuple[str, str]]
    """(benchmark, problem_id) of each problem: pooled benchmarks may have problems of one label."""


@dataclass(frozen=True, repr=False)
class Counts:
    """A validated counts table: one row per model, benchmark and problem. `boundary.load_counts` makes one.

    Parameters
    ----------
    table
        Columns model, benchmark, problem_id (text), n_samples, n_correct (whole numbers), then whatever else came
        along.
    source
        Where it came from, for messages and records.
    default_base
        The base model where a `role` column or a card names it.
    remarks
        What was done with some rows, such as those without a sample, and what a run folder leaves out of its counts.

    Notes
    -----
    The constructor does not validate; `from_frame`, `from_file` and `from_runs`, the parts of `load_counts`, do.

    Examples
    --------
    >>> import boundary as bd
    >>> counts = bd.load_counts("deepscaler-1.5b")
    >>> counts.default_base, "AIME24" in counts.benchmarks
    ('DeepSeek-R1-Distill-Qwen-1.5B', True)
    >>> counts.arrays(counts.models, "AIME24").n_correct.shape
    (30, 2)
    """

    table: pd.DataFrame
    source: str = "DataFrame"
    default_base: str | None = None
    remarks: tuple[CountNote, ...] = ()

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        source: str = "DataFrame",
        default_base: str | None = None,
        columns: Any = None,
    ) -> "Counts":
        """Validate a table; one with a row a sample (outcome in place of n_samples and n_correct) is counted first.

        Parameters
        ----------
        frame
            Columns model, problem_id, n_samples and n_correct, and any others; without a column benchmark all problems
            are of the benchmark `default`.
        source
            What messages call it.
        default_base
            The base model where the user names none.
        columns
            What its columns are, where they have other names: `problem_id=qid,n_correct=c`, or a mapping. Usual names
            are guessed, and `remarks` says which; with `models=NAME`, once for each, a column holds the correct samples
            of a model.

        Returns
        -------
        Counts
            The validated table.

        Raises
        ------
        InputError
            For a missing column or a row that cannot be a count, named by file, line and column.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"model": "m", "problem_id": ["a", "b"], "n_samples": 8, "n_correct": [0, 5]})
        >>> Counts.from_frame(frame).problems()
        [('default', 'a'), ('default', 'b')]
        """
        frame, guess = with_standard_names(frame, source, columns)
        table, remarks = validated(count_samples(frame, source), source)
        remarks = (*([CountNote(ALL, "", guess)] if guess else []), *remarks)
        return cls(table, source, default_base or _base_by_role(table), remarks)

    @classmethod
    def from_file(cls, path: str | Path, columns: Any = None) -> "Counts":
        """Read and validate a CSV, TSV (also .gz) or Parquet file, a run folder, or a folder with counts.csv.

        Parameters
        ----------
        path
            The file or folder.
        columns
            What its columns are, as `from_frame` takes it.

        Returns
        -------
        Counts
            The validated table.

        Raises
        ------
        InputError
            If it cannot be read, or is not a table of counts.
        """
        path = Path(path)
        if is_run(path):
            return cls.from_runs([path])
        frame = read_table(path)
        notes = [CountNote(ALL, "", frame.attrs["note"])] if "note" in frame.attrs else []
        counts = cls.from_frame(frame, str(path), columns=columns)
        return replace(counts, remarks=(*notes, *counts.remarks))

    @classmethod
    def from_runs(cls, folders: Sequence[Path], verifier: str | None = None) -> "Counts":
        """Count the samples of run folders; those of one model and benchmark are pooled if only their seeds differ.

        Parameters
        ----------
        folders
            Run folders, as `boundary sample` writes them.
        verifier
            Whose verdicts count; by default what each manifest says.

        Returns
        -------
        Counts
            The validated table; `remarks` says what the folders leave out of it.

        Raises
        ------
        InputError
            If samples are not judged, or the folders cannot be pooled.
        """
        table, notes = count_runs(folders, verifier)
        counts = cls.from_frame(table, ", ".join(map(str, folders)))
        return replace(counts, remarks=(*notes, *counts.remarks))

    def __repr__(self) -> str:
        """Where the counts came from, and how much there is; `table` has the rows."""
        base = f"\nbase: {plain(self.default_base)}" if self.default_base else ""
        return f"{self._title}\nmodels: {_few(self.models)}\nbenchmarks: {_few(self.benchmarks)}{base}"

    def _repr_html_(self) -> str:
        """Problems, samples and correct samples of each model and benchmark, for a notebook."""
        groups = self.table.groupby(["benchmark", "model"], sort=False)[["n_samples", "n_correct"]]
        rows = []
        for (benchmark, model), group in groups:
            n, correct = group["n_samples"], group["n_correct"].sum()
            ends = f"{n.min():,}" if n.min() == n.max() else f"{n.min():,} to {n.max():,}"
            share = f"{100 * correct / n.sum():.1f}" if n.sum() else ""
            rows.append((str(benchmark), str(model), f"{len(group):,}", ends, share))
        headings = ("benchmark", "model", "problems", "samples of a problem", "correct samples, %")
        return html_table(self._title, headings, rows)

    @property
    def _title(self) -> str:
        return f"Counts from {plain(self.source)}: {len(self.table):,} rows (one a model, benchmark and problem)"

    @property
    def models(self) -> tuple[str, ...]:
        """Model names, in the order of the table."""
        return tuple(self.table["model"].unique())

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Benchmark names, in the order of the table."""
        return tuple(self.table["benchmark"].unique())

    def select(self, models: Sequence[str] | None = None, benchmarks: Sequence[str] | None = None) -> "Counts":
        """Keep the rows of some models and benchmarks.

        Parameters
        ----------
        models, benchmarks
            Names to keep; None for all.

        Returns
        -------
        Counts
            The rows, in their order.

        Raises
        ------
        InputError
            For a name that the table does not hold; the message lists those it does.

        Examples
        --------
        >>> import boundary as bd
        >>> bd.load_counts("deepscaler-1.5b").select(benchmarks=["AIME24"]).benchmarks
        ('AIME24',)
        """
        keep = np.ones(len(self.table), dtype=bool)
        for column, names in (("model", models), ("benchmark", benchmarks)):
            if names is not None:
                self._refuse_unknown(column, names)
                keep &= self.table[column].isin(list(names)).to_numpy()
        default = self.default_base if models is None or self.default_base in models else None
        remarks = tuple(
            remark
            for remark in self.remarks
            if (models is None or not remark.model or remark.model in models)
            and (benchmarks is None or remark.benchmark in (ALL, *benchmarks))
        )
        return Counts(self.table.loc[keep].reset_index(drop=True), self.source, default, remarks)

    def problems(self, benchmark: str = ALL) -> list[tuple[str, str]]:
        """Sorted distinct (benchmark, problem_id) pairs of a benchmark, or of all."""
        rows = self._of(benchmark)[["benchmark", "problem_id"]].drop_duplicates()
        return sorted(rows.itertuples(index=False, name=None))

    def problem_set_hash(self, benchmark: str | None = None) -> str:
        """Fingerprint of the problem set: two tables with the same hash speak of the same problems."""
        text = "\n".join(f"{name}\t{problem}" for name, problem in self.problems(benchmark or ALL))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def arrays(self, models: Sequence[str], benchmark: str = ALL, common_only: bool = False) -> CountArrays:
        """Aligned counts of some models on the problems of a benchmark.

        Parameters
        ----------
        models
            Columns of the result.
        benchmark
            A benchmark, or `all` to pool every one's problems.
        common_only
            Go on with the problems that every model has, where they differ.

        Returns
        -------
        CountArrays
            n_correct and n_samples of shape (problem, model), with their labels.

        Raises
        ------
        InputError
            For an unknown name, or where the models' problems differ and `common_only` is not set.
        """
        self._refuse_unknown("model", models)
        rows = self._of(benchmark)
        rows = rows.loc[rows["model"].isin(list(models))]
        correct, samples = (
            rows.pivot(index=["benchmark", "problem_id"], columns="model", values=name).reindex(columns=list(models))
            for name in ("n_correct", "n_samples")
        )
        missing = samples.isna()
        if missing.to_numpy().any() and not common_only:
            raise InputError(self._differences(missing, benchmark))
        common = np.asarray(~missing.to_numpy().any(axis=1))
        if not common.any():
            raise InputError(f"{self.source}: {' and '.join(models)} have no problem in common on '{benchmark}'.")
        index = samples.index[common]
        is_pooled = index.get_level_values("benchmark").nunique() > 1
        ids = [f"{name}/{problem}" if is_pooled else str(problem) for name, problem in index]
        counts, sizes = (table.to_numpy()[common].astype(np.int64) for table in (correct, samples))
        pairs = [(str(name), str(problem)) for name, problem in index]
        return CountArrays(counts, sizes, ids, tuple(models), benchmark, pairs)

    def to_csv(self, path: str | Path) -> None:
        """Write the table; reading it again gives the same counts."""
        write_csv(self.table, Path(path))

    def _of(self, benchmark: str) -> pd.DataFrame:
        if benchmark == ALL:
            return self.table
        self._refuse_unknown("benchmark", [benchmark])
        return self.table.loc[self.table["benchmark"] == benchmark]

    def _refuse_unknown(self, column: str, names: Sequence[str]) -> None:
        have = list(self.table[column].unique())
        for name in names:
            if name not in have:
                hint = did_you_mean(name, have)
                raise InputError(f"{self.source}: no {column} '{name}'.{hint} It has: {', '.join(have)}.")

    def _differences(self, missing: pd.DataFrame, benchmark: str) -> str:
        parts = []
        for model in missing.columns:
            absent = missing.index[missing[model]]
            if len(absent):
                few = [f"{name}/{problem}" for name, problem in absent[:3]] + ["..."] * (len(absent) > 3)
                parts.append(f"{model} lacks {len(absent)} of {len(missing)} problems ({', '.join(few)})")
        return (
            f"{self.source}: the models were not sampled on the same problems of '{benchmark}': {'; '.join(parts)}.\n"
            "To go on with the common ones only, say --common-problems (common_problems=True from Python)."
        )


def _few(names: Sequence[str]) -> str:
    """The first names and how many more there are."""
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(plain(name) for name in names[:MOST_NAMES]) + more


def concatenated(parts: Sequence[Counts]) -> Counts:
    """Several tables as one; a row that two of them hold is refused."""
    if len(parts) == 1:
        return parts[0]
    source = " + ".join(part.source for part in parts)
    bases = {part.default_base for part in parts if part.default_base is not None}
    frame = pd.concat([part.table for part in parts], ignore_index=True)
    doubled = frame.duplicated(list(KEY))
    if doubled.any():
        row = frame.loc[doubled].iloc[0]
        raise InputError(
            f"{source}: both hold {row['model']} on {row['benchmark']}, problem {row['problem_id']}. "
            "Leave one out, or give the model another name in one of them."
        )
    refuse_other_problems(frame)
    table, remarks = validated(frame, source)
    remarks = (*(remark for part in parts for remark in part.remarks), *remarks)
    return Counts(table, source, bases.pop() if len(bases) == 1 else None, remarks)


def _base_by_role(table: pd.DataFrame) -> str | None:
    if "role" not in table.columns:
        return None
    names = table.loc[table["role"].astype(str) == BASE_ROLE, "model"].unique()
    return str(names[0]) if len(names) == 1 else None
