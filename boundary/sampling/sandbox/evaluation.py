"""What `eval` may do inside the scorers of reasoning-gym, which call it on answers and on what a run folder holds.

An answer is what a model wrote, and a folder may come from anyone: neither may run code here. So the name `eval` in the
scorers' modules, and in sympy's parser, which they use too, is a function that computes with numbers, literals and
sympy's own functions of numbers, and raises on all else. A scorer takes what raises for an answer that it cannot read.
"""

import ast
import builtins
import sys
from collections.abc import Callable, Mapping
from typing import Any

# What an expression may be made of; no attribute, no subscript, no lambda, no comprehension, no formatted string.
NODES = (
    ast.Expression,
    ast.Constant,
    ast.Name,
    ast.Load,
    ast.Tuple,
    ast.List,
    ast.Set,
    ast.Dict,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.Call,
    ast.keyword,
)
LONGEST = 100_000


def confine_eval(package: str) -> None:
    """Let `eval` compute and nothing else, in every module of a package that is loaded, and in sympy's parser."""
    from sympy.parsing import sympy_parser

    for name, module in list(sys.modules.items()):
        if name == package or name.startswith(f"{package}."):
            vars(module)["eval"] = evaluate
    vars(sympy_parser)["eval"] = evaluate


def evaluate(text: Any, outer: Mapping[str, Any] | None = None, inner: Mapping[str, Any] | None = None) -> Any:
    """Value of an expression of literals, arithmetic and sympy's functions.

    Parameters
    ----------
    text
        The expression.
    outer, inner
        What its names mean, as `eval` takes them; without them it has no names.

    Raises
    ------
    ValueError
        If it holds anything else.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ValueError("no expression that may be evaluated")
    tree = ast.parse(text.strip(), mode="eval")
    names = {**(outer or {}), **(inner or {})}
    for node in ast.walk(tree):
        callee = names.get(node.func.id) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
        if not isinstance(node, NODES) or (isinstance(node, ast.Call) and not _is_function_of_numbers(callee)):
            raise ValueError(f"an expression with {type(node).__name__} is not evaluated")
        if isinstance(node, ast.Name) and not _may_be_named(names.get(node.id)):
            raise ValueError(f"an expression with the name {node.id} is not evaluated")
    scope = {node.id: names[node.id] for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return builtins.eval(compile(tree, "<expression>", "eval"), {"__builtins__": {}}, scope)


def _may_be_named(value: Any) -> bool:
    from sympy import Basic

    return isinstance(value, Basic) or _is_function_of_numbers(value)


def _is_function_of_numbers(value: Any) -> bool:
    import sympy

    functions: tuple[Callable[..., Any], ...] = (abs, max, min, pow, round, sympy.sqrt, sympy.cbrt, sympy.root)
    return any(value is function for function in functions) or (
        isinstance(value, type) and issubclass(value, sympy.Basic) and value.__module__.startswith("sympy.")
    )
