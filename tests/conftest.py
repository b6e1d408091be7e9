"""Settings of every test.

BOUNDARY_PUBLISHED names a folder of published sets, and BOUNDARY_IMPORT_CASES one of files that importing once got
wrong; tests that need them are skipped without.
BOUNDARY_TEST_NO_SKIPS names folders or files, separated by commas, in which a skipped test is a failed one.
BOUNDARY_TEST_SEED, a whole number, 0 by default, is where random numbers of tests start: of those that take the fixture
`seed`, and of what hypothesis tries (unless --hypothesis-seed says otherwise).
BOUNDARY_TEST_CACHE names a folder for what is kept between runs of the tests: what JAX compiled (otherwise .jax_cache
in this repository) and the small model that some tests fetch (otherwise in the user's cache).
"""

import os
import sys
import tomllib
from collections.abc import Callable, Generator, Iterable
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

SEED = int(os.environ.get("BOUNDARY_TEST_SEED", "0"))
NO_SKIPS = tuple(path for path in os.environ.get("BOUNDARY_TEST_NO_SKIPS", "").split(",") if path)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Hand the seed to hypothesis before it reads its options."""
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(SEED)  # as from the command line: a number 0 would be taken for none


def pytest_report_header() -> str:
    return f"BOUNDARY_TEST_SEED={SEED}"


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


# Where annotations of `boundary.stats` are checked at each call, shapes too: in the tests of it. Samplers call small
# functions a hundred thousand times, and tests of whole analyses spent most of their time on checks.
CHECKED = ("tests/stats/", "tests/calibration/", "boundary/stats/")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if "jaxtyping" in sys.modules:
        sys.modules["jaxtyping"].config.update("jaxtyping_disable", not item.nodeid.startswith(CHECKED))


@pytest.fixture(scope="session")
def seed() -> int:
    """Where a test's random numbers start: `np.random.default_rng(seed)`, `jax.random.key(seed + 1)`."""
    return SEED


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


# Every finder finds neither modules nor versions of the packages left out, as where they are not installed.
WITHOUT = """
import sys
class Finder:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, *rest):
        return None if name.partition(".")[0] in {packages} else self.finder.find_spec(name, *rest)
    def find_distributions(self, *context):
        installed = getattr(self.finder, "find_distributions", lambda *context: ())(*context)
        return (each for each in installed if each.metadata["Name"].replace("-", "_") not in {packages})
sys.meta_path[:] = map(Finder, sys.meta_path)
for name in {packages} & set(sys.modules):
    del sys.modules[name]
"""


@pytest.fixture(scope="session")
def boundary_command() -> Callable[..., list[str]]:
    """The command `boundary` of this checkout, to be run in a subprocess: `boundary_command(without=packages)`."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    module, function = project["scripts"]["boundary"].split(":")

    def words(without: Iterable[str] = ()) -> list[str]:
        hide = WITHOUT.replace("{packages}", repr(set(without) | {""}))
        return [sys.executable, "-c", f"{hide}\nfrom {module} import {function}\n{function}()"]

    return words
