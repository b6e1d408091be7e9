"""Whether the samples one by one are as many as the counts count."""

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from boundary.analysis.notes import Note
from boundary.data.counts import Counts
from boundary.data.validation import DEFAULT_BENCHMARK, KEY


def sample_number_notes(
    counts: Counts, samples: pd.DataFrame | None, models: Collection[str], benchmarks: Collection[str]
) -> Iterator[Note]:
    """Notes on models with other numbers of samples one by one than of counted samples.

    Parameters
    ----------
    counts
        All counted samples of the models, before any is taken for missing.
    samples
        The samples one by one; None where there are none.
    models, benchmarks
        Of which there are notes.

    Yields
    ------
    One note for each benchmark and model whose numbers differ at some problem; models without any sample are left out,
    as are problems without any. It is alarming where there are more samples than the counts count.
    """
    if samples is None or not {"model", "problem_id"} <= set(samples):
        return
    keys = samples.assign(benchmark=samples.get("benchmark", DEFAULT_BENCHMARK))[list(KEY)].astype(str)
    keys = keys.loc[keys["model"].isin(list(models))]
    table = counts.table
    table = table.loc[table["model"].isin(list(models)) & table["benchmark"].isin(list(benchmarks))]
    place = pd.MultiIndex.from_frame(table[list(KEY)].astype(str)).get_indexer(pd.MultiIndex.from_frame(keys))
    n = np.bincount(place[place >= 0], minlength=len(table))
    numbers = table[list(KEY)].assign(n=n, counted=table["n_samples"].to_numpy())
    for (benchmark, model), group in numbers.groupby(["benchmark", "model"], sort=False):
        more, fewer = group.loc[group["n"] > group["counted"]], group.loc[group["n"] < group["counted"]]
        if group["n"].sum() == 0 or not (len(more) or len(fewer)):
            continue
        text = f"{model}, {benchmark}: the samples one by one are {group['n'].sum():,}, the counts are of "
        text += f"{group['counted'].sum():,}."
        if len(more):
            text += (
                f" At {len(more):,} problems, the first {more['problem_id'].iloc[0]}, there are more samples than are "
                "counted: where some are copies, intervals of what is estimated from samples (cost, breadth) are too "
                "narrow. Give the samples that were counted."
            )
        else:
            text += (
                f" Those of {len(fewer):,} problems, the first {fewer['problem_id'].iloc[0]}, lack some: what is "
                "estimated from samples (cost, breadth) rests on fewer than pass@k does."
            )
        yield Note(str(benchmark), str(model), text, "alarm" if len(more) else "remark")
