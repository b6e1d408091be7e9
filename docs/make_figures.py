"""The figures of the pages and of the README, from shipped data.

`OPENBLAS_NUM_THREADS=1 python docs/make_figures.py [NAME ...]` writes docs/figures/*.svg. The command sets
this variable too, and the last digits depend on it.

Each figure is one function that draws on axes, and follows the colour scheme of the page that shows it.
"""

import io
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

import boundary as bd
from boundary.stats.estimands.unbiased import unbiased_pass_at_k
from boundary.stats.prior_free.bounds import pass_at_k_bounds

FOLDER = Path(__file__).parent / "figures"
TRUTH = Path(__file__).parents[1] / "examples" / "rl_vs_base" / "truth.csv"
SMALL_MODEL = "SmolLM2-135M-Instruct"
# Colours of a light page, and those that stand for them on a dark one.
BASE, RL, INK, MUTED, RULE, SHADE = "#0072b2", "#d55e00", "#1b1f24", "#59636e", "#c9cfd6", "#f1f1ec"
ON_DARK = {BASE: "#56b4e9", RL: "#ff8c42", INK: "#e6e9ed", MUTED: "#a7b0ba", RULE: "#4a525c", SHADE: "#2a2f36"}
STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "axes.titlesize": 11,
    "svg.fonttype": "none",
    "svg.hashsalt": "boundary",
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


@cache
def verdict_analysis(benchmarks: tuple[str, ...] | None = None) -> bd.Analysis:
    """Two models of the shipped set `deepscaler-1.5b`, on all benchmarks or on some."""
    return bd.analyze("deepscaler-1.5b", benchmarks=benchmarks)  # as the command does, so that its numbers agree


@cache
def small_model_counts() -> pd.DataFrame:
    """The base of `smollm2-arithmetic`: counts of 256 samples beside the exact solve rate `p`."""
    counts = bd.load_counts("smollm2-arithmetic").table
    truth = pd.read_csv(TRUTH)[["model", "benchmark", "problem_id", "p"]]
    return counts[counts["model"] == SMALL_MODEL].merge(truth, validate="one_to_one")


@cache
def fit_of_few_samples(n: int, prior: str = "nonparametric") -> bd.SolveRates:
    """The base of `smollm2-arithmetic` fitted on n of its 256 samples, drawn at random."""
    table = small_model_counts()
    rng = np.random.default_rng(0)
    n_correct = rng.hypergeometric(table["n_correct"], table["n_samples"] - table["n_correct"], n)
    columns = table[["model", "benchmark", "problem_id"]].assign(n_samples=n, n_correct=n_correct)
    result = bd.analyze(columns, benchmarks="all", k=[1, n], estimands=["pass_at_k"], prior=prior)
    (rates,) = result.rates.values()
    return rates


def exact_pass_at_k(budgets: Sequence[int]) -> np.ndarray:
    """pass@k of the base of `smollm2-arithmetic`, which is known exactly."""
    p = small_model_counts()["p"].to_numpy()
    return np.array([(1 - (1 - p) ** k).mean() for k in budgets])


def budgets_up_to(largest: int, number: int = 60) -> list[int]:
    """Budgets evenly spread on a logarithmic axis."""
    return sorted({round(k) for k in np.geomspace(1, largest, number)})


def curve(axes: Axes, rates: bd.SolveRates, model: int, budgets: Sequence[int], colour: str) -> np.ndarray:
    """Draw pass@k with its 95 % band, dashed beyond the samples; its mean is returned."""
    draws = (
        bd.pass_at_k(rates, list(budgets)).isel(model=model).transpose("k", ...).to_numpy().reshape(len(budgets), -1)
    )
    mean, (lower, upper) = draws.mean(axis=1), np.quantile(draws, [0.025, 0.975], axis=1)
    within = np.asarray(budgets) <= rates.reliable_k
    axes.fill_between(budgets, 100 * lower, 100 * upper, color=colour, alpha=0.22, linewidth=0)
    axes.plot(np.asarray(budgets)[within], 100 * mean[within], color=colour, linewidth=2)
    axes.plot(np.asarray(budgets)[~within], 100 * mean[~within], color=colour, linewidth=2, linestyle=(0, (3, 2)))
    return np.asarray(100 * mean)


def budget_axis(axes: Axes, ticks: Sequence[int], label: str = "k: samples allowed for each problem") -> None:
    """A logarithmic axis of budgets."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [f"{k:,}" for k in ticks])
    axes.minorticks_off()
    axes.set_xlabel(label)
    axes.set_ylabel("problems solved, %")
    axes.grid(axis="y", color=RULE, linewidth=0.5)


def beyond_samples(axes: Axes, n: int, largest: int) -> None:
    """Shade the budgets beyond the samples."""
    axes.axvspan(n, largest, color=SHADE, linewidth=0, zorder=-2)
    axes.text(
        largest,
        0.03,
        f"beyond n = {n}: extrapolated ",
        transform=axes.get_xaxis_transform(),
        color=MUTED,
        fontsize=9,
        ha="right",
    )


def answer(axes: Axes, benchmarks: tuple[str, ...] | None = None) -> None:
    """The picture of the README: pass@k of DeepScaleR and its base, with the crossover."""
    result = verdict_analysis(benchmarks)
    rates = list(result.rates.values())[-1]
    budgets, n = budgets_up_to(1024), rates.reliable_k
    budget_axis(axes, [2**i for i in range(11)])
    beyond_samples(axes, n, 1024)
    for model, colour, name, offset, side in (
        (0, BASE, "base model", (8, -10), "left"),
        (1, RL, "after RL", (-8, 8), "right"),
    ):
        mean = curve(axes, rates, model, budgets, colour)
        axes.annotate(
            name,
            (3, np.interp(3, budgets, mean)),
            offset,
            textcoords="offset points",
            color=colour,
            weight="bold",
            ha=side,
        )
    row = result.estimates.query("estimand == 'crossover' and kind == 'posterior'").iloc[-1]
    if np.isfinite(row["upper"]):
        axes.axvspan(row["lower"], row["upper"], color=MUTED, alpha=0.18, linewidth=0, zorder=-1)
        axes.annotate(
            f"the base catches up\nat k = {row['median']:.0f} [{row['lower']:.0f}, {row['upper']:.0f}]",
            (row["upper"] * 1.08, 0.3),
            xycoords=("data", "axes fraction"),
            ha="left",
            color=INK,
        )
    axes.set_xlim(1, 1024)
    axes.set_title("RL is ahead with few attempts, and behind with many")


def posterior(axes: Axes) -> None:
    """What 16 samples say of three problems: the posterior of their solve rates."""
    rates, table = fit_of_few_samples(16), small_model_counts()
    c = rates.n_correct[:, 0]
    places = [int(np.flatnonzero(c == value)[0]) for value in (0, 4, 15) if (c == value).any()]
    bins = np.linspace(0, 1, 41)
    for place, colour, offset, side in zip(
        places, (BASE, INK, RL), (14, 8, -26), ("left", "left", "right"), strict=False
    ):
        density = np.histogram(rates.p[..., place, 0].ravel(), bins, density=True)[0]
        axes.stairs(np.minimum(density, 14), 100 * bins, color=colour, fill=True, alpha=0.3)
        axes.stairs(np.minimum(density, 14), 100 * bins, color=colour, linewidth=1.5)
        at = float(np.median(rates.p[..., place, 0]))
        axes.annotate(
            f"{c[place]} of 16 right",
            (100 * at, min(density.max(), 14)),
            (offset, 0),
            textcoords="offset points",
            color=colour,
            weight="bold",
            ha=side,
        )
        axes.plot(100 * table["p"].iloc[place], -0.5, marker="^", color=colour, clip_on=False, markersize=7)
    axes.set(xlim=(0, 100), ylim=(0, 15), xlabel="solve rate of the problem, %", yticks=[], ylabel="how plausible")
    axes.text(0.99, 0.93, "▲ the exact solve rate", transform=axes.transAxes, ha="right", color=MUTED)
    axes.set_title("A range of plausible solve rates, not a number")


def noise(axes: Axes, n: int = 16, repeats: int = 25) -> None:
    """Unbiased pass@k from 25 runs of 16 samples each: the curves spread out towards k = n."""
    table, rng = small_model_counts(), np.random.default_rng(1)
    table = table[table["benchmark"] == "differences-2"]
    budgets = list(range(1, n + 1))
    n_samples = np.full(len(table), n)
    for _ in range(repeats):
        n_correct = rng.binomial(n, table["p"])
        values = [np.mean(unbiased_pass_at_k(n_correct, n_samples, k)) for k in budgets]
        axes.plot(budgets, 100 * np.array(values), color=BASE, linewidth=0.9, alpha=0.55)
    p = table["p"].to_numpy()
    exact = np.array([(1 - (1 - p) ** k).mean() for k in budgets])
    axes.plot(budgets, 100 * exact, color=RL, linewidth=2.4)
    axes.annotate("exact", (n, 100 * exact[-1]), (6, -3), textcoords="offset points", color=RL, weight="bold")
    axes.text(0.04, 0.85, f"{repeats} runs of {n} samples", transform=axes.transAxes, color=BASE, weight="bold")
    budget_axis(axes, [1, 2, 4, 8, 16])
    axes.set_xlim(1, n)
    axes.set_title(f"One model, sampled {repeats} times: noisiest at k = n")


def beyond_n(axes: Axes, n: int = 32) -> None:
    """pass@k beyond 32 samples: posterior, prior-free bounds, and the exact curve."""
    rates, budgets = fit_of_few_samples(n), budgets_up_to(4096)
    far = [k for k in budgets if k > n]
    bounds = 100 * pass_at_k_bounds(rates.n_correct[:, 0], rates.n_samples[:, 0], far)
    budget_axis(axes, [1, 4, 16, 64, 256, 1024, 4096])
    beyond_samples(axes, n, 4096)
    for side in (0, 1):
        axes.plot(far, bounds[:, side], color=MUTED, linewidth=1.2, linestyle=(0, (1, 1.5)))
    axes.annotate(
        "what the counts allow\nunder any prior",
        (far[-1], bounds[-1, 0]),
        (-4, 6),
        textcoords="offset points",
        color=MUTED,
        ha="right",
    )
    mean = curve(axes, rates, 0, budgets, BASE)
    axes.annotate(
        f"estimate from {n} samples",
        (2, np.interp(2, budgets, mean)),
        (10, -8),
        textcoords="offset points",
        color=BASE,
        weight="bold",
    )
    exact = 100 * exact_pass_at_k(budgets)
    axes.plot(budgets, exact, color=RL, linewidth=1.6)
    axes.annotate(
        "exact", (budgets[-8], exact[-8]), (0, 5), textcoords="offset points", color=RL, weight="bold", ha="right"
    )
    axes.set(xlim=(1, 4096), ylim=(15, 100))
    axes.set_title(f"Beyond n = {n} the prior decides more and more")


def pooling(axes: Axes, n: int = 16) -> None:
    """pass@k from 16 samples with each problem on its own and with a common population, against the exact curve."""
    budgets = budgets_up_to(512)
    budget_axis(axes, [2**i for i in range(10)])
    beyond_samples(axes, n, 512)
    for prior, colour, name, at in (
        ("independent", MUTED, "each problem on its own", 12),
        ("nonparametric", BASE, "problems inform each other", 26),
    ):
        mean = curve(axes, fit_of_few_samples(n, prior), 0, budgets, colour)
        shift = (-6, 10) if prior == "independent" else (6, -16)
        axes.annotate(
            name,
            (at, np.interp(at, budgets, mean)),
            shift,
            textcoords="offset points",
            color=colour,
            weight="bold",
            ha="right" if prior == "independent" else "left",
        )
    exact = 100 * exact_pass_at_k(budgets)
    axes.plot(budgets, exact, color=RL, linewidth=1.8)
    axes.annotate(
        "exact", (budgets[-1], exact[-1]), (-4, 6), textcoords="offset points", color=RL, weight="bold", ha="right"
    )
    axes.set_xlim(1, 512)
    axes.set_title("On its own, each unsolved problem looks solvable")


def margin(axes: Axes, benchmarks: tuple[str, ...] | None = None) -> None:
    """Posterior of the shrinkage at k = n of each benchmark, beside the margin."""
    result = verdict_analysis(benchmarks)
    names = list(reversed(result.rates))
    half = 100 * result.request.margin
    axes.axvspan(-half, half, color=MUTED, alpha=0.25, linewidth=0)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    bins = np.linspace(-9, 12, 85)
    for height, name in enumerate(names):
        rates = result.rates[name]
        draws = 100 * bd.shrinkage(rates, rates.reliable_k).to_numpy().ravel()
        density = np.histogram(draws, bins, density=True)[0]
        density = 0.8 * density / density.max()
        for low, high, colour in ((-9, -half, RL), (-half, half, MUTED), (half, 12, BASE)):
            edges = bins[(bins >= low - 1e-9) & (bins <= high + 1e-9)]
            heights = density[(bins[:-1] >= low - 1e-9) & (bins[:-1] < high - 1e-9)]
            places = np.flatnonzero(heights > 0.004)
            if places.size:
                part = slice(places[0], places[-1] + 1)
                axes.stairs(
                    height + heights[part],
                    edges[part.start : part.stop + 1],
                    baseline=height,
                    fill=True,
                    color=colour,
                    alpha=0.75,
                )
        shares = (draws < -half).mean(), (np.abs(draws) <= half).mean(), (draws > half).mean()
        label = "all problems" if name.startswith("all") else name.partition(":")[0]
        axes.text(-8.8, height + 0.12, label, weight="bold")
        axes.text(11.9, height + 0.12, " · ".join(f"{share:.0%}" for share in shares), ha="right", color=MUTED)
    axes.text(11.9, len(names) - 0.1, "wider · within · narrower", ha="right", color=MUTED, fontsize=9)
    axes.set(
        xlim=(-9, 12),
        ylim=(0, len(names) + 0.15),
        yticks=[],
        xlabel="points of pass@128 that RL loses (below zero: gains)",
    )
    axes.spines["left"].set_visible(False)
    axes.set_title("A verdict: 95 % beyond or within the margin", pad=10)


FIGURES: dict[str, Callable[..., None]] = {
    function.__name__: function for function in (answer, posterior, noise, beyond_n, pooling, margin)
}


def svg(draw: Callable[..., None], **options: Any) -> str:
    """One figure as SVG, its colours as variables that follow the colour scheme."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6.6, 3.6), layout="constrained")
        draw(figure.add_subplot(), **options)
        figure.patch.set_alpha(0)
        figure.axes[0].patch.set_alpha(0)
        stream = io.StringIO()
        FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    names = {colour: f"--c{number}" for number, colour in enumerate(ON_DARK)}
    for colour, name in names.items():
        text = text.replace(colour, f"var({name})")
    light = "".join(f"{name}:{colour};" for colour, name in names.items())
    dark = "".join(f"{name}:{ON_DARK[colour]};" for colour, name in names.items())
    fonts = "font-family:DejaVu Sans,Verdana,Helvetica,Arial,sans-serif"
    style = f"<style>svg{{{light}{fonts}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}</style>"
    start = text.index("<defs>")
    return "".join([text[:start], style, text[start:]])


def main(names: Sequence[str]) -> None:
    """Write the figures that are named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or FIGURES:
        (FOLDER / f"{name}.svg").write_text(svg(FIGURES[name]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
