"""Texts of the command line as values: each function is a callback of an option."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from boundary.analysis.verifier_errors import VerifierErrors

# What `import_files` takes beside the options of a format.
IMPORT_PARAMETERS = ("paths", "format", "model", "benchmark", "skip_bad", "pool_settings", "progress")


def budgets(ctx: click.Context, param: click.Parameter, text: str | None) -> list[int] | None:
    """Turn a comma list of sample budgets, as in `1,16,128`, into sorted distinct integers of at least 1."""
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if not (word.isascii() and word.isdigit() and int(word) >= 1):
            raise click.BadParameter(f"'{word}' is not a whole number of at least 1; write budgets as 1,16,128.")
    return sorted({int(word) for word in words})


def names(ctx: click.Context, param: click.Parameter, text: str) -> list[str]:
    """Turn a comma list of names into a list."""
    return [word for word in (part.strip() for part in text.split(",")) if word]


def thresholds(ctx: click.Context, param: click.Parameter, text: str | None) -> list[float] | None:
    """Turn a comma list of solve rates, as in `.25,.5`, into numbers; analyze checks that they lie in [0, 1]."""
    if text is None:
        return None
    try:
        return [float(word) for word in text.split(",")]
    except ValueError as error:
        raise click.BadParameter(f"'{text}' is no list of solve rates; write them as .25,.5.") from error


def temperatures(ctx: click.Context, param: click.Parameter, text: str | None) -> list[float] | None:
    """Turn a comma list of temperatures, as in `.2,.6,1`, into numbers of at least 0."""
    if text is None:
        return None
    try:
        numbers = [float(word) for word in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(0 <= number < float("inf") for number in numbers):
        raise click.BadParameter(f"'{text}' is no list of temperatures; write them as .2,.6,1.")
    return numbers


def rate(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> float | dict[str, float]:
    """Turn `BENCHMARK=0.01`, once or more, or one `0.01` for all benchmarks, into what `VerifierErrors` takes."""
    rates = dict(_named_number(text, "'{}' is no rate; write 0.01, or BENCHMARK=0.01.") for text in texts)
    if "" in rates and len(texts) > 1:
        raise click.BadParameter("give one rate for all benchmarks, or BENCHMARK=R for each.")
    return rates.get("", rates) or 0.0


def prices(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, float] | None:
    """Turn `MODEL=0.6`, once or more, into USD for a million tokens by model; analyze checks models and numbers."""
    by_model = dict(_named_number(text, "'{}' is no price; write MODEL=USD, as in my-model=0.6.") for text in texts)
    if "" in by_model:
        raise click.BadParameter("a price needs its model; write MODEL=USD, as in my-model=0.6.")
    return by_model or None


def guess_floor(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> float | str | dict[str, float]:
    """The same for the guess floor, which may be the word `measured` too."""
    return "measured" if texts == ("measured",) else rate(ctx, param, texts)


def required(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> float | dict[str, float] | None:
    """Turn `NAME=0.95`, once or more, or one `0.95` for all claims, into what `boundary.claims` takes."""
    if not texts:
        return None
    wrong = "'{}' is no probability; write NAME=0.95, or 0.95 for all claims."
    probabilities = dict(_named_number(text, wrong) for text in texts)
    if "" in probabilities and len(texts) > 1:
        raise click.BadParameter("give one probability for all claims, or NAME=P for each.")
    return probabilities.get("", probabilities)


def _named_number(text: str, wrong: str) -> tuple[str, float]:
    """The name and the number of `NAME=NUMBER`; the name is empty where the text is a number alone."""
    name, _, number = text.rpartition("=")
    try:
        return name, float(number)
    except ValueError as error:
        raise click.BadParameter(wrong.format(number)) from error


def format_options(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Turn `NAME=TEXT`, once or more, into the options of a format."""
    options: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (equals and name.isidentifier()):
            raise click.BadParameter(f"'{text}' is not of the form NAME=TEXT, as in threshold=0.5.")
        if name in IMPORT_PARAMETERS:
            raise click.BadParameter(f"'{name}' is no option of a format. Write it as one of the command.")
        if name in options:
            raise click.BadParameter(f"'{name}' is given twice.")
        options[name] = value
    return options


def engine_options(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    """Turn `NAME=VALUE`, once or more, into a dict; a value that is JSON (a number, true, a list) is read as such."""
    options: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"'{text}' is not NAME=VALUE.")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options


def shard(ctx: click.Context, param: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """Turn `I/N`, as in 0/8, into two integers, 0 <= I < N."""
    if text is None:
        return None
    number, _, parts = text.partition("/")
    if not (number.isdecimal() and parts.isdecimal() and int(number) < int(parts)):
        raise click.BadParameter(f"'{text}' is no part; write them as 0/8, 1/8, ..., 7/8.")
    return int(number), int(parts)


def verifier_errors(options: dict[str, Any]) -> "VerifierErrors | None":
    """Take the options on errors of the verifier out of all options; None where none was given."""
    from boundary.analysis.verifier_errors import VerifierErrors

    names = ("false_positive_rate", "false_negative_rate", "guess_floor", "error_rates", "audit")
    return _unless_default(VerifierErrors, [options.pop(name) for name in names])


def judge_errors(options: dict[str, Any]) -> "VerifierErrors | None":
    """Take the options on errors of the judge of reasoning out of all options; None where none was given."""
    from boundary.analysis.verifier_errors import VerifierErrors

    names = ("judge_false_positive_rate", "judge_false_negative_rate")
    return _unless_default(VerifierErrors, [options.pop(name) for name in names])


def _unless_default(kind: "Callable[..., VerifierErrors]", values: Sequence[Any]) -> "VerifierErrors | None":
    errors = kind(*values)
    return None if errors == kind() else errors
