"""The program in what a model wrote: fenced blocks, read line by line, and the one that is the answer."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

# A fence may stand in a list or a quotation.
_FENCE = re.compile(r"((?:[ \t]|>)*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?)(`{3,}|~{3,})(.*)")
_QUOTED = re.compile(r"[ \t]*>[ \t]?")
_PYTHON = re.compile(
    r"\W{0,3}(?:python|cpython|pypy|ipython|py)-?[\d.]*(?![\w-])|\S+\.py(?!\w)|python[-_ ](?:code|script|solution)\b",
    re.IGNORECASE,
)
_NO_LANGUAGE = ("", "code", "solution", "program", "script")
_HOLDS_BLOCKS = ("", "markdown", "md")
_ANSWER_TAG = re.compile(r"</?answer>", re.IGNORECASE)
_THINKING = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)
_BEGINS_AS_CODE = re.compile(r"(?:def |async def |import |from |class |@| {4}|\t)")
_CODE_LINE = re.compile(r"(?m)^(?:(?:async )?def \w+\s*\(|class \w+\s*[(:]|import \w|from [\w.]+ import |@\w)")
# The first line of a function's body: a statement, not a sentence that happens to be indented.
_BODY_LINE = re.compile(
    r"(?:return|for|if|while|with|try|def|class|import|from|global|nonlocal|assert|raise|pass|yield)\b|#|@|\"\"\"|\'\'\'"
    r"|[\w.\[\], ()*'\":-]+?(?:[-+*/%|&^]|//|\*\*|<<|>>)?=(?!=)|[\w.]+\("
)
_READS = re.compile(r"\binput\s*\(|\bstdin\b|\bopen\s*\(\s*0|\bfileinput\b")
_STATEMENT = re.compile(r"(?m)^[ \t]*(?:(?:def|class|import|from|for|while|with|if|try|async|return)\b|@|print\s*\()")
_BINDS = re.compile(
    r"(?m)^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*=(?!=)"
    r"|^(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(\([^)]{0,2000}\)|[^\n]+)"
)
_SESSION = re.compile(r"(?m)^[ \t]*>>> ")
DEEPEST = 3


class Block(NamedTuple):
    """A fenced block: `python`, nothing, or the other language that it says it is, and what is in it."""

    language: str
    code: str


class Fence(NamedTuple):
    """A line that opens or closes a block."""

    indent: int
    mark: str
    label: str
    quoted: bool


def program_in(text: str, names: Collection[str] = (), continues: bool = False) -> tuple[str, bool] | None:
    """The program that a text gives, and whether a fence marks it; None where there is none.

    Parameters
    ----------
    text
        What a model wrote. What it thought, in `<think>`, does not count.
    names
        Functions that the program has to define, if it has to.
    continues
        Whether the text goes on from a function that the prompt began: then an indented statement is its body.
    """
    text = _ANSWER_TAG.sub("\n", _after_thinking(text)).replace("\r\n", "\n")
    lead, blocks = fenced_blocks(text)
    if continues and _begins_as_body(lead):
        return lead, False
    blocks = [block for block in blocks if block.code.strip()]
    if not blocks and names and (code := _CODE_LINE.search(lead)):
        lead = lead[code.start() :]
    unfenced = Block("python", lead)
    if _begins_as_code(lead):
        blocks.insert(0, unfenced)
    answer = _answer_block(blocks, names, continues)
    return None if answer is None else (_with_earlier(answer, blocks, names), answer is not unfenced)


def fenced_blocks(text: str, depth: int = 0) -> tuple[str, list[Block]]:
    """What stands before the first fence of a text, and its blocks; one that is not closed ends with the text."""
    lines = text.split("\n")
    lead, blocks, opening, start = len(lines), list[Block](), None, 0
    for place, line in enumerate(lines):
        fence = _fence(line)
        if fence is None or (opening is not None and not _ends(opening, fence)):
            continue
        if opening is not None:
            blocks += _blocks_of(opening, lines[start:place], depth)
        lead, start = min(lead, place), place + 1
        # A fence with a label inside a block opens the next one: the model forgot to close the first.
        opening = None if opening is not None and not fence.label else fence
    if opening is not None:
        blocks += _blocks_of(opening, lines[start:], depth)
    return "\n".join(lines[:lead]), blocks


def defines(code: str, names: Iterable[str]) -> bool:
    """Whether a text defines one of these functions, at the top or in a class, or gives its name a value."""
    some = "|".join(map(re.escape, names))
    definition = rf"(?m)^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(?:{some})\b|^(?:{some})[ \t]*=(?!=)"
    return bool(some and re.search(definition, code))


def _after_thinking(text: str) -> str:
    """What follows the last thought, and stands before one that does not end."""
    tags = list(_THINKING.finditer(text))
    if not tags:
        return text
    if tags[-1][1]:
        return text[tags[-1].end() :]
    start = next((tag.end() for tag in reversed(tags) if tag[1]), 0)
    return text[start : next(tag.start() for tag in tags if tag.start() >= start)]


def _fence(line: str) -> Fence | None:
    match = _FENCE.match(line)
    # The label of one of backticks holds no backtick: that is code within a line.
    if match is None or (match[2][0] == "`" and "`" in match[3]):
        return None
    before = match[1].expandtabs(4)
    return Fence(len(before), match[2], match[3].strip(), ">" in before)


def _ends(opening: Fence, fence: Fence) -> bool:
    """Whether a fence ends the block of another: of its kind, as long at least, and not deeper than it by a level."""
    return fence.mark.startswith(opening.mark) and fence.indent <= opening.indent + 3


def _blocks_of(opening: Fence, lines: list[str], depth: int) -> list[Block]:
    """The block that a fence opens; those within it, where it is one of Markdown."""
    if opening.quoted:
        lines = [_QUOTED.sub("", line, count=1) for line in lines]
    margin = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
    cut = min(margin, opening.indent)
    code = "\n".join(line[cut:] for line in lines)
    if opening.label.lower() in _HOLDS_BLOCKS and depth < DEEPEST:
        _, inner = fenced_blocks(code, depth + 1)
        if inner:
            return inner
    # Closed at the end of its last line, not on one of its own.
    stripped = code.rstrip()
    if stripped.endswith(opening.mark):
        code = stripped.removesuffix(opening.mark)
    return [Block(_language(opening.label), code)]


def _language(label: str) -> str:
    if _PYTHON.match(label):
        return "python"
    return "" if label.lower() in _NO_LANGUAGE else label.lower()


def _answer_block(blocks: list[Block], names: Collection[str], continues: bool) -> Block | None:
    """The block that is the answer: of Python before those without a language, and these before all others.

    For a function it is the last that defines it, or that could be its body; for a program the last that reads its
    input; else the last that has a statement. One that shows a session is an example.
    """
    python = [block for block in blocks if block.language == "python"]
    unlabelled = [block for block in blocks if not block.language]
    groups = (python, unlabelled, [] if python else [block for block in blocks if block.language])
    if names:
        signs: list[Callable[[str], object]] = [lambda code: defines(code, names)]
        signs += [_begins_as_body] if continues else []
        orders = [(sign, group) for sign in signs for group in groups]
    else:
        orders = [(_READS.search, group) for group in groups[:1]]
    orders += [(sign, group) for group in groups for sign in (_READS.search, _STATEMENT.search)]
    for sign, group in orders:
        for block in reversed(group):
            if sign(block.code) and not _SESSION.search(block.code):
                return block
    candidates = python or unlabelled
    return candidates[-1] if candidates else None


def _begins_as_code(text: str) -> bool:
    """Whether the first line that is neither blank nor a comment, or a heading, is a statement."""
    first = next((line for line in text.split("\n") if line.strip() and not line.startswith("#")), "")
    return bool(_BEGINS_AS_CODE.match(first) or _BODY_LINE.match(first))


def _begins_as_body(code: str) -> bool:
    """Whether the first line that is not blank is an indented statement."""
    first = next((line for line in code.split("\n") if line.strip()), "")
    return first[:1] in (" ", "\t") and bool(_BODY_LINE.match(first.strip()))


def _with_earlier(answer: Block, blocks: list[Block], names: Collection[str]) -> str:
    """The block, after those of its kind before it that bind what it uses and does not bind: a program in pieces."""
    pieces, bound = [answer.code], _binds(answer.code) | set(names)
    used = set(re.findall(r"\w+", answer.code))
    before = [block for block in blocks[: blocks.index(answer)] if block.language == answer.language]
    for block in reversed(before):
        binds = _binds(block.code)
        if binds & used - bound and not binds & set(names) and not _SESSION.search(block.code):
            pieces.insert(0, block.code)
            bound |= binds
            used |= set(re.findall(r"\w+", block.code))
    return "\n\n".join(pieces)


def _binds(code: str) -> set[str]:
    """Names that a program's definitions, imports and assignments at the margin bind."""
    bound: set[str] = set()
    for definition, assigned, imported in _BINDS.findall(code):
        bound |= {definition, assigned} - {""}
        for part in imported.strip("()").split(","):
            words = re.findall(r"\w+", part)
            bound |= set(words[-1:] if "as" in words else words[:1])
    return bound
