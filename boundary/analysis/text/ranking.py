"""Sentences on several models: which is best, how many pairs are told apart, and how many of these may be wrong."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from boundary.analysis.estimates.decisions import OPEN, SURE, decisions_of_pairs
from boundary.analysis.estimates.ranking import Multiplicity, multiplicity, panel_rows
from boundary.analysis.estimates.table import POSTERIOR, select
from boundary.analysis.formatting import (
    Shorten,
    by_over,
    likeliest,
    listed,
    number,
    percentage,
    probability_text,
    short_name,
)
from boundary.analysis.text.verdict import Verdict
from boundary.data.counts import ALL
from boundary.stats.estimands.crossing import LIKELY
from boundary.stats.intervals import MARGIN


def ranking_verdict(
    estimates: pd.DataFrame,
    benchmark: str,
    n: int,
    margin: float = MARGIN,
    warnings: Sequence[str] = (),
    solved: Mapping[str, int] | None = None,
    *,
    shorten: Shorten = short_name,
) -> Verdict | None:
    """Say which model is best at k = 1 and at n, how surely, and how many pairs are told apart.

    Parameters
    ----------
    warnings
        Sentences to stand behind.
    solved
        Correct samples of each model.
    """
    rows = select(estimates, kind=POSTERIOR, benchmark=benchmark)
    best = select(rows, estimand="best")
    if best.empty:
        return None
    budgets = [k for k in dict.fromkeys((1.0, float(n))) if (best["k"] == k).any()] or [float(best["k"].min())]
    names = list(dict.fromkeys(best["model"]))
    leader = str(select(best, k=budgets[0]).sort_values("mean", kind="stable")["model"].iloc[-1])
    details = []
    if solved and not any(solved.get(name, 1) for name in names):
        sentence = f"None of the {len(names)} models solved any problem."
    else:
        of_all = "better" if len(names) == 2 else "best"
        sentence = f"Of {len(names)} models, {' and '.join(_best_clauses(rows, budgets, of_all, shorten))}."
        details = [f"{_best_at(rows, k, of_all, shorten)}." for k in budgets]
        counts = multiplicity(rows, budgets[0])
        details += [] if counts is None else [multiplicity_text(counts, budgets[0], margin)]
    return Verdict(
        benchmark,
        leader,
        None,
        " ".join([sentence, *details, *warnings]),
        cautions=tuple(warnings),
        sentence=sentence,
        subject="ranking",
        n=n,
        leads_at=budgets[0],
    )


def _best_clauses(rows: pd.DataFrame, budgets: Sequence[float], of_all: str, shorten: Shorten) -> list[str]:
    """Which model is best at each budget, and how sure that is; budgets of one leader share a clause.

    `of_all` is what the leader is called: `best`, or of two models `better`.
    """
    clauses: dict[str, dict[str, list[str]]] = {}
    for k in budgets:
        of_models = select(rows, estimand="best", k=k)
        best = of_models.sort_values("mean", kind="stable").iloc[-1]
        leaders = likeliest([shorten(str(model)) for model in of_models["model"]], of_models["mean"].tolist())
        probability, name = float(best["mean"]), shorten(str(best["model"]))
        mark = ", extrapolated" if bool(best["extrapolated"]) else ""
        if probability >= SURE:
            start, end = f"{name} is the {of_all}", f"{percentage(probability)} sure{mark}"
        elif len(leaders) > 1:
            start, end = "none stands out", f"{listed(leaders)} are about equally likely to be the {of_all}{mark}"
        elif probability >= LIKELY:
            start, end = f"{name} is probably the {of_all}", f"{percentage(probability)}{mark}"
        else:
            start, end = "none stands out", f"{name} is likeliest to be the {of_all}, {percentage(probability)}{mark}"
        clauses.setdefault(start, {}).setdefault(end, []).append(f"k = {k:.0f}")
    sentences = []
    for start, places in clauses.items():
        parts = [f"at {' and '.join(budgets_of_end)} ({end})" for end, budgets_of_end in places.items()]
        sentences.append(f"{start} {' and '.join(parts)}")
    return sentences


def multiplicity_text(counts: Multiplicity, k: float, margin: float) -> str:
    """Write how many pairs of models are told apart at a budget, and how many of these may be wrong."""
    verbs = {True: "differs", False: "differ"}
    text = (
        f"{counts.different:,} of {counts.pairs:,} pair{'s' * (counts.pairs != 1)} "
        f"{verbs[1 in (counts.different, counts.pairs)]}{by_over(margin)} at k = {k:.0f}"
    )
    if counts.equivalent and margin:
        text += f", and {counts.equivalent:,} {verbs[counts.equivalent == 1]} by no more than that"
    elif counts.equivalent:
        text += f", and {counts.equivalent:,} {'is' if counts.equivalent == 1 else 'are'} the same"
    if not counts.different + counts.equivalent:
        return f"{text} with probability {SURE:.2f} or more."
    return (
        f"{text} (each by itself with probability {SURE:.2f} or more; {_expected_number(counts.expected_wrong, 1)} of "
        "these are expected to be wrong)."
    )


def _expected_number(value: float, digits: int) -> str:
    """Write an expected number; a small one is not rounded to 0."""
    least = 10.0**-digits
    return f"under {least:.{digits}f}" if value < least / 2 else number(value, 1, digits)


def _best_at(rows: pd.DataFrame, k: float, of_all: str, shorten: Shorten) -> str:
    best = select(rows, estimand="best", k=k).sort_values("mean", kind="stable").iloc[-1]
    curve = select(rows, estimand="pass_at_k", k=k, model=best["model"]).iloc[0]
    share, lower, upper = (number(curve[name], 100, 1) for name in ("mean", "lower", "upper"))
    mark = ", extrapolated" if bool(best["extrapolated"]) else ""
    name = shorten(str(best["model"]))
    return (
        f"{name} solves {share} % [{lower}, {upper}] of the problems with k = {k:.0f}{mark}, and is the {of_all} there "
        f"with probability {probability_text(best['mean'])}"
    )


def panel_sentences(estimates: pd.DataFrame) -> Iterator[str]:
    """Sentences on multiplicity where several panels are compared."""
    panels = panel_rows(estimates)
    at_n = panels.set_index(["benchmark", "model"])["k"]
    posterior = select(estimates, kind=POSTERIOR)
    verdicts = [
        decision
        for benchmark, model, at_budgets in decisions_of_pairs(posterior.loc[posterior["benchmark"] != ALL])
        for decision in at_budgets
        if at_n.get((benchmark, model)) == decision.k
    ]
    if len(verdicts) < 2:
        return
    words = Counter(decision.word for decision in verdicts)
    numbers = ", ".join(f"{word} in {words[word]}" for word in dict.fromkeys([*sorted({*words} - {OPEN}), OPEN]))
    wrong = sum(1 - decision.probability for decision in verdicts if decision.word != OPEN)
    yield (
        f"{len(verdicts)} panels (a benchmark and an RL model each) are compared at k = n: {numbers}. Each verdict by "
        f"itself has a probability of {SURE:.2f} or more; {_expected_number(wrong, 2)} of them are expected to be "
        "wrong."
    )
    if panels.duplicated(["benchmark", "reference"]).any():
        yield (
            "Panels of one benchmark and base share their base model's samples: an unlucky draw of these moves all of "
            "their shrinkages the same way."
        )
