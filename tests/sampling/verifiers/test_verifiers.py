"""Verifiers: known verdicts, answers that hang, outcomes that are kept apart, the command."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.catalog import load_counts
from boundary.data.runs.folder import verdict_names
from boundary.errors import InputError
from boundary.sampling.judging.judge import judge, judging
from boundary.sampling.judging.pool import Pool
from boundary.sampling.problems import Completion, Problem
from boundary.sampling.store.arm import open_store
from boundary.sampling.verifiers import exact, vision
from boundary.sampling.verifiers.spec import Verifier
from boundary.sampling.verifiers.table import load_verifier

# Computed naively, each of these takes longer than the universe, or all memory, or all stack.
HANGING = [
    "9^{9^{9^{9^9}}}",
    "10^{10^{10}}",
    "2^{2^{2^{2^{2^2}}}}",
    "(10^{9})!",
    "((10!)!)!",
    r"\binom{10^9}{5 \cdot 10^8}",
    r"\sum_{k=1}^{10^{12}} k!",
    r"\prod_{k=1}^{10^{10}} (k+1)",
    r"\int_0^1 x^{x^{x^x}} \sin(e^{x^2}) \, dx",
    r"\lim_{n \to \infty} \frac{n!^{n!}}{n^{n^n}}",
    r"(x+y+z+w)^{5000} - (x+y+z+w)^{4999}",
    r"\sqrt{" * 300 + "2" + "}" * 300,
    r"\frac{1}{" * 300 + "2" + "}" * 300,
    r"\sin(" * 200 + "x" + ")" * 200,
    "2^" * 900 + "2",
    "(" * 1900,
    "{" * 1900,
    "-" * 1900 + "1",
    "1," * 900 + "1",
    "7" * 100_000,
    "1e999999999",
    "x_{" * 400 + "1" + "}" * 400,
    "\x00\ud800\uffff",
]


def sample(problem_id, index, text, finish="stop"):
    return Completion(problem_id, index, text, finish, 9)


def test_answers_that_hang_or_blow_up_are_never_correct_and_harm_no_other():
    """Each stands between two honest answers, whose verdicts must not change."""
    hasty = Verifier(**(vars(load_verifier("math")) | {"timeout": 1.0, "memory": 1 << 30}))
    problems = [Problem("half", "?", r"\frac{1}{2}"), Problem("x", "?", "x")]
    samples = []
    for place, answer in enumerate(HANGING):
        samples.append(sample("half", 3 * place, f"\\boxed{{\\frac{{{place + 1}}}{{{2 * place + 2}}}}}"))
        samples.append(sample("x" if place % 2 else "half", 3 * place + 1, f"Answer: {answer}"))
        samples.append(sample("x", 3 * place + 2, f"\\boxed{{x + {place} - {place + 1}}}"))
    verdicts = judge(problems, samples, hasty)
    assert {verdict.outcome for verdict in verdicts[::3]} == {"correct"}
    assert {verdict.outcome for verdict in verdicts[2::3]} == {"wrong"}
    outcomes = [verdict.outcome for verdict in verdicts[1::3]]
    assert "correct" not in outcomes
    assert "timeout" in outcomes
    assert all(v.reason for v in verdicts[1::3] if v.outcome in ("timeout", "verifier_error"))


def test_a_judge_that_dies_takes_no_other_with_it(tmp_path, monkeypatch):
    (tmp_path / "deadly.py").write_text(
        "import os, time\ndef judge(problem, text):\n    if text == 'die':\n        os._exit(3)\n"
        "    if text == 'hang':\n        time.sleep(1000)\n    if text == 'raise':\n        raise KeyError('x')\n"
        "    print('noise')\n    return text == problem['answer']\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    own = Verifier(**(vars(load_verifier("deadly:judge")) | {"timeout": 2.0}))
    texts = ["5", "die", "5", "raise", "4", "hang", "5"]
    verdicts = judge([Problem("p", "?", "5")], [sample("p", i, text) for i, text in enumerate(texts)], own)
    expected = ["correct", "verifier_error", "correct", "verifier_error", "wrong", "timeout", "correct"]
    assert [verdict.outcome for verdict in verdicts] == expected
    assert "exit code 3" in verdicts[1].reason
    assert "KeyError" in verdicts[3].reason


def test_workers_end_with_the_process_that_started_them():
    code = (
        "from boundary.sampling.judging.pool import Pool\n"
        "pool = Pool('time:sleep', 1, timeout=1000)\n"
        "import threading; threading.Timer(1.0, lambda: print(pool._alive[0].process.pid, flush=True)).start()\n"
        "list(pool.judge([(1000,)]))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert Path(f"/proc/{worker}").exists() or not Path("/proc/self").exists()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _runs(worker):
        time.sleep(0.05)
    assert not _runs(worker)


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_time_is_the_workers_own_not_the_clocks():
    """A worker that waits is given longer by the clock; one that computes is not."""
    start = time.monotonic()
    with Pool("time:sleep", 1, timeout=0.2) as pool:
        assert dict(pool.judge([(0.4,)]))[0][0] == "verifier_error"  # it came back: sleep returns no verdict
        assert dict(pool.judge([(60.0,)]))[0] == ("timeout", "judging took more than 0.2 s")
    with Pool("math:factorial", 1, timeout=0.2) as pool:  # a loop inside a C library
        assert dict(pool.judge([(10**8,)]))[0][0] == "timeout"
    assert time.monotonic() - start < 50


def test_each_pair_of_reference_and_answer_is_judged_once(monkeypatch):
    tasks_judged = []
    judge_tasks = Pool.judge
    monkeypatch.setattr(
        Pool,
        "judge",
        lambda self, tasks, arguments: (tasks_judged.extend(tasks), judge_tasks(self, tasks, arguments))[1],
    )
    problems = [Problem("a", "?", r"\sqrt{8}"), Problem("b", "?", r"\sqrt{8}")]
    with judging(problems, load_verifier("math")) as judge_batch:
        for _ in range(2):
            batch = [sample(name, i, r"\boxed{2\sqrt{2}}") for name in "ab" for i in range(50)]
            assert {verdict.outcome for verdict in judge_batch(batch)} == {"correct"}
    assert len(tasks_judged) == 1


@pytest.mark.parametrize(
    ("text", "finish", "outcome"),
    [
        (r"\boxed{12}", "stop", "correct"),
        (r"\boxed{13}", "stop", "wrong"),
        ("it is 12", "stop", "correct"),
        ("I have no idea", "stop", "no_answer"),
        ("", "stop", "empty"),
        (" \n", "stop", "empty"),
        ("", "length", "truncated"),
        ("so far 12", "length", "truncated"),
        (r"\boxed{13} but wait", "length", "truncated"),
        (r"\boxed{12} but wait", "length", "correct"),
        ("Let me think", "length", "truncated"),
    ],
)
@pytest.mark.parametrize("name", ["math", "number"])
def test_outcomes_are_kept_apart(name, text, finish, outcome):
    [verdict] = judge([Problem("p", "?", "12")], [sample("p", 0, text, finish)], load_verifier(name))
    assert verdict.outcome == outcome


def test_exact_and_vision_and_first_number():
    assert exact.compare("New York", "  new   york.") == ("correct", "")
    assert exact.compare("New York", "York")[0] == "wrong"
    assert exact.compare("Paris", r"$\text{Paris}$") == ("correct", "")
    assert exact.compare(r"\mathrm{New York}", r"\textbf{New York}.") == ("correct", "")
    assert vision.compare("1.46", "1.4642", 2) == ("correct", "")
    assert vision.compare("1.46", "1.4742", 2)[0] == "wrong"
    assert vision.compare("Yes", "yes", None) == ("correct", "")
    few_shot = [Problem("p", "8 * 6 =", "48")]
    assert judge(few_shot, [sample("p", 0, " 48\n7 * 3 = 21")], load_verifier("first-number"))[0].outcome == "correct"
    assert judge(few_shot, [sample("p", 0, " 48\n7 * 3 = 21")], load_verifier("number"))[0].outcome == "wrong"


def test_reasoning_gym_scores_by_its_own_rules():
    pytest.importorskip("reasoning_gym")
    from boundary.sampling.benchmarks.loading import load_problems

    problems = load_problems("reasoning-gym/chain_sum?seed=3", 4)
    samples = [sample(p.problem_id, 0, f"So the answer is {p.answer}") for p in problems]
    samples += [sample(p.problem_id, 1, "Answer: 123456789") for p in problems]
    outcomes = [verdict.outcome for verdict in judge(problems, samples, load_verifier("reasoning-gym"))]
    assert outcomes == ["correct"] * 4 + ["wrong"] * 4
    origin = {key: value for key, value in problems[0].facts["gym"].items() if key != "metadata"}
    other = Problem("0000", "another text", facts={"gym": origin})
    [verdict] = judge([other], [sample("0000", 0, "5")], load_verifier("reasoning-gym"))
    assert (verdict.outcome, "another problem" in verdict.reason) == ("verifier_error", True)


def test_what_a_scorer_cannot_read_is_wrong():
    pytest.importorskip("reasoning_gym")
    from boundary.sampling.benchmarks.loading import load_problems

    problems = load_problems("reasoning-gym/prime_factorization?seed=3", 1)
    texts = [f"Answer: {problems[0].answer}", "Answer: zzz {"]
    verdicts = judge(
        problems, [sample("0000", i, text) for i, text in enumerate(texts)], load_verifier("reasoning-gym")
    )
    assert [verdict.outcome for verdict in verdicts] == ["correct", "wrong"]
    assert verdicts[1].reason == "its scorer cannot read it (ValueError)"


def test_a_reference_answer_that_cannot_be_read_is_the_verifiers_fault():
    [verdict] = judge([Problem("p", "?", "?!")], [sample("p", 0, "12")], load_verifier("number"))
    assert verdict.outcome == "verifier_error"


@pytest.mark.parametrize(
    ("name", "result"),
    [("mth", "Did you mean 'math'"), ("nowhere:f", "cannot be imported"), ("json:nothing", "cannot be imported")],
)
def test_an_unknown_verifier_is_said_plainly(name, result):
    with pytest.raises(InputError, match=result):
        load_verifier(name)


def manifest(**more):
    settings = {"temperature": 0.6, "seed": 0}
    return {"model": "org/m", "benchmark": "toy", "template": "raw", "settings": settings, "n_samples": 2} | more


def test_verify_keeps_both_verdicts_and_reports_what_they_disagree_on(tmp_path):
    problems = (Problem("a", "?", r"\frac{1}{2}"), Problem("b", "?", "7"))
    with open_store(tmp_path, manifest(), problems) as store:
        store.append(
            [sample("a", 0, r"\boxed{0.5}"), sample("a", 1, "none"), sample("b", 0, "7"), sample("b", 1, "x", "length")]
        )
    run = CliRunner().invoke
    first = run(main, ["verify", str(tmp_path), "--verifier", "math", "--quiet"])
    assert (first.exit_code, first.output) == (0, "")
    assert load_counts(tmp_path).table["n_correct"].tolist() == [1, 1]
    second = run(main, ["verify", str(tmp_path), "--verifier", "exact", "--workers", "1"])
    assert second.exit_code == 0
    assert "exact-3 judged 4 samples: correct 1, truncated 1, wrong 2" in second.output
    assert "only exact-3 calls 0 correct, only math-4" in second.output
    assert "a #0: wrong against correct; answer '0.5'" in second.output
    assert len(verdict_names(store.arm)) == 2
    assert load_counts(tmp_path).table["n_correct"].tolist() == [1, 1]
    third = json.loads(run(main, ["verify", str(tmp_path), "--verifier", "exact", "--use", "--json"]).output)
    assert third[0]["outcomes"] == {}
    assert third[0]["disagreements"][0]["only_other"] == 1
    assert load_counts(tmp_path).table["n_correct"].tolist() == [0, 1]
    assert "judged 4 samples" in run(main, ["verify", str(tmp_path), "--again"]).output


def test_a_users_own_verifier_is_named_each_time_and_counts(tmp_path, monkeypatch):
    (tmp_path / "mine_own.py").write_text("def judge(problem, text):\n    return 'wrong' if 'no' in text else True\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with open_store(tmp_path / "run", manifest(), [Problem("a", "?", "1")]) as store:
        store.append([sample("a", 0, "yes"), sample("a", 1, "no")])
    first = CliRunner().invoke(main, ["verify", "run", "--verifier", "mine_own:judge"])
    assert "correct 1, wrong 1" in first.output
    refused = CliRunner().invoke(main, ["verify", "run", "--again"])  # a folder does not choose what code runs
    assert (refused.exit_code, "--verifier module:function" in refused.output) == (2, True)
    again = CliRunner().invoke(main, ["verify", "run", "--again", "--verifier", "mine_own:judge"])
    assert "judged 2 samples" in again.output
    assert "a,2,1" in CliRunner().invoke(main, ["counts", "run", "--verifier", "mine_own:judge"]).output


def test_verify_asks_for_a_verifier_where_none_is_named(tmp_path):
    with open_store(tmp_path, manifest(), [Problem("a", "?", "1")]) as store:
        store.append([sample("a", 0, "1")])
    result = CliRunner().invoke(main, ["verify", str(tmp_path)])
    assert result.exit_code == 2
    assert "Choose one with --verifier" in result.output
