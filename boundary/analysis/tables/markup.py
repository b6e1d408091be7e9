"""Texts of others in LaTeX and in Markdown: what they hold is read, and never a command or a mark."""

import re

from boundary.plain_text import plain

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",  # \textquotedbl is missing in LaTeX's first font encoding
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "\N{MINUS SIGN}": "$-$",
    "\N{DAGGER}": r"$^{\dagger}$",
    "-": "-",
} | {mark: f"\\{mark}" for mark in "&%$#_"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$:@])")


def latex_text(text: str) -> str:
    r"""A text in LaTeX, without line breaks and control characters; letters beyond ASCII need XeLaTeX or LuaLaTeX.

    Examples
    --------
    >>> print(latex_text("Qwen_2.5 & 7B 50%"))
    Qwen\_2.5 \& 7B 50\%
    """
    escaped = "".join(_LATEX.get(character, character) for character in plain(text))
    escaped = re.sub(r"-(?=-)", "-{}", escaped)  # two hyphens would become a dash
    # Behind a line's end a bracket would be a length, and a star a command's variant.
    return f"{{}}{escaped}" if escaped.startswith(("[", "*")) else escaped


def markdown_text(text: str) -> str:
    r"""A text in a Markdown table, without line breaks and control characters.

    Examples
    --------
    >>> print(markdown_text("my_model|v2"))
    my\_model\|v2
    """
    return _MARKDOWN.sub(r"\\\1", plain(text))
