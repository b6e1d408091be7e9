"""Tables for papers: the numbers of the estimates, extrapolation marked, names read and never run."""

import html
import re

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from boundary.analysis.estimates.table import estimates_frame
from boundary.analysis.tables.estimate_table import estimate_table
from boundary.analysis.tables.markup import latex_text, markdown_text
from boundary.analysis.tables.result_table import Cell, ResultTable
from boundary.errors import InputError
from boundary.html_tables import html_table
from boundary.plain_text import plain

UNESCAPED = re.compile(r"(?<!\\)[&%$#_{}~^]")
NAMES = st.text(max_size=30)
HOSTILE = [
    r"\input{/etc/passwd}",
    "a & b \\\\ c % d",
    "<script>alert(1)</script>",
    "[link](http://x)|![i](y)",
    "$x^2$ `code` *b* _i_",
    "модель 模型",
    "line\nbreak\x1b[2J",
    "--base",
    "[2pt]",
]


def read_latex(text):
    """A text that `latex_text` wrote, as TeX would set it."""
    names = {
        "textbackslash": "\\",
        "textasciitilde": "~",
        "textasciicircum": "^",
        "textless": "<",
        "textgreater": ">",
        "textbar": "|",
        "textquotesingle": "'",
        "textasciigrave": "`",
    }
    text = text.replace("$^{\\dagger}$", "\N{DAGGER}").replace("$-$", "\N{MINUS SIGN}")
    text = text.replace("''", '"')
    text = re.sub(r"(?<!\w)\{\}|(?<=-)\{\}", "", text)
    return re.sub(r"\\(text[a-z]+)\{\}", lambda name: names[name[1]], text)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("write", [latex_text, markdown_text])
def test_no_name_is_a_command_or_a_line(name, write):
    markup = write(name)
    assert "\n" not in markup
    assert "\x1b" not in markup
    if write is latex_text:
        assert set(re.findall(r"\\([a-z]+)", markup)) <= {
            f"text{end}"
            for end in (
                "backslash",
                "asciitilde",
                "asciicircum",
                "less",
                "greater",
                "bar",
                "quotesingle",
                "asciigrave",
            )
        }
        assert not markup.startswith(("[", "*"))
        assert "--" not in markup


@given(NAMES)
def test_latex_holds_no_bare_special_character(name):
    markup = latex_text(name)
    bare = re.sub(r"\\text[a-z]+\{\}|\\[&%$#_{}]|\{\}|\$-\$|\$\^\{\\dagger\}\$", "", markup)
    assert not UNESCAPED.search(bare)
    assert "\\" not in bare
    assert not markup.startswith(("[", "*"))
    assert "--" not in markup


@given(st.text(alphabet=st.characters(exclude_characters="{}&%$#_\\", categories=("L", "N", "P", "S")), max_size=30))
def test_latex_keeps_what_a_name_says(name):
    assert read_latex(latex_text(name)) == plain(name)


@given(NAMES)
def test_markdown_holds_no_bare_mark_and_keeps_the_name(name):
    markup = markdown_text(name)
    assert re.sub(r"\\([\\`*_{}\[\]<>()#+!|~&$:@])", r"\1", markup) == plain(name)
    assert not re.search(r"(?<!\\)(\\\\)*[|`<\[*]", re.sub(r"\\.", "", markup))


@given(NAMES, NAMES)
def test_html_tables_hold_no_tag_of_a_name(name, caption):
    shown = html_table(caption, ("model",), [(name,)])
    assert set(re.findall(r"</?([^\s>/]+)", shown)) == {"table", "caption", "thead", "tr", "th", "tbody", "td"}
    (cell,) = re.findall(r"<td>(.*?)</td>", shown, flags=re.DOTALL)
    assert html.unescape(cell) == plain(name)


def test_many_rows_are_cut_in_a_notebook_and_said_to_be():
    shown = html_table("Models.", ("model",), [(str(i),) for i in range(100)])
    assert shown.count("<td>") == 40
    assert "60 more rows are not shown." in shown


def test_a_table_of_hostile_names_keeps_its_columns():
    rows = tuple((Cell(name), Cell("1.0 [0.5, 2.0]", i % 2 == 0)) for i, name in enumerate(HOSTILE))
    table = ResultTable("Caption with 5 % & more.", ("model", "share, %"), 1, rows, pd.DataFrame())
    markdown = table.to_markdown().split("\n")
    lines = [line for line in markdown if line.startswith("|")]
    assert len(lines) == len(HOSTILE) + 2
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}
    latex = table.to_latex()
    body = latex[latex.index("\\midrule") : latex.index("\\bottomrule")].strip().split("\n")[1:]
    assert len(body) == len(HOSTILE)
    assert all(line.endswith(" \\\\") and len(re.findall(r"(?<!\\)&", line)) == 1 for line in body)
    assert latex.count("$^{\\dagger}$") == 1 + sum(cell.is_extrapolated for _, cell in rows)
    text = table.to_text().split("\n")
    assert len(text) == len(HOSTILE) + 2


def test_the_table_of_an_estimand_has_the_numbers_of_the_estimates(pair):
    table = pair.table("shrinkage", k=128)
    rows = pair.estimates
    rows = rows[(rows.estimand == "shrinkage") & (rows.kind == "posterior") & (rows.k == 128)]
    assert table.headings == ("benchmark", "model", "k = 128, points")
    assert table.frame["mean"].tolist() == rows["mean"].tolist()
    for line, (_, row) in zip(table.rows, rows.iterrows(), strict=True):
        numbers = [
            float(text.replace("\N{MINUS SIGN}", "-")) for text in re.findall(r"[\N{MINUS SIGN}\d.]+", line[2].text)
        ]
        assert numbers == pytest.approx([100 * row[name] for name in ("mean", "lower", "upper")], abs=0.0501)
        assert not line[2].is_extrapolated


def test_extrapolated_cells_are_marked_wherever_a_table_goes(pair):
    table = pair.table("pass_at_k", k=[1, 1024])
    assert {row[3].is_extrapolated for row in table.rows} == {True}
    assert {row[2].is_extrapolated for row in table.rows} == {False}
    for shown in (table.to_markdown(), table.to_text(), table._repr_html_()):
        assert shown.count("\N{DAGGER}") == len(table.rows) + 1
    assert table.to_latex().count(r"$^{\dagger}$") == len(table.rows) + 1
    assert "extrapolated beyond the samples" in table.note


def test_what_was_not_estimated_is_refused_with_what_mends_it(pair):
    for estimand, k, message in (
        ("shrinkag", None, "Did you mean 'shrinkage'"),
        ("shrinkage", 7, "no shrinkage at k = 7. It was estimated at k = 1, 2, "),
        ("gained_", None, "There is no estimand 'gained_'. Did you mean 'gained'"),
        ("srr", None, r"srr was not estimated. Give estimands=\['srr'\]"),
    ):
        with pytest.raises(InputError, match=message):
            pair.table(estimand, k=k)


def test_a_ranking_and_a_model_alone_have_a_table_of_shares(single):
    table = single.table()
    assert table.headings == ("benchmark", "model", "solved at k = 1, %", "solved at k = 128, %", "problems", "n")
    assert [row[0].text for row in table.rows] == ["All benchmarks", "AIME24", "AMC23"]
    curve = single.estimates[(single.estimates.benchmark == "all") & (single.estimates.kind == "posterior")]
    (row,) = curve[curve.k == 128].to_dict("records")
    assert table.rows[0][3].text.startswith(f"{100 * row['mean']:.1f} [")


def test_rankings_thresholds_and_single_numbers_have_tables(run_estimates):
    estimates = estimates_frame(run_estimates.to_dict("records"))
    better = estimate_table(estimates, "better", None)
    assert better.headings[:3] == ("benchmark", "model", "compared with")
    assert [cell.text for cell in better.rows[0][:3]] == ["B", "run-final", "base"]
    assert better.rows[0][3].text == "0.99"  # a probability has no interval
    rank = estimate_table(estimates, "rank", [1, 16])
    assert [cell.text for cell in rank.rows[0][1:]] == ["base", "3 [3, 3]", "3 [3, 3]"]
    assert rank.rows[0][3].is_extrapolated
    of_tau = estimate_table(estimates, "cover_at_tau", None)
    assert of_tau.headings[2:] == ("tau = 0.5, %",)
    assert of_tau.rows[0][2].text == "25.0 [20.0, 30.0]"


def test_a_crossover_that_no_verdict_speaks_of_is_not_written(pair):
    table = pair.table("crossover")
    assert table.headings == ("benchmark", "model", "crossover, k")
    assert table.rows[0][2].text == "24 [16, none]"
    silent = estimate_table(pair.estimates, "crossover", None)
    assert {row[2].text for row in silent.rows} == {"\N{EN DASH}"}
    never = dict.fromkeys(zip(pair.estimates["benchmark"], pair.estimates["model"], strict=True), "none up to k = 1024")
    assert {row[2].text for row in estimate_table(pair.estimates, "crossover", None, never).rows} == {
        "none up to k = 1024"
    }
