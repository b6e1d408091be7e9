"""Sentences on the breadth of answers and on luck, each of which says no more than its number."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from boundary.analysis.breadth.record import (
    AGREEMENT,
    DISTINCT_WRONG,
    ENTROPY,
    MATCHED_REACHED,
    MATCHED_SHRINKAGE,
    MATCHED_TEMPERATURE,
)
from boundary.analysis.formatting import Shorten, interval, level_text, number, percentage, short_name

SURE = 0.95
MOST_SENTENCES, MOST_LUCK_SENTENCES = 3, 4
NEW_PROBLEMS = {"benchmark": "", "superpopulation": " on new problems of the same kind"}
NAMES = {DISTINCT_WRONG: "different wrong answers", ENTROPY: "answer entropy", AGREEMENT: "agreement"}


def breadth_sentences(rows: pd.DataFrame, target: str, *, shorten: Shorten = short_name) -> list[str]:
    """Sentences on one benchmark: one for each pair of a model and the base, or for each model alone; none for many.

    Parameters
    ----------
    rows
        Rows of the table of breadth of one benchmark.
    target
        Of these problems, or of new ones.
    """
    rows = rows.loc[rows["target"] == target]
    pairs = rows.loc[(rows["reference"] != "") & rows["estimand"].isin([DISTINCT_WRONG, ENTROPY, AGREEMENT])]
    models = list(dict.fromkeys(pairs["model"]))
    if len(models) > MOST_SENTENCES:  # the table says it in less room
        return []
    sentences = [_pair_sentence(rows, pairs.loc[pairs["model"] == model], str(model), shorten) for model in models]
    if not sentences:
        models = list(dict.fromkeys(rows["model"]))[:MOST_SENTENCES]
        sentences = [_alone_sentence(rows, str(model), shorten) for model in models]
    return [f"{sentence[:-1]}{NEW_PROBLEMS[target]}." for sentence in sentences if sentence]


def at_most_samples(rows: pd.DataFrame, estimand: str) -> dict[Any, Any] | None:
    """The row of an estimand at the largest budget within the samples; None where there is none."""
    own = rows.loc[(rows["estimand"] == estimand) & ~rows["extrapolated"].astype(bool)]
    return own.sort_values("k").iloc[-1].to_dict() if len(own) else None


def _pair_sentence(rows: pd.DataFrame, pair: pd.DataFrame, model: str, shorten: Shorten) -> str:
    wrong = at_most_samples(pair, DISTINCT_WRONG)
    if wrong is None:
        return ""
    base = str(wrong["reference"])
    values = []
    for name in (base, model):
        own = rows.loc[(rows["model"] == name) & (rows["reference"] == "")]
        row = at_most_samples(own, DISTINCT_WRONG)
        values.append("" if row is None else number(row["mean"], 1.0, 1))
    difference = f"base less RL {number(wrong['mean'], 1.0, 1)} {interval(wrong, 1.0, 1)}"
    text = (
        f"In {wrong['k']:.0f} samples {shorten(model)} gives {values[1]} different wrong answers to a problem, "
        f"{shorten(base)} {values[0]} ({difference}, {level_text(wrong['level'])} interval)"
    )
    entropy = at_most_samples(pair, ENTROPY)
    return text + ("." if entropy is None else f"; {_entropy_words(entropy, shorten(model))}.")


def _entropy_words(row: dict[Any, Any], model: str) -> str:
    """In which direction the entropies differ, where the interval tells."""
    text = f"{number(abs(row['mean']), 1.0, 2)} nats"
    ends = sorted(abs(row[side]) for side in ("lower", "upper"))
    if row["lower"] > 0 or row["upper"] < 0:
        word = "lower" if row["lower"] > 0 else "higher"
        between = f"[{number(ends[0], 1.0, 2)}, {number(ends[1], 1.0, 2)}]"
        return f"the answers of {model} have {word} entropy, by {text} {between}"
    difference = f"base less RL {number(row['mean'], 1.0, 2)} nats {interval(row, 1.0, 2)}"
    return f"which of them has the higher answer entropy cannot be told ({difference})"


def _alone_sentence(rows: pd.DataFrame, model: str, shorten: Shorten) -> str:
    row = at_most_samples(rows.loc[rows["model"] == model], DISTINCT_WRONG)
    if row is None:
        return ""
    return (
        f"In {row['k']:.0f} samples {shorten(model)} gives {number(row['mean'], 1.0, 1)} different wrong answers to "
        f"a problem {interval(row, 1.0, 1)} ({level_text(row['level'])} interval)."
    )


def matched_sentences(rows: pd.DataFrame, *, shorten: Shorten = short_name) -> Iterator[str]:
    """Sentences on models that were sampled at several temperatures: shrinkage where the entropies are equal."""
    for model in dict.fromkeys(rows.loc[rows["estimand"] == MATCHED_REACHED, "model"]):
        own = rows.loc[rows["model"] == model].set_index("estimand", drop=False)
        probability = float(own.loc[[MATCHED_REACHED], "mean"].iloc[0])
        name, base = shorten(str(model)), shorten(str(own["reference"].iloc[0]))
        if probability < 1 - SURE:
            yield (
                f"At none of the temperatures between those sampled are the answers of {name} as varied as those of "
                f"{base} (probability {percentage(1 - probability)})."
            )
        elif probability < SURE:
            yield (
                f"Whether the answers of {name} become as varied as those of {base} within the temperatures sampled is "
                f"not sure (probability {percentage(probability)}). Sample it at more temperatures."
            )
        if MATCHED_SHRINKAGE not in own.index:
            continue
        at = own.loc[[MATCHED_TEMPERATURE]].iloc[0].to_dict()
        row = at_most_samples(own, MATCHED_SHRINKAGE)
        if row is not None:
            yield (
                f"At temperature {number(at['mean'], 1.0, 2)} {interval(at, 1.0, 2)} the answers of {name} have the "
                f"entropy of those of {base}; there its shrinkage at k = {row['k']:.0f} is "
                f"{number(row['mean'], 100.0, 1)} points {interval(row, 100.0, 1)} (above zero the base solves more)."
            )


def luck_sentences(types: pd.DataFrame, in_use: bool, *, shorten: Shorten = short_name) -> Iterator[str]:
    """Sentences on the guess floors of one benchmark.

    Parameters
    ----------
    types
        Rows by model and answer type (`boundary.analysis.guess_floors.TYPE_COLUMNS`).
    in_use
        Whether the estimates reckon with them.
    """
    for row in types.head(MOST_LUCK_SENTENCES).to_dict(orient="records"):
        yield (
            f"Answers of {shorten(row['model'])} to other problems with {KINDS[row['answer_type']]} hit the right "
            f"answer of a problem with probability {number(row['mean'], 100.0, 2)} % {interval(row, 100.0, 2)} on "
            f"average. If every problem had the samples of another one, {number(row['lucky_problems'], 1.0, 1)} of "
            f"{row['n_problems']:,} problems would have a right one among them, by such luck alone."
        )
    if len(types):
        yield (
            "The estimates reckon with these guess floors, problem by problem: pass@k is what is solved beyond them."
            if in_use
            else "The estimates count lucky samples as solved; --guess-floor measured "
            "(VerifierErrors(guess_floor='measured') from Python) reckons with these floors."
        )


KINDS = {
    "integer": "a whole number for an answer",
    "number": "a number for an answer",
    "choice": "an option letter for an answer",
    "expression": "an expression for an answer",
    "text": "words for an answer",
}
