"""Every shipped set, walked: its card, its licence, its counts, and what the card says of them."""

import re

import pytest

from boundary.data.catalog import SETS, card, load_counts, set_path, shipped_sets
from boundary.errors import InputError

# Problems solved at least once by both models, by the base alone, by the RL model alone, and by neither.
HEADLINES = {"deepscaler-1.5b": (911, 33, 12, 104), "smollm2-arithmetic": (49, 32, 11, 8)}


def test_every_folder_is_a_set_with_known_headlines():
    folders = sorted(folder.name for folder in SETS.iterdir() if folder.is_dir())
    assert folders == shipped_sets() == sorted(HEADLINES)


@pytest.mark.parametrize("name", shipped_sets())
def test_folder_holds_counts_card_and_licence_alone(name):
    assert {path.name for path in (SETS / name).iterdir()} == {"counts.csv", "card.md", "LICENSE"}
    licence = (SETS / name / "LICENSE").read_text(encoding="utf-8")
    assert card(name).licence in licence
    assert "Copyright" in licence


@pytest.mark.parametrize("name", shipped_sets())
def test_card_agrees_with_counts(name):
    its, counts = card(name), load_counts(name)
    assert counts.source == name
    assert counts.default_base == its.base
    assert counts.models == (*([its.base] if its.base else []), *its.rl)
    assert set(counts.table["n_samples"]) == {its.n_samples}
    for benchmark in counts.benchmarks:
        assert f"{benchmark} {len(counts.problems(benchmark))}" in its.text
    for fact in (its.title, its.source, its.verifier, its.settings):
        assert fact
    for section in ("Caveats", "licence", "paper"):
        assert section in its.text


@pytest.mark.parametrize("name", shipped_sets())
def test_every_model_has_the_same_problems(name):
    counts = load_counts(name)
    assert counts.arrays(counts.models).n_correct.shape == (len(counts.problems()), len(counts.models))


@pytest.mark.parametrize("name", shipped_sets())
def test_headline_numbers(name):
    its = card(name)
    base, rl = (load_counts(name).arrays([its.base, its.rl[0]]).n_correct > 0).T
    found = tuple(int(part.sum()) for part in (base & rl, base & ~rl, rl & ~base, ~base & ~rl))
    assert found == HEADLINES[name]
    both, lost, gained, neither = found
    assert re.search(rf"both {both}, base only {lost}, RL only {gained}, neither {neither}\b", its.text)


@pytest.mark.parametrize("name", shipped_sets())
def test_exported_counts_are_the_same(name, tmp_path):
    counts = load_counts(name)
    counts.to_csv(tmp_path / "counts.csv")
    assert (tmp_path / "counts.csv").read_bytes() == set_path(name).read_bytes()


def test_unknown_set_says_which_there_are():
    for name in ("deepscaler-1.5", "../deepscaler-1.5b", ""):
        with pytest.raises(InputError, match=r"There are: .*deepscaler-1\.5b"):
            card(name)


def test_a_folder_named_like_a_set_does_not_hide_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deepscaler-1.5b").mkdir()
    assert len(load_counts("deepscaler-1.5b").table) == 2 * 1060
    with pytest.raises(InputError, match="is a folder"):
        load_counts("./deepscaler-1.5b")


def test_the_set_sampled_here_is_what_the_example_says():
    """Its problems are those of the example, and its totals those that were counted."""
    counts = load_counts("smollm2-arithmetic")
    totals = counts.table.groupby("model", sort=False)["n_correct"].sum()
    assert totals.to_dict() == {"SmolLM2-135M-Instruct": 5906, "GRPO-6": 4687, "GRPO-12": 5351}
    assert counts.problem_set_hash() == "sha256:c966661717c6d403de49d35be2745a1c3ab8408b6ebb2cdd71574a0f0e69815b"
    steps = counts.table.groupby("model", sort=False)["checkpoint_step"].unique()
    assert [list(each) for each in steps] == [["0"], ["6"], ["12"]]
