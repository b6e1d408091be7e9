import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from boundary.analysis.claims.comparisons import RELATIONS, Comparison, ModelName, claimable, possible_values
from boundary.analysis.claims.draws import claim_draws, holds, resolve
from boundary.analysis.claims.grammar import parse_claim
from boundary.errors import InputError
from boundary.stats.solve_rates import SolveRates

MODELS = ("base-7b", "rl-7b")


def first(text):
    (comparison,) = parse_claim(text).comparisons
    return comparison


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("shrinkage(1024) > 0", Comparison("shrinkage", 1024, None, None, ">", 0.0)),
        (
            "pass_at_k(1024) base > rl",
            Comparison("pass_at_k", 1024, None, ModelName("base"), ">", ModelName("rl")),
        ),
        ("lost(128)>10", Comparison("lost", 128, None, None, ">", 10.0)),
        ("crossover < 64", Comparison("crossover", None, None, None, "<", 64.0)),
        ("  delta_se( 256 ) rl-b <= -2.5e-1 ", Comparison("delta_se", 256, None, ModelName("rl-b"), "<=", -0.25)),
        ("shrinkage(8) < 2 %", Comparison("shrinkage", 8, None, None, "<", 0.02)),
        (
            'cover_at_tau(.5) "my model" >= base',
            Comparison("cover_at_tau", None, 0.5, ModelName("my model", True), ">=", ModelName("base")),
        ),
        ("g_pass_at_k(16, .75) org/rl:v2 > .1", Comparison("g_pass_at_k", 16, 0.75, ModelName("org/rl:v2"), ">", 0.1)),
        ("pass_at_k(1) 7B-rl > base", Comparison("pass_at_k", 1, None, ModelName("7B-rl"), ">", ModelName("base"))),
    ],
)
def test_claims_mean_what_they_say(text, meant):
    assert first(text) == meant


def test_several_comparisons():
    claim = parse_claim("shrinkage(1) < 0 and shrinkage(1024) > 0")
    assert [comparison.k for comparison in claim.comparisons] == [1, 1024]


@pytest.mark.parametrize(
    ("text", "expected", "column"),
    [
        ("shrinkge(1024) > 0", "did you mean shrinkage?", 1),
        ("shrinkage > 0", r"expected '\('", 11),
        ("shrinkage(1024 > 0", r"expected '\)'", 16),
        ("shrinkage(0) > 0", "k must be a whole number of at least 1, not 0", 11),
        ("shrinkage(1.5) > 0", "k must be a whole number", 11),
        ("cover_at_tau(1.5) base > 0", "tau must be a number from 0 to 1", 14),
        ("shrinkage(-1) > 0", "k must be", 11),
        ("shrinkage(k) > 0", "expected k, a whole number", 11),
        ("shrinkage(1) = 0", "did not expect '='", 14),
        ("shrinkage(1) 0", "expected <, <=, > or >=", 14),
        ("shrinkage(1) >", "expected a number or a model", 15),
        ("shrinkage(1) >> 0", "expected a number or a model", 15),
        ("shrinkage(1) > 1e999", "expected a finite number", 16),
        ("shrinkage(1) > base", "shrinkage is of an RL model against its base", 1),
        ("pass_at_k(1) > 0", "of one model: expected base, rl or", 14),
        ("crossover(3) < 4", "takes nothing in parentheses", 10),
        ("g_pass_at_k(16) base > 0", "expected ','", 15),
        ("shrinkage(1) > 0 or 1", "expected 'and' or the end", 18),
        ("shrinkage(1) > 0 and", "a quantity is missing", 21),
        ("__import__('os') > 0", "is no quantity", 1),
        ("pass_at_k(16) rl >= 1.2", r"a number that pass_at_k can be \(between 0 and 1", 21),
        ("pass_at_k(1) rl > 40", "forty percent is 40 % or .4", 19),
        ("pass_at_k(1) rl > 140 %", "a number that pass_at_k can be", 19),
        ("shrinkage(8) < -1.5", "between -1 and 1", 16),
        ("lost(8) > -1", r"a number that lost can be \(at least 0\)", 11),
        ("perplexity(base, rl) < .5", "at least 1", 24),
        ("shrinkage(8) method(GRPO) > 2", "a number that shrinkage can be", 29),
        ("peak(8) < -20", "at least 0", 11),
        ("pass_at_k(1) and > 0", "not 'and'", 14),
        ("(shrinkage(1) > 0)", "is no quantity", 1),
    ],
)
def test_bad_claims_show_the_place(text, expected, column):
    with pytest.raises(InputError, match=expected) as caught:
        parse_claim(text)
    message, shown, caret = str(caught.value).split("\n")
    assert f"at column {column}." in message
    assert shown.strip() == text
    assert caret == "  " + " " * (column - 1) + "^"


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, None])
def test_no_claim_at_all(text):
    with pytest.raises(InputError, match=r"empty|too long"):
        parse_claim(text)


@settings(max_examples=150)
@given(
    st.text(max_size=40)
    | st.from_regex(r"[a-z_]{3,12}\([0-9.,]*\) ?(base|rl)? ?[<>=]{1,2} ?[-0-9.e%]*", fullmatch=True)
)
def test_any_text_is_read_or_refused_plainly(text):
    try:
        claim = parse_claim(text)
    except InputError:
        return
    assert all(comparison.estimand in claimable() for comparison in claim.comparisons)


@settings(max_examples=100)
@given(
    st.sampled_from(sorted(claimable())),
    st.integers(1, 10**9),
    st.floats(0, 1),
    st.sampled_from(sorted(RELATIONS)),
    st.floats(-1e6, 1e6),
)
def test_what_is_written_is_read(estimand, k, tau, relation, bound):
    bound = float(np.clip(bound, *possible_values(estimand)))
    given_values = {"k": k, "tau": tau}
    inside = ", ".join(repr(given_values[name]) for name in claimable()[estimand].arguments)
    comparison = first(f"{estimand}{f'({inside})' if inside else ''} 'm 1' {relation} {bound!r}")
    expected_values = {
        name: given_values[name] if name in claimable()[estimand].arguments else None for name in ("k", "tau")
    }
    assert (comparison.k, comparison.tau) == (expected_values["k"], expected_values["tau"])
    assert (comparison.estimand, comparison.relation, comparison.bound) == (estimand, relation, bound)


def given_rates(seed=0, draws=40, problems=12):
    p = np.random.default_rng(seed).beta(0.4, 0.8, size=(draws, problems, 2))
    p[:5, :, 1] = 1 - 0.9 * (1 - p[:5, :, 1])
    return p


def test_claims_agree_with_the_closed_forms():
    p = given_rates()
    fails = (1 - p) ** 16
    lost = ((1 - fails[..., 0]) * fails[..., 1]).sum(1)
    gained = ((1 - fails[..., 1]) * fails[..., 0]).sum(1)
    solved = 1 - fails.mean(1)
    middle = float(np.median(lost))
    cases = {
        f"lost(16) > {middle}": lost > middle,
        "shrinkage(16) >= 0": lost >= gained,
        "pass_at_k(16) base > rl": solved[:, 0] > solved[:, 1],
        "pass_at_k(16) rl-7b < 70 %": solved[:, 1] < 0.7,
        f"lost(16) > {middle} and pass_at_k(1) rl > base": (lost > middle) & (p.mean(1)[:, 1] > p.mean(1)[:, 0]),
        "cover_at_tau(.5) base > rl": (p >= 0.5).mean(1)[:, 0] > (p >= 0.5).mean(1)[:, 1],
    }
    for text, truth in cases.items():
        assert (claim_draws(parse_claim(text), p, MODELS, "base-7b") == truth).all(), text
        assert 0 < truth.sum() < len(truth), f"{text} tests nothing"


def crossing(base, rl, most=500):
    """Enumerated: smallest k > 1 with base >= RL; NaN without a lead at 1, infinity without a crossing."""
    curves = [[1 - ((1 - arm) ** k).mean() for k in range(1, most + 1)] for arm in (base, rl)]
    if curves[0][0] >= curves[1][0]:
        return np.nan
    return next((k for k in range(2, most + 1) if curves[0][k - 1] >= curves[1][k - 1]), np.inf)


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("bound", [1.0, 2.0, 6.0, 6.5, 40.0, 300.0])
def test_crossover_is_looked_for_far_enough(relation, bound):
    p = given_rates(1, 60)
    draws = np.array([crossing(*rates.T) for rates in p])
    assert np.isnan(draws).any()
    assert np.isfinite(draws).any()
    truth = {"<": draws < bound, "<=": draws <= bound, ">": draws > bound, ">=": draws >= bound}[relation]
    truths = claim_draws(parse_claim(f"crossover {relation} {bound}"), p, MODELS, "base-7b")
    assert (truths == truth).all()


def test_leading_dimensions_stay():
    p = given_rates().reshape(4, 10, 12, 2)
    assert claim_draws(parse_claim("lost(4) > 1"), p, MODELS, "base-7b").shape == (4, 10)


@pytest.mark.parametrize(
    ("text", "base", "arms", "why"),
    [
        ("pass_at_k(1) rll > 0", "b", ["rl-a"], "Did you mean 'rl'"),
        ("pass_at_k(1) rl > 0", "b", ["a", "c"], "which RL model. Name one of: a, c"),
        ("lost(1) > 0", "b", ["a", "c"], "which RL model"),
        ("lost(1) b > 0", "b", ["a"], "Name an RL model"),
        ("lost(1) > 0", None, ["a"], "there is none. Say --base"),
        ("pass_at_k(1) base > 0", None, ["a"], "not in the analysis"),
        ("pass_at_k(1) 'base' > 0", "b", ["a"], "not in the analysis"),
    ],
)
def test_models_that_are_not_there(text, base, arms, why):
    with pytest.raises(InputError, match=why):
        resolve(parse_claim(text), base, arms)


def test_every_quantity_of_the_language_can_be_drawn():
    counts = np.full((12, 2), 3)
    rates = SolveRates(given_rates()[None], counts, 8 * counts, "given", models=MODELS)
    for estimand, record in claimable().items():
        inside = ", ".join({"k": "4", "tau": ".5"}[name] for name in record.arguments)
        model = "" if record.of == "pair" else "rl"
        least = max(possible_values(estimand)[0], -1.0)
        claim = parse_claim(f"{estimand}{f'({inside})' if inside else ''} {model} >= {least}")
        draws = holds(resolve(claim, "base-7b", ["rl-7b"]), {"rl-7b": rates}, "base-7b")
        assert draws.dims == ("chain", "draw")
        assert draws.to_numpy().any(), estimand


def test_arms_fitted_apart_are_compared_draw_by_draw():
    rates, other = given_rates(2), given_rates(3)
    nothing = np.zeros((12, 2), dtype=int)
    fits = {
        arm: SolveRates(p[None], nothing, nothing, "given", models=("b", arm))
        for arm, p in (("x", rates), ("y", other))
    }
    claim = resolve(parse_claim("pass_at_k(1) x > y"), "b", ["x", "y"])
    truth = rates[..., 1].mean(1) > other[..., 1].mean(1)
    assert (holds(claim, fits, "b").to_numpy()[0] == truth).all()
    with_base = resolve(parse_claim("pass_at_k(1) base > y"), "b", ["x", "y"])
    truth = other[..., 0].mean(1) > other[..., 1].mean(1)
    assert (holds(with_base, fits, "b").to_numpy()[0] == truth).all()


def test_only_the_quotes_around_a_name_are_taken_off():
    claim = parse_claim("""pass_at_k(1) '"x"' > 0.5""")
    assert claim.comparisons[0].model.name == '"x"'
