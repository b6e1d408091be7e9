"""Every number of the page is that of estimates.csv, and every row of its problems that of problems.csv."""

import json
import math
import re

import pandas as pd
import pytest
from page_cells import Page

from boundary import analyze
from boundary.analysis.formatting import UNIT_FORMATS, middle_column
from boundary.analysis.report.problem_rows import packed_problems
from boundary.analysis.report.write import write_analysis
from boundary.analysis.tables.estimate_table import interval_text
from boundary.stats.estimands import ESTIMANDS

NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?"
# A number, and an interval behind it where there is one.
END = rf"{NUMBER}|none|beyond {NUMBER}"
SHOWN = re.compile(rf"^\+?(?P<middle>{NUMBER}|none)?(?: ?\[(?P<lower>{END}), (?P<upper>{END})\])?")
NEARLY_SURE = re.compile(r"over 0\.99|under 0\.01")
PER_CENT = re.compile(r"(?P<side>over|under)? ?(?P<value>\d+) %")


def value_of(text):
    return math.inf if text == "none" else float(text.replace(",", ""))


def agree(text, value, scale):
    """Whether a number is the value, rounded as it is written; the table itself has eight digits."""
    if text == "none" or text.startswith("beyond "):
        return math.isinf(value)
    digits = len(text.partition(".")[2])
    return abs(value_of(text) - scale * value) <= 0.5 * 10**-digits * (1 + 1e-6) + 1e-7 * abs(scale * value)


def matching(table, labels):
    rows = table.loc[(table["estimand"] == labels["estimand"]) & (table["model"] == labels["model"])]
    rows = rows.loc[rows["benchmark"] == labels["benchmark"]]
    for name in ("k", "tau"):
        rows = rows.loc[rows[name].isna() if name not in labels else (rows[name] - float(labels[name])).abs() < 1e-9]
    return rows


def is_shown(cell, table):
    """Whether some row of the table has the numbers of a cell."""
    text = cell.text.replace("\N{MINUS SIGN}", "-")
    rows = matching(table, cell.labels)
    column, sign = cell.labels.get("column", "mean"), float(cell.labels.get("sign", 1))
    if (
        cell.labels["kind"] == "observed"
        and (bounds := rows.loc[rows["kind"] == "bounds"]).size
        and text.startswith(("[", "none"))
    ):
        rows, text = bounds, text.split(", GT")[0]
    else:
        rows = rows.loc[rows["kind"] == cell.labels["kind"]]
    unit = "probability" if column.startswith("prob_") else ESTIMANDS[cell.labels["estimand"]].unit
    for row in rows.to_dict(orient="records"):
        if unit == "probability" and (chance := PER_CENT.search(text)):
            value = row[column]
            limits = {
                "over": value >= 0.995,
                "under": value < 0.01,
                None: abs(100 * value - int(chance["value"])) <= (1 if 0.945 <= value < 0.95 else 0.5) + 1e-5,
            }
            if limits[chance["side"]]:
                return True
            continue
        if unit == "probability" and NEARLY_SURE.fullmatch(text):
            if row[column] >= 0.995 if text.startswith("over") else row[column] < 0.005:
                return True
            continue
        if unit == "probability" and 0.945 <= row[column] < 0.95 and text.startswith("0.94"):
            return True  # not rounded to what would be a decision
        match = SHOWN.match(text)
        scale = sign * (1.0 if column.startswith("prob_") else UNIT_FORMATS[unit].scale)
        ends = {"lower": "lower", "upper": "upper"} if sign > 0 else {"lower": "upper", "upper": "lower"}
        middle = middle_column(row) if column == "mean" and match["lower"] else column
        shown = {middle: match["middle"], ends["lower"]: match["lower"], ends["upper"]: match["upper"]}
        if not any(shown.values()):
            return False
        if all(part is None or agree(part, row[name], scale) for name, part in shown.items()):
            return True
    return False


def checked_cells(analysis, folder):
    write_analysis(analysis, folder, posterior=False)
    table = pd.read_csv(folder / "estimates.csv")
    html = (folder / "report.html").read_text(encoding="utf-8")
    cells = [cell for cell in Page(html).cells if cell.text and cell.text != "\N{EN DASH}"]
    wrong = [cell for cell in cells if not is_shown(cell, table)]
    assert wrong == []
    return cells, html


def small_counts(models=("base", "rl-1", "rl-2")):
    rows = [
        (model, benchmark, f"{benchmark}-{i}", 16, min(16, (7 * i + 3 * j + 5 * (benchmark == "hard")) % (12 + 4 * j)))
        for j, model in enumerate(models)
        for benchmark in ("easy", "hard")
        for i in range(12)
    ]
    return pd.DataFrame(rows, columns=["model", "benchmark", "problem_id", "n_samples", "n_correct"])


@pytest.mark.parametrize("name", ["pair", "single", "arms", "failed"])
def test_every_number_of_a_made_up_page_is_in_the_table(request, tmp_path, name):
    cells, _ = checked_cells(request.getfixturevalue(name), tmp_path)
    assert len(cells) > 30


def test_the_probability_to_be_best_is_not_rounded_to_one(tmp_path):
    counts = small_counts(("weak", "strong"))
    counts["n_correct"] = [0, 1] * 12 + [16, 15] * 12
    cells, _ = checked_cells(analyze(counts, prior="independent", rank=True), tmp_path)
    assert {cell.text for cell in cells if cell.labels["estimand"] == "best"} >= {"over 0.99", "under 0.01"}


def test_every_number_of_a_page_is_in_the_table(tmp_path):
    cells, html = checked_cells(analyze(small_counts(), "base", prior="independent"), tmp_path)
    shown = {cell.labels["estimand"] for cell in cells}
    assert shown >= {"shrinkage", "pass_at_k", "lost", "gained", "narrowed", "best", "rank", "srr", "pass_hat_k"}
    assert len(cells) > 1000
    problems = pd.read_csv(tmp_path / "problems.csv").set_index(["benchmark", "model", "problem_id"])
    content = json.loads(re.search(r'id="problem-rows">(.*?)</script>', html).group(1))
    assert len(content["rows"]) == len(problems)
    for row in content["rows"]:
        values = dict(zip(content["columns"], row, strict=True))
        labels = (
            content["benchmarks"][values.pop("benchmark")],
            content["models"][values.pop("model")],
            values.pop("problem"),
        )
        expected = problems.loc[labels]
        assert values.pop("flag") == ("" if pd.isna(expected["flag"]) else expected["flag"])
        for column, value in values.items():
            assert value == pytest.approx(expected[column], abs=0.00501 if "prob" in column else 0.000501), column


def test_every_number_of_a_ranking_is_in_the_table(tmp_path):
    cells, _ = checked_cells(analyze(small_counts(), rank=True, prior="independent"), tmp_path)
    assert {"pass_at_k", "rank", "best"} <= {cell.labels["estimand"] for cell in cells}


def test_the_test_would_see_a_wrong_number(pair, tmp_path):
    write_analysis(pair, tmp_path, posterior=False)
    table = pd.read_csv(tmp_path / "estimates.csv")
    cells = [
        cell for cell in Page((tmp_path / "report.html").read_text()).cells if cell.labels["estimand"] == "shrinkage"
    ]
    table["mean"] += 0.002
    still_shown = [cell for cell in cells if cell.labels.get("column", "mean") == "mean" and is_shown(cell, table)]
    assert still_shown == []


def test_the_test_would_see_another_end_of_a_crossover(pair, tmp_path):
    cells, _ = checked_cells(pair, tmp_path)
    table = pd.read_csv(tmp_path / "estimates.csv")
    crossovers = [cell for cell in cells if cell.labels["estimand"] == "crossover" and not cell.text.startswith("none")]
    assert {"24 [16, beyond 1024]", "24 [16, 32]"} <= {cell.text for cell in crossovers}
    table.loc[table["estimand"] == "crossover", "upper"] = 40.0
    assert not any(is_shown(cell, table) for cell in crossovers)


@pytest.mark.parametrize("budgets", [[4, 8, 32], [32, 64]])
def test_every_number_of_models_without_k_one_is_in_the_table(tmp_path, budgets):
    analysis = analyze(small_counts(), rank=True, prior="independent", k=budgets)
    cells, html = checked_cells(analysis, tmp_path)
    at_first = [cell for cell in cells if cell.labels.get("k") == str(budgets[0])]
    assert {"pass_at_k", "rank", "best"} <= {cell.labels["estimand"] for cell in at_first}
    assert f"pass@{budgets[0]}, %" in html
    assert ("pass@32, %, extrapolated" in html) == (budgets[0] > 16)


def test_of_too_many_problems_those_most_likely_lost_or_gained_are_packed():
    problems = analyze(small_counts(), "base", prior="independent").problems
    packed = packed_problems(problems, ["easy", "hard"], most=10)
    assert (packed.n_packed, packed.n_rows) == (10, len(problems))
    importance = problems[["prob_lost", "prob_gained"]].max(axis=1).sort_values(ascending=False)
    columns = packed.content["columns"]
    lost, gained = columns.index("prob_lost"), columns.index("prob_gained")
    assert [max(row[lost], row[gained]) for row in packed.content["rows"]] == pytest.approx(
        list(importance[:10].round(2))
    )


def test_the_median_is_shown_where_the_mean_lies_outside_of_its_interval(tmp_path):
    """One problem, solved once by the base and never by RL: what RL discovered is nothing but in rare draws."""
    counts = pd.DataFrame({"model": ["base", "rl"], "problem_id": ["p", "p"], "n_samples": 1, "n_correct": [1, 0]})
    analysis = analyze(counts, base="base", prior="independent", level=0.5)
    checked_cells(analysis, tmp_path)
    rows = analysis.estimates.query("kind == 'posterior' and estimand in ('pass_hat_k', 'pass_at_k', 'shrinkage')")
    assert ((rows["mean"] < rows["lower"]) | (rows["mean"] > rows["upper"])).any()
    for record in rows.query("estimand == 'pass_hat_k'").to_dict("records"):
        middle = float(interval_text(record, "pass_hat_k").split()[0])
        assert 100 * record["lower"] - 0.1 <= middle <= 100 * record["upper"] + 0.1
