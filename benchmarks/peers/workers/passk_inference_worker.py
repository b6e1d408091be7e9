"""passk-inference: a band for the difference of two curves, all k up to n at once. Runs in its own environment."""

from common import CANNOT, run
from passk_inference import compare
from passk_inference.core import pass_at_k


def intervals(n_correct, n_samples, budgets):
    base, rl = n_correct.T
    values = {}
    result = compare(base, n_samples, rl, n_samples)
    for k in budgets:
        try:
            for name, c in (("pass@k, base", base), ("pass@k, RL", rl)):
                # An estimate for each model, without an interval.
                values[name, k] = (float(pass_at_k(c, n_samples, k).mean()), None, None)
            at = result["ks"].index(k)
            # Its difference is RL less base.
            values["shrinkage", k] = (-result["mean"][at], -result["upper"][at], -result["lower"][at])
        except ValueError as error:
            for name in ("pass@k, base", "pass@k, RL", "shrinkage"):
                values[name, k] = f"{CANNOT}: {error}"
    return values


run("passk-inference", intervals)
