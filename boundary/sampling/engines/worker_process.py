"""What a worker process on this machine does: load an engine, sample block after block, and send each sample at once.

Requests and samples cross as lines of JSON. The process leads a session of its own and ends, with whatever it started,
when its input closes: that is, when the process that started it ends, however that happens.
"""

import base64
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from queue import SimpleQueue
from typing import Any, BinaryIO

from boundary.errors import InputError
from boundary.sampling.engines.opening import open_engine
from boundary.sampling.engines.spec import Chat, EngineSpec, Request, Sampling
from boundary.sampling.problems import Completion

READY, SAMPLE, DONE, ERROR, END = "ready", "sample", "done", "error", "end"


def main() -> None:
    """Serve blocks on standard input until told to end."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what an engine prints is no answer
    lines: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, lines), daemon=True).start()

    def send(kind: str, content: Any = None) -> None:
        answers.write(json.dumps([kind, content]).encode() + b"\n")
        answers.flush()

    try:
        with open_engine(spec_of(json.loads(lines.get())), lambda: send(READY)) as generate:
            while (block := json.loads(lines.get())) != END:
                for completion in generate([request_of(record) for record in block]):
                    send(SAMPLE, asdict(completion))
                send(DONE)
    except InputError as error:
        send(ERROR, str(error))


def _read(source: BinaryIO, lines: "SimpleQueue[bytes]") -> None:
    for line in source:
        lines.put(line)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def request_record(request: Request) -> dict[str, Any]:
    """A request as JSON can hold it."""
    record = asdict(request)
    return record | {"images": [base64.b64encode(image).decode() for image in request.images]}


def request_of(record: Mapping[str, Any]) -> Request:
    """The request that a record was made from."""
    chat = record["chat"]
    return Request(
        **{
            **record,
            "prompt": tuple(record["prompt"]),
            "sample_indices": tuple(record["sample_indices"]),
            "images": tuple(map(base64.b64decode, record["images"])),
            "chat": chat and Chat(tuple(chat["messages"]), chat["chat_template_kwargs"]),
        }
    )


def spec_of(record: Mapping[str, Any]) -> EngineSpec:
    """The spec that `dataclasses.asdict` made a record of."""
    sampling: Mapping[str, Any] = record["sampling"]
    stop_ids: Sequence[int] = sampling["stop_ids"]
    return EngineSpec(**{**record, "sampling": Sampling(**{**sampling, "stop_ids": tuple(stop_ids)})})


def completion_of(record: Mapping[str, Any]) -> Completion:
    """The completion that `dataclasses.asdict` made a record of."""
    tokens = record["tokens"]
    return Completion(**{**record, "tokens": None if tokens is None else tuple(tokens)})


if __name__ == "__main__":
    main()
