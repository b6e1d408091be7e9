"""Files as tools write them: rows that several policies wrote, secrets in settings, names that versions changed."""

import json

import pandas as pd
import pytest

from boundary.data.importing.import_files import import_files, recognised_format
from boundary.data.settings.pooling import without_secrets
from boundary.errors import InputError


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def counts_of(imported):
    return imported.counts.table[["model", "problem_id", "n_samples", "n_correct"]].to_numpy().tolist()


def rollouts(step, **more):
    cells = [(i, j) for i in range(2) for j in range(3)]
    return [
        {"input": f"q{i}", "output": f"{step} {i} {j} {more}", "score": float(j <= i), "step": step} for i, j in cells
    ]


def test_verl_before_it_wrote_references(tmp_path):
    path = lines(tmp_path / "val" / "0.jsonl", rollouts(0))
    lines(tmp_path / "val" / "20.jsonl", rollouts(20))
    assert recognised_format(path) == "verl"
    table = import_files(tmp_path).counts.table
    assert table.groupby("checkpoint_step")["n_samples"].sum().to_dict() == {0: 6, 20: 6}


@pytest.mark.parametrize("model", [None, "m"])
def test_two_trainings_that_no_file_names_are_not_pooled(tmp_path, model):
    lines(tmp_path / "a" / "5.jsonl", rollouts(5, run="a"))
    lines(tmp_path / "b" / "5.jsonl", rollouts(5, run="b"))
    with pytest.raises(InputError, match=r"'.*a' has .*step 5 too, with the same problem.* apart, each with its own"):
        import_files(tmp_path, model=model)
    imported = import_files(tmp_path, model=model, pool_settings=True)
    assert imported.counts.table["n_samples"].sum() == 12
    assert any("is pooled from" in note and "as you asked" in note for note in imported.notes)


def test_several_steps_and_benchmarks_of_one_training_are_in_folders_of_their_own(tmp_path):
    for step in (5, 10):
        lines(tmp_path / f"step_{step}" / f"{step}.jsonl", rollouts(step))
    table = import_files(tmp_path, model="m").counts.table
    assert table.groupby("model")["n_samples"].sum().to_dict() == {"m step 5": 6, "m step 10": 6}


@pytest.mark.parametrize(("name", "role"), [("step", "step"), ("checkpoint", "model"), ("variant", "model")])
@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_rows_of_several_policies_are_not_pooled_in_silence(tmp_path, name, role, ending):
    values = (0, 100) if name == "step" else ("base", "rl")
    rows = [
        {"problem_id": f"p{i}", name: value, "response": f"{value} {i} {j}", "is_correct": j <= i}
        for value in values
        for i in range(2)
        for j in range(3)
    ]
    path = tmp_path / f"a.{ending}"
    frame = pd.DataFrame(rows)
    if ending == "jsonl":
        lines(path, rows)
    elif ending == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    with pytest.raises(InputError, match=f"differ in '{name}', which may tell {role}s apart.*--columns {role}={name}"):
        import_files(path, model="m")
    model = None if role == "model" else "m"
    separate_models = import_files(path, "rows", model=model, columns=f"{role}={name}").counts.table
    assert separate_models.groupby("model")["n_samples"].sum().tolist() == [6, 6]
    pooled = import_files(path, "rows", model="m", columns=f"run={name}").counts.table
    assert pooled["n_samples"].sum() == 12


@pytest.mark.parametrize("field", ["scores", "rewards", "verdicts"])
def test_rows_with_a_list_of_scores(tmp_path, field):
    rows = [{"question": f"q{i}", "responses": [f"{i} {j}" for j in range(3)], field: [1, 0, i]} for i in range(2)]
    path = lines(tmp_path / "a.jsonl", rows)
    assert recognised_format(path) == "rows"
    assert [row[2:] for row in counts_of(import_files(path, model="m"))] == [[3, 1], [3, 2]]


def test_secrets_are_no_settings(tmp_path):
    settings = {"temperature": 1, "max_tokens": 5, "extra_body": {"api_key": "x", "top_k": 3}, "hf_token": "hf_1"}
    settings |= {"url": "https://me:pass@host/v1", "model_url": "https://host:80/v1", "headers": {"Authorization": "x"}}
    assert without_secrets(settings) == {
        "temperature": 1,
        "max_tokens": 5,
        "extra_body": {"top_k": 3},
        "model_url": "https://host:80/v1",
    }
    row = {"example_id": 0, "prompt": "q", "completion": "a", "reward": 1.0, "generation_ms": 1.0}
    lines(tmp_path / "results.jsonl", [row])
    sampling = {"temperature": 0.7, "extra_body": {"api_key": "sk-0123456789"}}
    metadata = {"env_id": "e", "model": "m", "sampling_args": sampling}
    (tmp_path / "metadata.json").write_text(json.dumps(metadata))
    assert "sk-0123456789" not in import_files(tmp_path).counts.table.to_csv()


@pytest.mark.parametrize(
    ("run", "benchmark"),
    [
        ("gsm:model=openai_gpt-4,stop=none", "gsm:stop=none"),
        ("ifeval:model=openai_gpt-4", "ifeval"),
        ("mmlu:subject=anatomy,model=m,model_deployment=d", "mmlu:subject=anatomy"),
        ("mmlu:subject=anatomy,model=m,groups=g", "mmlu:subject=anatomy,groups=g"),
    ],
)
def test_helm_benchmarks_do_not_name_the_model(tmp_path, run, benchmark):
    stat = {"name": {"name": "exact_match", "split": "test"}, "count": 1, "sum": 1.0}
    entries = [{"instance_id": "id1", "train_trial_index": 0, "stats": [stat]}]
    (tmp_path / "per_instance_stats.json").write_text(json.dumps(entries))
    (tmp_path / "run_spec.json").write_text(json.dumps({"name": run, "adapter_spec": {"model": "m"}}))
    assert import_files(tmp_path).counts.benchmarks == (benchmark,)


@pytest.mark.parametrize(("n", "share"), [(1, 1.0), (4, 0.25)])
def test_lighteval_one_share_under_two_names(tmp_path, n, share):
    metric = {f"pass@k:k=1&n={n}": share, f"avg@n:n={n}": share}
    response = {"input": "p", "text": [f"a{j}" for j in range(n)]}
    row = {"doc": {"id": "a", "query": "q"}, "metric": metric, "model_response": response}
    path = tmp_path / "details_t|0_2026-01-01T00-00-00.parquet"
    pd.DataFrame([row]).to_parquet(path)
    assert counts_of(import_files(path, model="m")) == [["m", "a", n, 1]]
    row["metric"] = {f"pass@k:k=1&n={n}": share, f"avg@n:n={n}": 0.0}
    pd.DataFrame([row]).to_parquet(path)
    with pytest.raises(InputError, match="several metrics"):
        import_files(path, model="m")


def test_rows_of_several_benchmarks_are_not_pooled_in_silence(tmp_path):
    rows = [
        {"problem_id": i, "subset": subset, "response": f"{subset} {i} {j}", "correct": ("Yes", "No")[j]}
        for subset in "ab"
        for i in range(2)
        for j in range(2)
    ]
    with pytest.raises(InputError, match="differ in 'subset', which may tell benchmarks apart"):
        import_files(lines(tmp_path / "a.jsonl", rows), model="m")
    imported = import_files(tmp_path, "rows", model="m", columns="benchmark=subset")
    assert imported.counts.benchmarks == ("a", "b")
    assert [row[2:] for row in counts_of(imported)] == [[2, 1]] * 4


def test_files_that_share_names_of_problems_are_pooled_and_noted(tmp_path):
    for name in ("aime", "math", "more"):
        rows = [{"problem_id": i, "response": f"{name} {i} {j}", "correct": j <= i} for i in range(2) for j in range(3)]
        lines(tmp_path / f"{name}.jsonl", rows)
    notes = import_files(tmp_path, model="m").notes
    pooled_notes = [note for note in notes if "have problems of the same names" in note]
    assert len(pooled_notes) == 1
    assert f"'{tmp_path}/aime.jsonl', '{tmp_path}/math.jsonl'" in pooled_notes[0]


def test_tables_of_other_columns_say_how_to_name_them(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("problem,base,rl\np1,1,0\n")
    with pytest.raises(InputError, match=r"the columns problem, base, rl.*--columns problem=NAME.*models=NAME"):
        import_files(path)
