"""Results of OpenCompass: `results/{model}/{dataset}.json`, written with `--dump-eval-details`.

Fields: accuracy, details, which is either {type, "0": {prompt, origin_prediction, predictions, references, correct},
...}, where repeats are copies of the dataset one after the other; or a list of {example_abbr, pred[n], answer[n],
correct[n]} (is_correct, cascade_correct, or predictions[n].label in some evaluators). G-Pass@k and the like are
aggregated, and not read.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from boundary.data.readers.raw_json import NOTHING, raw_bytes, raw_hash, refuse_several_texts
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import CORRECT, NO_ANSWER, WRONG, Answers, verdict
from boundary.plain_text import count_text

VERDICTS = ("correct", "is_correct", "cascade_correct")


class Detail(msgspec.Struct):
    """A sample, or the samples of a problem."""

    correct: Any = None
    is_correct: Any = None
    cascade_correct: Any = None
    prompt: msgspec.Raw = NOTHING
    references: msgspec.Raw = NOTHING
    origin_prediction: msgspec.Raw = NOTHING
    predictions: Any = None
    pred: Any = None
    example_abbr: str | None = None


class Results(msgspec.Struct):
    """The whole file."""

    details: dict[str, Detail | str | None] | list[Detail] | None = None
    type: str | None = None


def recognises(path: Path, head: bytes) -> bool:
    """Whether there are details of predictions."""
    if not (is_object(head) and has_keys(head, "details")):
        return False
    return has_keys(head, "example_abbr") or has_keys(head, "predictions", "references")


def read(source: Source) -> Iterator[Answers]:
    """Samples of each problem."""
    document = source.document(Results)
    if not document.details:
        raise source.error("it holds a total only, no verdicts on samples. Run OpenCompass with --dump-eval-details")
    names = _from_path(source.path)
    if isinstance(document.details, list):
        answers = _grouped(document.details, source)
    else:
        kind = document.details.get("type", document.type)
        source.conditions["type"] = kind if isinstance(kind, str) else None
        if kind == "PPL":
            source.note(
                f"'{source.path}': answers were picked by likelihood (PPL), not sampled: repeats would say nothing."
            )
        answers = _numbered(document.details, source)
    for answer in answers:
        yield answer._replace(**names)


def _grouped(details: list[Detail], source: Source) -> Iterator[Answers]:
    """A problem a record, its samples in lists."""
    for place, detail in enumerate(details):
        try:
            verdicts, predictions = _lists(detail)
            outcomes = [_outcome(value, pred) for value, pred in zip(verdicts, predictions, strict=True)]
        except ValueError as error:
            source.broken(f"problem {place} of 'details': {error}")
            continue
        yield Answers(
            problem_id=str(place) if detail.example_abbr is None else detail.example_abbr,
            outcomes=outcomes,
            prompt=raw_bytes(detail.prompt) or None,
        )


def _lists(detail: Detail) -> tuple[list[Any], list[Any]]:
    value = _verdict(detail)
    if value is None and isinstance(detail.predictions, list):
        labels = [prediction.get("label") for prediction in detail.predictions if isinstance(prediction, dict)]
        if labels and len(labels) == len(detail.predictions):
            return labels, [prediction.get("prediction", "?") for prediction in detail.predictions]
    if not isinstance(value, list):
        return [value], ["?"]
    predictions = detail.pred if isinstance(detail.pred, list) else ["?"] * len(value)
    if len(predictions) != len(value):
        raise ValueError(f"{count_text(len(value), 'verdict')}, but {count_text(len(predictions), 'prediction')}")
    return value, predictions


def _numbered(details: dict[str, Detail | str | None], source: Source) -> Iterator[Answers]:
    """A sample a record, numbered through; copies of a prompt are samples of one problem."""
    numbered = {name: detail for name, detail in details.items() if isinstance(detail, Detail)}
    try:
        order = sorted(numbered, key=int)
    except ValueError as error:
        raise source.error("a name in 'details' is not a number; not written by OpenCompass") from error
    problems = _problems([numbered[name] for name in order], order, source)
    for name, problem in zip(order, problems, strict=True):
        detail = numbered[name]
        try:
            outcome = _outcome(_verdict(detail), detail.predictions)
        except ValueError as error:
            source.broken(f"sample {name} of 'details': {error}")
            continue
        yield Answers(
            problem_id=problem,
            outcomes=[outcome],
            texts=[raw_hash(detail.origin_prediction)],
            prompt=raw_bytes(detail.prompt) or None,
            whole=False,
        )


def _problems(details: list[Detail], names: list[str], source: Source) -> list[str]:
    """For each sample the number of the first one that asks the same, where the dataset was repeated as a whole."""
    prompts = [
        raw_bytes(detail.prompt) and raw_bytes(detail.prompt) + raw_bytes(detail.references) for detail in details
    ]
    counts = Counter(filter(None, prompts))
    if not counts or max(counts.values()) == 1:
        return names
    copies = set(counts.values())
    if len(copies) > 1 or sum(counts.values()) < len(prompts):
        raise source.error(
            "some prompts stand in it several times, and others not as often: neither problems nor repeats of the "
            "dataset. Run OpenCompass anew with one n"
        )
    source.note(
        f"'{source.path}': each prompt stands there {copies.pop()} times; these are taken for samples of one problem."
    )
    first: dict[bytes, str] = {}
    return [first.setdefault(prompt, name) for prompt, name in zip(prompts, names, strict=True)]


def _verdict(detail: Detail) -> Any:
    return next((value for value in (getattr(detail, name) for name in VERDICTS) if value is not None), None)


def _outcome(value: Any, prediction: Any) -> str:
    if value is None:
        raise ValueError("no verdict; this evaluator keeps none on single samples")
    refuse_several_texts(prediction)
    if verdict(value):
        return CORRECT
    return NO_ANSWER if prediction == "" else WRONG


def _from_path(path: Path) -> dict[str, Any]:
    folder = path.resolve().parent
    if folder.parent.name != "results":
        return {}
    return {"model": folder.name, "benchmark": path.name.split(".json")[0]}
