"""Plans for training as it is done: what narrows an interval, what it costs, what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.special import expit

import boundary as bd
from boundary.analysis.training_plan.record import TRAINING_PLAN_COLUMNS
from boundary.cli.main import main
from boundary.errors import InputError

N_PROBLEMS, N = 24, 16


def counts_of_runs(effect=0.8, n_runs=3, seed=0, **columns):
    rng = np.random.default_rng(seed)
    logits, parts = rng.normal(-0.5, 1.0, N_PROBLEMS), []
    for i, model in enumerate(["base", *(f"run{i}" for i in range(n_runs))]):
        gain = 0.0 if model == "base" else 0.5 + effect * (i - 2)
        labels = {"model": model, "benchmark": "made", "problem_id": range(N_PROBLEMS), "n_samples": N}
        labels |= {"n_correct": rng.binomial(N, expit(logits + gain)), "method": "" if model == "base" else "GRPO"}
        parts.append(pd.DataFrame(labels | columns))
    return pd.concat(parts, ignore_index=True)


def counts_of_steps():
    rng = np.random.default_rng(1)
    rates, parts = np.linspace(0.1, 0.8, N_PROBLEMS), []
    for model, step in (("base", ""), ("s1", "100"), ("s2", "200"), ("s3", "400")):
        labels = {"model": model, "benchmark": "made", "problem_id": range(N_PROBLEMS), "n_samples": N}
        parts.append(pd.DataFrame(labels | {"n_correct": rng.binomial(N, rates), "checkpoint_step": step}))
    return pd.concat(parts, ignore_index=True)


def planned(counts, **options):
    return bd.plan_training(counts, base="base", prior="independent", **options)


@pytest.fixture(scope="module")
def differing():
    return planned(counts_of_runs(), k=1)


def designs_of(plan, more):
    return plan.designs.loc[plan.designs["more"] == more].set_index("times")


def test_runs_that_differ_are_told_apart_by_more_of_them(differing):
    assert tuple(differing.designs) == TRAINING_PLAN_COLUMNS
    assert (differing.of, differing.name, differing.best["more"]) == ("runs", "GRPO", "runs")
    now = designs_of(differing, "now")["width"].iloc[0]
    assert designs_of(differing, "runs")["width"].is_monotonic_decreasing
    assert designs_of(differing, "runs").loc[2, "width"] < 0.7 * now
    assert designs_of(differing, "samples").loc[8, "width"] > 0.85 * now
    assert "3 more runs" in differing.text
    assert "hardly known from 3 of them" in differing.text
    assert "designs are compared in samples" in differing.text


def test_runs_that_hardly_differ_need_samples_or_problems():
    plan = planned(counts_of_runs(effect=0.0, n_runs=8), k=1)
    assert plan.best["more"] in ("samples", "problems")


def test_the_width_now_is_that_of_the_report(differing):
    result = bd.analyze(counts_of_runs(), "base", k=[1, N], prior="independent", estimands=["lost"])
    rows = result.training_runs.estimates.query("estimand == 'interval_width' and k == 1").set_index("of")["mean"]
    assert designs_of(differing, "now")["width"].iloc[0] == pytest.approx(rows["now"])
    assert designs_of(differing, "runs").loc[2, "width"] == pytest.approx(rows["twice_the_runs"])
    assert designs_of(differing, "samples").loc[2, "width"] == pytest.approx(rows["twice_the_samples"])


def test_costs_are_samples_and_tokens_of_everything_that_is_sampled():
    plan = planned(counts_of_runs(mean_tokens=100.0), k=1, run_tokens=1e6)
    per_run = N_PROBLEMS * N
    assert designs_of(plan, "runs").loc[2, "n_more"] == 3 * per_run
    assert designs_of(plan, "runs").loc[2, "tokens"] == 3 * (100 * per_run + 1e6)
    for more in ("problems", "samples"):
        assert designs_of(plan, more).loc[4, "n_more"] == 3 * 4 * per_run
        assert designs_of(plan, more).loc[4, "tokens"] == 3 * 4 * per_run * 100
    assert "tokens" in plan.text
    assert "--tokens" not in plan.text


def test_a_width_has_its_least_design():
    plan = planned(counts_of_runs(), k=1, width=0.2, tokens=50.0)
    assert plan.best["more"] == "runs"
    assert plan.best["chance"] >= plan.chance
    fewer = plan.designs.query("more == 'runs' and n_runs < @plan.best['n_runs']")
    assert (fewer["chance"] < plan.chance).all()
    assert "For 20.0 points with a chance of 80 %" in plan.text
    assert "do not reach it" in plan.text
    assert planned(counts_of_runs(), k=1, width=0.9).text.count("nothing more is needed") == 1


def test_a_budget_is_kept():
    budget = 5 * N_PROBLEMS * N + 7
    plan = planned(counts_of_runs(), k=1, budget=budget)
    assert plan.best["n_more"] <= budget
    assert plan.best["n_runs"] == 8
    nothing = planned(counts_of_runs(), k=1, budget=3)
    assert nothing.best is None
    assert "No design within 3 samples" in nothing.text


def test_one_run_rests_on_the_prior_alone():
    plan = planned(counts_of_runs(n_runs=1), k=1)
    assert plan.best["more"] == "runs"
    assert "rest on the prior" in plan.text


def test_checkpoints_are_planned_for():
    plan = planned(counts_of_steps())
    assert (plan.of, plan.k) == ("checkpoints", N)
    assert designs_of(plan, "checkpoints").loc[2, "n_checkpoints"] == 6
    assert designs_of(plan, "problems").loc[4, "width"] < designs_of(plan, "now")["width"].iloc[0]
    assert "shrinkage at the last checkpoint" in plan.text


def test_equal_seeds_give_equal_plans(differing):
    pd.testing.assert_frame_equal(planned(counts_of_runs(), k=1).designs, differing.designs)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"method": "GRP"}, "Did you mean 'GRPO'"),
        ({"training_run": "1"}, "There is none"),
        ({"method": "GRPO", "training_run": "1"}, "both given"),
        ({"width": 0.0}, "between 0 and 1"),
        ({"width": 0.1, "budget": 3}, "both given"),
        ({"budget": 0}, "at least 1"),
        ({"chance": 1.0}, "between 0 and 1"),
        ({"tokens": -1.0}, "above 0"),
        ({"run_tokens": -1.0}, "at least 0"),
        ({"k": 0}, "at least 1"),
        ({"k": 2.5}, "--k is 2.5; write a whole number of at least 1"),
        ({"k": "8"}, "--k is '8'; write a whole number"),
        ({"k": float("nan")}, "--k is nan"),
        ({"k": True}, "--k is True"),
        ({"budget": -1}, "--budget is -1; write a whole number of at least 1"),
        ({"budget": float("inf")}, "--budget is inf"),
        ({"width": "x"}, "--width is 'x', which is not a number"),
        ({"level": None}, "--level is None, which is not a number"),
        ({"chance": [0.8]}, r"--chance is \[0.8\], which is not a number"),
        ({"tokens": "many"}, "--tokens is 'many'"),
        ({"run_tokens": True}, "--run-tokens is True"),
        ({"method": 3}, "--method is 3, which is not a name"),
        ({"benchmark": ["made"]}, "which is not a name"),
    ],
)
def test_wrong_wishes_are_refused(options, why):
    with pytest.raises(InputError, match=why):
        planned(counts_of_runs(), **options)


def test_counts_without_runs_or_several_methods_are_refused():
    with pytest.raises(InputError, match="no method with training runs"):
        planned(counts_of_runs().drop(columns="method"))
    other = counts_of_runs().query("model != 'base'").assign(method="PPO")
    counts = pd.concat([counts_of_runs(), other.assign(model="ppo-" + other["model"])])
    with pytest.raises(InputError, match="--method NAME, one of: GRPO, PPO"):
        planned(counts)
    assert planned(counts, method="PPO", k=1).name == "PPO"


def test_the_command_prints_and_writes_the_table(tmp_path):
    counts_of_runs().to_csv(tmp_path / "counts.csv", index=False)
    words = ["plan", tmp_path / "counts.csv", "--base", "base", "--prior", "independent", "--k", "1"]
    words += ["-o", tmp_path / "plan.csv"]
    result = CliRunner().invoke(main, list(map(str, words)))
    assert result.exit_code == 0, result.output
    assert "3 more runs" in " ".join(result.stdout.split())
    assert tuple(pd.read_csv(tmp_path / "plan.csv")) == TRAINING_PLAN_COLUMNS
    for option, why in (("--settled=.9", "needs a claim"), ("--claim=shrinkage(1) > 0", "without --claim")):
        refused = CliRunner().invoke(main, list(map(str, [*words, option])))
        assert refused.exit_code == 2
        assert why in refused.stderr


def test_tokens_of_training_that_no_cost_would_hold_are_refused():
    with pytest.raises(InputError, match="--tokens, the mean tokens of a sample"):
        planned(counts_of_runs(), k=1, run_tokens=2e9)
    with pytest.raises(InputError, match="a plan for checkpoints has none"):
        planned(counts_of_steps(), k=1, tokens=100.0, run_tokens=2e9)
    within = planned(counts_of_runs(), k=1, budget=5 * N_PROBLEMS * N, tokens=100.0, run_tokens=2e9)
    assert "no part of the samples that may be spent" in within.text


def test_costs_are_of_the_problems_that_are_common():
    counts = counts_of_runs()
    half = counts.loc[(counts["model"] != "run0") | (counts["problem_id"] < N_PROBLEMS // 2)]
    plan = planned(half, k=1, common_problems=True)
    assert designs_of(plan, "samples").loc[2, "n_more"] == 4 * N_PROBLEMS // 2 * N


def test_why_there_is_nothing_to_plan_for():
    with pytest.raises(InputError, match="a share between 0 and 1"):
        planned(counts_of_runs(), k=1, width=5.0)
    one_run = counts_of_runs(training_run=7)
    with pytest.raises(InputError, match=r"no two models are runs of one method.*training run 7 of GRPO has 3 models"):
        planned(one_run, k=1)
    with pytest.raises(InputError, match="has no name: leave --training-run out"):
        planned(counts_of_steps(), k=1, training_run="zz")


def test_what_is_beyond_a_budget_is_said():
    assert "More checkpoints cost more than 300 samples." in planned(counts_of_steps(), k=1, budget=300).text


def test_the_best_design_is_one_that_narrows_though_others_cost_less_a_token(differing):
    now = designs_of(differing, "now")["width"].iloc[0]
    dear = planned(counts_of_runs(), k=1, tokens=100.0, run_tokens=1e9)
    assert dear.best["more"] == "runs"
    assert dear.best["width"] < 0.97 * now
    assert planned(counts_of_runs(), k=1, width=0.9).best is None


def test_an_interval_of_no_width_is_not_narrowed():
    solved = counts_of_runs().assign(n_correct=N)
    plan = bd.plan_training(solved, base="base", prior="nonparametric", k=100_000)
    assert plan.best is None
    assert "No design narrows it" in plan.text


def row_of(more, times, width, error, n_more):
    labels = {"more": more, "times": times, "width": width, "width_error": error, "n_more": n_more, "tokens": np.nan}
    return labels | {
        "width_lower": width,
        "width_upper": width,
        "n_runs": 2,
        "n_problems": 20 * times,
        "chance": np.nan,
    }


def test_no_design_is_named_for_a_gain_within_the_error_of_the_simulation(differing):
    """80 problems 22.0 points and 160 give 21.8, each known to half a point: the dearer is not the better."""
    rows = [
        row_of("now", 1, 0.276, 0.0, 0),
        row_of("problems", 2, 0.27, 0.01, 960),
        row_of("problems", 4, 0.22, 0.005, 2880),
        row_of("problems", 8, 0.218, 0.005, 6720),
    ]
    designs = pd.DataFrame(rows).assign(extrapolated=False, n_samples=16.0)
    plan = replace(differing, designs=designs, budget=7000)
    assert plan.best["n_more"] == 2880
    assert "22 points for 2,880 samples" in plan.text
    assert replace(plan, designs=designs.iloc[:2]).best is None


def test_the_error_of_a_median_width_is_that_of_its_simulated_outcomes(differing):
    simulated = differing.designs.query("more != 'now'")
    assert designs_of(differing, "now")["width_error"].item() == 0
    assert (simulated["width_error"] > 0).all()
    assert (simulated["width_error"] < (simulated["width_upper"] - simulated["width_lower"]) / 4).all()
