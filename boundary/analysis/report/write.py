"""The files of an analysis: the report with its figures, the tables, the posterior."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from boundary.analysis.figures import PAGE_WIDTH, chosen_figures, image
from boundary.analysis.figures.layout import report_style
from boundary.analysis.options import ALL_FIGURES, chosen_width
from boundary.analysis.output.files import FIGURE_FOLDER, FIGURE_FORMATS, POSTERIOR_FILE, SVG, refuse_link
from boundary.analysis.output.folder import written_together
from boundary.analysis.output.posterior import write_posterior
from boundary.analysis.progress import Progress, no_progress
from boundary.analysis.report.links import OVERVIEW_STEM, file_stems
from boundary.analysis.report.page import report_html
from boundary.analysis.report.pictures import OVERVIEW, page_pictures
from boundary.analysis.report.provenance import Provenance
from boundary.analysis.report.summary import summary_json
from boundary.analysis.result import Analysis
from boundary.data.tables.writing import write_bytes, write_csv, write_text
from boundary.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_analysis(
    analysis: Analysis,
    folder: Path,
    figure_formats: Sequence[str] = (),
    posterior: bool = True,
    *,
    figure_width: float | str = "page",
    figures: str | Sequence[str] = ALL_FIGURES,
    provenance: Provenance | None = None,
    progress: Progress = no_progress,
) -> list[Path]:
    """Write all files of an analysis, all together or none: see `Analysis.write`; the page states the provenance."""
    formats, width, names = _checked_formats(figure_formats), chosen_width(figure_width), chosen_figures(figures)
    with written_together(folder) as stage, ThreadPoolExecutor(1) as pool:
        draws = []
        if posterior:  # compressing draws leaves Python free to draw figures
            new_problems = analysis.request.target == "superpopulation"
            draws = [pool.submit(write_posterior, analysis.rates, stage / POSTERIOR_FILE, new_problems)]
        tables = _tables(analysis)
        beside = [*tables, *([POSTERIOR_FILE] if posterior else [])]
        report_paths = write_report(
            analysis, stage, formats, width, figures=names, beside=beside, provenance=provenance, progress=progress
        )
        progress("Writing tables and draws", 0, 0)
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
        "likelihood.csv": analysis.likelihood.rows,
        "likelihood_problems.csv": analysis.likelihood.problems,
        "reach_by_scores.csv": analysis.likelihood.reach,
        "cost.csv": analysis.cost.estimates,
        "breadth.csv": analysis.breadth.estimates,
        "guess_floors.csv": analysis.breadth.floors.problems,
        "runs.csv": analysis.training_runs.estimates,
        "trajectory.csv": analysis.trajectory.estimates,
        "strata.csv": analysis.strata.estimates,
    }
    return tables | {name: table for name, table in optional.items() if len(table)}


def write_report(
    analysis: Analysis,
    folder: str | Path,
    figure_formats: Sequence[str] = (),
    figure_width: float = PAGE_WIDTH,
    *,
    figures: Collection[str] | None = None,
    beside: Sequence[str] = (),
    provenance: Provenance | None = None,
    progress: Progress = no_progress,
) -> list[Path]:
    """Write report.html, summary.json and figures/*.svg.

    Parameters
    ----------
    analysis
        What `boundary.analyze` returns.
    folder
        Made where it is missing; files of the same names are replaced.
    figure_formats
        `pdf` or `png`, to write each figure as such a file too.
    figure_width
        Of these files, inches.
    figures
        Names of the figures to write as files; None for all. The page has all of them.
    beside
        Names of further files that stand beside the page, to which it links.
    provenance
        Command and day that the page states; neither where not given.
    progress
        Called with what is being made, the number of figures done and of all.

    Returns
    -------
    list of Path
        The files written.
    """
    # Columns of Python's strings are searched and taken apart in a third of the time of Arrow's; a copy has all columns
    # of one kind in one piece.
    rows = analysis.estimates
    columns = {name: object for name in rows if rows[name].dtype == "str"}
    analysis, folder = replace(analysis, estimates=rows.astype(columns).copy()), Path(folder)
    refuse_link(folder / FIGURE_FOLDER)
    (folder / FIGURE_FOLDER).mkdir(parents=True, exist_ok=True)
    stems = {OVERVIEW: OVERVIEW_STEM} | dict(zip(analysis.benchmarks, file_stems(analysis.benchmarks), strict=True))
    paths: list[Path] = []

    def keep(benchmark: str, name: str, draw: Callable[[float], "Figure"]) -> None:
        """Write a figure as SVG and in other formats; those of the whole analysis are called `overview-<name>`."""
        if figures is None or name in figures:
            figure = draw(figure_width)
            for suffix in (SVG, *figure_formats):
                paths.append(folder / FIGURE_FOLDER / f"{stems[benchmark]}-{name}.{suffix}")
                write_bytes(paths[-1], image(figure, suffix))

    with report_style():
        pictures = page_pictures(analysis, progress, keep)
        files = ["summary.json", *beside, *(path.relative_to(folder).as_posix() for path in paths)]
        progress("Writing the report", 0, 0)
        page = report_html(analysis, pictures, files=files, provenance=provenance)
    pages = {"report.html": page, "summary.json": summary_json(analysis) + "\n"}
    for name, text in pages.items():
        write_text(folder / name, text)
    return [folder / name for name in pages] + paths
