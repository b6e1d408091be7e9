"""Files of a data set that is cut into numbered ones: those that are missing, and parts that were read together."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from boundary.plain_text import agreeing

SHARD = re.compile(r"(?P<stem>.*?)-(?P<number>\d{4,6})-of-(?P<total>\d{4,6})(?P<ending>\..*)?")
SPLITS = "dataset_dict.json"
MOST_NAMED = 5


def missing_shards(paths: Sequence[Path]) -> Iterator[str]:
    """Sentences on shards that are not among the files, and on splits of a data set that were read as one.

    Parameters
    ----------
    paths
        The files that were read.
    """
    shards: dict[tuple[Path, str, int], set[int]] = {}
    for path in paths:
        match = SHARD.fullmatch(path.name)
        if match is not None:
            shards.setdefault((path.parent, match["stem"], int(match["total"])), set()).add(int(match["number"]))
    for (folder, stem, total), numbers in shards.items():
        n_missing = total - len(numbers)
        if n_missing > 0:
            first = [number for number in range(min(total, len(numbers) + MOST_NAMED)) if number not in numbers]
            few = ", ".join(map(str, first[:MOST_NAMED])) + ", ..." * (n_missing > len(first[:MOST_NAMED]))
            yield (
                f"'{folder}': {n_missing} of {total} files of '{stem}' {agreeing(n_missing, 'was', 'were')} not read "
                f"({agreeing(n_missing, 'number', 'numbers')} {few}): their samples are missing from the counts."
            )
    folders = dict.fromkeys(path.parent for path in paths)
    if len(folders) > 1 and any((folder.parent / SPLITS).is_file() for folder in folders):
        names = ", ".join(folder.name for folder in list(folders)[:MOST_NAMED])
        yield f"Parts of a data set ({names}) were read as one. To count one of them, name its folder."
