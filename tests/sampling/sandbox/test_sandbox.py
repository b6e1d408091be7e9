"""Hostile programs in the sandbox: each prints `yes` only if its mischief worked, and the tests expect a `yes`."""

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.errors import InputError
from boundary.sampling.judging.judge import judge
from boundary.sampling.problems import Completion, Problem
from boundary.sampling.sandbox import bubblewrap as sandbox
from boundary.sampling.sandbox.bubblewrap import Limits, run, sandbox_trouble
from boundary.sampling.sandbox.seccomp import MACHINES, program_filter
from boundary.sampling.store.arm import open_store
from boundary.sampling.verifiers import code
from boundary.sampling.verifiers.table import load_verifier

TROUBLE = sandbox_trouble()
needs_sandbox = pytest.mark.skipif(TROUBLE is not None, reason=f"no sandbox here: {TROUBLE}")

YES = "\nprint('yes')\n"
HOSTILE = {
    # the network
    "connect to the internet": "import socket\nsocket.create_connection(('1.1.1.1', 53), 1)" + YES,
    "look up a name": "import socket\nsocket.getaddrinfo('example.com', 80)" + YES,
    "connect to a server on this machine": "import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)" + YES,
    "connect to an abstract socket of this machine": (
        "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0{abstract}')" + YES
    ),
    "listen to all traffic": "import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)" + YES,
    "call the host of a virtual machine": "import socket\nsocket.socket(40, socket.SOCK_STREAM)" + YES,
    "ask the kernel by a socket": (
        "import socket\nfor family in set(range(64)) - {{1, 2, 10}}:\n    for kind in range(1, 6):\n        try:\n"
        "            socket.socket(family, kind)\n        except OSError:\n            continue\n"
        "        print('yes')\n        raise SystemExit"
    ),
    # the kernel's settings
    "say what becomes of crashes": "open('/proc/sys/kernel/core_pattern', 'w').write('|/bin/true')" + YES,
    "change any setting": (
        "import os\nfor folder, below, names in os.walk('/proc'):\n    if folder.endswith('/fd'):\n"
        "        continue\n    for name in names:\n        try:\n"
        "            os.close(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_NONBLOCK))\n"
        "        except OSError:\n            continue\n        print('yes')\n        raise SystemExit"
    ),
    "change a setting of its own": (
        "for name in ('oom_score_adj', 'comm', 'coredump_filter', 'clear_refs', 'timerslack_ns', 'mem', 'uid_map'):\n"
        "    try:\n        open('/proc/self/' + name, 'r+b').close()\n    except OSError:\n        continue\n"
        "    print('yes')\n    raise SystemExit"
    ),
    "press a key of the kernel": "open('/proc/sysrq-trigger', 'w').write('h')" + YES,
    "find devices": (
        "import os\nknown = 'null zero full random urandom fd stdin stdout stderr'.split()\n"
        "print('yes' if set(os.listdir('/dev')) - set(known) or os.path.exists('/sys') else '')"
    ),
    "write its input": "import os\nos.write(0, b'x')" + YES,
    "open its input to write": (
        "import os\nfor flags in (os.O_WRONLY, os.O_RDWR, os.O_RDWR | os.O_TRUNC):\n"
        "    for path in ('/dev/stdin', '/proc/self/fd/0'):\n        try:\n            os.close(os.open(path, flags))\n"
        "        except OSError:\n            continue\n        print('yes')\n        raise SystemExit"
    ),
    "let itself write its input": (
        "import os\nos.fchmod(0, 0o666)\nos.write(os.open('/proc/self/fd/0', os.O_RDWR), b'x')" + YES
    ),
    "become root": "import os\nos.setuid(0)" + YES,
    "change the clock": "import time\ntime.clock_settime(0, 0)" + YES,
    # processes
    "fork bomb": "import os\nos.fork()\nprint('yes', flush=True)\nwhile True:\n    os.fork()",
    "leave a process behind": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)" + YES,
    "become a daemon": "import os\nif os.fork():\n    os._exit(0)\nos.setsid()\nif os.fork():\n    os._exit(0)" + YES,
    "start a shell": "import subprocess\nsubprocess.run(['/bin/sh', '-c', 'true'], check=True)" + YES,
    "start a program without fork": "import os\nos.posix_spawn('/bin/true', ['true'], {{}})" + YES,
    "start workers": "import multiprocessing as m\nm.get_context('fork').Process(target=int).start()" + YES,
    "start 20,000 threads": (
        "import threading, time\nfor _ in range(20000):\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()" + YES
    ),
    "start threads that need little": (
        "import threading, time\nthreading.stack_size(1 << 15)\nfor _ in range(1000):\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()" + YES
    ),
    "kill the parent": (
        "import os\nfor pid in {{{pid}, os.getppid()}}:\n    try:\n        os.kill(pid, 9)\n"
        "    except ProcessLookupError:\n        continue\n    if pid == {pid}:\n        print('yes')"
    ),
    "kill everything": "import os\nos.kill(-1, 9)",
    "trace the parent": (
        "import ctypes, os\nif ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0:\n    print('yes')"
    ),
    # memory
    "fill memory at once": "x = bytearray(64 << 30)" + YES,
    "fill memory bit by bit": "x = []\nfor _ in range(64):\n    x.append(bytearray(1 << 30))" + YES,
    "fill memory by files without a name": (
        "import os\nf = os.memfd_create('x')\nfor _ in range(8192):\n    os.write(f, bytes(1 << 20))" + YES
    ),
    "fill shared memory": (
        "from multiprocessing.shared_memory import SharedMemory\nm = SharedMemory(create=True, size=8 << 30)" + YES
    ),
    "lift the limits": (
        "import resource as r\nr.setrlimit(r.RLIMIT_AS, (r.RLIM_INFINITY, r.RLIM_INFINITY))\nx = bytearray(8 << 30)"
        + YES
    ),
    # files
    "fill the disk": "f = open('/tmp/fill', 'wb')\nfor _ in range(10240):\n    f.write(bytes(1 << 20))" + YES,
    "write anywhere at all": (
        "import os\nfor folder, below, _ in os.walk('/'):\n"
        "    if folder.startswith('/proc') or folder.count('/') > 2:\n        below.clear()\n        continue\n"
        "    try:\n        open(os.path.join(folder, 'x'), 'w').close()\n    except OSError:\n        continue\n"
        "    print('yes')\n    raise SystemExit"
    ),
    "write outside": "open('{secret}', 'w').write('mine')" + YES,
    "read the home folder": "print(open('{secret}').read().replace('hidden', 'yes'))",
    "read the users of the machine": "open('/etc/passwd').read()" + YES,
    "read another process's environment": (
        "import glob\nfor name in glob.glob('/proc/[0-9]*/environ'):\n    try:\n        text = open(name).read()\n"
        "    except OSError:\n        continue\n    if 'BOUNDARY_SECRET' in text:\n        print('yes')"
    ),
    "make a link to the outside": "import os\nos.symlink('/etc/shadow', '/tmp/link')" + YES,
    "follow the root of its parent": "import os\nprint('yes' if os.path.exists('/proc/1/root{secret}') else '')",
    "replace the Python that runs it": "import os\nos.rename(os.__file__, os.__file__ + '.old')" + YES,
    "take a new user's rights": "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000) == 0:\n    print('yes')",
    "mount a file system": (
        "import ctypes\nif ctypes.CDLL(None).mount(b't', b'/tmp', b'tmpfs', 0, None) == 0:\n    print('yes')"
    ),
    # time and output
    "loop forever": "while True:\n    pass",
    "sleep forever": "import time\ntime.sleep(10**6)",
    "refuse to be stopped": (
        "import signal\nfor s in set(signal.Signals) - {{9, 19}}:\n    try:\n        signal.signal(s, signal.SIG_IGN)\n"
        "    except OSError:\n        pass\nwhile True:\n    pass"
    ),
    "print 10 GB": "for _ in range(10240):\n    print('y' * (1 << 20))",
    "print 10 GB of errors": "import sys\nfor _ in range(10240):\n    sys.stderr.write('y' * (1 << 20))",
    "crash the interpreter": "import ctypes\nctypes.string_at(0)" + YES,
}
ENDLESS = ("loop forever", "sleep forever", "refuse to be stopped")
# Ways to pass tests that run in the program's own process without passing them.
CHEATS = {
    "exit with success": "import sys\nsys.exit(0)",
    "exit at once": "import os\nos._exit(0)",
    "exit when the tests begin": "def f(x):\n    raise SystemExit(0)",
    "print what success looks like": "print('correct', 'passed', 1)\ndef f(x):\n    import os\n    os._exit(0)",
    "exit from a thread": ("import os, threading, time\nthreading.Timer(0.01, os._exit, (0,)).start()\ntime.sleep(5)"),
    "close the files": "import os\nos.closerange(0, 64)\ndef f(x):\n    return 4",
}


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What hostile programs reach for: a server, an abstract socket, a secret file, this process."""
    abstract = f"boundary-test-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract_socket:
        abstract_socket.bind(f"\0{abstract}")
        abstract_socket.listen()
        secret = tmp_path_factory.mktemp("home") / "secret"
        secret.write_text("hidden")
        yield {"port": server.getsockname()[1], "abstract": abstract, "secret": secret, "pid": os.getpid()}


def command_lines() -> list[str]:
    """Words of every process that this one can see, each followed by a zero."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(path.read_bytes().decode(errors="replace"))
    return lines


def running(marker: str) -> bool:
    """Whether any process has a marker in its command line."""
    return any(marker in line for line in command_lines())


@needs_sandbox
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_does_no_harm_and_is_judged_wrong_with_a_reason(name, outside, monkeypatch):
    monkeypatch.setenv("BOUNDARY_SECRET", "1")
    monkeypatch.setattr(sandbox, "INSIDE", f"/sandbox-{os.getpid()}")
    program = HOSTILE[name].format(**outside)
    seconds = 0.2 if name in ENDLESS else 20
    outcome, reason = code.compare({"kind": "stdio", "seconds": seconds, "cases": [["", "yes"]]}, program, False)
    assert outcome in ("wrong", "timeout")
    assert reason.startswith("test 1: ")
    assert len(reason) > len("test 1: ")
    assert (outcome == "timeout") == (name in ENDLESS)
    assert outside["secret"].read_text() == "hidden"
    assert not running(f"/sandbox-{os.getpid()}/")


@needs_sandbox
@pytest.mark.parametrize("name", CHEATS)
def test_a_program_that_never_passes_its_tests_is_wrong(name):
    outcome, reason = code.compare({"kind": "script", "seconds": 3, "code": "assert f(2) == 4\n"}, CHEATS[name], False)
    assert outcome == "wrong"
    assert reason


@needs_sandbox
def test_mischief_is_possible_without_the_sandbox(tmp_path):
    """The programs above fail because of the sandbox, not because they are broken."""
    for name in ("start a shell", "read the users of the machine", "start workers"):
        assert code.compare({"kind": "stdio", "cases": [["", "yes"]]}, HOSTILE[name].format(), True)[0] == "correct"


@needs_sandbox
def test_memory_held_inside_is_bounded():
    ran = run("x = bytearray(1 << 30)\nprint(len(x))", limits=Limits(memory=512 << 20))
    assert (ran.status, ran.reason) == ("failed", "MemoryError")
    assert run("x = bytearray(1 << 28)\nprint(len(x))", limits=Limits(memory=1 << 30)).output.strip() == str(1 << 28)


@needs_sandbox
@pytest.mark.parametrize("moment", [0.0, 0.001, 0.002, 0.01, 0.05])
def test_the_sandbox_dies_with_the_process_that_started_it(moment):
    marker = f"/sandbox-of-{os.getpid()}"
    started = f"from boundary.sampling.sandbox import bubblewrap as sandbox\nsandbox.INSIDE = {marker!r}\n"
    started += (
        "print('go', flush=True)\nsandbox.run('import time; time.sleep(1000)', limits=sandbox.Limits(seconds=1000))"
    )
    parent = subprocess.Popen([sys.executable, "-c", started], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    # Killed while bwrap waits for the users of the sandbox, it leaves a process that waits and runs nothing.
    wait_until(lambda: f"{sys.executable}\0-I\0{marker}/boot.py\0" in command_lines())
    time.sleep(moment)  # it may not even have set its limits yet
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not running(f"{marker}/boot.py"))


def wait_until(condition):
    """Fail where something does not come true within a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@needs_sandbox
def test_an_honest_program_may_use_threads_numpy_and_its_input():
    program = (
        "from __future__ import annotations\nimport threading, numpy as np\n"
        "n = int(input())\nout = []\nt = threading.Thread(target=lambda: out.append(int(np.arange(n).sum())))\n"
        "t.start(); t.join()\nprint(out[0])\n"
    )
    assert code.compare({"kind": "stdio", "cases": [["5", "10\n"], ["4", "6.0"]]}, program, False) == ("correct", "")


@needs_sandbox
def test_programs_are_judged_side_by_side():
    tests = {"kind": "call", "function": "add", "cases": [[[1, 2], 3], [[[1], [2]], [1, 2]]]}
    problem = Problem("add", "Add two things.", facts={"tests": tests})
    texts = {
        "```python\ndef add(a, b):\n    return a + b\n```": "correct",
        "```python\nclass Solution:\n    def add(self, a, b):\n        print(1)\n        return a + b\n```": "correct",
        "```python\ndef add(a, b):\n    return 3\n```": "wrong",
        "```python\ndef add(a, b:\n```": "wrong",
        "I cannot do that.": "no_answer",
        "": "empty",
    }
    samples = [Completion("add", place, text, "stop", 9) for place, text in enumerate(texts)]
    verdicts = judge([problem], samples, load_verifier("code"))
    assert [verdict.outcome for verdict in verdicts] == list(texts.values())
    assert [bool(verdict.reason) for verdict in verdicts] == [False, False, True, True, False, False]


@needs_sandbox
@pytest.mark.skipif(threading.active_count() > 50, reason="threads of other tests")
def test_a_continuation_and_a_whole_function_both_pass_humaneval_tests():
    prefix = "from typing import List\n\ndef total(xs: List[int]) -> int:\n    '''Sum.'''\n"
    tests = {"kind": "script", "prefix": prefix, "function": "total"}
    tests["code"] = "def check(candidate):\n    assert candidate([1, 2]) == 3\n\ncheck(total)\n"
    for program in ("    return sum(xs)", "def total(xs: List[int]):\n    return sum(xs)"):
        assert code.compare(tests, program, False) == ("correct", "")
    assert code.compare(tests, "    return 0", False) == ("wrong", "AssertionError")


def test_it_is_said_where_boundary_runs_as_root(monkeypatch):
    monkeypatch.setattr(code.os, "geteuid", lambda: 1000)
    assert code.notice_for_root(False) == code.notice_for_root(True) == ""
    monkeypatch.setattr(code.os, "geteuid", lambda: 0)
    assert "so does every program" in code.notice_for_root(True)
    for switches, words in ((True, "as another user"), (False, "no other user can be taken")):
        monkeypatch.setattr(code, "changes_user", lambda switches=switches: switches)
        assert words in code.notice_for_root(False)


@needs_sandbox
@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_root_that_can_take_no_other_user_is_refused(monkeypatch):
    """The kernel would limit no threads."""
    sandbox_trouble.cache_clear()
    monkeypatch.setattr(sandbox, "changes_user", lambda: False)
    monkeypatch.setattr(sandbox, "PROBE", sandbox.PROBE.replace("4096", "400"))
    try:
        with pytest.raises(InputError, match="threads of root cannot be limited"):
            load_verifier("code")
        assert run(
            "import os\ntry:\n    open('/proc/sys/kernel/core_pattern', 'w')\nexcept OSError as e:\n    print(e.errno)"
        )
    finally:
        sandbox_trouble.cache_clear()


def test_without_a_sandbox_programs_are_refused_unless_the_user_insists(monkeypatch):
    sandbox_trouble.cache_clear()
    monkeypatch.setattr(sandbox, "bwrap", lambda: None)
    try:
        with pytest.raises(InputError, match=r"bubblewrap \(bwrap\) is not installed.*\n.*--unsafe"):
            load_verifier("code")
        assert load_verifier("code", unsafe=True).key == "code-2.unsafe"
    finally:
        sandbox_trouble.cache_clear()


def test_the_filter_is_whole_on_every_known_processor():
    for machine, numbers in MACHINES.items():
        rules = program_filter(machine)
        assert rules is not None
        assert len(rules) % 8 == 0
        assert len(rules) // 8 == 8 + 2 * len(numbers.refused) + 14 + 5
    assert program_filter("pdp11") is None


@needs_sandbox
def test_verify_says_once_that_programs_run_as_root(tmp_path, monkeypatch):
    tests = {"kind": "script", "code": "assert add(1, 2) == 3\n"}
    problem = Problem("add", "Add.", facts={"tests": tests})
    for model in ("base", "rl"):
        manifest = {"model": model, "benchmark": "own", "template": "raw", "settings": {}, "n_samples": 1}
        with open_store(tmp_path, manifest, (problem,)) as store:
            store.append([Completion("add", 0, "```python\nadd = lambda a, b: a + b\n```", "stop", 5)])
    monkeypatch.setattr(code, "notice_for_root", lambda unsafe: "as root")
    printed = CliRunner().invoke(main, ["verify", str(tmp_path), "--verifier", "code"], catch_exceptions=False)
    assert printed.stderr.count("as root") == 1
    assert printed.stdout.count("code-2.bwrap judged 1 samples: correct 1") == 2
