"""The page needs nothing from outside, escapes what it shows, and marks what must be."""

import base64
import hashlib
import re
from dataclasses import replace

import pandas as pd
import pytest
from markupsafe import Markup
from page_cells import Page

import boundary
from boundary.analysis.notes import Note
from boundary.analysis.report.page import breakable, report_html, unbroken
from boundary.analysis.report.picture_choice import pictures_that_fit
from boundary.analysis.report.pictures import with_prefix
from boundary.analysis.report.provenance import Provenance, counts_hash
from boundary.analysis.report.sections.verdict import verdict_section
from boundary.analysis.report.summary import summary
from boundary.analysis.text.verdict import Verdict


def without_pictures(analysis):
    """No figure of any benchmark."""
    return {benchmark: {} for benchmark in analysis.benchmarks}


@pytest.fixture(scope="module")
def page(pair):
    return report_html(pair)


def test_nothing_comes_from_outside(page):
    tags = Page(page).tags
    assert {name for name, _ in tags}.isdisjoint({"link", "iframe", "object", "base"})
    assert all(attrs["src"].startswith("data:") for _, attrs in tags if "src" in attrs)
    assert all(attrs["href"].startswith("#") for _, attrs in tags if "href" in attrs)
    assert not re.search(r"url\((?!['\"]?#)|@import", page)


def test_the_policy_allows_the_styles_and_scripts_of_the_page_and_no_others(page):
    tags = Page(page).tags
    policy = next(attrs["content"] for _, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not any("style" in attrs or any(name.startswith("on") for name in attrs) for _, attrs in tags)
    scripts = re.findall("<script>(.*?)</script>", page, flags=re.DOTALL)
    (style,) = re.findall("<style>(.*?)</style>", page, flags=re.DOTALL)
    assert len(scripts) >= 2
    for text in (*scripts, style):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert not re.search(r"https?:(?!//www\.w3\.org)|fetch\(|XMLHttp|import\(|innerHTML|eval\(", "".join(scripts))


def test_links_lead_somewhere_and_images_are_described(page):
    tags = Page(page).tags
    anchors = {attrs["id"] for _, attrs in tags if "id" in attrs}
    assert {attrs["href"][1:] for _, attrs in tags if "href" in attrs} <= anchors
    assert all(attrs["alt"] for name, attrs in tags if name == "img")
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {"verdict", "summary", "benchmark-1", "benchmark-3", "methods", "files"} <= anchors
    assert {"figure-benchmark-3-pass_at_k", "table-benchmark-3-estimates-1", "table-summary"} <= anchors


def test_every_benchmark_has_verdict_figures_and_tables(page):
    tags = Page(page)
    assert tags.count("p", "verdict") == 3
    assert tags.count("figure", "plots") == 9
    assert tags.count("figure", "plots lead") == 1
    assert tags.count("table", "estimates") + tags.count("table", "estimates dense") == 3 * 2
    assert tags.count("table", "answers") == 1
    assert tags.count("tr", "beyond") == 3 * 3 * 3
    assert page.count("<small>extrapolated</small>") == 27


def test_the_pooled_verdict_is_on_top(pair, page):
    top = page[page.index('<section id="verdict"') : page.index('<section id="summary"')]
    assert '<span class="chip narrowed large">narrowed</span>' in top
    assert "96 % sure" in top
    assert "at k = 128, All benchmarks, 1,060 problems" in top
    assert f'<p class="sentence">{unbroken(pair.answer.sentence)}</p>' in top
    assert "extrapolated to k = 1024: beyond n = 128 the data alone cannot say" in top
    assert top.count("<figure") == 1


def test_the_pooled_benchmark_comes_first(page):
    places = [page.index(f'id="benchmark-{place}"') for place in (3, 1, 2)]
    assert places == sorted(places)
    assert page.index('<section id="summary"') < places[0] < page.index('<section id="methods"')


def test_more_than_three_benchmarks_are_folded(pair, page, monkeypatch):
    assert '<details class="benchmark"' not in page
    monkeypatch.setattr("boundary.analysis.report.page.MOST_OPEN", 2)
    folded = report_html(pair, without_pictures(pair))
    assert Page(folded).count("details", "benchmark") == 3
    assert '<span class="summary-chip"><span class="chip narrowed">' in folded


def test_each_benchmark_and_model_has_a_line_in_the_summary(page, arms):
    table = page[page.index('id="table-summary"') : page.index('id="benchmark-3"')]
    links = re.findall(r'<th scope="row"><a href="#([^"]*)">([^<]*)</a>', table)
    assert links == [("benchmark-3", "All benchmarks"), ("benchmark-1", "AIME24"), ("benchmark-2", "AMC23")]
    assert table.count('<svg class="drawn narrowed"') == 3
    html = report_html(arms, without_pictures(arms))
    assert html.count('<span class="model-name">') == 2


def test_command_day_and_hash_of_the_counts_are_stated_where_they_are_given(pair, page):
    assert "command-line" not in page
    html = report_html(pair, without_pictures(pair), provenance=Provenance("boundary analyze <x>", "2025-04-18"))
    assert '<code id="command-line">boundary analyze &lt;x&gt;</code>' in html
    assert "· 2025-04-18</p>" in html
    assert counts_hash(pair.counts) in page


def test_files_are_linked_where_they_are_written(pair, page):
    assert "estimates.csv:" not in page
    names = ["estimates.csv", "figures/all-pass_at_k.svg", "figures/AIME24-flows.pdf"]
    html = report_html(pair, without_pictures(pair), files=names)
    hrefs = {attrs["href"] for name, attrs in Page(html).tags if name == "a"}
    assert {href for href in hrefs if not href.startswith("#")} == set(names)


def test_figures_that_would_make_the_page_too_large_are_left_to_their_files(pair):
    names = ("pass_at_k", "shrinkage")
    pictures = {benchmark: {name: Markup("x" * 100) for name in names} for benchmark in pair.benchmarks}
    kept = pictures_that_fit(pictures, ["all", "AIME24", "AMC23"], most=450)
    assert {benchmark: list(figures) for benchmark, figures in kept.items()} == {
        "all": ["pass_at_k", "shrinkage"],
        "AIME24": ["pass_at_k"],
        "AMC23": ["pass_at_k"],
    }
    html = report_html(pair, without_pictures(pair), files=["figures/AMC23-shrinkage.svg"])
    assert '<p id="figure-benchmark-2-shrinkage">' in html


def test_naive_counts_stand_beside_the_posterior(page):
    for observed in ("911.0", "33.0", "12.0", "104.0"):
        assert f"<td>{observed}<td>" in page


def test_facts_beyond_n_are_marked(page):
    assert "<dt>P(no crossover up to k = 1024), extrapolated</dt>" in page
    assert re.search(r"<dt>Crossover, k</dt><dd[^>]*>24 ", page)


def test_a_crossover_within_the_margin_is_not_shown(pair):
    verdicts = [replace(verdict, curve_order=verdict.curve_order._replace(crosses=0.01)) for verdict in pair.verdicts]
    page = report_html(replace(pair, verdicts=verdicts), without_pictures(pair))
    assert '<dt>Crossover, k</dt><dd>none up to k = 1024 <span class="interval">by more than the margin' in page
    assert not re.search(r"<dd[^>]*>24 ", page)


def test_a_crossover_that_is_neither_likely_nor_improbable_is_unclear(pair):
    verdicts = [replace(verdict, curve_order=verdict.curve_order._replace(crosses=0.1)) for verdict in pair.verdicts]
    page = report_html(replace(pair, verdicts=verdicts), without_pictures(pair))
    assert "<dt>Crossover, k</dt><dd>unclear" in page
    assert {verdict.no_crossover_word for verdict in verdicts} == {"unclear"}


def test_each_budget_has_its_verdict_and_probabilities(page):
    assert re.search(r'<th scope="col"[^>]*>P\(within 0.5 points\)</th>', page)
    assert "<td>narrowed</td><td>0.96</td><td>0.02</td><td>0.02</td><td>0.97</td><td>0.03</td></tr>" in page


def test_the_words_on_top_count_no_decision_of_a_fit_that_did_not_converge(arms):
    first, second = arms.verdicts
    content = verdict_section(replace(arms, verdicts=[first, replace(second, is_converged=False)]))
    assert content["words"] == [("narrowed", "narrowed", 1), ("cannot tell yet", "open", 1)]


@pytest.mark.parametrize(("converged", "label"), [(True, "Next step:"), (False, "What would settle it:")])
def test_the_next_step_settles_only_what_is_open(pair, converged, label):
    verdicts = [replace(verdict, next_step="Draw more.", is_converged=converged) for verdict in pair.verdicts]
    html = report_html(replace(pair, verdicts=verdicts), without_pictures(pair))
    assert f"<strong>{label}</strong> Draw more." in html


def test_levels_and_sure_probabilities_are_not_rounded_away(pair):
    analysis = replace(pair, request=replace(pair.request, level=0.975))
    html = report_html(analysis, without_pictures(pair))
    assert "97.5 % intervals, the band is" in html.replace("\n", " ")
    assert "equal-tailed 97.5 % intervals" in html


def test_the_lead_figure_has_ids_of_its_own_and_the_names_of_the_other():
    picture = "<svg aria-labelledby='f1pak-t'><g data-model=\"a id='f1pak-x'\"><use href='#f1pak-a'/></g>f1pak-\n</svg>"
    expected = "<svg aria-labelledby='lead-t'><g data-model=\"a id='f1pak-x'\"><use href='#lead-a'/></g>f1pak-\n</svg>"
    assert with_prefix(picture, "f1pak-", "lead-") == expected


def test_failed_diagnostics_are_on_top(failed, page):
    html = report_html(failed)
    assert html.index("NOT CONVERGED") < html.index("<h2>")
    assert '<span class="chip failed large">not converged</span>' in html
    assert "sure</span>" not in html
    assert html.index("Not converged:") < html.index('class="verdict"')
    assert 'role="alert"' not in page


def test_the_monte_carlo_error_of_interval_ends_is_shown(failed, page):
    assert "<td>2.1</td><td>gained at k = 128</td></tr>" in page
    assert "The ends of intervals are known to within 2.1 % of the interval&#39;s width, or to one in the last" in page
    assert "more than 4 %" not in page
    assert "That is more than 4 %: more draws" in report_html(failed)


def test_what_is_shown_is_escaped(failed):
    evil = "<script>alert(1)</script>"
    verdicts = [Verdict("AMC23", evil, None, evil)]
    html = report_html(replace(failed, verdicts=verdicts, counts=replace(failed.counts, source=evil)))
    assert evil not in html
    assert html.count("&lt;script&gt;") == 3  # the top names the file of the counts without its folder
    assert "is &lt;above&gt; 1.01" in html


def test_single_model(single):
    tags = Page(html := report_html(single))
    assert tags.count("figure", "plots") == 3
    assert tags.count("table", "estimates") == 3
    assert f'<p class="sentence">{unbroken(single.answer.sentence)}</p>' in html
    assert re.search(r"<dt>pass@128, %</dt><dd[^>]*>\d\d\.\d <span", html)


def test_several_arms(arms):
    tags = Page(html := report_html(arms))
    assert tags.count("p", "verdict") == 2
    assert tags.count("table", "estimates") + tags.count("table", "estimates dense") == 2 * 2
    assert f'<p class="sentence">{unbroken(arms.answer.sentence)}</p>' in html
    assert '<span class="chip large narrowed">narrowed</span> <span class="count">2</span>' in html


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


def test_of_models_that_solved_nothing_no_number_of_the_prior_is_on_top():
    rows = [(model, "B", f"p{i}", 8, 0) for model in ("base", "rl") for i in range(5)]
    counts = pd.DataFrame(rows, columns=["model", "benchmark", "problem_id", "n_samples", "n_correct"])
    analysis = boundary.analyze(counts, base="base", prior="independent", k=[1, 8, 16], estimands=[])
    page = report_html(analysis, without_pictures(analysis))
    top = page.split('<section id="verdict"')[1].split("</section>")[0]
    assert "cannot tell yet" in top
    assert "likeliest" not in top
    assert '<dl class="facts">' not in top
    assert "%" not in top


def test_names_break_behind_punctuation_and_sentences_not_within_numbers():
    assert str(breakable("a_b/<c>")) == "a_<wbr>b/&lt;c&gt;"
    assert (
        unbroken("at k = 8 [1.0, 2.7]: 95 % sure").replace("\N{NO-BREAK SPACE}", "_")
        == "at k_=_8 [1.0,_2.7]: 95_% sure"
    )
