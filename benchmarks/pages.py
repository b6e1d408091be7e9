"""Writes tables of results into pages of the documentation, between two marks."""

from pathlib import Path


def replace_between(page: Path, mark: str, text: str) -> None:
    """Replace the text between `<!-- mark -->` and `<!-- end of mark -->`."""
    start, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->\n"
    before, _, after = page.read_text(encoding="utf-8").partition(start)
    page.write_text(f"{before}{start}{text}{end}{after.partition(end)[2]}", encoding="utf-8")
