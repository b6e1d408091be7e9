"""Formats of repeated sampling: LiveCodeBench, its board, Large Language Monkeys, tabulated pass@k, Best-of-N."""

import gzip
import json

import pandas as pd
import pytest

from boundary.data.importing.import_files import import_files, recognised_format
from boundary.errors import InputError


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def lines(path, rows):
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


def counts_of(imported):
    table = imported.counts.table
    keys = table[["model", "benchmark", "problem_id"]].itertuples(index=False, name=None)
    return dict(zip(keys, zip(table["n_samples"], table["n_correct"], strict=True), strict=True))


def coded(name="1873_A", graded=(True, False, False, False), **more):
    n = len(graded)
    fields = {
        "question_id": name,
        "question_content": f"do {name}",
        "difficulty": "easy",
        "output_list": ["a", "", "c", "d"][:n],
        "code_list": ["a", "", "", "d"][:n],
        "graded_list": list(graded),
        "pass@1": sum(graded) / n,
        "metadata": ["{}", "{}", "{}", '{"error_code": -3, "error_message": "Time Limit Exceeded"}'][:n],
    }
    return fields | more


def test_livecodebench(tmp_path):
    path = write(tmp_path / "output" / "big" / "Scenario.codegeneration_4_0.2_eval_all.json", [coded(), coded("b")])
    assert recognised_format(path) == "livecodebench"
    imported = import_files(path)
    assert counts_of(imported) == {("big", "livecodebench", name): (4, 1) for name in ("1873_A", "b")}
    assert imported.samples["outcome"].tolist()[:4] == ["correct", "empty", "no_answer", "timeout"]
    assert imported.settings == {"temperature": 0.2}
    assert set(imported.counts.table["level"]) == {"easy"}


def test_livecodebench_test_outputs_are_problems_of_their_own(tmp_path):
    rows = [coded("7", test_id=0, question_content="a"), coded("7", test_id=1, question_content="b")]
    path = write(tmp_path / "a.json", rows)
    assert [key[2] for key in counts_of(import_files(path, model="m"))] == ["7/0", "7/1"]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([coded(), coded()], "appears twice"),
        ([coded(graded_list=[True, False])], "2 verdicts, but 4 of output_list"),
        ([coded(graded_list=[1, 0, 0, -1])], "'-1' is not a verdict"),
    ],
)
def test_livecodebench_that_cannot_be_counted(tmp_path, rows, why):
    with pytest.raises(InputError, match=why):
        import_files(write(tmp_path / "a.json", rows), model="m")


def test_livecodebench_says_where_its_mean_differs(tmp_path):
    path = write(tmp_path / "a.json", [coded() | {"pass@1": 0.5}])
    assert any("its verdicts give 0.25" in note for note in import_files(path, model="m").notes)


def board(*rows):
    return {"performances": list(rows), "models": [], "date_marks": []}


def place(model="m", name="q", value=70.0, **more):
    row = {"question_id": name, "model": model, "date": 1, "difficulty": "easy", "pass@1": value, "platform": "x"}
    return row | more


def test_board_gives_counts_of_ten_or_of_one(tmp_path):
    rows = [place("m", "a"), place("m", "b", 0.0), place("once", "a", 100.0), place("once", "b", 0.0)]
    path = tmp_path / "performances_generation.json.gz"
    path.write_bytes(gzip.compress(json.dumps(board(*rows)).encode()))
    imported = import_files(path)
    assert list(counts_of(imported).values()) == [(10, 7), (10, 0), (1, 1), (1, 0)]
    assert set(imported.counts.benchmarks) == {"livecodebench"}
    assert any("for 1 of 2 models" in note for note in imported.notes)
    assert counts_of(import_files(path, n="20"))["m", "livecodebench", "a"] == (20, 14)
    with pytest.raises(InputError, match="holds counts only"):
        _ = imported.samples


def test_board_of_execution_leaves_out_what_was_not_run(tmp_path):
    rows = [
        {"model": "m", "sample_id": f"s{i}", "question_id": 1, "Pass@1": 12.5 if i else 30.0, "Pass@1-COT": -1.0}
        for i in range(3)
    ]
    rows.append(rows[0] | {"model": "thinks", "Pass@1-COT": 40.0})
    imported = import_files(write(tmp_path / "performances_execution.json", board(*rows)))
    totals = counts_of(imported)
    assert totals["m", "livecodebench-execution", "s0"] == (10, 3)
    assert totals["m", "livecodebench-execution", "s1"] == (8, 1)
    assert totals["thinks", "livecodebench-execution-cot", "s0"] == (10, 4)
    assert not any(key[:2] == ("m", "livecodebench-execution-cot") for key in totals)
    assert any("3 values are -1" in note for note in imported.notes)


def test_board_rows_twice_are_refused_but_tests_of_a_question_are_numbered(tmp_path):
    with pytest.raises(InputError, match="appears twice"):
        import_files(write(tmp_path / "a.json", board(place(), place())))
    rows = [place(value=value) for value in (30.0, 0.0)]
    for row in rows:
        del row["platform"]
    path = write(tmp_path / "performances_testgen.json", board(*rows))
    assert [key[2] for key in counts_of(import_files(path))] == ["q#0", "q#1"]


@pytest.mark.parametrize("value", [-2, 101, "70", None, True, 33.0])
def test_board_values_that_are_no_shares(tmp_path, value):
    rows = [place(value=value), place(name="b")]
    with pytest.raises(InputError, match=r"no pass@1|no share of"):
        import_files(write(tmp_path / "a.json", board(*rows)), n="10")


YAML = (
    'prompt: "p"\nquestion: "q"\ngt_answer: "1"\nsamples:\n- "a"\n- ""\n- "c"\nis_corrects:\n- true\n- false\n- false\n'
)


def test_monkeys_yaml_is_a_problem_a_file(tmp_path):
    for name in ("11", "12"):
        write(tmp_path / "MATH_Gemma-2B" / f"{name}.yaml", YAML.replace('"q"', f'"{name}"'))
    imported = import_files(tmp_path)
    assert counts_of(imported) == {("Gemma-2B", "MATH", name): (3, 1) for name in ("11", "12")}
    assert imported.samples["outcome"].tolist()[:3] == ["correct", "empty", "wrong"]


def test_monkeys_tables(tmp_path):
    rows = [
        {"question": f"q{i}", "samples": ["a", "b"], "is_corrects": [True, False], "orig_dset_idx": i}
        | {"orig_dset_split": "test"}
        for i in (4, 9)
    ]
    table = tmp_path / "GSM8K_Llama-3-8B-Instruct.parquet"
    pd.DataFrame(rows).to_parquet(table)
    listed = write(tmp_path / "GSM8K_Llama-3-8B-Instruct.json", rows)
    expected = {("Llama-3-8B-Instruct", "GSM8K", name): (2, 1) for name in ("4", "9")}
    for path in (table, listed):
        assert recognised_format(path) == "large-language-monkeys"
        assert counts_of(import_files(path)) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (YAML.replace("- true", "- maybe"), "'maybe' is not a verdict"),
        (YAML.replace("- true\n", ""), "2 verdicts, but 3 samples"),
        (YAML.replace("is_corrects:", "is_corrects: 3 #"), "not YAML|not both lists"),
        (YAML.replace('"q"', '"q'), "not YAML"),
        (YAML.replace("samples:", "samples: 3\nothers:"), "not both lists"),
    ],
)
def test_monkeys_yaml_that_cannot_be_counted(tmp_path, text, why):
    with pytest.raises(InputError, match=why):
        import_files(write(tmp_path / "1.yaml", text), "large-language-monkeys", model="m")


def rates(n=4, c=1, k=1, **more):
    row = {"Model": "m", "Benchmark": "MATH", "Problem Idx": 3, "Num. Samples Total": n, "Num. Samples Correct": c}
    return row | {"Scaling Parameter": k, "Score": 0.25} | more


def test_tabulated_counts_are_taken_once(tmp_path):
    path = tmp_path / "pass_at_k.parquet"
    pd.DataFrame([rates(), rates(k=2, Score=0.5), rates(k=8, Score=1.0), rates(**{"Problem Idx": 4})]).to_parquet(path)
    assert recognised_format(path) == "tabulated"
    imported = import_files(path)
    assert counts_of(imported) == {("m", "MATH", "3"): (4, 1), ("m", "MATH", "4"): (4, 1)}
    assert any("1 score is pass@k of more than all samples" in note for note in imported.notes)
    assert not any("not the pass@k of their counts" in note for note in imported.notes)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([rates(), rates(c=2)], "where it had 1 of 4"),
        ([rates(c=5)], "5 correct of 4"),
        ([rates(c=0.5)], "not a whole number"),
        ([rates(Model=None)], "no model or problem"),
    ],
)
def test_tabulated_counts_that_contradict_themselves(tmp_path, rows, why):
    path = tmp_path / "pass_at_k.parquet"
    pd.DataFrame(rows).to_parquet(path)
    with pytest.raises(InputError, match=why):
        import_files(path)


def test_tabulated_attempts_keep_their_order(tmp_path):
    path = tmp_path / "individual.parquet"
    rows = [
        {"Model": "m", "Benchmark": "MATH", "Problem Idx": 0, "Attempt Idx": i, "Score": float(i == 2)}
        for i in (2, 1, 3)
    ]
    pd.DataFrame(rows).to_parquet(path)
    samples = import_files(path).samples
    assert samples[["sample_index", "outcome"]].to_numpy().tolist() == [[2, "correct"], [1, "wrong"], [3, "wrong"]]
    pd.DataFrame([*rows, rows[0]]).to_parquet(path)
    with pytest.raises(InputError, match="row 4: attempt 2 of problem 0 appears twice"):
        import_files(path)


def test_a_damaged_parquet_file_is_named(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame([rates()]).to_parquet(path)
    whole = path.read_bytes()
    for broken in (whole[:-30], whole[:200], whole[:4] + b"\0" * 300 + whole[304:]):
        path.write_bytes(broken)
        with pytest.raises(InputError, match="cut short or damaged"):
            import_files(path)
    path.write_bytes(gzip.compress(whole))
    with pytest.raises(InputError, match="Unpack it first"):
        import_files(path)


def attempts(problem, n, success, name="h"):
    return [{"i": problem, "flagged": i in success, "n": i, "behavior_id": name} for i in range(n)]


def test_best_of_n_tells_that_attempts_stop_after_a_success(tmp_path):
    rows = attempts(0, 60, {3}) + attempts(1, 120, {70}, "g") + attempts(2, 180, set(), "f")
    path = lines(tmp_path / "llama_text_t1.0_n10000.jsonl", rows)
    assert recognised_format(path) == "bon-jailbreaking"
    imported = import_files(path)
    assert list(counts_of(imported).values()) == [(60, 1), (120, 1), (180, 0)]
    assert imported.counts.models == ("llama",)
    assert any("depends on the outcome" in note for note in imported.notes)
    fixed = lines(path, attempts(0, 60, {3}) + attempts(1, 60, {50}, "g"))
    assert import_files(fixed).notes == ()


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (attempts(0, 3, set()) + attempts(0, 1, set()), "line 4: attempt 0 of problem 0 appears twice"),
        ([attempts(0, 1, set())[0] | {"flagged": None}], "'None' is not a verdict"),
        (attempts(0, 1, set()) + attempts(0, 2, set(), "other")[1:], "asks something else"),
    ],
)
def test_best_of_n_that_cannot_be_counted(tmp_path, rows, why):
    with pytest.raises(InputError, match=why):
        import_files(lines(tmp_path / "a.jsonl", rows), model="m")
