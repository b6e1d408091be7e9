"""Parquet tables of Schaeffer et al., "How Do Large Language Monkeys Get Their Power (Laws)?" (arXiv 2502.17578).

`*_pass_at_k.parquet`: a row for each model, problem and k: Model, Benchmark or Modality, Problem Idx, Num. Samples
(Total), Num. Samples Correct, Scaling Parameter (k), Score (pass@k). Every k repeats the counts: they are
taken once. The score at a k above the number of samples is no estimate, and no score is used.
`*_individual_outcomes.parquet`: a row for each attempt: Model, Benchmark, Problem Idx, Attempt Idx, Score (0 or 1).
"""

from collections.abc import Iterator
from math import comb, isfinite
from pathlib import Path
from typing import Any

from boundary.data.readers.parquet_rows import column_names, parquet_rows
from boundary.data.readers.streams import Source
from boundary.data.records import CORRECT, WRONG, Answers, Tally, verdict, whole_number
from boundary.plain_text import agreeing, count_text

SAMPLES, CORRECTS, ATTEMPT = ("Num. Samples Total", "Num. Samples"), "Num. Samples Correct", "Attempt Idx"
NAMES = ["Model", "Benchmark", "Modality", "Temperature", "Problem Idx", *SAMPLES, CORRECTS, ATTEMPT]
COLUMNS = [*NAMES, "Scaling Parameter", "Score"]
AT_ONCE = 10_000
NEAR = 1e-6


def recognises(path: Path, head: bytes) -> bool:
    """Whether the columns are those of counts or of attempts."""
    names = set(column_names(path, head))
    counts = CORRECTS in names and bool(names & set(SAMPLES))
    return {"Model", "Problem Idx"} <= names and (counts or {ATTEMPT, "Score"} <= names)


def read(source: Source) -> Iterator[Answers | Tally]:
    """Counts, or samples in the order of the attempts."""
    names = column_names(source.path, source.head())
    if ATTEMPT in names and CORRECTS not in names:
        yield from _attempts(source)
    else:
        yield from _counts(source)


def _attempts(source: Source) -> Iterator[Answers]:
    attempts: set[tuple[Any, ...]] = set()
    for number, row in parquet_rows(source, COLUMNS, AT_ONCE):
        key = (row.get("Model"), row.get("Benchmark"), row.get("Problem Idx"), row.get(ATTEMPT))
        try:
            names = _names_and_settings(row)
            attempt = whole_number(row.get(ATTEMPT), ATTEMPT)
            if key in attempts:
                raise ValueError(f"attempt {attempt} of problem {names['problem_id']} appears twice")
            outcome = CORRECT if verdict(row.get("Score")) else WRONG
        except ValueError as error:
            source.broken(f"row {number}: {error}")
            continue
        attempts.add(key)
        yield Answers(outcomes=[outcome], sample_index=[attempt], whole=False, **names)


def _counts(source: Source) -> Iterator[Tally]:
    counts: dict[tuple[Any, ...], tuple[int, int]] = {}
    above = differing = 0
    for number, row in parquet_rows(source, COLUMNS, AT_ONCE):
        try:
            names = _names_and_settings(row)
            n = whole_number(next((row[name] for name in SAMPLES if row.get(name) is not None), None), SAMPLES[0])
            c = whole_number(row.get(CORRECTS), CORRECTS)
            key = (names["model"], names["benchmark"], names["problem_id"])
            if c > n:
                raise ValueError(f"{c} correct of {n} samples")
            if counts.get(key, (n, c)) != (n, c):
                raise ValueError(
                    f"problem {key[2]} has {c} correct of {n}, where it had {counts[key][1]} of {counts[key][0]}"
                )
        except ValueError as error:
            source.broken(f"row {number}: {error}")
            continue
        k, score = row.get("Scaling Parameter"), row.get("Score")
        above += isinstance(k, int) and k > n
        differing += _differs(n, c, k, score)
        if key not in counts:
            counts[key] = (n, c)
            yield Tally(n_samples=n, n_correct=c, **names)
    _tell(above, differing, source)


def _names_and_settings(row: Any) -> dict[str, Any]:
    """Model, benchmark, problem and temperature of a row."""
    model, problem = row.get("Model"), row.get("Problem Idx")
    if not isinstance(model, str) or not isinstance(problem, int | str) or isinstance(problem, bool):
        raise ValueError(f"no model or problem ({model!r}, {problem!r})")
    temperature = row.get("Temperature")
    has_temperature = isinstance(temperature, float) and isfinite(temperature)
    benchmark = row.get("Benchmark") or row.get("Modality")
    return {
        "model": model,
        "benchmark": None if benchmark is None else str(benchmark),
        "problem_id": str(problem),
        "facts": {"temperature": temperature} if has_temperature else {},
    }


def _differs(n: int, c: int, k: Any, score: Any) -> bool:
    """Whether a score is not the unbiased pass@k of the counts (Chen et al. 2021, arXiv 2107.03374, equation 1)."""
    if not isinstance(k, int) or not 1 <= k <= n or not isinstance(score, float) or k > 100:
        return False
    expected = 1 - comb(n - c, k) / comb(n, k)
    return not abs(score - expected) < NEAR


def _tell(above: int, differing: int, source: Source) -> None:
    if above:
        source.note(
            f"'{source.path}': {count_text(above, 'score')} {agreeing(above, 'is', 'are')} pass@k of more than all "
            "samples; no score is used."
        )
    if differing:
        source.note(
            f"'{source.path}': {count_text(differing, 'score')} {agreeing(differing, 'is', 'are')} not the pass@k of "
            "the counts; these are used."
        )
