"""Probability that a random response of one group has a larger value than one of another, by problem and pooled."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Int
from scipy.special import betaln, expit, logit

from boundary.stats.random_keys import numpy_rng

# Grid of the population of probabilities: logit of its mean, logarithm of its concentration.
LOGITS = np.linspace(-5.0, 5.0, 61)
LOG_CONCENTRATIONS = np.linspace(-1.0, 6.0, 41)


class Wins(NamedTuple):
    """Pairs of a problem's responses, one of each group, in which the first group's has the larger value.

    Parameters
    ----------
    share
        Of all pairs, a tie being one half; NaN where a group has no response.
    variance
        Of that share, over responses.
    n_first, n_second
        Responses of each group.
    """

    share: Float[np.ndarray, " problem"]
    variance: Float[np.ndarray, " problem"]
    n_first: Float[np.ndarray, " problem"]
    n_second: Float[np.ndarray, " problem"]

    def of(self, problems: Bool[np.ndarray, " problem"]) -> "Wins":
        """Those of some problems."""
        return Wins(*(part[problems] for part in self))


def count_wins(
    values: Float[np.ndarray, " response"],
    problem: Int[np.ndarray, " response"],
    is_first: Bool[np.ndarray, " response"],
    n_problems: int,
) -> Wins:
    """Compare every response of one group with every one of the other, problem by problem.

    Parameters
    ----------
    values
        One number a response.
    problem
        Of each response, numbered from 0.
    is_first
        Whether a response is of the first group.
    n_problems
        How many there are.

    Examples
    --------
    >>> import numpy as np
    >>> wins = count_wins(np.array([3.0, 1.0, 2.0]), np.zeros(3, dtype=int), np.array([True, False, True]), 1)
    >>> wins.share.tolist()
    [1.0]

    Notes
    -----
    Mann & Whitney's U over the number of pairs; its variance after DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44,
    837-845, eq. 4 to 6, and where a group has one response after Hanley & McNeil (`comparisons`).
    """
    order = np.lexsort((values, problem))
    values, problem, is_first = values[order], problem[order], is_first[order]
    n_first, n_second = (np.bincount(problem, weights=group, minlength=n_problems) for group in (is_first, ~is_first))
    new = np.ones(len(values), dtype=bool)
    new[1:] = (values[1:] != values[:-1]) | (problem[1:] != problem[:-1])
    run, starts = np.cumsum(new) - 1, np.flatnonzero(new)
    ends, first_of_problem = np.append(starts[1:], len(values)), np.searchsorted(problem, problem)
    n_other = np.where(is_first, n_second[problem], n_first[problem])
    counts = [np.concatenate([[0], np.cumsum(group)]) for group in (~is_first, is_first)]
    below, tied = (
        np.where(is_first, *(count[upper] - count[lower] for count in counts))
        for lower, upper in ((first_of_problem, starts[run]), (starts[run], ends[run]))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        placement = (below + tied / 2) / n_other  # of each response among the other group's
    share = _mean(placement, problem, is_first, n_first)
    variance = np.zeros(n_problems)
    for group, n, centre in ((is_first, n_first, share), (~is_first, n_second, 1 - share)):
        squares = _mean((placement - centre[problem]) ** 2, problem, group, n)
        variance += squares / np.maximum(n - 1, 1)
    has_pairs = (n_first > 0) & (n_second > 0)
    single = has_pairs & (np.minimum(n_first, n_second) < 2)
    variance[single] = _hanley_mcneil(share[single], n_first[single], n_second[single])
    share, variance = (np.where(has_pairs, part, np.nan) for part in (share, variance))
    return Wins(share, variance, n_first, n_second)


def _mean(values: np.ndarray, problem: np.ndarray, group: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Mean over the responses of a group, by problem."""
    sums = np.bincount(problem, weights=np.where(group, values, 0.0), minlength=len(n))
    return np.asarray(sums / np.maximum(n, 1))


def draw_superiority(wins: Wins, key: Array, chains: int, draws: int) -> Float[np.ndarray, "chain draw problem"]:
    """Draws of each problem's probability of superiority, for the problems one by one.

    Parameters
    ----------
    wins
        Of problems with responses of both groups.
    key
        JAX key.
    chains, draws
        Shape of the draws, which are independent.

    Notes
    -----
    A share counts as so many independent comparisons as would have its variance, with a Beta population of the
    problems' probabilities, whose mean and concentration are integrated over on a grid:

        N = theta (1 - theta) / var,
        var = [theta (1 - theta) + (n - 1) (Q1 - theta^2) + (m - 1) (Q2 - theta^2)] / (n m),
        Q1 = theta / (2 - theta),  Q2 = 2 theta^2 / (1 + theta)

    (Hanley & McNeil 1982, Radiology 143, 29-36), or `wins.variance` where that is larger.
    """
    theta = _inner_share(wins.share, wins.n_first, wins.n_second)
    variance = np.maximum(wins.variance, _hanley_mcneil(wins.share, wins.n_first, wins.n_second))
    worth = theta * (1 - theta) / variance
    won, lost = worth * wins.share, worth * (1 - wins.share)
    mean, concentration = (part.ravel() for part in np.meshgrid(expit(LOGITS), np.exp(LOG_CONCENTRATIONS)))
    a, b = mean * concentration, (1 - mean) * concentration
    # Uniform on the mean, and on concentration / (1 + concentration).
    log_weight = np.log(mean * (1 - mean) * concentration / (1 + concentration) ** 2) - len(won) * betaln(a, b)
    for at in zip(won, lost, strict=True):
        log_weight += betaln(a + at[0], b + at[1])
    weight = np.exp(log_weight - log_weight.max())
    rng = numpy_rng(key)
    node = rng.choice(len(weight), size=(chains, draws, 1), p=weight / weight.sum())
    return rng.beta(a[node] + won, b[node] + lost)


def draw_pooled_superiority(
    wins: Wins, key: Array, chains: int, draws: int, new_problems: bool = False
) -> Float[np.ndarray, "chain draw"]:
    """Draws of the mean probability of superiority over problems.

    Parameters
    ----------
    wins
        Of problems with responses of both groups.
    key
        JAX key.
    chains, draws
        Shape of the draws, which are independent.
    new_problems
        Whether it is about new problems like these rather than about these very ones.

    Raises
    ------
    ValueError
        Of one problem for new ones: nothing says how far problems lie apart.

    Notes
    -----
    The mean share is unbiased. Its logit is normal, with the variance of the shares over responses; for new problems it
    is Student-t with n - 1 degrees of freedom and the variance from problem to problem, if that is larger.

    A share of pairs in which one response takes part says nothing of its own variance. Of such problems the variance is
    Hanley & McNeil's at the mean share of all problems (of one response against one theta (1 - theta), which is never
    too small in the mean: Hoeffding 1956, Annals of Mathematical Statistics 27, 713-721), or that of these shares from
    problem to problem, if that is larger. All problems together count as at least half a pair towards either side.
    """
    n_problems = len(wins.share)
    if new_problems and n_problems < 2:
        raise ValueError("A mean over new problems needs at least two problems.")
    pairs = float((wins.n_first * wins.n_second).sum())
    centre = float((wins.share.mean() * pairs + 0.5) / (pairs + 1))
    variance = float(_variances(wins, centre).sum()) / n_problems**2
    if new_problems:
        variance = max(float(wins.share.var(ddof=1)) / n_problems, variance)
    # Where all pairs of a problem are alike its n responses of either side are worth n^2 pairs (Hanley & McNeil).
    worth = float((np.minimum(wins.n_first, wins.n_second) ** 2).sum())
    variance = max(variance, centre * (1 - centre) / (worth + 1))
    rng, shape = numpy_rng(key), (chains, draws)
    noise = rng.standard_t(n_problems - 1, shape) if new_problems else rng.standard_normal(shape)
    return expit(logit(centre) + np.sqrt(variance) / (centre * (1 - centre)) * noise)


def _variances(wins: Wins, centre: float) -> np.ndarray:
    """Variance of each problem's share over responses; of problems with single responses from all of them."""
    single = np.minimum(wins.n_first, wins.n_second) < 2
    if not single.any():
        return wins.variance
    n_first, n_second = wins.n_first[single], wins.n_second[single]
    of_single = _variance_at(np.full(len(n_first), centre), n_first, n_second)
    if len(n_first) > 1:
        of_single = np.maximum(of_single, wins.share[single].var(ddof=1))
    variance = wins.variance.copy()
    variance[single] = of_single
    return variance


def _inner_share(share: np.ndarray, n_first: np.ndarray, n_second: np.ndarray) -> np.ndarray:
    """The shares away from 0 and 1, by half a response towards either side."""
    fewer = np.minimum(n_first, n_second)
    return np.asarray((share * fewer + 0.5) / (fewer + 1))


def _hanley_mcneil(share: np.ndarray, n_first: np.ndarray, n_second: np.ndarray) -> np.ndarray:
    """Variance of a share of wins by its size alone: see `draw_superiority`."""
    return _variance_at(_inner_share(share, n_first, n_second), n_first, n_second)


def _variance_at(theta: np.ndarray, n_first: np.ndarray, n_second: np.ndarray) -> np.ndarray:
    """Hanley & McNeil's variance of a share of wins whose expectation is theta."""
    q_first, q_second = theta / (2 - theta) - theta**2, 2 * theta**2 / (1 + theta) - theta**2
    between = (n_first - 1) * q_first + (n_second - 1) * q_second
    return np.asarray((theta * (1 - theta) + between) / (n_first * n_second))
