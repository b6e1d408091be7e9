"""Boxes of perplexity, differences between models, and probabilities of superiority, of one benchmark."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.likelihood.fits import Fits, Group, GroupMeans, fit_groups
from boundary.analysis.likelihood.rows import SUPERPOPULATION, Rows, spread_of_responses
from boundary.analysis.likelihood.scores import ANY, NUCLEUS, RIGHT, SUMS, TEMPERED, UNTEMPERED, WRONG
from boundary.analysis.request import Request
from boundary.data.sample_tables import REFERENCE
from boundary.stats.likelihood.means import CHAINS, DRAWS
from boundary.stats.likelihood.superiority import Wins, count_wins, draw_pooled_superiority, draw_superiority
from boundary.stats.random_keys import fit_key

CLASSES = (ANY, RIGHT, WRONG)
LOG_2 = float(np.log(2))


class Boxes(NamedTuple):
    """What is kept of the fits of a scorer on a benchmark, untempered, for what takes two scorers.

    Parameters
    ----------
    log_perplexities
        Draws (chain, draw) of the pooled log perplexity of each model's responses.
    own
        Posterior of the log-probability a token of the scorer's own responses; None where these have no scores.
    """

    log_perplexities: dict[str, np.ndarray]
    own: GroupMeans | None


def add_boxes(rows: Rows, scores: pd.DataFrame, scorer: str, models: Sequence[str], request: Request) -> Boxes:
    """Fit all that one model scored on a benchmark, and add its boxes and differences.

    Parameters
    ----------
    rows
        To add to.
    scores
        The rows of the scorer on the benchmark (`boundary.analysis.likelihood.scores.of_benchmark`).
    scorer
        The model that scored.
    models
        Those of the analysis, the base first.
    request
        Base, arms, target, level and seed.
    """
    samples = scores.loc[scores["outcome"].astype(object) != REFERENCE]
    sampled = [model for model in models if (samples["model"] == model).any()]
    comparable = [m for m in sampled if samples.loc[samples["model"] == m, "comparable"].all()]
    adder = _Adder(rows, scorer, request)
    boxes = Boxes({}, None)
    if comparable:
        samples_of_them = samples.loc[samples["model"].isin(comparable)]
        boxes = adder.add_comparable(samples_of_them, comparable)
    if len(comparable) < len(sampled) and samples["n_bytes"].gt(0).any():
        adder.add_bits_per_byte(samples, sampled)
    _add_reference(rows, scores.loc[scores["outcome"].astype(object) == REFERENCE], scorer, request.base)
    return boxes


class _Adder:
    """Adds the quantities of one scorer on one benchmark."""

    def __init__(self, rows: Rows, scorer: str, request: Request) -> None:
        self.rows, self.scorer, self.request = rows, scorer, request
        self.new_problems = request.target == SUPERPOPULATION

    def add_comparable(self, samples: pd.DataFrame, models: Sequence[str]) -> Boxes:
        """Add what is per token, and totals, of models whose tokens the scorer reads."""
        texts = samples.loc[~samples["empty"]]  # an empty response has no perplexity
        boxes = self._add_per_token(texts, [m for m in models if (texts["model"] == m).any()])
        tokens = samples["n_tokens"].to_numpy()
        totals = samples["sum_logp"].to_numpy()
        total = self._fit(samples, totals, tokens, models, "total")
        for group, means in self._pooled_groups(total):
            for estimand, factor in (("total_log_probability", 1.0), ("bits", -1 / LOG_2)):
                labels = self._labels(estimand, group.model, group.outcome)
                self.rows.add(labels, factor * total.pooled(group), **_sizes(means.present, means.n))
        self._add_differences(total, "total_log_probability_difference", UNTEMPERED)
        self._add_differences(total, "bits_difference", UNTEMPERED, -1 / LOG_2, by_problem=False)
        self._add_superiority(samples, totals, "superiority_total")
        return boxes

    def _add_per_token(self, texts: pd.DataFrame, models: Sequence[str]) -> Boxes:
        """Add perplexities, their differences and superiority, and what temperature and top-p change."""
        tokens = texts["n_tokens"].to_numpy()
        boxes = Boxes({}, None)
        for scored_as, column in SUMS.items():
            values = texts[column].to_numpy() / tokens
            scored_models = [m for m in models if _is_whole(texts, values, m, scored_as)]
            if scored_models:
                part = texts["model"].isin(scored_models).to_numpy()
                fits = self._fit(texts[part], values[part], tokens[part], scored_models, scored_as)
                self._add_perplexities(fits, texts[part], values[part], scored_as)
                self._add_differences(fits, "log_probability_difference", scored_as)
                if scored_as == UNTEMPERED:
                    boxes = self._boxes(fits)
                del fits  # large: draws of every problem and group
        self._add_superiority(texts, texts["sum_logp"].to_numpy() / tokens, "superiority")
        self._add_effects(texts, models, tokens)
        return boxes

    def _boxes(self, fits: Fits) -> Boxes:
        pooled_groups = {group: -fits.pooled(group) for group, _ in self._pooled_groups(fits)}
        log_perplexities = {group.model: draws for group, draws in pooled_groups.items() if group.outcome == ANY}
        own = fits.groups.get(Group(self.scorer))
        # A copy: the group's draws are a part of those of all groups, which would stay in memory with them.
        kept = None if own is None else own._replace(draws=own.draws[:0], unshrunk=own.unshrunk.copy())
        return Boxes(log_perplexities, kept)

    def _pooled_groups(self, fits: Fits) -> list[tuple[Group, GroupMeans]]:
        """The groups of which pooled rows can be made."""
        return [(group, means) for group, means in fits.groups.items() if self.rows.has_enough(means.present)]

    def add_bits_per_byte(self, samples: pd.DataFrame, models: Sequence[str]) -> None:
        """Add bits per byte of all models, where some of them have another vocabulary than the scorer."""
        part = samples.loc[samples["n_bytes"] > 0]
        values = -part["sum_logp"].to_numpy() / LOG_2 / part["n_bytes"].to_numpy()
        present = [model for model in models if (part["model"] == model).any()]
        fits = self._fit(part, values, part["n_bytes"].to_numpy(), present, "bits per byte")
        for group, means in self._pooled_groups(fits):
            labels = self._labels("bits_per_byte", group.model, group.outcome)
            chosen_rows = _rows_of(part, group)
            spread = spread_of_responses(values[chosen_rows], part["problem"].to_numpy()[chosen_rows])
            self.rows.add(labels, fits.pooled(group), **_sizes(means.present, means.n), **spread)
        self._add_differences(fits, "bits_per_byte_difference", UNTEMPERED)
        self._add_superiority(part, -values, "superiority_per_byte")

    def _fit(
        self, samples: pd.DataFrame, values: np.ndarray, lengths: np.ndarray, models: Sequence[str], name: str
    ) -> Fits:
        label = f"likelihood {self.rows.benchmark} {self.scorer} {name}"
        n_problems = len(self.rows.pairs)
        return fit_groups(samples, values, lengths, models, n_problems, label, self.request.seed, self.new_problems)

    def _labels(
        self, estimand: str, model: str, outcome: str, reference: str = "", scored_as: str = UNTEMPERED
    ) -> dict[str, str]:
        labels = {"estimand": estimand, "scorer": self.scorer, "model": model, "outcome": outcome}
        return labels | {"reference": reference, "scored_as": scored_as}

    def _add_perplexities(self, fits: Fits, samples: pd.DataFrame, values: np.ndarray, scored_as: str) -> None:
        for group, means in fits.groups.items():
            labels = self._labels("perplexity", group.model, group.outcome, scored_as=scored_as)
            chosen_rows = _rows_of(samples, group)
            spread = spread_of_responses(np.exp(-values[chosen_rows]), samples["problem"].to_numpy()[chosen_rows])
            if self.rows.has_enough(means.present):
                self.rows.add(labels, np.exp(-fits.pooled(group)), **_sizes(means.present, means.n), **spread)
            if scored_as == UNTEMPERED:
                of_problems = np.exp(-means.draws[:, :, means.present])
                self.rows.add_problems(_of_problem(labels), of_problems, means.present, means.n)

    def _add_differences(
        self, fits: Fits, estimand: str, scored_as: str, factor: float = 1.0, by_problem: bool = True
    ) -> None:
        for group, reference in self._pairs(fits):
            draws, shared = fits.difference(group, reference)
            labels = self._labels(estimand, group.model, group.outcome, reference.model, scored_as)
            n, n_reference = fits.groups[group].n, fits.groups[reference].n
            if self.rows.has_enough(shared):
                pooled_draws = factor * fits.pooled_difference(group, reference)
                self.rows.add(labels, pooled_draws, **_sizes(shared, n + n_reference))
            if by_problem and scored_as == UNTEMPERED:
                self.rows.add_problems(_of_problem(labels), factor * draws, shared, n, n_reference[shared].astype(int))

    def _pairs(self, fits: Fits) -> Iterator[tuple[Group, Group]]:
        """Groups of each RL model and of the base that share problems."""
        base = self.request.base
        if base is None:
            return
        for arm in self.request.arms:
            for outcome in CLASSES:
                group, reference = Group(arm, outcome), Group(base, outcome)
                means, of_base = fits.groups.get(group), fits.groups.get(reference)
                if means is not None and of_base is not None and (means.present & of_base.present).any():
                    yield group, reference

    def _add_superiority(self, samples: pd.DataFrame, values: np.ndarray, estimand: str) -> None:
        """Probability that a response of an RL model has a larger value than one of the base."""
        base = self.request.base
        for arm in self.request.arms if base is not None else ():
            for outcome in CLASSES:
                wins = self._wins(samples, values, arm, outcome)
                compared_problems = ~np.isnan(wins.share)
                if not compared_problems.any():
                    continue
                labels = self._labels(estimand, arm, outcome, str(base))
                key = fit_key(self.request.seed, f"{estimand} {self.rows.benchmark} {self.scorer} {arm} {outcome}")
                some = wins.of(compared_problems)
                n, n_reference = wins.n_first, wins.n_second
                if self.rows.has_enough(compared_problems):
                    pooled_draws = draw_pooled_superiority(some, key, CHAINS, DRAWS, self.new_problems)
                    sizes = _sizes(compared_problems, n + n_reference)
                    self.rows.add(labels, pooled_draws, **sizes, **_around_half(pooled_draws))
                if estimand != "superiority_total":
                    of_problems = draw_superiority(some, key, CHAINS, DRAWS)
                    counts = n_reference[compared_problems].astype(int)
                    self.rows.add_problems(_of_problem(labels), of_problems, compared_problems, n, counts)
                    above = (of_problems > 0.5).mean(axis=(0, 1))
                    self.rows.by_problem[-1]["prob_positive"] = above

    def _wins(self, samples: pd.DataFrame, values: np.ndarray, arm: str, outcome: str) -> Wins:
        model = samples["model"].to_numpy(dtype=object)
        chosen_rows = (model == arm) | (model == self.request.base)
        if outcome != ANY:
            chosen_rows = chosen_rows & (samples["outcome"].to_numpy(dtype=object) == outcome)
        problem = samples["problem"].to_numpy()[chosen_rows]
        return count_wins(values[chosen_rows], problem, model[chosen_rows] == arm, len(self.rows.pairs))

    def _add_effects(self, samples: pd.DataFrame, models: Sequence[str], tokens: np.ndarray) -> None:
        """How much likelier a token of a response is as it was sampled than untempered."""
        for scored_as in (TEMPERED, NUCLEUS):
            gain = (samples[SUMS[scored_as]] - samples["sum_logp"]).to_numpy() / tokens
            scored_models = [m for m in models if _is_whole(samples, gain, m, scored_as)]
            if not scored_models:
                continue
            part = samples["model"].isin(scored_models).to_numpy()
            if np.ptp(gain[part]) == 0:
                continue
            fits = self._fit(samples[part], gain[part], tokens[part], scored_models, f"effect {scored_as}")
            for group, means in fits.groups.items():
                if group.outcome == ANY and self.rows.has_enough(means.present):
                    labels = self._labels("sampling_effect", group.model, ANY, scored_as=scored_as)
                    self.rows.add(labels, fits.pooled(group), **_sizes(means.present, means.n))


def _add_reference(rows: Rows, scores: pd.DataFrame, scorer: str, base: str | None) -> None:
    """Add the box of the reference answers, by the prompts of the base where these were scored."""
    scores = scores.loc[scores["comparable"]]
    if scores.empty:
        return
    scores = scores.assign(by_base=scores["model"] == (scorer if base is None else base))
    scores = scores.sort_values("by_base", kind="stable").drop_duplicates("problem", keep="last")
    values = (scores["sum_logp"] / scores["n_tokens"]).to_numpy()
    labels = {"estimand": "perplexity", "scorer": scorer, "model": "", "outcome": REFERENCE, "scored_as": UNTEMPERED}
    spread = spread_of_responses(np.exp(-values), scores["problem"].to_numpy())
    rows.add_exact(labels, float(np.exp(-values.mean())), n_problems=len(scores), n_responses=len(scores), **spread)
    bits = float(-scores["sum_logp"].mean() / LOG_2)
    rows.add_exact(labels | {"estimand": "bits"}, bits, n_problems=len(scores), n_responses=len(scores))


def _rows_of(samples: pd.DataFrame, group: Group) -> np.ndarray:
    chosen_rows = (samples["model"] == group.model).to_numpy()
    if group.outcome != ANY:
        chosen_rows = chosen_rows & (samples["outcome"].to_numpy(dtype=object) == group.outcome)
    return np.asarray(chosen_rows)


def _of_problem(labels: dict[str, Any]) -> dict[str, Any]:
    """Labels without those that rows of problems do not have."""
    return {name: value for name, value in labels.items() if name != "scored_as"}


def _sizes(problems: np.ndarray, n: np.ndarray) -> dict[str, int]:
    return {"n_problems": int(problems.sum()), "n_responses": int(n[problems].sum())}


def _around_half(draws: np.ndarray) -> dict[str, float]:
    """Of a probability of superiority: whether it is above or below one half."""
    return {"prob_positive": float(np.mean(draws > 0.5)), "prob_negative": float(np.mean(draws < 0.5))}


def _is_whole(samples: pd.DataFrame, values: np.ndarray, model: str, scored_as: str) -> bool:
    """Whether all responses of a model have a value; one with tokens outside the nucleus has none within it.

    The sum over the tokens inside would make a response the likelier, the more of its tokens the scorer never draws.
    """
    of_model = (samples["model"] == model).to_numpy()
    inside = scored_as != NUCLEUS or not (samples["n_outside"].to_numpy()[of_model] > 0).any()
    return inside and bool(np.isfinite(values[of_model]).all())
