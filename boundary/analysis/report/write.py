"""The files of the report, and how those of figures are named."""

import re
from pathlib import Path

from boundary.analysis.figures.drawing import image
from boundary.analysis.output.files import FIGURE_FOLDER, FIGURE_TYPES, refuse_link
from boundary.analysis.report.page import Pictures, drawn_figures, report_html
from boundary.analysis.report.summary import summary_json
from boundary.analysis.result import Analysis
from boundary.data.tables.writing import write_bytes, write_text

# File systems take names of 255 bytes at most.
LONGEST_STEM = 100


def write_report(analysis: Analysis, folder: str | Path) -> list[Path]:
    """Write report.html, summary.json and figures/*.png and *.pdf.

    Parameters
    ----------
    analysis
        What `boundary.analyze` returns.
    folder
        Made where it is missing; files of the same names are replaced.

    Returns
    -------
    list of Path
        The files written.
    """
    folder = Path(folder)
    refuse_link(folder / FIGURE_FOLDER)
    (folder / FIGURE_FOLDER).mkdir(parents=True, exist_ok=True)
    paths, pictures = [], Pictures()
    for benchmark, stem in zip(analysis.benchmarks, file_stems(analysis.benchmarks), strict=True):
        figures = drawn_figures(analysis, benchmark)
        pictures[benchmark] = {name: image(figure, "svg") for name, figure in figures.items()}
        for name, figure in figures.items():
            for suffix in FIGURE_TYPES:
                paths.append(folder / FIGURE_FOLDER / f"{stem}-{name}.{suffix}")
                write_bytes(paths[-1], image(figure, suffix))
    texts = {"report.html": report_html(analysis, pictures), "summary.json": summary_json(analysis) + "\n"}
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts] + paths


def file_stems(benchmarks: tuple[str, ...]) -> list[str]:
    """Turn benchmark names into file names: safe on every system, and no two alike."""
    stems: list[str] = []
    for benchmark in benchmarks:
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", benchmark)[:LONGEST_STEM].strip("-.") or "benchmark"
        lowered = {earlier.lower() for earlier in stems}
        candidates = [stem, *(f"{stem}-{number}" for number in range(2, len(benchmarks) + 2))]
        stems.append(next(name for name in candidates if name.lower() not in lowered))
    return stems
