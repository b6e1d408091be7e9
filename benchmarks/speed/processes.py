"""Commands, each as a process of its own, and workers that answer one job after the other; both under limits."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.speed.launch import memory
from benchmarks.speed.versions import Version

Row = dict[str, Any]
LAUNCH = Path(__file__).with_name("launch.py")
WORKERS = Path(__file__).parent / "workers"
# 0: done; 4, and 1 in revisions before it: done, but a fit did not converge. A traceback is 1 too, without a report.
FINISHED = (0, 1, 4)


@dataclass(frozen=True)
class Limits:
    """When a run is ended: after so many seconds, or at so many gigabytes."""

    seconds: float = 600.0
    gigabytes: float = 0.6 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def command(version: Version, arguments: list[str], cache: Path, limits: Limits) -> Row:
    """Wall and processor seconds and peak memory of one `boundary` command, whose compiled code is kept in `cache`."""
    environment = version.environment | {"XDG_CACHE_HOME": str(cache)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    with TemporaryDirectory() as folder:
        result, log = Path(folder, "measured.json"), Path(folder, "stderr")
        call = [sys.executable, "-S", str(LAUNCH), str(result), str(limits.seconds), str(limits.gigabytes)]
        with log.open("w") as stderr:
            subprocess.run(
                [*call, *version.command, *arguments], env=environment, cwd=folder, check=True, stderr=stderr
            )
        row: Row = json.loads(result.read_text())
        if not row["note"] and row["exit_code"] not in FINISHED:
            row["note"] = f"exit code {row['exit_code']}: " + log.read_text().strip().rpartition("\n")[2][:200]
    return row


def analysis(version: Version, arguments: list[str], cache: Path, limits: Limits) -> Row:
    """One `boundary analyze` into a new folder, since fits that are kept in an old one might be used again."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "report"
        row = command(version, ["analyze", *arguments, "--quiet", "-o", str(output)], cache, limits)
        if not row["note"] and not (output / "report.html").exists():
            row["note"] = f"no report was written; exit code {row['exit_code']}"
        sizes = {name: _megabytes(output / name) for name in ("report.html", "posterior.nc")}
        row |= {"page_mb": sizes["report.html"], "posterior_mb": sizes["posterior.nc"]}
    return row


def _megabytes(path: Path) -> float | None:
    return path.stat().st_size / 1e6 if path.exists() else None


@dataclass
class Worker:
    """A process that answers jobs, lines of JSON, one after the other; it is started anew after one that broke off.

    Parameters
    ----------
    name
        What its rows are named: a version or a peer.
    script
        A file in `workers`.
    python, environment
        What runs it.
    limits
        Of each job.
    core
        The one core that it may use; None: any.
    """

    name: str
    script: str
    python: str
    environment: Mapping[str, str]
    limits: Limits
    core: int | None = None
    revision: str = ""
    _process: subprocess.Popen[str] | None = field(default=None, init=False)

    def job(self, kind: str, **arguments: Any) -> Row:
        """The reply to one job, or a note on why there is none."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"job": kind, **arguments}) + "\n")
        process.stdin.flush()
        note = self._waited(process)
        if note:
            process.kill()
        line = "" if note else process.stdout.readline()
        if line:
            reply: Row = json.loads(line)
            return reply
        self.close()
        return {"note": note or f"the worker ended with exit code {process.returncode}"}

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            path = os.pathsep.join(filter(None, [self.environment.get("PYTHONPATH"), str(WORKERS)]))
            self._process = subprocess.Popen(
                [self.python, "-W", "ignore", str(WORKERS / self.script), "" if self.core is None else str(self.core)],
                env=dict(self.environment) | {"PYTHONPATH": path},
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process

    def _waited(self, process: subprocess.Popen[str]) -> str:
        """Wait for a reply; why not, where a limit ends the wait."""
        started = time.perf_counter()
        while not select.select([process.stdout], [], [], 0.2)[0]:
            used = memory(process.pid)
            if used > self.limits.gigabytes:
                return f"ended at {used:.1f} GB"
            if time.perf_counter() - started > self.limits.seconds:
                return f"ended after {self.limits.seconds:g} s"
        return ""

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None
