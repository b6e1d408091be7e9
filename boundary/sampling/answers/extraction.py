"""The final answer in what a model wrote: cheap, without mathematics, so that it can run on every sample.

The answer is looked for in the model's own turn only (`turns`). Of several marked answers in it the last counts, as in
the graders of Qwen2.5-Math and LIMIT-of-RLVR: a model may think again.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from boundary.sampling.answers.turns import Turn, own_turn

# Words behind which an answer stands: at the beginning of a line, anywhere in it, behind GSM8K's sign.
_MARK = re.compile(
    r"(?P<label>(?:^|\n)[ \t>*_#]{0,12}(?:the\s)?(?:final\s|correct\s)?answers?[ \t*_]{0,8}[:\uff1a])"
    r"|\banswers?\s{1,3}(?:(?:is|are|would be|must be|should be)\b|=)[ \t*_]{0,8}[:\uff1a]?"
    r"|(?:\u7b54\u6848\u662f|\u7b54\u6848\u4e3a)\uff1a?"
    r"|####",
    re.IGNORECASE,
)
_BLANK = re.compile(r"[\s*_]*")
_LINE_END = re.compile(r"\n|$")
# Words behind ####, maybe with a number before them, and text below: Markdown's heading, not GSM8K's sign.
_HEADING = re.compile(r"(?:\d{1,3}[.)]\s{1,3})?[*_]{0,3}[A-Za-z]{2}")
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?<![\w.])[-+\u2212]?\$?(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)(?:\.\d+)?(?:\s?/\s?\d+)?%?|(?<![\w.])[-+\u2212]?\.\d+"
)
# What an answer in a sentence ends at.
_SENTENCE_END = re.compile(r"\.[*_$]{0,8}\s+(?=[A-Z])")
_REASON = re.compile(
    r",?\s(?:because|since|so that|which (?:is|means|gives)|and not|but not)\s|,\s(?:as|where|with|not)\s"
)
_ADVERB = re.compile(r"^(?:therefore|thus|clearly|definitely|indeed|equal to|exactly|given by)[,:]?\s+", re.IGNORECASE)
_BRACES = re.compile(r"\\{1,2}(?:boxed|fbox)\s{0,8}\{|\\.|[{}]", re.DOTALL)
_BETWEEN_BOXES = re.compile(r"[\s$*]{0,8}(?:\\text\{)?\s?(,|;|or|and|,\s?(?:or|and))?\s?\}?[\s$*]{0,8}")
# An answer stands near the end; a text of a million signs must not take seconds.
TAIL = 20_000
TRIES = 50


class ExtractedAnswer(NamedTuple):
    """An answer found in a text.

    Parameters
    ----------
    answer
        The answer, as it is written.
    explicit
        Whether the text marks it as the answer, and so that it is whole even where the text is cut short behind it.
    ended
        Whether the turn that it stands in ended before the text did.
    """

    answer: str
    explicit: bool
    ended: bool = False


class Marked(NamedTuple):
    """An answer that a text marks, and whether more follows it, so that it was not cut short."""

    answer: str
    closed: bool


def extract(
    text: str, fallback: Callable[[str], str | None], passes_over: Callable[[str], bool] | None = None
) -> ExtractedAnswer | None:
    """The answer of the model's own turn: the one that it marks, or else what `fallback` finds in its last part.

    What `passes_over` is true of is no answer, whatever stands before it.
    """
    turn = turn_of(text, passes_over)
    marked = marked_in(turn.text, passes_over)
    if marked is not None:
        return ExtractedAnswer(marked.answer, marked.closed or turn.ended, turn.ended)
    unmarked = fallback(turn.text[-TAIL:])
    return None if unmarked is None else ExtractedAnswer(unmarked, explicit=False, ended=turn.ended)


def turn_of(text: str, passes_over: Callable[[str], bool] | None = None) -> Turn:
    """The model's own turn; see `turns.own_turn`."""
    return own_turn(text, lambda piece: marked_in(piece, passes_over) is not None)


def marked_answer(text: str) -> str | None:
    r"""The last answer that the text's own turn marks: \boxed{}, <answer> tags, "Answer:", "answer is" or ####."""
    marked = marked_in(turn_of(text).text)
    return None if marked is None else marked.answer


def marked_in(text: str, passes_over: Callable[[str], bool] | None = None) -> Marked | None:
    """The last answer that a text marks, whoever speaks in it."""
    boxed = boxed_or_tagged(text)
    if boxed is None:
        return _last_stated(text, passes_over)
    stated = _last_stated(boxed, passes_over)
    return Marked(stated.answer if stated else boxed, closed=True)


def boxed_or_tagged(text: str) -> str | None:
    r"""Content of the last <answer> tags, of the last box within them, or of the last box of the text."""
    inside = _last_tagged(text)
    return (last_boxed(inside) or inside) if inside else last_boxed(text)


def last_boxed(text: str) -> str | None:
    r"""Content of the last complete \boxed{...} or \fbox{...}; neighbours, \boxed{1} or \boxed{2}, are one answer."""
    boxes = _boxes(text)
    if not boxes:
        return None
    start, content_start, end = boxes.pop()
    answer = text[content_start:end].strip()
    while boxes:
        earlier, earlier_start, earlier_end = boxes.pop()
        if earlier <= start <= earlier_end:  # a box around the last one
            continue
        between = _BETWEEN_BOXES.fullmatch(text, earlier_end + 1, start) if start - earlier_end < 40 else None
        if between is None or not between[1]:
            break
        joint = ", " if between[1] in ",;" else f" {between[1].strip(', ')} "
        answer, start = text[earlier_start:earlier_end].strip() + joint + answer, earlier
    return answer


def last_line(text: str) -> str | None:
    """The last line of a text that holds anything."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else None


def first_number(text: str) -> str | None:
    """The first number of a text, as it is written there."""
    match = _NUMBER.search(text[:TAIL])
    return match[0] if match else None


def _boxes(text: str) -> list[tuple[int, int, int]]:
    """Boxes that are closed and hold something, by their beginning: where they, their contents begin and end."""
    first = min((place for name in ("\\boxed", "\\fbox") if (place := text.find(name)) >= 0), default=-1)
    if first < 0:
        return []
    opened: list[re.Match[str]] = []
    boxes = []
    for sign in _BRACES.finditer(text, first):
        if sign[0].endswith("{") and sign[0] != "\\{":
            opened.append(sign)
        elif sign[0] == "}" and opened:
            start = opened.pop()
            if len(start[0]) > 1 and sign.start() - start.end() < TAIL and text[start.end() : sign.start()].strip():
                boxes.append((start.start(), start.end(), sign.start()))
    return sorted(boxes)


def _last_tagged(text: str) -> str | None:
    """What stands in the last <answer> tags that are closed."""
    start, content = None, None
    for tag in _TAG.finditer(text):
        if not tag[1]:
            start = tag.end()
        elif start is not None:
            content, start = text[start : tag.start()].strip() or content, None
    return content


def _last_stated(text: str, passes_over: Callable[[str], bool] | None) -> Marked | None:
    """What stands behind the last mark, in its line or, where nothing does, in the next."""
    marks = list(_MARK.finditer(text))
    for _ in range(min(len(marks), TRIES)):
        mark = marks.pop()
        label = marks[-1] if marks and marks[-1]["label"] else None
        if (
            label
            and _SENTENCE_END.search(text, label.end(), mark.start())
            and "\n" not in text[label.end() : mark.end()]
        ):
            continue  # "Answer: 5. The answer is found by adding": the label tells more
        blank = _BLANK.match(text, mark.end())
        start = blank.end() if blank else mark.end()
        end = _LINE_END.search(text, start)
        line = text[start : min(end.start() if end else len(text), start + TAIL)]
        if line.strip() in ("$$", "\\["):  # a formula on lines of its own
            closing = text.find("$$" if line.startswith("$$") else "\\]", start + 2, start + TAIL)
            line = text[start : closing + 2] if closing >= 0 else line
        if mark[0] == "####" and _HEADING.match(line) and text[start + len(line) :].strip():
            continue
        if (answer := _trimmed(line)) and not (passes_over and passes_over(answer)):
            return Marked(answer, closed=start + len(line) < len(text) or not line.rstrip("*_`\"' .").endswith(answer))
    return None


def _trimmed(answer: str) -> str | None:
    """Without what surrounds an answer in a sentence: what follows its full stop, stars, quotes, reasons."""
    answer = _ADVERB.sub("", _SENTENCE_END.split(answer.strip(), maxsplit=1)[0])
    reason = _REASON.search(answer)
    if reason and reason.start():
        answer = answer[: reason.start()]
    answer = answer.strip("*_`\"' ").removesuffix(".").strip("*_`\"' ")
    return answer or None
