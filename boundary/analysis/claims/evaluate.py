"""Claims about a boundary, each with its probability: in a file, from the command line or from Python."""

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import floor, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.claims.draws import BUDGETS_THEMSELVES, comparison_draws, holds, resolved
from boundary.analysis.claims.grammar import Claim, Comparison, ModelName, parse_claim
from boundary.analysis.result import Analysis
from boundary.data.counts import ALL
from boundary.data.readers.toml_files import read_toml
from boundary.errors import InputError
from boundary.stats.diagnostics import MAX_R_HAT, convergence
from boundary.stats.solve_rates import SolveRates

CLAIM_COLUMNS = (
    "name",
    "claim",
    "benchmark",
    "target",
    "probability",
    "mc_error",
    "r_hat",
    "ess_bulk",
    "undefined",
    "extrapolated",
    "n_problems",
    "require",
    "met",
    "note",
)
EXAMPLE = '[claims] and below it: narrower = "shrinkage(1024) > 0"'


class AskedClaim(NamedTuple):
    """A claim, what it is called, the benchmark it is about, and the probability asked of it (None: not said)."""

    name: str
    claim: Claim
    benchmark: str | None = None
    require: float | None = None


def claims(analysis: Analysis, claims: Any, *, require: Any = None) -> pd.DataFrame:
    """Probability of each claim, from the joint posterior draws of an analysis.

    Parameters
    ----------
    analysis
        What `boundary.analyze` returned.
    claims
        A claim, a sequence of them, a mapping of names to claims (or to mappings with `claim` and perhaps `benchmark`
        and `require`), or the path of a TOML file. docs/claims.md has the language.
    require
        Probability in [0, 1] asked of every claim that has none of its own, or a mapping of names to probabilities.

    Returns
    -------
    One row a claim (CLAIM_COLUMNS): `probability` with its Monte Carlo standard error `mc_error`, `r_hat` and
    `ess_bulk`; `undefined`, the share of draws in which a quantity of the claim is not defined and it counts as not
    holding; whether it is `extrapolated` beyond the samples; `met`, whether its requirement is.

    Raises
    ------
    InputError
        For a claim that cannot be read, an unknown model, benchmark or name, or a probability outside [0, 1].
    """
    asked = settled(asked_claims(claims, require), analysis.base, _arms(analysis), analysis.benchmarks)
    rows = [_row(one, _fits(analysis, one.benchmark), analysis.base, analysis.settings["target"]) for one in asked]
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def asked_claims(claims: Any, require: Any = None) -> tuple[AskedClaim, ...]:
    """Claims in any of the forms of `claims`, read; several forms may stand in one sequence."""
    found: list[AskedClaim] = []
    unnamed = 0
    for one in [claims] if isinstance(claims, str | Path | Mapping | AskedClaim) else list(claims or []):
        if isinstance(one, AskedClaim):
            found.append(one)
        elif isinstance(one, Path) or (isinstance(one, str) and one.endswith(".toml")):
            found += read_claims(Path(one))
        elif isinstance(one, Mapping):
            found += [_entry(str(name), entry, "The claims") for name, entry in one.items()]
        else:
            unnamed += 1
            found.append(AskedClaim(f"claim-{unnamed}", parse_claim(one)))
    names = [one.name for one in found]
    for name, count in Counter(names).items():
        if count > 1:
            raise InputError(f"Two claims are called '{name}'. Give each a name of its own.")
    return _required(tuple(found), require)


def read_claims(path: Path) -> list[AskedClaim]:
    """Read a file of claims: TOML with a table `claims` of names and claims.

    Raises
    ------
    InputError
        If it is not there, no TOML, or holds anything else.
    """
    try:
        content = read_toml(path)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"Cannot read the claims '{path}': {why}. Name a TOML file.") from error
    except ValueError as error:
        raise InputError(f"The claims '{path}' are not TOML: {error}. Write: {EXAMPLE}") from error
    table = content.pop("claims", None)
    if content or not isinstance(table, dict) or not table:
        beside = f"'{next(iter(content))}' stands outside it" if content else "it is missing or empty"
        raise InputError(f"The claims '{path}' need one table, [claims], and {beside}. Write: {EXAMPLE}")
    return [_entry(name, entry, f"'{path}'") for name, entry in table.items()]


def _entry(name: str, entry: Any, where: str) -> AskedClaim:
    fields = {"claim": entry} if isinstance(entry, str) else dict(entry) if isinstance(entry, Mapping) else {}
    for key in fields:
        if key not in ("claim", "benchmark", "require"):
            raise InputError(f"{where}: claim '{name}' has a field '{key}'. It may have claim, benchmark and require.")
    text, benchmark, require = (fields.get(key) for key in ("claim", "benchmark", "require"))
    if not isinstance(text, str):
        raise InputError(f"{where}: '{name}' has no claim. Write one such as \"shrinkage(1024) > 0\".")
    if benchmark is not None and not isinstance(benchmark, str):
        raise InputError(f"{where}: the benchmark of claim '{name}' is {benchmark!r}. Name one benchmark.")
    try:
        claim = parse_claim(text)
    except InputError as error:
        raise InputError(f"{where}, claim '{name}': {error}") from error
    return AskedClaim(name, claim, benchmark, None if require is None else _probability(require, name))


def _required(asked: tuple[AskedClaim, ...], require: Any) -> tuple[AskedClaim, ...]:
    if require is None:
        return asked
    if not asked and (require or not isinstance(require, Mapping)):
        raise InputError(
            "A probability is required (--require), but no claim is there to have it. Add one with --claim or --claims "
            "(claims= from Python), or leave the requirement out."
        )
    if not isinstance(require, Mapping):
        level = _probability(require, "all")
        return tuple(one if one.require is not None else one._replace(require=level) for one in asked)
    names = [one.name for one in asked]
    for name in require:
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(names)}."
            raise InputError(f"A probability is required of '{name}', which is no claim. {hint}")
    return tuple(
        one._replace(require=_probability(require[one.name], one.name)) if one.name in require else one for one in asked
    )


def _probability(value: Any, name: str) -> float:
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")
    if not 0 <= number <= 1:
        raise InputError(f"What is required of claim '{name}' is {value!r}, no probability. Write .95 for 95 %.")
    return number


def settled(
    asked: Sequence[AskedClaim], base: str | None, arms: Sequence[str], benchmarks: Sequence[str]
) -> tuple[AskedClaim, ...]:
    """Claims with the models and the benchmark that they mean: what can be refused before anything is fitted."""
    return tuple(
        one._replace(claim=resolved(one.claim, base, arms), benchmark=_benchmark(one, benchmarks)) for one in asked
    )


def _benchmark(one: AskedClaim, benchmarks: Sequence[str]) -> str:
    if one.benchmark in benchmarks:
        return str(one.benchmark)
    if one.benchmark is not None:
        near = get_close_matches(one.benchmark, benchmarks, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(benchmarks)}."
        raise InputError(f"Claim '{one.name}' is about the benchmark '{one.benchmark}', which is not analysed. {hint}")
    if len(benchmarks) == 1:
        return benchmarks[0]
    if ALL in benchmarks:
        return ALL
    raise InputError(f"Claim '{one.name}' does not say which benchmark. Name one of: {', '.join(benchmarks)}.")


def _arms(analysis: Analysis) -> list[str]:
    return [model for model in analysis.models if model != analysis.base]


def _fits(analysis: Analysis, benchmark: str | None) -> dict[str, SolveRates]:
    """Posterior of each arm on a benchmark."""
    arms = _arms(analysis)
    fits = {f"{benchmark}: {arm}": arm for arm in arms} if len(arms) > 1 else {str(benchmark): arms[0]}
    return {arm: analysis.rates[name] for name, arm in fits.items() if name in analysis.rates}


def _row(one: AskedClaim, fits: Mapping[str, SolveRates], base: str | None, target: Any) -> dict[str, Any]:
    draws = holds(one.claim, fits, base, target)
    judged = convergence({"claim": draws.astype(float)})["claim"]
    probability, error = float(draws.mean()), monte_carlo_error(float(draws.mean()), judged.ess_bulk)
    met = None if one.require is None else probability >= one.require
    close = one.require is not None and abs(probability - one.require) < 2 * error
    notes = ["not converged"] * (judged.r_hat > MAX_R_HAT) + ["within twice the Monte Carlo error of the bar"] * close
    n = min(rates.reliable_k for rates in fits.values())
    furthest = max(_furthest(comparison) for comparison in one.claim.comparisons)
    short, problems = (
        max(rates.n_short(float(furthest)) for rates in fits.values()),
        next(iter(fits.values())).n_problems,
    )
    if short:
        notes.append(f"{short:,} of {problems:,} problems have fewer than {furthest:,} samples")
    found = (one.name, one.claim.text, one.benchmark, target, probability, error, judged.r_hat, judged.ess_bulk)
    undefined = _undefined(one.claim, fits, base, target)
    rest = (undefined, furthest > n, problems, one.require, met, "; ".join(notes))
    return dict(zip(CLAIM_COLUMNS, (*found, *rest), strict=True))


def monte_carlo_error(probability: float, effective: float) -> float:
    """Standard error of a share of draws.

    Parameters
    ----------
    probability
        Share of draws in which something holds, in [0, 1].
    effective
        Effective number of draws.

    Notes
    -----
    sqrt(q (1 - q) / ess) with q = (share * ess + 1) / (ess + 2), so that a share of 0 or 1 is not taken for certainty.
    """
    shrunk = (probability * effective + 1) / (effective + 2)
    return sqrt(shrunk * (1 - shrunk) / effective)


def _undefined(claim: Claim, fits: Mapping[str, SolveRates], base: str | None, target: Any) -> float:
    missing: Any = False
    for one in claim.comparisons:
        for side in comparison_draws(one, fits, base, target):
            missing = missing | np.isnan(np.asarray(side))
    return float(np.mean(missing))


def _furthest(one: Comparison) -> int:
    """The largest budget that a comparison speaks of."""
    if one.estimand in BUDGETS_THEMSELVES and not isinstance(one.bound, ModelName):
        return max(2, floor(one.bound))
    return (one.k or 0) * (2 if one.estimand == "tail_exponent" else 1)
