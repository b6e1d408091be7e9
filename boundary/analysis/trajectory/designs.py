"""How wide the interval of shrinkage at the last checkpoint would be with more problems, samples or checkpoints."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from boundary.analysis.checkpoints import TrainingRun
from boundary.analysis.trajectory.measure import RunMeasurements, step_errors
from boundary.stats.solve_rates import SolveRates
from boundary.stats.trajectory import Measurements, WalkPosterior, shrinkage_spread


class TrajectoryDesigns:
    """Expected spreads of shrinkage at the last checkpoint of a run, over that of today.

    Parameters
    ----------
    run, fits, k
        The run, the fit of each checkpoint with the base, and the budget.
    measurements, posterior
        What the fits say, and the trajectory.
    """

    def __init__(
        self,
        run: TrainingRun,
        fits: Mapping[str, SolveRates],
        k: int,
        measurements: RunMeasurements,
        posterior: WalkPosterior,
    ) -> None:
        self.run, self.fits, self.k = run, fits, k
        self.measurements, self.posterior = measurements, posterior
        self.measured = measurements.measured
        self.today = shrinkage_spread(self.measured, posterior)

    def with_problems(self, times: float) -> float:
        """With so many times the problems, of the same kind."""
        return self._ratio(shrinkage_spread(self.measured, self.posterior, errors=1 / times))

    def with_samples(self, times: float) -> float:
        """With so many times the samples of every problem, of the base and of every checkpoint."""
        errors_of_more = step_errors(self.run, self.fits, self.k, times)
        ratios = [
            of_more.variance / max(of_today.variance, 1e-300)
            for of_more, of_today in zip(errors_of_more, self.measurements.errors, strict=True)
        ]
        measured = Measurements(
            self.measured.steps,
            self.measured.values,
            self.measured.variances * np.minimum(ratios, 1.0),
            np.array([part.shared for part in errors_of_more]),
        )
        return self._ratio(shrinkage_spread(measured, self.posterior))

    def with_checkpoints(self, between: int) -> float:
        """With so many more checkpoints between each two steps, the base's among them."""
        added = steps_between(self.measured.steps, between)
        return self._ratio(shrinkage_spread(self.measured, self.posterior, added.tolist()))

    def _ratio(self, spread: float) -> float:
        return min(spread / self.today, 1.0) if self.today > 0 else 1.0


def steps_between(steps: Float[np.ndarray, " step"], number: int) -> Float[np.ndarray, " between"]:
    """Evenly spaced steps between each two steps, in order.

    Examples
    --------
    >>> steps_between(np.array([0.0, 100.0, 400.0]), 1).tolist()
    [50.0, 250.0]
    """
    inner: np.ndarray = np.sort(np.linspace(steps[:-1], steps[1:], number + 2)[1:-1], axis=None)
    return inner
