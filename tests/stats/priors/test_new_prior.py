"""A new prior family is one file and one line of PRIORS; and what each family says of itself."""

from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.stats.prior_names import PRIOR_NAMES
from boundary.stats.priors import PRIORS
from boundary.stats.priors.prior import refuse_errors
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors


@dataclass(frozen=True)
class Arcsine:
    """Beta(1/2, 1/2) on every solve rate."""

    draws: int = 400
    name: str = "arcsine"
    takes_errors: ClassVar[bool] = False
    has_population: ClassVar[bool] = False
    description: ClassVar[str] = "an arcsine distribution for each problem"

    def posterior(self, n_correct, n_samples, key, errors=None):
        refuse_errors(self.name, errors)
        shape = (4, self.draws, *n_correct.shape)
        p = np.random.default_rng(0).beta(0.5 + n_correct, 0.5 + n_samples - n_correct, size=shape)
        return SolveRates(p, n_correct, n_samples, self.name)

    def with_more_draws(self, times):
        return replace(self, draws=times * self.draws)


def test_names_for_help_texts_are_those_of_the_families():
    assert sorted(PRIORS) == list(PRIOR_NAMES)
    assert [family().name for family in PRIORS.values()] == list(PRIORS)


def test_a_new_family_is_one_line_of_priors(tmp_path, monkeypatch):
    monkeypatch.setitem(PRIORS, "arcsine", Arcsine)
    counts = pd.DataFrame({"model": ["a"] * 20 + ["b"] * 20, "problem_id": [*range(20)] * 2, "n_samples": 8})
    counts.assign(n_correct=[*range(8), 8, 0] * 4).to_csv(tmp_path / "counts.csv", index=False)
    words = ["analyze", tmp_path / "counts.csv", "--base", "a", "--k", "1,8", "--prior", "arcsine"]
    words += ["-o", tmp_path / "out"]
    result = CliRunner().invoke(main, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "arcsine" in set(pd.read_csv(tmp_path / "out" / "estimates.csv")["prior"])


@pytest.mark.parametrize("name", PRIORS)
def test_families_say_whether_they_take_errors_and_refuse_what_they_cannot(name):
    prior = PRIORS[name]()
    counts, rates = np.full((3, 1), 2), np.full((3, 1, 1), 0.01)
    longer = prior.with_more_draws(3)
    assert longer.draws * getattr(longer, "thinning", 1) * getattr(longer, "times", 1) == 3 * prior.draws
    if not prior.takes_errors:
        with pytest.raises(ValueError, match=f"'{name}' takes verdicts for the truth"):
            prior.posterior(counts, 2 * counts, jax.random.key(0), VerdictErrors(rates, rates))
