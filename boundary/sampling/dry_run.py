"""What a sampling run would do: problems, prompts that do not fit, tokens, time and disk; nothing is written.

Only benchmarks and tokenizers are loaded, and a server is asked what it serves. Tokens are bounded by the limit on new
tokens, and estimated from samples that are stored; time comes from the speed of earlier calls, where there were some.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from boundary.data.runs.folder import MANIFEST, SAMPLES, arms, model_name, read_manifest, sample_index, shards
from boundary.errors import InputError
from boundary.sampling.arms import Arm, planned_arms
from boundary.sampling.remarks import arm_remarks
from boundary.sampling.requests import Run
from boundary.sampling.store.arm import view_store
from boundary.sampling.store.calls import Call, largest_call
from boundary.sampling.store.manifests import Prompts
from boundary.sampling.targets import arm_targets, read_plan

# Of English prose with the ids of a tokenizer of 49,000 words, in samples of 100 to 4,000 tokens, compressed: 2.0; the
# ids of a larger vocabulary take more. A sample also has a row in its shard's header, and a verdict.
BYTES_A_TOKEN, BYTES_A_SAMPLE = 2.5, 150


@dataclass(frozen=True)
class Forecast:
    """What a run would add to an arm.

    Parameters
    ----------
    folder, model, benchmark, temperature
        The arm.
    n_problems
        Problems of this part of the benchmark, those that do not fit included.
    context
        Tokens that prompt and sample may have together; None where unknown.
    too_long
        Problems whose prompt leaves no room for a sample, with its number of tokens.
    prompt_tokens, longest_prompt
        Tokens of the prompts that are sampled from, each counted once, and of the longest.
    n_stored, n_missing
        Samples of those wanted that are stored, and that the run would make.
    most_tokens
        New tokens at most: each sample to the limit on new tokens, or to the end of the context.
    expected_tokens
        New tokens by the mean length of stored samples, by problem where it has some; None without samples.
    n_measured
        Stored samples that this comes from.
    tokens_per_second
        Speed of the earlier call that made most tokens, once its model was loaded; None without one.
    measured_in
        The arm that the speed comes from.
    bytes_per_token
        Of what is stored; None without samples.
    remarks
        What the user is to know of the arm.
    """

    folder: Path
    model: str
    benchmark: str
    temperature: float
    n_problems: int
    context: int | None
    too_long: Mapping[str, int]
    prompt_tokens: int
    longest_prompt: int
    n_stored: int
    n_missing: int
    most_tokens: int
    expected_tokens: float | None
    n_measured: int
    tokens_per_second: float | None
    measured_in: str
    bytes_per_token: float | None
    remarks: tuple[str, ...] = ()

    @property
    def expected_seconds(self) -> float | None:
        """Seconds, where tokens and speed are known; none for a run that has nothing to do."""
        return self._seconds(self.expected_tokens)

    @property
    def most_seconds(self) -> float | None:
        """Seconds if every sample is as long as it may be, where the speed is known."""
        return self._seconds(self.most_tokens)

    @property
    def expected_bytes(self) -> float | None:
        """Bytes on the disk, where the number of tokens is known."""
        return None if self.expected_tokens is None else self._bytes(self.expected_tokens)

    @property
    def most_bytes(self) -> float:
        """Bytes on the disk if every sample is as long as it may be."""
        return self._bytes(self.most_tokens)

    def _seconds(self, tokens: float | None) -> float | None:
        if tokens is None or (tokens and not self.tokens_per_second):
            return None
        return tokens / self.tokens_per_second if self.tokens_per_second else 0.0

    def _bytes(self, tokens: float) -> float:
        if self.bytes_per_token is not None:
            return tokens * self.bytes_per_token
        return tokens * BYTES_A_TOKEN + self.n_missing * BYTES_A_SAMPLE


def forecast(run: Run) -> list[Forecast]:
    """What a run would do, arm by arm; nothing is sampled or written, and no weights are loaded.

    Parameters
    ----------
    run
        What is to be sampled.

    Returns
    -------
    A forecast of every model (at every temperature) and benchmark, in order.

    Raises
    ------
    InputError
        For what would refuse the run, other than prompts that are too long: a model that cannot be had, or a folder
        with samples of other settings.
    """
    rows = read_plan(run.plan) if run.plan else ()
    if not rows and run.n is None:
        raise InputError("How many samples a problem? Say it with -n, or give a --plan.")
    return [_forecast(run, arm) for model_arms in planned_arms(run, rows) for arm in model_arms]


def free_bytes(output: Path) -> int:
    """Free bytes on the disk that a run folder is, or would be, on."""
    place = next(place for place in (output.absolute(), *output.absolute().parents) if place.exists())
    return shutil.disk_usage(place).free


def _forecast(run: Run, arm: Arm) -> Forecast:
    folder, n = arm.folder(run.output), run.n or 0
    prompts = Prompts(arm.prompt, arm.prompt_text)
    store = view_store(folder, arm.manifest(n, run.output), arm.benchmark.problems, run.shard, prompts)
    targets = arm_targets(store, arm.rows, n, arm.skipped, record=False)
    missing = {name: len(store.missing(name, target)) for name, target in targets.items()}
    lengths = {name: len(arm.prompts[name]) for name, number in missing.items() if number}
    limit, context = arm.model.spec.sampling.max_tokens, arm.model.facts.context
    rooms = {name: min(limit, context - length) if context else limit for name, length in lengths.items()}
    means, n_measured, stored_size = _measured(folder)
    call, measured_in = _speed(run, arm, folder)
    n_missing = sum(missing.values())
    own = {problem.problem_id for problem in store.problems}
    return Forecast(
        folder=folder,
        model=arm.model.display_name,
        benchmark=arm.benchmark.name,
        temperature=arm.model.temperature,
        n_problems=len(own),
        context=context,
        too_long={name: length for name, length in arm.skipped.items() if name in own},
        prompt_tokens=sum(lengths.values()),
        longest_prompt=max(lengths.values(), default=0),
        n_stored=sum(targets.values()) - n_missing,
        n_missing=n_missing,
        most_tokens=sum(missing[name] * room for name, room in rooms.items()),
        expected_tokens=_expected(missing, rooms, means) if means or not n_missing else None,
        n_measured=n_measured,
        tokens_per_second=call.speed if call else None,
        measured_in=measured_in,
        bytes_per_token=stored_size,
        remarks=arm_remarks(arm, run.n),
    )


def _expected(missing: Mapping[str, int], rooms: Mapping[str, int], means: Mapping[str, float]) -> float:
    """New tokens by the mean length of a problem's samples; for a problem without any, by the mean over problems."""
    overall = sum(means.values()) / len(means) if means else 0.0
    return sum(missing[name] * min(means.get(name, overall), room) for name, room in rooms.items())


def _measured(folder: Path) -> tuple[dict[str, float], int, float | None]:
    """Mean tokens of a sample by problem, the number of samples, and bytes a token, of what an arm holds."""
    if not (folder / MANIFEST).exists():
        return {}, 0, None
    index = sample_index(folder)
    tokens = int(index["n_tokens"].sum())
    size = sum(path.stat().st_size for part in (SAMPLES, "verdicts/*") for path in _shards(folder, part))
    means = index.groupby("problem_id")["n_tokens"].mean()
    return {str(name): float(mean) for name, mean in means.items()}, len(index), size / tokens if tokens else None


def _shards(folder: Path, part: str) -> list[Path]:
    return [path for place in folder.glob(part) for path in shards(place)]


def _speed(run: Run, arm: Arm, folder: Path) -> tuple[Call | None, str]:
    """The speed of the arm's own calls, or else of those of the same model in the run folder, and where it is from."""
    own = largest_call(folder)
    if own is not None:
        return own, "this arm"
    calls = []
    for other in arms(run.output):
        manifest, call = read_manifest(other), largest_call(other)
        if call is not None and manifest["model"] == arm.model.name and manifest.get("engine") == arm.model.spec.engine:
            calls.append((call, f"{model_name(manifest)} on {manifest['benchmark']}"))
    return max(calls, key=lambda pair: pair[0].tokens, default=(None, ""))
