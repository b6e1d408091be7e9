"""A module of this package as a process of its own, with the same Python, the same path and a fixed order of sets."""

import os
import sys
from collections.abc import Mapping, Sequence


def module_command(module: str, *arguments: str) -> Sequence[str]:
    """The command that runs a module; -P, so that no file in the current folder stands for a package."""
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environment() -> Mapping[str, str]:
    """Its environment: what can be imported here can be imported there, and sets of text have one order always."""
    path = os.pathsep.join(folder for folder in sys.path if folder)
    return os.environ | {"PYTHONHASHSEED": "0", "PYTHONPATH": path}
