"""What stands behind "the answer is" without being an answer: helpful, correct, in dollars, an integer, as follows.

Answers in words (east, no solution) are short and none of these.
"""

import re

_QUALITY = (
    r"(?:in)?(?:correct|valid|consistent|accurate)|right|wrong|helpful|useful|reasonable|plausible|sensible|verified"
    r"|confirmed|checked|acceptable|satisfactory|good|fine|likely|unlikely|expected"
)
_ADVERBS = r"(?:(?:also|quite|very|really|so|too|indeed|now|already|probably|most|not)\s)?"
_COMMENT = re.compile(
    rf"{_ADVERBS}(?:{_QUALITY}|clear|obvious|simple|straightforward|complete|found|obtained|derived|determined"
    r"|calculated|computed|expressed|written|rounded|stated|presented|shown|explained|provided|required|needed"
    r"|supposed|wanted|below|above|here|as|in|of|on|by|with|within|that|this|what|how|why|because|since|if|when"
    r"|whether|let|we|you|they"
    r"|an?\s(?:[a-z-]{2,12}\s)?(?:integer|number|fraction|decimal|percentage|value|multiple|expression|function|set))\b",
    re.IGNORECASE,
)
# A clause in words, and what follows from it: "positive, so x = 5".
_CLAUSE = re.compile(r"[A-Za-z]{2,}[A-Za-z' -]*[,:][^\d]*\d")
_WORDS = re.compile(r"[A-Za-z][A-Za-z',; -]*")
_DENIES = re.compile(r"\b(?:no|not|none|never|neither|cannot|undefined|impossible|infinite(?:ly)?)\b", re.IGNORECASE)
MOST_WORDS = 5
# What is said of an answer given elsewhere, and how it is checked.
_VERDICT = re.compile(
    r"\banswers?\s{1,3}(?:is|are)\s{1,3}(?:(?:also|quite|very|really|indeed|most)\s)?"
    rf"(?:{_QUALITY})\b(?:[^.\n]|\.(?=\d))*",
    re.IGNORECASE,
)


def is_comment(text: str) -> bool:
    """Whether what stands behind a mark speaks of an answer, and is neither mathematics nor an answer in words."""
    if _COMMENT.match(text) or _CLAUSE.match(text):
        return True
    return bool(_WORDS.fullmatch(text)) and len(text.split()) > MOST_WORDS and not _DENIES.search(text)


def without_verdicts(text: str) -> str:
    """Text without what it says of its own answer: "let me check that the answer is right: 2 * 5 = 10"."""
    return _VERDICT.sub("", text)
