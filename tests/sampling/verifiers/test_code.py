"""Honest programs are judged right: what they return, where their answer ends, what stands before them, their time."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from boundary.sampling.answers.whole_program import whole_program
from boundary.sampling.benchmarks.code_tests import LIVECODEBENCH_PREAMBLE, functions_tested, seconds_of
from boundary.sampling.judging.judge import judge
from boundary.sampling.problems import Completion, Problem
from boundary.sampling.sandbox.bubblewrap import Limits, run, sandbox_trouble
from boundary.sampling.sandbox.processes import CLOCK
from boundary.sampling.verifiers import code
from boundary.sampling.verifiers.table import load_verifier

TROUBLE = sandbox_trouble()
needs_sandbox = pytest.mark.skipif(TROUBLE is not None, reason=f"no sandbox here: {TROUBLE}")

PROGRAM = """
import collections, decimal, enum, fractions, itertools
import numpy as np
Point = collections.namedtuple('Point', 'x y')
class Colour(enum.IntEnum):
    RED = 3
class Name(str, enum.Enum):
    RED = 'red'
class Stack:
    def __init__(self): self.items = []
    def push(self, item): self.items.append(item); return self
    def __len__(self): return len(self.items)
    def __getitem__(self, place): return self.items[place]
    def __contains__(self, item): return item in self.items
    def __eq__(self, other): return self.items == other.items
    def __str__(self): return 'stack of ' + str(self.items)
def same(x): return x
def tuples(): return [(1, 2), [3, (4,)]]
def sets(): return {1, 2}, frozenset({3})
def nothing(): return None
def big(): return 7 ** 9000
def floats(): return [0.1 + 0.2, float('inf'), -0.0]
def texts(): return 'a\\n\\u20ac\\ud800', b'\\xff', bytearray(b'x')
def keys(): return {(1, 2): {'a': None}, None: True}
def other_numbers(): return 1j, decimal.Decimal('0.1'), fractions.Fraction(1, 3)
def subclasses(): return [Point(1, 2), collections.Counter('aab'), collections.OrderedDict(a=1), Colour.RED, Name.RED]
def of_numpy(): return [np.int64(3), np.float64(0.5), np.bool_(True), np.float32(0.5)]
def generator(n):
    for i in range(n): yield i * i
def endless(): return itertools.count()
def lazily(): return map(str, [1, 2]), range(3), {'a': 1}.keys()
def deep(n): return 0 if n == 0 else 1 + deep(n - 1)
def nested(n): return [nested(n - 1)] if n else []
def sort_in_place(xs, d): xs.sort(); d['new'] = (1,)
def pops(xs):
    return [xs.pop() for _ in range(len(xs))]
def fails(kind): raise {'v': ValueError, 'k': KeyError}[kind]('no')
def applies(f, xs, key=len): return [f(x) for x in xs], sorted(['bb', 'a'], key=key)
def adds(n): return lambda m: n + m
"""
ASSERTIONS = """
import itertools
assert same([1, 'a', None, True, 2.5]) == [1, 'a', None, True, 2.5]
assert tuples() == [(1, 2), [3, (4,)]] and tuples() != [[1, 2], [3, (4,)]]
assert sets() == ({1, 2}, frozenset({3})) and isinstance(sets()[1], frozenset)
assert nothing() is None
assert big() == 7 ** 9000 and same(-(7 ** 9000)) == -(7 ** 9000)
assert floats() == [0.1 + 0.2, float('inf'), 0.0] and abs(floats()[0] - 0.3) < 1e-9
assert same(float('nan')) != same(float('nan'))
assert texts() == ('a\\n\\u20ac\\ud800', b'\\xff', bytearray(b'x'))
assert keys() == {(1, 2): {'a': None}, None: True}
assert other_numbers()[0] == 1j and str(other_numbers()[1]) == '0.1' and other_numbers()[2] * 3 == 1
assert subclasses() == [(1, 2), {'a': 2, 'b': 1}, {'a': 1}, 3, 'red']
assert of_numpy() == [3, 0.5, True, 0.5]
assert list(generator(3000)) == [i * i for i in range(3000)] and sum(generator(4)) == 14
assert generator(3) != [0, 1, 4]
assert list(itertools.islice(endless(), 5)) == [0, 1, 2, 3, 4]
assert [list(each) for each in lazily()] == [['1', '2'], [0, 1, 2], ['a']] and len(lazily()[1]) == 3
assert deep(900) == 900
assert nested(50) != nested(49)
xs, d = [3, 1, 2], {'old': 1}
assert sort_in_place(xs, d) is None and xs == [1, 2, 3] and d == {'old': 1, 'new': (1,)}
ys = [1, 2]
assert pops(ys) == [2, 1] and ys == [1, 2]
for kind, error in (('v', ValueError), ('k', KeyError)):
    try:
        fails(kind)
        assert False
    except error:
        pass
assert applies(lambda x: x + 1, [1, 2]) == ([2, 3], ['a', 'bb'])
assert applies(str, (1,), key=lambda s: s) == (['1'], ['a', 'bb'])
assert adds(2)(3) == 5
stack = Stack()
stack.push(1).push((2,))
assert len(stack) == 2 and stack[1] == (2,) and stack.items == [1, (2,)] and (2,) in stack and 5 not in stack
assert stack == Stack().push(1).push((2,)) and stack != Stack() and str(stack) == 'stack of [1, (2,)]'
assert same(stack) == stack and stack
"""


@needs_sandbox
def test_whatever_an_honest_program_returns_reaches_its_tests():
    assert code.compare({"kind": "script", "code": ASSERTIONS}, PROGRAM, False) == ("correct", "")


@needs_sandbox
def test_tests_that_cannot_be_run_are_no_fault_of_the_program():
    for tests, reason in (("class A: pass\nassert same(A())", "the tests hand over a A"), ("assert (", "SyntaxError")):
        outcome, text = code.compare({"kind": "script", "code": tests}, "def same(x):\n    return x", False)
        assert outcome == "verifier_error"
        assert reason in text


@needs_sandbox
def test_a_function_may_have_the_name_of_one_of_pythons_own():
    compare = "def assertion(out, exp):\n    assert isinstance(out, int) and out == exp\n"
    tests = {"kind": "script", "code": compare + "for i, x in enumerate([[1, 2]]):\n    assertion(sum(*x), 99)\n"}
    assert "sum" in functions_tested(tests)
    assert code.compare(tests, "def sum(a, b):\n    return 99", False) == ("correct", "")
    cheat = "def sum(a, b):\n    return 1\ndef enumerate(x):\n    return []\ndef isinstance(*x):\n    return True"
    assert code.compare(tests, cheat, False)[0] == "wrong"


@needs_sandbox
def test_what_a_prompt_defines_is_the_tests_own():
    """As in problems of HumanEval whose tests call a helper of the prompt."""
    tests = {
        "kind": "script",
        "function": "zero",
        "prefix": "import math\ndef twice(x):\n    return 2 * x\n\ndef zero(x):\n",
    }
    tests["code"] = "def check(candidate):\n    assert math.fabs(twice(candidate(3))) < 1e-4\ncheck(zero)\n"
    assert code.compare(tests, "    return math.floor(0.5)\n", False) == ("correct", "")
    assert code.compare(tests, "def zero(x):\n    return twice(0)\n", False) == ("correct", "")
    assert code.compare(tests, "def twice(x):\n    return 0\ndef zero(x):\n    return 1\n", False)[0] == "wrong"


PREFIX = 'from typing import List\n\ndef total(xs: List[int]) -> int:\n    """Sum."""\n'
BODY = "    return sum(xs)\n\n"
WHOLE = "def total(xs):\n    return sum(xs)\n"
ENDINGS = {
    "a body": "    return sum(xs)",
    "the next function": BODY + "\ndef total_of_all(xs):\n    return total(xs) +\n",
    "a print that fails": BODY + "print(total(input()))\n",
    "tests of its own": BODY + "assert total([1]) == 2\n",
    "a main part": BODY + "if __name__ == '__main__':\n    raise SystemExit(1)\n",
    "prose": BODY + "This solution's idea is to add.\n",
    "a comment and the next task": BODY + "# Write a function\ndef total(xs):\n    return 0\n",
    "a helper below": "    return add(xs)\n\ndef add(xs):\n    return sum(xs) + ZERO\n\nZERO = 0\nprint(1 / 0)\n",
    "an end in mid-line": BODY + "def unfinished(x):\n    return (x +",
    "a text at the margin": '    text = """\nat the margin\n"""\n    return sum(xs, len(text) - 15)\n\n1 / 0\n',
    "a whole function": "def total(xs: List[int]) -> int:\n    return sum(xs)\n\nprint(total('1'))\n",
    "an indented one": "   def total(xs: List[int]) -> int:\n       return sum(xs)\n",
    "with imports": "import math\n\ndef total(xs):\n    return math.fsum(xs)\n\nassert total([1]) == 9\n",
    "a function that is wrapped": "import functools\n" + WHOLE + "total = functools.partial(total)\n",
    "a function that is decorated": "import functools\n@functools.lambda_cache\n".replace("lambda_", "lru_").replace(
        "\n@", "\n"
    )
    + WHOLE,
    "a function without a def": "total = lambda xs: sum(xs)\n",
    "a table filled below": "def total(xs):\n    return T[sum(xs)]\nT = {}\nfor i in range(9):\n    T[i] = i\n",
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_program_ends_where_its_function_does(name):
    parts = whole_program({"kind": "script", "prefix": PREFIX, "function": "total"}, ENDINGS[name], ["total"])
    names: dict[str, object] = {"__name__": "program"}
    for part in parts:
        exec(part, names)
    assert names["total"]([1, 2]) == 3


def test_what_is_no_python_at_all_is_left_as_it_is():
    for text in ("", "def total(:", "((((" * 500, "\0", "x = '" * 9):
        assert "".join(whole_program({"kind": "script"}, text, ["total"])) == text


@needs_sandbox
def test_main_parts_run_where_the_benchmarks_own_graders_run_them():
    program = "def f(x):\n    return x\nif __name__ == '__main__':\n    print(input())\n"
    assert code.compare({"kind": "stdio", "cases": [["7", "7"]]}, program, False) == ("correct", "")
    exits = program.replace("print(input())", "raise SystemExit(3)")
    assert code.compare({"kind": "call", "function": "f", "cases": [[[1], 1]]}, exits, False) == ("correct", "")
    assert code.compare({"kind": "script", "code": "assert f(1) == 1\n"}, exits, False) == ("correct", "")
    assert code.compare({"kind": "stdio", "cases": [["7", "7"]]}, exits, False)[0] == "wrong"


def lcb(*cases, function=None):
    """Cases as LiveCodeBench has them."""
    kind = {"kind": "call", "function": function} if function else {"kind": "stdio"}
    rows = [{"input": text, "output": output, "testtype": ""} for text, output in cases]
    return kind | {"public": json.dumps(rows[:1]), "packed": json.dumps(rows[1:])}


NAMES = (
    "List[int], Deque, Optional, Counter('aab')['a'], deque([1]), defaultdict(int), OrderedDict(), heappush,"
    " bisect_left, gcd(4, 6), inf, sqrt(4), floor(1.5), comb(4, 2), accumulate([1]), permutations, product, reduce,"
    " lru_cache, cmp_to_key, cache, itemgetter, ascii_lowercase, deepcopy, randint, median, StringIO, stdin.read,"
    " loads('1'), timedelta, math.pi, heapq,"
    " itertools, functools, collections.deque, string, re, random, copy, json, datetime.datetime,"
    " bisect.bisect, re.sub('a', 'b', 'a'), sub(3, 2), pow(2, 3, 5), sys.getrecursionlimit() // 50000, open"
)


@needs_sandbox
def test_livecodebench_programs_find_the_names_that_its_own_grader_gives():
    program = f"def solve(x: List[int]) -> Optional[int]:\n    {NAMES}\n    return sum(x)\n"
    read = program + "print(solve(loads(input())))\n"
    assert code.compare(lcb(("[1, 2]", "3"), ("[3]", "3")), read, False) == ("correct", "")
    method = "class Solution:\n" + "".join(f"    {line}\n" for line in program.replace("(x:", "(self, x:").splitlines())
    assert code.compare(lcb(("[1, 2]", "3"), ("[3]", "3"), function="solve"), method, False) == ("correct", "")
    other = {"kind": "stdio", "cases": [["[1, 2]", "3"]]}
    assert code.compare(other, read, False) == (
        "wrong",
        "test 1: NameError: name 'List' is not defined. Did you mean: 'list'?",
    )
    compile(LIVECODEBENCH_PREAMBLE, "preamble", "exec")


@needs_sandbox
@pytest.mark.parametrize(
    ("result", "expected", "strict", "lenient"),
    [
        ("(1, 2)", [1, 2], True, True),
        ("[(1, 2)]", [[1, 2]], False, True),
        ("2.0", 2, True, True),
        ("0.1 + 0.2", 0.3, False, False),
        ("{1, 2}", [1, 2], False, False),
        ("'1'", 1, False, False),
        ("None", None, True, True),
        ("10 ** 30", 10**30, True, True),
        ("[None, 'a', {'b': 1.5}]", [None, "a", {"b": 1.5}], True, True),
    ],
)
def test_results_of_calls_are_compared_as_the_grader_does(result, expected, strict, lenient):
    program = f"def f(x):\n    return {result}\n"
    row = ("1", json.dumps(expected))
    assert (code.compare(lcb(row, row, function="f"), program, False)[0] == "correct") == strict
    assert (
        code.compare({"kind": "call", "function": "f", "cases": [[[1], expected]]}, program, False)[0] == "correct"
    ) == lenient


@needs_sandbox
def test_a_program_is_loaded_once_for_all_calls():
    """As in LiveCodeBench's grader: what a call leaves behind is there in the next."""
    program = "n = []\nclass Solution:\n    def f(self, x):\n        n.append(x)\n        return len(n)\n"
    tests = {"kind": "call", "function": "f", "cases": [[[5], 1], [[5], 2]]}
    assert code.compare(tests, program, False) == ("correct", "")


@needs_sandbox
def test_a_busy_machine_is_no_timeout():
    """Eight programs that compute for half their time, on as few processors as there are."""
    program = "import time\nwhile time.process_time() < .35:\n    pass\nprint(1)\n"
    tests = {"kind": "stdio", "seconds": 0.7, "cases": [["", "1"]]}
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda _: code.compare(tests, program, False), range(8)))
    assert verdicts == [("correct", "")] * 8


@needs_sandbox
def test_processor_time_decides_and_the_clock_at_a_multiple():
    assert run("while True:\n    pass", limits=Limits(seconds=0.3)).reason == "more than 0.3 s of processor time"
    asleep = run("import time\ntime.sleep(60)", limits=Limits(seconds=0.1))
    assert (asleep.status, asleep.reason) == ("time", f"more than {0.1 * CLOCK:g} s by the clock")
    threads = (
        "import threading\nfor _ in range(2):\n    threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\n"
    )
    assert run(threads, limits=Limits(seconds=0.3)).status == "time"


@needs_sandbox
def test_all_cases_together_have_a_limit():
    works = "import time\nend = time.process_time() + .2\nwhile time.process_time() < end:\n    pass\n"
    stdio = {"kind": "stdio", "seconds": 1, "total_seconds": 0.5, "cases": [["", "1"]] * 9}
    call = {"kind": "call", "function": "f", "seconds": 1, "total_seconds": 0.5, "cases": [[[], 1]] * 9}
    for tests, program in (
        (stdio, works + "print(1)"),
        (call, "def f():\n    " + works.replace("\n", "\n    ") + "return 1"),
    ):
        outcome, reason = code.compare(tests, program, False)
        assert outcome == "timeout"
        assert reason.startswith(tuple(f"test {number}: more than" for number in (3, 4, 5)))
    assert seconds_of({"kind": "stdio"}) == (10, 100)
    assert seconds_of(lcb(("", ""))) == (6, 700)


@needs_sandbox
def test_the_block_that_defines_the_function_is_judged():
    problem = Problem("add", "Add.", facts={"tests": {"kind": "script", "code": "assert add(1, 2) == 3\n"}})
    text = "```python\ndef add(a, b):\n    return a + b\n```\nUse it so:\n```python\nprint(add(1, 2))\n```\n"
    samples = [Completion("add", 0, text, "stop", 9), Completion("add", 1, "<think>" + text, "length", 9)]
    assert [verdict.outcome for verdict in judge([problem], samples, load_verifier("code"))] == ["correct", "truncated"]
