"""Reviews of EvalScope, `reviews/{model}/{benchmark}_{subset}.jsonl`: JSON Lines, a sample a line.

Fields: index, target, sample_score{score{value{metric: number}, main_score_name, prediction, status}, sample_id,
group_id, generation_index}; samples of a group are of one problem. Before 1.0: choices[n]{message{content},
review{gold, pred, result}}, index, a problem a line. How samples were taken stands in `configs/task_config_*.yaml`,
beside `reviews`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.evalscope_settings import REVIEWS, read_settings
from boundary.data.formats.parts.option_values import number
from boundary.data.formats.parts.rewards import (
    hashed,
    is_rewarded,
    mapping,
    named_problem,
    sample_outcome,
)
from boundary.data.readers.raw_json import refuse_several_texts
from boundary.data.readers.streams import Source, first_record, is_object
from boundary.data.records import Answers


def recognises(path: Path, head: bytes) -> bool:
    """Whether the first line is a review."""
    record = first_record(path, head) if is_object(head) else None
    if not isinstance(record, Mapping):
        return False
    choices = record.get("choices")
    is_old = isinstance(choices, list) and bool(choices) and isinstance(mapping(choices[0]).get("review"), dict)
    return isinstance(mapping(record.get("sample_score")).get("score"), dict) or is_old


def read(source: Source, *, metric: str = "", threshold: str = "") -> Iterator[Answers]:
    """Samples of each problem.

    Parameters
    ----------
    metric
        Which value is the verdict; by default the main one, which is the first where none is named so.
    threshold
        Least value of a correct sample, where values are not 0 and 1.
    """
    least = None if threshold == "" else number("threshold", threshold)
    folders = source.path.resolve().parts
    names = _names(source.plain_name, folders)
    read_settings(source)
    unjudged = samples = 0
    places: set[tuple[str, str]] = set()
    metrics = Metrics(source, metric)
    for line, row in source.rows(dict[str, Any]):
        try:
            answers, missing = _of_choices(row, least) if "choices" in row else _of_score(row, metrics, least, places)
        except ValueError as error:
            source.broken(str(error), line)
            continue
        unjudged, samples = unjudged + missing, samples + missing + len(answers.outcomes)
        yield answers._replace(line=line, **names)
    metrics.note()
    source.leave_out(unjudged, samples, "have no usable score")


class Metrics:
    """Which value of a review is the verdict: the one that the user names, else the same main one in all reviews.

    Parameters
    ----------
    source
        The file, for messages.
    metric
        As the user names it; "" where not named.
    """

    def __init__(self, source: Source, metric: str) -> None:
        self.source, self.metric = source, metric
        self.main, self.others = metric, dict[str, None]()

    def metric_of(self, values: Mapping[str, Any], main: Any) -> str:
        """The metric to be taken of a review.

        Raises
        ------
        ValueError
            Where the review does not have it.
        InputError
            Where the main metric is another than that of earlier reviews.
        """
        key = self.metric or str(main or next(iter(values)))
        if key not in values:
            raise ValueError(f"no metric '{key[:60]}'. It has {', '.join(map(str, list(values)[:8]))}")
        if self.main and key != self.main:
            raise self.source.error(
                f"the main metric is '{self.main[:60]}' of some reviews and '{key[:60]}' of others. Choose with "
                "--option metric=NAME"
            )
        self.main = key
        self.others |= dict.fromkeys(str(name)[:60] for name in list(values)[:8] if name != key)
        return key

    def note(self) -> None:
        """Say which metric was taken, where the user did not and there are others."""
        if self.others and not self.metric:
            few = "', '".join(list(self.others)[:8])
            self.source.note(
                f"'{self.source.path}': the metric '{self.main[:60]}' is taken for the verdict; there is '{few}' too. "
                "Choose with --option metric=NAME."
            )


def _names(file_name: str, folders: tuple[str, ...]) -> dict[str, Any]:
    """Model and benchmark, of `reviews/{model}/{benchmark}_{subset}.jsonl`."""
    if REVIEWS not in folders[:-2]:
        return {"benchmark": file_name.removesuffix(".jsonl")} if REVIEWS in folders[:-1] else {}
    place = len(folders) - 1 - folders[::-1].index(REVIEWS)
    return {"model": "/".join(folders[place + 1 : -1]), "benchmark": file_name.removesuffix(".jsonl")}


def _of_score(
    row: Mapping[str, Any], metrics: Metrics, least: float | None, places: set[tuple[str, str]]
) -> tuple[Answers, int]:
    sample = mapping(row.get("sample_score"))
    score = mapping(sample.get("score"))
    values = mapping(score.get("value"))
    group = sample.get("group_id")
    identity = row.get("index") if sample.get("sample_id") is None else sample.get("sample_id")
    name = named_problem(identity if group is None else group, "group_id")
    place = (name, str(identity))
    if place in places:
        raise ValueError(f"sample {str(identity)[:40]} of problem {name} stands there twice")
    places.add(place)
    base = Answers(name, [], whole=False)
    status = score.get("status")
    if (status is not None and str(status).rpartition(".")[2].lower() != "success") or not values:
        return base, 1
    key = metrics.metric_of(values, score.get("main_score_name"))
    refuse_several_texts(prediction := score.get("prediction"))
    correct = is_rewarded(values[key], least, f"metric '{key}'")
    return base._replace(outcomes=[sample_outcome(correct, prediction)], texts=[hashed(prediction)]), 0


def _of_choices(row: Mapping[str, Any], least: float | None) -> tuple[Answers, int]:
    choices = row["choices"]
    if not isinstance(choices, list):
        raise ValueError("choices is no list")
    outcomes, texts, missing = [], [], 0
    places = [str(mapping(choice).get("index")) for choice in choices]
    if len(set(places)) < len(places):
        raise ValueError("a choice stands there twice, by its index")
    for choice in map(mapping, choices):
        review, content = mapping(choice.get("review")), mapping(choice.get("message")).get("content")
        if not row.get("reviewed", True) or review.get("result") is None:
            missing += 1
            continue
        outcomes.append(sample_outcome(is_rewarded(review["result"], least, "result"), content))
        texts.append(hashed(content))
    name = named_problem(row.get("index"), "index")
    return Answers(name, outcomes, texts=texts), missing
