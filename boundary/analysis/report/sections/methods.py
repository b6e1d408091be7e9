"""The section on methods: a paragraph for a paper, diagnostics, settings and references."""

from collections.abc import Iterator, Mapping
from typing import Any

from boundary.analysis.borrowed_shape import FEW_PROBLEMS
from boundary.analysis.checks.convergence import interval_error_sentence
from boundary.analysis.estimates.decisions import SURE
from boundary.analysis.formatting import level_text, number, points
from boundary.analysis.report.references import cite, references
from boundary.analysis.report.sections.arms import sampling_sentences
from boundary.analysis.report.tables import records
from boundary.analysis.result import Analysis
from boundary.analysis.runs.record import AFTER_SELECTION, METHOD, STRONGEST_BASE
from boundary.analysis.text.extremes import expected_lead

TARGETS = {
    "benchmark": "The target is these very problems: which problems there are is not part of the uncertainty.",
    "superpopulation": "The target is new problems of the same kind: the choice of problems is uncertain too.",
}
PAIR = (
    "Shrinkage is pass@k of the base model less that of the RL model. Kept, lost, gained and neither are the expected "
    "numbers of problems solved within k samples by both models, by the base only, by the RL model only and by none: "
    "the solvable sets of {yue} as a function of the budget. The crossover is the smallest k > 1 at which the base has "
    "caught up, given that the RL model is ahead at k = 1 {yue_yang}. A difference of pass@k of no more than {margin} "
    "is not material. RL narrowed what is solved within a budget where its pass@k is lower by more than that with "
    "probability {sure:.2f} or more; it widened it where it is higher by more with that probability; there is no "
    "material difference where that is as probable; and otherwise it cannot be told yet. A crossover is spoken of "
    "where RL is likely to be ahead by more than {margin} below it and behind by more above it."
)

EACH_PAIR = (
    "Each RL model is fitted with the base in a pair of its own. The base's own estimates are those of its fit with "
    "the first RL model of a benchmark, while each shrinkage is against the base in its own pair, so that it may "
    "differ a little from the difference of two values of pass@k."
)

OF_METHODS = (
    "Runs of a method vary around its mean on the logit scale of pass@k, with a standard deviation whose prior is "
    "half-t with 3 degrees of freedom and scale 0.7; numbers of a method are of all runs that it might give, and runs "
    "share the error of the base and of the population."
)
OF_CHOICES = (
    "Pass@k of a chosen model is that under the same hierarchy over its candidates, which reckons with the choice."
)
OF_BASES = "Intervals of the strongest base hold it whichever base it is."
OF_CHECKPOINTS = (
    "Checkpoints of a run are joined by a random walk over training steps on the logit scale of pass@k, with a "
    "deviation of each checkpoint around it and at most one that is away from the others or stays away; its spreads "
    "and the scale of the steps are integrated over."
)
OF_STRATA = (
    "Strata of problems move away from the fit of all problems as far as their counts disagree with it; how far strata "
    "may differ is learned from all of them."
)


def methods_section(analysis: Analysis) -> dict[str, Any]:
    """The paragraph, the diagnostics of every fit and a sentence on them, the settings, and the references."""
    return {
        "paragraph": methods_paragraph(analysis),
        "with_errors": bool(analysis.settings["verifier_errors"]),
        "diagnostics": records(analysis.diagnostics),
        "interval_error": interval_error_sentence(analysis.diagnostics),
        "settings": list(settings_lines(analysis.settings)),
        "references": references(),
    }


def settings_lines(settings: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each setting with its values; before a value the name that it belongs to, or nothing."""
    for name, value in settings.items():
        if name in ("n_samples", "sample_sizes") or value is None or value in ([], {}):
            continue  # the samples are shown with each benchmark
        if isinstance(value, Mapping):
            values = [(str(key), str(setting)) for key, setting in value.items()]
        else:
            values = [("", str(entry)) for entry in (value if isinstance(value, list | tuple) else [value])]
        yield name.replace("_", " "), values


def expectation_sentence(analysis: Analysis) -> list[str]:
    """What the prior expects of a pair before any count, where it treats base and RL differently."""
    mean, scale = expected_lead(analysis.request.prior)
    if analysis.base is None or not scale:
        return []
    return [
        f"Of a pair it expects RL's logits of solve rates to be {number(mean, 1, 1)} higher than the base's where both "
        f"solve little (standard deviation {number(scale, 1, 1)}), so that with little data the sign of a difference "
        "may come from the prior."
    ]


def borrowing_sentence(analysis: Analysis) -> list[str]:
    """That small benchmarks borrow from larger ones, where they do."""
    if not analysis.request.borrow_shape:
        return []
    return [
        f"Populations of benchmarks with fewer than {FEW_PROBLEMS} problems are correlated, by a learned amount, with "
        "those of larger benchmarks of the same pair."
    ]


def training_sentences(analysis: Analysis) -> Iterator[str]:
    """How several runs, chosen models, several bases, checkpoints and strata were analysed, where there are any."""
    of_rows = set(analysis.training_runs.estimates["of"])
    parts = {
        OF_METHODS: METHOD in of_rows,
        OF_CHOICES: AFTER_SELECTION in of_rows,
        OF_BASES: STRONGEST_BASE in of_rows,
        OF_CHECKPOINTS: not analysis.trajectory.estimates.empty,
        OF_STRATA: not analysis.strata.estimates.empty,
    }
    return (sentence for sentence, is_there in parts.items() if is_there)


def methods_paragraph(analysis: Analysis) -> str:
    """Write the methods paragraph for a paper."""
    request = analysis.request
    sentences = [
        *sampling_sentences(analysis),
        "For each problem and model, the number of correct answers among the n samples drawn is binomial, with "
        f"an unknown solve rate p. The prior for the solve rates is {request.prior.description}.",
        *expectation_sentence(analysis),
        *borrowing_sentence(analysis),
        TARGETS[request.target],
        "pass@k is the mean over problems of 1 - (1 - p)^k; observed values beside it are unbiased "
        f"estimates {cite('chen2021')}.",
    ]
    if analysis.base is not None:
        sources = {"yue": cite("yue2025"), "yue_yang": cite("yue2025", "yang2026")}
        sentences.append(PAIR.format(margin=points(request.margin), sure=SURE, **sources))
        sentences += [EACH_PAIR] if len(request.arms) > 1 else []
    sentences.append(
        f"Estimates are posterior means (of the crossover, the median) with equal-tailed {level_text(request.level)} "
        "intervals. Values at k beyond n extrapolate: they rest on the prior as well as on the data."
    )
    sentences += training_sentences(analysis)
    return " ".join(sentences)
