"""Chats: system prompt and chat-template arguments of a run, and prompts that a server renders.

A server at /v1/chat/completions is given the turns of a chat, and its own chat template makes a prompt of them, which
no client sees. Here the local tokenizer renders the same turns, to count tokens; what identifies such a prompt is the
turns and the arguments.
"""

import inspect
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from boundary.errors import InputError
from boundary.plain_text import plain
from boundary.sampling.problems import Problem
from boundary.sampling.prompts import Template, chat_messages, prompt_ids, text_ids


def with_chat_settings(template: Template, system_prompt: str, chat_template_kwargs: Mapping[str, Any]) -> Template:
    """The template with a run's system prompt and chat-template arguments.

    Raises
    ------
    InputError
        If the template does not go into a chat template, which alone could take them, or an argument is not one.
    """
    if not system_prompt and not chat_template_kwargs:
        return template
    if not template.chat:
        raise InputError(
            f"The template '{template.name}' is the whole prompt, so it takes neither a system prompt nor "
            "chat-template arguments. Choose --template chat, chat-boxed, chat-code or a file NAME.chat.txt."
        )
    for name in chat_template_kwargs:
        if not name.isidentifier() or name in _reserved_names():
            raise InputError(
                f"'{plain(name)[:60]}' is no argument of a chat template. Arguments are such as enable_thinking=false."
            )
    return replace(template, system_prompt=system_prompt, chat_template_kwargs=dict(chat_template_kwargs))


def _reserved_names() -> set[str]:
    """What transformers' own function takes; `chat_template` among them would put another template in place."""
    from transformers import PreTrainedTokenizerBase

    return {*inspect.signature(PreTrainedTokenizerBase.apply_chat_template).parameters, "messages"}


def refuse_unused_arguments(arguments: Mapping[str, Any], tokenizers: Sequence[Any]) -> None:
    """Refuse an argument that no model's chat template reads: it would change nothing, without a word.

    Raises
    ------
    InputError
        If every chat template is known, and none names the argument.
    """
    templates = [_chat_template(tokenizer) for tokenizer in tokenizers]
    if not all(templates):
        return
    for name in arguments:
        if not any(re.search(rf"\b{re.escape(name)}\b", template) for template in templates):
            raise InputError(
                f"No chat template of these models reads the argument '{name}', so it would change nothing. Check its "
                "name, or leave it out."
            )


def _chat_template(tokenizer: Any) -> str:
    template = getattr(tokenizer, "chat_template", None)
    return json.dumps(template) if isinstance(template, dict) else str(template or "")


def refuse_plain_template(template: Template) -> None:
    """Refuse a template that is a whole prompt where a server is given the turns of a chat.

    Raises
    ------
    InputError
        If the template does not go into a chat template.
    """
    if not template.chat:
        raise InputError(
            f"A chat server puts its own chat template around the problem, and the template '{template.name}' is the "
            "whole prompt. Choose --template chat, chat-boxed, chat-code or a file NAME.chat.txt."
        )


def server_prompt_ids(tokenizer: Any, template: Template, problem: Problem) -> list[int]:
    """About the token ids that a server makes of a problem's turns: by the local chat template, where there is one."""
    if _chat_template(tokenizer):
        return prompt_ids(tokenizer, template, problem)
    return text_ids(tokenizer, "\n".join(str(turn.get("content")) for turn in chat_messages(template, problem)))


def server_prompt_text(template: Template, problem: Problem) -> str:
    """What a chat server is given for a problem, as text: the turns and the arguments, the same for every tokenizer."""
    turns = [dict(turn) for turn in chat_messages(template, problem)]
    return json.dumps([turns, dict(template.chat_template_kwargs)], sort_keys=True)
