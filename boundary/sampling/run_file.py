"""Run files: a TOML file that holds the options of `boundary sample`, so that a run can be repeated."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from boundary.data.readers.toml_files import read_toml
from boundary.errors import InputError, did_you_mean
from boundary.plain_text import plain
from boundary.sampling.engines.opening import find_engine, passed_options, worker_spec
from boundary.sampling.engines.servers import KEY_VARIABLES
from boundary.sampling.engines.spec import EngineSpec
from boundary.sampling.engines.table import SERVER_ENGINE
from boundary.sampling.engines.vllm_options import may_stand_in_a_file
from boundary.sampling.option_types import typed_value
from boundary.sampling.requests import Run

# Lists in a run file, where one alone may stand without brackets.
LISTS = ("models", "benchmarks", "temperatures")
# One alone: those of the command line go before those of the file.
TEMPERATURES = ("temperature", "temperatures")
TYPES = get_type_hints(Run, include_extras=True)


def read_run(path: Path | None, options: Mapping[str, Any]) -> Run:
    """A run from a run file and options, which go before it.

    Parameters
    ----------
    path
        The TOML file; None for options alone.
    options
        Fields of `Run`, and base_urls; None or empty where not given.

    Raises
    ------
    InputError
        If the file cannot be read or says something unknown, or there is no output folder.
    """
    in_file = {} if path is None else _read(path)
    on_line = {name: value for name, value in options.items() if value is not None and value not in ((), {})}
    urls = on_line.pop("base_urls", None)
    on_line = {name: _value(None, name, value) for name, value in on_line.items()}
    for source in (in_file, on_line):
        if source.keys() >= set(TEMPERATURES):
            raise InputError("temperature and temperatures are both given. Give one of them.")
    if on_line.keys() & set(TEMPERATURES):
        in_file = {name: value for name, value in in_file.items() if name not in TEMPERATURES}
    merged = in_file | on_line
    engine_options = dict(on_line.get("engine_options", {}))
    merged["engine_options"] = dict(in_file.get("engine_options", {})) | engine_options
    if arguments := on_line.get("chat_template_kwargs"):
        merged["chat_template_kwargs"] = dict(in_file.get("chat_template_kwargs", {})) | dict(arguments)
    _refuse_other_secrets(merged["engine_options"], engine_options)
    _refuse_named_code(merged, engine_options)
    if urls:
        merged["engine_options"]["base_url"] = list(urls)
        merged.setdefault("engine", SERVER_ENGINE)
    if "output" not in merged:
        raise InputError("No folder to write to. Name one with -o DIR.")
    return Run(**merged)


def _read(path: Path) -> dict[str, Any]:
    try:
        options = read_toml(path)
    except FileNotFoundError as error:
        raise InputError(f"No run file '{path}'. Check the path.") from error
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read the run file '{path}' ({error}).") from error
    names = [field.name for field in fields(Run)]
    for name, value in options.items():
        if name not in names:
            hint = did_you_mean(name, names)
            raise InputError(f"'{path}': no option '{name}'.{hint} There are: {', '.join(names)}.")
        if name in LISTS and isinstance(value, str | int | float):
            value = [value]
        options[name] = _value(path, name, value)
    return options


def _refuse_other_secrets(options: Mapping[str, Any], on_line: Mapping[str, Any]) -> None:
    """Refuse that a run file, which may come from anyone, chooses what secret of this machine goes to an address.

    Raises
    ------
    InputError
        If api_key_env is neither of a fixed list nor named on the command line.
    """
    for place, own in ((options, on_line), (options.get("worker_options"), on_line.get("worker_options"))):
        variable = place.get("api_key_env") if isinstance(place, Mapping) else None
        on_command_line = isinstance(own, Mapping) and own.get("api_key_env") == variable
        if variable is not None and variable not in KEY_VARIABLES and not on_command_line:
            raise InputError(
                f"The run file would send the environment variable {str(variable)[:60]!r} to a server. A run file may "
                f"name {', '.join(KEY_VARIABLES)}; name any other on the command line: "
                "--engine-option api_key_env=NAME."
            )


def _refuse_named_code(merged: Mapping[str, Any], on_line: Mapping[str, Any]) -> None:
    """Refuse that a run file, which may come from anyone, gives vLLM an option that could name code or files.

    Raises
    ------
    InputError
        If such an option is not on the command line.
    """
    if not isinstance(merged.get("engine", ""), str):
        return
    options = merged["engine_options"]
    spec = worker_spec(EngineSpec(merged.get("engine", Run.engine), "", options=options))
    own = on_line.get("worker_options") if find_engine(merged.get("engine", Run.engine)).runs_workers else on_line
    for name, value in passed_options(spec).items():
        on_command_line = isinstance(own, Mapping) and own.get(name) == value
        if not (may_stand_in_a_file(name, value) or on_command_line):
            raise InputError(
                f"The run file gives vLLM the option {plain(str(name))[:60]!r}, which could name code or files. Give "
                "it on the command line, where you mean it: --engine-option NAME=VALUE."
            )


def _value(path: Path | None, name: str, value: Any) -> Any:
    """A value as `Run` takes it, checked by the type of its field."""
    location = f"'{path}', " if path else ""
    if name == "shard":
        return _shard(location, value)
    return typed_value(f"{location}{name}", value, TYPES[name], _path)


def _path(kind: type, value: Any) -> Any:
    if not isinstance(value, str | Path):
        raise ValueError(f"str, got {type(value).__name__}")
    return kind(value)


def _shard(location: str, value: Any) -> tuple[int, int]:
    """The part of i/N, or of [i, N]."""
    numbers = value.split("/") if isinstance(value, str) else value
    try:
        number, parts = map(int, numbers)
    except (TypeError, ValueError):
        number, parts = 0, 0
    if not 0 <= number < parts:
        raise InputError(f"{location}shard: '{value}' is no part. Write it as 0/8, 1/8, ..., 7/8.")
    return number, parts
