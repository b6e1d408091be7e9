"""Links lead to what they name, unfold it, and to files that there are; texts are copied whole."""

from urllib.parse import unquote

import pytest

ANCHORS = (
    """() => [...document.querySelectorAll("[id^='figure-'], [id^='table-'], [id^='benchmark-']")].map((e) => e.id)"""
)
# Whether the target is seen: unfolded, and its beginning in the window below whatever stays on top.
IN_VIEW = """(id) => {
  const element = document.getElementById(id), box = element.getBoundingClientRect();
  const top = document.elementFromPoint(Math.min(box.left + 8, innerWidth - 1), Math.max(box.top, 0) + 2);
  return element.checkVisibility() && box.top >= -2 && box.top < innerHeight && !top?.closest("nav");
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_links_unfold_what_they_lead_to(open_report, width):
    page = open_report("twelve_by_six", width)
    anchors = page.evaluate(ANCHORS)
    assert len(anchors) > 24
    sample = anchors[:: max(1, len(anchors) // 12)]
    hidden = []
    for anchor in sample:
        page.evaluate("(id) => { location.hash = id; }", anchor)
        page.wait_for_timeout(50)
        if not page.evaluate(IN_VIEW, anchor):
            hidden.append(anchor)
    assert hidden == []


def test_a_page_opened_at_an_anchor_shows_it(open_report):
    anchors = open_report("twelve_by_six").evaluate(ANCHORS)
    for start in ("figure-benchmark-7-", "table-"):
        anchor = next(anchor for anchor in reversed(anchors) if anchor.startswith(start))
        assert open_report("twelve_by_six", anchor=anchor).evaluate(IN_VIEW, anchor), anchor


@pytest.mark.parametrize("name", ["pair", "twelve_by_six", "alone", "ranking", "hostile"])
def test_every_link_leads_somewhere(open_report, report, name):
    page = open_report(name)
    addresses = page.eval_on_selector_all(
        "a[href]", "(links) => [...new Set(links.map((a) => a.getAttribute('href')))]"
    )
    ids = set(page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)"))
    assert page.evaluate("document.querySelectorAll('[id]').length") == len(ids)
    within = {address[1:] for address in addresses if address.startswith("#")}
    assert within <= ids
    for address in addresses:
        if not address.startswith(("#", "https://")):
            assert (report(name).folder / unquote(address)).is_file(), address


def test_the_contents_stay_in_view(open_report):
    for width in (1280, 390):
        page = open_report("pair", width)
        page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
        box = page.get_by_role("navigation").first.bounding_box()
        assert 0 <= box["y"] < 100
        assert box["height"] > 20


def test_copy_buttons_copy_all_of_it(open_report):
    page = open_report("pair", permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    buttons = page.locator("button[data-copy]")
    assert buttons.count() >= 2  # methods and BibTeX
    for button in buttons.all():
        button.scroll_into_view_if_needed()
        button.click()
        text = page.evaluate("navigator.clipboard.readText()")
        source = page.locator(f"#{button.get_attribute('data-copy')}").text_content()
        assert " ".join(text.split()) == " ".join(source.split()) != ""


def test_folds_are_open_on_paper_and_closed_again_after(open_report):
    page = open_report("twelve_by_six")
    closed = page.locator("details.benchmark:not([open])")
    assert (count := closed.count()) > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert closed.count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert closed.count() == count
