"""The worked notebook, as a page and as a file of Jupyter.

`OPENBLAS_NUM_THREADS=1 python docs/make_worked_example.py` runs docs/worked_example.py and writes both; the command
sets this variable too, and the last digits depend on it.

The cells are those of the percent format. A cell shows what it prints, and the value of its last line.
"""

import ast
import contextlib
import io
import json
import os
import re
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

DOCS = Path(__file__).parent
SCRIPT, PAGE, NOTEBOOK = DOCS / "worked_example.py", DOCS / "worked-example.md", DOCS / "worked-example.ipynb"
FIGURES = DOCS / "figures"


class Cell(NamedTuple):
    """A cell: text in Markdown, or code with what it showed, by media type."""

    is_code: bool
    source: str
    outputs: tuple[dict[str, str], ...] = ()


def cells(script: str) -> Iterator[Cell]:
    """The cells of a script, without outputs."""
    for part in re.split(r"^# %%", script, flags=re.MULTILINE)[1:]:
        kind, _, body = part.partition("\n")
        is_code = "[markdown]" not in kind
        yield Cell(is_code, body.strip() if is_code else re.sub(r"^# ?", "", body, flags=re.MULTILINE).strip())


def media(value: Any) -> dict[str, str]:
    """A value as a notebook would show it."""
    if hasattr(value, "savefig"):
        from matplotlib import rc_context

        stream = io.StringIO()
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": "boundary"}):  # the same bytes for the same figure
            value.savefig(stream, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
        return {"image/svg+xml": stream.getvalue()}
    html = value._repr_html_() if hasattr(value, "_repr_html_") else None
    return {"text/plain": repr(value)} | ({"text/html": html} if html else {})


def executed(script: str) -> list[Cell]:
    """The cells with their outputs, run one after the other in an empty folder."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    before, done = Path.cwd(), []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for cell in cells(script):
                done.append(cell._replace(outputs=_outputs(cell.source, namespace)) if cell.is_code else cell)
        finally:
            os.chdir(before)
    return done


def _outputs(source: str, namespace: dict[str, Any]) -> tuple[dict[str, str], ...]:
    """Run a cell: what it printed, then the value of its last line."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        exec(compile(tree, SCRIPT.name, "exec"), namespace)
        value = eval(compile(ast.Expression(last.value), SCRIPT.name, "eval"), namespace) if last else None
    printed = [{"text/plain": stream.getvalue().rstrip()}] if stream.getvalue() else []
    return tuple(printed + ([] if value is None else [media(value)]))


def page(cells_with_outputs: list[Cell]) -> tuple[str, dict[str, str]]:
    """The page in Markdown, and its figures by file name."""
    parts, figures = [], {}
    for cell in cells_with_outputs:
        parts.append(f"```python\n{cell.source}\n```" if cell.is_code else cell.source)
        for output in cell.outputs:
            if "image/svg+xml" in output:
                name = f"worked-example-{len(figures) + 1}.svg"
                figures[name] = output["image/svg+xml"]
                parts.append(f"![Figure of the cell above.](figures/{name})")
            elif "text/html" in output:
                html = re.sub(r"<style.*?</style>", "", output["text/html"], flags=re.DOTALL)
                parts.append(re.sub(r"\n\s*", "\n", html).replace("</tr><tr>", "</tr>\n<tr>").strip())
            else:
                lines = [textwrap.fill(line, 98) for line in output["text/plain"].splitlines()]
                parts.append("\n".join(["```text", *lines, "```"]))
    return "\n\n".join(parts) + "\n", figures


def notebook(cells_with_outputs: list[Cell]) -> dict[str, Any]:
    """The notebook, in the format of Jupyter (nbformat 4.5)."""
    entries, count = [], 0
    for number, cell in enumerate(cells_with_outputs):
        common = {"id": f"cell-{number}", "metadata": {}, "source": cell.source.splitlines(keepends=True)}
        if not cell.is_code:
            entries.append({"cell_type": "markdown", **common})
            continue
        count += 1
        outputs = [
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {name: text.splitlines(keepends=True) for name, text in output.items()},
            }
            for output in cell.outputs
        ]
        entries.append({"cell_type": "code", "execution_count": count, "outputs": outputs, **common})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": entries,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def main() -> None:
    """Run the script and write page, figures and notebook."""
    done = executed(SCRIPT.read_text(encoding="utf-8"))
    text, figures = page(done)
    PAGE.write_text(text, encoding="utf-8")
    for name, svg in figures.items():
        (FIGURES / name).write_text(svg, encoding="utf-8")
    NOTEBOOK.write_text(json.dumps(notebook(done), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
