"""Lists and mappings as Python writes them (`repr`), turned into JSON without running anything.

Texts become JSON's texts, True, False, None and nan their words in JSON, tuples lists, `np.float64(1.0)` its number.
"""

import ast
import json
import re
from typing import Any

# A text, to its end or the end of everything; what stands between texts is looked at apart.
TEXT = re.compile(r"'(?:[^'\\]++|\\.)*+'?+|\"(?:[^\"\\]++|\\.)*+\"?+", re.DOTALL)
WORD = re.compile(r"\b(?:True|False|None|nan|inf)\b")
WORDS = {"True": "true", "False": "false", "None": "null", "nan": "null", "inf": "null"}
NUMBER_CALL = re.compile(r"\bnp\.[a-z]{1,10}\d{0,3}\(([^()'\"]{1,40})\)")
COMMA_BEFORE_END = re.compile(r",[ \n]{0,9}([\]}])")


def literal_value(text: str) -> Any:
    r"""The value of a literal of Python: lists, tuples, mappings, texts, numbers, True, False, None.

    Raises
    ------
    ValueError
        Where it is none.

    Examples
    --------
    >>> literal_value("{'em': 1.0, 'ok': True, 'texts': ['it\\'s', None]}")
    {'em': 1.0, 'ok': True, 'texts': ["it's", None]}
    """
    parts, end = [], 0
    for match in TEXT.finditer(text):
        parts += [_between(text[end : match.start()]), _text(match[0])]
        end = match.end()
    parts.append(_between(text[end:]))
    try:
        return json.loads("".join(parts), parse_constant=str)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _between(text: str) -> str:
    plain = NUMBER_CALL.sub(r"\1", text).replace("(", "[").replace(")", "]")
    return COMMA_BEFORE_END.sub(r"\1", WORD.sub(lambda word: WORDS[word[0]], plain))


def _text(literal: str) -> str:
    try:
        value = ast.literal_eval(literal)
    except (SyntaxError, ValueError, MemoryError) as error:
        raise ValueError("a text in it has no end") from error
    return json.dumps(value)
