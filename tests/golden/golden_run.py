"""Two small analyses whose outputs are kept, so that a change of what users read cannot pass unseen.

`checkpoints`: a training run on two benchmarks with a ranking, claims and samples without a verdict.
`errors`: a pair whose verifier errs, under the default prior.
"""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

KEPT = Path(__file__).parent / "outputs"
TABLES = ("estimates.csv", "problems.csv", "claims.csv", "outcomes.csv", "errors.csv")
CLAIMS = {"narrower": "shrinkage(32) step-200 > 0", "better": "pass_at_k(1) step-200 > base"}
UNREAD = ("script", "style", "svg")


def small_counts() -> pd.DataFrame:
    """Counts of a base and two checkpoints on two benchmarks of 24 problems, a tenth of the samples truncated."""
    rng = np.random.default_rng(20250418)
    rows = []
    for benchmark in ("algebra", "geometry"):
        base = rng.beta(0.5, 1.2, 24)
        sharpened = np.where(base < 0.12, 0.0, base**0.5)
        rates = {"base": base, "step-100": (base + sharpened) / 2, "step-200": sharpened}
        for step, (model, p) in enumerate(rates.items()):
            correct = rng.binomial(32, p)
            truncated = rng.binomial(32 - correct, 0.1)
            rows += [
                (model, benchmark, f"{benchmark}-{i:02}", 32, int(c), int(t), 100 * step)
                for i, (c, t) in enumerate(zip(correct, truncated, strict=True))
            ]
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct", "n_truncated", "checkpoint_step"]
    return pd.DataFrame(rows, columns=columns)


def analyses() -> dict[str, Any]:
    """The two analyses, by name."""
    import boundary

    counts = small_counts()
    pair = counts.loc[(counts["benchmark"] == "algebra") & (counts["model"] != "step-100")]
    return {
        "checkpoints": boundary.analyze(
            counts, base="base", prior="independent", k=[1, 8, 32, 128], claims=CLAIMS, require=0.9, seed=3
        ),
        "errors": boundary.analyze(
            pair.drop(columns=["n_truncated", "checkpoint_step"]),
            base="base",
            k=[1, 32, 128],
            estimands=["support_rates"],
            verifier=boundary.VerifierErrors(false_positive=0.005),
            seed=3,
        ),
    }


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.unread = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.unread += tag in UNREAD

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in UNREAD

    def handle_data(self, data: str) -> None:
        if not self.unread and data.strip():
            self.lines.append(" ".join(data.split()))


def page_text(page: Path) -> list[str]:
    """What is read on a page, a line for each piece of text."""
    parser = _Text()
    parser.feed(page.read_text(encoding="utf-8").replace("<wbr>", ""))  # where a name may break, no text ends
    return parser.lines


def without_numbers(text: str) -> str:
    """A text with # for every number, and for the words and signs before one near 0 or 1."""
    return re.sub(r"(over |under |[<>])?[\u2212-]?\d[\d,.]*(e-?\d+)?", "#", text)


def keep(output_folder: Path, kept: Path) -> None:
    """Copy what is compared of a written folder."""
    kept.mkdir(exist_ok=True, parents=True)
    for name in (*TABLES, "summary.json"):
        if (output_folder / name).exists():
            (kept / name).write_bytes((output_folder / name).read_bytes())
    (kept / "report.txt").write_text("\n".join(page_text(output_folder / "report.html")) + "\n", encoding="utf-8")


def summary_skeleton(path: Path) -> object:
    """What summary.json says, its numbers masked; versions and what converged worst are those of the environment."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["settings"].pop("versions")
    for row in content["diagnostics"]:
        for name in ("worst", "worst_interval", "worst_visible"):
            row.pop(name, None)
    return _masked(content)


def page_skeleton(folder: Path) -> list[str]:
    """What the page says, its numbers masked, and so is what converged worst."""
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    worst = {
        row[name]
        for row in summary["diagnostics"]
        for name in ("worst", "worst_interval", "worst_visible")
        if row.get(name)
    }
    lines = (folder / "report.txt").read_text(encoding="utf-8").splitlines()
    return [
        "#" if line in worst or line.startswith("The ends of intervals are known") else without_numbers(line)
        for line in lines
    ]


def _masked(value: object) -> object:
    if isinstance(value, dict):
        return {name: _masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner) for inner in value]
    if isinstance(value, str):
        return without_numbers(value)
    return "#" if isinstance(value, int | float) and not isinstance(value, bool) else value


if __name__ == "__main__":
    import tempfile

    for label, analysis in analyses().items():
        with tempfile.TemporaryDirectory() as folder:
            analysis.write(folder)
            keep(Path(folder), KEPT / label)
