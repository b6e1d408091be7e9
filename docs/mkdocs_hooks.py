"""For the site alone: pictures that lie outside docs/ come along, other links out of docs/ become plain text."""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

# [text](../path), with the exclamation mark of a picture before it.
LINK = re.compile(r"(!?)\[([^\]]*)\]\((\.\./[^)#\s]*)[^)]*\)")


def outside(page: File, target: str, config: Any) -> Path | None:
    """Path from the repository's root to what a link leads to, or None where that lies in docs/."""
    docs = Path(config.docs_dir).resolve()
    path = (docs / page.src_uri).parent.joinpath(target).resolve()
    return None if path.is_relative_to(docs) else path.relative_to(docs.parent)


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pictures that pages show from other folders."""
    for page in list(files.documentation_pages()):
        for picture, _, target in LINK.findall(page.content_string):
            path = outside(page, target, config)
            uri = f"outside/{path and path.as_posix()}"
            if picture and path and files.get_file_from_path(uri) is None:
                files.append(File.generated(config, uri, abs_src_path=str(Path(config.docs_dir).parent / path)))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:
    """Lead pictures to their copies, and leave other links out of docs/ as their text."""

    def inside(match: re.Match[str]) -> str:
        picture, text, target = match.groups()
        path = outside(page.file, target, config)
        if path is None:
            return match[0]
        up = "../" * page.file.src_uri.count("/")
        return f"![{text}]({up}outside/{path.as_posix()})" if picture else f"{text} (`{path.as_posix()}`)"

    return LINK.sub(inside, markdown)
