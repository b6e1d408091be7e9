"""Problems made by reasoning-gym, in a process of their own, so that the same seed makes the same problems.

Some of its datasets walk through sets of text, whose order Python changes from process to process, or draw from the
common random generator. The process that makes problems has a fixed order and a fixed start of that generator.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from boundary.errors import InputError, did_you_mean, missing_package
from boundary.sampling.problems import Problem
from boundary.sampling.python_module import module_command, module_environment

RIGHT = 1.0
# Exit code of the process where the input is at fault.
WRONG_INPUT = 2


def gym_problems(source: str, limit: int | None) -> Iterator[Problem]:
    """Problems of `NAME?OPTION=VALUE&...`; seed is 0 and size the limit where they are not among the options.

    Raises
    ------
    InputError
        If the package is missing, or knows no such dataset or option.
    """
    name, _, query = source.partition("?")
    options = {key: _option(value) for key, value in parse_qsl(query, keep_blank_values=True)}
    options = {"seed": 0} | ({} if limit is None else {"size": limit}) | options
    for index, entry in enumerate(gym_entries(name, options)):
        origin = {"name": name, "options": options, "index": index}
        yield Problem(
            problem_id=f"{index:04d}",
            prompt=entry["question"],
            answer=entry["answer"] or "",
            facts={"gym": origin | ({"metadata": entry["metadata"]} if "metadata" in entry else {})},
        )


def _option(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def gym_entries(name: str, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Entries of a reasoning-gym dataset.

    Returns
    -------
    For each: question, answer (or None), and metadata where the dataset's scorer can judge by it once it has been JSON.

    Raises
    ------
    InputError
        If the package is missing, or knows no such dataset or option.
    """
    command = module_command("boundary.sampling.benchmarks.generated", name, json.dumps(options))
    process = subprocess.run(command, capture_output=True, env=module_environment(), check=False)
    errors = process.stderr.decode(errors="replace").strip()
    if process.returncode == WRONG_INPUT:
        raise InputError(errors)
    if process.returncode:
        reason = errors.splitlines()[-1] if errors else "no reason given"
        raise InputError(f"reasoning-gym failed to make '{name}': {reason}")
    return [json.loads(line) for line in process.stdout.splitlines()]


def gym_dataset(name: str, options: Mapping[str, Any]) -> Any:
    """A reasoning-gym dataset, which holds the scorer.

    Raises
    ------
    InputError
        If the package is missing, or knows no such dataset or option.
    """
    try:
        import reasoning_gym
        from reasoning_gym.factory import DATASETS
    except ImportError as error:
        raise missing_package("reasoning-gym", extra="verify") from error
    if name not in DATASETS:
        hint = did_you_mean(name, DATASETS)
        raise InputError(
            f"reasoning-gym has no dataset '{name}'.{hint} It has {len(DATASETS)}, among them chain_sum and gcd."
        )
    try:
        return reasoning_gym.create_dataset(name, **options)
    except (TypeError, ValueError, AssertionError) as error:
        raise InputError(
            f"reasoning-gym refuses these options of '{name}': {error}. Given: {dict(options)}."
        ) from error


def main(name: str, options: str) -> None:
    """Print the entries of a dataset, a line of JSON each."""
    random.seed(0)
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # one of the datasets prints
    try:
        dataset = gym_dataset(name, json.loads(options))
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(WRONG_INPUT)
    for index in range(len(dataset)):
        lines.write(json.dumps(_entry(dataset, dataset[index])) + "\n")
    lines.close()


def _entry(dataset: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an entry; metadata only if the scorer still knows the answer by it."""
    answer = entry["answer"]
    kept = {"question": str(entry["question"]), "answer": None if answer is None else str(answer)}
    try:
        metadata = json.loads(json.dumps(entry["metadata"]))
        if answer is None or dataset.score_answer(str(answer), {**entry, "metadata": metadata}) >= RIGHT:
            return kept | {"metadata": metadata}
    except Exception:  # a scorer may fail in any way on what is not quite its own
        pass
    return kept


if __name__ == "__main__":
    main(*sys.argv[1:])
