"""Which models are fitted together on which problems, and the fits, several at once."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, NamedTuple

import numpy as np

from boundary.analysis.request import sampled_on
from boundary.data.counts import CountArrays, Counts
from boundary.errors import InputError
from boundary.stats.priors import NonParametric, Prior
from boundary.stats.random_keys import fit_key
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors

# Draws of a fit that did not converge are taken anew, so many times as many: most miss the mark by little.
LONGER = (2, 6, 12)

Progress = Callable[[str, int, int], None]


class Panel(NamedTuple):
    """One fit to be: a benchmark, and a base with an RL model (the arm; `first` of its benchmark) or a model alone."""

    benchmark: str
    base: str | None
    arm: str
    counts: CountArrays
    first: bool = True
    errors: VerdictErrors | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """The models fitted together, the base first."""
        return (self.arm,) if self.base is None else (self.base, self.arm)


def panels(
    counts: Counts, base: str | None, arms: Sequence[str], benchmarks: Sequence[str], common_only: bool
) -> list[Panel]:
    """Every benchmark's fits, in the order of benchmarks and arms; none for an arm without samples there.

    Raises
    ------
    InputError
        Where the models of a benchmark were not sampled on the same problems and `common_only` is not set.
    """
    found = []
    for benchmark in benchmarks:
        present = set(sampled_on(counts, benchmark))
        here = [arm for arm in arms if arm in present]
        models = [*([base] if base is not None else []), *here]
        together = counts.arrays(models, benchmark, common_only=common_only)
        for arm in here:
            columns = [models.index(m) for m in ([arm] if base is None else [base, arm])]
            n_correct, n_samples = (np.ascontiguousarray(part[:, columns]) for part in together[:2])
            mine = together._replace(n_correct=n_correct, n_samples=n_samples, models=tuple(models[c] for c in columns))
            found.append(Panel(benchmark, base, arm, mine, first=arm == here[0]))
    names = fit_names(found)
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{counts.source}: two pairs of a benchmark and a model are both '{name}'. Rename one.")
    return found


def fit_names(asked: Sequence[Panel]) -> list[str]:
    """Name of each fit: the benchmark, and the arm where there are several."""
    several = len({panel.arm for panel in asked}) > 1
    return [f"{panel.benchmark}: {panel.arm}" if several else panel.benchmark for panel in asked]


def _as_it_is(panel: Panel, rates: SolveRates) -> Any:
    return rates


def fit_all(
    asked: Sequence[Panel],
    prior: Prior,
    seed: int,
    progress: Progress,
    then: Callable[[Panel, SolveRates], Any] = _as_it_is,
) -> list[Any]:
    """Fit each panel and hand the posterior on, several at once: a fit keeps little more than one core busy."""
    names = fit_names(asked)
    progress(names[0], 0, len(asked))
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        # The largest first: `all` takes longest and compiles what the larger benchmarks need too.
        order = sorted(range(len(asked)), key=lambda i: -len(asked[i].counts.problem_ids))
        fits = {pool.submit(lambda one: then(one, _fit(one, prior, seed)), asked[i]): i for i in order}
        for done, fit in enumerate(as_completed(fits), start=1):
            progress(names[fits[fit]], done, len(asked))
        found = {i: fit.result() for fit, i in fits.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # an interruption does not wait for fits that have begun
    return [found[i] for i in range(len(asked))]


def fit_longer(
    asked: Sequence[Panel],
    prior: Prior,
    times: int,
    seed: int,
    progress: Progress,
    then: Callable[[Panel, SolveRates], Any] = _as_it_is,
) -> list[Any]:
    """The same with so many times the draws, thinned to as many as before; nothing for a prior without `draws`."""
    family: Any = prior
    if not hasattr(family, "draws"):
        return []
    longer = dataclasses.replace(family, draws=times * family.draws)
    return fit_all(asked, longer, seed, progress, lambda panel, rates: then(panel, rates.thinned(times)))


def _fit(panel: Panel, prior: Prior, seed: int) -> SolveRates:
    key = fit_key(seed, "\0".join([panel.benchmark, *panel.models]))
    counts = panel.counts.n_correct, panel.counts.n_samples
    if panel.errors is None:
        return prior.posterior(*counts, key).labelled(panel.models, panel.counts.problem_ids)
    assert isinstance(prior, NonParametric)  # the only one that knows of errors; others are refused before
    rates = prior.posterior(*counts, key, panel.errors)
    return rates.labelled(panel.models, panel.counts.problem_ids)
