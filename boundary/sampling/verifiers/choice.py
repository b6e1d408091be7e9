"""The verifier `choice`: the letter that a text decides for; two letters, or a letter that it denies, are no choice."""

import re
from itertools import islice
from typing import NamedTuple

from boundary.sampling.answers.extraction import ExtractedAnswer, boxed_or_tagged, turn_of
from boundary.sampling.answers.references import any_reference
from boundary.sampling.problems import Outcome
from boundary.sampling.verifiers.spec import Verifier, reference_and_answer

# A choice stands near the end, in a sentence that speaks of few options.
LENGTH, MENTIONS = 10_000, 50
_WRAPPED = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mbox|boxed|fbox)\s{0,3}\{([^{}]*)\}")
_MARKUP = re.compile(r"\\[()\[\],;! ]|[*`$\"\u201c\u201d~]|(?<!\w)_+|_+(?!\w)")
_SPACES = re.compile(r"[^\S\n]+")
_CAPITAL = re.compile(r"(?<![A-Za-z])[A-J](?![A-Za-z])")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z(\[])|(?<=[;?!])\s")
# A letter from A to J that is no part of a word, a name (A', B_1, f(A)) or a formula (E = mc^2).
_LETTER = re.compile(
    r"(?<![A-Za-z0-9\\'(\[])([(\[]?)(?<![A-Za-z0-9])([A-J])([)\]]?)(?![A-Za-z0-9_]|['\u2019^+]|(?<![)\]])\(|-[A-Za-z]|\s?=|\s[-+]\s)"
)
_NOUN = r"(?:answers?|options?|choices?|selections?|responses?|letters?|alternatives?)"
_FILLER = (
    rf"(?:(?:the|clearly|definitely|indeed|thus|therefore|then|simply|just|probably|likely|most|{_NOUN})\s)*[:,]?\s?"
)
# What a whole answer looks like: a letter, then what the option says.
_WHOLE = re.compile(
    rf"(?:the\s)?(?:(?:correct|final|best|right)\s)?(?:{_NOUN}\s?(?:is\s|:\s?)?)?[(\[{{]{{0,2}}([A-J])(?![A-Za-z0-9])(.*)",
    re.IGNORECASE | re.DOTALL,
)
_ALSO = re.compile(
    r"[\s)\]}.]*(?:(?:,\s?)?(?:or|and|nor)\b|[,/&\u2013-])\s*[(\[]?[A-Ja-j][)\]]?(?![A-Za-z])", re.IGNORECASE
)
_DECIDES = re.compile(
    rf"\b{_NOUN}(?:\s(?:to|for|here|of)\b[^.:]{{0,60}}?)?\s?"
    r"(?:(?:is|are|must be|should be|would be|will be|has to be)\b|[:=\u2192]|\s?[-\u2013]\s)"
    r"|####"
    r"|\b(?:choose|chose|pick|picked|select|selected|go(?:ing)? with|went with|opt for|settle on|vote for)\b"
    r"|\u7b54\u6848(?:\u662f|\u4e3a|\uff1a|:)",
    re.IGNORECASE,
)
_APPROVES = re.compile(
    r"[)\].:,]*\s(?:(?:is|must be|has to be|would be|should be|seems|seems to be|appears to be)\s"
    r"(?:therefore |thus |clearly |definitely |indeed )?"
    r"(?:the |our |my )?(?:only |single |most )?(?:correct|right|best|better|answer|proper|appropriate|likely)"
    r"|[-:\u2013\u2014]?\s?\(?(?:correct|right answer)\b)|[)\].:]+\s?\(?(?:correct|right answer)\b",
    re.IGNORECASE,
)
_LEADS_TO = re.compile(
    r"(?:\b(?:so|thus|therefore|hence|then|it'?s|it is|is|be|think|believe|say|guess|leaves?"
    r"|leaving|left with|matche?s?|corresponds? to|vote|only|but|but rather)"
    rf"(?: that| us with| it'?s| it is)?|[:\u2192>\u2234])[,:]?\s?{_FILLER}$",
    re.IGNORECASE,
)
_NOUN_BEFORE = re.compile(rf"\b{_NOUN}\s$", re.IGNORECASE)
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|never|neither|nor|except|without|unlike|against|than|over|wrong|incorrect|between|none of)"
    r"|\b(?:maybe|perhaps|possibly)"
    r"|n't|\b(?:instead|rather) (?:of|than)|\b(?:eliminat|exclud|reject|discard|dismiss)\w*|\brul\w* out|\bcross\w* out"
    r"|\b(?:could|might|may|can|cannot|can't)(?: also| well| possibly| only)?(?: be)?"
    r"|\b(?:if|suppose|assum\w+|whether|were|doubt|not sure|unsure|(?:don't|do not|can't) (?:think|believe|say))\b"
    r"[^,;]{0,60}"
    r")\s?(?:be\s|both\s|either\s)?" + _FILLER + "$",
    re.IGNORECASE,
)
_DENIED_BEHIND = re.compile(
    r"[)\].:,]*\s*(?:(?:is|are|was|were|looks?|seems?|would be|must be)\s"
    r"(?:(?:also|both|clearly|definitely|obviously|all)\s)?)?"
    r"(?:not\b(?!\s(?:option |choice )?[(\[]?[A-J]\b)|wrong|incorrect|false\b|impossible|eliminated|ruled out|excluded"
    r"|out\b|too\b|invalid|unlikely|a distractor"
    r"|isn't|aren't|wasn't|cannot|can't|doesn't|don't|does not|do not|didn't|won't|fails?\b|violates?|contradicts?)",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because|since|as|which|where|whose|while|whereas|although|though|given|due)\b|;", re.IGNORECASE
)
_BETWEEN = re.compile(
    r"\s?(?:(?:,?\s?(?:or|and|nor|and/or|versus|vs\.?)|[,/&\u2013-])\s?)?(?:(?:option|choice|maybe|perhaps|possibly|even)\s)?",
    re.IGNORECASE,
)
_POSSIBLE = re.compile(r"\b(?:could|might|may|maybe|perhaps|possibly)(?: also| well| be)*\s?$", re.IGNORECASE)
# What an option says of other options: "D) Both A and B".
_OF_OTHERS = re.compile(r"[).:,]*\s?(?:all|both|none|neither|either)\b", re.IGNORECASE)
_CLOSES_LIST = re.compile(r"\b(?:and|or|nor)\b", re.IGNORECASE)
_RECONSIDERS = re.compile(
    r"\b(?:wait|actually|hmm+|oops|correction|however|second thought|recheck|mistake)\b|\bno,", re.IGNORECASE
)
# "A" and "I" are words of English as well; these words behind them say that they are options.
_ABOUT_OPTION = {
    "I": re.compile(r"\s(?:is|or|nor)\b"),
    "A": re.compile(
        r"\s(?:is|was|or|and|nor|but|because|since|as|must|would|has|seems|matches|fits|works|gives|cannot|can't|isn't)\b"
    ),
}
_OPTION_LINE = re.compile(r"\s{0,8}[-\u2022]?\s?\(?([A-J])\s?[).:]\s*(\S.*)?$")
_ONLY = re.compile(r"[(\[]?([A-J])[)\].:]{0,2}")


class _Decision(NamedTuple):
    """Letters that a sentence decides for (several: it does not), and how plainly."""

    letters: tuple[str, ...]
    plainly: bool


def extract(text: str) -> ExtractedAnswer | None:
    """The letter that the text's own turn decides for; several, which are wrong, where it names them as its answer."""
    turn = turn_of(text)
    boxed = boxed_or_tagged(turn.text)
    in_box = None if boxed is None else _decision(_plain(boxed))
    only = in_box.letters[0] if in_box and len(in_box.letters) == 1 else None
    if boxed is not None and (letter := _whole(_plain(boxed)) or only):
        return ExtractedAnswer(letter, explicit=True, ended=turn.ended)
    plain = _plain(turn.text[-LENGTH:])
    decision = None if boxed is not None and _ALSO.search(_plain(boxed)) else _decision(plain)
    if decision and (decision.plainly or len(decision.letters) == 1):
        whole = turn.ended or not plain.rstrip(" .)]").endswith(decision.letters[-1])
        return ExtractedAnswer(" or ".join(decision.letters), decision.plainly and whole, turn.ended)
    return None if boxed is None else ExtractedAnswer(boxed, explicit=True, ended=turn.ended)


@any_reference
def compare(gold: str, answer: str) -> tuple[Outcome, str]:
    """Whether the letters are the same."""
    expected = _whole(_plain(gold))
    if expected is None:
        return "verifier_error", f"the reference answer '{gold[:40]}' is no letter from A to J"
    return ("correct", "") if _whole(_plain(answer)) == expected else ("wrong", "")


def _plain(text: str) -> str:
    """Text without the marks of LaTeX and Markdown around its words."""
    for _ in range(2):
        text = _WRAPPED.sub(r" \1 ", text)
    return _SPACES.sub(" ", _MARKUP.sub("", text)).strip()


def _whole(text: str) -> str | None:
    """The letter of a text that is nothing but an option: "B", "(b)", "Option B", "B) Paris"."""
    match = _WHOLE.fullmatch(text)
    if match is None or _ALSO.match(match[2]) or match[2].rstrip().endswith("?"):
        return None
    letter, description = match[1], match[2].strip(" )]}*")
    if not description.strip(".:,"):
        return letter.upper()
    if letter.islower() or re.match(r"[-+=^_('\u2019]|\s*(?:=|\\[a-z]{2,6}\s?[A-J]\b)", match[2]):
        return None
    described = re.match(r"[\s)\]}]*[.:,)\]\u2013\u2014-]", match[2]) or letter not in "AI"
    return letter if described and not _DENIED_BEHIND.match(match[2]) else None


def _decision(text: str) -> _Decision | None:
    """What the sentences of a text come to: the last that decides plainly, or else the last that decides."""
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) == 1 and len(_LETTER.findall(lines[0])) < 2 and (letter := _whole(lines[0])):
        return _Decision((letter,), True)
    decision, reconsiders = None, False
    for place, line in enumerate(lines):
        reconsiders = reconsiders or bool(decision and _RECONSIDERS.search(line))
        if not _CAPITAL.search(line):
            continue
        listed, outer = _is_listed(lines, place), place in (0, len(lines) - 1)
        for sentence in [line] if listed else _SENTENCE_END.split(line):
            reconsiders = reconsiders or bool(_RECONSIDERS.search(sentence))
            latest = _listed(sentence) if listed else _sentence(sentence, outer)
            if latest and (
                latest.plainly or decision is None or not decision.plainly or reconsiders or len(decision.letters) > 1
            ):
                decision, reconsiders = latest, False
    return decision


def _is_listed(lines: list[str], place: int) -> bool:
    """Whether a line is one of several options in a row."""
    option = _OPTION_LINE.match(lines[place])
    if option is None:
        return False
    for other, step in ((place - 1, -1), (place + 1, 1)):
        neighbour = _OPTION_LINE.match(lines[other]) if 0 <= other < len(lines) else None
        if neighbour and ord(neighbour[1]) == ord(option[1]) + step:
            return True
    return False


def _listed(line: str) -> _Decision | None:
    option = _OPTION_LINE.match(line)
    is_right = option and re.match(r"(?:this is |is )?(?:the )?(?:correct|right)\b", option[2] or "", re.IGNORECASE)
    return _Decision((option[1],), True) if option and is_right else None


def _sentence(sentence: str, outer: bool) -> _Decision | None:
    if sentence.rstrip().endswith("?") or not _CAPITAL.search(sentence):
        return None
    only = _ONLY.fullmatch(sentence.strip())
    if only:
        return _Decision((only[1],), True)
    mentions = list(islice(_LETTER.finditer(sentence), MENTIONS + 1))
    if len(mentions) > MENTIONS:
        return None
    mentions = [match for match in mentions if not _is_word(sentence, match)]
    groups = _groups(sentence, mentions)
    affirmed = [group for group in groups if not _is_denied(sentence, group)]
    deciding = [match.end() for match in _DECIDES.finditer(sentence)]
    if deciding and any(group[0].start() >= deciding[0] for group in groups):
        start = max(place for place in deciding if any(group[0].start() >= place for group in groups))
        first_mention = next(group for group in groups if group[0].start() >= start)
        reason = _REASON.search(sentence, first_mention[-1].end())
        end = reason.start() if reason else len(sentence)
        decided = [group for group in affirmed if start <= group[0].start() < end]
        if decided and _OF_OTHERS.match(sentence, decided[0][-1].end()):
            decided = decided[:1]
        possible = [group for group in groups if _POSSIBLE.search(sentence[start : group[0].start()])]
        if decided:
            return _Decision(_letters([*decided, *possible]), True)
    approved = [group for group in affirmed if _APPROVES.match(sentence, group[-1].end())]
    if approved:
        return _Decision(_letters(approved), True)
    suggested = [group for group in affirmed if _suggests(sentence, group, outer)]
    return _Decision(_letters(suggested), False) if suggested else None


def _is_word(sentence: str, mention: re.Match[str]) -> bool:
    """Whether A or I is the article, the pronoun or a numeral."""
    if mention[2] not in "AI" or mention[1] or mention[3]:
        return False
    behind = sentence[mention.end() : mention.end() + 20]
    if mention[2] == "I" and re.search(r"\bI{2,3}\b", sentence):
        return True
    return bool(re.match(r"\s[\w(]|['\u2019]", behind)) and not _ABOUT_OPTION[mention[2]].match(behind)


def _groups(sentence: str, mentions: list[re.Match[str]]) -> list[list[re.Match[str]]]:
    """Mentions that are joined by commas, and, or."""
    groups: list[list[re.Match[str]]] = []
    closed = False
    for mention in mentions:
        joint = _BETWEEN.fullmatch(sentence, groups[-1][-1].end(), mention.start()) if groups else None
        if joint and not closed:
            groups[-1].append(mention)
            closed = bool(_CLOSES_LIST.search(joint[0]))
        else:
            groups.append([mention])
            closed = False
    return groups


def _is_denied(sentence: str, group: list[re.Match[str]]) -> bool:
    before = sentence[max(0, group[0].start() - 120) : group[0].start()]
    return bool(_DENIED_BEFORE.search(before) or _DENIED_BEHIND.match(sentence, group[-1].end()))


def _suggests(sentence: str, group: list[re.Match[str]], outer: bool) -> bool:
    """Whether the words around letters make them a choice: "so C", "I think D", "(C)", "B) Paris" at the beginning."""
    before, behind = sentence[max(0, group[0].start() - 80) : group[0].start()], sentence[group[-1].end() :]
    ends_clause = bool(re.match(r"\s?(?:$|[.,;!])", behind))
    if not before.strip():
        describes = re.match(r"[.:,]|\s?[A-Z0-9$\\-]" if group[0][3] else "[.:,]", behind)
        preferred = re.match(r"\s(?:rather|instead|over|because|since|as)\b", behind)
        return outer and bool(describes or preferred or not behind.strip())
    if ends_clause and ((group[0][1] and group[0][3]) or _NOUN_BEFORE.search(before)):
        return True
    return bool(_LEADS_TO.search(before) or re.match(r"\s(?:matches|fits|works)\b", behind))


def _letters(groups: list[list[re.Match[str]]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention[2] for group in groups for mention in group))


VERIFIERS = (
    Verifier("choice", "2", extract, reference_and_answer, "boundary.sampling.verifiers.choice:compare", quick=compare),
)
