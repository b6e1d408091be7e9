"""axe-core finds nothing, and the keyboard reaches everything and shows where it is."""

import pytest

AXE_RUN = """() => axe.run(document, {resultTypes: ["violations"]}).then((result) => result.violations.flatMap(
  (rule) => rule.nodes.slice(0, 5).map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""
REACHABLE = "a[href], button, input, select, textarea, summary, [tabindex='0']"


@pytest.mark.parametrize(
    ("name", "width", "dark"),
    [
        ("pair", 1280, False),
        ("pair", 1280, True),
        ("pair", 390, False),
        ("checkpoints", 1280, True),
        ("ranking", 1280, False),
        ("unconverged", 1280, True),
        ("failed_claims", 1280, False),
        ("hostile", 390, True),
    ],
)
def test_axe_finds_nothing(open_report, axe, name, width, dark):
    page = open_report(name, width, dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    page.evaluate(axe)  # by the debugger, to which the page's policy does not apply
    violations = page.evaluate(AXE_RUN)
    if violations:
        pytest.fail("\n\n".join(violations), pytrace=False)


@pytest.mark.parametrize(("name", "width"), [("pair", 1280), ("checkpoints", 390)])
def test_the_keyboard_reaches_everything(open_report, run_script, name, width):
    page = open_report(name, width)
    expected = run_script(page, "focusable", REACHABLE)
    places, faults = set(), []
    for _ in range(2 * expected):
        page.keyboard.press("Tab")
        focus = run_script(page, "focus")
        if focus is None:
            break
        places.add(focus["place"])
        faults += [
            f"{focus['name']}: not {property}"
            for property in ("outlined", "inView", "uncovered")
            if not focus[property]
        ]
    missed = sorted(set(range(expected)) - places)
    html = "(place) => document.querySelector(`[data-place='${place}']`).outerHTML.slice(0, 120)"
    assert not faults, "\n".join(["", *faults])
    assert not missed, "\n".join(page.evaluate(html, place) for place in missed[:10])
