"""The hierarchical model of the means of responses, by problem and group of responses, and its Gibbs sampler."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float

from boundary.stats.likelihood.cells import Cells
from boundary.stats.likelihood.spread import fit_spread
from boundary.stats.random_keys import numpy_rng

CHAINS, DRAWS, WARMUP, THINNING = 8, 256, 128, 2
# Degrees of freedom of the problems' effects: one problem that is unlike all others does not move them.
FREEDOM = 4.0
# Prior standard deviations, in units of the values: of a group's level, and of its slope on the logit of its share.
LEVEL_SCALE, SLOPE_SCALE = 2.0, 0.3


class Means(NamedTuple):
    """Posterior of the mean value of a response of each problem and group.

    Parameters
    ----------
    means
        Draws in float32, problem by problem; of a cell without responses what the model expects there.
    unshrunk
        Draws around the mean of each cell's responses, which are not drawn towards the other problems: for means over
        problems. Cells of skewed responses are least certain where their mean is low, and so are drawn up most.
    present
        Which cells have responses.
    power
        Draws of the power of the length that the residuals' variance grows with; -1 where tokens are independent.
    """

    means: Float[np.ndarray, "chain draw problem group"]
    unshrunk: Float[np.ndarray, "chain draw problem group"]
    present: Bool[np.ndarray, "problem group"]
    power: Float[np.ndarray, "chain draw"]


def fit_means(
    cells: Cells,
    key: Array,
    share: Float[np.ndarray, "problem group"] | None = None,
    *,
    chains: int = CHAINS,
    draws: int = DRAWS,
    warmup: int = WARMUP,
    thinning: int = THINNING,
) -> Means:
    """Fit the hierarchical model to cells.

    Parameters
    ----------
    cells
        From `cells_of`; at least one has responses.
    key
        JAX key; the same key gives the same draws.
    share
        Logit of the share of a problem's responses that a group has, where groups are classes of outcomes: a problem
        that is seldom right may have other right responses than one that is often right. None: no such slope.
    chains, draws, warmup, thinning
        Chains, kept draws of each, first steps that are not kept, and steps from one kept draw to the next.

    Returns
    -------
    Means
        In the unit of the values.

    Notes
    -----
    A response of problem i and group g has the value y = m_ig + e, and

        m_ig = a_g + b_g x_ig + u_i + v_ig,   u_i ~ t_4(0, tau),   v_ig ~ t_4(0, omega_g).

    Residuals e of a cell are jointly Student-t: normal, with a variance of the cell's own that is scaled inverse
    chi-squared around s_g^2 T_ig^c, T_ig being the mean length of its responses and c a power that is fitted. Number,
    mean and sum of squares of a cell are then sufficient, and all of its responses count alike, so that m_ig is their
    mean whatever their distribution. Gibbs steps, each with what can be integrated out integrated out: scales of the
    effects (Metropolis), levels, u, v, and weights of the t (Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 11 and
    17); s, c and the degrees of freedom of the variances are drawn from what the sums of squares say of them
    (`boundary.stats.likelihood.spread`). The same model by NumPyro's NUTS has the same intervals
    (tests/stats/likelihood/test_means.py) and takes twenty times as long.
    """
    present = cells.n > 0
    centre, scale, log_length = _units(cells, present)
    standard = Cells(
        cells.n,
        np.where(present, (cells.mean - centre) / scale, 0.0),
        cells.squares / scale**2,
        np.where(present, cells.log_length - log_length, 0.0),
    )
    shares = np.zeros(cells.n.shape) if share is None else np.where(present, share - _average(share, present), 0.0)
    sampler = _Gibbs(standard, shares, numpy_rng(key), chains, share is not None)
    for _ in range(warmup):
        sampler.step()
    n_problems, n_groups = cells.n.shape
    kept = np.empty((2, n_groups, chains, draws, n_problems), dtype=np.float32)
    power = np.empty((chains, draws))
    for step in range(draws * thinning):
        *parts, power_now = sampler.step()
        if step % thinning == 0:
            place = step // thinning
            power[:, place] = power_now
            for kind, part in zip(kept, parts, strict=True):
                kind[:, :, place] = np.moveaxis(centre + scale * part, -1, 0)
    means, unshrunk = np.moveaxis(kept, 1, -1)
    return Means(means, unshrunk, present, power)


def _units(cells: Cells, present: np.ndarray) -> tuple[float, float, float]:
    """Centre and scale of the values, which make them about one unit, and mean log length."""
    means = cells.mean[present]
    variance = means.var() + cells.squares.sum() / max(cells.n.sum(), 1)
    return float(np.median(means)), float(np.sqrt(variance)) or 1.0, float(cells.log_length[present].mean())


def _average(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Mean of each group over the cells that have responses."""
    return np.asarray((values * present).sum(axis=0) / np.maximum(present.sum(axis=0), 1))


@dataclass
class _Gibbs:
    """Chains on their way; arrays are (chain, problem, group), (chain, problem) or (chain, group)."""

    cells: Cells
    share: np.ndarray
    rng: np.random.Generator
    chains: int
    with_slopes: bool

    def __post_init__(self) -> None:
        """Start from dispersed scales, with all weights 1."""
        n_problems, n_groups = self.cells.n.shape
        self.spread = fit_spread(self.cells)
        self.present = self.cells.n > 0
        self.log_common = self.rng.normal(-0.5, 0.5, (self.chains, 1))
        self.log_own = self.rng.normal(-1.0, 0.7, (self.chains, n_groups))
        self.level = np.zeros((self.chains, n_groups))
        self.slope = np.zeros((self.chains, n_groups))
        self.common_weight = np.ones((self.chains, n_problems))
        self.own_weight = np.ones((self.chains, n_problems, n_groups))
        self.effect = np.zeros((self.chains, n_problems))
        self.means = np.broadcast_to(self.cells.mean, self.own_weight.shape)
        self._draw_variances()

    def step(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One step of all chains: means of the cells, the same unshrunk, and the power of the length."""
        self._move_common()
        self._draw_effects()
        self._move_own()
        self._draw_levels()
        self._draw_means()
        self._draw_weights()
        self._draw_variances()
        noise = self._normal(self.data.shape) / np.sqrt(np.where(self.present, self.data, 1.0))
        return self.means, np.where(self.present, self.cells.mean + noise, self.means), self.power

    @property
    def expected(self) -> np.ndarray:
        return self.level[:, None] + self.slope[:, None] * self.share

    def _precision(self, log_own: np.ndarray) -> np.ndarray:
        """Of a cell's mean around level and problem effect, the cell's own effect integrated out; 0 without data."""
        own = self.own_weight * np.exp(-2 * log_own)[:, None]
        return np.asarray(own * self.data / (own + self.data))

    def _move_common(self) -> None:
        """Scale of the problem effects, which are integrated out."""
        k = self._precision(self.log_own)
        total = k.sum(axis=2)
        some = total > 0
        mean = (k * (self.cells.mean - self.expected)).sum(axis=2) / np.where(some, total, 1.0)
        self.log_common = self._metropolis(self.log_common, partial(self._log_density_of_common, mean, total))

    def _log_density_of_common(self, mean: np.ndarray, total: np.ndarray, log_scale: np.ndarray) -> np.ndarray:
        """Of the scale of the problem effects, given each problem's mean and the precision of that."""
        some = total > 0
        variance = np.exp(2 * log_scale) / self.common_weight + 1 / np.where(some, total, 1.0)
        terms = np.where(some, np.log(variance) + mean**2 / variance, 0.0)
        return np.asarray(_log_half_cauchy(log_scale[:, 0]) - terms.sum(axis=1) / 2)[:, None]

    def _draw_effects(self) -> None:
        k = self._precision(self.log_own)
        precision = k.sum(axis=2) + self.common_weight * np.exp(-2 * self.log_common)
        mean = (k * (self.cells.mean - self.expected)).sum(axis=2) / precision
        self.effect = mean + self._normal(mean.shape) / np.sqrt(precision)

    def _move_own(self) -> None:
        """Scales of the effects of the cells, which are integrated out given those of the problems."""
        squared = (self.cells.mean - self.expected - self.effect[:, :, None]) ** 2
        self.log_own = self._metropolis(self.log_own, partial(self._log_density_of_own, squared))

    def _log_density_of_own(self, squared: np.ndarray, log_scale: np.ndarray) -> np.ndarray:
        """Of the scales of the cells' effects, given their squared distances from what is expected."""
        k = self._precision(log_scale)
        terms = np.where(self.present, np.log(np.where(self.present, k, 1.0)) - k * squared, 0.0)
        return np.asarray(_log_half_cauchy(log_scale) + terms.sum(axis=1) / 2)

    def _metropolis(self, log_scale: np.ndarray, log_density: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Two Metropolis steps on a logarithm, a small and a large one."""
        value = log_density(log_scale)
        for size in (0.15, 0.6):
            proposal = log_scale + size * self._normal(log_scale.shape)
            proposed = log_density(proposal)
            accept = np.log(self.rng.random(log_scale.shape)) < proposed - value
            log_scale, value = np.where(accept, proposal, log_scale), np.where(accept, proposed, value)
        return log_scale

    def _draw_levels(self) -> None:
        """Level and slope of each group by weighted regression, the cells' effects integrated out."""
        k = self._precision(self.log_own)
        remainder = self.cells.mean - self.effect[:, :, None]
        a = k.sum(axis=1) + 1 / LEVEL_SCALE**2
        right = (k * remainder).sum(axis=1)
        if self.with_slopes:
            b, c = (k * self.share).sum(axis=1), (k * self.share**2).sum(axis=1) + 1 / SLOPE_SCALE**2
            precision = c - b * b / a  # of the slope, with the level integrated out
            mean = ((k * self.share * remainder).sum(axis=1) - b / a * right) / precision
            self.slope = mean + self._normal(mean.shape) / np.sqrt(precision)
            right = right - b * self.slope
        self.level = right / a + self._normal(a.shape) / np.sqrt(a)

    def _draw_means(self) -> None:
        own = self.own_weight * np.exp(-2 * self.log_own)[:, None]
        around = self.expected + self.effect[:, :, None]
        precision = own + self.data
        mean = (own * around + self.data * self.cells.mean) / precision
        self.means = mean + self._normal(mean.shape) / np.sqrt(precision)

    def _draw_weights(self) -> None:
        """Weights that make the normal effects Student-t ones."""
        own = self.means - self.expected - self.effect[:, :, None]
        for name, scaled in (
            ("common_weight", self.effect**2 * np.exp(-2 * self.log_common)),
            ("own_weight", own**2 * np.exp(-2 * self.log_own)[:, None]),
        ):
            gamma = self.rng.standard_gamma((FREEDOM + 1) / 2, scaled.shape)
            setattr(self, name, gamma / ((FREEDOM + scaled) / 2))

    def _draw_variances(self) -> None:
        """Variance of each cell's responses, hence the precision `data` of its mean."""
        n_groups = self.cells.n.shape[1]
        parameters = self.spread.draw(self.rng, self.chains)
        log_scale, self.power = parameters[:, None, :n_groups], parameters[:, n_groups]
        freedom = 1.0 + np.exp(np.clip(parameters[:, n_groups + 1], -10, 12))[:, None, None]
        squared = np.exp(np.clip(2 * log_scale + self.power[:, None, None] * self.cells.log_length, -100, 100))
        squares = freedom * squared + self.cells.squares + self.cells.n * (self.cells.mean - self.means) ** 2
        gamma = self.rng.standard_gamma((freedom + self.cells.n) / 2)
        self.data = self.cells.n * 2 * gamma / squares

    def _normal(self, shape: tuple[int, ...]) -> np.ndarray:
        return self.rng.standard_normal(shape)


def _log_half_cauchy(log_scale: np.ndarray) -> np.ndarray:
    """Log density of the logarithm of a half-Cauchy scale."""
    return np.asarray(log_scale - np.log1p(np.exp(2 * log_scale)))


def pooled(
    draws: Float[np.ndarray, "chain draw problem"], key: Array, new_problems: bool = False
) -> Float[np.ndarray, "chain draw"]:
    """Mean over problems, of these or of new ones like them.

    Parameters
    ----------
    draws
        Of each problem's mean (`Means.unshrunk`); at least two problems where it is about new ones.
    key
        JAX key; the same key takes the same new problems.
    new_problems
        Whether it is about new problems like these rather than about these very ones.

    Raises
    ------
    ValueError
        Of one problem for new ones: nothing says how far problems lie apart.

    Notes
    -----
    With m_i the posterior mean of problem i, s^2 the variance of these between the n problems and v that of the draws
    of their mean, the mean over new problems is

        mean(m) + [(draw of the mean - mean(m)) + sqrt(1 - v n / s^2) d] sqrt((n - 1) / X),   X ~ chi^2(n - 1),

    with d a Bayesian bootstrap of the m_i (Rubin 1981, Annals of Statistics 9, 130-134), whose variance is made that of
    a mean, s^2 / n. The bracket has the variance of the m_i, in which that of the responses is already; the factor
    makes it Student's t with n - 1 degrees of freedom where problems are normal; its skewness is that of the problems.
    """
    mean = draws.mean(axis=2, dtype=np.float64)
    n_problems = draws.shape[2]
    if not new_problems:
        return mean
    if n_problems < 2:
        raise ValueError("A mean over new problems needs at least two problems.")
    rng = numpy_rng(key)
    of_problems = draws.mean(axis=(0, 1), dtype=np.float64)
    centre, variance = of_problems.mean(), of_problems.var(ddof=1) / n_problems
    weights = rng.standard_exponential((*mean.shape, n_problems), dtype=np.float32)
    bootstrapped = (weights @ (of_problems - centre)) / weights.sum(axis=2)
    # With few problems the bootstrap's own variance is smaller than that of a mean.
    bootstrapped *= np.sqrt((n_problems + 1) / (n_problems - 1))
    share = 1 - min(float(mean.var()) / variance, 1.0) if variance > 0 else 0.0
    stretch = np.sqrt((n_problems - 1) / rng.chisquare(n_problems - 1, mean.shape))
    return np.asarray(centre + (mean - centre + np.sqrt(share) * bootstrapped) * stretch)
