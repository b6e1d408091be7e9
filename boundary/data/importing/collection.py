"""Samples gathered from files: pooled by model, benchmark and problem, checked, and turned into tables."""

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from boundary.data.confusable_names import collapsed
from boundary.data.readers import limits
from boundary.data.readers.file_names import names_differ
from boundary.data.readers.streams import Source
from boundary.data.records import OUTCOMES, Answers, Tally, text_hash
from boundary.data.settings.columns import setting_cells
from boundary.data.settings.pooling import Prompts, RunSettings, without_secrets
from boundary.data.validation import DEFAULT_BENCHMARK, RESERVED
from boundary.errors import InputError
from boundary.plain_text import agreeing

# Of the settings of a sample those that become columns of the counts.
SETTINGS = ("temperature", "top_p", "max_tokens", "checkpoint_step")
# Distinct reasons of failures that are counted for a model and benchmark.
MOST_REASONS = 1000
# Pairs of folders in notes.
MOST_FOLDERS = 5
UNKNOWN_TOKENS = -1
CODE = {outcome: code for code, outcome in enumerate(OUTCOMES)}
Key = tuple[str, str, str]


class Collection:
    """Samples and counts from several files, in a few bytes a sample.

    Parameters
    ----------
    model, benchmark
        Names to use in place of what the files say.
    pool_settings
        Pool samples that were taken under different settings or prompts too.

    Attributes
    ----------
    without_samples
        Problems of which the files say that no sample of them counts.
    reasons
        How often samples of a model on a benchmark failed for each reason.
    checkpoints
        Model ("" where no name is known) and training step of each name under which samples with a step are collected.
    """

    def __init__(self, model: str | None = None, benchmark: str | None = None, pool_settings: bool = False) -> None:
        if benchmark is not None and collapsed(benchmark) == RESERVED:
            raise InputError(
                f"--benchmark {RESERVED}: the name is reserved for every benchmark together. Give another."
            )
        self.names = {"model": model, "benchmark": benchmark}
        self.pool_settings = pool_settings
        self.run_settings, self.prompts = RunSettings(pool_settings), Prompts(pool_settings)
        self.without_samples: dict[Key, None] = {}
        self.reasons: dict[tuple[str, str], Counter[str]] = {}
        self.checkpoints: dict[str, tuple[str, int]] = {}
        self.keys: dict[Key, int] = {}
        self.tallies: dict[Key, tuple[int, int]] = {}
        self.facts: dict[Key, dict[str, Any]] = {}
        self.runs: dict[tuple[str | None, int], int] = {}
        self.problem, self.run, self.index = array("i"), array("i"), array("q")
        self.outcome, self.text, self.tokens = array("b"), array("Q"), array("q")
        self.files: list[Path] = []
        self._names_in_files: dict[str, set[str]] = {"model": set(), "benchmark": set()}
        self._questions: dict[tuple[str, ...], tuple[int, Path]] = {}
        self._problems_of_files: set[tuple[int, int]] = set()
        # Names as the files have them, by what they are called here; and sentences on those that were merged.
        self._written: dict[tuple[str, str, str], str] = {}
        self._merged_names: dict[str, None] = {}
        self._next: dict[tuple[int, int], int] = {}
        self._file_of_run: dict[tuple[int, str], int] = {}
        self._latest: tuple[dict[str, Any], dict[str, Any], dict[str, Any]] = {}, {}, {}
        # Of files that name no model: the first of each problem, and two that share one and are named unlike.
        self._unnamed_files: dict[Key, Path] = {}
        self._pooled_files: tuple[str, Path, Path] | None = None
        # Of checkpoints whose model no file names: the folder of each problem, and folders that were pooled.
        self._step_folders: dict[Key, Path] = {}
        self._pooled_folders: dict[tuple[str, Path, Path], None] = {}

    def add(self, record: Answers | Tally, source: Source) -> None:
        """Take one record of a file.

        Raises
        ------
        InputError
            Where it contradicts what came before: the problem again, another question under its name, other settings.
        """
        if not self.files or self.files[-1] is not source.path:
            self.files.append(source.path)
        self._check_names(record, source)
        key = self._key(record, source)
        if record.model is None and key[0] in self.checkpoints:
            self._refuse_two_trainings(key, source)
        elif record.model is None:
            self._compare_file_names(key, source)
        if not (record.n_samples if isinstance(record, Tally) else record.outcomes):
            self.without_samples[key] = None
            return
        settings = source.settings | dict(record.settings)
        settings |= {name: value for name, value in record.facts.items() if name in SETTINGS}
        settings, columns = self._stated(settings | source.conditions)
        self.run_settings.check(key[:2], settings, source, record.line)
        self._learn(key, columns | dict(record.facts))
        if isinstance(record, Tally):
            self._add_tally(key, record, source)
        else:
            self._add_answers(key, record, source)

    def name_checkpoints(self) -> None:
        """Name the models whose samples have a training step: by model and step only where there are several steps."""
        steps = Counter(model for model, _ in self.checkpoints.values())
        stepless = {key[0] for key in (*self.facts, *self.without_samples) if key[0] not in self.checkpoints}
        names = {
            name: model
            for name, (model, _) in self.checkpoints.items()
            if model and steps[model] == 1 and model not in stepless
        }
        for name, (model, _) in self.checkpoints.items():
            if name not in names and steps[model] > 1:
                for key in (key for key in self.facts if key[0] == name):
                    self.facts[key].setdefault("training_run", model or self._folder())

        def renamed(key: Any) -> Any:
            return (names.get(key[0], key[0]), *key[1:])

        for table in ("keys", "tallies", "facts", "without_samples", "reasons"):
            setattr(self, table, {renamed(key): value for key, value in getattr(self, table).items()})

    def _folder(self) -> str:
        """Name of the folder of the files, for a training of no name."""
        return (self.files[0].resolve().parent.name or "training")[: limits.LONGEST_NAME]

    def _stated(self, stated: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Settings without secrets, and as cells of the counts; most records have those of the record before."""
        if stated != self._latest[0]:
            settings = without_secrets(stated)
            own = {name: value for name, value in settings.items() if name in SETTINGS}
            other_settings = {name: value for name, value in settings.items() if name not in SETTINGS}
            self._latest = stated, settings, setting_cells(other_settings) | own
        return self._latest[1:]

    def notes(self) -> Iterator[str]:
        """Sentences on what was pooled, and on problems of which no sample is left."""
        yield from self.run_settings.notes()
        yield from self.prompts.notes()
        yield from self._merged_names
        if self._pooled_files:
            model, first, second = self._pooled_files
            yield (
                f"{model} is pooled from '{first}', '{second}', ..., whose names differ in more than a number, and no "
                "file says of which model it is. Where these are several models or benchmarks, import them apart, each "
                "with its own --model and --benchmark."
            )
        for model, first, second in islice(self._pooled_folders, MOST_FOLDERS):
            yield f"{model} is pooled from '{first}' and '{second}', as you asked."
        lost: dict[tuple[str, str], list[str]] = {}
        for key in self.without_samples:
            if key not in self.keys and key not in self.tallies:
                lost.setdefault(key[:2], []).append(key[2])
        for (model, benchmark), problems in lost.items():
            left = sum(key[:2] == (model, benchmark) for key in (*self.keys, *self.tallies))
            few = ", ".join(problems[:5]) + ", ..." * (len(problems) > 5)
            yield (
                f"{len(problems)} of {left + len(problems)} problems of {model} on {benchmark} "
                f"{agreeing(len(problems), 'has', 'have')} no sample left; "
                f"{agreeing(len(problems), 'it was', 'they were')} left out: {few}."
            )

    def keep(self, stays: np.ndarray) -> None:
        """Keep some of the samples; every problem has to keep one.

        Parameters
        ----------
        stays
            For each sample, in the order in which they were read, whether it stays.
        """
        if not stays.all():
            for name in ("problem", "run", "index", "outcome", "text", "tokens"):
                values = getattr(self, name)
                setattr(self, name, array(values.typecode, np.array(values)[stays].tobytes()))

    def _key(self, record: Answers | Tally, source: Source) -> Key:
        model = self._name("model", record.model)
        model = None if model is None else self._plain_name("model", model, source, record.line)
        step = record.facts.get("checkpoint_step")
        if isinstance(step, int):
            base_name, model = model or "", f"{model or ''} step {step}".lstrip()
            self.checkpoints[model] = base_name, step
        if model is None:
            remedy = ", and import files of several models apart" if source.shared.get("number of files", 1) > 1 else ""
            raise source.error(f"it does not say which model. Give it with --model NAME{remedy}")
        benchmark = self._name("benchmark", record.benchmark) or DEFAULT_BENCHMARK
        benchmark = self._plain_name("benchmark", benchmark, source, record.line)
        if benchmark == RESERVED:
            raise source.error(
                f"the benchmark '{RESERVED}' is reserved for every benchmark together. Give another name with "
                "--benchmark NAME",
                record.line,
            )
        return model, benchmark, self._plain_name("problem_id", record.problem_id, source, record.line, benchmark)

    def _refuse_two_trainings(self, key: Key, source: Source) -> None:
        """Refuse one step in two folders where no file names its model: these may be two trainings."""
        folder = source.path.parent
        before = self._step_folders.setdefault(key, folder)
        if before == folder:
            return
        if not self.pool_settings:
            raise source.error(
                f"'{before}' has {key[0]} too, with the same problem, and no file says of which training it is. Where "
                "these are two trainings, import each folder apart, each with its own --model NAME; where they are "
                "samples of one checkpoint, --pool-settings pools them"
            )
        self._pooled_folders[key[0], before, folder] = None

    def _compare_file_names(self, key: Key, source: Source) -> None:
        """Remember files with samples of one problem and no model, whose names differ in more than numbers."""
        before = self._unnamed_files.setdefault(key, source.path)
        if before is source.path or self._pooled_files or source.shared.get("noted files differ"):
            return
        if names_differ(before, source.path):
            self._pooled_files = key[0], before, source.path

    def _check_names(self, record: Answers | Tally, source: Source) -> None:
        for field in ("model", "benchmark", "problem_id"):
            name = getattr(record, field)
            if name is None:
                continue
            if len(name) > limits.LONGEST_NAME:
                raise source.error(f"a {field} of {len(name)} characters is no name ({name[:20]}...)", record.line)
            if not name.isascii() and any("\ud800" <= character <= "\udfff" for character in name):
                raise source.error(f"the {field} {ascii(name)[:60]} holds half a character", record.line)
            if not collapsed(name) or "\0" in name:
                fault = "holds a NUL character, which no table can" if "\0" in name else "has no character to be seen"
                raise source.error(f"the {field} {ascii(name)[:60]} {fault}", record.line)

    def _plain_name(self, field: str, name: str, source: Source, line: int | None, benchmark: str = "") -> str:
        """A name as tables of counts have it: each run of white space one space."""
        plain_name = name if name.isalnum() else collapsed(name)
        before = self._written.setdefault((field, benchmark, plain_name), name)
        if before != name and field == "problem_id":
            raise source.error(
                f"the problems {ascii(before)[:60]} and {ascii(name)[:60]} differ only in white space. Write them "
                "alike where they are one, and otherwise where they are two",
                line,
            )
        if before != name:
            text = (
                f"The {field} {ascii(name)[:60]} was taken for {ascii(before)[:60]}: they differ only in white space."
            )
            self._merged_names[text] = None
        return plain_name

    def _name(self, field: str, name: str | None) -> str | None:
        replacement = self.names[field]
        if replacement is None or name is None:
            return replacement or name
        names = self._names_in_files[field]
        names.add(name)
        if len(names) > 1:
            two_names = " and ".join(sorted(names)[:2])
            raise InputError(
                f"The files hold more than one {field} ({two_names}): leave out --{field}, or import them apart."
            )
        return replacement

    def _learn(self, key: Key, facts: Mapping[str, Any]) -> None:
        values = self.facts.setdefault(key, {})
        for name, value in facts.items():
            # Pooled over several values, as the user asked: no column can hold them.
            values[name] = value if values.get(name, value) == value else None

    def _add_tally(self, key: Key, record: Tally, source: Source) -> None:
        if key in self.tallies:
            raise source.error(f"problem {key[2]} of {key[0]} on {key[1]} appears twice. Leave one out", record.line)
        if not 0 <= record.n_correct <= record.n_samples:
            raise source.error(f"{record.n_correct} correct of {record.n_samples} samples", record.line)
        self.tallies[key] = (record.n_samples, record.n_correct)

    def _add_answers(self, key: Key, record: Answers, source: Source) -> None:
        code = self.keys.setdefault(key, len(self.keys))
        file = len(self.files) - 1
        self._check_question(key, record, source)
        if record.prompt is not None:
            self.prompts.check(key, record.prompt, source, record.line)
        if record.reasons is not None:
            self._count_reasons(key, record.reasons)
        if record.whole and (code, file) in self._problems_of_files:
            raise source.error(f"problem {key[2]} of {key[0]} on {key[1]} appears twice. Leave one out", record.line)
        self._problems_of_files.add((code, file))
        self._check_run(code, key, file, record, source)
        run = self.runs.setdefault((record.run, file), len(self.runs))
        count = len(record.outcomes)
        start = self._next.get((code, run), 0)
        self._next[code, run] = start + count
        self.problem.extend([code] * count)
        self.run.extend([run] * count)
        self.index.extend(range(start, start + count) if record.sample_index is None else record.sample_index)
        self.outcome.extend([CODE[outcome] for outcome in record.outcomes])
        self.text.extend([0] * count if record.texts is None else record.texts)
        tokens = [None] * count if record.tokens is None else record.tokens
        self.tokens.extend([UNKNOWN_TOKENS if number is None else number for number in tokens])

    def _count_reasons(self, key: Key, reasons: Sequence[str]) -> None:
        counts = self.reasons.setdefault(key[:2], Counter())
        for reason in reasons:
            if reason and (reason in counts or len(counts) < MOST_REASONS):
                counts[reason] += 1

    def _check_run(self, code: int, key: Key, file: int, record: Answers, source: Source) -> None:
        """Refuse a run of a problem that stands in two files: one is a copy, or was sampled otherwise."""
        if record.run is None:
            return
        before = self._file_of_run.setdefault((code, record.run), file)
        if before != file:
            raise source.error(
                f"problem {key[2]} of {key[0]} has samples of {record.run} in '{self.files[before]}' too. Leave one "
                "file out, or import them apart, each with its own --model NAME",
                record.line,
            )

    def _check_question(self, key: Key, record: Answers, source: Source) -> None:
        """Refuse another question under a problem's name, as where two benchmarks number their problems from 0."""
        if record.question is None:
            return
        question = text_hash(record.question)
        before, path = self._questions.setdefault(key[1:], (question, source.path))
        if question != before:
            raise source.error(
                f"problem {key[2]} asks something else than in '{path}'. Two benchmarks? Import them apart, each with "
                "its own --benchmark NAME",
                record.line,
            )
