"""Coverage of the likelihood's intervals where the truth is known: python -m benchmarks.likelihood [--draws 80].

Two models answer the same problems. The mean log-probability of a token differs between problems (Student-t), between
models, and between a problem's models; responses lie around it with a variance of a + b / T, T being their length, and
the tails of the cell. Held are the truths of these very problems: of the difference between the models (all, and right
responses alone, which are rarer on harder problems), of the total log-probability, of the probability of superiority,
and problem by problem. Beside the fit stand two that were not kept: plain means with their standard errors, and the
locations of Student-t residuals response by response, which are no means where the tails are unequal.

The second table is of the base's solve rate by the RL model's right responses (importance sampling and bounds).
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd
from scipy.stats import norm

from benchmarks.pages import replace_between
from boundary.stats.likelihood.cells import cells_of
from boundary.stats.likelihood.importance import importance_estimate
from boundary.stats.likelihood.means import fit_means
from boundary.stats.likelihood.superiority import count_wins, draw_pooled_superiority, draw_superiority

RESULTS = Path(__file__).parent / "results"
TAILS = [0.025, 0.975]
# Shorter chains than an analysis has: 512 draws.
CHAINS: dict[str, Any] = {"chains": 8, "draws": 64, "warmup": 64, "thinning": 1}


class Cell(NamedTuple):
    """One kind of benchmark: problems, responses of each model, median lengths, residuals."""

    problems: int
    responses: tuple[int, int]
    lengths: tuple[float, float]
    residuals: str
    effects: str = "t4"


CELLS = {
    "20 problems, 4 responses": Cell(20, (4, 4), (200, 200), "normal"),
    "20 problems, 16 responses, t3": Cell(20, (16, 16), (200, 200), "t3"),
    "20 problems, 16 and 4, lengths 400 and 100": Cell(20, (16, 4), (400, 100), "normal"),
    "300 problems, 4 responses, t3": Cell(300, (4, 4), (200, 200), "t3"),
    "300 problems, 4 responses, skew": Cell(300, (4, 4), (200, 200), "skew"),
    "300 problems, 16 responses, lengths 400 and 100, skew": Cell(300, (16, 16), (400, 100), "skew"),
    "100 problems, 64 and 16, normal effects": Cell(100, (64, 16), (300, 150), "t3", "normal"),
}


def standard_residuals(rng: np.random.Generator, kind: str, size: int) -> np.ndarray:
    """Residuals of mean 0 and variance 1."""
    if kind == "t3":
        return rng.standard_t(3, size) / np.sqrt(3.0)
    if kind == "skew":  # a tail of unlikely responses
        return (1.0 - rng.gamma(1.0, 1.0, size)).clip(-12, None)
    return rng.standard_normal(size)


def simulate(cell: Cell, seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Responses of two models, and the true means of problems and models (all, right, wrong)."""
    rng = np.random.default_rng(seed)
    n = cell.problems
    effect = rng.standard_t(4, n) / np.sqrt(2) if cell.effects == "t4" else rng.standard_normal(n)
    means = -0.5 + 0.12 * effect[:, None] + 0.03 * rng.standard_normal((n, 2)) + np.array([0.0, 0.05])
    means = means[:, :, None] + np.array([0.04, -0.02]) + 0.02 * rng.standard_normal((n, 2, 2))  # right, wrong
    # Harder problems are less likely: the number of right responses depends on the mean.
    rate = np.clip(norm.cdf(0.8 * effect[:, None] + np.array([-0.4, 0.2])), 0.02, 0.98)
    problem, model = (np.concatenate([np.repeat(part, cell.responses[m]) for m in (0, 1)]) for part in (range(n),) * 2)
    model = np.concatenate([np.full(n * cell.responses[m], m) for m in (0, 1)])
    wrong = (rng.random(len(problem)) >= rate[problem, model]).astype(int)
    lengths = np.maximum(rng.lognormal(np.log(np.array(cell.lengths)[model]), 0.4), 5).round()
    scale = np.sqrt(0.003 + 1.0 / lengths)
    values = means[problem, model, wrong] + scale * standard_residuals(rng, cell.residuals, len(problem))
    truths = {"class": means, "all": rate * means[..., 0] + (1 - rate) * means[..., 1], "scale": scale}
    data = {"values": values, "lengths": lengths, "problem": problem, "model": model, "wrong": wrong}
    return data, truths | {"rate": rate}


def held(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Whether 95 % intervals of draws (draw, quantity) hold truths."""
    low, high = np.quantile(draws, TAILS, axis=0)
    return np.asarray((low <= truth) & (truth <= high))


def difference_rows(cell: Cell, seed: int) -> list[dict[str, Any]]:
    """Coverage of one draw's intervals."""
    data, truths = simulate(cell, seed)
    n, key = cell.problems, jax.random.key(seed)
    rows = []
    cells = cells_of(data["values"], data["lengths"], data["problem"], data["model"], n, 2)
    fit = fit_means(cells, key, **CHAINS)
    means, unshrunk = (part.reshape(-1, n, 2) for part in (fit.means, fit.unshrunk))
    rows.append(_row("difference, all", (unshrunk[..., 1] - unshrunk[..., 0]).mean(1), _difference(truths["all"])))
    shrunk = (means[..., 1] - means[..., 0]).mean(1)
    rows.append(_row("difference, all (shrunk)", shrunk, _difference(truths["all"])))
    of_problems = held(means[..., 1] - means[..., 0], truths["all"][:, 1] - truths["all"][:, 0])
    rows.append({"quantity": "difference, one problem", "held": of_problems.mean(), "width": np.nan})
    group = 2 * data["model"] + data["wrong"]
    by_class = cells_of(data["values"], data["lengths"], data["problem"], group, n, 4)
    right_means = fit_means(by_class, key, _logit_share(by_class.n), **CHAINS).unshrunk.reshape(-1, n, 4)
    shared = (by_class.n[:, 0] > 0) & (by_class.n[:, 2] > 0)
    draws = (right_means[:, shared, 2] - right_means[:, shared, 0]).mean(1)
    rows.append(_row("difference, right", draws, _difference(truths["class"][shared, :, 0])))
    rows += rival_rows(data, cells, _difference(truths["all"]))
    totals = data["values"] * data["lengths"]
    total = fit_means(cells_of(totals, data["lengths"], data["problem"], data["model"], n, 2), key, **CHAINS)
    total_means = total.unshrunk.reshape(-1, n, 2)
    rows.append(
        _row("difference of totals, all", (total_means[..., 1] - total_means[..., 0]).mean(1), _total(cell, truths))
    )
    return rows + superiority_rows(cell, data, truths, key)


def rival_rows(data: dict[str, np.ndarray], cells: Any, truth: float) -> list[dict[str, Any]]:
    """Plain means of the problems, and locations of Student-t residuals with 4 degrees of freedom."""
    n_problems = len(cells.n)
    place = 2 * data["problem"] + data["model"]
    size = np.bincount(place)
    location, weight = cells.mean.ravel(), np.ones(len(place))
    rows = []
    for quantity, steps in (("difference, plain means", 0), ("difference, Student-t locations", 30)):
        for _ in range(steps):
            residual = data["values"] - location[place]
            squared = np.median(np.abs(residual)) ** 2 / 0.55  # of t with 4 degrees of freedom: its quartile is .74
            weight = 5 / (4 + residual**2 / squared)
            location = np.bincount(place, weight * data["values"]) / np.bincount(place, weight)
        residual = data["values"] - location[place]
        slope = np.bincount(
            place, weight if not steps else 5 * (4 - residual**2 / squared) / (4 + residual**2 / squared) ** 2
        )
        spread = np.bincount(place, (weight * residual) ** 2) * size / np.maximum(size - 1, 1)
        variance = (spread.sum() / slope.sum() ** 2 * len(size) ** 2) if steps else (spread / size**2).sum()
        error = np.sqrt(variance) / n_problems
        estimate = _difference(location.reshape(-1, 2))
        is_held = abs(estimate - truth) <= 1.96 * error
        rows.append({"quantity": quantity, "held": float(is_held), "width": 3.92 * error, "error": estimate - truth})
    return rows


def _difference(means: np.ndarray) -> float:
    return float((means[:, 1] - means[:, 0]).mean())


def _total(cell: Cell, truths: dict[str, np.ndarray]) -> float:
    """True difference of the mean totals: lengths do not depend on the values."""
    mean_length = np.array(cell.lengths) * np.exp(0.4**2 / 2)
    return float((truths["all"] * mean_length)[:, 1].mean() - (truths["all"] * mean_length)[:, 0].mean())


def _logit_share(n: np.ndarray) -> np.ndarray:
    pairs = n.reshape(len(n), 2, 2)
    return np.log((pairs + 0.5) / (pairs[:, :, ::-1] + 0.5)).reshape(n.shape)


def superiority_rows(cell: Cell, data: dict[str, np.ndarray], truths: dict[str, np.ndarray], key: Any) -> list[Any]:
    """Coverage of the probabilities of superiority; their truth by many responses."""
    n, rng = cell.problems, np.random.default_rng(12345)
    many = 400
    values = []
    for m in (0, 1):
        wrong = (rng.random((n, many)) >= truths["rate"][:, m, None]).astype(int)
        lengths = np.maximum(rng.lognormal(np.log(cell.lengths[m]), 0.4, (n, many)), 5).round()
        noise = standard_residuals(rng, cell.residuals, n * many).reshape(n, many)
        mean = np.take_along_axis(truths["class"][:, m], wrong, axis=1)
        values.append(np.sort(mean + np.sqrt(0.003 + 1.0 / lengths) * noise, axis=1))
    truth = np.array([np.searchsorted(base, rl).mean() / many for base, rl in zip(*values, strict=True)])
    wins = count_wins(data["values"], data["problem"], data["model"] == 1, n)
    of_problems = draw_superiority(wins, key, 8, 256).reshape(-1, n)
    pooled_draws = draw_pooled_superiority(wins, key, 8, 256).ravel()
    share = {"quantity": "superiority, one problem", "held": held(of_problems, truth).mean(), "width": np.nan}
    return [_row("superiority", pooled_draws, float(truth.mean())), share]


def _row(quantity: str, draws: np.ndarray, truth: float) -> dict[str, Any]:
    low, high = np.quantile(draws, TAILS)
    return {
        "quantity": quantity,
        "held": float(low <= truth <= high),
        "width": high - low,
        "error": draws.mean() - truth,
    }


class Weights(NamedTuple):
    """Log ratios of probabilities: responses of a problem, share right, scale, gap of the right ones, law."""

    responses: int
    share: float
    scale: float
    gap: float
    law: str = "normal"


WEIGHTS = {
    "4 responses, scale .5": Weights(4, 0.7, 0.5, 0.5),
    "16 responses, scale .5": Weights(16, 0.7, 0.5, 0.5),
    "64 responses, scale .3": Weights(64, 0.9, 0.3, 0.0),
    "64 responses, scale .6": Weights(64, 0.7, 0.6, 0.5),
    "64 responses, scale .5, left tail": Weights(64, 0.5, 0.5, 0.0, "left"),
    "64 responses, scale .5, right tail": Weights(64, 0.5, 0.5, 0.0, "right"),
    "256 responses, scale .6": Weights(256, 0.3, 0.6, 1.0),
    "256 responses, scale 2": Weights(256, 0.7, 2.0, 0.5),
    "256 responses, scale 4": Weights(256, 0.7, 4.0, 0.5),
}


def reach_rows(cell: Weights, seed: int) -> list[dict[str, Any]]:
    """Thirty problems: importance sampling where it is reported, and the lower end of the expected bound."""
    rng, n, many = np.random.default_rng(seed), cell.responses, 30
    right = rng.random((many, n)) < cell.share
    if cell.law == "normal":
        log_weight = rng.normal(-(cell.scale**2) / 2, cell.scale, (many, n)) - cell.gap * right
        truth = cell.share * np.exp(-cell.gap)
    else:
        sign = -1.0 if cell.law == "left" else 1.0
        log_weight = sign * rng.gamma(4.0, cell.scale / 2, (many, n))
        mean = (1 - sign * cell.scale / 2) ** -4.0
        log_weight, truth = log_weight - np.log(2 * mean), cell.share / 2
    problem = np.repeat(np.arange(many), n)
    key = jax.random.key(seed)
    estimate = importance_estimate(log_weight.ravel(), right.ravel(), problem, many, key, 8, 128)
    reliable = estimate.reliable
    draws = estimate.draws.reshape(-1, many)[:, reliable]
    n_right = right.sum(axis=1)
    p_rl = rng.beta(n_right + 0.5, n - n_right + 0.5, (512, many))
    is_right = right.ravel()
    cells = cells_of(
        log_weight.ravel()[is_right], np.ones(is_right.sum()), problem[is_right], np.zeros(is_right.sum(), int), many, 1
    )
    means = fit_means(cells, key, **CHAINS).means.reshape(-1, many)
    bound = np.quantile(p_rl * np.exp(means), 0.05, axis=0)[n_right > 0]
    held_share = held(draws, np.full(reliable.sum(), truth)).mean() if reliable.any() else np.nan
    return [
        {"quantity": "importance sampling", "held": held_share, "reported": reliable.mean(), "n": int(reliable.sum())},
        {"quantity": "lower end of the expected bound", "held": (bound <= truth).mean(), "reported": 1.0,
         "n": len(bound), "tight": float(np.median(bound) / truth)},
    ]  # fmt: skip


def coverage(draws: int, only: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables of coverage by cell and quantity, of the cells whose names hold a text."""
    parts = [
        pd.DataFrame(difference_rows(cell, seed)).assign(cell=name)
        for name, cell in CELLS.items()
        if only in name
        for seed in range(draws)
    ]
    weighted = [
        pd.DataFrame(reach_rows(cell, seed)).assign(cell=name)
        for name, cell in WEIGHTS.items()
        if only in name
        for seed in range(draws)
    ]
    return _differences_table(parts), _reach_table(weighted)


def _differences_table(parts: list[pd.DataFrame]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame()
    groups = pd.concat(parts).groupby(["cell", "quantity"], sort=False)
    summary = {name: (name, "mean") for name in ("held", "width", "error")}
    return groups.agg(**summary, draws=("held", "size")).reset_index()


def _reach_table(parts: list[pd.DataFrame]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame()
    rows = pd.concat(parts)
    rows["hits"] = rows["held"].fillna(0) * rows["n"]
    groups = rows.groupby(["cell", "quantity"], sort=False)
    table = groups.agg(hits=("hits", "sum"), n=("n", "sum"), reported=("reported", "mean"), tight=("tight", "median"))
    table.insert(0, "held", table.pop("hits") / table["n"].where(table["n"] > 0))
    return table.reset_index()


def lines(table: pd.DataFrame, quantities: list[str]) -> str:
    """A row a cell, a column a quantity."""
    wide = table.pivot(index="cell", columns="quantity", values="held").reindex(table["cell"].unique())[quantities]
    text = [f"| | {' | '.join(quantities)} |", "|---" * (len(quantities) + 1) + "|"]
    for name, row in wide.iterrows():
        shares = ["" if np.isnan(value) else f"{value:.2f}" for value in row]
        text.append(f"| {name} | {' | '.join(shares)} |")
    return "\n".join(text) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=80)
    parser.add_argument("--only", default="", help="cells whose names hold this text")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()
    tables = dict(zip(("likelihood", "likelihood_reach"), coverage(options.draws, options.only), strict=True))
    for name, table in tables.items():
        if len(table):
            table.to_csv(options.output / f"{name}.csv", index=False, float_format="%.4g")
            print(table.to_string())
    if options.docs is not None:
        write_docs(options.docs, options.output)


def write_docs(page: Path, folder: Path) -> None:
    """Write the tables of a folder into the page."""
    first, second = (pd.read_csv(folder / f"{name}.csv") for name in ("likelihood", "likelihood_reach"))
    replace_between(page, "coverage", lines(first, list(dict.fromkeys(first["quantity"]))))
    replace_between(page, "reach", reach_lines(second))


def reach_lines(table: pd.DataFrame) -> str:
    """Coverage, share reported and tightness."""
    text = [
        "| | importance sampling | reported | expected bound below | its lower end / truth |",
        "|---|---|---|---|---|",
    ]
    for name, rows in table.groupby("cell", sort=False):
        sampling, bound = rows.iloc[0], rows.iloc[1]
        share = "" if np.isnan(sampling["held"]) else f"{sampling['held']:.2f}"
        text.append(f"| {name} | {share} | {sampling['reported']:.2f} | {bound['held']:.2f} | {bound['tight']:.2f} |")
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    main()
