"""The language of claims, such as `shrinkage(1024) > 0 and pass_at_k(1) rl > base`: a closed grammar, never evaluated.

claim      = comparison { "and" comparison }
comparison = quantity [ model ] relation bound | perplexity relation ( number | perplexity )
quantity   = estimand [ "(" number { "," number } ")" ]
perplexity = "perplexity" "(" model "," model ")"        of the scorer, and of the model whose responses it scored
relation   = "<" | "<=" | ">" | ">="
bound      = number [ "%" ] | model
model      = "base" | "rl" | a name | a name in quotes
"""

import re
from difflib import get_close_matches
from math import floor
from typing import NamedTuple, NoReturn

import numpy as np

from boundary.errors import InputError
from boundary.stats.estimands import ESTIMANDS, Estimand

RELATIONS = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
LONGEST, LARGEST_K = 1000, 10**9
PERPLEXITY = "perplexity"

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w./:@+-]))
    |(?P<name>\w[\w./:@+-]*)
    |(?P<quoted>"[^"]*"|'[^']*')
    |(?P<relation><=|>=|<|>)
    |(?P<mark>[(),%]))""",
    re.VERBOSE,
)


def claimable() -> dict[str, Estimand]:
    """Estimands that a claim can be about, by name: of one model, which it names, or of an RL model against its base.

    Examples
    --------
    >>> claimable()["g_pass_at_k"].arguments
    ('k', 'tau')
    """
    return {name: record for name, record in ESTIMANDS.items() if record.claimable}


class ModelName(NamedTuple):
    """A model as a claim names it: `base` and `rl` mean roles unless they stand in quotes."""

    name: str
    quoted: bool = False


class Comparison(NamedTuple):
    """One comparison of a claim.

    Parameters
    ----------
    estimand
        A key of `claimable()`.
    k, tau
        Its budget and its threshold or share; None where it takes none.
    model
        Whose quantity; None for that of the only RL model.
    relation
        One of RELATIONS.
    bound
        A number, or a model whose quantity of the same kind is compared with.
    """

    estimand: str
    k: int | None
    tau: float | None
    model: ModelName | None
    relation: str
    bound: float | ModelName

    @property
    def models(self) -> tuple[ModelName, ...]:
        """The models that it names."""
        return tuple(side for side in (self.model, self.bound) if isinstance(side, ModelName))

    @property
    def record(self) -> Estimand:
        """The estimand's record."""
        return ESTIMANDS[self.estimand]

    @property
    def largest_budget(self) -> int:
        """The largest budget that it looks at; 0 where it looks at none."""
        if self.record.is_budget:
            assert not isinstance(self.bound, ModelName)  # the grammar has numbers only
            return max(2, floor(self.bound))
        return int(self.record.samples_needed(self.k or 0))


class Perplexity(NamedTuple):
    """The mean perplexity of a model's responses under another, pooled over problems."""

    scorer: ModelName
    model: ModelName


class PerplexityComparison(NamedTuple):
    """One comparison of a claim, of a perplexity with a number or with another perplexity."""

    left: Perplexity
    relation: str
    bound: float | Perplexity

    @property
    def models(self) -> tuple[ModelName, ...]:
        """The models that it names."""
        sides = [side for side in (self.left, self.bound) if isinstance(side, Perplexity)]
        return tuple(name for side in sides for name in side)

    @property
    def estimand(self) -> str:
        """What it is about."""
        return PERPLEXITY

    @property
    def largest_budget(self) -> int:
        """The largest budget that it looks at: none."""
        return 0


class Claim(NamedTuple):
    """A claim as it was written, and the comparisons that must all hold."""

    text: str
    comparisons: tuple[Comparison | PerplexityComparison, ...]

    @property
    def of_counts(self) -> tuple[Comparison, ...]:
        """Its comparisons of what follows from counts."""
        return tuple(part for part in self.comparisons if isinstance(part, Comparison))

    @property
    def of_scores(self) -> tuple[PerplexityComparison, ...]:
        """Its comparisons of perplexities, which need scores."""
        return tuple(part for part in self.comparisons if isinstance(part, PerplexityComparison))


def parse_claim(text: str) -> Claim:
    """Read a claim.

    Returns
    -------
    Its text, and the comparisons that must all hold.

    Raises
    ------
    InputError
        If it is not of the grammar; the message shows where it stops being so, and what was expected there.

    Examples
    --------
    >>> parse_claim("lost(128) > 10").comparisons[0].k
    128
    """
    reader = _Reader(text)
    comparisons = [reader.comparison()]
    while reader.next.text == "and":
        reader.take()
        comparisons.append(reader.comparison())
    if reader.next.kind != "end":
        reader.fail("expected 'and' or the end")
    return Claim(text.strip(), tuple(comparisons))


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


class _Reader:
    """Recursive descent over the tokens of one claim."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not text.strip():
            raise InputError("A claim is empty. Write one such as: shrinkage(1024) > 0")
        if len(text) > LONGEST:
            raise InputError(f"A claim of {len(text):,} characters is too long; {LONGEST:,} are allowed. Split it.")
        self.text = text
        self.tokens = self._tokens()
        self.at = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.next
        self.at += 1
        return token

    def fail(self, expected: str, start: int | None = None) -> NoReturn:
        """Say what was expected, and show where."""
        column = self.next.start if start is None else start
        line = re.sub(r"\s", " ", self.text)
        raise InputError(f"Cannot read a claim: {expected} at column {column + 1}.\n  {line}\n  {' ' * column}^")

    def comparison(self) -> Comparison | PerplexityComparison:
        start = self.next.start
        if self.next.text == PERPLEXITY and self.next.kind == "name":
            return self._perplexity_comparison()
        estimand, arguments = self._quantity()
        model = self._model() if self.next.kind in ("name", "quoted") else None
        of_pair = claimable()[estimand].of == "pair"
        if model is None and not of_pair:
            self.fail(f"{estimand} is of one model: expected base, rl or a model's name")
        if self.next.kind != "relation":
            self.fail("expected <, <=, > or >=")
        relation = self.take().text
        bound = self._bound()
        if isinstance(bound, ModelName) and of_pair:
            self.fail(f"{estimand} is of an RL model against its base: expected a number after '{relation}'", start)
        k, tau = arguments.get("k"), arguments.get("tau")
        return Comparison(estimand, None if k is None else int(k), tau, model, relation, bound)

    def _perplexity_comparison(self) -> PerplexityComparison:
        left = self._perplexity()
        if self.next.kind != "relation":
            self.fail("expected <, <=, > or >=")
        relation = self.take().text
        if self.next.text == PERPLEXITY and self.next.kind == "name":
            return PerplexityComparison(left, relation, self._perplexity())
        if self.next.kind != "number":
            self.fail("expected a number or a perplexity")
        value = self._bound()
        assert not isinstance(value, ModelName)  # it began with a number
        return PerplexityComparison(left, relation, value)

    def _perplexity(self) -> Perplexity:
        remedy = "write perplexity(base, rl): under the base, of the RL model's responses"
        self.take()
        self._mark("(", remedy)
        names = []
        for mark in (",", ")"):
            if self.next.kind not in ("name", "quoted"):
                self.fail(f"expected a model ({remedy})")
            names.append(self._model())
            self._mark(mark, remedy)
        return Perplexity(*names)

    def _tokens(self) -> list[_Token]:
        tokens, end = [], len(self.text.rstrip())
        at = 0
        while at < end:
            match = _TOKEN.match(self.text, at)
            if match is None or match.lastgroup is None:
                start = at + len(self.text[at:]) - len(self.text[at:].lstrip())
                self.fail(f"did not expect {self.text[start]!r}", start)
            tokens.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
            at = match.end()
        return [*tokens, _Token("end", "", end)]

    def _quantity(self) -> tuple[str, dict[str, float]]:
        word, estimands = self.next.text, claimable()
        if self.next.kind != "name" or word not in estimands:
            choices = [*estimands, PERPLEXITY]
            near = get_close_matches(word, choices, n=1)
            hint = f"did you mean {near[0]}?" if near else f"choose among {', '.join(choices)}"
            problem = f"{word!r} is no quantity" if word else "a quantity is missing"
            self.fail(f"{problem} ({hint})")
        self.take()
        names = estimands[word].arguments
        if not names:
            if self.next.text == "(":
                self.fail(f"{word} takes nothing in parentheses: expected a relation")
            return word, {}
        example = ", ".join("128" if name == "k" else ".5" for name in names)
        self._mark("(", f"write {word}({example})")
        arguments: dict[str, float] = {}
        for i, name in enumerate(names):
            if i:
                self._mark(",", f"write {word}({example})")
            arguments[name] = self._argument(name)
        self._mark(")", f"write {word}({example})")
        return word, arguments

    def _mark(self, mark: str, remedy: str) -> None:
        if self.next.text != mark:
            self.fail(f"expected '{mark}' ({remedy})")
        self.take()

    def _argument(self, name: str) -> float:
        values = "a whole number of at least 1" if name == "k" else "a number from 0 to 1"
        if self.next.kind != "number":
            self.fail(f"expected {name}, {values},")
        value = float(self.next.text)
        fits = 1 <= value <= LARGEST_K and value == int(value) if name == "k" else 0 <= value <= 1
        if not fits:
            self.fail(f"{name} must be {values}, not {self.next.text},")
        self.take()
        return value

    def _model(self) -> ModelName:
        if self.next.text == "and":
            self.fail("expected a model or a number, not 'and' (put a model of that name in quotes)")
        token = self.take()
        return ModelName(token.text.strip("'\""), True) if token.kind == "quoted" else ModelName(token.text)

    def _bound(self) -> float | ModelName:
        if self.next.kind in ("name", "quoted"):
            return self._model()
        if self.next.kind != "number":
            self.fail("expected a number or a model")
        value = float(self.take().text)
        if abs(value) == float("inf"):
            self.at -= 1
            self.fail("expected a finite number")
        if self.next.text == "%":
            self.take()
            value /= 100
        return value
