"""Options of an analysis, each checked by itself: prior, target, level, margin, budgets, thresholds, estimands."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from boundary.data.counts import Counts
from boundary.data.validation import OUTCOME_COLUMNS
from boundary.errors import InputError, did_you_mean
from boundary.stats.estimands import ESTIMANDS
from boundary.stats.priors import PRIORS, Prior
from boundary.stats.solve_rates import TARGETS, Target

# Outcomes that may be taken for missing samples.
CLASSES = tuple(name.removeprefix("n_") for name in OUTCOME_COLUMNS)
# Budgets of the default curve beyond the samples drawn, as multiples of the typical n.
EXTRAPOLATED_MULTIPLES = (2, 4, 8)
# Solve rates at which cover@tau is reported, and shares of k at which G-Pass@k is.
DEFAULT_TAUS = (0.1, 0.25, 0.5, 0.75, 0.9)
RANKINGS = frozenset({"rank", "best", "better"})
# Inches: the two widths of most journals and conferences, and what is sensible at all.
FIGURE_WIDTHS = {"column": 3.35, "page": 6.75}
NARROWEST_FIGURE, WIDEST_FIGURE = 2.5, 20.0
ALL_FIGURES, NO_FIGURES = "all", "none"
# Models are ranked beside their base where there are so many.
ENOUGH_MODELS = 3
# Of a wrong value a message quotes so many characters.
LONGEST_QUOTE = 40


def chosen_prior(prior: str | Prior | None) -> Prior:
    """The prior, made from its name where one is given."""
    if prior is None:
        return PRIORS["nonparametric"]()
    if not isinstance(prior, str):
        return prior
    if prior not in PRIORS:
        raise InputError(f"Unknown prior '{prior}'.{did_you_mean(prior, PRIORS)} Choose one of: {', '.join(PRIORS)}.")
    return PRIORS[prior]()


def check_options(target: str, level: float, k: Sequence[int] | None, max_k: int | None, prior: Prior) -> None:
    """Refuse a target, level, budget or prior that no analysis can be made with."""
    if target not in TARGETS:
        raise InputError(
            f"Unknown target '{target}'.{did_you_mean(target, TARGETS)} Choose one of: {', '.join(TARGETS)}."
        )
    if target == "superpopulation" and not prior.has_population:
        raise InputError(
            f"The prior '{prior.name}' has no population of new problems. Use target 'benchmark', or another prior."
        )
    if not 0 < level < 1:
        raise InputError(f"The level of the intervals must lie between 0 and 1, got {level}. Write .95 for 95 %.")
    for budget in [*(k if k is not None else []), *([max_k] if max_k is not None else [])]:
        if isinstance(budget, bool) or int(budget) != budget or budget < 1:
            raise InputError(f"A budget k must be a whole number of at least 1, got {budget}.")
    if k is not None and not len(k):
        raise InputError("No budget k given. Leave k out for 1, 2, 4, ..., or name at least one.")


def require_numbers(optional: Mapping[str, Any], **values: Any) -> None:
    """Refuse options that are no numbers.

    Parameters
    ----------
    optional
        By the name of the option, with underscores; None stands for one that is not given.
    values
        The same, of options that always have a value.

    Raises
    ------
    InputError
        For anything but a number, such as a text, True or a list.

    Examples
    --------
    >>> require_numbers({"width": None}, level=0.95)
    """
    for name, value in {**{name: value for name, value in optional.items() if value is not None}, **values}.items():
        if not _is_number(value):
            raise InputError(
                f"--{name.replace('_', '-')} is {_shortened(value)}, which is not a number. Write a number."
            )


def require_whole_numbers(**values: Any) -> None:
    """Refuse options that are not whole numbers of at least 1; None stands for one that is not given.

    Parameters
    ----------
    values
        By the name of the option, with underscores.

    Raises
    ------
    InputError
        For anything else, such as 2.5, 0 or a text.

    Examples
    --------
    >>> require_whole_numbers(k=8, budget=None)
    """
    for name, value in values.items():
        is_whole = _is_number(value) and float(value).is_integer() and float(value) >= 1
        if value is not None and not is_whole:
            option = name.replace("_", "-")
            raise InputError(f"--{option} is {_shortened(value)}; write a whole number of at least 1.")


def require_texts(**values: Any) -> None:
    """Refuse options that are not names; None stands for one that is not given.

    Parameters
    ----------
    values
        By the name of the option, with underscores.

    Raises
    ------
    InputError
        For anything but a text.

    Examples
    --------
    >>> require_texts(base="base", method=None)
    """
    for name, value in values.items():
        if value is not None and not isinstance(value, str):
            raise InputError(f"--{name.replace('_', '-')} is {_shortened(value)}, which is not a name. Write one name.")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}..."


def checked_margin(margin: float) -> float:
    """The margin as a share of problems.

    Raises
    ------
    InputError
        If it is not in [0, 1).
    """
    if isinstance(margin, bool) or not 0 <= margin < 1:
        raise InputError(
            f"The margin is {margin}, and it must be at least 0 and below 1. Write .005 for half a percentage point."
        )
    return float(margin)


def checked_jobs(jobs: int | None) -> int | None:
    """How many fits are made at once; None for as many as there are processors.

    Raises
    ------
    InputError
        If it is not a whole number of at least 1.
    """
    if jobs is not None and (isinstance(jobs, bool) or int(jobs) != jobs or jobs < 1):
        raise InputError(f"The number of jobs must be a whole number of at least 1, got {jobs}. Leave it out for all.")
    return jobs


def checked_prices(prices: Mapping[str, float] | None, models: Sequence[str]) -> dict[str, float]:
    """USD for a million tokens of each model; empty where none is given.

    Raises
    ------
    InputError
        For a model that is not analysed, a price that is no number above 0, or a model without one.

    Examples
    --------
    >>> checked_prices({"rl": 0.6, "base": 0.6}, ["base", "rl"])
    {'base': 0.6, 'rl': 0.6}
    """
    for model, price in (prices or {}).items():
        if model not in models:
            hint = did_you_mean(model, models)
            raise InputError(
                f"A price is given for '{model}', which is not analysed.{hint} Models: {', '.join(models)}."
            )
        if isinstance(price, bool) or not 0 < price < float("inf"):
            raise InputError(f"The price of '{model}' must be USD for a million tokens, above 0, got {price}.")
    absent = [model for model in models if prices and model not in prices]
    if absent:
        raise InputError(
            f"No price is given for {', '.join(absent)}. Money compares models only where each has one: add --price "
            f"{absent[0]}=USD (prices= from Python), or leave all prices out."
        )
    return {model: float(prices[model]) for model in models} if prices else {}


def chosen_taus(tau: Sequence[float] | None) -> tuple[float, ...]:
    """Thresholds in ascending order, or the default ones."""
    for threshold in tau or ():
        if not 0 <= threshold <= 1:
            raise InputError(f"A threshold tau is a solve rate between 0 and 1, got {threshold:g}. Write .5 for 50 %.")
    return DEFAULT_TAUS if tau is None else tuple(sorted({float(threshold) for threshold in tau}))


def chosen_estimands(names: Sequence[str] | None) -> frozenset[str]:
    """Names of all estimands where `names` is None; else the main ones and those named, singly or by their group."""
    if names is None:
        return frozenset(ESTIMANDS)
    groups = dict.fromkeys(record.group for record in ESTIMANDS.values())
    for name in names:
        if name not in ESTIMANDS and name not in groups:
            hint = did_you_mean(name, [*ESTIMANDS, *groups])
            raise InputError(f"Unknown estimand '{name}'.{hint} Choose among: {', '.join([*ESTIMANDS, *groups])}.")
    return frozenset(
        name for name, record in ESTIMANDS.items() if record.main or name in names or record.group in names
    )


def check_rankable(estimands: Sequence[str] | None, models: Sequence[str], base: str | None, target: Target) -> None:
    """Refuse estimands that would have no rows.

    Raises
    ------
    InputError
        For `rank`, `best` or `better` where models are not ranked, and for `reach`, which is a problem's.
    """
    for name in estimands or ():
        if name == "reach":
            raise InputError(
                "'reach' is a quantity of one problem and has no row in estimates.csv. Leave it out: problems.csv has "
                "the reach of every problem, and pass_at_k is its mean."
            )
        if name in RANKINGS and target != "benchmark":
            raise InputError(
                f"'{name}' ranks models on these very problems, not on new ones. Leave it out, or say --target "
                "benchmark."
            )
        if name in RANKINGS and len(models) < (2 if base is None else ENOUGH_MODELS):
            raise InputError(
                f"'{name}' compares several models, and there are too few here: {', '.join(models)}. Leave it out, add "
                "RL models, or rank two or more models without a base (--rank; rank=True from Python)."
            )


def chosen_width(width: float | str) -> float:
    """Width of figures in inches, from a number, a number as text, or a name of `FIGURE_WIDTHS`.

    Raises
    ------
    InputError
        If it is neither, or out of all proportion.

    Examples
    --------
    >>> chosen_width("column"), chosen_width("5"), chosen_width(6)
    (3.35, 5.0, 6.0)
    """
    try:
        inches = FIGURE_WIDTHS[width] if isinstance(width, str) and width in FIGURE_WIDTHS else float(width)
    except ValueError:
        inches = float("nan")
    if isinstance(width, bool) or not NARROWEST_FIGURE <= inches <= WIDEST_FIGURE:
        raise InputError(
            f"The width of figures must be 'column', 'page' or inches from {NARROWEST_FIGURE:g} to {WIDEST_FIGURE:g}, "
            f"got '{width}'."
        )
    return inches


def default_budgets(n: int, typical: int, max_k: int | None) -> list[int]:
    """Powers of two up to the typical number of samples, n, and 2, 4 and 8 times the typical; none above max_k."""
    n, typical = max(n, 1), max(typical, 1)
    within = {2**i for i in range(typical.bit_length())}
    budgets = within | {n, typical} | {typical * multiple for multiple in EXTRAPOLATED_MULTIPLES}
    return sorted(b for b in budgets if max_k is None or b <= max_k) or [1]


def chosen_classes(names: str | Sequence[str] | None, counts: Counts) -> tuple[str, ...]:
    """The outcome classes to be taken for missing.

    Raises
    ------
    InputError
        For a class that there is not, or that the counts do not hold.
    """
    words = names.split(",") if isinstance(names, str) else list(names or ())
    classes = tuple(dict.fromkeys(str(word).strip() for word in words))
    recorded = recorded_classes(counts)
    for name in classes:
        if name not in CLASSES:
            hint = did_you_mean(name, CLASSES) or f" Choose among: {', '.join(CLASSES)}."
            raise InputError(f"'{name}' is no outcome that could be missing.{hint}")
        if name not in recorded:
            raise InputError(
                f"{counts.source}: no column n_{name}, so its samples cannot be taken for missing. "
                f"It counts: {', '.join(recorded) or 'no outcome apart'}."
            )
    return classes


def recorded_classes(counts: Counts) -> list[str]:
    """Outcome classes that the counts have a column of."""
    return [name for name in CLASSES if f"n_{name}" in counts.table]
