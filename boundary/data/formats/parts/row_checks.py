"""Checks of one's own records as they are read: guesses of what a field means that the records contradict."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.formats.parts.records import Row, optional_field
from boundary.data.formats.parts.row_fields import (
    DATA_SETS,
    DECISIVE,
    SEED,
    STEP_NAMES,
    UNCERTAIN,
    WORDS,
    Fields,
    listed,
    word_of,
)
from boundary.data.formats.parts.row_names import usual_spelling
from boundary.data.formats.parts.varying_fields import VaryingFields
from boundary.data.readers.file_names import names_differ
from boundary.data.readers.raw_json import raw_hash
from boundary.data.readers.streams import Source
from boundary.data.records import CORRECT, Answers
from boundary.plain_text import agreeing, count_text

# Columns that a note names for a pattern before it leaves some out.
MOST_COLUMNS = 6


class RowChecks:
    """What the records say of the guesses, and notes on the file once it is read.

    Parameters
    ----------
    fields
        Which field is what.
    source
        The file, for messages.
    """

    def __init__(self, fields: Fields, source: Source) -> None:
        self.fields, self.source = fields, source
        self.rows, self.samples, self.unjudged, self.unjudged_entries = 0, 0, 0, 0
        # Samples of a problem that have one seed, where a field holds seeds.
        self.seeds: Counter[tuple[Any, ...]] = Counter()
        self.records_of_problems: dict[tuple[Any, ...], int] = {}
        self.later: dict[str, int | None] = {}
        self.problems: Counter[tuple[Any, ...]] = Counter()
        self.questions: set[int] = set()
        self.places: set[tuple[Any, ...]] = set()
        # Of problems without a text: the first file that has them.
        self.first_files: dict[tuple[Any, ...], Path] = source.shared.setdefault("files of problems", {})
        # Of all files: a policy may have a file of its own.
        self.policies: dict[tuple[Any, ...], int] = source.shared.setdefault("policies", {})
        self.varying_fields: VaryingFields = source.shared.setdefault("varying fields", VaryingFields())
        self.varying_fields.follow(fields.unread)
        self.partitions = {
            (role, name): (set[int](), set[int](), set[tuple[int, int]]())
            for role, names in fields.other_names.items()
            for name in names
        }

    def add(self, row: Row, answers: Answers, line: int | None, record: int) -> None:
        """Take the samples of a record, or of an entry of its list.

        Raises
        ------
        ValueError
            Where a sample stands there twice.
        InputError
            Where two fields that could both be the verdict disagree, or a field that decides what is counted is not
            among those of the first records.
        """
        self._look_for_later_names(row, line)
        key = (answers.model, answers.benchmark, *answers.facts.values(), answers.problem_id)
        number = optional_field(row, self.fields.sample)
        if number is not None and not self.fields.is_list:
            place = (*key, answers.run, *map(str, answers.settings.items()), bytes(number))
            if place in self.places:
                shown = bytes(number).decode("utf-8", "replace").strip('"')[:40]
                raise ValueError(f"sample {shown} of problem {answers.problem_id} stands there twice")
            self.places.add(place)
        if self.fields.list_field:
            place = (*key, answers.run, *map(str, answers.settings.items()))
            if self.records_of_problems.setdefault(place, record) != record:
                raise ValueError(f"problem {answers.problem_id} has a list of samples twice")
        if answers.outcomes and self.fields.is_list:
            self.unjudged_entries += self._unjudged_entries(row, answers)
        self.rows += 1
        if answers.outcomes or not self._has_no_samples(row, answers):
            self.samples += 1
            self.unjudged += not answers.outcomes
        self.problems[key] += 1
        question = optional_field(row, self.fields.question)
        if question is None:
            before = self.first_files.setdefault(key, self.source.path)
            if before != self.source.path and answers.run is None:
                self._note_pooled_files(before)
        else:
            self.questions.add(hash((answers.model, answers.benchmark, bytes(question))))
        if SEED in row and not self.fields.is_list and answers.run is None and answers.outcomes:
            self.seeds[*key, bytes(row[SEED])] += 1
        self._compare_verdicts(row, answers, line)
        self._compare_policies(row, (*key, answers.run), line)
        self.varying_fields.add(row, (*key, answers.run))
        for (role, name), (values, other_values, pairs) in self.partitions.items():
            pair = (
                raw_hash(optional_field(row, self._field(role)) or NULL),
                raw_hash(optional_field(row, name) or NULL),
            )
            values.add(pair[0])
            other_values.add(pair[1])
            pairs.add(pair)

    def conclude(self, roles: Any) -> None:
        """Refuse guesses that the file contradicts, and note which fields were taken and what was left out.

        Raises
        ------
        InputError
            Where another field tells problems, models or benchmarks apart otherwise, or names number lines.
        """
        self._refuse_other_names()
        self._refuse_numbered_lines(roles)
        self._note_repeated_seeds()
        self._note_varying_fields()
        self.source.note(self._summary())
        for name, line in self.later.items():
            place = f"line {line}" if line else "later records"
            self.source.note(
                f"'{self.source.path}': the field '{name}' first has a value in {place}, and was not read. It would be "
                f"with --columns {self.fields.later_names[name]}={name}."
            )
        for name in self.fields.lists:
            self.source.note(
                f"'{self.source.path}': '{name}' holds several texts of a record, and '{self.fields.correct}' one "
                "verdict: each record was counted as one sample."
            )
        self.source.leave_out(self.unjudged, self.samples, "are not judged")
        if (count := self.unjudged_entries) > 0:
            self.source.note(
                f"'{self.source.path}': {count_text(count, 'sample')} in lists of a problem "
                f"{agreeing(count, 'has', 'have')} no verdict; {agreeing(count, 'it was', 'they were')} left out, "
                "not taken for wrong."
            )

    def _note_pooled_files(self, before: Path) -> None:
        """Note the first two files that share a problem, and remember whether their names differ."""
        if "noted files differ" in self.source.shared:
            return
        self.source.shared["noted files differ"] = names_differ(before, self.source.path)
        self.source.note(
            f"Files have problems of the same names ('{before}', '{self.source.path}'); their samples were pooled, as "
            "runs on the same problems. Files of several models or benchmarks have to be imported apart, each with "
            "--model and --benchmark."
        )

    def _note_varying_fields(self) -> None:
        texts = self.varying_fields.texts()
        if texts:
            pairs = ", ".join(f"'{name}' ({values})" for name, values in texts)
            self.source.note(
                f"'{self.source.path}': samples of one problem differ in {pairs}, which "
                f"{agreeing(len(texts), 'was', 'were')} not read. A field that tells models, benchmarks or runs apart "
                f"has to be named, as in --columns model={texts[0][0]}."
            )

    def _has_no_samples(self, row: Row, answers: Answers) -> bool:
        """Whether a record holds an empty list: a problem of which nothing was sampled."""
        raw = optional_field(row, self.fields.list_field or self.fields.verdicts_of(answers.model))
        return raw is not None and listed(msgspec.json.decode(raw)) in ([], [""])

    def _unjudged_entries(self, row: Row, answers: Answers) -> int:
        """How many entries of a record's list of verdicts, or columns of trials, are empty."""
        verdicts = self.fields.verdicts_of(answers.model)
        if verdicts in self.fields.trials:
            return len(self.fields.trials[verdicts]) - len(answers.outcomes)
        raw = optional_field(row, verdicts)
        value = None if raw is None else listed(msgspec.json.decode(raw))
        return max(len(value) - len(answers.outcomes), 0) if isinstance(value, list) else 0

    def _look_for_later_names(self, row: Row, line: int | None) -> None:
        for name in self.fields.later_names.keys() & row.keys():
            if name in self.later or optional_field(row, name) is None:
                continue
            role = self.fields.later_names[name]
            if role in DECISIVE:
                field = getattr(self.fields, role) or (self.fields.question if role == "problem" else "")
                other = f", or {role}={field}" if field else ""
                raise self.source.error(
                    f"the field '{name}' first has a value here, and may be the {role} of each sample. Say which field "
                    f"is, with --columns {role}={name}{other}",
                    line,
                )
            self.later[name] = line

    def _compare_verdicts(self, row: Row, answers: Answers, line: int | None) -> None:
        for name in self.fields.other_verdicts:
            raw = optional_field(row, name)
            value = None if raw is None else listed(msgspec.json.decode(raw))
            values = value if isinstance(value, list) else [value]
            words = [WORDS.get(word_of(part)) for part in values if part is not None]
            if len(words) != len(answers.outcomes) or not all(words):
                continue
            if any(
                (word == CORRECT) != (outcome == CORRECT) for word, outcome in zip(words, answers.outcomes, strict=True)
            ):
                raise self.source.error(
                    f"'{self.fields.correct}' and '{name}' disagree, and either may be the verdict. Say which, with "
                    f"--columns correct={self.fields.correct} or --columns correct={name}",
                    line,
                )

    def _compare_policies(self, row: Row, key: tuple[Any, ...], line: int | None) -> None:
        for name in self.fields.policies:
            value = raw_hash(optional_field(row, name) or NULL)
            if self.policies.setdefault((name, *key), value) != value:
                spelling = usual_spelling(name)
                role = "step" if spelling in STEP_NAMES else "benchmark" if spelling in DATA_SETS else "model"
                raise self.source.error(
                    f"samples of one problem differ in '{name}', which may tell {role}s apart. Say what it is, with "
                    f"--columns {role}={name}, or with --columns run={name} where these are runs of one model",
                    line,
                )

    def _note_repeated_seeds(self) -> None:
        """Say where seeds tell most samples of a problem apart, and some problems have a seed twice."""
        repeated = [key for key, count in self.seeds.items() if count > 1]
        if 0 < len(repeated) < len(self.seeds) and len(self.seeds) > len({key[:-1] for key in self.seeds}):
            self.source.note(
                f"'{self.source.path}': {count_text(len(repeated), 'problem')} "
                f"{agreeing(len(repeated), 'has', 'have')} two samples or more of one seed, as where a "
                "run was written twice; all were counted. Where a seed is one sample, --columns sample=seed refuses "
                "the second."
            )

    def _refuse_other_names(self) -> None:
        for (role, name), (values, other_values, pairs) in self.partitions.items():
            if len(other_values) > 1 and not len(values) == len(other_values) == len(pairs):
                field = self._field(role)
                raise self.source.error(
                    f"'{field}' and '{name}' tell {role}s apart otherwise ({len(values)} and {len(other_values)}). "
                    f"Say which, with --columns {role}={field} or --columns {role}={name}"
                )

    def _refuse_numbered_lines(self, roles: Any) -> None:
        """Refuse a guessed name that each record has to itself though questions repeat, and note where none do."""
        field = self.fields.problem
        once = self.rows > 1 and len(self.problems) == self.rows and not self.fields.is_list
        if not once or "problem" in roles or field not in UNCERTAIN:
            return
        if 0 < len(self.questions) < self.rows:
            raise self.source.error(
                f"each record has a '{field}' of its own, but {len(self.questions)} questions repeat: it does not "
                f"name problems. Name the field that does, as in --columns problem={self.fields.question}"
            )
        self.source.note(
            f"'{self.source.path}': each record is a problem of its own, with one sample. If several are samples of "
            "one problem, name the field that says so with --columns problem=NAME."
        )

    def _summary(self) -> str:
        fields = self.fields
        verdicts = ", ".join(map(self._columns_text, fields.models or (fields.correct,)))
        verb = "are taken for verdicts, each of a model" if fields.models else "is taken for the verdict"
        roles = ("model", "benchmark", "text", "sample", "run", "step", "finish", "tokens")
        parts = [f"{role} '{name}'" for role in roles if (name := getattr(fields, role))]
        return (
            f"'{self.source.path}': problems are told apart by '{fields.problem or fields.question}', and "
            f"{verdicts} {verb}{'; ' * bool(parts)}{', '.join(parts)}. Name others with --columns "
            "problem=NAME,correct=NAME."
        )

    def _columns_text(self, name: str) -> str:
        """A field's name, with the columns that a pattern stands for."""
        columns = self.fields.trials.get(name, ())
        if not columns:
            return f"'{name}'"
        few = ", ".join(columns if len(columns) <= MOST_COLUMNS else (*columns[:2], "...", columns[-1]))
        return f"'{name}' ({count_text(len(columns), 'column')}: {few})"

    def _field(self, role: str) -> str:
        return str(getattr(self.fields, role))


def note_several_tries(record: Mapping[str, Any], fields: Fields, source: Source) -> None:
    """Note a number of tries beside one verdict, which may be on all of them together."""
    numbers = {name: record.get(name) for name in TRIES if name not in fields.names}
    counts = [name for name, value in numbers.items() if str(value).strip().isdecimal() and str(value).strip() != "1"]
    if counts and not fields.is_list:
        source.note(
            f"'{source.path}': '{counts[0]}' holds numbers of tries, and each record was counted as one sample. Where "
            "its verdict is on all tries together, it is no single sample."
        )


NULL = msgspec.Raw(b"null")
TRIES = ("attempts", "n_attempts", "num_attempts", "tries", "n_tries", "retries", "n_retries", "num_retries")
