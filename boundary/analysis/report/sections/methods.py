"""The words of the report that do not depend on a benchmark: the methods paragraph and its references."""

from typing import NamedTuple

from boundary.analysis.estimates.decisions import SURE
from boundary.analysis.formatting import points
from boundary.analysis.report.sections.arms import sampling_sentences
from boundary.analysis.result import Analysis
from boundary.stats.intervals import MARGIN

PRIORS = {
    "nonparametric": "a population of any smooth shape: on the logit scale a simple log density (of a single model a "
    "Beta with its tails drawn in, of a pair a normal level and a ridge of changes) bent by a Gaussian process, with "
    "atoms at p = 0 and p = 1, jointly for a pair of models",
    "beta_binomial": "a Beta population with its parameters learned from all problems (beta-binomial)",
    "inflated_beta_binomial": "a Beta population with atoms at p = 0 and p = 1, learned from all problems",
    "logit_normal": "a normal population of logit solve rates, jointly for all models, their correlation with an LKJ "
    "prior",
    "stacked": "a mixture of four families of populations (nonparametric, logit-normal, beta-binomial with and without "
    "atoms), weighted by stacking of their leave-one-out predictions",
    "independent": "a Beta distribution for each problem, independent of the others",
}
TARGETS = {
    "benchmark": "The target is these very problems: which problems there are is not part of the uncertainty.",
    "superpopulation": "The target is new problems of the same kind: the choice of problems is uncertain too.",
}
PAIR = (
    "Shrinkage is pass@k of the base model less that of the RL model. Kept, lost, gained and neither are the expected "
    "numbers of problems solved within k samples by both models, by the base only, by the RL model only and by none: "
    "the solvable sets of [2] as a function of the budget. The crossover is the smallest k > 1 at which the base has "
    "caught up, given that the RL model is ahead at k = 1 [2, 3]. A difference of pass@k of no more than {margin} is "
    "not material. RL narrowed what is solved within a budget where its pass@k is lower by more than that with "
    "probability {sure:.2f} or more; it widened it where it is higher by more with that probability; there is no "
    "material difference where that is as probable; and otherwise it cannot be told yet. A crossover is spoken of "
    "where RL is likely to be ahead by more than {margin} below it and behind by more above it."
)


class Reference(NamedTuple):
    """A source, as one line and as BibTeX."""

    key: str
    line: str
    bibtex: str


def _reference(key: str, authors: str, title: str, where: str, year: int, field: str) -> Reference:
    shown = authors.replace(" and ", ", ").replace(", others", " et al.")
    bibtex = f"@misc{{{key},\n  author = {{{authors}}},\n  title  = {{{title}}},\n  year   = {{{year}}},\n  {field}\n}}"
    return Reference(key, f"{shown} ({year}). {title}. {where}.", bibtex)


def _arxiv(key: str, authors: str, title: str, year: int, number: str) -> Reference:
    return _reference(key, authors, title, f"arXiv {number}", year, f"eprint = {{{number}}}, archivePrefix = {{arXiv}}")


REFERENCES = (
    _arxiv(
        "chen2021",
        "Mark Chen and Jerry Tworek and others",
        "Evaluating Large Language Models Trained on Code",
        2021,
        "2107.03374",
    ),
    _arxiv(
        "yue2025",
        "Yang Yue and Zhiqi Chen and Rui Lu and others",
        "Does Reinforcement Learning Really Incentivize Reasoning Capacity in LLMs Beyond the Base Model?",
        2025,
        "2504.13837",
    ),
    _arxiv(
        "yang2026",
        "Yang and Zhang and Chen",
        "RLVR is a Kernel, Not a Function: Statistical Inference for pass@k Crossovers",
        2026,
        "2609.22547",
    ),
    _reference(
        "orlitsky2016",
        "Alon Orlitsky and Ananda Theertha Suresh and Yihong Wu",
        "Optimal prediction of the number of unseen species",
        "PNAS 113(47)",
        2016,
        "howpublished = {Proceedings of the National Academy of Sciences 113(47)}",
    ),
    _reference(
        "hsieh2016",
        "T. C. Hsieh and K. H. Ma and Anne Chao",
        "iNEXT: an R package for rarefaction and extrapolation of species diversity (Hill numbers)",
        "Methods in Ecology and Evolution 7(12)",
        2016,
        "howpublished = {Methods in Ecology and Evolution 7(12)}",
    ),
    _arxiv(
        "vehtari2017",
        "Aki Vehtari and Andrew Gelman and Jonah Gabry",
        "Practical Bayesian model evaluation using leave-one-out cross-validation and WAIC",
        2017,
        "1507.04544",
    ),
    _arxiv(
        "yao2018",
        "Yuling Yao and Aki Vehtari and Daniel Simpson and Andrew Gelman",
        "Using stacking to average Bayesian predictive distributions",
        2018,
        "1704.02030",
    ),
)


def methods(analysis: Analysis) -> str:
    """Write the paragraph on what was done, to be pasted into a paper; [1] is the first of REFERENCES."""
    settings = analysis.settings
    prior, level = str(settings["prior"]), float(settings["level"])
    sentences = [
        *sampling_sentences(analysis),
        "For each problem and model, the number of correct answers among the n samples drawn is binomial, with "
        f"an unknown solve rate p. The prior for the solve rates is {PRIORS.get(prior, prior)}.",
        TARGETS[str(settings["target"])],
        "pass@k is the mean over problems of 1 - (1 - p)^k; observed values beside it are unbiased estimates [1].",
    ]
    if analysis.base is not None:
        sentences.append(PAIR.format(margin=points(float(settings.get("margin", MARGIN))), sure=SURE))
    sentences.append(
        f"Estimates are posterior means (of the crossover, the median) with equal-tailed {level:.0%} intervals. Values "
        "at k beyond n extrapolate: they rest on the prior as well as on the data."
    )
    return " ".join(sentences)
