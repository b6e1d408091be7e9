"""Which answers the samples of each problem gave, and how often."""

from collections.abc import Callable, Collection
from typing import NamedTuple

import numpy as np
import pandas as pd

from boundary.data.answers.normal_form import answer_type, normal_form
from boundary.data.records import CORRECT, WRONG
from boundary.data.validation import DEFAULT_BENCHMARK

KEY = ["benchmark", "model", "problem_id"]
# The form of a right answer that is not known by its text.
RIGHT = "\0right"


class GivenAnswers(NamedTuple):
    """The answers of each model to each problem.

    Parameters
    ----------
    answers
        A row for each answer: benchmark, model, problem_id, form (`normal_form`), is_right, times.
    problems
        A row for each model and problem: benchmark, model, problem_id, n_samples, reference (its form; missing where no
        right answer is known) and answer_type (of the reference).
    """

    answers: pd.DataFrame
    problems: pd.DataFrame


def given_answers(
    samples: pd.DataFrame | None, models: Collection[str] | None = None, left_out: Collection[str] = ()
) -> GivenAnswers | None:
    """Count the answers of samples; answers of one form are one answer.

    Parameters
    ----------
    samples
        A row a sample, as `boundary.data.sample_tables.load_samples` gives them.
    models
        Only these; every one where not given.
    left_out
        Outcomes whose samples are left out, as if never drawn.

    Returns
    -------
    None where no sample has an answer.

    Notes
    -----
    Where the right answer to a problem is known, all answers that were judged correct are one: the verifier called each
    of them equal to it. Where it is not (programs, puzzles with many solutions), right answers of different forms are
    different. A sample that came to no verdict gave no answer.

    Examples
    --------
    >>> outcomes = {"outcome": ["correct", "wrong", "wrong", "no_answer"], "answer": ["0.50", "2", "2.0", None]}
    >>> samples = pd.DataFrame({"model": "m", "benchmark": "b", "problem_id": "1", "reference": "1/2"} | outcomes)
    >>> given_answers(samples).answers[["form", "is_right", "times"]].values.tolist()
    [['1/2', True, 1], ['2', False, 2]]
    """
    if samples is None or not {"model", "answer"} <= set(samples) or not samples["answer"].notna().any():
        return None
    table = _plain_columns(samples)
    is_chosen = ~table["outcome"].isin(list(left_out))
    table = table.loc[is_chosen if models is None else is_chosen & table["model"].isin(list(models))].copy()
    if table["answer"].isna().all():
        return None
    table["form"] = _mapped(table["answer"], normal_form)
    table["reference_form"] = _mapped(table["reference"], normal_form) if "reference" in table else np.nan
    table["is_right"] = table["outcome"] == CORRECT
    is_reference = table["is_right"] & table["reference_form"].notna()
    table.loc[is_reference, "form"] = table.loc[is_reference, "reference_form"]
    unnamed = table["is_right"] & table["form"].isna()
    table.loc[unnamed, "form"] = RIGHT
    with_verdict = table.loc[table["outcome"].isin([CORRECT, WRONG]) & table["form"].notna()]
    answers = with_verdict.groupby([*KEY, "form", "is_right"], sort=False).size().rename("times").reset_index()
    groups = table.groupby(KEY, sort=False)
    problems = pd.DataFrame({"n_samples": groups.size(), "reference": groups["reference_form"].first()}).reset_index()
    problems["answer_type"] = _mapped(problems["reference"], answer_type)
    return GivenAnswers(answers, problems)


def _plain_columns(samples: pd.DataFrame) -> pd.DataFrame:
    """The columns that matter, with text for problems; `load_samples` has given the outcomes their names."""
    names = [name for name in (*KEY, "outcome", "answer", "reference") if name in samples]
    table = samples[names].astype(dict.fromkeys(names, object))
    return table.assign(
        benchmark=table.get("benchmark", DEFAULT_BENCHMARK),
        problem_id=_mapped(table["problem_id"], str),
    )


def _mapped(texts: pd.Series, function: Callable[[str], str]) -> pd.Series:
    """A function of each text, called once for each different one; missing and empty texts stay missing."""
    codes, different = pd.factorize(texts)
    values = [function(str(text)) if str(text).strip() else None for text in different]
    lookup = np.array([*values, None], dtype=object)
    return pd.Series(lookup[codes], index=texts.index, dtype=object)
