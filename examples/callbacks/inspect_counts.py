"""Counts and pass@k with intervals from an evaluation by inspect_ai: python inspect_counts.py OUTPUT."""

import sys

from inspect_ai import Epochs, Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import match
from inspect_ai.solver import Generate, Solver, TaskState, solver

from boundary.callbacks.inspect_ai import counting_reducer, counts_hook, pass_at_k


@solver
def scripted() -> Solver:
    """Answer in place of a model: right in every second epoch, on every problem but the first."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        right = state.epoch % 2 == 0 and state.sample_id != "sum 0"
        state.output = ModelOutput.from_content("scripted", "4" if right else "no idea")
        return state

    return solve


def main(output: str) -> None:
    """Evaluate; `output/*.csv` goes to `boundary analyze`."""
    counts_hook(output)
    task = Task(
        dataset=[Sample(id=f"sum {i}", input=f"2 + 2 = (asked {i})", target="4") for i in range(6)],
        solver=scripted(),
        scorer=match(),
        metrics=[pass_at_k([1, 4])],
        epochs=Epochs(4, counting_reducer()),
    )
    (log,) = eval(task, model="mockllm/model", log_dir=f"{output}/logs", display="none")
    print({name: metric.value for name, metric in log.results.scores[0].metrics.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
