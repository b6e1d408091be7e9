"""Tables of docs/own-set.md on likelihood, cost and breadth, and the second witness against the exact solve rates.

The first witness counts right samples; the second asks how likely the right samples of a trained model are under the
base. Here the exact probability that the base is right is known (truth.csv), so that both can be checked.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from steps import BASE, MODELS

from boundary.analysis.formatting import interval, number

TRAINED = MODELS[1:]
POOLED = "all"
WITHIN_REACH = 256  # samples of the base that are likelier than not to solve a problem within its reach


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = (
        "".join(f"| {cell} ".replace("  ", " ") for cell in cells) + "|"
        for cells in (header, ["---"] * len(header), *rows)
    )
    return "\n".join(lines)


def with_interval(rows: pd.DataFrame, scale: float = 1.0, digits: int = 2) -> str:
    """The first row's mean with its interval; nothing without rows."""
    if rows.empty:
        return ""
    row = {str(name): value for name, value in rows.iloc[0].items()}
    return f"{number(row['mean'], scale, digits)} {interval(row, scale, digits)}".strip()


def pooled_rows(table: pd.DataFrame, **labels: object) -> pd.DataFrame:
    """Rows with these labels, on all benchmarks together and for these problems."""
    rows = table[table["benchmark"] == POOLED]
    rows = rows[rows["target"].fillna("benchmark") == "benchmark"] if "target" in rows else rows
    for name, label in labels.items():
        rows = rows[rows[name].fillna("") == label] if label is not None else rows
    return rows


def box_table(likelihood: pd.DataFrame) -> str:
    """Perplexity of each model's responses under the base and under itself, and of the reference answers."""
    rows = []
    for model in MODELS:
        boxes = [*((BASE, outcome) for outcome in ("all", "right", "wrong")), (model, "all")]
        cells = [
            with_interval(
                pooled_rows(
                    likelihood,
                    estimand="perplexity",
                    scorer=scorer,
                    model=model,
                    outcome=outcome,
                    scored_as="untempered",
                )
            )
            for scorer, outcome in boxes
        ]
        rows.append([model, *cells])
    reference = pooled_rows(likelihood, estimand="perplexity", scorer=BASE, outcome="reference")
    rows.append(["reference answers", with_interval(reference), "", "", ""])
    return markdown(["responses of", "under the base", "right ones", "wrong ones", "under itself"], rows)


def superiority_table(likelihood: pd.DataFrame) -> str:
    """Probability that a response of a trained model is likelier under the base than one of the base, and bits."""
    rows = []
    for model in TRAINED:
        labels = {"scorer": BASE, "model": model, "reference": BASE}
        cells = [
            with_interval(pooled_rows(likelihood, estimand=estimand, outcome=outcome, **labels), digits=digits)
            for estimand, outcome, digits in (
                ("superiority", "all", 3),
                ("superiority", "right", 3),
                ("bits_difference", "all", 2),
                ("bits_difference", "right", 2),
            )
        ]
        divergence = pooled_rows(likelihood, estimand="divergence", model=model, outcome="all")
        rows.append([model, *cells, with_interval(divergence)])
    header = ["", "P(likelier under the base)", "right ones alone", "bits more under the base", "right ones alone"]
    return markdown([*header, "divergence from the base, nats"], rows)


def gain_table(likelihood: pd.DataFrame, rates: pd.DataFrame) -> str:
    """The gain in pass@1 by what counts and scores say of the base's reach, and by the exact rates, in points."""
    parts = (
        ("amplified_by_both", "within reach by both"),
        ("amplified_by_counts", "within reach by counts, open by scores"),
        ("within_reach_by_scores", "within reach by scores alone"),
        ("discovered_by_counts", "out of reach by counts, open by scores"),
    )
    rows = []
    for model in TRAINED:
        cells = [with_interval(pooled_rows(likelihood, estimand=name, model=model), 100, 1) for name, _ in parts]
        exact = exact_gain(rates, model)
        rows.append([model, *cells, number(exact.amplified, 100, 1), number(exact.discovered, 100, 1)])
    return markdown(["", *(words for _, words in parts), "exact: within reach", "exact: out of reach"], rows)


class ExactGain(NamedTuple):
    """The exact gain in pass@1 of a model, on problems within reach of the base and on others.

    Parameters
    ----------
    amplified, discovered
        Means over all problems; they sum to the gain.
    share_within
        Share of the model's right samples that are on problems within reach.
    """

    amplified: float
    discovered: float
    share_within: float


def exact_gain(rates: pd.DataFrame, model: str) -> ExactGain:
    """Split the exact gain: within reach is what WITHIN_REACH samples of the base solve with probability 1/2."""
    table = rates.pivot(index=["benchmark", "problem_id"], columns="model", values="p")
    within = table[BASE] >= -np.expm1(-np.log(2) / WITHIN_REACH)
    gain = table[model] - table[BASE]
    share = table.loc[within, model].sum() / table[model].sum()
    return ExactGain(float(gain.where(within, 0).mean()), float(gain.where(~within, 0).mean()), float(share))


class Agreement(NamedTuple):
    """What the second witness says of the base's solve rates, against the exact ones.

    Parameters
    ----------
    problems
        With a scored right response.
    certain, expected
        On how many the certain bound, and the lower end of the expected one, are below the exact rate.
    estimated, held
        On how many there is an estimate by importance sampling, and on how many of these its interval holds the rate.
    counts_held
        On how many of all the interval by counts does.
    error, counts_error
        Median ratio by which the estimate, and that by counts, is off on problems with an estimate.
    higher, lower
        Problems on which the two disagree: the scores higher, and lower, than the counts.
    rightly
        On how many of these the exact rate is on the side of the scores.
    """

    problems: int
    certain: int
    expected: int
    estimated: int
    held: int
    counts_held: int
    error: float
    counts_error: float
    higher: int
    lower: int
    rightly: int


def agreement_with_truth(reach: pd.DataFrame, rates: pd.DataFrame, model: str) -> Agreement:
    """Compare reach_by_scores.csv of a model, on all problems, with the exact rates of the base."""
    own = reach[reach["model"] == model].drop_duplicates(["benchmark", "problem_id"])
    base = rates.loc[rates["model"] == BASE, ["benchmark", "problem_id", "p"]]
    rows = own.merge(base, on=["benchmark", "problem_id"], validate="1:1")
    p, estimated = rows["p"], rows["estimate_mean"].notna()
    held = (rows["estimate_lower"] <= p) & (p <= rows["estimate_upper"])
    disagreement = rows["disagreement"].fillna("")
    higher, lower = disagreement == "scores higher", disagreement == "scores lower"

    def median_ratio(estimates: "pd.Series[float]") -> float:
        return float(np.exp(np.abs(np.log(estimates[estimated] / p[estimated])).median()))

    return Agreement(
        problems=len(rows),
        certain=int((rows["certain_bound"] <= p + 1e-3).sum()),
        expected=int((rows["bound_lower"] <= p).sum()),
        estimated=int(estimated.sum()),
        held=int(held.sum()),
        counts_held=int(((rows["counts_lower"] <= p) & (p <= rows["counts_upper"])).sum()),
        error=median_ratio(rows["estimate_mean"]),
        counts_error=median_ratio(rows["counts_mean"]),
        higher=int(higher.sum()),
        lower=int(lower.sum()),
        rightly=int(((higher & (p > rows["counts_mean"])) | (lower & (p < rows["counts_mean"]))).sum()),
    )


def agreement_table(reach: pd.DataFrame, rates: pd.DataFrame) -> str:
    """The second witness against the exact rates, a row a model."""
    rows = []
    for model in TRAINED:
        a = agreement_with_truth(reach, rates, model)
        rows.append(
            [
                model,
                f"{a.certain} of {a.problems}",
                f"{a.expected} of {a.problems}",
                f"{a.held} of {a.estimated}",
                f"{a.counts_held} of {a.problems}",
                f"{number(a.error, 1, 2)} ({number(a.counts_error, 1, 2)})",
                f"{a.higher + a.lower}, {a.rightly}",
            ]
        )
    header = ["responses of", "certain bound below", "lower end of expected bound below", "lower end of estimate holds"]
    more = ["interval by counts holds", "median ratio off, in brackets by counts", "disagree, truth with the scores"]
    return markdown([*header, *more], rows)


def importance_table(scores: pd.DataFrame, rates: pd.DataFrame, fewest: int = 100) -> str:
    """The base's solve rate as the mean ratio of probabilities over a model's right samples, against the exact rate.

    Parameters
    ----------
    scores
        scores.parquet of the shipped set.
    rates
        Exact rates.
    fewest
        Right samples of 256 that a problem needs to be counted here.
    """
    key = ["model", "benchmark", "problem_id", "sample_index"]
    under = {
        name: scores[scores["scorer"] == (BASE if name == "base" else scores["model"])].set_index(key)
        for name in ("base", "itself")
    }
    log_ratio = under["base"]["sum_logp"] - under["itself"]["sum_logp"]
    ratios = np.exp(log_ratio.astype(float)).where(under["base"]["outcome"] == "correct", 0.0).rename("ratio")
    groups = ratios.dropna().groupby(level=key[:3])
    table = pd.DataFrame({"estimate": groups.mean(), "error": groups.sem(), "right": groups.agg(np.count_nonzero)})
    base = rates[rates["model"] == BASE].set_index(["benchmark", "problem_id"])["p"]
    table = table[table["right"] >= fewest].join(base, on=["benchmark", "problem_id"])
    within = (table["estimate"] - table["p"]).abs() <= 2 * table["error"]
    off = np.exp(np.abs(np.log(table["estimate"] / table["p"])))
    rows = []
    for model in TRAINED:
        own = table.index.get_level_values("model") == model
        rows.append([model, f"{int(within[own].sum())} of {int(own.sum())}", number(float(off[own].median()), 1, 2)])
    return markdown(["samples of", "exact rate within two standard errors", "median ratio off"], rows)


def breadth_table(breadth: pd.DataFrame, k: int = 256) -> str:
    """Different wrong answers within k samples, entropy, agreement and majority votes of each model."""
    quantities = (
        ("distinct_wrong", k, 1, 1),
        ("answer_entropy", None, 1, 2),
        ("agreement", None, 100, 1),
        ("majority_vote", 64, 100, 1),
    )
    rows = []
    for model in MODELS:
        cells = [model]
        for estimand, at, scale, digits in quantities:
            own = pooled_rows(breadth, estimand=estimand, model=model, reference="")
            own = own if at is None else own[own["k"] == at]
            cells.append(with_interval(own, scale, digits))
        rows.append(cells)
    header = [f"different wrong answers in {k}", "answer entropy, nats", "agreement, %", "majority of 64 right, %"]
    return markdown(["", *header], rows)


def lucky_problems(floors: pd.DataFrame, model: str) -> float:
    """Expected number of problems with a right sample by luck."""
    return float(floors.loc[floors["model"] == model, "lucky"].sum())


def luck_table(floors: pd.DataFrame) -> str:
    """Measured guess floors: their mean over problems, and on how many problems a guess among the samples is right."""
    rows = []
    for model in MODELS:
        own = floors[floors["model"] == model]
        rows.append(
            [model, number(own["mean"].mean(), 100, 2), number(lucky_problems(floors, model), 1, 1), str(len(own))]
        )
    return markdown(["", "guess floor, %", "problems expected to have a lucky right sample", "of"], rows)


def cost_table(cost: pd.DataFrame) -> str:
    """Tokens of an attempt, and where the base overtakes each model at equal tokens."""
    rows = []
    for model in MODELS:
        attempt = pooled_rows(cost, estimand="attempt_cost", model=model, unit="tokens", kind="posterior")
        crossing = pooled_rows(cost, estimand="crossover_cost", model=model, unit="tokens", kind="posterior")
        crossing = crossing.assign(mean=crossing["median"])  # infinite with a draw that does not cross
        last = pooled_rows(cost, estimand="no_crossover_cost", model=model, unit="tokens")["cost"]
        text = with_interval(crossing, digits=0)
        text = text.replace("none", f"beyond {number(last.iloc[0], 1, 0)}") if len(last) else text
        rows.append([model, with_interval(attempt, digits=3), text])
    return markdown(["", "tokens of an attempt", "tokens a problem at which the base catches up"], rows)
