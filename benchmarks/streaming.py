"""How fast, and in how much memory, a large file of samples becomes counts: this project's reader and others.

python benchmarks/streaming.py [--megabytes 1024] [--only NAME ...] [--folder DIR] -o benchmarks/results/streaming.csv

The file is JSON Lines of math_eval.py: a problem a line, 32 completions of 4,000 characters on average, like those of
limit-of-rlvr. Each reader counts the true scores of every problem; all must agree. Each runs in a process of its own;
seconds of the clock and of the processor, and the peak of resident memory, are measured there. The processor's time is
what a busy machine does not distort (polars, pyarrow and duckdb use several threads). Readers whose package is not
installed are left out.
"""

import argparse
import gzip
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from boundary.data.readers.zstd import ZstdFile

SAMPLES, LENGTH = 32, 4_000


def write_samples(path: Path, megabytes: int, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    words = [
        w.encode() for w in ("the", "of", "\\\\frac{1}{2}", "we", "have", "x^2", "\\n", "\\u2264", "so", '\\"a\\"')
    ]
    text = b" ".join(words[i] for i in rng.integers(len(words), size=400_000))
    with path.open("wb") as file:
        idx = 0
        while file.tell() < megabytes << 20:
            lengths = rng.poisson(LENGTH, SAMPLES)
            starts = rng.integers(0, len(text) - 2 * LENGTH, SAMPLES)
            completions = [_whole(text[s : s + n]) for s, n in zip(starts, lengths, strict=True)]
            scores = ["true" if hit else "false" for hit in rng.random(SAMPLES) < rng.beta(0.6, 0.9)]
            row = f'{{"idx": {idx}, "question": "q{idx}", "gt_cot": "", "gt": "1", "level": "5", "code": ["'.encode()
            row += b'", "'.join(completions) + b'"], "pred": ["' + b'", "'.join([b"1"] * SAMPLES)
            file.write(row + b'"], "score": [' + ", ".join(scores).encode() + b"]}\n")
            idx += 1


def _whole(text: bytes) -> bytes:
    """Cut to words, so that no escape is torn."""
    return text[text.index(b" ") : text.rindex(b" ")]


def of_boundary(path: Path) -> int:
    from boundary.data.importing.import_files import import_files

    return int(import_files(path, "math-eval", model="m").counts.table["n_correct"].sum())


def standard_json(path: Path) -> int:
    return sum(sum(json.loads(line)["score"]) for line in _lines(path))


def of_orjson(path: Path) -> int:
    import orjson

    return sum(sum(orjson.loads(line)["score"]) for line in _lines(path))


def of_msgspec(path: Path) -> int:
    """The decoder that this project uses, without anything around it: scores alone."""
    import msgspec

    decoder = msgspec.json.Decoder(msgspec.defstruct("Row", [("idx", int), ("score", list[bool])]))
    return sum(sum(decoder.decode(line).score) for line in _lines(path))


def of_ijson(path: Path) -> int:
    import ijson

    with path.open("rb") as file:
        return sum(sum(scores) for scores in ijson.items(file, "score", multiple_values=True))


def of_pyarrow(path: Path) -> int:
    import pyarrow as pa
    from pyarrow import compute, json as arrow_json

    schema = pa.schema([("score", pa.list_(pa.bool_()))])
    options = arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    blocks = arrow_json.open_json(path, arrow_json.ReadOptions(block_size=1 << 24), options)
    return sum(compute.sum(compute.list_flatten(batch["score"])).as_py() for batch in blocks)


def of_duckdb(path: Path) -> int:
    import duckdb

    query = (
        "select sum(list_sum(score::int[])) from read_json(?, format='newline_delimited', columns={score: 'BOOLEAN[]'})"
    )
    return int(duckdb.execute(query, [str(path)]).fetchone()[0])


def of_polars(path: Path) -> int:
    import polars as pl

    frame = pl.scan_ndjson(path, schema={"score": pl.List(pl.Boolean)})
    return int(frame.select(pl.col("score").list.sum().sum()).collect(engine="streaming").item())


def _lines(path: Path) -> object:
    with path.open("rb") as file:
        yield from file


READERS: dict[str, Callable[[Path], int]] = {
    "boundary": of_boundary,
    "msgspec alone": of_msgspec,
    "json": standard_json,
    "orjson": of_orjson,
    "ijson": of_ijson,
    "pyarrow": of_pyarrow,
    "duckdb": of_duckdb,
    "polars": of_polars,
}
NEEDS = {"orjson": "orjson", "ijson": "ijson", "duckdb": "duckdb", "polars": "polars"}


def measured(name: str, path: Path) -> dict[str, object]:
    """In this process: the counts, seconds and memory of one reader."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    correct = READERS[name](path)
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "reader": name,
        "correct": correct,
        "seconds": took,
        "cpu_seconds": busy,
        "peak_mib": after.ru_maxrss / 1024,
    }


def peak_mib() -> float:
    """Of this process since it began to run Python; getrusage would count what its parent held, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--only", action="append", choices=[*READERS, "boundary, gz", "boundary, zst"])
    parser.add_argument("--folder", type=Path, default=Path("streaming"))
    parser.add_argument("--measure", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measured(options.measure[0], Path(options.measure[1]))))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    plain = options.folder / "samples.jsonl"
    write_samples(plain, options.megabytes)
    rows = []
    for name in options.only or [*READERS, "boundary, gz", "boundary, zst"]:
        if name in NEEDS and find_spec(NEEDS[name]) is None:
            continue
        path = packed(plain, name)
        process = subprocess.run(
            [sys.executable, __file__, "--measure", name.split(",")[0], str(path)], capture_output=True, text=True
        )
        row = json.loads(process.stdout) if process.returncode == 0 else {"failed": process.stderr.strip()[-200:]}
        size = plain.stat().st_size / 1e6
        row |= {"reader": name, "mb": size}
        if "seconds" in row:
            row |= {"mb_per_second": size / row["seconds"], "mb_per_cpu_second": size / row["cpu_seconds"]}
        rows.append(row)
        print(row, flush=True)
    if options.output:
        pd.DataFrame(rows).round(3).to_csv(options.output, index=False)


def packed(plain: Path, name: str) -> Path:
    if name.endswith("gz"):
        path = plain.with_suffix(".jsonl.gz")
        with plain.open("rb") as source, gzip.open(path, "wb", 6) as target:
            while chunk := source.read(1 << 24):
                target.write(chunk)
        return path
    if name.endswith("zst"):
        path = plain.with_suffix(".jsonl.zst")
        with plain.open("rb") as source, ZstdFile(path, "wb") as target:
            while chunk := source.read(1 << 24):
                target.write(chunk)
        return path
    return plain


if __name__ == "__main__":
    main()
