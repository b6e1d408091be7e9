"""Servers by URL: what they serve, which key they may be sent, and how much of an answer is read.

A server answers as it likes: it may hold another model than the one that is asked for, and llama.cpp's samples it all
the same. So each server has to list the model, or the user says what it calls the model.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from boundary.errors import InputError
from boundary.plain_text import plain
from boundary.sampling.engines.spec import EngineFacts, EngineSpec
from boundary.sampling.packages import package_version

DEFAULT_URL = "http://localhost:8000/v1"
DEFAULT_KEY = "OPENAI_API_KEY"
# What a run file may name. A file that came from someone else could otherwise send any secret to any address.
KEY_VARIABLES = (
    DEFAULT_KEY,
    "BOUNDARY_API_KEY",
    "VLLM_API_KEY",
    "SGLANG_API_KEY",
    "LLAMA_API_KEY",
    "OPENROUTER_API_KEY",
    "TOGETHER_API_KEY",
    "FIREWORKS_API_KEY",
    "DEEPINFRA_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
)
# Facts are short; a server that goes on and on is cut off.
FACTS_BYTES, FACTS_SECONDS = 1 << 22, 10.0
SHOWN = 5
# Endpoint that is given the turns of a chat, and puts the server's chat template around them.
CHAT_ENDPOINT = "chat/completions"
# Characters of what a server says in a message.
LONGEST_QUOTED = 300


@dataclass(frozen=True)
class Server:
    """A base URL, up to and with /v1, and what is sent to it.

    Parameters
    ----------
    url
        Where it is, a password included.
    key
        What it is sent as a bearer token, where it may be sent there; else empty.
    loopback
        Whether it is this machine, which no proxy stands before.
    """

    url: str
    key: str = field(repr=False)
    loopback: bool

    @property
    def headers(self) -> dict[str, str]:
        """The key as a header."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    @property
    def display_url(self) -> str:
        """The URL for messages and records, without user and password."""
        return _display_url(self.url)


@dataclass(frozen=True)
class ServedModel:
    """What a server says of the model: its name there, its context, and the server's own version."""

    name: str
    context: int | None = None
    version: str = ""


def parse_servers(base_url: str | Sequence[str], api_key_env: str = "") -> tuple[Server, ...]:
    """Servers by their URLs, each with the key if it may have it.

    Parameters
    ----------
    base_url
        One URL or several.
    api_key_env
        Environment variable that holds the key. Where none is named, OPENAI_API_KEY is sent if it is set, and never
        over plain http to another machine.

    Raises
    ------
    InputError
        For what is no URL, a variable that is not set, or a key that would go over plain http to another machine.
    """
    urls = [base_url] if isinstance(base_url, str) else list(base_url)
    if not urls or not all(isinstance(text, str) for text in (*urls, api_key_env)):
        raise InputError("base_url is a URL or a list of URLs, and api_key_env the name of an environment variable.")
    key = os.environ.get(api_key_env or DEFAULT_KEY, "").strip()
    if api_key_env and not key:
        raise InputError(
            f"The environment variable {shorten(api_key_env)} of api_key_env is not set. Set it to the key."
        )
    if not (key.isascii() and key.isprintable()):
        raise InputError(f"The environment variable {api_key_env or DEFAULT_KEY} holds no key: it is not plain text.")
    return tuple(_server(url.rstrip("/"), key, api_key_env) for url in urls)


def _server(url: str, key: str, key_variable: str) -> Server:
    import httpx

    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InputError(f"'{_display_url(url)}' is no URL ({error}). Write it as http://HOST:PORT/v1.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise InputError(f"'{_display_url(url)}' is no URL of a server. Write it as http://HOST:PORT/v1.")
    loopback = _is_loopback(parsed.host)
    safe = loopback or parsed.scheme == "https"
    if key and key_variable and not safe:
        raise InputError(
            f"The key in {key_variable} would go to {_display_url(url)} unencrypted. Use https, or a tunnel "
            "(ssh -L 8000:HOST:8000) and --base-url http://localhost:8000/v1."
        )
    return Server(url, key if safe else "", loopback)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def served_facts(spec: EngineSpec) -> EngineFacts:
    """What the servers of an engine's options say of its model.

    Raises
    ------
    InputError
        If none answers, or one serves another model.
    """
    package_version("httpx")
    options = spec.options
    addresses = parse_servers(options.get("base_url", DEFAULT_URL), options.get("api_key_env", ""))
    served = list(ask_servers(addresses, spec.model, options.get("served_model", "")).values())
    versions = sorted({facts.version for facts in served if facts.version})
    contexts = [facts.context for facts in served if facts.context]
    context = options.get("context") or min(contexts, default=None)
    return EngineFacts(", ".join(["OpenAI-compatible", *versions]), context, served[0].name)


def ask_servers(addresses: Sequence[Server], model: str, served_model: str = "") -> dict[Server, ServedModel]:
    """What each server that answers says of a model.

    Raises
    ------
    InputError
        If none answers, one serves another model, or they call it by different names.
    """
    import httpx

    answers: dict[Server, ServedModel] = {}
    silent = ""
    for server in addresses:
        try:
            with httpx.Client(
                headers=server.headers, trust_env=not server.loopback, timeout=FACTS_SECONDS, follow_redirects=False
            ) as client:
                status, listing = _get(client, f"{server.url}/models")
                served = listed_model(server, status, listing, model, served_model)
                answers[server] = _with_version(client, server, served)
        except httpx.HTTPError as error:
            silent = f"{server.display_url}: {shorten(str(error)) or type(error).__name__}"
        except BusyError as error:
            silent = str(error)
    if not answers:
        raise InputError(
            f"No server answers at {', '.join(server.display_url for server in addresses)} ({silent}). Start one, "
            "or name it with --base-url http://HOST:PORT/v1."
        )
    names = {served.name: server for server, served in answers.items()}
    if len(names) > 1:
        names_shown = "; ".join(f"{server.display_url}: {name}" for name, server in names.items())
        raise InputError(
            f"The servers call the model by different names ({names_shown}). Start all of them with one name."
        )
    return answers


class BusyError(Exception):
    """A server is there and cannot answer yet."""


def listed_model(server: Server, status: int, listing: Any, model: str, served_model: str) -> ServedModel:
    """The model as a server lists it at /models.

    Raises
    ------
    InputError
        If it lists other models, refuses the key, or sends elsewhere.
    BusyError
        If it is not ready.
    """
    expected = served_model or model
    refuse_status(server, status)
    if status >= 500 or status == 429:
        raise BusyError(f"{server.display_url}: HTTP {status}")
    entries = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        if served_model:
            return ServedModel(served_model)
        raise InputError(
            f"The server at {server.display_url} does not list its models, so nothing says that it serves '{model}'. "
            "Say what it calls the model with --engine-option served_model=NAME."
        )
    entries = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
    same = [entry for entry in entries if _same(entry["id"], expected)]
    # vLLM lists beside a name of the user's choice where the weights come from.
    same = same or [entry for entry in entries if not served_model and _same(entry.get("root"), model)]
    if not same:
        names = ", ".join(f"'{shorten(entry['id'])}'" for entry in entries[:SHOWN]) + ", ..." * (len(entries) > SHOWN)
        raise InputError(
            f"The server at {server.display_url} lists {names or 'no model'}, and not '{shorten(expected)}'. Is it the "
            "right server? If it calls the model by such a name, say so with --engine-option served_model="
            f"{shorten(entries[0]['id']) if len(entries) == 1 else 'NAME'}."
        )
    facts = same[0].get("meta")
    lengths = (same[0].get("max_model_len"), facts.get("n_ctx") if isinstance(facts, dict) else None)
    context = next((length for length in lengths if isinstance(length, int) and length > 0), None)
    return ServedModel(same[0]["id"], context, shorten(str(same[0].get("owned_by", "")))[:40])


def _same(name: Any, other: str) -> bool:
    return isinstance(name, str) and name.rstrip("/") == other.rstrip("/")


def _with_version(client: Any, server: Server, served: ServedModel) -> ServedModel:
    """The served model with the server's version, from where vLLM, llama.cpp or another server gives it."""
    import httpx

    root, context, version = server.url.removesuffix("/v1"), served.context, ""
    with suppress(httpx.HTTPError):
        _, page = _get(client, f"{root}/version")  # vLLM
        version = str(page.get("version", "")) if isinstance(page, dict) else ""
        if not version:
            _, page = _get(client, f"{root}/props")  # llama.cpp
            version = str(page.get("build_info", "")) if isinstance(page, dict) else ""
            settings = page.get("default_generation_settings") if isinstance(page, dict) else None
            length = settings.get("n_ctx") if isinstance(settings, dict) else None
            context = context or (length if isinstance(length, int) and length > 0 else None)
    return ServedModel(served.name, context, " ".join(f"{served.version} {shorten(version)[:60]}".split()))


def refuse_status(server: Server, status: int) -> None:
    """Refuse what no further try would mend: a key that is not taken, and an address that only points elsewhere.

    Raises
    ------
    InputError
        For HTTP 401, 403 and every redirect, which is not followed: it would carry prompts, or a key, elsewhere.
    """
    if status in (401, 403):
        sent = "the key" if server.key else "a request without a key"
        raise InputError(
            f"{server.display_url} refuses {sent} (HTTP {status}). Put the right key into {DEFAULT_KEY}, or name "
            "another variable with --engine-option api_key_env=NAME; keys go over https, or to this machine."
        )
    if 300 <= status < 400:
        raise InputError(
            f"{server.display_url} points to another address (HTTP {status}), which is not followed. Name the address "
            "itself with --base-url."
        )


def _get(client: Any, url: str) -> tuple[int, Any]:
    """Status and JSON of a short answer; None for what is no JSON or too long."""
    with client.stream("GET", url) as response:
        data = b""
        for chunk in response.iter_bytes():
            data += chunk
            if len(data) > FACTS_BYTES:
                return response.status_code, None
        with suppress(ValueError, RecursionError):
            return response.status_code, json.loads(data)
    return response.status_code, None


def _display_url(url: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(url)
        if "@" in parts.netloc:
            url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        return shorten(url)
    return "(not shown)"


def shorten(text: str) -> str:
    """Text of others as it may stand in a message: on one line, and not too long."""
    return plain(text)[:LONGEST_QUOTED]
