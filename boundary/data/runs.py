"""Run folders, as `boundary sample` writes them: manifests, shards of samples, verdicts, and the counts they make.

An *arm* is one model on one benchmark: a folder with manifest.json, problems.jsonl, samples/ and verdicts/VERIFIER/. A
run folder holds any number of arms. Shards are zstd-compressed JSON lines. A shard of samples begins with a header, a
frame of its own, that lists what it holds, so that counting and resuming need not read the texts.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from boundary.errors import InputError

MANIFEST = "manifest.json"
PROBLEMS = "problems.jsonl"
SAMPLES = "samples"
VERDICTS = "verdicts"
SUFFIX = ".jsonl.zst"
# What may change from one call to the next; all else says which samples these are.
# The hash of the prompts as text follows from template, tokenizer and problems; older versions did not record it.
MUTABLE = ("n_samples", "verifier", "label", "created", "prompt_text_hash")
INDEX = ["problem_id", "sample_index", "text_hash", "n_tokens", "finish_reason"]
# Two seeds rarely write the same text; below this length they do, as answers of a word.
LONG_TEXT = 32
MANY_REPEATS = 0.25


def is_run(folder: Path) -> bool:
    """Whether a folder is a run folder: an arm, or a folder of arms."""
    return bool(arms(folder))


def arms(folder: Path) -> list[Path]:
    """Arms of a run folder, sorted: itself, or folders up to two levels below (MODEL/BENCHMARK)."""
    found = (path for depth in ("", "*/", "*/*/") for path in folder.glob(depth + MANIFEST))
    return sorted(path.parent for path in found)


def arms_of(folders: Sequence[Path]) -> list[Path]:
    """Arms of all run folders.

    Raises
    ------
    InputError
        If there is none at all.
    """
    found = [arm for folder in folders for arm in arms(folder)]
    if not found:
        raise InputError(f"'{folders[0]}' is no run folder: it has no manifest. boundary sample -o DIR makes one.")
    return found


def model_name(manifest: Mapping[str, Any]) -> str:
    """What a model is called in counts and reports: its label, or else itself."""
    return str(manifest.get("label") or manifest["model"])


def read_manifest(arm: Path) -> dict[str, Any]:
    """What an arm's samples are: model, revision, template, engine, settings, problem set.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    path = arm / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"'{arm}' is no run folder: it has no {MANIFEST}. boundary sample -o DIR makes one."
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read '{path}' ({error}). Restore it, or sample into a new folder.") from error
    if not isinstance(manifest, dict) or not {"model", "benchmark"} <= manifest.keys():
        raise InputError(f"'{path}' names no model and benchmark. Restore it, or sample into a new folder.")
    return manifest


def manifest_hash(manifest: Mapping[str, Any]) -> str:
    """Fingerprint of what may not change between the shards of an arm."""
    fixed = {key: value for key, value in manifest.items() if key not in MUTABLE}
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


def read_lines(path: Path) -> Iterator[Any]:
    """JSON values of a shard, a line each.

    Raises
    ------
    InputError
        If the shard is cut short or damaged; the message says how to go on.
    """
    with _whole(path):
        rest, texts = path.read_bytes(), []
        while rest:
            text, rest = _frame(rest)
            texts.append(text)
        values = [json.loads(line) for text in texts for line in text.splitlines()]
    yield from values


def read_header(path: Path) -> dict[str, Any]:
    """What a shard of samples says that it holds, without reading the samples; that they are all there is checked.

    Raises
    ------
    InputError
        If the shard is cut short or damaged.
    """
    with _whole(path), path.open("rb") as file:
        data = b""
        while chunk := file.read(1 << 16):
            data += chunk
            text, rest = _frame(data, partial=True)
            if text is not None:
                header: dict[str, Any] = json.loads(text)
                if len(data) - len(rest) + header["bytes"] == path.stat().st_size:
                    return header
                break
        raise ValueError("the file ends too early")


def _frame(data: bytes, partial: bool = False) -> tuple[Any, bytes]:
    """The first zstd frame of some data, decompressed, and what follows it; None where it is not whole yet."""
    import zstandard

    frame = zstandard.ZstdDecompressor().decompressobj()
    text = frame.decompress(data)
    if frame.eof:
        return text, frame.unused_data
    if partial:
        return None, b""
    raise ValueError("the file ends too early")


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Turn what a damaged shard raises into a plain message."""
    import zstandard

    try:
        yield
    except (zstandard.ZstdError, ValueError, KeyError, TypeError, OSError) as error:
        raise InputError(
            f"'{path}' is cut short or damaged ({error}). Delete it: what it held is sampled or judged again."
        ) from error


def read_problems(arm: Path) -> list[dict[str, Any]]:
    """The problems of an arm, as they were stored beside its samples."""
    path = arm / PROBLEMS
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read '{path}' ({error}). Sample into a new folder.") from error


def shards(folder: Path) -> list[Path]:
    """Finished shards of a folder, sorted; those being written are hidden files."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))


def sample_index(arm: Path) -> pd.DataFrame:
    """Which samples an arm holds, from the headers of its shards.

    Returns
    -------
    Columns problem_id, sample_index, text_hash, n_tokens, finish_reason, and shard (file name); a row a sample.

    Raises
    ------
    InputError
        If two shards hold the same sample, or a shard belongs to samples of another manifest.
    """
    expected = manifest_hash(read_manifest(arm))
    rows: list[list[Any]] = []
    for path in shards(arm / SAMPLES):
        header = read_header(path)
        if header.get("manifest") != expected:
            raise InputError(
                f"'{path}' was sampled under another manifest than {arm / MANIFEST} says, so it is not pooled with it. "
                "Move it to a run folder of its own."
            )
        rows += [[*row, path.name] for row in header["samples"]]
    table = pd.DataFrame(rows, columns=[*INDEX, "shard"])
    _refuse_doubles(table, arm)
    return table


def _refuse_doubles(table: pd.DataFrame, arm: Path) -> None:
    doubled = table.duplicated(["problem_id", "sample_index"], keep=False)
    if doubled.any():
        row = table.loc[doubled].iloc[0]
        same = table.loc[(table["problem_id"] == row["problem_id"]) & (table["sample_index"] == row["sample_index"])]
        first, second = list(same["shard"])[:2]
        raise InputError(
            f"'{arm / SAMPLES}': {first} and {second} both hold sample {row['sample_index']} of problem "
            f"{row['problem_id']}. Delete one of the two; what it alone held is sampled again."
        )


def read_samples(arm: Path) -> Iterator[dict[str, Any]]:
    """The samples of an arm: problem_id, sample_index, text, finish_reason, n_tokens."""
    for path in shards(arm / SAMPLES):
        lines = read_lines(path)
        next(lines, None)
        yield from lines


def verdict_names(arm: Path) -> list[str]:
    """Verifiers whose verdicts an arm holds, as NAME-VERSION."""
    return sorted(path.name for path in (arm / VERDICTS).glob("*") if path.is_dir())


def read_verdicts(arm: Path, verifier: str) -> pd.DataFrame:
    """Verdicts of a verifier on an arm's samples; of a sample judged twice, the later one.

    Returns
    -------
    Columns problem_id, sample_index, outcome, answer, reason.
    """
    rows = [row for path in shards(arm / VERDICTS / verifier) for row in read_lines(path)]
    table = pd.DataFrame(rows, columns=["problem_id", "sample_index", "outcome", "answer", "reason"])
    return table.drop_duplicates(["problem_id", "sample_index"], keep="last", ignore_index=True)


def chosen_verifier(arm: Path, name: str | None = None) -> str:
    """The verifier whose verdicts count: the one named, or the manifest's.

    Parameters
    ----------
    name
        NAME-VERSION, or NAME alone where one version has judged.

    Raises
    ------
    InputError
        If it has not judged these samples, or several versions of it have.
    """
    have = verdict_names(arm)
    wanted = name or read_manifest(arm).get("verifier") or (have[0] if len(have) == 1 else "")
    wanted = wanted.replace(":", ".")  # module:function is kept as module.function
    found = [key for key in have if key == wanted] or [key for key in have if key.rpartition("-")[0] == wanted]
    if len(found) == 1:
        return found[0]
    if not have:
        raise InputError(f"'{arm}': its samples are not judged yet. Judge them with: boundary verify {arm}")
    which = f"'{wanted}' is {'several' if found else 'none'} of them" if wanted else "name one"
    raise InputError(f"'{arm}': verdicts there are from {', '.join(have)}; {which}. Choose with --verifier.")
