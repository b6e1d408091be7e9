"""What the table of trajectories says, in sentences: where a run peaks, and from where on breadth lies below."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from boundary.analysis.checkpoints import FINAL
from boundary.analysis.estimates.decisions import SURE
from boundary.analysis.estimates.table import POSTERIOR
from boundary.analysis.formatting import by_over, joined, level_text, likeliest, listed, number, percentage
from boundary.analysis.runs.record import LEAST_WIDTH
from boundary.analysis.trajectory.record import (
    EXPECTED_WIDTH,
    MORE_CHECKPOINTS,
    ONSET,
    PEAK,
    RELATIVE_WIDTH,
    TODAY,
)

# More checkpoints than these are told by the first and the last of them.
MOST_STEPS = 4
# Widths that differ by less are about the same.
SAME_WIDTH = 0.03


def run_sentences(rows: pd.DataFrame, margin: float) -> list[str]:
    """Sentences on one training run on one benchmark.

    Parameters
    ----------
    rows
        Of the run and the benchmark (`boundary.analysis.trajectory.record.TRAJECTORY_COLUMNS`).
    margin
        Difference that matters, as a share of problems.

    Returns
    -------
    list of str
        The onset of the fall, the peaks, the widths of intervals, and what would narrow them most.
    """
    n = float(rows["k"].max())
    at_n = rows.loc[rows["k"] == n]
    peaks = [sentence for k in dict.fromkeys([n, 1.0]) for sentence in _peak_sentence(rows.loc[rows["k"] == k], k)]
    onset = [*_onset_sentence(at_n, n, margin), *_earlier_sentence(at_n)]
    return [*onset, *peaks, *_width_sentence(at_n), *_design_sentence(at_n, n)]


def step_words(label: str) -> str:
    """A step of training as readers see it: 0 is the base, and the step of a final checkpoint need not be known.

    Examples
    --------
    >>> step_words("0"), step_words("1500"), step_words("final")
    ('the base', 'step 1,500', 'the final checkpoint')
    """
    return {"0": "the base", FINAL: "the final checkpoint"}.get(label) or f"step {float(label):,.15g}"


def _onset_sentence(rows: pd.DataFrame, n: float, margin: float) -> Iterator[str]:
    """From which checkpoint on breadth lies below the base's, and how sure that is."""
    onset = rows.loc[rows["estimand"] == ONSET]
    if onset.empty:
        return
    at_steps = onset.loc[onset["step"].notna()].sort_values("step")
    none = float(onset.loc[onset["step"].isna(), "mean"].iloc[0])
    below = f"pass@{n:,.0f} lies below the base's{by_over(margin)}"
    if none >= SURE:
        chance = percentage(1 - none)
        yield (
            f"At the last checkpoint breadth has not fallen below the base's: that {below} there has a probability of "
            f"{chance}."
        )
        return
    chances = at_steps["mean"].to_numpy(dtype=float) / max(1 - none, 1e-12)
    steps = [str(label) for label in at_steps["step_label"]]
    likeliest = int(chances.argmax())
    before = "0" if likeliest == 0 else steps[likeliest - 1]
    onset_words = (
        f"the fall begins most likely between {step_words(before)} and {step_words(steps[likeliest])} "
        f"({percentage(float(chances[likeliest]))}"
    )
    within = _likeliest_steps(steps, chances)
    more = (
        ")" if len(within) == 1 else f"; the first checkpoint below is {_steps_text(within, 'or')}, {level_text(SURE)})"
    )
    if none <= 1 - SURE:
        yield f"At the last checkpoint {below} ({percentage(1 - none)}); {onset_words}{more}."
    else:
        yield (
            f"Whether {below} at the last checkpoint cannot be told yet (probability {percentage(1 - none)}). If so, "
            f"{onset_words}{more}."
        )


def _earlier_sentence(rows: pd.DataFrame) -> Iterator[str]:
    """Checkpoints that surely lay below the base's, before the onset of the fall that lasts to the end."""
    onset = rows.loc[rows["estimand"] == ONSET]
    if onset.empty:
        return
    lasting = onset.iloc[int(onset["mean"].to_numpy().argmax())]
    shrinkage = rows.loc[(rows["estimand"] == "shrinkage") & (rows["kind"] == POSTERIOR)].sort_values("step")
    # At most this is not above the margin.
    not_below = shrinkage["prob_negative"] + shrinkage["prob_equivalent"]
    onset_step = float("inf") if pd.isna(lasting["step"]) else lasting["step"]
    is_earlier = (not_below <= 1 - SURE) & (shrinkage["step"] < onset_step)
    if is_earlier.any():
        steps = _steps_text([str(label) for label in shrinkage.loc[is_earlier, "step_label"]])
        yield f"Earlier, at {steps}, it lay below{'' if pd.isna(lasting['step']) else ' too'}."


def _peak_sentence(rows: pd.DataFrame, k: float) -> Iterator[str]:
    """Which checkpoint is the best at a budget."""
    peaks = rows.loc[rows["estimand"] == PEAK].sort_values("step")
    if peaks.empty:
        return
    steps, chances = [str(label) for label in peaks["step_label"]], peaks["mean"].to_numpy(dtype=float)
    best = int(chances.argmax())
    if chances[best] >= SURE:
        yield f"pass@{k:,.0f} peaks at {step_words(steps[best])} ({percentage(float(chances[best]))})."
        return
    within = _likeliest_steps(steps, chances)
    leaders = likeliest([step_words(step) for step in steps], chances.tolist())
    are_likeliest = f"{listed(leaders)} {'is' if len(leaders) == 1 else 'are'} likeliest"
    chance = percentage(float(chances[best])) + " each" * (len(leaders) > 1)
    yield (
        f"Where pass@{k:,.0f} peaks cannot be told yet: {are_likeliest} "
        f"({chance}), and with {level_text(SURE)} it is one of {_steps_text(within)}."
    )


def _width_sentence(rows: pd.DataFrame) -> Iterator[str]:
    """How much narrower intervals are than those of the pairs apart, and what that rests on."""
    ratio = rows.loc[rows["estimand"] == RELATIVE_WIDTH, "mean"]
    if ratio.empty:
        return
    change = 1 - float(ratio.iloc[0])
    if change > SAME_WIDTH:
        yield (
            f"Intervals of shrinkage are on average {100 * change:.0f} % narrower than those of the pairs apart. They "
            "rest on the assumption that neighbouring checkpoints are alike, up to a deviation of each whose size the "
            "run itself shows."
        )
    else:
        yield (
            "Intervals of shrinkage are about as wide as those of the pairs apart, or wider: these checkpoints are too "
            "few, or differ too much, for neighbours to tell much of each other."
        )


def _design_sentence(rows: pd.DataFrame, n: float) -> Iterator[str]:
    """What at most twice the tokens would do to the interval of shrinkage at the last checkpoint."""
    designs = rows.loc[rows["estimand"] == EXPECTED_WIDTH].set_index("design")["mean"]
    if designs.empty or not designs[TODAY] >= LEAST_WIDTH:
        return
    alternatives = designs.drop(TODAY).sort_values()
    narrower = alternatives.loc[alternatives <= (1 - SAME_WIDTH) * designs[TODAY]]
    texts = [f"{name} ({number(width, 100, 1)} points)" for name, width in narrower.items()]
    interval_words = f"the interval of shrinkage at k = {n:,.0f} at the last checkpoint"
    if not texts:
        yield f"Twice the tokens would hardly narrow {interval_words}."
        return
    sentence = (
        f"For at most twice the tokens {interval_words}, {number(designs[TODAY], 100, 1)} points wide, would be "
        f"narrowed {'most ' * (len(texts) > 1)}by {', then by '.join(texts)}."
    )
    slight = MORE_CHECKPOINTS not in narrower
    yield sentence + (" More checkpoints say more of the course, hardly more of its end." if slight else "")


def _likeliest_steps(steps: list[str], chances: np.ndarray) -> list[str]:
    """The likeliest steps that have the probability of a decision together, in order."""
    order = np.argsort(-chances, kind="stable")
    enough = int(np.searchsorted(chances[order].cumsum(), SURE * chances.sum())) + 1
    return [steps[i] for i in sorted(order[:enough].tolist())]


def _steps_text(steps: list[str], conjunction: str = "and") -> str:
    if len(steps) > MOST_STEPS:
        one_of = "one of " if conjunction == "or" else ""
        return f"{one_of}{len(steps)} checkpoints from {step_words(steps[0])} to {step_words(steps[-1])}"
    return joined([step_words(step) for step in steps], conjunction)
