"""A plan for training as it is done: what narrows an interval most per token."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from boundary.analysis.formatting import budget, level_text, number, percentage
from boundary.analysis.runs.record import LEAST_WIDTH
from boundary.analysis.training_plan.levers import FURTHEST
from boundary.data.counts import ALL
from boundary.data.tables.writing import write_csv

TRAINING_PLAN_COLUMNS = (
    "more",
    "times",
    "n_runs",
    "n_checkpoints",
    "n_problems",
    "n_samples",
    "n_more",
    "tokens",
    "width",
    "width_error",
    "width_lower",
    "width_upper",
    "chance",
    "extrapolated",
)
NOW = "now"
TWICE = 2
Row = dict[Any, Any]
# A design that narrows the interval by less, in parts of it, is not worth its samples.
LEAST_NARROWING = 0.03
# Standard errors of a width within which it does not differ; an error from which tenths of a point say nothing.
N_ERRORS, COARSE = 2, 0.001


@dataclass(frozen=True)
class TrainingPlan:
    """What more runs, checkpoints, problems or samples would do to an interval, and what they cost.

    Parameters
    ----------
    of
        `runs`: the interval of a method's mean shrinkage; `checkpoints`: that of shrinkage at the last checkpoint.
    name
        Name of the method, or of the training run; empty where the run has none.
    benchmark, base, models
        What it is about; the models are the runs or the checkpoints.
    k, level
        Budget of the shrinkage, and probability within the interval.
    designs
        A row a design (`TRAINING_PLAN_COLUMNS`). `more`: what there is more of, `now` for today; `times`: how many
        times what is there; the numbers of runs, checkpoints, problems and samples (of a problem and model) then;
        `n_more` and `tokens`, further samples and tokens in all; `width`, the median width of the interval over
        simulated outcomes, with `width_error`, its standard error by their number, and `width_lower` and `width_upper`,
        between which 80 % of outcomes lie; `chance`, with which the interval is no wider than the `width` asked for
        (NaN where the width is an expected one, as of checkpoints and of today).
    width, chance, budget
        What was asked for: a width with a chance, or the best use of so many further samples.
    converged
        Whether the fits have converged.
    notes
        What the numbers rest on.
    """

    of: str
    name: str
    benchmark: str
    base: str
    models: tuple[str, ...]
    k: int
    level: float
    designs: pd.DataFrame
    width: float | None
    chance: float
    budget: int | None
    converged: bool
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> Row | None:
        """The design to take, or None where none narrows the interval much.

        Of those that reach the width the cheapest; of those within the number of samples the cheapest that is as narrow
        as any, but for the error of the simulation; else of those with twice the data the one that narrows the interval
        most per token (per sample where tokens are not known).
        None too where nothing more is needed.
        """
        now, cost = self._now, "tokens" if self.has_tokens else "n_more"
        if self.width is not None:
            enough = [] if self._is_enough(now) else [row for row in self._more if self._is_enough(row)]
            return min(enough, key=lambda row: row[cost], default=None)
        narrowest = min((1 - LEAST_NARROWING) * now["width"], now["width"] - LEAST_WIDTH)
        narrower = [row for row in self._more if row["width"] + N_ERRORS * row["width_error"] < narrowest]
        if self.budget is not None:
            within = [row for row in narrower if row["n_more"] <= self.budget]
            least = min((row["width"] + N_ERRORS * row["width_error"] for row in within), default=0.0)
            # More samples whose gain is within the error of the simulation are no gain.
            return min((row for row in within if row["width"] <= least), key=lambda row: row[cost], default=None)
        twice = [row for row in narrower if row["times"] == TWICE]
        return max(twice, key=lambda row: (now["width"] - row["width"]) / row[cost], default=None)

    @property
    def has_tokens(self) -> bool:
        """Whether tokens of all designs are known."""
        return bool(self.designs["tokens"].notna().all())

    @property
    def text(self) -> str:
        """The plan in a few sentences."""
        return " ".join([*self._sentences(), *self.notes])

    def write(self, path: str | Path) -> Path:
        """Write the table of designs, and return its path."""
        write_csv(self.designs, Path(path))
        return Path(path)

    @property
    def _now(self) -> Row:
        return self.designs.loc[self.designs["more"] == NOW].to_dict(orient="records")[0]

    @property
    def _more(self) -> list[Row]:
        return self.designs.loc[self.designs["more"] != NOW].to_dict(orient="records")

    def _sentences(self) -> Iterator[str]:
        now, best = self._now, self.best
        place = "all benchmarks together" if self.benchmark == ALL else self.benchmark
        yield (
            f"The {level_text(self.level)} interval of {self._quantity} at k = {budget(self.k)} on {place} "
            f"is about {_points(now['width'])} points wide now."
        )
        if self.width is not None:
            yield from self._width_sentences(now, best, self.width)
        elif best is None:
            within = f" within {self.budget:,} samples" if self.budget is not None else ""
            yield f"No design{within} narrows it by more than {100 * LEAST_NARROWING:.0f} %."
        elif self.budget is not None:
            spend = f"With {self.budget:,} more samples at most"
            yield f"{spend}, best is {design_words(best, now)}: {self._outcome(best)}."
        else:
            unit = "token" if self.has_tokens else "sample"
            yield f"Per {unit}, it is narrowed most by {design_words(best, now)}: {self._outcome(best)}."
        alternatives = self._alternatives(best) if best is not None and not self._is_enough(now) else []
        if alternatives:
            yield f"By comparison: {'; '.join(alternatives)}."
        if self.budget is not None:
            affordable = {row["more"] for row in self._more if row["n_more"] <= self.budget}
            unaffordable = [kind for kind in (self.of, "problems", "samples") if kind not in affordable]
            if affordable and unaffordable:
                yield f"More {' or '.join(unaffordable)} cost more than {self.budget:,} samples."

    def _width_sentences(self, now: Row, best: Row | None, width: float) -> Iterator[str]:
        """What reaches the width, and what does not by itself."""
        goal = f"For {_points(width)} points"
        if self.of == "runs":  # widths of checkpoints are expected ones, without a range of outcomes
            goal += f" with a chance of {percentage(self.chance)}"
        if self._is_enough(now):
            yield f"{goal} nothing more is needed."
            return
        if best is not None:
            yield f"{goal} the least costly is {design_words(best, now)}: {self._outcome(best)}."
        short = [kind for kind in dict.fromkeys(row["more"] for row in self._more) if not self._reaching(kind)]
        if short:
            start = f"{goal}: more" if best is None else "More"
            yield f"{start} {' or '.join(short)} alone do not reach it, up to {FURTHEST} times what is there."

    def _reaching(self, kind: str) -> list[Row]:
        return [row for row in self._more if row["more"] == kind and self._is_enough(row)]

    def _is_enough(self, row: Row) -> bool:
        """Whether a width was asked for and a design reaches it."""
        if self.width is None:
            return False
        has_outcomes = not pd.isna(row["chance"])
        return bool(row["chance"] >= self.chance if has_outcomes else row["width"] <= self.width)

    def _alternatives(self, best: Row) -> list[str]:
        """The other kinds of more data: what of each reaches the width, spends the samples, or is twice as much."""
        texts = []
        for kind in dict.fromkeys(row["more"] for row in self._more):
            rows = [row for row in self._more if row["more"] == kind]
            if self.width is not None:
                rows = sorted(self._reaching(kind), key=lambda row: row["n_more"])[:1]
            elif self.budget is not None:
                rows = [row for row in rows if row["n_more"] <= self.budget][-1:]
            else:
                rows = [row for row in rows if row["times"] == TWICE]
            if kind != best["more"]:
                texts += [f"{design_words(row, self._now)}, {self._outcome(row)}" for row in rows]
        return texts

    def _outcome(self, row: Row) -> str:
        middle, low, high = (width_text(row, name) for name in ("width", "width_lower", "width_upper"))
        width = f"{middle} points"
        if row["width_upper"] > row["width_lower"]:
            width += f" (80 % of outcomes from {low} to {high})"
        tokens: str = "" if pd.isna(row["tokens"]) else f", {amount(row['tokens'])} tokens"
        return f"{width} for {row['n_more']:,} samples{tokens}"

    @property
    def _quantity(self) -> str:
        if self.of == "runs":
            n = len(self.models)
            return f"the mean shrinkage of {self.name} ({n} run{'s' * (n > 1)})"
        return f"shrinkage at the last checkpoint{f' of {self.name}' if self.name else ''}"


def design_words(row: Row, now: Row) -> str:
    """A design in words.

    Examples
    --------
    >>> now = {"n_runs": 3, "n_problems": 30, "n_samples": 64}
    >>> design_words({"more": "runs", "n_runs": 6, "times": 2.0}, now)
    '3 more runs'
    >>> design_words({"more": "samples", "n_samples": 128, "times": 2.0}, now)
    '128 samples of each problem in place of 64'
    """
    kind = row["more"]
    if kind in ("runs", "checkpoints"):
        more = round(row[f"n_{kind}"] - now[f"n_{kind}"])
        return f"{more:,} more {kind if more > 1 else kind[:-1]}"
    unit = {"problems": "problems of the same kind", "samples": "samples of each problem"}[kind]
    return f"{row[f'n_{kind}']:,.0f} {unit} in place of {now[f'n_{kind}']:,.0f}"


def amount(value: float) -> str:
    """A large number in few digits.

    Examples
    --------
    >>> amount(53_000_000.0), amount(1_240.0)
    ('53 million', '1,240')
    """
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{value / size:.3g} {word}"
    return f"{value:,.0f}"


def width_text(row: Mapping[Any, Any], column: str = "width") -> str:
    """A width of a design in points, with as many digits as the error of the simulation leaves.

    Examples
    --------
    >>> width_text({"width": 0.2204, "width_error": 0.004}), width_text({"width": 0.2204, "width_error": 0.0})
    ('22', '22.0')
    """
    return number(row[column], 100, 0 if row["width_error"] > COARSE else 1)


def _points(width: float) -> str:
    return number(width, 100, 1)
