"""CITATION.cff and the changelog name the version that the package has."""

import tomllib

import yaml


def test_citation_has_the_version_of_the_package(repository):
    citation = yaml.safe_load((repository / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert citation["authors"] == project["authors"]


def test_changelog_begins_with_what_is_unreleased_and_has_this_version(repository):
    lines = (repository / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert headings[0] == "## [Unreleased]"
    assert headings[1].startswith(f"## [{project['version']}]")
