"""The same completions under two names are found; short answers that coincide are not taken for them."""

import numpy as np
import pandas as pd
import pytest

from boundary.data.shared_texts import COLUMNS, shared_texts, texts_of

PROBLEMS, N = 20, 32
# Texts of a problem: answers of a few kinds, of some dozens, or sentences that hardly occur twice.
KINDS = {"few": 6, "some": 40, "many": 10**6}


def random_texts(rng, kind, changed=0.0):
    """Texts of an arm on each problem, as numbers; the populations of `few` and `some` follow from the problem."""
    size = KINDS[kind]
    if kind == "many":
        return rng.integers(size, size=(PROBLEMS, N))
    populations = np.random.default_rng(7).dirichlet(np.full(size, 0.5), PROBLEMS)
    other = rng.dirichlet(np.full(size, 0.5), PROBLEMS)
    return np.stack([rng.choice(size, N, p=p) for p in (1 - changed) * populations + changed * other])


def table(**arms):
    parts = []
    for model, texts in arms.items():
        problem, place = np.indices(texts.shape)
        columns = {"problem_id": problem.ravel(), "sample_index": place.ravel(), "text_hash": texts.ravel() + 1}
        parts.append(pd.DataFrame(columns).assign(model=model, benchmark="toy", run=""))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)].astype(str)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("changed", [0.0, 0.5])
def test_honest_arms_share_nothing_beyond_chance(kind, changed):
    rng = np.random.default_rng(0)
    for _ in range(2):
        assert shared_texts(table(base=random_texts(rng, kind), rl=random_texts(rng, kind, changed))) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("copied", "overlaps"),
    [
        (lambda rng, first, second: first, {"same places"}),
        (lambda rng, first, second: np.where(rng.random(first.shape) < 0.3, first, second), {"same places"}),
        (lambda rng, first, second: rng.permuted(first, axis=1), {"any places"}),
        # Texts that hardly occur twice tell a copied problem by any of its samples.
        (
            lambda rng, first, second: np.vstack([rng.permuted(first[:7], axis=1), second[7:]]),
            {"any places", "whole problems"},
        ),
    ],
    ids=["copy", "part", "permuted copy", "permuted copy of some problems"],
)
def test_copies_are_found(kind, copied, overlaps):
    rng = np.random.default_rng(1)
    first, second = random_texts(rng, kind), random_texts(rng, kind, 0.5)
    (shared,) = shared_texts(table(base=first, rl=copied(rng, first, second)))
    assert shared.overlap in overlaps
    assert shared.severity == "alarm"
    assert shared.share > shared.chance
    assert "not independent" in shared.text


def test_a_copy_of_a_part_in_a_larger_arm_is_found():
    rng = np.random.default_rng(2)
    first = random_texts(rng, "many")
    larger = rng.permuted(np.hstack([first, random_texts(rng, "many"), random_texts(rng, "many")]), axis=1)
    (shared,) = shared_texts(table(base=first, rl=larger))
    assert shared.overlap == "any places"
    assert shared.share == pytest.approx(1.0)


def test_a_constant_arm_beside_a_varied_larger_one_is_honest():
    """Where one arm always writes a text that the other writes now and then, they agree less than within the first."""
    rng = np.random.default_rng(3)
    varied = np.where(rng.random((PROBLEMS, 8 * N)) < 0.3, 0, rng.integers(1, 10**6, (PROBLEMS, 8 * N)))
    assert shared_texts(table(base=np.zeros((PROBLEMS, N), int), rl=varied)) == []


def test_two_sure_models_that_agree_are_named_and_no_alarm():
    same = np.tile(np.arange(PROBLEMS)[:, None], (1, N))
    (shared,) = shared_texts(table(base=same, rl=same))
    assert shared.severity == "remark"
    assert "vary too little" in shared.text


def test_runs_are_matched_in_their_order_and_only_the_models_named_are_compared():
    rng = np.random.default_rng(4)
    runs = [random_texts(rng, "many") for _ in range(2)]
    parts = [table(base=runs[i], rl=runs[i], other=random_texts(rng, "many")).assign(run=f"seed {i}") for i in (0, 1)]
    parts[1].loc[parts[1]["model"] == "rl", "run"] = "rl-1.jsonl"
    texts = pd.concat(parts)
    assert [(pair.models, pair.overlap) for pair in shared_texts(texts)] == [(("base", "rl"), "same places")]
    assert shared_texts(texts, ["base", "other"]) == []


def test_unknown_texts_are_not_compared():
    samples = table(base=np.zeros((PROBLEMS, N), int), rl=np.zeros((PROBLEMS, N), int)).assign(text_hash="0")
    assert texts_of("counts.csv", samples).empty
    assert texts_of("counts.csv").empty
    assert shared_texts(texts_of("counts.csv")) == []
