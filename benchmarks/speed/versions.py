"""Revisions of this repository, each run from a checkout of its own with this Python."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The release before fits of many short chains.
BEFORE = "680a8dc"


@dataclass(frozen=True)
class Version:
    """A checkout of this repository: `now` or `before`, its revision, and its folder."""

    name: str
    revision: str
    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables under which Python imports this checkout's `boundary`."""
        return os.environ | {"PYTHONPATH": str(self.root), "PYTHONSAFEPATH": "1"}

    @property
    def command(self) -> list[str]:
        """How `boundary` is started, as its console script does."""
        module = "entry" if (self.root / "boundary" / "cli" / "entry.py").exists() else "main"
        return [sys.executable, "-c", f"from boundary.cli.{module} import main; main()"]

    def check(self) -> None:
        """See that Python imports `boundary` from this checkout and from nowhere else."""
        call = [sys.executable, "-c", "import boundary; print(boundary.__file__)"]
        finished = subprocess.run(call, env=self.environment, cwd="/", check=True, capture_output=True, text=True)
        if not Path(finished.stdout.strip()).is_relative_to(self.root):
            raise RuntimeError(f"{self.name}: boundary is imported from {finished.stdout.strip()}, not {self.root}.")


def _git(*arguments: str) -> str:
    finished = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return finished.stdout.strip()


def current() -> Version:
    """This working tree."""
    changed = "+" if _git("status", "--porcelain", "--", "boundary") else ""
    return Version("now", _git("rev-parse", "--short", "HEAD") + changed, ROOT)


@contextmanager
def checkout(revision: str, folder: Path) -> Iterator[Version]:
    """A git worktree of a revision, removed at the end."""
    root = folder / "before"
    commit = _git("rev-parse", "--short", f"{revision}^{{commit}}")
    if root.exists():  # of a run that was killed
        _git("worktree", "remove", "--force", str(root))
    _git("worktree", "add", "--force", "--detach", str(root), commit)
    try:
        yield Version("before", commit, root.resolve())
    finally:
        _git("worktree", "remove", "--force", str(root))
