"""Analyses whose reports the tests of tests/browser/ open: each is small, and shows another state of the page.

Counts are drawn, and fitted with the independent prior, which takes no sampler: the whole of them takes seconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

import boundary as bd
from boundary.analysis.result import Analysis
from boundary.analysis.text.pair import unconverged_sentence
from boundary.analysis.text.verdict import RUN_AGAIN

BASE, RL = "DeepSeek-R1-Distill-Qwen-1.5B", "DeepScaleR-1.5B-Preview"
SHORT = {"prior": "independent", "k": [1, 2, 4, 8, 16, 32], "estimands": []}

HOSTILE_MODELS = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>",
    "a-model-with-a-name-of-one-hundred-characters-and-more-and-not-one-space-where-a-line-could-break-" + "x" * 40,
    "模型-强化学习-七十亿参数-第二版",
    "نموذج-معزز-التعلم",
)
HOSTILE_PROBLEMS = (
    "<script>alert(4)</script>",
    "javascript:alert(5)",
    "\u202egnp.exe\u202c",
    "问题-三",
    "مسألة",
    "p" * 150,
    "'; alert(6); '",
)
HOSTILE_BENCHMARKS = ('"><svg onload=alert(3)>', "数学 {{ 7 * 7 }} & ${8*8}", "جبر-1")


def counts_of(
    models: Sequence[str],
    benchmarks: Sequence[str] = ("AIME24",),
    n_problems: int = 12,
    n_samples: int = 16,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw counts of models, the later ones better at one sample and with fewer problems that they can solve at all."""
    rng = np.random.default_rng(seed)
    rows = []
    for benchmark in benchmarks:
        rates = rng.beta(0.5, 1, n_problems)
        for place, model in enumerate(models):
            solvable = rng.random(n_problems) > 0.2 * (place > 0)
            for problem, rate in enumerate(rates ** (1 / (1 + place / 2)) * solvable):
                rows.append((model, benchmark, f"problem-{problem}", n_samples, rng.binomial(n_samples, rate)))
    return pd.DataFrame(rows, columns=["model", "benchmark", "problem_id", "n_samples", "n_correct"])


def analysis_of(counts: pd.DataFrame, **options: Any) -> Analysis:
    """Compare the models of drawn counts with the first of them."""
    return bd.analyze(counts, base=str(counts["model"].iloc[0]), **(SHORT | options))


def pair() -> Analysis:
    """One model against its base on two benchmarks, with every estimand."""
    return analysis_of(counts_of((BASE, RL), ("AIME24", "MATH-500"), n_problems=30), estimands=None)


def twelve_by_six() -> Analysis:
    """Five models against their base on twelve benchmarks of sixty problems."""
    models = (BASE, *(f"{RL}-step-{step}" for step in range(100, 600, 100)))
    counts = counts_of(models, [f"benchmark-{place}" for place in range(1, 13)], n_problems=60, n_samples=128)
    return analysis_of(counts, k=[1, 4, 16, 64, 128, 256, 1024])


def alone() -> Analysis:
    """A model without a base."""
    return bd.analyze(counts_of((BASE,), ("AIME24", "MATH-500")), **SHORT)


def ranking() -> Analysis:
    """Many models, ranked, sampled at two temperatures."""
    counts = counts_of([f"model-{place}-of-a-leaderboard" for place in range(45)])
    warm = counts["model"].str.contains("[02468]-of")
    counts = counts.assign(temperature=warm.map({True: 1.0, False: 0.6}), top_p=0.95)
    return bd.analyze(counts, rank=True, **(SHORT | {"estimands": None}))


def checkpoints() -> Analysis:
    """A base and the checkpoints of one run."""
    counts = counts_of((BASE, *(f"run-{step}" for step in (50, 100, 200))))
    steps = counts["model"].str.extract(r"run-(\d+)")[0].fillna("0").astype(int)
    return analysis_of(counts.assign(checkpoint_step=steps))


def unsolved() -> Analysis:
    """Nothing is solved by anyone."""
    return analysis_of(counts_of((BASE, RL)).assign(n_correct=0))


def unconverged() -> Analysis:
    """A fit that did not converge, as far as the report goes: the diagnostics are made up."""
    analysis = analysis_of(counts_of((BASE, RL), ("AIME24", "MATH-500")))
    message = "R-hat 1.07 of shrinkage at k = 32 is above 1.01: draw more."
    diagnostics = analysis.diagnostics.assign(ok=False, max_r_hat=1.07, message=message)
    verdicts = [
        replace(
            verdict,
            sentence=unconverged_sentence(RL, verdict.n, verdict.decision),
            next_step=RUN_AGAIN,
            is_converged=False,
        )
        for verdict in analysis.verdicts
        if verdict.decision is not None
    ]
    return replace(analysis, diagnostics=diagnostics, verdicts=verdicts)


def failed_claims() -> Analysis:
    """One claim that holds, one that does not, one that is not required."""
    claims = {"at once": "pass_at_k(1) rl > base", "narrower": "shrinkage(32) < -0.4", "few lost": "lost(16) < 9"}
    required = {"at once": 0.5, "narrower": 0.95}
    return analysis_of(counts_of((BASE, RL)), claims=claims, require=required)


def unequal() -> Analysis:
    """Problems with other numbers of samples than the rest."""
    counts = counts_of((BASE, RL), ("AIME24", "MATH-500"))
    fewer = counts.index % 5 == 0
    return analysis_of(
        counts.assign(n_samples=counts["n_samples"].mask(fewer, 8), n_correct=counts["n_correct"].clip(upper=8))
    )


def twenty() -> Analysis:
    """One benchmark of twenty problems."""
    return analysis_of(counts_of((BASE, RL), n_problems=20))


def hostile() -> Analysis:
    """Names of models, benchmarks and problems that are HTML, long, not Latin, or written from the right."""
    counts = counts_of(HOSTILE_MODELS, HOSTILE_BENCHMARKS)
    problems = {f"problem-{place}": name for place, name in enumerate(HOSTILE_PROBLEMS)}
    return analysis_of(counts.assign(problem_id=counts["problem_id"].replace(problems)))


ANALYSES: dict[str, Callable[[], Analysis]] = {
    function.__name__: function
    for function in (
        pair,
        twelve_by_six,
        alone,
        ranking,
        checkpoints,
        unsolved,
        unconverged,
        failed_claims,
        unequal,
        twenty,
        hostile,
    )
}
