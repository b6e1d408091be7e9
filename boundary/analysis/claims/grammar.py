"""The language of claims, such as `shrinkage(1024) > 0 and pass_at_k(1) rl > base`: a closed grammar, never evaluated.

claim      = comparison { "and" comparison }
comparison = quantity [ model ] relation bound | perplexity relation ( number | perplexity )
           | quantity runs relation ( number | runs | model )
           | quantity [ model ] stratum relation ( number | stratum )
           | "peak" "(" number ")" [ run ] relation number
runs       = ( "method" | "new_run" ) "(" method ")"
stratum    = "stratum" "(" column "," value ")"
quantity   = estimand [ "(" number { "," number } ")" ]
perplexity = "perplexity" "(" model "," model ")"        of the scorer, and of the model whose responses it scored
relation   = "<" | "<=" | ">" | ">="
bound      = number [ "%" ] | model
model      = "base" | "rl" | a name | a name in quotes
"""

import re
from difflib import get_close_matches
from math import isinf
from typing import NamedTuple, NoReturn

from boundary.analysis.claims.comparisons import (
    METHOD,
    NEW_RUN,
    OF_METHODS,
    PEAK,
    PERPLEXITY,
    STRATUM,
    Claim,
    Comparison,
    ModelName,
    PeakComparison,
    Perplexity,
    PerplexityComparison,
    RunsComparison,
    RunsName,
    Stratum,
    StratumComparison,
    TrainingComparison,
    claimable,
    possible_values,
)
from boundary.errors import InputError

LONGEST, LARGEST_K = 1000, 10**9

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w./:@+-]))
    |(?P<name>\w[\w./:@+-]*)
    |(?P<quoted>"[^"]*"|'[^']*')
    |(?P<relation><=|>=|<|>)
    |(?P<mark>[(),%]))""",
    re.VERBOSE,
)


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
    if len(comparisons) > 1 and any(isinstance(part, StratumComparison | PeakComparison) for part in comparisons):
        reader.fail("a comparison of strata or of a peak stands alone, without 'and': make it a claim of its own,", 0)
    return Claim(text.strip(), tuple(comparisons))


class _Token(NamedTuple):
    kind: str
    text: str
    start: int

    @property
    def name(self) -> str:
        """The text without the quotes around it."""
        return self.text[1:-1] if self.kind == "quoted" else self.text


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

    def comparison(self) -> Comparison | PerplexityComparison | TrainingComparison:
        start = self.next.start
        if self.next.text == PERPLEXITY and self.next.kind == "name":
            return self._perplexity_comparison()
        if self.next.text == PEAK and self.next.kind == "name":
            return self._peak_comparison()
        estimand, arguments = self._quantity()
        if self._is_call(METHOD, NEW_RUN):
            return self._runs_comparison(estimand, arguments, start)
        model = self._model() if self.next.kind in ("name", "quoted") and not self._is_call(STRATUM) else None
        if self._is_call(STRATUM):
            return self._stratum_comparison(estimand, arguments, model, start)
        of_pair = claimable()[estimand].of == "pair"
        if model is None and not of_pair:
            self.fail(f"{estimand} is of one model: expected base, rl or a model's name")
        relation = self._relation()
        bound = self._bound(estimand)
        if isinstance(bound, ModelName) and of_pair:
            self.fail(f"{estimand} is of an RL model against its base: expected a number after '{relation}'", start)
        k, tau = arguments.get("k"), arguments.get("tau")
        return Comparison(estimand, None if k is None else int(k), tau, model, relation, bound)

    def _perplexity_comparison(self) -> PerplexityComparison:
        left = self._perplexity()
        relation = self._relation()
        if self.next.text == PERPLEXITY and self.next.kind == "name":
            return PerplexityComparison(left, relation, self._perplexity())
        if self.next.kind != "number":
            self.fail("expected a number or a perplexity")
        value = self._bound(PERPLEXITY)
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

    def _runs_comparison(self, estimand: str, arguments: dict[str, float], start: int) -> RunsComparison:
        k = self._budget_of_method(estimand, arguments, start)
        left, relation = self._runs(), self._relation()
        bound = self._runs() if self._is_call(METHOD, NEW_RUN) else self._bound(estimand)
        if isinstance(bound, ModelName) and estimand == "shrinkage":
            self.fail(f"shrinkage is against the base: expected a number or a method after '{relation}'", start)
        return RunsComparison(estimand, k, left, relation, bound)

    def _runs(self) -> RunsName:
        of = self.take().text
        (method,) = self._names(1, f"write {of}(GRPO), with a name of the column method")
        return RunsName(of, method)

    def _stratum_comparison(
        self, estimand: str, arguments: dict[str, float], model: ModelName | None, start: int
    ) -> StratumComparison:
        k = self._budget_of_method(estimand, arguments, start)
        if model is None and estimand != "shrinkage":
            self.fail(f"{estimand} is of one model: expected base, rl or a model's name")
        left, relation = self._stratum(), self._relation()
        bound = self._stratum() if self._is_call(STRATUM) else self._bound(estimand)
        if isinstance(bound, ModelName):
            self.fail("expected a number or another stratum", start)
        return StratumComparison(estimand, k, model, left, relation, bound)

    def _stratum(self) -> Stratum:
        self.take()
        return Stratum(*self._names(2, "write stratum(level, 5), with a column of the counts and a value of it"))

    def _peak_comparison(self) -> PeakComparison:
        self.take()
        self._mark("(", "write peak(64)")
        k = self._argument("k")
        self._mark(")", "write peak(64)")
        run = self._model().name if self.next.kind in ("name", "quoted") else ""
        relation, bound = self._relation(), self._bound(PEAK)
        if isinstance(bound, ModelName):
            self.fail("expected a training step, a number")
        return PeakComparison(int(k), run, relation, bound)

    def _budget_of_method(self, estimand: str, arguments: dict[str, float], start: int) -> int:
        if estimand not in OF_METHODS:
            self.fail(f"methods and strata have {' and '.join(OF_METHODS)}, not {estimand}", start)
        return int(arguments["k"])

    def _is_call(self, *words: str) -> bool:
        """Whether the next tokens are one of these words and a parenthesis, which no model's name has."""
        return self.next.kind == "name" and self.next.text in words and self.tokens[self.at + 1].text == "("

    def _names(self, number: int, remedy: str) -> list[str]:
        """Names, words or numbers in parentheses."""
        self._mark("(", remedy)
        names = []
        for mark in [","] * (number - 1) + [")"]:
            if self.next.kind not in ("name", "quoted", "number"):
                self.fail(f"expected a name ({remedy})")
            names.append(self.take().name)
            self._mark(mark, remedy)
        return names

    def _relation(self) -> str:
        if self.next.kind != "relation":
            self.fail("expected <, <=, > or >=")
        return self.take().text

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
            choices = [*estimands, PERPLEXITY, PEAK]
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
        self._mark(")", f"write {word}({example}); a model's name stands behind the parentheses")
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
        return ModelName(token.name, token.kind == "quoted")

    def _bound(self, estimand: str) -> float | ModelName:
        """A model, or a number that the quantity can have."""
        if self.next.kind in ("name", "quoted"):
            return self._model()
        if self.next.kind != "number":
            self.fail("expected a number or a model")
        start = self.next.start
        value = float(self.take().text)
        if abs(value) == float("inf"):
            self.at -= 1
            self.fail("expected a finite number")
        if self.next.text == "%":
            self.take()
            value /= 100
        low, high = possible_values(estimand)
        if not low <= value <= high:
            span = f"at least {low:g}" if isinf(high) else f"between {low:g} and {high:g}; forty percent is 40 % or .4"
            self.fail(f"expected a number that {estimand} can be ({span})", start)
        return value
