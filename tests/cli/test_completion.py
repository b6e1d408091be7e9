"""Shell completion: what is offered for each kind of name, and that nothing slow or hostile comes with it."""

import gzip
import os
import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from boundary.cli.completion import format_names, preset_names, published_names, set_names, template_names
from boundary.cli.main import main
from boundary.data.catalog import shipped_sets
from boundary.data.formats import FORMATS
from boundary.data.published import published_sets
from boundary.sampling.benchmarks.presets import presets
from boundary.sampling.prompts import template_names as templates


def offered(line):
    """What is completed at the end of a command line, without files."""
    *words, incomplete = line.split(" ")
    items = ShellComplete(main, {}, "boundary", "_BOUNDARY_COMPLETE").get_completions(words, incomplete)
    return [item.value for item in items if item.type == "plain"]


def test_names_without_loading_what_they_name_are_the_names_there_are():
    assert set_names() == shipped_sets()
    assert published_names() == published_sets()
    assert format_names() == ["auto", *sorted(FORMATS)]
    assert template_names() == templates()
    assert preset_names() == sorted(presets())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ana", ["analyze"]),
        ("analyze deep", ["deepscaler-1.5b"]),
        ("analyze --prior n", ["nonparametric"]),
        ("analyze deepscaler-1.5b --benchmark AI", ["AIME24"]),
        ("analyze deepscaler-1.5b --rl DeepScale", ["DeepScaleR-1.5B-Preview"]),
        ("plan deepscaler-1.5b --base DeepSeek", ["DeepSeek-R1-Distill-Qwen-1.5B"]),
        ("analyze nowhere.csv --base ", []),
        ("import lm", ["lm-eval"]),
        ("data get monkey", ["monkey_business"]),
        ("data show smollm2-t", ["smollm2-transfer"]),
        ("sample --benchmark math50", ["math500"]),
        ("sample --engine v", ["vllm"]),
        ("sample --verifier num", ["number"]),
        ("completion z", ["zsh"]),
    ],
)
def test_each_kind_of_name(line, expected):
    assert offered(line) == expected


def test_hostile_and_large_files_are_passed_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = ["model,problem_id", "good model,1", '"plain\nplain,forged",2', "\x1b[31m,3", "模型,4"]
    (tmp_path / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"model\nzipped\n"))
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"model\nx\n")[:-6])
    (tmp_path / "d.csv").write_bytes(b"\xff\xfe\x00model")
    (tmp_path / "folder").mkdir()
    assert "good model" in offered("analyze a.csv --base ")
    assert "模型" in offered("analyze a.csv --base ")
    assert not [name for name in offered("analyze a.csv --base ") if not name.isprintable()]
    assert offered("analyze b.csv.gz --base ") == ["zipped"]
    for name in ("c.csv.gz", "d.csv", "folder", "/dev/zero", "/proc/self/mem"):
        assert offered(f"analyze {name} --base ") == []
    monkeypatch.setattr("boundary.cli.completion.LARGEST_READ", 4)
    assert offered("analyze a.csv --base ") == []


def test_completing_loads_nothing_heavy():
    code = (
        "import sys\nfrom boundary.cli.entry import main\nsys.argv = ['boundary']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pandas', 'jax', 'matplotlib', 'torch', 'rich'} & set(sys.modules)))"
    )
    line = "boundary analyze deepscaler-1.5b --rl Deep"
    settings = os.environ | {"_BOUNDARY_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": "4"}
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True)
    *items, loaded = done.stdout.splitlines()
    assert "plain,DeepScaleR-1.5B-Preview" in items
    assert loaded == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(shell):
    outcome = CliRunner().invoke(main, ["completion", shell])
    assert outcome.exit_code == 0, outcome.output
    assert "_BOUNDARY_COMPLETE" in outcome.stdout
    assert f"{shell}_complete" in outcome.stdout
