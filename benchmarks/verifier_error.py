"""Coverage of ways to reckon with a verifier that errs, where the truth is known: python benchmarks/verifier_error.py.

Each simulated pair: logit p_base ~ N(-1.5, 2.5^2), logit p_RL = 1.15 times that + 2 + N(0, .8^2), then 6 % of the
problems lost to 0 by RL, 3 % gained from 0, 8 % dead in both; 150 problems, 64 samples each, 1 % of the wrong samples
judged correct. Ways: `ignored`; `mapped`: the draws of the rate of verdicts q turned into p = (q - f) / (1 - f), cut at
0; `likelihood`: the rate in the likelihood; `audited`: the same with a rate that is known from an audit only.
"""

import csv
import sys
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
from scipy.special import expit

from boundary.stats.estimands import flows
from boundary.stats.priors import NonParametric
from boundary.stats.verdict_errors import VerdictErrors, judged_correct

RESULT = Path(__file__).parent / "results" / "verifier_error.csv"
RATE, N_PROBLEMS, N_SAMPLES = 0.01, 150, 64
BUDGETS = (1, 16, 64, 256)
PRIOR = NonParametric(chains=4, draws=240, new_problems=20)


def simulated(rng):
    base = rng.normal(-1.5, 2.5, N_PROBLEMS)
    p = expit(np.column_stack([base, 1.15 * base + 2 + rng.normal(0, 0.8, N_PROBLEMS)]))
    fate = rng.random(N_PROBLEMS)
    p[fate < 0.06, 1] = 0
    p[(fate >= 0.06) & (fate < 0.09), 0] = 0
    p[(fate >= 0.09) & (fate < 0.17)] = 0
    samples = np.full(p.shape, N_SAMPLES)
    return p, rng.binomial(samples, judged_correct(p, RATE, 0.0)), samples


def truth_of(p):
    fails = {k: (1 - p) ** k for k in BUDGETS}
    lost = {k: ((1 - f[:, 0]) * f[:, 1]).sum() for k, f in fails.items()}
    return {"lost": lost, "shrinkage": {k: (f[:, 1] - f[:, 0]).mean() for k, f in fails.items()}}


def audited(rng, p, correct, samples):
    """Six equally likely rates after an audit of 100 verdicts "correct"."""
    share = correct.sum() / samples.sum()
    wrong = RATE * (1 - p.mean()) / judged_correct(p.mean(), RATE, 0.0)
    n_errors = rng.binomial(100, wrong)
    levels = np.quantile(rng.beta(n_errors + 0.5, 100 - n_errors + 0.5, 4000), (np.arange(6) + 0.5) / 6)
    rates = levels * share / (1 - (1 - levels) * share)
    shape = (*correct.shape, len(rates))
    return VerdictErrors(np.broadcast_to(rates, shape), np.zeros(shape), shared=True)


def rows(repeat):
    rng, key = np.random.default_rng(repeat), jax.random.key(repeat)
    p, correct, samples = simulated(rng)
    truth = truth_of(p)
    blind = PRIOR.posterior(correct, samples, key)
    errors = VerdictErrors(np.full((*correct.shape, 1), RATE), np.zeros((*correct.shape, 1)))
    ways = {
        "ignored": blind,
        "mapped": replace(blind, p=np.clip((blind.p - RATE) / (1 - RATE), 0, 1)),
        "likelihood": PRIOR.posterior(correct, samples, key, errors),
        "audited": PRIOR.posterior(correct, samples, key, audited(rng, p, correct, samples)),
    }
    for way, rates in ways.items():
        flow_draws = flows(rates, list(BUDGETS))
        for estimand in ("shrinkage", "lost"):
            for k in BUDGETS:
                draws = flow_draws[estimand].sel(k=k).to_numpy().ravel()
                lower, upper = np.quantile(draws, [0.025, 0.975])
                yield repeat, way, estimand, k, truth[estimand][k], draws.mean(), lower, upper


def main(repeats):
    with RESULT.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["repeat", "way", "estimand", "k", "truth", "mean", "lower", "upper"])
        for repeat in range(repeats):
            for row in rows(repeat):
                writer.writerow([*row[:4], *(f"{value:.6g}" for value in row[4:])])
            file.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
