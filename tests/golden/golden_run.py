"""The run whose outputs are kept: checkpoints, ranking, claims, verifier errors and samples without a verdict."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent / "outputs"
TABLES = ("estimates.csv", "problems.csv")
CLAIMS = {"narrower": "shrinkage(32) step-200 > 0", "better": "pass_at_k(1) step-200 > base"}
UNSEEN = ("script", "style", "svg")


def small_counts() -> pd.DataFrame:
    """Counts of a base and two checkpoints on two benchmarks of 24 problems, a tenth of the samples truncated."""
    rng = np.random.default_rng(20250418)
    rows = []
    for benchmark in ("algebra", "geometry"):
        base = rng.beta(0.5, 1.2, 24)
        sharpened = np.where(base < 0.12, 0.0, base**0.5)
        for model, step, p in (
            ("base", 0, base),
            ("step-100", 100, (base + sharpened) / 2),
            ("step-200", 200, sharpened),
        ):
            correct = rng.binomial(32, p)
            truncated = rng.binomial(32 - correct, 0.1)
            rows += [
                (model, benchmark, f"{benchmark}-{i:02}", 32, int(c), int(t), step)
                for i, (c, t) in enumerate(zip(correct, truncated, strict=True))
            ]
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct", "n_truncated", "checkpoint_step"]
    return pd.DataFrame(rows, columns=columns)


def write_outputs(folder: Path) -> None:
    """Analyse the small counts and write all into a folder."""
    import boundary

    boundary.analyze(
        small_counts(),
        base="base",
        k=[1, 8, 32, 128],
        claims=CLAIMS,
        require=0.9,
        verifier=boundary.VerifierErrors(false_positive=0.01),
        outcomes_as_missing="truncated",
        seed=3,
    ).write(folder)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.unseen += tag in UNSEEN

    def handle_endtag(self, tag: str) -> None:
        self.unseen -= tag in UNSEEN

    def handle_data(self, data: str) -> None:
        if not self.unseen and data.strip():
            self.lines.append(" ".join(data.split()))


def report_text(page: Path) -> list[str]:
    """What is read on a page, a line for each piece of text."""
    parser = _Text()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.lines


def without_numbers(text: str) -> str:
    """A text with # for every number: words are compared exactly, numbers within their Monte Carlo error."""
    return re.sub(r"(over |under )?[\u2212-]?\d[\d,.]*(e-?\d+)?", "#", text)


def keep(folder: Path, kept: Path = FOLDER) -> None:
    """Copy what is compared of a written folder."""
    kept.mkdir(exist_ok=True)
    for name in (*TABLES, "summary.json"):
        (kept / name).write_bytes((folder / name).read_bytes())
    (kept / "report.txt").write_text("\n".join(report_text(folder / "report.html")) + "\n", encoding="utf-8")


def skeleton(value: object) -> object:
    """JSON with its numbers masked."""
    if isinstance(value, dict):
        return {name: skeleton(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [skeleton(inner) for inner in value]
    if isinstance(value, str):
        return without_numbers(value)
    return "#" if isinstance(value, int | float) and not isinstance(value, bool) else value


def summary_skeleton(path: Path) -> object:
    """What summary.json says, numbers masked; versions are those of the environment."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["settings"].pop("versions")
    return skeleton(content)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as written:
        write_outputs(Path(written))
        keep(Path(written))
