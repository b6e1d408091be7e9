"""The program that is run: what the prompt began, what the model wrote, and where its answer ends."""

import ast
import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from textwrap import dedent
from typing import Any

# Stretches of other text that may stand between pieces of a program before it is taken as it is.
TRIES = 50
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def prompt_helpers(tests: Mapping[str, Any]) -> str:
    """Imports and helpers that a prompt gives before the function that it begins."""
    prefix, name = str(tests.get("prefix", "")), str(tests.get("function", ""))
    begun = re.search(rf"(?m)^(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b", prefix) if name else None
    return prefix[: begun.start()] if begun else ""


def whole_program(tests: Mapping[str, Any], program: str, names: Collection[str]) -> tuple[str, ...]:
    """Parts of the program to run: the prompt's, and the model's up to the end of its answer.

    Parameters
    ----------
    tests
        Tests of the kind `script`, with `prefix` and `function` where the prompt begins the function.
    program
        What the model wrote: a whole function, with its imports and helpers or without, or the rest of one.
    names
        The functions that are tested.
    """
    prefix, name = str(tests.get("prefix", "")), str(tests.get("function", ""))
    first_line = next((line for line in program.split("\n") if line.strip()), "")
    if prefix and first_line[:1] in (" ", "\t"):
        unindented = dedent(program)
        if unindented == program or not defines_at_top(unindented, name):
            return (_cut(prefix + program, [name], last=False),)
        program = unindented
    if not prefix or defines_at_top(program, name):
        return prompt_helpers(tests), _cut(program, names, last=True)
    return (_cut(prefix + program, [name], last=False),)


def defines_at_top(code: str, name: str) -> bool:
    """Whether a function's definition begins a line, or its name is given a value there."""
    return bool(
        re.search(rf"(?m)^(?:(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b|{re.escape(name)}[ \t]*=(?!=))", code)
    )


def _cut(source: str, names: Collection[str], last: bool) -> str:
    """Source without what stands after the function and only uses it: examples, prints, tests, the next problem.

    Parameters
    ----------
    source
        A program, perhaps with other text after it.
    names
        The functions that are tested.
    last
        Whether the last definition counts, as where a program is run; else the first, which the prompt began.
    """
    parsed = _leading_python(source)
    if parsed is None:
        return source
    lines, body = parsed
    places = [place for place, statement in enumerate(body) if _bound(statement) & set(names)]
    if not places:
        return source
    place = places[-1] if last else places[0]
    required = _names_needed(body, body[: place + 1], set() if last else set(names)) | {"sys"}  # its recursion limit
    kept = [statement for statement in body[place + 1 :] if _is_required(statement, required, set(names))]
    ends = lines[: body[place].end_lineno]
    return "\n".join([*ends, *(line for statement in kept for line in _lines_of(statement, lines))]) + "\n"


def _leading_python(source: str) -> tuple[list[str], list[ast.stmt]] | None:
    """Lines of a source up to the first that are no Python, and their statements; None where there are none."""
    lines = source.replace("\r\n", "\n").split("\n")
    for _ in range(TRIES):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return lines, ast.parse("\n".join(lines)).body
        except SyntaxError as error:
            end = min(error.lineno or 1, len(lines)) - 1
            while end > 0 and (not lines[end].strip() or lines[end][0] in " \t"):
                end -= 1
            lines = lines[:end]
        except (ValueError, MemoryError, RecursionError):
            return None
        if not lines:
            return None
    return None


def _bound(statement: ast.stmt) -> set[str]:
    """Names that a statement at the top gives a value."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _used(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _names_needed(body: list[ast.stmt], kept: list[ast.stmt], without: set[str]) -> set[str]:
    """Names bound in a program that what is kept of it uses, by way of others, too."""
    definitions: dict[str, set[str]] = {}
    for statement in body:
        for name in _bound(statement) - without:
            definitions.setdefault(name, set()).update(_used(statement))
    required: set[str] = set()
    new = set().union(*map(_used, kept)) if kept else set()
    while new := (new & definitions.keys()) - required:
        required |= new
        new = set().union(*(definitions[name] for name in new))
    return required


def _is_required(statement: ast.stmt, required: set[str], names: set[str]) -> bool:
    """Whether a statement after the function belongs to it: it binds what is needed, or prepares it."""
    bound = _bound(statement)
    if isinstance(statement, (*_DEFINITIONS, ast.Import, ast.ImportFrom)):
        return bool(bound & required)
    return not _used(statement) & names and bool((bound | _used(statement)) & required)


def _lines_of(statement: ast.stmt, lines: list[str]) -> Iterator[str]:
    first = min([statement.lineno, *(decorator.lineno for decorator in getattr(statement, "decorator_list", ()))])
    yield from lines[first - 1 : statement.end_lineno]
