"""Suites and trainers: verdicts, settings and samples that are left out, format by format."""

import json

import pandas as pd
import pytest

from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def document(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def table(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_parquet(path)
    return path


def counts_of(imported):
    frame = imported.counts.table
    return dict(zip(frame["problem_id"], zip(frame["n_samples"], frame["n_correct"], strict=True), strict=True))


def generation(i, correct, **more):
    row = {"id": f"aime24-{i}", "problem": f"q{i}", "expected_answer": "1", "generation": f"so {i} {more}"}
    verdict = {"symbolic_correct": correct} if correct is not None else {}
    return row | {"predicted_answer": "1", "num_generated_tokens": 50} | verdict | more


def test_nemo_skills_seeds_are_runs(tmp_path):
    folder = tmp_path / "eval-results" / "aime24"
    for seed in range(3):
        lines(folder / f"output-rs{seed}.jsonl", [generation(i, i > seed, x=seed) for i in range(3)])
    document(folder / "metrics.json", {"aime24": {"pass@1": {}}})
    imported = import_files(folder, model="m")
    assert counts_of(imported) == {"aime24-0": (3, 0), "aime24-1": (3, 1), "aime24-2": (3, 2)}
    assert imported.counts.benchmarks == ("aime24",)
    assert set(imported.samples["run"]) == {"seed 0", "seed 1", "seed 2"}
    assert imported.samples["n_tokens"].tolist() == [50] * 9


def test_nemo_skills_names_problems_by_their_text_where_there_is_no_id(tmp_path):
    rows = [generation(i, True, x=1) for i in range(2)]
    for row in rows:
        del row["id"]
    path = lines(tmp_path / "output-rs0.jsonl", rows)
    assert list(counts_of(import_files(path, model="m")).values()) == [(1, 1)] * 2


def test_nemo_skills_judges(tmp_path):
    yes, no = "The same.\n**Judgement: Yes**", "Reasoning: no.\nJudgement: No."
    rows = [generation(0, None, judgement=yes), generation(1, None, judgement=no), generation(2, None, judgement="?")]
    path = lines(tmp_path / "output-rs0.jsonl", rows)
    imported = import_files(path, model="m")
    assert counts_of(imported) == {"aime24-0": (1, 1), "aime24-1": (1, 0)}
    assert any("1 of 3 samples have no clear verdict" in note for note in imported.notes)
    two_judges = lines(path, [generation(0, True, judgement=yes), generation(1, True, judgement=no)])
    with pytest.raises(InputError, match=r"line 2: symbolic_correct and judgement disagree\. .*verdict=symb"):
        import_files(two_judges, model="m")
    assert counts_of(import_files(two_judges, model="m", verdict="judge")) == {"aime24-0": (1, 1), "aime24-1": (1, 0)}
    assert counts_of(import_files(two_judges, model="m", verdict="symbolic")) == {
        "aime24-0": (1, 1),
        "aime24-1": (1, 1),
    }


@pytest.mark.parametrize(
    ("more", "options", "correct"),
    [
        ({"is_correct": True, "is_correct-plus": False}, {}, 0),
        ({"is_correct": True, "is_correct-plus": False}, {"tests": "base"}, 1),
        ({"graded_list": [True]}, {}, 1),
        ({"status": "timeout", "graded_list": [False]}, {}, 0),
    ],
)
def test_nemo_skills_code(tmp_path, more, options, correct):
    path = lines(tmp_path / "output-rs0.jsonl", [generation(0, None, **more)])
    assert recognised_format(path) == "nemo-skills"
    assert counts_of(import_files(path, model="m", **options)) == {"aime24-0": (1, correct)}


def test_nemo_skills_outcomes(tmp_path):
    rows = [generation(0, False, finish_reason="length", predicted_answer=None), generation(1, False)]
    rows += [generation(2, False, predicted_answer=None), generation(3, False) | {"generation": ""}]
    imported = import_files(lines(tmp_path / "output-rs0.jsonl", rows), model="m")
    assert imported.samples["outcome"].tolist() == ["truncated", "wrong", "no_answer", "empty"]


def rollout(i, j, reward, **more):
    parameters = {"input": [{"role": "user", "content": f"q{i}"}], "temperature": 0.6, "max_output_tokens": 64}
    response = {"model": "m", "output": [{"content": f"{i} {j}"}], "usage": {"output_tokens": 9}}
    row = {"_ng_task_index": i, "_ng_rollout_index": j, "responses_create_params": parameters, "response": response}
    return row | {"reward": reward, "agent_ref": {"name": "math"}} | more


def test_nemo_gym(tmp_path):
    rows = [rollout(i, j, float(j < i)) for i in range(3) for j in range(3)]
    cut = {"model": "m", "output": [], "incomplete_details": {"reason": "max_output_tokens"}}
    path = lines(tmp_path / "rollouts.jsonl", [*rows, rollout(0, 3, 0.0, response=cut)])
    imported = import_files(path)
    assert counts_of(imported) == {"0": (4, 0), "1": (3, 1), "2": (3, 2)}
    frame = imported.counts.table
    assert frame.loc[0, ["model", "benchmark", "temperature", "max_tokens", "n_truncated"]].tolist() == [
        "m",
        "math",
        0.6,
        64,
        1,
    ]
    failed = lines(tmp_path / "f.jsonl", [*rows, rollout(0, 9, 0.0, _ng_failure_class="agent_error")])
    imported = import_files(failed)
    assert counts_of(imported)["0"] == (3, 0)
    assert any("1 of 10 samples failed before they were judged" in note for note in imported.notes)
    with pytest.raises(InputError, match="rollout 1 of task 0 stands there twice"):
        import_files(lines(path, [*rows, rollout(0, 1, 1.0)]))
    with pytest.raises(InputError, match=r"reward 0\.3 is neither 0 nor 1.*threshold=NUMBER"):
        import_files(lines(path, [rollout(0, 0, 0.3)]))


def conversation(i, j, reward, as_texts=False):
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": f"q{i}"}]
    messages.append({"role": "assistant", "content": f"{i} {j}"})
    content = [message["content"] for message in messages] if as_texts else messages
    return {"content": [content], "rewards": [reward], "idx": 3 * i + j}


@pytest.mark.parametrize("as_texts", [False, True])
def test_nemo_rl_steps(tmp_path, as_texts):
    for step in (0, 10, 20):
        rows = [conversation(i, j, float(j * 10 < step), as_texts) for i in range(2) for j in range(3)]
        for row in rows:
            row["content"][0][-1] = (
                f"{row['content'][0][-1]} {step}" if as_texts else {"role": "assistant", "content": f"{row} {step}"}
            )
        lines(tmp_path / f"val_data_step{step}.jsonl", rows)
    frame = import_files(tmp_path, model="run").counts.table
    totals = frame.groupby("model", sort=False)[["n_samples", "n_correct"]].sum()
    assert totals.to_dict("index") == {
        "run step 0": {"n_samples": 6, "n_correct": 0},
        "run step 10": {"n_samples": 6, "n_correct": 2},
        "run step 20": {"n_samples": 6, "n_correct": 4},
    }
    assert frame["checkpoint_step"].unique().tolist() == [0, 10, 20]
    assert set(frame["training_run"]) == {"run"}


def test_nemo_rl_conversations_without_roles(tmp_path):
    rows = [conversation(0, 0, 1.0, True), conversation(0, 1, 0.0, True)]
    rows[1]["content"][0].append("more")
    with pytest.raises(InputError, match="conversations of several lengths without roles"):
        import_files(lines(tmp_path / "train_data_step1.jsonl", rows), model="m")


def completion(i, j, reward, **more):
    prompt = [{"role": "user", "content": f"q{i}"}]
    return (
        {"step": 10, "prompt": prompt, "completion": [{"role": "assistant", "content": f"{i} {j}"}]}
        | {
            "accuracy_reward": reward,
            "advantage": 0.0,
        }
        | more
    )


def test_trl_completions(tmp_path):
    folder = tmp_path / "completions"
    for step in (5, 10):
        rows = [completion(i, f"{j}{step}", float(j * 5 < step), step=step) for i in range(2) for j in range(3)]
        table(folder / f"completions_{step:05d}.parquet", rows)
    frame = import_files(folder, model="grpo").counts.table
    assert frame["model"].unique().tolist() == ["grpo step 5", "grpo step 10"]
    assert frame["n_correct"].tolist() == [1, 1, 2, 2]
    assert set(frame["training_run"]) == {"grpo"}


def test_trl_rewards_have_to_be_chosen(tmp_path):
    rows = [completion(0, j, float(j), format_reward=1.0, cosine=0.3) for j in (0, 1)]
    path = table(tmp_path / "completions_00010.parquet", rows)
    with pytest.raises(InputError, match=r"several columns of rewards \(accuracy_reward, format_reward, cosine\)"):
        import_files(path)
    assert list(counts_of(import_files(path, reward="accuracy_reward")).values()) == [(2, 1)]
    assert list(counts_of(import_files(path, reward="cosine", threshold="0.2")).values()) == [(2, 2)]
    with pytest.raises(InputError, match="no column 'acc'"):
        import_files(path, reward="acc")
    absent = table(path, [completion(0, j, value) for j, value in enumerate((1.0, 0.0, None))])
    imported = import_files(absent)
    assert list(counts_of(imported).values()) == [(2, 1)]
    assert any("1 of 3 samples have no reward in 'accuracy_reward'" in note for note in imported.notes)


def problem(i, verdicts, **more):
    return {
        "problem": f"q{i}",
        "uuid": f"u{i}",
        "generations": [f"{i} {j} {more}" for j in range(len(verdicts))],
        "correctness_math_verify": verdicts,
        "correctness_llama": None,
        "finish_reasons": ["stop"] * len(verdicts),
        "generation_token_length": [7] * len(verdicts),
    } | more


@pytest.mark.parametrize("name", ["train.parquet", "train.jsonl"])
def test_open_r1(tmp_path, name):
    rows = [problem(0, [True, False]), problem(1, [True, True, None])]
    by_llama = {"generations": ["a", "b"], "correctness_llama": [False, True], "finish_reasons": None}
    rows.append(problem(2, [None, None]) | {"correctness_math_verify": None} | by_llama)
    path = table(tmp_path / name, rows) if name.endswith("parquet") else lines(tmp_path / name, rows)
    assert recognised_format(path) == "open-r1"
    imported = import_files(path, model="R1")
    assert counts_of(imported) == {"u0": (2, 1), "u1": (2, 2), "u2": (2, 1)}
    assert any("1 of 7 samples are not judged" in note for note in imported.notes)
    assert any("every problem has a right sample" in note for note in imported.notes)
    rows.append(problem(3, [False, False]) | {"correctness_llama": [False, True], "generations": ["x", "y"]})
    path = lines(tmp_path / "two.jsonl", rows)
    with pytest.raises(InputError, match=r"disagree\. Choose with --option verdict=math_verify"):
        import_files(path, model="R1")
    assert counts_of(import_files(path, model="R1", verdict="any"))["u3"] == (2, 1)
    assert counts_of(import_files(path, model="R1", verdict="math_verify"))["u3"] == (2, 0)
    with pytest.raises(InputError, match="stands there twice, with the same generations"):
        import_files(lines(tmp_path / "twice.jsonl", [rows[0], rows[0]]), model="R1")


def test_bigcodebench_names_and_outcomes(tmp_path, all_examples):
    example = all_examples["bigcodebench"][1]
    path = tmp_path / example.file
    path.write_bytes(example.pack(example.content))
    imported = import_files(path)
    assert counts_of(imported) == {"BigCodeBench/0": (3, 1)}
    assert imported.counts.models == ("org/m",)
    assert imported.counts.benchmarks == ("bigcodebench-instruct",)
    assert imported.counts.table["n_timeout"].tolist() == [1]
    assert imported.settings == {"temperature": 0.8, "engine": "vllm"}


def review(i, j, value, **more):
    score = {"value": value, "prediction": f"{i} {j}", "main_score_name": None} | more
    sample = {"score": score, "sample_id": 3 * i + j, "group_id": i, "generation_index": j}
    return {"index": 3 * i + j, "target": ["1"], "sample_score": sample}


def test_evalscope(tmp_path):
    folder = tmp_path / "outputs" / "20260101" / "reviews" / "org" / "m"
    rows = [review(i, j, {"acc": float(j < i), "f1": 0.3}) for i in range(3) for j in range(3)]
    rows.append(review(5, 0, {}, status="failed"))
    path = lines(folder / "aime24_default.jsonl", rows)
    imported = import_files(path)
    assert counts_of(imported) == {"0": (3, 0), "1": (3, 1), "2": (3, 2)}
    assert imported.counts.models == ("org/m",)
    assert imported.counts.benchmarks == ("aime24_default",)
    assert any("1 of 10 samples have no usable score" in note for note in imported.notes)
    assert counts_of(import_files(path, metric="f1", threshold="0.2"))["0"] == (3, 3)
    with pytest.raises(InputError, match=r"no metric 'em'\. It has acc, f1"):
        import_files(path, metric="em")
    with pytest.raises(InputError, match="sample 0 of problem 0 stands there twice"):
        import_files(lines(path, [rows[0], rows[0]]))


CONFIGURATION = """
model: org/m
model_args: {revision: master, device_map: auto}
generation_config:
  temperature: TEMPERATURE
  max_tokens: 100
  top_k: TOP_K
  seed: SEED
dataset_args:
  aime24:
    few_shot_num: SHOTS
    filters: {remove_until: '</think>'}
  aime24x: {few_shot_num: 9}
api_key: KEY
work_dir: WORK
"""


def evalscope_run(folder, name, **values):
    """A run of EvalScope with its configuration; the texts of each run are its own."""
    text = CONFIGURATION
    for key, default in {
        "TEMPERATURE": "0.6",
        "TOP_K": "20",
        "SEED": "1",
        "SHOTS": "0",
        "KEY": "x",
        "WORK": "w",
    }.items():
        text = text.replace(key, str(values.get(key, default)))
    configurations = folder / name / "configs"
    configurations.mkdir(parents=True)
    (configurations / "task_config_abc123.yaml").write_text(text)
    rows = [review(i, j, {"acc": float(j < i)}, prediction=f"{name} {i} {j}") for i in range(2) for j in range(3)]
    return lines(folder / name / "reviews" / "m" / "aime24_default.jsonl", rows)


def test_evalscope_runs_of_other_settings_are_not_pooled(tmp_path):
    first = evalscope_run(tmp_path, "a")
    imported = import_files([first, evalscope_run(tmp_path, "b", SEED=2, KEY="y", WORK="v")])
    assert counts_of(imported) == {"0": (6, 0), "1": (6, 2)}
    assert imported.settings == {"temperature": 0.6, "max_tokens": 100}
    for i, (name, value, words) in enumerate(
        [("TEMPERATURE", "1.0", "temperature"), ("TOP_K", "5", "top_k"), ("SHOTS", "4", "few_shot_num")]
    ):
        with pytest.raises(InputError, match=f"m on aime24_default has .*{words}"):
            import_files([first, evalscope_run(tmp_path, f"c{i}", **{name: value})])
    for i, text in enumerate(["a: [", "a: &x [1]\nb: *x", "generation_config: !!python/object:os.system {}", "[1]"]):
        path = evalscope_run(tmp_path, f"d{i}")
        (tmp_path / f"d{i}" / "configs" / "task_config_abc123.yaml").write_text(text)
        notes = import_files(path).notes
        assert any("cannot be read, so that runs of other settings are not told apart" in note for note in notes)


def test_evalscope_says_which_metric_was_taken(tmp_path):
    rows = [review(i, 0, {"acc": float(i), "f1": 0.3}) for i in range(2)]
    imported = import_files(lines(tmp_path / "a.jsonl", rows), model="m")
    assert any("the metric 'acc' is taken for the verdict; there is 'f1' too" in note for note in imported.notes)
    rows[1]["sample_score"]["score"]["main_score_name"] = "f1"
    with pytest.raises(
        InputError, match=r"'acc' of some reviews and 'f1' of others\. Choose with --option metric=NAME"
    ):
        import_files(lines(tmp_path / "a.jsonl", rows), model="m", threshold="0.2")
    assert counts_of(import_files(tmp_path / "a.jsonl", model="m", metric="acc")) == {"0": (1, 0), "1": (1, 1)}


def test_skythought_temperatures(tmp_path):
    def response(correct, text):
        return {"content": text, "correctness": correct, "reason": None}

    content = {
        f"q{i}": {
            "problem": f"q{i}",
            "responses": {"0.7": [response(True, f"{i}a"), response(None, f"{i}b")], "1.0": [response(False, "c")]},
            "token_usages": {"0.7": [{"completion_tokens": 5}, {"completion_tokens": 6}], "1.0": []},
        }
        for i in range(2)
    }
    path = document(tmp_path / "results.json", content)
    with pytest.raises(InputError, match=r"several temperatures \(0\.7, 1\.0\)"):
        import_files(path, model="m")
    imported = import_files(path, model="m", temperature="0.7")
    assert counts_of(imported) == {"q0": (1, 1), "q1": (1, 1)}
    assert imported.settings == {"temperature": 0.7}
    assert any("2 of 4 samples were not checked" in note for note in imported.notes)


def test_swe_bench_classes(tmp_path, all_examples):
    content = all_examples["swe-bench"][1].content
    imported = import_files(document(tmp_path / "org__m.run7.json", content))
    frame = imported.counts.table
    assert frame["n_correct"].sum() == 2
    assert frame[["n_empty", "n_verifier_error"]].sum().tolist() == [1, 1]
    assert imported.counts.models == ("org/m",)
    second = {**content, "resolved_ids": ["a__a-1"], "unresolved_ids": ["b__b-1", "a__a-2"], "resolved_instances": 1}
    document(tmp_path / "org__m.run8.json", second)
    assert import_files(tmp_path).counts.table["n_samples"].unique().tolist() == [2]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"unresolved_ids": ["a__a-1"]}, "a__a-1 stands in unresolved_ids and in another class"),
        ({"resolved_instances": 3}, "resolved_instances is 3, but 2 are listed"),
        ({"error_ids": []}, "1 submitted instance is in no class, the first c__c-1"),
        ({"resolved_ids": ["a__a-1", "a__a-1"]}, "stands in resolved_ids twice"),
    ],
)
def test_swe_bench_reports_that_contradict_themselves(tmp_path, all_examples, change, why):
    content = all_examples["swe-bench"][1].content | change
    with pytest.raises(InputError, match=why):
        import_files(document(tmp_path / "m.run7.json", content))


def test_swe_bench_of_old(tmp_path):
    content = {"no_generation": ["d"], "generated": ["a", "b", "c"], "with_logs": ["a", "b"], "resolved": ["a"]}
    imported = import_files(document(tmp_path / "results.json", content), model="m")
    assert counts_of(imported) == {"a": (1, 1), "b": (1, 0), "c": (1, 0), "d": (1, 0)}


def test_swe_bench_lists_of_resolved_instances(tmp_path):
    content = {"no_generation": [], "no_logs": ["d"], "resolved": ["a"]}
    with pytest.raises(InputError, match="lists the resolved instances and not all that were tried"):
        import_files(document(tmp_path / "results.json", content), model="m")


def test_terminal_bench(tmp_path, all_examples):
    content = all_examples["terminal-bench"][1].content
    lost = {"id": "9", "trial_name": "t0.2", "task_id": "t0", "is_resolved": None, "failure_mode": "parse_error"}
    late = lost | {"trial_name": "t0.3", "is_resolved": False, "failure_mode": "agent_timeout"}
    path = document(tmp_path / "run" / "results.json", {**content, "results": [*content["results"], lost, late]})
    metadata = {"model_name": "org/m", "dataset_name": "terminal-bench-core", "agent_name": "terminus"}
    document(path.parent / "run_metadata.json", metadata)
    document(path.parent / "t0" / "t0.0" / "results.json", content["results"][0])  # a trial again
    imported = import_files(path.parent)
    assert counts_of(imported) == {"t0": (3, 1), "t1": (2, 1)}
    assert imported.counts.models == ("org/m",)
    assert imported.counts.table["n_timeout"].sum() == 1
    assert any("1 of 6 samples broke off without a verdict" in note for note in imported.notes)
    assert counts_of(import_files(path.parent, errors="wrong"))["t0"] == (4, 1)
    assert imported.counts.table["mean_tokens"].tolist() == [20.0, 20.0]


@pytest.mark.parametrize("verdict", [None, False])
def test_tests_of_terminal_bench_that_do_not_end_are_no_timeout_of_the_model(tmp_path, all_examples, verdict):
    content = all_examples["terminal-bench"][1].content
    hung = {"trial_name": "t0.9", "task_id": "t0", "is_resolved": verdict, "failure_mode": "test_timeout"}
    path = document(tmp_path / "results.json", {**content, "results": [*content["results"], hung]})
    imported = import_files(path, model="m")
    assert counts_of(imported)["t0"] == ((2, 1) if verdict is None else (3, 1))
    assert "n_timeout" not in imported.counts.table
    left_out = any("1 of 5 samples broke off without a verdict" in note for note in imported.notes)
    assert left_out == (verdict is None)
    assert counts_of(import_files(path, model="m", errors="wrong"))["t0"] == (3, 1)


def test_notes_of_many_files_are_said_once(tmp_path):
    for j in range(20):
        fault = {"exception_type": "VerifierTimeoutError"} if j % 2 else None
        trial = harbor_trial(0, j, None if j % 2 else float(j == 2), exception_info=fault)
        document(tmp_path / f"t0__{j}" / "result.json", trial)
    imported = import_files(tmp_path)
    assert counts_of(imported) == {"t0": (10, 1)}
    assert [note for note in imported.notes if "VerifierTimeoutError" in note] == [
        "10 of 20 samples broke off without a verdict (VerifierTimeoutError); they were left out, not taken for "
        f"wrong. The first is in '{tmp_path / 't0__1' / 'result.json'}'."
    ]
    shards = [
        lines(tmp_path / "rows" / f"{i}.jsonl", [{"problem_id": f"p{i}", "is_correct": True}] * 2) for i in range(5)
    ]
    notes = import_files(shards, "rows", model="m").notes
    assert [note for note in notes if "are told apart by" in note] == [
        f"'{shards[0]}' and 4 others: problems are told apart by 'problem_id', and 'is_correct' is taken for the "
        "verdict. Name others with --columns problem=NAME,correct=NAME."
    ]


def harbor_trial(i, j, reward, **more):
    rewards = None if reward is None else {"rewards": {"reward": reward}}
    return {
        "id": f"{i}{j}",
        "task_name": f"t{i}",
        "trial_name": f"t{i}__{j}",
        "task_checksum": "0",
        "agent_info": {"name": "claude-code", "version": "1", "model_info": {"name": "m", "provider": "org"}},
        "agent_result": {"n_output_tokens": 30},
        "verifier_result": rewards,
        "exception_info": None,
    } | more


def test_trials_of_harbor(tmp_path):
    for i in range(2):
        for j in range(3):
            document(tmp_path / f"t{i}__{j}" / "result.json", harbor_trial(i, j, float(j == 1)))
    late = harbor_trial(0, 3, None, exception_info={"exception_type": "AgentTimeoutError"})
    document(tmp_path / "t0__3" / "result.json", late)
    imported = import_files(tmp_path)
    assert counts_of(imported) == {"t0": (4, 1), "t1": (3, 1)}
    assert imported.counts.table["n_timeout"].tolist() == [1, 0]


def test_a_job_of_harbor_as_it_is_written(tmp_path):
    """With what stands beside the results: configurations, tests, trajectories, and the summary of the job."""
    job = tmp_path / "jobs" / "2026-01-01__00-00-00"
    document(job / "config.json", {"job_name": "x", "agents": [{"name": "terminus-2", "model_name": "org/m"}]})
    document(job / "result.json", {"id": "0", "n_total_trials": 6, "stats": {"n_completed_trials": 6}})
    tests = {"summary": {"tests": 2, "passed": 1, "failed": 1}, "tests": [{"name": "t1", "status": "passed"}]}
    for i in range(2):
        for j in range(3):
            trial = job / f"t{i}__{j}"
            more = {"source": "terminal-bench", "verifier_result": {"rewards": {"reward": float(j == 1), "f2p": 1.0}}}
            document(trial / "result.json", harbor_trial(i, j, None, **more))
            document(trial / "config.json", {"trial_name": f"t{i}__{j}", "agent": {"name": "terminus-2"}})
            document(trial / "verifier" / "ctrf.json", {"results": tests})
            document(trial / "agent" / "trajectory.json", {"schema_version": "ATIF-v1.7", "steps": [{"step_id": 1}]})
            (trial / "verifier" / "reward.txt").write_text("1")
    imported = import_files(tmp_path)
    assert (imported.format, counts_of(imported)) == ("terminal-bench", {"t0": (3, 1), "t1": (3, 1)})
    assert imported.counts.benchmarks == ("terminal-bench",)
    assert imported.counts.table["mean_tokens"].tolist() == [30, 30]


def test_helm(tmp_path):
    def stat(name, value, count=1):
        return {"name": {"name": name, "split": "test"}, "count": count, "sum": value}

    entries = [
        {"instance_id": f"id{i}", "train_trial_index": trial}
        | {"stats": [stat("exact_match", float(i > trial)), stat("num_output_tokens", 4), stat("logprob", -1.5)]}
        for trial in range(2)
        for i in range(3)
    ]
    entries.append({**entries[0], "perturbation": {"name": "typos"}})
    folder = tmp_path / "runs" / "s" / "gsm:model=org_m,stop=none"
    specification = {"name": "gsm:stop=none,model=org_m", "adapter_spec": {"model": "org/m", "temperature": 0.0}}
    document(folder / "run_spec.json", specification)
    path = document(folder / "per_instance_stats.json", entries)
    imported = import_files(path)
    assert counts_of(imported) == {"id0": (2, 0), "id1": (2, 1), "id2": (2, 2)}
    assert imported.counts.models == ("org/m",)
    assert any("'exact_match' is taken for the verdict" in note for note in imported.notes)
    assert any("1 perturbed instance was left out" in note for note in imported.notes)
    with pytest.raises(InputError, match=r"'-1\.5' is not a verdict"):
        import_files(path, metric="logprob")


def test_openai_evals(tmp_path, all_examples):
    content = all_examples["openai-evals"][1].content
    imported = import_files(lines(tmp_path / "log.jsonl", content))
    assert counts_of(imported) == {"sums.dev.0": (3, 1), "sums.dev.1": (3, 1)}
    assert imported.counts.models == ("m",)
    graded = [content[0]] + [
        {"event_id": i, "sample_id": f"q.{i}", "type": "metrics", "data": {"choice": "A", "score": score}}
        for i, score in enumerate((1.0, 0.0, 0.5))
    ]
    path = lines(tmp_path / "graded.jsonl", graded)
    with pytest.raises(InputError, match="threshold=NUMBER"):
        import_files(path)
    assert counts_of(import_files(path, threshold="0.5")) == {"q.0": (1, 1), "q.1": (1, 0), "q.2": (1, 1)}


def episode(i, j, score, **more):
    trace = {
        "id": f"{i}{j}",
        "task": {"type": "Sum", "data": {"idx": i, "prompt": f"q{i}"}},
        "agent": {"name": "solver"},
        "nodes": [{"message": {"role": "assistant", "content": f"{i} {j}"}}],
        "calls": [{"model": "m", "sampling": {"temperature": 1.0}, "finish_reason": "stop"}],
        "rewards": {"right": {"score": score, "weight": 1.0}},
        "metrics": {"format": 1.0},
        "ok": True,
        "num_output_tokens": 11,
    } | more
    return {"id": f"e{i}{j}", "env": {"id": "sums"}, "task": {"data": {"idx": i}}, "ok": True, "traces": [trace]}


def test_traces_of_verifiers(tmp_path):
    rows = [episode(i, j, float(j < i)) for i in range(3) for j in range(3)]
    rows += [episode(0, 8, 0.0, ok=False, errors=[{"type": "InfraError"}])]
    rows += [episode(0, 9, 0.0, stop_condition="max_output_tokens")]
    imported = import_files(lines(tmp_path / "traces.jsonl", rows))
    assert counts_of(imported) == {"0": (4, 0), "1": (3, 1), "2": (3, 2)}
    assert imported.counts.models == ("m",)
    assert imported.counts.benchmarks == ("sums",)
    assert imported.counts.table["n_truncated"].tolist() == [1, 0, 0]
    assert any("1 of 11 samples broke off in an error" in note for note in imported.notes)
    two = episode(0, 0, 1.0)
    two["traces"].append({**two["traces"][0], "id": "x", "agent": {"name": "judge"}})
    path = lines(tmp_path / "two.jsonl", [two])
    with pytest.raises(InputError, match=r"2 traces of an episode \(solver, judge\).*agent=NAME"):
        import_files(path)
    assert counts_of(import_files(path, agent="solver")) == {"0": (1, 1)}


def test_rollouts_of_prime_rl(tmp_path):
    for step in (0, 50):
        rows = [episode(i, f"{j} {step}", float(j * 25 < step))["traces"][0] for i in range(2) for j in range(3)]
        lines(tmp_path / "rollouts" / f"step_{step}" / "train_rollouts.jsonl", rows)
    frame = import_files(tmp_path).counts.table
    assert frame["model"].unique().tolist() == ["m step 0", "m step 50"]
    assert frame.groupby("checkpoint_step")["n_correct"].sum().tolist() == [0, 4]


def test_rollouts_of_prime_rl_before_it_wrote_traces(tmp_path):
    for step in (0, 50):
        rows = [
            {"example_id": i, "prompt": f"q{i}", "completion": f"{i} {j} {step}", "reward": float(j * 25 < step)}
            for i in range(2)
            for j in range(3)
        ]
        lines(tmp_path / "rollouts" / f"step_{step}" / "train_rollouts.jsonl", rows)
    frame = import_files(tmp_path, model="run").counts.table
    assert frame["model"].unique().tolist() == ["run step 0", "run step 50"]


def test_tables_of_verl_without_verdicts(tmp_path):
    rows = [
        {"prompt": f"q{i}", "data_source": "aime", "reward_model": {"ground_truth": "1"}, "responses": ["a", "b"]}
        for i in range(2)
    ]
    path = table(tmp_path / "out.parquet", rows)
    with pytest.raises(InputError, match="responses without verdicts, as verl's main_generation writes them"):
        import_files(path, model="m")
    with_scores = table(path, [row | {"score": [1.0, 0.0], "acc": [True, False]} for row in rows])
    with pytest.raises(InputError, match=r"several columns may be the verdicts \(score, acc\)"):
        import_files(with_scores, model="m")
    assert list(counts_of(import_files(with_scores, model="m", verdicts="acc")).values()) == [(2, 1)] * 2
