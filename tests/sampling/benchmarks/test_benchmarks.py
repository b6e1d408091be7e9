"""Benchmarks: presets, files, generated problems; the hash that tells problem sets apart."""

import base64
import json
import pickle
import sys
import tracemalloc
import zlib
from dataclasses import replace
from types import SimpleNamespace

import pytest

from boundary.errors import InputError
from boundary.sampling.benchmarks.code_tests import CODE_TESTS, cases_of, unpacked
from boundary.sampling.benchmarks.generated import gym_dataset
from boundary.sampling.benchmarks.hub import hub_problems
from boundary.sampling.benchmarks.loading import load_problems
from boundary.sampling.benchmarks.presets import Benchmark, find_benchmark, presets
from boundary.sampling.judging.judge import judge
from boundary.sampling.problems import Completion, Problem, problem_set_hash
from boundary.sampling.prompts import load_template
from boundary.sampling.verifiers.table import VERIFIERS, load_verifier

PAPER = {"gsm8k", "math500", "aime24", "amc23", "minerva", "olympiad", "omni-math-rule", "livecodebench"}
PAPER |= {"humaneval-plus", "mbpp-plus", "mathvista", "mathvision", "math-eval-aime", "math-eval-olympiad"}


@pytest.mark.parametrize("name", presets())
def test_every_preset_names_a_verifier_a_template_and_a_set(name):
    preset = find_benchmark(name)
    assert preset.verifier in VERIFIERS
    assert load_template(preset.template)
    assert "/" in preset.source
    assert preset.split
    assert 0.0 <= preset.guess_floor < 1.0
    assert preset.answer or preset.tests in CODE_TESTS
    assert preset.title


def test_every_benchmark_of_the_paper_is_there():
    assert set(presets()) >= PAPER
    assert find_benchmark("math500@abc").revision == "abc"


class Rows(list):
    """What `datasets.load_dataset` gives, as far as it is used."""

    def cast_column(self, column, kind):
        return self


@pytest.fixture
def hub(monkeypatch):
    """Put a hub in the place of the real one: a function that gives rows, or fails."""

    def serve(load):
        fake = SimpleNamespace(load_dataset=lambda *_, **__: load(), Image=lambda decode: None)
        monkeypatch.setitem(sys.modules, "datasets", fake)

    return serve


def rows_of(name, n):
    """Rows as the hub's set of that name has them, by its published columns."""
    math = {"answer": r"\frac{1}{2}", "subject": "Algebra", "level": 5}
    image = {"answer": "3", "level": 1, "subject": "x", "decoded_image": {"bytes": b"png7", "path": None}}
    kinds = {
        "gsm8k": lambda i: {"question": f"q{i}", "answer": f"We add. #### 1,{i:03d}"},
        "math500": lambda i: {"problem": f"q{i}", "unique_id": f"u{i}"} | math,
        "amc23": lambda i: {"question": f"q{i}", "answer": 27.0},
        "olympiad": lambda i: {"question": f"q{i}", "final_answer": ["$2$", "$3$"], "is_multiple_answer": True},
        "mathvision": lambda i: {"id": str(i), "question": f"q{i}", "options": ["A"] * (i == n - 1)} | image,
        "humaneval-plus": lambda i: {
            "task_id": str(i),
            "prompt": "def f():\n",
            "entry_point": f"f{i}",
            "test": "check",
        },
    }
    return Rows(kinds[name](i) for i in range(n))


@pytest.mark.parametrize(
    ("name", "n", "answer"),
    [
        ("gsm8k", 1319, "1,007"),
        ("math500", 500, r"\frac{1}{2}"),
        ("amc23", 40, "27"),
        ("olympiad", 675, "2, 3"),
        ("mathvision", 20, "3"),
        ("humaneval-plus", 164, ""),
    ],
)
def test_rows_of_the_hub_become_problems(hub, name, n, answer):
    hub(lambda: rows_of(name, n))
    problems = load_problems(name)
    assert len(problems) == (n - 1 if name == "mathvision" else n)
    assert problems[7].answer == answer
    assert len(load_problems(name, 3)) == 3
    if name == "math500":
        assert problems[7] == Problem("u7", "q7", answer, facts={"subject": "Algebra", "level": 5})
    if name == "mathvision":
        assert problems[7].images == (b"png7",)
    if name == "humaneval-plus":
        assert problems[7].facts["tests"]["function"] == "f7"


def test_another_number_of_rows_is_another_problem_set(hub):
    hub(lambda: rows_of("amc23", 83))
    with pytest.raises(InputError, match="has 83 problems where 40 were expected"):
        load_problems("amc23")


def test_an_unreachable_set_is_said_plainly(hub):
    def unreachable():
        raise ConnectionError("Couldn't reach 'HuggingFaceH4/MATH-500' on the Hub")

    hub(unreachable)
    with pytest.raises(
        InputError, match=r"Cannot load the benchmark 'math500'.*Couldn't reach(.|\n)*Check the network"
    ):
        load_problems("math500")


def test_dates_choose_the_problems_of_livecodebench(monkeypatch):
    cases = json.dumps([{"input": "1\n", "output": "2\n", "testtype": "stdin"}])
    row = {"question_content": "Add.", "starter_code": "", "public_test_cases": cases, "private_test_cases": cases}
    dates = ["2024-07-31T00:00:00", "2024-08-01T00:00:00", "2025-01-31T00:00:00", "2025-02-01T00:00:00"]
    rows = [row | {"contest_date": date, "question_id": f"q{i}", "platform": "x"} for i, date in enumerate(dates)]
    monkeypatch.setattr("boundary.sampling.benchmarks.hub._hub_rows", lambda preset: rows)
    preset = replace(presets()["livecodebench"], rows=(2,))
    problems = list(hub_problems(preset))
    assert [problem.problem_id for problem in problems] == ["q1", "q2"]
    assert cases_of(problems[0].facts["tests"]) == [["1\n", "2\n"]] * 2


def test_livecodebench_is_read_line_by_line(tmp_path, monkeypatch):
    """Its files hold 4.3 GB, most of it tests of problems that are not kept."""
    row = {"question_content": "Add.", "starter_code": "", "public_test_cases": "[]", "difficulty": "easy"}
    row |= {"private_test_cases": "x" * 500_000, "platform": "a"}
    names = presets()["livecodebench"].files
    for file, name in enumerate(names):
        lines = [row | {"question_id": f"{file}-{i}", "contest_date": f"2024-{7 + i % 2:02d}-01"} for i in range(8)]
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines[: 8 if file else 1]))

    def fetch(source, name, repo_type, revision):
        assert (source, repo_type) == ("livecodebench/code_generation_lite", "dataset")
        return str(tmp_path / name)

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=fetch))
    preset = replace(presets()["livecodebench"], since=("contest_date", "2024-08", "2024-09"), rows=(16,))
    tracemalloc.start()
    try:
        kept = [problem.problem_id for problem in hub_problems(replace(preset, tests=""))]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert kept == [f"{file}-{i}" for file in range(1, len(names)) for i in (1, 3, 5, 7)]
    assert peak < 6 * 500_000 < sum(path.stat().st_size for path in tmp_path.iterdir()) / 5
    assert "x" in next(hub_problems(preset)).facts["tests"]["packed"]
    with pytest.raises(InputError, match="has 16 problems where 279 were expected"):
        list(hub_problems(replace(preset, rows=(279,))))
    (tmp_path / names[1]).write_text("<html>")
    with pytest.raises(InputError, match="Cannot load the benchmark 'livecodebench'"):
        list(hub_problems(preset))


def test_packed_tests_are_read_without_running_what_they_hold(tmp_path):
    cases = [{"input": "[1]\n2", "output": "3", "testtype": "functional"}]
    packed = base64.b64encode(zlib.compress(pickle.dumps(json.dumps(cases)))).decode()
    assert unpacked(packed) == cases
    tests = {"kind": "call", "function": "f", "public": "[]", "packed": packed}
    assert cases_of(tests) == [[[[1], 2], 3]]

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "made"), "w"))

    evil = base64.b64encode(zlib.compress(pickle.dumps(Evil()))).decode()
    with pytest.raises(InputError, match="in no known form"):
        cases_of(tests | {"packed": evil})
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_a_file_of_problems(tmp_path, kind):
    import pandas as pd

    table = pd.DataFrame(
        {"problem": ["1 + 1?", 'a "b"\nc'], "answer": ["2", r"\frac{1}{2}"], "level": ["easy", "hard"]}
    )
    path = tmp_path / f"mine.{kind}"
    if kind == "jsonl":
        path.write_text(table.to_json(orient="records", lines=True))
    else:
        (table.to_csv if kind == "csv" else table.to_parquet)(path, index=False)
    problems = load_problems(str(path))
    assert problems == (
        Problem("0000", "1 + 1?", "2", facts={"level": "easy"}),
        Problem("0001", 'a "b"\nc', r"\frac{1}{2}", facts={"level": "hard"}),
    )
    assert find_benchmark(str(path)).name == "mine"
    assert load_problems(str(path), 1) == problems[:1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"problem": "x"}\n', "problem 1: no answer"),
        ("a.jsonl", '{"problem": "x", "answer": 1}\n{oops\n', "line 2: not JSON"),
        ("a.jsonl", "[1]\n", "line 1: not a JSON object"),
        ("a.jsonl", "", "has no problems"),
        ("a.jsonl", '{"problem": "x", "answer": ""}\n', "problem 1: its answer is blank"),
        ("a.jsonl", '{"problem": "x", "answer": ["1", " "]}\n', "problem 1: its answer is blank"),
        ("a.jsonl", '{"problem": "x", "answer": true}\n', "neither text nor a number"),
        ("a.jsonl", '{"problem": "x", "answer": NaN}\n', "neither text nor a number"),
        ("a.jsonl", '{"problem": "x", "answer": {"a": 1}}\n', "neither text nor a number"),
        ("a.jsonl", '{"problem": "x", "accepted_answers": [""]}\n', "has a blank answer"),
        ("a.jsonl", '{"problem": "", "answer": 1}\n', "its problem is no text, or blank"),
        ("a.jsonl", '{"problem": "  ", "answer": 1}\n', "its problem is no text, or blank"),
        ("a.jsonl", '{"problem": {"a": 1}, "answer": 1}\n', "its problem is no text, or blank"),
        ("a.jsonl", '{"problem": ["x"], "answer": 1}\n', "its problem is no text, or blank"),
        ("a.csv", "problem,answer\nx,\n", "problem 1: its answer is blank"),
        ("a.csv", "question\nx\n", "problem 1: no answer"),
        ("a.parquet", "not parquet", "Cannot read"),
    ],
)
def test_a_bad_file_is_said_plainly(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        load_problems(str(tmp_path / name))


def test_a_cell_may_be_as_long_as_a_line_of_json(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(f"problem,answer\n{'x' * 200_000},1\n")
    assert [len(problem.prompt) for problem in load_problems(str(path))] == [200_000]


def test_images_beside_a_file(tmp_path):
    (tmp_path / "1.png").write_bytes(b"png")
    rows = [{"problem": "How many?", "answer": 3, "image": "1.png"}, {"problem": "And?", "answer": 4}]
    path = tmp_path / "seen.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [problem.images for problem in load_problems(str(path))] == [(b"png",), ()]
    path.write_text(json.dumps(rows[0] | {"image": "2.png"}))
    with pytest.raises(InputError, match=r"problem 1: cannot read the image '2.png'"):
        load_problems(str(path))


def test_generated_problems():
    pytest.importorskip("reasoning_gym")
    spec = "reasoning-gym/chain_sum?seed=5&size=6&min_terms=2&max_terms=2"
    problems = load_problems(spec)
    assert load_problems(spec, 2) == problems[:2]
    assert len({problem.prompt for problem in problems}) == 6
    assert (find_benchmark(spec).name, find_benchmark(spec).verifier) == ("chain_sum", "reasoning-gym")
    with pytest.raises(InputError, match="Did you mean 'chain_sum'"):
        load_problems("reasoning-gym/chainsum")
    with pytest.raises(InputError, match="refuses these options"):
        gym_dataset("chain_sum", {"no_such": 1})


def test_neither_hash_order_nor_the_common_generator_changes_generated_problems():
    """list_functions draws from both; bf prints."""
    pytest.importorskip("reasoning_gym")
    problems = load_problems("reasoning-gym/list_functions?seed=1", 4)
    assert problems == load_problems("reasoning-gym/list_functions?seed=1", 4)
    samples = [Completion(p.problem_id, 0, f"<answer>{p.answer}</answer>", "stop", 9) for p in problems]
    assert {verdict.outcome for verdict in judge(problems, samples, load_verifier("reasoning-gym"), 1)} == {"correct"}
    assert load_problems("reasoning-gym/bf?seed=1", 1)[0].answer


def test_an_unknown_benchmark_is_said_plainly():
    with pytest.raises(InputError, match="Did you mean 'math500'"):
        find_benchmark("math50")
    assert isinstance(find_benchmark("gsm8k"), Benchmark)


def test_the_hash_of_a_problem_set_knows_what_matters():
    problems = (Problem("a", "x", "1"), Problem("b", "y", "2"))
    assert problem_set_hash(problems) == problem_set_hash(problems[::-1])
    for changed in (
        replace(problems[0], prompt="x "),
        replace(problems[0], answer="2"),
        replace(problems[0], images=(b"1",)),
        replace(problems[0], facts={"tests": {"kind": "stdio"}}),
        replace(problems[0], problem_id="c"),
    ):
        assert problem_set_hash((changed, problems[1])) != problem_set_hash(problems)
    assert problem_set_hash((replace(problems[0], facts={"level": 1}), problems[1])) == problem_set_hash(problems)
