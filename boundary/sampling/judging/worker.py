"""What a worker process does: import a function, say so, then judge line by line until its input closes."""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from boundary.sampling.problems import OUTCOMES
from boundary.sampling.python_module import load_function

READY = "ready"
PR_SET_PDEATHSIG = 1


def main(target: str, memory: str, parent: str) -> None:
    """Serve tasks on standard input until it closes.

    Parameters
    ----------
    target
        `module:function`.
    memory
        Bytes of address space; 0 for no limit.
    parent
        Process id of the one that started this.
    """
    die_with_parent(int(parent))
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # what a verifier prints is no answer
    try:
        function = load_function(target)
        if int(memory):
            limit_memory(int(memory))
    except BaseException as error:
        answers.write(json.dumps(f"{type(error).__name__}: {error}") + "\n")
        return
    answers.write(json.dumps(READY) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(judgement(function, json.loads(line))) + "\n")


def judgement(function: Callable[..., Any], arguments: Sequence[Any]) -> tuple[str, str]:
    """The function's outcome and reason; whatever it raises is a verifier_error, MemoryError included."""
    try:
        outcome, reason = function(*arguments)
        if outcome not in OUTCOMES:
            raise ValueError(f"'{outcome}' is no outcome")
        return outcome, str(reason)
    except BaseException as error:
        return "verifier_error", f"{type(error).__name__}: {error}"[:200]


def limit_memory(most: int) -> None:
    """Bound the address space of this process, in bytes, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def die_with_parent(parent: int) -> None:
    """End this process when the one that started it ends, even while it computes (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
