"""A grid on the logit scale: populations of solve rates as hat functions with atoms at 0 and at 1.

A population is a mixture of `J + 2` *cells*: an atom at p = 0, J hat functions (linear B-splines) at equally spaced
knots on the logit scale, and an atom at p = 1. A piecewise linear density is a smooth density with an error of second
order in the spacing, its likelihood is linear in the cells' weights, and each problem's solve rate is drawn exactly
within its cell.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit

from boundary.stats.verdict_errors import count_likelihood

# logit -13.5 is p = 1.4e-6: no budget below a hundred thousand distinguishes it from the atom at 0. Where problems have
# many samples both ends lie further out, so far beyond logit log(n) that hardly a sample differs from those of an atom.
LOWEST, HIGHEST, SPACING = -13.5, 10.5, 0.8
BEYOND_SAMPLES = 3.0
# False positives and false negatives of each row of counts, at equally likely nodes.
Errors = tuple[Float[np.ndarray, "row node"], Float[np.ndarray, "row node"]]
# Quantiles kept of each cell's posterior; the midpoint rule leaves an error of 1 / 64^2 in its variance.
QUANTILES = 64


@dataclass(frozen=True)
class Grid:
    """Knots on the logit scale, and fine points between them.

    Parameters
    ----------
    refinement
        Fine points per knot spacing. They must resolve the likelihood of the largest n: see `for_samples`.
    lowest, highest, spacing
        Logits of the first and the last knot, and the step between knots.
    """

    refinement: int
    lowest: float = LOWEST
    highest: float = HIGHEST
    spacing: float = SPACING

    @classmethod
    def for_samples(cls, largest_n: int, spacing: float = SPACING) -> "Grid":
        """Grid with fine points close enough for n samples a problem.

        The posterior of a logit has a standard deviation of at least 2 / sqrt(n) (at p = 1/2); half of that as fine
        step makes the sums equal to the integrals to machine precision (the error falls as exp(-2 pi^2 (sd /
        step)^2)).
        """
        steps = np.ceil(spacing * np.sqrt(max(largest_n, 64)))
        furthest = np.log(max(largest_n, 1)) + BEYOND_SAMPLES
        below, above = (SPACING * np.ceil(max(furthest - end, 0.0) / SPACING) for end in (-LOWEST, HIGHEST))
        return cls(int(steps), LOWEST - float(below), HIGHEST + float(above), spacing)

    @cached_property
    def knots(self) -> Float[np.ndarray, " knot"]:
        """Logits of the knots."""
        return self.lowest + self.spacing * np.arange(round((self.highest - self.lowest) / self.spacing) + 1)

    @property
    def n_cells(self) -> int:
        """Cells of a population: the atom at 0, one for each knot, the atom at 1."""
        return len(self.knots) + 2

    @cached_property
    def offsets(self) -> Float[np.ndarray, " step"]:
        """Logit distance from a knot to each fine point inside its hat."""
        return self.spacing * np.arange(1 - self.refinement, self.refinement) / self.refinement

    @cached_property
    def hat(self) -> Float[np.ndarray, " step"]:
        """Probability of each fine point within a hat."""
        height = 1 - np.abs(self.offsets) / self.spacing
        return height / height.sum()

    @cached_property
    def fine(self) -> Float[np.ndarray, "knot step"]:
        """Logits of the fine points of each hat."""
        return self.knots[:, None] + self.offsets

    def likelihood(
        self, n_correct: Int[np.ndarray, " row"], n_samples: Int[np.ndarray, " row"], errors: Errors | None = None
    ) -> tuple[Float[np.ndarray, "row cell"], Float[np.ndarray, " row"]]:
        """P(c of n | cell) for each row of counts, relative to the row's largest, and the log of that largest."""
        rows = _chunks(n_correct, n_samples, errors)
        inner = np.concatenate([count_likelihood(c, n, expit(self.fine), *wrong) @ self.hat for c, n, *wrong in rows])
        atoms = np.concatenate([count_likelihood(c, n, np.array([0.0, 1.0]), *wrong) for c, n, *wrong in rows])
        table = np.column_stack([atoms[:, 0], inner, atoms[:, 1]])
        largest = table.max(axis=1)
        return table / largest[:, None], np.log(largest)

    def quantiles(
        self, n_correct: Int[np.ndarray, " row"], n_samples: Int[np.ndarray, " row"], errors: Errors | None = None
    ) -> Float[np.ndarray, "row cell quantile"]:
        """Posterior quantiles of the solve rate within each cell, at levels (i + 1/2) / 64, for each row of counts."""
        inner = np.concatenate([self._cell_quantiles(*rows) for rows in _chunks(n_correct, n_samples, errors)])
        shape = (len(n_correct), 1, QUANTILES)
        return np.concatenate([np.zeros(shape), inner, np.ones(shape)], axis=1)

    def _cell_quantiles(self, *rows: np.ndarray) -> Float[np.ndarray, "row knot quantile"]:
        n_correct, n_samples, false_positive, false_negative = rows
        chance = count_likelihood(n_correct, n_samples, expit(self.fine), false_positive, false_negative)
        mass = chance * self.hat
        # A cell that the counts rule out keeps its prior shape: it is never drawn, and must not divide by 0.
        mass = np.where(mass.sum(-1, keepdims=True) > 0, mass, self.hat)
        upper = np.cumsum(mass, axis=-1)
        upper /= upper[..., -1:]
        levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
        step = (upper[..., None, :] < levels[:, None]).sum(-1)
        lower_edge = np.take_along_axis(np.concatenate([np.zeros_like(upper[..., :1]), upper], -1), step, -1)
        upper_edge = np.take_along_axis(upper, step, -1)
        within = (levels - lower_edge) / (upper_edge - lower_edge)
        logits = np.take_along_axis(np.broadcast_to(self.fine, upper.shape), step, -1)
        return expit(logits + (within - 0.5) * self.spacing / self.refinement)


def _chunks(
    n_correct: np.ndarray, n_samples: np.ndarray, errors: Errors | None, rows: int = 64
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Rows in blocks, since the tables on the fine points are large."""
    no_errors = np.zeros((len(n_correct), 1))
    positive, negative = errors or (no_errors, no_errors)
    blocks = [slice(i, i + rows) for i in range(0, len(n_correct), rows)]
    return [(n_correct[at], n_samples[at], positive[at], negative[at]) for at in blocks]
