"""Which models and benchmarks of the counts an analysis is about."""

from collections.abc import Sequence

from boundary.data.counts import ALL, Counts
from boundary.errors import InputError


def chosen_arms(
    counts: Counts, base: str | None, rl: str | Sequence[str] | None, rank: bool
) -> tuple[str | None, tuple[str, ...]]:
    """The base model and the RL ones; no base where one model stands alone, or where models are ranked without one."""
    rls = tuple(dict.fromkeys([rl] if isinstance(rl, str) else rl or []))
    counts.select(models=[m for m in [base, *rls] if m is not None])  # says which names exist where one is unknown
    if rank:
        return None, _ranked(counts, base, rls)
    if base is None and (len(counts.models) == 1 or (len(rls) == 1 and counts.default_base in (None, rls[0]))):
        return None, (rls[0] if rls else counts.models[0],)
    base = base or counts.default_base
    if base is None:
        names = ", ".join(counts.models)
        raise InputError(
            f"Which model is the base? Say --base MODEL (base=... from Python), one of: {names}.\n"
            "To rank models without a base, say --rank (rank=True from Python)."
        )
    if base in rls:
        raise InputError(f"'{base}' is given both as base and as RL model. Name two different models.")
    arms = rls or tuple(m for m in counts.models if m != base)
    return (base, arms) if arms else (None, (base,))


def _ranked(counts: Counts, base: str | None, models: tuple[str, ...]) -> tuple[str, ...]:
    if base is not None:
        raise InputError(
            "Models that are ranked have no base. Leave out either --base or --rank (base or rank from Python); "
            "with a base and two or more RL models all of them are ranked too."
        )
    models = models or counts.models
    if len(models) < 2:
        raise InputError(f"Ranking needs two models or more, and {counts.source} has {len(models)}: {models[0]}.")
    return models


def chosen_benchmarks(
    counts: Counts, benchmarks: str | Sequence[str] | None, base: str | None, arms: Sequence[str]
) -> tuple[str, ...]:
    """Benchmarks to fit, `all` last where there are several and each was given to every model.

    `all` pools those named beside it, and every benchmark where it stands by itself.

    Raises
    ------
    InputError
        For an unknown benchmark, one that cannot be compared on, or `all` beside a single one.
    """
    requested = [benchmarks] if isinstance(benchmarks, str) else list(benchmarks or [])
    names = [name for name in dict.fromkeys(requested) if name != ALL]
    if len(names) == 1 and ALL in requested:
        raise InputError(
            f"'all' pools the benchmarks named beside it, and only '{names[0]}' is. Name another one too, or say 'all' "
            "alone for every benchmark."
        )
    if names:
        counts = counts.select(benchmarks=names)
    counts = counts.select(models=[m for m in (base, *arms) if m in counts.models])
    if not requested:
        names = list(counts.benchmarks)
    for name in names:
        _check_comparable(counts, name, base)
    same_models = len({frozenset(sampled_on(counts, name)) for name in names}) == 1
    return tuple([*names, ALL] if (len(names) > 1 and same_models) or ALL in requested else names)


def _check_comparable(counts: Counts, benchmark: str, base: str | None) -> None:
    """Refuse a benchmark without samples of the base, or of any other model."""
    present = sampled_on(counts, benchmark)
    if base is not None and base not in present:
        lacking = f"the base {base} has no samples on '{benchmark}'"
    elif set(present) <= {base}:
        lacking = f"no model beside the base has samples on '{benchmark}'" if base else f"'{benchmark}' has no samples"
    else:
        return
    raise InputError(f"{counts.source}: {lacking}. Choose other benchmarks with --benchmark (benchmarks= from Python).")


def sampled_arms(counts: Counts, arms: Sequence[str], required: bool) -> tuple[str, ...]:
    """Arms with samples in the counts; one without is refused where the user named it (`required`), else left out."""
    missing = [arm for arm in arms if arm not in counts.models]
    if missing and required:
        raise InputError(
            f"{counts.source}: '{missing[0]}' has no samples on {', '.join(counts.benchmarks)}. Leave it out, or choose"
            " other benchmarks."
        )
    return tuple(arm for arm in arms if arm not in missing)


def sampled_on(counts: Counts, benchmark: str) -> list[str]:
    """Models with samples on a benchmark, in the order of the table."""
    if benchmark == ALL:
        return list(counts.models)
    table = counts.table
    return list(table.loc[table["benchmark"] == benchmark, "model"].unique())
