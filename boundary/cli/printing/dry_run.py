"""What a sampling run would do, at the terminal or as JSON."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boundary.cli.terminal import echo
from boundary.plain_text import one_line

if TYPE_CHECKING:
    from boundary.sampling.dry_run import Forecast

# Names that are printed before the others are left out.
MOST_LISTED = 5
DERIVED = ("expected_seconds", "most_seconds", "expected_bytes", "most_bytes")
SUMS = ("n_missing", "prompt_tokens", "most_tokens", "expected_tokens", *DERIVED)
UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def as_json(arms: "list[Forecast]", free: int) -> str:
    """The forecasts, their sums (null where one is not known), and the free bytes on the disk."""
    records: list[dict[str, Any]] = [
        {**vars(arm), **{name: getattr(arm, name) for name in DERIVED}, "too_long": dict(arm.too_long)} for arm in arms
    ]
    total = {name: _sum([record[name] for record in records]) for name in SUMS}
    return json.dumps({"arms": records, "total": total, "free_bytes": free}, indent=2, default=str)


def print_forecast(arms: "list[Forecast]", output: Path, free: int, skip_long: bool) -> None:
    """Print what a run would do, some lines for each model and benchmark, and what they come to."""
    echo("Dry run: nothing is sampled or written, and no weights are loaded.")
    for arm in arms:
        for line in _lines(arm, skip_long):
            echo(one_line(line))
    if len(arms) > 1:
        echo(f"All {len(arms)} arms")
        tokens, seconds = _sum([arm.expected_tokens for arm in arms]), _sum([arm.expected_seconds for arm in arms])
        echo(f"  new tokens  {_bounded(sum(arm.most_tokens for arm in arms), tokens)}")
        echo(f"  time        {_time(seconds, _sum([arm.most_seconds for arm in arms]))}, one arm after the other")
    most, expected = sum(arm.most_bytes for arm in arms), _sum([arm.expected_bytes for arm in arms])
    echo(f"Disk of {one_line(str(output))}: {_size(free)} free")
    size = most if expected is None else expected
    if size > free:
        echo(f"  LOOK: the run would need {'up to ' if expected is None else 'about '}{_size(size)}.")
    if any(arm.expected_tokens is None or arm.expected_seconds is None for arm in arms):
        echo(
            "What is unknown is known after a pilot: the same command with --limit 20 -n 2 in place of --dry-run. The "
            "run then extends it."
        )


def _lines(arm: "Forecast", skip_long: bool) -> Iterator[str]:
    yield f"{arm.model} on {arm.benchmark} ({arm.folder})"
    yield f"  problems    {arm.n_problems:,}{_too_long(arm, skip_long)}"
    yield f"  samples     {arm.n_missing:,} to make, {arm.n_stored:,} stored already"
    if not arm.n_missing:
        return
    yield from (f"  LOOK: {remark}" for remark in arm.remarks)
    yield f"  prompts     {arm.prompt_tokens:,} tokens, each prompt once; the longest {arm.longest_prompt:,}"
    measured = f" (from {arm.n_measured:,} stored samples)" if arm.expected_tokens is not None else ""
    yield f"  new tokens  {_bounded(arm.most_tokens, arm.expected_tokens)}{measured}"
    speed = (
        f", at {arm.tokens_per_second:,.0f} tokens/s as measured in {arm.measured_in}" if arm.tokens_per_second else ""
    )
    yield f"  time        {_time(arm.expected_seconds, arm.most_seconds)}{speed}"
    expected = "" if arm.expected_bytes is None else f", about {_size(arm.expected_bytes)} expected"
    yield f"  disk        about {_size(arm.most_bytes)} at most{expected}"


def _too_long(arm: "Forecast", skip_long: bool) -> str:
    if not arm.too_long:
        return ""
    names = ", ".join(f"{name} ({tokens:,} tokens)" for name, tokens in list(arm.too_long.items())[:MOST_LISTED])
    more = ", ..." if len(arm.too_long) > MOST_LISTED else ""
    effect = "left out" if skip_long else "the run is refused without --skip-long"
    subject = "1 prompt does not" if len(arm.too_long) == 1 else f"{len(arm.too_long):,} prompts do not"
    return f"; {subject} fit into {arm.context or 0:,} tokens: {names}{more}; {effect}"


def _bounded(most: float, expected: float | None) -> str:
    if expected is None:
        return f"{most:,} at most; the expected number is unknown, since no sample is stored"
    return f"{most:,} at most; about {expected:,.0f} expected"


def _time(expected: float | None, most: float | None) -> str:
    if most is None:
        return "unknown: no earlier call tells the speed"
    if expected is None:
        return f"{_duration(most)} at most"
    return f"about {_duration(expected)}, {_duration(most)} at most"


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds))) if seconds < 1e9 else "more than 30 years"


def _size(size: float) -> str:
    return next((f"{size / unit:.3g} {name}" for unit, name in UNITS if size >= unit), f"{size:.0f} bytes")


def _sum(values: list[Any]) -> Any:
    return None if any(value is None for value in values) else sum(values)
