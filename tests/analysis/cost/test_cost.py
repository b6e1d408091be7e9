"""Cost of an analysis: from samples and from means, without lengths, at a token limit, in money, and as files."""

import json

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.cost.record import COST_COLUMNS
from boundary.analysis.cost.token_limit import token_limits

N_PROBLEMS, N = 12, 16


def samples_table(seed=0, longest=4000):
    """Samples of a base and a shorter, sharper RL model; wrong attempts are longer."""
    rng = np.random.default_rng(seed)
    p = np.linspace(0.05, 0.9, N_PROBLEMS)
    rows = []
    for model, rates, scale in (("base", p, 1.0), ("rl", np.where(p < 0.2, 0, np.minimum(p + 0.2, 0.97)), 0.6)):
        for i, rate in enumerate(rates):
            right = rng.random(N) < rate
            tokens = np.ceil(np.where(right, 800, 1600) * scale * rng.gamma(4, 1 / 4, N)).astype(int)
            for j in range(N):
                outcome = "truncated" if tokens[j] >= longest else "correct" if right[j] else "wrong"
                rows.append((model, "b", f"p{i}", j, outcome, min(tokens[j], longest)))
    return pd.DataFrame(rows, columns=["model", "benchmark", "problem_id", "sample_index", "outcome", "n_tokens"])


def analyse(source, **options):
    return bd.analyze(source, "base", "rl", k=[1, 16, 64], prior="independent", estimands=["lost"], **options)


@pytest.fixture(scope="module")
def analysis():
    return analyse(samples_table())


def row_of(rows, estimand, **labels):
    rows = rows.loc[(rows["estimand"] == estimand) & (rows["kind"] == "posterior")]
    for name, value in labels.items():
        rows = rows.loc[rows[name] == value]
    return rows.iloc[0]


def test_samples_give_every_quantity(analysis):
    rows = analysis.cost.estimates
    assert list(rows.columns) == list(COST_COLUMNS)
    assert set(rows["lengths"]) == {"samples"}
    assert set(rows["unit"]) == {"tokens"}
    tokens = samples_table().groupby("model")["n_tokens"].mean()
    for model in ("base", "rl"):
        cost = row_of(rows, "attempt_cost", model=model)
        assert cost["lower"] < tokens[model] < cost["upper"]
        assert (
            row_of(rows, "attempt_cost_wrong", model=model)["mean"]
            > row_of(rows, "attempt_cost_correct", model=model)["mean"]
        )
    matched = row_of(rows, "matched_attempts", model="rl")
    assert matched["mean"] == pytest.approx(16 * tokens["base"] / tokens["rl"], rel=0.1)
    curves = rows.loc[rows["kind"] == "curve"]
    assert curves.groupby(["estimand", "model"]).size().between(50, 64).all()
    assert curves.loc[curves["estimand"] == "pass_at_cost"].groupby("model")["mean"].is_monotonic_increasing.all()
    assert rows.loc[rows["cost"] > 1e5, "extrapolated"].all()


def test_means_say_what_they_rest_on():
    counts = bd.load_counts(samples_table()).table
    by_outcome = analyse(counts)
    alone = analyse(counts.drop(columns=["mean_tokens_correct", "mean_tokens_wrong"]))
    assert set(by_outcome.cost.estimates["lengths"]) == {"means by outcome"}
    assert set(alone.cost.estimates["lengths"]) == {"means"}
    assert any("how much longer wrong ones are" in note.text for note in alone.cost.notes)
    middles = [row_of(part.cost.estimates, "attempt_cost", model="rl") for part in (by_outcome, alone)]
    assert middles[0]["mean"] == pytest.approx(middles[1]["mean"], rel=0.1)


def test_without_lengths_nothing_is_computed_and_what_is_missing_is_said(tmp_path):
    result = analyse(samples_table().drop(columns="n_tokens"))
    assert result.cost.estimates.empty
    assert "mean_tokens" in result.cost.missing
    assert result.cost.missing in result.missing_parts
    result.write(tmp_path, posterior=False, figures="none")
    assert not (tmp_path / "cost.csv").exists()
    page = (tmp_path / "report.html").read_text()
    assert "Cost of solving" not in page
    assert "Cost is not estimated" in page


def test_the_report_has_section_figure_and_files(analysis, tmp_path):
    analysis.write(tmp_path, posterior=False)
    page = (tmp_path / "report.html").read_text()
    assert "Cost of solving" in page
    assert "If all models had been cut at one token limit" in page
    assert (tmp_path / "figures" / "b-cost.svg").exists()
    assert len(pd.read_csv(tmp_path / "cost.csv")) == len(analysis.cost.estimates)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["cost"]["sentences"][0]["model"] == "rl"
    assert {row["kind"] for row in summary["cost"]["estimates"]} == {"posterior", "observed"}


def test_money_needs_a_price_of_each_model():
    table = samples_table()
    money = analyse(table, prices={"base": 2.0, "rl": 1.0}).cost.estimates
    assert set(money.loc[money["kind"] != "observed", "unit"]) == {"USD"}
    tokens = table.groupby("model")["n_tokens"].mean()
    assert row_of(money, "attempt_cost", model="base")["mean"] == pytest.approx(2e-6 * tokens["base"], rel=0.05)
    for prices, words in (
        ({"rl": 1.0}, "No price is given for base"),
        ({"base": 1.0, "rl": 0.0}, "above 0"),
        ({"bsae": 1.0}, "Did you mean"),
    ):
        with pytest.raises(bd.InputError, match=words):
            analyse(table, prices=prices)


def test_a_token_limit_cuts_both_models_before_everything_else():
    table = samples_table(longest=1500)
    limit = 1000
    result = analyse(table, token_limit=limit)
    right = table.loc[(table["outcome"] == "correct") & (table["n_tokens"] <= limit)].groupby("model").size()
    counts = result.counts.table.groupby("model")
    assert counts["n_correct"].sum().to_dict() == right.to_dict()
    assert result.counts.table["mean_tokens"].max() <= limit
    longer = int((table.loc[table["model"] == "rl", "n_tokens"] > limit).sum())
    (note,) = [note for note in result.cost.notes if note.model == "rl" and "longer than" in note.text]
    assert note.text.startswith(f"rl, b: {longer} of {N * N_PROBLEMS} samples are longer than 1,000 tokens")
    assert result.settings["token_limit"] == limit


def test_samples_cut_lower_cannot_be_extended():
    result = analyse(samples_table(longest=1500), token_limit=3000)
    n_cut = int((samples_table(longest=1500).query("model == 'base'")["n_tokens"] >= 1500).sum())
    (note,) = [note for note in result.cost.notes if note.model == "base" and "cannot be extended" in note.text]
    assert f"{n_cut} were truncated at fewer tokens" in note.text


def test_a_token_limit_without_tokens_says_how_to_get_them():
    table = samples_table()
    counts = bd.load_counts(table).table
    with pytest.raises(bd.InputError, match=r"samples one by one.*--samples FILE"):
        analyse(counts, token_limit=100)
    with pytest.raises(bd.InputError, match="a column n_tokens"):
        analyse(table.drop(columns="n_tokens"), token_limit=100)
    with pytest.raises(bd.InputError, match="15 of 16 are there"):
        analyse(counts, samples=table.iloc[1:], token_limit=100)
    table.loc[3, "n_tokens"] = np.nan
    with pytest.raises(bd.InputError, match="1 samples have no n_tokens"):
        analyse(table, token_limit=100)
    with pytest.raises(bd.InputError, match="whole number of at least 1"):
        analyse(table, token_limit=0)


def test_the_table_of_limits_is_unbiased(analysis):
    rows = analysis.cost.estimates
    limits = token_limits(samples_table()["n_tokens"].to_numpy(float))
    at = rows.loc[(rows["kind"] == "observed") & (rows["token_limit"] == limits[0]) & (rows["k"] == 1)]
    table = samples_table()
    right = (table["outcome"] == "correct") & (table["n_tokens"] <= limits[0])
    expected = right.groupby(table["model"]).mean()
    estimates = at.loc[at["estimand"] == "pass_at_k"].set_index("model")["mean"]
    assert estimates.to_dict() == pytest.approx(expected.to_dict())
    shrinkage = at.loc[at["estimand"] == "shrinkage"].iloc[0]
    assert shrinkage["mean"] == pytest.approx(expected["base"] - expected["rl"])
    errors = at.loc[at["estimand"] == "pass_at_k", "standard_error"]
    assert shrinkage["standard_error"] == pytest.approx(np.hypot(*errors))


def test_the_figure_draws_on_axes_of_ones_own(analysis):
    axes = bd.plots.cost(analysis)
    assert "budget, tokens a problem" in axes.get_xlabel()


@pytest.mark.parametrize(("right", "wrong"), [("1", "0"), (True, False)])
def test_outcomes_written_as_numbers_count_alike(right, wrong):
    table = samples_table()
    table["outcome"] = table["outcome"].replace("truncated", "wrong")
    renamed_outcomes = table.assign(outcome=[right if outcome == "correct" else wrong for outcome in table["outcome"]])
    results = [analyse(samples, token_limit=1500) for samples in (table, renamed_outcomes)]
    assert results[0].counts.table["n_correct"].tolist() == results[1].counts.table["n_correct"].tolist()
    assert results[0].cost.estimates.equals(results[1].cost.estimates)


def limits_of(result):
    rows = result.cost.estimates
    return rows.loc[(rows["kind"] == "observed") & (rows["k"] == 1) & (rows["estimand"] == "pass_at_k")]


def test_a_model_with_a_sample_without_tokens_is_not_in_the_table_of_limits():
    table = samples_table().astype({"n_tokens": float})
    wrong = table.index[(table["model"] == "rl") & (table["outcome"] == "wrong")]
    table.loc[wrong[:5], "n_tokens"] = np.nan
    result = analyse(table)
    assert set(limits_of(result)["model"]) == {"base"}
    (note,) = [note for note in result.cost.notes if "token limits" in note.text]
    assert note.text.startswith(f"rl is left out of the table of token limits: 5 of its {N * N_PROBLEMS} samples")


def test_missing_outcomes_are_missing_from_the_table_of_limits_too():
    table = samples_table(longest=2200)
    assert (table["outcome"] == "truncated").any()
    result = analyse(table, outcomes_as_missing="truncated")
    kept = table.loc[table["outcome"] != "truncated"]
    at = limits_of(result)
    for model in ("base", "rl"):
        own = kept.loc[kept["model"] == model]
        last = at.loc[at["model"] == model, "mean"].iloc[-1]
        assert last == pytest.approx((own["outcome"] == "correct").groupby(own["problem_id"]).mean().mean())
