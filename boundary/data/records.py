"""What a reader of published samples gives: the samples of a problem, only their counts, or audited verdicts."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

CORRECT, WRONG = "correct", "wrong"
NO_ANSWER, TRUNCATED, TIMEOUT, EMPTY = "no_answer", "truncated", "timeout", "empty"
VERIFIER_ERROR = "verifier_error"
OUTCOMES = (CORRECT, WRONG, NO_ANSWER, TRUNCATED, TIMEOUT, EMPTY, VERIFIER_ERROR)
FALSE_POSITIVE, FALSE_NEGATIVE = "false_positive", "false_negative"
# How tables write that a cell holds nothing: of pandas, R, Excel and databases.
MISSING_CELLS = ("", "nan", "na", "n/a", "#n/a", "<na>", "none", "null")
# No sample has more; a larger number is another thing, such as the tokens of a whole run.
MOST_TOKENS = 10**9
NO_FACTS: Mapping[str, Any] = {}


class Answers(NamedTuple):
    """Samples of one model on one problem, in the order of the file.

    Parameters
    ----------
    problem_id
        The problem's name in the file.
    outcomes
        One of OUTCOMES for each sample. A sample that was never run or judged is left out, and noted; where none is
        left the list is empty, so that the problem is reported and not lost.
    model, benchmark
        Where the file or its name says; otherwise None.
    run
        The seed or trial where the file or its name says; otherwise files that share problems are runs.
    sample_index
        Places of the samples where the file numbers them; None for the order in which they come.
    texts
        A number for each sample's text, equal where texts are equal (`text_hash`); 0 where unknown.
    tokens
        Tokens that the model wrote in each sample; None in place of a number that the file does not give.
    question
        The problem's text, which tells problems of one name apart.
    prompt
        What the model was given, word by word, or a fingerprint of it: template and worked examples included.
    settings
        What was set for these samples, beside what the source as a whole says: samples of other settings are not
        pooled.
    reasons
        For each sample why it failed, in the verifier's words; "" where it did not, or the file gives no reason.
    facts
        What is known of the problem or of the sampling (level, temperature), to become columns of the counts.
    whole
        True where a problem has one record in a file, so that a second one is an error.
    line
        Where it stands in the file, for messages.
    """

    problem_id: str
    outcomes: Sequence[str]
    model: str | None = None
    benchmark: str | None = None
    run: str | None = None
    sample_index: Sequence[int] | None = None
    texts: Sequence[int] | None = None
    tokens: Sequence[int | None] | None = None
    question: str | bytes | None = None
    prompt: str | bytes | None = None
    facts: Mapping[str, Any] = NO_FACTS
    settings: Mapping[str, Any] = NO_FACTS
    reasons: Sequence[str] | None = None
    whole: bool = True
    line: int | None = None


class Tally(NamedTuple):
    """Counts of one model on one problem, from a format that holds no single samples."""

    problem_id: str
    n_samples: int
    n_correct: int
    model: str | None = None
    benchmark: str | None = None
    facts: Mapping[str, Any] = NO_FACTS
    settings: Mapping[str, Any] = NO_FACTS
    line: int | None = None


class Audit(NamedTuple):
    """Checked verdicts of one kind on one problem.

    Parameters
    ----------
    benchmark, problem_id
        What the verdicts are on; problem_id None for the benchmark as a whole.
    kind
        FALSE_POSITIVE: of `n_checked` samples judged correct, `errors` are wrong. FALSE_NEGATIVE: of `n_checked`
        samples judged wrong, `errors` are correct.
    errors, n_checked
        Whole numbers, 0 <= errors <= n_checked.
    """

    benchmark: str
    problem_id: str | None
    kind: str
    errors: int
    n_checked: int


def text_hash(text: str | bytes | memoryview) -> int:
    """A number of 64 bits for a text; equal texts have equal numbers, and 0 is left for unknown ones."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little") or 1


def whole_number(value: Any, name: str) -> int:
    """A count: 3 or 3.0, but not true.

    Raises
    ------
    ValueError
        For everything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value % 1 or value < 0:
        raise ValueError(f"{name} is {str(value)[:40]}, not a whole number")
    return int(value)


def token_count(value: Any) -> int | None:
    """Tokens that a model wrote, as a file states them; None for everything that is no whole number of at least 0.

    A number of tokens decides no verdict: one that makes no sense is unknown, and no reason to refuse the sample.

    Examples
    --------
    >>> token_count(12.0), token_count("12"), token_count(-1)
    (12, None, None)
    """
    try:
        number = whole_number(value, "tokens")
    except ValueError:
        return None
    return number if number <= MOST_TOKENS else None


def verdict(value: Any) -> bool:
    """True for 1, 1.0 and true, False for 0, 0.0 and false.

    Raises
    ------
    ValueError
        For everything else: a share of tests passed, a sentinel or a word is not the verdict on a sample.
    """
    if value is True or value is False:
        return bool(value)
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    shown = " ".join(str(value).split())[:40]
    raise ValueError(f"{shown!r} is not a verdict of true or false")
