"""Rows of the table of trajectories, from joint draws over the steps of a run."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from boundary.analysis.checkpoints import TrainingRun
from boundary.analysis.estimates.decisions import NARROWED, WIDENED
from boundary.analysis.estimates.table import POSTERIOR
from boundary.analysis.request import Request
from boundary.analysis.trajectory.designs import TrajectoryDesigns, steps_between
from boundary.analysis.trajectory.measure import RunMeasurements, run_measurements
from boundary.analysis.trajectory.record import (
    BETWEEN,
    EXPECTED_WIDTH,
    FALL_TO_LAST,
    FALLS_TO_LAST,
    MORE_CHECKPOINTS,
    MORE_PROBLEMS,
    MORE_SAMPLES,
    ONSET,
    PEAK,
    RELATIVE_WIDTH,
    RISES_TO_LAST,
    TODAY,
)
from boundary.stats.intervals import TIE, Summary, probabilities_of_largest, summaries
from boundary.stats.solve_rates import SolveRates
from boundary.stats.trajectory import (
    WalkPosterior,
    fall_onset,
    from_scale,
    walk_posterior,
)

# Steps of the band between two checkpoints.
STEPS_BETWEEN, MOST_BETWEEN = 6, 60
SIDES = (NARROWED, WIDENED)
Row = dict[str, Any]


class RunTrajectory(NamedTuple):
    """One quantity of a run: its draws as shares, at the measured steps and at those between.

    Parameters
    ----------
    k
        Budget of pass@k.
    measurements, posterior
        What the fits say, and the trajectory.
    shares
        Joint draws, at the measured steps and then at those between.
    between
        Steps between the measured ones.
    designs
        What more data would do.
    """

    k: int
    measurements: RunMeasurements
    posterior: WalkPosterior
    shares: Float[np.ndarray, "draw step"]
    between: Float[np.ndarray, " step"]
    designs: TrajectoryDesigns


def run_rows(
    request: Request, benchmark: str, run: TrainingRun, fits: Mapping[str, SolveRates], extrapolated_beyond: int
) -> list[Row]:
    """Rows of one run on one benchmark.

    Parameters
    ----------
    request
        Level, margin and seed.
    benchmark
        Name of it.
    run
        Its base and the checkpoints fitted on the benchmark, two or more.
    fits
        The fit of each checkpoint with the base.
    extrapolated_beyond
        Largest budget within the samples of all of them; it is the larger budget of the rows, beside k = 1.
    """
    n_problems = next(iter(fits.values())).n_problems
    shared = {"benchmark": benchmark, "training_run": run.name, "level": request.level, "n_problems": n_problems}
    labels = dict(zip(run.models, run.labels, strict=True))
    rows: list[Row] = []
    for k in dict.fromkeys((1, extrapolated_beyond)):
        trajectory = run_trajectory(benchmark, run, fits, k, request.level, request.seed)
        of_k = [*_level_rows(request, run, trajectory), *_event_rows(request, run, trajectory)]
        of_k += _width_rows(request, run, trajectory, n_problems)
        of_all = shared | {"kind": POSTERIOR, "extrapolated": False, "k": k}
        rows += [of_all | {"step_label": labels.get(row.get("model", ""), "")} | row for row in of_k]
    return rows


def run_trajectory(
    benchmark: str, run: TrainingRun, fits: Mapping[str, SolveRates], k: int, level: float, seed: int
) -> RunTrajectory:
    """One quantity of a run as a trajectory.

    Parameters
    ----------
    benchmark, run, fits
        As for `run_rows`.
    k
        Budget of pass@k.
    level
        Of the intervals.
    seed
        Of the draws.
    """
    measurements = run_measurements(run, fits, k, level)
    steps = measurements.measured.steps
    between = steps_between(steps, max(min(STEPS_BETWEEN, MOST_BETWEEN // (len(steps) - 1)), 1))
    label = "\0".join(["trajectory", benchmark, run.name, str(k)])
    posterior = walk_posterior(measurements.measured, between.tolist(), seed=zlib.crc32(label.encode()) ^ seed)
    n_problems = next(iter(fits.values())).n_problems
    shares, designs = from_scale(posterior.draws, n_problems), TrajectoryDesigns(run, fits, k, measurements, posterior)
    return RunTrajectory(k, measurements, posterior, shares, between, designs)


def _level_rows(request: Request, run: TrainingRun, trajectory: RunTrajectory) -> Iterator[Row]:
    """Pass@k and shrinkage at every step, measured and between."""
    steps = [*run.steps, *trajectory.between.tolist()]
    models = [*run.models, *[""] * len(trajectory.between)]
    shrinkage = trajectory.shares[:, :1] - trajectory.shares
    of_pass = summaries(trajectory.shares.T, request.level, [None] * len(steps))
    of_shrinkage = summaries(shrinkage.T, request.level, [request.margin] * len(steps))
    for name, all_of in (("pass_at_k", of_pass), ("shrinkage", of_shrinkage)):
        for i, (step, model, summary) in enumerate(zip(steps, models, all_of, strict=True)):
            kind = POSTERIOR if i < len(run.steps) else BETWEEN
            reference = run.models[0] if name == "shrinkage" else ""
            if name == "pass_at_k" or i > 0:  # the base less itself is 0
                row = {"estimand": name, "model": model, "reference": reference, "step": step, "kind": kind}
                yield row | _numbers(summary, with_signs=name == "shrinkage")
    of_measured = shrinkage[:, 1 : len(run.steps)]
    yield from _sided_rows(of_measured, [*zip(run.models, run.steps, strict=True)][1:], run.models[0], SIDES, request)


def _sided_rows(
    differences: Float[np.ndarray, "draw step"],
    places: Sequence[tuple[str, float]],
    reference: str,
    names: tuple[str, str],
    request: Request,
) -> Iterator[Row]:
    """Probabilities that differences lie above the margin, and below it on the other side, by these names."""
    for name, sign in zip(names, (1, -1), strict=True):
        chances = (sign * differences > request.margin + TIE).mean(axis=0).tolist()
        for (model, step), chance in zip(places, chances, strict=True):
            yield {"estimand": name, "model": model, "reference": reference, "step": step, "mean": chance}


def _event_rows(request: Request, run: TrainingRun, trajectory: RunTrajectory) -> Iterator[Row]:
    """Where the run peaks, from where on breadth lies below the base's, and how far it falls to the last checkpoint."""
    measured = trajectory.shares[:, : len(run.steps)]
    for step, model, chance in zip(run.steps, run.models, probabilities_of_largest(measured).tolist(), strict=True):
        yield {"estimand": PEAK, "model": model, "step": step, "mean": chance}
    onset = fall_onset(measured[:, :1] - measured, request.margin).tolist()
    places = [*zip(run.models, run.steps, strict=True)][1:]
    for (model, step), chance in zip([*places, ("", np.nan)], onset[1:], strict=True):
        yield {"estimand": ONSET, "model": model, "reference": run.models[0], "step": step, "mean": chance}
    to_last = measured[:, :-1] - measured[:, -1:]
    of_falls = summaries(to_last.T, request.level, [request.margin] * to_last.shape[1])
    for model, step, summary in zip(run.models[:-1], run.steps[:-1], of_falls, strict=True):
        row = {"estimand": FALL_TO_LAST, "model": model, "reference": run.models[-1], "step": step}
        yield row | _numbers(summary, with_signs=True)
    earlier = [*zip(run.models, run.steps, strict=True)][:-1]
    yield from _sided_rows(to_last, earlier, run.models[-1], (FALLS_TO_LAST, RISES_TO_LAST), request)


def _width_rows(request: Request, run: TrainingRun, trajectory: RunTrajectory, n_problems: int) -> Iterator[Row]:
    """Width of intervals of shrinkage: against pairs apart, and expected of more data for the last checkpoint."""
    measured, measurements = trajectory.shares[:, : len(run.steps)], trajectory.measurements
    shrinkage = measured[:, :1] - measured
    low, high = np.quantile(shrinkage, [(1 - request.level) / 2, (1 + request.level) / 2], axis=0)
    width_of_pairs = measurements.shrinkage_widths.mean()
    if width_of_pairs > 0:
        yield {"estimand": RELATIVE_WIDTH, "mean": float((high - low)[1:].mean() / width_of_pairs)}
    today = float(high[-1] - low[-1])
    last = {"estimand": EXPECTED_WIDTH, "model": run.models[-1], "reference": run.models[0], "step": run.steps[-1]}
    yield last | {"design": TODAY, "mean": today}
    designs = trajectory.designs
    ratios = {
        MORE_PROBLEMS: designs.with_problems(2),
        MORE_SAMPLES: designs.with_samples(2),
        MORE_CHECKPOINTS: designs.with_checkpoints(1),
    }
    for design, ratio in ratios.items():
        yield last | {"design": design, "mean": today * ratio}


def _numbers(summary: Summary, with_signs: bool) -> Row:
    values = summary._asdict()
    return values if with_signs else {name: values[name] for name in ("mean", "median", "lower", "upper")}
