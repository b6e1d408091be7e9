"""The page needs nothing from outside, escapes what it shows, and marks what must be."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from boundary.analysis.notes import Note
from boundary.analysis.report.page import report_html
from boundary.analysis.report.summary import summary
from boundary.analysis.text.verdict import Verdict

VOID = {"meta", "img", "br", "link"}
# Cells and rows need no end: HTML closes them where the next begins.
CELLS = ("td", "th")
CLOSED_BY = {"td": CELLS, "th": CELLS, "tr": (*CELLS, "tr")}


class Page(HTMLParser):
    """Collects the tags with their attributes and classes, and checks that what is opened is closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        while self.open and self.open[-1] in CLOSED_BY.get(tag, ()):
            self.open.pop()
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while (
            self.open
            and tag in ("tbody", "thead", "tr")
            and self.open[-1] in ("td", "th", "tr")
            and self.open[-1] != tag
        ):
            self.open.pop()
        assert self.open.pop() == tag

    def count(self, tag, css_class=None):
        return sum(name == tag and css_class in (None, attrs.get("class")) for name, attrs in self.tags)


def without_pictures(analysis):
    """No figure of any benchmark."""
    return {benchmark: {} for benchmark in analysis.benchmarks}


@pytest.fixture(scope="module")
def page(pair):
    return report_html(pair)


def test_nothing_comes_from_outside(page):
    tags = Page(page).tags
    assert {name for name, _ in tags}.isdisjoint({"link", "iframe", "object", "form", "base"})
    assert all(attrs["src"].startswith("data:") for _, attrs in tags if "src" in attrs)
    assert all(attrs["href"].startswith("#") for _, attrs in tags if "href" in attrs)
    assert not re.search(r"url\((?!#)|@import", page)
    assert not [attrs for name, attrs in tags if name == "script" and attrs]
    policy = next(attrs["content"] for _, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")


def test_links_lead_somewhere_and_images_are_described(page):
    tags = Page(page).tags
    anchors = {attrs["id"] for _, attrs in tags if "id" in attrs}
    assert {attrs["href"][1:] for _, attrs in tags if "href" in attrs} <= anchors
    assert all(attrs["alt"] for name, attrs in tags if name == "img")


def test_every_benchmark_has_verdict_figures_and_tables(page):
    tags = Page(page)
    assert tags.count("p", "verdict") == 3
    assert tags.count("svg") == 2 * 9  # each wide and narrow
    assert tags.count("table") == 3 * 3 + 1
    assert tags.count("tr", "beyond") == 3 * 3 * 3
    assert page.count("<small>extrapolated</small>") == 27


def test_naive_counts_stand_beside_the_posterior(page):
    for observed in ("911.0", "33.0", "12.0", "104.0"):
        assert f"<td>{observed}<td>" in page


def test_facts_beyond_n_are_marked(page):
    assert "<dt>P(no crossover up to k = 1024), extrapolated</dt>" in page
    assert "<dt>Crossover, k</dt><dd>24 " in page


def test_a_crossover_within_the_margin_is_not_shown(pair):
    verdicts = [replace(verdict, curve_order=verdict.curve_order._replace(crosses=0.1)) for verdict in pair.verdicts]
    page = report_html(replace(pair, verdicts=verdicts), without_pictures(pair))
    assert '<dt>Crossover, k</dt><dd>none <span class="interval">by more than the margin' in page
    assert "<dd>24 " not in page


def test_each_budget_has_its_verdict_and_probabilities(page):
    assert '<th scope="col">P(within 0.5 points)</th>' in page
    assert "<td>narrowed</td><td>0.96</td><td>0.02</td><td>0.02</td><td>0.97</td><td>0.03</td></tr>" in page


def test_failed_diagnostics_are_on_top(failed, page):
    html = report_html(failed)
    assert html.index("did not converge") < html.index("<h2>")
    assert html.index("Not converged:") < html.index('class="verdict"')
    assert 'role="alert"' not in page


def test_the_monte_carlo_error_of_interval_ends_is_shown(failed, page):
    assert "<td>2.1</td><td>gained at k = 128</td></tr>" in page
    assert "The ends of intervals are known to 2.1 % of the interval&#39;s width or better" in page
    assert "more than 4 %" not in page
    assert "That is more than 4 %: more draws" in report_html(failed)


def test_what_is_shown_is_escaped(failed):
    evil = "<script>alert(1)</script>"
    verdicts = [Verdict("AMC23", evil, None, evil)]
    html = report_html(replace(failed, verdicts=verdicts, counts=replace(failed.counts, source=evil)))
    assert evil not in html
    assert html.count("&lt;script&gt;") == 2
    assert "is &lt;above&gt; 1.01" in html


def test_single_model(single):
    tags = Page(report_html(single))
    assert tags.count("svg") == 2 * 3
    assert tags.count("table") == 3 + 1


def test_several_arms(arms):
    tags = Page(report_html(arms))
    assert tags.count("p", "verdict") == 2
    assert tags.count("table") == 2 * 3 + 1


def test_sample_checks_have_their_section_where_there_are_any(pair, page):
    assert 'id="exchangeability"' not in page
    checks = (
        Note("AMC23", "<m>", "Samples drift.", "alarm"),
        Note("AMC23", "n", "No sign of drift.", "note"),
    )
    tags = Page(html := report_html(replace(pair, exchangeability=checks), without_pictures(pair)))
    assert "<h2>Order and dependence of samples</h2>" in html
    assert tags.count("p", "alarm") == 1
    assert "<strong>&lt;m&gt;, AMC23:</strong> Samples drift." in html
    assert summary(replace(pair, exchangeability=checks))["sample_checks"][0]["alarming"] is True
