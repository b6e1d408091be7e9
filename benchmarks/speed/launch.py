"""Runs one command and writes what it took: python -S launch.py RESULT.json SECONDS GB COMMAND...

A small process between the benchmark and the command: Linux counts memory of the parent towards the peak of a child,
and this one has little. Needs the standard library alone. A command that takes more than so many seconds or
gigabytes is ended, with a note.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path


def family(pid):
    """A process and its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(member for child in children for member in family(int(child)))]


def memory(pid, file="statm"):
    """Resident gigabytes of a process, 0 if unknown; `smaps_rollup` divides pages that several processes share."""
    try:
        text = Path(f"/proc/{pid}/{file}").read_text()
        if file == "statm":
            return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**30
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 2**20
    except (OSError, StopIteration, IndexError):
        return 0.0


class Watch(threading.Thread):
    """Looks at the memory of a family of processes now and then, and ends it where it is over a limit."""

    def __init__(self, pid, seconds, gigabytes):
        super().__init__(daemon=True)
        self.pid, self.seconds, self.gigabytes = pid, seconds, gigabytes
        self.peak, self.note, self.ended = 0.0, "", threading.Event()

    def run(self):
        """Look four times a second."""
        started = time.perf_counter()
        while not self.ended.wait(0.25):
            members = family(self.pid)
            file = "smaps_rollup" if len(members) > 1 else "statm"
            self.peak = max(self.peak, sum(memory(member, file) for member in members))
            if self.peak > self.gigabytes:
                self.note = f"ended at {self.peak:.1f} GB"
            elif time.perf_counter() - started > self.seconds:
                self.note = f"ended after {self.seconds:g} s"
            if self.note:
                os.killpg(self.pid, signal.SIGKILL)
                return


def measure(command, seconds, gigabytes):
    """Run a command; wall and processor seconds, peak memory, exit code, and the end of what it wrote to stderr."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    watch = Watch(process.pid, seconds, gigabytes)
    watch.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.ended.set()
    watch.join()
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return {
        "seconds": wall,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_gb": max(usage.ru_maxrss / unit, watch.peak),
        "exit_code": process.returncode,
        "note": watch.note,
    }


def main():
    """Measure one command."""
    result, seconds, gigabytes, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    measured = measure(command, float(seconds), float(gigabytes))
    Path(result).write_text(json.dumps(measured))


if __name__ == "__main__":
    main()
