"""`boundary score` on run folders: what is stored, what is not repeated, what is refused."""

import json
import math
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.runs.counts import run_table
from boundary.data.runs.folder import arms, manifest_hash, read_manifest, read_prompts, read_samples, shards
from boundary.data.runs.scores import read_scores, score_index, scores_table, scoring_folders
from boundary.errors import InputError
from boundary.sampling.problems import Completion, Problem, Verdict, text_hash
from boundary.sampling.scoring.run import Scoring, score_run
from boundary.sampling.store.arm import append_verdicts, open_store, stored_completions, write_shard

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

STOP = 2


@pytest.fixture(scope="module")
def model(tiny_model):
    return transformers.AutoModelForCausalLM.from_pretrained(tiny_model).eval()


@pytest.fixture(scope="module")
def other_model(word_tokenizer, tmp_path_factory):
    """A model with another vocabulary, which has the same words in another order."""
    folder = tmp_path_factory.mktemp("models") / "other"
    words = ["[UNK]", "<s>", "</s>", *map(str, range(39, -1, -1)), "?", "=", "+", "is", "What"]
    word_tokenizer(words).save_pretrained(folder)
    torch.manual_seed(5)
    config = transformers.LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=64, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def command(*words):
    return CliRunner().invoke(main, ["score", *map(str, words)], catch_exceptions=False)


def scored(folder, model, **options):
    return score_run(Scoring(folder, str(model), **options))


def keyed(arm, kind="samples"):
    return {(row["problem_id"], row["sample_index"]): row for row in read_scores(scoring_folders(arm)[0], kind)}


def test_scores_are_those_of_a_direct_forward_pass(write_run, tiny_model, model, direct, tmp_path):
    arm = write_run(tmp_path)
    result = scored(tmp_path, tiny_model, per_token=True)[0]
    assert (result.total, result.new, result.truncated, result.empty, result.too_long) == (20, 20, 4, 4, 0)
    assert result.same_vocabulary
    assert result.retokenised == 0
    rows, prompts = keyed(arm), read_prompts(arm)
    for line in read_samples(arm):
        row = rows[line["problem_id"], line["sample_index"]]
        logps = direct(model, prompts[line["problem_id"]].tokens, line["tokens"])
        assert row["sum_logp"] == pytest.approx(sum(logps), abs=1e-4)
        assert row["token_logp"] == pytest.approx(logps, abs=1e-5)
        assert row["n_tokens"] == line["n_tokens"] == len(logps)
        assert row["ending"] == ("none" if row["truncated"] else "token")
        assert row["n_bytes"] == len(line["text"])
    assert result.tokens == sum(row["n_tokens"] for row in rows.values())


def test_what_is_stored_is_not_scored_again(write_run, tiny_model, tmp_path, monkeypatch):
    arm = write_run(tmp_path, n=3)
    assert scored(tmp_path, tiny_model)[0].new == 12
    write_run(tmp_path, n=5)
    assert scored(tmp_path, tiny_model)[0].new == 8
    monkeypatch.setattr("boundary.sampling.scoring.run.open_scorer", None)  # no model is loaded for nothing
    assert scored(tmp_path, tiny_model)[0].new == 0
    monkeypatch.undo()
    assert scored(tmp_path, tiny_model, per_token=True)[0].new == 20
    assert scored(tmp_path, tiny_model)[0].new == 0
    assert len(score_index(scoring_folders(arm)[0])) == 40
    assert len(scores_table(tmp_path)) == 20


def test_the_models_configuration_is_loaded_once(write_run, tiny_model, tmp_path, monkeypatch):
    write_run(tmp_path, n=2)
    loads, load = [], transformers.AutoConfig.from_pretrained
    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", lambda *a, **o: loads.append(a) or load(*a, **o))
    assert scored(tmp_path, tiny_model)[0].new == 8
    assert len(loads) == 2  # and once by transformers itself, for the tokenizer


def test_samples_that_were_cut_otherwise_are_not_scored_as_sampled(write_run, tiny_model, tmp_path):
    write_run(tmp_path, n=2, top_k=20)
    result = scored(tmp_path, tiny_model, as_sampled=True)[0]
    assert result.new == 8
    assert result.not_tempered == "the run was sampled with top_k, which scoring does not follow"


def test_a_run_of_a_chat_server_is_not_scored(write_run, tiny_model, tmp_path):
    write_run(tmp_path, n=2, endpoint="chat/completions")
    with pytest.raises(InputError, match="through a chat server, which made the prompts itself"):
        scored(tmp_path, tiny_model)


def test_a_sample_that_is_made_again_is_scored_again(write_run, tiny_model, tmp_path):
    arm = write_run(tmp_path, n=3)
    scored(tmp_path, tiny_model)
    for path in shards(arm / "samples"):
        path.unlink()
    write_run(tmp_path, n=4)
    assert scored(tmp_path, tiny_model)[0].new > 8
    assert len(scores_table(tmp_path)) == 16


@pytest.mark.parametrize("options", [{"share_prompts": False}, {"engine_options": {"batch_tokens": 1}}])
def test_sums_do_not_depend_on_batches_or_the_cache(options, write_run, tiny_model, tmp_path):
    arm = write_run(tmp_path)
    scored(tmp_path, tiny_model)
    expected = {key: row["sum_logp"] for key, row in keyed(arm).items()}
    shutil.rmtree(arm / "scores")
    scored(tmp_path, tiny_model, **options)
    for key, row in keyed(arm).items():
        assert row["sum_logp"] == pytest.approx(expected[key], abs=1e-4)


def test_texts_without_token_ids_are_tokenised_anew(write_run, tiny_model, model, direct, tmp_path):
    """A run of an older version, or of a server; which stop token came is not known, only that there was one."""
    arm = write_run(tmp_path / "old", tokens=False, prompts=False)
    exact = write_run(tmp_path / "new")
    result = scored(tmp_path / "old", tiny_model)[0]
    assert (result.retokenised, result.same_count, result.same_vocabulary) == (20, 20, True)
    scored(tmp_path / "new", tiny_model)
    expected = keyed(exact)
    for key, row in keyed(arm).items():
        assert row["retokenised"]
        assert row["same_count"]
        assert row["ending"] == ("none" if row["truncated"] else "any")
        assert row["sum_logp"] == pytest.approx(expected[key]["sum_logp"], abs=1e-4)  # </s> is the only stop token
    shutil.rmtree(arm / "scores")
    assert "20 of them have the recorded number" in command(tmp_path / "old", "--model", tiny_model).output


def test_another_template_than_the_runs_is_refused(write_run, tiny_model, tmp_path):
    write_run(tmp_path, tokens=False, prompts=False)
    with pytest.raises(InputError, match="was sampled with another text of the template 'simple'"):
        scored(tmp_path, tiny_model, template="simple")


def test_prompts_that_were_changed_are_refused(write_run, tiny_model, tmp_path):
    arm = write_run(tmp_path)
    path = arm / "prompts.jsonl"
    path.write_text(path.read_text().replace('"tokens": [3,', '"tokens": [4,'))
    with pytest.raises(InputError, match="the prompts are not those"):
        scored(tmp_path, tiny_model)
    path.write_text("[]\n")
    with pytest.raises(InputError, match="Cannot read"):
        scored(tmp_path, tiny_model)


def test_another_vocabulary_is_marked_and_compared_by_bytes(write_run, other_model, direct, tmp_path):
    arm = write_run(tmp_path)
    done = command(tmp_path, "--model", f"other={other_model}", "-o", tmp_path / "scores.csv")
    assert "another vocabulary than the responses were sampled with" in done.output
    other = transformers.AutoModelForCausalLM.from_pretrained(other_model).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(other_model)
    rows, prompts = keyed(arm), read_prompts(arm)
    for line in read_samples(arm):
        texts = (prompts[line["problem_id"]].text, line["text"])
        ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
        logps = direct(other, *ids, (STOP,) if line["finish_reason"] == "stop" else ())
        assert rows[line["problem_id"], line["sample_index"]]["sum_logp"] == pytest.approx(sum(logps), abs=1e-4)
    table = pd.read_csv(tmp_path / "scores.csv")
    assert not table["same_vocabulary"].any()
    full = table[~table["empty"]]
    assert np.allclose(full["bits_per_byte"], -full["sum_logp"] / math.log(2) / full["n_bytes"])
    assert np.allclose(full["perplexity"], np.exp(-full["sum_logp"] / full["n_tokens"]))
    assert table.loc[table["empty"], ["perplexity", "bits_per_byte"]].isna().all(axis=None)
    assert table["empty"].sum() == 4


def test_the_scores_of_a_run_are_a_table_with_outcomes(write_run, tiny_model, other_model, tmp_path):
    arm = write_run(tmp_path)
    with pytest.raises(InputError, match=r"holds no scores. Make them with: boundary score .* --model ID$"):
        scores_table(tmp_path)
    samples = list(stored_completions(arm))
    hashes = [text_hash(sample.text) for sample in samples]
    append_verdicts(
        arm,
        "v-1",
        [
            Verdict(s.problem_id, s.sample_index, "correct", text_hash=text)
            for s, text in zip(samples, hashes, strict=True)
        ],
    )
    for label, weights in (("base", tiny_model), ("rl", other_model)):
        scored(tmp_path, f"{label}={weights}")
    table = scores_table(tmp_path)
    assert list(table["scorer"].unique()) == ["base", "rl"]
    assert set(table["model"]) == {"tiny"}
    assert set(table["outcome"]) == {"correct"}
    counts = run_table(tmp_path)
    assert np.allclose(counts["mean_tokens"], table[table["scorer"] == "base"].groupby("problem_id")["n_tokens"].mean())


def test_reference_answers_are_scored_apart_from_samples(write_run, tiny_model, model, direct, tmp_path):
    problems = (Problem("a", "What is 1 + 1 ?", "2"), Problem("b", "What is 3 ?", "3", facts={"solution": "3 is 3"}))
    arm = write_run(tmp_path, problems=problems)
    done = command(tmp_path, "--model", tiny_model, "--reference", "--as-sampled", "--json")
    assert json.loads(done.output)[0]["not_tempered"] == "reference answers were not sampled"
    rows, prompts = keyed(arm, "reference"), read_prompts(arm)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_model)
    for problem, text in (("a", " 2"), ("b", " 3 is 3")):
        logps = direct(model, prompts[problem].tokens, tokenizer(text, add_special_tokens=False)["input_ids"])
        assert rows[problem, 0]["sum_logp"] == pytest.approx(sum(logps), abs=1e-4)
        assert rows[problem, 0]["ending"] == "none"
    assert not shards(scoring_folders(arm)[0] / "samples")
    assert len(scores_table(tmp_path, kind="reference")) == 2
    assert scored(tmp_path, tiny_model, reference=True)[0].new == 0


def test_samples_are_scored_at_their_temperature_and_top_p_too(write_run, tiny_model, model, tmp_path):
    arm = write_run(tmp_path)
    scored(tmp_path, tiny_model, as_sampled=True)
    prompts, rows = read_prompts(arm), keyed(arm)
    for line in read_samples(arm):
        prompt, tokens = prompts[line["problem_id"]].tokens, line["tokens"]
        with torch.no_grad():
            logits = model(torch.tensor([[*prompt, *tokens]])).logits[0, len(prompt) - 1 : -1] / 0.7
        targets = torch.tensor(tokens)[:, None]
        tempered = logits.log_softmax(-1).gather(1, targets)
        nucleus = transformers.TopPLogitsWarper(0.8)(None, logits).log_softmax(-1).gather(1, targets)
        row = rows[line["problem_id"], line["sample_index"]]
        inside = torch.isfinite(nucleus)
        assert row["sum_tempered"] == pytest.approx(float(tempered.sum()), abs=1e-4)
        assert row["sum_nucleus"] == pytest.approx(float(nucleus[inside].sum()), abs=1e-4)
        assert row["n_outside"] == int((~inside).sum())
    other = write_run(tmp_path / "greedy", temperature=0.0)
    assert "likeliest token has all the probability" in scored(other, tiny_model, as_sampled=True)[0].not_tempered


def test_scores_of_other_weights_or_settings_are_not_mixed(write_run, tiny_model, other_model, tmp_path):
    arm = write_run(tmp_path)
    scored(tmp_path, f"m={tiny_model}")
    with pytest.raises(InputError, match=r"holds scores of another kind: model was .*revision was .*name these with"):
        scored(tmp_path, f"m={other_model}")
    with pytest.raises(InputError, match=r"settings was \{'dtype': 'float32'\}, now \{'dtype': 'bfloat16'\}"):
        scored(tmp_path, f"m={tiny_model}", engine_options={"dtype": "bfloat16"})
    scoring = scoring_folders(arm)[0] / "scoring.json"
    content = json.loads(scoring.read_text())
    scoring.write_text(json.dumps(content | {"engine_version": "torch 1"}))
    assert scored(tmp_path, f"m={tiny_model}")[0].new == 0  # a package that is updated is recorded
    assert json.loads(scoring.read_text())["history"][0]["engine_version"] == "torch 1"
    scoring.write_text(json.dumps(content | {"revision": "another"}))
    with pytest.raises(InputError, match="was scored under another model or other settings"):
        scores_table(tmp_path)
    scoring.write_text(json.dumps(content | {"settings": 3}))
    with pytest.raises(InputError, match="its settings is not what boundary writes"):
        scores_table(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--engine", "openai"], "The engine openai does not score: .* vLLM issue 42019"),
        (["--engine", "none"], "No engine 'none' scores. There are: transformers, ray."),
        (["--engine-option", "batch_token=3"], "no option 'batch_token' for scoring. Did you mean 'batch_tokens'"),
        (["--engine-option", "dtype=int4"], "'int4' is no dtype to score with"),
    ],
)
def test_wrong_options_are_refused(options, message, write_run, tiny_model, tmp_path):
    write_run(tmp_path)
    done = command(tmp_path, "--model", tiny_model, *options)
    assert done.exit_code == 2
    assert re.search(message, " ".join(done.output.split()))


def test_responses_that_the_model_does_not_read_in_full_are_left_out(write_run, tiny_model, tmp_path):
    arm = write_run(tmp_path)
    long = [3 + number % 40 for number in range(60)]
    header = {"manifest": manifest_hash(read_manifest(arm)), "samples": [["p3", 9, text_hash("x"), 60, "length"]]}
    line = {
        "problem_id": "p3",
        "sample_index": 9,
        "text": "x",
        "finish_reason": "length",
        "n_tokens": 60,
        "tokens": long,
    }
    write_shard(arm / "samples", [line], "extra", header)
    done = command(tmp_path, "--model", tiny_model)
    assert done.exit_code == 4
    assert "1 response is longer than" in done.output
    assert len(scores_table(tmp_path)) == 20


def test_a_token_that_the_model_does_not_know_is_a_plain_error(write_run, tiny_model, tmp_path):
    arm = write_run(tmp_path)
    header = {"manifest": manifest_hash(read_manifest(arm)), "samples": [["p3", 9, text_hash("x"), 1, "length"]]}
    for token, message in (
        (48, "it has token 48, and the model knows 48 tokens. It was sampled with another vocabulary"),
        (-7, "tokens is missing or of another kind"),
        (2**31, "tokens is missing or of another kind"),
        (2**70, "tokens is missing or of another kind"),
    ):
        line = {"problem_id": "p3", "sample_index": 9, "text": "x", "finish_reason": "length", "n_tokens": 1}
        path = write_shard(arm / "samples", [line | {"tokens": [token]}], "extra", header)
        done = command(tmp_path, "--model", tiny_model)
        assert done.exit_code == 2
        assert message in done.output
        path.unlink()


def test_problems_with_pictures_are_refused(tiny_model, tmp_path):
    problem = Problem("p", "What is this ?", "1", images=(b"picture",))
    with open_store(tmp_path, {"model": "m", "benchmark": "b", "settings": {}}, [problem]) as store:
        store.append([Completion("p", 0, "1", "stop", 2)])
    with pytest.raises(InputError, match="its problems have pictures"):
        scored(tmp_path, tiny_model)


def test_parts_of_the_problems_are_scored_by_processes_of_their_own(write_run, tiny_model, tmp_path):
    write_run(tmp_path)
    parts = [scored(tmp_path, tiny_model, shard=(number, 3))[0].new for number in range(3)]
    assert parts == [10, 5, 5]
    assert scored(tmp_path, tiny_model)[0].new == 0


KILLED = """
import sys
from pathlib import Path
from boundary.sampling.scoring.run import Scoring, score_run
from boundary.sampling.store import recording
recording.FLUSH_SAMPLES = 10
score_run(Scoring(Path(sys.argv[1]), sys.argv[2], engine_options={"batch_tokens": 1, "device": "cpu"}, per_token=True))
"""


def test_a_killed_process_repeats_nothing_that_is_stored(write_run, tiny_model, tmp_path):
    arm = write_run(tmp_path, n=150)
    folder = arm / "scores" / tiny_model.as_posix().strip("/").replace("/", "-") / "samples"
    n_stored = 0
    for n_shards in (2, 6):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(tiny_model)], stderr=subprocess.DEVNULL
        )
        while len(shards(folder)) < n_shards and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.returncode == -signal.SIGKILL
        index = score_index(folder.parent)
        assert not index.duplicated(["problem_id", "sample_index"]).any()
        assert n_stored < len(index) < 600
        n_stored = len(index)
    (folder / f".{'000099-00000of00001'}-torn.tmp").write_bytes(b"torn")
    assert scored(tmp_path, tiny_model, per_token=True)[0].new == 600 - n_stored
    index = score_index(folder.parent)
    assert len(index) == 600
    assert not index.duplicated(["problem_id", "sample_index"]).any()
    assert not list(folder.glob(".*.tmp"))


def test_a_run_that_was_stopped_by_a_signal_keeps_what_it_has(write_run, tiny_model, tmp_path, monkeypatch):
    from boundary.sampling.scoring import run as scoring_run

    arm = write_run(tmp_path)
    tallied = scoring_run._tallied

    def interrupted(scores, tally, report):
        for number, score in enumerate(tallied(scores, tally, report)):
            if number == 7:
                raise KeyboardInterrupt
            yield score

    monkeypatch.setattr(scoring_run, "_tallied", interrupted)
    done = command(tmp_path, "--model", tiny_model)
    assert done.exit_code == 130
    assert len(score_index(scoring_folders(arm)[0])) == 7


def test_scores_are_no_arm_of_the_run(write_run, tiny_model, tmp_path):
    arm = write_run(tmp_path)
    scored(tmp_path, tiny_model)
    for folder in (tmp_path, arm.parent, arm):
        assert arms(folder) == [arm]
