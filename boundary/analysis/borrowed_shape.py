"""Small benchmarks that borrow the shape of their population from larger ones of the same pair."""

from collections.abc import Sequence

from boundary.analysis.fitting import Lender, Panel
from boundary.analysis.formatting import joined
from boundary.analysis.notes import Note
from boundary.analysis.request import Request
from boundary.data.counts import ALL
from boundary.errors import InputError
from boundary.stats.priors import NonParametric

# A benchmark with fewer problems borrows; from those that have at least so many, and more than it.
FEW_PROBLEMS, ENOUGH_PROBLEMS = 100, 60
OPTION = "--borrow-shape (borrow_shape=True from Python)"


def check_borrowing(request: Request, with_curves: bool) -> None:
    """Refuse to borrow where it is not worked out.

    Parameters
    ----------
    request
        The options of the analysis.
    with_curves
        Whether the analysis fits shrinkage under several error rates of the verifier.

    Raises
    ------
    InputError
        Without a base, with another prior than `nonparametric`, and with errors of verdicts.
    """
    if request.base is None:
        raise InputError(f"{OPTION} is for pairs: a shape is borrowed by an RL model and its base. Say --base.")
    if not isinstance(request.prior, NonParametric):
        raise InputError(f"{OPTION} goes with the prior 'nonparametric', not with '{request.prior.name}'.")
    if request.has_verdict_errors or with_curves:
        raise InputError(f"{OPTION} takes every verdict for the truth. Leave it or the verifier's errors out.")


def with_lenders(panels: Sequence[Panel]) -> list[Panel]:
    """The same panels, small benchmarks with the counts of larger ones of the same models."""
    return [panel._replace(lenders=_lenders(panel, panels)) for panel in panels]


def borrowing_panels(panels: Sequence[Panel]) -> list[Panel]:
    """The panels of an analysis that is to borrow.

    Raises
    ------
    InputError
        Where no benchmark has another to borrow from.
    """
    borrowing = with_lenders(panels)
    if not any(panel.lenders for panel in borrowing):
        raise InputError(
            f"{OPTION} would change nothing: no benchmark has fewer than {FEW_PROBLEMS} problems beside another with "
            f"at least {ENOUGH_PROBLEMS} and more than it. Leave it out."
        )
    return borrowing


def _lenders(panel: Panel, panels: Sequence[Panel]) -> tuple[Lender, ...]:
    n_problems = len(panel.counts.problem_ids)
    if panel.base is None or panel.benchmark == ALL or n_problems >= FEW_PROBLEMS:
        return ()
    least = max(ENOUGH_PROBLEMS, n_problems + 1)
    benchmarks = [
        other for other in panels if other.models == panel.models and other.benchmark not in (ALL, panel.benchmark)
    ]
    lenders = [_without_its_problems(other, panel) for other in benchmarks]
    return tuple(lender for lender in lenders if len(lender.n_correct) >= least)


def _without_its_problems(other: Panel, panel: Panel) -> Lender:
    """Counts of another benchmark, less those of the panel's own problems where all of these are among them.

    They would be counted twice. Problems of different benchmarks may have an id in common, and counts too.
    """
    rows, own = _rows(other), set(_rows(panel))
    kept = [row not in own for row in rows] if own <= set(rows) else [True] * len(rows)
    return Lender(other.benchmark, other.counts.n_correct[kept], other.counts.n_samples[kept])


def _rows(panel: Panel) -> list[tuple[object, ...]]:
    """Id and counts of each problem."""
    counts = panel.counts
    return [
        (problem, *correct, *samples)
        for problem, correct, samples in zip(
            counts.problem_ids, counts.n_correct.tolist(), counts.n_samples.tolist(), strict=True
        )
    ]


def borrowing_notes(panels: Sequence[Panel]) -> tuple[Note, ...]:
    """For each small benchmark what it borrows from."""
    texts = {panel.benchmark: _sentence(panel) for panel in panels if panel.lenders}
    return tuple(Note(benchmark, "", text, "note") for benchmark, text in texts.items())


def _sentence(panel: Panel) -> str:
    lenders = [f"{lender.benchmark} ({len(lender.n_correct):,} problems)" for lender in panel.lenders]
    return (
        f"The population of solve rates of its {len(panel.counts.problem_ids):,} problems borrows its shape from "
        f"{joined(lenders)}, as far as the counts agree: its intervals rest on their counts too."
    )
