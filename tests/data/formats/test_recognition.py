"""Recognition is exact: every format's examples are claimed by it alone, alone, in folders and under other names."""

import shutil
from pathlib import Path

import pytest

from boundary.data.formats import FORMATS
from boundary.data.importing.import_files import import_files, recognised_format
from boundary.data.readers.streams import Source
from boundary.errors import InputError


@pytest.mark.parametrize("other_name", FORMATS)
def test_no_format_claims_the_example_of_another(example, format_name, write_example, other_name):
    """Fallbacks are asked last, and may claim what they can read."""
    path = write_example(example, example.content)
    other = FORMATS[other_name]
    claims = other.module.recognises(path, Source(path).head())
    assert claims == (other_name == format_name) or (claims and other.fallback)


def test_examples_are_recognised_under_any_name(example, format_name, write_example, tmp_path):
    path = write_example(example, example.content)
    for name in ("data", "data.jsonl", "data.json", "data.csv", "0.parquet", "results.json"):
        copy = tmp_path / "copies" / name
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(path, copy)
        assert recognised_format(copy) == format_name


# Which five stand together: text and binary, lists and lines, of one shape and of others.
MIXTURES = (
    ("verl", "lm-eval", "nemo-skills", "evalscope", "rows"),
    ("trl", "lighteval", "open-r1", "verl-generation", "tabulated"),
    ("swe-bench", "terminal-bench", "bigcodebench", "evalplus", "skythought"),
    ("helm", "scorio", "matrix csv", "inspect-ai eval", "openai-evals"),
)


@pytest.mark.parametrize("names", MIXTURES, ids=lambda names: names[0])
def test_a_folder_that_mixes_five_formats(tmp_path, names, request):
    examples = request.getfixturevalue("all_examples")
    paths: dict[str, Path] = {}
    for name in names:
        format_name, example = examples[name]
        path = tmp_path / name.replace(" ", "-") / Path(example.file).name
        path.parent.mkdir()
        path.write_bytes(example.pack(example.content))
        paths[format_name] = path
    with pytest.raises(InputError) as refusal:
        import_files(tmp_path, model="m")
    message = str(refusal.value)
    assert "The files are of 5 formats" in message
    assert f"boundary import {next(iter(sorted(paths, key=lambda n: paths[n])))} {tmp_path} -o" in message
    for format_name, path in paths.items():
        assert f"of {format_name} ('{path.name}'" in message
        alone = import_files(path, model="m").counts.table
        within = import_files(tmp_path, format_name, model="m").counts.table
        assert within["n_correct"].tolist() == alone["n_correct"].tolist()
