"""Answers of samples, counted."""

import pandas as pd

from boundary.data.answers.given_answers import RIGHT, given_answers


def samples(rows, reference="5"):
    table = pd.DataFrame(rows, columns=["outcome", "answer"])
    return table.assign(model="m", benchmark="b", problem_id="p", reference=reference)


def test_right_answers_are_the_reference_where_it_is_known():
    counted_answers = given_answers(
        samples([("correct", "5.0"), ("correct", "10/2"), ("correct", None), ("wrong", "4")])
    )
    assert counted_answers.answers[["form", "is_right", "times"]].values.tolist() == [["5", True, 3], ["4", False, 1]]
    assert counted_answers.problems[["n_samples", "reference", "answer_type"]].values.tolist() == [[4, "5", "integer"]]


def test_right_answers_without_a_reference_are_told_apart():
    counted_answers = given_answers(
        samples([("correct", "a"), ("correct", "b"), ("correct", None), ("wrong", "a")], reference=None)
    )
    assert counted_answers.answers[["form", "is_right"]].values.tolist() == [
        ["A", True],
        ["B", True],
        [RIGHT, True],
        ["A", False],
    ]


def test_samples_without_a_verdict_give_no_answer_but_are_samples():
    counted_answers = given_answers(
        samples([("no_answer", None), ("truncated", "5"), ("timeout", "5"), ("wrong", "5")])
    )
    assert counted_answers.answers["times"].tolist() == [1]
    assert counted_answers.problems["n_samples"].tolist() == [4]


def test_outcomes_left_out_are_no_samples():
    counted_answers = given_answers(samples([("truncated", None), ("wrong", "5")]), left_out=["truncated"])
    assert counted_answers.problems["n_samples"].tolist() == [1]


def test_nothing_without_answers():
    assert given_answers(None) is None
    assert given_answers(samples([("wrong", None)])) is None
    assert given_answers(samples([("wrong", "1")]).drop(columns="answer")) is None
    assert given_answers(samples([("wrong", "1")]).drop(columns="reference")).problems["reference"].isna().all()
