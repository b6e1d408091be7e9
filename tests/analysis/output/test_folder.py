"""A folder of results changes as a whole, keeps nothing of an earlier analysis, and loses nothing of anybody else."""

import json
import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from boundary.analysis.output.folder import LISTING, may_remove, written_together
from boundary.errors import InputError


def write(folder, *names):
    with written_together(folder) as stage:
        for name in names:
            (stage / name).parent.mkdir(exist_ok=True)
            (stage / name).write_text(f"new {name}")


def write_half(folder, error):
    with written_together(folder) as stage:
        (stage / "report.html").write_text("half of")
        raise error


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {LISTING}


OLD = ("report.html", "claims.csv", "figures/AIME24-flows.png", "figures/AIME24-flows.pdf")
NEW = ("report.html", "figures/all-flows.png")


def test_files_of_an_earlier_analysis_go_and_those_of_others_stay(tmp_path):
    write(tmp_path, *OLD)
    theirs = ("claims.toml", "notes.csv", "figures/mine.png", "figures/AIME24-flows.svg", "errors.csv")
    for name in theirs:
        (tmp_path / name).write_text("theirs")
    write(tmp_path, *NEW)
    assert names(tmp_path) == {*NEW, *theirs}
    assert (tmp_path / "report.html").read_text() == "new report.html"
    write(tmp_path, "report.html")
    assert names(tmp_path) == {"report.html", *theirs}


def test_a_file_that_no_analysis_wrote_is_not_overwritten(tmp_path):
    (tmp_path / "claims.csv").write_text("theirs")
    with pytest.raises(InputError, match=r"claims\.csv' would be overwritten"):
        write(tmp_path, "report.html", "claims.csv")
    assert names(tmp_path) == {"claims.csv"}
    write(tmp_path, "report.html")
    assert (tmp_path / "claims.csv").read_text() == "theirs"


def test_a_process_that_is_killed_while_files_take_their_places_has_listed_them(tmp_path, monkeypatch):
    write(tmp_path, "report.html")
    replace = Path.replace

    def replace_until_figures(path, target):
        if "figures" in path.parts:
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replace_until_figures)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, "claims.csv", *NEW)
    monkeypatch.undo()
    write(tmp_path, "claims.csv", *NEW)
    assert names(tmp_path) == {"claims.csv", *NEW}


def test_a_folder_from_before_there_were_listings_is_known_by_its_summary(tmp_path):
    (tmp_path / "report.html").write_text("old")
    fields = {"ok": True, "base": None, "models": [], "verdicts": [], "diagnostics": [], "settings": {}}
    for content, is_own in ("[]", False), ('{"ok": true}', False), ("{", False), (json.dumps(fields), True):
        (tmp_path / "summary.json").write_text(content)
        with nullcontext() if is_own else pytest.raises(InputError):
            write(tmp_path, "report.html", "summary.json")
    assert (tmp_path / "report.html").read_text() == "new report.html"


def test_a_folder_of_figures_that_is_empty_goes_too(tmp_path):
    write(tmp_path, *OLD)
    write(tmp_path, "report.html")
    assert not (tmp_path / "figures").exists()


def test_what_a_killed_process_left_goes_after_an_hour(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    stages = {age: tmp_path / f".boundary-unfinished-{age}" for age in ("old", "young", "link")}
    for age in ("old", "young"):
        stages[age].mkdir()
        (stages[age] / "report.html").write_text("half of")
    stages["link"].symlink_to(tmp_path / "elsewhere")
    for path in (stages["old"], tmp_path / "elsewhere"):
        os.utime(path, (0, 0))
    write(tmp_path, "report.html")
    assert [age for age, stage in stages.items() if stage.exists()] == ["young", "link"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_where_writing_fails_everything_stays_as_it_was(tmp_path, error):
    write(tmp_path / "report", *OLD)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for folder in (tmp_path / "report", tmp_path / "a" / "new"):
        with pytest.raises(error):
            write_half(folder, error)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    "line",
    [
        "../outside.csv",
        "../figures/x-flows.png",
        "figures/../outside.csv",
        "/etc/passwd",
        "figures/../../x-flows.png",
        "figures/sub/x-flows.png",
        "notes.txt",
        "counts.csv",
        "figures/photo.png",
        ".boundary-files",
        "",
        ".",
        "figures",
    ],
)
def test_a_listing_that_was_tampered_with_removes_nothing(tmp_path, line):
    assert not may_remove(line)
    folder = tmp_path / "report"
    (folder / "figures" / "sub").mkdir(parents=True)
    for path in (tmp_path / "outside.csv", tmp_path / "x-flows.png", folder / "notes.txt", folder / "counts.csv"):
        path.write_text("theirs")
    (folder / "figures" / "photo.png").write_text("theirs")
    (folder / "figures" / "sub" / "x-flows.png").write_text("theirs")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    (folder / LISTING).write_text(f"{line}\n")
    write(folder, "report.html")
    assert before <= {path for path in tmp_path.rglob("*") if path.is_file()}


def test_links_are_neither_followed_nor_written_through(tmp_path):
    folder, elsewhere = tmp_path / "report", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x-flows.png").write_text("theirs")
    (elsewhere / "table.csv").write_text("theirs")
    folder.mkdir()
    (folder / "estimates.csv").symlink_to(elsewhere / "table.csv")
    write(folder, "estimates.csv")
    assert (elsewhere / "table.csv").read_text() == "theirs"
    assert (folder / "estimates.csv").read_text() == "new estimates.csv"
    (folder / "figures").symlink_to(elsewhere)
    (folder / LISTING).write_text("figures/x-flows.png\n")
    with pytest.raises(InputError, match="is a link"):
        write(folder, "report.html", "figures/a-flows.png")
    assert (elsewhere / "x-flows.png").read_text() == "theirs"


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write into"):
        write(tmp_path / "file" / "report", "report.html")
