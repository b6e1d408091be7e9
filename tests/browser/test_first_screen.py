"""The first screen says what there is to know, and what to beware of."""

import pytest

SCREENS = {"desktop": (1280, 800), "phone": (390, 844)}
TOP = "(element) => element.getBoundingClientRect().bottom"


@pytest.mark.parametrize("name", ["pair", "twelve_by_six", "checkpoints", "unsolved", "unequal", "twenty", "hostile"])
@pytest.mark.parametrize("screen", SCREENS)
def test_the_verdict_is_on_the_first_screen(open_report, name, screen):
    width, height = SCREENS[screen]
    verdict = open_report(name, width).locator("#verdict")
    for part in (verdict.locator(".chip").first, verdict.locator(".sentence").first):
        assert part.is_visible()
        assert part.evaluate(TOP) < height


@pytest.mark.parametrize("name", ["alone", "ranking"])
@pytest.mark.parametrize("screen", SCREENS)
def test_models_without_a_base_have_their_sentence_on_the_first_screen(open_report, name, screen):
    width, height = SCREENS[screen]
    sentence = open_report(name, width).locator("#verdict .sentence").first
    assert any(character.isdigit() for character in sentence.inner_text())
    assert sentence.evaluate(TOP) < height


@pytest.mark.parametrize(
    ("name", "words"), [("unconverged", "NOT CONVERGED"), ("failed_claims", "less probable than required")]
)
def test_warnings_come_first(open_report, name, words):
    page = open_report(name)
    alarm = page.get_by_role("alert").filter(has_text=words).first
    assert alarm.evaluate(TOP) < page.locator("#verdict .sentence").first.evaluate(TOP) < 800
