"""Runs that go on: other shards, more problems, a new package, changed weights, prompts that are too long."""

import json
import os
import shutil

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.runs.counts import count_runs, run_table
from boundary.data.runs.folder import arms, read_manifest, read_verdicts, sample_index, shards, verdicts_and_strays
from boundary.errors import InputError
from boundary.sampling.engines.opening import open_engine
from boundary.sampling.engines.spec import EngineSpec, Request, Sampling
from boundary.sampling.problems import Completion, Problem, Verdict
from boundary.sampling.store.arm import open_store, set_in_manifest, stored_problems, write_shard
from boundary.sampling.store.manifests import Prompts
from boundary.sampling.weights import folder_fingerprint

PROBLEMS = tuple(Problem(f"p{number}", f"What is {number} + {number} ?", str(2 * number)) for number in range(6))
MANIFEST = {"model": "m", "benchmark": "b", "engine_version": "torch 1", "settings": {"seed": 0}, "n_samples": 5}


def fill(folder, problems=PROBLEMS, shard=(0, 1), n=5, outcome="correct", mark="", **more):
    """Sample what is missing of a part, and judge it."""
    with open_store(folder, MANIFEST | {"n_samples": n} | more, problems, shard) as store:
        new = [
            Completion(problem.problem_id, place, f"{mark} {problem.problem_id} {place}", "stop", 3)
            for problem in store.problems
            for place in store.missing(problem.problem_id, n)
        ]
        store.append(new)
        store.append_verdicts("v-1", [Verdict(s.problem_id, s.sample_index, outcome) for s in store.unjudged("v-1")])
    return store.arm


def command(*words):
    return CliRunner().invoke(main, list(map(str, words)), catch_exceptions=False)


def test_two_divisions_of_the_problems_are_never_open_at_once(tmp_path):
    with open_store(tmp_path, MANIFEST, PROBLEMS, (0, 2)):
        for other in ((0, 3), (2, 3), (0, 1)):
            with (
                pytest.raises(InputError, match=r"with --shard I/2.*would sample some of them"),
                open_store(tmp_path, MANIFEST, PROBLEMS, other),
            ):
                pass
        with open_store(tmp_path, MANIFEST, PROBLEMS, (1, 2)):
            pass
    fill(tmp_path, shard=(0, 2))  # once they have ended, another division goes on
    for part in range(3):
        fill(tmp_path, shard=(part, 3))
    assert list(run_table(tmp_path)["n_samples"]) == [5] * 6


def test_a_whole_number_is_the_same_setting_as_a_decimal_one(tmp_path):
    """A run file may say `temperature = 1`, the command line says 1.0: what each stored is read."""
    for n, temperature in ((1, 1), (2, 1.0), (3, 1)):
        manifest = MANIFEST | {"settings": {"temperature": temperature}}
        with open_store(tmp_path, manifest, PROBLEMS) as store:
            store.append([Completion(p.problem_id, n - 1, f"text {n}", "stop", 2) for p in store.problems])
    assert len(sample_index(store.arm)) == 3 * len(PROBLEMS)


def test_writers_with_other_limits_do_not_meet(tmp_path):
    fill(tmp_path, n=1)
    order = PROBLEMS[::-1][:4]
    with (
        open_store(tmp_path, MANIFEST, order, (0, 2)) as first,
        open_store(tmp_path, MANIFEST, PROBLEMS, (1, 2)) as second,
    ):
        assert not {p.problem_id for p in first.problems} & {p.problem_id for p in second.problems}


def test_a_verdict_holds_for_the_text_that_was_judged(tmp_path):
    """Two overlapping shards; one is deleted, as advised; what it held is sampled anew and gets verdicts of its own."""
    arm = fill(tmp_path, outcome="wrong", mark="old")
    for path in shards(arm / "samples"):
        path.unlink()
    fill(tmp_path, problems=PROBLEMS, outcome="correct", mark="new")
    table = run_table(tmp_path)
    assert (int(table["n_correct"].sum()), int(table["n_samples"].sum())) == (30, 30)
    shards(arm / "samples")[0].unlink()
    fill(tmp_path, problems=PROBLEMS[:3], n=2, mark="newest")
    assert run_table(tmp_path)["n_samples"].sum() == 6
    assert verdicts_and_strays(arm, "v-1")[1] == 24
    assert "24 samples were judged whose texts are no longer stored" in command("counts", tmp_path).output
    assert "LOOK: it judged 24 samples" in command("status", tmp_path).output


def test_verdicts_that_name_no_text_are_given_anew(tmp_path):
    arm = fill(tmp_path)
    shutil.rmtree(arm / "verdicts")
    rows = [[problem.problem_id, place, "correct", "", ""] for problem in PROBLEMS for place in range(5)]
    write_shard(arm / "verdicts" / "v-1", rows, "000001-verify")
    with pytest.raises(InputError, match=r"30 of 30 samples are not judged yet \(30 verdicts of v-1 are not on"):
        run_table(tmp_path)
    fill(tmp_path)
    assert run_table(tmp_path)["n_correct"].sum() == 30
    assert verdicts_and_strays(arm, "v-1")[1] == 0


@pytest.mark.parametrize("row", [["p0", 0, "=HYPERLINK()", "", "", 1], ["p0", "0", "wrong", "", "", 1], ["p0"], 7])
def test_an_odd_verdict_is_a_plain_error(tmp_path, row):
    arm = fill(tmp_path)
    write_shard(arm / "verdicts" / "v-1", [row], "000009-verify")
    with pytest.raises(InputError, match="cut short or damaged"):
        read_verdicts(arm, "v-1")


def test_a_pilot_is_extended_and_shrunk(tmp_path):
    arm = fill(tmp_path, PROBLEMS[:2], n=3)
    fill(tmp_path, PROBLEMS, n=3)
    assert list(run_table(tmp_path)["problem_id"]) == [p.problem_id for p in PROBLEMS]
    manifest = read_manifest(arm)
    assert (manifest["n_problems"], [record["n_problems"] for record in manifest["history"]]) == (6, [2])
    assert stored_problems(arm) == PROBLEMS
    fill(tmp_path, PROBLEMS[:3], n=5)
    table = run_table(tmp_path)
    assert list(table["n_samples"]) == [5, 5, 5, 3, 3, 3]
    assert read_manifest(arm)["n_problems"] == 6
    for other in ((*PROBLEMS[:2], Problem("p2", "Another", "1")), (Problem("p0", "Another", "0"), *PROBLEMS[1:])):
        with pytest.raises(InputError, match="problem_set_hash was"), open_store(tmp_path, MANIFEST, other):
            pass
    output = command("status", tmp_path).output
    assert "torch 1, 2 problems: 6 samples" in output
    assert "now with torch 1, 6 problems: 18 samples" in output


def test_an_extension_with_another_prompt_is_refused(tmp_path):
    def prompts(first):
        return Prompts(lambda problem: (first, int(problem.problem_id[1:])), lambda problem: problem.prompt)

    with open_store(tmp_path, MANIFEST, PROBLEMS[:2], prompts=prompts(1)):
        pass
    for some in (PROBLEMS, PROBLEMS[:1]):
        with (
            pytest.raises(InputError, match="prompt_tokens_hash was"),
            open_store(tmp_path, MANIFEST, some, prompts=prompts(2)),
        ):
            pass
    for some in (PROBLEMS, PROBLEMS[:1]):
        with open_store(tmp_path, MANIFEST, some, prompts=prompts(1)) as store:
            assert store.manifest["n_problems"] == 6


@pytest.mark.parametrize(("context", "allowed"), [(64, True), (12, True), (11, False), (None, True)])
def test_another_context_goes_on_where_it_cuts_no_sample(tmp_path, context, allowed):
    """Prompts of 2 tokens and samples of up to 10: a context of 12 has room for all, one of 11 has not."""
    more = {"settings": {"seed": 0, "max_tokens": 10}}

    def opened(context):
        values = MANIFEST | more | ({"context": context} if context else {})
        return open_store(tmp_path, values, PROBLEMS, prompts=Prompts(lambda problem: (1, 2), lambda problem: "text"))

    with opened(32) as store:
        store.append([Completion("p0", 0, "text", "stop", 1)])
    if allowed:
        with opened(context) as store:
            store.append([Completion("p0", 1, "text", "stop", 1)])
        assert len(sample_index(store.arm)) == 2
    else:
        with pytest.raises(InputError, match="context was 32, now 11"), opened(context):
            pass


def test_a_new_engine_version_goes_on_and_is_recorded(tmp_path):
    fill(tmp_path, n=2)
    fill(tmp_path, n=3, engine_version="torch 2")
    arm = fill(tmp_path, n=5)  # and back
    assert list(run_table(tmp_path)["n_samples"]) == [5] * 6
    manifest = read_manifest(arm)
    assert manifest["engine_version"] == "torch 1"
    assert [record["engine_version"] for record in manifest["history"]] == ["torch 2"]
    facts = json.loads(command("status", tmp_path, "--json").output)[0]["versions"]
    assert [(record["engine_version"], record["n_samples"]) for record in facts] == [("torch 2", 6), ("torch 1", 24)]
    for name, value in (("revision", "b"), ("template_hash", "c"), ("settings", {"seed": 1})):
        with (
            pytest.raises(InputError, match="samples of other settings"),
            open_store(tmp_path, MANIFEST | {name: value}, PROBLEMS),
        ):
            pass


def test_writers_of_two_versions_at_once_are_both_known(tmp_path):
    fill(tmp_path, n=1)
    sample = {part: Completion(f"p{part}", 1, "text", "stop", 1) for part in (0, 1)}
    with (
        open_store(tmp_path, MANIFEST | {"engine_version": "torch 2"}, PROBLEMS, (0, 2)) as first,
        open_store(tmp_path, MANIFEST | {"engine_version": "torch 3"}, PROBLEMS, (1, 2)) as second,
    ):
        second.append([sample[1]])
        first.append([sample[0]])
    assert len(sample_index(first.arm)) == 8


def test_a_seed_of_another_version_is_pooled(tmp_path):
    for seed in (1, 2):
        fill(tmp_path / str(seed), engine_version=f"torch {seed}", settings={"seed": seed}, mark=seed)
    assert list(run_table([tmp_path / "1", tmp_path / "2"])["n_samples"]) == [10] * 6


@pytest.mark.parametrize("at", [0, 2_500_000, 4_999_999])
def test_a_byte_that_changed_anywhere_is_another_model(tmp_path, monkeypatch, at):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    weights = model / "model.safetensors"
    weights.write_bytes(bytes(5_000_000))
    times = weights.stat().st_atime_ns - 10**11, weights.stat().st_mtime_ns - 10**11
    os.utime(weights, ns=times)
    before = folder_fingerprint(model)
    assert folder_fingerprint(model) == before
    with weights.open("r+b") as file:
        file.seek(at)
        file.write(b"\1")
    os.utime(weights, ns=times)  # as a copy that keeps times leaves it
    assert folder_fingerprint(model) != before


def test_weights_that_lie_still_are_read_once(tmp_path, monkeypatch):
    from boundary.sampling import weights as module

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "UNCHANGED_SECONDS", -1.0)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(bytes(5_000_000))
    before = folder_fingerprint(tmp_path / "model")
    monkeypatch.setattr(module.hashlib, "file_digest", None)
    assert folder_fingerprint(tmp_path / "model") == before


LONG = 70


@pytest.fixture
def long_problems(tmp_path):
    """Five problems, of which p1 has a prompt that no model here can read."""
    lines = [
        {"problem_id": f"p{k}", "problem": "What is 1 + 1 ? " * (LONG if k == 1 else 1), "answer": "2"}
        for k in range(5)
    ]
    path = tmp_path / "long.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize("engine", ["transformers", "openai"])
def test_a_prompt_that_is_too_long_is_named_or_skipped(engine, long_problems, server, tiny_model, tmp_path):
    words = ["sample", "--model", f"tiny={tiny_model}", "--benchmark", long_problems, "--template", "raw", "-n", 2]
    words += ["--verifier", "number", "--max-tokens", 4, "-o", tmp_path / "run"]
    if engine == "openai":
        words += ["--base-url", server().url, "--engine-option", "served_model=served"]
    else:
        words += ["--engine-option", "device=cpu"]
    refused = command(*words)
    assert refused.exit_code == 2
    assert "1 of 5 problems of long leave no room for a sample: p1 (" in refused.output
    assert "--skip-long" in refused.output
    assert not (tmp_path / "run").exists()
    done = command(*words, "--skip-long")
    assert (done.exit_code, "skipped, since their prompts are too long: 1 problems (p1)" in done.output) == (0, True)
    assert list(run_table(tmp_path / "run")["problem_id"]) == ["p0", "p2", "p3", "p4"]
    assert list(read_manifest(arms(tmp_path / "run")[0])["skipped"]) == ["p1"]
    assert "1 problem (p1) skipped" in count_runs(tmp_path / "run")[1][0].text
    assert "missing, not wrong" in command("counts", tmp_path / "run").output
    output = command("status", tmp_path / "run").output
    assert "stored 8 of 8 samples (5 problems)" in output
    assert "skipped, since their prompts are too long: 1 problems (p1)" in output


@pytest.mark.parametrize("continuous", [False, True])
def test_a_long_prompt_leaves_its_neighbours_their_room(tiny_model, continuous):
    """A prompt that all but fills the context is sampled beside a short one."""
    pytest.importorskip("torch")
    options = {"continuous": continuous, "device": "cpu", "batching": {"num_blocks": 64, "max_batch_tokens": 256}}
    spec = EngineSpec("transformers", str(tiny_model), sampling=Sampling(1.0, 1.0, 40, (), 0), options=options)
    requests = [Request("long", (1,) * 62, (0, 1)), Request("short", (1, 3, 4), (0, 1))]
    with open_engine(spec) as generate:
        tokens = {
            (completion.problem_id, completion.sample_index): completion.n_tokens for completion in generate(requests)
        }
    assert tokens == {("long", 0): 2, ("long", 1): 2, ("short", 0): 40, ("short", 1): 40}


def seeds_of(server, model, problem="p", arm="", **sampling):
    with open_engine(
        EngineSpec(
            "openai",
            str(model),
            sampling=Sampling(stop_ids=(2,), **sampling),
            options={"base_url": server.url, "served_model": "served"},
        )
    ) as generate:
        list(generate([Request(problem, (1,), tuple(range(64)), arm=arm)]))
    return {body["seed"] for body in server.bodies}


def test_no_two_arms_share_their_noise(server, tokenizer_folder, tmp_path):
    pytest.importorskip("httpx")
    copy = shutil.copytree(tokenizer_folder, tmp_path / "copy")
    arms_of_a_run = [
        seeds_of(server(), tokenizer_folder),
        seeds_of(server(), copy),
        seeds_of(server(), tokenizer_folder, temperature=1.0),
        seeds_of(server(), tokenizer_folder, arm="another benchmark or template"),
        seeds_of(server(), tokenizer_folder, seed=1),
    ]
    assert [len(seeds) for seeds in arms_of_a_run] == [8] * 5
    assert len(set.union(*arms_of_a_run)) == 40
    assert seeds_of(server(), tokenizer_folder) == arms_of_a_run[0]


def test_copies_of_a_model_sample_independently(tiny_model, tmp_path):
    pytest.importorskip("torch")
    copy = shutil.copytree(tiny_model, tmp_path / "copy")
    texts = []
    for model in (tiny_model, copy):
        spec = EngineSpec("transformers", str(model), sampling=Sampling(1.0, 1.0, 8, (2,)), options={"device": "cpu"})
        with open_engine(spec) as generate:
            texts.append(
                {
                    completion.sample_index: completion.text
                    for completion in generate([Request("p", (1, 3), tuple(range(32)))])
                }
            )
    assert sum(texts[0][place] == texts[1][place] for place in range(32)) < 8


def test_set_in_manifest_waits_for_no_writer(tmp_path):
    with open_store(tmp_path, MANIFEST, PROBLEMS) as store:
        set_in_manifest(store.arm, label="base")
    assert read_manifest(store.arm)["label"] == "base"
