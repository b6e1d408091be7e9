"""Plans: margins that say what claims say, and the file that sampling takes."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import boundary as bd
from boundary.analysis.claims.draws import holds, resolve
from boundary.analysis.claims.grammar import parse_claim
from boundary.analysis.claims.plan import best_of_budget
from boundary.analysis.claims.problem_sums import problem_sums
from boundary.cli.main import main
from boundary.errors import InputError
from boundary.sampling.targets import read_plan
from boundary.stats.priors import PRIORS

N_PROBLEMS, N_SAMPLES = 24, 16


def table():
    rng = np.random.default_rng(0)
    base = rng.beta(0.4, 1.2, N_PROBLEMS)
    rl = np.clip(base * 1.5, 0, 1) * (rng.random(N_PROBLEMS) > 0.2)
    parts = []
    for model, p in (("the-base", base), ("the-rl", rl)):
        c = rng.binomial(N_SAMPLES, p)
        parts.append(pd.DataFrame({"model": model, "problem_id": range(N_PROBLEMS), "n_correct": c}))
    return pd.concat(parts, ignore_index=True).assign(n_samples=N_SAMPLES)


@pytest.fixture(scope="module")
def rates():
    counts = table().pivot(index="problem_id", columns="model", values="n_correct").to_numpy()
    posterior = PRIORS["independent"]().posterior(counts, np.full_like(counts, N_SAMPLES), jax.random.key(0))
    return posterior.labelled(("the-base", "the-rl"), tuple(map(str, range(N_PROBLEMS))))


@pytest.mark.parametrize(
    "text",
    [
        "shrinkage(8) > 0.02",
        "shrinkage(64) <= 0.03",
        "lost(16) > 3",
        "gained(16) < 2",
        "kept(4) >= 9",
        "neither(32) < 1",
        "pass_at_k(4) base > rl",
        "pass_at_k(1) rl > 31.5 %",
        "pass_hat_k(4) rl < 0.135",
        "g_pass_at_k(8, .5) base > .2",
        "mg_pass_at_k(8) rl > base",
        "cover_at_tau(.25) base > .4",
        "delta_se(4) > 0.22",
        "srr(16) < .9",
        "ndr(16) > .1",
        "nscr(16) > -.1",
        "amplified(4) > .05",
        "discovered(4) < .05",
        "sampling_speedup <= 1",
        "sampling_speedup > 1.5",
        "shrinkage(8) > 0 and lost(16) > 3",
    ],
)
def test_margins_are_above_0_exactly_where_the_claim_holds(text, rates):
    claim = resolve(parse_claim(text), "the-base", ["the-rl"])
    margins = problem_sums(claim, rates, "the-base")
    true = holds(claim, {"the-rl": rates}, "the-base").to_numpy().ravel()
    above = (margins.values > 0).all(axis=1)
    assert 0 < true.mean() < 1  # or it could not fail
    assert (above == true).mean() > 0.999  # a value on the bound itself, but for rounding


def test_a_crossover_is_planned_for_as_the_shrinkage_at_its_bound(rates):
    claim = resolve(parse_claim("crossover < 8"), "the-base", ["the-rl"])
    values = problem_sums(claim, rates, "the-base").values[:, 0]
    at_seven = bd.shrinkage(rates, 7, base="the-base", rl="the-rl").to_numpy().ravel()
    np.testing.assert_allclose(values, at_seven, atol=1e-6)


@pytest.fixture(scope="module")
def result():
    return bd.plan(table(), "shrinkage(16) > 0", base="the-base", prior="independent", chance=0.5)


def test_a_plan_asks_for_samples_where_they_tell(result):
    assert 0.05 < result.probability < 0.95
    assert result.is_reached
    table = result.assurance.set_index(["allocation", "n_more"])
    assert table.loc[("planned", result.n_more), "chance"] >= 0.5
    assert table.loc[("planned", 0), "chance"] == 0
    assert result.n_even > result.n_more
    assert (result.rows["n_correct"] < result.rows["n_samples"]).all()  # what is always solved tells nothing
    assert f"{result.n_more:,} more samples" in result.text


def test_the_file_is_what_sampling_takes(result, tmp_path):
    rows = read_plan(result.write(tmp_path / "plan.csv"))
    assert sum(row.n_more for row in rows) == result.n_more
    assert {row.model for row in rows} <= {"the-base", "the-rl"}


def test_the_same_seed_gives_the_same_plan(result):
    again = bd.plan(table(), "shrinkage(16) > 0", base="the-base", prior="independent", chance=0.5)
    pd.testing.assert_frame_equal(result.rows, again.rows)


def test_a_wanted_width_is_reached():
    result = bd.plan(table(), "lost(16) > 0", base="the-base", prior="independent", width=1.0)
    at = result.assurance.set_index(["allocation", "n_more"])["width"]
    assert at["planned", result.n_more] <= 1.0 < at["planned", 0]


def test_a_budget_is_kept_and_one_model_alone_is_sampled():
    result = bd.plan(table(), "shrinkage(16) > 0", base="the-base", prior="independent", budget=300, only="the-rl")
    assert 0 < result.n_more <= 300
    assert set(result.rows["model"]) == {"the-rl"}


def test_a_budget_of_a_single_sample_is_planned_with():
    result = bd.plan(table(), "shrinkage(16) > 0", base="the-base", prior="independent", budget=1)
    assert result.n_more == 1
    assert "With 1 more sample at most: 1 more sample (chance of settling it " in result.text


def test_a_budget_below_a_group_of_equal_problems_is_refused():
    frame = pd.DataFrame({"model": ["the-base"] * 200 + ["the-rl"] * 200, "problem_id": [*range(200)] * 2})
    frame = frame.assign(n_samples=4, n_correct=[1, 2] * 200)
    with pytest.raises(InputError, match="--budget is 1; the least that can be planned here is 4"):
        bd.plan(frame, "shrinkage(4) > 0", base="the-base", prior="independent", budget=1)


@pytest.mark.parametrize(
    ("planned", "even", "allocation"),
    [
        ((0.30, 0.5), (0.35, 0.6), "even"),
        ((0.30, 0.5), (0.25, 0.4), "planned"),
        ((0.30, 0.5), (0.29, 0.4), "even"),
        ((0.30, 0.5), (0.31, 0.6), "planned"),
    ],
)
def test_a_budget_is_spread_evenly_where_that_does_more(planned, even, allocation):
    """By the chance of settling the claim, and where that is about the same, by the width of the interval."""
    outlooks = {
        name: dict(zip(("chance", "width"), row, strict=True)) for name, row in [("planned", planned), ("even", even)]
    }
    forecast = SimpleNamespace(
        steps=[1],
        planned=lambda budget: np.array([[budget, 0]]),
        even=lambda budget, is_limit: np.array([[budget // 2, budget // 2]]),
        row=lambda name, more: outlooks[name],
    )
    name, more = best_of_budget(forecast, 10)
    assert name == allocation
    assert more.tolist() == ([[5, 5]] if allocation == "even" else [[10, 0]])


def test_the_text_of_a_plan_is_of_its_allocation():
    frame = pd.DataFrame({"model": ["base", "rl"], "problem_id": "p", "n_samples": 4, "n_correct": [2, 1]})
    result = bd.plan(frame, "shrinkage(4) > 0", base="base", budget=10, prior="independent")
    at = result.assurance.query("n_more == 10").set_index("allocation")["width"]
    even = replace(result, allocation="even", n_even=None)
    assert f"width {at['even']:.3g}): " in even.text
    assert even.text.endswith("No choice of problems that was tried does more than spreading them evenly.")


def test_a_settled_claim_needs_nothing():
    result = bd.plan(table(), "pass_at_k(1) rl > 0.01", base="the-base", prior="independent")
    assert result.n_more == 0
    assert result.is_settled
    assert result.text == (
        "The claim pass_at_k(1) rl > 0.01 is settled: on default it holds with probability over 0.99. No more samples "
        "are needed."
    )


def test_a_claim_that_surely_fails_is_settled_too():
    result = bd.plan(table(), "pass_at_k(1) rl < 0.01", base="the-base", prior="independent")
    assert (result.n_more, result.is_settled, result.is_reached) == (0, True, True)
    assert "it does not hold with probability over 0.99" in result.text


def test_a_claim_on_the_line_is_said_to_be_out_of_reach():
    frame = table()
    frame["n_correct"] = np.tile(frame["n_correct"].to_numpy()[:N_PROBLEMS], 2)  # both models alike
    result = bd.plan(frame, "shrinkage(1) > 0", base="the-base", prior="independent", chance=0.999)
    assert not result.is_reached
    assert "not within" in result.text


def test_benchmarks_pooled_keep_their_names():
    frame = pd.concat([table().assign(benchmark="a/b"), table().assign(benchmark="c")])
    result = bd.plan(frame, "shrinkage(16) > 0", base="the-base", prior="independent", budget=200)
    assert result.benchmark == "all"
    assert set(result.rows["benchmark"]) <= {"a/b", "c"}
    assert set(result.rows["problem_id"]) <= set(map(str, range(N_PROBLEMS)))


def test_one_model_alone_can_be_planned_for():
    frame = table().query("model == 'the-rl'")
    result = bd.plan(frame, 'pass_at_k(16) "the-rl" > .6', prior="independent", width=0.05)
    assert result.models == ("the-rl",)
    assert result.is_reached


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"claim": "sds(8) > .5"}, "No plan can be made for sds"),
        ({"claim": "shrinkag(8) > 0"}, "did you mean shrinkage"),
        ({"claim": "crossover < 8", "width": 1.0}, "not for crossover"),
        ({"width": -1.0}, "above 0"),
        ({"budget": 0}, "at least 1"),
        ({"budget": 2.5}, "--budget is 2.5; write a whole number of at least 1"),
        ({"width": "x"}, "--width is 'x', which is not a number"),
        ({"certainty": "sure"}, "--settled is 'sure', which is not a number"),
        ({"base": 3}, "--base is 3, which is not a name"),
        ({"budget": 10, "width": 1.0}, "both given"),
        ({"only": "nobody"}, "which the plan is not about"),
        ({"certainty": 0.4}, "between 0.5 and 1"),
        ({"chance": 1.0}, "between 0 and 1"),
    ],
)
def test_wrong_wishes_are_refused_before_anything_is_fitted(options, why):
    wishes = {"claim": "shrinkage(8) > 0", "base": "the-base", **options}
    with pytest.raises(InputError, match=why):
        bd.plan(table(), **wishes)


@pytest.mark.parametrize(("n_correct", "n_samples"), [([8, 8], [8, 8]), ([1, 3], [8, 8]), ([0, 2], [1, 300])])
def test_a_single_problem_has_a_plan_too(n_correct, n_samples):
    frame = pd.DataFrame({"model": ["a", "b"], "problem_id": [1, 1], "n_samples": n_samples, "n_correct": n_correct})
    result = bd.plan(frame, "shrinkage(8) > 0", base="a", prior="independent", budget=40)
    assert result.n_more <= 40
    assert result.text


def test_counts_without_any_sample_have_no_plan():
    frame = pd.DataFrame({"model": ["a", "b"], "problem_id": [1, 1], "n_samples": 0, "n_correct": 0})
    with pytest.raises(InputError, match="no row has a sample"):
        bd.plan(frame, "shrinkage(8) > 0", base="a", prior="independent", budget=40)


def test_several_rl_models_are_one_too_many():
    frame = pd.concat([table(), table().query("model == 'the-rl'").assign(model="another")])
    with pytest.raises(InputError, match="one RL model at a time"):
        bd.plan(frame, "shrinkage(8) > 0", base="the-base")


def test_the_command_prints_and_writes_the_plan(tmp_path):
    table().to_csv(tmp_path / "counts.csv", index=False)
    words = ["plan", tmp_path / "counts.csv", "--base", "the-base", "--claim", "shrinkage(64) > 0", "--budget", "400"]
    words += ["--prior", "independent", "-o", tmp_path / "plan.csv"]
    result = CliRunner().invoke(main, list(map(str, words)))
    assert result.exit_code == 0, result.output
    assert "chance to settle" in result.stdout
    assert "beyond the samples there are" in result.stdout
    assert (tmp_path / "plan.csv").exists()
    words[words.index("shrinkage(64) > 0")] = "shrinkage(0) > 0"
    assert CliRunner().invoke(main, list(map(str, words))).exit_code == 2
