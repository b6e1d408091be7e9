"""Tests of exchangeability: each departure is found, in any order of rows, and sound samples raise no alarm."""

import numpy as np
import pandas as pd
import pytest

from boundary.analysis.checks.exchangeability import check_samples
from boundary.errors import InputError

PROBLEMS, RUNS, SAMPLES = 80, 4, 8


def samples(seed=0, model="m", benchmark="b"):
    """Sound samples: four runs of eight for each problem."""
    rng = np.random.default_rng(seed)
    rates = rng.beta(0.6, 0.9, PROBLEMS)
    index = pd.MultiIndex.from_product(
        [[model], [benchmark], [f"q{i}" for i in range(PROBLEMS)], range(RUNS), range(SAMPLES)],
        names=["model", "benchmark", "problem_id", "run", "sample_index"],
    )
    table = index.to_frame(index=False)
    chance = rates[table["problem_id"].str[1:].astype(int)]
    table["outcome"] = np.where(rng.random(len(table)) < chance, "correct", "wrong")
    return table


def texts(checks, alarming):
    return [check.text for check in checks if check.alarming == alarming]


def test_sound_samples_raise_no_alarm():
    alarms = [texts(check_samples(samples(seed)), True) for seed in range(40)]
    assert sum(map(bool, alarms)) <= 2  # one in a hundred is the bound
    remarks = texts(check_samples(samples()), False)
    assert len(remarks) == 1
    for of in ("drift", "unlike runs", "dependence between samples", "runs that repeat each other"):
        assert of in remarks[0]


def test_the_order_of_rows_does_not_matter():
    table = samples()
    assert check_samples(table.sample(frac=1, random_state=1)) == check_samples(table)


def test_numbers_and_words_say_the_same():
    table = samples()
    as_numbers = table.assign(outcome=(table["outcome"] == "correct").astype(int))
    as_bool = table.assign(outcome=table["outcome"] == "correct")
    assert check_samples(as_numbers) == check_samples(table) == check_samples(as_bool)


def drift(table):
    late = (table["sample_index"] >= SAMPLES // 2) & (np.random.default_rng(1).random(len(table)) < 0.4)
    return table.assign(outcome=table["outcome"].mask(late, "truncated"))


def unlike(table):
    worse = (table["run"] == 2) & (np.random.default_rng(1).random(len(table)) < 0.6)
    return table.assign(outcome=table["outcome"].mask(worse, "wrong"))


def twice(table):
    return pd.concat([table, table.loc[table["run"] == 1].assign(run=9)])


def seed_again(table):
    """Within each run the last four samples repeat the first four."""
    source = table.assign(sample_index=table["sample_index"] % 4)
    keys = ["problem_id", "run", "sample_index"]
    return table.assign(outcome=source[keys].merge(table[[*keys, "outcome"]], on=keys)["outcome"].to_numpy())


def copies(table):
    first = table.groupby(["problem_id"])["outcome"].transform("first")
    return table.assign(outcome=first)


@pytest.mark.parametrize(
    ("departure", "text"),
    [
        (drift, "the later half is right"),
        (unlike, "run 2"),
        (twice, "Runs 1 and 9 repeat each other"),
        (seed_again, "samples 4 apart"),
        (copies, "copies of one sample"),
    ],
)
def test_each_departure_is_named(departure, text):
    assert any(text in alarm for alarm in texts(check_samples(departure(samples())), True))


def test_repeated_texts():
    table = samples()
    table["text_hash"] = [f"{number}" for number in range(len(table))]
    again = table["sample_index"] >= 4
    repeated = table.assign(text_hash=table["text_hash"].where(~again, table["text_hash"].shift(4)))
    assert any("equal texts" in text for text in texts(check_samples(repeated), True))
    assert texts(check_samples(table), True) == []


def test_runs_of_one_sample_each_are_in_order():
    table = samples()
    table["run"] = table["run"] * SAMPLES + table["sample_index"]
    table["sample_index"] = 0
    late = (table["run"] >= 16) & (np.random.default_rng(1).random(len(table)) < 0.4)
    assert any(
        "drift" in text for text in texts(check_samples(table.assign(outcome=table["outcome"].mask(late, "w"))), True)
    )


def test_every_model_and_benchmark_is_spoken_of():
    table = pd.concat([samples(1), samples(2, model="n"), drift(samples(3, benchmark="c"))])
    checks = check_samples(table.drop(columns="run").assign(sample_index=np.tile(np.arange(32), 3 * PROBLEMS)))
    assert {(check.benchmark, check.model) for check in checks} == {("b", "m"), ("b", "n"), ("c", "m")}


def test_little_is_said_to_be_little():
    assert texts(check_samples(samples().head(3)), False) == [
        "Too few samples of mixed outcome to tell drift or dependence."
    ]
    assert check_samples(samples().head(0)) == []


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".tsv.gz"])
def test_a_file_says_the_same(tmp_path, suffix):
    table = drift(samples())
    path = tmp_path / f"samples{suffix}"
    if suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False, sep="\t" if "tsv" in suffix else ",")
    assert check_samples(path) == check_samples(str(path)) == check_samples(table)


def test_a_wrong_sample_index_is_named():
    with pytest.raises(InputError, match="'first' is no whole number"):
        check_samples(samples().assign(sample_index="first"))


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="no column sample_index"):
        check_samples(samples().drop(columns="sample_index"))
