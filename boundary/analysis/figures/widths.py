"""Widths of figures in inches."""

from boundary.analysis.options import FIGURE_WIDTHS

COLUMN_WIDTH, PAGE_WIDTH = FIGURE_WIDTHS["column"], FIGURE_WIDTHS["page"]
# Below this, in a column of a paper and on a phone, names stand above the panel.
NARROW = 5.5
