"""Benchmarks by name: the presets of presets.toml, files of problems, and what reasoning-gym makes."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from boundary.errors import InputError, did_you_mean

GYM = "reasoning-gym/"
FILES = (".jsonl", ".csv", ".parquet")
DEFAULT_TEMPLATE, DEFAULT_VERIFIER = "qwen-boxed", "math"


@dataclass(frozen=True)
class Benchmark:
    """What is known of a benchmark before it is loaded; the fields of a preset are explained in presets.toml."""

    name: str
    title: str
    verifier: str
    template: str
    source: str
    split: str = ""
    problem: str = "problem"
    answer: str = ""
    guess_floor: float = 0.0
    answer_type: str = ""
    config: str | None = None
    revision: str | None = None
    rows: tuple[int, ...] = ()
    files: tuple[str, ...] = ()
    id: str = ""
    answer_after: str = ""
    facts: tuple[str, ...] = ()
    keep: tuple[Any, ...] = ()
    since: tuple[str, ...] = ()
    tests: str = ""
    image: str = ""
    any_answer: bool = False


@cache
def presets() -> Mapping[str, Benchmark]:
    """The benchmarks that can be named."""
    text = (files("boundary.sampling.benchmarks") / "presets.toml").read_text(encoding="utf-8")
    benchmarks = {}
    for name, table in tomllib.loads(text).items():
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
        }
        benchmarks[name] = Benchmark(name=name, **fields)
    return benchmarks


def find_benchmark(name_or_file: str) -> Benchmark:
    """What is known of a benchmark: a preset's name, a file of problems, or `reasoning-gym/NAME?OPTION=VALUE&...`.

    A preset at another revision is NAME@REVISION.

    Raises
    ------
    InputError
        For a name that is none of these; the message lists the presets.

    Examples
    --------
    >>> find_benchmark("gsm8k").verifier
    'number'
    """
    name, _, revision = name_or_file.partition("@")
    if name in presets():
        preset = presets()[name]
        return replace(preset, revision=revision) if revision else preset
    if name_or_file.startswith(GYM):
        return Benchmark(
            name=name_or_file.removeprefix(GYM).partition("?")[0],
            title=f"reasoning-gym: {name_or_file.removeprefix(GYM)}",
            verifier=GYM.rstrip("/"),
            template=DEFAULT_TEMPLATE,
            source=name_or_file,
        )
    if name_or_file.lower().endswith(FILES):
        path = Path(name_or_file)
        return Benchmark(path.stem, f"problems of {path.name}", DEFAULT_VERIFIER, DEFAULT_TEMPLATE, name_or_file)
    hint = did_you_mean(name, presets())
    raise InputError(
        f"No benchmark '{name_or_file}'.{hint} There are: {', '.join(presets())}; "
        f"{GYM}NAME; or a {', '.join(FILES)} file with the columns problem and answer."
    )
