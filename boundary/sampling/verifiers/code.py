"""Programs, judged by the problem's tests in the sandbox."""

import json
import re
import secrets
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from boundary.errors import InputError
from boundary.sampling.code_tests import cases_of
from boundary.sampling.task import Outcome, Problem
from boundary.sampling.verifiers.code_blocks import last_code
from boundary.sampling.verifiers.extraction import Extracted
from boundary.sampling.verifiers.sandbox import Limits, Ran, run, sandbox_trouble

_BEGINS_AS_CODE = re.compile(r"\s*(?:def |import |from |class |@|#|[ \t]{4}\S)")
# Reads the word that says that all tests were passed only after they were: a program that exits early never says it.
SCRIPT_LAST = """import os as _os
_os.write(_out, _os.fdopen(_keep, 'r').read().encode())
"""
# The word is out of the program's way: standard input is empty, standard output goes nowhere.
SCRIPT_FIRST = """import os as _os
_keep, _out, _null = _os.dup(0), _os.dup(1), _os.open('/dev/null', 2)
_os.dup2(_null, 0); _os.dup2(_null, 1)
del _os, _null
"""
CALL_LAST = """import json as _json, os as _os
_function = globals().get({name!r}) or getattr(Solution(), {name!r})
_os.write(_out, _json.dumps(_function(*_json.loads(_given))).encode())
"""
CALL_FIRST = """import os as _os
_given = _os.fdopen(_os.dup(0), 'r').read()
_out, _null = _os.dup(1), _os.open('/dev/null', 2)
_os.dup2(_null, 0); _os.dup2(_null, 1)
del _os, _null
"""


def how_programs_run(unsafe: bool) -> str:
    """`bwrap`, or `unsafe` where the user says so.

    Raises
    ------
    InputError
        Where no sandbox works and the user has not said --unsafe.
    """
    trouble = None if unsafe else sandbox_trouble()
    if trouble:
        raise InputError(
            f"Programs are run in a sandbox only, and none works here: {trouble}.\n"
            "Mend that, or say --unsafe on a machine where nothing can be lost."
        )
    return "unsafe" if unsafe else "bwrap"


def extract(text: str) -> Extracted | None:
    """The last Python code block, or the whole text where it begins as code does."""
    block = last_code(text)
    if block is not None:
        return Extracted(block, explicit=True)
    return Extracted(text, explicit=False) if _BEGINS_AS_CODE.match(text) else None


def arguments(problem: Problem, program: str) -> tuple[Any, str, bool]:
    """Tests, program, and False: in the sandbox."""
    tests = problem.facts.get("tests")
    if not isinstance(tests, Mapping) or tests.get("kind") not in ("script", "stdio", "call"):
        raise InputError(f"Problem {problem.problem_id} has no tests to run. Choose another --verifier.")
    return tests, program, False


def unsafe_arguments(problem: Problem, program: str) -> tuple[Any, str, bool]:
    """Tests, program, and True: without a sandbox."""
    return *arguments(problem, program)[:2], True


def compare(tests: Mapping[str, Any], program: str, unsafe: bool) -> tuple[Outcome, str]:
    """Verdict of a problem's tests on a program; the first one that fails decides."""
    limits = Limits(seconds=float(tests.get("seconds", Limits.seconds)))
    if tests["kind"] == "script":
        return _script(tests, program, limits, unsafe)
    for number, (given, expected) in enumerate(cases_of(tests), start=1):
        if tests["kind"] == "stdio":
            ran = run(program, stdin=given, limits=limits, unsafe=unsafe)
            passed = same_output(ran.output, expected)
        else:
            call = CALL_LAST.format(name=tests["function"])
            ran = run(CALL_FIRST, program, call, stdin=json.dumps(given), limits=limits, unsafe=unsafe)
            passed = _json_equal(ran.output, expected)
        if ran.status != "ok" or not passed:
            outcome, reason = _failed(ran)
            return outcome, f"test {number}: {reason}"
    return "correct", ""


def _script(tests: Mapping[str, Any], program: str, limits: Limits, unsafe: bool) -> tuple[Outcome, str]:
    word = secrets.token_hex(16)
    parts = (SCRIPT_FIRST, *_whole(tests, program), tests["code"], SCRIPT_LAST)
    ran = run(*parts, stdin=word, limits=limits, unsafe=unsafe)
    if ran.status == "ok" and ran.output == word:
        return "correct", ""
    if ran.status == "ok":
        return "wrong", "ended before its tests were done"
    return _failed(ran)


def _whole(tests: Mapping[str, Any], program: str) -> tuple[str, ...]:
    """The program after what the prompt wrote: its imports and helpers before a function, all of it before a body."""
    prefix, start = str(tests.get("prefix", "")), f"def {tests.get('function', '')}("
    return (prefix.partition(start)[0], program) if start in program else (prefix + program,)


def _failed(ran: Ran) -> tuple[Outcome, str]:
    if ran.status == "time":
        return "timeout", ran.reason
    return "wrong", ran.reason or "wrong output"


def same_output(given: str, expected: str) -> bool:
    """Whether two outputs agree line by line, whatever the space at line ends; 1.0 is 1, exactly."""
    lines, wanted = ([line.split() for line in text.strip().splitlines()] for text in (given, expected))
    if lines == wanted:
        return True
    if [len(line) for line in lines] != [len(line) for line in wanted]:
        return False
    pairs = [pair for line in zip(lines, wanted, strict=True) for pair in zip(*line, strict=True)]
    return all(one == other or _same_number(one, other) for one, other in pairs)


def _same_number(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def _json_equal(output: str, expected: Any) -> bool:
    try:
        return bool(json.loads(output) == json.loads(json.dumps(expected)))
    except ValueError:
        return False
