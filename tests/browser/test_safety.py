"""A page asks for nothing, says nothing on the console, and shows names from files as text."""

import pytest
from browser_analyses import ANALYSES, HOSTILE_BENCHMARKS, HOSTILE_MODELS, HOSTILE_PROBLEMS

ATTRIBUTES = "[...document.querySelectorAll('*')].flatMap((element) => element.getAttributeNames())"
REQUESTS = "performance.getEntriesByType('resource').map((entry) => entry.name)"


@pytest.mark.parametrize("name", ANALYSES)
def test_nothing_is_fetched_and_the_console_stays_empty(open_report, name):
    page = open_report(name)  # which collects what is fetched and said, and checks it at the end
    page.mouse.wheel(0, 100_000)
    page.evaluate("document.fonts.ready")
    assert [url for url in page.evaluate(REQUESTS) if not url.startswith("data:")] == []
    policy = page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy


def test_the_watch_sees_what_a_page_must_not_do(browser, tmp_path, watch_page):
    path = tmp_path / "bad.html"
    path.write_text(
        "<meta http-equiv='Content-Security-Policy' "
        "content=\"script-src 'unsafe-inline'; img-src *; style-src 'none'\">"
        '<img src="other.png"><p style="color: red">'
        "<script>console.log('chatter'); setTimeout(() => { throw new Error('thrown'); }); alert(1);</script>"
    )
    context = browser.new_context()
    page = context.new_page()
    watch_page(page, path.as_uri())
    page.goto(path.as_uri())
    complaints = "\n".join(page.complaints)
    context.close()
    for word in ("other.png", "chatter", "thrown", "dialog: 1", "policy style-src"):
        assert word in complaints


def test_hostile_names_are_text(open_report):
    page = open_report("hostile")
    assert [name for name in page.evaluate(ATTRIBUTES) if name.startswith("on")] == []
    assert page.locator("a[href^='javascript']").count() == 0
    text = page.locator("body").text_content().replace("\u2068", "").replace("\u2069", "")
    for name in (*HOSTILE_MODELS, *HOSTILE_BENCHMARKS, *HOSTILE_PROBLEMS):
        if "\u202e" not in name:
            assert name in text, name
    assert "\u202e" not in text


def test_names_written_from_the_right_do_not_turn_the_sentence_around(open_report, run_script):
    assert run_script(open_report("hostile"), "directions") == []
