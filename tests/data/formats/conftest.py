"""A small file of each format, with what it must give: shared by the tests that every format has to pass."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Example(NamedTuple):
    """A file that imports without notes on broken records.

    Parameters
    ----------
    file
        Its path within a folder.
    content
        What it holds, as JSON values; for JSON Lines a list of the lines.
    verdicts
        Keys under which the verdicts stand, alone or in lists; none where the file holds counts.
    pack
        Makes bytes of the content.
    repeats
        True where a record may stand twice, being another sample of its problem.
    words
        Words that the format takes for verdicts.
    """

    file: str
    content: Any
    verdicts: tuple[str, ...]
    pack: Callable[[Any], bytes]
    repeats: bool = False
    words: tuple[str, ...] = ()


def one_json(content: Any) -> bytes:
    return json.dumps(content).encode()


def json_lines(content: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in content)


def parquet(content: Any) -> bytes:
    """Rows; structs as JSON in text, as a mutated struct would make columns of mixed type."""
    import io

    import pandas as pd

    buffer = io.BytesIO()
    rows = [{k: json.dumps(v) if isinstance(v, dict) else v for k, v in row.items()} for row in content]
    pd.DataFrame(rows).to_parquet(buffer, write_page_checksum=True)
    return buffer.getvalue()


def yaml_file(content: Any) -> bytes:
    import yaml

    return yaml.safe_dump(content, sort_keys=False).encode("utf-8", "replace")


def table(content: Any) -> bytes:
    return "".join(",".join(map(str, row)) + "\n" for row in content).encode("utf-8", "replace")


def array(content: Any) -> bytes:
    import io

    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, np.array(content))
    return buffer.getvalue()


def math_eval() -> Example:
    rows = [
        {
            "idx": i,
            "question": f"q{i}",
            "gt_cot": "because",
            "gt": "1",
            "level": 3,
            "code": [f"said {i} {j}" for j in range(4)],
            "pred": ["1", "2", "", "1"],
            "finish_reason": ["stop", "stop", "length", "stop"],
            "score": [True, False, False, True],
        }
        for i in range(3)
    ]
    file = "small_aime_temp0.6_n4_seed0/test_p_-1_seed0_t0.6_s0_e-1.jsonl"
    return Example(file, rows, ("score",), json_lines)


def livecodebench() -> Example:
    rows = [
        {
            "question_id": f"q{i}",
            "question_content": f"do {i}",
            "difficulty": "easy",
            "output_list": ["a", "b", "c"],
            "code_list": ["a", "b", ""],
            "graded_list": [True, False, False],
            "pass@1": 1 / 3,
            "metadata": ["{}", "{}", "{}"],
        }
        for i in range(3)
    ]
    return Example("Scenario.codegeneration_3_0.2_eval_all.json", rows, ("graded_list",), one_json)


def livecodebench_board() -> Example:
    rows = [
        {"question_id": f"q{i}", "model": "m", "date": 1, "difficulty": "easy", "pass@1": 10.0 * i, "platform": "x"}
        for i in range(4)
    ]
    return Example("performances_generation.json", {"performances": rows, "models": []}, (), one_json)


def monkeys_yaml() -> Example:
    content = {
        "prompt": "p",
        "question": "q",
        "gt_answer": "18",
        "samples": ["a", "b", "c"],
        "is_corrects": [True, False, True],
    }
    return Example("1234.yaml", content, ("is_corrects",), yaml_file)


def monkeys_json() -> Example:
    rows = [
        {"question": f"q{i}", "samples": ["a", "b"], "is_corrects": [True, False], "orig_dset_idx": i} for i in range(3)
    ]
    return Example("GSM8K_Llama-3-8B.json", rows, ("is_corrects",), one_json)


def monkeys_parquet() -> Example:
    return monkeys_json()._replace(file="GSM8K_Llama-3-8B.parquet", pack=parquet)


def tabulated() -> Example:
    rows = [
        {"Model": "m", "Benchmark": "MATH", "Problem Idx": i, "Attempt Idx": j, "Score": float(j == 1)}
        for i in range(3)
        for j in range(3)
    ]
    return Example("individual.parquet", rows, ("Score",), parquet)


def tabulated_counts() -> Example:
    rows = [
        {"Model": "m", "Benchmark": "MATH", "Problem Idx": i, "Num. Samples Total": 4, "Num. Samples Correct": 1}
        | {"Scaling Parameter": 1, "Score": 0.25}
        for i in range(3)
    ]
    return Example("pass_at_k.parquet", rows, (), parquet)


def bon_jailbreaking() -> Example:
    rows = [{"i": i, "flagged": n == 1, "n": n, "behavior_id": f"b{i}"} for i in range(3) for n in range(3)]
    return Example("llama_text_t1.0_n10000.jsonl", rows, ("flagged",), json_lines)


def lm_eval() -> Example:
    rows = [
        {
            "doc_id": i,
            "arguments": {"gen_args_0": {"arg_0": "p", "arg_1": {"temperature": 0.6}}},
            "resps": [[f"a {i}"]],
            "filtered_resps": ["1"],
            "filter": "strict-match",
            "metrics": ["exact_match"],
            "doc_hash": f"hash {i}",
            "exact_match": float(i % 2),
        }
        for i in range(4)
    ]
    return Example("org__m/samples_gsm8k_2026-01-01T00-00-00.000000.jsonl", rows, ("exact_match",), json_lines)


def lighteval() -> Example:
    rows = [
        {
            "doc": {"id": str(i), "query": f"q{i}"},
            "metric": {"extractive_match": float(i % 2)},
            "model_response": {"text": [f"a {i}"]},
        }
        for i in range(3)
    ]
    return Example("details_aime24_2026-01-01T00-00-00.parquet", rows, ("extractive_match",), parquet)


def verl() -> Example:
    rows = [
        {"input": f"q{i}", "output": f"{i} {j}", "gts": "1", "score": float(j == 1), "step": 0}
        for i in range(2)
        for j in range(3)
    ]
    return Example("0.jsonl", rows, ("score",), json_lines, repeats=True)


def matrix_csv() -> Example:
    return Example("m.csv", [[1, 0, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1]], (), table, repeats=True)


def matrix_npy() -> Example:
    return Example("m.npy", [[1, 0, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1]], (), array, repeats=True)


def passk_inference() -> Example:
    return Example("base.jsonl", [{"id": i, "c": i, "n": 8} for i in range(4)], (), json_lines)


def rlvr_audit() -> Example:
    per_problem = {str(i): {"correct": i} for i in range(4)}
    models = {"base": {"correct_generations": 6, "per_problem": per_problem}}
    return Example("results.json", {"n_per_problem": 8, "models": models}, (), one_json)


def eval_zip(content: Any) -> bytes:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for i, sample in enumerate(content["samples"]):
            zipped.writestr(f"samples/{i}_epoch_1.json", json.dumps(sample))
        zipped.writestr("header.json", json.dumps(content["header"]))
    return buffer.getvalue()


def npz(content: Any) -> bytes:
    """A task's trials one after the other, 4 to a problem: an array cannot say that one is missing."""
    import io

    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.array(trials).reshape(1, 3, 4) for name, trials in content.items()})
    return buffer.getvalue()


def inspect_eval() -> Example:
    header = {
        "version": 2,
        "status": "success",
        "eval": {"task": "sums", "task_id": "t", "model": "m", "dataset": {}, "model_generate_config": {"top_p": 0.9}},
        "plan": {"config": {"temperature": 0.7}},
    }
    samples = [
        {
            "id": f"q{i}",
            "epoch": epoch,
            "input": f"what is {i}",
            "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": f"{i} {epoch}"}],
            "output": {"choices": [{"message": {"content": f"{i} {epoch}"}, "stop_reason": "stop"}]},
            "scores": {"match": {"value": "C" if epoch == 1 else "I"}},
        }
        for i in range(2)
        for epoch in (1, 2)
    ]
    return Example("log.eval", {"header": header, "samples": samples}, ("value",), eval_zip)


def inspect_json() -> Example:
    log = inspect_eval().content
    return Example("log.json", log["header"] | {"samples": log["samples"]}, ("value",), one_json)


def evalplus() -> Example:
    statuses = [("pass", "pass"), ("pass", "fail"), ("fail", "fail")]
    samples = [
        {"solution": f"said {i}", "base_status": base, "plus_status": plus} for i, (base, plus) in enumerate(statuses)
    ]
    content = {"date": "2026-01-01", "hash": "0", "eval": {"HumanEval/0": samples}}
    return Example("m_temp_0.8.eval_results.json", content, ("base_status",), one_json, repeats=True)


def evalplus_of_old() -> Example:
    def statuses() -> list[list[Any]]:
        return [["success", []], ["failed", []], ["success", []]]

    results = {f"HumanEval/{i}": {"nfiles": 3, "base": statuses(), "plus": statuses()} for i in range(2)}
    return Example("samples_eval_results.json", {"hash": "0", "eval": results}, ("base",), one_json)


def evalperf() -> Example:
    results = {
        f"Mbpp/{i}": {
            "results": [
                {"sample_id": f"{i} {j}", "solution": f"{i} {j}", "passed": j == 1, "matching_cluster_idx": None}
                for j in range(3)
            ]
        }
        for i in range(2)
    }
    return Example(
        "results.json", {"config": {"model": "m", "temperature": 0.2}, "eval": results}, ("passed",), one_json
    )


def human_eval() -> Example:
    rows = [
        {"task_id": f"HumanEval/{i}", "completion": f"{i} {j}", "result": result, "passed": result == "passed"}
        for i in range(2)
        for j, result in enumerate(["passed", "timed out", "failed: no"])
    ]
    return Example("samples_results.jsonl", rows, ("passed",), json_lines, repeats=True)


def matharena() -> Example:
    content = {
        "idx": 3,
        "problem": "p",
        "gold_answer": "7",
        "N": 3,
        "pass_at_1": 2 / 3,
        "answers": ["7", "8", "7"],
        "correct": [True, False, True],
        "messages": [[{"role": "assistant", "content": str(i)}] for i in range(3)],
    }
    return Example("outputs/aime/m/3.json", content, ("correct",), one_json)


def opencompass() -> Example:
    details = {
        str(i): {
            "prompt": f"p{i}",
            "origin_prediction": f"o{i}",
            "predictions": "2",
            "references": "2",
            "correct": i > 1,
        }
        for i in range(4)
    }
    return Example(
        "results/m/math.json", {"accuracy": 50.0, "details": {"type": "GEN"} | details}, ("correct",), one_json
    )


def opencompass_grouped() -> Example:
    details = [
        {"example_abbr": f"math_{i}", "pred": ["1", "2"], "answer": ["1", "1"], "correct": [True, False]}
        for i in range(3)
    ]
    return Example("results/m/math.json", {"accuracy": 50.0, "details": details}, ("correct",), one_json)


def tau_bench() -> Example:
    trials = [
        {"task_id": i, "reward": float(trial), "info": {"source": "user"}, "traj": [], "trial": trial}
        for i in range(2)
        for trial in range(2)
    ]
    return Example("tool-calling-m-0.0_range_0--1_user-gpt-4o-llm_1.json", trials, ("reward",), one_json)


def tau2_bench() -> Example:
    info = {"num_trials": 2, "agent_info": {"llm": "m"}, "user_info": {}, "environment_info": {"domain_name": "retail"}}
    simulations = [
        {"task_id": str(i), "trial": trial, "reward_info": {"reward": float(trial)}, "termination_reason": "agent_stop"}
        for i in range(2)
        for trial in range(2)
    ]
    return Example("results.json", {"info": info, "tasks": [], "simulations": simulations}, ("reward",), one_json)


def metr() -> Example:
    rows = [
        {"run_id": f"{i} {j}", "task_id": f"t{i}", "score": 0.3, "score_binarized": j, "alias": "m"}
        | {"fatal_error_from": None, "human_minutes": 1.5}
        for i in range(2)
        for j in range(2)
    ]
    return Example("runs.jsonl", rows, ("score_binarized",), json_lines)


def scorio() -> Example:
    return Example("r.npz", {"aime": [1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]}, ("aime",), npz)


def scorio_one() -> Example:
    content = {
        "source": "aime25/m/q06.jsonl.gz",
        "ground_truth": "8",
        "answers": ["8", "7", ""],
        "scores": [0.9, 0.1, 0.2],
    }
    return Example("q06_compass.json", content | {"correct": [1, 0, 0]}, ("correct",), one_json)


def rows() -> Example:
    lines = [
        {"problem_id": f"p{i}", "response": f"{i} {j}", "is_correct": j == 1, "temperature": 0.6}
        for i in range(2)
        for j in range(3)
    ]
    return Example("samples.jsonl", lines, ("is_correct",), json_lines, repeats=True, words=("yes",))


def rows_of_lists() -> Example:
    lines = [{"id": i, "question": f"q{i}", "responses": ["a", "b"], "correct": [True, False]} for i in range(3)]
    return Example("samples.json", lines, ("correct",), one_json, words=("yes",))


def rows_in_lists() -> Example:
    """Samples as records in a list of their problem."""

    def sample(i: int, j: int) -> dict[str, Any]:
        return {"text": f"{i} {j}", "reward": float(j == 1), "finish_reason": "stop", "n_tokens": 5 + j}

    lines = [{"problem_id": f"p{i}", "responses": [sample(i, j) for j in range(3)]} for i in range(3)]
    return Example("samples.jsonl", lines, ("reward",), json_lines, repeats=True, words=("yes",))


def rows_of_trials() -> Example:
    lines = [{"problem_id": f"p{i}", "level": "hard"} | {f"trial_{j}": j == 1 for j in range(1, 4)} for i in range(3)]
    return Example("wide.jsonl", lines, ("trial_1", "trial_2", "trial_3"), json_lines, words=("yes",))


def rows_in_a_document() -> Example:
    rows = [
        {"task": {"id": f"p{i}"}, "response": f"{i} {j}", "grading": {"isCorrect": j == 1}}
        for i in range(2)
        for j in range(3)
    ]
    document = {"config": {"model_name": "m", "temperature": 0.6}, "pass@1": 0.25, "results": rows}
    return Example("results.json", document, ("isCorrect",), one_json, repeats=True, words=("yes",))


def verifiers() -> Example:
    lines = [
        {
            "example_id": i,
            "prompt": [{"role": "user", "content": f"q{i}"}],
            "completion": f"{i} {j}",
            "reward": float(j),
        }
        | {"error": None, "task": "default", "metrics": {"length": 0.5}}
        for i in range(3)
        for j in range(2)
    ]
    return Example("gsm8k--m/1/results.jsonl", lines, ("reward",), json_lines, repeats=True)


def evalperf_brief() -> Example:
    problems = {f"Mbpp/{i}": {"dps": 50.0, "dps_norm": 60.0, "pass@1": 20.0 * i, "profiled": []} for i in range(4)}
    content = {"date": "2026-01-01", "config": {"n_samples": 10, "temperature": 1.0}, "eval": problems}
    return Example("org--m_vllm_temp_1.0_evalperf_results.brief.json", content, (), one_json)


def bigcodebench() -> Example:
    def solution(task: str, i: int, status: str) -> dict[str, Any]:
        return {"task_id": task, "solution": f"{task} {i}", "status": status, "details": {"test_a": "Traceback"}}

    results = {
        f"BigCodeBench/{i}": [
            solution(f"BigCodeBench/{i}", j, status) for j, status in enumerate(("pass", "fail", "timeout"))
        ]
        for i in range(1)
    }
    file = "org--m--main--bigcodebench-instruct--vllm-0.8-3-sanitized_calibrated_eval_results.json"
    return Example(file, {"date": "2026-01-01 10:00", "eval": results}, ("status",), one_json, repeats=True)


def evalscope() -> Example:
    rows = [
        {
            "index": 3 * i + j,
            "input": f"q{i}",
            "target": "1",
            "sample_score": {
                "score": {"value": {"acc": float(j == 1)}, "extracted_prediction": "1", "prediction": f"{i} {j}"},
                "sample_id": 3 * i + j,
                "group_id": i,
                "sample_metadata": {},
            },
        }
        for i in range(2)
        for j in range(3)
    ]
    return Example("outputs/reviews/m/aime24_default.jsonl", rows, ("acc",), json_lines)


def evalscope_of_old() -> Example:
    def choice(i: int, j: int) -> dict[str, Any]:
        review = {"gold": "1", "pred": "1", "result": float(i == j)}
        return {"index": j, "message": {"content": f"{i} {j}", "role": "assistant"}, "review": review}

    rows = [
        {"choices": [choice(i, j) for j in range(3)], "index": i, "model": "m", "raw_input": {}, "reviewed": True}
        for i in range(3)
    ]
    return Example("outputs/reviews/m/gsm8k_main.jsonl", rows, ("result",), json_lines)


def helm() -> Example:
    def stat(name: str, value: float) -> dict[str, Any]:
        return {"name": {"name": name, "split": "test"}, "count": 1, "sum": value, "mean": value}

    entries = [
        {"instance_id": f"id{i}", "train_trial_index": 0}
        | {"stats": [stat("num_output_tokens", 7), stat("final_number_exact_match", float(i % 2))]}
        for i in range(4)
    ]
    return Example("runs/suite/gsm:model=org_m/per_instance_stats.json", entries, (), one_json)


def nemo_gym() -> Example:
    rows = [
        {
            "_ng_task_index": i,
            "_ng_rollout_index": j,
            "responses_create_params": {"input": [{"role": "user", "content": f"q{i}"}], "temperature": 1.0},
            "response": {"model": "m", "output": [{"content": f"{i} {j}"}], "usage": {"output_tokens": 5}},
            "reward": float(j == 1),
            "agent_ref": {"name": "math"},
        }
        for i in range(2)
        for j in range(3)
    ]
    return Example("rollouts.jsonl", rows, ("reward",), json_lines)


def nemo_rl() -> Example:
    rows = [
        {
            "content": [[{"role": "user", "content": f"q{i}"}, {"role": "assistant", "content": f"{i} {j}"}]],
            "rewards": [float(j == 1)],
            "idx": 3 * i + j,
        }
        for i in range(2)
        for j in range(3)
    ]
    return Example("val_data_step20.jsonl", rows, ("rewards",), json_lines)


def nemo_skills() -> Example:
    rows = [
        {
            "id": f"aime24-{i}",
            "problem": f"q{i}",
            "expected_answer": "1",
            "generation": f"so {i}",
            "predicted_answer": "1",
            "num_generated_tokens": 100 + i,
            "generation_time": 1.5,
            "symbolic_correct": i % 2 == 1,
        }
        for i in range(4)
    ]
    return Example("eval-results/aime24/output-rs3.jsonl", rows, ("symbolic_correct",), json_lines, repeats=True)


def open_r1() -> Example:
    rows = [
        {
            "problem": f"q{i}",
            "answer": "1",
            "source": "olympiads",
            "uuid": f"uuid {i}",
            "generations": [f"{i} {j}" for j in range(3)],
            "correctness_math_verify": [True, i == 0, False],
            "finish_reasons": ["stop", "stop", "length"],
            "correctness_count": 1,
        }
        for i in range(3)
    ]
    return Example("data/train-00000-of-00001.parquet", rows, ("correctness_math_verify",), parquet)


def openai_evals() -> Example:
    specification = {"completion_fns": ["m"], "eval_name": "sums.dev.v0", "run_config": {"seed": 1}, "run_id": "r"}
    events = [
        {"run_id": "r", "event_id": 3 * i + j, "sample_id": f"sums.dev.{i}", "type": "match"}
        | {"data": {"correct": j == 1, "expected": "1", "picked": "1", "sampled": f"{i} {j}"}, "created_by": ""}
        for i in range(2)
        for j in range(3)
    ]
    lines = [{"spec": specification}, *events, {"final_report": {"accuracy": 1 / 3}, "run_id": "r"}]
    return Example("log.jsonl", lines, ("correct",), json_lines)


def skythought() -> Example:
    def response(i: int, j: int) -> dict[str, Any]:
        return {"content": f"{i} {j}", "correctness": j == i, "reason": ""}

    usages = [{"completion_tokens": 10, "prompt_tokens": 3} for _ in range(3)]
    problems = {
        f"{i}": {"prompt": f"q{i}", "responses": [response(i, j) for j in range(3)], "token_usages": usages}
        for i in range(3)
    }
    return Example("results.json", problems, ("correctness",), one_json)


def swe_bench() -> Example:
    ids = {"resolved_ids": ["a__a-1", "a__a-2"], "unresolved_ids": ["b__b-1"], "error_ids": ["c__c-1"]}
    content = {
        "total_instances": 5,
        "resolved_instances": 2,
        **ids,
        "completed_ids": ["a__a-1", "a__a-2", "b__b-1"],
        "empty_patch_ids": ["d__d-1"],
        "incomplete_ids": [],
        "submitted_ids": ["a__a-1", "a__a-2", "b__b-1", "c__c-1", "d__d-1"],
        "schema_version": 2,
    }
    return Example("org__m.run7.json", content, (), one_json)


def swe_bench_instance() -> Example:
    instances = {
        f"a__a-{i}": {"patch_is_None": False, "patch_exists": True, "patch_successfully_applied": True}
        | {"resolved": i == 1}
        for i in range(3)
    }
    return Example("logs/run_evaluation/run7/org__m/a__a-1/report.json", instances, ("resolved",), one_json)


def terminal_bench() -> Example:
    trials = [
        {"id": f"{i}{j}", "trial_name": f"t{i}.{j}-of-2.run", "task_id": f"t{i}", "instruction": f"do {i}"}
        | {"is_resolved": j == 1, "failure_mode": "none", "total_output_tokens": 20}
        for i in range(2)
        for j in range(2)
    ]
    return Example("run/results.json", {"results": trials, "accuracy": 0.5}, ("is_resolved",), one_json)


def trl() -> Example:
    rows = [
        {"step": 5, "prompt": f"q{i}", "completion": f"{i} {j}", "accuracy_reward": float(j == 1), "advantage": 0.1}
        for i in range(2)
        for j in range(3)
    ]
    return Example("completions/completions_00005.parquet", rows, ("accuracy_reward",), parquet, repeats=True)


def verifiers_episodes() -> Example:
    def trace(i: int, j: int) -> dict[str, Any]:
        call = {"node": 1, "model": "m", "sampling": {"temperature": 1.0}, "finish_reason": "stop"}
        return {
            "id": f"{i}{j}",
            "task": {"type": "Sum", "data": {"idx": i, "prompt": f"q{i}"}, "key": f"key {i}"},
            "agent": {"name": "agent"},
            "nodes": [{"message": {"role": "assistant", "content": f"{i} {j}"}}],
            "calls": [call],
            "rewards": {"correct": {"score": float(j == 1), "weight": 1.0}},
            "metrics": {"length": 3.5},
            "ok": True,
            "num_output_tokens": 12,
        }

    rows = [
        {"id": f"e{i}{j}", "env": {"id": "sums"}, "task": {"type": "Sum", "data": {"idx": i}}, "ok": True}
        | {"traces": [trace(i, j)]}
        for i in range(2)
        for j in range(3)
    ]
    return Example("traces.jsonl", rows, ("score",), json_lines)


def verl_generation() -> Example:
    rows = [
        {
            "prompt": [f"q{i}"],
            "data_source": "aime",
            "reward_model": {"ground_truth": f"{i}"},
            "responses": [f"{i} {j}" for j in range(3)],
            "score": [1.0, float(i == 0), 0.0],
        }
        for i in range(3)
    ]
    return Example("test-output-3.parquet", rows, ("score",), parquet)


def rows_of_a_table() -> Example:
    cells = [["qid", "answer_text", "is_correct", "sample_index"]]
    cells += [[f"p{i}", f"t{i}{j}", int(j == 1), j] for i in range(2) for j in range(3)]
    return Example("rows.csv", cells, (), table)


# A format may have several; each gives the name of its format and how the example is made. New formats join here.
EXAMPLES: dict[str, tuple[str, Callable[[], Example]]] = {
    "bon-jailbreaking": ("bon-jailbreaking", bon_jailbreaking),
    "large-language-monkeys json": ("large-language-monkeys", monkeys_json),
    "large-language-monkeys parquet": ("large-language-monkeys", monkeys_parquet),
    "large-language-monkeys yaml": ("large-language-monkeys", monkeys_yaml),
    "lighteval": ("lighteval", lighteval),
    "livecodebench": ("livecodebench", livecodebench),
    "livecodebench-board": ("livecodebench-board", livecodebench_board),
    "lm-eval": ("lm-eval", lm_eval),
    "math-eval": ("math-eval", math_eval),
    "matrix csv": ("matrix", matrix_csv),
    "matrix npy": ("matrix", matrix_npy),
    "passk-inference": ("passk-inference", passk_inference),
    "rlvr-audit": ("rlvr-audit", rlvr_audit),
    "tabulated": ("tabulated", tabulated),
    "tabulated counts": ("tabulated", tabulated_counts),
    "verl": ("verl", verl),
    "evalperf": ("evalperf", evalperf),
    "evalplus": ("evalplus", evalplus),
    "evalplus of old": ("evalplus", evalplus_of_old),
    "human-eval": ("human-eval", human_eval),
    "inspect-ai eval": ("inspect-ai", inspect_eval),
    "inspect-ai json": ("inspect-ai", inspect_json),
    "matharena": ("matharena", matharena),
    "metr": ("metr", metr),
    "opencompass": ("opencompass", opencompass),
    "opencompass grouped": ("opencompass", opencompass_grouped),
    "scorio": ("scorio", scorio),
    "scorio json": ("scorio", scorio_one),
    "tau-bench": ("tau-bench", tau_bench),
    "tau2-bench": ("tau-bench", tau2_bench),
    "evalperf-brief": ("evalperf-brief", evalperf_brief),
    "rows": ("rows", rows),
    "rows of lists": ("rows", rows_of_lists),
    "rows in lists": ("rows", rows_in_lists),
    "rows of trials": ("rows", rows_of_trials),
    "rows in a document": ("rows", rows_in_a_document),
    "verifiers": ("verifiers", verifiers),
    "bigcodebench": ("bigcodebench", bigcodebench),
    "evalscope": ("evalscope", evalscope),
    "evalscope of old": ("evalscope", evalscope_of_old),
    "helm": ("helm", helm),
    "nemo-gym": ("nemo-gym", nemo_gym),
    "nemo-rl": ("nemo-rl", nemo_rl),
    "nemo-skills": ("nemo-skills", nemo_skills),
    "open-r1": ("open-r1", open_r1),
    "openai-evals": ("openai-evals", openai_evals),
    "rows of a table": ("rows", rows_of_a_table),
    "skythought": ("skythought", skythought),
    "swe-bench": ("swe-bench", swe_bench),
    "swe-bench instance": ("swe-bench", swe_bench_instance),
    "terminal-bench": ("terminal-bench", terminal_bench),
    "trl": ("trl", trl),
    "verifiers-traces": ("verifiers-traces", verifiers_episodes),
    "verl-generation": ("verl-generation", verl_generation),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `example_name` on every example."""
    if "example_name" in metafunc.fixturenames:
        metafunc.parametrize("example_name", EXAMPLES)


@pytest.fixture
def format_name(example_name: str) -> str:
    return EXAMPLES[example_name][0]


@pytest.fixture
def example(example_name: str) -> Example:
    return EXAMPLES[example_name][1]()


@pytest.fixture
def all_examples() -> dict[str, tuple[str, Example]]:
    """Every example by its name, with the name of its format."""
    return {name: (format_name, make()) for name, (format_name, make) in EXAMPLES.items()}


@pytest.fixture
def example_formats() -> set[str]:
    return {name for name, _ in EXAMPLES.values()}


@pytest.fixture
def write_example(tmp_path: Path) -> Callable[[Example, Any], Path]:
    """Writes an example with other content."""

    def write(example: Example, content: Any | bytes) -> Path:
        path = tmp_path / example.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else example.pack(copy.deepcopy(content)))
        return path

    return write


@pytest.fixture
def write(tmp_path):
    """Writes rows as JSON Lines, JSON, CSV or Parquet, by the file's name."""

    def write_lines(rows, name="a.jsonl"):
        import pandas as pd

        path = tmp_path / name
        if name.endswith(".jsonl"):
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        elif name.endswith(".json"):
            path.write_text(json.dumps(rows))
        elif name.endswith(".csv"):
            pd.DataFrame(rows).to_csv(path, index=False)
        else:
            pd.DataFrame(rows).to_parquet(path)
        return path

    return write_lines
