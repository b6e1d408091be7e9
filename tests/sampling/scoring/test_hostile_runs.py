"""Hostile run folders under `boundary score`: no file or model that they name is opened; every number is checked."""

import json
import math
import pickle
import re
from itertools import islice

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.readers import limits
from boundary.data.runs.folder import manifest_hash, read_manifest, shards
from boundary.data.runs.scores import (
    read_scores,
    read_scoring,
    score_index,
    scores_table,
    scoring_folders,
    scoring_hash,
)
from boundary.data.runs.shards import read_header, read_lines
from boundary.errors import InputError
from boundary.sampling.models import ModelCodeError
from boundary.sampling.problems import Problem
from boundary.sampling.scoring import responses
from boundary.sampling.scoring.records import Response, ScorerSpec, ScoreTerms
from boundary.sampling.scoring.run import Scoring, score_run
from boundary.sampling.scoring.table import open_scorer
from boundary.sampling.store.arm import write_shard
from boundary.sampling.store.locks import take_lock

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def scored(folder, model, **options):
    return score_run(Scoring(folder, str(model), **options))


def change_manifest(arm, **entries):
    """Change entries of a manifest (None: take them away) as somebody would who makes the shards agree with it."""
    path = arm / "manifest.json"
    content = json.loads(path.read_text()) | entries
    path.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))
    for shard in shards(arm / "samples"):
        lines, header = list(islice(read_lines(shard), 1, None)), read_header(shard)
        shard.unlink()
        header = {"manifest": manifest_hash(read_manifest(arm)), "samples": header["samples"]}
        write_shard(arm / "samples", lines, "00000of00001", header)


def replace_shard(folder, lines, samples):
    """The one shard of a folder of scores, made anew."""
    for path in shards(folder / "samples"):
        path.unlink()
    header = {"manifest": scoring_hash(read_scoring(folder)), "samples": samples}
    return write_shard(folder / "samples", lines, "000001-hostile", header)


@pytest.fixture
def only_loads(monkeypatch, tiny_model):
    """Fail where a template or a tokenizer is opened that the test did not name."""
    load = responses.load_tokenizer

    def checked(name, *arguments):
        assert name == str(tiny_model)
        return load(name, *arguments)

    monkeypatch.setattr(responses, "load_tokenizer", checked)
    monkeypatch.setattr("boundary.sampling.prompts.load_problems", None)


@pytest.mark.parametrize("template", ["{folder}/secret.txt", "few-shot:gym:sums", "../../secret", 3, None])
def test_no_file_that_a_manifest_names_is_read_as_a_template(template, write_run, tiny_model, tmp_path, only_loads):
    arm = write_run(tmp_path, tokens=False, prompts=False)
    (tmp_path / "secret.txt").write_text("{problem}")  # has the fingerprint of the run's template
    name = template.format(folder=tmp_path) if isinstance(template, str) else template
    change_manifest(arm, template=name, prompt_tokens_hash=None)
    with pytest.raises(InputError, match=r"does not come with boundary. Name its file with --template"):
        scored(tmp_path, tiny_model)
    assert scored(tmp_path, tiny_model, template=str(tmp_path / "secret.txt"))[0].new == 20


@pytest.mark.parametrize("recorded", ["sha256:other", None])
def test_no_model_that_a_manifest_names_is_looked_up(recorded, write_run, tiny_model, tmp_path, only_loads):
    arm = write_run(tmp_path, tokens=False, prompts=False)
    honest = json.loads((arm / "manifest.json").read_text())["tokenizer_hash"]
    change_manifest(arm, tokenizer_hash=recorded, model="attacker/tokenizer")
    with pytest.raises(InputError, match=r"'attacker/tokenizer' is needed .* Name it with --sampled-tokenizer"):
        scored(tmp_path, tiny_model)
    if recorded:
        with pytest.raises(InputError, match="another tokenizer than"):
            scored(tmp_path, tiny_model, sampled_tokenizer=str(tiny_model))
        change_manifest(arm, tokenizer_hash=honest)
    words = ["score", str(tmp_path), "--model", str(tiny_model), "--sampled-tokenizer", str(tiny_model), "--json"]
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert json.loads(done.stdout)[0]["new"] == 20


@pytest.mark.parametrize("ids", [3, "2", ["2"], [2.5], [-1], [2**31], [2**80], [True], [None], [{}], [2] * 2000])
def test_stop_ids_that_are_no_token_ids_are_refused(ids, write_run, tiny_model, tmp_path):
    write_run(tmp_path, stop_ids=ids)
    with pytest.raises(InputError, match="the stop_ids in its manifest are no token ids"):
        scored(tmp_path, tiny_model)


def test_stop_ids_count_once_and_only_where_the_model_has_them(write_run, tiny_model, tmp_path):
    sums = []
    for name, ids in (("one", [2]), ("more", [2, 2, 2**31 - 1])):
        arm = write_run(tmp_path / name, tokens=False, stop_ids=ids)
        scored(tmp_path / name, tiny_model)
        rows = list(read_scores(scoring_folders(arm)[0]))
        sums.append({(row["problem_id"], row["sample_index"]): row["sum_logp"] for row in rows})
    assert sums[0] == pytest.approx(sums[1])
    write_run(tmp_path / "none", tokens=False, stop_ids=[2**31 - 1])
    with pytest.raises(InputError, match="the model knows none of the run's"):
        scored(tmp_path / "none", tiny_model)


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": math.nan}, {"temperature": math.inf}, {"temperature": -1}, {"temperature": 10**400},
        {"top_p": math.nan}, {"top_p": 0}, {"top_p": -1},
        {"top_p": 2}, {"top_p": math.inf},
    ],
)  # fmt: skip
def test_temperatures_that_nothing_can_be_sampled_at_score_untempered(settings, write_run, tiny_model, tmp_path):
    write_run(tmp_path, **settings)
    result = scored(tmp_path, tiny_model, as_sampled=True)[0]
    assert "no temperature and top-p that can be sampled at" in result.not_tempered
    assert scores_table(tmp_path)["sum_tempered"].isna().all()


def test_scores_that_are_no_numbers_are_not_stored(write_run, tiny_model, tmp_path):
    arm = write_run(tmp_path, temperature=1e-45)
    with pytest.raises(InputError, match="its log-probability is no finite number"):
        scored(tmp_path, tiny_model, as_sampled=True)
    assert not shards(scoring_folders(arm)[0] / "samples")


@pytest.mark.parametrize("token", [-3, 48, 2**31])
def test_the_token_at_fault_is_named(token, tiny_model):
    response = Response("p", 0, 0, (3, 4), (5, token, 6), "none")
    with (
        open_scorer(ScorerSpec("transformers", str(tiny_model))) as score,
        pytest.raises(InputError, match=f"it has token {token}, and"),
    ):
        list(score([response], ScoreTerms()))


def test_empty_prompts_are_refused(write_run, tiny_model, tmp_path):
    write_run(tmp_path, problems=(Problem("full", "What is 1 ?", "1"), Problem("blank", "", "1")))
    for reference in (False, True):
        with pytest.raises(InputError, match="the prompt of problem blank is empty"):
            scored(tmp_path, tiny_model, reference=reference)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text_hash": 2**64}, "text_hash is missing or of another kind"),
        ({"n_bytes": 2**64}, "n_bytes is missing or of another kind"),
        ({"n_tokens": -(2**70)}, "n_tokens is missing or of another kind"),
        ({"sample_index": 2**64}, "sample_index is missing or of another kind"),
        ({"sum_logp": 10**400}, "sum_logp is missing or of another kind"),
        ({"sum_logp": math.nan}, "no finite number"),
        ({"sum_tempered": math.inf}, "no finite number"),
        ({"sum_nucleus": -math.inf}, "no finite number"),
        ({"token_logp": [0.0, math.nan]}, "no finite number"),
    ],
)
def test_stored_numbers_are_checked(changes, message, write_run, tiny_model, tmp_path):
    folder = first_scores(write_run, tiny_model, tmp_path)
    line = next(read_scores(folder)) | changes
    replace_shard(folder, [line], [["p0", 0, 1, 1, ""]])
    with pytest.raises(InputError, match=message):
        scores_table(tmp_path)


def first_scores(write_run, tiny_model, folder):
    """The scores of a run."""
    arm = write_run(folder, n=2)
    scored(folder, tiny_model)
    return scoring_folders(arm)[0]


def test_headers_are_checked(write_run, tiny_model, tmp_path, monkeypatch):
    folder = first_scores(write_run, tiny_model, tmp_path)
    replace_shard(folder, [], [["p0", 0, 2**64, 1, ""]])
    with pytest.raises(InputError, match="cut short or damaged"):
        score_index(folder)
    replace_shard(folder, [], [["p0", 0, 1, 1, ""]])
    with pytest.raises(InputError, match="fewer scores than it says"):
        scores_table(tmp_path)
    replace_shard(folder, [], [["p0", number, 1, 1, ""] for number in range(2000)])
    monkeypatch.setattr(limits, "ALWAYS_ALLOWED", 1000)
    monkeypatch.setattr(limits, "MOST_TIMES", 1)
    with pytest.raises(InputError, match="list more scores than they hold"):
        score_index(folder)


def test_shards_without_a_line_are_no_scores(write_run, tiny_model, tmp_path):
    folder = first_scores(write_run, tiny_model, tmp_path)
    replace_shard(folder, [], [])
    with pytest.raises(InputError, match="holds no scores"):
        scores_table(tmp_path)
    assert scored(tmp_path, tiny_model)[0].new == 8
    assert len(scores_table(tmp_path)) == 8


def test_what_was_scored_once_stays_when_more_is_scored(write_run, tiny_model, tmp_path):
    arm = write_run(tmp_path)
    scored(tmp_path, tiny_model, as_sampled=True)
    before = scores_table(tmp_path)
    assert scored(tmp_path, tiny_model, per_token=True)[0].new == 20
    for options in ({"as_sampled": True}, {"per_token": True}, {"as_sampled": True, "per_token": True}):
        assert scored(tmp_path, tiny_model, **options)[0].new == 0
    after = scores_table(tmp_path)
    keys = ["problem_id", "sample_index"]
    for name in ("sum_logp", "sum_tempered", "sum_nucleus", "n_outside"):
        assert list(after.sort_values(keys)[name]) == pytest.approx(list(before.sort_values(keys)[name]), abs=1e-4)
    assert len(score_index(scoring_folders(arm)[0])) == 40


def test_a_command_that_failed_to_load_can_be_corrected(write_run, tiny_model, tmp_path):
    arm = write_run(tmp_path)
    with pytest.raises(InputError):
        scored(tmp_path, f"m={tiny_model}", engine_options={"attention": "none_such"})
    [folder] = scoring_folders(arm)
    other = take_lock(folder / ".lock-samples-00001of00002")  # another process may be about to score that way
    with pytest.raises(InputError, match="holds scores of another kind: settings was"):
        scored(tmp_path, f"m={tiny_model}")
    other.release()
    assert scored(tmp_path, f"m={tiny_model}")[0].new == 20
    with pytest.raises(InputError, match="holds scores of another kind: settings was"):
        scored(tmp_path, f"m={tiny_model}", engine_options={"attention": "none_such"})


def test_models_with_code_of_their_own_are_refused_without_an_option_that_is_not_there(write_run, tmp_path):
    write_run(tmp_path / "run")
    folder = tmp_path / "own"
    folder.mkdir()
    code = {"AutoConfig": "code.Config", "AutoTokenizer": ["code.Tokenizer", None]}
    for name in ("config.json", "tokenizer_config.json"):
        (folder / name).write_text(json.dumps({"model_type": "own", "auto_map": code}))
    (folder / "code.py").write_text("raise SystemExit('code ran')")
    with pytest.raises(InputError, match=r"comes with code of its own, which is never run for scoring") as error:
        scored(tmp_path / "run", folder)
    assert "--trust-remote-code" not in str(error.value)
    again = pickle.loads(pickle.dumps(ModelCodeError("m", "which is refused.")))
    assert (again.model, str(again)) == ("m", "The model 'm' comes with code of its own, which is refused.")


def test_worker_options_that_are_no_mapping_are_refused(write_run, tiny_model, tmp_path, monkeypatch):
    write_run(tmp_path)
    monkeypatch.setattr("boundary.sampling.scoring.run.scorer_version", lambda name: "ray 0")
    with pytest.raises(InputError, match="worker_options is no mapping"):
        scored(tmp_path, tiny_model, engine="ray", engine_options={"worker_options": 8})


def test_sentences_say_what_they_count(write_run, tiny_model, tmp_path):
    write_run(tmp_path, n=2)
    words = ["score", str(tmp_path), "--model", str(tiny_model)]
    lines = CliRunner().invoke(main, words, catch_exceptions=False).output
    assert re.search(r"8 new scores of 8 .*\n  of the new scores: mean log-probability of a token -\d", lines)
    lines = CliRunner().invoke(main, [*words, "--reference"], catch_exceptions=False).output
    assert "4 new scores of 4 responses" in lines
    assert "tokenised anew" not in lines
