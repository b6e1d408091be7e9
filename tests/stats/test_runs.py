"""Training runs: the hierarchy over runs, choices, the strongest base, and what narrows an interval."""

import numpy as np
import pytest
from scipy.special import expit, logit

from boundary.stats.intervals import TIE, signs
from boundary.stats.runs import (
    MoreData,
    RunMoments,
    SpreadPrior,
    after_selection,
    expected_width,
    maximum,
    maximum_signs,
    over_one_base,
    partially_pooled,
    run_hierarchy,
    selection_bound,
    widths_with,
)
from boundary.stats.runs.selection import expected_maximum

N_DRAWS, LEVEL = 2000, 0.95


def normal_passes(rng, truths, error):
    """Draws of pass@k around estimates that miss their truths by normal errors on the logit scale."""
    estimates = logit(truths) + error * rng.standard_normal(len(truths))
    return expit(estimates + error * rng.standard_normal((N_DRAWS, len(truths))))


def holds(draws, truth):
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return low <= truth <= high


@pytest.mark.parametrize("n_runs", [2, 3, 5, 10])
def test_intervals_of_the_method_and_of_a_new_run_cover_where_those_of_the_average_do_not(n_runs):
    rng, spread, error, n = np.random.default_rng(n_runs), 0.3, 0.06, 150
    share = expit(spread * np.random.default_rng(0).standard_normal(100_000)).mean()
    hits = np.zeros((n, 3))
    for i in range(n):
        effects = spread * rng.standard_normal(n_runs + 1)
        hierarchy = run_hierarchy(normal_passes(rng, expit(effects[:-1]), error), rng)
        hits[i] = (
            holds(hierarchy.mean, share),
            holds(hierarchy.new_run, expit(effects[-1])),
            holds(hierarchy.average, share),
        )
    mean, new_run, average = hits.mean(axis=0)
    assert mean > 0.92 - 2 * 0.022
    assert new_run > 0.92 - 2 * 0.022
    assert average < 0.5


def test_an_error_that_methods_have_in_common_is_none_of_their_difference():
    rng, n_runs, spread, error, shared = np.random.default_rng(8), 4, 0.2, 0.15, 0.8
    truth = [expit(mean + spread * np.random.default_rng(0).standard_normal(100_000)).mean() for mean in (0.0, 0.3)]
    hits, widths = [], []
    for _ in range(150):
        common_error = error * np.sqrt(shared) * rng.standard_normal()
        common = rng.standard_normal(N_DRAWS)
        of_way = {"its own": [], "in common": []}
        for mean in (0.0, 0.3):
            runs = mean + spread * rng.standard_normal(n_runs) + common_error
            estimates = runs + error * np.sqrt(1 - shared) * rng.standard_normal(n_runs)
            passes = expit(estimates + error * rng.standard_normal((N_DRAWS, n_runs)))
            for way, draws in of_way.items():
                scores = common if way == "in common" else None
                draws.append(run_hierarchy(passes, rng, shared=shared, common=scores).mean)
        differences = [draws[0] - draws[1] for draws in of_way.values()]
        hits.append([holds(draws, truth[0] - truth[1]) for draws in differences])
        widths.append([np.ptp(np.quantile(draws, [0.025, 0.975])) for draws in differences])
    assert np.mean(hits, axis=0)[1] > 0.92 - 2 * 0.022
    own, in_common = np.mean(widths, axis=0)
    assert in_common < 0.9 * own


def test_the_hierarchy_agrees_with_nuts():
    numpyro = pytest.importorskip("numpyro")
    import jax
    import numpyro.distributions as dist

    means, errors, prior = np.array([-0.2, 0.1, 0.45]), np.array([0.1, 0.05, 0.2]), SpreadPrior()

    def model():
        mu = numpyro.sample("mu", dist.Uniform(-20, 20))
        tau = numpyro.sample("tau", dist.FoldedDistribution(dist.StudentT(prior.degrees, 0.0, prior.scale)))
        z = numpyro.sample("z", dist.Normal(0, 1).expand([3]))
        numpyro.sample("means", dist.Normal(mu + tau * z, errors), obs=means)

    kernel = numpyro.infer.NUTS(model, target_accept_prob=0.99)
    chains = numpyro.infer.MCMC(kernel, num_warmup=1000, num_samples=6000, progress_bar=False)
    chains.run(jax.random.key(0))
    sampled = {name: np.asarray(values) for name, values in chains.get_samples().items()}
    rng = np.random.default_rng(0)
    # A normal sample of just these moments.
    scores = rng.standard_normal((20_000, 3))
    scores = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    hierarchy = run_hierarchy(expit(means + errors * scores), rng)
    nuts_runs = expit(sampled["mu"][:, None] + sampled["tau"][:, None] * sampled["z"])
    nuts_new = expit(sampled["mu"] + sampled["tau"] * rng.standard_normal(6000))
    for quantile in (0.05, 0.25, 0.5, 0.75, 0.95):
        exact = np.quantile(hierarchy.runs, quantile, axis=0)
        np.testing.assert_allclose(np.quantile(nuts_runs, quantile, axis=0), exact, atol=0.006)
        assert np.quantile(nuts_new, quantile) == pytest.approx(np.quantile(hierarchy.new_run, quantile), abs=0.02)


def test_more_runs_narrow_the_mean_and_runs_that_differ_widen_it():
    rng = np.random.default_rng(1)
    near, far = (
        normal_passes(np.random.default_rng(2), expit(scale * np.linspace(-1, 1, 4)), 0.03) for scale in (0.05, 0.5)
    )
    widths = [np.ptp(np.quantile(run_hierarchy(part, rng).mean, [0.025, 0.975])) for part in (near[:, :2], near, far)]
    assert widths[1] < widths[0]
    assert widths[1] < widths[2]


@pytest.mark.parametrize("share", [1e-9, 1.0, 0.5])
def test_shares_at_the_ends_and_runs_that_do_not_differ_give_finite_draws(share):
    hierarchy = run_hierarchy(np.full((200, 3), share), np.random.default_rng(0))
    assert all(np.isfinite(part).all() and part.min() >= 0 and part.max() <= 1 for part in hierarchy)


def test_the_base_is_one_and_the_same_in_all_fits():
    rng = np.random.default_rng(0)
    bases = [rng.normal(0.5, 0.02, 4000) for _ in range(3)]
    arms = [0.1 + 0.5 * (base - 0.5) + rng.normal(0, 0.02, 4000) for base in bases]
    base, joint = over_one_base(bases, arms)
    assert np.argsort(base).tolist() == np.argsort(bases[0]).tolist(), "in the order of the first fit's draws"
    np.testing.assert_allclose(np.sort(base), np.sort(bases, axis=1).mean(axis=0))
    backwards, _ = over_one_base(bases[::-1], arms[::-1])
    np.testing.assert_allclose(np.sort(backwards), np.sort(base))
    for column, arm, of_base in zip(joint.T, arms, bases, strict=True):
        assert sorted(column) == sorted(arm)
        within = np.corrcoef(of_base, arm)[0, 1]
        assert np.corrcoef(base, column)[0, 1] == pytest.approx(within, abs=0.02)
    # Averages of more runs keep the base's error.
    assert (base - joint.mean(axis=1)).std() > 0.5 * base.std()
    assert over_one_base([bases[0], bases[1][:1000]], [arms[0], arms[1][:1000]])[1].shape == (4000, 2)


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_the_interval_after_a_choice_covers_and_the_drop_is_that_of_the_estimates(spread):
    rng, n, hits, drops = np.random.default_rng(3), 150, [], []
    for _ in range(n):
        truths = expit(spread * rng.standard_normal(8))
        passes = normal_passes(rng, truths, 0.08)
        place = int(passes.mean(axis=0).argmax())
        selected = after_selection(passes, place, rng)
        alone = passes[:, place]
        bound = selection_bound(alone.mean(), alone.std(), 8, LEVEL)
        hits.append(
            (
                holds(selected.passes, truths[place]),
                bound.lower <= truths[place] <= bound.upper,
                holds(alone, truths[place]),
            )
        )
        drops.append((alone.mean() - truths[place], selected.drop.mean(), bound.drop))
    after, bounded, naive = np.mean(hits, axis=0)
    assert min(after, bounded) > 0.92 - 2 * 0.022
    assert naive < min(after, bounded)
    true_drop, expected_drop, largest_drop = np.mean(drops, axis=0)
    # Where all are equally good, which nobody can know, a part of the drop stays.
    assert (
        expected_drop == pytest.approx(true_drop, abs=0.006) if spread else 0.5 * true_drop < expected_drop < true_drop
    )
    assert true_drop < largest_drop + 0.004


@pytest.mark.parametrize(("n", "value"), [(1, 0.0), (2, 0.56419), (10, 1.53875)])
def test_expected_maximum_of_normal_numbers(n, value):
    assert expected_maximum(n) == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_the_interval_of_the_strongest_base_covers(spread):
    rng, hits = np.random.default_rng(4), []
    for _ in range(150):
        truths = expit(spread * rng.standard_normal(5))
        passes = normal_passes(rng, truths, 0.08)
        largest = maximum(passes, partially_pooled(passes, rng), LEVEL)
        hits.append((largest.lower <= truths.max() <= largest.upper, holds(passes.max(axis=1), truths.max())))
    strongest, alone = np.mean(hits, axis=0)
    assert strongest > 0.92 - 2 * 0.022
    if spread == 0:
        assert alone < 0.6


def test_a_lead_of_the_strongest_base_over_an_equal_arm_is_rarely_sure():
    rng, sure = np.random.default_rng(5), []
    for _ in range(400):
        passes = normal_passes(rng, np.full(6, 0.5), 0.08)
        pooled = partially_pooled(passes[:, :5], rng)
        above, below, _ = maximum_signs(passes[:, :5] - passes[:, 5:], pooled - passes[:, 5:], 0.005)
        sure.append((above > LEVEL, below > LEVEL))
    # One in twenty at most, for either side, but for the error of 400 data sets.
    assert max(np.mean(sure, axis=0)) < 0.05 + 2 * 0.011


def test_probabilities_of_the_strongest_base_go_with_its_interval():
    rng = np.random.default_rng(6)
    for _ in range(50):
        differences = rng.normal(0, 0.03, 3) + 0.02 * rng.standard_normal((N_DRAWS, 3))
        above, below, within = maximum_signs(differences, differences, 0.005)
        lower, upper, _ = maximum(differences, differences, LEVEL)
        # The interval's ends lie between draws: a probability next to the level may be on either side of it.
        for chance, is_outside in ((above, lower > 0), (below, upper < 0)):
            assert abs(chance - (1 + LEVEL) / 2) < 3 / N_DRAWS or (chance > (1 + LEVEL) / 2) == is_outside
        assert above + below <= 1
        assert 0 <= within <= 1
    single = rng.normal(0.01, 0.01, (N_DRAWS, 1))
    assert maximum_signs(single, single, 0.005) == pytest.approx(signs(single, 0.005), abs=1e-12)
    tied = np.zeros((N_DRAWS, 3))
    assert maximum_signs(tied, tied, 0.0) == (0.0, 0.0, 1.0)


def test_the_strongest_of_unequally_known_bases_is_within_its_interval():
    rng = np.random.default_rng(7)
    well_known = 0.5 + 0.002 * rng.standard_normal((N_DRAWS, 6))
    passes = np.column_stack([well_known, rng.beta(30, 4, N_DRAWS)])
    pooled = partially_pooled(passes, rng)
    lower, upper, draws = maximum(passes, pooled, LEVEL)
    assert lower <= draws.mean() <= upper
    rival = 0.6 + 0.002 * rng.standard_normal((N_DRAWS, 1))
    above, below, _ = maximum_signs(passes - rival, pooled - rival, 0.005)
    mean = (pooled - rival).max(axis=1).mean()
    assert (above > 0.5) <= (mean > 0)
    assert (below > 0.5) <= (mean < 0)


def test_one_base_alone_stays_as_it_is():
    passes = np.random.default_rng(0).random((100, 1))
    assert partially_pooled(passes, np.random.default_rng(0)) is passes


def test_expected_widths_are_those_of_the_draws():
    rng = np.random.default_rng(5)
    for n_runs, spread in ((2, 0.1), (4, 0.3)):
        passes = expit(spread * np.linspace(-1, 1, n_runs) + 0.05 * rng.standard_normal((20_000, n_runs)))
        base = 0.5 + 0.02 * rng.standard_normal(20_000)
        hierarchy = run_hierarchy(passes, rng)
        width = np.ptp(np.quantile(base - hierarchy.mean, [0.025, 0.975]))
        assert expected_width(RunMoments.of_draws(passes, base), LEVEL) == pytest.approx(width, rel=0.06)


def test_more_runs_help_where_runs_differ_and_more_samples_where_they_do_not():
    def median_width(more, moments):
        return np.median(widths_with(more, moments, LEVEL, np.random.default_rng(6)))

    differing = RunMoments(np.array([-0.4, 0.0, 0.4]), np.full(3, 0.03), 0.005)
    noisy = RunMoments(np.linspace(-0.1, 0.1, 10), np.full(10, 0.3), 0.06)
    twice_the_samples = MoreData(0, 0.5**0.5, 0.5**0.5)
    assert median_width(MoreData(3), differing) < 0.7 * median_width(twice_the_samples, differing)
    assert median_width(twice_the_samples, noisy) < median_width(MoreData(10), noisy)


def test_no_more_data_leave_the_width_as_it_is():
    moments = RunMoments(np.array([-0.4, 0.0, 0.4]), np.full(3, 0.1), 0.02)
    widths = widths_with(MoreData(), moments, LEVEL, np.random.default_rng(0))
    np.testing.assert_allclose(widths, expected_width(moments, LEVEL), rtol=1e-9)


def test_more_samples_of_what_is_known_already_change_nothing():
    rng = np.random.default_rng(0)
    passes, base = 0.5 + 0.02 * rng.standard_normal((500, 3)), 0.4 + 0.02 * rng.standard_normal(500)
    assert MoreData.of_samples(passes, base, (0.2, 0.2), (1.0, 1.0)) == pytest.approx((0, 1.0, 1.0))
    halved = MoreData.of_samples(passes, base, (0.0, 0.0), (0.5, 0.5))
    assert halved == pytest.approx((0, 0.5**0.5, 0.5**0.5))


def test_runs_that_solve_all_are_no_lead():
    """Base and runs tie at 1: the edge of the logits must not make a sure loss of it."""
    rng = np.random.default_rng(0)
    hierarchy = run_hierarchy(np.ones((4000, 3)), rng, np.ones(4000))
    for passes in (hierarchy.average, hierarchy.mean, hierarchy.new_run, hierarchy.runs[:, 0]):
        assert (1.0 - passes > TIE).mean() < 0.5


def test_a_chosen_run_keeps_its_correlation_with_the_base():
    """What base and candidates have in common cancels in their difference, after the choice too."""
    rng = np.random.default_rng(0)
    base = 0.5 + 0.04 * rng.standard_normal(4000)
    passes = 0.1 + base[:, None] + 0.01 * rng.standard_normal((4000, 4))
    without_base, with_base = (after_selection(passes, 0, rng, 0.0, of_base).passes for of_base in (None, base))
    assert (base - with_base).std() < 0.02 < 0.03 < (base - without_base).std()
