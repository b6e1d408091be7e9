"""From a run folder to responses: token ids as they were sampled, or made anew from texts where none are stored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from boundary.data.runs.folder import read_manifest, read_problems, read_prompts, read_samples
from boundary.data.runs.stored_types import TokenId
from boundary.errors import InputError
from boundary.sampling.models import load_tokenizer, tokenizer_hash, vocabulary_hash
from boundary.sampling.problems import Problem, text_hash
from boundary.sampling.prompts import (
    Template,
    load_template,
    prompt_ids,
    stop_ids,
    template_names,
    text_ids,
    text_without_bos,
)
from boundary.sampling.scoring.records import Ending, Response
from boundary.sampling.store.manifests import Prompts, prompt_hashes, stored_problems

# Stop tokens of a run: some for each of its models.
StopIds = Annotated[tuple[TokenId, ...], Meta(max_length=1024)]


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
            text = self._reference_text(problem)
            tokens = self._tokens(text)
            yield Response(
                problem.problem_id, 0, text_hash(text), self.prompts[problem.problem_id], tokens, "none",
                _n_bytes(text), empty=not text.strip(), retokenised=True, n_recorded=len(tokens),
            )  # fmt: skip

    def reference_keys(self) -> list[tuple[str, int, int]]:
        """Problem, index and hash of the text of every reference answer."""
        return [(problem.problem_id, 0, text_hash(self._reference_text(problem))) for problem in self.problems]

    def _reference_text(self, problem: Problem) -> str:
        text = str(problem.facts.get("solution") or problem.answer)
        prompt = self.prompt_texts[problem.problem_id]
        # "Answer:" is followed by a space, a turn's beginning by nothing.
        return f" {text}" if prompt and not prompt[-1].isspace() else text

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


def scored_arm(
    folder: Path, tokenizer: Any, template: str | None = None, sampled_tokenizer: str | None = None
) -> ScoredArm:
    """An arm of a run folder, ready to be scored by a model.

    Parameters
    ----------
    tokenizer
        Of the model that scores.
    template
        The template of the run, where the manifest names a file that is not of this package; its hash is compared.
    sampled_tokenizer
        Where the tokenizer of the model that was sampled is: an id on the hub, also as ID@REVISION, or a folder. A run
        of an older version needs it, where it is not that of the model that scores.

    Raises
    ------
    InputError
        If the prompts have pictures, or cannot be had as they were sampled from.
    """
    manifest, problems = read_manifest(folder), stored_problems(folder)
    _refuse_images(folder)
    if manifest.get("settings", {}).get("endpoint"):
        raise InputError(
            f"'{folder}' was sampled through a chat server, which made the prompts itself, so what the "
            "model read is not known, and a response cannot be scored given it. Sample through /v1/completions, or "
            "with weights that are loaded here."
        )
    sampler = cache(partial(_sampling_tokenizer, folder, manifest, tokenizer, sampled_tokenizer))
    vocabulary = manifest.get("vocabulary_hash") or vocabulary_hash(sampler())
    same = vocabulary == vocabulary_hash(tokenizer)
    prompts, texts = _prompts(folder, manifest, problems, sampler, template)
    if not same:
        prompts = {name: tuple(text_ids(tokenizer, text)) for name, text in texts.items()}
    for name, prompt in prompts.items():
        if not prompt:  # the first token of a response would have nothing before it
            raise InputError(
                f"'{folder}': the prompt of problem {name} is empty, and a model gives no probability to the first "
                "token of a text. Score a run whose template or tokenizer puts something before the response."
            )
    stops = _stored_stop_ids(folder, manifest) if same else stop_ids(tokenizer)
    return ScoredArm(folder, manifest, problems, prompts, texts, same, stops, tokenizer)


def _stored_stop_ids(folder: Path, manifest: Mapping[str, Any]) -> tuple[int, ...]:
    """The stop tokens of an arm, each once."""
    try:
        ids = msgspec.convert(manifest.get("settings", {}).get("stop_ids") or (), StopIds)
    except msgspec.ValidationError as error:
        raise InputError(
            f"'{folder}': the stop_ids in its manifest are no token ids. Sample into a new folder."
        ) from error
    return tuple(sorted(set(ids)))


def _refuse_images(folder: Path) -> None:
    if any(line["images"] for line in read_problems(folder)):
        raise InputError(
            f"'{folder}': its problems have pictures, which are not stored, so its responses cannot be scored. Name "
            "the folders of the other benchmarks one by one."
        )


def _sampling_tokenizer(folder: Path, manifest: Mapping[str, Any], tokenizer: Any, name: str | None) -> Any:
    """The tokenizer of the model that was sampled: the scorer's where it is the same, else the one that the user names.

    A manifest may come from anybody, so the model that it names is not looked up.
    """
    recorded = manifest.get("tokenizer_hash")
    if recorded == tokenizer_hash(tokenizer):
        return tokenizer
    if name is None:
        raise InputError(
            f"'{folder}' was sampled by an older version, which stored no token ids, and the tokenizer of its model "
            f"'{manifest['model']}' is needed to make them. Name it with --sampled-tokenizer ID or a folder."
        )
    weights, _, revision = name.partition("@")
    own = load_tokenizer(weights, revision or None)
    if recorded and recorded != tokenizer_hash(own):
        raise InputError(
            f"'{folder}' was sampled with another tokenizer than '{name}' (another fingerprint than in its manifest). "
            "Name that one with --sampled-tokenizer, or sample anew."
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
    """The template that an arm was sampled with; of a manifest, which may come from anybody, no file is opened."""
    recorded = manifest.get("template")
    if name is None and recorded not in template_names():
        raise InputError(
            f"'{folder}' was sampled by an older version, which stored no prompts, and its template '{recorded}' does "
            "not come with boundary. Name its file with --template."
        )
    template = load_template(name or str(recorded))
    if manifest.get("template_hash") not in (None, template.hash):
        raise InputError(
            f"'{folder}' was sampled with another text of the template '{template.name}'. Name that with --template."
        )
    return template
