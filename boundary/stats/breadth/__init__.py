"""Breadth: how many different answers a model gives to a problem, and how they are spread.

Read first: `answer_counts` (how often each answer was given), `problem_terms` (an estimate of every problem with its
variance, by deleting samples one at a time), `intervals` (from there to means over problems, and differences of two
models, with intervals). The quantities: `distinct` (different answers in k samples), `entropy`, `agreement` (of two
samples), `majority` (voting). `matching`: at which temperature two models have the same entropy.
"""

from boundary.stats.breadth.agreement import agreement
from boundary.stats.breadth.answer_counts import AnswerCounts
from boundary.stats.breadth.distinct import distinct_answers
from boundary.stats.breadth.entropy import answer_entropy
from boundary.stats.breadth.intervals import Estimate, difference_of_means, mean_over_problems
from boundary.stats.breadth.majority import majority_vote
from boundary.stats.breadth.matching import Crossing, matched_temperature
from boundary.stats.breadth.problem_terms import ProblemTerms

__all__ = [
    "AnswerCounts",
    "Crossing",
    "Estimate",
    "ProblemTerms",
    "agreement",
    "answer_entropy",
    "difference_of_means",
    "distinct_answers",
    "majority_vote",
    "matched_temperature",
    "mean_over_problems",
]
