"""Runs inside a sandbox of its own: the tests of a problem, with the program's names standing for another process."""

import ast
import builtins
import json
import os
import types
from collections.abc import Callable, Iterator
from typing import Any

from boundary.sampling.sandbox.inside.program import own_pipes
from boundary.sampling.sandbox.inside.talk import CannotPassError, Peer


class Tests(Peer):
    """The end where the tests are: the program may call a function that they handed to it, and nothing else."""

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        """Call a function of the tests."""
        if request["do"] != "call":
            raise TypeError("a function of the tests can only be called")
        return {"value": self.encode(self.call(self.exported[request["on"]], request)[0])}

    def may_export(self, value: Any) -> None:
        """Functions only."""
        if not isinstance(value, types.FunctionType | types.BuiltinFunctionType | types.MethodType):
            raise CannotPassError(f"the tests hand over a {type(value).__name__}, which cannot be passed to a program")


def serve() -> None:
    """Read the tests, run them against the program, and say how that ended."""
    reader, writer = own_pipes()
    peer = Tests(reader, writer)
    task = peer.receive()
    try:
        tree = ast.parse(task["code"])
        code = compile(tree, "tests.py", "exec", dont_inherit=True)
        names: dict[str, Any] = {"__name__": "tests"}
        exec(compile(task["helpers"], "helpers.py", "exec", dont_inherit=True), names)
        if "numpy" in task["code"]:
            compare_sizes()
    except BaseException as error:
        verdict, reason = "broken", _error_text(error)
    else:
        program_names = [*task["functions"], *(name for name in names_of_program(tree) if name not in names)]
        verdict, reason = _run(peer, code, names, program_names)
    writer.write('{"verdict": ' + json.dumps([verdict, reason]) + "}\n")
    writer.flush()
    os._exit(0)


def compare_sizes() -> None:
    """Let no empty array be close to one that is not: numpy stretches it, compares nothing, and finds no difference."""
    import numpy as np

    def strict(compare: Callable[..., Any]) -> Callable[..., Any]:
        def strict_compare(first: Any, second: Any, *args: Any, **kwargs: Any) -> Any:
            if (np.size(first) == 0) != (np.size(second) == 0):
                raise AssertionError("one of two results is empty")
            return compare(first, second, *args, **kwargs)

        return strict_compare

    np.allclose, np.isclose = strict(np.allclose), strict(np.isclose)
    for name in (
        "assert_allclose",
        "assert_almost_equal",
        "assert_array_almost_equal",
        "assert_array_equal",
        "assert_equal",
    ):
        setattr(np.testing, name, strict(getattr(np.testing, name)))


def _run(peer: Tests, code: types.CodeType, names: dict[str, Any], program_names: list[str]) -> tuple[str, str]:
    try:
        names |= peer.decode(peer.ask(do="names", names=program_names)["value"])
        exec(code, names)
    except CannotPassError as error:
        return "broken", str(error)
    except BaseException as error:
        return "failed", _error_text(error)
    return "passed", ""


def names_of_program(tree: ast.Module) -> list[str]:
    """Names that the tests use and neither they nor Python define.

    Where they call none, the program's function is called as one of Python's own: it is the one that an assertion, or
    a function of the tests, is given the result of.
    """
    bound = {name for node in ast.walk(tree) for name in _bound(node)}
    free = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id not in bound]
    undefined = [name for name in dict.fromkeys(free) if not hasattr(builtins, name)]
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    if called & set(undefined):
        return undefined
    asserted = (call.func.id for call in _asserted_calls(tree, bound) if isinstance(call.func, ast.Name))
    return [*undefined, *(name for name in dict.fromkeys(asserted) if name not in bound)]


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name


def _asserted_calls(tree: ast.Module, bound: set[str]) -> Iterator[ast.Call]:
    """Calls in an assertion, or in what a function of the tests is called with, outside of definitions."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for node in ast.walk(statement):
            own = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in bound
            if own or isinstance(node, ast.Assert):
                yield from (call for call in ast.walk(node) if isinstance(call, ast.Call))


def _error_text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
