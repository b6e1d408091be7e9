"""How models and outcomes look: colours that can be read as text, markers and dashes.

Every colour of a model has a contrast of 4.5 or more on the page, so that a name can be written in it. The page has
a second set for dark screens (`page_figures.css`), by the names in `VARIABLES`.
"""

from __future__ import annotations

from typing import NamedTuple

BASE_COLOUR = "#0067A5"
RL_COLOURS = ("#B84A00", "#00734F", "#9C3D78", "#7A5C00", "#6350B0", "#8C3B3B", "#4A6070")
INK, MUTED, RULE, PAGE, EXTRAPOLATED = "#1B1F24", "#59636E", "#C9CFD6", "#FFFFFF", "#F1F1EC"
# In the order of the stack: what only one model solves lies between what both solve and what neither does.
FLOW_COLOURS = {"kept": "#A9B4C0", "gained": RL_COLOURS[0], "lost": BASE_COLOUR, "neither": "#E9ECEF"}
LABEL_COLOURS = FLOW_COLOURS | {"kept": MUTED, "neither": MUTED}
FLOW_WORDS = {"kept": "kept: both", "gained": "gained: RL only", "lost": "lost: base only", "neither": "neither"}

# Names of the style sheet's variables, by the colour that they have on a light screen.
VARIABLES = {
    BASE_COLOUR: "base",
    **{colour: f"rl-{i}" for i, colour in enumerate(RL_COLOURS, start=1)},
    INK: "ink",
    MUTED: "muted",
    RULE: "rule",
    PAGE: "page",
    EXTRAPOLATED: "extrapolated",
    FLOW_COLOURS["kept"]: "kept",
    FLOW_COLOURS["neither"]: "neither",
}
VARIABLES = {colour.lower(): f"--figure-{name}" for colour, name in VARIABLES.items()}

# Lengths of dashes and gaps in widths of the line.
Dash = str | tuple[float, tuple[float, ...]]
SOLID: Dash = "-"
EXTRAPOLATED_DASH: Dash = (0, (1, 1.7))
RL_DASHES: tuple[Dash, ...] = (
    (0, (7, 1.6)),
    (0, (4, 1.3)),
    (0, (7, 1.5, 1.5, 1.5)),
    (0, (2.4, 1.2)),
    (0, (9, 1.5, 1.5, 1.5, 1.5, 1.5)),
    (0, (5, 1.5, 2.5, 1.5)),
    (0, (10, 2.5)),
)
BASE_MARKER, RL_MARKERS = "o", ("s", "D", "^", "v", "P", "X", "p")


class Look(NamedTuple):
    """How a model looks in every figure: colour, marker, and dash of its line."""

    colour: str
    marker: str = BASE_MARKER
    dash: Dash = SOLID


BASE_LOOK = Look(BASE_COLOUR)
RL_LOOKS = tuple(Look(*parts) for parts in zip(RL_COLOURS, RL_MARKERS, RL_DASHES, strict=True))


def contrast(colour: str, background: str) -> float:
    """Contrast of two colours by WCAG 2: 1 (the same) to 21 (black on white); text needs 4.5.

    Examples
    --------
    >>> contrast("#000000", "#FFFFFF")
    21.0
    """
    lighter, darker = sorted((_luminance(colour), _luminance(background)), reverse=True)
    return round((lighter + 0.05) / (darker + 0.05), 10)


def _luminance(colour: str) -> float:
    """Relative luminance: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
