"""The counts table: round trips through files, alignment of arms, and the fingerprint of a problem set."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from boundary.data.catalog import load_counts
from boundary.data.counts import Counts
from boundary.data.validation import OUTCOME_COLUMNS
from boundary.errors import InputError

COLUMNS = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
in_a_folder = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Anything but control characters and half characters; commas, quotes and what readers take for missing among them.
words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=6)
names = st.one_of(words, st.sampled_from(["NA", "nan", "None", "7", "007", "1e3", 'a "b", c', "x y", "-", "#", "=1+1"]))


@st.composite
def tables(draw):
    """A table as a user might write it: some extra columns, some outcomes missing."""
    keys = draw(st.lists(st.tuples(names, names.filter("all".__ne__), names), min_size=1, max_size=12, unique=True))
    sizes = draw(st.lists(st.integers(1, 10**6), min_size=len(keys), max_size=len(keys)))
    correct = [draw(st.integers(0, size)) for size in sizes]
    table = pd.DataFrame([(*key, *counts) for key, *counts in zip(keys, sizes, correct, strict=True)], columns=COLUMNS)
    if draw(st.booleans()):
        spare = [draw(st.none() | st.integers(0, n - c)) for n, c in zip(sizes, correct, strict=True)]
        table[draw(st.sampled_from(OUTCOME_COLUMNS))] = pd.array(spare, dtype="Int64")
    if draw(st.booleans()):
        table["note"] = [draw(names) for _ in keys]
    return table[draw(st.permutations(list(table.columns)))]


def same(actual, expected):
    """Equal cells; columns beyond the five may be text of another type."""
    pd.testing.assert_frame_equal(actual, expected, check_dtype=False)
    assert actual.dtypes[COLUMNS].to_dict() == expected.dtypes[COLUMNS].to_dict()


@in_a_folder
@given(tables())
def test_csv_round_trip(tmp_path, table):
    counts = Counts.from_frame(table)
    for name in ("c.csv", "c.csv.gz"):
        counts.to_csv(tmp_path / name)
        same(load_counts(tmp_path / name).table, counts.table)


@in_a_folder
@given(tables())
def test_parquet_round_trip(tmp_path, table):
    counts = Counts.from_frame(table)
    for frame in (table, counts.table):
        frame.to_parquet(tmp_path / "c.parquet")
        same(load_counts(tmp_path / "c.parquet").table, counts.table)


@given(tables())
def test_validating_again_changes_nothing(table):
    counts = Counts.from_frame(table)
    pd.testing.assert_frame_equal(Counts.from_frame(counts.table).table, counts.table)
    assert list(counts.table.columns[:5]) == COLUMNS


@given(tables(), st.randoms(use_true_random=False))
def test_the_problem_set_does_not_depend_on_order_models_or_counts(table, random):
    counts = Counts.from_frame(table)
    order = random.sample(range(len(table)), len(table))
    shuffled = Counts.from_frame(table.iloc[order].assign(model=[f"m{i}" for i in order], n_correct=0))
    assert shuffled.problem_set_hash() == counts.problem_set_hash()
    assert counts.problems() == sorted(set(zip(counts.table["benchmark"], counts.table["problem_id"], strict=True)))


@given(tables())
def test_the_problem_set_changes_with_its_problems(table):
    counts = Counts.from_frame(table)
    table = counts.table.assign(problem_id=counts.table["problem_id"] + "'")
    assert Counts.from_frame(table).problem_set_hash() != counts.problem_set_hash()


@st.composite
def arms(draw):
    """Counts of two models, each on some of the problems, rows in any order; and what each model has."""
    problems = st.tuples(st.sampled_from(["easy", "hard"]), st.sampled_from([f"p{i}" for i in range(6)]))
    has = {model: draw(st.sets(problems, min_size=1)) for model in ("base", "rl")}
    keys = [(model, *problem) for model in has for problem in sorted(has[model])]
    rows = [(*key, draw(st.integers(9, 20)), draw(st.integers(0, 9))) for key in keys]
    return Counts.from_frame(pd.DataFrame(draw(st.permutations(rows)), columns=COLUMNS)), has


@settings(deadline=None)
@given(arms(), st.sampled_from(["all", "easy", "hard"]))
def test_alignment_of_arms(arms, benchmark):
    counts, has = arms
    if benchmark not in ("all", *counts.benchmarks):
        return
    base, rl = ({p for p in has[model] if benchmark in ("all", p[0])} for model in ("base", "rl"))
    if base != rl:
        with pytest.raises(InputError) as caught:
            counts.arrays(["base", "rl"], benchmark)
        for model, absent in (("base", rl - base), ("rl", base - rl)):
            assert (f"{model} lacks {len(absent)} of {len(base | rl)} problems" in str(caught.value)) == bool(absent)
            assert all(f"{b}/{p}" in str(caught.value) for b, p in sorted(absent)[:3])
    if not base & rl:
        with pytest.raises(InputError, match="no problem in common"):
            counts.arrays(["base", "rl"], benchmark, common_only=True)
        return
    aligned = counts.arrays(["rl", "base"], benchmark, common_only=True)
    is_pooled = len({b for b, _ in base & rl}) > 1
    assert aligned.problem_ids == [f"{b}/{p}" if is_pooled else p for b, p in sorted(base & rl)]
    rows = counts.table.set_index(COLUMNS[:3])
    for i, problem in enumerate(sorted(base & rl)):
        for j, model in enumerate(("rl", "base")):
            row = rows.loc[(model, *problem)]
            assert (aligned.n_correct[i, j], aligned.n_samples[i, j]) == (row["n_correct"], row["n_samples"])
    assert aligned.n_correct.dtype == aligned.n_samples.dtype == np.int64


def table(**columns):
    return pd.DataFrame({"model": "m", "problem_id": ["a", "b"], "n_samples": 4, "n_correct": 1} | columns)


def test_without_a_benchmark_there_is_one():
    assert Counts.from_frame(table()).benchmarks == ("default",)


@pytest.mark.parametrize("ids", [[7, 8], [7.0, 8.0], ["7", " 8 "], np.array([7, 8], dtype=np.uint8)])
def test_numbers_as_names_are_text(ids):
    assert list(Counts.from_frame(table(problem_id=ids)).table["problem_id"]) == ["7", "8"]


def test_white_space_in_names_is_one_space():
    assert list(Counts.from_frame(table(problem_id=["a\r\n b", "\ta  c"])).table["problem_id"]) == ["a b", "a c"]


def test_the_frame_given_is_not_changed():
    frame = table(problem_id=[7, 8])
    before = frame.copy(deep=True)
    Counts.from_frame(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_role_names_the_base():
    rows = pd.concat([table(role="base"), table(model="r", role="rl")])
    counts = Counts.from_frame(rows)
    assert counts.default_base == "m"
    assert counts.select(models=["r"]).default_base is None
    assert Counts.from_frame(rows.assign(role="base")).default_base is None


def test_several_tables_are_joined(tmp_path):
    table(n_timeout=[1, 2]).to_csv(tmp_path / "m.csv", index=False)
    joined = load_counts([tmp_path / "m.csv", table(model="r")])
    assert joined.models == ("m", "r")
    assert joined.source == f"{tmp_path / 'm.csv'} + DataFrame"
    joined.to_csv(tmp_path / "both.csv")
    pd.testing.assert_frame_equal(load_counts(tmp_path / "both.csv").table, joined.table)


def test_other_columns_are_kept_as_they_are():
    frame = table(temperature=[0.6, np.nan], level=["hard", None])
    kept = ["temperature", "level"]
    pd.testing.assert_frame_equal(Counts.from_frame(frame).table[kept], frame[kept])
