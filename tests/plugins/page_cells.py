"""What the tests read of a page: its elements, and the cells that name the estimate they show."""

from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"meta", "img", "br", "link", "input", "wbr"}
# Cells and rows need no end: HTML closes them where the next begins.
CELLS = ("td", "th")
CLOSED_BY = {"td": CELLS, "th": CELLS, "tr": (*CELLS, "tr"), "option": ("option",)}
LABELS = ("benchmark", "model", "estimand", "k", "tau", "kind", "column", "sign")


class ShownCell(NamedTuple):
    """The text of an element, and the labels of the row of estimates.csv that it shows."""

    labels: dict
    text: str


class Page(HTMLParser):
    """Collects the tags with their attributes and the labelled cells, and checks that what is opened is closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.cells = [], [], []
        self._labels, self._texts, self._is_cell, self._heads, self._column = [], [], [], [], 0
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        while self.open and self.open[-1] in CLOSED_BY.get(tag, ()):
            self._close()
        if tag in VOID:
            return
        own = {name: attrs[f"data-{name}"] for name in LABELS if f"data-{name}" in attrs}
        if tag == "table":
            self._heads = []
        if tag == "tr":
            self._column = 0
            if "thead" in self.open:
                self._heads.append([])
        if tag == "th" and "thead" in self.open:
            self._heads[-1].append(own)
        labels = dict(self._labels[-1]) if self._labels else {}
        if tag == "td" and self._heads:
            heads = self._heads[-1][1:] if len(self._heads) == 1 else self._heads[-1]
            labels |= heads[self._column] if self._column < len(heads) else {}
            self._column += 1
        self.open.append(tag)
        self._labels.append(labels | own)
        self._is_cell.append(tag in ("td", "dd") or (tag == "span" and "estimand" in own))
        self._texts.append([])

    def handle_data(self, data):
        if self._texts:
            self._texts[-1].append(data)

    def handle_endtag(self, tag):
        while (
            self.open
            and tag in ("tbody", "thead", "tr", "select")
            and self.open[-1] in ("td", "th", "tr", "option")
            and self.open[-1] != tag
        ):
            self._close()
        assert self._close() == tag

    def _close(self):
        tag, labels, text = self.open.pop(), self._labels.pop(), "".join(self._texts.pop())
        if self._is_cell.pop() and {"estimand", "kind"} <= labels.keys():
            self.cells.append(ShownCell(labels, " ".join(text.split())))
        if self._texts:
            self._texts[-1].append(text)
        return tag

    def count(self, tag, css_class=None):
        return sum(name == tag and css_class in (None, attrs.get("class")) for name, attrs in self.tags)
