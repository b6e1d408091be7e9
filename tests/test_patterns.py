"""No regular expression takes more than about linear time, whatever a file or a folder's author writes."""

import importlib
import pkgutil
import re
import time

import pytest

from boundary.analysis.claims.grammar import LONGEST
from boundary.data.answers.quantities import LONGEST as LONGEST_QUANTITY
from boundary.data.answers.units import _LONGEST as LONGEST_UNIT
from boundary.data.formats.parts.row_lists import LONGEST_NAME

# Rooms whose patterns see what others wrote.
ROOMS = ("data", "analysis", "cli", "plain_text")
LENGTH, SECONDS = 20_000, 0.25
LONGEST_FILE_NAME = 255
# What is bounded before the pattern sees it: names of files and fields, claims, and answers that may be quantities.
BOUNDED = dict.fromkeys(("NAME", "FILE", "FOLDER", "SHARD"), LONGEST_FILE_NAME) | {"_TOKEN": LONGEST}
BOUNDED |= {"TRIAL": LONGEST_NAME}
BOUNDED |= {"_DEGREE": LONGEST_QUANTITY, "_SCIENTIFIC": LONGEST_QUANTITY, "_PHRASE": LONGEST_UNIT}
CHARACTERS = " \t\n\r0a_-./\\\"'({[=:,A#@"


def patterns(room):
    """Compiled patterns of a room's modules, alone or in a tuple, each with where it stands."""
    package = importlib.import_module(f"boundary.{room}")
    below = pkgutil.walk_packages(getattr(package, "__path__", []), f"{package.__name__}.")
    for module in [package.__name__, *(entry.name for entry in below)]:
        for variable, value in vars(importlib.import_module(module)).items():
            for pattern in value if isinstance(value, tuple) else (value,):
                if isinstance(pattern, re.Pattern):
                    yield module, variable, pattern


def hostile_texts(pattern, length):
    """Repetitions of characters and of the pattern's own words, alone, before and after one another."""
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    words = sorted({word for word in re.findall(r'[A-Za-z_"@]{2,}', source) if len(word) < 20})[:6]
    characters = dict.fromkeys(CHARACTERS + "".join(re.findall(r"[^\w\s\\]", source)))
    for character in characters:
        yield character * length
        for word in words:
            yield word + character * length
            yield (word + character) * (length // (len(word) + 1))
    for word in words:
        yield word * (length // len(word))
    for pair in ('\\"', "{}", "()", "a b", "1,", "a.", "=a", "a=", "\\a", "_1", "0-", "://", ":@", "?a=&"):
        yield pair * (length // len(pair))
        yield '"' + pair * (length // len(pair))


def seconds(pattern, text):
    subject = text.encode() if isinstance(pattern.pattern, bytes) else text
    begun = time.process_time()  # not disturbed by other processes
    for _ in pattern.finditer(subject):
        pass
    return time.process_time() - begun


@pytest.mark.parametrize("room", ROOMS)
def test_patterns_take_linear_time(room):
    slow = set()
    for module, variable, pattern in patterns(room):
        length = BOUNDED.get(variable, LENGTH)
        for text in hostile_texts(pattern, length):
            if seconds(pattern, text) > SECONDS and min(seconds(pattern, text) for _ in range(2)) > SECONDS:
                slow.add(f"{module}.{variable} on {text[:30]!r}")
                break
    assert slow == set()


def test_every_room_with_patterns_is_walked():
    assert {room for room in ROOMS if next(patterns(room), None)} >= {"data", "analysis"}
