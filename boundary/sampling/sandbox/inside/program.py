"""Runs inside the sandbox: loads a program, then calls its functions when it is asked to."""

import itertools
import operator
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from boundary.sampling.sandbox.inside.talk import Peer

MUTABLE = (list, dict, set, bytearray)


class Program(Peer):
    """The end where the program is: its names and its objects."""

    def __init__(self, reader: Any, writer: Any, names: dict[str, Any]) -> None:
        super().__init__(reader, writer)
        self.names = names
        self.solution: Any = None

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do one of: names, call, and what Python does with an object."""
        do = request["do"]
        if do == "names":
            return {
                "value": {
                    "dict": [
                        [name, self.encode(self.value_of(name))] for name in request["names"] if self.defines(name)
                    ]
                }
            }
        thing = self.value_of(request["name"]) if "name" in request and do == "call" else self.exported[request["on"]]
        if do == "call":
            return self.called(thing, request)
        if do == "take":
            return {"value": self.encode(list(itertools.islice(thing, request["most"])))}
        if do == "attribute":
            return {"value": self.encode(getattr(thing, request["name"]))}
        if do in OF_ONE:
            return {"value": self.encode(OF_ONE[do](thing))}
        return {"value": self.encode(OF_TWO[do](thing, self.decode(request["key"])))}

    def called(self, function: Any, request: dict[str, Any]) -> dict[str, Any]:
        """Result of a call; with the arguments that changed, where the function returned nothing."""
        result, args = self.call(function, request)
        reply = {"value": self.encode(result)}
        if result is None and any(isinstance(argument, MUTABLE) for argument in args):
            after = [
                (place, self.encode(argument)) for place, argument in enumerate(args) if isinstance(argument, MUTABLE)
            ]
            reply["changed"] = [[place, data] for place, data in after if data != request["args"][place]]
        return reply

    def defines(self, name: str) -> bool:
        """Whether the program defines a name, itself or as a method of a class Solution."""
        return hasattr(self.names.get("Solution"), name) or name in self.names

    def value_of(self, name: str) -> Any:
        """What the program calls by a name; one Solution for all calls."""
        if hasattr(self.names.get("Solution"), name):
            if self.solution is None:
                self.solution = self.names["Solution"]()
            return getattr(self.solution, name)
        return self.names[name]


OF_ONE: dict[str, Callable[[Any], Any]] = {"iterate": iter, "len": len, "bool": bool, "str": str, "repr": repr}
OF_TWO: dict[str, Callable[[Any, Any], Any]] = {
    "item": operator.getitem,
    "contains": operator.contains,
    "equal": operator.eq,
}


def serve(parts: list[str]) -> None:
    """Load a program, given in parts that are executed one after the other, then answer until the pipe closes."""
    reader, writer = own_pipes()
    module = ModuleType("program")
    sys.modules["program"] = module
    for part in parts:
        exec(compile(part, "program.py", "exec", dont_inherit=True), module.__dict__)
    peer = Program(reader, writer, module.__dict__)
    peer.send({"loaded": True})
    try:
        while True:
            peer.answer(peer.receive())
    except EOFError:
        os._exit(0)


def own_pipes() -> tuple[Any, Any]:
    """Both pipes, out of the way: standard input is empty and standard output goes nowhere from here on."""
    reader = os.fdopen(os.dup(0), "r", encoding="utf-8")
    writer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return reader, writer
