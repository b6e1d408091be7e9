"""Notes on the files of an import: what many files have in common is said once, with their number."""

from collections.abc import Iterator, Sequence

from boundary.data.readers.streams import Source
from boundary.plain_text import count_text


def file_notes(sources: Sequence[Source]) -> Iterator[str]:
    """Sentences on the files, each once.

    A note that several files have in the same words names the first of them; samples that were left out for one reason
    are added up.
    """
    by_text: dict[str, list[Source]] = {}
    for source in sources:
        for note in source.notes:
            by_text.setdefault(note.removeprefix(_place(source)), []).append(source)
    for text, same in by_text.items():
        is_placed = any(note == f"{_place(same[0])}{text}" for note in same[0].notes)
        first_path = f"'{same[0].path}' and {count_text(len(same) - 1, 'other')}: "
        yield f"{(first_path if len(same) > 1 else _place(same[0])) if is_placed else ''}{text}"
    yield from _left_out(sources)


def _place(source: Source) -> str:
    return f"'{source.path}': "


def _left_out(sources: Sequence[Source]) -> Iterator[str]:
    counts: dict[str, int] = {}
    first: dict[str, Source] = {}
    for source in sources:
        for reason, count in source.left_out.items():
            if count:
                counts[reason] = counts.get(reason, 0) + count
                first.setdefault(reason, source)
    total = sum(source.n_samples for source in sources)
    for reason, count in counts.items():
        sentence = f"{count:,} of {total:,} samples {reason}; they were left out, not taken for wrong."
        if len(sources) == 1:
            yield f"{_place(first[reason])}{sentence}"
        else:
            yield f"{sentence} The first is in '{first[reason].path}'."
