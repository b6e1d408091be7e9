"""Tests of programming problems, as each benchmark states them, in one form that the code verifier runs.

The form, kept as `facts["tests"]`:

- `{"kind": "script", "code": TEXT}`: must run to its end, with the program's functions at hand; with `prefix` and
  `function`, the text that the program continues and the function that it defines;
- `{"kind": "stdio", "cases": [[INPUT, OUTPUT], ...]}`: the program reads INPUT and must print OUTPUT;
- `{"kind": "call", "function": NAME, "cases": [[ARGUMENTS, RESULT], ...]}`: NAME(*ARGUMENTS) must give RESULT, in JSON;
  the function may be a method of a class Solution;
- `packed` in place of `cases`: the cases as LiveCodeBench packs them, opened when they are run. They get what its own
  grader gives: an import preamble before the program, and 6 s a test.

All may have `seconds`, processor time: of a `script` as a whole (10 s), else of one case (10 s); and `total_seconds`,
of all cases together (ten times as much; LiveCodeBench 700 s, since its grader has no other bound than 7 s a case).
"""

import base64
import builtins
import json
import keyword
import pickletools
import re
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from boundary.errors import InputError

READ_STDIN = "\n\nRead the input from stdin and write the answer to stdout."
LARGEST = 1 << 30
SECONDS = 10.0
LIVECODEBENCH_SECONDS = (6.0, 700.0)
# The modules of the standard library that LiveCodeBench's grader opens to a program: first the names of each, in this
# order, so that those of a later one hide those of an earlier one; then the modules themselves.
_OPENED = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json "
    "builtins typing"
)
LIVECODEBENCH_PREAMBLE = "".join(
    [
        *(f"from {name} import *\n" for name in _OPENED.split()),
        *(f"import {name}\n" for name in _OPENED.split() if name not in ("builtins", "typing")),
        "sys.setrecursionlimit(50_000)\n",
    ]
)
_CALLED = re.compile(r"(?<![\w.])([A-Za-z_]\w*)[ \t]*\(")
_ASSERTED = re.compile(r"\bassert(?:ion)?\b[ \t(]*(?:not[ \t]+)?([A-Za-z_]\w*)[ \t]*\(")
_BOUND_BY_TESTS = re.compile(r"(?m)^[ \t]*(?:(?:def|class)[ \t]+(\w+)|(?:from[ \t][^\n]*?)?import[ \t]+([^\n]+))")


def humaneval(row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Prompt and tests of HumanEval(+): `check(candidate)`, run on the function that the prompt begins."""
    code = f"{row['test']}\n\ncheck({row['entry_point']})\n"
    return str(row["prompt"]), {
        "kind": "script",
        "code": code,
        "prefix": row["prompt"],
        "function": row["entry_point"],
    }


def mbpp(row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Prompt and tests of MBPP(+): assertions; the first of them is shown, since it alone says the function's name."""
    shown = next(iter(row.get("test_list") or ()), "")
    code = "\n".join([*(row.get("test_imports") or ()), str(row["test"])]) + "\n"
    return f"{row['prompt']}\nYour code should satisfy this test:\n{shown}", {"kind": "script", "code": code}


def livecodebench(row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Prompt and tests of LiveCodeBench: stdin and stdout, or calls of a method where there is starter code."""
    starter = str(row.get("starter_code") or "")
    tests: dict[str, Any] = {"kind": "stdio"}
    prompt = f"{row['question_content']}{READ_STDIN}"
    if starter:
        metadata = json.loads(row.get("metadata") or "{}")
        tests = {"kind": "call", "function": metadata["func_name"]}
        prompt = f"{row['question_content']}\n\nComplete this code:\n```python\n{starter}\n```"
    return prompt, tests | {"public": row["public_test_cases"], "packed": row["private_test_cases"]}


CODE_TESTS: dict[str, Callable[[Mapping[str, Any]], tuple[str, dict[str, Any]]]] = {
    "humaneval": humaneval,
    "mbpp": mbpp,
    "livecodebench": livecodebench,
}


def preamble(tests: Mapping[str, Any]) -> str:
    """What stands before every program: LiveCodeBench's imports."""
    return LIVECODEBENCH_PREAMBLE if "packed" in tests else ""


def seconds_of(tests: Mapping[str, Any]) -> tuple[float, float]:
    """Processor time of one case, and of all together."""
    default, total = LIVECODEBENCH_SECONDS if "packed" in tests else (SECONDS, 0.0)
    case = float(tests.get("seconds", default))
    return case, float(tests.get("total_seconds", total or 10 * case))


def functions_tested(tests: Mapping[str, Any]) -> tuple[str, ...]:
    """Names that the tests call and neither they nor Python define: the program has to."""
    return (str(tests["function"]),) if tests.get("function") else _functions_called(str(tests.get("code", "")))


@lru_cache(maxsize=64)
def _functions_called(code: str) -> tuple[str, ...]:
    bound = {name for match in _BOUND_BY_TESTS.finditer(code) for name in re.findall(r"\w+", match[1] or match[2])}
    called = [name for name in dict.fromkeys(_CALLED.findall(code)) if name not in bound]
    own = tuple(name for name in called if not hasattr(builtins, name) and not keyword.iskeyword(name))
    return own or tuple(dict.fromkeys(_ASSERTED.findall(code)))


def cases_of(tests: Mapping[str, Any]) -> list[list[Any]]:
    """Cases of `stdio` and `call` tests, unpacked where they are packed.

    Raises
    ------
    InputError
        If they are in no known form.
    """
    if "cases" in tests:
        return [list(case) for case in tests["cases"]]
    try:
        cases = json.loads(tests["public"]) + unpacked(tests["packed"])
        if tests["kind"] == "stdio":
            return [[case["input"], case["output"]] for case in cases]
        return [
            [[json.loads(line) for line in case["input"].split("\n")], json.loads(case["output"])] for case in cases
        ]
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise InputError(f"The tests of a problem are in no known form ({error}).") from error


def unpacked(packed: str) -> list[dict[str, Any]]:
    """LiveCodeBench's private cases: JSON, or base64 of zlib of a pickle that holds one text of JSON.

    The pickle is not loaded, which could run code: its one text is read from its list of operations.
    """
    try:
        return list(json.loads(packed))
    except ValueError:
        stream = zlib.decompressobj()
        data = stream.decompress(base64.b64decode(packed), LARGEST)
        texts = [value for _, value, _ in pickletools.genops(data) if isinstance(value, str)]
        return list(json.loads(texts[0]))
