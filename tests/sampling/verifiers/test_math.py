"""The verifier `math`: known verdicts, and short cuts that call nothing correct which math-verify does not."""

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from boundary.sampling.judging.judge import judge
from boundary.sampling.problems import Completion, Problem
from boundary.sampling.verifiers import math
from boundary.sampling.verifiers.table import load_verifier

LINES = (Path(__file__).parent / "answer_pairs.tsv").read_text(encoding="utf-8").splitlines()[1:]
PAIRS = [line.split("\t") for line in LINES]
# Numbers and the forms that answers put them into, the number in place of @, for every pair with a reference.
NUMBERS = r"""5|12|-4|1.5|.5|-0.625|1,234|1{,}234|1,\!234|1\,234|1 234|1/2|\frac{1}{2}|\frac12|-\frac{5}{8}|
\frac{-5}{8}|2 1/2|2\frac{1}{2}|10.5|10^6|1e6|1.5\times 10^3|027|5.0|5.|+5|100000000000000000000001"""
FORMS = r"""@|$@$|\$@|$@|(@)|x=@|x = @|y=@|\text{@}|@ km|@km|@\text{ km}|@ dollars|@ million|@\text{ million}|@\%|@%|
not @|@ or 6|1 and @|x>=@|@x|@t|@m|\approx @|~@|@ \pm 1|\{@\}|(@, 2)|[@,2)|\{@,2\}|(@,@)|@, 6|-@|@\text{}3|1 @|1 .@|
@.|@\ |@_7|\left(@,2\right)|@\text{ or more}|@^\circ"""
GOLDS = r"""5|12|1234|1.5|-\frac{5}{8}|10.5|1000000|5 \text{ km}|x=5|(5,2)|\{5,2\}|25\%|1,234|5_7"""
NUMBERS, FORMS, GOLDS = (text.replace("\n", "").split("|") for text in (NUMBERS, FORMS, GOLDS))
ANSWERS = [form.replace("@", numeral) for form in FORMS for numeral in NUMBERS]
# Where math-verify is mistaken: a scale, a mixed number, and empty intervals, any two of which it takes for equal.
MISTAKEN = re.compile(r"million|2 1/2|2\\frac|\[\d+,2\)")


@cache
def read_by_math_verify(text):
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    configs = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    return parse(f"\\boxed{{{text}}}", extraction_config=configs, parsing_timeout=None)


def math_verify_alone(gold, answer):
    """Verdict of math-verify with its own settings, on the texts as they are."""
    verify = pytest.importorskip("math_verify").verify
    return verify(
        read_by_math_verify(gold), read_by_math_verify(answer), allow_set_relation_comp=True, timeout_seconds=None
    )


def test_known_verdicts_on_more_than_200_answer_pairs():
    problems = [Problem(str(place), "?", gold) for place, (_, gold, _, _) in enumerate(PAIRS)]
    samples = [Completion(str(place), 0, f"So \\boxed{{{pair[2]}}}.", "stop", 9) for place, pair in enumerate(PAIRS)]
    verdicts = judge(problems, samples, load_verifier("math"))
    outcomes = [(*pair[:3], verdict.outcome) for pair, verdict in zip(PAIRS, verdicts, strict=True)]
    assert outcomes == [tuple(pair) for pair in PAIRS]
    assert len(PAIRS) >= 200


def test_the_short_cut_calls_nothing_correct_that_math_verify_does_not():
    pairs = [(gold, answer) for gold in GOLDS for answer in ANSWERS] + [tuple(pair[1:3]) for pair in PAIRS]
    correct = [pair for pair in pairs if math.quick(*pair) == ("correct", "")]
    assert len(correct) > 150
    assert [pair for pair in correct if not math_verify_alone(*pair)] == []


@settings(max_examples=60, deadline=None)
@given(
    st.decimals(-(10**9), 10**9, allow_nan=False, places=4) | st.fractions(-1000, 1000, max_denominator=50),
    st.sampled_from(FORMS),
    st.sampled_from(FORMS),
)
def test_the_short_cut_agrees_on_any_number(value, form, other):
    gold, answer = form.replace("@", str(value)), other.replace("@", str(value))
    if math.quick(gold, answer) == ("correct", "") and gold != answer:
        assert math_verify_alone(gold, answer)


def test_where_the_short_cut_says_wrong_so_does_math_verify_but_where_it_is_mistaken():
    mistaken = [
        (gold, answer)
        for gold in GOLDS
        for answer in ANSWERS[::29]
        if math.quick(gold, answer) == ("wrong", "") and math_verify_alone(gold, answer)
    ]
    assert [pair for pair in mistaken if not MISTAKEN.search(pair[1])] == []


TINY = [
    (r"1.6e-19", r"1.6e-18", "wrong"),
    (r"1.6\times 10^{-19}", r"1.6\times 10^{-18}", "wrong"),
    (r"1.6\times 10^{-19}", r"1.60e-19", "correct"),
    (r"1.6\times 10^{-19}", r"0.00000000000000000016", "correct"),
    (r"6.6e-34", "0", "wrong"),
    ("0", r"6.6e-34", "wrong"),
    (r"e^{-20}", "0", "wrong"),
    (r"2^{-40}", r"9.0949\times 10^{-13}", "correct"),
    (r"2^{-40}", r"9.1\times 10^{-13}", "wrong"),
    (r"\pi\times 10^{-9}", r"3.14159\times 10^{-9}", "correct"),
    (r"x=1.6e-19", r"x=1.6e-18", "wrong"),
    (r"(1.6e-19, 2)", r"(1.6e-18, 2)", "wrong"),
    (r"\{1e-9, 1\}", r"\{2e-9, 1\}", "wrong"),
    (r"[1e-9, 1]", r"[1\times 10^{-9}, 1]", "correct"),
    (r"1.6\times 10^{-19} x", r"1.6\times 10^{-18} x", "wrong"),
    (r"\frac{1}{3}", "0.333333", "correct"),
    (r"\frac{1}{30}", "0.033333", "correct"),
    (r"\frac{1}{3}", "0.3333", "wrong"),
]


@pytest.mark.parametrize(("gold", "answer", "outcome"), TINY)
def test_tiny_numbers_are_compared_by_significant_digits(gold, answer, outcome):
    assert math.compare(gold, answer)[0] == outcome
    assert math.quick(gold, answer) in (None, (outcome, ""))


@pytest.mark.parametrize(
    ("gold", "answer", "outcome"),
    [
        ("5000000", "5 million", "correct"),
        ("5", r"5\text{ million}", "wrong"),
        ("5", r"5 \text{ or more}", "wrong"),
        ("5 km", "5 miles", "wrong"),
        ("5", "5 dollars", "correct"),
        (r"2\pi", r"2\pi \text{ cm}", "correct"),
        (r"4\sqrt{3}", r"4\sqrt{3} square feet", "correct"),
        ("3t", "3", "wrong"),  # math-verify takes t for a unit
        ("3", "3t", "wrong"),
        ("12", "1 2", "wrong"),
        ("3", "1 2", "wrong"),  # math-verify adds them
        ("3", r"1 \quad 2", "wrong"),
        ("5", r"\ge 5", "wrong"),
        ("2.5", "2 1/2", "correct"),
        ("1.5", "2 1/2", "wrong"),
        ("12.5", r"12.5\%", "correct"),
        ("0.5", r"0.5\%", "wrong"),
        (r"\sqrt{2}", "√2", "correct"),
        ("1234", "1 234", "wrong"),
        (r"\frac{1}{2}", r"\frac 1 2", "correct"),
    ],
)
def test_what_math_verify_is_helped_with(gold, answer, outcome):
    assert (math.quick(gold, answer) or math.compare(gold, answer))[0] == outcome
