"""Mutations of the small example of each format: never a traceback, never a count that is wrong in silence.

A mutation may be refused (InputError) or change nothing; where it leaves samples out, a note must say so. Run as a
script, every example is mutated many times by several processes, and a line says what became of each:
python tests/plugins/format_mutations.py --count 10000 --processes 2 [--examples verl,trl]
"""

import argparse
import copy
import math
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from boundary.data.importing.import_files import import_files
from boundary.errors import InputError

NO_VERDICTS = [None, "yes", "", 0.5, -1, 2, [], {}, [1], math.nan, math.inf, 1e-9, "\ud800"]
STRANGE = [None, "", "x", -1, 0, 1, 2.5, True, [], {}, [[]], math.nan, 1 << 70, "\0", "\ud800", "9" * 5_000, '","a":[']


def totals(path, format_name):
    """Samples, correct ones, and whether anything was said; None where it is refused."""
    try:
        imported = import_files(path, format_name, model="m")
    except InputError as error:
        if not 0 < len(str(error)) < 2_000:
            raise AssertionError("the message is not one of a line or two") from error
        OUTCOMES["refused"] += 1
        return None
    OUTCOMES["read"] += 1
    table = imported.counts.table
    return int(table["n_samples"].sum()), int(table["n_correct"].sum()), bool(imported.notes)


ORIGINALS = {}
OUTCOMES = Counter()


def original_totals(example, format_name, write_example):
    """Totals of an example as it is."""
    key = format_name, example.file, repr(example.content)
    if key not in ORIGINALS:
        ORIGINALS[key] = totals(write_example(example, example.content), format_name)
    return ORIGINALS[key]


def places(value, path=()):
    """Paths of all values within a value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def at(content, place):
    for key in place:
        content = content[key]
    return content


def changed(content, place, value):
    content = copy.deepcopy(content)
    if not place:
        return value
    at(content, place[:-1])[place[-1]] = value
    return content


def packed(example, content):
    """Bytes of a mutated content; None where it cannot be written in the format at all."""
    try:
        return example.pack(content)
    except Exception:
        return None


def check(example, format_name, write_example, content, more=False):
    """Refused, or the same counts, or fewer samples and a note."""
    original = original_totals(example, format_name, write_example)
    data = packed(example, content)
    if data is None:
        return
    counts = totals(write_example(example, data), format_name)
    if counts is None or more or counts[:2] == original[:2]:
        return
    assert counts[0] < original[0], f"{original} became {counts}"
    assert counts[2], f"{original} became {counts} without a word"


def wrong_verdict(example, format_name, write_example, seed):
    """What is no verdict is never counted, be it as right or as wrong."""
    rng = random.Random(seed)
    candidates = [p for p in places(example.content) if _is_verdict(p, at(example.content, p), example)]
    values = [value for value in NO_VERDICTS if value not in example.words]
    content = changed(example.content, rng.choice(candidates), rng.choice(values))
    original = original_totals(example, format_name, write_example)
    data = packed(example, content)
    counts = None if data is None else totals(write_example(example, data), format_name)
    if counts is not None:
        assert counts[0] < original[0], f"{original} became {counts}"
        assert counts[2], f"{original} became {counts} without a word"


def _is_verdict(place, value, example):
    key = next((key for key in reversed(place) if isinstance(key, str)), None)
    return key in example.verdicts and not isinstance(value, list | dict)


def missing_field(example, format_name, write_example, seed):
    """A field that is gone."""
    rng = random.Random(seed)
    candidates = [p for p in places(example.content) if p and isinstance(p[-1], str)]
    if not candidates:
        return
    place = rng.choice(candidates)
    content = copy.deepcopy(example.content)
    del at(content, place[:-1])[place[-1]]
    # A whole record that is gone leaves no trace; neither does a key that names the problem.
    record = isinstance(at(example.content, place), dict)
    check(example, format_name, write_example, content, more=record)


def uneven_lists(example, format_name, write_example, seed):
    """A list within a record that lost an element, or has one twice."""
    rng = random.Random(seed)
    candidates = [p for p in places(example.content) if p and isinstance(at(example.content, p), list)]
    candidates = [p for p in candidates if at(example.content, p) and not isinstance(at(example.content, p)[0], dict)]
    if not candidates:
        return
    content = copy.deepcopy(example.content)
    values = at(content, rng.choice(candidates))
    index = rng.randrange(len(values))
    values[index : index + 1] = [values[index]] * rng.choice([0, 2])
    check(example, format_name, write_example, content)


def record_twice(example, format_name, write_example, seed):
    """A record that stands twice is one sample more only where the format numbers none."""
    rng = random.Random(seed)
    candidates = [
        p for p in places(example.content) if isinstance(at(example.content, p), list) and at(example.content, p)
    ]
    candidates = [p for p in candidates if isinstance(at(example.content, p)[0], dict)]
    if not candidates:
        return
    content = copy.deepcopy(example.content)
    rows = at(content, rng.choice(candidates))
    rows.insert(rng.randrange(len(rows) + 1), copy.deepcopy(rng.choice(rows)))
    check(example, format_name, write_example, content, more=example.repeats)


def strange_value(example, format_name, write_example, seed):
    """Any value become any other: no traceback."""
    rng = random.Random(seed)
    content = changed(example.content, rng.choice(list(places(example.content))), rng.choice(STRANGE))
    check(example, format_name, write_example, content, more=True)


def broken_bytes(example, format_name, write_example, seed):
    """Bytes that are torn, turned, doubled or cut off: no traceback, be the format named or told by content."""
    rng = random.Random(seed)
    data = bytearray(example.pack(example.content))
    for _ in range(rng.choice([1, 1, 1, 5, 50])):
        start, end = rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0:
                data[start : start + 1] = bytes([rng.randrange(256)])
            case 1:
                del data[start : start + rng.choice([1, 4, 100])]
            case 2:
                data[start:start] = data[end : end + rng.choice([1, 4, 100])]
            case 3:
                data[start:start] = rng.choice(
                    [b"\0", b"[", b'"', b"\xff", b"\n", b"{}", b"null", b"-", b"1e400", b"&a"]
                )
            case 4:
                data = data[: max(start, 1)]
        if not data:
            return
    path = write_example(example, bytes(data))
    totals(path, format_name)
    totals(path, "auto")


KINDS = (wrong_verdict, missing_field, uneven_lists, record_twice, strange_value, broken_bytes)


def examples():
    """Every example by its name, with the name of its format and how it is made."""
    path = Path(__file__).parents[1] / "data" / "formats" / "conftest.py"
    spec = spec_from_file_location("format_examples", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXAMPLES


def mutate_example(name, count, first_seed):
    """Mutate an example; what became of it, the seconds it took, and the first failures of each kind."""
    format_name, make = examples()[name]
    example, failures, begun = make(), {}, time.monotonic()
    OUTCOMES.clear()
    kinds = [kind for kind in KINDS if kind is not wrong_verdict or example.verdicts]
    with tempfile.TemporaryDirectory() as folder:

        def write_example(example, content):
            path = Path(folder) / example.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else example.pack(copy.deepcopy(content)))
            return path

        for number in range(count):
            kind, seed = kinds[number % len(kinds)], first_seed + number
            try:
                kind(example, format_name, write_example, seed)
            except Exception:
                failures.setdefault(kind.__name__, f"seed {seed}: {traceback.format_exc(limit=-3)}")
    return name, dict(OUTCOMES), time.monotonic() - begun, failures


def main():
    """Mutate every example, or some, and end with 1 where one failed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--examples", default="")
    arguments = parser.parse_args()
    names = arguments.examples.split(",") if arguments.examples else list(examples())
    n_failed = 0
    with ProcessPoolExecutor(arguments.processes) as pool:
        runs = [pool.submit(mutate_example, name, arguments.count, arguments.seed) for name in names]
        for run in runs:
            name, outcomes, seconds, failures = run.result()
            n_failed += bool(failures)
            kinds = f"; FAILED: {', '.join(failures)}" if failures else ""
            print(
                f"{name}: {arguments.count} mutations; files read {outcomes.get('read', 0)}, refused "
                f"{outcomes.get('refused', 0)}; {seconds:.0f} s{kinds}",
                flush=True,
            )
            for kind, failure in failures.items():
                print(f"  {kind}: {failure}", flush=True)
    return int(n_failed > 0)


if __name__ == "__main__":
    sys.exit(main())
