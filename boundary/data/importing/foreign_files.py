"""Descriptions of files that no format recognises: what such a file is, and what to do with it."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from boundary.data.formats.parts.row_documents import are_verdicts, has_two_levels, two_levels_text
from boundary.data.formats.parts.row_fields import CORRECT_COUNTS, TOTALS, WORDS, is_counts, word_of
from boundary.data.formats.parts.row_names import FieldNames
from boundary.data.readers.file_kinds import BOM, ZIP, foreign_kind
from boundary.data.readers.parquet_files import MAGIC as PARQUET
from boundary.data.readers.parquet_rows import column_names
from boundary.data.readers.streams import first_record, is_list, is_object

COUNTS = {"n_samples", "n_correct"}
# What others call the column `outcome`.
VERDICTS = (
    "correct",
    "is_correct",
    "passed",
    "pass",
    "success",
    "solved",
    "score",
    "reward",
    "verdict",
    "result",
    "acc",
)
RATES = ("solve_rate", "pass_rate", "success_rate", "accuracy", "pass@1", "solved_percentage")
VERDICT_ENDINGS = tuple(f"_{name}" for name in VERDICTS)
NAME_COLUMNS = "name the format rows and its fields, with --columns problem=NAME,correct=NAME"
SAMPLES_READ = "boundary analyze reads it as it is"


def foreign_description(path: Path, head: bytes) -> str | None:
    """What a file of no known format is, and what to do with it; None where that cannot be recognised."""
    answer = foreign_kind(path.name, head)
    if answer is None and head.startswith(ZIP):
        answer = _of_zip(path)
    if answer is None and head.startswith(PARQUET):
        answer = _of_table(column_names(path, head), path, "a Parquet table")
    if answer is None and (is_object(head) or is_list(head)):
        answer = _of_json(path, head)
    if answer is None:
        answer = _of_text(path, head)
    return answer


def _of_zip(path: Path) -> str:
    try:
        with ZipFile(path) as zipped:
            names = zipped.namelist()
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        names = []
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook. Save its table as CSV in UTF-8"
    if any(name.endswith(("/data.pkl", ".pkl")) for name in names):
        return "a file of PyTorch or a pickle, which is never read, as it could run any code"
    few = ", ".join(names[:3]) + ", ..." * (len(names) > 3)
    return f"packed by zip{f' (it holds {few})' if few else ''}. Unpack it first, and import the files in it"


def _of_table(columns: Sequence[str], path: Path, kind: str) -> str | None:
    """What to do with a table whose columns show counts, or a row a sample."""
    names = {name.strip().strip('"').lower(): name.strip().strip('"') for name in columns}
    totals, correct = ([names[usual] for usual in pair if usual in names] for pair in (TOTALS, CORRECT_COUNTS))
    totals, correct = (["n"], ["c"]) if names.keys() >= {"n", "c"} else (totals, correct)
    if totals and correct and not names.keys() >= COUNTS:
        return (
            f"a table that seems to hold counts. Give it to boundary analyze, with --columns n_samples={totals[0]},"
            f"n_correct={correct[0]} where it does not know its names. Where each row is a sample, {NAME_COLUMNS}"
        )
    if names.keys() >= COUNTS:
        return f"a table that holds counts already. Give it to boundary analyze (load_counts) as it is{_renamed(path)}"
    lacking = [name for name in ("model", "problem_id") if name not in names]
    columns_to_add = f", once it has a column {' and a column '.join(lacking)}" if lacking else ""
    if "outcome" in names and ("problem_id" in names or "model" in names):
        return f"{kind} with a row a sample. {SAMPLES_READ}{columns_to_add}{_renamed(path)}"
    verdicts = next((names[name] for name in VERDICTS if name in names), None)
    if verdicts is not None and ("problem_id" in names or "model" in names):
        problem = names.get("problem_id", "NAME")
        return (
            f"{kind} with a row a sample. Name the format rows and its columns (--columns problem={problem},"
            f"correct={verdicts}), and for scores from which on a sample is correct (--option threshold=NUMBER)"
        )
    names_text = f"{', '.join(columns[:8])}{', ...' * (len(columns) > 8)}"
    if kind == "a Parquet table":
        return f"a Parquet table of the columns {names_text}. Where each row is a sample, {NAME_COLUMNS}"
    rates = [name.strip() for name in columns if len(name) < 60 and name.strip().lower().endswith(RATES)]
    if rates:
        return (
            f"{kind} of no known format, whose column {rates[0]} seems to hold rates. Counts need the number of "
            "samples too: write n_samples, and n_correct as the rate times n_samples, for boundary analyze"
        )
    wide = [name.strip() for name in columns if len(name) < 60 and name.strip().lower().endswith(VERDICT_ENDINGS)]
    if len(wide) > 1:
        models = ",".join(f"models={name}" for name in wide[:4])
        problem = names.get("problem_id", "NAME")
        return (
            f"{kind} of no known format, with several columns that may be verdicts. Where each is a model's, name the "
            f"format rows and --columns problem={problem},{models}; where one is the verdict on each row, --columns "
            f"problem={problem},correct={wide[0]}"
        )
    if path.name.lower().removesuffix(".gz").endswith((".csv", ".tsv")):
        return (
            f"a table of no known format, with the columns {names_text}. Where each row is a sample, {NAME_COLUMNS}; "
            "where each model has a column of verdicts, with models=NAME for each in place of correct"
        )
    return None


def _renamed(path: Path) -> str:
    """Where a table's name does not say what it is."""
    name = path.name.lower()
    ending = name.endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet", ".pq"))
    return "" if ending else ", under a name that ends in .csv, .tsv or .parquet"


def _of_json(path: Path, head: bytes) -> str | None:
    record = first_record(path, head)
    if isinstance(record, list):
        return (
            "a JSON list of lists. Write it as CSV: a problem a row, a sample a column, its name in a column problem_id"
        )
    if record is None and is_object(head) and head.count(b"\n{") > 0:
        return (
            "no JSON, or several objects over several lines, one after another. Write each on a line of its own "
            "(jq -c . FILE)"
        )
    if not isinstance(record, Mapping):
        return None
    names = ", ".join(str(name)[:40] for name in list(record)[:8]) + ", ..." * (len(record) > 8)
    description = f"JSON of no known format, with the fields {names}"
    if is_counts(record):
        return f"{description}, which seem to be counts. Write it as CSV, and give it to boundary analyze"
    if has_two_levels(record):
        return f"{description}: {two_levels_text(record)}"
    values = list(record.values())
    if len(values) > 1 and all(isinstance(value, list) for value in values):
        return f"{description}, each of which holds a list. Where these are problems and verdicts, name the format rows"
    if are_verdicts(record):
        return f"{description}, each of which holds a verdict. Where these are problems, name the format rows"
    verdicts = [name[:60] for name, value in FieldNames(record).paths.items() if _is_plain_verdict(value)]
    fields = ", ".join(verdicts[:4]) + ", ..." * (len(verdicts) > 4)
    hint = f"true or false, or 0 or 1, stands in {fields}" if verdicts else "no field holds true or false, or 0 or 1"
    return f"{description}; {hint}. Where each record is a sample, {NAME_COLUMNS}"


def _is_plain_verdict(value: object) -> bool:
    """Whether a value is a verdict, or a list of them: true or false, 0 or 1, or a word."""
    if isinstance(value, list):
        return bool(value) and all(_is_plain_verdict(part) for part in value)
    return isinstance(value, bool) or value in (0, 1) or (isinstance(value, str) and word_of(value) in WORDS)


def _of_text(path: Path, head: bytes) -> str | None:
    try:
        lines = head.removeprefix(BOM).decode().splitlines()
    except UnicodeDecodeError as error:
        if error.end < len(head) - 3:
            return "no text in UTF-8, and of no binary format that is known"
        lines = head[: error.start].decode().splitlines()
    header = next((line for line in lines if line.strip()), "")
    separator = "\t" if "\t" in header else ";" if header.count(";") > header.count(",") else ","
    try:
        columns = next(csv.reader([header], delimiter=separator), [])
    except csv.Error:
        return None
    answer = _of_table(columns, path, "a table") if len(columns) > 1 else None
    if answer is None and separator == ";" and len(columns) > 1:
        answer = "a table whose cells are separated by semicolons. Separate them by commas"
    return answer
