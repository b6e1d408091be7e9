"""How a program and its tests talk over a pipe: values as JSON, one request or answer a line.

A program's results arrive as plain values of Python's own types, whatever the program made of `==`, of its classes or
of builtins. What is no plain value stays where it is, and the other side holds a `Remote`.
"""

import builtins
import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

LARGEST_JSON_INTEGER = 1 << 63
LARGEST_STEP = 1024


class CannotPassError(Exception):
    """A value of the tests that cannot be handed to a program."""


def encode(value: Any, export: Callable[[Any], Any]) -> Any:
    """A value as JSON; lists are lists, other types are objects of one key, their name.

    Parameters
    ----------
    value
        Plain values, and containers of them; a subclass counts as the type that it extends.
    export
        What stands for a value of another type.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        number = int.__pos__(value)
        return number if abs(number) < LARGEST_JSON_INTEGER else {"int": hex(number)}
    if isinstance(value, float):
        return float.__pos__(value)
    if isinstance(value, list):
        return [encode(item, export) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return {"tuple": [encode(item, export) for item in tuple.__iter__(value)]}
    if isinstance(value, set):
        return {"set": [encode(item, export) for item in set.__iter__(value)]}
    if isinstance(value, frozenset):
        return {"frozenset": [encode(item, export) for item in frozenset.__iter__(value)]}
    if isinstance(value, dict):
        return {"dict": [[encode(key, export), encode(item, export)] for key, item in dict.items(value)]}
    if isinstance(value, bytes | bytearray):
        return {"bytearray" if isinstance(value, bytearray) else "bytes": value.hex()}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, Decimal):
        return {"Decimal": str(value)}
    if isinstance(value, Fraction):
        return {"Fraction": [hex(value.numerator), hex(value.denominator)]}
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        return encode(value.item(), export)
    return export(value)


def decode(data: Any, resolve: Callable[[str, Any], Any]) -> Any:
    """The value of `encode`; `resolve` is called with key and content of what an `export` made.

    Raises
    ------
    ValueError, TypeError, KeyError
        Where the data are in no form that `encode` gives.
    """
    if isinstance(data, list):
        return [decode(item, resolve) for item in data]
    if not isinstance(data, dict):
        return data
    ((kind, content),) = data.items()
    if kind == "int":
        return int(content, 16)
    if kind in _SEQUENCES:
        return _SEQUENCES[kind](decode(item, resolve) for item in content)
    if kind == "dict":
        return {decode(key, resolve): decode(value, resolve) for key, value in content}
    if kind in _FROM_TEXT:
        return _FROM_TEXT[kind](content)
    if kind == "complex":
        return complex(*content)
    if kind == "Fraction":
        return Fraction(*(int(number, 16) for number in content))
    return resolve(kind, content)


_SEQUENCES: dict[str, Callable[..., Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset}
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "Decimal": Decimal,
}


class Peer:
    """One end of the pipe: it asks the other, and answers what the other asks meanwhile."""

    def __init__(self, reader: Any, writer: Any) -> None:
        self.reader, self.writer = reader, writer
        self.exported: list[Any] = []

    def ask(self, **request: Any) -> Any:
        """Send a request; the whole answer, or the exception that it tells of."""
        self.send(request)
        while True:
            message = self.receive()
            if "do" in message:
                self.answer(message)
            elif "raised" in message:
                raise rebuilt(*message["raised"])
            else:
                return message

    def answer(self, request: dict[str, Any]) -> None:
        """Do what the other side asks, and send the value or the exception."""
        try:
            reply = self.perform(request)
            line = json.dumps(reply)
        except CannotPassError:
            raise
        except BaseException as error:
            line = json.dumps({"raised": described(error)})
        self.writer.write(line + "\n")
        self.writer.flush()

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request; each side says what it does for the other."""
        raise NotImplementedError

    def call(self, function: Any, request: dict[str, Any]) -> tuple[Any, list[Any]]:
        """Call a function with what a request holds; its result, and the arguments as they are afterwards."""
        args, kwargs = self.decode(request["args"]), self.decode(request.get("kwargs", {"dict": []}))
        return function(*args, **kwargs), args

    def send(self, message: dict[str, Any]) -> None:
        """Write a line."""
        self.writer.write(json.dumps(message) + "\n")
        self.writer.flush()

    def receive(self) -> dict[str, Any]:
        """Read a line.

        Raises
        ------
        EOFError
            Where there is none.
        """
        line = self.reader.readline()
        if not line:
            raise EOFError("the other side has ended")
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError("a message is a JSON object")
        return message

    def encode(self, value: Any) -> Any:
        """A value for the other side."""
        return encode(value, self._export)

    def decode(self, data: Any) -> Any:
        """A value from the other side."""
        return decode(data, self._resolve)

    def may_export(self, value: Any) -> None:
        """Raise CannotPassError for a value that the other side must not hold."""

    def _export(self, value: Any) -> Any:
        if isinstance(value, Remote):
            return {"yours": object.__getattribute__(value, "_place")}
        name = str(getattr(value, "__name__", ""))
        if callable(value) and getattr(builtins, name, None) is value:
            return {"builtin": name}
        self.may_export(value)
        self.exported.append(value)
        return {"mine": len(self.exported) - 1}

    def _resolve(self, kind: str, content: Any) -> Any:
        if kind == "yours":
            return self.exported[content]
        if kind == "builtin":
            return getattr(builtins, str(content))
        if kind == "mine":
            return Remote(self, content)
        raise ValueError(f"no value is a '{kind}'")


class Remote:
    """An object of the other side: calls, attributes and iteration go there; it equals no value of this side."""

    __slots__ = ("_peer", "_place")

    def __init__(self, peer: Peer, place: int) -> None:
        self._peer, self._place = peer, place

    def _ask(self, do: str, **more: Any) -> Any:
        peer = object.__getattribute__(self, "_peer")
        return peer.decode(peer.ask(do=do, on=self._place, **more)["value"])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it; a function that returns nothing may have changed its arguments, and they change here, too."""
        peer = self._peer
        message = peer.ask(do="call", on=self._place, args=peer.encode(list(args)), kwargs=peer.encode(kwargs))
        if message["value"] is None:
            for place, data in message.get("changed", ()):
                _become(args[place], peer.decode(data))
        return peer.decode(message["value"])

    def __getattr__(self, name: str) -> Any:
        """Its public attributes."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self._ask("attribute", name=name)

    def __iter__(self) -> Any:
        """Its items, fetched in steps that grow."""
        items, step = self._ask("iterate"), 1
        while True:
            batch = items._ask("take", most=step)
            yield from batch
            if len(batch) < step:
                return
            step = min(2 * step, LARGEST_STEP)

    def __len__(self) -> int:
        """Its length."""
        return int(self._ask("len"))

    def __bool__(self) -> bool:
        """Whether it counts as true."""
        return bool(self._ask("bool"))

    def __getitem__(self, key: Any) -> Any:
        """One of its items."""
        return self._ask("item", key=self._peer.encode(key))

    def __contains__(self, value: Any) -> bool:
        """Whether it holds a value."""
        return bool(self._ask("contains", key=self._peer.encode(value)))

    def __str__(self) -> str:
        """Its text."""
        return str(self._ask("str"))

    def __repr__(self) -> str:
        """Its text for programmers."""
        return str(self._ask("repr"))

    def __eq__(self, other: object) -> bool:
        """Whether it equals another object of the same side."""
        return isinstance(other, Remote) and bool(self._ask("equal", key=self._peer.encode(other)))

    def __hash__(self) -> int:
        """By its place."""
        return hash((id(self._peer), self._place))


def _become(value: Any, now: Any) -> None:
    """Let a list, dict, set or bytearray hold what another holds."""
    if isinstance(value, list | bytearray):
        value[:] = now
    elif isinstance(value, dict | set):
        value.clear()
        value.update(now)


def described(error: BaseException) -> list[str]:
    """Name of the first of Python's own types that an exception is, and its text."""
    kinds = (kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
    return [next(kinds, "Exception"), f"{error}"[:1000]]


def rebuilt(name: str, text: str) -> Exception:
    """An exception of the other side; those that would end this one, or a loop of it, are a RuntimeError."""
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, StopIteration):
        try:
            return kind(text)
        except TypeError:
            pass
    return RuntimeError(f"{name}: {text}")
