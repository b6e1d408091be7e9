"""The files of the report are the same for the same analysis, under names that are safe on every system."""

import re

from boundary.analysis.report.write import file_stems, write_report


def test_files_written_and_the_same_again(pair, tmp_path):
    first, second = (write_report(pair, tmp_path / name) for name in ("a", "b/c"))
    assert {path.name for path in first} >= {"report.html", "summary.json", "all-flows.png", "AIME24-pass_at_k.pdf"}
    assert len(first) == 2 + 9 * 2
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_file_stems_are_safe_and_distinct():
    stems = file_stems(("a/b", "a b", "A-B", "..", "all", "MATH-500"))
    assert len({stem.lower() for stem in stems}) == len(stems)
    assert all(re.fullmatch(r"[\w.-]+", stem) and not stem.startswith(".") for stem in stems)
    assert stems[-1] == "MATH-500"
