"""Several reference answers of a problem, any of which may match: loading, storing, judging."""

import json
import sys
from types import SimpleNamespace

import pytest

from boundary.errors import InputError
from boundary.sampling.benchmarks.loading import load_problems
from boundary.sampling.judging.judge import judge
from boundary.sampling.problems import Completion, Problem, problem_set_hash
from boundary.sampling.store.arm import open_store, stored_problems
from boundary.sampling.verifiers.table import load_verifier


@pytest.fixture
def hub(monkeypatch):
    def serve(rows):
        monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=lambda *_, **__: rows))

    return serve


def outcomes(problems, texts, name="math"):
    samples = [Completion(problems[0].problem_id, place, text, "stop", 9) for place, text in enumerate(texts)]
    return [verdict.outcome for verdict in judge(problems, samples, load_verifier(name), workers=1)]


def test_any_entry_of_math_evals_answers_is_right_from_the_hub_to_the_verdict(hub, tmp_path):
    answers = [["$2$", "$-3$"], [r"\frac{1}{2}"]] + [["1"]] * 673
    hub([{"problem": f"q{number}", "answer": answer} for number, answer in enumerate(answers)])
    problems = load_problems("math-eval-olympiad", 2)
    assert [problem.answer for problem in problems] == ["2", r"\frac{1}{2}"]
    with open_store(tmp_path, {"model": "m", "benchmark": "b", "n_samples": 1}, problems) as store:
        kept = stored_problems(store.arm)
    assert outcomes(kept, [r"\boxed{2}", r"\boxed{-3}", r"\boxed{x=-3}", r"\boxed{2, -3}", r"\boxed{3}"]) == [
        *["correct"] * 3,
        *["wrong"] * 2,
    ]


def test_lists_of_other_sets_stay_one_answer_of_several_parts(hub):
    row = {"question": "q", "final_answer": ["$2$", "$-3$"], "is_multiple_answer": True}
    hub([row | {"question": f"q{number}"} for number in range(674)])
    problems = load_problems("olympiad", 1)
    assert problems[0].answer == "2, -3"
    assert outcomes(problems, [r"\boxed{2}", r"\boxed{-3, 2}"]) == ["wrong", "correct"]


def test_a_file_can_name_the_answers_that_are_accepted(tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps({"problem": "q", "accepted_answers": ["Paris", "City of Light"]}))
    problems = load_problems(str(path))
    assert outcomes(problems, ["city of light", "Paris", "London"], "exact") == ["correct", "correct", "wrong"]
    path.write_text(json.dumps({"problem": "q", "answer": "Paris", "accepted_answers": "Paris, London"}))
    with pytest.raises(InputError, match="accepted_answers is no list"):
        load_problems(str(path))


@pytest.mark.parametrize("name", ["number", "math", "vision"])
def test_accepted_answers_count_for_every_verifier_of_answers(name):
    problems = [Problem("p", "?", "5", facts={"accepted_answers": ["5", "7"]}), Problem("q", "?", "5")]
    assert outcomes(problems, ["Answer: 7", "Answer: 8"], name) == ["correct", "wrong"]
    assert outcomes(problems[1:], ["Answer: 7"], name) == ["wrong"]


def test_accepted_answers_are_part_of_the_problem_set():
    plain, with_list = Problem("p", "?", "5"), Problem("p", "?", "5", facts={"accepted_answers": ["5", "7"]})
    assert problem_set_hash([plain]) != problem_set_hash([with_list])
