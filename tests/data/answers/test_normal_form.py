"""Which answers are one answer."""

import pytest

from boundary.data.answers.normal_form import answer_type, normal_form

ONE_ANSWER = [
    ["1,000", "1000.0", "$1000$", "10^3", "1000 km", "x = 1000", r"\boxed{1000}", "+1000"],
    ["1/2", ".5", "0.50", r"\frac{1}{2}", r"\dfrac12", "$0.5$"],
    ["50%", "50 \\%", "50", "50 percent"],
    ["B", "(b)", "b)", "B.", r"\text{B}", "(B)"],
    ["New York", "new  york.", '"New York"'],
    [r"\sqrt{2}", r"\sqrt{ 2 }", r"$\sqrt{2}$"],
    ["-3", "\u22123", "-3.0"],
]
DIFFERENT = ["1", "1.5", "0.5%", "0.5", "A", "monday", r"\sqrt{2}", r"\Delta", r"\delta", "(1,234)", "x^2", "1, 2"]


@pytest.mark.parametrize("answers", ONE_ANSWER, ids=lambda answers: answers[0])
def test_answers_written_in_different_ways_are_one(answers):
    assert len({normal_form(answer) for answer in answers}) == 1


def test_different_answers_stay_different():
    assert len({normal_form(answer) for answer in DIFFERENT}) == len(DIFFERENT)


def test_a_form_is_its_own_form():
    texts = [answer for answers in ONE_ANSWER for answer in answers] + DIFFERENT
    forms = [normal_form(text) for text in texts]
    assert [normal_form(form) for form in forms] == forms


def test_hostile_answers_have_a_form_in_no_time():
    for text in ("(" * 5000, "\\frac" * 2000, "1" * 100_000, "a b " * 20_000, "\0", ""):
        assert isinstance(normal_form(text), str)


def test_types():
    texts = ["204", "-7", "2/3", "1.25", "C", r"\frac{\pi}{2}", "x^2+1", "(1, 2)", "Monday", "three apples"]
    kinds = [answer_type(text) for text in texts]
    assert kinds == ["integer"] * 2 + ["number"] * 2 + ["choice"] + ["expression"] * 3 + ["text"] * 2
