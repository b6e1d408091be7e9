"""The report: one self-contained page, the summary for scripts, and the figures as files.

Read first `page` (the frame, which renders the sections), then `sections`: one module and one template each, and one
line in `SECTIONS`.

- `write`: the files, and how those of figures are named.
- `page`, `section`: the page, and what a section is.
- `sections`: each with its template, and where it needs them its style sheet and script, of the same stem.
- `tables`, `rows`: tables of estimates, and what sections read of an analysis.
- `references`: what the report cites, each source by its key in references.toml.
- `summary`: summary.json.
"""

from boundary.analysis.report.write import write_report

__all__ = ["write_report"]
