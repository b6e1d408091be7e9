"""Options on cost: prices by model, and a token limit."""

import pytest
from click.testing import CliRunner

from boundary.cli.main import main


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--price", "0.6"), "a price needs its model"),
        (("--price", "my-model=cheap"), "'cheap' is no price"),
        (("--token-limit", "0"), "--token-limit"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(tmp_path, options, words):
    outcome = CliRunner().invoke(main, ["analyze", "nothing.csv", *options, "-o", str(tmp_path / "out")])
    assert outcome.exit_code == 2
    assert words in outcome.output
