"""The posterior as one netCDF file: a group for each fit, ArviZ groups inside it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from boundary.data.limits import mib, most_unpacked
from boundary.data.writing import replacing
from boundary.errors import InputError
from boundary.stats.solve_rates import SolveRates, rates_from_groups


def write_posterior(rates: Mapping[str, SolveRates], path: Path) -> Path:
    """Write every fit; solve rates in single precision, which keeps seven digits."""
    tree, encoding = {}, {}
    for name, fit in rates.items():
        for group, dataset in fit.groups().items():
            place = f"/{_group_name(name)}/{group}"
            tree[place] = dataset.assign_attrs(fit=name)
            encoding[place] = {
                str(variable): {"dtype": np.float32, "zlib": True, "complevel": 1}
                for variable in dataset.data_vars
                if dataset[variable].dtype.kind == "f"
            }
    with replacing(path) as new:
        xr.DataTree.from_dict(tree).to_netcdf(new, engine="h5netcdf", encoding=encoding)
    return path


def read_posterior(path: str | Path) -> dict[str, SolveRates]:
    """Read the fits of a posterior.nc back, by benchmark."""
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        _refuse_bomb(tree, Path(path))
        fits = {}
        for group in tree.children.values():
            datasets = {str(name): child.to_dataset().load() for name, child in group.children.items()}
            fits[str(datasets["posterior"].attrs["fit"])] = rates_from_groups(datasets)
    return fits


def _refuse_bomb(tree: xr.DataTree, path: Path) -> None:
    """Refuse arrays that are much larger than the file that holds them, before they are read."""
    size = sum(variable.nbytes for node in tree.subtree for variable in node.variables.values())
    most = most_unpacked(path.stat().st_size)
    if size > most:
        raise InputError(f"'{path}' expands to {mib(size)}, which no posterior of its size does. Analyse the counts.")


def _group_name(name: str) -> str:
    """A netCDF group cannot hold a slash in its name."""
    return name.replace("/", "|")
