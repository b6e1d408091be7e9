"""Settings of every test.

BOUNDARY_PUBLISHED names a folder of published sets, and BOUNDARY_IMPORT_CASES one of files that importing once got
wrong; tests that need them are skipped without.
BOUNDARY_TEST_NO_SKIPS names folders or files, separated by commas, in which a skipped test is a failed one.
BOUNDARY_TEST_CACHE names a folder for what is kept between runs of the tests: what JAX compiled (otherwise .jax_cache
in this repository) and the small model that some tests fetch (otherwise in the user's cache).
"""

import os
import sys
import tomllib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A busy machine is no failure.
settings.register_profile("boundary", deadline=None)
settings.load_profile("boundary")

# Set before JAX is imported, and inherited by the commands that tests start. Tests compile many small functions, so
# those that compile fast are kept too. A JAX_COMPILATION_CACHE_DIR of the user's own stays.
REPOSITORY = Path(__file__).resolve().parents[1]
_CACHE = os.environ.get("BOUNDARY_TEST_CACHE")
COMPILED = Path(_CACHE, "compiled") if _CACHE else REPOSITORY / ".jax_cache"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(COMPILED))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

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


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def boundary_command() -> list[str]:
    """The command `boundary` of this checkout: the first words of a subprocess."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    module, function = project["scripts"]["boundary"].split(":")
    return [sys.executable, "-c", f"from {module} import {function}; {function}()"]
