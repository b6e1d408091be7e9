"""What `math`, `number` and `choice` call correct, beside math-verify alone and the benchmarks' own rules.

python -m benchmarks.verifiers [-o benchmarks/results/verifiers.csv] [--docs docs/verifier-pairs.md]

`verifier_pairs.tsv` holds a reference, an answer and whether a person calls it right, for the verifier that it is meant
for; the note says why a verdict differs from the person's. An answer of `math` and `number` is put into a box, one of
`choice` is the whole text (`\\n` for a new line). The other two columns of verdicts are

- math-verify with its own settings on the same box;
- the rule that the benchmarks' own graders use before any algebra. For `math` the comparison of strings and of numbers
  in Qwen2.5-Math and LIMIT-of-RLVR (units at the end and percent signs dropped, a relative tolerance of 1e-4, a
  hundredth and a hundredfold taken as well); for `number` the regular expression of GSM8K; for `choice` the three
  patterns of MMLU-Pro, tried in turn.
"""

import argparse
import re
from math import isclose
from pathlib import Path

import pandas as pd

from benchmarks.pages import replace_between
from boundary.sampling.judging.judge import judge
from boundary.sampling.problems import Completion, Problem
from boundary.sampling.verifiers.table import load_verifier

FOLDER = Path(__file__).parent
PAIRS = FOLDER / "verifier_pairs.tsv"
RESULTS = FOLDER / "results" / "verifiers.csv"
VERDICTS = ["verdict", "math_verify", "own_rule"]


def pairs() -> pd.DataFrame:
    """Columns verifier, kind, reference, answer, right (whether a person calls the answer right), note."""
    table = pd.read_csv(PAIRS, sep="\t", dtype=str, keep_default_na=False, quoting=3)
    return table.assign(right=table["right"] == "yes")


def our_verdicts(table: pd.DataFrame) -> list[bool]:
    """Whether the verifiers call each answer correct, from the text to the verdict."""
    verdicts = pd.Series(False, index=table.index)
    for name, rows in table.groupby("verifier"):
        texts = rows["answer"] if name == "choice" else "So it is $\\boxed{" + rows["answer"] + "}$."
        problems = [Problem(str(row), "?", reference) for row, reference in rows["reference"].items()]
        samples = [Completion(str(row), 0, text.replace("\\n\\n", "\n\n"), "stop", 9) for row, text in texts.items()]
        judgements = judge(problems, samples, load_verifier(str(name)))
        verdicts[rows.index] = [verdict.outcome == "correct" for verdict in judgements]
    return [bool(verdict) for verdict in verdicts]


def math_verify_alone(reference: str, answer: str) -> bool:
    """Whether math-verify with its own settings calls an answer correct."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    configs = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    expected, actual = (parse(f"\\boxed{{{text}}}", extraction_config=configs) for text in (reference, answer))
    return bool(verify(expected, actual, allow_set_relation_comp=True))


def math_rule(reference: str, answer: str) -> bool:
    """Equal strings, or numbers that agree to four digits; a hundredth and a hundredfold count too."""
    texts = [_stripped(text) for text in (reference, answer)]
    numbers = [_float(text) for text in texts]
    if None not in numbers:
        expected, actual = (number for number in numbers if number is not None)
        return any(isclose(actual, expected * factor, rel_tol=1e-4) for factor in (0.01, 1, 100))
    return texts[0].lower() == texts[1].lower()


def number_rule(reference: str, answer: str) -> bool:
    """The first digits, points and commas behind the mark, as strings without commas."""
    match = re.search(r"#### (-?[0-9.,]+)", f"#### {answer}")
    return match is not None and match[1].replace(",", "") == reference.replace(",", "")


def choice_rule(reference: str, answer: str) -> bool:
    """`answer is (X)`, or else `Answer: X`, or else the last letter from A to J that stands alone."""
    text = answer.replace("\\n", "\n")
    patterns = (r"answer is \(?([A-J])\)?", r".*[aA]nswer:\s*([A-J])", r"\b[A-J]\b(?!.*\b[A-J]\b)")
    matches = (re.search(pattern, text, re.DOTALL if place == 2 else 0) for place, pattern in enumerate(patterns))
    match = next((match for match in matches if match), None)
    return match is not None and match[match.lastindex or 0] == reference


def _stripped(text: str) -> str:
    text = re.sub(r"\\(?:text|mbox)\s*\{[^{}]*\}(?:\^\d)?\s*$", "", text.strip().rstrip(".")).strip() or text
    text = re.sub(r"\\(?:left|right|displaystyle)(?![A-Za-z])|\\[!,;:() ]|\\?%|\\?\$|\^\{?\\circ\}?|\s", "", text)
    text = re.sub(r"\\[dt]frac", r"\\frac", re.sub(r"\\text\{([^{}]*)\}", r"\1", text))
    text = re.sub(r"^(-?\d+)/(-?\d+)$", r"\\frac{\1}{\2}", re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", text))
    name, equals, value = text.partition("=")
    return value if equals and len(name) <= 2 and "=" not in value else text


def _float(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


RULES = {"math": math_rule, "number": number_rule, "choice": choice_rule}


def results() -> pd.DataFrame:
    """Every pair with the three verdicts; math-verify does not judge choices."""
    table = pairs()
    columns = list(zip(table["verifier"], table["reference"], table["answer"], strict=True))
    return table.assign(
        verdict=our_verdicts(table),
        math_verify=[name != "choice" and math_verify_alone(*pair) for name, *pair in columns],
        own_rule=[RULES[name](*pair) for name, *pair in columns],
    )


def kept_results() -> pd.DataFrame:
    """The results as they were last written."""
    return pd.read_csv(RESULTS, keep_default_na=False, dtype={"reference": str, "answer": str})


def of_our_own_making(table: pd.DataFrame) -> pd.Series:
    """Whether a wrong answer is called correct here, but neither by math-verify nor by the benchmark's own rule."""
    return table["verdict"] & ~table["right"] & ~table["math_verify"] & ~table["own_rule"]


def page(table: pd.DataFrame) -> str:
    """The part of docs/verifier-pairs.md that the results make."""
    lines = ["| verifier | pairs | right | | called correct though wrong | not called correct though right |"]
    lines.append("|---|---|---|---|---|---|")
    names = {"verdict": "this verifier", "math_verify": "math-verify alone", "own_rule": "the benchmarks' own rule"}
    for name, rows in table.groupby("verifier", sort=False):
        for column in VERDICTS[:: 2 if name == "choice" else 1]:
            wrong, missed = (rows[column] & ~rows["right"]).sum(), (~rows[column] & rows["right"]).sum()
            first = f"| `{name}` | {len(rows)} | {rows['right'].sum()} " if column == "verdict" else "| | | "
            lines.append(f"{first}| {names[column]} | {wrong} | {missed} |")
    lines += ["", f"False positives of our own making: {of_our_own_making(table).sum()}.", ""]
    for title, selected in (
        ("Called correct though a person would not", table["verdict"] & ~table["right"]),
        ("Not called correct though a person would", ~table["verdict"] & table["right"]),
    ):
        lines += [f"### {title}", "", "| verifier | reference | answer | why |", "|---|---|---|---|"]
        rows = table[selected]
        lines += [
            f"| `{r.verifier}` | {_code(r.reference)} | {_code(r.answer)} | {r.note} |" for r in rows.itertuples()
        ]
        lines.append("")
    lines += ["### Every pair", "", "| | reference | answer | right | verifier | math-verify | own rule |"]
    lines.append("|---|---|---|---|---|---|---|")
    for row in table.itertuples():
        cells = [_word(row.right), _word(row.verdict), _word(row.math_verify), _word(row.own_rule)]
        cells[2] = "" if row.verifier == "choice" else cells[2]
        lines.append(
            f"| `{row.verifier}`, {row.kind} | {_code(row.reference)} | {_code(row.answer)} | {' | '.join(cells)} |"
        )
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _word(correct: object) -> str:
    return "yes" if correct else "no"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    parser.add_argument("--docs", type=Path, help="page to put the tables into")
    options = parser.parse_args()
    table = results()
    table.to_csv(options.output, index=False)
    if options.docs:
        replace_between(options.docs, "verifier pairs", page(table))
    print(page(table).partition("### Every pair")[0])


if __name__ == "__main__":
    main()
