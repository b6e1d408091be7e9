"""The tables of docs/speed.md and its two figures, from the rows of results."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.pages import replace_between
from benchmarks.speed.results import summary

MARK = "tables of python -m benchmarks.speed"
COMMANDS = ("command_help", "shipped", "pairs_24", "benchmarks_12", "models_100")
PEER_NAMES = {"nutpie": "nutpie, beta-binomial", "npmle": "convex NPMLE"}
# Items that are drawn, the column on the horizontal axis, and which runs.
FIGURES = {
    "sizes": ("problems", "warm", "problems", "Joint fit of a pair, n = 128, once compiled"),
    "panels": ("panels", "later", "pairs of 200 problems", "One command, report included, later run"),
}


def write_page(page: Path, rows: pd.DataFrame, figures: dict[str, Path]) -> None:
    """Put the tables of some results, and links to the figures, between the marks of a page."""
    replace_between(page, MARK, "\n".join(["", *_block(rows, figures), ""]))


def _block(rows: pd.DataFrame, figures: dict[str, Path]) -> Iterator[str]:
    cells = summary(rows)
    if rows["quick"].astype(bool).any():
        yield "**Small sizes on a busy machine (`--quick`): these numbers only show the form of the tables.**\n"
    yield _machine(rows)
    for title, lines in (
        ("Commands, report included", _commands(cells)),
        ("Joint fit, on one core", _joint_fit(cells)),
        ("Pairs of many problems", _large_pairs(cells)),
        ("Numbers", _numbers(rows)),
        ("What was not measured, and why", _notes(rows)),
    ):
        lines = list(lines)
        if lines:
            yield f"\n## {title}\n"
            yield from lines
    for name, path in figures.items():
        yield f"\n![{FIGURES[name][3]}](../benchmarks/results/{path.name})"


def _machine(rows: pd.DataFrame) -> str:
    versions = rows[rows["version"].isin(["before", "now"])].dropna(subset="revision")
    revisions = versions.groupby("version")["revision"].unique()
    labels = ", ".join(f"*{name}* is {' and '.join(revision)}" for name, revision in revisions.items())
    cores, python = rows["cores"].max(), rows["python"].iloc[-1]
    return f"{cores} cores, Python {python}; {labels}. Medians of the runs; each run is a row of `speed.csv`."


def _number(value: float, digits: int = 3) -> str:
    return "" if pd.isna(value) else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{digits}g}"


def _table(headings: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    if lines:
        yield "| " + " | ".join(headings) + " |"
        yield "|" + "---|" * len(headings)
        yield from lines


def _commands(cells: pd.DataFrame) -> Iterator[str]:
    """Wall and processor seconds and memory of each command, before and now."""
    measures = ["seconds", "cpu_seconds", "peak_gb", "page_mb", "posterior_mb"]
    units = ["s", "CPU s", "GB", "page MB", "posterior MB"]

    def lines() -> Iterator[list[str]]:
        part = cells[cells["item"].isin(COMMANDS)]
        for (case, phase), group in part.groupby(["case", "phase"], sort=False):
            group = group.set_index("version").reindex(["before", "now"])
            pairs = [f"{_number(group.at['before', m])} / {_number(group.at['now', m])}" for m in measures]
            yield [f"{case}, {phase} run", *pairs, *(_number(group.at["now", f"{m}_ratio"]) for m in measures[:2])]

    yield from _table(
        ["work", *(f"{unit}, before / now" for unit in units), "s, now over before", "CPU s, now over before"], lines()
    )


def _joint_fit(cells: pd.DataFrame) -> Iterator[str]:
    """Time and quality of the joint fit of the shipped set, and of peers on the same counts."""
    part = cells[(cells["item"] == "joint_fit") & cells["cpu_seconds"].notna()]

    def lines() -> Iterator[list[str]]:
        for row in part.to_dict("records"):
            name = PEER_NAMES.get(row["version"], row["version"])
            measures = ("cpu_seconds", "cpu_seconds_ratio", "compile_seconds", "min_ess_bulk", "min_ess_tail")
            numbers = [_number(row[measure]) for measure in measures]
            end = "" if pd.isna(row["max_end_error"]) else f"{100 * row['max_end_error']:.1f} %"
            yield [f"{row['case']}: {name}", *numbers, _number(row["max_r_hat"], 4), end, _number(row["quantities"])]

    headings = ["fit", "CPU s", "over before", "s to compile", "least ESS, bulk", "tails", "largest R-hat"]
    yield from _table([*headings, "largest error of an end / width", "quantities"], lines())


def _large_pairs(cells: pd.DataFrame) -> Iterator[str]:
    """Time, convergence and memory against the number of problems, by population."""
    part = cells[(cells["item"] == "large_pairs") & cells["seconds"].notna()]
    if part.empty:
        return
    smallest = part.sort_values("problems").groupby(["version", part["case"].str.partition(",")[0]])["seconds"].first()

    def lines() -> Iterator[list[str]]:
        for row in part.to_dict("records"):
            base = smallest[row["version"], row["case"].partition(",")[0]]
            yield [
                f"{row['case']}: {row['version']}",
                str(row["runs"]),
                *(_number(row[name]) for name in ("seconds", "cpu_seconds")),
                _number(row["seconds"] / base),
                f"{row['max_r_hat']:.4f}",
                str(row["fits_over_limit"]),
                *(_number(row[name]) for name in ("min_ess_bulk", "min_ess_tail", "peak_gb")),
            ]

    headings = ["pair", "seeds", "s", "CPU s", "over the smallest", "largest R-hat", "fits with R-hat over 1.01"]
    yield from _table([*headings, "least ESS, bulk", "tails", "GB"], lines())


def _numbers(rows: pd.DataFrame) -> Iterator[str]:
    """Whether numbers are the same alone and among other fits, and as before."""
    for row in rows[(rows["item"] == "same_numbers") & rows["same"].notna()].to_dict("records"):
        yield (
            f"- Same seed, same numbers, however many panels are fitted together ({row['version']}; {row['case']}, "
            f"{row['compared']:.0f} rows of estimates): **{row['same']}**; {row['different']:.0f} rows differ, by at "
            f"most {row['largest']:.1g} of their value."
        )
    for row in rows[(rows["item"] == "agreement") & rows["largest"].notna()].to_dict("records"):
        yield (
            f"- {row['case'].capitalize()}, before and now ({row['compared']:.0f} numbers): the largest difference is "
            f"{row['largest']:.1f} times its Monte Carlo error ({row['worst']}), the root mean square "
            f"{row['root_mean_square']:.2f}. All are in `agreement.csv`."
        )


def _notes(rows: pd.DataFrame) -> Iterator[str]:
    for row in rows[rows["note"].notna() & (rows["note"] != "")].to_dict("records"):
        yield f"- {row['case']}, {row['version']}: {row['note']}"


def draw_figures(rows: pd.DataFrame, folder: Path) -> dict[str, Path]:
    """Time and memory against problems, and against panels: speed-sizes.png and speed-panels.png."""
    import matplotlib

    matplotlib.use("agg")
    paths = {}
    for item, (column, phase, label, title) in FIGURES.items():
        part = rows[(rows["item"] == item) & (rows["phase"] == phase) & rows["seconds"].notna()]
        if len(part):
            paths[item] = _figure(part, column, label, title, folder / f"speed-{item}.png")
    return paths


def _figure(rows: pd.DataFrame, column: str, label: str, title: str, path: Path) -> Path:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for ax, measure, unit in zip(axes, ("seconds", "peak_gb"), ("seconds", "peak memory, GB"), strict=True):
        for version, part in rows.groupby("version", sort=True):
            runs = part.groupby(column)[measure].agg(["min", "median", "max"])
            ax.fill_between(runs.index, runs["min"], runs["max"], alpha=0.2)
            ax.plot(runs.index, runs["median"], marker="o", label=version)
        ax.set(xscale="log", yscale="log", xlabel=label, ylabel=unit)
    axes[0].legend()
    figure.suptitle(title)
    figure.savefig(path, dpi=130)
    plt.close(figure)
    return path
