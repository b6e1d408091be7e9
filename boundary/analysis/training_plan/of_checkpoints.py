"""More checkpoints, problems or samples of a training run: how wide the interval at its last checkpoint would be."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from boundary.analysis.checkpoints import TrainingRun
from boundary.analysis.training_plan.costs import Costs
from boundary.analysis.training_plan.levers import Lever, Outlook
from boundary.analysis.trajectory.rows import run_trajectory
from boundary.stats.solve_rates import SolveRates


class CheckpointSetting:
    """A training run and its checkpoints.

    Parameters
    ----------
    benchmark, run, fits
        The run, and the fit of each checkpoint with the base.
    k, level, seed
        Budget, level of the interval, and seed of the trajectory.
    costs
        What samples cost.
    """

    def __init__(
        self,
        benchmark: str,
        run: TrainingRun,
        fits: Mapping[str, SolveRates],
        k: int,
        level: float,
        seed: int,
        costs: Costs,
    ) -> None:
        self.run, self.k, self.costs = run, k, costs
        self.checkpoints = run.models[1:]
        self.n_problems = next(iter(fits.values())).n_problems
        self.reliable_k = min(fit.reliable_k for fit in fits.values())
        trajectory = run_trajectory(benchmark, run, fits, k, level, seed)
        last = trajectory.shares[:, 0] - trajectory.shares[:, len(run.steps) - 1]
        self.width = float(np.ptp(np.quantile(last, [(1 - level) / 2, (1 + level) / 2])))
        self.designs = trajectory.designs

    @cached_property
    def today(self) -> Outlook:
        """What there is."""
        return self._outlook(0, 1.0, 1.0, 1.0)

    @property
    def levers(self) -> list[Lever]:
        """What there can be more of."""
        return [
            Lever("checkpoints", self._checkpoints, 2.0),
            Lever("problems", self._problems, 1 + 1 / self.n_problems),
            Lever("samples", self._samples, 1 + 1 / self.costs.typical_samples),
        ]

    def _checkpoints(self, times: float) -> Outlook:
        between = round(times - 1)
        return self._outlook(between * len(self.checkpoints), 1.0, 1.0, self.designs.with_checkpoints(between))

    def _problems(self, times: float) -> Outlook:
        return self._outlook(0, times, 1.0, self.designs.with_problems(times))

    def _samples(self, times: float) -> Outlook:
        return self._outlook(0, 1.0, times, self.designs.with_samples(times))

    def _outlook(self, checkpoints: int, problems: float, samples: float, ratio: float) -> Outlook:
        sizes = {
            "n_checkpoints": len(self.checkpoints) + checkpoints,
            "n_problems": self.n_problems * problems,
            "n_samples": self.costs.typical_samples * samples,
        }
        n_more, tokens = self.costs.of_design(problems * samples, self.checkpoints, checkpoints)
        return Outlook(sizes, n_more, tokens, np.array([self.width * ratio]), self.k > self.reliable_k * samples)
