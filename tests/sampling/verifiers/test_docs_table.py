"""docs/verifier-pairs.md: the table is what the command makes of the pairs, no false positive of our own making."""

from pathlib import Path

import pytest

from benchmarks.verifiers import kept_results, of_our_own_making, our_verdicts, page, pairs

ROOT = Path(__file__).parents[3]


def test_the_page_holds_the_results_and_the_results_hold_every_pair():
    kept = kept_results()
    columns = ["verifier", "kind", "reference", "answer", "right", "note"]
    assert kept[columns].to_dict("records") == pairs()[columns].to_dict("records")
    assert page(kept) in (ROOT / "docs" / "verifier-pairs.md").read_text(encoding="utf-8")


def test_the_pairs_are_many_and_none_is_tested_elsewhere():
    lines = (Path(__file__).parent / "answer_pairs.tsv").read_text(encoding="utf-8").splitlines()[1:]
    tested = {tuple(line.split("\t")[1:3]) for line in lines}
    table = pairs()
    mathematics = table[table["verifier"] == "math"]
    assert len(mathematics) >= 200
    assert mathematics["kind"].nunique() >= 20
    assert tested.isdisjoint(zip(mathematics["reference"], mathematics["answer"], strict=True))
    assert not table.duplicated(["verifier", "reference", "answer"]).any()


def test_the_verdicts_are_those_of_the_page_and_no_false_positive_is_our_own():
    pytest.importorskip("math_verify")
    kept = kept_results()
    verdicts = our_verdicts(kept)
    changed = kept[kept["verdict"] != verdicts]
    assert changed[["verifier", "reference", "answer"]].to_dict("records") == []
    assert kept[of_our_own_making(kept)].empty
    assert kept.loc[(kept["verdict"] != kept["right"]) & (kept["note"] == ""), "answer"].tolist() == []
