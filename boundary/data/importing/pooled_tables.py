"""What was gathered from files, as tables: the samples one by one, and the counts."""

from array import array

import numpy as np
import pandas as pd

from boundary.data.counts import Counts
from boundary.data.importing.collection import CODE, UNKNOWN_TOKENS, Collection
from boundary.data.records import CORRECT, OUTCOMES, WRONG
from boundary.data.settings.columns import setting
from boundary.data.token_means import MEAN_TOKENS, token_means


def samples_table(collected: Collection) -> pd.DataFrame:
    """The samples, a row each, in the order in which they were read.

    Returns
    -------
    Columns model, benchmark, problem_id, sample_index, outcome; run where samples come from several; the settings that
    the files tell; n_tokens where the files give it of some; text_hash where every text is known.
    """
    keys = pd.DataFrame(list(collected.keys), columns=["model", "benchmark", "problem_id"], dtype=object)
    problem = numbers(collected.problem, np.int32)
    table = keys.iloc[problem].reset_index(drop=True)
    table["sample_index"] = numbers(collected.index, np.int64)
    table["outcome"] = np.array(OUTCOMES, dtype=object)[numbers(collected.outcome, np.int8)]
    names = run_names(collected)
    if any(names):
        table["run"] = np.array(names, dtype=object)[numbers(collected.run, np.int32)]
    tokens = _tokens(collected)
    if not np.isnan(tokens).all():
        table["n_tokens"] = tokens
    facts = pd.DataFrame([collected.facts[key] for key in collected.keys])
    for name in (name for name in facts if setting(str(name)) is not None):
        table[name] = facts[name].to_numpy()[problem]
    text = numbers(collected.text, np.uint64)
    if len(text) and text.all():
        table["text_hash"] = text
    return table


def counts_table(collected: Collection, source: str) -> Counts:
    """Samples and correct ones per model, benchmark and problem, other outcomes counted where they occur."""
    problem = numbers(collected.problem, np.int64)
    cells = problem * len(OUTCOMES) + numbers(collected.outcome, np.int64)
    by_problem = np.bincount(cells, minlength=len(collected.keys) * len(OUTCOMES)).reshape(-1, len(OUTCOMES))
    rows = []
    for key, outcomes in zip(collected.keys, by_problem, strict=True):
        rows.append([*key, int(outcomes.sum()), int(outcomes[CODE[CORRECT]]), *map(int, outcomes)])
    for key, (n, c) in collected.tallies.items():
        rows.append([*key, n, c, *(0 for _ in OUTCOMES)])
    columns = ["model", "benchmark", "problem_id", "n_samples", "n_correct", *(f"n_{name}_" for name in OUTCOMES)]
    table = pd.DataFrame(rows, columns=columns)
    for name in OUTCOMES:
        count = table.pop(f"n_{name}_")
        if name not in (CORRECT, WRONG) and count.any():
            table[f"n_{name}"] = count
    tokens = _tokens(collected)
    if not np.isnan(tokens).all():
        correct = numbers(collected.outcome, np.int64) == CODE[CORRECT]
        means = token_means(problem, correct, tokens, len(table))
        table = table.assign(**dict(zip(MEAN_TOKENS, means, strict=True)))
    facts = pd.DataFrame([collected.facts[key] for key in (*collected.keys, *collected.tallies)], index=table.index)
    for name in (name for name in MEAN_TOKENS if name in facts):
        # Of counts without samples the files give the mean alone.
        means_of_tallies = facts.pop(name).astype(float)
        table[name] = table[name].fillna(means_of_tallies) if name in table else means_of_tallies
    return Counts.from_frame(pd.concat([table, facts], axis=1), source)


def _tokens(collected: Collection) -> np.ndarray:
    """Tokens of each sample; not a number where unknown."""
    tokens = numbers(collected.tokens, np.float64)
    return np.where(tokens == UNKNOWN_TOKENS, np.nan, tokens)


def run_names(collected: Collection) -> list[str | None]:
    """A name for each run; None where a problem has its samples from one file of unnamed run."""
    problem, run = numbers(collected.problem, np.int64), numbers(collected.run, np.int64)
    pairs = np.unique(np.stack([problem, run]), axis=1) if len(problem) else np.empty((2, 0), dtype=int)
    shared = np.flatnonzero(np.bincount(pairs[0], minlength=1) > 1)
    together = set(pairs[1][np.isin(pairs[0], shared)].tolist())
    file_names = [path.name for path in collected.files]
    labels = file_names if len(set(file_names)) == len(file_names) else list(map(str, collected.files))
    return [name or (labels[file] if code in together else None) for (name, file), code in collected.runs.items()]


def numbers(values: "array[int]", kind: type) -> np.ndarray:
    """An array of the standard library as one of numpy."""
    return np.array(values, dtype=kind)
