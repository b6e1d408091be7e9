"""The openai engine: any server that speaks OpenAI's /v1/completions (vLLM, SGLang, llama.cpp, hosted), or several."""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, islice
from random import random
from typing import Any, Literal

from boundary.errors import InputError
from boundary.sampling.engines import EngineSpec, Generate, Request, Sampling, needed, noise_seed, places_of
from boundary.sampling.models import load_tokenizer
from boundary.sampling.task import Completion

# Seconds before the first retry; each further one waits twice as long, and never more than the longest wait.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
BUSY = (408, 409, 425, 429)
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
    concurrency: int = 32,
    choices: int = 8,
    retries: int = 6,
    timeout: float = 3600.0,
    served_model: str = "",
    api_key_env: str = "OPENAI_API_KEY",
    more_fields: bool = True,
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
        What the servers call the model. Default: the only one that they list, else the model's id.
    api_key_env
        Environment variable that holds the key, if there is one.
    more_fields
        Whether to send fields that OpenAI's own servers do not know, so that nothing is sampled by hidden defaults.
    """
    needed("httpx")
    import httpx

    urls = tuple(url.rstrip("/") for url in ([base_url] if isinstance(base_url, str) else base_url))
    key = os.environ.get(api_key_env, "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    tokenizer = load_tokenizer(spec.tokenizer or spec.model, spec.revision)
    facts = _listed(urls, headers, served_model or spec.model)
    name = served_model or facts.name

    def generate(requests: Sequence[Request]) -> Iterator[Completion]:
        client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=30.0),
            limits=httpx.Limits(max_connections=concurrency + len(urls)),
        )
        servers = _Servers(client, urls, retries, name, facts.context, more_fields, choices)
        yield from _generate(servers, tokenizer, spec.sampling, requests, concurrency)

    yield generate


@dataclass(frozen=True)
class _Facts:
    name: str
    context: int | None


@dataclass
class _Servers:
    client: Any
    urls: tuple[str, ...]
    retries: int
    model: str
    context: int | None
    more_fields: bool
    choices: int
    turn: "count[int]" = field(default_factory=count)

    async def post(self, body: Mapping[str, Any]) -> Any:
        """The response's JSON; on trouble another server, after a wait that grows.

        Raises
        ------
        InputError
            If the server refuses the request, or none answers after all retries.
        """
        import httpx

        said = ""
        for attempt in range(self.retries + 1):
            url = self.urls[next(self.turn) % len(self.urls)]
            pause = 0.0
            try:
                response = await self.client.post(f"{url}/completions", json=body)
            except httpx.HTTPError as error:
                said = f"{url}: {error or type(error).__name__}"
            else:
                if response.status_code == httpx.codes.OK:
                    with suppress(json.JSONDecodeError):
                        return response.json()
                said = f"{url}: HTTP {response.status_code}: {_message(response)}"
                if 400 <= response.status_code < 500 and response.status_code not in BUSY:
                    raise RefusedError(said)
                pause = _retry_after(response)
            # Half of it by chance, so that those who were refused together do not return together.
            pause = max(pause, min(LONGEST_WAIT, FIRST_WAIT * 2**attempt) * (0.5 + random() / 2))
            if attempt < self.retries:
                await asyncio.sleep(pause)
        raise InputError(f"No server answers ({said}), after {self.retries} retries. What is stored stays.")


class RefusedError(InputError):
    """A server says that the request itself is at fault."""


def _listed(urls: Sequence[str], headers: Mapping[str, str], name: str) -> _Facts:
    """What the first server that answers says of its models."""
    import httpx

    said = ""
    for url in urls:
        try:
            response = httpx.get(f"{url}/models", headers=headers, timeout=10.0)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            said = f"{url}: {error or type(error).__name__}"
            continue
        if response.status_code in (401, 403):
            raise InputError(f"{url} refuses the key ({_message(response)}). Put the right one into OPENAI_API_KEY.")
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            models = response.json()["data"]
            found = [each for each in models if each["id"] == name] or (models if len(models) == 1 else [])
            if found:
                facts = found[0].get("meta") or {}
                return _Facts(found[0]["id"], found[0].get("max_model_len") or facts.get("n_ctx"))
        return _Facts(name, None)
    raise InputError(
        f"No server answers at {', '.join(urls)} ({said}). Start one, or name it with --base-url http://HOST:PORT/v1."
    )


def _generate(
    servers: _Servers, tokenizer: Any, sampling: Sampling, requests: Sequence[Request], concurrency: int
) -> Iterator[Completion]:
    """Keep requests in flight on a loop of our own: leaving early cancels them at once, as threads would not."""
    blocks = (part for request in requests for part in _parts(request, servers.choices))
    loop = asyncio.new_event_loop()
    running: set[asyncio.Task[list[Completion]]] = set()
    try:
        while True:
            for block in islice(blocks, concurrency - len(running)):
                running.add(loop.create_task(_answered(servers, tokenizer, sampling, block)))
            if not running:
                return
            done, running = loop.run_until_complete(asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED))
            results = [task.exception() or task.result() for task in done]
            for result in results:
                if not isinstance(result, BaseException):
                    yield from result
            for result in results:
                if isinstance(result, BaseException):
                    raise result
    finally:
        for task in running:
            task.cancel()
        if running:
            loop.run_until_complete(asyncio.wait(running))
        loop.run_until_complete(servers.client.aclose())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _parts(request: Request, size: int) -> Iterator[Request]:
    for start in range(0, len(request.places), size):
        yield Request(request.problem_id, request.prompt, request.places[start : start + size])


async def _answered(servers: _Servers, tokenizer: Any, sampling: Sampling, block: Request) -> list[Completion]:
    """Samples of a block; asked for again where a server gives fewer choices than it was asked for."""
    found: list[Completion] = []
    places = block.places
    while places:
        part = Request(block.problem_id, block.prompt, places[: servers.choices])
        try:
            choices = (await servers.post(_body(servers, sampling, part)))["choices"]
        except RefusedError as refused:
            if len(part.places) == 1:
                raise InputError(
                    f"The server refuses a request ({refused}). Does it know the model and the fields? "
                    "--engine-option more_fields=false sends OpenAI's own fields only."
                ) from refused
            servers.choices = max(1, len(part.places) // 2)  # perhaps it refuses so many choices
            continue
        except (KeyError, TypeError) as error:
            raise InputError("The server's answer has no choices: it is not OpenAI-compatible.") from error
        if not choices:
            raise InputError("The server's answer has no choices in it.")
        if len(choices) < len(part.places):
            servers.choices = len(choices)  # it passes over n in silence
        found += [
            _completion(tokenizer, part.problem_id, place, choice)
            for place, choice in zip(part.places, choices, strict=False)
        ]
        places = places[len(choices) :]
    return found


def _body(servers: _Servers, sampling: Sampling, part: Request) -> dict[str, Any]:
    room = sampling.max_tokens
    if servers.context:
        room = min(room, servers.context - len(part.prompt))
        if room < 1:
            raise InputError(
                f"The prompt of problem {part.problem_id} has {len(part.prompt)} tokens, and the server's context "
                f"holds {servers.context}. Leave the problem out, or start the server with a longer context."
            )
    own = {
        "model": servers.model,
        "prompt": list(part.prompt),
        "n": len(part.places),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": room,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "seed": noise_seed(sampling.seed, places_of([part])),
    }
    if not servers.more_fields:
        return own
    return own | dict(MORE_FIELDS) | {"stop_token_ids": list(sampling.stop_ids)}


def _completion(tokenizer: Any, problem_id: str, place: int, choice: Mapping[str, Any]) -> Completion:
    """A choice as a sample; its tokens are counted here, since servers' `usage` has counted one choice of several."""
    text = str(choice.get("text") or "")
    said = choice.get("finish_reason")
    if said not in ("stop", "length"):
        return Completion(problem_id, place, "", "error", 0)
    finish: Literal["stop", "length"] = said
    tokens = len(tokenizer(text, add_special_tokens=False)["input_ids"])
    return Completion(problem_id, place, text, finish, tokens + (finish == "stop"))


def _message(response: Any) -> str:
    try:
        said = response.json()
        said = said.get("error", said.get("message", said))
        said = said.get("message", said) if isinstance(said, dict) else said
    except (ValueError, AttributeError):
        said = response.text
    return " ".join(str(said).split())[:300]


def _retry_after(response: Any) -> float:
    """Seconds that a busy server asks to wait; 0 where it says none, or a date."""
    try:
        return min(float(response.headers.get("Retry-After", 0)), 10 * LONGEST_WAIT)
    except ValueError:
        return 0.0
