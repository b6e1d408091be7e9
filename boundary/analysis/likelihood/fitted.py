"""The likelihood of an analysis: every fit of its scores."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from boundary.analysis.fitting import Panel
from boundary.analysis.likelihood.boxes import Boxes, add_boxes
from boundary.analysis.likelihood.fits import fit_groups
from boundary.analysis.likelihood.reach import add_reach, settings_of
from boundary.analysis.likelihood.record import REACH_COLUMNS, Likelihood
from boundary.analysis.likelihood.rows import FEWEST_PROBLEMS, SUPERPOPULATION, Rows, problem_frame, row_frame
from boundary.analysis.likelihood.scores import ANY, UNTEMPERED, of_benchmark, scores_of_models, under_both_scorers
from boundary.analysis.notes import Note
from boundary.analysis.progress import Progress, no_progress
from boundary.analysis.request import Request
from boundary.data.counts import ALL, Counts
from boundary.data.sample_tables import REFERENCE
from boundary.stats.diagnostics import MIN_ESS
from boundary.stats.likelihood.means import pooled
from boundary.stats.random_keys import fit_key
from boundary.stats.solve_rates import SolveRates

# Of eight chains of 256 draws, whose R-hat is above 1.01 by chance in one of a hundred quantities.
FAR_R_HAT = 1.02


def fit_likelihood(
    request: Request,
    scores: pd.DataFrame,
    counts: Counts,
    pairs: Sequence[tuple[Panel, SolveRates]],
    progress: Progress = no_progress,
) -> Likelihood:
    """Fit all scores of an analysis; parameters as for `boundary.analysis.likelihood.compute.likelihood`."""
    rows = scores_of_models(scores, request.models)
    fitted = _Fitted(request, counts)
    for done, benchmark in enumerate(request.benchmarks):
        progress("Likelihood of responses", done, len(request.benchmarks))
        of_it = [pair for pair in pairs if pair[0].benchmark == benchmark]
        if of_it:
            fitted.add_benchmark(benchmark, of_benchmark(rows, benchmark, of_it[0][0].counts.pairs), of_it)
    return fitted.result()


class _Fitted:
    """Collects what is fitted."""

    def __init__(self, request: Request, counts: Counts) -> None:
        self.request, self.counts = request, counts
        self.pooled: list[dict[str, object]] = []
        self.by_problem: list[pd.DataFrame] = []
        self.reach: list[pd.DataFrame] = []
        self.perplexities: dict[tuple[str, str, str], np.ndarray] = {}
        self.notes: list[Note] = []

    def add_benchmark(self, benchmark: str, scores: pd.DataFrame, pairs: list[tuple[Panel, SolveRates]]) -> None:
        """Boxes and differences of each scorer, then what takes two of them."""
        request = self.request
        rows = Rows(benchmark, request.target, request.level, pairs[0][0].counts.pairs)
        is_own = benchmark != ALL or len(request.benchmarks) == 1  # `all` would repeat the problems
        boxes: dict[str, Boxes] = {}
        for scorer in dict.fromkeys(scores["scorer"]):
            boxes[scorer] = add_boxes(rows, scores.loc[scores["scorer"] == scorer], scorer, request.models, request)
            for model, log_perplexity in boxes[scorer].log_perplexities.items():
                self.perplexities[benchmark, scorer, model] = np.exp(log_perplexity)
        for panel, rate in pairs:
            if panel.base is None:
                continue
            self._add_sharpening(rows, boxes, panel)
            self._add_divergence(rows, scores, panel)
            if request.verifier is None and not request.outcomes_as_missing and not scores.empty:
                reach, notes = add_reach(rows, scores, panel, rate, self.counts, request)
                self.reach += [reach] if is_own else []
                self.notes += notes
        self.pooled += rows.pooled
        self.by_problem += rows.by_problem if is_own else []
        self.notes += _notes_on(rows, scores, self.counts, request)

    def result(self) -> Likelihood:
        """The record."""
        reach = [part for part in self.reach if len(part)]
        rows = row_frame(self.pooled)
        self.notes += _convergence_notes(rows)
        return Likelihood(
            rows=rows,
            problems=problem_frame(self.by_problem),
            reach=pd.concat(reach, ignore_index=True) if reach else pd.DataFrame(columns=list(REACH_COLUMNS)),
            perplexities=self.perplexities,
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _add_sharpening(self, rows: Rows, boxes: Mapping[str, Boxes], panel: Panel) -> None:
        """Log-probability a token of each model's own responses under itself, RL less base."""
        base, arm = str(panel.base), panel.arm
        of_arm, of_base = (boxes[model].own if model in boxes else None for model in (arm, base))
        if of_arm is None or of_base is None:
            return
        shared = of_arm.present & of_base.present
        if not shared.any() or not rows.has_enough(shared):
            return
        draws = (of_arm.unshrunk - of_base.unshrunk)[:, :, shared]
        key, is_new = fit_key(self.request.seed, "new problems"), self.request.target == SUPERPOPULATION
        labels = {"estimand": "sharpening", "scorer": "", "model": arm, "reference": base, "outcome": ANY}
        n = int((of_arm.n + of_base.n)[shared].sum())
        rows.add(
            labels | {"scored_as": UNTEMPERED}, pooled(draws, key, is_new), n_problems=int(shared.sum()), n_responses=n
        )

    def _add_divergence(self, rows: Rows, scores: pd.DataFrame, panel: Panel) -> None:
        """Log-probability of the RL model's responses under itself less under the base, a response and a token."""
        base, arm = str(panel.base), panel.arm
        responses = under_both_scorers(scores, arm, arm, base)
        if responses.empty:
            return
        tokens = responses["n_tokens"].to_numpy()
        ratio = (responses["sum_logp"] - responses["sum_logp_second"]).to_numpy()
        for estimand, values in (("divergence", ratio), ("divergence_per_token", ratio / tokens)):
            label = f"likelihood {rows.benchmark} {estimand} {arm}"
            is_new = self.request.target == SUPERPOPULATION
            fits = fit_groups(responses, values, tokens, [arm], len(rows.pairs), label, self.request.seed, is_new)
            for group, means in fits.groups.items():
                labels = {"estimand": estimand, "scorer": arm, "model": arm, "reference": base}
                labels |= {"outcome": group.outcome, "scored_as": UNTEMPERED}
                sizes = {"n_problems": int(means.present.sum()), "n_responses": int(means.n.sum())}
                if rows.has_enough(means.present):
                    rows.add(labels, fits.pooled(group), **sizes)
                if estimand == "divergence":
                    of_problem = {name: value for name, value in labels.items() if name != "scored_as"}
                    rows.add_problems(of_problem, means.draws[:, :, means.present], means.present, means.n)


def _convergence_notes(rows: pd.DataFrame) -> list[Note]:
    """An alarm for each benchmark where a pooled quantity has not converged."""
    failed = rows.loc[(rows["r_hat"] > FAR_R_HAT) | (rows[["ess_bulk", "ess_tail"]].min(axis=1) < MIN_ESS)]
    return [
        Note(
            str(benchmark),
            "",
            f"{len(part)} numbers of the likelihood have not converged (R-hat up to {part['r_hat'].max():.3f}): their "
            "intervals cannot be relied on.",
            "alarm",
        )
        for benchmark, part in failed.groupby("benchmark", sort=False)
    ]


def _unscored_notes(rows: Rows, scores: pd.DataFrame, counts: Counts, request: Request) -> Iterator[Note]:
    """How many of the counted responses have no score, for each model and scorer that scored some of them."""
    samples = scores.loc[scores["outcome"].astype(object) != REFERENCE]
    table, problems = counts.table, pd.MultiIndex.from_tuples(rows.pairs)
    keys = pd.MultiIndex.from_arrays([table[name].astype(str) for name in ("benchmark", "problem_id")])
    n_counted = table.loc[keys.isin(problems)].groupby("model")["n_samples"].sum()
    n_scored = samples.groupby(["scorer", "model"], sort=False).size().rename("n").reset_index()
    for scorer, model, n in n_scored.itertuples(index=False):
        total = int(n_counted.get(model, 0))
        if model in request.models and n < total:
            text = (
                f"{total - n:,} of {total:,} responses of {model} have no score under {scorer}: what is said of its "
                "responses there is of the others."
            )
            yield Note(rows.benchmark, model, text, "remark")


def _notes_on(rows: Rows, scores: pd.DataFrame, counts: Counts, request: Request) -> list[Note]:
    """How the values of a benchmark are to be read: temperature, responses without a score, truncated ones."""
    benchmark = rows.benchmark
    samples = scores.loc[scores["outcome"].astype(object) != REFERENCE]
    notes = list(_unscored_notes(rows, scores, counts, request))
    if len(samples) and len(rows.pairs) < FEWEST_PROBLEMS and request.target == SUPERPOPULATION:
        text = "One problem says nothing of problems like it: the likelihood of responses has no pooled values."
        notes.append(Note(benchmark, "", text, "remark"))
    for model in request.models:
        part = samples.loc[samples["model"] == model]
        if part.empty:
            continue
        settings = settings_of(counts, model, benchmark)
        if not settings.untempered and part["sum_tempered"].isna().all():
            notes.append(Note(benchmark, model, _untempered_sentence(model, settings.temperature), "remark"))
        share = float(part["truncated"].mean())
        if share > 0.01:
            text = f"{100 * share:.0f} % of the scored responses of {model} are truncated; they are scored as they are."
            notes.append(Note(benchmark, model, text, "remark"))
    return notes


def _untempered_sentence(model: str, temperature: float) -> str:
    settings_words = (
        "how they were drawn is not known" if np.isnan(temperature) else f"they were drawn at T = {temperature:g}"
    )
    return (
        f"Responses of {model} were scored untempered, and {settings_words}: below T = 1, or with top-p below 1, "
        "samples are likelier under their model than its responses at T = 1 are, so that perplexities are too low."
    )
