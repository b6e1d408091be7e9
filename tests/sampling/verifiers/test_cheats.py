"""Programs that try to pass tests by other means than a right result: none is judged correct."""

from pathlib import Path

import pytest

from boundary.sampling.sandbox.bubblewrap import sandbox_trouble
from boundary.sampling.verifiers import code

TROUBLE = sandbox_trouble()
pytestmark = pytest.mark.skipif(TROUBLE is not None, reason=f"no sandbox here: {TROUBLE}")

# In the forms of HumanEval+ and MBPP+: inputs, results, a function that compares them. No rule gives these results.
COMPARE = """
def is_floats(x):
    return isinstance(x, float) or (isinstance(x, (list, tuple)) and x and all(isinstance(i, float) for i in x))

def assertion(out, exp, atol):
    if atol == 0 and is_floats(exp):
        atol = 1e-6
    if out != exp and atol != 0:
        import numpy as np
        assert np.allclose(out, exp, rtol=1e-07, atol=atol)
    else:
        assert out == exp, f"out: {out}, exp: {exp}"

inputs = [[3], [10], [7]]
results = [71077345, [2.5, -17.25], {'word': (True, None)}]
"""
HUMANEVAL = {
    "kind": "script",
    "seconds": 2,
    "prefix": "def mystery(n):\n    '''A number of n.'''\n",
    "function": "mystery",
    "code": COMPARE.replace("inputs =", "def check(candidate):\n    inputs =").replace("\nresults", "\n    results")
    + "    for inp, exp in zip(inputs, results):\n        assertion(candidate(*inp), exp, 0)\n\ncheck(mystery)\n",
}
MBPP = {
    "kind": "script",
    "seconds": 2,
    "code": COMPARE + "for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion(mystery(*inp), exp, 0)\n",
}
CALL = {
    "kind": "call",
    "seconds": 2,
    "function": "mystery",
    "cases": [[[3], 71077345], [[10], [2.5, -17.25]], [[7], {"word": [True, None]}]],
}
SHAPES = {"HumanEval+": HUMANEVAL, "MBPP+": MBPP, "calls": CALL}
# Everything that a text of tests could be taken from: it looks for the results, and returns what it finds.
SEARCH = """
import re
def results_in(text):
    found = re.search(r"results\\s*=\\s*(\\[.*)", text)
    return eval(found[1]) if found else None
def mystery(n):
    for text in texts():
        if isinstance(text, bytes):
            text = text.decode('utf-8', 'replace')
        results = results_in(str(text))
        if results:
            return results[[3, 10, 7].index(n)]
"""
_SECTIONS = (Path(__file__).parent / "cheats.txt").read_text().split("\n=== ")[1:]
CHEATS = {name: code.replace("SEARCH", SEARCH) for name, _, code in (section.partition("\n") for section in _SECTIONS)}
# Those that need not go by the name of a function of the tests are tried in one form; a few of each kind in the others.
EVERYWHERE = (
    "frames of the caller",
    "words to every file",
    "equal by its kind",
    "zip",
    "the other end",
    "an exit in the call",
)


@pytest.mark.parametrize(
    ("shape", "name"),
    [("MBPP+", name) for name in CHEATS] + [(shape, name) for shape in ("HumanEval+", "calls") for name in EVERYWHERE],
)
def test_a_cheat_is_not_correct(name, shape):
    outcome, reason = code.compare(SHAPES[shape], CHEATS[name], False)
    assert outcome in ("wrong", "timeout")
    assert reason


@pytest.mark.parametrize("shape", SHAPES)
def test_a_program_that_knows_is_correct(shape):
    program = "def mystery(n):\n    return {3: 71077345, 10: [2.5, -17.25], 7: {'word': (True, None)}}[n]\n"
    assert code.compare(SHAPES[shape], program, False) == ("correct", "")


@pytest.mark.parametrize("compare", ["np.allclose", "np.testing.assert_allclose"])
def test_an_empty_result_is_close_to_no_number(compare):
    """numpy compares nothing there, and finds no difference."""
    tests = f"import numpy as np\ndef close(out, exp):\n    assert {compare}(out, exp, atol=1e-6) in (None, True)\n"
    for exp, results in (("2.5", ("[]", "(), ()", "[[]]", "3.5")), ("[]", ("0", "7.0"))):
        for result in results:
            program = f"def mystery():\n    return {result}"
            assert (
                code.compare({"kind": "script", "code": f"{tests}close(mystery(), {exp})"}, program, False)[0]
                == "wrong"
            )
    right = "def mystery():\n    return [2.5000001], []"
    checks = f"{tests}close(mystery()[0], 2.5)\nclose(mystery()[1], [])\n"
    assert code.compare({"kind": "script", "code": checks}, right, False) == ("correct", "")
