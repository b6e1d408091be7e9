"""A hand-made Analysis for figures and report: real counts and plug-ins, MADE-UP posteriors (plug-in, growing band)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln

import boundary.data
from boundary.analysis.estimates.decisions import decisions
from boundary.analysis.estimates.sample_sizes import SampleSizes
from boundary.analysis.estimates.table import select
from boundary.analysis.report.write import write_analysis
from boundary.analysis.request import Request
from boundary.analysis.result import Analysis
from boundary.analysis.text.verdict import Verdict
from boundary.data.counts import Counts
from boundary.stats.estimands.crossing import CurveOrder
from boundary.stats.priors import PRIORS

COUNTS = Path(boundary.data.__file__).parent / "sets" / "deepscaler-1.5b" / "counts.csv"
BASE, RL = "DeepSeek-R1-Distill-Qwen-1.5B", "DeepScaleR-1.5B-Preview"
N = 128
WITHIN = [1, 2, 4, 8, 16, 32, 64, 128]
EXTRAPOLATED = [256, 512, 1024]


def unbiased(n_correct, k):
    """Chance that k of the N samples, drawn without replacement, hold a correct one."""
    wrong = N - n_correct
    with np.errstate(invalid="ignore"):
        log_miss = gammaln(wrong + 1) - gammaln(wrong - k + 1) - gammaln(N + 1) + gammaln(N - k + 1)
    return np.where(wrong >= k, 1 - np.exp(log_miss), 1.0)


def reach(n_correct, k):
    """The plug-in up to n; made up beyond it."""
    if k <= N:
        return unbiased(n_correct, k)
    return 1 - (1 - (n_correct + 0.02) / (N + 0.5)) ** k


def quantities(base, rl, k):
    """Name, model role, plug-in and the made-up half-width of each estimand at one k."""
    rb, rr, problems = reach(base, k), reach(rl, k), len(base)
    width = 0.25 / np.sqrt(problems) * (1 if k <= N else 1 + 0.5 * np.log2(k / N)) / np.sqrt(1 + np.log2(k))
    yield "pass_at_k", "base", rb.mean(), width
    yield "pass_at_k", "rl", rr.mean(), width
    yield "shrinkage", "rl", rb.mean() - rr.mean(), width
    for name, value in (
        ("kept", rb * rr),
        ("lost", rb * (1 - rr)),
        ("gained", (1 - rb) * rr),
        ("neither", (1 - rb) * (1 - rr)),
    ):
        yield name, "rl", value.sum(), width * problems * 0.6


def row(benchmark, estimand, model, reference, k, problems, mean, lower, upper, kind="posterior", prob=np.nan):
    return {
        "benchmark": benchmark,
        "estimand": estimand,
        "model": model,
        "reference": reference,
        "k": k,
        "tau": np.nan,
        "target": "benchmark",
        "kind": kind,
        "prior": "nonparametric" if kind == "posterior" else "",
        "mean": mean,
        "median": mean,
        "lower": lower,
        "upper": upper,
        "level": 0.95,
        "prob_positive": prob,
        "prob_negative": 1 - prob,
        "prob_equivalent": 0.02,
        "extrapolated": bool(k > N),
        "n_problems": problems,
        "n_extrapolated": problems * (k > N),
        "r_hat": 1.001,
        "ess_bulk": 3000.0,
        "ess_tail": 2500.0,
    }


def pair_rows(benchmark, base, rl, base_name, rl_name):
    problems = len(base)
    for k in WITHIN + EXTRAPOLATED:
        for estimand, role, value, width in quantities(base, rl, k):
            labels = (benchmark, estimand, base_name if role == "base" else rl_name)
            labels += ("" if estimand == "pass_at_k" else base_name, k, problems)
            yield row(*labels, value, value - width, value + width, prob=0.97 if estimand == "shrinkage" else np.nan)
            if estimand == "shrinkage":
                yield row(benchmark, "narrowed", rl_name, base_name, k, problems, 0.96, np.nan, np.nan)
                yield row(benchmark, "widened", rl_name, base_name, k, problems, 0.02, np.nan, np.nan)
            if k <= N:
                yield row(*labels, value, np.nan, np.nan, kind="observed")
    latest = np.inf if problems < 40 else 32.0
    yield row(benchmark, "crossover", rl_name, base_name, np.nan, problems, 24.0, 16.0, latest)
    yield row(benchmark, "no_crossover", rl_name, base_name, 1024, problems, 0.02, np.nan, np.nan)
    yield row(benchmark, "delta_se", rl_name, base_name, 256, problems, 0.31, 0.28, 0.34)


def synthetic(counts, pairs, benchmarks):
    """Build the estimates table; each pair is base counts column, RL counts column and their names."""
    rows = []
    for benchmark in benchmarks:
        table = counts if benchmark == "all" else counts.loc[counts["benchmark"] == benchmark]
        wide = table.pivot_table(index=["benchmark", "problem_id"], columns="model", values="n_correct")
        for base, rl, rl_name in pairs:
            worse = np.floor(wide[rl] * (1.0 if rl_name == rl else 0.8))
            rows += pair_rows(benchmark, wide[base].to_numpy(), worse.to_numpy(), base, rl_name)
    return pd.DataFrame(rows).drop_duplicates()


def end_decisions(estimates, benchmark, model):
    """The decisions at N and at the largest budget."""
    rows = select(estimates, kind="posterior", benchmark=benchmark, model=model)
    return tuple(decision for decision in decisions(rows) if decision.k in (N, EXTRAPOLATED[-1]))


def analysis_of(counts, estimates, benchmarks, base, models, ok=True):
    pairs = estimates.loc[estimates["estimand"] == "crossover", ["benchmark", "model"]]
    text = "MADE UP: {} solves 2.1 points less than its base [1.2, 3.1]. It is ahead up to k of about 24 [16, 32]."
    curve_order = CurveOrder(1024, 0.9, 0.0, 0.0, 0.0)
    verdicts = [
        Verdict(
            benchmark,
            model,
            base,
            text.format(model),
            decisions=end_decisions(estimates, benchmark, model),
            curve_order=curve_order,
            sentence=text.format(model).split(". ")[0] + ".",
            n=N,
            is_converged=ok,
        )
        for benchmark, model in pairs.itertuples(index=False)
    ] or [
        Verdict(name, models[0], None, "MADE UP: solves 88 %.", sentence="MADE UP: solves 88 %.", subject="model")
        for name in benchmarks
    ]
    diagnostics = pd.DataFrame(
        {
            "benchmark": benchmarks,
            "model": models[-1],
            "prior": "nonparametric",
            "max_r_hat": 1.001 if ok else 1.07,
            "min_ess": 3000.0,
            "worst": "pass@k at k = 1024",
            "max_interval_mc_error": 0.021 if ok else 0.07,
            "worst_interval": "gained at k = 128",
            "max_visible_mc_error": 0.021 if ok else 0.07,
            "worst_visible": "gained at k = 128",
            "ok": ok,
            "message": "" if ok else "R-hat 1.07 of shrinkage at k = 1024 is <above> 1.01.",
        }
    )
    sizes = {
        benchmark: SampleSizes({model: np.full(2, N) for model in models}, reliable_k=N) for benchmark in benchmarks
    }
    request = Request(
        base=base,
        arms=tuple(model for model in models if model != base),
        benchmarks=tuple(benchmarks),
        prior=PRIORS["nonparametric"](),
        budgets=tuple(WITHIN + EXTRAPOLATED),
        max_k=1024,
    )
    return Analysis(
        request=request,
        counts=Counts.from_frame(counts, source="made up <set>"),
        sample_sizes=sizes,
        estimates=estimates,
        rates={},
        diagnostics=diagnostics,
        verdicts=verdicts,
        writer=write_analysis,
    )


@pytest.fixture(scope="session")
def shipped_counts():
    return pd.read_csv(COUNTS)


@pytest.fixture(scope="session")
def pair(shipped_counts):
    """Base against one RL model, two benchmarks and all."""
    benchmarks = ("AIME24", "AMC23", "all")
    estimates = synthetic(shipped_counts, [(BASE, RL, RL)], benchmarks)
    return analysis_of(shipped_counts, estimates, benchmarks, BASE, (BASE, RL))


@pytest.fixture(scope="session")
def failed(shipped_counts):
    """The same, with diagnostics that failed."""
    estimates = synthetic(shipped_counts, [(BASE, RL, RL)], ("AMC23",))
    return analysis_of(shipped_counts, estimates, ("AMC23",), BASE, (BASE, RL), ok=False)


@pytest.fixture(scope="session")
def arms(shipped_counts):
    """Base against two RL models."""
    estimates = synthetic(shipped_counts, [(BASE, RL, RL), (BASE, RL, "another-RL-run")], ("AIME24",))
    return analysis_of(shipped_counts, estimates, ("AIME24",), BASE, (BASE, RL, "another-RL-run"))


@pytest.fixture(scope="session")
def single(pair, shipped_counts):
    """One model, no base."""
    estimates = pair.estimates.loc[(pair.estimates["estimand"] == "pass_at_k") & (pair.estimates["model"] == BASE)]
    return analysis_of(shipped_counts, estimates, pair.benchmarks, None, (BASE,))


N_OF_RUN = 8
MODELS = ("base", "run-10", "run-final")
SHARES = {"base": 0.4, "run-10": 0.55, "run-final": 0.7}
CHANCES = {("run-final", "base"): 0.99, ("run-10", "base"): 0.9, ("run-10", "run-final"): 0.03}


def estimate(estimand, model, k=np.nan, mean=0.5, kind="posterior", reference="", tau=np.nan, **more):
    labels = {"benchmark": "B", "estimand": estimand, "model": model, "reference": reference, "k": k, "tau": tau}
    labels |= {"kind": kind, "mean": mean, "median": mean, "lower": mean - 0.05, "upper": mean + 0.05, "level": 0.95}
    return labels | {"extrapolated": bool(k > N_OF_RUN), "n_problems": 30} | more


def rows_of_run():
    """Made-up estimates of a base and two checkpoints."""
    for k in (1, 4, 8, 16):
        for place, (model, share) in enumerate(SHARES.items()):
            yield estimate("pass_at_k", model, k, share + 0.01 * k)
            yield estimate("best", model, k, 0.97 if model == "run-final" else 0.015)
            yield estimate("rank", model, k, 3 - place)
        for (model, reference), chance in CHANCES.items():
            yield estimate("better", model, k, chance, reference=reference, prob_equivalent=0.0)
        for model in MODELS[1:]:
            yield estimate("shrinkage", model, k, SHARES["base"] - SHARES[model], reference="base", prob_positive=0.01)
            yield estimate("srr", model, k, 0.9, reference="base")
            yield estimate("srr", model, k, 0.8, kind="observed", reference="base")
    for model in MODELS:
        yield estimate("cover_at_tau", model, tau=0.5, mean=0.25)
        yield estimate("pass_hat_k", model, 4, 0.125, kind="observed")
        for tau in (0, *np.arange(0.05, 1, 0.1), 1):
            yield estimate("accuracy_histogram", model, tau=tau, mean=1 / 12)


@pytest.fixture(scope="session")
def run_estimates():
    """The estimates table of a base and two checkpoints on benchmark B, with 8 samples a problem."""
    return pd.DataFrame(list(rows_of_run()))
