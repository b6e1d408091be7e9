"""Counts from TRL's trainers: a reward function that counts what it judges, and a callback that writes and logs them.

Facts of TRL: a reward function is called with lists `prompts`, `completions` and the columns of the data set, one entry
a completion, and with `trainer_state`; it returns a reward, or None, for each.
"""

import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boundary.callbacks.checkpoint_counts import CheckpointCounts
from boundary.data.formats.parts.rewards import is_rewarded
from boundary.errors import InputError, missing_package

if TYPE_CHECKING:
    from transformers import TrainerCallback

Log = Callable[[Mapping[str, float], int], None]
Verdict = tuple[int, str, bool]


def counting_reward(
    reward: Callable[..., Sequence[float | None]],
    counts: CheckpointCounts,
    problem: str = "problem_id",
    threshold: float | None = None,
) -> Callable[..., Sequence[float | None]]:
    """A reward function that counts its verdicts and is otherwise what it was.

    Parameters
    ----------
    reward
        A reward function of TRL, no coroutine.
    counts
        Where verdicts are counted.
    problem
        The column of the data set that names problems. Rows without a name are not counted: give the column to the data
        set of the evaluation alone, and rollouts of the training stay out.
    threshold
        Least reward of a correct completion, where rewards are not 0 and 1.

    Returns
    -------
    Callable
        To be given to the trainer in its place, under the same name. With several processes every one counts the
        verdicts of all.

    Raises
    ------
    InputError
        For a coroutine; and, when it is called, for a reward that is neither 0 nor 1 where no threshold is given.
    """
    if inspect.iscoroutinefunction(reward):
        raise InputError("A reward function that is a coroutine cannot be counted. Give one that returns the rewards.")

    @wraps(reward)
    def reward_and_count(*args: Any, **columns: Any) -> Sequence[float | None]:
        rewards = reward(*args, **columns)
        step = int(columns["trainer_state"].global_step)
        for at, name, verdict in _of_all_processes(list(_verdicts(step, columns.get(problem), rewards, threshold))):
            counts.add(at, name, [verdict])
        return rewards

    return reward_and_count


def _verdicts(step: int, names: Any, rewards: Iterable[Any], threshold: float | None) -> Iterable[Verdict]:
    for name, value in zip(names or (), rewards, strict=False):
        if name is None or value is None:
            continue
        try:
            yield step, str(name), is_rewarded(float(value), threshold)
        except ValueError as error:
            message = str(error).replace("--option threshold=NUMBER", "counting_reward(..., threshold=NUMBER)")
            raise InputError(f"Problem {str(name)[:40]}: {message}.") from error


def _of_all_processes(verdicts: list[Verdict]) -> list[Verdict]:
    """The verdicts of this and of all other processes of the training."""
    import torch.distributed as distributed

    if not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1):
        return verdicts
    parts: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(parts, verdicts)
    return [verdict for part in parts for verdict in part]


def counts_callback(
    counts: CheckpointCounts,
    path: str | Path | None = None,
    log: Log | None = None,
    k: Sequence[int] | None = None,
    level: float = 0.95,
) -> "TrainerCallback":
    """A callback that writes the counts after each evaluation, and logs pass@k with intervals once a step is complete.

    Parameters
    ----------
    counts
        What `counting_reward` counts.
    path
        CSV file to write, anew after each evaluation and checkpoint; None for none. A training that goes on from a
        checkpoint keeps the counts in it.
    log
        Called with numbers and step: `boundary.callbacks.trackers` has W&B's and MLflow's.
    k, level
        As `CheckpointCounts.pass_at_k` takes them.

    Returns
    -------
    TrainerCallback
        To be given to the trainer. It acts in the main process alone, and never stops a training: what fails is a
        warning.

    Raises
    ------
    InputError
        Where transformers is not installed.
    """
    try:
        from transformers import TrainerCallback
    except ImportError as error:
        raise missing_package("transformers", extra="trl") from error

    def log_step(step: int) -> None:
        if log is not None:
            log(counts.pass_at_k(step, k, level), step)

    def write() -> None:
        if path is not None:
            counts.write(path)

    class CountsCallback(TrainerCallback):  # type: ignore[misc]
        """Writes and logs the counts of checkpoints that are complete."""

        logged: int = -1

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Keep what was written before a restart from a checkpoint."""
            if state.is_world_process_zero and state.global_step > 0 and path is not None and Path(path).is_file():
                try:
                    counts.resume(path, state.global_step)
                except Exception as error:  # of a file that others changed; the training is worth more
                    warnings.warn(f"The counts in {path} were not taken over: {error}", stacklevel=2)
                self.logged = max((step for step in counts.steps if step < state.global_step), default=-1)

        def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Write what an evaluation counted at once: a training that is killed before its next step keeps it."""
            if state.is_world_process_zero and counts.steps:
                self._guarded(write, state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Take the checkpoints before the one whose samples are now drawn."""
            if state.is_world_process_zero:
                self._take([step for step in counts.steps if step + counts.every <= state.global_step])

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Take what is left."""
            if state.is_world_process_zero:
                self._take(counts.steps)
                if not counts.steps:
                    warnings.warn(
                        "No sample was counted: the data set has no column that names problems.", stacklevel=2
                    )

        def _take(self, steps: Sequence[int]) -> None:
            fresh = [step for step in steps if step > self.logged]
            for step in fresh:
                self.logged = step
                if not self._guarded(partial(log_step, step), step):
                    break
            if fresh:
                self._guarded(write, self.logged)

        def _guarded(self, action: Callable[[], None], step: int) -> bool:
            """Write or log; a failure of a tracker or a disk is a warning, as the training is worth more."""
            try:
                action()
            except Exception as error:
                warnings.warn(f"Counts of step {step} were not written or logged: {error}", stacklevel=2)
                return False
            return True

    return CountsCallback()
