"""Where a report comes from: the command, the day, and the hash of the counts."""

import hashlib
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from boundary.analysis.result import Analysis
from boundary.data.counts import Counts
from boundary.plain_text import redacted

COUNT_COLUMNS = ["model", "benchmark", "problem_id", "n_samples", "n_correct"]
OUTPUT_OPTIONS = ("-o", "--output")
# The value in the same word: `--output=report`, `-oreport`.
OUTPUT_WITH_VALUE = re.compile(r"--output=|-o.")
EPOCH = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True)
class Provenance:
    """What a report states of its making, beside the settings.

    Parameters
    ----------
    command
        The command line; empty where the report was written from Python.
    date
        The day as `YYYY-MM-DD`; empty where it is not to be stated, so that the same analysis gives the same bytes.
    """

    command: str = ""
    date: str = ""


def provenance_of_command(arguments: Sequence[str]) -> Provenance:
    """The provenance of a report that a command writes now.

    Parameters
    ----------
    arguments
        Of `boundary`, the name of the command first. The output folder is left out, since the same analysis gives the
        same page wherever it is written.

    Returns
    -------
    Provenance
        With today's day in UTC, or that of the environment variable SOURCE_DATE_EPOCH (seconds since 1970), which
        makes the page the same on any day.

    Examples
    --------
    >>> provenance_of_command(["analyze", "my counts.csv", "-o", "report"]).command
    "boundary analyze 'my counts.csv'"
    """
    command = redacted(f"boundary {shlex.join(_without_output(arguments))}")
    return Provenance(command, _day(os.environ.get(EPOCH, "")))


def with_provenance(analysis: Analysis, provenance: Provenance) -> Analysis:
    """The analysis, whose `write` states a provenance in the report."""
    return replace(analysis, writer=partial(analysis.writer, provenance=provenance))


def counts_hash(counts: Counts) -> str:
    """SHA-256 of the counts: of model, benchmark, problem, samples and correct samples, sorted, as CSV."""
    rows = counts.table[COUNT_COLUMNS].sort_values(COUNT_COLUMNS[:3])
    return hashlib.sha256(rows.to_csv(index=False, lineterminator="\n").encode("utf-8", "surrogatepass")).hexdigest()


def _without_output(arguments: Sequence[str]) -> list[str]:
    words: list[str] = []
    is_value = False
    for place, word in enumerate(arguments):
        if word == "--" and not is_value:  # no options behind it
            return [*words, *arguments[place:]]
        if not is_value and not OUTPUT_WITH_VALUE.match(word):
            is_value = word in OUTPUT_OPTIONS
            words += [] if is_value else [word]
        else:
            is_value = False
    return words


def _day(epoch: str) -> str:
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return moment.strftime("%Y-%m-%d")
