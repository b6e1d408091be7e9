"""The page needs nothing from outside, escapes what it shows, marks what must be; the summary is strict JSON."""

import dataclasses
import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from boundary.analysis.formatting import interval, number
from boundary.analysis.report import file_stems, write_report
from boundary.analysis.report.page import report_html
from boundary.analysis.report.summary import summary, summary_json
from boundary.analysis.text.verdict import Verdict

VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """Collects the tags with their attributes and classes, and checks that what is opened is closed."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def count(self, tag, css_class=None):
        return sum(name == tag and css_class in (None, attrs.get("class")) for name, attrs in self.tags)


@pytest.fixture(scope="module")
def page(pair):
    return report_html(pair)


def strict(text):
    """Read JSON, refusing NaN and Infinity."""

    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_nothing_comes_from_outside(page):
    tags = Page(page).tags
    assert {name for name, _ in tags}.isdisjoint({"script", "link", "iframe", "object", "form", "base"})
    assert all(attrs["src"].startswith("data:") for _, attrs in tags if "src" in attrs)
    assert all(attrs["href"].startswith("#") for _, attrs in tags if "href" in attrs)
    assert not re.search(r"url\(|@import", page)
    policy = next(attrs["content"] for _, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")


def test_links_lead_somewhere_and_images_are_described(page):
    tags = Page(page).tags
    anchors = {attrs["id"] for _, attrs in tags if "id" in attrs}
    assert {attrs["href"][1:] for _, attrs in tags if "href" in attrs} <= anchors
    assert all(attrs["alt"] for name, attrs in tags if name == "img")


def test_every_benchmark_has_verdict_figures_and_tables(page):
    found = Page(page)
    assert found.count("p", "verdict") == 3
    assert found.count("img") == 9
    assert found.count("table") == 3 * 3 + 1
    assert found.count("tr", "beyond") == 3 * 3 * 3
    assert page.count("<small>extrapolated</small>") == 27


def test_naive_counts_stand_beside_the_posterior(page):
    for observed in ("911.0", "33.0", "12.0", "104.0"):
        assert f'<td class="observed">{observed}</td>' in page


def test_facts_beyond_n_are_marked(page):
    assert "<dt>P(no crossover up to k = 1024), extrapolated</dt>" in page
    assert "<dt>Crossover, k</dt><dd>24 " in page


def test_a_crossover_within_the_margin_is_not_shown(pair):
    level = [dataclasses.replace(said, course=said.course._replace(crosses=0.1)) for said in pair.verdicts]
    page = report_html(dataclasses.replace(pair, verdicts=level))
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


def test_what_is_shown_is_escaped(failed):
    evil = "<script>alert(1)</script>"
    said = [Verdict("AMC23", evil, None, evil)]
    html = report_html(dataclasses.replace(failed, verdicts=said, settings={**failed.settings, "source": evil}))
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 2
    assert "is &lt;above&gt; 1.01" in html


def test_single_model(single):
    found = Page(report_html(single))
    assert found.count("img") == 3
    assert found.count("table") == 3 + 1


def test_several_arms(arms):
    found = Page(report_html(arms))
    assert found.count("p", "verdict") == 2
    assert found.count("table") == 2 * 3 + 1


def test_files_written_and_the_same_again(pair, tmp_path):
    first, second = (write_report(pair, tmp_path / name) for name in ("a", "b/c"))
    assert {path.name for path in first} >= {"report.html", "summary.json", "all-flows.png", "AIME24-pass_at_k.pdf"}
    assert len(first) == 2 + 9 * 2
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_file_stems_are_safe_and_distinct():
    stems = file_stems(("a/b", "a b", "A-B", "..", "all", "MATH-500"))
    assert len({stem.lower() for stem in stems}) == len(stems)
    assert all(re.fullmatch(r"[\w.-]+", stem) and not stem.startswith(".") for stem in stems)
    assert stems[-1] == "MATH-500"


def test_summary_is_strict_json(pair, single, failed):
    for analysis in (pair, single, failed):
        assert strict(summary_json(analysis)) == summary(analysis)


def test_summary_says_none_for_a_crossover_beyond_all_budgets(pair):
    rows = [row for row in summary(pair)["estimates"] if row["estimand"] == "crossover"]
    assert [row["upper"] for row in rows] == ["none", "none", 32.0]
    assert all(row["k"] is None for row in rows)


def test_summary_has_the_headline_budgets(pair, failed):
    rows = summary(pair)["estimates"]
    assert {row["k"] for row in rows if row["estimand"] == "pass_at_k"} == {1, 128, 1024}
    assert any(row["kind"] == "observed" and row["estimand"] == "lost" and row["mean"] == 33 for row in rows)
    assert summary(failed)["ok"] is False
    assert summary(failed)["diagnostics"][0]["ok"] is False


@pytest.mark.parametrize(
    ("value", "scale", "digits", "text"),
    [
        (0.12345, 100, 1, "12.3"),
        (-0.02, 100, 1, "\N{MINUS SIGN}2.0"),
        (-0.0001, 100, 1, "0.0"),
        (1234.0, 1, 0, "1,234"),
        (float("inf"), 1, 0, "none"),
        (float("nan"), 1, 0, ""),
        (None, 1, 0, ""),
    ],
)
def test_numbers(value, scale, digits, text):
    assert number(value, scale, digits) == text


def test_interval_without_ends_is_nothing():
    assert interval({"lower": float("nan"), "upper": float("nan")}, 1, 0) == ""
    assert interval({"lower": 16, "upper": float("inf")}, 1, 0) == "[16, none]"


def test_sample_checks_have_their_section_where_there_are_any(pair, page):
    assert 'id="samples"' not in page
    checks = (
        SimpleNamespace(benchmark="AMC23", model="<m>", text="Samples drift.", alarming=True),
        SimpleNamespace(benchmark="AMC23", model="n", text="No sign of drift.", alarming=False),
    )
    found = Page(html := report_html(dataclasses.replace(pair, sample_checks=checks)))
    assert "<h2>Order and dependence of samples</h2>" in html
    assert found.count("p", "alarm") == 1
    assert "<strong>&lt;m&gt;, AMC23:</strong> Samples drift." in html
    assert summary(dataclasses.replace(pair, sample_checks=checks))["sample_checks"][0]["alarming"] is True
