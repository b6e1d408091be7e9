"""The folded parts of the report: reliability of each model, and what other papers' rates say of each pair."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from boundary.analysis.estimates.table import OBSERVED, POSTERIOR
from boundary.analysis.formatting import interval, number, of_fewer

RELIABILITY = ("pass_hat_k", "g_pass_at_k", "mg_pass_at_k", "cover_at_tau", "tail_exponent")
SUPPORT = {
    "srr": "retention (SRR), %",
    "ndr": "discovery (NDR), %",
    "sds": "score (SDS), %",
    "nscr": "net change (NSCR), %",
    "amplified": "amplified, points",
    "discovered": "discovered, points",
}
# More models than this side by side nobody reads: estimates.csv has them.
MOST_MODELS = 6


def further(rows: pd.DataFrame, models: Sequence[str], base: str | None) -> dict[str, Any]:
    """Lay out what one benchmark's estimates hold beside the main ones."""
    here = [model for model in models if (rows["model"] == model).any()]
    if len(here) > MOST_MODELS:
        return {"models": here, "reliability": [], "support": []}
    tables = [_support(rows, model, base) for model in here if base is not None and model != base]
    return {
        "models": here,
        "reliability": _reliability(rows, here),
        "support": [table for table in tables if table["rows"]],
    }


def _reliability(rows: pd.DataFrame, models: Sequence[str]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for estimand in RELIABILITY:
        mine = rows.loc[rows["estimand"] == estimand]
        for at, group in mine.groupby(["k", "tau"], dropna=False, sort=True):
            k, tau = (float(str(label)) for label in at)
            scale, digits = (1.0, 2) if estimand == "tail_exponent" else (100.0, 1)
            found = group.to_dict(orient="records")
            cells = [_cell([row for row in found if row["model"] == model], scale, digits) for model in models]
            beyond = bool(group["extrapolated"].any())
            lines.append({"name": _name(estimand, k, tau), "cells": cells, "extrapolated": beyond})
    return lines


def _name(estimand: str, k: float, tau: float) -> str:
    share = f"{tau:.2g}".lstrip("0")
    return {
        "pass_hat_k": f"pass^{k:.0f}, %",
        "g_pass_at_k": f"G-Pass@{k:.0f}, tau = {share}, %",
        "mg_pass_at_k": f"mG-Pass@{k:.0f}, %",
        "cover_at_tau": f"cover@{share}, %",
        "tail_exponent": f"tail exponent at k = {k:.0f}",
    }[estimand]


def _support(rows: pd.DataFrame, model: str, base: str) -> dict[str, Any]:
    mine = rows.loc[(rows["model"] == model) & rows["estimand"].isin(list(SUPPORT))]
    lines = []
    for k, group in mine.groupby("k", sort=True):
        found = group.to_dict(orient="records")
        cells = [_cell([row for row in found if row["estimand"] == estimand], 100, 1) for estimand in SUPPORT]
        lines.append({"k": f"{k:.0f}", "cells": cells, "extrapolated": bool(group["extrapolated"].any())})
    caption = f"Support rates and where the gain comes from: {model} against {base}"
    return {"caption": caption, "headings": list(SUPPORT.values()), "rows": lines}


def _cell(rows: Sequence[Mapping[Any, Any]], scale: float, digits: int) -> dict[str, str]:
    observed = dict(next((row for row in rows if row["kind"] == OBSERVED), {}))
    row = dict(next((row for row in rows if row["kind"] == POSTERIOR), {}))
    return {
        "observed": number(observed["mean"], scale, digits) + of_fewer(observed, row) if observed else "",
        "posterior": number(row.get("mean"), scale, digits),
        "interval": interval(row, scale, digits),
    }
