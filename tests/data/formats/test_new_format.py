"""A new format is one module and one entry of FORMATS: the command line then reads it, and detects it."""

import pandas as pd
import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.formats import FORMATS
from boundary.data.formats.format import Format
from boundary.data.formats.parts.option_values import number
from boundary.data.records import CORRECT, WRONG, Answers


class toy:  # noqa: N801 - in place of a module
    """Scores of a problem on a line: `toy NAME: 0.2 0.9`."""

    @staticmethod
    def recognises(path, head):
        return head.startswith(b"toy ")

    @staticmethod
    def read(source, *, threshold="0.5"):
        least = number("threshold", threshold)
        for line, text in source.lines():
            name, scores = text.decode().removeprefix("toy ").split(":")
            outcomes = [CORRECT if float(score) >= least else WRONG for score in scores.split()]
            yield Answers(name, outcomes, line=line)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setitem(FORMATS, "toy", Format("toy", toy, "`*.toy`", "a score", ("threshold=0.5",)))
    path = tmp_path / "scores.toy"
    path.write_text("toy one: 0.2 0.9 0.7\ntoy two: 0.1 0.6\n")
    return path, tmp_path / "counts.csv"


@pytest.mark.parametrize("name", ["toy", "auto"])
@pytest.mark.parametrize(("options", "correct"), [([], [2, 1]), (["--option", "threshold=0.8"], [1, 0])])
def test_a_new_format_is_read_and_detected(files, name, options, correct):
    path, output = files
    command = ["import", name, str(path), "--model", "m", "-o", str(output), *options]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(output)
    assert table["problem_id"].tolist() == ["one", "two"]
    assert table["n_correct"].tolist() == correct


def test_its_options_are_checked(files):
    path, output = files
    result = CliRunner().invoke(main, ["import", "toy", str(path), "-o", str(output), "--option", "speed=1"])
    assert result.exit_code == 2
    assert "The format toy has no option 'speed'. It takes threshold." in result.output


def test_its_row_of_the_documentation(files):
    assert FORMATS["toy"].documentation == "| `toy` | `*.toy` | a score | `threshold=0.5` |"
