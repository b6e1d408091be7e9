"""What determines the draws of a fit, and a fingerprint of it: equal fingerprints, equal draws."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

import boundary.stats
from boundary.stats.priors import Prior
from boundary.stats.random_keys import jax_settings
from boundary.stats.verdict_errors import VerdictErrors

# The packages whose code makes the draws.
PACKAGES = ("boundary-stats", "jax", "jaxlib", "numpyro", "numpy", "scipy")


class _UnknownSettingError(TypeError):
    """A setting that is neither plain data nor a value of `boundary.stats`."""


@dataclass(frozen=True, eq=False)
class FitInputs:
    """All that the draws of a fit depend on.

    Parameters
    ----------
    n_correct, n_samples
        The counts.
    prior
        The family of populations, with its settings.
    seed, label
        What the random numbers depend on: the seed of the analysis, and the names of the benchmark and the models.
    errors
        Misclassification rates of the verdicts; None where these are taken for the truth.
    """

    n_correct: Int[np.ndarray, "problem model"]
    n_samples: Int[np.ndarray, "problem model"]
    prior: Prior
    seed: int
    label: str
    errors: VerdictErrors | None = None

    @cached_property
    def fingerprint(self) -> str | None:
        """SHA-256 of inputs and software; None for a prior of the user's own, or code that changed since its import."""
        try:
            content = {
                "counts": [_described(np.asarray(part, dtype=np.int64)) for part in (self.n_correct, self.n_samples)],
                "prior": _described(self.prior),
                "random numbers": [_described(self.seed), self.label, jax_settings()],
                "errors": _described(self.errors),
                "software": _unchanged_software(),
            }
            return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        except _UnknownSettingError:
            return None


def _described(value: Any) -> Any:
    """A value of plain data, arrays and dataclasses of `boundary.stats`, as what JSON can hold.

    Raises
    ------
    _UnknownSettingError
        For a value of another kind: whether two of them are equal cannot be told.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return _described(value.item())
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        little_endian = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        return [little_endian.dtype.str, list(value.shape), hashlib.sha256(little_endian.tobytes()).hexdigest()]
    if isinstance(value, Mapping):
        return [[_described(key), _described(entry)] for key, entry in value.items()]  # in order: keys are split by it
    if isinstance(value, tuple | list):
        return [_described(entry) for entry in value]
    if is_dataclass(value) and not isinstance(value, type) and _is_ours(type(value)):
        settings = {field.name: _described(getattr(value, field.name)) for field in fields(value)}
        return [type(value).__qualname__, settings]
    if isinstance(value, type) and is_dataclass(value) and _is_ours(value):  # a family, to be made with its defaults
        return _described(value())
    raise _UnknownSettingError(type(value).__name__)


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith(f"{boundary.stats.__name__}.")


def software() -> dict[str, str]:
    """Versions of the packages that make the draws, and a hash of the source of `boundary.stats`.

    Returns
    -------
    By name; the hash, so that a change of the source between two versions is seen too.
    """
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # a checkout that is not installed: the source tells its version
            versions[package] = "not installed"
    folder, source = Path(boundary.stats.__path__[0]), hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        name, content = path.relative_to(folder).as_posix().encode(), path.read_bytes()
        source.update(b"%d %d %s%s" % (len(name), len(content), name, content))
    return versions | {"source": source.hexdigest()}


# Of the code in memory: what is on disk may be newer by the time a fit is kept.
_AT_IMPORT = software()


@cache
def _unchanged_software() -> dict[str, str]:
    """Versions and source of the code that runs.

    Raises
    ------
    _UnknownSettingError
        If they were changed on disk since they were imported: what the running code is cannot be told then.
    """
    if software() != _AT_IMPORT:
        raise _UnknownSettingError("source")
    return _AT_IMPORT
