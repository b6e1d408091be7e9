"""Published sets that live elsewhere: their cards, and fetching them into a cache that knows when it was changed."""

import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from glob import escape
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from platformdirs import user_cache_path

from boundary.data.catalog import FENCE, shipped_sets
from boundary.data.tables.writing import write_text
from boundary.errors import InputError, did_you_mean, missing_package

CARDS = Path(str(files("boundary") / "data" / "published_cards"))
MANIFEST = "manifest.json"
# Characters of the file names in a message.
LONGEST_LIST = 1500
# More than the largest set here has: what says that it is larger is another thing, or no honest answer.
MOST_BYTES = 256 << 30
GIB = 1 << 30
LONGEST_PATH = 500
HOSTS = {"huggingface": "https://huggingface.co/datasets/", "github": "https://github.com/"}


@dataclass(frozen=True)
class PublishedCard:
    """What is known of a set that lives elsewhere: the facts of its card's front matter, and its text."""

    name: str
    title: str
    hub: str
    repository: str
    licence: str
    format: str
    files: tuple[str, ...]
    benchmarks: tuple[str, ...]
    n_samples: str
    paper: str
    counts: str
    """The command that turns its files into counts; FOLDER and NAME are to be filled in."""
    text: str

    @property
    def url(self) -> str:
        """Web address of the set."""
        return HOSTS[self.hub] + self.repository


@dataclass(frozen=True)
class Fetched:
    """A set on this machine: its folder, the files asked for, the revision they are of, and their SHA-256."""

    folder: Path
    files: tuple[Path, ...]
    revision: str
    sha256: dict[str, str]


def published_sets() -> list[str]:
    """Names of the sets that live elsewhere."""
    return sorted(path.stem for path in CARDS.glob("*.md"))


def published_card(name: str) -> PublishedCard:
    """Card of a set that lives elsewhere.

    Raises
    ------
    InputError
        If the catalogue has no such set; the message lists those it has.
    """
    if not known_as_published(name):
        raise InputError(
            f"'{name}' comes with the package: analyse it by name (boundary analyze {name}), "
            f"or write it with: boundary data export {name} -o counts.csv"
        )
    _, front, text = (CARDS / f"{name}.md").read_text(encoding="utf-8").split(FENCE, 2)
    facts: dict[str, Any] = tomllib.loads(front)
    facts |= {field: tuple(facts[field]) for field in ("files", "benchmarks")}
    return PublishedCard(name=name, text=text.strip(), **facts)


def known_as_published(name: str) -> bool:
    """Whether a name is of a set that lives elsewhere, rather than of a shipped one.

    Raises
    ------
    InputError
        If it is neither; the message lists both kinds.
    """
    shipped, published = shipped_sets(), published_sets()
    if name not in (*shipped, *published):
        hint = did_you_mean(name, [*shipped, *published])
        raise InputError(
            f"No set '{name}'.{hint} Shipped: {', '.join(shipped)}. Published elsewhere: {', '.join(published)}."
        )
    return name in published


def cache_folder() -> Path:
    """Folder of fetched sets: `$BOUNDARY_CACHE`, else the user's cache folder (on Linux `~/.cache/boundary`)."""
    return Path(os.environ.get("BOUNDARY_CACHE") or user_cache_path("boundary"))


def fetch(
    name: str, patterns: Sequence[str] = (), refresh: bool = False, progress: bool = False, cache: Path | None = None
) -> Fetched:
    """Files of a published set, from the cache where they are there, else from the Hugging Face Hub.

    Parameters
    ----------
    name
        A set of `published_sets`.
    patterns
        Which files, as in `["GSM8K_*.json"]`; none for those that the card names.
    refresh
        Fetch the newest revision anew, whatever the cache holds.
    progress
        Show the hub's own progress bars.
    cache
        Folder in place of `cache_folder()`.

    Returns
    -------
    The files, whose SHA-256 agree with what was noted when they came.

    Raises
    ------
    InputError
        If there is no such set or file, the set is not on the Hugging Face Hub, the extra `hub` is not installed, the
        hub does not answer, or a file in the cache was changed since it came.
    """
    card = published_card(name)
    if card.hub != "huggingface":
        raise InputError(
            f"'{name}' lives at {card.url}, which is not fetched from here. Get it with: git clone {card.url}.git "
            f"(boundary data show {name} has the files). Then: {card.counts}"
        )
    file_patterns = tuple(patterns) or card.files
    folder = (cache or cache_folder()) / name
    manifest = {} if refresh else _manifest(folder)
    if not (file_patterns and set(file_patterns) <= set(manifest.get("patterns", ()))):
        manifest = _downloaded(card, file_patterns, folder, manifest, progress)
    digests = {path: digest for path, digest in manifest["sha256"].items() if _matches(path, file_patterns)}
    _check(folder, digests, name)
    return Fetched(folder, tuple(folder / path for path in digests), manifest["revision"], digests)


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(path, pattern) for pattern in patterns)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if {"revision", "patterns", "sha256"} <= manifest.keys():
            return manifest
    except (ValueError, AttributeError):
        pass
    raise InputError(f"'{path}' is not what was written there. Fetch the set anew with --refresh.")


def _check(folder: Path, sha256: dict[str, str], name: str) -> None:
    for path, digest in sha256.items():
        if not (folder / path).is_file() or _digest(folder / path) != digest:
            raise InputError(
                f"'{folder / path}' is missing or was changed since it was fetched. "
                f"Fetch it anew: boundary data get {name} --refresh"
            )


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _downloaded(
    card: PublishedCard, patterns: tuple[str, ...], folder: Path, manifest: dict[str, Any], progress: bool
) -> dict[str, Any]:
    """Fetch the wanted files at the revision known, or the newest, and note what came."""
    hub = _hub()
    try:
        info = hub.HfApi().dataset_info(card.repository, revision=manifest.get("revision"), files_metadata=True)
        sizes = {sibling.rfilename: getattr(sibling, "size", None) or 0 for sibling in info.siblings}
        matching = _matching_paths(card, patterns, list(sizes))
        if not progress:
            hub.utils.disable_progress_bars()
        _make_folder(folder)
        _refuse_size(card, sum(sizes[path] for path in matching), folder)
        # The very files, each by its name: a pattern would fetch those of names that climb out of the folder, too.
        names = [escape(path) for path in matching]
        hub.snapshot_download(
            card.repository, repo_type="dataset", revision=info.sha, allow_patterns=names, local_dir=folder
        )
    except InputError:
        raise
    # The hub's client lets through what its HTTP library raises: a different library in different versions.
    except Exception as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise InputError(
            f"Cannot get '{card.name}' from {card.url}: {reason}. Check the network, or get the files there by hand."
        ) from error
    digests = dict(manifest.get("sha256", {})) | {path: _digest(folder / path) for path in matching}
    all_patterns = sorted({*manifest.get("patterns", ()), *patterns})
    noted = {"repository": card.repository, "revision": info.sha, "patterns": all_patterns, "sha256": digests}
    write_text(folder / MANIFEST, json.dumps(noted, indent=2) + "\n")
    return noted


def _refuse_size(card: PublishedCard, size: int, folder: Path) -> None:
    """Refuse to fetch more than there is room for, or than any set of samples has."""
    free = shutil.disk_usage(folder).free
    if size > min(free, MOST_BYTES):
        reason = f"'{folder}' has room for {free / GIB:.1f} GiB" if size > free else "no set of samples has so much"
        raise InputError(
            f"The files of '{card.name}' have {size / GIB:.1f} GiB, and {reason}. Name fewer with --files, or another "
            "folder in BOUNDARY_CACHE."
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"Cannot write to '{folder}': {error.strerror}. Name another folder for fetched sets in BOUNDARY_CACHE."
        ) from error


def _matching_paths(card: PublishedCard, patterns: tuple[str, ...], paths: list[str]) -> list[str]:
    # A name that climbs out of the folder would have us read, and vouch for, a file that is not the set's.
    # So would one of control characters, or of a backslash, which some systems take for a slash; and our own note.
    inside = [path for path in paths if _is_inside(path)]
    matching = [path for path in inside if _matches(path, patterns)]
    if not matching:
        visible = [path for path in inside if not path.startswith(".")]
        reason = f"No file of '{card.name}' is named so" if patterns else f"'{card.name}' is large"
        example = f", as in --files '{visible[-1]}'" if visible else ""
        names = ", ".join(visible)
        names = names if len(names) <= LONGEST_LIST else f"{names[:LONGEST_LIST].rsplit(', ', 1)[0]}, ..."
        raise InputError(f"{reason}. Choose with --files{example}. It holds: {names}")
    return matching


def _is_inside(path: str) -> bool:
    """Whether a name from the network is that of a file within the folder, and none of this catalogue's own."""
    parts = PurePosixPath(path).parts
    is_plain = path.isprintable() and "\\" not in path and ":" not in path and len(path) <= LONGEST_PATH
    return is_plain and bool(parts) and parts[0] not in ("/", MANIFEST, ".cache") and ".." not in parts


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise missing_package("huggingface_hub", extra="hub") from error
    return huggingface_hub
