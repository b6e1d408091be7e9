"""A virtual environment for each peer, made where it is missing, with the version that the results speak of."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Pinned, so that the table can be made again.
PEERS = {"scorio": "scorio==0.2.3", "passk-inference": "passk-inference==0.3.1", "pymc": "pymc==5.28.5"}


def python_of(peer: str, folder: Path) -> str:
    """The interpreter that has the peer and nothing else; this project's own for its own worker."""
    if peer not in PEERS:
        return sys.executable
    home = folder / f".venv-peer-{peer}"
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    marker = home / PEERS[peer]
    if not marker.exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", PEERS[peer]], check=True)
        marker.touch()
    return str(python)
