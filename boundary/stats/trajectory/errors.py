"""How much of the error of a posterior is luck of the problems, which checkpoints share."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import gammaln, xlog1py, xlogy

from boundary.stats.solve_rates import SolveRates

# Atoms that stand for the population of solve rates.
ATOMS = 300
# Numbers of samples that are told apart; more are put into so many groups.
MOST_SIZES = 6
# Draws of a fit that the parts of its errors are computed from.
MOST_DRAWS = 128
# Less is rounding.
LEAST_VARIANCE = 1e-12


class ErrorParts(NamedTuple):
    """Preposterior variance of pass@k of a benchmark, and the part of it that sampling again would draw anew.

    Parameters
    ----------
    variance
        Expected posterior variance of the mean over problems.
    independent
        The part that comes from the samples of this model alone; the rest is that problems are harder or easier than
        the population leads one to expect, and is common to models that find the same problems hard.
    """

    variance: float
    independent: float

    @property
    def shared(self) -> float:
        """Share of the variance that is luck of the problems, in [0, 1]."""
        is_known = self.variance > LEAST_VARIANCE
        return float(np.clip(1 - self.independent / self.variance, 0, 1)) if is_known else 0.0


def error_parts(
    p: Float[np.ndarray, "draw problem"], n_samples: Int[np.ndarray, " problem"], k: int, times: float = 1.0
) -> ErrorParts:
    """Parts of the error of the posterior mean of pass@k.

    Parameters
    ----------
    p
        Draws of the solve rates.
    n_samples
        Samples of each problem.
    k
        Budget.
    times
        As if each problem had so many times its samples.

    Notes
    -----
    With f = 1 - (1-p)^k and m(c) = E[f | c], an error f - m(c) has the variance E Var(f | c). Given the solve rate, the
    estimate varies by Var(m(c) | p), independently for each model; what is left, f - E[m(c) | p], depends on the
    problem alone. The population is that of all draws of all problems.
    """
    ordered = np.sort(p, axis=None)
    middles = (np.arange(ATOMS) + 0.5) / ATOMS * len(ordered)
    atoms = np.clip(ordered[middles.astype(int)].astype(float), 1e-12, 1 - 1e-12)
    f = -np.expm1(k * np.log1p(-atoms))
    variance = independent = 0.0
    sizes = np.maximum(np.round(np.sort(n_samples) * times), 1).astype(int)
    for group in np.array_split(sizes, min(MOST_SIZES, len(np.unique(sizes)))):
        of_group = _parts_of_size(int(np.median(group)), atoms, f)
        variance += len(group) * of_group[0]
        independent += len(group) * of_group[1]
    return ErrorParts(variance / len(sizes) ** 2, independent / len(sizes) ** 2)


def error_parts_of(rates: SolveRates, model: str, k: int, times: float = 1.0) -> ErrorParts:
    """Parts of the error of a model's pass@k in a fit, as if each problem had so many times its samples."""
    column = rates.index(model)
    p = rates.p[..., column].reshape(-1, rates.n_problems)
    return error_parts(p[:: max(len(p) // MOST_DRAWS, 1)], rates.n_samples[:, column], k, times)


def _parts_of_size(n: int, atoms: np.ndarray, f: np.ndarray) -> tuple[float, float]:
    """Expected posterior variance of f for a problem with n samples, and its part that is independent."""
    c = _counts(n)
    logs = xlogy(c[:, None], atoms) + xlog1py(n - c[:, None], -atoms) + _log_choose(n, c)[:, None]
    likelihood = np.exp(logs)
    likelihood /= likelihood.sum(axis=0)  # counts between those of the grid stand for their neighbours
    total = np.maximum(likelihood.sum(axis=1), 1e-300)
    mean = likelihood @ f / total
    squared = likelihood @ f**2 / total
    share = total / len(atoms)
    again = (likelihood * mean[:, None] ** 2).sum(axis=0) - (likelihood * mean[:, None]).sum(axis=0) ** 2
    return float(share @ np.maximum(squared - mean**2, 0)), float(np.maximum(again, 0).mean())


def _counts(n: int) -> np.ndarray:
    """All counts up to 40, then about 80 more, evenly spread on the scale of roots from both ends."""
    if n <= 120:
        return np.arange(n + 1)
    low = np.unique(np.round(np.linspace(np.sqrt(40), np.sqrt(n / 2), 40) ** 2)).astype(int)
    low = np.concatenate([np.arange(40), low])
    return np.unique(np.concatenate([low, n - low]))


def _log_choose(n: int, c: np.ndarray) -> np.ndarray:
    log_number: np.ndarray = gammaln(n + 1) - gammaln(c + 1) - gammaln(n - c + 1)
    return log_number
