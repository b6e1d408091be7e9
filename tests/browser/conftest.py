"""Reports opened in a real Chromium, from their files, as a reader opens them.

`make test-browser` finds or installs the browser, and what drives it (locks/browser.txt), and runs these tests; all are
marked `browser` and left out of every other run. Reports are made once, each when a test first asks for it.
BOUNDARY_CHROMIUM names a Chromium other than the one on the PATH.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser_analyses import ANALYSES

FOLDER = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Sends what a page reports of violated policies to the console, where every message fails a test.
WATCH_POLICY = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy ${event.violatedDirective} violated by ${event.blockedURI}`));"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    path = os.environ.get("BOUNDARY_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert path, (
        "No Chromium was found: install it (Debian: apt-get install chromium), or name it in BOUNDARY_CHROMIUM."
    )
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Scroll bars are shown, as on a desktop.
        browser = playwright.chromium.launch(executable_path=chromium, ignore_default_args=["--hide-scrollbars"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], SimpleNamespace]:
    """The report of one of ANALYSES: `report("pair").path`, `.analysis`, `.folder`."""
    reports: dict[str, SimpleNamespace] = {}

    def make(name: str) -> SimpleNamespace:
        if name not in reports:
            analysis = ANALYSES[name]()
            folder = tmp_path_factory.mktemp(name) / "report"
            analysis.write(folder, posterior=False)
            reports[name] = SimpleNamespace(analysis=analysis, folder=folder, path=folder / "report.html")
        return reports[name]

    return make


@pytest.fixture
def open_report(browser: Any, report: Callable[[str], SimpleNamespace]) -> Iterator[Callable[..., Any]]:
    """Open a report: `open_report("pair", width=390, dark=True, anchor="methods")`.

    What the console said, what was asked for and what failed are kept as `page.complaints`, and have to be nothing when
    the test ends.
    """
    contexts, pages = [], []

    def open_page(name: str, width: int = 1280, *, dark: bool = False, anchor: str = "", **options: Any) -> Any:
        scheme = "dark" if dark else "light"
        phone = {"is_mobile": True, "has_touch": True, "device_scale_factor": 2} if width < 500 else {}
        height = 844 if width < 500 else 800
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, color_scheme=scheme, **phone, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        pages.append(page)
        watch(page, url := report(name).path.as_uri())
        page.goto(f"{url}#{anchor}" if anchor else url)
        return page

    yield open_page
    complaints = [complaint for page in pages for complaint in page.complaints]
    for context in contexts:
        context.close()
    assert complaints == []


def watch(page: Any, url: str) -> None:
    """Collect whatever a page does that a report must not do."""
    page.complaints = []
    page.add_init_script(WATCH_POLICY)
    page.on("console", lambda message: page.complaints.append(f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: page.complaints.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (page.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on(
        "request",
        lambda request: (
            request.url.split("#")[0] in (url, "about:blank")
            or request.url.startswith("data:")
            or page.complaints.append(f"fetched: {request.url[:200]}")
        ),
    )


@pytest.fixture(scope="session")
def watch_page() -> Callable[[Any, str], None]:
    """Collect what a page of any file does: `watch_page(page, url)`."""
    return watch


@pytest.fixture(scope="session")
def run_script() -> Callable[..., Any]:
    """Run a script of this folder in a page: `run_script(page, "layout", {...})`."""

    def run(page: Any, name: str, argument: Any = None) -> Any:
        return page.evaluate((FOLDER / f"{name}.js").read_text(encoding="utf-8"), argument)

    return run


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    import axe_playwright_python

    return Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
