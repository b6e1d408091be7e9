"""Settings of every test.

BOUNDARY_PUBLISHED names a folder of published sets, and BOUNDARY_IMPORT_CASES one of files that importing once got
wrong; tests that need them are skipped without.
BOUNDARY_TEST_NO_SKIPS names folders or files, separated by commas, in which a skipped test is a failed one.
"""

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

# A busy machine is no failure.
settings.register_profile("boundary", deadline=None)
settings.load_profile("boundary")

NO_SKIPS = tuple(path for path in os.environ.get("BOUNDARY_TEST_NO_SKIPS", "").split(",") if path)


def _refuse_skip(report: Any) -> Any:
    if (
        report.outcome == "skipped"
        and not hasattr(report, "wasxfail")
        and report.nodeid.startswith(NO_SKIPS or ("\0",))
    ):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, which BOUNDARY_TEST_NO_SKIPS forbids: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    return _refuse_skip((yield))
