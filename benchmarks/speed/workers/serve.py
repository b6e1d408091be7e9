"""What every worker does: read jobs, lines of JSON, and answer each with one. Needs the standard library alone.

Called as `python WORKER.py CORE`; with a number the process keeps to this core, from before anything counts cores.
"""

import json
import os
import sys
import traceback
from pathlib import Path

if sys.argv[1:] and sys.argv[1] and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {int(sys.argv[1])})


def peak_gb():
    """Peak memory of this process so far, in gigabytes."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()  # ru_maxrss would count what the parent had
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20
    except (OSError, StopIteration):
        import resource

        unit = 2**30 if sys.platform == "darwin" else 2**20
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def serve(**kinds):
    """Answer jobs until there are no more; `kinds` are functions from a job's fields to a reply."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a package prints is no reply
    for line in sys.stdin:
        job = json.loads(line)
        try:
            reply = kinds[job.pop("job")](**job)
        except Exception as error:
            traceback.print_exc()
            reply = {"note": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(reply), file=replies, flush=True)
