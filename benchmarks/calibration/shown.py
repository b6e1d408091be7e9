"""The results as tables in Markdown and as one figure."""

from pathlib import Path

import pandas as pd

TITLES = {
    "pythia": "Pythia x MATH: 128 problems, truth from 10,000 samples, fitted on a subsample; mean over the models",
    "populations": "Made-up populations of one model, n = 64",
    "pairs": "Pairs of models, n = 64: lost and gained problems, shrinkage, crossover",
}
NOMINAL = 0.95


def cells(folder: Path) -> pd.DataFrame:
    """Every cell of every table written so far, one row each."""
    tables = []
    for name in TITLES:
        for path in sorted(folder.glob(f"{name}-*.csv")):
            if not path.name.endswith(".draws.csv"):
                tables.append(pd.read_csv(path).assign(table=name))
    table = pd.concat(tables, ignore_index=True)
    pythia = table["table"] == "pythia"
    table["what"] = table["population"].where(~pythia, "fit on " + table["fit_on"].astype(str))
    table["what"] += (", N = " + table["n_problems"].astype(str)).where(~pythia, "")
    return table


def markdown(folder: Path) -> str:
    """Coverage, and for Pythia the error, as Markdown tables."""
    results = cells(folder)
    lines = []
    for name, title in TITLES.items():
        rows_of_table = results.loc[results["table"] == name]
        for prior, rows in rows_of_table.groupby("prior", sort=False):
            error = rows["coverage_error"].max()
            lines += [f"*{title}; `{prior}`; Monte Carlo error of a coverage at most {error:.3f}*", ""]
            values = {"coverage": rows, "mean absolute error": rows} if name == "pythia" else {"coverage": rows}
            for value in values:
                lines += _table(rows, "error" if value != "coverage" else value, value)
    return "\n".join(lines + _relative_widths(results))


def _relative_widths(results: pd.DataFrame) -> list[str]:
    """Width of the default prior's intervals over that of a beta-binomial fit, where both were run."""
    rows = results.loc[results["table"] == "populations"]
    if "beta_binomial" not in set(rows["prior"]):
        return []
    width = rows.pivot_table(index=["what", "k"], columns="prior", values="width", sort=False)
    ratio = (width["nonparametric"] / width["beta_binomial"]).dropna().unstack("k")
    lines = ["*Mean width of the intervals of `nonparametric` over that of `beta_binomial`, the same draws*", ""]
    lines += ["| |" + "".join(f" k = {k} |" for k in ratio), "|---|" + "---|" * len(ratio.columns)]
    for population, values in ratio.iterrows():
        lines.append(f"| {population} |" + "".join(f" {value:.2f} |" for value in values))
    return [*lines, ""]


def _table(rows: pd.DataFrame, column: str, label: str) -> list[str]:
    budgets = sorted(rows["k"].unique())
    wide = rows.pivot_table(index=["what", "estimand"], columns="k", values=column, sort=False)
    head = f"| {label} of 95 % intervals | |" if column == "coverage" else f"| {label} | |"
    lines = [head + "".join(f" k = {k} |" for k in budgets), "|---|---|" + "---|" * len(budgets)]
    for (population, estimand), values in wide.iterrows():
        shown = "".join(f" {'' if pd.isna(values[k]) else format(values[k], '.3f')} |" for k in budgets)
        lines.append(f"| {population} | {estimand} |{shown}")
    return [*lines, ""]


def figure(folder: Path) -> Path:
    """Coverage against k, a panel for each table of the default prior, with Monte Carlo error; coverage.png."""
    import matplotlib.pyplot as plt

    results = cells(folder)
    results = results.loc[(results["prior"] == "nonparametric") & (results["estimand"] != "crossover")]
    panels = [
        (name, population)
        for name, rows in results.groupby("table", sort=False)
        for population in rows["what"].unique()
    ]
    fig, axes = plt.subplots(-(-len(panels) // 4), 4, figsize=(11, 2.3 * -(-len(panels) // 4)))
    for ax, (name, population) in zip(axes.flat, panels, strict=False):
        rows = results.loc[(results["table"] == name) & (results["what"] == population)]
        for estimand, line in rows.groupby("estimand", sort=False):
            mean = line.groupby("k")["coverage"].mean()
            error = line.groupby("k")["coverage_error"].max() / line.groupby("k").size() ** 0.5
            ax.errorbar(mean.index, mean, error, marker="o", ms=3, lw=1, label=str(estimand).replace("_", " "))
        ax.axhline(NOMINAL, color="0.6", lw=0.8, zorder=0)
        lowest = 0.7 if rows.groupby(["estimand", "k"])["coverage"].mean().min() >= 0.7 else 0.0
        ax.set(xscale="log", title=population, ylim=(lowest, 1.02))
        ax.title.set_fontsize(9)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    handles = {label: handle for ax in axes.flat for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles, loc="upper center", fontsize=8, ncol=len(handles))
    fig.supylabel("coverage of 95 % intervals", fontsize=9)
    fig.supxlabel("k", fontsize=9)
    fig.tight_layout(rect=(0, 0, 1, 0.985))
    path = folder / "coverage.png"
    fig.savefig(path, dpi=130)
    plt.close(fig)
    return path
