"""Scores in a run folder: the log-probabilities of its responses under a model, as `boundary score` writes them.

Under an arm, scores/SCORER/ holds scoring.json (which model, weights, tokenizer and dtype), and in samples/ and
reference/ shards of the scores of the stored samples and of the benchmark's reference answers.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from boundary.data.readers import limits
from boundary.data.runs.folder import (
    SAMPLE,
    arms_of,
    chosen_verifier,
    model_name,
    read_manifest,
    read_verdicts,
    sample_index,
    shards,
    verdict_names,
)
from boundary.data.runs.shards import plain_damage_errors, read_header, read_lines
from boundary.data.runs.stored_types import ScoringManifest, StoredScore, fields_of, named_fields, wrong_field
from boundary.errors import InputError

SCORES, SCORING = "scores", "scoring.json"
# What is scored: the samples, or the benchmark's reference answers.
SAMPLES_SCORED, REFERENCE_SCORED = "samples", "reference"
# Scores under other values of these are still scores of one kind.
SCORING_MUTABLE = ("created", "history", "label", "engine", "engine_version")
# What the index of a shard says of each score.
PER_TOKEN, TEMPERED = "tokens", "tempered"


def scoring_folders(arm: Path) -> list[Path]:
    """The folders of an arm that hold scores, one for each model that scored it."""
    return sorted(path.parent for path in (arm / SCORES).glob(f"*/{SCORING}"))


def read_scoring(folder: Path) -> dict[str, Any]:
    """Which model scored: model, revision, tokenizer and vocabulary, settings.

    Raises
    ------
    InputError
        If that cannot be read.
    """
    path = folder / SCORING
    try:
        if path.stat().st_size > limits.LARGEST_MANIFEST:
            raise ValueError(f"longer than {limits.mib(limits.LARGEST_MANIFEST)}")
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("no JSON object")
        msgspec.convert(named_fields(content, ScoringManifest), ScoringManifest)
    except msgspec.ValidationError as error:
        raise InputError(
            f"'{path}': its {wrong_field(error)} is not what boundary writes. Delete '{folder}', and score again."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"Cannot read '{path}' ({error}). Delete '{folder}', and score again.") from error
    return content


def scoring_hash(scoring: Mapping[str, Any]) -> str:
    """Fingerprint of what may not change between scores of one folder."""
    fixed = {key: value for key, value in scoring.items() if key not in SCORING_MUTABLE}
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:16]


def score_index(folder: Path, kind: str = SAMPLES_SCORED) -> pd.DataFrame:
    """Which scores a folder holds, from the headers of its shards; a text that was scored twice is there twice.

    Returns
    -------
    Columns problem_id, sample_index, text_hash, n_tokens and extras: PER_TOKEN and TEMPERED where it has those.

    Raises
    ------
    InputError
        If a shard is damaged, or belongs to scores of another model or other settings.
    """
    rows = [row for _, samples in _checked_shards(folder, kind) for row in samples]
    return pd.DataFrame(rows, columns=[*SAMPLE, "text_hash", "n_tokens", "extras"])


def _checked_shards(folder: Path, kind: str) -> Iterator[tuple[Path, list[list[Any]]]]:
    """The shards of a folder, each with what it lists; one of other scores is refused."""
    expected = scoring_hash(read_scoring(folder))
    paths = shards(folder / kind)
    left = limits.most_unpacked(sum(path.stat().st_size for path in paths))
    for path in paths:
        header = read_header(path)
        left -= sum(limits.SAMPLE_ROW + len(row[0]) + len(row[-1]) for row in header["samples"])
        if left < 0:
            raise InputError(f"'{path}' and the shards before it list more scores than they hold. Delete them.")
        if header["manifest"] != expected:
            raise InputError(
                f"'{path}' was scored under another model or other settings than {folder / SCORING} says. Delete it: "
                "what it held is scored again."
            )
        yield path, header["samples"]


def read_scores(folder: Path, kind: str = SAMPLES_SCORED) -> Iterator[dict[str, Any]]:
    """The scores of a folder, a dict each (`boundary.sampling.scoring.records.Score`), in the order of their shards."""
    for path, samples in _checked_shards(folder, kind):
        left = len(samples)
        for line in islice(read_lines(path), 1, None):
            left -= 1
            with plain_damage_errors(path):
                if left < 0:
                    raise ValueError("it holds more scores than it says")
                row = fields_of(line, StoredScore)
                sums = [row["sum_logp"], row["sum_tempered"] or 0, row["sum_nucleus"] or 0, *(row["token_logp"] or ())]
                if not all(map(math.isfinite, sums)):
                    raise ValueError("a log-probability is no finite number")
            yield row
        with plain_damage_errors(path):
            if left:
                raise ValueError("it holds fewer scores than it says")


def scores_table(folder: Path, verifier: str | None = None, kind: str = SAMPLES_SCORED) -> pd.DataFrame:
    """The scores of a run folder, a row a response and scoring model, with the outcomes where samples are judged.

    Parameters
    ----------
    folder
        A run folder, or an arm of it.
    verifier
        Whose outcomes are given. Default: the manifest's.
    kind
        SAMPLES_SCORED, or REFERENCE_SCORED for the benchmark's reference answers.

    Returns
    -------
    Columns model (that sampled; for reference answers that whose prompt came before them), benchmark, scorer (that
    scored), problem_id, sample_index, outcome (None where not judged), n_tokens, sum_logp, perplexity (of a token; none
    for empty responses), bits_per_byte, ending, n_bytes, truncated, empty, retokenised, same_count, same_vocabulary
    (whether the scorer reads the tokens as they were sampled), sum_tempered, sum_nucleus, n_outside, run (the seed:
    arms that are pooled number their samples alike). Scores of texts
    that are no longer stored are left out; of a text scored twice each column has the later value that is there.

    Raises
    ------
    InputError
        If nothing is scored, or a file cannot be read.
    """
    tables = [
        _table(arm, scored, verifier, kind) for arm in arms_of([folder]) for scored in scoring_folders(arm)
        if shards(scored / kind)
    ]  # fmt: skip
    tables = [table for table in tables if table is not None]
    if not tables:
        name = "scores" if kind == SAMPLES_SCORED else "scores of reference answers"
        more = "" if kind == SAMPLES_SCORED else " --reference"
        raise InputError(f"'{folder}' holds no {name}. Make them with: boundary score {folder} --model ID{more}")
    return pd.concat(tables, ignore_index=True)


def _table(arm: Path, folder: Path, verifier: str | None, kind: str) -> pd.DataFrame | None:
    """The scores of an arm under a model; None without any, since columns without types cannot be joined."""
    manifest, scoring = read_manifest(arm), read_scoring(folder)
    names = [name for name in StoredScore.__struct_fields__ if name != "token_logp"]
    rows = pd.DataFrame([[row[name] for name in names] for row in read_scores(folder, kind)], columns=names)
    if rows.empty:
        return None
    # A text may have been scored as sampled once, and later without that: each column's last value counts.
    rows = rows.groupby([*SAMPLE, "text_hash"], sort=False, as_index=False).last()
    if kind == SAMPLES_SCORED:
        rows = rows.merge(sample_index(arm)[[*SAMPLE, "text_hash"]], on=[*SAMPLE, "text_hash"])
    rows["outcome"] = None
    if kind == SAMPLES_SCORED and verdict_names(arm):
        verdicts = read_verdicts(arm, chosen_verifier(arm, verifier))[[*SAMPLE, "outcome"]]
        rows = rows.drop(columns="outcome").merge(verdicts, on=SAMPLE, how="left")
    rows["perplexity"] = [
        perplexity(*row) for row in zip(rows["sum_logp"], rows["n_tokens"], rows["empty"], strict=True)
    ]
    rows["bits_per_byte"] = [
        bits_per_byte(total, size) for total, size in zip(rows["sum_logp"], rows["n_bytes"], strict=True)
    ]
    rows = rows.assign(
        model=model_name(manifest),
        benchmark=str(manifest["benchmark"]),
        scorer=model_name(scoring),
        same_vocabulary=scoring["same_vocabulary"],
        run=str(manifest.get("settings", {}).get("seed", "")),
    )
    first = ["model", "benchmark", "scorer", *SAMPLE, "outcome", "n_tokens", "sum_logp", "perplexity", "bits_per_byte"]
    return rows[[*first, *(name for name in rows.columns if name not in {*first, "text_hash"})]]


def perplexity(sum_logp: float, n_tokens: int, empty: bool) -> float:
    """exp(-mean log p) over a response's tokens; not a number for an empty response.

    Examples
    --------
    >>> round(perplexity(-2.0, 4, False), 3)
    1.649
    """
    return math.nan if empty or not n_tokens else math.exp(min(-sum_logp / n_tokens, 700.0))


def bits_per_byte(sum_logp: float, n_bytes: int) -> float:
    """Bits that a response takes, for each byte of its text: comparable between tokenizers; not a number without text.

    Examples
    --------
    >>> bits_per_byte(-math.log(2) * 12, 6)
    2.0
    """
    return -sum_logp / math.log(2) / n_bytes if n_bytes else math.nan
