"""Sections of the report: `SECTIONS` has one record each, in the order of the page.

A section is a module, whose function gives what its template shows (None: nothing), the template of the same stem
beside it, and a line here. Where it needs them, a style sheet and a script stand beside it too. The page escapes what
is shown; templates have `cite("key")` for a source of references.toml, `number(value, scale, digits)`, `data(...)` for
the attributes that name the estimate of a cell, `links` to the files beside the page, and `anchor` of the section.

Read first `comparisons`, the smallest, then `estimates`. On top of the page: `verdict`, `summary`. Of every benchmark:
`verdicts`, `crossing`, `figures`, `estimates`, `budget_verdicts`, `prior_free`, `cost`, `ranking`, `trajectory`,
`runs`, `strata`, `missing_outcomes`, `valid_reasoning`, `reliability`, `support_rates`, `likelihood`, `breadth`,
`luck`. Below them: `problems`, `claims`, `verifier_errors`, `comparisons`, `model_checks`, `arms`, `exchangeability`,
`methods`, `files`.
"""

from boundary.analysis.report.section import Section
from boundary.analysis.report.sections.arms import arms_section
from boundary.analysis.report.sections.breadth import breadth_section
from boundary.analysis.report.sections.budget_verdicts import budget_verdicts_section
from boundary.analysis.report.sections.claims import claims_section
from boundary.analysis.report.sections.comparisons import comparisons_section
from boundary.analysis.report.sections.cost import cost_section
from boundary.analysis.report.sections.crossing import crossing_section
from boundary.analysis.report.sections.estimates import estimates_section
from boundary.analysis.report.sections.exchangeability import exchangeability_section
from boundary.analysis.report.sections.figures import figures_section
from boundary.analysis.report.sections.files import files_section
from boundary.analysis.report.sections.likelihood import likelihood_section
from boundary.analysis.report.sections.luck import luck_section
from boundary.analysis.report.sections.methods import methods_section
from boundary.analysis.report.sections.missing_outcomes import missing_outcomes_section
from boundary.analysis.report.sections.model_checks import model_checks_section
from boundary.analysis.report.sections.prior_free import prior_free_section
from boundary.analysis.report.sections.problems import problems_section
from boundary.analysis.report.sections.ranking import ranking_section
from boundary.analysis.report.sections.reliability import reliability_section
from boundary.analysis.report.sections.runs import runs_section
from boundary.analysis.report.sections.strata import strata_section
from boundary.analysis.report.sections.summary import summary_section
from boundary.analysis.report.sections.support_rates import support_rates_section
from boundary.analysis.report.sections.trajectory import trajectory_section
from boundary.analysis.report.sections.valid_reasoning import valid_reasoning_section
from boundary.analysis.report.sections.verdict import verdict_section
from boundary.analysis.report.sections.verdicts import verdicts_section
from boundary.analysis.report.sections.verifier_errors import verifier_errors_section

SECTIONS = [
    Section("verdict", "", of_analysis=verdict_section, on_top=True, in_contents="Verdict"),
    Section("summary", "Summary", of_analysis=summary_section, on_top=True),
    Section("verdicts", "", of_benchmark=verdicts_section),
    Section("crossing", "", of_benchmark=crossing_section),
    Section("figures", "", of_benchmark=figures_section),
    Section("estimates", "", of_benchmark=estimates_section),
    Section("budget_verdicts", "", of_benchmark=budget_verdicts_section),
    Section("prior_free", "", of_benchmark=prior_free_section),
    Section("cost", "Cost of solving", of_benchmark=cost_section),
    Section("ranking", "Ranking of {n_models} models", of_benchmark=ranking_section),
    Section("trajectory", "{heading}", of_benchmark=trajectory_section),
    Section("runs", "Training runs, chosen models, several bases", of_benchmark=runs_section),
    Section("strata", "{heading}", of_benchmark=strata_section),
    Section("missing_outcomes", "Samples that came to no verdict", of_benchmark=missing_outcomes_section),
    Section("valid_reasoning", "Correct answers with valid reasoning", of_benchmark=valid_reasoning_section),
    Section("reliability", "", of_benchmark=reliability_section),
    Section("support_rates", "", of_benchmark=support_rates_section),
    Section("likelihood", "Likelihood of the responses", of_benchmark=likelihood_section),
    Section("breadth", "Breadth of answers", of_benchmark=breadth_section),
    Section("luck", "Luck", of_benchmark=luck_section),
    Section("problems", "Problems", of_analysis=problems_section),
    Section("claims", "Claims", of_analysis=claims_section),
    Section("verifier_errors", "Errors of the verifier", of_analysis=verifier_errors_section),
    Section("comparisons", "Several comparisons", of_analysis=comparisons_section),
    Section("model_checks", "Does the population fit?", of_analysis=model_checks_section, in_contents="Model checks"),
    Section(
        "arms", "How the models were sampled and judged", of_analysis=arms_section, in_contents="Settings of the models"
    ),
    Section("exchangeability", "Order and dependence of samples", of_analysis=exchangeability_section),
    Section("methods", "Methods", of_analysis=methods_section),
    Section("files", "Files, command and counts", of_analysis=files_section, in_contents="Files and command"),
]
