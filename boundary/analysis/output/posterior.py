"""The posterior as one netCDF file: a group for each fit, ArviZ groups inside it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from boundary.data.readers.limits import mib, most_unpacked
from boundary.data.tables.writing import replacing
from boundary.errors import InputError
from boundary.stats.solve_rates import SolveRates, rates_from_groups

FILE = "posterior.nc"
# Draws are kept in single precision, which holds seven digits; all else is kept as it is.
DRAWS = ("posterior", "log_likelihood")


def write_posterior(rates: Mapping[str, SolveRates], path: Path) -> Path:
    """Write every fit; draws in single precision, which keeps seven digits."""
    tree, encoding = {}, {}
    for name, fit in rates.items():
        for group, dataset in fit.groups().items():
            place = f"/{_group_name(name)}/{group}"
            tree[place] = dataset.assign_attrs(fit=name)
            encoding[place] = {
                str(variable): {"zlib": True, "complevel": 1} | ({"dtype": np.float32} if group in DRAWS else {})
                for variable in dataset.data_vars
                if dataset[variable].dtype.kind == "f"
            }
    with replacing(path) as new:
        xr.DataTree.from_dict(tree).to_netcdf(new, engine="h5netcdf", encoding=encoding)
    return path


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
    file = path / FILE if path.is_dir() else path
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
