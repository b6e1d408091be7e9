"""Sentences for every situation, from real fits: right, plain, and with the numbers of the estimates."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from boundary.analysis.analyze import analyze
from boundary.analysis.report.answers import answers
from boundary.analysis.report.summary import summary
from boundary.analysis.text.answer import overall_answer, tally
from boundary.analysis.text.verdict import Verdict, unconverged
from boundary.stats.estimands.crossing import CurveOrder
from boundary.stats.priors import BetaBinomial, Independent

N = 32
DRAWS = Independent(draws=400)
EVEN = np.arange(40) * N // 40
CORRECT = {
    "no crossing, ahead throughout": {"base": np.full(40, 1), "rl": np.full(40, 30)},
    "behind throughout": {"base": np.full(40, 30), "rl": np.full(40, 1)},
    "narrowed": {"base": np.full(40, 8), "rl": np.array([0] * 12 + [N] * 28)},
    "identical": {"base": EVEN, "rl": EVEN},
    "one failure": {"base": np.full(80, N), "rl": np.r_[np.full(79, N), N - 1]},
    "nothing solved": {"base": np.zeros(40), "rl": np.zeros(40)},
    "everything solved": {"base": np.full(40, N), "rl": np.full(40, N)},
    "rl solves nothing": {"base": EVEN, "rl": np.zeros(40)},
    "twenty problems": {"base": EVEN[::2], "rl": EVEN[::-2]},
    "one model": {"rl": EVEN},
    "ranking": {"a": EVEN, "b": np.minimum(EVEN + 8, N), "c": EVEN // 2},
}
# At k = X NAME solves A points fewer than its base [B, C]; ends on other sides of 0 are written with their sides.
DIFFERENCE = re.compile(
    r"at k = (?P<k>\d+)(?: \(.*?\))? \S+ solves (?P<mean>[\d.]+) points (?P<side>fewer|more)(?: than its base)? "
    r"\[(?P<ends>[^\]]+)\]"
)


def table(correct, n=N, benchmark="b"):
    rows = [
        (model, benchmark, f"p{i:03}", n if np.isscalar(n) else int(n[i]), int(c))
        for model, counts in correct.items()
        for i, c in enumerate(counts)
    ]
    return pd.DataFrame(rows, columns=["model", "benchmark", "problem_id", "n_samples", "n_correct"])


def analysis_of(correct, n=N, **options):
    base = "base" if "base" in correct else None
    budgets = {"k": [1, N, 4 * N]} | options
    prior, estimands = budgets.pop("prior", DRAWS), ["best" if options.get("rank") else "pass_at_k"]
    return analyze(table(correct, n), base=base, prior=prior, estimands=estimands, **budgets)


@pytest.fixture(scope="module")
def analyses():
    return {name: analysis_of(correct, rank=name == "ranking") for name, correct in CORRECT.items()}


def test_each_situation_has_one_short_sentence_that_says_it(analyses):
    starts = {
        "no crossing, ahead throughout": "rl is ahead of its base at every k up to 32; at k = 32 it solves ",
        "behind throughout": "rl is behind its base at every k up to 32; at k = 32 it solves ",
        "narrowed": "rl is ahead of its base up to k = ",
        "identical": "At k = 32 rl solves about as many as its base [",
        "one failure": "base solved every problem in every sample, 32 samples each; at k = 32 rl solves as many as ",
        "nothing solved": "Neither model solved any problem in 32 samples each.",
        "everything solved": "Both models solved every problem in every sample, 32 samples each.",
        "rl solves nothing": "rl solved no problem in 32 samples each; at k = 32 rl solves ",
        "twenty problems": "At k = 32 rl solves ",
        "one model": "rl solves ",
        "ranking": "Of 3 models, b is the best at k = 1 and k = 32 (over 99 % sure).",
    }
    for name, start in starts.items():
        sentence = analyses[name].answer.sentence
        assert sentence.startswith(start), (name, sentence)
        assert sentence == sentence.strip()
        assert sentence.count(". ") == 0, sentence
        assert sentence.endswith(".")
        assert len(sentence.split()) <= 36, sentence
        assert not re.search(r"\bnan\b|\binf\b|None|P =|  |\[,", sentence), sentence
        assert analyses[name].verdicts[0].text.startswith(sentence)


def test_the_words_are_those_of_the_decisions(analyses):
    words = {name: analysis.answer.word for name, analysis in analyses.items()}
    assert words["no crossing, ahead throughout"] == "widened"
    assert words["behind throughout"] == words["narrowed"] == words["rl solves nothing"] == "narrowed"
    assert words["one failure"] == "no material difference"
    assert words["identical"] == "cannot tell yet"
    assert words["one model"] is None
    assert words["ranking"] is None
    for name in ("no crossing, ahead throughout", "behind throughout", "narrowed", "one failure", "identical"):
        verdict = analyses[name].answer.verdict
        sure = f"{verdict.word} (" in verdict.sentence and ("sure)" in verdict.sentence) == (name != "identical")
        assert sure, verdict.sentence
        assert bool(verdict.next_step) == (name == "identical")
        assert verdict.probability == verdict.at_n.probability


def ends_of(text):
    """Ends of an interval as written: signed gains of RL where the sides are written, plain numbers otherwise."""
    if " to " not in text:
        return [float(end.replace("\N{MINUS SIGN}", "-")) for end in text.split(", ")]
    return [float(end.split()[0]) * (1 if end.split()[1] == "more" else -1) for end in text.split(" to ")]


def test_every_number_of_a_sentence_is_that_of_the_estimates(analyses):
    checked = 0
    for analysis in analyses.values():
        rows = analysis.estimates
        for verdict in analysis.verdicts:
            for match in DIFFERENCE.finditer(verdict.sentence):
                row = rows[(rows.estimand == "shrinkage") & (rows.kind == "posterior") & (rows.k == float(match["k"]))]
                mean, lower, upper = row.iloc[0][["mean", "lower", "upper"]] * 100
                sign = 1 if match["side"] == "fewer" else -1
                assert float(match["mean"]) == pytest.approx(sign * mean, abs=0.0501)
                sides = -1 if " to " in match["ends"] else sign
                assert sorted(ends_of(match["ends"])) == pytest.approx(
                    sorted([sides * lower, sides * upper]), abs=0.0501
                )
                checked += 1
            for k, median, lower, upper in re.findall(r"(up to k = )(\d+) \[(\d+), (\d+)\]", verdict.sentence):
                crossing = rows[rows.estimand == "crossover"].iloc[0]
                assert k
                assert [float(end) for end in (median, lower, upper)] == list(crossing[["median", "lower", "upper"]])
                checked += 1
    assert checked >= 5


def test_the_summary_has_every_number_of_the_verdict(analyses):
    analysis = analyses["narrowed"]
    record = summary(analysis)["verdicts"][0]
    rows = analysis.estimates[(analysis.estimates.kind == "posterior")]
    for key, k, extrapolated in (("at_n", N, False), ("beyond", 4 * N, True)):
        row = rows[(rows.estimand == "shrinkage") & (rows.k == k)].iloc[0]
        call = record[key]
        assert [call["difference"], call["lower"], call["upper"]] == list(row[["mean", "lower", "upper"]])
        assert (call["k"], call["extrapolated"]) == (k, extrapolated)
    assert record["probability"] == rows[(rows.estimand == "narrowed") & (rows.k == N)]["mean"].iloc[0]
    crossing = rows[rows.estimand == "crossover"].iloc[0]
    assert [record["crossover"][name] for name in ("median", "lower", "upper")] == list(
        crossing[["median", "lower", "upper"]]
    )
    assert (record["direction"], record["word"], record["converged"], record["n"]) == ("narrowed", "narrowed", True, N)
    answer = summary(analysis)["answer"]
    assert (answer["word"], answer["word_counts"]) == ("narrowed", {"narrowed": 1})
    assert answer["sentence"] == record["sentence"]


def test_one_sample_and_unequal_samples_and_extrapolation_alone():
    single = analysis_of({"base": np.arange(40) % 4 == 0, "rl": np.arange(40) % 3 == 0}, n=1, k=[1, 8])
    assert single.answer.word == "cannot tell yet"
    assert re.match(r"At k = 1 rl solves [\d.]+ points more than its base \[", single.answer.sentence)
    assert single.answer.verdict.next_step.startswith("One sample of each problem tells little about larger k")
    sizes = np.where(np.arange(40) < 3, 4, N)
    unequal = analysis_of({"base": np.minimum(EVEN, sizes), "rl": np.minimum(EVEN + 4, sizes)}, n=sizes)
    assert "at k = 32 it solves" in unequal.answer.sentence
    far = analysis_of(CORRECT["behind throughout"], k=[4 * N])
    assert "at k = 128 (extrapolated beyond n = 32) it solves" in far.answer.sentence
    assert far.answer.verdict.at_n is None
    assert far.table().rows[0][2].is_extrapolated


def test_a_page_has_the_samples_and_the_budget_within_them():
    analysis = analysis_of(CORRECT["narrowed"], k=[8, 16])
    (line,) = answers(analysis)
    assert (line.n, line.k, line.at_k, line.chip.decision.k) == (N, 16, "at k = 16", 16)
    assert line.row("shrinkage", line.k)["mean"] == line.chip.decision.difference
    (line,) = answers(analysis_of(CORRECT["narrowed"]))
    assert (line.n, line.k, line.at_k) == (N, N, "")


def test_new_problems_are_named_as_what_the_answer_is_about():
    analysis = analysis_of(CORRECT["identical"], target="superpopulation", prior=BetaBinomial())
    assert analysis.answer.sentence.startswith("On new problems like these: at k = 32 rl ")
    if analysis.answer.word == "cannot tell yet":
        assert analysis.answer.verdict.next_step.startswith("More problems of this kind")


def test_a_fit_that_did_not_converge_is_never_sure(analyses):
    analysis = analyses["narrowed"]
    sure = analysis.verdicts[0]
    failed = replace(sure, is_converged=False)
    assert (failed.word, failed.probability) == ("cannot tell yet", None)
    assert unconverged(analyses["ranking"].verdicts[0]).sentence.startswith("A fit did not converge, so that no number")
    assert tally([failed, sure]) == ("Narrowed on 1 of 2 benchmarks, cannot tell yet on 1 (1 fit did not converge).")


def of(benchmark, model="rl", subject="pair", word="narrowed", sentence="S."):
    order = CurveOrder(64, 0.0, 0.0, 0.0, 0.0)
    verdict = Verdict(benchmark, model, "base", sentence, curve_order=order, sentence=sentence, subject=subject)
    return replace(verdict, is_converged=word == "narrowed")


def test_the_answer_of_several_benchmarks_is_the_pooled_one_or_a_count(analyses):
    decided = analyses["narrowed"].verdicts[0]
    by_benchmark = [replace(decided, benchmark=name) for name in ("a", "b", "c")]
    pooled = replace(decided, benchmark="all", sentence="Pooled.")
    answer = overall_answer([*by_benchmark, pooled], ("a", "b", "c", "all"), 0.005, 0.95)
    assert (answer.sentence, answer.details) == (
        "All benchmarks together: Pooled.",
        ("Narrowed on all 3 benchmarks.",),
    )
    not_pooled = overall_answer(by_benchmark, ("a", "b", "c"), 0.005, 0.95)
    assert (not_pooled.sentence, not_pooled.verdict, not_pooled.word) == ("Narrowed on all 3 benchmarks.", None, None)
    assert not_pooled.word_counts == {"narrowed": 3}
    models = [replace(decided, model=name) for name in ("x", "y")]
    assert overall_answer(models, ("b",), 0.005, 0.95).sentence == "Narrowed for all 2 RL models."
    grid = [replace(pair, model=name) for name in ("x", "y") for pair in by_benchmark]
    assert overall_answer(grid, ("a", "b", "c"), 0.005, 0.95).sentence == (
        "Narrowed in all 6 comparisons (a benchmark and an RL model each)."
    )


def test_all_is_said_only_of_all(analyses):
    decided = analyses["narrowed"].verdicts[0]
    without = replace(decided, benchmark="d", decisions=())
    assert without.word is None
    assert tally([decided, replace(decided, benchmark="c"), without]) == "Narrowed on 2 of 3 benchmarks."


def test_models_ranked_on_new_problems_have_a_sentence_each():
    counts = table(CORRECT["ranking"])
    options = {"rank": True, "target": "superpopulation", "prior": BetaBinomial(), "k": [1, N]}
    analysis = analyze(counts, **options)
    assert [verdict.model for verdict in analysis.verdicts] == ["a", "b", "c"]
    for name in "abc":
        assert f"On new problems like these: {name} solves " in analysis.answer.sentence
    assert analysis.answer.verdict is None
    alone = [replace(analysis.verdicts[0], benchmark=name) for name in ("x", "y")]
    sentence = overall_answer(alone, ("x", "y"), 0.005, 0.95).sentence
    assert re.match(r"x: on new problems like these: a solves .* y: on new problems like these: a solves ", sentence)
    many = [replace(analysis.verdicts[0], model=str(place)) for place in range(9)]
    assert overall_answer(many, ("b",), 0.005, 0.95).sentence.endswith(" 5 more are in the table.")


def test_rankings_that_are_not_pooled_name_their_budget():
    counts = pd.concat([table(CORRECT["ranking"], benchmark=name) for name in ("x", "y")])
    analysis = analyze(counts, rank=True, benchmarks=["x", "y"], k=[8, N], prior=DRAWS, estimands=["best"])
    ranked = [verdict for verdict in analysis.verdicts if verdict.benchmark != "all"]
    assert {verdict.leads_at for verdict in ranked} == {N}
    answer = overall_answer(ranked, ("x", "y"), 0.005, 0.95)
    assert answer.sentence == "Likeliest to be the best at k = 32: b on 2 of 2 benchmarks."
    at_one = [replace(verdict, leads_at=1.0) for verdict in ranked]
    assert overall_answer(at_one, ("x", "y"), 0.005, 0.95).sentence.startswith("Likeliest to be the best with one ")
    two = analysis_of({name: CORRECT["ranking"][name] for name in "ab"}, rank=True)
    assert two.answer.sentence.startswith("Of 2 models, b is the better at k = 1")
    assert "is the better there with probability" in two.verdicts[0].text


def test_checkpoints_stand_on_top_with_the_last_of_them(analyses):
    decided = analyses["narrowed"].verdicts[0]
    steps = replace(decided, subject="checkpoints", sentence="Along.", decisions=())
    answer = overall_answer([steps, replace(decided, model="early"), decided], ("b",), 0.005, 0.95)
    assert (answer.sentence, answer.word) == ("Along.", "narrowed")
    assert answer.details == ("Narrowed for all 2 RL models.",)
