"""What the command line says of a verifier's errors."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from boundary.analysis.verifier_errors import VerifierErrors


def rate(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> float | dict[str, float]:
    """Turn `BENCHMARK=0.01`, once or more, or one `0.01` for all benchmarks, into what `VerifierErrors` takes."""
    found = dict(_split(word) for word in words)
    if "" in found and len(words) > 1:
        raise click.BadParameter("give one rate for all benchmarks, or BENCHMARK=R for each.")
    return found.get("", found) or 0.0


def _split(word: str) -> tuple[str, float]:
    name, _, text = word.rpartition("=")
    try:
        return name, float(text)
    except ValueError as error:
        raise click.BadParameter(f"'{text}' is no rate; write 0.01, or BENCHMARK=0.01.") from error


def verifier_errors(options: dict[str, Any]) -> "VerifierErrors | None":
    """Take the options on errors out of all options; None where none was given."""
    from boundary.analysis.verifier_errors import VerifierErrors

    positive, negative, guess = (
        options.pop(name) for name in ("false_positive_rate", "false_negative_rate", "guess_floor")
    )
    rates, audit = options.pop("error_rates"), options.pop("audit")
    said = VerifierErrors(positive, negative, guess, rates, audit)
    return None if said == VerifierErrors() else said


def judge_errors(options: dict[str, Any]) -> "VerifierErrors | None":
    """Take the options on errors of the judge of reasoning out of all options; None where none was given."""
    from boundary.analysis.verifier_errors import VerifierErrors

    said = VerifierErrors(*(options.pop(f"judge_{name}_rate") for name in ("false_positive", "false_negative")))
    return None if said == VerifierErrors() else said
