"""What `import boundary` offers: every name loads, and type checkers and editors see its real signature."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import boundary


def test_every_public_name_loads_and_type_checkers_see_the_same_names():
    assert [name for name in boundary.__all__ if getattr(boundary, name) is None] == []
    tree = ast.parse(Path(boundary.__file__).read_text(encoding="utf-8"))
    (for_type_checkers,) = (node for node in tree.body if isinstance(node, ast.If))
    names = [alias.asname for node in for_type_checkers.body for alias in node.names]
    assert sorted(names) == boundary.__all__


def test_every_family_of_priors_is_public():
    assert {family.__name__ for family in boundary.PRIORS.values()} <= set(boundary.__all__)


def test_type_checkers_see_the_real_signatures(tmp_path):
    snippet = tmp_path / "snippet.py"
    snippet.write_text("import boundary as bd\n\nreveal_type(bd.analyze)\nbd.analyze(3, bass='m')\n")
    command = [sys.executable, "-m", "mypy", "--follow-imports=silent", f"--cache-dir={tmp_path}", str(snippet)]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert "base: str | None =" in output or "base: Union[str, None] =" in output
    assert 'Unexpected keyword argument "bass"' in output


FUNCTIONS = [name for name in boundary.__all__ if inspect.isfunction(getattr(boundary, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_documents_its_parameters_its_result_and_an_example(name):
    function = getattr(boundary, name)
    text = inspect.getdoc(function) or ""
    assert [title for title in ("Returns", "Examples") if f"\n{title}\n{'-' * len(title)}\n" not in text] == []
    names = re.findall(r"^\S.*$", text.partition("\nParameters\n----------\n")[2].partition("\n\n")[0], re.MULTILINE)
    documented = {name.strip(" *") for line in names for name in line.split(",")}
    assert documented == set(inspect.signature(function).parameters)
