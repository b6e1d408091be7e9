"""Rows of models that were chosen because they did best: what is left of them once the choice is reckoned with."""

from collections.abc import Iterator, Sequence

from boundary.analysis.formatting import Shorten
from boundary.analysis.request import Request
from boundary.analysis.runs.design import Choice
from boundary.analysis.runs.draws import PassDraws, draws_rng
from boundary.analysis.runs.record import AFTER_SELECTION, DROP, SELECTION_BOUND
from boundary.analysis.runs.rows import RunRows
from boundary.stats.runs import after_selection, selection_bound


def add_choices(
    rows: RunRows, request: Request, base: str | None, choices: Sequence[Choice], draws: PassDraws
) -> Iterator[str]:
    """Add the rows of chosen models, and yield a sentence on each choice that is not in its interval.

    Parameters
    ----------
    rows
        Where they go.
    request
        Seed and level.
    base
        The base model; None where there is none.
    choices
        Chosen models with their candidates.
    draws
        Of all models.
    """
    for choice in choices:
        candidates = tuple(arm for arm in choice.candidates if arm in draws.arms)
        is_known_by_number = choice.n_candidates not in (None, len(candidates))
        if is_known_by_number and 1 not in draws.budgets:
            yield (
                f"{request.shorten(choice.arm)} is the best of {choice.n_candidates} candidates: what that adds to its "
                "estimate is bounded for pass@1 alone, which was not asked for. Add 1 to the budgets (--k)."
            )
        elif is_known_by_number:
            _add_bound(rows, choice.arm, choice.n_candidates or 0, draws)
        elif len(candidates) > 1:
            _add_after_selection(rows, request, base, choice.arm, candidates, draws)
        else:
            yield _sentence(choice, request.shorten)


def _add_after_selection(
    rows: RunRows, request: Request, base: str | None, arm: str, candidates: tuple[str, ...], draws: PassDraws
) -> None:
    labels = {"model": arm, "n_runs": len(candidates)}
    for place, k in enumerate(draws.budgets):
        rng = draws_rng(request, str(rows.labels["benchmark"]), "selected", arm, str(k))
        of_base = None if draws.base is None else draws.base[place]
        passes, shared = draws.of(candidates, place), draws.shared(place)
        selected = after_selection(passes, candidates.index(arm), rng, shared, of_base)
        rows.add("pass_at_k", AFTER_SELECTION, k, selected.passes, candidates, **labels)
        rows.add(DROP, AFTER_SELECTION, k, selected.drop, candidates, **labels)
        if of_base is not None:
            shrinkage, all_models = of_base - selected.passes, (str(base), *candidates)
            rows.add("shrinkage", AFTER_SELECTION, k, shrinkage, all_models, reference=base, **labels)


def _add_bound(rows: RunRows, arm: str, n_candidates: int, draws: PassDraws) -> None:
    """The bound for the best of so many candidates, at k = 1, since the others are not in the counts."""
    of_arm = draws.arms[arm][draws.budgets.index(1)]
    bound = selection_bound(float(of_arm.mean()), float(of_arm.std()), n_candidates, rows.level)
    labels = {"model": arm, "n_runs": n_candidates}
    rows.add_value(DROP, SELECTION_BOUND, 1, bound.drop, (arm,), **labels)
    row = rows.add_value("pass_at_k", SELECTION_BOUND, 1, float(of_arm.mean()), (arm,), **labels)
    row |= {"lower": max(bound.lower, 0.0), "upper": min(bound.upper, 1.0)}


def _sentence(choice: Choice, shorten: Shorten) -> str:
    name = shorten(choice.arm)
    why = "its name says so" if choice.by_name else "column selected"
    return (
        f"{name} was chosen ({why}), and the counts do not say among which models: if it was chosen for what it solves "
        "here, its estimate is too high on average, and the choice is not in its interval. Give the others too, with "
        "the same training_run or method, or their number in the column selected."
    )
