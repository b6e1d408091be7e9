"""The likelihood of an analysis: from scores to rows, notes, claims and what is missing."""

from dataclasses import replace

import jax
import numpy as np
import pandas as pd
import pytest

import boundary as bd
from boundary.analysis.fitting import make_panels
from boundary.analysis.likelihood.boxes import _is_whole, add_boxes
from boundary.analysis.likelihood.fitted import _notes_on
from boundary.analysis.likelihood.reach import add_reach
from boundary.analysis.likelihood.record import HIGHER, PROBLEM_COLUMNS, REACH_COLUMNS, ROW_COLUMNS, Likelihood
from boundary.analysis.likelihood.rows import Rows
from boundary.analysis.likelihood.scores import of_benchmark, scores_of_models
from boundary.analysis.report.summary import summary
from boundary.analysis.request import Request
from boundary.analysis.text.likelihood import likelihood_sentences, reach_sentences
from boundary.errors import InputError
from boundary.stats.likelihood.gains import PARTS
from boundary.stats.priors import PRIORS

BASE, RL = "org/base", "org/rl"
RESPONSES, PROBLEMS = 40, 12


def simulated(seed, temperature=1.0, tempered=False, same_vocabulary=True):
    """Samples of two models, and their scores under themselves and under the base."""
    rng = np.random.default_rng(seed)
    rate = rng.beta(1.0, 1.5, PROBLEMS)
    samples, scores = [], []
    for model, p in ((BASE, rate), (RL, np.clip(1.6 * rate + 0.05, 0, 0.95))):
        for i in range(PROBLEMS):
            right = rng.random(RESPONSES) < p[i]
            tokens = rng.integers(40 if model == BASE else 25, 90, RESPONSES)
            own = -tokens * (0.9 + 0.05 * (model == BASE) + rng.normal(0, 0.05, RESPONSES))
            ratio = np.where(right, np.log(rate[i] / p[i]), np.log((1 - rate[i]) / (1 - p[i])))
            under_base = own if model == BASE else own + ratio + rng.normal(-0.02, 0.2, RESPONSES)
            for j in range(RESPONSES):
                row = {"model": model, "benchmark": "sums", "problem_id": f"q{i}", "sample_index": j}
                row |= {"outcome": "correct" if right[j] else "wrong", "n_tokens": int(tokens[j])}
                samples.append(row | {"temperature": temperature})
                row |= {"n_bytes": int(3 * tokens[j]), "truncated": False, "empty": False}
                scores.append(row | {"scorer": model, "sum_logp": own[j], "same_vocabulary": True})
                if model == RL:
                    under = {"scorer": BASE, "sum_logp": under_base[j], "same_vocabulary": same_vocabulary}
                    scores.append(row | under)
    table = pd.DataFrame(scores)
    if tempered:
        table = table.assign(sum_tempered=0.8 * table["sum_logp"], sum_nucleus=0.75 * table["sum_logp"], n_outside=0)
    references = [
        {"model": BASE, "benchmark": "sums", "problem_id": f"q{i}", "sample_index": 0, "outcome": "reference",
         "scorer": BASE, "n_tokens": 10, "sum_logp": -12.0 - i, "n_bytes": 30, "same_vocabulary": True}
        for i in range(PROBLEMS)
    ]  # fmt: skip
    return pd.DataFrame(samples), pd.concat([table, pd.DataFrame(references)], ignore_index=True)


def analysed(samples, scores=None, **options):
    settings = {"prior": "independent", "k": [1, RESPONSES], "estimands": ["lost"], "error_curve": False}
    return bd.analyze(samples, BASE, RL, scores=scores, **settings, **options)


@pytest.fixture(scope="module")
def analysis(seed):
    samples, scores = simulated(seed)
    claims = {"likelier": f'perplexity(base, rl) < perplexity(base, "{BASE}")', "low": "perplexity(rl, rl) < 2"}
    return analysed(samples, scores, claims=claims, require=0.9)


def row(analysis, estimand, **labels):
    rows = analysis.likelihood.rows.query("estimand == @estimand")
    for name, value in ({"outcome": "all", "scored_as": "untempered"} | labels).items():
        rows = rows.loc[rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


def test_boxes_are_the_means_of_their_responses(analysis, seed):
    scores = simulated(seed)[1]
    assert tuple(analysis.likelihood.rows.columns) == ROW_COLUMNS
    assert tuple(analysis.likelihood.problems.columns) == PROBLEM_COLUMNS
    assert tuple(analysis.likelihood.reach.columns) == REACH_COLUMNS
    for scorer, model in ((BASE, BASE), (BASE, RL), (RL, RL)):
        part = scores.query("scorer == @scorer and model == @model and outcome != 'reference'")
        mean = (part["sum_logp"] / part["n_tokens"]).groupby(part["problem_id"]).mean().mean()
        box = row(analysis, "perplexity", scorer=scorer, model=model)
        assert box["mean"] == pytest.approx(np.exp(-mean), rel=0.01)
        assert box["lower"] < np.exp(-mean) < box["upper"]
        assert box["share_05"] < box["share_50"] < box["share_95"]
        bits = row(analysis, "bits", scorer=scorer, model=model)
        assert bits["mean"] == pytest.approx(-part["sum_logp"].mean() / np.log(2), rel=0.02)
    reference = row(analysis, "perplexity", outcome="reference", model="")
    assert reference["mean"] == pytest.approx(np.exp(np.mean([1.2 + i / 10 for i in range(PROBLEMS)])))
    assert np.isnan(reference["lower"])


def test_differences_and_superiority_point_the_same_way(analysis):
    labels = {"scorer": BASE, "model": RL, "reference": BASE}
    assert row(analysis, "log_probability_difference", **labels)["lower"] > 0
    assert row(analysis, "superiority", **labels)["lower"] > 0.5
    assert row(analysis, "bits_difference", **labels)["upper"] < 0
    assert row(analysis, "sharpening", model=RL)["prob_positive"] > 0.9
    classes = analysis.likelihood.rows.query("estimand == 'superiority'")["outcome"].tolist()
    assert classes == ["all", "right", "wrong"]


def test_the_gain_is_split_by_counts_and_scores(analysis):
    rows = analysis.likelihood.rows
    parts = rows.loc[rows["estimand"].isin(PARTS)]
    gain = analysis.estimates.query("estimand == 'shrinkage' and k == 1 and kind == 'posterior'")["mean"].iloc[0]
    assert parts["mean"].sum() == pytest.approx(-gain, abs=0.01)
    reach = analysis.likelihood.reach
    assert (reach["bound_lower"] <= reach["counts_upper"] + 0.05).all()
    assert (reach["certain_bound"] <= reach["counts_upper"]).all()
    estimated = reach.dropna(subset=["estimate_mean"])
    assert len(estimated)
    assert ((estimated["estimate_lower"] < estimated["counts_upper"]).mean()) > 0.8
    assert (estimated["estimate_upper"] == 1).all()


def test_sentences_claims_and_files(analysis, tmp_path):
    sentences = likelihood_sentences(analysis.likelihood, "sums", BASE, RL)
    assert sentences[0].startswith("Under the base, responses of rl have a perplexity of ")
    assert "those of rl are likelier" in sentences[0]
    assert any(sentence.startswith("Reference answers") for sentence in sentences)
    assert reach_sentences(analysis.likelihood, "sums", BASE, RL)[0].startswith("rl gains ")
    assert analysis.claims.set_index("name")["met"].to_dict() == {"likelier": True, "low": False}
    assert analysis.likelihood.missing == ""
    assert summary(analysis)["likelihood"][0]["estimand"] == "perplexity"
    files = {path.name for path in analysis.write(tmp_path / "report", posterior=False)}
    assert {"likelihood.csv", "likelihood_problems.csv", "reach_by_scores.csv", "sums-likelihood.svg"} <= files
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "Likelihood of the responses" in page


def test_without_scores_one_line_says_what_is_missing(seed, tmp_path):
    samples, scores = simulated(seed)
    alone = analysed(samples)
    line = f"No scores: boundary score DIR --model {BASE} makes them of a run folder."
    assert alone.missing_parts[0] == alone.likelihood.missing == line
    assert summary(alone)["missing_parts"][0] == line
    assert alone.likelihood.rows.empty
    under_rl = analysed(samples, scores.loc[scores["scorer"] == RL])
    assert under_rl.missing_parts[0].startswith(f"No scores under {BASE}: ")
    with pytest.raises(InputError, match="holds no scores"):
        analysed(samples, samples)
    with pytest.raises(InputError, match="boundary score DIR --model org/base"):
        analysed(samples, claims="perplexity(base, rl) < 2")


def test_another_vocabulary_is_compared_by_bits_per_byte_alone(seed):
    samples, scores = simulated(seed, same_vocabulary=False)
    rows = analysed(samples, scores).likelihood.rows
    under_base = rows.loc[(rows["scorer"] == BASE) & (rows["model"] == RL)]
    assert set(under_base["estimand"]) == {"bits_per_byte", "bits_per_byte_difference", "superiority_per_byte"}


def test_temperature_is_named_and_its_effect_measured(seed):
    samples, scores = simulated(seed, temperature=0.6)
    notes = [note.text for note in analysed(samples, scores).likelihood.notes]
    assert any("T = 0.6" in text for text in notes)
    assert any("--as-sampled" in text for text in notes)
    samples, scores = simulated(seed, temperature=0.6, tempered=True)
    tempered = analysed(samples, scores)
    effect = row(tempered, "sampling_effect", scorer=BASE, model=BASE, scored_as="tempered")
    plain = np.log(row(tempered, "perplexity", scorer=BASE, model=BASE)["mean"])
    assert effect["mean"] == pytest.approx(0.2 * plain, rel=0.02)
    assert set(tempered.likelihood.reach["scored_as"]) == {"nucleus"}
    assert not [note for note in tempered.likelihood.notes if "untempered" in note.text]


def inputs_of(samples, scores):
    """What the parts of the likelihood take: rows, scores of the benchmark, counts, the pair, its rates, a request."""
    counts = bd.load_counts(samples)
    (panel,) = make_panels(counts, BASE, [RL], ["sums"], False)
    rates = PRIORS["independent"]().posterior(panel.counts.n_correct, panel.counts.n_samples, jax.random.key(0))
    rates = replace(rates, models=(BASE, RL))
    request = Request(
        base=BASE, arms=(RL,), benchmarks=("sums",), prior=PRIORS["independent"](), budgets=(1,), max_k=RESPONSES
    )
    rows = Rows("sums", request.target, request.level, panel.counts.pairs)
    of_it = of_benchmark(scores_of_models(scores, (BASE, RL)), "sums", panel.counts.pairs)
    return rows, of_it, counts, panel, rates, request


def reach_of(samples, scores):
    rows, of_it, counts, panel, rates, request = inputs_of(samples, scores)
    reach, notes = add_reach(rows, of_it, panel, rates, counts, request)
    return reach.set_index("problem_id"), [note.text for note in notes]


def test_responses_without_a_score_are_counted_in_a_note(seed):
    samples, scores = simulated(seed)
    unscored = (scores["scorer"] == BASE) & (scores["model"] == RL) & (scores["sample_index"] < 3)
    unscored &= scores["problem_id"].isin(["q0", "q1"])
    for table, expected in ((scores, []), (scores.loc[~unscored], [6])):
        rows, of_it, counts, _, _, request = inputs_of(samples, table)
        notes = [note.text for note in _notes_on(rows, of_it, counts, request)]
        starts = [f"{n} of {RESPONSES * PROBLEMS} responses of {RL} have no score under {BASE}" for n in expected]
        assert [text.partition(":")[0] for text in notes if "no score" in text] == starts


def test_importance_sampling_is_from_complete_response_sets_alone(seed):
    """Of a problem with unscored wrong responses the mean ratio over the scored ones would be too high."""
    samples, scores = simulated(seed)
    reach, _ = reach_of(samples, scores)
    is_wrong = (scores["model"] == RL) & (scores["scorer"] == BASE) & (scores["outcome"] == "wrong")
    estimated = reach.index[reach["estimate_mean"].notna()]
    left_out = scores.index[is_wrong & scores["problem_id"].isin(estimated)][0]
    problem = scores.loc[left_out, "problem_id"]
    partial, notes = reach_of(samples, scores.drop(index=left_out))
    assert np.isnan(partial.loc[problem, "estimate_mean"])
    assert partial["estimate_mean"].drop(problem).notna().equals(reach["estimate_mean"].drop(problem).notna())
    assert any(text.startswith(f"1 of {len(reach)} problems have other numbers of scored") for text in notes)


def test_tokens_outside_the_nucleus_are_never_certain(seed):
    """A response with a token that the base never draws: in no sum of its nucleus, in no bound, in no estimate."""
    samples, scores = simulated(seed, temperature=0.6, tempered=True)
    problem = samples.loc[(samples["model"] == RL) & (samples["outcome"] == "correct"), "problem_id"].iloc[0]
    outside = (scores["scorer"] == BASE) & (scores["model"] == RL) & (scores["problem_id"] == problem)
    # The tokens inside are certain: their sum would make it the likeliest response of all.
    scores.loc[outside, ["sum_nucleus", "n_outside"]] = [0.0, 5]
    reach, _ = reach_of(samples.assign(top_p=0.9), scores)
    assert set(reach["scored_as"]) == {"nucleus"}
    assert reach.loc[problem, ["certain_bound", "bound_mean"]].tolist() == [0, 0]
    assert np.isnan(reach.loc[problem, "estimate_mean"])
    assert (reach["bound_mean"].drop(problem) > 0).all()
    under_base = scores_of_models(scores.loc[scores["scorer"] == BASE], (BASE, RL))
    values = under_base["sum_nucleus"].to_numpy()
    assert not _is_whole(under_base, values, RL, "nucleus")  # so that it has no box within the nucleus
    assert _is_whole(under_base, values, RL, "untempered")


def test_models_of_another_top_p_say_nothing_of_the_reach(seed):
    samples, scores = simulated(seed, temperature=0.6, tempered=True)
    reach, (remark,) = reach_of(samples.assign(top_p=samples["model"].map({BASE: 0.9, RL: 0.95})), scores)
    assert reach.empty
    assert "sampled with another top-p" in remark
    # With one top-p below 1 the tempered sums are not of the distribution that was sampled from.
    reach, (remark,) = reach_of(samples.assign(top_p=0.9), scores.drop(columns=["sum_nucleus", "n_outside"]))
    assert reach.empty
    assert "--as-sampled" in remark


def test_problems_of_all_are_named_with_their_benchmark():
    columns = dict.fromkeys(REACH_COLUMNS, 0.5) | {"model": RL, "reference": BASE, "problem_id": "1"}
    reach = pd.DataFrame([columns | {"benchmark": name, "disagreement": HIGHER} for name in ("AIME24", "AMC23")])
    parts = pd.DataFrame(dict.fromkeys(ROW_COLUMNS, 0.1), index=range(len(PARTS)))
    labels = {"scorer": BASE, "model": RL, "reference": BASE, "outcome": "right", "benchmark": "all"}
    record = Likelihood(rows=parts.assign(estimand=PARTS, **labels), reach=reach)
    assert reach_sentences(record, "all", BASE, RL)[-1].endswith("AIME24 1, AMC23 1.")


def test_one_problem_says_nothing_of_problems_like_it(seed):
    samples, scores = simulated(seed)
    one_problem = [table.loc[table["problem_id"] == "q0"] for table in (samples, scores)]
    rows, of_it, counts, _, _, request = inputs_of(*one_problem)
    request = replace(request, target="superpopulation")
    rows = Rows("sums", request.target, request.level, rows.pairs)
    under_base = of_it.loc[(of_it["scorer"] == BASE) & (of_it["outcome"] != "reference")]
    add_boxes(rows, under_base, BASE, (BASE, RL), request)
    assert not rows.pooled
    assert rows.by_problem  # what is said of that problem itself
    assert any("nothing of problems like it" in note.text for note in _notes_on(rows, of_it, counts, request))
