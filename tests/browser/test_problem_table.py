"""The table of all problems is searched, filtered, sorted and leafed through, with the mouse and with the keyboard."""

import re

import pytest

ROWS = "#table-problems tbody tr"


@pytest.fixture
def table(open_report):
    """The page of the analysis `checkpoints`, at its table of problems."""
    page = open_report("checkpoints")
    page.locator("#table-problems").scroll_into_view_if_needed()
    return page


def shown(page):
    """How many rows the page says that it shows, and of how many."""
    text = page.locator("#problem-state").inner_text().replace(",", "")
    return tuple(map(int, re.match(r"(\d+) of (\d+) rows", text).groups()))


def clear(page, total):
    """Give all filters up."""
    page.get_by_role("button", name="Clear").click()
    page.locator("#problem-state", has_text=f"{total} of {total} rows").wait_for()


def column(page, heading):
    """Texts of a column."""
    headings = page.locator("#table-problems thead th").all_inner_texts()
    place = [text.strip() for text in headings].index(heading)
    return page.eval_on_selector_all(ROWS, f"(rows) => rows.map((row) => row.cells[{place}].innerText)")


def test_search_keeps_rows_with_every_word(table):
    _, total = shown(table)
    table.get_by_label("Search", exact=True).fill("problem-3 run-100")
    assert shown(table) == (1, total)
    assert column(table, "problem") == ["problem-3"]
    table.get_by_label("Search", exact=True).fill("no such problem")
    assert shown(table) == (0, total)
    clear(table, total)


def test_filters_agree_with_the_table_of_problems(table, report):
    problems = report("checkpoints").analysis.problems
    total = len(problems)
    table.get_by_label("P(lost) over").fill("0.3")
    assert shown(table) == ((problems["prob_lost"] > 0.3).sum(), total)
    table.locator("#problem-filters select[name=model]").select_option(label="run-50")
    assert shown(table) == (((problems["prob_lost"] > 0.3) & (problems["model"] == "run-50")).sum(), total)
    assert set(column(table, "model")) == {"run-50"}
    clear(table, total)
    table.locator("#problem-filters select[name=flag]").select_option(label="any flag")
    assert shown(table) == ((problems["flag"] != "").sum(), total)


def probabilities(texts):
    """Values of printed probabilities, <0.01 and >0.99 among them."""
    return [float(text.lstrip("<>")) for text in texts]


def test_sorting_marks_the_column_and_turns_around(table):
    heading = table.locator("#table-problems thead th", has_text="P(gained)")
    heading.get_by_role("button").click()
    values = probabilities(column(table, "P(gained)"))
    assert values == sorted(values, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    assert "P(gained)" in table.locator("#problem-state").inner_text()
    table.keyboard.press("Enter")  # the heading keeps the focus
    values = probabilities(column(table, "P(gained)"))
    assert values == sorted(values)
    assert heading.get_attribute("aria-sort") == "ascending"
    assert table.locator("#table-problems [aria-sort]").count() == 1


def test_pages_hold_every_row_once(open_report, report):
    page = open_report("twelve_by_six")
    problems = report("twelve_by_six").analysis.problems
    keys = []
    while True:
        keys += page.eval_on_selector_all(ROWS, "(rows) => rows.map((row) => row.dataset.problem)")
        following = page.locator("#problem-pages").get_by_role("button", name="Next")
        if not following.is_visible() or following.is_disabled():
            break
        following.click()
    assert sorted(keys) == sorted(problems["benchmark"] + "/" + problems["problem_id"])


def test_selections_come_from_elsewhere_and_are_given_up(table, report):
    problems = report("checkpoints").analysis.problems
    total = len(problems)
    send = "(problems) => document.dispatchEvent(new CustomEvent('boundary:problems', {detail: {problems}}))"
    table.evaluate(send, ["AIME24/problem-1", "AIME24/problem-2"])
    assert shown(table) == (2 * problems["model"].nunique(), total)
    table.evaluate(send, None)
    assert shown(table) == (total, total)


def test_a_row_that_is_chosen_is_told_to_the_figures(table):
    table.evaluate(
        "document.addEventListener('boundary:problems', (event) => { window.lastSelection = event.detail.problems; })"
    )
    row = table.locator(ROWS).first
    row.click()
    assert table.evaluate("window.lastSelection") == [row.get_attribute("data-problem")]
    row.click()
    assert table.evaluate("window.lastSelection") is None


def test_hostile_problem_names_are_found(open_report):
    page = open_report("hostile")
    page.get_by_label("Search").fill("<script>alert(4)")
    assert shown(page)[0] > 0
    assert set(column(page, "problem")) == {"<script>alert(4)</script>"}
