"""Files that were once imported wrongly, or refused for a false reason, and the right answer to each.

BOUNDARY_IMPORT_CASES names the folder that holds them; without it these tests are skipped.
"""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.importing.import_files import import_files
from boundary.errors import InputError

FOLDER = Path(os.environ.get("BOUNDARY_IMPORT_CASES", ""))
pytestmark = pytest.mark.skipif(
    "BOUNDARY_IMPORT_CASES" not in os.environ, reason="BOUNDARY_IMPORT_CASES does not name the folder of cases"
)

# For each benchmark: problems, the samples of each, and the correct ones; then what the notes must say.
RIGHT_COUNTS = [
    ("01-inspect-slash-ids-some/mixed.eval", {}, {"mixed": (3, {4}, 6)}, ""),
    ("02-inspect-slash-ids-all/humaneval.eval", {}, {"humaneval": (3, {4}, 6)}, ""),
    ("06-verl-uid/same_text_other_image.jsonl", {}, {"default": (2, {4}, 4)}, "told apart by uid"),
    ("06-verl-uid/multi_output.jsonl", {}, {"default": (2, {2}, 1)}, ""),
    ("06-verl-uid/multi_output_same_input.jsonl", {"outputs": "3"}, {"default": (2, {2}, 1)}, ""),
    ("07-duplicate-lines/partly.jsonl", {}, {"HumanEval": (20, {4}, 27)}, "20 samples stand there twice"),
    ("07-duplicate-lines/whole.jsonl", {}, {"HumanEval": (20, {4}, 27)}, "80 samples stand there twice"),
    ("09-matrix-header/pd_noindex_2.csv", {"header": "yes"}, {"default": (6, {2}, 4)}, ""),
    ("12-lighteval-names/v0.9-math_pass@1", {}, {"lighteval/aime24/0": (5, {64}, 10)}, "math_pass@1:64_samples"),
    ("12-lighteval-names/gpqa", {}, {"gpqa:diamond/0": (5, {8}, 10)}, ""),
    ("12-lighteval-names/pass@k-without-n", {}, {"math_500/0": (5, {4}, 10)}, ""),
    ("12-lighteval-names/v0.9-columns", {}, {"lighteval/aime24/0": (5, {4}, 10)}, ""),
    ("13-inspect-eval-set-folder", {}, {"one": (3, {4}, 6), "two": (3, {4}, 3)}, ""),
    ("14-tau2-infrastructure-errors/results.json", {}, {"tau2-airline": (1, {1}, 1)}, "1 of 2 problems of M"),
    ("14-tau2-infrastructure-errors/reward_0.9999999.json", {}, {"tau2-airline": (1, {3}, 2)}, ""),
    (
        "15-livecodebench-no-samples/Scenario.codegeneration_2_0.2_eval_all.json",
        {},
        {"livecodebench": (1, {2}, 1)},
        "has no sample left; it was left out: q2",
    ),
    ("16-counts-already-message/rl_raw.head2.jsonl", {}, {"default": (2, {8}, 15)}, "'rollouts.correct' is taken"),
    ("16-counts-already-message/evalperf_brief.first5.json", {}, {"EvalPerf": (5, {100}, 477)}, ""),
    ("20-verl-acc-message/0.jsonl", {"verdicts": "acc"}, {"default": (3, {4}, 3)}, ""),
    ("22-all-verdicts-alike/all_failed.jsonl", {}, {"HumanEval": (20, {4}, 0)}, "one and the same reason"),
    ("22-all-verdicts-alike/all_passed.jsonl", {}, {"HumanEval": (20, {4}, 80)}, "Did the verifier run"),
    ("23-lm-eval-0.5-scores-per-repeat/org__model", {}, {"gsm8k": (4, {4}, 4)}, ""),
    ("24-missing-formats/rows-of-a-user/all_samples.first60.jsonl", {}, {"default": (6, {10}, 46)}, ""),
]
REFUSED = [
    ("03-inspect-reasoning-effort-pooled", "reasoning_effort high, where it had low"),
    ("04-other-prompt-pooled/lm-eval", "max_tokens 32768, where it had 256"),
    ("04-other-prompt-pooled/math-eval", "prompt abel, where it had qwen-boxed"),
    ("04-other-prompt-pooled/opencompass", "was asked by another prompt"),
    ("05-tau-pooled/tau-airline-and-retail", "asks something else"),
    ("05-tau-pooled/tau-two-user-simulators", r"user gpt-4o, where it had gpt-3\.5"),
    ("05-tau-pooled/tau2-two-user-simulators", r"user_info\.llm weak-user, where it had gpt-4\.1"),
    ("06-verl-uid/multi_output_same_input.jsonl", "stand in blocks of 3"),
    ("09-matrix-header/pd_noindex_2.csv", "counts up as a header"),
    ("09-matrix-header/twomodels.csv", r"several names \(base, rl\)"),
    ("09-matrix-header/named_level1.csv", r"several names \(level, s\)"),
    ("09-matrix-header/counts01.csv", r"\(k1, k8\) are not samples"),
    ("17-no-hint/lfs.jsonl", "a Git LFS pointer.*git lfs pull"),
    ("17-no-hint/html.jsonl", "a web page"),
    ("17-no-hint/h.jsonl.xz", "packed by xz. Unpack it first"),
    ("17-no-hint/h.jsonl.bz2", "packed by bzip2. Unpack it first"),
    ("17-no-hint/h.zip", "packed by zip .*Unpack it first"),
    ("17-no-hint/h.utf16.jsonl", "encoded as UTF-16"),
    ("17-no-hint/outcome.csv", "boundary analyze reads it as it is"),
    ("20-verl-acc-message/0.jsonl", "--option verdicts=acc"),
    ("20-verl-acc-message/nan.jsonl", "'NaN' is not a verdict"),
    # The lines of this copy have lost their reward.
    ("24-missing-formats/verifiers", "no field 'reward'"),
]


@pytest.mark.parametrize(("path", "options", "expected", "note"), RIGHT_COUNTS, ids=[path for path, *_ in RIGHT_COUNTS])
def test_counted(path, options, expected, note):
    imported = import_files(FOLDER / path, model="M", **options)
    parts = imported.counts.table.groupby("benchmark")
    counts = {name: (len(part), set(part["n_samples"]), part["n_correct"].sum()) for name, part in parts}
    assert counts == expected
    assert note in " ".join(imported.notes)


@pytest.mark.parametrize(("path", "why"), REFUSED, ids=[path for path, _ in REFUSED])
def test_refused(path, why):
    model = "M" if path.startswith(("05", "09")) else None
    with pytest.raises(InputError, match=why):
        import_files(FOLDER / path, model=model)


def test_a_row_a_sample_under_other_names():
    """correct in place of outcome: counted, and the names that were guessed are said."""
    imported = import_files(FOLDER / "17-no-hint/correct.csv")
    table = imported.counts.table.set_index(["model", "problem_id"])["n_correct"]
    assert table.loc["base"].tolist() == [2, 2, 1, 2, 0, 1]
    assert table.loc["rl"].tolist() == [3, 1, 2, 1, 3, 2]
    assert any("correct" in str(note) for note in imported.notes)


def test_counts_of_each_problem_of_a_user():
    imported = import_files(FOLDER / "24-missing-formats/rows-of-a-user", model="M")
    assert imported.counts.table["n_correct"].tolist() == [8, 9, 1, 9, 10, 9]


def test_too_many_samples_to_analyse(tmp_path):
    answer = CliRunner().invoke(
        main, ["analyze", str(FOLDER / "18-big-n-crash/big_n.csv"), "--base", "base", "-o", str(tmp_path)]
    )
    assert answer.exit_code == 2
    assert "4294967296 is too large for a count" in " ".join(answer.output.split())


def test_an_output_that_is_an_input(tmp_path):
    path = tmp_path / "m.csv"
    path.write_bytes((FOLDER / "10-output-overwrites-input/m.csv").read_bytes())
    before = path.read_bytes()
    answer = CliRunner().invoke(main, ["import", "matrix", str(path), "--model", "M", "-o", str(path)])
    assert answer.exit_code == 2
    assert path.read_bytes() == before
