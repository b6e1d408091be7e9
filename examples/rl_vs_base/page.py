"""Write docs/own-set-scored.md and its figure from the outputs: `python page.py REPORT`.

The folder is that of `boundary analyze smollm2-arithmetic-scored -o REPORT`. The exact solve rates are in
truth-scored.csv, those of the first run in truth.csv, the rewards of the training in training.csv. Every number of the
page comes from these files; a sentence of scores.md.jinja that no longer holds stops the script.
"""

import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from scipy.stats import binom, kstest
from steps import BASE, MODELS
from witness import (
    TRAINED,
    agreement_table,
    agreement_with_truth,
    box_table,
    breadth_table,
    cost_table,
    exact_gain,
    gain_table,
    importance_table,
    luck_table,
    lucky_problems,
    markdown,
    pooled_rows,
    superiority_table,
    with_interval,
)

import boundary as bd
from boundary.analysis.formatting import interval, number
from boundary.data.sample_tables import load_scores

FOLDER = Path(__file__).parent
REPOSITORY = FOLDER.parents[1]
PAGE = REPOSITORY / "docs" / "own-set-scored.md"
SET = "smollm2-arithmetic-scored"
FARTHEST = 200_000  # to where the exact curves are followed for a crossing


@dataclass(frozen=True)
class Report:
    """The tables of a report folder.

    Parameters
    ----------
    folder
        Where `boundary analyze` wrote.
    """

    folder: Path

    @cached_property
    def summary(self) -> dict[str, Any]:
        """summary.json."""
        content: dict[str, Any] = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        return content

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """The posterior's rows of estimates.csv."""
        return pd.read_csv(self.folder / "estimates.csv").query("kind == 'posterior'")

    def table(self, name: str) -> pd.DataFrame:
        """Any other table of the folder."""
        return pd.read_csv(self.folder / name, dtype={"problem_id": str})

    def row(self, estimand: str, model: str, k: float | None = None, benchmark: str = "all") -> dict[str, Any]:
        """An estimate; of the base's several fits that of the first."""
        rows = self.estimates
        rows = rows[(rows["benchmark"] == benchmark) & (rows["estimand"] == estimand) & (rows["model"] == model)]
        rows = rows if k is None else rows[rows["k"] == k]
        if rows.empty:
            raise LookupError(f"{self.folder} has no {estimand} of {model} on {benchmark} at k = {k}.")
        return {str(name): value for name, value in rows.iloc[0].items()}

    def text(self, estimand: str, model: str, k: float | None = None, benchmark: str = "all") -> str:
        """An estimate with its interval, in per cent or points where it is a share."""
        scale, digits = (1, 1) if estimand in ("lost", "gained") else (1, 0) if estimand == "crossover" else (100, 1)
        row = self.row(estimand, model, k, benchmark)
        middle = row[
            "median" if estimand == "crossover" else "mean"
        ]  # a mean over draws without a crossing is infinite
        text = f"{number(middle, scale, digits)} {interval(row, scale, digits)}"
        return text.replace("none", f"beyond {self.summary['settings']['max_k']}")

    def value(self, estimand: str, model: str, k: float | None = None, benchmark: str = "all") -> float:
        """An estimate's mean."""
        return float(self.row(estimand, model, k, benchmark)["mean"])

    def sentences(self, benchmark: str = "all") -> list[str]:
        """The verdicts on a benchmark, in sentences."""
        return [verdict["text"] for verdict in self.summary["verdicts"] if verdict["benchmark"] == benchmark]

    @property
    def diagnostics(self) -> pd.DataFrame:
        """One row a fit."""
        return pd.DataFrame(self.summary["diagnostics"])


@dataclass(frozen=True)
class Truth:
    """The exact solve rates.

    Parameters
    ----------
    rates
        Columns model, benchmark, problem_id, p.
    """

    rates: pd.DataFrame

    def p(self, model: str, benchmark: str = "all") -> np.ndarray:
        """Solve rates of a model."""
        rows = self.rates[self.rates["model"] == model]
        return rows.loc[(benchmark == "all") | (rows["benchmark"] == benchmark), "p"].to_numpy()

    def pass_at_k(self, model: str, k: float, benchmark: str = "all") -> float:
        """Exact pass@k."""
        return covered(self.p(model, benchmark), k)

    def shrinkage(self, model: str, k: float, benchmark: str = "all") -> float:
        """Exact shrinkage: pass@k of the base less that of the model."""
        return self.pass_at_k(BASE, k, benchmark) - self.pass_at_k(model, k, benchmark)

    def caught_up(self, model: str) -> int | None:
        """Smallest k from which on the base is not behind; None where there is none up to FARTHEST."""
        base, p = self.p(BASE), self.p(model)
        low, high = 1, FARTHEST
        if covered(base, high) < covered(p, high):
            return None
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if covered(base, middle) >= covered(p, middle) else (middle + 1, high)
        return low

    def agreement(self, counts: pd.DataFrame) -> tuple[float, float, float]:
        """P-value of uniform randomised ranks, and the least and largest standard errors by which totals are off."""
        rows = self.rates.merge(counts, on=["model", "benchmark", "problem_id"], validate="1:1")
        c, n, p = rows["n_correct"], rows["n_samples"], rows["p"]
        ranks = binom.cdf(c - 1, n, p) + np.random.default_rng(0).random(len(rows)) * binom.pmf(c, n, p)
        sums = rows.assign(more=c - n * p, variance=n * p * (1 - p)).groupby("model")[["more", "variance"]].sum()
        errors = sums["more"] / np.sqrt(sums["variance"])
        return float(kstest(ranks, "uniform").pvalue), float(errors.min()), float(errors.max())


def covered(p: np.ndarray, k: float) -> float:
    """Mean of 1 - (1 - p)^k."""
    return float(-np.expm1(k * np.log1p(-np.minimum(p, 1 - 1e-12))).mean())


def pass_table(report: Report, truth: Truth) -> str:
    """pass@k of all models over all problems, the exact value after each."""
    n, largest = 256, 2048
    rows = []
    for k in (1, 16, n, largest):
        cells = [f"{report.text('pass_at_k', name, k)} *{number(truth.pass_at_k(name, k), 100, 1)}*" for name in MODELS]
        rows.append([f"pass@{k}" + " (extrapolated)" * (k > n), *cells])
    return markdown(["", "base", *TRAINED], rows)


def intervals_that_hold(report: Report, truth: Truth) -> str:
    """How many of the intervals of `pass_table` hold the exact value, and which do not."""
    cells = [(name, k) for k in (1, 16, 256, 2048) for name in MODELS]
    rows = {cell: report.row("pass_at_k", *cell) for cell in cells}
    missed = [
        f"pass@{k} of {'the base' if name == BASE else name}"
        for (name, k), row in rows.items()
        if not row["lower"] <= truth.pass_at_k(name, k) <= row["upper"]
    ]
    return f"{len(cells) - len(missed)} of {len(cells)} intervals hold it" + f"; not {', '.join(missed)}" * bool(missed)


def crossing_table(report: Report, truth: Truth) -> str:
    """Where the base catches up: estimates, and what the exact rates say."""
    rows = []
    for name in TRAINED:
        exact = truth.caught_up(name)
        rows.append(
            [name, report.text("crossover", name), f"not up to {FARTHEST:,}" if exact is None else f"{exact:,}"]
        )
    return markdown(["", "k at which the base catches up", "by the exact rates"], rows)


def runs_table(first: Truth, second: Truth) -> str:
    """Exact pass@1 and pass@256 of the models that both training runs have."""
    shared = [name for name in MODELS if (first.rates["model"] == name).any()]
    rows = [
        [f"pass@{k}, {words} run", *(number(truth.pass_at_k(name, k), 100, 1) for name in shared)]
        for k in (1, 256)
        for words, truth in (("first", first), ("second", second))
    ]
    return markdown(["", "base", *shared[1:]], rows)


def rewards(training: pd.DataFrame, steps: int = 20) -> tuple[float, float]:
    """Mean reward of the first and of the last steps of GRPO."""
    in_order = training.sort_values("step")["reward"]
    return float(in_order.head(steps).mean()), float(in_order.tail(steps).mean())


def require(condition: bool, fact: str) -> str:
    """Nothing, if what the next sentence says is so.

    Raises
    ------
    ValueError
        If it is not: the sentence is to be written anew.
    """
    if not condition:
        raise ValueError(f"scores.md.jinja says that {fact}, which is no longer so. Write that sentence anew.")
    return ""


def page(report: Report) -> str:
    """The whole page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    functions = (
        agreement_table,
        agreement_with_truth,
        box_table,
        breadth_table,
        cost_table,
        crossing_table,
        exact_gain,
        gain_table,
        importance_table,
        intervals_that_hold,
        luck_table,
        lucky_problems,
        number,
        pass_table,
        pooled_rows,
        require,
        runs_table,
        superiority_table,
        with_interval,
    )
    environment.globals.update({function.__name__: function for function in functions})
    first, truth = (
        Truth(pd.read_csv(FOLDER / name, dtype={"problem_id": str})) for name in ("truth.csv", "truth-scored.csv")
    )
    return environment.get_template("scores.md.jinja").render(
        report=report,
        first_run=first,
        truth=truth,
        agreement=truth.agreement(bd.load_counts(SET).table),
        rewards=rewards(pd.read_csv(FOLDER / "training.csv")),
        scores=load_scores(SET),
        BASE=BASE,
    )


def figure(report: Report) -> str:
    """The report's figure of pass@k, on white."""
    svg = (report.folder / "figures" / "all-pass_at_k.svg").read_text(encoding="utf-8")
    return svg.replace("<svg ", "<svg style='background:#fff' ", 1)


if __name__ == "__main__":
    own = Report(Path(sys.argv[1]))
    PAGE.write_text(page(own), encoding="utf-8")
    PAGE.with_suffix(".svg").write_text(figure(own), encoding="utf-8")
