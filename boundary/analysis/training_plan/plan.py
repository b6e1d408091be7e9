"""Plans for training as it is done: `boundary.plan_training`."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from boundary.analysis.checkpoints import TrainingRun, training_runs
from boundary.analysis.fitting import Panel, fit_all, make_panels
from boundary.analysis.options import chosen_prior, require_numbers, require_texts, require_whole_numbers
from boundary.analysis.progress import Progress, reporting
from boundary.analysis.runs.design import MethodRuns, run_design
from boundary.analysis.runs.record import FEW_RUNS
from boundary.analysis.selection import chosen_arms, chosen_benchmarks, sampled_on
from boundary.analysis.training_plan.costs import Costs
from boundary.analysis.training_plan.levers import Goal, Setting, design_rows
from boundary.analysis.training_plan.of_checkpoints import CheckpointSetting
from boundary.analysis.training_plan.of_runs import MethodSetting
from boundary.analysis.training_plan.record import TRAINING_PLAN_COLUMNS, TrainingPlan
from boundary.data.catalog import load_counts
from boundary.data.counts import ALL, Counts
from boundary.errors import InputError, did_you_mean
from boundary.stats.diagnostics import MAX_R_HAT, convergence
from boundary.stats.estimands import ESTIMANDS
from boundary.stats.priors import Prior
from boundary.stats.solve_rates import SolveRates

TYPES = {"n_more": int, "extrapolated": bool}


class _Subject(NamedTuple):
    """What a plan is about: a method with its runs, or a training run with its checkpoints."""

    base: str
    benchmark: str
    method: MethodRuns | None
    run: TrainingRun | None

    @property
    def models(self) -> tuple[str, ...]:
        """The runs or the checkpoints."""
        if self.method is not None:
            return self.method.arms
        assert self.run is not None
        return self.run.models[1:]


def plan_training(
    counts: Any,
    *,
    base: str | None = None,
    method: str | None = None,
    training_run: str | None = None,
    benchmark: str | None = None,
    k: int | None = None,
    width: float | None = None,
    chance: float = 0.8,
    budget: int | None = None,
    tokens: float | None = None,
    run_tokens: float = 0.0,
    level: float = 0.95,
    prior: str | Prior | None = None,
    seed: int = 0,
    common_problems: bool = False,
    progress: Progress | bool | None = None,
) -> TrainingPlan:
    """Plan further training runs, checkpoints, problems or samples: what narrows an interval most per token.

    Parameters
    ----------
    counts
        The present counts, in any form that `boundary.analyze` takes, with the column `method` (and `training_run`) or
        `checkpoint_step`.
    base, prior, seed, common_problems, progress
        As for `boundary.analyze`.
    method
        Plan for this method: the interval of its mean shrinkage over all runs that there might be. Where the counts
        have one method with several runs it need not be named.
    training_run
        Plan for the checkpoints of this run: the interval of shrinkage at the last one. Where the counts have no method
        with several runs and one run with checkpoints, it need not be named.
    benchmark
        One benchmark. Where there are several and none is named, `all` is meant.
    k
        Budget of the shrinkage. By default the largest that nine of ten problems have samples for.
    width
        Ask how much of each is needed for an interval that is no wider, in shares of problems.
    chance
        Probability with which that width is to be reached, in (0, 1).
    budget
        Ask how best to spend so many further samples.
    tokens
        Mean tokens of a sample. By default from the column `mean_tokens`, where the counts have it.
    run_tokens
        Tokens that training a run costs, at least 0.
    level
        Probability within the interval, in (0, 1).

    Returns
    -------
    TrainingPlan
        Show its `text`; `designs` has what each design would give and cost.

    Raises
    ------
    InputError
        For what `boundary.analyze` refuses, numbers and names of a wrong kind, counts without runs or checkpoints, and
        several methods or runs of which none is named.

    Notes
    -----
    The variance of a method's shrinkage is that between runs over their number, and that within runs, which falls with
    problems and samples. How much runs differ is known from few of them: widths are medians over outcomes of further
    data that are simulated from the posterior of the spread (docs/plan.md).

    Examples
    --------
    Three runs that differ by far more than their samples tell: more samples hardly help.

    >>> import pandas as pd
    >>> import boundary as bd
    >>> counts = pd.DataFrame({"model": [m for m in ("base", "s1", "s2", "s3") for _ in range(20)]})
    >>> counts["problem_id"], counts["n_samples"] = list(range(20)) * 4, 64
    >>> counts["n_correct"] = [20] * 20 + [24] * 20 + [34] * 20 + [44] * 20
    >>> counts["method"] = [""] * 20 + ["GRPO"] * 60
    >>> plan = bd.plan_training(counts, base="base", k=1, prior="independent")
    >>> plan.best["more"], round(plan.best["n_runs"])
    ('runs', 6)
    """
    require_texts(base=base, method=method, training_run=training_run, benchmark=benchmark)
    require_whole_numbers(k=k, budget=budget)
    require_numbers({"width": width, "tokens": tokens}, chance=chance, level=level, run_tokens=run_tokens)
    goal = _goal(width, chance, budget, level, tokens, run_tokens)
    table = load_counts(counts)
    subject = _subject(table, base, method, training_run, benchmark)
    panels = make_panels(table, subject.base, subject.models, [subject.benchmark], common_problems)
    with reporting(progress) as report:
        fits = dict(zip(subject.models, fit_all(panels, chosen_prior(prior), seed, report), strict=True))
    budget_k = _budget(k, fits)
    costs = Costs(_rows(table, subject, panels), tokens, run_tokens)
    _check_run_tokens(subject, costs)
    if subject.method is not None:
        setting: Setting = MethodSetting(subject.base, subject.models, fits, budget_k, level, seed, costs)
    else:
        assert subject.run is not None
        setting = CheckpointSetting(subject.benchmark, subject.run, fits, budget_k, level, seed, costs)
    designs = pd.DataFrame(design_rows(setting, goal), columns=list(TRAINING_PLAN_COLUMNS)).astype(TYPES)
    return TrainingPlan(
        "runs" if subject.method is not None else "checkpoints",
        subject.method.name if subject.method is not None else subject.run.name if subject.run is not None else "",
        subject.benchmark,
        subject.base,
        subject.models,
        budget_k,
        level,
        designs,
        width,
        chance,
        budget,
        converged=all(_has_converged(fits[model], budget_k) for model in subject.models),
        notes=tuple(_notes(subject, designs, costs, budget)),
    )


def _goal(
    width: float | None, chance: float, budget: int | None, level: float, tokens: float | None, run_tokens: float
) -> Goal:
    for name, share in (("chance", chance), ("level", level)):
        if not 0 < share < 1:
            raise InputError(f"--{name} is {share:g}; it lies between 0 and 1.")
    if width is not None and not 0 < width < 1:
        raise InputError(f"--width is {width:g}; write a share between 0 and 1, such as .02 for two points of pass@k.")
    if width is not None and budget is not None:
        raise InputError("--width and --budget are both given. Ask for a width, or say what may be spent.")
    if tokens is not None and not 0 < tokens < float("inf"):
        raise InputError(f"--tokens is {tokens:g}; write the mean tokens of a sample, above 0.")
    if not 0 <= run_tokens < float("inf"):
        raise InputError(f"--run-tokens is {run_tokens:g}; write the tokens that training a run costs, at least 0.")
    return Goal(width, chance, budget)


def _subject(
    table: Counts, base: str | None, method: str | None, training_run: str | None, benchmark: str | None
) -> _Subject:
    """The method or the training run that a plan is about."""
    if method is not None and training_run is not None:
        raise InputError("--method and --training-run are both given. Plan for runs of a method, or for checkpoints.")
    base, arms = chosen_arms(table, base, None, rank=False)
    if base is None:
        raise InputError("A plan for training runs compares with a base, and there is none. Say --base.")
    name = chosen_benchmarks(table, benchmark, base, arms)[-1]
    sampled = [arm for arm in arms if arm in sampled_on(table, name)]
    rows = table.table if name == ALL else table.table.loc[table.table["benchmark"] == name]
    design = run_design(rows, base, sampled)
    methods = {part.name: part for part in design.methods}
    runs = {run.name: run for whole in training_runs(table, base, arms) if (run := whole.on([base, *sampled]))}
    if method is not None:
        return _Subject(base, name, methods[_known_name("method", method, list(methods), design.notes)], None)
    if training_run is not None:
        return _Subject(base, name, None, runs[_known_name("training run", training_run, list(runs), ())])
    repeated = [part for part in methods.values() if len(part.arms) > 1]
    if len(repeated) > 1:
        names = ", ".join(part.name for part in repeated)
        raise InputError(f"A plan is for one method at a time. Say --method NAME, one of: {names}.")
    if repeated:
        return _Subject(base, name, repeated[0], None)
    if len(runs) > 1:
        raise InputError(
            f"A plan is for one training run at a time. Say --training-run NAME, one of: {', '.join(runs)}."
        )
    if runs:
        return _Subject(base, name, None, next(iter(runs.values())))
    if len(methods) == 1:
        return _Subject(base, name, next(iter(methods.values())), None)
    columns = {"method", "training_run", "checkpoint_step"} & set(rows.columns)
    remedy = (
        f"The counts have {' and '.join(sorted(columns))}, but by these no two models are runs of one method, nor "
        "checkpoints of one run."
        if columns
        else "Add the columns method and training_run, or checkpoint_step; to settle a claim on one model, say --claim."
    )
    raise InputError(
        f"{table.source}: there is no method with training runs and no run with checkpoints to plan for. "
        + " ".join([remedy, *design.notes])
    )


def _known_name(kind: str, name: str, names: list[str], notes: Sequence[str]) -> str:
    """The name where it is known; else an error that lists those there are, or says why there is none."""
    if name in names:
        return name
    if names == [""]:
        hint = f" There is one, which has no name: leave --{kind.replace(' ', '-')} out."
    elif names:
        hint = did_you_mean(name, names) or f" There are: {', '.join(map(repr, names))}."
    else:
        hint = " ".join([" There is none.", *notes])
    raise InputError(f"The counts have no {kind} '{name}' to plan for.{hint}")


def _check_run_tokens(subject: _Subject, costs: Costs) -> None:
    """Refuse tokens of training that no cost would hold."""
    if costs.run_tokens and subject.method is None:
        raise InputError("--run-tokens is what a further training run costs, and a plan for checkpoints has none.")
    if costs.run_tokens and not costs.are_known:
        raise InputError(
            "--run-tokens is given, but the tokens of a sample are not known for all models, so that the two cannot be "
            "added. Say --tokens, the mean tokens of a sample."
        )


def _budget(k: int | None, fits: dict[str, SolveRates]) -> int:
    return max(int(k or min(fit.reliable_k for fit in fits.values())), 1)


def _rows(table: Counts, subject: _Subject, panels: Sequence[Panel]) -> pd.DataFrame:
    """Rows of the models and problems that are fitted."""
    rows = table.table.loc[table.table["model"].isin([subject.base, *subject.models])]
    problems = {pair for panel in panels for pair in panel.counts.pairs}
    return rows.loc[[pair in problems for pair in zip(rows["benchmark"], rows["problem_id"], strict=True)]]


def _has_converged(rates: SolveRates, k: int) -> bool:
    draws = ESTIMANDS["pass_at_k"](rates, k).transpose("model", "chain", "draw").to_numpy()
    return bool((convergence(draws).r_hat <= MAX_R_HAT).all())


def _notes(subject: _Subject, designs: pd.DataFrame, costs: Costs, budget: int | None) -> list[str]:
    """What the numbers rest on, and what they leave out."""
    notes = []
    if subject.method is not None:
        n = len(subject.models)
        if n == 1:
            notes.append("One run says nothing of how much runs differ: all widths rest on the prior of that.")
        elif n < FEW_RUNS:
            notes.append(
                f"How much runs differ is hardly known from {n} of them: widths rest on the prior of that too."
            )
        if not costs.run_tokens:
            notes.append("What training a run costs is not in the costs (--run-tokens).")
        elif budget is not None:
            notes.append("The tokens of training are no part of the samples that may be spent.")
    else:
        notes.append("What training costs is not in the costs.")
    if not costs.are_known:
        notes.append("Tokens of samples are not known for all models (--tokens): designs are compared in samples.")
    if designs["extrapolated"].iloc[0]:
        notes.append("The budget is beyond the samples that there are: widths rest on the prior of solve rates too.")
    return notes
