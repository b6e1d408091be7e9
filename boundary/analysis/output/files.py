"""Names of the files of an analysis, and a check before the fit that they can be written."""

from collections.abc import Iterable
from pathlib import Path

from boundary.data.tables.writing import ANOTHER, check_writable, refuse_inputs, refuse_run_folder
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


def check_output(folder: str | Path, inputs: Iterable[str | Path]) -> None:
    """Check before the fit that the output folder can be written, and that no input would be overwritten.

    Parameters
    ----------
    folder
        The output folder; it may be missing, and is not made here.
    inputs
        What the analysis reads: counts, run folders, samples, claims, rates, audits.

    Raises
    ------
    InputError
        If it cannot be written, is a run folder, or one of the files to be written is an input or a folder.
    """
    folder, inputs = Path(folder), list(inputs)
    check_writable(folder, is_folder=True)
    for name in (FIGURE_FOLDER, FITS_FOLDER):
        refuse_link(folder / name)
        check_writable(folder / name, is_folder=True)
    refuse_run_folder(folder, inputs)
    for name in FILES:
        if (folder / name).is_dir():
            raise InputError(f"'{folder / name}' is a folder, where a file is to be. {ANOTHER}")
    figures = sorted((folder / FIGURE_FOLDER).glob("*")) if (folder / FIGURE_FOLDER).is_dir() else []
    refuse_inputs([*(folder / name for name in FILES), *figures], inputs)


def refuse_link(folder: Path) -> None:
    """Refuse a link in place of a folder within the output: files elsewhere would change through it.

    Raises
    ------
    InputError
        If it is one.
    """
    if folder.is_symlink():
        raise InputError(f"'{folder}' is a link. Remove it, or choose another output folder.")
