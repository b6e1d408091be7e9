"""From a run folder to responses: token ids as they were sampled, or made anew from texts where none are stored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from boundary.data.runs.folder import read_manifest, read_problems, read_prompts, read_samples
from boundary.errors import InputError
from boundary.sampling.models import load_tokenizer, tokenizer_hash, vocabulary_hash
from boundary.sampling.problems import Problem, text_hash
from boundary.sampling.prompts import Template, load_template, prompt_ids, stop_ids, text_ids, text_without_bos
from boundary.sampling.scoring.records import Ending, Response
from boundary.sampling.store.manifests import Prompts, prompt_hashes, stored_problems

SHOWN = 3


@dataclass(frozen=True)
class ScoredArm:
    """An arm as a model reads it that scores it; make one with `scored_arm`.

    Parameters
    ----------
    folder, manifest
        The arm.
    problems
        Its problems.
    prompts
        Token ids by problem, in the vocabulary of the model that scores.
    prompt_texts
        The same as text.
    same_vocabulary
        Whether that model reads the token ids as they were sampled.
    stop_ids
        Tokens that end a response, in that vocabulary.
    tokenizer
        Of that model.
    """

    folder: Path
    manifest: Mapping[str, Any]
    problems: tuple[Problem, ...]
    prompts: Mapping[str, tuple[int, ...]]
    prompt_texts: Mapping[str, str]
    same_vocabulary: bool
    stop_ids: tuple[int, ...]
    tokenizer: Any

    def samples(self, selects: Callable[[str, int, int], bool]) -> Iterator[Response]:
        """The stored samples that `selects` takes, by problem, index and hash of the text."""
        for line in read_samples(self.folder):
            key = (line["problem_id"], line["sample_index"], text_hash(line["text"]))
            if selects(*key):
                yield self._response(key, line)

    def references(self) -> Iterator[Response]:
        """The benchmark's reference answers as responses: the worked solution where there is one, else the answer."""
        for problem in self.problems:
            text = str(problem.facts.get("solution") or problem.answer)
            prompt = self.prompt_texts[problem.problem_id]
            if prompt and not prompt[-1].isspace():  # "Answer:" is followed by a space, a turn's beginning by nothing
                text = f" {text}"
            tokens = self._tokens(text)
            yield Response(
                problem.problem_id, 0, text_hash(text), self.prompts[problem.problem_id], tokens, "none",
                _n_bytes(text), empty=not text.strip(), retokenised=True, n_recorded=len(tokens),
            )  # fmt: skip

    def _response(self, key: tuple[str, int, int], line: Mapping[str, Any]) -> Response:
        prompt = self.prompts.get(line["problem_id"])
        if prompt is None:
            raise InputError(
                f"'{self.folder}': sampled problem {line['problem_id']} is none of its problems. Sample anew."
            )
        text, at_stop = line["text"], line["finish_reason"] == "stop"
        stored = line["tokens"] if self.same_vocabulary else None
        tokens, ending = self._tokens(text) if stored is None else stored, _ending(stored, at_stop, self.stop_ids)
        return Response(
            *key, prompt, np.asarray(tokens, dtype=np.int32), ending, _n_bytes(text),
            truncated=not at_stop, empty=not text.strip(), retokenised=stored is None, n_recorded=line["n_tokens"],
        )  # fmt: skip

    def _tokens(self, text: str) -> list[int]:
        whole = text.encode("utf-8", "replace").decode("utf-8")  # half a character cannot be tokenised
        return [int(token) for token in self.tokenizer(whole, add_special_tokens=False)["input_ids"]]


def _ending(tokens: Sequence[int] | None, at_stop: bool, stops: Sequence[int]) -> Ending:
    if not at_stop or not stops:
        return "none"
    return "token" if tokens and tokens[-1] in stops else "any"


def _n_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def scored_arm(folder: Path, tokenizer: Any, template: str | None = None) -> ScoredArm:
    """An arm of a run folder, ready to be scored by a model.

    Parameters
    ----------
    tokenizer
        Of the model that scores.
    template
        The template of the run, where the manifest names a file that is not of this package; its hash is compared.

    Raises
    ------
    InputError
        If the prompts have pictures, or cannot be had as they were sampled from.
    """
    manifest, problems = read_manifest(folder), stored_problems(folder)
    _refuse_images(folder)
    sampler = cache(partial(_sampling_tokenizer, folder, manifest, tokenizer))
    vocabulary = manifest.get("vocabulary_hash") or vocabulary_hash(sampler())
    same = vocabulary == vocabulary_hash(tokenizer)
    prompts, texts = _prompts(folder, manifest, problems, sampler, template)
    if not same:
        prompts = {name: tuple(text_ids(tokenizer, text)) for name, text in texts.items()}
    stops = tuple(manifest.get("settings", {}).get("stop_ids") or ()) if same else stop_ids(tokenizer)
    return ScoredArm(folder, manifest, problems, prompts, texts, same, stops, tokenizer)


def _refuse_images(folder: Path) -> None:
    if any(line["images"] for line in read_problems(folder)):
        raise InputError(
            f"'{folder}': its problems have pictures, which are not stored, so its responses cannot be scored. Name "
            "the folders of the other benchmarks one by one."
        )


def _sampling_tokenizer(folder: Path, manifest: Mapping[str, Any], tokenizer: Any) -> Any:
    """The tokenizer of the model that was sampled: the scorer's where it is the same, else by the model's name."""
    recorded = manifest.get("tokenizer_hash")
    if recorded == tokenizer_hash(tokenizer):
        return tokenizer
    weights, _, revision = str(manifest["model"]).partition("@")
    try:
        own = load_tokenizer(weights, revision or None)
    except InputError as error:
        raise InputError(
            f"'{folder}' was sampled by an older version, which stored no token ids, and the tokenizer of its model is "
            f"needed to make them: {error}"
        ) from error
    if recorded and recorded != tokenizer_hash(own):
        raise InputError(
            f"'{folder}' was sampled by an older version, which stored no token ids, and the tokenizer of "
            f"'{manifest['model']}' is no longer the one that it was sampled with. Sample anew, or bring that one back."
        )
    return own


def _prompts(
    folder: Path,
    manifest: Mapping[str, Any],
    problems: Sequence[Problem],
    sampler: Callable[[], Any],
    template: str | None,
) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    """The prompts of an arm, as token ids of its own vocabulary and as text; made anew where they are not stored."""
    stored = read_prompts(folder)
    if all(problem.problem_id in stored for problem in problems):
        ids = {problem.problem_id: tuple(stored[problem.problem_id].tokens) for problem in problems}
        texts = {problem.problem_id: stored[problem.problem_id].text for problem in problems}
    else:
        form = _template(folder, manifest, template)
        ids = {problem.problem_id: tuple(prompt_ids(sampler(), form, problem)) for problem in problems}
        texts = {problem.problem_id: text_without_bos(sampler(), form, problem) for problem in problems}
    hashes = prompt_hashes(problems, Prompts(lambda p: ids[p.problem_id], lambda p: texts[p.problem_id]))
    if manifest.get("prompt_tokens_hash") not in (None, hashes["prompt_tokens_hash"]):
        raise InputError(
            f"'{folder}': the prompts are not those that its responses were sampled from (another fingerprint than in "
            "its manifest). Name the run's template with --template, or sample anew."
        )
    return ids, texts


def _template(folder: Path, manifest: Mapping[str, Any], name: str | None) -> Template:
    """The template that an arm was sampled with."""
    try:
        template = load_template(name or str(manifest.get("template")))
    except InputError as error:
        raise InputError(
            f"'{folder}' was sampled by an older version, which stored no prompts. Name its template with --template. "
            f"({error})"
        ) from error
    if manifest.get("template_hash") not in (None, template.hash):
        raise InputError(
            f"'{folder}' was sampled with another text of the template '{template.name}'. Name that with --template."
        )
    return template
