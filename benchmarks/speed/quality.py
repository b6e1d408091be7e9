"""Whether numbers are the same: with other fits beside, and as the version before has them."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.peers.truths import SHIPPED
from benchmarks.speed import simulated
from benchmarks.speed.items import Run
from benchmarks.speed.processes import Row

KEYS = ["benchmark", "estimand", "model", "reference", "k", "tau", "target", "kind", "prior"]
NUMBERS = ["mean", "median", "lower", "upper", "prob_positive", "r_hat", "ess_bulk", "ess_tail"]
MAIN = ("pass_at_k", "shrinkage", "kept", "lost", "gained")
ENDS = {"mean": "mean", "lower": "lower end", "upper": "upper end"}


def same_numbers(run: Run) -> Iterator[Row]:
    """Same seed, same numbers: one fit alone, and among others."""
    sizes, models = ((20, 20), 3) if run.quick else ((60, 60, 60, 100), 4)
    path = run.saved_table("same-numbers", simulated.benchmarks_by_models(sizes, models))
    alone = {"benchmarks": "benchmark-2", "rl": f"rl-{models - 1}"}
    with run.workers() as workers:
        for worker in workers:
            tables = []
            for name, selection in (("among-others", {}), ("alone", alone)):
                output = run.work / f"{name}-{worker.name}.csv"
                reply = worker.job("estimates", counts=str(path), base="base", seed=3, output=str(output), **selection)
                tables.append(reply.get("note") or pd.read_csv(output))
            failures = [table for table in tables if isinstance(table, str)]
            row = {"note": failures[0]} if failures else compare_estimates(*tables, model=alone["rl"])
            fits = (len(sizes) + 1) * (models - 1)
            yield {"case": f"1 of {fits} fits alone", "version": worker.name, "revision": worker.revision} | row


def compare_estimates(together: pd.DataFrame, alone: pd.DataFrame, model: str) -> Row:
    """How many rows of one model are equal in two tables of estimates, and the largest relative difference."""
    keys, numbers = ([name for name in names if name in alone] for names in (KEYS, NUMBERS))
    alone = alone[alone["model"] == model]
    matched = alone.merge(together, on=keys, how="left", suffixes=("", "_together"), indicator=True)
    pairs = [(matched[name].to_numpy(float), matched[f"{name}_together"].to_numpy(float)) for name in numbers]
    equal = np.logical_and.reduce([(a == b) | (np.isnan(a) & np.isnan(b)) for a, b in pairs])
    equal &= (matched["_merge"] == "both").to_numpy()
    finite = [(a[kept], b[kept]) for a, b in pairs for kept in [np.isfinite(a) & np.isfinite(b)]]
    relative = [np.abs(a - b) / np.maximum(np.abs(a), 1e-12) for a, b in finite]
    return {
        "same": "yes" if equal.all() and len(equal) else "no",
        "compared": len(matched),
        "different": int((~equal).sum()),
        "largest": float(max((part.max() for part in relative if part.size), default=0.0)),
    }


def agreement(run: Run) -> Iterator[Row]:
    """Main estimates of the shipped set, before and now: agreement.csv.

    The difference is in Monte Carlo errors. The two versions take different seeds: with one seed, versions that draw
    the same would have no difference at all.
    """
    if len(run.versions) < 2:
        return
    selection = {"benchmarks": "AIME24"} if run.quick else {}
    tables = []
    with run.workers() as workers:
        for seed, worker in enumerate(workers):
            estimates, errors = (run.work / f"{name}-{worker.name}.csv" for name in ("estimates", "errors"))
            files = {"output": str(estimates), "errors": str(errors)}
            reply = worker.job("estimates", counts=SHIPPED, seed=seed, **files, **selection)
            if reply.get("note"):
                yield {"case": f"analyze {SHIPPED}", "version": worker.name, **reply}
                return
            tables.append(main_estimates(pd.read_csv(estimates), pd.read_csv(errors)))
    table = differences(*tables)
    table.to_csv(run.output / "agreement.csv", index=False, float_format="%.6g")
    for end, label in ENDS.items():
        worst = table.loc[table[f"{end}_z"].abs().idxmax()]
        name = f"{worst['benchmark']}: {worst['estimand']} {worst['model']} k {worst['k']:.0f}"
        row = {"case": f"{label} of the main estimates, analyze {SHIPPED}", "version": "now", "worst": name}
        rms = float(np.sqrt(np.mean(table[f"{end}_z"] ** 2)))
        yield row | {"compared": len(table), "largest": float(abs(worst[f"{end}_z"])), "root_mean_square": rms}


def main_estimates(estimates: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """Reported posterior summaries of the main estimands, with the Monte Carlo errors of each."""
    rows = estimates[estimates["estimand"].isin(MAIN) & estimates["r_hat"].notna()]
    errors = errors[errors["estimand"].isin(MAIN)]
    of_models = rows[rows["estimand"] == "pass_at_k"].merge(
        errors[errors["estimand"] == "pass_at_k"], on=["benchmark", "estimand", "model", "k"]
    )
    of_pairs = rows[rows["estimand"] != "pass_at_k"].merge(
        errors[errors["estimand"] != "pass_at_k"].drop(columns="model"), on=["benchmark", "estimand", "k"]
    )
    columns = ["benchmark", "estimand", "model", "k", *ENDS, *(f"{end}_error" for end in ENDS)]
    return pd.concat([of_models, of_pairs], ignore_index=True)[columns]


def differences(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Each number before and now, and the difference over its Monte Carlo error."""
    table = before.merge(now, on=["benchmark", "estimand", "model", "k"], validate="1:1", suffixes=("_before", "_now"))
    for end in ENDS:
        error = np.hypot(table.pop(f"{end}_error_before"), table.pop(f"{end}_error_now"))
        gap = table[f"{end}_now"] - table[f"{end}_before"]
        table[f"{end}_error"] = error
        table[f"{end}_z"] = np.where(error > 0, gap / np.where(error > 0, error, 1), np.where(gap == 0, 0, np.inf))
    return table
