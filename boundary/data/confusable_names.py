"""Names that differ only in what cannot be seen: white space, zero-width characters, accents put together."""

import unicodedata
from collections.abc import Iterator, Sequence

# Characters that show nothing, though others of their class do: fillers, the blank of braille, variation selectors.
BLANK = set("\u115f\u1160\u3164\uffa0\u2800") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
UNSEEN = ("Cf", "Cc")


def collapsed(name: str) -> str:
    """A name with each run of white space as one space, and none at its ends."""
    return " ".join(name.split())


def visible(name: str) -> str:
    """The characters of a name that can be seen: composed, without those that show nothing."""
    composed = unicodedata.normalize("NFC", name)
    return collapsed(
        "".join(c for c in composed if c.isspace() or not (c in BLANK or unicodedata.category(c) in UNSEEN))
    )


def confusable(names: Sequence[str]) -> tuple[str, str] | None:
    """Two names that look the same and are not, if there are any."""
    first_name: dict[str, str] = {}
    for name in names:
        other = first_name.setdefault(name if name.isascii() and name.isprintable() else visible(name), name)
        if other != name:
            return other, name
    return None


def whitespace_variants(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of names that differ in white space only: each later name with the first."""
    first_name: dict[str, str] = {}
    for name in names:
        other = first_name.setdefault(collapsed(name), name)
        if other != name:
            yield other, name
