"""From samples to verdicts: the answer is found in each text, and each pair of reference and answer is judged once."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from boundary.sampling.answers.extraction import ExtractedAnswer
from boundary.sampling.answers.references import references
from boundary.sampling.judging.pool import Pool
from boundary.sampling.problems import Completion, Outcome, Problem, Verdict, text_hash
from boundary.sampling.verifiers.spec import Judgement, Verifier

# What judgements are kept by: the reference answers (or the problem), and the answer.
Question = tuple[str, str]
# Characters of an answer that a verdict keeps.
LONGEST_ANSWER = 500


@contextmanager
def judging(
    problems: Iterable[Problem], verifier: Verifier, workers: int = 2
) -> Iterator[Callable[[Iterable[Completion]], list[Verdict]]]:
    """Keep workers and judgements from batch to batch: `with judging(problems, verifier) as judge_batch: ...`.

    Parameters
    ----------
    problems
        Those that the samples are of.
    verifier
        What judges.
    workers
        Number of worker processes.
    """
    by_id = {problem.problem_id: problem for problem in problems}
    with Pool(verifier.target, workers, verifier.timeout, verifier.memory) as pool:
        yield _Judge(by_id, verifier, pool).verdicts


def judge(
    problems: Iterable[Problem], completions: Iterable[Completion], verifier: Verifier, workers: int = 2
) -> list[Verdict]:
    """Verdicts on samples, in their order; see `judging`.

    Returns
    -------
    A verdict for each sample.

    Examples
    --------
    >>> from boundary.sampling.verifiers.table import load_verifier
    >>> problem, sample = Problem("p", "What is 1 + 1?", "2"), Completion("p", 0, "The answer is 2.", "stop", 5)
    >>> judge([problem], [sample], load_verifier("number"))[0].outcome
    'correct'
    """
    with judging(problems, verifier, workers) as judge_batch:
        return judge_batch(completions)


@dataclass(frozen=True)
class _Judge:
    problems: Mapping[str, Problem]
    verifier: Verifier
    pool: Pool
    judgements: dict[Question, Judgement] = field(default_factory=dict)

    def verdicts(self, completions: Iterable[Completion]) -> list[Verdict]:
        """Verdicts on a batch of samples, in their order."""
        samples = list(completions)
        answers = [self._answer(sample) for sample in samples]
        questions = [self._question(sample, answer) for sample, answer in zip(samples, answers, strict=True)]
        new: dict[Question, Problem] = {}
        for sample, question in zip(samples, questions, strict=True):
            if question is not None and question not in self.judgements:
                new.setdefault(question, self.problems[sample.problem_id])
        self._judge_questions(new)
        return [
            _verdict(sample, answer, None if question is None else self.judgements[question])
            for sample, answer, question in zip(samples, answers, questions, strict=True)
        ]

    def _answer(self, sample: Completion) -> ExtractedAnswer | None:
        if not sample.text.strip():
            return None
        if self.verifier.extract_for:
            return self.verifier.extract_for(self.problems[sample.problem_id], sample.text)
        return self.verifier.extract(sample.text)

    def _question(self, sample: Completion, answer: ExtractedAnswer | None) -> Question | None:
        if answer is None:
            return None
        problem = self.problems[sample.problem_id]
        by_problem = self.verifier.by_problem
        return (problem.problem_id if by_problem else json.dumps(references(problem)), answer.answer)

    def _judge_questions(self, new: Mapping[Question, Problem]) -> None:
        """Judge what has no judgement yet, each question once."""
        verifier = self.verifier
        hard = []
        for question, problem in new.items():
            judgement = verifier.quick(*verifier.arguments(problem, question[1])) if verifier.quick else None
            if judgement is None:
                hard.append(question)
            else:
                self.judgements[question] = judgement
        # Arguments are made when a worker is free: a problem's tests can be large.
        for place, judgement in self.pool.judge(hard, lambda question: verifier.arguments(new[question], question[1])):
            self.judgements[hard[place]] = judgement


def _verdict(sample: Completion, answer: ExtractedAnswer | None, judgement: Judgement | None) -> Verdict:
    outcome, reason = _outcome(sample, answer, judgement)
    text = None if answer is None else answer.answer[:LONGEST_ANSWER]
    return Verdict(sample.problem_id, sample.sample_index, outcome, text, reason, text_hash(sample.text))


def _outcome(sample: Completion, answer: ExtractedAnswer | None, judgement: Judgement | None) -> tuple[Outcome, str]:
    """Outcome of a sample: a truncated one is correct only where it marks its answer, and never wrong."""
    truncated = sample.finish_reason == "length" and not (answer is not None and answer.ended)
    if not sample.text.strip():
        return ("truncated", "no text within the limit") if truncated else ("empty", "")
    if answer is None or judgement is None:
        return ("truncated", "no answer within the limit") if truncated else ("no_answer", "")
    if truncated and not (answer.explicit and judgement[0] == "correct"):
        return "truncated", judgement[1]
    return judgement
