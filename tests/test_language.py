"""Names say what a thing is: no bare participle or pronoun names a variable, a parameter, a function or a class."""

import ast

import pytest

BARE_WORDS = frozenset(
    [
        "apart",
        "asked",
        "beyond",
        "both",
        "chosen",
        "compared",
        "counted",
        "covers",
        "drawn",
        "each",
        "erring",
        "found",
        "foreseen",
        "further",
        "given",
        "heard",
        "here",
        "how",
        "judged",
        "known",
        "made",
        "mine",
        "moved",
        "moving",
        "named",
        "needed",
        "one",
        "ones",
        "others",
        "ours",
        "put",
        "reached",
        "reported",
        "reread",
        "rereading",
        "rest",
        "said",
        "says",
        "seen",
        "settled",
        "several",
        "stopped",
        "taken",
        "telling",
        "tells",
        "then",
        "there",
        "these",
        "those",
        "told",
        "turned",
        "wanted",
        "what",
        "where",
        "who",
        "withheld",
        "witness",
        "witnesses",
        "written",
        "alike",
        "badness",
        "claimed",
        "criticised",
        "criticism",
        "hire",
        "less",
        "numerals",
        "prospects",
    ]
)


def names(tree):
    """Names that a file gives, each with its line; what it only uses is another's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno


# The hash of this file's source is the version of the verdicts in a shipped set.
AS_PUBLISHED = {"examples/rl_vs_base/verdict.py"}


@pytest.mark.parametrize("folder", ["boundary", "tests", "benchmarks", "docs", "examples"])
def test_no_name_is_a_bare_word(repository, folder):
    bare = [
        f"{path.relative_to(repository)}:{line}: {name}"
        for path in sorted((repository / folder).rglob("*.py"))
        if path.relative_to(repository).as_posix() not in AS_PUBLISHED
        for name, line in names(ast.parse(path.read_text(encoding="utf-8")))
        if name.strip("_").lower() in BARE_WORDS
    ]
    assert not bare, "Name what the thing is, in the field's term:\n" + "\n".join(bare)


def test_a_bare_word_is_seen():
    source = "def found(how):\n    for mine in how:\n        rows = mine\n"
    assert [name for name, _ in names(ast.parse(source)) if name in BARE_WORDS] == ["found", "how", "mine"]
