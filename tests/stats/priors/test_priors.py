"""One battery for every family of priors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.infer.util import log_density
from scipy.stats import binom

from boundary.stats.diagnostics import convergence
from boundary.stats.estimands import pass_at_k
from boundary.stats.priors import PRIORS, Independent, InflatedBetaBinomial, LogitNormal, NonParametric
from boundary.stats.priors.beta_binomial import population

# `stacked` fits all the others each time. Its weights and its mixture have faster tests in
# tests/stats/test_model_checks.py, and a fit of it one in tests/analysis/test_fit_store.py.
FAMILIES = [pytest.param(name, marks=pytest.mark.slow) if name == "stacked" else name for name in sorted(PRIORS)]
# One shape for the whole battery: a family compiles once.
N_PROBLEMS, N_SAMPLES = 60, 32


def made_up_counts(seed, n=N_SAMPLES, models=2):
    rng = np.random.default_rng(seed)
    p = rng.beta(0.6, 0.8, size=(N_PROBLEMS, models))
    p[:5] = 0
    return p, rng.binomial(n, p), np.full((N_PROBLEMS, models), n)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(family, seed):
    p, c, n = made_up_counts(seed)
    return p, c, n, PRIORS[family]().posterior(c, n, jax.random.key(seed))


def test_rates_are_probabilities_of_the_right_shape(fitted):
    _, c, _, rates = fitted
    assert rates.p.shape[2:] == c.shape
    assert ((rates.p >= 0) & (rates.p <= 1)).all()
    assert rates.prior in PRIORS


def test_same_key_same_draws(family, fitted, seed):
    _, c, n, rates = fitted
    again = PRIORS[family]().posterior(c, n, jax.random.key(seed))
    np.testing.assert_array_equal(again.p, rates.p)


def test_rates_lie_near_the_truth(fitted):
    p, _, _, rates = fitted
    error = rates.p.mean((0, 1)) - p
    # Standard deviation of c/n is at most sqrt(1 / 4n); the mean of 120 such errors is far smaller.
    assert np.sqrt((error**2).mean()) < np.sqrt(0.25 / N_SAMPLES)


def test_observed_zero_is_never_certain_failure_and_one_success_excludes_zero(fitted):
    _, c, _, rates = fitted
    assert rates.p[:, :, c == 0].max() > 0
    assert rates.p[:, :, c > 0].min() > 0
    assert rates.p[:, :, c < N_SAMPLES].max() < 1


def test_permuting_problems_permutes_results(family, fitted, seed):
    _, c, n, rates = fitted
    order = np.random.default_rng(seed + 3).permutation(N_PROBLEMS)
    permuted = PRIORS[family]().posterior(c[order], n[order], jax.random.key(seed + 5))
    spread = rates.p.std((0, 1))[order]
    difference = permuted.p.mean((0, 1)) - rates.p.mean((0, 1))[order]
    assert np.abs(difference / np.maximum(spread, 1e-3)).max() < 0.5


def test_more_samples_narrow_the_interval(family, fitted, seed):
    *_, rates = fitted
    _, c, n = made_up_counts(seed, n=8)
    fewer = PRIORS[family]().posterior(c, n, jax.random.key(seed))
    widths = [pass_at_k(r, 1).std(("chain", "draw")).max().item() for r in (fewer, rates)]
    assert widths[0] > widths[1]


def test_reported_quantities_converge(fitted):
    *_, rates = fitted
    curve = pass_at_k(rates, [1, 8, 32, 128])
    diagnostics = convergence(curve.transpose("model", "k", "chain", "draw").to_numpy())
    assert diagnostics.ok.all(), diagnostics


def test_unequal_and_missing_samples(family, seed):
    _, c, n = made_up_counts(seed)
    n = n.copy()
    n[:10, 0], n[10:20, 1] = 0, 16
    c = np.minimum(c, n)
    rates = PRIORS[family]().posterior(c, n, jax.random.key(seed))
    assert np.isfinite(rates.p).all()
    # A problem never sampled is known less well than one sampled 32 times.
    assert rates.p[:, :, :10, 0].std((0, 1)).mean() > rates.p[:, :, 20:, 0].std((0, 1)).mean()


def test_one_model_alone(family, seed):
    _, c, n = made_up_counts(seed, models=1)
    rates = PRIORS[family]().posterior(c, n, jax.random.key(seed))
    assert rates.p.shape[2:] == (N_PROBLEMS, 1)


@pytest.mark.parametrize(
    ("c", "n"), [([[3]], [[2]]), ([[-1]], [[2]]), ([1, 2], [3, 3]), (np.zeros((0, 2)), np.zeros((0, 2)))]
)
def test_impossible_counts_are_refused(family, c, n, unchecked_types, seed):
    with pytest.raises(ValueError, match="Counts need"):
        PRIORS[family]().posterior(np.array(c), np.array(n), jax.random.key(seed))


def test_independent_is_the_conjugate_posterior(seed):
    c, n = np.array([[0], [3], [10]]), np.full((3, 1), 10)
    p = Independent(a=0.5, b=0.5, draws=5000).posterior(c, n, jax.random.key(seed)).p.reshape(-1, 3)
    mean = (c[:, 0] + 0.5) / 11
    error = np.sqrt(mean * (1 - mean) / 12 / len(p))
    np.testing.assert_array_less(abs(p.mean(0) - mean), 4 * error)


def test_independent_refuses_improper_parameters_and_new_problems(seed):
    with pytest.raises(ValueError, match="above 0"):
        Independent(a=0.0)
    rates = Independent().posterior(np.array([[1]]), np.array([[2]]), jax.random.key(seed))
    with pytest.raises(ValueError, match="no population"):
        pass_at_k(rates, 1, target="superpopulation")


def test_nonparametric_takes_one_model_or_a_pair(seed):
    c = np.zeros((4, 3), int)
    with pytest.raises(ValueError, match="fit pairs"):
        NonParametric().posterior(c, c + 1, jax.random.key(seed))


def test_paired_model_informs_the_other(seed):
    """A problem that the base never solved is likelier solvable by it where the RL model solves it often."""
    rng = np.random.default_rng(seed + 2)
    logit = rng.normal(-1.5, 2.0, N_PROBLEMS)
    p = 1 / (1 + np.exp(-np.column_stack([logit, logit + 1.0])))
    c, n = rng.binomial(N_SAMPLES, p), np.full((N_PROBLEMS, 2), N_SAMPLES)
    c[:2] = [[0, 0], [0, 12]]
    rates = NonParametric().posterior(c, n, jax.random.key(seed))
    reach = 1 - (1 - rates.p[..., 0]) ** N_SAMPLES
    assert reach[:, :, 1].mean() > 2 * reach[:, :, 0].mean()


def test_counts_that_contradict_each_other_are_fitted(seed):
    # 0 of n against n of n has next to no chance under a population where the models agree.
    c = np.array([[0, N_SAMPLES], [N_SAMPLES, 0], *[[i, i] for i in range(N_SAMPLES)]])
    rates = NonParametric().posterior(c, np.full_like(c, N_SAMPLES), jax.random.key(seed + 3))
    expected = [[0.0, 1.0], [1.0, 0.0]]
    np.testing.assert_allclose(rates.p[:, :, :2].mean((0, 1)), expected, atol=3 / N_SAMPLES)
    assert convergence(pass_at_k(rates, 4 * N_SAMPLES).isel(model=0).to_numpy()).ok


def test_log_likelihood_is_the_chance_of_the_counts_among_new_problems(fitted):
    _, c, n, rates = fitted
    if rates.log_likelihood is None:
        assert rates.prior == "independent"
        return
    # Averaged over populations, it is the mean probability of the counts over the new problems' solve rates.
    new = rates.new_p.reshape(-1, 2)[::37]
    for problem in (0, 7, 20, 40):
        chances = binom.pmf(c[problem], n[problem], new).prod(axis=1)
        error = chances.std() / np.sqrt(len(chances))
        expected = np.exp(rates.log_likelihood[:, :, problem]).mean()
        # Parametric families are fitted apart, so that their chance is a product of means over the same populations.
        assert abs(chances.mean() - expected) < 5 * error + 0.05 * expected


def test_three_models_jointly_agree_with_two_on_the_grid(seed):
    rng = np.random.default_rng(seed + 5)
    logits = rng.multivariate_normal([-1, 0, 1], [[6, 4, 4], [4, 6, 4], [4, 4, 6]], 40)
    c = rng.binomial(N_SAMPLES, 1 / (1 + np.exp(-logits)))
    n = np.full_like(c, N_SAMPLES)
    three = LogitNormal(draws=150, warmup=150).posterior(c, n, jax.random.key(seed))
    two = LogitNormal().posterior(c[:, :2], n[:, :2], jax.random.key(seed))
    assert three.log_likelihood is None
    for k in (1, N_SAMPLES, 4 * N_SAMPLES):
        sampled, exact = (pass_at_k(rates, k).isel(model=slice(0, 2)) for rates in (three, two))
        spread = exact.std(("chain", "draw"))
        # Two ways of integration under nearly the same prior: means agree to a fraction of the posterior's spread.
        assert (abs(sampled.mean(("chain", "draw")) - exact.mean(("chain", "draw"))) < 0.4 * spread + 0.002).all()


def test_inflated_population_finds_the_shares_at_zero_and_one(seed):
    rng = np.random.default_rng(seed + 8)
    kind = rng.choice(3, size=400, p=[0.2, 0.1, 0.7])
    p = np.where(kind == 0, 0.0, np.where(kind == 1, 1.0, rng.beta(3, 3, 400)))
    c = rng.binomial(128, p)[:, None]
    rates = InflatedBetaBinomial().posterior(c, np.full_like(c, 128), jax.random.key(seed + 1))
    shares = (rates.new_p == 0).mean(), (rates.new_p == 1).mean()
    np.testing.assert_allclose(shares, [(kind == 0).mean(), (kind == 1).mean()], atol=0.03)


def test_rounding_is_not_taken_for_likelihood():
    # A population of huge size: all problems alike, which these are not. In float32 it once beat every other.
    c = np.array([0, 1, 9, 27, 60, 103, 127, 128], dtype=np.float32)
    data = jnp.asarray(c), jnp.full(len(c), 128.0), jnp.ones(len(c))
    at = [log_density(population, data, {}, {"mean": 0.5, "size": size})[0] for size in (1.0, 1e3, 1e8, 1e15, 1e30)]
    assert at[0] > at[1] + 100
    assert max(at[2:]) < at[1]


@pytest.mark.parametrize(("n", "problems", "rate"), [(64, 300, 0.42), (128, 100, 0.3), (1024, 50, 0.5), (64, 60, 1.0)])
def test_problems_that_share_one_solve_rate(n, problems, rate):
    n_correct = np.random.default_rng(0).binomial(n, rate, (problems, 1))
    rates = NonParametric().posterior(n_correct, np.full((problems, 1), n), jax.random.key(0))
    assert np.isfinite(rates.p).all()
    # A narrow population pulls every problem to the common rate: three standard errors of n x problems samples.
    assert abs(rates.p.mean() - rate) < 3 * (rate * (1 - rate) / (n * problems)) ** 0.5 + 0.005


def test_counts_without_any_success_are_explained_by_an_atom_or_a_lump_and_chains_cross(seed):
    """No count tells the two apart: the share at 0 is anything, and the chains agree on that."""
    c = np.zeros((400, 1), dtype=int)
    rates = NonParametric().posterior(c, np.full_like(c, 64), jax.random.key(seed))
    at_zero = np.asarray(rates.p[..., 0] == 0).mean(axis=2)
    assert float(convergence(at_zero[None]).r_hat[0]) < 1.015
    assert np.quantile(at_zero, 0.05) < 0.3
    assert np.quantile(at_zero, 0.95) > 0.95
