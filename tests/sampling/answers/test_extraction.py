"""The answer in a text: marked, in the model's own turn, or else the last expression, whole; and in linear time."""

import gc
import time

import pytest
from hypothesis import given, strategies as st

from boundary.data.answers.quantities import quantity
from boundary.sampling.answers.expressions import last_expression
from boundary.sampling.answers.extraction import first_number, marked_answer
from boundary.sampling.judging.judge import judge
from boundary.sampling.problems import Completion, Problem
from boundary.sampling.verifiers import math
from boundary.sampling.verifiers.number import compare
from boundary.sampling.verifiers.table import VERIFIERS, load_verifier


def outcome(name, gold, text, finish="stop"):
    [verdict] = judge([Problem("p", "?", gold)], [Completion("p", 0, text, finish, 9)], load_verifier(name), workers=1)
    return verdict.outcome


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"so \boxed{\frac{1}{2}} ok", r"\frac{1}{2}"),
        (r"\boxed{1} then \boxed{2}", "2"),
        (r"\boxed{1} or \boxed{2}", "1 or 2"),
        (r"$\boxed{1}$, $\boxed{2}$", "1, 2"),
        (r"\boxed{\boxed{7}}", "7"),
        (r"\boxed{\{1,2\}}", r"\{1,2\}"),
        (r"first \boxed{3}, then \boxed{4", "3"),
        (r"{ \boxed{3} } } {", "3"),
        (r"\\boxed{3}", "3"),
        (r"\boxed{}", None),
        ("**Answer:** 12 km.", "12 km"),
        ("The answer is 5. I hope so", "5"),
        ("The answer is 5 because 2+3=5", "5"),
        ("The answer is 5, not 6.", "5"),
        ("The answer is not 5", "not 5"),
        ("The answer is therefore 5", "5"),
        ("The final answer is: $\\frac{3}{4}$. I hope it is correct.", r"$\frac{3}{4}$"),
        ("The answer is:\n\n$$\n5\n$$\n", "$$\n5\n$$"),
        ("Answer: The answer is 5", "5"),
        ("Answer: 5. The answer is found by adding 2 and 3.", "5"),
        ("The answer is 4. Wait, the answer is 5.", "5"),
        ("x\n#### 1,234", "1,234"),
        ("<think>4</think><answer> 42 </answer>", "42"),
        (r"<answer>so \boxed{9}</answer>", "9"),
        ("<answer>1</answer> no, <answer>2</answer>", "2"),
        ("<answer>4", None),
        ("no answer here", None),
    ],
)
def test_the_marked_answer_is_read(text, answer):
    assert marked_answer(text) == answer


@pytest.mark.parametrize(
    "turn",
    [
        "\n\nQuestion: Tom has 3 pens. How many?\nAnswer: 99",
        "\nQuestion: what is 90 + 9?\nThe answer is 99.",
        "\nQ: 90 + 9?\nA: The answer is 99.",
        "\n\nProblem: 90 + 9\nSolution: \\boxed{99}",
        "\n\nProblem 2. 90 + 9\nSolution: \\boxed{99}",
        "\n\n## Problem 2\n90 + 9\n\\boxed{99}",
        "\n\n**Question 2:** 90 + 9\n#### 99",
        "\n\nQuestion 2\n90 + 9\n#### 99",
        "\nExample 3:\n90 + 9 = \\boxed{99}",
        "\nHere is another problem: 90 + 9. \\boxed{99}",
        "\n\n[Question]\n90 + 9\n#### 99",
        "\n\nTom has 90 pens and buys 9. How many has he?\n\nThe answer is 99.",
        "\n\n2. Tom has 90 pens and buys 9. How many has he?\n\nThe answer is 99.",
        "\nHuman: and 90 + 9?\nAssistant: \\boxed{99}",
        "\nUser: and 90 + 9?\nAssistant: \\boxed{99}",
        " User: and 90 + 9? Assistant: <think></think><answer>99</answer>",
        "<|im_end|>\n<|im_start|>user\n90 + 9\n<|im_start|>assistant\n\\boxed{99}",
        "<|endoftext|>Problem: 90 + 9. \\boxed{99}",
        "<|eot_id|><|start_header_id|>user<|end_header_id|>90 + 9 \\boxed{99}",
        "</s> 90 + 9 is \\boxed{99}",
        "[INST] 90 + 9 [/INST] \\boxed{99}",
        "\nuser\n90 + 9\nassistant\n\\boxed{99}",
        "\n\n### Instruction:\n90 + 9\n\n### Response:\nThe answer is 99",
        "\n\nYou are a helpful assistant. 90 + 9? \\boxed{99}",
        "\n\u95ee\u9898\uff1a90 + 9\n\\boxed{99}",
    ],
)
@pytest.mark.parametrize("first", ["The sum is \\boxed{12}.", "The answer is 12.", "#### 12", "<answer>12</answer>"])
def test_a_next_question_is_not_the_models_to_be_judged_on(first, turn):
    assert marked_answer(first + turn) == "12"
    assert outcome("number", "12", first + turn, "length") == "correct"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Question: what is asked?\nAnswer: 7", "7"),  # nothing was answered before
        ("Let us restate it.\n\nProblem: find x.\n\nSolution: \\boxed{7}", "7"),
        ("<think>The answer is 3?\n\nQuestion: is it?\n\nNo.</think>\n\\boxed{7}", "7"),
        ("The answer is 3. Wait, I was wrong: the answer is 7.", "7"),
        ("\\boxed{3}\n\nLet me check the question again. It is \\boxed{7}", "7"),
        ("\\boxed{3}\n\nIs 3 the smallest value that is possible?\n\nNo. \\boxed{7}", "7"),
        ("The answer is 3.\n\nWait, did we count all 4 of them? One is missing.\n\nThe answer is 7.", "7"),
        ("<|im_start|>assistant\n\\boxed{7}<|im_end|>", "7"),
        ("**Step 1** The answer is 3.\n\n---\n\n**Step 2** \\boxed{7}", "7"),
        ("It is 12.\n\nQuestion: and 3 + 4?\nAnswer: 7", None),  # 12, though nothing marks it
    ],
)
def test_what_belongs_to_the_models_own_turn(text, answer):
    assert marked_answer(text) == answer


def test_an_unmarked_answer_before_a_next_question_counts():
    assert outcome("number", "12", "It is 12.\n\nQuestion: and 3 + 4?\nAnswer: 7") == "correct"
    assert outcome("exact", "Paris", "Paris\n\nQ: And of Italy?\nA: Rome") == "correct"


@pytest.mark.parametrize(
    "text",
    [
        "Therefore the value is 5.\n\nI hope this answer is helpful.",
        "so x = 5.\n\nThis answer is consistent with the condition.",
        "We get $x = 5$. Let me check that the answer is right: 2*5=10.",
        "$$x = 5$$\n\nTherefore, the answer is as follows.",
        "The answer is as follows:\n\n$$x = 5$$",
        "Since the answer is an integer, n = 5.",
        "Since the answer must be positive, x = 5.",
        "The answer is an integer between 0 and 999. We get x = 5.",
        "Therefore, the total is 5. The answer is in dollars.",
        "So the answer is obvious: 5",
        "My answer is correct. So x=5",
        "The answer is 5. I am sure that this answer is correct, since 2 + 3 = 5 and 7 - 1 = 6.",
        "Answer: 5\n\nThe answer is very plausible.",
        "The answer is the number that was looked for above.\nIt is 5.",
        "#### Conclusion\nSo x = 5.",
        "#### 5\n\n#### Notes\nfine",
        "#### 5\n\n#### 2. Notes\nfine",
        "#### Final answer\n5",
    ],
)
@pytest.mark.parametrize("name", ["math", "number"])
def test_words_about_an_answer_are_none(name, text):
    assert outcome(name, "5", text) == "correct"
    assert outcome(name, "6", text) == "wrong"


@pytest.mark.parametrize(
    "answer", ["east", "no solution", "Evelyn", "even", "does not exist", "undefined", "infinitely many", "ellipse"]
)
@pytest.mark.parametrize("mark", ["He walks 3 km. The answer is {}.", "2 + 3 = 5\nAnswer: {}", "2 + 3 = 5\n#### {}"])
def test_an_answer_in_words_is_an_answer(mark, answer):
    assert outcome("math", f"\\text{{{answer}}}", mark.format(answer)) == "correct"


def test_a_heading_in_words_marks_no_answer_in_words():
    assert outcome("exact", "Paris", "#### Conclusion\nParis") == "correct"
    assert outcome("exact", "Paris", "It is in France.\n#### Paris\n") == "correct"


def test_a_marked_answer_that_the_limit_cuts_short_is_not_taken_for_whole():
    assert outcome("math", "1", "The answer is 1", "length") == "truncated"  # of 12, perhaps
    assert outcome("math", "1", "The answer is 1.\n\nLet", "length") == "correct"


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("So it is 12.", "12"),
        (r"the value is $\frac{3}{4}$.", r"\frac{3}{4}"),
        (r"the value is \frac{3}{4}", r"\frac{3}{4}"),
        (r"that is 2\sqrt{3}", r"2\sqrt{3}"),
        (r"that is 2 \sqrt{3}", r"2 \sqrt{3}"),
        ("it is 10^6", "10^6"),
        ("it is $10^{-6}$", "10^{-6}"),
        ("it is 2 1/2 cups", "2 1/2 cups"),
        ("it is -5", "-5"),
        (r"it is $-\frac{5}{8}$", r"-\frac{5}{8}"),
        ("it is 50%", "50%"),
        ("it is 50 percent", "50 percent"),
        (r"$50\%$ of them", r"50\%"),
        ("about 5 million dollars", "5 million dollars"),
        ("at 5 km/h.", "5 km/h"),
        ("it is 5km", "5 km"),
        ("it is 3x", "3x"),
        (r"so $x \ge 5$", r"x \ge 5"),
        ("so x > 5", "x > 5"),
        ("5 or 6", "5 or 6"),
        ("from 5 to 6.", "5 to 6"),
        ("3-5", "3-5"),
        ("the roots are 3, 5, and 7.", "3, 5, and 7"),
        ("So $x = 3$ or $x = -3$.", "x = 3 or x = -3"),
        ("5 hours and 30 minutes", "5 hours and 30 minutes"),
        ("10 000", "10 000"),
        ("at 5:30", "5:30"),
        ("the point (2, 3).", "(2, 3)"),
        (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
        ("$$\n\\frac{1}{2}\n$$", r"\frac{1}{2}"),
        ("3 x 4 = 12", "3 x 4 = 12"),
        ("Total: 12", "12"),
        ("he paid $5 and got 3 apples.", "3 apples"),
        ("**12**", "12"),
        ("3 and a half", "3 and a half"),
        ("12, not 5", "12"),
        ("12 dollars.\nI hope that this helps!", "12 dollars"),
        ("for all $x$ it is 7", "7"),
        ("the 5th day", None),
        ("Step 3: done", None),
        ("it is not 5", None),
        ("no number", None),
    ],
)
def test_without_a_mark_the_last_expression_counts_as_a_whole(text, expression):
    assert last_expression(text) == expression


@pytest.mark.parametrize(
    ("gold", "text"),
    [("4", r"$\frac{3}{4}$"), ("6", "10^6"), ("6", "5 or 6"), ("3", r"2\sqrt{3}"), ("5", "x > 5"), ("5", "not 5")],
)
def test_no_part_of_an_expression_is_the_answer(gold, text):
    for name, compare_answers in (("number", compare), ("math", math.compare)):
        extracted = VERIFIERS[name].extract(f"So it is {text}.")
        assert extracted is None or compare_answers(gold, extracted.answer)[0] == "wrong"


NO_NUMBERS = r"""1 and 2|5 or 6|not 5|at least 5|5 or more|5 than 6|5 to 6|5-6|5 dollars and 50 cents|5 (five)|half|
x>=5|x \ge 5|x \neq 5|x==5|3x = 5|\approx 5|~5|5 \pm 1|3x|3 x|5 n|5m|5th|5:30|5!|\sqrt{25}|5^2|1/2/3|
1 2|1 000|1,00,0|1\text{}2|1,2"""


@pytest.mark.parametrize("text", NO_NUMBERS.replace("\n", "").split("|"))
def test_what_is_no_number(text):
    assert quantity(text) is None
    assert compare("5", text)[0] == "wrong"


@pytest.mark.parametrize(
    ("gold", "answers"),
    [
        ("2.5", ["2 1/2", r"2\frac{1}{2}", r"2\frac12", "2½", "5/2", "2.50", "x = 2.5", "2 1/2 cups"]),
        ("-2.5", ["-2 1/2", r"-\frac{5}{2}", r"\frac{-5}{2}", "\u22122.5", r"-\$2.50"]),
        (
            "5000000",
            ["5 million", "$5 million", r"5\text{ million}", r"5\times 10^6", "5e6", "5,000,000", "5{,}000,000"],
        ),
        ("1000", ["1,000", r"1\,000", "10^3", "1 thousand"]),
        ("12", ["12 km", "12km", r"12\text{ km}", r"12\ \mathrm{m}", "12 square feet", "12 cm^2", "12 miles per hour"]),
        (
            "12",
            [
                "$12",
                "12%",
                r"12^\circ",
                "12 degrees",
                "12 more apples",
                "3*4 = 12",
                "x = y = 12",
                r"\boxed{12}",
                "(12)",
            ],
        ),
        ("0.2", ["20%", r"20\%", "20 percent", "1/5"]),
        ("20%", ["0.2", "20", r"\frac{1}{5}"]),
        ("1/3", [r"0.\overline{3}", r"0.\bar3", "2/6"]),
    ],
)
def test_ways_to_write_a_number(gold, answers):
    assert [answer for answer in answers if compare(gold, answer)[0] != "correct"] == []


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("10.5", "2 1/2"),
        ("5", "5 million"),
        ("5 km", "5 miles"),
        ("5 hours", "5 min"),
        ("0.5", "0.5%"),
        ("0.2", "2%"),
        ("1/3", "0.3"),
        ("3", "3x"),
        ("12", "1 2"),
    ],
)
def test_numbers_that_are_not_the_same(gold, answer):
    assert compare(gold, answer)[0] == "wrong"


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_numbers_are_read_as_they_are_written(top, bottom):
    assert compare(str(top), f"{top:,}") == ("correct", "")
    assert compare(str(top), f"{top:,}.0") == ("correct", "")
    assert compare(f"{top}/{bottom}", f"\\frac{{{top}}}{{{bottom}}}")[0] == "correct"
    assert compare(str(top), str(top + 1))[0] == "wrong"


REPEATED = [" ", "\n", "1", "1,", "1 or ", "\\", "{", "}", "(", "*", ",", "$", "answer is ", "answer  ", "\nAnswer: "]
REPEATED += [
    "\\boxed{",
    "\\boxed{1} or ",
    "<answer>",
    "<answer>1</answer>",
    "\nQ: ",
    "#### ",
    "A or ",
    "(A)\n",
    "I ",
    ". ",
]


@pytest.mark.parametrize("piece", REPEATED)
def test_looking_for_an_answer_takes_linear_time(piece):
    for text in (piece * (200_000 // len(piece)), "The answer is" + piece * (200_000 // len(piece)) + "x"):
        for find in (VERIFIERS["math"].extract, VERIFIERS["number"].extract, VERIFIERS["choice"].extract, first_number):
            # By the clock of an idle machine; a busy one must not take much more than four times as long for four times
            # the text.
            long = processor_seconds(find, text)
            assert long < 0.2 or long < 8 * processor_seconds(find, text[: len(text) // 4])


def processor_seconds(find, text):
    """Least of three; without the collector, which looks through what hundreds of other tests have left."""
    seconds = []
    gc.disable()
    for _ in range(3):
        start = time.process_time()
        find(text)
        seconds.append(time.process_time() - start)
    gc.enable()
    return min(seconds)


@given(
    st.text(
        alphabet=st.sampled_from(r"\boxed{}frac12,.$ Answer:#<>/=AB()or") | st.sampled_from("\n\u2212%"), max_size=60
    )
)
def test_looking_for_an_answer_never_fails(text):
    for verifier in VERIFIERS.values():
        extracted = verifier.extract(text)
        assert extracted is None or isinstance(extracted.answer, str)
    quantity(text)
