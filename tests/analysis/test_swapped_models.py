"""Who is called the base does not matter: swapped models get the mirrored verdict, and a tie is no lead."""

import json
import re
from dataclasses import replace

import jax
import numpy as np
import pandas as pd
import pytest

from boundary.analysis.analyze import analyze
from boundary.analysis.estimates.decisions import EQUIVALENT, NARROWED, OPEN, WIDENED
from boundary.analysis.estimates.posterior import EstimateOptions, pair_quantities
from boundary.analysis.estimates.table import EstimateTable, estimates_frame
from boundary.analysis.options import chosen_estimands
from boundary.analysis.report.page import report_html
from boundary.analysis.report.summary import summary_json
from boundary.analysis.text.verdict import verdict_of_fit
from boundary.errors import InputError
from boundary.stats.priors import Independent

N = 64
SHARES = np.arange(40) * N // 40
TABLES = {
    "zeros": (np.zeros(40), np.zeros(40)),
    "ones": (np.full(40, N), np.full(40, N)),
    "identical": (SHARES, SHARES),
    "one-failure": (np.full(80, N), np.r_[np.full(79, N), N - 1]),
    "narrowed": (np.full(40, 8), np.array([0] * 12 + [N] * 28)),
    "ahead-throughout": (np.full(40, 1), np.full(40, 40)),
    "five-problems": (np.array([0, 3, 20, N, N]), np.array([0, 0, 40, N, N])),
    "one-silent": (np.zeros(40), SHARES),
}
EXPECTED = {"one-failure": EQUIVALENT, "narrowed": NARROWED, "ahead-throughout": WIDENED, "identical": OPEN}
MIRRORED = {NARROWED: WIDENED, WIDENED: NARROWED, EQUIVALENT: EQUIVALENT, OPEN: OPEN}
# What no sentence may hold: what is no number, a signed zero, a gap where a number should be, a bare probability.
NO_SENTENCE = re.compile(r"\bnan\b|\binf\b|None|[-\N{MINUS SIGN}]0(\.0+)?(?![.\d])|\[,|, ?\]|  |\bP = |leads|covers")
DRAWS = Independent(draws=400)


def both_ways(name, margin=0.005):
    """Verdicts of one fit, its models called base and RL, and the other way round."""
    n_correct = np.stack(TABLES[name], axis=1).astype(int)
    rates = DRAWS.posterior(n_correct, np.full_like(n_correct, N), jax.random.key(0))
    rates = rates.labelled(("first", "second"), tuple(map(str, range(len(n_correct)))))
    options = EstimateOptions([1, 8, N, 4 * N], (0.5,), 4 * N, "benchmark", chosen_estimands([]), margin)
    for base, rl in (("first", "second"), ("second", "first")):
        table = EstimateTable(name, rates, "benchmark", 0.95, margin)
        quantities = pair_quantities(rates, base, rl, options)
        table.add_posterior(quantities)
        table.add_decisions(quantities)
        yield verdict_of_fit(estimates_frame(table.rows), rates, name, rl, base, options, 0.95)


@pytest.mark.parametrize("name", TABLES)
def test_swapped_models_get_the_mirrored_verdict(name):
    first, swapped = both_ways(name)
    assert [MIRRORED[decision.word] for decision in first.decisions] == [
        decision.word for decision in swapped.decisions
    ]
    assert [decision.narrowed for decision in first.decisions] == [decision.widened for decision in swapped.decisions]
    assert (first.curve_order.crosses, first.curve_order.ahead) == (
        swapped.curve_order.crosses_back,
        swapped.curve_order.behind,
    )
    assert first.decisions[0].word == EXPECTED.get(name, first.decisions[0].word)


def test_what_the_tables_are_said_to_be():
    texts = {name: [verdict.text for verdict in both_ways(name)] for name in TABLES}
    assert set(texts["zeros"]) == {"Neither model solved any problem in 64 samples each."}
    assert set(texts["ones"]) == {"Both models solved every problem in every sample, 64 samples each."}
    for sides, narrowed, throughout in zip(
        (("ahead", "behind"), ("behind", "ahead")), texts["narrowed"], texts["ahead-throughout"], strict=True
    ):
        assert f" {sides[0].replace('ahead', 'ahead of')} its base at every k up to 64; at k = 64 it" in throughout
        assert f"It is {sides[0]} by more than 0.5 points at every k up to 64" in throughout
        assert re.search(
            rf" is (probably )?{sides[0].replace('ahead', 'ahead of')} its base up to k = \d+ \[\d+, \d+\]; ", narrowed
        )
    for text in texts["one-failure"]:
        assert "up to k" not in text
    for text in texts["one-silent"]:
        assert text.startswith("first solved no problem in 64 samples each; at k = 64 ")
    for text in texts["five-problems"]:
        assert text.endswith("Caution: there are 5 problems only, so that each moves pass@k by up to about 20 points.")


def test_a_wider_margin_takes_more_for_alike():
    words = [next(both_ways("identical", margin)).decisions[0].word for margin in (0.005, 0.2)]
    assert words == [OPEN, EQUIVALENT]


def counts(names):
    rows = [
        (model, name, f"p{i}", N, int(c))
        for name in names
        for model, correct in zip(("base", "rl"), TABLES[name], strict=True)
        for i, c in enumerate(correct)
    ]
    return pd.DataFrame(rows, columns=["model", "benchmark", "problem_id", "n_samples", "n_correct"])


def test_no_sentence_holds_what_is_no_number():
    table = counts(["zeros", "ones", "one-failure", "five-problems"])
    analysis = analyze(table, base="base", prior=DRAWS, k=[1, N, 4 * N])
    shown = report_html(analysis, {benchmark: {} for benchmark in analysis.benchmarks})
    page = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", shown[: shown.index('<pre id="bibtex"')], flags=re.S)
    page = re.sub("  +", " ", page)  # of elements within a sentence; those of a verdict's own are seen below
    sentences = [line.strip() for line in page.splitlines() if line.strip().endswith(".")]
    assert len(sentences) > 10
    for sentence in [*sentences, *(verdict.text for verdict in analysis.verdicts)]:
        assert not NO_SENTENCE.search(sentence), sentence
    assert not re.search(r"\bnan\b|\binf\b|[-\N{MINUS SIGN}]0(\.0+)?(?![.\d])", page)
    plain = summary_json(replace(analysis, request=replace(analysis.request, margin=-0.0)))
    assert '"margin": 0.0' in plain
    assert "-0.0," not in plain
    assert json.loads(plain)["verdicts"][0]["text"].startswith("Neither model")


@pytest.mark.parametrize("margin", [-0.1, 1.0, float("nan"), True])
def test_a_margin_that_is_no_share_is_refused(margin):
    with pytest.raises(InputError, match="The margin is"):
        analyze(counts(["ones"]), base="base", margin=margin)
