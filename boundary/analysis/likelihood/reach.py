"""The base's reach by the scores of the RL model's right responses, beside its reach by counts."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.fitting import Panel
from boundary.analysis.likelihood.fits import Group, fit_groups
from boundary.analysis.likelihood.record import HIGHER, LOWER, REACH_COLUMNS
from boundary.analysis.likelihood.rows import Rows
from boundary.analysis.likelihood.scores import NUCLEUS, RIGHT, SUMS, TEMPERED, UNTEMPERED, under_both_scorers
from boundary.analysis.notes import Note
from boundary.analysis.request import Request
from boundary.data.counts import Counts
from boundary.stats.likelihood.gains import PARTS, split_gain
from boundary.stats.likelihood.importance import distinct_bound, importance_estimate
from boundary.stats.likelihood.means import CHAINS, DRAWS
from boundary.stats.random_keys import fit_key
from boundary.stats.solve_rates import SolveRates

# Probability from which counts and scores of a problem disagree: of a hundred problems, one at most by chance.
DISAGREES = 0.995


class Settings(NamedTuple):
    """Temperature and top-p with which a model was sampled; not a number where they are not known."""

    temperature: float
    top_p: float

    @property
    def untempered(self) -> bool:
        """Whether samples are drawn from the model as it is; a top-p that is not stated is taken for 1."""
        return self.temperature == 1 and not self.top_p < 1


def settings_of(counts: Counts, model: str, benchmark: str) -> Settings:
    """With which settings a model was sampled on a benchmark; not a number where they differ."""
    table = counts.table
    rows = table.loc[(table["model"] == model) & ((table["benchmark"] == benchmark) | (benchmark == "all"))]
    values = []
    for name in Settings._fields:
        column = pd.to_numeric(rows[name], errors="coerce").unique() if name in rows else np.array([np.nan])
        values.append(float(column[0]) if len(column) == 1 else np.nan)
    return Settings(*values)


class Sides(NamedTuple):
    """The arm's responses scored by base and arm, how they were scored, and why that is all, if it is."""

    responses: pd.DataFrame
    scored_as: str
    remark: str


def scored_sides(rows: pd.DataFrame, arm: str, base: str, arm_settings: Settings, base_settings: Settings) -> Sides:
    """Choose the log-probabilities of the distributions that the counts are of.

    Parameters
    ----------
    rows
        Scores of the benchmark.
    arm, base
        The RL model and the base.
    arm_settings, base_settings
        With which they were sampled.
    """
    responses = under_both_scorers(rows, arm, base, arm)
    responses = responses.loc[responses["outcome"].notna()]
    if not _equal_or_unknown(arm_settings.temperature, base_settings.temperature):
        remark = f"{arm} and {base} were sampled at other temperatures, so that scores say nothing of the base's reach."
        return Sides(responses.iloc[:0], UNTEMPERED, remark)
    if not _equal_or_unknown(arm_settings.top_p, base_settings.top_p):
        remark = f"{arm} and {base} were sampled with another top-p, so that scores say nothing of the base's reach."
        return Sides(responses.iloc[:0], UNTEMPERED, remark)
    whole = all(np.isnan(settings.top_p) or settings.top_p == 1 for settings in (arm_settings, base_settings))
    for scored_as in (NUCLEUS, TEMPERED) if whole else (NUCLEUS,):
        columns = responses[[SUMS[scored_as], f"{SUMS[scored_as]}_second"]]
        if len(responses) and columns.notna().all(axis=None):
            return Sides(responses, scored_as, "")
    if arm_settings.untempered and base_settings.untempered:
        return Sides(responses, UNTEMPERED, "")
    if np.isnan(arm_settings.temperature) or np.isnan(base_settings.temperature):
        remark = (
            "That scores say how often the base gives the RL model's right responses supposes that all were sampled at "
            "temperature 1 without top-p: the counts do not say."
        )
        return Sides(responses, UNTEMPERED, remark)
    remark = (
        f"Samples of {arm} were not drawn at temperature 1 without top-p, and were scored untempered alone: score them "
        "with --as-sampled for what they say of the base's reach."
    )
    return Sides(responses.iloc[:0], UNTEMPERED, remark)


def _equal_or_unknown(first: float, second: float) -> bool:
    """Whether two settings are equal, or one of them is unknown."""
    return first == second or bool(np.isnan([first, second]).any())


def add_reach(
    rows: Rows, scores: pd.DataFrame, panel: Panel, rates: SolveRates, counts: Counts, request: Request
) -> tuple[pd.DataFrame, list[Note]]:
    """Bounds and estimates of the base's solve rates by scores, and the gain in pass@1 split by counts and scores.

    Parameters
    ----------
    rows
        To which the parts of the gain are added.
    scores
        Scores of the benchmark.
    panel, rates
        The pair, and its posterior.
    counts
        Whose settings are read.
    request
        Level and seed.

    Returns
    -------
    One row for each problem with a scored right response of the RL model, and notes.
    """
    base, arm = str(panel.base), panel.arm
    settings = [settings_of(counts, model, panel.benchmark) for model in (arm, base)]
    sides = scored_sides(scores, arm, base, *settings)
    notes = [Note(panel.benchmark, arm, sides.remark, "remark")] if sides.remark else []
    if not (sides.responses["outcome"] == RIGHT).any():
        return pd.DataFrame(columns=list(REACH_COLUMNS)), notes
    reach = _Reach(rows, sides, panel, rates, request)
    n_unscored = int((reach.unscored & (reach.n_right > 0)).sum())
    if n_unscored:
        text = (
            f"{n_unscored} of {int((reach.n_right > 0).sum())} problems have other numbers of scored responses of {arm}"
            " than of counted ones: how often the base gives its right responses is not estimated there. Score all."
        )
        notes.append(Note(panel.benchmark, arm, text, "remark"))
    parts = split_gain(reach.p_base, reach.p_rl, reach.bound, reach.estimate, max(rates.reliable_k, 1))
    for name in PARTS:
        labels: dict[str, Any] = {"estimand": name, "scorer": base, "model": arm, "reference": base, "outcome": RIGHT}
        labels |= {"scored_as": sides.scored_as, "k": float(max(rates.reliable_k, 1)), "target": "benchmark"}
        n = len(sides.responses)
        rows.add(labels, parts[name].reshape(CHAINS, DRAWS), n_problems=rates.n_problems, n_responses=n)
    return pd.DataFrame(list(reach.rows()), columns=list(REACH_COLUMNS)), notes


class _Reach:
    """Draws (draw, problem) of what counts and scores say of a pair."""

    def __init__(self, rows: Rows, sides: Sides, panel: Panel, rates: SolveRates, request: Request) -> None:
        base, arm = str(panel.base), panel.arm
        self.pairs, self.level, self.panel, self.scored_as = rows.pairs, request.level, panel, sides.scored_as
        responses, column = sides.responses, SUMS[sides.scored_as]
        self.p_base, self.p_rl = (_draws_of(rates.p[..., rates.index(model)]) for model in (base, arm))
        problem, right = responses["problem"].to_numpy(), (responses["outcome"] == RIGHT).to_numpy()
        under_base = responses[column].to_numpy()
        if sides.scored_as == NUCLEUS:  # the base never draws a token outside its nucleus
            under_base = np.where(responses["n_outside"].to_numpy() > 0, -np.inf, under_base)
        log_weight = under_base - responses[f"{column}_second"].to_numpy()
        n_problems, label = len(rows.pairs), f"reach {panel.benchmark} {arm}"
        whole = right & ~responses["truncated"].to_numpy() & np.isfinite(under_base)
        sizes = responses[["n_tokens", "n_bytes"]].fillna(0).to_numpy().astype(int)
        self.certain = distinct_bound(under_base[whole], problem[whole], sizes[whole], n_problems)
        self.n_right = np.bincount(problem[right], minlength=n_problems)
        self.n_whole = np.bincount(problem[whole], minlength=n_problems)
        self.expected = self._expected_bound(responses, log_weight, right, n_problems, label, request.seed)
        self.bound = np.maximum(self.expected, self.certain)
        key = fit_key(request.seed, f"{label} importance")
        sampled = importance_estimate(log_weight, right, problem, n_problems, key, CHAINS, DRAWS)
        # An estimate is a mean over all of a problem's responses: of the right ones alone it would be far too high.
        n_scored = np.bincount(problem, minlength=n_problems)
        model = rates.index(arm)
        self.unscored = (n_scored != rates.n_samples[:, model]) | (self.n_right != rates.n_correct[:, model])
        self.estimate = np.where(self.unscored, np.nan, sampled.draws.reshape(-1, n_problems))
        self.effective, self.pareto_k = sampled.effective, sampled.pareto_k

    def _expected_bound(
        self, responses: pd.DataFrame, log_weight: np.ndarray, right: np.ndarray, n_problems: int, label: str, seed: int
    ) -> np.ndarray:
        """Draws of p_RL(y in A) exp(E_RL[log p_base(y) / p_RL(y) | y in A]), A: right, and possible for the base."""
        possible = right & np.isfinite(log_weight)
        problem = responses["problem"].to_numpy()
        if not possible.any():
            return np.zeros(self.p_rl.shape)
        tokens = responses["n_tokens"].to_numpy()
        arm = self.panel.arm
        fits = fit_groups(
            responses[possible], log_weight[possible], tokens[possible], [arm], n_problems, label, seed, False
        )
        means = fits.groups[Group(arm, RIGHT)]
        n_possible = np.bincount(problem[possible], minlength=n_problems)
        rng = np.random.default_rng(seed)
        share = np.where(
            n_possible == self.n_right,
            1.0,
            rng.beta(n_possible + 0.5, self.n_right - n_possible + 0.5, self.p_rl.shape),
        )
        mean = means.draws.reshape(-1, n_problems)
        bound = self.p_rl * share * np.exp(np.minimum(mean, 0.0 - np.log(np.maximum(self.p_rl, 1e-12))))
        return np.where(means.present, np.minimum(bound, 1.0), 0.0)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row for each problem with a right response that was scored."""
        tail = (1 - self.level) / 2
        ends = [tail, 1 - tail]
        for i in np.flatnonzero(self.n_right):
            p, bound, estimate = self.p_base[:, i], self.expected[:, i], self.estimate[:, i]
            counts_ends = np.quantile(p, ends)
            higher = float(np.mean(self.bound[:, i] > p))
            is_reliable = not np.isnan(estimate[0])
            disagreement = HIGHER if higher >= DISAGREES else ""
            if is_reliable and not disagreement and np.mean(estimate < p) >= DISAGREES:
                disagreement = LOWER
            yield {
                "benchmark": self.pairs[i][0],
                "problem_id": self.pairs[i][1],
                "model": self.panel.arm,
                "reference": str(self.panel.base),
                "scored_as": self.scored_as,
                "n_right": int(self.n_right[i]),
                "n_distinct_bound": int(self.n_whole[i]),
                "counts_mean": float(p.mean()),
                "counts_lower": float(counts_ends[0]),
                "counts_upper": float(counts_ends[1]),
                "certain_bound": float(self.certain[i]),
                "bound_mean": float(bound.mean()),
                "bound_lower": float(np.quantile(bound, 1 - self.level)),
                "estimate_mean": float(estimate.mean()),
                "estimate_lower": float(np.quantile(estimate, tail)),
                # Nothing bounds it from above: what the base writes and the RL model never does is in no sample.
                "estimate_upper": 1.0 if is_reliable else np.nan,
                "effective_responses": float(self.effective[i]),
                "pareto_k": float(self.pareto_k[i]),
                "level": self.level,
                "prob_scores_higher": higher,
                "disagreement": disagreement,
            }


def _draws_of(p: np.ndarray) -> np.ndarray:
    """Draws (draw, problem), as many as those of the scores."""
    flat = np.asarray(p, dtype=np.float64).reshape(-1, p.shape[2])
    places = np.linspace(0, len(flat) - 1, CHAINS * DRAWS).round().astype(int)
    return np.asarray(flat[places])
