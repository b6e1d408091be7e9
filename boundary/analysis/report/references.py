"""What the report cites: references.toml, as numbers in the text, a list at the end, and BibTeX."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from boundary.data.readers.toml_files import read_toml

FILE = Path(__file__).with_name("references.toml")


class Reference(NamedTuple):
    """A source, as one line and as BibTeX."""

    key: str
    line: str
    bibtex: str


@cache
def references() -> tuple[Reference, ...]:
    """Every source, in the order of their numbers."""
    return tuple(_reference(key, entry) for key, entry in read_toml(FILE).items())


def cite(*keys: str) -> str:
    """Numbers of sources in brackets.

    Parameters
    ----------
    keys
        Of references.toml.

    Raises
    ------
    ValueError
        If there is no such key.

    Examples
    --------
    >>> cite("chen2021"), cite("yue2025", "yang2026")
    ('[1]', '[2, 3]')
    """
    order = [reference.key for reference in references()]
    return f"[{', '.join(str(order.index(key) + 1) for key in keys)}]"


def _reference(key: str, entry: Mapping[str, Any]) -> Reference:
    authors, title, year = entry["authors"], entry["title"], entry["year"]
    if "arxiv" in entry:
        place = f"arXiv {entry['arxiv']}"
        field = f"eprint = {{{entry['arxiv']}}}, archivePrefix = {{arXiv}}"
    else:
        place, field = entry["where"], f"howpublished = {{{entry['howpublished']}}}"
    names = authors.replace(" and ", ", ").replace(", others", " et al.")
    bibtex = f"@misc{{{key},\n  author = {{{authors}}},\n  title  = {{{title}}},\n  year   = {{{year}}},\n  {field}\n}}"
    return Reference(key, f"{names} ({year}). {title}. {place}.", bibtex)
