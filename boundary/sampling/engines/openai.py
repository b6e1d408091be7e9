"""The openai engine: any server that speaks OpenAI's /v1/completions (vLLM, SGLang, llama.cpp, hosted), or several.

With the option chat it speaks /v1/chat/completions, for hosted models that have nothing else.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count, islice
from random import random
from typing import Any, Literal

from boundary.errors import InputError
from boundary.sampling.engines.chat_answers import message_text
from boundary.sampling.engines.servers import (
    CHAT_ENDPOINT,
    BusyError,
    Server,
    ask_servers,
    listed_model,
    parse_servers,
    refuse_status,
    shorten,
)
from boundary.sampling.engines.spec import EngineSpec, Generate, Request, Sampling, noise_seed, sample_names
from boundary.sampling.models import load_tokenizer
from boundary.sampling.option_types import NonNegative, Positive, Seconds
from boundary.sampling.packages import package_version
from boundary.sampling.problems import Completion

# Seconds before the first retry; each further one waits twice as long, and never more than the longest wait.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
BUSY = (408, 409, 425, 429)
# So many problems refused with no sample in between, and the fault is not the problems'.
REFUSED_IN_A_ROW = 5
# Bytes of an answer that are read: what a token can take as JSON, and what stands around it.
TOKEN_BYTES, ANSWER_BYTES = 256, 1 << 20
# Seconds between two notices of trouble, which every request in flight has.
NOTICE_SECONDS = 60.0
# A sample's tokens are counted in its text, which the server may have written in somewhat fewer.
SLACK_TIMES, SLACK_TOKENS = 1.25, 16
_SURROGATE = re.compile("[\ud800-\udfff]")
# Tokens that a server's chat template may put around a turn beyond what the local one does.
TURN_TOKENS = 16
# Fields beyond OpenAI's own. A server fills what is not said from the model's generation_config.json (vLLM) or from its
# own defaults (llama.cpp: top_k 40, min_p .05, top_p before temperature), and would then sample something else.
MORE_FIELDS: Mapping[str, Any] = {
    "top_k": -1,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "repeat_penalty": 1.0,
    "samplers": ["temperature", "top_p"],
}


@contextmanager
def openai_engine(
    spec: EngineSpec,
    *,
    base_url: str | Sequence[str] = "http://localhost:8000/v1",
    concurrency: Positive = 32,
    choices: Positive = 8,
    retries: NonNegative = 6,
    timeout: Seconds = 3600.0,
    served_model: str = "",
    context: Positive | None = None,
    api_key_env: str = "",
    more_fields: bool = True,
    chat: bool = False,
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens",
    notice: Callable[[str], None] = lambda text: None,
) -> Iterator[Generate]:
    """Speak to servers that run already.

    Parameters
    ----------
    spec
        The model, whose tokenizer is loaded here, and how it is sampled.
    base_url
        Where the servers are, up to and with /v1: one, or several that hold the same model.
    concurrency
        Requests in flight, over all servers.
    choices
        Samples asked for in a request; fewer where a server refuses so many.
    retries
        How often a request is tried again when a server is busy, failing or not there.
    timeout
        Seconds for a request.
    served_model
        What the servers call the model. Default: the model's id, which they have to list.
    context
        Tokens that prompt and sample may have together. Default: what the servers say.
    api_key_env
        Environment variable that holds the key. Default: OPENAI_API_KEY, if it is set.
    more_fields
        Whether to send fields that OpenAI's own servers do not know, so that nothing is sampled by hidden defaults.
    chat
        Whether to speak /v1/chat/completions: the server puts its chat template around the turns.
    limit_field
        What the server calls the limit on new tokens.
    notice
        Called with a sentence where a server is in trouble or passes over the limit on new tokens.
    """
    package_version("httpx")
    addresses = parse_servers(base_url, api_key_env)
    tokenizer = load_tokenizer(spec.tokenizer or spec.model, spec.revision, spec.trust_remote_code)
    served = ask_servers(addresses, spec.model, served_model)
    contexts = [context] if context else [facts.context for facts in served.values() if facts.context]

    def generate(requests: Sequence[Request]) -> Iterator[Completion]:
        pool = _ServerPool(
            clients={server: _client(server, timeout, concurrency) for server in addresses},
            confirmed=set(served),
            retries=retries,
            model_names=(spec.model, served_model),
            model=next(iter(served.values())).name,
            context=min(contexts, default=None),
            more_fields=more_fields,
            choices=choices,
            path=CHAT_ENDPOINT if chat else "completions",
            limit_field=limit_field,
            notice=notice,
        )
        yield from _generate(pool, tokenizer, spec.sampling, requests, concurrency)

    yield generate


def _client(server: Server, timeout: float, concurrency: int) -> Any:
    """An HTTP client for one server; it follows no redirects, and takes a proxy only for servers elsewhere."""
    import httpx

    return httpx.AsyncClient(
        headers=server.headers,
        trust_env=not server.loopback,
        follow_redirects=False,
        timeout=httpx.Timeout(timeout, connect=30.0),
        limits=httpx.Limits(max_connections=concurrency + 1),
    )


@dataclass
class _ServerPool:
    """The servers of a run, and what has been learnt of them.

    Parameters
    ----------
    clients
        One a server.
    confirmed
        Those that are known to serve the model; another one is asked first, when it answers.
    model_names
        The model's id, and what the user says that servers call it.
    refused
        Problems of which a server refused a request, with the reason; they are not asked for again.
    refused_in_a_row
        How many of them since the last sample came in.
    path
        Endpoint of the servers, behind their URL.
    limit_field
        What they call the limit on new tokens.
    answered
        Whether any sample came in.
    notice
        Called with a sentence about trouble, at `noticed_at` for the last time.
    ignores_limit
        Whether a sample was longer than the limit on new tokens.
    """

    clients: Mapping[Server, Any]
    confirmed: set[Server]
    retries: int
    model_names: tuple[str, str]
    model: str
    context: int | None
    more_fields: bool
    choices: int
    path: str = "completions"
    limit_field: str = "max_tokens"
    turn: "count[int]" = field(default_factory=count)
    refused: dict[str, str] = field(default_factory=dict)
    refused_in_a_row: int = 0
    answered: bool = False
    notice: Callable[[str], None] = lambda text: None
    noticed_at: float = -NOTICE_SECONDS
    ignores_limit: bool = False

    async def post(self, body: Mapping[str, Any]) -> Any:
        """The response's JSON; on trouble another server, after a wait that grows.

        Raises
        ------
        InputError
            If the server refuses the request, or none answers after all retries.
        """
        import httpx

        trouble, no_json, order = "", "", list(self.clients)
        longest = ANSWER_BYTES + int(body["n"]) * int(body[self.limit_field]) * TOKEN_BYTES
        for attempt in range(self.retries + 1):
            server = order[next(self.turn) % len(order)]
            pause, no_json = 0.0, ""
            try:
                await self._check(server)
                stream = self.clients[server].stream("POST", f"{server.url}/{self.path}", json=body)
                status, data, wait = await _answer(stream, longest)
            except httpx.HTTPError as error:
                trouble = f"{server.display_url}: {shorten(str(error)) or type(error).__name__}"
            except BusyError as error:
                trouble = str(error)
            else:
                if status == httpx.codes.OK:
                    with suppress(ValueError, RecursionError):
                        return json.loads(data)
                    no_json = f"{server.display_url}/{self.path} answers, but not in JSON"
                refuse_status(server, status)
                trouble = f"{server.display_url}: HTTP {status}: {_message(data)}"
                if 400 <= status < 500 and status not in BUSY:
                    raise RefusedError(trouble)
                pause = wait
            # Half of it by chance, so that those who were refused together do not return together.
            pause = max(pause, min(LONGEST_WAIT, FIRST_WAIT * 2**attempt) * (0.5 + random() / 2))
            if attempt < self.retries:
                self._notice_trouble(no_json or trouble, pause)
                await asyncio.sleep(pause)
        if no_json:
            raise InputError(f"{no_json}: is it the right server? Check its URL, which goes up to and with /v1.")
        raise InputError(f"No server answers ({trouble}), after {self.retries} retries. What is stored stays.")

    def _notice_trouble(self, trouble: str, pause: float) -> None:
        """Say why a request is tried again and when, once a minute for all requests in flight."""
        if time.monotonic() - self.noticed_at >= NOTICE_SECONDS:
            self.noticed_at = time.monotonic()
            self.notice(f"{trouble}; the request is tried again in {pause:.0f} s, {self.retries} times at most")

    async def _check(self, server: Server) -> None:
        """Ask a server that did not answer at the beginning what it serves, before it is used."""
        if server in self.confirmed:
            return
        status, data, _ = await _answer(self.clients[server].stream("GET", f"{server.url}/models"), ANSWER_BYTES)
        listing = None
        with suppress(ValueError, RecursionError):
            listing = json.loads(data)
        name = listed_model(server, status, listing, *self.model_names).name
        if name != self.model:
            raise InputError(f"{server.display_url} calls the model '{shorten(name)}', the others '{self.model}'.")
        self.confirmed.add(server)


class RefusedError(InputError):
    """A server says that the request itself is at fault."""


async def _answer(stream: Any, most: int) -> tuple[int, bytes, float]:
    """Status, body and the seconds that a busy server asks to wait.

    Raises
    ------
    InputError
        If the body is longer than any honest one.
    """
    async with stream as response:
        data = bytearray()
        async for chunk in response.aiter_bytes():
            data += chunk
            if len(data) > most:
                raise InputError(f"{response.url.host} answers with more than {most:,} bytes. Is it the right server?")
        return response.status_code, bytes(data), _retry_after(response)


def _generate(
    pool: _ServerPool, tokenizer: Any, sampling: Sampling, requests: Sequence[Request], concurrency: int
) -> Iterator[Completion]:
    """Keep requests in flight on a loop of our own: leaving early cancels them at once, as threads would not."""
    blocks = (part for request in requests for part in _parts(request, pool.choices))
    loop = asyncio.new_event_loop()
    running: set[asyncio.Task[list[Completion]]] = set()
    try:
        while True:
            for block in islice(blocks, concurrency - len(running)):
                running.add(loop.create_task(_sample_block(pool, tokenizer, sampling, block)))
            if not running:
                break
            done, running = loop.run_until_complete(asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED))
            results = [task.exception() or task.result() for task in done]
            for result in results:
                if not isinstance(result, BaseException):
                    yield from result
            for result in results:
                if isinstance(result, BaseException):
                    raise result
        if pool.refused and not pool.answered:
            raise _refusal(next(iter(pool.refused.values())))
    finally:
        for task in running:
            task.cancel()
        if running:
            loop.run_until_complete(asyncio.wait(running))
        for client in pool.clients.values():
            loop.run_until_complete(client.aclose())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _parts(request: Request, size: int) -> Iterator[Request]:
    for start in range(0, len(request.sample_indices), size):
        yield replace(request, sample_indices=request.sample_indices[start : start + size])


async def _sample_block(pool: _ServerPool, tokenizer: Any, sampling: Sampling, block: Request) -> list[Completion]:
    """Samples of a block; asked for again where a server gives fewer choices than it was asked for."""
    completions: list[Completion] = []
    sample_indices, size = block.sample_indices, pool.choices
    while sample_indices:
        if block.problem_id in pool.refused:
            reason = pool.refused[block.problem_id]
            return completions + [Completion(block.problem_id, index, reason, "error", 0) for index in sample_indices]
        part = replace(block, sample_indices=sample_indices[: min(size, pool.choices)])
        try:
            body = _body(pool, sampling, part)
            choices = (await pool.post(body))["choices"]
        except RefusedError as refused:
            if len(part.sample_indices) > 1:
                size = len(part.sample_indices) // 2  # perhaps it refuses so many choices
                continue
            _note_refusal(pool, block.problem_id, str(refused))
            continue
        except (KeyError, TypeError) as error:
            raise InputError("The server's answer has no choices: it is not OpenAI-compatible.") from error
        if not isinstance(choices, list) or not choices or not all(isinstance(choice, dict) for choice in choices):
            raise InputError("The server's answer has no choices in it.")
        pool.answered, pool.refused_in_a_row = True, 0
        if (
            len(choices) < len(part.sample_indices) or size < pool.choices
        ):  # it passes over n in silence, or refuses more
            pool.choices = min(len(choices), len(part.sample_indices))
        completions += [
            _within_limit(pool, tokenizer, _completion(tokenizer, part, sample_index, choice), body[pool.limit_field])
            for sample_index, choice in zip(part.sample_indices, choices, strict=False)
        ]
        sample_indices = sample_indices[len(choices) :]
    return completions


def _note_refusal(pool: _ServerPool, problem_id: str, reason: str) -> None:
    """Leave a problem out whose request is refused, and stop where that is more than a problem or two."""
    if problem_id not in pool.refused:
        pool.refused[problem_id] = reason
        pool.refused_in_a_row += 1
    if pool.refused_in_a_row >= REFUSED_IN_A_ROW:
        raise _refusal(reason)


def _refusal(reason: str) -> InputError:
    return InputError(
        f"The server refuses a request ({reason}). Does it know the model and the fields? --engine-option "
        "more_fields=false sends OpenAI's own fields only, limit_field=max_completion_tokens the newer name of the "
        "token limit. Where prompts are too long for it, say how many tokens it "
        "reads with --engine-option context=N, and leave these out with --skip-long."
    )


def _body(pool: _ServerPool, sampling: Sampling, part: Request) -> dict[str, Any]:
    room = sampling.max_tokens
    if pool.context and part.chat is not None:  # the server's own chat template may add a few tokens
        margin = TURN_TOKENS * len(part.chat.messages)
        room = max(1, min(room, pool.context - len(part.prompt) - margin))
    elif pool.context:
        room = min(room, pool.context - len(part.prompt))
        if room < 1:
            raise InputError(
                f"The prompt of problem {part.problem_id} has {len(part.prompt)} tokens, and the server's context "
                f"holds {pool.context}. Leave the problem out, or start the server with a longer context."
            )
    own = {
        "model": pool.model,
        **_prompt_fields(part),
        "n": len(part.sample_indices),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        pool.limit_field: room,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "seed": noise_seed(sampling.seed, sample_names([part])),
    }
    if not pool.more_fields:
        return own
    return own | dict(MORE_FIELDS) | {"stop_token_ids": list(sampling.stop_ids)}


def _prompt_fields(part: Request) -> dict[str, Any]:
    if part.chat is None:
        return {"prompt": list(part.prompt)}
    arguments = dict(part.chat.chat_template_kwargs)
    fields: dict[str, Any] = {"messages": [dict(turn) for turn in part.chat.messages]}
    return fields | ({"chat_template_kwargs": arguments} if arguments else {})


def _completion(tokenizer: Any, part: Request, sample_index: int, choice: Mapping[str, Any]) -> Completion:
    """A choice as a sample; its tokens are counted here, since servers' `usage` has counted one choice of several."""
    problem_id, joined = part.problem_id, None
    text: Any = choice.get("text")
    if part.chat is not None:
        message = message_text(choice)
        if message is None:
            return Completion(problem_id, sample_index, "the server's choice has no message", "error", 0)
        text, joined = message[0], message[1] or None
    elif not isinstance(text, str):
        no_text = "the server's choice has no text; one that speaks chat alone needs --engine-option chat=true"
        return Completion(problem_id, sample_index, no_text, "error", 0)
    text = _SURROGATE.sub("\ufffd", text)  # half a character, which no file can hold
    reason = choice.get("finish_reason")
    if reason not in ("stop", "length"):
        return Completion(problem_id, sample_index, f"the server ended it with {shorten(str(reason))[:40]}", "error", 0)
    finish: Literal["stop", "length"] = reason
    tokens = len(tokenizer(text, add_special_tokens=False)["input_ids"])
    n_tokens = tokens + (finish == "stop")
    return Completion(problem_id, sample_index, text, finish, n_tokens, reasoning_joined=joined)


def _within_limit(pool: _ServerPool, tokenizer: Any, sample: Completion, limit: int) -> Completion:
    """A sample, cut at the limit where a server passes over that: up to there it is what another would have written."""
    if sample.n_tokens <= limit * SLACK_TIMES + SLACK_TOKENS:
        return sample
    if not pool.ignores_limit:
        pool.ignores_limit = True
        pool.notice(
            f"The server passes over {pool.limit_field}: a sample has {sample.n_tokens:,} tokens, where {limit:,} were "
            "asked for. Such samples are cut there, and count as truncated; --engine-option limit_field=NAME names the "
            "limit otherwise"
        )
    text = tokenizer.decode(tokenizer(sample.text, add_special_tokens=False)["input_ids"][:limit])
    return replace(sample, text=text, finish_reason="length", n_tokens=limit)


def _message(data: bytes) -> str:
    text = data[:4096].decode(errors="replace")
    with suppress(ValueError, RecursionError, AttributeError):
        content = json.loads(data)
        content = content.get("error", content.get("message", content))
        text = str(content.get("message", content) if isinstance(content, dict) else content)
    return shorten(text)


def _retry_after(response: Any) -> float:
    """Seconds that a busy server asks to wait; 0 where it says none, or a date."""
    try:
        seconds = float(response.headers.get("Retry-After", 0))
    except ValueError:
        return 0.0
    return min(seconds, 10 * LONGEST_WAIT) if seconds > 0 else 0.0
