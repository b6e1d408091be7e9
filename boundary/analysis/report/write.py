"""The files of an analysis: the report with its figures, the tables, the posterior."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd

from boundary.analysis.figures import draw_figures
from boundary.analysis.figures.drawing import image
from boundary.analysis.output.files import FIGURE_FOLDER, FIGURE_FORMATS, POSTERIOR_FILE, SVG, refuse_link
from boundary.analysis.output.folder import written_together
from boundary.analysis.output.posterior import write_posterior
from boundary.analysis.report.page import Pictures, report_html
from boundary.analysis.report.rows import figure_data
from boundary.analysis.report.summary import summary_json
from boundary.analysis.result import Analysis
from boundary.data.tables.writing import write_bytes, write_csv, write_text
from boundary.errors import InputError

# File systems take names of 255 bytes at most.
LONGEST_STEM = 100


def write_analysis(
    analysis: Analysis, folder: Path, figure_formats: Sequence[str] = (), posterior: bool = True
) -> list[Path]:
    """Write all files of an analysis, all together or none: see `Analysis.write`."""
    formats = _checked_formats(figure_formats)
    with written_together(folder) as stage, ThreadPoolExecutor(1) as pool:
        draws = []
        if posterior:  # compressing draws leaves Python free to draw figures
            new_problems = analysis.request.target == "superpopulation"
            draws = [pool.submit(write_posterior, analysis.rates, stage / POSTERIOR_FILE, new_problems)]
        report_paths = write_report(analysis, stage, formats)
        tables = _tables(analysis)
        for name, table in tables.items():
            write_csv(table, stage / name, float_format="%.8g")
        paths = [report_paths[0], *(stage / name for name in tables), *(job.result() for job in draws)]
        paths += report_paths[1:]
    return [folder / path.relative_to(stage) for path in paths]


def _checked_formats(formats: Sequence[str]) -> list[str]:
    """Formats of figures beside SVG, each once."""
    formats = [formats] if isinstance(formats, str) else list(dict.fromkeys(formats))
    for name in formats:
        if name not in FIGURE_FORMATS:
            raise InputError(f"There is no figure format '{name}'. Choose from {', '.join(FIGURE_FORMATS)}.")
    return [name for name in formats if name != SVG]


def _tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Tables by the names of their files; those that hold nothing are left out, but for what every analysis has."""
    checks = analysis.model_checks
    tables = {
        "estimates.csv": analysis.estimates,
        "problems.csv": analysis.problems,
        "curves.csv": analysis.curves,
        "checks.csv": checks.checks,
        "families.csv": checks.families,
    }
    optional = {
        "sensitivity.csv": checks.sensitivity,
        "claims.csv": analysis.claims,
        "errors.csv": analysis.tipping_points,
        "outcomes.csv": analysis.missing_outcomes.rows,
    }
    return tables | {name: table for name, table in optional.items() if len(table)}


def write_report(analysis: Analysis, folder: str | Path, figure_formats: Sequence[str] = ()) -> list[Path]:
    """Write report.html, summary.json and figures/*.svg.

    Parameters
    ----------
    analysis
        What `boundary.analyze` returns.
    folder
        Made where it is missing; files of the same names are replaced.
    figure_formats
        `pdf` or `png`, to write each figure as such a file too.

    Returns
    -------
    list of Path
        The files written.
    """
    # Columns of Python's strings are searched and taken apart in two thirds of the time of Arrow's.
    rows = analysis.estimates
    analysis = replace(analysis, estimates=rows.astype({name: object for name in rows if rows[name].dtype == "str"}))
    folder = Path(folder)
    refuse_link(folder / FIGURE_FOLDER)
    (folder / FIGURE_FOLDER).mkdir(parents=True, exist_ok=True)
    paths, pictures = [], Pictures()
    for (benchmark, data), stem in zip(figure_data(analysis).items(), file_stems(analysis.benchmarks), strict=True):
        figures = draw_figures(data)
        pictures[benchmark] = {name: image(figure, SVG) for name, figure in figures.items()}
        for name, figure in figures.items():
            for suffix in (SVG, *figure_formats):
                paths.append(folder / FIGURE_FOLDER / f"{stem}-{name}.{suffix}")
                write_bytes(paths[-1], pictures[benchmark][name] if suffix == SVG else image(figure, suffix))
    pages = {"report.html": report_html(analysis, pictures), "summary.json": summary_json(analysis) + "\n"}
    for name, text in pages.items():
        write_text(folder / name, text)
    return [folder / name for name in pages] + paths


def file_stems(benchmarks: tuple[str, ...]) -> list[str]:
    """Turn benchmark names into file names: safe on every system, and no two alike."""
    stems: list[str] = []
    for benchmark in benchmarks:
        stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", benchmark)[:LONGEST_STEM].strip("-.") or "benchmark"
        lowered = {earlier.lower() for earlier in stems}
        candidates = [stem, *(f"{stem}-{number}" for number in range(2, len(benchmarks) + 2))]
        stems.append(next(name for name in candidates if name.lower() not in lowered))
    return stems
