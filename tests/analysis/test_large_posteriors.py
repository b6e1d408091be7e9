"""What is left out of results that would be large."""

import pandas as pd
import pytest

import boundary as bd
from boundary.analysis import analyze as analyze_module
from boundary.stats.population import fit as fit_module
from boundary.stats.priors.nonparametric import NonParametric

PROBLEMS = [f"p{i}" for i in range(12)]
COUNTS = pd.DataFrame(
    {
        "model": ["base"] * 12 + ["rl"] * 12,
        "problem_id": PROBLEMS * 2,
        "n_samples": 16,
        "n_correct": [*range(12), *range(4, 16)],
    }
)


def test_large_log_likelihoods_are_checked_and_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(analyze_module, "MOST_LOG_LIKELIHOOD_BYTES", 0)
    result = bd.analyze(COUNTS, "base", "rl", k=[1, 16])
    (rates,) = result.rates.values()
    assert rates.log_likelihood is None
    assert result.model_checks.families["elpd"].notna().all()
    result.write(tmp_path / "report")
    (read,) = bd.read_posterior(tmp_path / "report").values()
    assert (read.p == rates.p).all()


@pytest.mark.parametrize("models", [1, 2])
def test_fewer_draws_are_kept_of_many_problems(models, monkeypatch):
    import jax

    monkeypatch.setattr(fit_module, "MOST_RATES", 64 * 20 * 12 * models)
    monkeypatch.setattr(fit_module, "MOST_LOG_LIKELIHOODS", 100)
    counts = COUNTS["n_correct"].to_numpy().reshape(2, 12).T[:, :models]
    rates = NonParametric(new_problems=0).posterior(counts, 0 * counts + 16, jax.random.key(0))
    assert rates.p.shape == (8, 128, 12, models)  # 16 of the 32 draws of each of 64 chains: every second one
    assert rates.log_likelihood is None
    assert rates.new_p is None
