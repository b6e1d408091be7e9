"""Where a model's own turn ends: base models go on and write a next question, which is none of theirs to answer.

A sign of the chat format, or a line in which somebody else speaks, ends the turn. A heading such as "Question:" ends it
once an answer has been written; before that it may be the model's own way to take up the problem. The graders of
LIMIT-of-RLVR (arXiv 2504.13837) and Qwen2.5-Math cut at stop words of the same kind.
"""

import re
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import islice
from typing import NamedTuple

# Signs of chat formats.
_SPECIAL = re.compile(
    r"<(?:\|(?:im_start|im_end|im_sep|endoftext|end_of_text|begin_of_text|end_of_turn|eot_id|eom_id|start_header_id"
    r"|end_header_id|end|user|system|EOT)\|>"
    r"|\uff5c[^\uff5c\n]{1,40}\uff5c>|/s>|s>|eos>|bos>|end_of_turn>|start_of_turn>|<SYS>>)|\[/?INST\]"
)
# Somebody else speaks. Without its special tokens a chat format leaves the bare words, alone in their line.
_SPEAKER = re.compile(
    r"(?:\n[ \t>*_#]{0,12}|(?<=[.!?}$>\d])\s{0,3})(?:Human|User|USER)[ \t*_]{0,8}[:\uff1a]"
    r"|\n(?:user|system|human)[ \t]{0,3}(?=\n|$)"
    r"|\n\#{2,4}[ \t]{0,3}(?:Instruction|Human|User)\b"
    r"|\n(?:A conversation between|You are an? [a-z ]{0,20}assistant)"
)
# What a text must hold for these to be looked for, which is quicker.
_IN_SPECIAL = ("<|", "<\uff5c", "s>", "<SYS", "_turn>", "INST]")
_IN_SPEAKER = ("Human", "User", "USER", "\nuser", "\nsystem", "\nhuman", "Instruction", "A conversation", "You are a")
_NUMBERED = r"[ \t]{0,3}(?:no\.?|number|\#)?[ \t]{0,3}\d{0,4}[ \t]{0,3}"
_HEADING = re.compile(
    r"\n[ \t>*_#\[<(]{0,12}(?:"
    r"(?:(?:the[ \t])?(?:next|new|another|similar|second|follow-?up|bonus|practice)[ \t])?"
    rf"(?:question|problem|exercise|example|task|puzzle|prompt|quiz|instruction|input)(?: statement)?{_NUMBERED}"
    r"(?:[:.)\uff1a*\]>]|(?=\n|$))"
    r"|Q[ \t]?\d{0,4}[ \t]{0,3}[:)\uff1a]|Q\d{1,4}\.[ \t]"
    r"|(?:here(?:'s| is)|let(?:'s| us) (?:try|do|solve|look at|consider)|now,? (?:try|solve|consider|let's solve))"
    r" (?:another|a (?:new|similar|different)|the (?:next|following))"
    r" (?:question|problem|example|exercise)"
    r"|(?:\u95ee\u9898|\u9898\u76ee|\u7528\u6237|\u4f8b\u9898?)\d{0,4}[:\uff1a]"
    r"|\#{3}[ \t]{0,3}(?=\n|$)"
    r")",
    re.IGNORECASE,
)
# A paragraph that asks, as word problems do: with a number or in several sentences, and not of the model's own work.
_QUESTION = re.compile(r"\n[ \t]{0,3}\n([^\n]{15,1500}+)(?<=\?)(?=\s|$)")
_ASKS_ANOTHER = re.compile(r"\d|[.!] ")
_OWN_WORK = re.compile(
    r"\b(?:I|we|my|our|let|wait|hmm+|actually|answers?|mistake|check|verify|correct)\b"
    r"|^(?:is|are|does|do|did|can|could|should|will|would|has|but|and|so|what if|what about|how about|why)\b",
    re.IGNORECASE,
)
_THOUGHT = "</think>"
_FEW_WORDS = 3
# More headings than these, none of them behind an answer, open no turns.
OPENINGS = 500


class Turn(NamedTuple):
    """What a model wrote as its own turn, and whether it went on behind it."""

    text: str
    ended: bool


def own_turn(text: str, marks_answer: Callable[[str], bool]) -> Turn:
    """Text up to where another turn begins.

    Parameters
    ----------
    text
        What the model wrote.
    marks_answer
        Whether a piece of text marks an answer.
    """
    ends = [
        match.start()
        for signs, pattern in ((_IN_SPECIAL, _SPECIAL), (_IN_SPEAKER, _SPEAKER))
        if any(sign in text for sign in signs) and (match := _first_behind_text(pattern, text))
    ]
    end = min(ends, default=len(text))
    # Headings within a thought are the model's own.
    thought = text.find(_THOUGHT, 0, end)
    start = before = thought + len(_THOUGHT) if thought >= 0 else 0
    is_first = True
    for opening in islice(_openings(text, start, end), OPENINGS):
        if marks_answer(text[before : opening.start()]):
            end = opening.start()
            break
        before = opening.start()
        if opening.re is _HEADING and is_first:
            if _reads_as_answered(text[start:before], opening[0]):
                end = before
                break
            is_first = False
    return Turn(text[:end], end < len(text))


def _openings(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Headings and paragraphs that may open another turn, in order."""
    questions = _QUESTION.finditer(text, start, end) if "?" in text else iter(())
    asking = (match for match in questions if _ASKS_ANOTHER.search(match[1]) and not _OWN_WORK.search(match[1]))
    return merge(_HEADING.finditer(text, start, end), asking, key=lambda match: match.start())


def _first_behind_text(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match behind anything but white space: a turn does not end before it has begun."""
    begin = len(text) - len(text.lstrip())
    return next((match for match in pattern.finditer(text) if match.start() > begin), None)


def _reads_as_answered(piece: str, heading: str) -> bool:
    """Whether text before a blank line and a heading ends in an answer that nothing marks: "It is 12.", "Paris"."""
    if not piece.endswith("\n") and not heading.startswith("\n\n"):
        return False
    lines = piece.strip().splitlines()
    if not lines or lines[-1].rstrip("*_ ").endswith(":"):
        return False
    return bool(re.search(r"\d", lines[-1])) or (len(lines) == 1 and len(lines[0].split()) <= _FEW_WORDS)
