"""Everything is whole at every width, light and dark, unfolded and in print."""

import pytest
from browser_analyses import ANALYSES

UNFOLD = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
# An A4 page less its margins, in CSS pixels, and the scroll bar that it does not have.
PAPER = 718 + 15
SCREEN = {"mayScroll": True, "smallestText": 8}
PRINT = {"mayScroll": False, "smallestText": 6}


@pytest.mark.parametrize("name", ANALYSES)
def test_nothing_is_clipped_on_a_screen(open_report, run_script, name):
    page = open_report(name)
    problems = {}
    for width in (1280, 1024, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        problems[f"{width} px"] = run_script(page, "layout", SCREEN)
        page.evaluate(UNFOLD)
        problems[f"{width} px, unfolded"] = run_script(page, "layout", SCREEN)
    if any(problems.values()):
        pytest.fail(listing(problems), pytrace=False)


@pytest.mark.parametrize("name", ANALYSES)
def test_nothing_is_clipped_on_a_phone(open_report, run_script, name):
    page = open_report(name, 390)
    problems = {"390 px": run_script(page, "layout", SCREEN)}
    page.evaluate(UNFOLD)
    problems["390 px, unfolded"] = run_script(page, "layout", SCREEN)
    if any(problems.values()):
        pytest.fail(listing(problems), pytrace=False)


@pytest.mark.parametrize("name", ANALYSES)
def test_nothing_is_clipped_on_paper(open_report, run_script, name):
    page = open_report(name, PAPER)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    problems = {"print": run_script(page, "layout", PRINT)}
    if any(problems.values()):
        pytest.fail(listing(problems), pytrace=False)


def listing(problems):
    """The problems of each width, a line each and none twice, at most ten of a width."""
    lines, listed = [], set()
    for kind, sentences in problems.items():
        new = [sentence for sentence in dict.fromkeys(sentences) if sentence not in listed]
        listed.update(new)
        lines += [f"{kind}: {sentence}" for sentence in new[:10]]
        if len(new) > 10:
            lines.append(f"{kind}: and {len(new) - 10} more")
    return "\n".join(lines)
