"""The answer of a whole analysis: of the pooled benchmarks or the only one, or how many verdicts are which."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boundary.analysis.estimates.decisions import EQUIVALENT, NARROWED, OPEN, SURE, WIDENED
from boundary.analysis.formatting import behind_colon, benchmark_name, budget, by_over, level_text, upper_first
from boundary.analysis.text.verdict import Verdict
from boundary.data.counts import ALL

POOLED = "All benchmarks together"
WORDS = (NARROWED, WIDENED, EQUIVALENT, OPEN)
# Of so many models alone the answer has a sentence each.
MOST_ALONE = 4


@dataclass(frozen=True)
class OverallAnswer:
    """The answer that stands on top of a page or a terminal's output.

    Parameters
    ----------
    sentence
        The answer in one sentence.
    details
        Sentences to stand behind it.
    verdict
        The verdict that `sentence` is of; None where it counts several.
    word_counts
        How many pairs of a benchmark and an RL model there are of each verdict, the pooled benchmarks left out where
        there are others.
    legend
        What the words and the brackets mean.
    """

    sentence: str
    details: tuple[str, ...] = ()
    verdict: Verdict | None = None
    word_counts: Mapping[str, int] | None = None
    legend: str = ""

    @property
    def text(self) -> str:
        """All sentences."""
        return " ".join([self.sentence, *self.details])

    @property
    def word(self) -> str | None:
        """The word of the verdict, where the answer is one verdict."""
        return None if self.verdict is None else self.verdict.word

    @property
    def probability(self) -> float | None:
        """The probability of the verdict, where the answer is one verdict."""
        return None if self.verdict is None else self.verdict.probability

    def as_dict(self) -> dict[str, Any]:
        """The answer for a script, as summary.json has it."""
        verdict = self.verdict
        return {
            "sentence": self.sentence,
            "text": self.text,
            "benchmark": None if verdict is None else verdict.benchmark,
            "model": None if verdict is None else verdict.model,
            "word": self.word,
            "probability": self.probability,
            "word_counts": dict(self.word_counts or {}),
        }


def overall_answer(
    verdicts: Sequence[Verdict], benchmarks: Sequence[str], margin: float, level: float
) -> OverallAnswer:
    """The answer from all verdicts of an analysis.

    Parameters
    ----------
    verdicts
        In their order.
    benchmarks
        Benchmarks of the analysis, `all` among them where they are pooled.
    margin
        Difference of pass@k that matters.
    level
        Probability within the intervals.
    """
    main = main_benchmark(benchmarks)
    pairs = [verdict for verdict in verdicts if verdict.subject == "pair"]
    single = [verdict for verdict in pairs if verdict.benchmark != ALL] or pairs
    count = "" if len(pairs) < 2 else tally(single)
    words = Counter(verdict.word for verdict in single if verdict.word is not None)
    shared: dict[str, Any] = {
        "word_counts": {word: words[word] for word in WORDS if words[word]},
        "legend": legend(margin, level) if pairs else "",
    }
    of_main = [verdict for verdict in verdicts if verdict.benchmark == main]
    if not of_main:
        runs = [verdict for verdict in verdicts if verdict.subject == "checkpoints"] if count else []
        details = [behind_colon(benchmark_name(verdict.benchmark), verdict.sentence) for verdict in runs]
        return OverallAnswer(count or _not_pooled(verdicts), tuple(details[:MOST_ALONE]), **shared)

    def about(sentence: str) -> str:
        return behind_colon(POOLED, sentence) if main == ALL else sentence

    of_pairs = [verdict for verdict in of_main if verdict.subject == "pair"]
    of_models = [verdict for verdict in of_main if verdict.subject != "pair"]
    if len(of_pairs) == 1:
        return OverallAnswer(about(of_pairs[0].sentence), tuple(filter(None, [count])), of_pairs[0], **shared)
    if len(of_models) == len(of_main) > 1 and {verdict.subject for verdict in of_models} == {"model"}:
        return OverallAnswer(about(_alone(of_models)), **shared)
    if not of_pairs or (of_models[:1] and of_models[0].subject == "checkpoints"):
        last = next((verdict for verdict in of_pairs if verdict.model == of_models[0].model), of_models[0])
        return OverallAnswer(about(of_models[0].sentence), tuple(filter(None, [count])), last, **shared)
    details = [about(verdict.sentence) for verdict in of_models]
    details += [count] if count != (first := tally(of_pairs)) else []
    return OverallAnswer(about(first), tuple(details), None, **shared)


def main_benchmark(benchmarks: Sequence[str]) -> str | None:
    """The benchmark that an answer is of: `all` where they are pooled, else the only one; None of several."""
    return ALL if ALL in benchmarks else benchmarks[0] if len(benchmarks) == 1 else None


def tally(pairs: Sequence[Verdict]) -> str:
    """How many comparisons came out which way, in a sentence.

    Parameters
    ----------
    pairs
        Verdicts on RL models and their bases.
    """
    counts = Counter(verdict.word for verdict in pairs)
    benchmarks, models = ({getattr(verdict, name) for verdict in pairs} for name in ("benchmark", "model"))
    at, things = "in", "comparisons (a benchmark and an RL model each)"
    if len(models) == 1:
        at, things = "on", "benchmarks"
    elif len(benchmarks) == 1:
        at, things = "for", "RL models"
    present = [word for word in WORDS if counts[word]]
    if not present:
        return ""
    share = "all" if counts[present[0]] == len(pairs) else f"{counts[present[0]]} of"
    clauses = [f"{present[0]} {at} {share} {len(pairs)} {things}"]
    clauses += [f"{word} {at} {counts[word]}" for word in present[1:]]
    failed = sum(not verdict.is_converged for verdict in pairs)
    mark = f" ({failed} fit{'s' * (failed != 1)} did not converge)" if failed else ""
    return f"{upper_first(', '.join(clauses))}{mark}."


def legend(margin: float, level: float) -> str:
    """What the words of a verdict and the brackets mean.

    Examples
    --------
    >>> print(legend(0.005, 0.95))
    Narrowed (widened): with a probability of 0.95 or more, pass@k of RL is lower (higher) than that of its base by \
more than 0.5 points at k = n, the number of samples. Brackets hold 95 % intervals.
    """
    return (
        f"Narrowed (widened): with a probability of {SURE:.2f} or more, pass@k of RL is lower (higher) than that of "
        f"its base{by_over(margin)} at k = n, the number of samples. Brackets hold {level_text(level)} "
        "intervals."
    )


def _not_pooled(verdicts: Sequence[Verdict]) -> str:
    """What is said where benchmarks are neither pooled nor compared with a base: which model leads where."""
    rankings = [verdict for verdict in verdicts if verdict.subject == "ranking"]
    if not rankings:
        return _alone([verdict for verdict in verdicts if verdict.subject == "model"])
    leaders = Counter(verdict.model for verdict in rankings)
    clauses = [f"{model} on {count} of {len(rankings)} benchmarks" for model, count in leaders.most_common(3)]
    budgets = {verdict.leads_at for verdict in rankings}
    at = "at the smallest k" if len(budgets) > 1 else f"at k = {budget(budgets.pop())}"
    place = "with one sample" if at == "at k = 1" else at
    return f"Likeliest to be the best {place}: {', '.join(clauses)}."


def _alone(of_models: Sequence[Verdict]) -> str:
    """The sentences on models alone, the benchmark before each where there are several."""
    with_benchmark = len({verdict.benchmark for verdict in of_models}) > 1
    sentences = [
        behind_colon(benchmark_name(verdict.benchmark), verdict.sentence) if with_benchmark else verdict.sentence
        for verdict in of_models[:MOST_ALONE]
    ]
    if n_left_out := len(of_models) - len(sentences):
        sentences.append(f"{n_left_out} more are in the table.")
    return " ".join(sentences)
