"""A program that runs: what it prints, the processor time it uses, and its end.

Processor time decides, so that a busy machine changes no verdict. By the clock a program has CLOCK times as long, which
ends the ones that sleep.
"""

import os
import select
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

MEGABYTE = 1 << 20
# Eight programs on two cores take four times as long by the clock as alone.
CLOCK = 10.0
GONE_SECONDS = 10.0
LOOK = 0.1
READ = 1 << 16


@dataclass(frozen=True)
class Limits:
    """What a program may use.

    Parameters
    ----------
    seconds
        Processor time; by the clock CLOCK times as long.
    memory
        Bytes of address space.
    output
        Bytes printed; of one message, where messages are exchanged.
    """

    seconds: float = 10.0
    memory: int = 2048 * MEGABYTE
    output: int = 4 * MEGABYTE


@dataclass(frozen=True)
class ProgramResult:
    """How a run ended.

    Parameters
    ----------
    status
        `ok` with exit code 0, `failed`, `time` or `output` where it passed that limit.
    output
        What it printed.
    reason
        Why it is not `ok`.
    seconds
        Processor time that it used, to within LOOK seconds.
    """

    status: Literal["ok", "failed", "time", "output"]
    output: str
    reason: str
    seconds: float = 0.0


class LimitError(Exception):
    """A program passed a limit."""

    def __init__(self, status: Literal["time", "output"]) -> None:
        self.status: Literal["time", "output"] = status


class EndedError(Exception):
    """A program has ended where a message was awaited."""


@dataclass
class RunningProgram:
    """A program that runs, with its pipes; use it in a `with` block, after which it is gone with all it started.

    Parameters
    ----------
    process
        The process that was started.
    inner
        Process id of the sandbox's first process, whose one child is the program; None where `process` is the program.
    limits
        What it may use.
    """

    process: "subprocess.Popen[bytes]"
    inner: int | None
    limits: Limits
    printed: dict[str, bytearray] = field(default_factory=lambda: {"out": bytearray(), "err": bytearray()})
    seconds: float = 0.0
    _program: int | None = None
    _used: float = 0.0
    _processor_end: float = 0.0
    _clock_end: float = 0.0
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def __enter__(self) -> "RunningProgram":
        """Begin to listen."""
        for name, pipe in (("out", self.process.stdout), ("err", self.process.stderr)):
            assert pipe is not None
            self._selector.register(pipe, selectors.EVENT_READ, name)
        if self.process.stdin is not None:
            os.set_blocking(self.process.stdin.fileno(), False)
        self.allow(self.limits.seconds)
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._selector.close()
        with self.process:
            _kill(self.process)

    def allow(self, seconds: float) -> None:
        """Let it use so much processor time from now on."""
        self.seconds = seconds
        self._processor_end = self.processor_seconds() + seconds
        self._clock_end = time.monotonic() + CLOCK * seconds

    def processor_seconds(self) -> float:
        """Processor time that it has used, all threads together; what was last known where it has ended."""
        if self._program is None:
            self._program = self.process.pid if self.inner is None else _child(self.inner)
        if self._program is not None:
            with suppress(OSError, OverflowError):
                # The clock of another process, as clock_getcpuclockid(3) makes its number.
                self._used = max(self._used, time.clock_gettime((~self._program << 3) | 2))
        return self._used

    def to_its_end(self) -> ProgramResult:
        """Wait until it ends or passes a limit."""
        try:
            while self._selector.get_map():
                self._turn()
                if sum(map(len, self.printed.values())) > self.limits.output:
                    raise LimitError("output")
            self._wait()
        except LimitError as error:
            return self._ran(error.status, self.limit_reason(error.status))
        # Where processor time cannot be read, its own limit has ended it.
        if self.process.returncode in (-signal.SIGXCPU, 128 + signal.SIGXCPU):
            return self._ran("time", self.limit_reason("time"))
        return self._ran("failed" if self.process.returncode else "ok", self.end_reason())

    def exchange(self, message: bytes = b"") -> bytes:
        """Send a message, if any, and wait for the line that answers it.

        Raises
        ------
        LimitError
            If it passes a limit.
        EndedError
            If it ends.
        """
        out, unsent = self.printed["out"], memoryview(message)
        if unsent and self.process.stdin is not None:
            unsent = unsent[_write(self.process.stdin.fileno(), unsent) :]
            if unsent:
                self._selector.register(self.process.stdin, selectors.EVENT_WRITE, "in")
        while unsent or (end := out.find(b"\n")) < 0:
            if self.process.stdout not in self._selector.get_map():
                self._wait()
                raise EndedError
            unsent = unsent[self._turn(unsent) :]
            if max(map(len, self.printed.values())) > self.limits.output:
                raise LimitError("output")
        line = bytes(out[: end + 1])
        del out[: end + 1]
        return line

    def limit_reason(self, status: Literal["time", "output"]) -> str:
        """The limit that was passed, in words."""
        if status == "output":
            return f"more than {self.limits.output // MEGABYTE} MB of output"
        if self.processor_seconds() >= self._processor_end:
            return f"more than {self.seconds:g} s of processor time"
        return f"more than {CLOCK * self.seconds:g} s by the clock"

    def end_reason(self) -> str:
        """Why it failed: its last line of error, or the signal that ended it; nothing where it did not."""
        code = self.process.returncode
        if code == 0:
            return ""
        lines = self.printed["err"][-4000:].decode("utf-8", "replace").strip().splitlines()
        if lines:
            return lines[-1].strip()[:200]
        # bwrap reports a signal inside as 128 + its number.
        number = -code if code < 0 else code - 128
        names = {int(signal_): signal_.name for signal_ in signal.Signals}
        return f"ended by {names[number]}" if number in names else f"exit code {code}"

    def _turn(self, unsent: memoryview | None = None) -> int:
        """Read what is there, write what can be written; the number of bytes written."""
        n_written = 0
        for key, _ in self._selector.select(self._next_look()):
            if key.data == "in" and unsent is not None:
                n_written = _write(key.fd, unsent)
                if n_written == len(unsent):
                    self._selector.unregister(key.fileobj)
                continue
            data = os.read(key.fd, READ)
            if not data:
                self._selector.unregister(key.fileobj)
            self.printed[key.data] += data
        return n_written

    def _next_look(self) -> float:
        """Seconds until a limit can be passed at the earliest, if all processors work for it; LOOK at most."""
        processor = self._processor_end - self.processor_seconds()
        clock = self._clock_end - time.monotonic()
        if min(processor, clock) <= 0:
            raise LimitError("time")
        return min(max(processor / (os.cpu_count() or 1), 0.01), clock, LOOK)

    def _wait(self) -> None:
        """Wait for a process that has closed its output."""
        while self.process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(self._next_look())

    def _ran(self, status: Literal["ok", "failed", "time", "output"], reason: str) -> ProgramResult:
        return ProgramResult(status, self.printed["out"].decode("utf-8", "replace"), reason, self._used)


def _write(pipe: int, unsent: memoryview) -> int:
    """Write what a pipe takes; all of it counts as written where nobody reads it any more."""
    try:
        return os.write(pipe, unsent[:READ])
    except BlockingIOError:
        return 0
    except BrokenPipeError:
        return len(unsent)


def _child(process: int) -> int | None:
    """The one child of a process; None where there is none yet, or the kernel does not tell."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return None
    return int(children[0]) if children else None


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the process and its group; in the sandbox its end is the end of everything inside, shortly after."""
    with suppress(ProcessLookupError):  # it ended just now
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    # All that runs inside holds these pipes, the first process there even if the program closed them.
    deadline = time.monotonic() + GONE_SECONDS
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        while time.monotonic() < deadline and select.select([pipe], [], [], deadline - time.monotonic())[0]:
            if not os.read(pipe.fileno(), READ):
                break
    process.wait()
