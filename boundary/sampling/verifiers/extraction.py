"""The final answer in what a model wrote: cheap, without mathematics, so that it can run on every sample."""

import re
from typing import NamedTuple

# Marks after which an answer stands, to the end of the line.
_MARKED = re.compile(
    r"(?:^|\n)[ \t>*_#]*(?:the\s+)?(?:final\s+)?answer[ \t*_]*[:\uff1a][ \t*_]*(\S[^\n]*)"
    r"|\banswer\s+is\s*:?[ \t*_]*(\S[^\n]*)"
    r"|####[ \t]*(\S[^\n]*)",
    re.IGNORECASE,
)
_TAGGED = re.compile(r"<answer>(.*?)</answer>", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(
    r"(?<![\w.])[-+\u2212]?\$?(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)(?:\.\d+)?(?:\s?/\s?\d+)?%?|(?<![\w.])[-+\u2212]?\.\d+"
)
_SENTENCE_END = re.compile(r"\.[*_$]*\s+(?=[A-Z])")
# An answer stands near the end; a text of a million signs must not take seconds.
TAIL = 20_000
TRIES = 50


class Extracted(NamedTuple):
    """An answer found in a text, and whether the text marks it as the answer."""

    answer: str
    explicit: bool


def marked_answer(text: str) -> str | None:
    r"""The last answer that the text marks: \boxed{...}, inside <answer> tags, after "Answer:", "answer is" or ####."""
    tagged = _TAGGED.findall(text[-TAIL:])
    if tagged and tagged[-1].strip():
        inside = tagged[-1].strip()
        return last_boxed(inside) or _last_marked(inside) or inside
    return last_boxed(text) or _last_marked(text[-TAIL:])


def last_boxed(text: str) -> str | None:
    r"""Content of the last complete \boxed{...} or \fbox{...}, with braces balanced; escaped ones do not count."""
    place = len(text)
    for _ in range(TRIES):
        place = max(text.rfind("\\boxed", 0, place), text.rfind("\\fbox", 0, place))
        if place < 0:
            return None
        content = _braced(text, text.find("{", place, place + 10))
        if content is not None and content.strip():
            return content.strip()
    return None


def last_number(text: str) -> str | None:
    """The last number of a text, as it is written there."""
    found = _NUMBER.findall(text[-TAIL:])
    return found[-1] if found else None


def first_number(text: str) -> str | None:
    """The first number of a text, as it is written there."""
    found = _NUMBER.search(text[:TAIL])
    return found[0] if found else None


def _last_marked(text: str) -> str | None:
    found = None
    for match in _MARKED.finditer(text):
        found = next(group for group in match.groups() if group is not None)
    return _trimmed(found) if found else None


def _trimmed(answer: str) -> str | None:
    """Without what surrounds an answer in a sentence: what follows its full stop, stars, quotes, dollar signs."""
    answer = _SENTENCE_END.split(answer.strip(), maxsplit=1)[0]
    answer = answer.strip("*_`\"' ").removesuffix(".").strip("*_`\"' ")
    return answer or None


def _braced(text: str, start: int) -> str | None:
    """What stands between the brace at `start` and the one that closes it."""
    if start < 0:
        return None
    depth, place = 0, start
    while place < min(len(text), start + TAIL):
        sign = text[place]
        if sign == "\\":
            place += 1
        elif sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                return text[start + 1 : place]
        place += 1
    return None
