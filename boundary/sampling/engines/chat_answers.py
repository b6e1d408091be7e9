"""What chat servers answer: a message a choice, with the reasoning apart on some servers."""

from collections.abc import Mapping
from typing import Any

# Where servers put a model's reasoning that they take out of its text: vLLM, SGLang and llama.cpp now and before.
REASONING_FIELDS = ("reasoning_content", "reasoning")
# As the models write it themselves, and as a sample of /v1/completions has it.
OPENING, CLOSING = "<think>\n", "\n</think>\n\n"


def message_text(choice: Mapping[str, Any]) -> tuple[str, bool] | None:
    """The text of a choice, and whether reasoning that was apart is in it; None where there is no message.

    Notes
    -----
    A refusal that stands apart is what the model wrote. Reasoning goes before the answer, as the model wrote it; where
    the token limit ended it before any answer, it stays open.
    """
    message = choice.get("message")
    if not isinstance(message, Mapping):
        return None
    content, refusal = _text(message.get("content")), _text(message.get("refusal"))
    reasoning = next((text for name in REASONING_FIELDS if (text := _text(message.get(name)))), "")
    answer = content or refusal
    if not reasoning:
        return answer, False
    if not answer and choice.get("finish_reason") == "length":
        return OPENING + reasoning, True
    return f"{OPENING}{reasoning.strip(chr(10))}{CLOSING}{answer.lstrip(chr(10))}", True


def _text(value: Any) -> str:
    """Text, or the texts of a list of parts; nothing where it is neither."""
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, Mapping))
    return value if isinstance(value, str) else ""
