"""More of a method's runs, problems or samples: how wide the interval of its mean shrinkage would be."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from boundary.analysis.runs.draws import passes_at
from boundary.analysis.runs.more_data import method_moments, more_problems, more_samples
from boundary.analysis.training_plan.costs import Costs
from boundary.analysis.training_plan.levers import Lever, Outlook
from boundary.stats.runs import MoreData, expected_width, widths_with
from boundary.stats.solve_rates import SolveRates


class MethodSetting:
    """A method and its runs.

    Parameters
    ----------
    base, arms, fits
        The base, the model of each run, and the fit of each with the base.
    k, level, seed
        Budget, level of the interval, and seed of the outcomes: one for all designs, so that they are compared on the
        same ones.
    costs
        What samples cost.
    """

    def __init__(
        self,
        base: str,
        arms: Sequence[str],
        fits: Mapping[str, SolveRates],
        k: int,
        level: float,
        seed: int,
        costs: Costs,
    ) -> None:
        self.base, self.arms, self.fits, self.level, self.seed, self.costs = base, tuple(arms), fits, level, seed, costs
        self.draws = passes_at([k], base, {arm: fits[arm] for arm in arms})
        self.k, self.n_problems = k, self.draws.n_problems
        self.moments = method_moments(self.draws, self.arms, 0)

    @cached_property
    def today(self) -> Outlook:
        """What there is."""
        return self._outlook(0, 1.0, 1.0, np.array([expected_width(self.moments, self.level)]))

    @property
    def levers(self) -> list[Lever]:
        """What there can be more of."""
        return [
            Lever("runs", self._runs, 1 + 1 / len(self.arms)),
            Lever("problems", self._problems, 1 + 1 / self.n_problems),
            Lever("samples", self._samples, 1 + 1 / self.costs.typical_samples),
        ]

    def _runs(self, times: float) -> Outlook:
        more = round((times - 1) * len(self.arms))
        return self._outlook(more, 1.0, 1.0, self._widths(MoreData(more)))

    def _problems(self, times: float) -> Outlook:
        return self._outlook(0, times, 1.0, self._widths(more_problems(times)))

    def _samples(self, times: float) -> Outlook:
        more = more_samples(self.draws, self.fits, self.base, self.arms, 0, times)
        return self._outlook(0, 1.0, times, self._widths(more))

    def _widths(self, more: MoreData) -> np.ndarray:
        rng = np.random.default_rng(self.seed)
        return widths_with(more, self.moments, self.level, rng)

    def _outlook(self, runs: int, problems: float, samples: float, widths: np.ndarray) -> Outlook:
        n = self.costs.typical_samples
        sizes = {"n_runs": len(self.arms) + runs, "n_problems": self.n_problems * problems, "n_samples": n * samples}
        n_more, tokens = self.costs.of_design(problems * samples, self.arms, runs, is_trained=True)
        return Outlook(sizes, n_more, tokens, widths, self.k > self.draws.reliable_k * samples)
