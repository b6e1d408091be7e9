"""Where the program stands in what a model wrote."""

import time

import pytest

from boundary.sampling.answers.code_blocks import program_in

RIGHT = "def add(a, b):\n    return a + b"
READS = "a, b = map(int, input().split())\nprint(a + b)"
F = "```"


def fenced(code, label="python", fence=F):
    return f"{fence}{label}\n{code}\n{fence}\n"


def indented(text, by):
    return "".join(f"{by}{line}\n" for line in text.splitlines())


# Texts in which CODE is the program, whether it is a function to be found by its name or a program that reads.
AROUND = {
    "alone": fenced("CODE"),
    "text before": fenced("The idea: add them.", "text") + fenced("CODE"),
    "json before": fenced('{"a": 1}', "json") + fenced("CODE"),
    "C++ before": fenced("int add(int a, int b) { return a + b; }", "cpp") + fenced("CODE"),
    "C++ after": fenced("CODE") + fenced("int add(int a, int b) { return a + b; }", "cpp"),
    "no label, C++ after": fenced("CODE", "") + fenced("int add(int a, int b) { return a + b; }", "c++"),
    "output after": fenced("CODE") + "Output:\n" + fenced("3", ""),
    "input after": fenced("CODE") + "Input:\n" + fenced("1 2", "") + "Output:\n" + fenced("3", ""),
    "no labels, output after": fenced("CODE", "") + "Output:\n" + fenced("3", ""),
    "a shell after": fenced("CODE") + fenced("python add.py < input.txt", "bash"),
    "a session after": fenced("CODE") + fenced(">>> add(1, 2)\n3"),
    "a console after": fenced("CODE") + fenced(">>> add(1, 2)\n3", "pycon"),
    "an example after": fenced("CODE") + "Use it:\n" + fenced("# 1 and 2\nresult = 3"),
    "an example before": "As in:\n" + fenced("x = 3", "") + fenced("CODE"),
    "an older version before": fenced("def add(a, b):\n    return input()") + "No:\n" + fenced("CODE"),
    "no newline before": f"Here: \n{F}python\nCODE\n{F}",
    "python3.11": fenced("CODE", "python3.11"),
    "py": fenced("CODE", "py"),
    "Python": fenced("CODE", "Python"),
    "PYTHON 3": fenced("CODE", "PYTHON 3"),
    "python3": fenced("CODE", "python3 "),
    "a space before": fenced("CODE", " python"),
    "a title": fenced("CODE", 'python title="add.py" linenums'),
    "braces": fenced("CODE", "{.python .numberLines}"),
    "a colon": fenced("CODE", "python:add.py"),
    "a file's name": fenced("CODE", "solution.py"),
    "tildes": fenced("CODE", "python", "~~~"),
    "tildes with backticks within": fenced(f"# {F}\n{F}\nCODE", "python", "~~~"),
    "four": fenced("CODE", "python", "````"),
    "four around three": fenced(fenced("CODE"), "markdown", "````"),
    "four with three within": fenced(f"'''\n{F}text\n1 2\n{F}\n'''\nCODE", "python", "````"),
    "closed by more": f"{F}python\nCODE\n````\n",
    "not closed": f"Well:\n{F}python\nCODE\n",
    "not closed before another": f"{F}python\nx = 1\n\nBetter:\n{F}python\nCODE\n{F}",
    "closed within the line": f"{F}python\nCODE{F}",
    "code within a line": "Use `sum` or ```x = 1``` so:\n" + fenced("CODE"),
    "in answer tags": f"<think>add</think><answer>{F}python\nCODE\n{F}</answer>",
    "after a thought with code": "<think>Try\n"
    + fenced("def add(a, b):\n    return input()")
    + "</think>\n"
    + fenced("CODE"),
    "after half a thought": fenced("def add(a, b):\n    return input()") + "Hm.</think>\n" + fenced("CODE"),
    "docstring with fences": fenced(f'def helper():\n    """\n    {F}python\n    add(1, 2)\n    {F}\n    """\n\nCODE'),
    "unfenced": "CODE\n",
    "a heading before": "# Approach\nWe read the input (two numbers) and add.\n" + fenced("CODE"),
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("name", AROUND)
def test_the_right_block_is_taken(name, ends):
    for code, names in ((RIGHT, ["add"]), (READS, [])):
        if name == "unfenced" and not names:
            continue
        program = program_in(AROUND[name].replace("CODE", code).replace("\n", ends), names)
        assert program is not None
        assert program[0].strip().endswith(code)
        assert program[1] == (name != "unfenced")


@pytest.mark.parametrize("by", ["  ", "    ", "\t", "1. ", "- ", "> ", "  > "])
def test_an_indented_or_quoted_block_is_moved_to_the_margin(by):
    inner = by if ">" in by else " " * len(by) if by.strip() else by
    first, *following = fenced(RIGHT).splitlines()
    text = f"Steps:\n\n{by}{first}\n" + indented("\n".join(following), inner)
    assert program_in(text, ["add"]) == (RIGHT, True)


def test_a_body_in_a_block_keeps_its_margin():
    assert program_in(fenced("    return a + b"), ["add"], continues=True) == ("    return a + b", True)
    example = fenced("    return a + b") + "As in\n" + fenced("print(add(1, 2))")
    assert program_in(example, ["add"], continues=True) == ("    return a + b", True)


@pytest.mark.parametrize(
    "text",
    [
        "    return a + b\n",
        "    return a + b\n```\n\nThis adds.\n",
        "    total = a + b\n    return total\n```\nAnother:\n```python\ndef add(a, b):\n    return 0\n```",
        '    """Add."""\n    return a + b\n\n# Test\n```\nadd(1, 2)\n```',
        "\n  for x in (a, b):\n    return x\n",
    ],
)
def test_a_continuation_comes_before_what_follows_it(text):
    program = program_in(text, ["add"], continues=True)
    assert program is not None
    assert program[0].lstrip("\n") == text.partition(F)[0].removesuffix("\n").lstrip("\n") or program[0] == text
    assert not program[1]


@pytest.mark.parametrize(
    "text",
    [
        "I cannot.",
        "",
        "The answer is `add`.",
        "<think>" + fenced(RIGHT),
        fenced(""),
        "   Here is what I think of it\n",
        "~~",
    ],
)
def test_there_may_be_no_program(text):
    assert program_in(text, ["add"], continues=True) is None
    assert program_in(text) is None


def test_code_without_a_fence_may_begin_with_any_statement():
    for text in (READS, "# Add two numbers.\n" + READS, "import sys\nprint(sys.stdin.read())", "print(input())"):
        assert program_in(text) == (text, False)
    heading = "# Approach\nWe read the input (two numbers).\n" + fenced("print(7)")
    assert program_in(heading) == ("print(7)", True)


def test_a_block_of_another_language_counts_where_there_is_no_other():
    assert program_in(fenced(RIGHT, "text"), ["add"]) == (RIGHT, True)
    assert program_in(fenced(READS, "plaintext")) == (READS, True)
    assert program_in(fenced(RIGHT, "text") + fenced("x = 1"), ["add"]) == ("x = 1", True)


def test_a_program_in_pieces_is_put_together():
    """As Code-R1's grader joins all blocks: here those that bind what the chosen one uses and does not bind."""
    imports, helper = (
        "from math import (\n    floor,\n    gcd as g,\n)\nimport os.path as osp",
        "def twice(x):\n    return g(x, 2 * x)",
    )
    draft, function = "def unused():\n    return input()", "def add(a, b):\n    return twice(a) + osp"
    text = fenced(imports) + fenced(draft) + fenced(helper) + "So:\n" + fenced(function) + fenced("print(add(1, 2))")
    assert program_in(text, ["add"]) == ("\n\n".join([imports, helper, function]), True)
    assert program_in(fenced("def add(a, b):\n    return 0") + fenced(RIGHT), ["add"]) == (RIGHT, True)
    assert program_in(fenced("import sys") + fenced("print(sys.stdin.read())")) == (
        "import sys\n\nprint(sys.stdin.read())",
        True,
    )


def test_the_block_that_defines_the_function_goes_before_the_last():
    other = fenced("def main():\n    print(add(*map(int, input().split())))\nmain()")
    assert program_in(fenced(RIGHT) + other, ["add"]) == (RIGHT, True)
    method = "class Solution:\n    def add(self, a, b):\n        return a + b"
    assert program_in(fenced(method) + other, ["add"]) == (method, True)
    assert program_in("We take this:\n\n" + RIGHT + "\n", ["add"]) == (RIGHT + "\n", False)


@pytest.mark.parametrize(
    "sign",
    [" ", "\n", "`", "~", ">", "```\n", "```python\n", "<think>", "- ", "def ", "a=", "input ", "\t\n ", "import (\n"],
)
def test_no_text_takes_long(sign):
    text = sign * (200_000 // len(sign))
    start = time.process_time()
    for names in ((), ("add",)):
        program_in(text, names, continues=True)
        program_in(f"~~~~python\n{text}\n~~~~\n~~~~python\nx", names)
    assert time.process_time() - start < 2
