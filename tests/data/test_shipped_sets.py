"""Every shipped set, walked: its card, its licence, its counts, and what the card says of them."""

import re
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, kstest

from boundary.data.catalog import SETS, card, load_counts, set_path, shipped_sets
from boundary.data.sample_tables import load_samples, load_scores
from boundary.errors import InputError

EXAMPLE = Path(__file__).parents[2] / "examples" / "rl_vs_base"
SCORED = "smollm2-arithmetic-scored"
PROBLEM = ["model", "benchmark", "problem_id"]
# The exact solve rates of the sets that were sampled here.
TRUTHS = {"smollm2-arithmetic": "truth.csv", SCORED: "truth-scored.csv"}
# Problems solved at least once by both models, by the base alone, by the RL model alone, and by neither.
HEADLINES = {
    "deepscaler-1.5b": (911, 33, 12, 104),
    "smollm2-arithmetic": (67, 14, 10, 9),
    SCORED: (66, 8, 12, 14),
    "smollm2-transfer": (55, 1, 1, 3),
}


def test_every_folder_is_a_set_with_known_headlines():
    folders = sorted(folder.name for folder in SETS.iterdir() if folder.is_dir())
    assert folders == shipped_sets() == sorted(HEADLINES)


@pytest.mark.parametrize("name", shipped_sets())
def test_folder_holds_counts_card_licence_and_samples_alone(name):
    samples = {"samples.parquet", "scores.parquet"} if name == SCORED else set()
    assert {path.name for path in (SETS / name).iterdir()} == {"counts.csv", "card.md", "LICENSE"} | samples
    assert sum((SETS / name / file).stat().st_size for file in samples) < 1_500_000
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
    sizes = tuple(int(part.sum()) for part in (base & rl, base & ~rl, rl & ~base, ~base & ~rl))
    assert sizes == HEADLINES[name]
    kept, lost, gained, neither = sizes
    assert re.search(rf"both {kept}, base only {lost}, RL only {gained}, neither {neither}\b", its.text)


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
    assert totals.to_dict() == {
        "SmolLM2-135M-Instruct": 5906,
        "GRPO-20": 12681,
        "GRPO-80": 12995,
        "GRPO-160": 12145,
        "Distilled": 14037,
        "Rejection": 11948,
    }
    assert counts.problem_set_hash() == "sha256:c966661717c6d403de49d35be2745a1c3ab8408b6ebb2cdd71574a0f0e69815b"
    steps = counts.table.groupby("model", sort=False)["checkpoint_step"].unique()
    assert [list(step) for step in steps] == [["0"], ["20"], ["80"], ["160"], [""], [""]]


@pytest.mark.parametrize("name", TRUTHS)
def test_the_sets_sampled_here_were_drawn_from_their_exact_solve_rates(name):
    truth = pd.read_csv(EXAMPLE / TRUTHS[name], dtype={"problem_id": str})
    counts = load_counts(name).table
    merged = truth.merge(counts, on=PROBLEM, validate="1:1")
    assert len(merged) == len(counts) == len(truth)
    assert merged["left"].max() < 1e-4
    c, n, p = merged["n_correct"], merged["n_samples"], merged["p"]
    ranks = binom.cdf(c - 1, n, p) + np.random.default_rng(0).random(len(c)) * binom.pmf(c, n, p)
    assert kstest(ranks, "uniform").pvalue > 0.01
    sums = (
        pd.DataFrame({"model": merged["model"], "more": c - n * p, "variance": n * p * (1 - p)}).groupby("model").sum()
    )
    assert (sums["more"].abs() < 4 * np.sqrt(sums["variance"])).all()


def test_the_samples_are_those_that_were_counted():
    counts, samples = load_counts(SCORED).table, load_samples(SCORED)
    assert not samples.duplicated([*PROBLEM, "sample_index"]).any()
    right = samples["outcome"] == "correct"
    assert set(samples["outcome"]) == {"correct", "wrong"}
    assert (right == (samples["answer"] == samples["reference"])).all()
    assert samples["n_tokens"].between(1, 4).all()
    sums = samples.assign(n_correct=right, n_samples=1).groupby(PROBLEM)[["n_samples", "n_correct"]].sum()
    assert sums.to_dict() == counts.set_index(PROBLEM)[["n_samples", "n_correct"]].to_dict()


def test_every_sample_is_scored_under_the_base_and_under_its_own_model():
    samples, scores, base = load_samples(SCORED), load_scores(SCORED), card(SCORED).base
    scores = scores[scores["outcome"] != "reference"]
    for own in (scores["scorer"] == base, scores["scorer"] == scores["model"]):
        joined = samples.merge(scores[own], on=[*PROBLEM, "sample_index"], validate="1:1", suffixes=("", "_scored"))
        assert len(joined) == len(samples) == own.sum()
        assert (joined["outcome"] == joined["outcome_scored"]).all()
        assert (joined["n_tokens"] == joined["n_tokens_scored"]).all()
        assert (joined["n_bytes"] == joined["text"].str.encode("utf-8").str.len()).all()
    assert (scores["sum_logp"] < 0).all()


def test_right_texts_have_no_more_probability_under_a_model_than_its_exact_solve_rate():
    truth = pd.read_csv(EXAMPLE / TRUTHS[SCORED], dtype={"problem_id": str}).rename(columns={"model": "scorer"})
    scores = load_scores(SCORED).merge(load_samples(SCORED), on=[*PROBLEM, "sample_index"])
    right = scores[scores["outcome_x"] == "correct"]
    texts = right.drop_duplicates(["scorer", "benchmark", "problem_id", "text", "sum_logp"])
    mass = texts.assign(mass=np.exp(texts["sum_logp"])).groupby(["scorer", "benchmark", "problem_id"])["mass"].sum()
    joined = truth.merge(mass.reset_index(), on=["scorer", "benchmark", "problem_id"])
    assert (joined["mass"] < joined["p"] + joined["left"] + 1e-3).all()
    assert (joined["mass"] / joined["p"]).median() > 0.5


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("48", True),
        (" \n048 eggs", True),
        ("48.", True),
        ("48,5", True),
        ("480", False),
        ("48.5", False),
        ("-48", False),
        ("is 48", False),
        ("\u0664\u0668", False),
        ("", False),
    ],
)
def test_what_is_right_in_the_example(text, right):
    assert runpy.run_path(str(EXAMPLE / "verdict.py"))["right"]({"answer": "48"}, text) is right
