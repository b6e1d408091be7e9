"""Other packages on the same counts: an environment for each, from a lock file, and a worker in it."""

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

from benchmarks.speed.processes import Limits, Row, Worker

PEERS = ("nutpie", "npmle")
LOCKS = Path(__file__).parent / "locks"


def python_of(peer: str, folder: Path) -> str:
    """An interpreter that has what the peer's lock file says, in an environment below the folder.

    Raises
    ------
    subprocess.CalledProcessError
        Where it does not install.
    """
    lock = LOCKS / f"{peer}.txt"
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = folder / f"{peer}-{digest}"
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*install, "-r", str(lock)], check=True, capture_output=True, text=True)
        (home / "complete").touch()
    return str(python)


def peer_workers(folder: Path, core: int | None, limits: Limits) -> tuple[list[Worker], list[Row]]:
    """Workers of the peers that install, and a row with the reason for each that does not."""
    workers, missing = [], []
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["PYTENSOR_FLAGS"] = f"base_compiledir={folder / 'pytensor'}"
    for peer in PEERS:
        try:
            python = python_of(peer, folder)
        except subprocess.CalledProcessError as error:
            missing.append({"version": peer, "note": f"did not install: {_last_line(error.stderr or str(error))}"})
        else:
            workers.append(Worker(peer, f"{peer}_worker.py", python, environment, limits, core))
    return workers, missing


def _last_line(text: str) -> str:
    lines: Iterator[str] = reversed(text.strip().splitlines())
    return next(lines, "")[:200]
