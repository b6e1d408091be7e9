r"""The last mathematical expression of a text, whole: \frac{3}{4}, 10^6, 5 km, 2 1/2, 5 or 6; never a part of one."""

import re
from typing import NamedTuple

from boundary.data.answers.units import unit
from boundary.sampling.answers.comments import without_verdicts

LONGEST_LINE = 2_000
_JOINS_LINES = re.compile(
    r"(?<=\\\\)[ \t]{0,8}\n|(?<=\$\$)[ \t]{0,8}\n|(?<=\\\[)[ \t]{0,8}\n|\n[ \t]{0,8}(?=\$\$|\\\])"
)
_FORMULA = re.compile(
    r"\$\$(?P<display>[^$]+)\$\$|(?<!\\)\$(?P<inline>(?:[^$\\]|\\.)+)(?<!\s)\$(?!\d)"
    r"|\\\((?P<round>(?:[^\\]|\\[^)])+)\\\)|\\\[(?P<square>(?:[^\\]|\\[^\]])+)\\\]"
)
_CONSTANT = re.compile(r"\d|\\(?:pi|infty|sqrt|emptyset|varnothing)\b|[\u03c0\u221e\u221a\u00bd]")
_DIGITS = r"(?:\d+(?:[.,:]\d+)*|\.\d+)"
_OPERATOR = re.compile(r"[-+*/=<>\u2264\u2265\u2260\u2248\u00b1\u00d7\u00f7\u00b7\u2212]+|\\[a-z]{2,6}")
# Digits, signs, commands of LaTeX, and letters that are no word.
_MATHEMATICS = re.compile(
    r"(?:[\d.,:+\-*/^_=<>()\[\]{}!%|&~\u221a\u03c0\u221e\u00b2\u00b3\u00b0\u00d7\u00f7\u00b7\u2212\u2013\u00b1\u00bd$]"
    r"|[\u20ac\u00a3\u2264\u2265\u2260\u2248]|\\(?:begin|end|text|mathrm)\{[^{}]*\}|\\[A-Za-z]+|\\.|(?<![A-Za-z])[A-Za-z](?![A-Za-z])|(?<!^)\s(?!$))+"
)
_WITH_UNIT = re.compile(rf"([-+\u2212]?[$\u20ac\u00a3]?{_DIGITS})(?:/(?=[a-z])|)(-?[A-Za-z].*)")
_ENUMERATOR = re.compile(r"[ \t>*_#-]{0,8}(?:\(?\d{1,3}[.)]|[-*\u2022])[*_]{0,2}\s+(?=\S)")
_ABOUT = "*_`\"'\u201c\u201d\u2018\u2019"
# A number behind one of these is its name.
_LABELS = frozenset(
    ("step", "problem", "question", "part", "case", "equation", "figure", "example", "section", "chapter")
)
_LABELS |= frozenset(("table", "option", "method", "rule", "theorem", "lemma", "line"))
_LINKS = frozenset(("or", "and", "to", "through", "versus", "vs", "\\text{or}", "\\text{and}", "&"))
_DENIALS = frozenset(("not", "isn't", "never", "nor", "neither", "cannot", "can't", "except", "than", "of", "no"))


class _Piece(NamedTuple):
    """A piece of a line: a formula, a word, or signs of mathematics."""

    text: str
    kind: str  # "operand", "operator", "letter" or "word"
    ends_clause: bool


def last_expression(text: str) -> str | None:
    """The last mathematical expression that holds a number, with its unit; None where there is none.

    Numbers that belong together are one expression, which is then no plain number: "5 or 6", "5 to 6", "3, 5 and 7".
    """
    for line in reversed(_JOINS_LINES.sub(" ", without_verdicts(text)).splitlines()):
        if _CONSTANT.search(line):
            pieces = _pieces(line[-LONGEST_LINE:])
            expression = _last_of(pieces)
            if expression:
                return expression
    return None


def _last_of(pieces: list[_Piece]) -> str | None:
    runs = _runs(pieces)
    while runs:
        start, end = runs.pop()
        before = pieces[start - 1].text.lower() if start else ""
        if before in _LABELS:
            continue
        if before in _DENIALS and (before != "of" or (start > 1 and pieces[start - 2].text.lower() == "instead")):
            if runs and pieces[runs[-1][1] - 1].ends_clause:  # "12, not 5"
                continue
            return None
        end = _with_unit(pieces, end)
        end = _with_operation(pieces, end)
        while runs and _linked(pieces, runs[-1], start, end):
            start = runs.pop()[0]
        whole = " ".join(piece.text + ("," if piece.ends_clause else "") for piece in pieces[start:end])
        return whole.rstrip(",").lstrip("= ")
    return None


def _runs(pieces: list[_Piece]) -> list[tuple[int, int]]:
    """Stretches of pieces that make an expression with a number in it."""
    runs = []
    place = 0
    while place < len(pieces):
        start = place
        while place < len(pieces) and _continues(pieces, start, place):
            place += 1
        end = place
        while start < end and pieces[start].text in ("=", "*", ":", "+"):
            start += 1
        while end > start and pieces[end - 1].kind == "operator":
            end -= 1
        if any(_CONSTANT.search(piece.text) for piece in pieces[start:end]):
            runs.append((start, end))
        place = max(place, start + 1)
    return runs


def _continues(pieces: list[_Piece], start: int, place: int) -> bool:
    piece = pieces[place]
    if piece.kind == "word":
        return False
    previous = pieces[place - 1] if place > start else None
    following = pieces[place + 1] if place + 1 < len(pieces) and not piece.ends_clause else None
    if previous is not None and previous.ends_clause:
        return False
    beside_operator = (previous is not None and previous.kind == "operator") or (
        following is not None and following.kind == "operator"
    )
    if piece.kind == "letter":
        between = previous is not None and following is not None and piece.text == "x" and following.kind == "operand"
        return beside_operator or between
    if piece.kind == "operator" or previous is None or previous.kind in ("operator", "letter"):
        return True
    if previous.text[-1].isdigit() and piece.text[0].isdigit():  # 2 1/2, 10 000
        return True
    return piece.text.startswith("\\") or previous.text.startswith("\\")


def _with_unit(pieces: list[_Piece], end: int) -> int:
    """Where the unit behind a run ends."""
    for stop in range(min(end + 5, len(pieces)), end, -1):
        words = pieces[end:stop]
        if any(piece.ends_clause for piece in pieces[end - 1 : stop - 1]):
            continue
        if unit(" " + " ".join(piece.text for piece in words)) is not None:
            return stop
    return end


def _with_operation(pieces: list[_Piece], end: int) -> int:
    """Where words behind a run end that make another number of it: 5 squared, 3 and a half."""
    words = [piece.text.lower() for piece in pieces[end : end + 3]]
    if words[:1] in (["squared"], ["cubed"], ["factorial"]):
        return end + 1
    return end + 3 if words[:2] == ["and", "a"] and words[2:] in (["half"], ["third"], ["quarter"]) else end


def _linked(pieces: list[_Piece], earlier: tuple[int, int], start: int, end: int) -> bool:
    """Whether a run and an earlier one are alternatives, a range or a list."""
    after = _with_unit(pieces, earlier[1])
    between = [piece.text.lower() for piece in pieces[after:start]]
    comma = pieces[after - 1].ends_clause
    if len(between) == 1 and between[0] in _LINKS:
        return True
    last = end == len(pieces) or pieces[end - 1].ends_clause
    return not between and comma and last


def _pieces(line: str) -> list[_Piece]:
    enumerator = _ENUMERATOR.match(line)
    place = enumerator.end() if enumerator else 0
    pieces = []
    for formula in _FORMULA.finditer(line, place):
        pieces += _words(line[place : formula.start()])
        place = formula.end()
        sign = re.match(r"\\?%", line[place:])
        content = next(group for group in formula.groups() if group is not None).strip()
        place += sign.end() if sign else 0
        content += sign[0] if sign else ""
        comma = bool(re.match(r"[*_]{0,3}[.,;:?!]", line[place:])) or content.endswith((",", "."))
        content = content.rstrip(",.;")
        if content:
            pieces.append(_Piece(content, "operand" if _CONSTANT.search(content) else "letter", comma))
    return pieces + _words(line[place:])


def _words(text: str) -> list[_Piece]:
    """Pieces of text outside of formulas, apart at spaces, but not at those within brackets."""
    pieces: list[_Piece] = []
    waiting = ""
    for word in re.sub(r"(?<=[A-Za-z]{2})([:=])(?=\S)", r" \1 ", text).split():
        waiting = f"{waiting} {word}" if waiting else word
        if _is_open(waiting):
            continue
        pieces.append(_piece(waiting))
        waiting = ""
    return pieces + [_piece(word) for word in waiting.split()]


def _piece(word: str) -> _Piece:
    bare = word.strip(_ABOUT)
    text = bare.rstrip(".,;:?!" + _ABOUT)
    ends_clause = len(text) < len(bare.rstrip(_ABOUT))
    if text[:1] in ("(", "[") and not set(text) & set(")]"):
        text = text[1:]
    if text[-1:] in (")", "]") and not set(text) & set("(["):
        text, ends_clause = text[:-1].rstrip(".,;:?!"), True
    text = text.strip(_ABOUT)
    united = _WITH_UNIT.fullmatch(text)
    if united and unit(united[2]) is not None:
        return _Piece(f"{united[1]} {united[2].strip('-')}", "operand", ends_clause)
    if "\\boxed" in text or not text or not _MATHEMATICS.fullmatch(text):
        return _Piece(text, "word", ends_clause)
    if _OPERATOR.fullmatch(text) and not _CONSTANT.search(text):
        return _Piece(text, "operator", ends_clause)
    return _Piece(text, "letter" if len(text) == 1 and text.isalpha() else "operand", ends_clause)


def _is_open(text: str) -> bool:
    """Whether a formula goes on behind the space: braces, a matrix, or the brackets of a point are open."""
    if text.count("{") > text.count("}") or text.count("\\begin{") > text.count("\\end{"):
        return "\\" in text
    brackets = sum(map(text.count, "([")) - sum(map(text.count, ")]"))
    return brackets > 0 and bool(_MATHEMATICS.fullmatch(text))
