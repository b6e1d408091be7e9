"""The report states where it comes from, the same for the same counts and command."""

from dataclasses import replace

import pytest

from boundary.analysis.report.provenance import Provenance, counts_hash, provenance_of_command, with_provenance
from boundary.data.counts import Counts


@pytest.mark.parametrize("output", [["-o", "report"], ["--output", "a b"], ["--output=x"], ["-oreport"]])
def test_the_command_stands_without_its_output_folder(output):
    arguments = ["analyze", "counts of mine.csv", *output, "--base", "b"]
    assert provenance_of_command(arguments).command == "boundary analyze 'counts of mine.csv' --base b"


def test_a_file_behind_two_dashes_is_no_option():
    assert provenance_of_command(["analyze", "--", "-odd.csv"]).command == "boundary analyze -- -odd.csv"


def test_secrets_of_a_url_are_not_stated():
    assert "hush" not in provenance_of_command(["analyze", "https://x.org/c.csv?token=hush"]).command


def test_the_day_is_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert provenance_of_command(["analyze"]).date == "1970-01-02"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert provenance_of_command(["analyze"]).date > "2025"


def test_the_hash_is_of_the_counts_in_any_order(pair):
    shuffled = Counts(pair.counts.table.sample(frac=1, random_state=0), "elsewhere")
    assert counts_hash(shuffled) == counts_hash(pair.counts)
    changed = pair.counts.table.copy()
    changed.loc[changed.index[0], "n_correct"] += 1
    assert counts_hash(replace(pair.counts, table=changed)) != counts_hash(pair.counts)


def test_write_states_the_provenance_it_was_given(pair, tmp_path):
    with_provenance(pair, Provenance("boundary analyze x", "2025-04-18")).write(tmp_path, posterior=False)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "boundary analyze x" in html
    assert "2025-04-18" in html
    assert 'href="estimates.csv"' in html
