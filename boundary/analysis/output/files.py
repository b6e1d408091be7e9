"""Names of the files of an analysis."""

from pathlib import Path

from boundary.errors import InputError

TABLES = (
    "estimates",
    "curves",
    "problems",
    "checks",
    "families",
    "sensitivity",
    "claims",
    "errors",
    "outcomes",
    "likelihood",
    "likelihood_problems",
    "reach_by_scores",
    "cost",
    "breadth",
    "guess_floors",
    "runs",
    "trajectory",
    "strata",
)
POSTERIOR_FILE = "posterior.nc"
FILES = ("report.html", "summary.json", POSTERIOR_FILE, *(f"{name}.csv" for name in TABLES))
FIGURE_FOLDER = "figures"
SVG = "svg"
FIGURE_FORMATS = (SVG, "pdf", "png")
# Finished fits, until the report is written (`boundary.analysis.fit_store`).
FITS_FOLDER = ".boundary-fits"


def refuse_link(folder: Path) -> None:
    """Refuse a link in place of a folder within the output: files elsewhere would change through it.

    Raises
    ------
    InputError
        If it is one.
    """
    if folder.is_symlink():
        raise InputError(f"'{folder}' is a link. Remove it, or choose another output folder.")
