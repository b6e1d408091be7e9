"""Prompt templates, one text file each in the folder templates, and the token ids that they make of a problem.

A file NAME.txt is the whole prompt. A file NAME.chat.txt is what the user says, put into the model's own chat template.
`{problem}` stands for the problem; no other braces mean anything. The template is a recorded factor of every run: its
name and the hash of its text are in the manifest.

Notes
-----
Sources: qwen-boxed and simple (SimpleRL-Zoo, arXiv 2503.18892), qwen-math (Qwen2.5-Math, arXiv 2409.12122), r1-zero
(DeepSeek-R1, arXiv 2501.12948, table 1), dapo (arXiv 2503.14476), code-r1 (Code-R1, github.com/ganler/code-r1),
vision-boxed (EasyR1). chat, chat-boxed, chat-code and raw are this project's own.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from boundary.errors import InputError, did_you_mean
from boundary.plain_text import plain
from boundary.sampling.benchmarks.loading import load_problems
from boundary.sampling.problems import Problem

FOLDER = Path(str(files("boundary.sampling"))) / "templates"
CHAT = ".chat.txt"
PLAIN = ".txt"
PLACE = "{problem}"
FEW_SHOT = "few-shot:"
# Ends of a text or of a turn in the families that are sampled here. A base and its trained model name different ones of
# them as their own, so all that a vocabulary knows stop both arms.
END_TOKENS = (
    "<|endoftext|>",
    "<|im_end|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",  # DeepSeek writes it with wide bars
    "<end_of_turn>",
    "<eos>",
    "</s>",
)


@dataclass(frozen=True)
class Template:
    """A prompt template.

    Parameters
    ----------
    name
        What `--template` calls it.
    text
        With `{problem}` in it.
    chat
        Whether the text is what the user says in a chat, and the model's own chat template goes around it.
    system_prompt
        First turn of the chat; empty for none.
    chat_template_kwargs
        Arguments of the model's chat template.
    """

    name: str
    text: str
    chat: bool
    system_prompt: str = ""
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """Fingerprint of kind and text, and of system prompt and arguments where there are some."""
        parts = f"{self.chat}\n{self.text}"
        if self.system_prompt or self.chat_template_kwargs:
            parts += "\n" + json.dumps([self.system_prompt, dict(self.chat_template_kwargs)], sort_keys=True)
        return "sha256:" + hashlib.sha256(parts.encode()).hexdigest()


def template_names() -> list[str]:
    """Names of the templates that come with the package."""
    return sorted(path.name.removesuffix(CHAT).removesuffix(PLAIN) for path in FOLDER.glob(f"*{PLAIN}"))


def load_template(name: str) -> Template:
    """Template by name, from a file (NAME.txt, NAME.chat.txt), or of worked examples (`few-shot:FILE`).

    Raises
    ------
    InputError
        For an unknown name, or a file that cannot be read or has no `{problem}` in it.

    Examples
    --------
    >>> load_template("raw").text
    '{problem}'
    """
    if name.startswith(FEW_SHOT):
        return _few_shot(name)
    for suffix in (CHAT, PLAIN):
        if (FOLDER / f"{name}{suffix}").is_file():
            return Template(name, (FOLDER / f"{name}{suffix}").read_text(encoding="utf-8"), suffix == CHAT)
    path = Path(name)
    if not name.endswith(PLAIN):
        hint = did_you_mean(name, template_names())
        raise InputError(
            f"No template '{name}'.{hint} There are: {', '.join(template_names())}; "
            "few-shot:FILE with worked examples; or a text file of your own, NAME.txt or NAME.chat.txt."
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read the template '{name}' ({error}).") from error
    if PLACE not in text:
        raise InputError(f"The template '{name}' has no {PLACE} in it, where the problem goes.")
    return Template(path.name.removesuffix(CHAT).removesuffix(PLAIN), text, name.endswith(CHAT))


def prompt_text(tokenizer: Any, template: Template, problem: Problem) -> str:
    """The prompt as text, special tokens written out; without the BOS that `prompt_ids` adds."""
    if not template.chat:
        return template.text.replace(PLACE, problem.prompt)
    from jinja2 import TemplateError

    try:
        text = tokenizer.apply_chat_template(
            chat_messages(template, problem),
            tokenize=False,
            add_generation_prompt=True,
            **template.chat_template_kwargs,
        )
    except TemplateError as error:  # such as a template that takes no system prompt
        raise InputError(
            f"The model's chat template refuses problem {problem.problem_id} ({plain(str(error))[:200]}). Choose "
            "another --template, or leave --system-prompt and --chat-template-kwarg out."
        ) from error
    except ValueError as error:  # transformers says so of a tokenizer without a chat template
        raise InputError(
            f"The template '{template.name}' needs the model's chat template, and its tokenizer has none. "
            "Choose another with --template, for example qwen-boxed or simple."
        ) from error
    return str(text)


def chat_messages(template: Template, problem: Problem) -> list[Mapping[str, Any]]:
    """Turns of a chat: the problem's own where it has some, else the template's text; images come before the text.

    Raises
    ------
    InputError
        If there is a system prompt and the problem's own turns have one, too.
    """
    system = [{"role": "system", "content": template.system_prompt}] if template.system_prompt else []
    if problem.messages:
        if system and any(turn.get("role") == "system" for turn in problem.messages):
            raise InputError(f"Problem {problem.problem_id} has a system prompt of its own. Leave --system-prompt out.")
        return [*system, *problem.messages]
    text = template.text.replace(PLACE, problem.prompt)
    if not problem.images:
        return [*system, {"role": "user", "content": text}]
    content = [{"type": "image"} for _ in problem.images] + [{"type": "text", "text": text}]
    return [*system, {"role": "user", "content": content}]


def prompt_ids(tokenizer: Any, template: Template, problem: Problem) -> list[int]:
    """The prompt as token ids, with one BOS where the tokenizer puts one, and never two.

    Parameters
    ----------
    tokenizer
        A transformers tokenizer.

    Returns
    -------
    The ids that every engine is given.
    """
    return text_ids(tokenizer, prompt_text(tokenizer, template, problem))


def text_ids(tokenizer: Any, text: str) -> list[int]:
    """A prompt's text as token ids, with one BOS where the tokenizer puts one, and never two."""
    ids = [int(token) for token in tokenizer(text, add_special_tokens=False)["input_ids"]]
    bos = tokenizer.bos_token_id
    if bos is None:
        return ids
    # A chat template may write the BOS itself, and a user's file may too.
    begun = 0
    while begun < len(ids) and ids[begun] == bos:
        begun += 1
    return [bos] * (begun > 0 or _adds_bos(tokenizer)) + ids[begun:]


def text_with_bos(tokenizer: Any, template: Template, problem: Problem) -> str:
    """The prompt as text with its one BOS written out, for a processor that is told to add none."""
    text, bos = prompt_text(tokenizer, template, problem), tokenizer.bos_token
    bare = text_without_bos(tokenizer, template, problem)
    return bos + bare if bos and (bare != text or _adds_bos(tokenizer)) else text


def text_without_bos(tokenizer: Any, template: Template, problem: Problem) -> str:
    """The prompt as text less any BOS that a chat template wrote: the same for two tokenizers that read the same."""
    text, bos = prompt_text(tokenizer, template, problem), tokenizer.bos_token
    while bos and text.startswith(bos):
        text = text.removeprefix(bos)
    return text


def stop_ids(tokenizer: Any, other_tokenizers: Iterable[Any] = ()) -> tuple[int, ...]:
    """Token ids that end a sample: every known end of text or turn in the vocabulary, the same for all arms.

    Parameters
    ----------
    tokenizer
        Whose vocabulary the ids are of.
    other_tokenizers
        Tokenizers of the other arms, whose own end tokens stop this arm too.

    Returns
    -------
    The ids, in order.
    """
    arms = (tokenizer, *other_tokenizers)
    tokens = set(END_TOKENS) | {arm.eos_token for arm in arms if arm.eos_token is not None}
    vocabulary = tokenizer.get_vocab()
    # A vocabulary may hold </s> as a word of HTML: only special tokens, and what an arm itself calls its end, stop.
    special = set(tokenizer.all_special_tokens) | set(tokenizer.get_added_vocab()) | {arm.eos_token for arm in arms}
    return tuple(sorted(vocabulary[token] for token in tokens if token in vocabulary and token in special))


def _adds_bos(tokenizer: Any) -> bool:
    ids = tokenizer("a", add_special_tokens=True)["input_ids"]
    return bool(ids) and ids[0] == tokenizer.bos_token_id


def _few_shot(name: str) -> Template:
    path = name.removeprefix(FEW_SHOT)
    shots = load_problems(path)
    examples = "".join(
        f"Question: {shot.prompt}\nAnswer: {shot.facts.get('solution', shot.answer)}\n\n" for shot in shots
    )
    return Template(f"{FEW_SHOT}{Path(path).name}", f"{examples}Question: {PLACE}\nAnswer:", chat=False)
