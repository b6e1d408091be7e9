"""How fast an arm was sampled: a line for each call that added samples, to tell how long a further one will take."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from boundary.sampling.store.files import writing

CALLS = "calls.jsonl"
# A line has about 70 bytes; a longer file is not one of ours.
LARGEST = 1 << 22


class Call(msgspec.Struct, frozen=True):
    """Samples and tokens that a call added, and the seconds it took once the model was loaded."""

    samples: Annotated[int, Meta(ge=1)]
    tokens: Annotated[int, Meta(ge=0)]
    seconds: Annotated[float, Meta(gt=0)]

    @property
    def speed(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


def record_call(arm: Path, call: Call) -> None:
    """Add a call to those of an arm; one line at once, so that calls side by side do not mix."""
    path = arm / CALLS
    if path.is_symlink():
        return
    with writing(arm):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            os.write(descriptor, msgspec.json.encode(call) + b"\n")
        finally:
            os.close(descriptor)


def largest_call(arm: Path) -> Call | None:
    """The call that made most tokens, in which beginning and end weigh least; None where there is none."""
    path, calls = arm / CALLS, []
    with suppress(OSError):
        if path.is_file() and path.stat().st_size <= LARGEST:
            for line in path.read_bytes().splitlines():
                with suppress(msgspec.DecodeError):  # of a folder that came from anywhere
                    calls.append(msgspec.json.decode(line, type=Call))
    return max(calls, key=lambda call: call.tokens, default=None)
