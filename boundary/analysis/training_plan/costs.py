"""What further samples and runs cost, in samples and in tokens."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


class Costs:
    """Costs of samples of each model, from the counts.

    Parameters
    ----------
    table
        Rows of the counts of the benchmark and of the models that the plan is about.
    tokens
        Mean tokens of a sample of any model; None: from the column `mean_tokens`, where the counts have it.
    run_tokens
        Tokens that training a run costs; 0 where they are not to be counted.
    """

    def __init__(self, table: pd.DataFrame, tokens: float | None, run_tokens: float) -> None:
        self.run_tokens = run_tokens
        self.samples: dict[str, float] = {
            str(m): float(n) for m, n in table.groupby("model")["n_samples"].sum().items()
        }
        self.typical_samples = float(table.loc[table["n_samples"] > 0, "n_samples"].median())
        self.tokens = dict.fromkeys(self.samples, tokens if tokens is not None else np.nan)
        if tokens is None and "mean_tokens" in table.columns:
            has_tokens = table.loc[table["mean_tokens"].notna() & (table["n_samples"] > 0)]
            for model, rows in has_tokens.groupby("model"):
                self.tokens[str(model)] = float(np.average(rows["mean_tokens"], weights=rows["n_samples"]))

    @property
    def are_known(self) -> bool:
        """Whether tokens of every model are known."""
        return not any(np.isnan(value) for value in self.tokens.values())

    def of_design(
        self, times: float, like: Sequence[str], number: int, *, is_trained: bool = False
    ) -> tuple[int, float]:
        """Samples and tokens beyond those there are.

        Parameters
        ----------
        times
            So many times the samples of every model, or the problems.
        like, number
            Further models, sampled as those they are like are on average.
        is_trained
            Whether each further model costs a training.
        """
        n_more = sum((times - 1) * samples for samples in self.samples.values())
        tokens = 0.0
        if times > 1:
            tokens += sum((times - 1) * samples * self.tokens[model] for model, samples in self.samples.items())
        if number:
            n_more += number * float(np.mean([self.samples[model] for model in like]))
            of_sampling = float(np.mean([self.samples[model] * self.tokens[model] for model in like]))
            tokens += number * (of_sampling + self.run_tokens * is_trained)
        return round(n_more), tokens
