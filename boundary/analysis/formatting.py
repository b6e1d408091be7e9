"""Numbers and names as readers see them, in the verdict and in the report alike."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from boundary.stats.estimands import ESTIMANDS

# Probability from which a decision is made: `decisions.SURE`, which stands in a layer above; a test compares them.
DECISION_PROBABILITY = 0.95
# Probabilities this close, from a thousand draws or more, are the same; more names than these are not listed.
AS_LIKELY, MOST_LISTED = 0.02, 4
# How sentences of verdicts open that do not open with a model's name.
OPENINGS = (
    "At k = ",
    "Of ",
    "From the base ",
    "Neither model ",
    "Both models ",
    "None of ",
    "A fit did ",
    "No material difference ",
    "On new ",
    *(f"{word} {at} " for word in ("Narrowed", "Widened", "Cannot tell yet") for at in ("on", "for", "in")),
)


class UnitFormat(NamedTuple):
    """How numbers of a unit are written: times what, with how many digits, and the words behind a heading."""

    scale: float
    digits: int
    words: str


UNIT_FORMATS = {
    "share": UnitFormat(100.0, 1, ", %"),
    "points": UnitFormat(100.0, 1, ", points"),
    "problems": UnitFormat(1.0, 1, ""),
    "budget": UnitFormat(1.0, 0, ""),
    "probability": UnitFormat(1.0, 2, ""),
    "rank": UnitFormat(1.0, 0, ""),
    "exponent": UnitFormat(1.0, 2, ""),
}


def number(value: float | None, scale: float, digits: int) -> str:
    """Write a number for readers: a true minus sign, `none` for infinity, nothing where there is none.

    Examples
    --------
    >>> number(0.12345, scale=100, digits=1)
    '12.3'
    """
    if value is None or value != value:
        return ""
    if math.isinf(value):
        return "none"
    text = f"{scale * value:,.{digits}f}"
    zero = f"{0:.{digits}f}"
    return zero if text == f"-{zero}" else text.replace("-", "\N{MINUS SIGN}")


def interval(row: dict[Any, Any], scale: float, digits: int) -> str:
    """Write an interval, or nothing where the row has none."""
    lower, upper = (number(row.get(side), scale, digits) for side in ("lower", "upper"))
    return f"[{lower}, {upper}]" if lower and upper else ""


def middle_column(row: Mapping[Any, Any]) -> str:
    """The column of the number that stands before an interval: the mean of a skew posterior may lie outside of it.

    A probability is the mean of draws of 0 and 1, which have no interval of their own.

    Examples
    --------
    >>> middle_column({"mean": 0.5, "median": 0.4, "lower": 0.1, "upper": 0.8})
    'mean'
    >>> middle_column({"mean": 0.004, "median": 0.0, "lower": 0.0, "upper": 0.0})
    'median'
    """
    record = ESTIMANDS.get(str(row.get("estimand")))
    if record is not None and record.unit == "probability":
        return "mean"
    mean, median = row.get("mean", math.nan), row.get("median", math.nan)
    is_outside = mean < row.get("lower", math.nan) or mean > row.get("upper", math.nan)
    return "median" if is_outside and not math.isnan(median) else "mean"


def likeliest(names: Sequence[str], chances: Sequence[float]) -> list[str]:
    """The likeliest of several, and those that are as likely but for the error of draws.

    Examples
    --------
    >>> likeliest(["a", "b", "c"], [0.49, 0.5, 0.01]), likeliest(["a", "b"], [0.2, 0.8])
    (['a', 'b'], ['b'])
    """
    largest = max(chances)
    return [name for name, chance in zip(names, chances, strict=True) if chance >= largest - AS_LIKELY]


def joined(names: Sequence[str], conjunction: str = "and") -> str:
    """Names in a sentence, at least one.

    Examples
    --------
    >>> joined(["a"]), joined(["a", "b", "c"], "or")
    ('a', 'a, b or c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {conjunction} {names[-1]}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence; of many their number.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"]), listed(list("abcdefg"))
    ('a', 'a, b and c', '7 of them')
    """
    return f"{len(names)} of them" if len(names) > MOST_LISTED else joined(names)


def probability_text(value: float) -> str:
    """Write a probability; one that is nearly 0 or 1 is not rounded to it, nor one that decides nothing to .95.

    Examples
    --------
    >>> probability_text(0.876), probability_text(0.9999), probability_text(0.0), probability_text(0.9499)
    ('0.88', 'over 0.99', 'under 0.01', '0.94')
    """
    if math.isnan(value):
        return "unknown"
    return "over 0.99" if value >= 0.995 else "under 0.01" if value < 0.005 else number(_rounded(value), 1, 2)


def probability_number(value: float, digits: int = 2) -> str:
    """Write a probability of a table, or its error, as a number; none is rounded to 0 or 1, which draws cannot tell.

    Examples
    --------
    >>> probability_number(0.876), probability_number(0.9999, 3), probability_number(0.0)
    ('0.88', '>0.999', '<0.01')
    """
    text = number(value, 1.0, digits)
    least = 10.0**-digits
    if text == f"{0:.{digits}f}":
        return f"<{least:.{digits}f}"
    return f">{1 - least:.{digits}f}" if text == f"{1:.{digits}f}" else text


def percentage(probability: float) -> str:
    """Write a probability as a percentage, rounded as `probability_text` does.

    Examples
    --------
    >>> percentage(0.9499), percentage(0.9999), percentage(0.0)
    ('94 %', 'over 99 %', 'under 1 %')
    """
    text = probability_text(probability)
    words, _, digits = text.rpartition("0.")
    return f"{words}{int(digits)} %" if digits.isdigit() else text


def _rounded(probability: float) -> float:
    """A probability with two digits; one below that from which a decision is made stays below it."""
    rounded = float(f"{probability:.2f}")
    return math.floor(100 * probability) / 100 if probability < DECISION_PROBABILITY <= rounded else rounded


def points(margin: float) -> str:
    """Write a difference of shares in percentage points.

    Examples
    --------
    >>> points(0.005), points(0.01), points(0.0)
    ('0.5 points', '1 point', '0 points')
    """
    text = f"{100 * margin:.3g}"
    return f"{text} point{'s' * (text != '1')}"


def by_over(margin: float) -> str:
    """Write by how much pass@k is lower or higher at least, behind such a word: nothing without a margin.

    Examples
    --------
    >>> by_over(0.01), by_over(0.0)
    (' by more than 1 point', '')
    """
    return f" by more than {points(margin)}" if margin else ""


def fewer_problems_suffix(observed: dict[Any, Any], posterior: dict[Any, Any]) -> str:
    """Say of how many problems an observed value is, where these are fewer than those of the posterior beside it."""
    few, every = (int(row.get("n_problems", 0)) for row in (observed, posterior))
    return f" (of {few:,})" if few < every else ""


# Behind a number that extrapolates, in a sentence.
EXTRAPOLATED = " (extrapolated)"


def short_name(model: str) -> str:
    """Write a model's name without its organisation.

    Examples
    --------
    >>> short_name("Qwen/Qwen2.5-7B")
    'Qwen2.5-7B'
    """
    return model.rsplit("/", 1)[-1]


# Writes a model's name as short as the models that are shown beside it allow.
Shorten = Callable[[str], str]


def shortener(models: Iterable[str]) -> Shorten:
    """A function that writes the name of a model without its organisation or folders, as far as names stay distinct.

    Parameters
    ----------
    models
        All models that are shown; of another one the last part is written.

    Examples
    --------
    >>> shorten = shortener(["Qwen/Qwen2.5-7B", "runs/base/final", "runs/grpo/final"])
    >>> shorten("Qwen/Qwen2.5-7B"), shorten("runs/base/final"), shorten("runs/grpo/final")
    ('Qwen2.5-7B', 'base/final', 'grpo/final')
    """
    tails = {model: _tails(model) for model in models}
    shared = Counter(tail for names in tails.values() for tail in names)
    names = {model: next((tail for tail in of_model if shared[tail] == 1), model) for model, of_model in tails.items()}
    return lambda model: names.get(model, short_name(model))


def _tails(model: str) -> list[str]:
    """The last part of a name, the last two, and so on."""
    parts = model.split("/")
    return ["/".join(parts[-length:]) for length in range(1, len(parts) + 1)]


def benchmark_name(benchmark: str) -> str:
    """Write the name of a benchmark; `all` pools them.

    Examples
    --------
    >>> benchmark_name("all"), benchmark_name("AIME24")
    ('All benchmarks', 'AIME24')
    """
    return "All benchmarks" if benchmark == "all" else benchmark


def budget(k: float) -> str:
    """Write a budget.

    Examples
    --------
    >>> budget(1024.0), budget(16384.0)
    ('1024', '16,384')
    """
    return f"{k:,.0f}" if k >= 10_000 else f"{k:.0f}"


class CrossoverText(NamedTuple):
    """A crossover as readers see it: its median, its interval, and `extrapolated` where it lies beyond the samples."""

    middle: str
    interval: str
    mark: str

    def __str__(self) -> str:
        """Median and interval."""
        return f"{self.middle} {self.interval}".strip()


def crossover_text(median: float, lower: float, upper: float, furthest: float, n: float = math.inf) -> CrossoverText:
    """Write the budget at which two curves cross, a crossover, with its interval.

    Parameters
    ----------
    median, lower, upper
        Of the crossover: infinite where the curves do not cross up to `furthest`, NaN where none is first ahead.
    furthest
        Largest budget at which the curves were compared.
    n
        Samples of each problem.

    Examples
    --------
    >>> str(crossover_text(22.0, 16.0, math.inf, furthest=1024))
    '22 [16, beyond 1024]'
    >>> crossover_text(20_000.0, 96.0, math.inf, furthest=65_536, n=128)
    CrossoverText(middle='20,000', interval='[96, beyond 65,536]', mark='extrapolated')
    >>> crossover_text(math.inf, 900.0, math.inf, furthest=1024)
    CrossoverText(middle='unclear', interval='', mark='')
    """
    if not math.isfinite(median):
        return CrossoverText("unclear", "", "")
    ends = (budget(end) if math.isfinite(end) else f"beyond {budget(furthest)}" for end in (lower, upper))
    return CrossoverText(budget(median), f"[{', '.join(ends)}]", "extrapolated" if median > n else "")


def format_of(estimand: str) -> UnitFormat:
    """How the numbers of an estimand are written.

    Examples
    --------
    >>> format_of("shrinkage")
    UnitFormat(scale=100.0, digits=1, words=', points')
    """
    return UNIT_FORMATS[ESTIMANDS[estimand].unit]


def heading(estimand: str, k: str | None = None, tau: float = math.nan) -> str:
    """What readers call an estimand, with its unit.

    Parameters
    ----------
    estimand
        A key of `ESTIMANDS`.
    k
        The budget as it is to be written, where the heading is of one.
    tau
        The threshold, where it is of one.

    Examples
    --------
    >>> heading("shrinkage"), heading("pass_hat_k", "8"), heading("g_pass_at_k", "16", 0.5)
    ('shrinkage, points', 'pass^8, %', 'G-Pass@16, tau = .5, %')
    """
    record = ESTIMANDS[estimand]
    label = record.label
    if k is not None and record.label_at:
        label = record.label_at.replace("{k:.0f}", "{k}").format(k=k, tau=f"{tau:.2g}".lstrip("0"))
    return label + format_of(estimand).words


def cost_text(value: float, unit: str, digits: int = 2, *, with_unit: bool = True) -> str:
    """Write tokens or money with some significant digits; `none` for infinity.

    Examples
    --------
    >>> cost_text(212_345.0, "tokens"), cost_text(0.01234, "USD"), cost_text(float("inf"), "tokens")
    ('210,000 tokens', '0.012 USD', 'none')
    """
    if value != value:
        return ""
    if math.isinf(value):
        return "none"
    rounded = float(f"{value:.{digits}g}")
    text = f"{rounded:,.0f}" if rounded >= 10 ** (digits - 1) else f"{value:.{digits}g}"
    if 0 < rounded < 1e-4:
        text = f"{rounded:.12f}".rstrip("0")
    return f"{text} {unit}" if with_unit else text


def upper_first(sentence: str) -> str:
    """Write the first letter as a capital."""
    return sentence[0].upper() + sentence[1:]


def behind_colon(prefix: str, sentence: str) -> str:
    """Write a sentence behind a prefix and a colon: it starts small then, unless with a name.

    Examples
    --------
    >>> behind_colon("All benchmarks together", "At k = 8 rl solves 2.1 points more.")
    'All benchmarks together: at k = 8 rl solves 2.1 points more.'
    """
    is_opening = sentence.startswith(OPENINGS)
    return f"{prefix}: {sentence[0].lower() + sentence[1:] if is_opening else sentence}"


def level_text(level: float) -> str:
    """Write the level of an interval, a probability in (0, 1), with as many digits as it takes.

    Examples
    --------
    >>> level_text(0.95), level_text(0.975), level_text(0.999)
    ('95 %', '97.5 %', '99.9 %')
    """
    return f"{100 * level:.4g} %"
