"""The probability of claims about a boundary: read from a file, the command line or Python, and evaluated."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boundary.analysis.claims.comparisons import Claim, Perplexity, certain_outcome
from boundary.analysis.claims.draws import Perplexities, comparison_draws, holds, perplexity_draws, resolve
from boundary.analysis.claims.grammar import parse_claim
from boundary.analysis.claims.training import TrainingDraws, refuse_unknown_names
from boundary.analysis.result import Analysis
from boundary.data.counts import ALL
from boundary.data.readers.toml_files import read_toml
from boundary.errors import InputError, did_you_mean
from boundary.stats.diagnostics import MAX_R_HAT, convergence
from boundary.stats.estimands import ESTIMANDS
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


class ClaimRequest(NamedTuple):
    """A claim with its name, its benchmark, and the probability that it must have; None: left open."""

    name: str
    claim: Claim
    benchmark: str | None = None
    require: float | None = None


def claims(analysis: Analysis, claims: Any, *, require: Any = None) -> pd.DataFrame:
    """Probability of each claim, from the joint posterior draws of an analysis.

    Parameters
    ----------
    analysis
        From `boundary.analyze`.
    claims
        A claim, a sequence of them, a mapping of names to claims (or to mappings with `claim` and perhaps `benchmark`
        and `require`), or the path of a TOML file. docs/claims.md has the language.
    require
        Probability in [0, 1] that every claim without its own must have, or a mapping of names to probabilities.

    Returns
    -------
    One row a claim (CLAIM_COLUMNS): `probability` with its Monte Carlo standard error `mc_error`, `r_hat` and
    `ess_bulk`; `undefined`, the share of draws in which a quantity of the claim is not defined and it counts as not
    holding; whether it is `extrapolated` beyond the samples; `met`, whether its requirement is.

    Raises
    ------
    InputError
        For a claim that cannot be read, an unknown model, benchmark or name, or a probability outside [0, 1].

    Examples
    --------
    >>> import pandas as pd
    >>> import boundary as bd
    >>> counts = pd.DataFrame({"model": ["base"] * 4 + ["rl"] * 4, "problem_id": list("abcd") * 2, "n_samples": 64})
    >>> counts["n_correct"] = [20, 3, 5, 12, 60, 30, 0, 50]
    >>> analysis = bd.analyze(counts, "base", "rl", k=[1, 64], prior="independent", estimands=["lost"])
    >>> table = bd.claims(analysis, {"sharper": "shrinkage(1) < 0", "narrower": "shrinkage(64) > 0"}, require=0.95)
    >>> table[["name", "probability", "met"]].round(2).values.tolist()
    [['sharper', 1.0, True], ['narrower', 0.93, False]]
    """
    base, arms = analysis.base, analysis.request.arms
    requests = resolve_requests(claim_requests(claims, require), base, arms, analysis.benchmarks)
    refuse_unknown_names([request.claim for request in requests], analysis.counts, base, arms)
    rows = [_row(analysis, request) for request in requests]
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def claim_requests(claims: Any, require: Any = None) -> tuple[ClaimRequest, ...]:
    """Read claims in any of the forms that `claims` takes; several forms may stand in one sequence.

    Returns
    -------
    A request for each claim, named and with the probability that it must have.

    Raises
    ------
    InputError
        For a claim that cannot be read, two claims of one name, or a requirement of a name that no claim has.
    """
    requests: list[ClaimRequest] = []
    unnamed = 0
    for source in [claims] if isinstance(claims, str | Path | Mapping | ClaimRequest) else list(claims or []):
        if isinstance(source, ClaimRequest):
            requests.append(source)
        elif isinstance(source, Path) or (isinstance(source, str) and source.endswith(".toml")):
            requests += read_claims(Path(source))
        elif isinstance(source, Mapping):
            requests += [_entry(str(name), entry, "The claims") for name, entry in source.items()]
        else:
            unnamed += 1
            requests.append(ClaimRequest(f"claim-{unnamed}", parse_claim(source)))
    for name, count in Counter(request.name for request in requests).items():
        if count > 1:
            raise InputError(f"Two claims are called '{name}'. Give each a name of its own.")
    return _required(tuple(requests), require)


def read_claims(path: Path) -> list[ClaimRequest]:
    """Read a file of claims: TOML with a table `claims` of names and claims.

    Returns
    -------
    A request for each claim, in the order of the file.

    Raises
    ------
    InputError
        If the file is missing, is not TOML, or holds anything else.
    """
    try:
        content = read_toml(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"Cannot read the claims '{path}': {reason}. Name a TOML file.") from error
    except ValueError as error:
        raise InputError(f"The claims '{path}' are not TOML: {error}. Write: {EXAMPLE}") from error
    table = content.pop("claims", None)
    if content or not isinstance(table, dict) or not table:
        beside = f"'{next(iter(content))}' stands outside it" if content else "it is missing or empty"
        raise InputError(f"The claims '{path}' need one table, [claims], and {beside}. Write: {EXAMPLE}")
    return [_entry(name, entry, f"'{path}'") for name, entry in table.items()]


def _entry(name: str, entry: Any, source: str) -> ClaimRequest:
    fields = {"claim": entry} if isinstance(entry, str) else dict(entry) if isinstance(entry, Mapping) else {}
    for key in fields:
        if key not in ("claim", "benchmark", "require"):
            raise InputError(f"{source}: claim '{name}' has a field '{key}'. It may have claim, benchmark and require.")
    text, benchmark, require = (fields.get(key) for key in ("claim", "benchmark", "require"))
    if not isinstance(text, str):
        raise InputError(f"{source}: '{name}' has no claim. Write one such as \"shrinkage(1024) > 0\".")
    if benchmark is not None and not isinstance(benchmark, str):
        raise InputError(f"{source}: the benchmark of claim '{name}' is {benchmark!r}. Name one benchmark.")
    try:
        claim = parse_claim(text)
    except InputError as error:
        raise InputError(f"{source}, claim '{name}': {error}") from error
    return ClaimRequest(name, claim, benchmark, None if require is None else _probability(require, name))


def _required(requests: tuple[ClaimRequest, ...], require: Any) -> tuple[ClaimRequest, ...]:
    if require is None:
        return requests
    if not requests and (require or not isinstance(require, Mapping)):
        raise InputError(
            "A probability is required (--require), but no claim is there to have it. Add one with --claim or --claims "
            "(claims= from Python), or leave the requirement out."
        )
    if not isinstance(require, Mapping):
        level = _probability(require, "all")
        return tuple(part if part.require is not None else part._replace(require=level) for part in requests)
    names = [request.name for request in requests]
    for name in require:
        if name not in names:
            hint = did_you_mean(name, names) or f" There are: {', '.join(names)}."
            raise InputError(f"A probability is required of '{name}', which is no claim.{hint}")
    levels = {name: _probability(level, name) for name, level in require.items()}
    return tuple(part._replace(require=levels.get(part.name, part.require)) for part in requests)


def _probability(value: Any, name: str) -> float:
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")
    if not 0 <= number <= 1:
        raise InputError(f"What is required of claim '{name}' is {value!r}, no probability. Write .95 for 95 %.")
    return number


def resolve_requests(
    requests: Sequence[ClaimRequest], base: str | None, arms: Sequence[str], benchmarks: Sequence[str]
) -> tuple[ClaimRequest, ...]:
    """Claims with the models and the benchmark that they mean; what cannot be evaluated is refused before any fit.

    Returns
    -------
    The requests, each with the names of its models and its benchmark.

    Raises
    ------
    InputError
        For an unknown model or benchmark, or a claim that leaves them open where there are several.
    """
    return tuple(
        part._replace(claim=resolve(part.claim, base, arms), benchmark=_benchmark(part, benchmarks))
        for part in requests
    )


def _benchmark(request: ClaimRequest, benchmarks: Sequence[str]) -> str:
    if request.benchmark in benchmarks:
        return str(request.benchmark)
    if request.benchmark is not None:
        hint = did_you_mean(request.benchmark, benchmarks) or f" There are: {', '.join(benchmarks)}."
        raise InputError(
            f"Claim '{request.name}' is about the benchmark '{request.benchmark}', which is not analysed.{hint}"
        )
    if len(benchmarks) == 1:
        return benchmarks[0]
    if ALL in benchmarks:
        return ALL
    raise InputError(f"Claim '{request.name}' does not say which benchmark. Name one of: {', '.join(benchmarks)}.")


def _fits(analysis: Analysis, benchmark: str | None) -> dict[str, SolveRates]:
    """Posterior of each arm on a benchmark."""
    arms = analysis.request.arms
    fits = {f"{benchmark}: {arm}": arm for arm in arms} if len(arms) > 1 else {str(benchmark): arms[0]}
    return {arm: analysis.rates[name] for name, arm in fits.items() if name in analysis.rates}


def refuse_unscored(requests: Sequence[ClaimRequest], scores: pd.DataFrame | None) -> None:
    """Refuse claims about perplexities before any fit, where nothing was scored under their models.

    Parameters
    ----------
    requests
        From `resolve_requests`.
    scores
        From `boundary.data.sample_tables.load_scores`; None where there are none.

    Raises
    ------
    InputError
        If the responses of a model in a claim have no scores under the model that it names.
    """
    for request in requests:
        of_it = scores
        if of_it is not None and request.benchmark != ALL:
            of_it = of_it.loc[of_it["benchmark"].astype(str) == request.benchmark]
        pairs = (
            set() if of_it is None else set(zip(of_it["scorer"].astype(str), of_it["model"].astype(str), strict=True))
        )
        for part in request.claim.of_scores:
            perplexity_draws(part, dict.fromkeys(pairs, np.zeros((1, 1))))


def _perplexities(draws: Mapping[tuple[str, str, str], np.ndarray], benchmark: str) -> Perplexities:
    """Those of a benchmark, by scorer and model."""
    return {(scorer, model): values for (name, scorer, model), values in draws.items() if name == benchmark}


def _row(analysis: Analysis, request: ClaimRequest) -> dict[str, Any]:
    fits, base, claim = _fits(analysis, request.benchmark), analysis.base, request.claim
    # What is said of methods, strata and training runs is about these problems.
    target = analysis.request.target if claim.of_counts or claim.of_scores else "benchmark"
    perplexities = _perplexities(analysis.likelihood.perplexities, str(request.benchmark))
    _refuse_one_scored_problem(analysis, request, perplexities)
    training = TrainingDraws(analysis, str(request.benchmark), fits)
    draws = holds(claim, fits, base, target, perplexities, training.of_claim(claim))
    r_hat, ess_bulk, *_ = map(float, convergence(draws.to_numpy()))
    r_hat = max([r_hat, *(_r_hat_of_passes(fits, part.largest_budget) for part in claim.of_training)])
    probability = float(draws.mean())
    error = monte_carlo_error(probability, ess_bulk)
    near_bar = request.require is not None and abs(probability - request.require) < 2 * error
    largest = max(comparison.largest_budget for comparison in request.claim.comparisons)
    n_short = max(rates.n_short(float(largest)) for rates in fits.values())
    n_problems = next(iter(fits.values())).n_problems
    notes = ["not converged"] * (r_hat > MAX_R_HAT)
    notes += ["within twice the Monte Carlo error of the bar"] * near_bar
    notes += _certain_notes(claim, n_problems) + training.cautions(claim)
    if claim.of_training and target != "benchmark":
        notes.append("methods are about these problems, not new ones")
    if n_short:
        notes.append(f"{n_short:,} of {n_problems:,} problems have fewer than {largest:,} samples")
    return {
        "name": request.name,
        "claim": request.claim.text,
        "benchmark": request.benchmark,
        "target": target,
        "probability": probability,
        "mc_error": error,
        "r_hat": r_hat,
        "ess_bulk": ess_bulk,
        "undefined": _undefined(request.claim, fits, base, target),
        "extrapolated": largest > min(rates.reliable_k for rates in fits.values()),
        "n_problems": n_problems,
        "require": request.require,
        "met": None if request.require is None else probability >= request.require,
        "note": "; ".join(notes),
    }


def _certain_notes(claim: Claim, n_problems: int) -> list[str]:
    """That a comparison of the claim can have one outcome alone, whatever the counts are."""
    outcomes = [certain_outcome(part, n_problems) for part in claim.comparisons]
    if False in outcomes:
        return ["it cannot hold, whatever the counts are"]
    if all(outcomes):
        return ["it holds whatever the counts are"]
    return ["a part of it holds whatever the counts are"] * (True in outcomes)


def _refuse_one_scored_problem(analysis: Analysis, request: ClaimRequest, perplexities: Perplexities) -> None:
    """Refuse a perplexity over new problems where one problem alone has scores, which says nothing of new ones."""
    scored = analysis.likelihood.problems
    for part in request.claim.of_scores:
        for side in (side for side in (part.left, part.bound) if isinstance(side, Perplexity)):
            scorer, model = side.scorer.name, side.model.name
            is_scored = (scored["scorer"] == scorer) & (scored["model"] == model)
            scored_problems = scored.loc[is_scored & (scored["benchmark"] == request.benchmark), "problem_id"]
            if (scorer, model) not in perplexities and scored_problems.nunique() == 1:
                raise InputError(
                    f"A claim is about the perplexity of {model}'s responses under {scorer} on new problems, and one "
                    "problem alone has scores, which says nothing of new ones. Score more problems, or say --target "
                    "benchmark."
                )


def _r_hat_of_passes(fits: Mapping[str, SolveRates], k: int) -> float:
    """Largest R-hat of pass@k of the fits that methods, strata and training runs are made of."""
    return max(
        float(convergence(ESTIMANDS["pass_at_k"](fit, k).transpose("model", "chain", "draw").to_numpy()).r_hat.max())
        for fit in fits.values()
    )


def monte_carlo_error(probability: float, effective: float) -> float:
    """Standard error of a share of draws.

    Parameters
    ----------
    probability
        Share of draws in which something holds, in [0, 1].
    effective
        Effective number of draws.

    Returns
    -------
    The standard error, above 0.

    Examples
    --------
    >>> round(monte_carlo_error(0.5, 100), 3)
    0.05

    Notes
    -----
    sqrt(q (1 - q) / ess) with q = (share * ess + 1) / (ess + 2), so that a share of 0 or 1 is not taken for certainty.
    """
    shrunk = (probability * effective + 1) / (effective + 2)
    return sqrt(shrunk * (1 - shrunk) / effective)


def _undefined(claim: Claim, fits: Mapping[str, SolveRates], base: str | None, target: Any) -> float:
    """Share of draws in which a side of a comparison is not defined."""
    missing: Any = False
    for comparison in claim.of_counts:
        for side in comparison_draws(comparison, fits, base, target):
            missing = missing | np.isnan(np.asarray(side))
    return float(np.mean(missing))
