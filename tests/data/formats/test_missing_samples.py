"""Samples without a verdict: left out and noted, never failures; and verdicts that contradict each other."""

import json

import pytest

from boundary.data.importing.import_files import import_files
from boundary.errors import InputError


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def counts_of(imported):
    frame = imported.counts.table
    return dict(zip(frame["problem_id"], zip(frame["n_samples"], frame["n_correct"], strict=True), strict=True))


def has_note(imported, words):
    return any(words in note for note in imported.notes)


@pytest.mark.parametrize(
    "fault", ["EnvironmentStartTimeoutError", "VerifierTimeoutError", "APITimeoutError", "AgentSetupTimeoutError"]
)
def test_trials_of_harbor_that_the_machine_broke_are_no_failures(tmp_path, fault):
    faults = [None, None, "AgentTimeoutError", fault]
    for j, (reward, name) in enumerate(zip((1.0, 0.0, None, None), faults, strict=True)):
        trial = {"task_name": "t", "trial_name": f"t__{j}", "task_checksum": "0"}
        trial["verifier_result"] = None if reward is None else {"rewards": {"reward": reward}}
        trial["exception_info"] = {"exception_type": name} if name else None
        lines(tmp_path / f"t__{j}" / "result.json", [trial])
    imported = import_files(tmp_path, model="m")
    assert counts_of(imported) == {"t": (3, 1)}
    assert imported.counts.table["n_timeout"].tolist() == [1]
    assert has_note(imported, f"1 of 4 samples broke off without a verdict ({fault})")
    assert counts_of(import_files(tmp_path, model="m", errors="wrong")) == {"t": (4, 1)}


def test_instances_of_swe_bench_without_report_are_noted(tmp_path):
    for name, resolved in (("a", True), ("b", False)):
        report = {name: {"patch_exists": True, "patch_successfully_applied": True, "resolved": resolved}}
        lines(tmp_path / "logs" / "run_evaluation" / "r" / "m" / name / "report.json", [report])
    (tmp_path / "logs" / "run_evaluation" / "r" / "m" / "c").mkdir()
    imported = import_files(tmp_path)
    assert counts_of(imported) == {"a": (1, 1), "b": (1, 0)}
    assert sum("Import the report of the run ({model}.{run_id}.json)" in note for note in imported.notes) == 1


def test_samples_of_openai_evals_without_verdict(tmp_path):
    spec = {"spec": {"completion_fns": ["m"], "eval_name": "sums", "run_config": {}}}

    def event(i, sample, kind, **data):
        return {"event_id": i, "sample_id": sample, "type": kind, "data": data}

    rows = [spec, event(0, "a", "sampling", sampled="1"), event(1, "a", "metrics", accuracy=True)]
    rows += [event(2, "b", "sampling", sampled="2"), event(3, "b", "metrics", accuracy=0)]
    rows += [event(4, "c", "sampling", sampled="3"), event(5, "d", "error", message="no")]
    imported = import_files(lines(tmp_path / "log.jsonl", rows))
    assert counts_of(imported) == {"a": (1, 1), "b": (1, 0)}
    assert has_note(imported, "2 of 4 samples have events, of sampling or errors, and no verdict")
    assert has_note(imported, "2 of 4 problems of m on sums have no sample left")


def generation(i, **more):
    return {"id": f"p{i}", "generation": f"so {i} {more}", "expected_answer": "1", "predicted_answer": "1"} | more


def test_parts_of_outputs_of_nemo_skills_are_left_out(tmp_path):
    rows = [generation(i, symbolic_correct=i > 0) for i in range(3)]
    folder = tmp_path / "aime24"
    lines(folder / "output-rs0.jsonl", rows)
    chunk = lines(folder / "output-rs0_chunk_1.jsonl", rows[1:])
    lines(folder / "output-rs1.jsonl-async", rows)
    imported = import_files(folder, model="m")
    assert counts_of(imported) == {"p0": (1, 0), "p1": (1, 1), "p2": (1, 1)}
    notes = [note for note in imported.notes if "a part of an output" in note]
    assert len(notes) == 1
    assert "and 1 other: " in notes[0]
    with pytest.raises(InputError, match=r"no samples of the format nemo-skills in it.*a part of an output"):
        import_files(chunk, model="m")


def test_judges_that_change_their_mind_are_left_out(tmp_path):
    texts = ["Judgement: Yes", "Judgement: No\nwait\nJudgement: Yes", "Judgement: No. So\n**Judgement: No**"]
    rows = [generation(i, judgement=text) for i, text in enumerate(texts)]
    imported = import_files(lines(tmp_path / "output-rs0.jsonl", rows), model="m")
    assert counts_of(imported) == {"p0": (1, 1), "p2": (1, 0)}
    assert has_note(imported, "1 of 3 samples have no clear verdict of the judge")


def test_rewards_of_verifiers_that_contradict_a_metric_are_noted(tmp_path):
    rows = [
        {"example_id": 0, "prompt": "q", "completion": str(j), "reward": reward, "metrics": {"correct_answer": metric}}
        for j, (reward, metric) in enumerate([(1.0, 0.0), (0.0, 0.0), (1.0, 1.0), (0.0, 0.5)])
    ]
    path = lines(tmp_path / "results.jsonl", rows)
    imported = import_files(path, model="m")
    assert counts_of(imported) == {"0": (4, 2)}
    assert has_note(imported, "1 of 4 rollouts have a reward that says otherwise than their metric correct_answer")
    assert counts_of(import_files(path, model="m", verdict="correct_answer", threshold="1")) == {"0": (4, 1)}
