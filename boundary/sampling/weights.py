"""What identifies weights on this machine: a fingerprint of all that a model's folder holds, byte for byte.

Weights that were trained on, quantised or patched keep their files' names, sizes, heads and tails, so every byte is
read: SHA-256, .9 GB a second and core here (BLAKE2b: .6), files side by side. A file that has not changed since it was
last read is not read again: its size, times and number are kept with its digest in the user's cache.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

# What a model or its tokenizer is loaded from.
KINDS = (".json", ".safetensors", ".bin", ".pt", ".pth", ".gguf", ".jinja", ".model", ".tiktoken", ".txt", ".py")
# What training leaves beside it.
LEFTOVERS = ("optimizer", "scheduler", "trainer_state", "training_args", "rng_state", "random_states")
# A file changed within this time of being read may change again without its times telling.
UNCHANGED_SECONDS = 2.0
# Below this, reading a file takes no longer than looking it up.
CACHED_FROM = 1 << 22
Notice = Callable[[str], None]


def folder_fingerprint(folder: Path, notice: Notice = lambda text: None) -> str:
    """Fingerprint of a model's folder: names, sizes and contents of its files.

    Parameters
    ----------
    notice
        Called with a sentence where much has to be read.
    """
    files = _files(folder)
    unknown = sum(path.stat().st_size for path in files if _cached_digest(path) is None)
    if unknown >= 1 << 30:
        notice(f"Reading {unknown / 1e9:.1f} GB of weights in {folder} for their fingerprint")
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as threads:
        digests = list(threads.map(_digest, files))
    whole = hashlib.sha256()
    for path, digest in zip(files, digests, strict=True):
        whole.update(f"{path.relative_to(folder)}\t{digest}\n".encode())
    return "sha256:" + whole.hexdigest()[:32]


def _files(folder: Path) -> list[Path]:
    """What the model is loaded from; weights in folders below count where an index names them."""
    files = {
        path
        for path in folder.iterdir()
        if path.is_file() and path.suffix in KINDS and not path.name.startswith((*LEFTOVERS, "."))
    }
    for index in folder.glob("*.index.json"):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            names = {Path(name) for name in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
            within = (folder / name for name in names if not name.is_absolute() and ".." not in name.parts)
            files |= {path for path in within if path.is_file()}
    return sorted(files)


def _digest(path: Path) -> str:
    cached = _cached_digest(path)
    if cached is not None:
        return cached
    before = _state(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    changed = max(before["mtime_ns"], before["ctime_ns"]) / 1e9
    if before["size"] >= CACHED_FROM and before == _state(path) and time.time() - changed > UNCHANGED_SECONDS:
        _cache_digest(path, before | {"digest": digest})
    return digest


def _state(path: Path) -> dict[str, Any]:
    at = path.stat()
    return {
        "size": at.st_size,
        "mtime_ns": at.st_mtime_ns,
        "ctime_ns": at.st_ctime_ns,
        "inode": at.st_ino,
        "device": at.st_dev,
    }


def _cached_digest(path: Path) -> str | None:
    """The digest of a file that is as it was when it was last read."""
    if path.stat().st_size < CACHED_FROM:
        return None
    with suppress(OSError, ValueError, TypeError):
        kept = json.loads(_cache_file(path).read_text(encoding="utf-8"))
        digest = kept.pop("digest")
        if kept == _state(path) and isinstance(digest, str):
            return digest
    return None


def _cache_digest(path: Path, record: dict[str, Any]) -> None:
    place = _cache_file(path)
    with suppress(OSError):  # a home that cannot be written: it is read again the next time
        place.parent.mkdir(parents=True, exist_ok=True)
        hidden = place.with_name(f".{place.name}-{uuid4().hex[:8]}")
        hidden.write_text(json.dumps(record), encoding="utf-8")
        hidden.rename(place)


def _cache_file(path: Path) -> Path:
    from platformdirs import user_cache_path

    name = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return user_cache_path("boundary") / "weights" / f"{name}.json"
