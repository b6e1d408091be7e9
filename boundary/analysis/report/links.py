"""Links of the page to the files beside it: only to those that are written."""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from boundary.analysis.output.files import FIGURE_FOLDER

# Of the figures of a whole analysis.
OVERVIEW_STEM = "overview"
# File systems take names of 255 bytes at most.
LONGEST_STEM = 100
DESCRIPTIONS = {
    "estimates.csv": "every estimate, one row a number",
    "problems.csv": "every problem of every model",
    "checks.csv": "posterior predictive checks",
    "families.csv": "families of populations and how they predict",
    "sensitivity.csv": "the main estimates under other families",
    "claims.csv": "the claims with their probabilities",
    "errors.csv": "shrinkage against the verifier's false-positive rate",
    "outcomes.csv": "the main estimates with missing outcomes as wrong and as missing",
    "likelihood.csv": "perplexities, their differences, and the gain by counts and scores",
    "likelihood_problems.csv": "perplexities and their differences, problem by problem",
    "reach_by_scores.csv": "the base's solve rate by scores and by counts, problem by problem",
    "cost.csv": "solved problems against tokens or money, with curves and estimates at token limits",
    "curves.csv": "the curves of the figures at many budgets",
    "breadth.csv": "different answers, entropy, agreement and majority votes",
    "guess_floors.csv": "measured guess floors, problem by problem",
    "runs.csv": "methods with several training runs, chosen models, the strongest of several bases",
    "summary.json": "verdicts, diagnostics, settings and headline estimates for scripts",
    "posterior.nc": "draws of the solve rates, for ArviZ",
}


class FileLink(NamedTuple):
    """A file beside the page."""

    name: str
    url: str
    description: str


class FileLinks:
    """The files beside the page.

    Parameters
    ----------
    benchmarks
        Of the analysis, in its order.
    names
        Paths of the files that are written, from the folder of the page.
    """

    def __init__(self, benchmarks: Sequence[str], names: Sequence[str]) -> None:
        self.names = list(names)
        self._stems = {"": OVERVIEW_STEM} | dict(zip(benchmarks, file_stems(tuple(benchmarks)), strict=True))

    def url(self, name: str) -> str:
        """Relative URL of a file; empty where it is not written."""
        return quote(name) if name in self.names else ""

    @property
    def tables(self) -> list[FileLink]:
        """Tables, the summary and the posterior."""
        return [FileLink(name, quote(name), text) for name, text in DESCRIPTIONS.items() if name in self.names]

    def figures(self, benchmark: str, name: str = "") -> list[FileLink]:
        """Files of a benchmark's figures, or of the one with this name."""
        start = f"{FIGURE_FOLDER}/{self._stems[benchmark]}-"
        paths = [path for path in self.names if path.startswith(start) and "-" not in path.removeprefix(start)]
        files = [FileLink(path.removeprefix(start), quote(path), "") for path in paths]
        return [file for file in files if not name or file.name.rpartition(".")[0] == name]


def file_stems(benchmarks: tuple[str, ...]) -> list[str]:
    """Turn benchmark names into file names: safe on every system, no two alike, none that of the overview."""
    stems: list[str] = []
    for benchmark in benchmarks:
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", benchmark)[:LONGEST_STEM].strip("-.") or "benchmark"
        lowered = {earlier.lower() for earlier in (OVERVIEW_STEM, *stems)}
        candidates = [stem, *(f"{stem}-{number}" for number in range(2, len(benchmarks) + 2))]
        stems.append(next(name for name in candidates if name.lower() not in lowered))
    return stems
