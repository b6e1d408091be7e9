"""Rows of the strongest of several base arms, with the choice reckoned with."""

from collections.abc import Sequence

import numpy as np

from boundary.analysis.request import Request
from boundary.analysis.runs.draws import PassDraws, draws_rng
from boundary.analysis.runs.record import STRONGEST, STRONGEST_BASE, STRONGEST_NAME
from boundary.analysis.runs.rows import RunRows
from boundary.stats.intervals import probabilities_of_largest
from boundary.stats.runs import maximum, maximum_signs, partially_pooled


def add_strongest_base(rows: RunRows, request: Request, bases: Sequence[str], draws: PassDraws) -> None:
    """Add pass@k of the strongest base, P(each is it), and the shrinkage of every other model against it.

    Parameters
    ----------
    rows
        Where they go.
    request
        Seed and level.
    bases
        Base arms, that of the analysis first; fewer than two add nothing.
    draws
        Of all models.
    """
    present = [bases[0], *(arm for arm in bases[1:] if arm in draws.arms)] if bases else []
    if len(present) < 2 or draws.base is None:
        return
    rl_arms = [arm for arm in draws.arms if arm not in present]
    labels = {"n_runs": len(present)}
    for place, k in enumerate(draws.budgets):
        passes = np.column_stack([draws.base[place], draws.of(present[1:], place)])
        rng = draws_rng(request, str(rows.labels["benchmark"]), "bases", str(k))
        pooled = partially_pooled(passes, rng, draws.shared(place))
        fitted_models = tuple(present)
        largest = maximum(passes, pooled, rows.level)
        row = rows.add("pass_at_k", STRONGEST_BASE, k, largest.draws, fitted_models, model=STRONGEST_NAME, **labels)
        row |= {"lower": largest.lower, "upper": largest.upper}
        for arm, chance in zip(present, probabilities_of_largest(pooled).tolist(), strict=True):
            rows.add_value(STRONGEST, STRONGEST_BASE, k, chance, fitted_models, model=arm, **labels)
        for arm in rl_arms:
            of_arm = draws.arms[arm][place][:, None]
            differences = passes - of_arm, pooled - of_arm
            gap = maximum(*differences, rows.level)
            all_models, against = (*fitted_models, arm), {"reference": STRONGEST_NAME, "model": arm}
            row = rows.add("shrinkage", STRONGEST_BASE, k, gap.draws, all_models, **against, **labels)
            positive, negative, equivalent = maximum_signs(*differences, rows.margin)
            row |= {"lower": gap.lower, "upper": gap.upper}
            row |= {"prob_positive": positive, "prob_negative": negative, "prob_equivalent": equivalent}
