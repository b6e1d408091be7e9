"""Figures that the READMEs beside published sets give, recomputed from imports of the raw files, where those are."""

import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from boundary.data.counts import Counts
from boundary.data.importing.import_files import import_files

FOLDER = Path(os.environ.get("BOUNDARY_PUBLISHED", ""))
pytestmark = pytest.mark.skipif(
    "BOUNDARY_PUBLISHED" not in os.environ, reason="BOUNDARY_PUBLISHED does not name the folder of published sets"
)
PAIR = ["base", "simplerl"]


def pass_at_k(table, k):
    """Unbiased estimator of Chen et al. 2021 (arXiv 2107.03374), averaged over problems."""
    n, c = table["n_samples"].to_numpy(), table["n_correct"].to_numpy()
    product = np.ones(len(table))
    for i in range(k):
        product *= np.maximum(n - c - i, 0) / (n - i)
    return 1 - product.mean()


def shown(values):
    """Equal to figures given to three places, a half rounded either way."""
    return pytest.approx(values, abs=5.001e-4)


def by_problem(table):
    return table.set_index(["model", "problem_id"])[["n_samples", "n_correct"]].sort_index()


def beside(name):
    return Counts.from_file(FOLDER / name).table


def test_math_eval_agrees_with_the_counts_beside_it():
    folder = FOLDER / "formats" / "limit-of-rlvr"
    counts = beside("formats/limit-of-rlvr/counts.csv")
    assert round(pass_at_k(counts, 1), 2) == 0.91
    assert round(pass_at_k(counts, 8), 2) == 0.96
    samples = import_files(folder / "math_cot_100.first60.jsonl", model="m").samples
    outcomes = pd.read_csv(folder / "outcomes_with_rm_score.csv", dtype={"problem_id": str})
    merged = samples.merge(outcomes, on=["problem_id", "sample_index"], validate="one_to_one")
    assert len(merged) == 480
    assert ((merged["outcome"] == "correct") == (merged["correct"] == 1)).all()


def test_math500_of_the_reproduction():
    table = import_files(FOLDER / "rlvr-math500-qwen7b" / "raw" / "results.rebuilt.json").counts.table
    base, rl = (table.loc[table["model"] == name].set_index("problem_id") for name in PAIR)
    assert [int(part["n_correct"].sum()) for part in (base, rl)] == [39291, 49877]
    assert [round(pass_at_k(base, 2**i), 4) for i in range(8)] == [
        *(0.6139, 0.7341, 0.8144, 0.8682, 0.9043, 0.9293, 0.9474, 0.962)
    ]
    assert [round(pass_at_k(rl, 2**i), 4) for i in range(8)] == [
        *(0.7793, 0.8236, 0.8568, 0.8830, 0.9022, 0.9151, 0.9235, 0.93)
    ]
    solved = (base["n_correct"] > 0).to_numpy(), (rl["n_correct"].reindex(base.index) > 0).to_numpy()
    cells = [(solved[0] == a) & (solved[1] == b) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
    assert [int(cell.sum()) for cell in cells] == [462, 19, 3, 16]
    counts = beside("rlvr-math500-qwen7b/counts.csv")
    for name, part in zip(("Qwen2.5-7B", "Qwen2.5-7B-SimpleRL-Zoo"), (base, rl), strict=True):
        theirs = counts.loc[counts["model"] == name].set_index("problem_id")["n_correct"]
        assert theirs.reindex(part.index).tolist() == part["n_correct"].tolist()


BOARDS = {
    "generation.8ed5690": {"LCB-codegen": ("2024-04-17", "livecodebench")},
    "generation.33505c0": {"LCB-codegen": ("2025-01-15", "livecodebench")},
    "generation.83b6481": {"LCB-codegen": ("2025-04-22", "livecodebench")},
    "execution": {
        "LCB-execution": (None, "livecodebench-execution"),
        "LCB-execution-CoT": (None, "livecodebench-execution-cot"),
    },
    "repair": {"LCB-selfrepair": (None, "livecodebench-repair")},
    "testgen": {"LCB-testoutput": (None, "livecodebench-testgen")},
}


@pytest.fixture(scope="module")
def boards():
    folder = FOLDER / "livecodebench-leaderboard" / "raw"
    return {name: import_files(folder / f"performances_{name}.json.gz").counts.table for name in BOARDS}


@pytest.mark.parametrize("name", BOARDS)
def test_boards_agree_with_the_counts_beside_them(boards, name):
    theirs = pd.read_csv(FOLDER / "livecodebench-leaderboard" / "counts.csv.gz", dtype={"problem_id": str})
    for benchmark, (release, board_name) in BOARDS[name].items():
        rows = theirs.loc[theirs["benchmark"] == benchmark]
        rows = rows if release is None else rows.loc[rows["release"] == release]
        board = boards[name].loc[boards[name]["benchmark"] == board_name]
        assert by_problem(board).equals(by_problem(rows.assign(model=rows["model"].astype(object))))


@pytest.mark.parametrize(
    ("board", "benchmark", "model", "expected"),
    [
        ("generation.8ed5690", "livecodebench", "DSCoder-33b-Base", (0.237, 0.318)),
        ("generation.8ed5690", "livecodebench", "DSCoder-33b-Ins", (0.303, 0.408)),
        ("generation.8ed5690", "livecodebench", "DSCoder-6.7b-Base", (0.192, 0.275)),
        ("generation.8ed5690", "livecodebench", "DSCoder-6.7b-Ins", (0.217, 0.313)),
        ("execution", "livecodebench-execution", "DSCoder-33b-Base", (0.490, 0.637)),
        ("execution", "livecodebench-execution", "DSCoder-33b-Ins", (0.436, 0.549)),
    ],
)
def test_figures_of_the_boards(boards, board, benchmark, model, expected):
    table = boards[board]
    rows = table.loc[(table["model"] == model) & (table["benchmark"] == benchmark)]
    assert (pass_at_k(rows, 1), pass_at_k(rows, 10)) == shown(expected)


def test_o1_mini_on_the_board(boards):
    table = boards["generation.33505c0"]
    rows = table.loc[table["model"].str.contains("O1-Mini")]
    assert len(rows) == 880
    assert round(pass_at_k(rows, 1), 4) == 0.6818


BEST_OF_N = {
    "Claude 3.5 Opus": 0.950,
    "Claude 3.5 Sonnet": 0.799,
    "GPT4o": 0.899,
    "GPT4o Mini": 0.956,
    "Gemini 1.5 Flash": 0.654,
    "Gemini 1.5 Pro": 0.522,
    "Llama 3 8B": 1.0,
}


def test_best_of_n():
    folder = FOLDER / "bon-jailbreaking-text"
    imported = import_files(folder / "raw" / "bon_jailbreaking_pass_at_k.parquet")
    table, theirs = imported.counts.table, beside("bon-jailbreaking-text/counts.csv")
    assert by_problem(table).equals(by_problem(theirs))
    assert table["n_samples"].mod(60).eq(0).all()
    ever = table.groupby("model")["n_correct"].apply(lambda c: (c > 0).mean()).round(3)
    assert sorted(ever) == sorted(BEST_OF_N.values())
    attempts = import_files(folder / "raw" / "Meta-Llama-3-8B-Instruct_text_t1.0_n10000.head2000.jsonl").samples
    positions = pd.read_csv(folder / "outcomes_success_positions.csv", dtype=str)
    positions = positions.loc[positions["model"].str.startswith("Llama")].set_index("problem_id")
    for problem, part in list(attempts.groupby("problem_id", sort=False))[:-1]:
        hits = part.loc[part["outcome"] == "correct", "sample_index"]
        assert len(part) == int(positions.loc[problem, "n_samples"])
        assert sorted(hits) == [int(word) for word in positions.loc[problem, "success_positions"].split()]
        assert all(later - earlier == 1 for earlier, later in pairwise(sorted(part["sample_index"])))


@pytest.mark.parametrize(
    ("model", "expected", "never"),
    [
        ("160M", (0.0027, 0.0251, 0.1619, 0.4102, 0.5703), 55),
        ("1B", (0.0083, 0.0665, 0.2745, 0.5462, 0.7422), 33),
        ("12B", (0.0232, 0.1568, 0.4834, 0.7233, 0.8750), 16),
    ],
)
def test_monkeys(model, expected, never):
    table = beside("monkeys-pythia-math-10k/counts.csv")
    rows = table.loc[table["model"] == f"Pythia-{model}"]
    assert tuple(round(pass_at_k(rows, k), 4) for k in (1, 10, 100, 1_000, 10_000)) == expected
    assert int((rows["n_correct"] == 0).sum()) == never


def test_gsm8k_trajectory():
    """Its raw rollouts are of no format that others use; the counts beside them give the figures."""
    table = beside("rlvr-gsm8k30-trajectory/counts.csv")
    table = table.loc[table["benchmark"].str.contains("2048")]
    parts = [part for _, part in table.groupby("model", sort=False)]
    computed = sorted((pass_at_k(part, 1), pass_at_k(part, 8)) for part in parts)
    figures = [(0.554, 0.933), (0.650, 0.900), (0.621, 0.933), (0.663, 0.933), (0.721, 0.933), (0.729, 0.967)]
    assert len(computed) == len(figures)
    assert all(figure == shown(published) for figure, published in zip(computed, sorted(figures), strict=True))


def test_evalperf():
    table = beside("formats/evalperf/counts.csv")
    assert round(pass_at_k(table, 1), 3) == 0.805
    assert round((table["n_correct"] > 0).mean(), 3) == 0.898


def test_deepscaler():
    table = beside("deepscaler-1.5b/counts.csv")
    solved = table.assign(hit=table["n_correct"] > 0).pivot(
        index=["benchmark", "problem_id"], columns="model", values="hit"
    )
    base = next(name for name in solved if "Distill" in name)
    rl = next(name for name in solved if "DeepScaleR" in name)
    cells = [int(((solved[base] == a) & (solved[rl] == b)).sum()) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
    assert cells == [911, 33, 12, 104]
    assert json.loads(solved.groupby("benchmark").size().to_json()) == {
        "AIME24": 30,
        "AMC23": 39,
        "Gaokao2023en": 358,
        "OlympiadBench": 633,
    }
