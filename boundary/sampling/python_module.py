"""Modules by name: a function of one, or one as a process of its own with the same Python and a fixed order of sets."""

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def module_command(module: str, *arguments: str) -> Sequence[str]:
    """The command that runs a module; -P, so that no file in the current folder stands for a package."""
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environment() -> Mapping[str, str]:
    """Its environment: what can be imported here can be imported there, and sets of text have one order always."""
    path = os.pathsep.join(folder for folder in sys.path if folder)
    return os.environ | {"PYTHONHASHSEED": "0", "PYTHONPATH": path}


def load_function(target: str) -> Callable[..., Any]:
    """The function named `module:function`; its module's `prepare()`, if any, is called first."""
    module_name, _, name = target.partition(":")
    module = importlib.import_module(module_name)
    if hasattr(module, "prepare"):
        module.prepare()
    function: Callable[..., Any] = getattr(module, name)
    return function
