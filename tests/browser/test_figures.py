"""Figures tell their values under mouse, finger and keys, switch models off, and pick problems with the table."""

import json
import re

import pytest

VALUES = ".plot-values"
CURVES = """(svg) => [...svg.querySelectorAll('[data-k]')].map((line) => ({...line.dataset}))"""
MARKS = """(svg) => [...svg.querySelectorAll("[data-problem], [data-problems]")].map((mark) => {
  const box = mark.getBoundingClientRect();
  return {x: box.left + box.width / 2, y: box.top + box.height / 2,
    problems: mark.dataset.problems ? JSON.parse(mark.dataset.problems) : [mark.dataset.problem]};
})"""
PICKED = """() => [...document.querySelectorAll(".plot-picked")].flatMap(
  (mark) => mark.dataset.problems ? JSON.parse(mark.dataset.problems) : [mark.dataset.problem])"""

DESCRIBED = """(svg) => ["aria-labelledby", "aria-describedby"].map(
  (name) => svg.getAttribute(name).split(" ").map((id) => document.getElementById(id).textContent).join(" "))"""


@pytest.fixture
def page(open_report):
    """The page of the analysis `pair`."""
    return open_report("pair")


def visible_plot(page, holding):
    """The first figure in sight of the whole page that holds such an element."""
    plot = page.locator(f"svg.plot:visible:has({holding})").first
    plot.scroll_into_view_if_needed()
    return plot


def test_the_pointer_reads_the_curves(page):
    plot = visible_plot(page, "[data-k]")
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.5)
    text = page.locator(VALUES).inner_text().replace("\N{MINUS SIGN}", "-")
    k = re.search(r"k = ([\d,]+)", text)[1].replace(",", "")
    amounts = [float(amount) for amount in re.findall(r"-?\d+\.\d", text.split("\n", 1)[1])]
    for curve in plot.evaluate(CURVES):
        if k in curve["k"].split():
            at = curve["k"].split().index(k)
            assert min(abs(100 * float(curve["value"].split()[at]) - amount) for amount in amounts) < 0.051, text
    page.mouse.move(2, 2)
    assert page.locator(VALUES).is_hidden()


def test_keys_read_the_curves_aloud(page):
    plot = visible_plot(page, "[data-k]")
    plot.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".plot-live").inner_text().startswith("k = 1;")
    page.keyboard.press("End")
    assert "extrapolated" in page.locator(".plot-live").inner_text()
    page.keyboard.press("Escape")
    assert page.locator(VALUES).is_hidden()


@pytest.mark.parametrize("width", [390, 1280])
def test_values_stay_on_the_screen(open_report, width):
    page = open_report("hostile", width)
    plot = visible_plot(page, "[data-k]")
    plot.focus()
    for key in ("ArrowRight", "End"):
        page.keyboard.press(key)
        box = page.locator(VALUES).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_a_finger_reads_the_curves(open_report):
    page = open_report("pair", 390)
    plot = visible_plot(page, "[data-k]")
    box = plot.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)
    assert "k = " in page.locator(VALUES).inner_text()


def test_models_are_switched_off_and_on(open_report):
    page = open_report("checkpoints")
    switch = page.locator(".plot-models:visible button").first
    model = switch.inner_text()
    parts = page.locator("svg.plot [data-model]").and_(page.locator(f"[data-model={json.dumps(model)}]"))
    assert parts.count() > 1
    switch.click()
    assert switch.get_attribute("aria-pressed") == "false"
    assert not any(part.is_visible() for part in parts.all())
    other_parts = page.locator(f"svg.plot [data-model]:not([data-model={json.dumps(model)}]):visible")
    assert other_parts.count() > 0
    switch.click()
    assert switch.get_attribute("aria-pressed") == "true"
    assert any(part.is_visible() for part in parts.all())


def test_a_rectangle_picks_problems_in_the_table(page, report):
    plot = visible_plot(page, "[data-problem], [data-problems]")
    box, marks = plot.bounding_box(), plot.evaluate(MARKS)
    middle = box["x"] + box["width"] / 2
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] - 2, steps=4)
    page.mouse.up()
    expected = {problem for mark in marks if mark["x"] < middle for problem in mark["problems"]}
    assert set(page.evaluate(PICKED)) == expected
    n_rows = int(re.match(r"\d+", page.locator("#problem-state").inner_text())[0])
    problems = report("pair").analysis.problems
    assert n_rows == (problems["benchmark"] + "/" + problems["problem_id"]).isin(expected).sum() > 0
    page.locator("#problem-selection").get_by_role("button").click()
    assert page.evaluate(PICKED) == []


def test_a_row_of_the_table_marks_its_problem(page):
    row = page.locator("#table-problems tbody tr").first
    row.click()
    assert row.get_attribute("data-problem") in page.evaluate(PICKED)


def test_figures_have_names_and_numbers_for_those_who_do_not_see_them(page):
    plots = page.locator("svg.plot")
    assert plots.count() >= 6
    for plot in plots.all():
        assert plot.get_attribute("role") == "img"
        title, description = plot.evaluate(DESCRIBED)
        assert len(title) > 10
        assert re.search(r"\d", description), title


def test_figures_follow_the_colour_scheme(page):
    colours = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        colours.append(
            visible_plot(page, "text").locator("text").first.evaluate("(text) => getComputedStyle(text).fill")
        )
    assert colours[0] != colours[1]
