"""Arms that were not sampled and judged alike: what docs/settings.md says of each setting is what happens."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import boundary as bd
from boundary.analysis.checks.arm_settings import compare_arms
from boundary.cli.main import main
from boundary.data.catalog import load_counts
from boundary.data.counts import Counts
from boundary.data.runs.counts import run_table
from boundary.data.settings.columns import SETTINGS, manifest_settings
from boundary.errors import InputError
from boundary.sampling.problems import Completion, Problem, Verdict, text_hash
from boundary.sampling.store.arm import open_store

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"
PROBLEMS = tuple(Problem(f"p{number}", f"What is {number} + {number}?", str(2 * number)) for number in range(5))
SAMPLING = {"temperature": 0.6, "top_p": 0.95, "max_tokens": 16384, "stop_ids": [2, 5], "seed": 0}
MANIFEST = {
    "benchmark": "toy",
    "template": "qwen-boxed",
    "template_hash": "sha256:" + "1" * 64,
    "prompt_tokens_hash": "sha256:" + "2" * 64,
    "prompt_text_hash": "sha256:" + "3" * 64,
    "tokenizer_hash": "sha256:" + "4" * 64,
    "engine": "vllm",
    "engine_version": "vllm 0.32.0",
}
OTHER_HASH = "sha256:" + "9" * 64
# What the other arm has, for every setting that a run folder can differ in alone.
IN_SETTINGS = {
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 20,
    "min_p": 0.1,
    "max_tokens": 8192,
    "repetition_penalty": 1.1,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "reasoning_effort": "high",
    "stop_ids": [2],
    "dtype": "float32",
    "quantization": "awq",
    "attention": "eager",
    "worker": "vllm",
    "seed": 1,
    "served_model": "other",
    "system_prompt": "Be brief.",
    "chat_template_kwargs": '{"enable_thinking": false}',
    "endpoint": "chat/completions",
    "setting_mirostat": {"mirostat": 2},
}
IN_MANIFEST = {
    "template": {"template": "raw", "template_hash": OTHER_HASH} | dict.fromkeys(["prompt_tokens_hash"], OTHER_HASH),
    "template_hash": {"template_hash": OTHER_HASH, "prompt_tokens_hash": OTHER_HASH, "prompt_text_hash": OTHER_HASH},
    "prompt_tokens_hash": {"prompt_tokens_hash": OTHER_HASH},
    "prompt_text_hash": {
        "prompt_text_hash": OTHER_HASH,
        "prompt_tokens_hash": OTHER_HASH,
        "tokenizer_hash": OTHER_HASH,
    },
    "tokenizer_hash": {"tokenizer_hash": OTHER_HASH},
    "engine": {"engine": "transformers"},
    "engine_version": {"engine_version": "vllm 0.33.0"},
    "manifest_server": {"server": "vLLM 0.33"},
}


def write_arm(
    folder, model="org/rl", settings=(), problems=PROBLEMS, n=4, verifier="math-2.0.9", text=None, **manifest
):
    """An arm whose first samples of each problem are correct; its texts are its own."""
    revision = (model.encode().hex() * 8)[:40]
    full = MANIFEST | {"model": model, "revision": revision, "n_samples": n, "verifier": verifier} | manifest
    with open_store(folder, full | {"settings": SAMPLING | dict(settings)}, problems) as store:
        for number, problem in enumerate(problems):
            texts = [f"{text or model} {problem.problem_id} {place}" for place in range(n)]
            store.append([Completion(problem.problem_id, i, item, "stop", 50) for i, item in enumerate(texts)])
            outcomes = ["correct" if place < number else "wrong" for place in range(n)]
            verdicts = [
                Verdict(problem.problem_id, place, outcome, text_hash=text_hash(texts[place]))
                for place, outcome in enumerate(outcomes)
            ]
            store.append_verdicts(verifier, verdicts)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_arm(tmp_path_factory.mktemp("base"), "org/base")


@pytest.fixture(scope="module")
def same_settings(base, tmp_path_factory):
    """Counts of two arms that were sampled and judged alike."""
    return run_table([base, write_arm(tmp_path_factory.mktemp("same_settings"))])


def documented():
    rows = re.findall(r"^\| [^|]+ \| `(\w+)(?:\.\.\.)?` \| ([^|]+) \|$", DOCS.read_text(encoding="utf-8"), re.M)
    return dict(rows)


def outcome(counts, **options):
    """What is said of two arms, in the words of docs/settings.md; the sentences beside it."""
    try:
        comparison = compare_arms(counts, ["org/base", "org/rl"], ["toy"], **options)
    except InputError as error:
        return "refused", [str(error)]
    severities = {remark.severity for remark in comparison.remarks}
    word = next((severity for severity in ("alarm", "remark", "note") if severity in severities), "named")
    return word, [remark.text for remark in comparison.remarks]


def other_arm(folder, name):
    if name in IN_SETTINGS:
        value = IN_SETTINGS[name]
        return write_arm(folder, settings=value if isinstance(value, dict) else {name: value})
    if name in IN_MANIFEST:
        return write_arm(folder, **IN_MANIFEST[name])
    if name == "verifier":
        return write_arm(folder, verifier="math-2.1.0")
    if name == "n_samples":
        return write_arm(folder, n=6)
    return None


def test_the_page_has_every_setting():
    assert {item.name for item in SETTINGS} <= documented().keys()


@pytest.mark.parametrize("name", documented())
def test_what_the_page_says_of_a_setting_is_what_happens(base, same_settings, tmp_path, name):
    """From a run folder, where it can differ in this alone; from counts in a file; with another value in a column."""
    expected = re.split(r"[;,]", documented()[name])[0].strip().removesuffix(" where some have no counts")
    names = {"setting_": "setting_mirostat", "manifest_": "manifest_server"}
    column = names.get(name, name)
    if (folder := other_arm(tmp_path / "rl", column)) is not None:
        table = run_table([base, folder])
        word, texts = outcome(Counts.from_frame(table))
        assert word == expected, texts
        Counts.from_frame(table).to_csv(tmp_path / "counts.csv")
        assert outcome(load_counts(tmp_path / "counts.csv")) == (word, texts)
    if name != "n_samples":
        values = {"problem_set_size": (5, 9)}.get(column, ("one", "another"))
        changed = same_settings.assign(**{column: [values[model == "org/rl"] for model in same_settings["model"]]})
        # Better evidence that the prompts are the same goes before this one.
        better = ["prompt_tokens_hash", "prompt_text_hash", "template_hash", "template"]
        changed = changed.drop(columns=better[: better.index(name)] if name in better else [])
        word, texts = outcome(Counts.from_frame(changed))
        assert word == expected, texts


def test_arms_that_are_alike_are_not_remarked(same_settings):
    assert outcome(Counts.from_frame(same_settings)) == ("named", [])


def test_other_problems_are_refused_from_a_file_too_even_if_other_prompts_are_allowed(base, same_settings, tmp_path):
    with pytest.raises(InputError, match="different problem sets under the name 'toy'"):
        run_table([base, write_arm(tmp_path, problems=(Problem("p0", "Another?", "3"), *PROBLEMS[1:]))])
    frame = same_settings.assign(problem_set_hash=same_settings["model"])
    word, texts = outcome(Counts.from_frame(frame), allow_different_prompts=True)
    assert word == "refused"
    assert "problem_set_hash" in texts[0]


def test_one_text_in_the_ids_of_two_tokenizers_is_one_prompt(base, tmp_path):
    tokens = {"tokenizer_hash": OTHER_HASH, "prompt_tokens_hash": OTHER_HASH}
    assert outcome(Counts.from_frame(run_table([base, write_arm(tmp_path / "a", **tokens)]))) == ("named", [])
    older = Counts.from_frame(run_table([base, write_arm(tmp_path / "b", **tokens, prompt_text_hash=None)]))
    word, texts = outcome(older)
    assert word == "remark"
    assert "whether their texts are is not recorded" in texts[0]


def test_other_templates_that_make_the_same_prompts_are_remarked(base, tmp_path):
    word, texts = outcome(Counts.from_frame(run_table([base, write_arm(tmp_path, template="renamed")])))
    assert (word, texts) == (
        "remark",
        ["The prompts are the same, though their templates are not: template qwen-boxed (base) and renamed (rl)."],
    )


def test_stop_tokens_of_other_tokenizers_are_no_alarm(base, tmp_path):
    tokens = {"tokenizer_hash": OTHER_HASH, "prompt_tokens_hash": OTHER_HASH}
    word, texts = outcome(
        Counts.from_frame(run_table([base, write_arm(tmp_path, settings={"stop_ids": [7]}, **tokens)]))
    )
    assert word == "note"
    assert "ids of the tokens that end a sample differ" in texts[0]


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        ({"revision": (b"org/base".hex() * 8)[:40]}, "their weights have one fingerprint"),
        (
            {"model": "org/base", "label": "org/rl", "revision": None},
            "are one model under two names: both are org/base",
        ),
    ],
)
def test_one_model_under_two_names_is_said(base, tmp_path, manifest, text):
    word, texts = outcome(Counts.from_frame(run_table([base, write_arm(tmp_path, text="rl", **manifest)])))
    assert word == "alarm"
    assert text in texts[0]


def test_two_servers_that_call_their_model_alike_are_said(tmp_path):
    served = {"served_model": "default"}
    folders = [write_arm(tmp_path / name, f"org/{name}", settings=served, text=name) for name in ("base", "rl")]
    word, texts = outcome(Counts.from_frame(run_table(folders)))
    assert word == "remark"
    assert "may be one model under two names: a server calls both default" in texts[0]


def test_runs_judged_by_other_verifiers_are_not_pooled(base, tmp_path):
    other = write_arm(tmp_path, "org/base", settings={"seed": 1}, verifier="math-2.1.0", text="other")
    with pytest.raises(InputError, match=r"judged by math-2.0.9 .* by math-2.1.0, so they are not pooled"):
        run_table([base, other])


def test_settings_that_changed_within_an_arm_are_named(tmp_path):
    arm = write_arm(tmp_path) / "org-rl" / "toy" / "manifest.json"
    manifest = json.loads(arm.read_text())
    manifest["skipped"] = {"p4": "too long"}
    manifest["history"] = [{"engine_version": "vllm 0.31.0", "settings": SAMPLING}]
    cells = manifest_settings([manifest], "math-2.0.9")
    assert (cells["engine_version"], cells["problems_skipped"]) == ("vllm 0.31.0, later vllm 0.32.0", 1)


def test_a_manifest_that_holds_anything_is_carried_within_bounds(base, tmp_path):
    hostile = {"\x1b[31mred": "\x1b]0;title\x07" + "x" * 10_000} | {f"key {i}": i for i in range(500)}
    table = run_table([base, write_arm(tmp_path, settings=hostile)])
    assert len(table.columns) < 100
    word, texts = outcome(Counts.from_frame(table))
    assert word == "alarm"
    assert all(text.isprintable() for text in texts)
    assert len(texts[0]) < 20_000


def analyze(*arguments):
    return CliRunner().invoke(main, ["analyze", *map(str, arguments), "--prior", "independent", "--k", "1,2"])


def test_the_command_refuses_other_prompts_and_says_the_rest(base, tmp_path):
    other = write_arm(
        tmp_path / "rl",
        template="<b>raw</b>",
        template_hash=OTHER_HASH,
        prompt_tokens_hash=OTHER_HASH,
        verifier="number-1",
    )
    arguments = [base, other, "--base", "org/base", "-o", tmp_path / "out"]
    refused = analyze(*arguments)
    assert refused.exit_code == 2
    assert "template qwen-boxed (base) and <b>raw</b> (rl)" in refused.output
    assert "--allow-different-prompts" in refused.output
    done = analyze(*arguments, "--allow-different-prompts")
    assert done.exit_code == 0, done.output
    printed = " ".join(done.output.split())
    assert "given different prompts, as allowed: template qwen-boxed (base) and <b>raw</b> (rl)" in printed
    assert "judged by different verifiers: math 2.0.9 (base) and number 1 (rl)" in printed
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<b>raw" not in page
    assert '<tr class="differs"><th scope="row">template <small>differs</small></th>' in page
    assert "at temperature 0.6; top-p 0.95; up to 16,384 new tokens; with the template" in page
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["arms"]["settings"][1]["values"]["verifier"] == "number-1"
    assert [remark["severity"] for remark in summary["arms"]["remarks"]] == ["alarm", "alarm"]


def test_shared_texts_are_said_by_status_and_analyze(base, tmp_path):
    run = write_arm(write_arm(tmp_path / "run", "org/base"), text="org/base")
    result = CliRunner().invoke(main, ["status", str(run)])
    assert result.output.count("LOOK: base and rl share their texts: 100% of the samples are the same at the same") == 2
    facts = json.loads(CliRunner().invoke(main, ["status", str(run), "--json"]).output)
    assert facts[0]["shared_texts"][0]["share"] == 1.0
    comparison = bd.analyze(run, base="org/base", prior="independent", k=[1]).arms
    assert [remark.alarming for remark in comparison.of("toy")] == [True]
    honest = CliRunner().invoke(main, ["status", str(write_arm(write_arm(tmp_path / "honest", "org/base")))])
    assert "LOOK" not in honest.output
