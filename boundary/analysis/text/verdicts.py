"""The verdicts of an analysis: on each fit, on the ranking of a benchmark, and on the checkpoints of a training run."""

from collections.abc import Mapping, Sequence

import pandas as pd

from boundary.analysis.checkpoints import checkpoint_steps, trained_models
from boundary.analysis.estimates.sample_sizes import SampleSizes
from boundary.analysis.estimates.table import select
from boundary.analysis.fitting import Panel
from boundary.analysis.request import Request
from boundary.analysis.text.extremes import Totals, cautions
from boundary.analysis.text.ranking import ranking_verdict
from boundary.analysis.text.trajectory import trajectory_verdict
from boundary.analysis.text.verdict import Verdict, unconverged
from boundary.data.counts import ALL, Counts


def verdicts(
    request: Request,
    counts: Counts,
    estimates: pd.DataFrame,
    sizes: Mapping[str, SampleSizes],
    fits: Sequence[tuple[Panel, Verdict]],
    trajectory: pd.DataFrame,
) -> list[Verdict]:
    """Verdicts in the order of the benchmarks; within one, those on several models stand first.

    Parameters
    ----------
    request
        Of the analysis.
    counts, estimates, sizes
        What the verdicts speak of.
    fits
        Each panel with the verdict on its fit.
    trajectory
        Rows of trajectory.csv.

    Notes
    -----
    Models without a base have a verdict each only where there is no ranking to speak of. Other bases by the column
    `role` are no RL models, and have one only where there is nothing else.
    """
    trained = trained_models(counts, request.base, request.models)
    steps = checkpoint_steps(counts, request.base, request.models)
    sentences: list[Verdict | None] = []
    for benchmark, size in sizes.items():
        of_models = (
            trajectory_verdict(estimates, benchmark, steps, size.reliable_k, request.margin, trajectory),
            _ranking_verdict(request, counts, estimates, benchmark, size.reliable_k),
        )
        converged = all(verdict.is_converged for panel, verdict in fits if panel.benchmark == benchmark)
        sentences += [verdict if verdict is None or converged else unconverged(verdict) for verdict in of_models]
    with_ranking = {verdict.benchmark for verdict in sentences if verdict is not None}
    sentences += [
        verdict
        for panel, verdict in fits
        if (request.base is not None and (not trained or panel.arm in trained))
        or (request.base is None and panel.benchmark not in with_ranking)
    ]
    return sorted(
        (verdict for verdict in sentences if verdict is not None),
        key=lambda verdict: request.benchmarks.index(verdict.benchmark),
    )


def _ranking_verdict(
    request: Request, counts: Counts, estimates: pd.DataFrame, benchmark: str, n: int
) -> Verdict | None:
    table = counts.table if benchmark == ALL else counts.table.loc[counts.table["benchmark"] == benchmark]
    solved = {str(model): int(c) for model, c in table.groupby("model")["n_correct"].sum().items()}
    n_problems = int(select(estimates, benchmark=benchmark)["n_problems"].max())
    samples = table.groupby("model")[["n_correct", "n_samples"]].sum()
    ends = table.groupby("model")["n_samples"].agg(["min", "max"])
    totals = {str(model): Totals(*map(int, (*samples.loc[model], *ends.loc[model]))) for model in samples.index}
    new = request.target == "superpopulation"
    warnings: tuple[str, ...] = ()
    if request.base is None:  # with a base each pair has a verdict of its own, which holds these warnings
        warnings = cautions(n_problems, n, totals, on_new_problems=new, shorten=request.shorten)
    return ranking_verdict(estimates, benchmark, n, request.margin, warnings, solved, shorten=request.shorten)
