"""How many samples each problem is to have: n for all, or what a plan adds to what is there."""

import csv
import hashlib
import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from boundary.data.tables.spreadsheets import unguarded
from boundary.errors import InputError
from boundary.sampling.store.arm import Store
from boundary.sampling.store.files import own_folder, write_text

PLAN_COLUMNS = ("model", "benchmark", "problem_id", "n_more")


@dataclass(frozen=True)
class PlanRow:
    """A row of a plan: so many samples more of a problem."""

    model: str
    benchmark: str
    problem_id: str
    n_more: int


def read_plan(path: Path) -> tuple[PlanRow, ...]:
    """The rows of a plan, a CSV file with the columns model, benchmark, problem_id, n_more.

    Raises
    ------
    InputError
        If it cannot be read, has no rows, or a row is no plan; the message names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file)
            missing = [name for name in PLAN_COLUMNS if name not in (lines.fieldnames or ())]
            if missing:
                raise InputError(f"'{path}' has no column {missing[0]}. A plan has {', '.join(PLAN_COLUMNS)}.")
            rows = tuple(_row(path, number, line) for number, line in enumerate(lines, start=2))
    except FileNotFoundError as error:
        raise InputError(f"No file '{path}'. boundary plan makes one.") from error
    except (OSError, ValueError, csv.Error) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"Cannot read '{path}' ({error}).") from error
    if not rows:
        raise InputError(
            f"The plan '{path}' has no rows: no sample is to be added. To sample anew, say -n in its place."
        )
    return rows


def _row(path: Path, number: int, line: Mapping[str, str]) -> PlanRow:
    try:
        n_more = int(line["n_more"])
    except (TypeError, ValueError):
        n_more = -1
    if n_more < 0:
        raise InputError(f"'{path}', line {number}, n_more: '{line['n_more']}' is no whole number of at least 0.")
    model, benchmark, problem_id = (unguarded(line[name] or "") for name in PLAN_COLUMNS[:3])
    return PlanRow(model, benchmark, problem_id, n_more)


def arm_targets(
    store: Store, rows: Sequence[PlanRow], n: int, skipped: Container[str], record: bool = True
) -> dict[str, int]:
    """Samples that each problem of this part is to have: n, or by a plan's rows; those that are skipped have none.

    Parameters
    ----------
    record
        Whether what a plan says now is written down (see `planned_targets`).
    """
    targets = planned_targets(store, rows, record) if rows else {p.problem_id: n for p in store.problems}
    return {name: target for name, target in targets.items() if name not in skipped}


def planned_targets(store: Store, rows: Sequence[PlanRow], record: bool = True) -> dict[str, int]:
    """Samples that each problem of this part is to have by a plan.

    A plan counts from what was there when it was first followed. That is written down, so that a run which starts again
    goes on with the plan in place of adding to it once more.

    Raises
    ------
    InputError
        If the plan names a problem that the benchmark does not have.
    """
    n_more = {row.problem_id: row.n_more for row in rows}
    part = f"{store.shard[0]}-of-{store.shard[1]}"
    digest = hashlib.sha256(json.dumps(sorted(n_more.items())).encode()).hexdigest()[:16]
    path = store.arm / "plans" / f"{digest}-{part}.json"
    if path.exists():
        return _recorded_targets(path)
    own = {problem.problem_id for problem in store.problems}
    if store.shard[1] == 1 and (unknown := sorted(n_more.keys() - own)):
        raise InputError(f"The plan names a problem that {store.arm.name} does not have: {unknown[0]}.")
    targets = {name: store.n_held(name) + more for name, more in n_more.items() if name in own}
    if record:
        own_folder(path.parent)
        write_text(path, json.dumps(targets))
    return targets


def _recorded_targets(path: Path) -> dict[str, int]:
    try:
        return {str(name): int(target) for name, target in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"Cannot read '{path}' ({error}). Delete it: the plan then counts from what is there."
        ) from error
