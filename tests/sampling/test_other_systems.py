"""Every module is imported where what only Unix has is missing, as on Windows."""

import subprocess
import sys

IMPORT_ALL = """
import importlib, os, pkgutil, signal, sys
import asyncio, subprocess, click, filelock, jinja2, numpy, pandas, rich.progress  # libraries go by sys.platform

for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
for name in ("fork", "geteuid", "getuid", "getppid", "sched_getaffinity", "memfd_create", "O_NOFOLLOW", "uname"):
    delattr(os, name)
for name in ("SIGKILL", "SIGXCPU", "SIGHUP"):
    delattr(signal, name)
import boundary.sampling
import boundary.cli.main

modules = [module.name for module in pkgutil.walk_packages(boundary.sampling.__path__, "boundary.sampling.")]
for name in modules:
    importlib.import_module(name)
print(len(modules))
"""


def test_every_module_is_imported_without_what_only_unix_has():
    result = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 50
