"""Verdicts counted by checkpoint and problem, and numbers for a log; no package of a trainer is needed for it."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.callbacks import CheckpointCounts
from boundary.errors import InputError


@pytest.fixture
def counts(seed):
    counts = CheckpointCounts("run", "sums")
    rng = np.random.default_rng(seed)
    for step in (0, 10, 20):
        for problem in range(20):
            counts.add(step, f"p{problem}", rng.random(8) < 0.1 + step / 40)
    return counts


def test_counts_are_a_table_that_is_analysed_as_it_is(counts, tmp_path):
    path = tmp_path / "deep" / "counts.csv"
    counts.write(path)
    again = bd.load_counts(path)
    assert again.models == ("run step 0", "run step 10", "run step 20")
    assert again.table["checkpoint_step"].astype(int).tolist() == [0] * 20 + [10] * 20 + [20] * 20
    assert set(again.table["training_run"]) == {"run"}
    counts.add(20, "p0", [True])
    counts.write(path)
    assert bd.load_counts(path).table["n_samples"].max() == 9


def test_steps_that_are_counted_together():
    counts = CheckpointCounts("run", every=50)
    for step in (0, 49, 50, 120):
        counts.add(step, "p", [step > 49])
    assert counts.steps == [0, 50, 100]
    assert counts.counts().table[["checkpoint_step", "n_samples", "n_correct"]].to_numpy().tolist() == [
        [0, 2, 0],
        [50, 1, 1],
        [100, 1, 1],
    ]


def test_numbers_for_a_log(counts):
    numbers = counts.pass_at_k()
    assert (numbers["n_problems"], numbers["n_samples"]) == (20, 8)
    assert [name for name in numbers if not name.endswith("er")][2:] == [f"pass_at_{k}" for k in (1, 2, 4, 8)]
    for k in (1, 2, 4, 8):
        assert numbers[f"pass_at_{k}_lower"] <= numbers[f"pass_at_{k}"] <= numbers[f"pass_at_{k}_upper"]
    table = counts.counts().table.query("checkpoint_step == 20")
    assert numbers["pass_at_1"] == pytest.approx((table["n_correct"] / table["n_samples"]).mean())
    assert numbers["pass_at_8"] == pytest.approx((table["n_correct"] > 0).mean())
    larger = counts.pass_at_k(0, k=[64])
    assert "pass_at_64" not in larger
    assert larger["pass_at_64_lower"] < larger["pass_at_64_upper"]
    assert counts.pass_at_k(5) == CheckpointCounts("run").pass_at_k() == {}


@pytest.mark.parametrize("verdict", [0.5, 2, None, float("nan"), "yes"])
def test_what_is_no_verdict_is_not_counted(verdict):
    counts = CheckpointCounts("run")
    with pytest.raises(InputError, match="is no verdict on a sample"):
        counts.add(0, "p", [True, verdict])
    assert counts.steps == []
    with pytest.raises(InputError, match="No sample of run was counted yet"):
        counts.counts()


def test_a_reward_function_that_counts():
    pytest.importorskip("torch")
    from boundary.callbacks.trl import counting_reward

    def right(prompts, completions, **columns):
        return [None if text == "?" else float(text == "4") for text in completions]

    counts = CheckpointCounts("run")
    reward = counting_reward(right, counts)
    assert reward.__name__ == "right"  # by which TRL names its metrics
    state = SimpleNamespace(global_step=7)
    texts, names = ["4", "5", "?", "4"], ["a", "a", "b", None]
    assert reward(prompts=["q"] * 4, completions=texts, problem_id=names, trainer_state=state) == [1.0, 0.0, None, 1.0]
    assert counts.counts().table[["problem_id", "n_samples", "n_correct", "checkpoint_step"]].to_numpy().tolist() == [
        ["a", 2, 1, 7]
    ]
    reward(prompts=["q"], completions=["4"], trainer_state=state)  # a set without names of problems
    assert counts.pass_at_k()["n_problems"] == 1


def test_rewards_that_are_no_verdicts_are_refused():
    pytest.importorskip("torch")
    from boundary.callbacks.trl import counting_reward

    def half(completions, **columns):
        return [0.5 for _ in completions]

    async def later(completions, **columns):
        return [1.0]

    state, counts = SimpleNamespace(global_step=0), CheckpointCounts("run")
    with pytest.raises(InputError, match=r"neither 0 nor 1.*counting_reward\(\.\.\., threshold=NUMBER\)"):
        counting_reward(half, counts)(completions=["x"], problem_id=["p"], trainer_state=state)
    counting_reward(half, counts, threshold=0.5)(completions=["x"], problem_id=["p"], trainer_state=state)
    assert counts.pass_at_k()["pass_at_1"] == 1.0
    with pytest.raises(InputError, match="coroutine"):
        counting_reward(later, counts)


def test_a_callback_takes_checkpoints_once_they_are_complete(counts, tmp_path):
    pytest.importorskip("transformers")
    from boundary.callbacks.trl import counts_callback

    logged = []
    path = tmp_path / "counts.csv"
    callback = counts_callback(counts, path, log=lambda values, step: logged.append((step, values["pass_at_1"])))

    def state(step, main=True):
        return SimpleNamespace(global_step=step, is_world_process_zero=main)

    callback.on_step_end(None, state(10, main=False), None)
    assert logged == []
    callback.on_step_end(None, state(10), None)
    assert [step for step, _ in logged] == [0]
    callback.on_step_end(None, state(11), None)
    callback.on_step_end(None, state(12), None)
    assert [step for step, _ in logged] == [0, 10]
    callback.on_train_end(None, state(20), None)
    assert [step for step, _ in logged] == [0, 10, 20]
    assert len(bd.load_counts(path).models) == 3


def test_a_log_that_fails_stops_no_training(counts, tmp_path):
    pytest.importorskip("transformers")
    from boundary.callbacks.trl import counts_callback

    def broken(values, step):
        raise RuntimeError("no network")

    state = SimpleNamespace(global_step=30, is_world_process_zero=True)
    with pytest.warns(UserWarning, match="Counts of step 0 were not written or logged: no network"):
        counts_callback(counts, log=broken).on_step_end(None, state, None)
    with pytest.warns(UserWarning, match="No sample was counted"):
        counts_callback(CheckpointCounts("run")).on_train_end(None, state, None)


@pytest.mark.parametrize("module", ["", ".trl", ".inspect_ai", ".trackers"])
def test_the_packages_of_others_are_not_imported_with_the_module(module):
    packages = "{'trl', 'transformers', 'torch', 'inspect_ai', 'wandb', 'mlflow', 'jax'}"
    code = f"import sys, boundary.callbacks{module}; sys.exit(str(sorted({packages} & set(sys.modules)) or ''))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize(
    ("module", "function", "package", "extra"),
    [
        ("trackers", "wandb_log", "wandb", "trackers"),
        ("trackers", "mlflow_log", "mlflow", "trackers"),
        ("inspect_ai", "counting_reducer", "inspect_ai.scorer", "inspect"),
        ("inspect_ai", "pass_at_k", "inspect_ai.scorer", "inspect"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, module, function, package, extra):
    from importlib import import_module

    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=rf"pip install '\.\[{extra}\]'"):
        getattr(import_module(f"boundary.callbacks.{module}"), function)()


def test_a_training_that_goes_on_keeps_its_counts(tmp_path):
    pytest.importorskip("transformers")
    from boundary.callbacks.trl import counts_callback

    path = tmp_path / "counts.csv"
    before = CheckpointCounts("my-run", "sums")
    for step in (0, 10, 20):
        before.add(step, "p1", [True, False])
    before.write(path)
    counts = CheckpointCounts("my-run", "sums")
    callback = counts_callback(counts, path)
    callback.on_train_begin(None, SimpleNamespace(global_step=10, is_world_process_zero=True), None)
    assert counts.steps == [0, 10]
    counts.add(10, "p1", [True, True, True])
    counts.add(10, "p1", [False])
    counts.add(20, "p1", [False])
    callback.on_train_end(None, SimpleNamespace(global_step=20, is_world_process_zero=True), None)
    table = pd.read_csv(path)[["checkpoint_step", "n_samples", "n_correct"]]
    assert table.to_numpy().tolist() == [[0, 2, 1], [10, 4, 3], [20, 1, 0]]
    other_training = CheckpointCounts("another", "sums")
    other_training.resume(path, 20)
    assert other_training.steps == []


def test_an_evaluation_is_written_before_the_next_step(tmp_path):
    pytest.importorskip("transformers")
    from boundary.callbacks.trl import counts_callback

    path, logged = tmp_path / "counts.csv", []
    counts = CheckpointCounts("my-run", "sums")
    callback = counts_callback(counts, path, log=lambda values, step: logged.append(step))
    callback.on_evaluate(None, SimpleNamespace(global_step=0, is_world_process_zero=True), None)
    assert not path.exists()
    counts.add(20, "p1", [True, False])
    callback.on_evaluate(None, SimpleNamespace(global_step=20, is_world_process_zero=False), None)
    assert not path.exists()
    callback.on_evaluate(None, SimpleNamespace(global_step=20, is_world_process_zero=True), None)
    assert pd.read_csv(path)[["checkpoint_step", "n_samples"]].to_numpy().tolist() == [[20, 2]]
    # Killed here: the run goes on from the checkpoint of step 20, whose evaluation is not drawn anew.
    after = CheckpointCounts("my-run", "sums")
    again = counts_callback(after, path, log=lambda values, step: logged.append(step))
    again.on_train_begin(None, SimpleNamespace(global_step=20, is_world_process_zero=True), None)
    assert logged == []
    again.on_step_end(None, SimpleNamespace(global_step=21, is_world_process_zero=True), None)
    assert (after.steps, logged) == ([20], [20])
