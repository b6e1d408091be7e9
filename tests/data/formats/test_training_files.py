"""Folders of trainers: stages that are not pooled, traces that stand in several files, agents and masked rollouts."""

import gzip
import json

import pytest

from boundary.data.importing.import_files import import_files
from boundary.errors import InputError


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def counts_of(imported):
    frame = imported.counts.table
    return dict(zip(frame["problem_id"], zip(frame["n_samples"], frame["n_correct"], strict=True), strict=True))


def trace(i, j, score, agent=None, **more):
    return {
        "id": f"{i} {j}",
        "task": {"data": {"idx": i, "prompt": f"q{i}"}},
        "agent": agent or {"name": "solver"},
        "nodes": [{"message": {"role": "assistant", "content": f"{i} {j}"}}],
        "calls": [{"model": "m", "sampling": {"temperature": 1.0}, "finish_reason": "stop"}],
        "rewards": {"right": {"score": score, "weight": 1.0}},
        "info": {"env_name": "sums"},
        "ok": True,
    } | more


TRACES = [trace(i, j, float(j < i)) for i in range(3) for j in range(4)]


def test_traces_of_a_step_count_once(tmp_path):
    step = tmp_path / "rollouts" / "step_7" / "train"
    lines(step / "all" / "traces.jsonl", TRACES)
    effective = lines(step / "effective" / "traces.jsonl", TRACES[4:])
    imported = import_files(tmp_path)
    assert counts_of(imported) == {"0": (4, 0), "1": (4, 1), "2": (4, 2)}
    assert imported.counts.benchmarks == ("sums",)
    assert imported.counts.table["checkpoint_step"].unique().tolist() == [7]
    assert any("8 of 8 traces stand in another file too, by their ids; each counts once" in n for n in imported.notes)
    assert any("'effective' holds the traces that the trainer used" in note for note in import_files(effective).notes)
    lines(effective, [TRACES[4] | {"rewards": {"right": {"score": 0.0}}}])
    with pytest.raises(InputError, match=r"trace 1 0 stands in '.*all/traces\.jsonl' too, with other content"):
        import_files(tmp_path)


@pytest.mark.parametrize(
    ("files", "more"),
    [
        (("step_1/train/all/traces.jsonl", "step_1/eval/all/traces.jsonl"), ({}, {})),
        (("step_1/train_rollouts.jsonl", "step_1/eval_rollouts.jsonl.gz"), ({}, {})),
        (("a.jsonl", "b.jsonl"), ({"run": {"type": "train"}}, {"run": {"type": "eval"}})),
    ],
)
def test_traces_of_training_and_evaluation_are_not_pooled(tmp_path, files, more):
    for place, (file, fields) in enumerate(zip(files, more, strict=True)):
        lines(tmp_path / file, [row | {"id": f"{place} {row['id']}"} | fields for row in TRACES])
    with pytest.raises(InputError, match=r"samples of the .*, while '.*' has those of the .*\. Import them apart"):
        import_files(tmp_path)
    assert counts_of(import_files(tmp_path / files[0])) == {"0": (4, 0), "1": (4, 1), "2": (4, 2)}


def test_rollouts_of_training_and_evaluation_are_not_pooled(tmp_path):
    rows = [
        {"example_id": i, "prompt": f"q{i}", "completion": f"{i} {j}", "reward": float(j > i), "task": "sums"}
        for i in range(2)
        for j in range(3)
    ]
    train = lines(tmp_path / "step_5" / "train_rollouts.jsonl", rows)
    lines(tmp_path / "step_5" / "eval_rollouts.jsonl", rows)
    with pytest.raises(InputError, match="Import them apart, naming the files or the folder of one of them"):
        import_files(tmp_path, model="m")
    imported = import_files(train, model="m")
    assert counts_of(imported) == {"0": (3, 2), "1": (3, 1)}
    assert imported.counts.benchmarks == ("sums",)


def test_traces_of_several_agents(tmp_path):
    judges = [trace(i, f"j{i}", 1.0, {"name": "judge"}) for i in range(3)]
    path = lines(tmp_path / "traces.jsonl", TRACES + judges)
    with pytest.raises(InputError, match=r"a trace of the agent judge, .* those of solver\..*agent=NAME"):
        import_files(path)
    assert counts_of(import_files(path, agent="judge")) == {"0": (1, 1), "1": (1, 1), "2": (1, 1)}
    assert counts_of(import_files(path, agent="solver")) == {"0": (4, 0), "1": (4, 1), "2": (4, 2)}
    frozen = [row | {"agent": {"name": "judge", "trainable": False}} for row in judges]
    imported = import_files(lines(path, TRACES + frozen))
    assert counts_of(imported) == {"0": (4, 0), "1": (4, 1), "2": (4, 2)}
    assert any("3 of 15 traces are of agents that are not trained; they were left out" in n for n in imported.notes)
    with pytest.raises(InputError, match=r"no trace of an agent that is trained\. Choose one"):
        import_files(lines(path, frozen))
    assert counts_of(import_files(path, agent="judge")) == {"0": (1, 1), "1": (1, 1), "2": (1, 1)}


def test_agents_are_told_apart_over_files(tmp_path):
    lines(tmp_path / "a.jsonl", TRACES)
    lines(tmp_path / "b.jsonl", [trace(0, "x", 1.0, {"name": "judge"})])
    with pytest.raises(InputError, match=r"a trace of the agent judge, while '.*a\.jsonl' has those of solver"):
        import_files(tmp_path)


def test_traces_of_several_weighted_rewards(tmp_path):
    rewards = {"right": {"score": 0.0, "weight": 0.5}, "format": {"score": 2.0, "weight": 0.5}}
    rows = [trace(0, 0, 0.0, rewards=rewards), trace(0, 1, 1.0, rewards=rewards | {"right": {"score": 1.0}})]
    path = lines(tmp_path / "traces.jsonl", rows)
    with pytest.raises(InputError, match=r"2 rewards have a weight \(right, format\).*verdict=NAME.*threshold=NUMBER"):
        import_files(path)
    assert counts_of(import_files(path, verdict="right")) == {"0": (2, 1)}
    assert counts_of(import_files(path, threshold="1.5")) == {"0": (2, 1)}
    weightless = [trace(0, 0, 0.0, rewards={"right": {"score": 1.0, "weight": 0.0}})]
    with pytest.raises(InputError, match="no rewards have a weight"):
        import_files(lines(path, weightless))


@pytest.mark.parametrize("mask", [{"mask_sample": True}, {"instance_config": {"mask_sample": True}}])
def test_masked_rollouts_of_nemo_gym_are_no_failures(tmp_path, mask):
    def rollout(j, reward, **more):
        parameters = {"input": "q"}
        row = {"_ng_task_index": 0, "_ng_rollout_index": j, "responses_create_params": parameters, "reward": reward}
        return row | {"response": {"model": "m", "output": [{"content": f"{j}"}]}} | more

    rows = [rollout(0, 1.0), rollout(1, 0.0, mask_sample=False), rollout(2, 0.0, **mask)]
    imported = import_files(lines(tmp_path / "rollouts.jsonl", rows))
    assert counts_of(imported) == {"0": (2, 1)}
    assert any("1 of 3 samples are masked" in note for note in imported.notes)


def test_validations_and_rollouts_of_nemo_rl(tmp_path):
    def rows(name):
        return [{"content": [["q", f"{name} {j}"]], "rewards": [float(j == 0)], "idx": j} for j in range(3)]

    for name in ("val_data_step5.jsonl.gz", "train_data_step5.jsonl"):
        lines(tmp_path / name, rows(name))
    with pytest.raises(InputError, match=r"samples of the evaluation, while '.*train_data_step5.*Import them apart"):
        import_files(tmp_path, model="m")
    frame = import_files(tmp_path / "val_data_step5.jsonl.gz", model="m").counts.table
    assert frame[["n_samples", "n_correct", "checkpoint_step"]].to_numpy().tolist() == [[3, 1, 5]]


def test_verl_data_sources_are_benchmarks(tmp_path):
    rows = [
        {
            "input": f"{name} {i}",
            "output": f"{i} {j}",
            "gts": "1",
            "score": float(j == 0),
            "step": 10,
            "data_source": name,
        }
        for name in ("aime", "math")
        for i in range(2)
        for j in range(3)
    ]
    path = tmp_path / "10.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert import_files(path, model="m").counts.benchmarks == ("aime", "math")
    rows = [row | {"uid": f"u {row['input']}"} for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = import_files(path, model="m").counts.table
    assert table.groupby("benchmark")["n_samples"].sum().to_dict() == {"aime": 6, "math": 6}
