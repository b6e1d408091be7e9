"""The reference names everything: public names, estimands, columns of files."""

import ast
import re
from pathlib import Path

import boundary
from boundary.analysis.breadth.record import BREADTH_COLUMNS
from boundary.analysis.checks.model_checks import CHECK_COLUMNS, FAMILY_COLUMNS
from boundary.analysis.checks.tipping_point import CURVE_COLUMNS
from boundary.analysis.claims.evaluate import CLAIM_COLUMNS
from boundary.analysis.claims.plan import PLAN_COLUMNS
from boundary.analysis.cost.record import COST_COLUMNS
from boundary.analysis.estimates.problems import PROBLEM_COLUMNS
from boundary.analysis.estimates.table import ESTIMATE_COLUMNS
from boundary.analysis.guess_floors import FLOOR_COLUMNS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_public_name_is_on_the_page():
    text = page("api.md")
    paths = re.findall(r"^::: boundary\.([\w.]+)$", text, re.MULTILINE)
    plots = {path.removeprefix("plots.") for path in paths if path.startswith("plots.")}
    entries = {path.rpartition(".")[2] for path in paths if not path.startswith("plots.")}
    tree = ast.parse(Path(boundary.plots.__file__).read_text(encoding="utf-8"))
    assert plots == {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"}
    words = {word for code in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"\w+", code)}
    assert set(boundary.__all__) - entries - words == set()
    assert entries <= set(boundary.__all__)


def test_every_estimand_has_a_line_on_when_not_to_use_it():
    section = page("estimands.md").split("## When not to use them")[1].split("\n## ")[0]
    assert set(boundary.ESTIMANDS) - set(re.findall(r"`(\w+)`", section)) == set()


def test_every_column_is_explained():
    columns = {
        *ESTIMATE_COLUMNS,
        *PROBLEM_COLUMNS,
        *CLAIM_COLUMNS,
        *CHECK_COLUMNS,
        *FAMILY_COLUMNS,
        *CURVE_COLUMNS,
        *PLAN_COLUMNS,
        *COST_COLUMNS,
        *BREADTH_COLUMNS,
        *FLOOR_COLUMNS,
    }
    words = set(re.findall(r"`([\w.]+)`", page("files.md")))
    assert {column for column in columns if not column.startswith("reference_")} - words == set()


def test_python_on_the_pages_is_python():
    for path in DOCS.rglob("*.md"):
        for code in re.findall(r"^```python\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            compile(code, path.name, "exec")
