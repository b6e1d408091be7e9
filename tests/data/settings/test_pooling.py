"""Runs that were sampled or judged in another way are not pooled, whatever the format; a switch pools them."""

import copy
import io
import json
import zipfile

import pandas as pd
import pytest

from boundary.data.importing.import_files import import_files
from boundary.errors import InputError


def json_lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def inspect_log(run, eval=None, plan=None, config=None, system=None, text="q"):
    task = {"task": "sums", "task_id": f"t{run}", "model": "m", "dataset": {"name": "d"}, "config": {"epochs": 2}}
    header = {
        "version": 2,
        "status": "success",
        "eval": task | (eval or {}),
        "plan": {"config": config or {}} | (plan or {}),
    }
    messages = [{"role": "system", "content": system}] * bool(system) + [{"role": "user", "content": text}]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("header.json", json.dumps(header))
        for i in range(3):
            for epoch in (1, 2):
                answer = {"role": "assistant", "content": f"{run} {i} {epoch}"}
                sample = {"id": i, "epoch": epoch, "messages": [*messages, answer], "scores": {"s": {"value": "C"}}}
                zipped.writestr(f"samples/{i}_epoch_{epoch}.json", json.dumps(sample))
    return f"{run}.eval", buffer.getvalue()


def scorer(**options):
    return {"scorers": [{"name": "match", "options": options}]}


def lm_eval(run, prompt=None, **settings):
    rows = [
        {
            "doc_id": i,
            "resps": [[f"{run} {i}"]],
            "filtered_resps": ["1"],
            "filter": "none",
            "metrics": ["acc"],
            "acc": 1.0,
        }
        | {"doc_hash": f"h{i}", "arguments": {"gen_args_0": {"arg_0": f"{prompt or ''}Q{i}", "arg_1": settings}}}
        for i in range(3)
    ]
    return f"org__m/samples_gsm8k_2025-01-0{run}T10-00-00.000000.jsonl", json_lines(rows)


def lm_eval_results(run, **results):
    return f"org__m/results_2025-01-0{run}T10-00-00.000000.json", json.dumps(results).encode()


def math_eval(run, name):
    rows = [{"idx": i, "question": f"q{i}", "gt_cot": "", "code": [f"{run} {i}"], "score": [True]} for i in range(3)]
    return f"m_aime_temp0.6_n1_seed{run}/{name}_-1_seed{run}_t0.6_s0_e-1.jsonl", json_lines(rows)


def opencompass(run, prompt, kind="GEN"):
    details = {
        str(i): {"prompt": f"{prompt}{i}", "origin_prediction": f"{run} {i}", "predictions": "1", "references": "1"}
        | {"correct": True}
        for i in range(3)
    }
    return f"{run}/results/m/aime.json", json.dumps({"accuracy": 1, "details": {"type": kind} | details}).encode()


def tau(run, name="", policy=None, instruction=None):
    task = {"task": {"user_id": "u", "instruction": instruction}} if instruction else {}
    trials = [
        {
            "task_id": i,
            "trial": run,
            "reward": 1.0,
            "info": task,
            "traj": [{"role": "system", "content": policy or "be kind"}],
        }
        for i in range(3)
    ]
    return f"{name or 'plain'}{'' if name else run}.json", json.dumps(trials).encode()


def tau2(run, **info):
    agent = {"implementation": "llm_agent", "llm": "m", "llm_args": {"temperature": 0.0}}
    info_of_run = {"num_trials": 1, "seed": run, "agent_info": agent, "user_info": {"llm": "gpt"}, "max_steps": 100}
    info_of_run |= {"environment_info": {"domain_name": "retail", "policy": "p"}} | info
    simulations = [
        {"task_id": str(i), "trial": run, "reward_info": {"reward": 1.0}, "termination_reason": "user_stop"}
        for i in range(3)
    ]
    return f"{run}.json", json.dumps({"info": info_of_run, "tasks": [], "simulations": simulations}).encode()


def verifiers(run, system="s", **metadata):
    rows = [
        {"example_id": i, "prompt": [{"role": "system", "content": system}], "completion": f"{run} {i}", "reward": 1.0}
        for i in range(3)
    ]
    metadata_file = {
        "env_id": "e",
        "model": "m",
        "sampling_args": {"temperature": 1.0, "n": 1},
        "env_args": {},
    } | metadata
    return [(f"{run}/results.jsonl", json_lines(rows)), (f"{run}/metadata.json", json.dumps(metadata_file).encode())]


def rows(run, **more):
    lines = [{"problem_id": i, "response": f"{run} {i}", "is_correct": True} | more for i in range(3)]
    return f"{run}.jsonl", json_lines(lines)


def evalplus(run, name, hash="1"):
    problems = {
        f"HumanEval/{i}": [{"solution": f"{run} {i}", "base_status": "pass", "plus_status": "pass"}] for i in range(3)
    }
    return f"{run}/{name}.eval_results.json", json.dumps({"hash": hash, "eval": problems}).encode()


def evalperf(run, **config):
    problems = {
        f"Mbpp/{i}": {"results": [{"solution": f"{run} {i}", "passed": True, "matching_cluster_idx": None}]}
        for i in range(3)
    }
    return f"{run}.json", json.dumps({"config": {"model": "m"} | config, "eval": problems}).encode()


def lighteval(run, text_before):
    table = pd.DataFrame(
        [
            {"doc": json.dumps({"id": str(i), "query": f"q{i}"}), "metric": json.dumps({"em": 1.0})}
            | {"model_response": json.dumps({"input": f"{text_before}q{i}", "text": [f"{run} {i}"]})}
            for i in range(3)
        ]
    )
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return f"details/org/m/{run}/details_aime|0_2025-01-0{run}T00-00-00.parquet", buffer.getvalue()


def matharena(run, system):
    talk = [{"role": "system", "content": system}, {"role": "user", "content": "q"}]
    content = {"idx": 1, "problem": "p", "N": 1, "pass_at_1": 1.0, "answers": ["7"], "correct": [True]}
    content |= {"messages": [[*talk, {"role": "assistant", "content": f"{run}"}]]}
    return f"{run}/1.json", json.dumps(content).encode()


def monkeys(run, prompt):
    content = [{"question": "q", "prompt": prompt, "samples": [f"{run}"], "is_corrects": [True], "orig_dset_idx": 1}]
    return f"{run}.json", json.dumps(content).encode()


def metr(run, scaffold):
    row = {"run_id": f"{run}", "task_id": "t", "score_binarized": 1, "human_minutes": 1.0, "alias": "m"}
    return f"{run}.jsonl", json_lines([row | {"scaffold": scaffold}])


def livecodebench(run, name):
    problem = {
        "question_id": "q",
        "output_list": [f"{run}"],
        "code_list": ["c"],
        "graded_list": [True],
        "metadata": ["{}"],
    }
    return f"{run}/Scenario.codegeneration_1_0.2{name}_eval_all.json", json.dumps([problem]).encode()


TAU = "tool-calling-gpt-4o-0.0_range_0--1_user-{}-{}_0101.json"
# Two runs, and what the refusal must say.
OTHERWISE = {
    "inspect reasoning effort": (
        inspect_log(1, config={"reasoning_effort": "low"}),
        inspect_log(2, config={"reasoning_effort": "high"}),
        "reasoning_effort high, where it had low",
    ),
    "inspect effort set and not set": (
        inspect_log(1),
        inspect_log(2, config={"reasoning_effort": "high"}),
        "reasoning_effort high, where it had not set",
    ),
    "inspect top_k": (
        inspect_log(1, config={"top_k": 1}),
        inspect_log(2, config={"top_k": 50}),
        "top_k 50, where it had 1",
    ),
    "inspect stop": (inspect_log(1), inspect_log(2, config={"stop_seqs": ["\n"]}), r"generation\.stop_seqs"),
    "inspect task arguments": (
        inspect_log(1, eval={"task_args": {"fewshot": 0}}),
        inspect_log(2, eval={"task_args": {"fewshot": 5}}),
        r"task_args\.fewshot 5, where it had 0",
    ),
    "inspect solver": (
        inspect_log(1, plan={"steps": [{"solver": "generate", "params": {}}]}),
        inspect_log(2, plan={"steps": [{"solver": "chain_of_thought", "params": {}}]}),
        r"plan\.steps .*chain_of_thought",
    ),
    "inspect solver arguments": (
        inspect_log(1, eval={"solver": "s", "solver_args": {"tries": 1}}),
        inspect_log(2, eval={"solver": "s", "solver_args": {"tries": 3}}),
        r"solver\.args\.tries 3, where it had 1",
    ),
    "inspect model arguments": (
        inspect_log(1, eval={"model_args": {"dtype": "float32"}}),
        inspect_log(2, eval={"model_args": {"dtype": "float16"}}),
        r"model_args\.dtype float16",
    ),
    "inspect grader": (
        inspect_log(1, eval={"model_roles": {"grader": {"model": "a"}}}),
        inspect_log(2, eval={"model_roles": {"grader": {"model": "b"}}}),
        r"model_roles\.grader\.model b, where it had a",
    ),
    "inspect scorer": (
        inspect_log(1, eval=scorer(ignore_case=True)),
        inspect_log(2, eval=scorer(ignore_case=False)),
        r"scorer\.match\.ignore_case false, where it had true",
    ),
    "inspect dataset": (
        inspect_log(1, eval={"dataset": {"name": "train"}}),
        inspect_log(2, eval={"dataset": {"name": "test"}}),
        r"dataset\.name test, where it had train",
    ),
    "inspect limit": (
        inspect_log(1, eval={"config": {"message_limit": 10}}),
        inspect_log(2, eval={"config": {"message_limit": 99}}),
        r"limits\.message_limit 99",
    ),
    "inspect system message": (inspect_log(1, system="a"), inspect_log(2, system="b"), "asked by another prompt"),
    "inspect template": (inspect_log(1, text="q"), inspect_log(2, text="Think. q"), "asked by another prompt"),
    "lm-eval tokens": (lm_eval(1, max_gen_toks=256), lm_eval(2, max_gen_toks=512), "max_tokens 512, where it had 256"),
    "lm-eval top_k": (lm_eval(1, top_k=1), lm_eval(2, top_k=5), r"generation\.top_k 5"),
    "lm-eval few-shots": (lm_eval(1), lm_eval(2, prompt="example "), "asked by another prompt"),
    "lm-eval model arguments": (
        [lm_eval(1), lm_eval_results(1, config={"model_args": "pretrained=m,dtype=auto"})],
        [lm_eval(2), lm_eval_results(2, config={"model_args": "pretrained=m,peft=x"})],
        r"model_args\.(peft|dtype)",
    ),
    "lm-eval shots": (
        [lm_eval(1), lm_eval_results(1, **{"n-shot": {"gsm8k": 0}})],
        [lm_eval(2), lm_eval_results(2, **{"n-shot": {"gsm8k": 5}})],
        "num_fewshot 5, where it had 0",
    ),
    "math-eval prompt": (
        math_eval(0, "test_cot"),
        math_eval(1, "test_qwen-boxed"),
        "prompt qwen-boxed, where it had cot",
    ),
    "math-eval split": (math_eval(0, "test_cot"), math_eval(1, "train_cot"), "split train, where it had test"),
    "opencompass prompt": (opencompass(1, "A"), opencompass(2, "B"), "asked by another prompt"),
    "tau user model": (tau(0, TAU.format("a", "llm")), tau(1, TAU.format("b", "llm")), "user b, where it had a"),
    "tau user strategy": (tau(0, TAU.format("a", "llm")), tau(1, TAU.format("a", "react")), "user_strategy react"),
    "tau policy": (tau(0), tau(1, policy="be strict"), "asked by another prompt"),
    "tau tasks": (tau(0, instruction="buy"), tau(1, instruction="sell"), "asks something else"),
    "tau2 user": (tau2(0), tau2(1, user_info={"llm": "weak"}), r"user_info\.llm weak, where it had gpt"),
    "tau2 steps": (tau2(0), tau2(1, max_steps=30), r"run\.max_steps 30, where it had 100"),
    "tau2 agent": (
        tau2(0),
        tau2(1, agent_info={"implementation": "solo", "llm": "m", "llm_args": {"temperature": 0.0}}),
        r"agent_info\.implementation solo, where it had llm_agent",
    ),
    "tau2 reasoning": (
        tau2(0),
        tau2(
            1,
            agent_info={"implementation": "llm_agent", "llm": "m", "llm_args": {"temperature": 0.0, "effort": "high"}},
        ),
        r"llm_args\.effort high, where it had not set",
    ),
    "verifiers sampling": (
        verifiers(1),
        verifiers(2, sampling_args={"temperature": 0.2}),
        r"temperature 0\.2, where it had 1\.0",
    ),
    "verifiers tokens": (
        verifiers(1),
        verifiers(2, sampling_args={"temperature": 1.0, "max_tokens": 9}),
        "max_tokens 9, where it had not set",
    ),
    "verifiers environment": (verifiers(1), verifiers(2, env_args={"hard": True}), r"env_args\.hard true"),
    "verifiers prompt": (verifiers(1), verifiers(2, system="other"), "asked by another prompt"),
    "rows": (rows(1, temperature=0.2), rows(2, temperature=1.0), r"temperature 1\.0, where it had 0\.2"),
    "rows effort": (rows(1, reasoning_effort="low"), rows(2, reasoning_effort="high"), "reasoning_effort high"),
    "rows prompt": (rows(1, prompt="a"), rows(2, prompt="b"), "asked by another prompt"),
    "evalplus tests": (evalplus(1, "m_temp_0.8"), evalplus(2, "m_temp_0.8", "2"), "tests 2, where it had 1"),
    "evalplus cleaned": (
        evalplus(1, "m_vllm_temp_0.8"),
        evalplus(2, "m_vllm_temp_0.8-sanitized"),
        "solutions sanitized, where it had as they are",
    ),
    "evalplus backend": (evalplus(1, "m_vllm_temp_0.8"), evalplus(2, "m_hf_temp_0.8"), "backend hf, where it had vllm"),
    "evalperf": (evalperf(1), evalperf(2, optimizer="refine"), r"config\.optimizer refine, where it had not set"),
    "lighteval prompt": (lighteval(1, ""), lighteval(2, "Think. "), "asked by another prompt"),
    "matharena prompt": (matharena(1, "a"), matharena(2, "b"), "asked by another prompt"),
    "monkeys prompt": (monkeys(1, "a"), monkeys(2, "b"), "asked by another prompt"),
    "metr scaffold": (metr(1, "a"), metr(2, "b"), "scaffold b, where it had a"),
    "livecodebench prompt": (livecodebench(1, ""), livecodebench(2, "_cot"), "prompt chain of thought"),
}


def write_runs(folder, *runs):
    for run in runs:
        for name, data in [run] if isinstance(run, tuple) else run:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


@pytest.mark.parametrize("name", OTHERWISE)
def test_runs_of_other_settings_are_refused_unless_asked_for(tmp_path, name):
    first, second, why = OTHERWISE[name]
    folder = write_runs(tmp_path, first, second)
    with pytest.raises(InputError, match=why) as refusal:
        import_files(folder, model="m")
    if name == "tau tasks":
        assert "--benchmark NAME" in str(refusal.value)
        return
    assert "--model NAME, or pool them all the same with --pool-settings" in str(refusal.value)
    imported = import_files(folder, model="m", pool_settings=True)
    single = import_files(write_runs(tmp_path / "one", first), model="m").counts.table
    assert imported.counts.table["n_samples"].tolist() == (2 * single["n_samples"]).tolist()
    assert any("as you asked" in note for note in imported.notes)


def test_runs_of_one_setting_are_pooled(tmp_path):
    """Seeds, dates, places on disk and other things that change nothing do not keep runs apart."""
    first_place = {"dataset": {"name": "d", "location": "/home/a/d.csv"}}
    second_place = {"dataset": {"name": "d", "location": "/home/b/d.csv"}, "model_args": {"port": 8001}}
    write_runs(
        tmp_path / "inspect",
        inspect_log(1, eval=first_place, config={"seed": 1, "max_connections": 9}),
        inspect_log(2, eval=second_place, config={"seed": 2}),
    )
    write_runs(tmp_path / "verifiers", verifiers(1, time_ms=1.0), verifiers(2, date="x"))
    write_runs(tmp_path / "tau2", tau2(0), tau2(1, git_commit="abc"))
    write_runs(tmp_path / "lm-eval", lm_eval(1, temperature=0.7), lm_eval(2, temperature=0.7))
    for folder in ("inspect", "verifiers", "tau2", "lm-eval"):
        imported = import_files(tmp_path / folder)
        assert imported.counts.table["n_samples"].nunique() == 1
        assert not [note for note in imported.notes if "pooled" in note]


def test_what_one_file_does_not_say_is_told(tmp_path):
    plain = json_lines(
        [{"idx": i, "question": f"q{i}", "gt_cot": "", "code": ["x"], "score": [True]} for i in range(3)]
    )
    folder = write_runs(tmp_path, math_eval(0, "test_cot"), ("plain.jsonl", plain))
    imported = import_files(folder, model="m", benchmark="aime")
    assert any("does not say its temperature, which is 0.6" in note for note in imported.notes)


def test_prompts_that_vary_within_a_run_are_not_compared(tmp_path):
    """Choices may be shuffled for each sample."""

    def shuffled(run):
        name, data = rows(run)
        lines = [json.loads(line) | {"prompt": f"{run} {place}"} for place in (1, 2) for line in data.splitlines()]
        return name, json_lines(lines)

    imported = import_files(write_runs(tmp_path, shuffled(1), shuffled(2)), model="m")
    assert imported.counts.table["n_samples"].tolist() == [4, 4, 4]


def test_pooled_over_temperatures_no_column_says_one(tmp_path):
    folder = write_runs(tmp_path, rows(1, temperature=0.2), rows(2, temperature=1.0))
    table = import_files(folder, model="m", pool_settings=True).counts.table
    assert table["temperature"].isna().all()


def test_one_file_of_several_settings_is_refused(tmp_path):
    name, data = rows(1)
    lines = [json.loads(line) | {"temperature": value} for value in (0.2, 1.0) for line in copy.copy(data).splitlines()]
    with pytest.raises(InputError, match=r"line 4: m on default has temperature 1\.0, where it had 0\.2"):
        import_files(write_runs(tmp_path, (name, json_lines(lines))), model="m")
