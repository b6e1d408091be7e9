"""Finished fits kept in a folder, for a run that is interrupted: the same analysis takes them up again.

The folder may be anybody's. A file in it is read as plain arrays; one that is broken, too large, of another fit, or no
posterior of these counts is passed over, and the fit made again.
"""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from boundary.analysis.fit_inputs import FitInputs
from boundary.analysis.progress import Progress
from boundary.data.tables.writing import check_writable
from boundary.errors import InputError
from boundary.stats.solve_rates import SolveRates

Arrays = dict[str, np.ndarray]
Result = TypeVar("Result")

# A fit of more draws than this is not kept: writing it would take about as long as making it again.
LARGEST_FIT = 512 << 20
LARGEST_FILE = LARGEST_FIT + (1 << 20)
# No fit is kept where less would stay free: the report has to find room too.
LEAST_FREE = 256 << 20
UNFINISHED = ".unfinished-"
FILE_NAME = re.compile(rf"[0-9a-f]{{64}}\.npz|{re.escape(UNFINISHED)}\w+\.npz")


@dataclass(frozen=True)
class FitStore:
    """Finished fits in a folder, one file each.

    Parameters
    ----------
    folder
        Made with the first fit that is kept; None: no fit is kept.
    reused, saved
        Fingerprints of the fits that were taken from an earlier run, and of those that this run has kept.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """

    folder: Path | None = None
    reused: set[str] = field(default_factory=set, compare=False, repr=False)
    saved: set[str] = field(default_factory=set, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check the folder, without making it."""
        try:
            if self.folder is not None:
                check_writable(self.folder, is_folder=True)
        except InputError as error:
            raise InputError(f"Fits cannot be kept in '{self.folder}'. Name a folder that can be written.") from error

    def load(self, inputs: FitInputs) -> SolveRates | None:
        """The fit of these inputs, its problems and models without labels; None where it is not kept."""
        return self._load(inputs, _rates)

    def save(self, inputs: FitInputs, rates: SolveRates) -> None:
        """Keep a fit, whole or not at all; where the folder cannot be written or the disk is full, go on without."""
        self._save(inputs, lambda: _arrays(rates))

    def load_nodes(self, inputs: FitInputs) -> tuple[list[SolveRates], np.ndarray] | None:
        """The fits under each node of the errors by itself, and their log evidence; None where they are not kept."""
        return self._load(inputs, _nodes)

    def save_nodes(self, inputs: FitInputs, fits: Sequence[SolveRates], log_evidence: np.ndarray) -> None:
        """Keep the fits under each node of the errors by itself, together, as `save` does."""
        arrays = {"log_evidence": log_evidence}
        self._save(inputs, lambda: arrays | {f"p{i}": np.moveaxis(fit.p, -1, 0) for i, fit in enumerate(fits)})

    def _load(self, inputs: FitInputs, read: Callable[[Arrays, FitInputs], Result]) -> Result | None:
        path = self._path(inputs)
        if path is None:
            return None
        try:
            result = read(_plain_arrays(path), inputs)
        except Exception:  # no file; or zipfile's and numpy's errors, of all kinds, at one that was tampered with
            return None
        if path.stem not in self.saved:
            self.reused.add(path.stem)
        return result

    def _save(self, inputs: FitInputs, make_arrays: Callable[[], Arrays]) -> None:
        path = self._path(inputs)
        if path is None:
            return
        arrays = {"fingerprint": np.array(path.stem)} | make_arrays()
        size = sum(array.nbytes for array in arrays.values())
        if size > LARGEST_FIT:
            return
        with suppress(OSError, ValueError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(path.parent).free >= size + LEAST_FREE:
                _write(path, arrays)
                self.saved.add(path.stem)

    def remove(self) -> None:
        """Remove all fits in the folder, also those of other inputs, and the folder where nothing else is in it."""
        if self.folder is None:
            return
        with suppress(OSError):
            for path in self.folder.iterdir():
                if FILE_NAME.fullmatch(path.name):
                    with suppress(OSError):
                        path.unlink()
            self.folder.rmdir()

    def reporting(self, progress: Progress) -> Progress:
        """The same progress, which also says how many of its fits were kept from an earlier run."""
        before = len(self.reused)

        def report(stage: str, done: int, steps: int) -> None:
            n_reused = len(self.reused) - before
            remark = f" ({n_reused} of {steps} fits {'was' if n_reused == 1 else 'were'} kept from an earlier run)"
            progress(stage + remark if n_reused else stage, done, steps)

        return report

    def _path(self, inputs: FitInputs) -> Path | None:
        if self.folder is None or inputs.fingerprint is None:
            return None
        return self.folder / f"{inputs.fingerprint}.npz"


def _arrays(rates: SolveRates) -> Arrays:
    """Arrays of a fit beside those of its inputs, in the order in which they lie in memory: sums depend on it."""
    arrays = {"p": np.moveaxis(rates.p, -1, 0)}
    if rates.new_p is not None:
        arrays["new_p"] = np.moveaxis(rates.new_p, -1, 0)
    if rates.log_likelihood is not None:
        order = np.argsort(rates.log_likelihood.strides, kind="stable")[::-1]
        arrays |= {"log_likelihood": rates.log_likelihood.transpose(order), "log_likelihood_order": order}
    if rates.families:
        arrays["families"] = np.array(list(rates.families))
        arrays["family_weights"] = np.array(list(rates.families.values()), dtype=np.float64)
    if rates.errors is not None and rates.errors.node_weights is not None:  # learned with the populations
        arrays["node_weights"] = rates.errors.node_weights
    if rates.in_lumps:
        arrays["in_lumps"] = np.array(True)
    return arrays


def _write(path: Path, arrays: Arrays) -> None:
    """Write under another name, then give it its own: whoever reads at the same time finds all of it or nothing.

    It is not forced onto the disk: a process that is killed loses nothing, and what a power failure cuts short fails
    its checksum and is made again.
    """
    handle, unfinished = tempfile.mkstemp(prefix=UNFINISHED, suffix=".npz", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        Path(unfinished).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(unfinished).unlink()
        raise


def _plain_arrays(path: Path) -> Arrays:
    """The arrays of a file of fits, which is not compressed: they cannot be larger than it.

    Raises
    ------
    Exception
        Of any kind, where it is not what `_write` writes.
    """
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:  # a link, a pipe
        raise ValueError("This is no file of a fit.")
    with path.open("rb") as file:
        with ZipFile(file) as zipped:
            members = zipped.infolist()
        unpacked = sum(member.file_size for member in members)
        if unpacked > status.st_size or any(member.compress_type != ZIP_STORED for member in members):
            raise ValueError("A file of a fit is not compressed.")
        file.seek(0)
        with np.load(file, allow_pickle=False) as loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    if str(arrays["fingerprint"]) != path.stem:
        raise ValueError("The file holds another fit.")
    return arrays


def _rates(arrays: Arrays, inputs: FitInputs) -> SolveRates:
    """The solve rates of arrays that were read.

    Raises
    ------
    KeyError, ValueError
        If they are no draws of probabilities of the shape of the counts.
    """
    p = arrays["p"]
    n_problems, n_models = inputs.n_correct.shape
    chains, draws = p.shape[1:3]
    _check_draws(p, (n_models, chains, draws, n_problems))
    new_p = log_likelihood = None
    if inputs.prior.has_population:
        log_likelihood = arrays["log_likelihood"].transpose(np.argsort(arrays["log_likelihood_order"]))
        _check_draws(log_likelihood, (chains, draws, n_problems), smallest=-np.inf)  # of counts, so about 0 at most
        if getattr(inputs.prior, "new_problems", 1):
            new_p = np.moveaxis(arrays["new_p"], 0, -1)
            _check_draws(new_p, (chains, draws, new_p.shape[2], n_models))
    families, errors = {}, inputs.errors
    if "families" in arrays:
        _check_draws(arrays["family_weights"], arrays["families"].shape)
        families = dict(zip(arrays["families"].tolist(), arrays["family_weights"].tolist(), strict=True))
    if errors is not None and errors.node_weights is not None:
        _check_draws(arrays["node_weights"], (errors.n_nodes,))
        errors = replace(errors, node_weights=arrays["node_weights"])
    rates = replace(_of_counts(p, inputs), in_lumps="in_lumps" in arrays)
    return replace(rates, new_p=new_p, log_likelihood=log_likelihood, families=families, errors=errors)


def _nodes(arrays: Arrays, inputs: FitInputs) -> tuple[list[SolveRates], np.ndarray]:
    """The solve rates under each node of the errors, and their log evidence: see `_rates`."""
    n_problems, n_models = inputs.n_correct.shape
    n_nodes = 0 if inputs.errors is None else inputs.errors.n_nodes
    draws = [arrays[f"p{i}"] for i in range(n_nodes)]
    for p in draws:
        _check_draws(p, (n_models, *p.shape[1:3], n_problems))
    _check_draws(arrays["log_evidence"], (n_nodes,), smallest=-np.inf)  # relative to the largest
    return [_of_counts(p, inputs) for p in draws], arrays["log_evidence"]


def _of_counts(p: np.ndarray, inputs: FitInputs) -> SolveRates:
    n_correct, n_samples = (np.asarray(part, dtype=np.int64) for part in (inputs.n_correct, inputs.n_samples))
    return SolveRates(np.moveaxis(p, 0, -1), n_correct, n_samples, inputs.prior.name)


def _check_draws(array: np.ndarray, shape: tuple[int, ...], smallest: float = 0) -> None:
    right_kind = array.dtype in (np.float32, np.float64) and array.shape == shape and array.size > 0
    if not (right_kind and array.min() >= smallest and array.max() <= 1):  # not so for NaN either
        raise ValueError("These are no draws of this fit.")
