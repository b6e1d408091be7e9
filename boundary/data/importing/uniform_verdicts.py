"""Verdicts that are all alike: often the verifier did not run, or fails everything for a reason of its own."""

from collections.abc import Iterator

import numpy as np

from boundary.data.importing.collection import CODE, Collection
from boundary.data.importing.pooled_tables import numbers
from boundary.data.records import CORRECT, OUTCOMES, WRONG

# Fewer samples or failures than this may be alike by chance.
ENOUGH = 16
# From this share of failures on they have one reason.
NEARLY_ALL = 0.95
# What verifiers write for any wrong answer.
NO_REASON = ("failed", "failed:", "fail", "wrong", "wrong answer", "incorrect", "false", "timed out", "assertionerror")


def uniform_verdicts(collected: Collection) -> Iterator[str]:
    """Sentences on models whose samples of a benchmark are all correct, all wrong, or wrong for one reason."""
    problem, outcome = numbers(collected.problem, np.int64), numbers(collected.outcome, np.int64)
    arms = {arm: code for code, arm in enumerate(dict.fromkeys(key[:2] for key in collected.keys))}
    of_problem = np.array([arms[key[:2]] for key in collected.keys], dtype=np.int64)
    cells = of_problem[problem] * len(OUTCOMES) + outcome if len(problem) else problem
    table = np.bincount(cells, minlength=len(arms) * len(OUTCOMES)).reshape(-1, len(OUTCOMES))
    tallies: dict[tuple[str, str], tuple[int, int]] = {}
    for key, (n, c) in collected.tallies.items():
        before = tallies.get(key[:2], (0, 0))
        tallies[key[:2]] = (before[0] + n, before[1] + c)
    for arm, code in arms.items():
        n, c = int(table[code].sum()), int(table[code][CODE[CORRECT]])
        reason = _one_reason(collected, arm, n - c) or _one_end(table[code], n - c)
        yield from _sentences(arm, n, c, reason)
    for arm, (n, c) in tallies.items():
        yield from _sentences(arm, n, c, "")


def _sentences(arm: tuple[str, str], n: int, c: int, reason: str) -> Iterator[str]:
    name = f"{arm[0]} on {arm[1]}"
    if n >= ENOUGH and c == n:
        yield f"All {n} samples of {name} are correct. Did the verifier run?"
    elif n >= ENOUGH and c == 0:
        yield f"Not one of the {n} samples of {name} is correct. Did the verifier run?{' ' * bool(reason)}{reason}"
    elif n - c >= ENOUGH and reason and not reason.startswith("All of them ended"):
        yield f"Failures of {name}: {reason} Is it the verifier's own?"


def _one_reason(collected: Collection, arm: tuple[str, str], failures: int) -> str:
    reasons = collected.reasons.get(arm)
    if not reasons or failures < ENOUGH:
        return ""
    reason, times = reasons.most_common(1)[0]
    if times < NEARLY_ALL * failures or reason.strip().lower() in NO_REASON:
        return ""
    share = "All failures have" if times == failures else f"{times} of {failures} failures have"
    return f"{share} one and the same reason ({' '.join(reason.split())[:100]})."


def _one_end(outcomes: np.ndarray, failures: int) -> str:
    ends = {name: int(outcomes[CODE[name]]) for name in OUTCOMES if name not in (CORRECT, WRONG)}
    end = next((name for name, times in ends.items() if times == failures), "")
    return f"All of them ended as {end.replace('_', ' ')}." if end and failures else ""
