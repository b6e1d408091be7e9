"""The store: nothing lost, nothing twice, nothing pooled that is not of one kind."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.catalog import load_counts
from boundary.data.runs.counts import run_table
from boundary.data.runs.folder import arms, read_lines, sample_index, shards
from boundary.errors import InputError
from boundary.sampling.problems import Completion, Problem, Verdict
from boundary.sampling.store.arm import open_store, set_in_manifest, stored_completions, stored_problems

PROBLEMS = tuple(Problem(f"p{number}", f"What is {number} + {number}?", str(2 * number)) for number in range(6))


def manifest(model="org/base", seed=0, **more):
    return {
        "model": model,
        "benchmark": "toy",
        "revision": "abc",
        "template": "raw",
        "engine": "none",
        "settings": {"temperature": 0.6, "seed": seed},
        "n_samples": 4,
    } | more


def sample(problem, index, text=None, finish="stop", n_tokens=3, seed=0):
    text = f"\\boxed{{{problem.answer}}} {seed} {index}" if text is None else text
    return Completion(problem.problem_id, index, text, finish, n_tokens)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("1", "1 "), "look the same"),
        (("A", "A\u200b"), r"'A' and 'A\\u200b' of two problems look the same"),
        (("1", "1"), "Two problems are named '1'"),
        ((" ",), "1 to 500 characters"),
        (("x" * 501,), "1 to 500 characters"),
    ],
)
def test_names_that_counts_would_refuse_are_refused_before_sampling(tmp_path, names, message):
    problems = tuple(Problem(name, "?", "1") for name in names)
    with pytest.raises(InputError, match=message), open_store(tmp_path, manifest(), problems):
        pass


def write_run(
    folder: Path, model="org/base", seed=0, n=4, problems=PROBLEMS, judge=True, correct=2, n_tokens=3, **more
):
    """A whole arm: n samples a problem, the first `correct` of them correct."""
    with open_store(folder, manifest(model, seed, n_samples=n, **more), problems) as store:
        for problem in problems:
            store.append(
                [sample(problem, i, n_tokens=n_tokens, seed=seed) for i in store.missing(problem.problem_id, n)]
            )
        if judge:
            store.append_verdicts(
                "number-1",
                [
                    Verdict(
                        sample.problem_id, sample.sample_index, "correct" if sample.sample_index < correct else "wrong"
                    )
                    for sample in store.unjudged("number-1")
                ],
            )
        return store.arm


# Four kills by default, the fifty of the acceptance test with -m slow.
KILLS = [pytest.param(4, id="4"), pytest.param(50, id="50", marks=pytest.mark.slow)]


def test_what_was_appended_is_read_back_and_no_longer_missing(tmp_path):
    odd = sample(PROBLEMS[0], 1, text='line\nbreak, \u2028, "quotes", \ud800 and \u00e9')
    with open_store(tmp_path, manifest(), PROBLEMS) as store:
        assert store.missing("p0", 3) == (0, 1, 2)
        store.append([sample(PROBLEMS[0], 0), odd])
        assert store.missing("p0", 3) == (2,)
        assert odd in list(store.completions())
    with open_store(tmp_path, manifest(n_samples=9), PROBLEMS) as store:
        assert store.missing("p0", 3) == (2,)
        assert store.n_held() == 2
        assert store.manifest["n_samples"] == 9
    assert stored_problems(store.arm) == PROBLEMS


def test_a_failed_sample_is_missing_and_never_counted(tmp_path):
    with open_store(tmp_path, manifest(), PROBLEMS[:1]) as store:
        assert store.append([sample(PROBLEMS[0], 0, finish="error")]) is None
        store.append([sample(PROBLEMS[0], 1)])
        assert store.missing("p0", 2) == (0,)
        store.append_verdicts("number-1", [Verdict("p0", 1, "correct")])
    assert run_table(tmp_path)["n_samples"].tolist() == [1]


def test_a_problem_without_any_sample_is_absent_not_wrong(tmp_path):
    with open_store(tmp_path, manifest(), PROBLEMS) as store:
        store.append([sample(PROBLEMS[0], 0)])
        store.append_verdicts("number-1", [Verdict("p0", 0, "wrong")])
    assert run_table(tmp_path)["problem_id"].tolist() == ["p0"]


def test_a_sample_that_is_not_judged_refuses_to_be_counted(tmp_path):
    arm = write_run(tmp_path)
    with open_store(tmp_path, manifest(), PROBLEMS) as store:
        store.append([sample(PROBLEMS[0], 4)])
    with pytest.raises(InputError, match=f"1 of 25 samples are not judged yet. Run: boundary verify {arm}"):
        run_table(tmp_path)


def test_the_same_sample_twice_is_the_callers_fault(tmp_path):
    with open_store(tmp_path, manifest(), PROBLEMS) as store:
        store.append([sample(PROBLEMS[0], 0)])
        for twice in ([sample(PROBLEMS[0], 0)], [sample(PROBLEMS[0], 1), sample(PROBLEMS[0], 1)]):
            with pytest.raises(ValueError, match="stored already"):
                store.append(twice)
        with pytest.raises(ValueError, match="no problem"):
            store.append([sample(Problem("other", "?", "1"), 0)])
        assert len(list(store.completions())) == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"settings": {"temperature": 1.0, "seed": 0}}, r"settings.temperature was 0.6, now 1.0"),
        ({"template": "qwen-boxed"}, "template was 'raw', now 'qwen-boxed'"),
        ({"revision": "def"}, "revision was 'abc', now 'def'"),
        ({"engine": "vllm"}, "engine was 'none', now 'vllm'"),
    ],
)
def test_samples_of_other_settings_are_refused(tmp_path, changed, message):
    write_run(tmp_path)
    with pytest.raises(InputError, match=message), open_store(tmp_path, manifest() | changed, PROBLEMS):
        pass


def test_samples_of_another_problem_set_are_refused(tmp_path):
    write_run(tmp_path)
    other = (Problem("p0", "What is 0 + 1?", "1"), *PROBLEMS[1:])
    with pytest.raises(InputError, match="problem_set_hash"), open_store(tmp_path, manifest(), other):
        pass


def test_two_processes_cannot_sample_the_same_part(tmp_path):
    with (
        open_store(tmp_path, manifest(), PROBLEMS, (0, 2)) as first,
        open_store(tmp_path, manifest(), PROBLEMS, (1, 2)) as second,
    ):
        assert {problem.problem_id for problem in first.problems + second.problems} == {p.problem_id for p in PROBLEMS}
        assert len(first.problems) + len(second.problems) == len(PROBLEMS)
        with pytest.raises(InputError, match="--shard"), open_store(tmp_path, manifest(), PROBLEMS, (1, 2)):
            pass


def test_a_shard_copied_beside_itself_is_found(tmp_path):
    arm = write_run(tmp_path)
    first = shards(arm / "samples")[0]
    shutil.copy(first, first.with_name("copy.jsonl.zst"))
    with pytest.raises(InputError, match=r"both hold sample 0 of problem p\d"):
        load_counts(tmp_path)


def test_a_shard_of_another_run_is_not_pooled(tmp_path):
    arm = write_run(tmp_path / "a", n=1)
    other = write_run(tmp_path / "b", seed=1, n=1)
    shutil.copy(shards(other / "samples")[0], arm / "samples" / "stray.jsonl.zst")
    with pytest.raises(InputError, match=r"stray.jsonl.zst' was sampled under another manifest"):
        load_counts(tmp_path / "a")


def test_a_damaged_shard_is_named(tmp_path):
    arm = write_run(tmp_path)
    path = shards(arm / "samples")[0]
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match=f"{path.name}' is cut short or damaged"):
        list(stored_completions(arm))


def test_seeds_are_pooled_and_one_run_twice_is_not(tmp_path):
    write_run(tmp_path / "a", seed=1, n_tokens=50)
    write_run(tmp_path / "b", seed=2, n_tokens=50, correct=1)
    pooled = run_table([tmp_path / "a", tmp_path / "b"])
    assert pooled["n_samples"].tolist() == [8] * 6
    assert pooled["n_correct"].tolist() == [3] * 6
    shutil.copytree(tmp_path / "a", tmp_path / "again")
    with pytest.raises(InputError, match="one run twice"):
        run_table([tmp_path / "a", tmp_path / "again"])
    write_run(tmp_path / "hot", settings={"temperature": 1.0, "seed": 3})
    with pytest.raises(InputError, match=r"settings.temperature\), so they are not pooled"):
        run_table([tmp_path / "a", tmp_path / "hot"])


def test_another_seed_with_the_same_texts_is_one_run_twice(tmp_path):
    def text(problem, index):
        return sample(problem, index, text=f"the very same words {index}", n_tokens=99)

    for seed in (1, 2):
        with open_store(tmp_path / str(seed), manifest(seed=seed), PROBLEMS) as store:
            store.append([text(problem, index) for problem in PROBLEMS for index in range(4)])
            store.append_verdicts(
                "v-1", [Verdict(s.problem_id, s.sample_index, "wrong") for s in store.unjudged("v-1")]
            )
    with pytest.raises(InputError, match="24 of 24 longer texts"):
        run_table([tmp_path / "1", tmp_path / "2"])


def test_a_sure_model_that_repeats_itself_is_pooled(tmp_path):
    for seed in (1, 2):
        with open_store(tmp_path / str(seed), manifest(seed=seed), PROBLEMS) as store:
            store.append([sample(p, i, text="always the same words", n_tokens=99) for p in PROBLEMS for i in range(4)])
            store.append_verdicts(
                "v-1", [Verdict(s.problem_id, s.sample_index, "wrong") for s in store.unjudged("v-1")]
            )
    assert run_table([tmp_path / "1", tmp_path / "2"])["n_samples"].tolist() == [8] * 6


def test_models_on_different_problems_of_one_name_are_not_compared(tmp_path):
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", model="org/rl", problems=(Problem("p0", "Another p0", "3"), *PROBLEMS[1:]))
    for attempt in (
        lambda: run_table([tmp_path / "a", tmp_path / "b"]),
        lambda: load_counts([tmp_path / "a", tmp_path / "b"]),
    ):
        with pytest.raises(InputError, match="different problem sets under the name 'toy'"):
            attempt()


def test_outcomes_are_counted_apart(tmp_path):
    outcomes = ["correct", "truncated", "no_answer", "timeout", "empty", "verifier_error", "wrong"]
    with open_store(tmp_path, manifest(), PROBLEMS[:1]) as store:
        store.append([sample(PROBLEMS[0], index) for index in range(7)])
        store.append_verdicts("v-1", [Verdict("p0", index, outcome) for index, outcome in enumerate(outcomes)])
    row = run_table(tmp_path).iloc[0]
    assert (row["n_samples"], row["n_correct"]) == (7, 1)
    assert [row[f"n_{name}"] for name in outcomes[1:-1]] == [1] * 5


def test_a_run_folder_is_a_counts_table(tmp_path):
    write_run(tmp_path, "org/base")
    write_run(tmp_path, "org/rl", correct=3)
    counts = load_counts(str(tmp_path))
    assert counts.models == ("org/base", "org/rl")
    assert counts.arrays(["org/base", "org/rl"]).n_correct.tolist() == [[2, 3]] * 6
    assert counts.table["problem_set_hash"].nunique() == 1
    assert counts.table["template"].unique() == ["raw"]
    printed = CliRunner().invoke(main, ["counts", str(tmp_path)])
    assert printed.exit_code == 0
    result = CliRunner().invoke(main, ["counts", str(tmp_path), "-o", str(tmp_path / "c.csv")])
    assert result.exit_code == 0
    assert (tmp_path / "c.csv").read_text() == printed.output
    assert load_counts(tmp_path / "c.csv").table["n_correct"].tolist() == counts.table["n_correct"].tolist()


def test_samples_are_written_with_their_texts_and_verdicts(tmp_path):
    with open_store(tmp_path / "run", manifest(label="base"), PROBLEMS[:1]) as store:
        store.append([sample(PROBLEMS[0], 0, text="É \ud83d"), sample(PROBLEMS[0], 1, finish="length", n_tokens=9)])
        store.append_verdicts("v-1", [Verdict("p0", 0, "correct", "1"), Verdict("p0", 1, "truncated", "2", "cut")])
    arguments = ["counts", str(tmp_path / "run"), "-o", str(tmp_path / "c.csv"), "--samples"]
    done = CliRunner().invoke(main, [*arguments, str(tmp_path / "new" / "s.jsonl")])
    assert done.exit_code == 0, done.output
    first, second = map(json.loads, (tmp_path / "new" / "s.jsonl").read_text(encoding="utf-8").splitlines())
    assert first == {
        "model": "base",
        "benchmark": "toy",
        "problem_id": "p0",
        "sample_index": 0,
        "outcome": "correct",
        "answer": "1",
        "reference": "0",
        "reason": "",
        "finish_reason": "stop",
        "n_tokens": 3,
        "problem": "What is 0 + 0?",
        "text": "É \ud83d",
    }
    assert (second["outcome"], second["reason"], second["finish_reason"]) == ("truncated", "cut", "length")
    refused = CliRunner().invoke(main, [*arguments, str(tmp_path)])
    assert refused.exit_code == 2
    cannot = CliRunner().invoke(main, [*arguments, str(tmp_path / "c.csv" / "s.jsonl")])
    assert cannot.exit_code == 2
    assert "Cannot write" in cannot.output


def test_the_later_verdict_counts_and_a_verifier_is_chosen_by_name(tmp_path):
    arm = write_run(tmp_path, correct=0)
    with open_store(tmp_path, manifest(), PROBLEMS) as store:
        store.append_verdicts("number-1", [Verdict("p0", 0, "correct", "0")])
        store.append_verdicts("exact-1", [Verdict(p.problem_id, i, "wrong") for p in PROBLEMS for i in range(4)])
    with pytest.raises(InputError, match="verdicts there are from exact-1, number-1; name one"):
        run_table(tmp_path)
    assert run_table(tmp_path, "number")["n_correct"].sum() == 1
    assert run_table(tmp_path, "exact-1")["n_correct"].sum() == 0
    set_in_manifest(arm, verifier="number-1")
    assert load_counts(tmp_path).table["n_correct"].sum() == 1


def test_status_says_what_is_missing_repeated_and_not_judged(tmp_path):
    with open_store(tmp_path, manifest(n_samples=8), PROBLEMS) as store:
        store.append(
            [sample(p, i, text="again and again", n_tokens=64, finish="length") for p in PROBLEMS for i in range(4)]
        )
    result = CliRunner().invoke(main, ["status", str(tmp_path)])
    assert result.exit_code == 0
    for expected in ("stored 24 of 48 samples", "24 truncated", "not judged yet", "LOOK: 75% of the longer texts"):
        assert expected in result.output
    facts = json.loads(CliRunner().invoke(main, ["status", str(tmp_path), "--json"]).output)[0]
    assert (facts["n_missing"], facts["n_tokens"]) == (24, 24 * 64)


@pytest.mark.parametrize("command", ["status", "counts", "verify"])
def test_a_folder_without_samples_is_said_plainly(tmp_path, command):
    result = CliRunner().invoke(main, [command, str(tmp_path)])
    assert result.exit_code == 2
    assert "is no run folder" in result.output


WRITER = """
import sys, random
sys.path.insert(0, {tests!r})
from test_store import PROBLEMS, manifest, sample
from boundary.sampling.store.arm import open_store
rng = random.Random()
with open_store({folder!r}, manifest(n_samples={n}), PROBLEMS) as store:
    print("open", flush=True)
    while True:
        todo = [(p, i) for p in PROBLEMS for i in store.missing(p.problem_id, {n})][: rng.randint(1, 5)]
        if not todo:
            break
        store.append([sample(p, i, text=f"{{p.problem_id}} {{i}} " + "x" * 3000) for p, i in todo])
        print(f"stored {{store.n_held()}}", flush=True)
print("done", flush=True)
"""


@pytest.mark.parametrize("kills", KILLS)
def test_kill_9_at_any_moment_loses_the_batch_in_flight_at_most(tmp_path, kills):
    """A writer is killed outright at random moments and started again until it is done."""
    rng = random.Random(0)
    endless, promised, killed = 2000, 0, 0  # endless: more than a writer stores before it is killed
    for _ in range(kills + 1):
        n = endless if killed < kills else promised + 10  # more than was ever stored of one problem
        code = WRITER.format(tests=str(Path(__file__).parent), folder=str(tmp_path), n=n)
        writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        assert writer.stdout is not None
        if killed < kills:
            writer.stdout.readline()  # it holds the lock
            time.sleep(rng.uniform(0, 0.05))
            killed += writer.poll() is None
            writer.send_signal(signal.SIGKILL)
        printed = writer.stdout.read().splitlines()
        writer.wait()
        writer.stdout.close()
        promised = max([promised, *(int(line.split()[1]) for line in printed if line.startswith("stored "))])
        if arms(tmp_path):
            index = sample_index(arms(tmp_path)[0])  # raises on a torn shard or a sample held twice
            assert len(index) >= promised
            promised = len(index)
    assert killed == kills
    assert "done" in printed
    arm = arms(tmp_path)[0]
    expected = {(p.problem_id, i): f"{p.problem_id} {i} " + "x" * 3000 for p in PROBLEMS for i in range(n)}
    assert {(s.problem_id, s.sample_index): s.text for s in stored_completions(arm)} == expected
    assert not list((arm / "samples").glob(".*"))
    assert Counter(len(list(read_lines(path))) > 1 for path in shards(arm / "samples"))[False] == 0


def test_a_full_disk_is_said_plainly(tmp_path):
    with open_store(tmp_path, manifest(), PROBLEMS) as store:
        shutil.rmtree(store.arm / "samples")
        (store.arm / "samples").write_text("a file in the way")
        with pytest.raises(InputError, match="Cannot write"):
            store.append([sample(PROBLEMS[0], 0)])
        assert store.missing("p0", 1) == (0,)
