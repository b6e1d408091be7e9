"""Run files: a TOML file that holds the options of `boundary sample`, so that a run can be repeated."""

from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from boundary.data.readers.toml_files import read_toml
from boundary.errors import InputError
from boundary.sampling.engines.servers import KEY_VARIABLES
from boundary.sampling.engines.table import SERVER_ENGINE
from boundary.sampling.requests import Run

# Lists in a run file, where one alone may stand without brackets.
LISTS = ("models", "benchmarks")
KINDS: Mapping[str, tuple[type, ...]] = {  # text, where not listed
    "n": (int,),
    "temperature": (int, float),
    "top_p": (int, float),
    "max_tokens": (int,),
    "seed": (int,),
    "limit": (int,),
    "workers": (int,),
    "unsafe": (bool,),
    "skip_long": (bool,),
    "trust_remote_code": (bool,),
    "engine_options": (dict,),
    "models": (list,),
    "benchmarks": (list,),
}
LEAST = {"n": 1, "temperature": 0, "max_tokens": 1, "seed": 0, "limit": 1, "workers": 1}


def run_of(path: Path | None, options: Mapping[str, Any]) -> Run:
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
    merged = in_file | on_line
    engine_options = dict(on_line.get("engine_options", {}))
    merged["engine_options"] = dict(in_file.get("engine_options", {})) | engine_options
    _refuse_other_secrets(merged["engine_options"], engine_options)
    if urls:
        merged["engine_options"]["base_url"] = list(urls)
        merged.setdefault("engine", SERVER_ENGINE)
    if "output" not in merged:
        raise InputError("No folder to write to. Name one with -o DIR.")
    return Run(**{name: _value(name, value) for name, value in merged.items()})


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
            near = get_close_matches(name, names, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise InputError(f"'{path}': no option '{name}'.{hint} There are: {', '.join(names)}.")
        if name in LISTS and isinstance(value, str):
            options[name] = [value]
        _check(path, name, options[name])
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


def _check(path: Path, name: str, value: Any) -> None:
    number: Any = value
    kinds = KINDS.get(name, (str,))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise InputError(f"'{path}', {name}: {value!r} is no {' or '.join(kind.__name__ for kind in kinds)}.")
    if name in LEAST and number < LEAST[name]:
        raise InputError(f"'{path}', {name}: {value} is below {LEAST[name]}.")
    if name == "top_p" and not 0 < number <= 1:
        raise InputError(f"'{path}', top_p: {value} is not in (0, 1].")


def _value(name: str, value: Any) -> Any:
    if name in ("output", "plan"):
        return Path(value)
    if name == "shard" and isinstance(value, str):
        number, _, parts = value.partition("/")
        if not (number.isdecimal() and parts.isdecimal() and int(number) < int(parts)):
            raise InputError(f"shard: '{value}' is no part; write it as 0/8.")
        return int(number), int(parts)
    return tuple(value) if name in LISTS else value
