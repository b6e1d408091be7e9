"""Results of SkyThought, `results.json`: one JSON object, a problem a key.

Fields: responses, a list of {content, correctness, reason}, or lists or single ones by temperature; token_usages in the
same shape. `summary.json` beside it says model and sampling. correctness is null where it was not checked.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from boundary.data.formats.parts.rewards import hashed, mapping, sample_outcome
from boundary.data.readers.sidecar_files import json_beside
from boundary.data.readers.streams import Source, has_keys, is_object
from boundary.data.records import Answers, token_count, verdict
from boundary.plain_text import count_text

SETTING_NAMES = {"temperature": "temperature", "top_p": "top_p", "max_tokens": "max_tokens"}


def recognises(path: Path, head: bytes) -> bool:
    """Whether it holds responses with their correctness."""
    return is_object(head) and has_keys(head, "responses", "content", "correctness", "reason")


def read(source: Source, *, temperature: str = "") -> Iterator[Answers]:
    """Samples of each problem.

    Parameters
    ----------
    temperature
        Which temperature's responses to take, where there are several, as they are written.
    """
    names = _from_summary(source)
    unjudged = samples = 0
    for problem, record in source.document(dict[str, dict[str, Any]]).items():
        try:
            responses, tokens = _responses(record, temperature, source)
            answers, missing = _answers(problem, responses, tokens)
        except ValueError as error:
            source.broken(f"problem {problem[:60]}: {error}")
            continue
        unjudged, samples = unjudged + missing, samples + len(responses)
        yield answers._replace(question=_text(record), **names)
    source.leave_out(unjudged, samples, "were not checked")


def _responses(record: Mapping[str, Any], temperature: str, source: Source) -> tuple[list[Any], list[Any]]:
    responses, usages = record.get("responses"), record.get("token_usages")
    if isinstance(responses, dict):
        temperatures = list(responses)
        if temperature == "" and len(temperatures) > 1:
            raise source.error(
                f"responses at several temperatures ({', '.join(temperatures[:6])}). Choose one with --option "
                "temperature=T"
            )
        key = temperature or (temperatures[0] if temperatures else "")
        if key not in responses:
            raise ValueError(f"no responses at temperature {key or '(none)'}")
        source.settings["temperature"] = _number(key)
        responses, usages = responses[key], mapping(usages).get(key)
    responses = [responses] if isinstance(responses, dict) else responses
    if not isinstance(responses, list):
        raise ValueError("no list of responses")
    if isinstance(usages, list) and len(usages) != len(responses):
        raise ValueError(f"{count_text(len(responses), 'response')}, but {len(usages)} token_usages")
    return responses, usages if isinstance(usages, list) else [usages] * len(responses)


def _answers(problem: str, responses: list[Any], usages: list[Any]) -> tuple[Answers, int]:
    checked = [
        (mapping(response), mapping(usage).get("completion_tokens"))
        for response, usage in zip(responses, usages, strict=True)
        if mapping(response).get("correctness") is not None
    ]
    if any("correctness" not in mapping(response) for response in responses):
        raise ValueError("a response without correctness")
    answers = Answers(
        problem_id=problem if len(problem) <= 200 else f"{hashed(problem):016x}",
        outcomes=[sample_outcome(verdict(response["correctness"]), response.get("content")) for response, _ in checked],
        texts=[hashed(response.get("content")) for response, _ in checked],
        tokens=[token_count(tokens) for _, tokens in checked],
        reasons=[str(response.get("reason") or "") for response, _ in checked],
    )
    return answers, len(responses) - len(checked)


def _text(record: Mapping[str, Any]) -> str | None:
    return next((record[name] for name in ("prompt", "problem", "question") if isinstance(record.get(name), str)), None)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _from_summary(source: Source) -> dict[str, Any]:
    """Model and task; settings go to the source."""
    configuration = mapping(json_beside(source, "summary.json").get("configuration"))
    model, task = mapping(configuration.get("model_config")), mapping(configuration.get("handler_config"))
    sampling = mapping(configuration.get("sampling_params"))
    sampling = mapping(sampling.get("params")) or sampling
    source.settings |= {
        name: sampling[key] for key, name in SETTING_NAMES.items() if isinstance(sampling.get(key), int | float)
    }
    names = {"model": model.get("model_id"), "benchmark": task.get("dataset_path") or configuration.get("task")}
    return {name: value for name, value in names.items() if isinstance(value, str) and value}
