import numpy as np
import pandas as pd
import pytest

from boundary.analysis.claims.evaluate import claim_requests, claims, monte_carlo_error, read_claims, resolve_requests
from boundary.analysis.report.write import write_analysis
from boundary.analysis.request import Request
from boundary.analysis.result import Analysis
from boundary.errors import InputError
from boundary.stats.priors import Independent
from boundary.stats.solve_rates import SolveRates


def analysis_of(benchmarks=("A",), arms=("rl",), seed=0):
    """An analysis as far as claims look at it, its draws independent."""
    rng = np.random.default_rng(seed)
    counts = np.full((10, 2), 3)
    rates = {}
    for benchmark in benchmarks:
        for arm in arms:
            p = rng.beta(0.5, 1, size=(4, 250, 10, 2))
            name = benchmark if len(arms) == 1 else f"{benchmark}: {arm}"
            rates[name] = SolveRates(p, counts, 8 * counts, "given", models=("base", arm))
    request = Request(base="base", arms=tuple(arms), benchmarks=tuple(benchmarks), prior=Independent())
    nothing = pd.DataFrame()
    return Analysis(
        request=request,
        counts=None,
        sample_sizes={},
        estimates=nothing,
        rates=rates,
        diagnostics=nothing,
        verdicts=(),
        writer=write_analysis,
    )


def test_probability_error_and_marks():
    analysis = analysis_of()
    table = claims(analysis, ["shrinkage(4) > 0", "lost(25) < 100", "crossover < 64"], require={"claim-2": 0.95})
    p = analysis.rates["A"].p
    covered = 1 - ((1 - p) ** 4).mean(2)
    share = (covered[..., 0] > covered[..., 1]).mean()
    assert table["probability"].tolist()[:2] == [pytest.approx(share), 1.0]
    assert table["mc_error"][0] == pytest.approx(np.sqrt(share * (1 - share) / table["ess_bulk"][0]), rel=1e-3)
    assert table["extrapolated"].tolist() == [False, True, True]  # n = 24
    assert table["met"].tolist() == [None, True, None]
    no_lead = (p.mean(2)[..., 0] >= p.mean(2)[..., 1]).mean()
    assert table["undefined"].tolist() == [0, 0, pytest.approx(no_lead)]
    assert table["probability"][2] <= 1 - no_lead


def test_monte_carlo_error_is_that_of_repeated_draws():
    rng = np.random.default_rng(1)
    shares = rng.binomial(400, 0.3, size=20_000) / 400
    assert np.mean([monte_carlo_error(share, 400) for share in shares]) == pytest.approx(shares.std(), rel=0.02)
    assert 0 < monte_carlo_error(1.0, 1000) < 0.002


def test_requirements():
    analysis = analysis_of()
    always, never = "pass_at_k(1) base >= 0", "pass_at_k(1) base < 0"
    table = claims(analysis, {"a": {"claim": always, "require": 1}, "b": never}, require=0.5)
    assert table["met"].tolist() == [True, False]
    assert table["require"].tolist() == [1, 0.5]
    even = claims(analysis, "shrinkage(1) > 0")
    close = claims(analysis, "shrinkage(1) > 0", require=even["probability"][0] + 0.001)
    assert "Monte Carlo" in close["note"][0]
    assert close["met"].tolist() == [False]


@pytest.mark.parametrize(
    ("claim", "note"),
    [
        ("lost(4) > {n}", "it cannot hold"),
        ("lost(4) <= {n}", "it holds whatever"),
        ("shrinkage(1) >= -1 and lost(4) > 1", "a part of it holds whatever"),
        ("shrinkage(1) > 1 and lost(4) > 1", "it cannot hold"),
        ("lost(4) < {n}", ""),
        # Where there is no crossover the claim does not hold, however low its bound is.
        ("crossover >= 1", ""),
    ],
)
def test_a_claim_that_no_counts_could_change_says_so(claim, note):
    analysis = analysis_of()
    n_problems = next(iter(analysis.rates.values())).n_problems
    (shown,) = claims(analysis, claim.format(n=n_problems))["note"]
    assert note in shown
    assert bool(note) == ("hold" in shown)


def test_each_benchmark_and_arm_has_its_own_draws():
    analysis = analysis_of(benchmarks=("A", "B", "all"), arms=("x", "y"))
    entries = {f"{b}{m}": {"claim": f"lost(4) {m} > 2.2", "benchmark": b} for b in ("A", "B") for m in ("x", "y")}
    table = claims(analysis, {**entries, "pooled": "lost(4) x > 2.2"})
    assert table["benchmark"].tolist() == ["A", "A", "B", "B", "all"]
    for name, shown in zip(("A: x", "A: y", "B: x", "B: y", "all: x"), table["probability"], strict=True):
        fails = (1 - analysis.rates[name].p) ** 4
        lost = ((1 - fails[..., 0]) * fails[..., 1]).sum(2)
        assert shown == pytest.approx((lost > 2.2).mean(), abs=1e-3)


FILE = """
[claims]
narrower = "shrinkage(1024) > 0"
loses = { claim = "lost(128) > 10", benchmark = "AIME24", require = 0.95 }
"""


def test_a_file_of_claims(tmp_path):
    path = tmp_path / "claims.toml"
    path.write_text(FILE)
    narrower, loses = claim_requests(path)
    assert (narrower.name, narrower.claim.text, narrower.require) == ("narrower", "shrinkage(1024) > 0", None)
    assert (loses.benchmark, loses.require) == ("AIME24", 0.95)
    mixed = claim_requests([str(path), "lost(1) > 0"], require={"narrower": 0.5})
    requirements = [(request.name, request.require) for request in mixed]
    assert requirements == [
        ("narrower", 0.5),
        ("loses", 0.95),
        ("claim-1", None),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", r"need one table, \[claims\], and it is missing"),
        ("[claims]", "missing or empty"),
        ("claims = 3", "missing or empty"),
        ('title = "x"\n[claims]\na = "lost(1) > 0"', "'title' stands outside"),
        ("[claims]\na = 3", "'a' has no claim"),
        ('[claims]\na = { claim = "lost(1) > 0", bench = "x" }', "field 'bench'"),
        ('[claims]\na = { claim = "lost(1) > 0", benchmark = 3 }', "Name one benchmark"),
        ('[claims]\na = { claim = "lost(1) > 0", require = 1.5 }', "is 1.5, no probability"),
        ('[claims]\na = { claim = "lost(1) > 0", require = "x" }', "is 'x', no probability"),
        ('[claims]\na = { claim = "lost(1) > 0", require = nan }', "is nan, no probability"),
        ('[claims]\na = { claim = "lost(1) > 0", require = true }', "is True, no probability"),
        ('[claims]\na = "lots(1) > 0"', r"claim 'a': .*did you mean lost"),
        ("[claims", "are not TOML"),
    ],
)
def test_bad_files(tmp_path, text, why):
    path = tmp_path / "claims.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        read_claims(path)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        claim_requests(tmp_path / "nowhere.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        claim_requests(tmp_path / "binary.toml")


def test_names_and_benchmarks_that_are_not_there():
    with pytest.raises(InputError, match="Did you mean 'claim-1'"):
        claim_requests("lost(1) > 0", require={"claim1": 0.5})
    with pytest.raises(InputError, match="no claim is there to have it"):
        claim_requests(None, require={"x": 0.5})
    with pytest.raises(InputError, match="Two claims are called 'claim-1'"):
        claim_requests([{"claim-1": "lost(1) > 0"}, "lost(1) > 0"])
    requests = claim_requests({"a": {"claim": "lost(1) > 0", "benchmark": "AIME25"}})
    with pytest.raises(InputError, match="Did you mean 'AIME24'"):
        resolve_requests(requests, "b", ["x"], ["AIME24"])
    with pytest.raises(InputError, match="which benchmark"):
        resolve_requests(claim_requests("lost(1) > 0"), "b", ["x"], ["A", "B"])


def test_an_arm_without_samples_there():
    analysis = analysis_of(benchmarks=("A",), arms=("x", "y"))
    del analysis.rates["A: y"]
    with pytest.raises(InputError, match="'y', which has no samples"):
        claims(analysis, "lost(1) y > 0")
    assert len(claims(analysis, "pass_at_k(1) base > 0")) == 1


def test_no_claims_is_an_empty_table():
    assert isinstance(claims(analysis_of(), []), pd.DataFrame)
    assert claims(analysis_of(), []).empty
