"""The verifier `code`: programs, judged by the problem's tests in the sandbox.

Nothing that a program must not know is ever where it runs. Cases are compared in this process; tests that are code run
in a sandbox of their own and call the program's functions from there.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from boundary.errors import InputError
from boundary.sampling.answers.code_blocks import program_in
from boundary.sampling.answers.extraction import ExtractedAnswer
from boundary.sampling.answers.whole_program import prompt_helpers, whole_program
from boundary.sampling.benchmarks.code_tests import cases_of, functions_tested, preamble, seconds_of
from boundary.sampling.problems import Outcome, Problem
from boundary.sampling.sandbox.bubblewrap import changes_user, run, sandbox_trouble, serving
from boundary.sampling.sandbox.inside.talk import decode, encode
from boundary.sampling.sandbox.processes import MEGABYTE, EndedError, LimitError, Limits, RunningProgram
from boundary.sampling.verifiers.spec import Verifier

KINDS = ("script", "stdio", "call")
# Tests that are code may take as long again as the program, and a little to begin with.
TESTS_SECONDS = 10.0
TESTS_MEMORY, TESTS_OUTPUT = 4096 * MEGABYTE, 64 * MEGABYTE
# What is left of the time of all cases, where it is used up: enough to notice it.
LEAST_SECONDS = 0.01
# Bytes of a result for one of JSON: an empty tuple is fourteen.
LONGEST = 16
VERDICT = b'{"verdict": '


def configure(verifier: Verifier, unsafe: bool) -> Verifier:
    """The verifier as programs run on this machine: in the sandbox, or without it; its version says which.

    Raises
    ------
    InputError
        Where no sandbox works and the user has not said --unsafe.
    """
    if unsafe:
        return replace(verifier, arguments=unsafe_arguments, version=f"{verifier.version}.unsafe")
    if trouble := sandbox_trouble():
        raise InputError(
            f"Programs are run in a sandbox only, and none works here: {trouble}.\n"
            "Mend that, or say --unsafe on a machine where nothing can be lost."
        )
    return replace(verifier, version=f"{verifier.version}.bwrap")


def notice_for_root(unsafe: bool) -> str:
    """What to know where boundary runs as root and is to run programs; nothing where it does not."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return ""
    if unsafe:
        return "boundary runs as root, and so does every program: without a sandbox it can do anything to this machine."
    if changes_user():
        return "boundary runs as root. Programs run in the sandbox as another user, who has no rights."
    return (
        "boundary runs as root, and so does every program in the sandbox, since no other user can be taken here. "
        "Run it as another user if you can."
    )


def extract(text: str) -> ExtractedAnswer | None:
    """The program in a text, without regard to the problem."""
    program = program_in(text)
    return None if program is None else ExtractedAnswer(*program)


def extract_for(problem: Problem, text: str) -> ExtractedAnswer | None:
    """The program in a text: for tests of a function the one that defines it, or goes on with it."""
    tests = problem.facts.get("tests")
    if not isinstance(tests, Mapping):
        return extract(text)
    program = program_in(text, functions_tested(tests), continues="prefix" in tests)
    return None if program is None else ExtractedAnswer(*program)


def arguments(problem: Problem, program: str) -> tuple[Any, str, bool]:
    """Tests, program, and False: in the sandbox."""
    tests = problem.facts.get("tests")
    if not isinstance(tests, Mapping) or tests.get("kind") not in KINDS:
        raise InputError(f"Problem {problem.problem_id} has no tests to run. Choose another --verifier.")
    return tests, program, False


def unsafe_arguments(problem: Problem, program: str) -> tuple[Any, str, bool]:
    """Tests, program, and True: without a sandbox."""
    return *arguments(problem, program)[:2], True


def compare(tests: Mapping[str, Any], program: str, unsafe: bool) -> tuple[Outcome, str]:
    """Verdict of a problem's tests on a program; the first one that fails decides."""
    try:
        if tests["kind"] == "script":
            return _script(tests, program, unsafe)
        if tests["kind"] == "stdio":
            return _stdio(tests, program, unsafe)
        return _calls(tests, program, unsafe)
    except _FailedError as failure:
        return failure.outcome, failure.reason


class _FailedError(Exception):
    """A test was not passed."""

    def __init__(self, reason: str, outcome: Outcome = "wrong") -> None:
        self.outcome = outcome
        # Part of it is the program's own words.
        self.reason = "".join(sign if sign.isprintable() else "?" for sign in reason[:200])


def _stdio(tests: Mapping[str, Any], program: str, unsafe: bool) -> tuple[Outcome, str]:
    """Run the program anew on every input, as the main module."""
    per_case, left = seconds_of(tests)
    for number, (text, expected) in enumerate(cases_of(tests), start=1):
        limits = Limits(seconds=min(per_case, left))
        ran = run(preamble(tests), program, stdin=text, limits=limits, unsafe=unsafe)
        if ran.status != "ok" or not same_output(ran.output, expected):
            outcome: Outcome = "timeout" if ran.status == "time" else "wrong"
            raise _FailedError(f"test {number}: {ran.reason or 'wrong output'}", outcome)
        left = max(left - ran.seconds, LEAST_SECONDS)
    return "correct", ""


def _calls(tests: Mapping[str, Any], program: str, unsafe: bool) -> tuple[Outcome, str]:
    """Load the program once and call its function with every case."""
    per_case, left = seconds_of(tests)
    limits = Limits(seconds=left)
    with serving("program", repr([preamble(tests), program]), limits, unsafe) as running:
        running.allow(per_case)
        _exchange(running, b"", "loading: ")
        for number, (args, expected) in enumerate(cases_of(tests), start=1):
            before = running.processor_seconds()
            running.allow(min(per_case, left))
            request = {"do": "call", "name": tests["function"], "args": encode(list(args), _refuse)}
            line = _exchange(running, json.dumps(request).encode() + b"\n", f"test {number}: ")
            reason = _difference(line, expected, exactly="packed" in tests)
            if reason:
                raise _FailedError(f"test {number}: {reason}")
            left = max(left - (running.processor_seconds() - before), LEAST_SECONDS)
    return "correct", ""


def _script(tests: Mapping[str, Any], program: str, unsafe: bool) -> tuple[Outcome, str]:
    """Load the program, then let the tests, in another sandbox, call it; messages go to and fro until they are done."""
    limits = Limits(seconds_of(tests)[0])
    judge_limits = Limits(limits.seconds + TESTS_SECONDS, TESTS_MEMORY, TESTS_OUTPUT)
    names = functions_tested(tests)
    parts = whole_program(tests, program, names)
    task = {"code": tests["code"], "helpers": prompt_helpers(tests), "functions": names if "function" in tests else ()}
    with (
        serving("program", repr(list(parts)), limits, unsafe) as running,
        serving("checks", "", judge_limits, unsafe) as judge,
    ):
        _exchange(running, b"", "")
        line = _judge_exchange(judge, json.dumps(task).encode() + b"\n")
        while not line.startswith(VERDICT):
            line = _judge_exchange(judge, _exchange(running, line, ""))
    verdict, reason = json.loads(line)["verdict"]
    if verdict == "passed":
        return "correct", ""
    raise _FailedError(reason, "verifier_error" if verdict == "broken" else "wrong")


def _exchange(running: RunningProgram, message: bytes, prefix: str) -> bytes:
    """What a program answers; that it is not passed where it does not."""
    try:
        return running.exchange(message)
    except LimitError as error:
        outcome: Outcome = "timeout" if error.status == "time" else "wrong"
        raise _FailedError(prefix + running.limit_reason(error.status), outcome) from error
    except EndedError as error:
        raise _FailedError(prefix + (running.end_reason() or "ended before its tests were done")) from error


def _judge_exchange(judge: RunningProgram, message: bytes) -> bytes:
    """What the tests ask next, or their verdict."""
    try:
        return judge.exchange(message)
    except LimitError as error:
        outcome: Outcome = "timeout" if error.status == "time" else "verifier_error"
        raise _FailedError(f"the tests used {judge.limit_reason(error.status)}", outcome) from error
    except EndedError as error:
        raise _FailedError(f"the tests ended: {judge.end_reason()}", "verifier_error") from error


def _refuse(*_: Any) -> Any:
    raise ValueError("no plain value")


def _difference(line: bytes, expected: Any, exactly: bool) -> str:
    """Why the answer to a call is not what was expected; nothing where it is.

    Parameters
    ----------
    line
        The answer: a value of Python's own types, or the exception that the program raised.
    expected
        A value of JSON.
    exactly
        Compare as LiveCodeBench's grader does: a tuple is a list, but not within another. Else as JSON.
    """
    try:
        if len(line) > LONGEST * len(json.dumps(expected)) + 4096 and b'"raised"' not in line[:20]:
            return "wrong result"  # not decoded: dicts can be made to take minutes
        message = json.loads(line)
        if "raised" in message:
            return ": ".join(str(part) for part in message["raised"] if part)
        result = decode(message["value"], _refuse)
        if exactly:
            result = list(result) if isinstance(result, tuple) else result
        else:
            result, expected = json.loads(json.dumps(result)), json.loads(json.dumps(expected))
        return "" if result == expected else "wrong result"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ArithmeticError, MemoryError):
        return "no result that can be compared"


def same_output(output: str, expected: str) -> bool:
    """Whether two outputs agree line by line, whatever the space at line ends; 1.0 is 1, exactly."""
    lines, expected_lines = ([line.split() for line in text.strip().splitlines()] for text in (output, expected))
    if lines == expected_lines:
        return True
    if [len(line) for line in lines] != [len(line) for line in expected_lines]:
        return False
    pairs = [pair for line in zip(lines, expected_lines, strict=True) for pair in zip(*line, strict=True)]
    return all(first == other or _same_number(first, other) for first, other in pairs)


def _same_number(first: str, other: str) -> bool:
    try:
        return Decimal(first) == Decimal(other)
    except InvalidOperation:
        return False


VERIFIERS = (
    Verifier(
        "code",
        "2",
        extract,
        arguments,
        "boundary.sampling.verifiers.code:compare",
        by_problem=True,
        timeout=900.0,
        memory=None,
        extract_for=extract_for,
        configure=configure,
        notice=notice_for_root,
    ),
)
