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

    def of_enlarging(self, times: float) -> tuple[float, float]:
        """Samples and tokens of so many times the samples of every model, or the problems, beyond those there are."""
        n = {model: (times - 1) * samples for model, samples in self.samples.items()}
        return sum(n.values()), sum(value * self.tokens[model] for model, value in n.items()) if times > 1 else 0.0

    def of_new_models(self, like: Sequence[str], number: int, *, is_trained: bool) -> tuple[float, float]:
        """Samples and tokens of further models that are sampled as those they are like are on average."""
        if not number:
            return 0.0, 0.0
        samples = float(np.mean([self.samples[model] for model in like]))
        tokens = float(np.mean([self.samples[model] * self.tokens[model] for model in like]))
        return number * samples, number * (tokens + self.run_tokens * is_trained)
