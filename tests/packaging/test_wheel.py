"""The built wheel, installed in another folder and used from an empty one: `make test-wheel`.

The wheel is built with the hatchling of the lock file, and its environment sees the packages of this one, but not the
checkout: nothing is fetched.
"""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.wheel

NOT_SHIPPED = {"ruff.toml"}


def made_by_a_tool(path):
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def run(*command, cwd):
    """Run a command that finds no package but those of its own environment; return what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(repository, tmp_path_factory):
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=repository)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """The folder of a fresh environment with the wheel, and beside it what this environment has."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    purelib = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # A line of a .pth file adds a folder at the end of the path and leaves that folder's own .pth files alone, so that
    # the editable installation of the checkout is not seen.
    (purelib / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


@pytest.fixture
def empty(tmp_path):
    """A folder outside the checkout with nothing in it."""
    return tmp_path


def test_every_file_of_the_package_is_in_the_wheel(repository, wheel):
    shipped = set(zipfile.ZipFile(wheel).namelist())
    paths = [path.relative_to(repository) for path in (repository / "boundary").rglob("*") if path.is_file()]
    files = {path.as_posix() for path in paths if path.name not in NOT_SHIPPED and not made_by_a_tool(path)}
    assert files == {name for name in shipped if name.startswith("boundary/")}
    suffixes = {Path(name).suffix for name in files}
    assert suffixes >= {".csv", ".j2", ".css", ".js", ".md", ".typed"}


def test_licences_are_in_the_wheel(repository, wheel):
    names = {name.split(".dist-info/licenses/", 1)[-1] for name in zipfile.ZipFile(wheel).namelist()}
    sets = sorted((repository / "boundary" / "data" / "sets").glob("*/LICENSE"))
    assert len(sets) >= 3
    assert {"LICENSE", *(path.relative_to(repository).as_posix() for path in sets)} <= names


def test_the_package_is_the_installed_one(environment, empty):
    code = "import boundary, importlib.metadata as m; print(boundary.__file__); print(m.version('boundary-stats'))"
    place, version = run(environment / "bin" / "python", "-c", code, cwd=empty).splitlines()
    assert Path(place).is_relative_to(environment)
    assert run(environment / "bin" / "boundary", "--version", cwd=empty).split()[-1] == version


def test_shipped_sets_are_listed(repository, environment, empty):
    listed = run(environment / "bin" / "boundary", "data", "list", cwd=empty)
    for card in (repository / "boundary" / "data" / "sets").glob("*/card.md"):
        assert card.parent.name in listed


def test_the_main_job_from_an_empty_folder(environment, empty):
    words = ["analyze", "deepscaler-1.5b", "--benchmark", "AIME24", "--seed", "0", "-o", "report"]
    printed = run(environment / "bin" / "boundary", *words, cwd=empty)
    assert "report/report.html" in printed
    names = {path.name for path in (empty / "report").iterdir()}
    assert {"report.html", "estimates.csv", "problems.csv", "summary.json", "posterior.nc", "figures"} <= names
    assert "<style" in (empty / "report" / "report.html").read_text(encoding="utf-8")
