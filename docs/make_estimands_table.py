"""The table in docs/estimands.md, from the records of ESTIMANDS: `python docs/make_estimands_table.py` writes it."""

from pathlib import Path

from boundary.stats.estimands import ESTIMANDS

PAGE = Path(__file__).parent / "estimands.md"
START, END = "<!-- table of ESTIMANDS: python docs/make_estimands_table.py -->", "<!-- end of the table -->"
HEADINGS = ("`estimand`", "of", "definition", "from counts alone (k <= n)", "claim", "source")


def table() -> str:
    """The table in Markdown, a row for each estimand."""
    rows = [HEADINGS, ("---",) * len(HEADINGS)]
    for name, record in ESTIMANDS.items():
        arguments = f"({', '.join(record.arguments)})" if record.arguments else ""
        claim = f"`{name}{arguments}`" if record.claimable else ""
        of = {"model": "a model", "pair": "a pair", "models": "all models"}[record.of]
        rows.append((f"`{name}`", of, record.definition, record.from_counts, claim, record.source))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def page_with_table(page: str) -> str:
    """The page with the table between its two marks."""
    before, remainder = page.split(START)
    after = remainder.split(END)[1]
    return f"{before}{START}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
