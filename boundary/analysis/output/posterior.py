"""The posterior as one netCDF file: a group for each fit, ArviZ groups inside it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from boundary.analysis.output.files import POSTERIOR_FILE
from boundary.analysis.output.netcdf import Chunks, write_groups
from boundary.data.readers.limits import mib, most_unpacked
from boundary.data.tables.writing import replacing
from boundary.errors import InputError
from boundary.stats.solve_rates import SolveRates, rates_from_groups

# Draws are kept in single precision, which holds seven digits; all else is kept as it is.
DRAWS = ("posterior", "log_likelihood")
PROBLEMS_OF_CHUNK = 8
# Log likelihoods are kept in steps of 1/1024, far below their Monte Carlo error, in half the room.
STEPS_OF_LOG_LIKELIHOOD = 1024


def write_posterior(rates: Mapping[str, SolveRates], path: Path, new_problems: bool = True) -> Path:
    """Write every fit: draws in single precision, which keeps seven digits, and log likelihoods to 0.0005.

    Parameters
    ----------
    rates
        As `Analysis.rates`.
    path
        The file.
    new_problems
        Whether to write the draws of new problems too, which only the target `superpopulation` needs.

    Returns
    -------
    Path
        The file.
    """
    with replacing(path) as new:
        write_groups(
            new, ((_group_name(name), _groups(name, fit, new_problems)) for name, fit in rates.items()), _chunks
        )
    return path


def _groups(name: str, fit: SolveRates, new_problems: bool) -> dict[str, xr.Dataset]:
    """What is kept of one fit, by ArviZ group."""
    groups = {}
    for group, dataset in fit.groups().items():
        groups[group] = kept = dataset.drop_vars([] if new_problems else "new_p", errors="ignore")
        kept.attrs["fit"] = name
        if group == "log_likelihood":
            kept["n_correct"] = kept["n_correct"].copy(data=_in_steps(kept["n_correct"].to_numpy()))
    return groups


def _in_steps(log_likelihood: np.ndarray) -> np.ndarray:
    return np.round(log_likelihood * STEPS_OF_LOG_LIKELIHOOD) / STEPS_OF_LOG_LIKELIHOOD


def _chunks(group: str, draws: xr.DataArray) -> Chunks | None:
    """How draws are kept: all those of a few problems in a chunk; all else is kept as it is.

    The rates of a problem take a few hundred values, which zlib finds again in whole numbers, but not in bytes shuffled
    by their place, where they take half as much room again. Log likelihoods take as many values as there are draws, and
    a quarter less room when shuffled.
    """
    if group not in DRAWS:
        return None
    few = {"problem": PROBLEMS_OF_CHUNK, "new_problem": PROBLEMS_OF_CHUNK, "model": 1}
    shape = tuple(min(few.get(str(name), size), size) for name, size in draws.sizes.items())
    return Chunks(shape, shuffle=group == "log_likelihood")


def read_posterior(path: str | Path) -> dict[str, SolveRates]:
    """Read the fits of an analysis back.

    Parameters
    ----------
    path
        A folder that `boundary analyze` wrote, or its posterior.nc.

    Returns
    -------
    As `Analysis.rates`: the posterior of each benchmark or, with several RL models, of each "benchmark: model".

    Raises
    ------
    InputError
        If there is no such file, or `boundary analyze` did not write it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from boundary import SolveRates, read_posterior
    >>> folder = tempfile.TemporaryDirectory()
    >>> rates = SolveRates.exact([[0.5, 1.0], [0.25, 0.0]], models=("base", "rl"))
    >>> _ = write_posterior({"AIME24": rates}, Path(folder.name, "posterior.nc"))
    >>> fits = read_posterior(folder.name)
    >>> fits["AIME24"].posterior.sel(model="base").values.ravel().tolist()
    [0.5, 0.25]
    >>> folder.cleanup()
    """
    path = Path(path)
    file = path / POSTERIOR_FILE if path.is_dir() else path
    try:
        with xr.open_datatree(file, engine="h5netcdf") as tree:
            _refuse_bomb(tree, file)
            fits = {}
            for group in tree.children.values():
                datasets = {str(name): child.to_dataset().load() for name, child in group.children.items()}
                fits[str(datasets["posterior"].attrs["fit"])] = rates_from_groups(datasets)
    except FileNotFoundError as error:
        raise InputError(f"'{file}' is not there. Name a folder that `boundary analyze` wrote.") from error
    except InputError:
        raise
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"'{file}' is no posterior that `boundary analyze` wrote: {error}") from error
    return fits


def _refuse_bomb(tree: xr.DataTree, path: Path) -> None:
    """Refuse arrays that are much larger than the file that holds them, before they are read."""
    size = sum(variable.nbytes for node in tree.subtree for variable in node.variables.values())
    most = most_unpacked(path.stat().st_size)
    if size > most:
        raise InputError(f"'{path}' expands to {mib(size)}, which no posterior of its size does. Analyse the counts.")


def _group_name(name: str) -> str:
    """The name of a fit, escaped for a netCDF group, where / and . mean a path; different names stay different."""
    escaped = name.replace("%", "%25").replace("/", "%2F")
    return escaped.replace(".", "%2E") if set(escaped) <= {"."} else escaped
