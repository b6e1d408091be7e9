"""Verdicts of a training as they come, counted by checkpoint and problem."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from boundary.data.catalog import load_counts
from boundary.data.counts import Counts
from boundary.data.tables.writing import write_csv
from boundary.data.validation import DEFAULT_BENCHMARK
from boundary.errors import InputError
from boundary.stats.prior_free.intervals import pass_at_k_intervals

DEFAULT_BUDGETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class CheckpointCounts:
    """Correct samples and samples of each problem at each checkpoint of a training.

    Parameters
    ----------
    training_run
        Name of the training; its checkpoints are the models `training_run step N`.
    benchmark
        What the problems are of.
    every
        Steps that are counted together, under the first of them: 1 counts every step by itself. Samples of several
        steps are of a policy that moved in between, so their pass@k is of none of its states.

    Examples
    --------
    >>> counts = CheckpointCounts("my-run", "sums")
    >>> counts.add(20, "p1", [True, False, True, False])
    >>> counts.add(20, "p2", [False, False, False, False])
    >>> counts.counts().table[["model", "problem_id", "n_samples", "n_correct", "checkpoint_step"]].values.tolist()
    [['my-run step 20', 'p1', 4, 2, 20], ['my-run step 20', 'p2', 4, 0, 20]]
    >>> numbers = counts.pass_at_k(20)
    >>> numbers["pass_at_4"], [name for name in numbers if name.startswith("pass_at_2")]
    (0.5, ['pass_at_2', 'pass_at_2_lower', 'pass_at_2_upper'])
    """

    def __init__(self, training_run: str, benchmark: str = DEFAULT_BENCHMARK, every: int = 1) -> None:
        if every < 1:
            raise InputError(f"every is {every}: at least 1 step is counted together.")
        self.training_run, self.benchmark, self.every = training_run, benchmark, every
        self._counts: dict[tuple[int, str], list[int]] = {}
        # Cells of before a restart, which samples drawn anew replace.
        self._resumed: set[tuple[int, str]] = set()

    def add(self, step: int, problem_id: str, verdicts: Iterable[bool]) -> None:
        """Count samples of a problem.

        Parameters
        ----------
        step
            Training step at which they were drawn, at least 0.
        problem_id
            The problem.
        verdicts
            Whether each sample is correct.

        Raises
        ------
        InputError
            For a verdict that is neither true nor false, 1 nor 0.
        """
        samples = list(verdicts)
        strange = next((verdict for verdict in samples if verdict not in (0, 1)), None)
        if strange is not None or None in samples:
            raise InputError(f"{str(strange)[:40]} is no verdict on a sample: give true or false, 1 or 0.")
        if samples:
            place = self.first_step(step), str(problem_id)
            if place in self._resumed:
                self._resumed.remove(place)
                del self._counts[place]
            cell = self._counts.setdefault(place, [0, 0])
            cell[0] += len(samples)
            cell[1] += sum(map(int, samples))

    def first_step(self, step: int) -> int:
        """The step under which samples of a step are counted."""
        return step // self.every * self.every

    @property
    def steps(self) -> list[int]:
        """Checkpoints that have samples, in order."""
        return sorted({step for step, _ in self._counts})

    def counts(self) -> Counts:
        """All counts so far, as `boundary.load_counts` gives them, for `boundary.analyze`.

        Raises
        ------
        InputError
            Where there are none yet.
        """
        rows = [
            (f"{self.training_run} step {step}", self.benchmark, problem, n, c, step, self.training_run)
            for (step, problem), (n, c) in sorted(self._counts.items())
        ]
        names = ["model", "benchmark", "problem_id", "n_samples", "n_correct", "checkpoint_step", "training_run"]
        if not rows:
            raise InputError(f"No sample of {self.training_run} was counted yet.")
        return Counts.from_frame(pd.DataFrame(rows, columns=names), self.training_run)

    def write(self, path: str | Path) -> None:
        """Write the counts so far as CSV, in place of what was written before, for `boundary analyze`."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_csv(self.counts().table, Path(path))

    def resume(self, path: str | Path, step: int) -> None:
        """Take the counts that an earlier part of this training wrote, up to the step from which it goes on.

        Parameters
        ----------
        path
            What `write` wrote. Rows of other trainings and benchmarks are passed over.
        step
            The step of the checkpoint. Where samples of it are drawn anew they replace those of before, and add up with
            them nowhere.

        Raises
        ------
        InputError
            Where the file holds no counts of checkpoints.
        """
        table = load_counts(path).table
        if "checkpoint_step" not in table or "training_run" not in table:
            raise InputError(f"{path}: no columns checkpoint_step and training_run, so that it cannot be resumed from.")
        same_training = (table["training_run"] == self.training_run) & (table["benchmark"] == self.benchmark)
        columns = ["checkpoint_step", "problem_id", "n_samples", "n_correct"]
        for at, problem, n, c in table.loc[same_training, columns].itertuples(index=False):
            place = int(at), str(problem)
            if int(at) <= step and place not in self._counts:
                self._counts[place] = [int(n), int(c)]
                self._resumed.add(place)

    def pass_at_k(
        self, step: int | None = None, k: Sequence[int] | None = None, level: float = 0.95
    ) -> dict[str, float]:
        """pass@k of a checkpoint with intervals, as numbers for a log: `pass_at_8`, `pass_at_8_lower`, `_upper`.

        Parameters
        ----------
        step
            The checkpoint; the latest where None.
        k
            Budgets, at least 1; by default the powers of two up to the fewest samples that a problem has.
        level
            Confidence that the intervals of all budgets of this checkpoint hold together, in (0, 1).

        Returns
        -------
        The unbiased estimate, which is left out where a problem has fewer than k samples, and the ends of the interval:
        those of `boundary.stats.prior_free.intervals`, which rest on no prior and are wider than a posterior's. Also
        `n_problems` and `n_samples` (the fewest of a problem). Empty where the checkpoint has no samples.

        Notes
        -----
        The interval is for these problems at this checkpoint. Of many checkpoints some miss by chance, and a difference
        between two of them is what `boundary.analyze` is for.
        """
        steps = self.steps
        if not steps:
            return {}
        checkpoint = steps[-1] if step is None else self.first_step(step)
        cells = np.array([cell for (at, _), cell in self._counts.items() if at == checkpoint]).reshape(-1, 2)
        if not len(cells):
            return {}
        fewest = int(cells[:, 0].min())
        budgets = [b for b in DEFAULT_BUDGETS if b <= fewest] if k is None else list(k)
        values: dict[str, float] = {"n_problems": len(cells), "n_samples": fewest}
        for budget, row in zip(budgets, pass_at_k_intervals(cells[:, 1], cells[:, 0], budgets, level), strict=True):
            names = (f"pass_at_{budget}", f"pass_at_{budget}_lower", f"pass_at_{budget}_upper")
            values |= {name: float(value) for name, value in zip(names, row, strict=True) if np.isfinite(value)}
        return values
