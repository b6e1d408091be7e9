"""Sentences on the likelihood of responses under the models, and on what it says of the base's reach."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from boundary.analysis.estimates.table import select
from boundary.analysis.formatting import Shorten, interval, number, short_name
from boundary.analysis.likelihood.record import HIGHER, LOWER, Likelihood
from boundary.analysis.likelihood.scores import ANY, NUCLEUS, RIGHT, TEMPERED, UNTEMPERED
from boundary.data.counts import ALL
from boundary.data.sample_tables import REFERENCE
from boundary.stats.likelihood.gains import PARTS

# So many problems of a disagreement are named.
MOST_NAMES = 8
Row = Mapping[Any, Any]


def likelihood_sentences(
    record: Likelihood, benchmark: str, base: str, arm: str, *, shorten: Shorten = short_name
) -> list[str]:
    """What the scores of a benchmark say of an RL model and its base.

    Parameters
    ----------
    record
        Of the analysis.
    benchmark
        Which.
    base, arm
        The base and the RL model.

    Returns
    -------
    Whole sentences: perplexities, superiority, bits, the models under themselves, as sampled, the reference answers.
    """
    rows = _Rows(record.rows.loc[record.rows["benchmark"] == benchmark], base, arm)
    parts = (
        _perplexities(rows, shorten),
        _right_ones(rows, shorten),
        _superiority(rows, shorten),
        _bits_per_byte(rows, shorten),
        _under_themselves(rows, shorten),
        _as_sampled(rows, shorten),
        _reference_answers(rows),
    )
    return [sentence for part in parts for sentence in part]


def reach_sentences(
    record: Likelihood, benchmark: str, base: str, arm: str, *, shorten: Shorten = short_name
) -> list[str]:
    """What counts and scores say together of the gain of an RL model, and where they disagree."""
    rows = _Rows(record.rows.loc[record.rows["benchmark"] == benchmark], base, arm)
    parts = {name: rows.row(name, base, arm, RIGHT) for name in PARTS}
    first = parts[PARTS[0]]
    if first is None:
        return []
    gain = sum(float(row["mean"]) for row in parts.values() if row is not None)
    k = f"{float(first['k']):,.0f}"
    text = {name: _points(row) for name, row in parts.items() if row is not None}
    sentences = [
        f"{shorten(arm)} gains {number(gain, 100, 1)} points of pass@1. By counts and scores alike, "
        f"{text['amplified_by_both']} of them come from problems that {k} samples of the base are likelier than not to "
        f"solve. The scores leave {_open_part(parts)} points open: they prove reach, never its absence."
    ]
    alone = parts["within_reach_by_scores"]
    if alone is not None and abs(float(alone["mean"])) >= 0.0005:
        sentences.append(f"They disagree on {_points(alone)} points, within reach by the scores alone.")
    table = record.reach
    of_pair = table.loc[(table["model"] == arm) & ((table["benchmark"] == benchmark) | (benchmark == ALL))]
    for kind, meaning in (
        (HIGHER, "the scores point to a higher solve rate of the base than its counts allow: one of the two is wrong"),
        (LOWER, "the base solves it more often than in the ways of the RL model"),
    ):
        part = of_pair.loc[of_pair["disagreement"] == kind]
        names = problem_names(part["benchmark"], part["problem_id"], benchmark)
        if names:
            shown = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" * (len(names) > MOST_NAMES))
            of_all = f"{len(names)} of {len(of_pair)} problems"
            sentences.append(f"On {of_all} {meaning}: {shown}.")
    return sentences


def problem_names(benchmarks: Iterable[str], problems: Iterable[str], shown: str) -> list[str]:
    """Names of problems where `shown` is spoken of: with their benchmark where that is all of them.

    Examples
    --------
    >>> problem_names(["AIME24", "AMC23"], ["1", "1"], "all")
    ['AIME24 1', 'AMC23 1']
    """
    if shown != ALL:
        return [str(problem) for problem in problems]
    return [f"{name} {problem}" for name, problem in zip(benchmarks, problems, strict=True)]


class _Rows:
    """Rows of one benchmark, and the pair that is spoken of."""

    def __init__(self, rows: pd.DataFrame, base: str, arm: str) -> None:
        self.rows, self.base, self.arm = rows, base, arm

    def row(
        self, estimand: str, scorer: str, model: str, outcome: str = ANY, scored_as: str | None = UNTEMPERED
    ) -> Row | None:
        """The one row of these labels; None where there is none."""
        rows = select(self.rows, estimand=estimand, model=model)
        chosen_rows = (rows["scorer"] == scorer) & (rows["outcome"] == outcome)
        if scored_as is not None and estimand not in PARTS:
            chosen_rows &= rows["scored_as"] == scored_as
        found_rows = rows.loc[chosen_rows].to_dict(orient="records")
        return found_rows[0] if found_rows else None


def _perplexities(rows: _Rows, shorten: Shorten) -> Iterator[str]:
    of_arm, of_base = (rows.row("perplexity", rows.base, model) for model in (rows.arm, rows.base))
    difference = rows.row("log_probability_difference", rows.base, rows.arm)
    if of_arm is None or of_base is None or difference is None:
        return
    arm = shorten(rows.arm)
    yield (
        f"Under the base, responses of {arm} have a perplexity of {_value(of_arm, 3)}, the base's own "
        f"{_value(of_base, 3)}: {_direction(difference, arm)}."
    )


def _direction(difference: Row, arm: str) -> str:
    size = f"{number(abs(float(difference['mean'])), 1, 3)} nats per token"
    around = interval(dict(difference), 1, 3)
    if float(difference["lower"]) > 0:
        return f"those of {arm} are likelier by {size} (difference {around})"
    if float(difference["upper"]) < 0:
        return f"those of {arm} are less likely by {size} (difference {around})"
    return f"which of them are likelier is open (difference {_value(difference, 3)} nats per token)"


def _right_ones(rows: _Rows, shorten: Shorten) -> Iterator[str]:
    difference = rows.row("log_probability_difference", rows.base, rows.arm, RIGHT)
    if difference is not None:
        n = int(difference["n_problems"])
        yield (
            f"Right responses alone, on the {n:,} problem{'s' * (n != 1)} where both have some: {shorten(rows.arm)} "
            f"less base {_value(difference, 3)} nats per token."
        )


def _superiority(rows: _Rows, shorten: Shorten) -> Iterator[str]:
    per_token, whole = (rows.row(name, rows.base, rows.arm) for name in ("superiority", "superiority_total"))
    bits = [rows.row("bits", rows.base, model) for model in (rows.arm, rows.base)]
    if per_token is None or whole is None or bits[0] is None or bits[1] is None:
        return
    arm = shorten(rows.arm)
    yield (
        f"A response of {arm} is likelier per token under the base than one of the base's own with probability "
        f"{_value(per_token, 2)}; by the whole response, where length counts, with probability {_value(whole, 2)}. A "
        f"response of {arm} takes {_value(bits[0], 0)} bits under the base, one of the base's own {_value(bits[1], 0)}."
    )


def _bits_per_byte(rows: _Rows, shorten: Shorten) -> Iterator[str]:
    difference = rows.row("bits_per_byte_difference", rows.base, rows.arm)
    if difference is not None:
        yield (
            f"{shorten(rows.arm)} and the base do not read the same tokens: per byte of text its responses take "
            f"{_value(difference, 3)} bits more under the base than the base's own."
        )


def _under_themselves(rows: _Rows, shorten: Shorten) -> Iterator[str]:
    own, divergence = (rows.row(name, rows.arm, rows.arm) for name in ("perplexity", "divergence"))
    sharpening = rows.row("sharpening", "", rows.arm)
    arm = shorten(rows.arm)
    if own is not None and sharpening is not None:
        more = "surer" if float(sharpening["lower"]) > 0 else "less sure" if float(sharpening["upper"]) < 0 else ""
        words = f"{more} of its tokens than the base is of its own" if more else "about as sure as the base of its own"
        yield (
            f"Under itself, {arm} has a perplexity of {_value(own, 3)}: it is {words} (difference "
            f"{_value(sharpening, 3)} nats per token)."
        )
    if divergence is not None:
        yield (
            f"Its responses are likelier under itself than under the base by {_value(divergence, 2)} nats a response "
            "on average."
        )


def _as_sampled(rows: _Rows, shorten: Shorten) -> Iterator[str]:
    for model in (rows.base, rows.arm):
        for scored_as, words in ((TEMPERED, "temperature"), (NUCLEUS, "temperature and top-p")):
            effect = rows.row("sampling_effect", model, model, scored_as=scored_as)
            plain, sampled = (rows.row("perplexity", model, model, scored_as=way) for way in (UNTEMPERED, scored_as))
            if effect is not None and plain is not None and sampled is not None:
                values = [number(row["mean"], 1, 3) for row in (sampled, plain)]
                yield (
                    f"At the {words} that they were drawn at, {shorten(model)}'s responses are likelier by "
                    f"{_value(effect, 3)} nats per token: perplexity {values[0]} in place of {values[1]} untempered."
                )


def _reference_answers(rows: _Rows) -> Iterator[str]:
    row = rows.row("perplexity", rows.base, "", REFERENCE)
    if row is not None:
        yield f"Reference answers have a perplexity of {number(row['mean'], 1, 3)} under the base."


def _value(row: Row, digits: int) -> str:
    """Write a mean with its interval."""
    return f"{number(row['mean'], 1, digits)} {interval(dict(row), 1, digits)}"


def _points(row: Row) -> str:
    return f"{number(row['mean'], 100, 1)} {interval(dict(row), 100, 1)}"


def _open_part(parts: Mapping[str, Row | None]) -> str:
    """Points of the gain that the scores say nothing of."""
    rows = [parts[name] for name in ("amplified_by_counts", "discovered_by_counts")]
    return number(sum(float(row["mean"]) for row in rows if row is not None), 100, 1)
