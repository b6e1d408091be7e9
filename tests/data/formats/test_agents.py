"""Formats of agents: tau-bench, tau2-bench, METR."""

import json

import pytest

from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError


def trial(task=0, trial=0, reward=1.0, **info):
    return {"task_id": task, "reward": reward, "info": info, "traj": [], "trial": trial}


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def test_tau_bench_trials_are_samples(tmp_path):
    name = "tool-calling-gpt-4o-0.0_range_0--1_user-gpt-4o-llm_0101000000.json"
    trials = [trial(0), trial(1, reward=0.0), trial(0, 1, 0.0), trial(1, 1, 1.0)]
    path = write(tmp_path / name, trials)
    assert recognised_format(path) == "tau-bench"
    imported = import_files(path, benchmark="airline")
    assert imported.counts.table[["model", "n_samples", "n_correct"]].to_numpy().tolist() == [["gpt-4o", 2, 1]] * 2
    assert imported.samples["sample_index"].tolist() == [0, 0, 1, 1]
    assert imported.settings == {"temperature": 0.0}


def test_tau_bench_errors_of_the_program_are_no_failures(tmp_path):
    trials = [trial(0), trial(0, 1, 0.0, error="no connection", traceback="...")]
    path = write(tmp_path / "results.json", trials)
    imported = import_files(path, model="m")
    assert imported.counts.table[["n_samples", "n_correct"]].to_numpy().tolist() == [[1, 1]]
    assert "1 of 2 trials broke off in an error of the program" in imported.notes[0]
    assert import_files(path, model="m", errors="wrong").counts.table["n_samples"].tolist() == [2]


@pytest.mark.parametrize(("reward", "shown"), [(0.5, "0.5"), (-1, "-1"), ("1", "1"), (True, "True")])
def test_tau_bench_rewards_are_0_or_1(tmp_path, reward, shown):
    path = write(tmp_path / "results.json", [trial(0), trial(1, reward=reward)])
    with pytest.raises(InputError, match=f"task 1, trial 0: the reward '{shown}' is neither 0 nor 1"):
        import_files(path, model="m")


def test_tau_bench_trials_twice(tmp_path):
    path = write(tmp_path / "results.json", [trial(0), trial(0)])
    with pytest.raises(InputError, match="trial 0 of task 0 appears twice"):
        import_files(path, model="m")


def test_tau2_bench(tmp_path):
    info = {
        "num_trials": 3,
        "agent_info": {"implementation": "llm_agent", "llm": "small", "llm_args": {"temperature": 0.5}},
        "user_info": {"implementation": "user_simulator", "llm": "large"},
        "environment_info": {"domain_name": "retail", "policy": "..."},
    }
    ends = [("agent_stop", 1.0), ("max_steps", 0.0), ("infrastructure_error", 0.0), ("user_stop", None)]
    simulations = [
        {"task_id": "7", "trial": i, "termination_reason": end, "reward_info": None if won is None else {"reward": won}}
        for i, (end, won) in enumerate(ends)
    ]
    path = write(tmp_path / "results.json", {"timestamp": "t", "info": info, "tasks": [], "simulations": simulations})
    assert recognised_format(path) == "tau-bench"
    imported = import_files(path)
    assert imported.samples["outcome"].tolist() == ["correct", "truncated"]
    assert imported.counts.table[["model", "benchmark"]].to_numpy().tolist() == [["small", "tau2-retail"]]
    assert imported.settings == {"temperature": 0.5}
    assert len(imported.notes) == 2


def run(run_id, verdict=1, error=None, **more):
    fields = {"run_id": run_id, "task_id": "family/main", "score": 0.3, "score_binarized": verdict, "alias": "Small 2"}
    return fields | {"model": "s2", "fatal_error_from": error, "human_minutes": 12.5} | more


def write_runs(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_metr_runs_are_samples(tmp_path):
    rows = [run("a"), run("b", 0, "usageLimits"), run("c", 1, "usageLimits"), run("d", 0), run("e", 0, "agent")]
    path = write_runs(tmp_path / "runs.jsonl", rows)
    assert recognised_format(path) == "metr"
    imported = import_files(path)
    assert imported.samples["outcome"].tolist() == ["correct", "truncated", "correct", "wrong", "wrong"]
    columns = ["model", "benchmark", "n_samples", "n_correct", "human_minutes"]
    assert imported.counts.table[columns].to_numpy().tolist() == [["Small 2", "METR", 5, 2, 12.5]]


def test_metr_errors_of_the_server_are_no_failures(tmp_path):
    imported = import_files(write_runs(tmp_path / "runs.jsonl", [run("a"), run("b", 0, "server"), run("c", None)]))
    assert imported.counts.table["n_samples"].tolist() == [1]
    assert [note.split(": ", 1)[1].split(", ")[0] for note in imported.notes] == [
        "1 run ended in an error of server; it was left out",
        "1 run got no verdict; it was left out",
    ]


def test_metr_scores_are_no_verdicts_and_a_run_counts_once(tmp_path):
    with pytest.raises(InputError, match=r"line 1: '0\.3' is not a verdict"):
        import_files(write_runs(tmp_path / "runs.jsonl", [run("a", 0.3)]))
    with pytest.raises(InputError, match="line 3: the run a appears twice"):
        import_files(write_runs(tmp_path / "runs.jsonl", [run("a"), run("b"), run("a")]))


def test_tasks_of_which_no_trial_is_left_are_told(tmp_path):
    trials = [trial(0), trial(0, 1, 0.0, error="x"), trial(1, 0, 0.0, error="x"), trial(2, 0, 0.0, error="x")]
    notes = import_files(write(tmp_path / "results.json", trials), model="m").notes
    assert "2 of 3 problems of m on default have no sample left; they were left out: 1, 2." in notes
    with pytest.raises(InputError, match="1 of 1 problems of m on default has no sample left"):
        import_files(write(tmp_path / "none.json", trials[2:3]), model="m")


def test_metr_tasks_of_which_no_run_is_left_are_told(tmp_path):
    rows = [
        {
            "run_id": str(i),
            "task_id": task,
            "score_binarized": 1,
            "alias": "m",
            "human_minutes": 1.0,
            "fatal_error_from": fault,
        }
        for i, (task, fault) in enumerate([("a", None), ("a", "serverOrTask"), ("b", "serverOrTask")])
    ]
    path = tmp_path / "runs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert "1 of 2 problems of m on METR has no sample left; it was left out: b." in import_files(path).notes


@pytest.mark.parametrize(("reward", "correct"), [(0.9999999, 1), (1.0000001, 1), (1, 1), (0.0, 0)])
def test_rewards_within_a_millionth_of_1_are_correct(tmp_path, reward, correct):
    path = write(tmp_path / "results.json", [trial(0, 0, reward), trial(0, 1, 0.0)])
    assert import_files(path, model="m").counts.table["n_correct"].tolist() == [correct]
