"""Panels, the counts of models that are fitted together, and their fits, several at once."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple, TypeVar

import numpy as np
from jaxtyping import Int
from threadpoolctl import threadpool_limits

from boundary.analysis.fit_inputs import FitInputs
from boundary.analysis.fit_store import FitStore
from boundary.analysis.notes import Note
from boundary.analysis.progress import Progress
from boundary.analysis.selection import sampled_on
from boundary.analysis.verifier_errors import MisclassificationRates
from boundary.data.counts import ALL, CountArrays, Counts
from boundary.errors import InputError
from boundary.processors import usable_processors
from boundary.stats.borrowed_shape import BorrowedShape
from boundary.stats.priors import NonParametric, Prior
from boundary.stats.random_keys import fit_key
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors

Result = TypeVar("Result")
NOTHING_KEPT = FitStore()


class Lender(NamedTuple):
    """Counts of another benchmark, (problem, model), of the models of a panel."""

    benchmark: str
    n_correct: Int[np.ndarray, "problem model"]
    n_samples: Int[np.ndarray, "problem model"]


class Panel(NamedTuple):
    """The counts of one fit: a base and an RL model (the arm) on a benchmark, or one model alone.

    Parameters
    ----------
    benchmark, base, arm
        Labels of the fit; `base` is None where the arm stands alone.
    counts
        Of these models, the base first.
    first
        Whether it is the first of its benchmark: estimates of the base are reported from it.
    errors
        Misclassification rates of the verdicts; None where these are taken for the truth.
    adaptive
        Models whose number of samples depends on the outcome: no unbiased estimate is made of their counts.
    lenders
        Other benchmarks that the shape of the population is borrowed from; none by default.
    """

    benchmark: str
    base: str | None
    arm: str
    counts: CountArrays
    first: bool = True
    errors: VerdictErrors | None = None
    adaptive: frozenset[str] = frozenset()
    lenders: tuple[Lender, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """The models fitted together, the base first."""
        return (self.arm,) if self.base is None else (self.base, self.arm)


def make_panels(
    counts: Counts,
    base: str | None,
    arms: Sequence[str],
    benchmarks: Sequence[str],
    common_only: bool,
    error_rates: MisclassificationRates | None = None,
    adaptive_arms: Iterable[Note] = (),
) -> list[Panel]:
    """The counts of every fit, in the order of benchmarks and arms; none for an arm without samples there.

    Parameters
    ----------
    counts, base, arms, benchmarks
        All counts, and the models and benchmarks to fit.
    common_only
        Use the problems that all models of a benchmark have, where they differ.
    error_rates
        Misclassification rates of the verdicts, if they are known.
    adaptive_arms
        Notes on arms whose number of samples depends on the outcome (`boundary.analysis.checks.optional_stopping`).

    Raises
    ------
    InputError
        Where the models of a benchmark were not sampled on the same problems and `common_only` is not set.
    """
    notes = tuple(adaptive_arms)
    panels: list[Panel] = []
    for benchmark in benchmarks:
        sampled = set(sampled_on(counts, benchmark))
        present = [arm for arm in arms if arm in sampled]
        models = [*([base] if base is not None else []), *present]
        together = counts.arrays(models, benchmark, common_only=common_only)
        adaptive = frozenset(note.model for note in notes if benchmark in (ALL, note.benchmark))
        for arm in present:
            columns = [models.index(model) for model in ([arm] if base is None else [base, arm])]
            n_correct, n_samples = (np.ascontiguousarray(part[:, columns]) for part in together[:2])
            labels = tuple(models[column] for column in columns)
            pair = together._replace(n_correct=n_correct, n_samples=n_samples, models=labels)
            errors = None if error_rates is None else error_rates.verdict_errors(pair)
            panels.append(Panel(benchmark, base, arm, pair, arm == present[0], errors, adaptive))
    names = fit_names(panels)
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{counts.source}: two pairs of a benchmark and a model are both '{name}'. Rename one.")
    return panels


def fit_names(panels: Sequence[Panel]) -> list[str]:
    """Name of each fit: the benchmark, and the arm where there are several."""
    several_arms = len({panel.arm for panel in panels}) > 1
    return [f"{panel.benchmark}: {panel.arm}" if several_arms else panel.benchmark for panel in panels]


def fit_all(
    panels: Sequence[Panel],
    prior: Prior,
    seed: int,
    progress: Progress,
    store: FitStore = NOTHING_KEPT,
    jobs: int | None = None,
) -> list[SolveRates]:
    """Posterior of each panel, in their order, `jobs` at once; those that are in the store are not made again."""
    return for_each(panels, lambda panel: fit(panel, prior, seed, store), store.reporting(progress), jobs)


def fit(panel: Panel, prior: Prior, seed: int, store: FitStore = NOTHING_KEPT) -> SolveRates:
    """Posterior of the solve rates of one panel; equal panels and seeds give equal draws."""
    n_correct, n_samples = panel.counts[:2]
    if panel.lenders and isinstance(prior, NonParametric):
        prior = BorrowedShape(prior, tuple((lender.n_correct, lender.n_samples) for lender in panel.lenders))
    label = "\0".join([panel.benchmark, *panel.models])
    inputs = FitInputs(n_correct, n_samples, prior, seed, label, panel.errors)
    rates = store.load(inputs)
    if rates is None:
        rates = prior.posterior(n_correct, n_samples, fit_key(seed, label), panel.errors)
        store.save(inputs, rates)
    return rates.labelled(panel.models, panel.counts.problem_ids)


def for_each(
    panels: Sequence[Panel], work: Callable[[Panel], Result], progress: Progress, jobs: int | None = None
) -> list[Result]:
    """Apply a function to each panel, several at once, since one fit keeps little more than one core busy.

    Linear algebra uses one thread meanwhile: the matrices are small, and its threads would wait for one another.

    Parameters
    ----------
    jobs
        How many at once; as many as there are processors where None. Results do not depend on it.
    """
    names = fit_names(panels)
    progress("Fits", 0, len(panels))
    pool = ThreadPoolExecutor(jobs or usable_processors())
    single_threaded = threadpool_limits(1, user_api="blas")
    try:
        # The largest first: `all` takes longest and compiles what the larger benchmarks need too.
        order = sorted(range(len(panels)), key=lambda i: -len(panels[i].counts.problem_ids))
        futures = {pool.submit(work, panels[i]): i for i in order}
        for done, future in enumerate(as_completed(futures), start=1):
            progress(f"Fits (latest {names[futures[future]]})", done, len(panels))
        results = {i: future.result() for future, i in futures.items()}
    finally:
        single_threaded.restore_original_limits()
        pool.shutdown(wait=False, cancel_futures=True)  # an interruption does not wait for fits that have begun
    return [results[i] for i in range(len(panels))]
