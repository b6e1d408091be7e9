"""The language of claims, such as `shrinkage(1024) > 0 and pass_at_k(1) rl > base`: a closed grammar, never evaluated.

claim      = comparison { "and" comparison }
comparison = quantity [ model ] relation bound
quantity   = estimand [ "(" number { "," number } ")" ]
relation   = "<" | "<=" | ">" | ">="
bound      = number [ "%" ] | model
model      = "base" | "rl" | a name | a name in quotes
"""

import re
from difflib import get_close_matches
from typing import NamedTuple, NoReturn

from boundary.errors import InputError

# What each quantity takes in parentheses. Those of one model name it; those of a pair are RL's against its base.
OF_MODEL = {
    "pass_at_k": ("k",),
    "pass_hat_k": ("k",),
    "g_pass_at_k": ("k", "tau"),
    "mg_pass_at_k": ("k",),
    "cover_at_tau": ("tau",),
    "tail_exponent": ("k",),
}
OF_PAIR = {
    "shrinkage": ("k",),
    "kept": ("k",),
    "lost": ("k",),
    "gained": ("k",),
    "neither": ("k",),
    "delta_se": ("k",),
    "srr": ("k",),
    "ndr": ("k",),
    "sds": ("k",),
    "nscr": ("k",),
    "amplified": ("k",),
    "discovered": ("k",),
    "crossover": (),
    "sampling_speedup": (),
}
PARAMETERS = OF_MODEL | OF_PAIR
RELATIONS = ("<", "<=", ">", ">=")
LONGEST, LARGEST_K = 1000, 10**9

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w./:@+-]))
    |(?P<name>\w[\w./:@+-]*)
    |(?P<quoted>"[^"]*"|'[^']*')
    |(?P<relation><=|>=|<|>)
    |(?P<mark>[(),%]))""",
    re.VERBOSE,
)


class ModelName(NamedTuple):
    """A model as a claim names it: `base` and `rl` mean roles unless they stand in quotes."""

    name: str
    quoted: bool = False


class Comparison(NamedTuple):
    """One comparison of a claim.

    Parameters
    ----------
    estimand
        A key of PARAMETERS.
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
        return tuple(one for one in (self.model, self.bound) if isinstance(one, ModelName))


class Claim(NamedTuple):
    """A claim as it was written, and the comparisons that must all hold."""

    text: str
    comparisons: tuple[Comparison, ...]


def parse_claim(text: str) -> Claim:
    """Read a claim.

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
        where = self.next.start if start is None else start
        shown = re.sub(r"\s", " ", self.text)
        raise InputError(f"Cannot read a claim: {expected} at column {where + 1}.\n  {shown}\n  {' ' * where}^")

    def comparison(self) -> Comparison:
        start = self.next.start
        estimand, arguments = self._quantity()
        model = self._model() if self.next.kind in ("name", "quoted") else None
        if model is None and estimand in OF_MODEL:
            self.fail(f"{estimand} is of one model: expected base, rl or a model's name")
        if self.next.kind != "relation":
            self.fail(f"expected {', '.join(RELATIONS[:-1])} or {RELATIONS[-1]}")
        relation = self.take().text
        bound = self._bound()
        if isinstance(bound, ModelName) and estimand in OF_PAIR:
            self.fail(f"{estimand} is of an RL model against its base: expected a number after '{relation}'", start)
        k, tau = arguments.get("k"), arguments.get("tau")
        return Comparison(estimand, None if k is None else int(k), tau, model, relation, bound)

    def _tokens(self) -> list[_Token]:
        tokens, end = [], len(self.text.rstrip())
        at = 0
        while at < end:
            found = _TOKEN.match(self.text, at)
            if found is None or found.lastgroup is None:
                start = at + len(self.text[at:]) - len(self.text[at:].lstrip())
                self.fail(f"did not expect {self.text[start]!r}", start)
            tokens.append(_Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
            at = found.end()
        return [*tokens, _Token("end", "", end)]

    def _quantity(self) -> tuple[str, dict[str, float]]:
        word = self.next.text
        if self.next.kind != "name" or word not in PARAMETERS:
            near = get_close_matches(word, PARAMETERS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"choose among {', '.join(PARAMETERS)}"
            what = f"{word!r} is no quantity" if word else "a quantity is missing"
            self.fail(f"{what} ({hint})")
        self.take()
        wanted = PARAMETERS[word]
        if not wanted:
            if self.next.text == "(":
                self.fail(f"{word} takes nothing in parentheses: expected a relation")
            return word, {}
        example = ", ".join("128" if name == "k" else ".5" for name in wanted)
        self._mark("(", f"write {word}({example})")
        arguments = {}
        for i, name in enumerate(wanted):
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
        what = "a whole number of at least 1" if name == "k" else "a number from 0 to 1"
        if self.next.kind != "number":
            self.fail(f"expected {name}, {what},")
        value = float(self.next.text)
        fits = 1 <= value <= LARGEST_K and value == int(value) if name == "k" else 0 <= value <= 1
        if not fits:
            self.fail(f"{name} must be {what}, not {self.next.text},")
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
