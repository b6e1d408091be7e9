"""The posterior of the solve rates: what every prior returns and every estimand takes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from boundary.html_tables import html_table
from boundary.plain_text import plain
from boundary.stats.quiet_arviz import import_arviz
from boundary.stats.sample_sizes import HALF, MOST, samples_of_share
from boundary.stats.verdict_errors import VerdictErrors

if TYPE_CHECKING:
    import arviz

Target = Literal["benchmark", "superpopulation"]
MOST_NAMES = 4
TARGETS: tuple[Target, ...] = ("benchmark", "superpopulation")


@dataclass(frozen=True, repr=False)
class SolveRates:
    """Posterior draws of every problem's solve rate under every model.

    Parameters
    ----------
    p
        Draws of the solve rates, in [0, 1], for the problems at hand; of any floating type, and kept in it. They are
        not copied where each model's draws lie in one piece of memory.
    new_p
        Draws of the solve rates of new problems of the same kind, for the target `superpopulation`; None where
        a prior has no population, or none were drawn.
    n_correct, n_samples
        The counts that the posterior rests on.
    prior
        Name of the family.
    models, problem_ids
        Labels; numbered where none are given.
    log_likelihood
        Log probability of each problem's counts, of all models together, given each drawn population and with the solve
        rates integrated out: which leave-one-out prediction needs. None where a prior has no population.
    families
        Weight of each family in a mixture of several; empty otherwise.
    errors
        How often verdicts were taken to be wrong; None: never.
    in_lumps
        Whether the problems of a pair were found to come in narrow lumps of solve rates, and the population has them.

    Examples
    --------
    Three draws of two problems' solve rates, and their posterior means:

    >>> import numpy as np
    >>> p = np.array([[[[0.1], [0.8]], [[0.2], [0.9]], [[0.3], [1.0]]]])  # (chain, draw, problem, model)
    >>> rates = SolveRates(p, np.array([[1], [8]]), np.array([[8], [8]]), "independent", models=("rl",))
    >>> rates.posterior.mean(["chain", "draw"]).sel(model="rl").round(3).values.tolist()
    [0.2, 0.9]
    """

    p: Float[np.ndarray, "chain draw problem model"]
    n_correct: Int[np.ndarray, "problem model"]
    n_samples: Int[np.ndarray, "problem model"]
    prior: str
    new_p: Float[np.ndarray, "chain draw new_problem model"] | None = None
    models: tuple[str, ...] = ()
    problem_ids: tuple[str, ...] = ()
    log_likelihood: Float[np.ndarray, "chain draw problem"] | None = None
    families: Mapping[str, float] = field(default_factory=dict)
    errors: VerdictErrors | None = None
    in_lumps: bool = False

    def __post_init__(self) -> None:
        """Check that shapes agree, and number what has no label."""
        if self.p.shape[2:] != self.n_correct.shape or self.n_correct.shape != self.n_samples.shape:
            raise ValueError(
                f"Solve rates of shape (chain, draw, problem, model) = {self.p.shape} do not match counts of shape "
                f"(problem, model) = {self.n_correct.shape} and {self.n_samples.shape}."
            )
        object.__setattr__(self, "p", _model_first(self.p))
        if self.new_p is not None:
            object.__setattr__(self, "new_p", _model_first(self.new_p))
        n_problems, n_models = self.n_correct.shape
        object.__setattr__(self, "models", tuple(self.models or (f"model {i}" for i in range(n_models))))
        object.__setattr__(self, "problem_ids", tuple(self.problem_ids or (str(i) for i in range(n_problems))))

    @classmethod
    def exact(cls, p: ArrayLike, models: Sequence[str] = (), problem_ids: Sequence[str] = ()) -> "SolveRates":
        """Solve rates without any uncertainty, as one chain with one draw: for simulations and examples.

        Parameters
        ----------
        p
            Solve rates in [0, 1], of shape (problem, model).
        models, problem_ids
            Labels; numbered where none are given.

        Returns
        -------
        SolveRates
            With no samples and no counts, and `exact` as the name of the prior.

        Raises
        ------
        ValueError
            If the shape is another, or a rate lies outside [0, 1].

        Examples
        --------
        >>> rates = SolveRates.exact([[0.5, 1.0], [0.2, 0.0]], models=("base", "rl"))
        >>> rates.n_problems, rates.p.shape
        (2, (1, 1, 2, 2))
        >>> rates.posterior.sel(model="rl").values.ravel().tolist()
        [1.0, 0.0]
        """
        p = np.asarray(p, dtype=np.float64)
        if p.ndim != 2:
            raise ValueError(f"Exact solve rates need the shape (problem, model), got {p.shape}.")
        if not ((p >= 0) & (p <= 1)).all():
            raise ValueError("Exact solve rates must lie between 0 and 1.")
        no_counts = np.zeros(p.shape, dtype=np.int64)
        return cls(p[None, None], no_counts, no_counts, "exact", models=tuple(models), problem_ids=tuple(problem_ids))

    def __repr__(self) -> str:
        """What the draws are of, in a line or two; `p` holds them."""
        names = ", ".join(map(plain, self.models[:MOST_NAMES])) + ", ..." * (len(self.models) > MOST_NAMES)
        return f"SolveRates: {self._shape_in_words}\nmodels: {names}"

    def _repr_html_(self) -> str:
        """The samples and the mean solve rate of each model, for a notebook."""
        rows = [
            (model, _range(n), f"{c.sum():,} of {n.sum():,}", f"{mean:.3f}")
            for model, n, c, mean in zip(
                self.models, self.n_samples.T, self.n_correct.T, self.p.mean(axis=(0, 1, 2)), strict=True
            )
        ]
        headings = ("model", "samples of a problem", "correct samples", "mean solve rate (posterior)")
        return html_table(f"SolveRates: {self._shape_in_words}", headings, rows)

    @property
    def _shape_in_words(self) -> str:
        chains, draws = self.p.shape[:2]
        models = f"{len(self.models)} model{'s' * (len(self.models) != 1)}"
        return (
            f"{chains} x {draws:,} posterior draws (chains x draws) of the solve rates of {self.n_problems:,} problems "
            f"under {models}, prior {plain(self.prior)}"
        )

    @property
    def n_problems(self) -> int:
        """Problems at hand."""
        return len(self.n_correct)

    @cached_property
    def fewest(self) -> Int[np.ndarray, " problem"]:
        """Samples of each problem under the model that has fewest."""
        return self.n_samples.min(axis=1)

    @cached_property
    def reliable_k(self) -> int:
        """Largest budget that nine of ten problems have samples for, of every model: beyond it all is extrapolated."""
        return samples_of_share(self.fewest, MOST)

    @cached_property
    def typical_k(self) -> int:
        """Largest budget that half of the problems have samples for, of every model."""
        return samples_of_share(self.fewest, HALF)

    def n_short(self, k: float) -> int:
        """Problems with fewer than k samples of a model: there a quantity at k is extrapolated."""
        return 0 if np.isnan(k) else int(np.searchsorted(self._ascending_fewest, k))

    @cached_property
    def _ascending_fewest(self) -> np.ndarray:
        return np.sort(self.fewest)

    def labelled(self, models: Sequence[str], problem_ids: Sequence[str]) -> "SolveRates":
        """The same draws with labels."""
        return replace(self, models=tuple(models), problem_ids=tuple(problem_ids))

    def thinned(self, step: int) -> "SolveRates":
        """Every step-th draw of each chain."""
        new_p, log_likelihood = (None if a is None else a[:, ::step] for a in (self.new_p, self.log_likelihood))
        return replace(self, p=self.p[:, ::step], new_p=new_p, log_likelihood=log_likelihood)

    def index(self, model: str | int) -> int:
        """Column of a model, given by name or number.

        Raises
        ------
        ValueError
            If there is no such model.
        """
        if isinstance(model, str):
            if model not in self.models:
                raise ValueError(f"No model '{model}' among the fitted ones: {', '.join(self.models)}.")
            return self.models.index(model)
        return range(len(self.models))[model]

    def rates(self, target: Target = "benchmark") -> Float[np.ndarray, "chain draw problem model"]:
        """Draws for a target: these problems, or new ones of the same kind.

        Raises
        ------
        ValueError
            For an unknown target, or for `superpopulation` where no new problems were drawn.
        """
        if target not in TARGETS:
            raise ValueError(f"Unknown target '{target}'; choose one of {', '.join(TARGETS)}.")
        if target == "benchmark":
            return self.p
        if self.new_p is None:
            raise ValueError(
                f"The prior '{self.prior}' has no population of new problems, or none were drawn or kept. Use target "
                "'benchmark', or analyse for target 'superpopulation'."
            )
        return self.new_p

    @cached_property
    def means(self) -> dict[tuple[Any, ...], dict[int, np.ndarray]]:
        """Means over problems of powers of the rates, by what they are of and by exponent (see `budgets`).

        They are a few numbers a draw, which several estimands share.
        """
        return {}

    def forget_means_except(self, exponents: Collection[int]) -> None:
        """Keep in memory only the means of powers with these exponents; others are computed anew where needed."""
        for (kind, *_), values in self.means.items():
            # Of binomials the keys are numbers of right samples, all of which are needed.
            for exponent in values.keys() - (set() if kind == "binomial" else set(exponents)):
                del values[exponent]

    def without_new_problems(self) -> "SolveRates":
        """The same fit without its draws of new problems, which take most of the room where problems are few."""
        fit = replace(self, new_p=None)
        fit.means.update({key: means for key, means in self.means.items() if key[1] == "benchmark"})
        return fit

    @cached_property
    def posterior(self) -> xr.DataArray:
        """Draws of p as a labelled array (chain, draw, problem, model)."""
        chains, draws = self.p.shape[:2]
        return xr.DataArray(
            self.p,
            dims=("chain", "draw", "problem", "model"),
            coords={
                "chain": np.arange(chains),
                "draw": np.arange(draws),
                "problem": list(self.problem_ids),
                "model": list(self.models),
            },
            name="p",
        )

    def groups(self) -> dict[str, xr.Dataset]:
        """All draws, counts and labels as ArviZ groups.

        Returns
        -------
        `posterior` with p and new_p; `log_likelihood`; `observed_data` with n_correct; `constant_data` with n_samples,
        the weights of the families of a mixture, the rates of the verifier's errors, and whether there are lumps.
        """
        posterior = self.posterior.to_dataset()
        if self.new_p is not None:
            posterior["new_p"] = (("chain", "draw", "new_problem", "model"), self.new_p)
        posterior.attrs["prior"] = self.prior
        labels = {"problem": list(self.problem_ids), "model": list(self.models)}
        counts = {
            name: xr.Dataset({variable: (("problem", "model"), values)}, coords=labels)
            for name, variable, values in (
                ("observed_data", "n_correct", self.n_correct),
                ("constant_data", "n_samples", self.n_samples),
            )
        }
        counts["constant_data"] = counts["constant_data"].assign(self._constants())
        if self.log_likelihood is not None:
            values = (("chain", "draw", "problem"), self.log_likelihood)
            counts["log_likelihood"] = xr.Dataset({"n_correct": values}, coords={"problem": list(self.problem_ids)})
        return {"posterior": posterior, **counts}

    def _constants(self) -> dict[str, Any]:
        """What the fit rests on beside the counts: weights of families, rates of the verifier's errors, lumps."""
        constants: dict[str, Any] = {"in_lumps": ((), 1)} if self.in_lumps else {}
        if self.families:
            weights = list(self.families.values())
            constants["family_weight"] = xr.DataArray(weights, {"family": list(self.families)}, ("family",))
        if self.errors is not None:
            over = ("problem", "model", "node")
            constants["false_positive"] = (over, self.errors.false_positive)
            constants["false_negative"] = (over, self.errors.false_negative)
            constants["errors_shared"] = ((), int(self.errors.shared))
            if self.errors.node_weights is not None:
                constants["node_weight"] = (("node",), self.errors.node_weights)
        return constants

    def to_arviz(self) -> "arviz.InferenceData | xr.DataTree":
        """As ArviZ data: `InferenceData` with ArviZ 0.23, an xarray `DataTree` with ArviZ 1."""
        from importlib.metadata import version

        if int(version("arviz").split(".")[0]) >= 1:
            return xr.DataTree.from_dict(self.groups())
        az = import_arviz()

        groups: dict[str, Any] = self.groups()
        return az.InferenceData(**groups)


def _range(n: Int[np.ndarray, " problem"]) -> str:
    if not n.size:
        return ""
    return f"{n.min():,}" if n.min() == n.max() else f"{n.min():,} to {n.max():,}"


def _model_first(p: np.ndarray) -> np.ndarray:
    """The same array with each model's draws in one piece of memory: means over problems take a fifth of the time."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(p, -1, 0)), 0, -1)


def rates_from_groups(groups: dict[str, Any]) -> SolveRates:
    """The inverse of `SolveRates.groups`, from any mapping of group names to xarray Datasets."""
    posterior, observed, constant = groups["posterior"], groups["observed_data"], groups["constant_data"]
    return SolveRates(
        p=posterior["p"].to_numpy(),
        n_correct=observed["n_correct"].to_numpy(),
        n_samples=constant["n_samples"].to_numpy(),
        prior=str(posterior.attrs["prior"]),
        new_p=posterior["new_p"].to_numpy() if "new_p" in posterior else None,
        models=tuple(map(str, posterior["model"].to_numpy())),
        problem_ids=tuple(map(str, posterior["problem"].to_numpy())),
        log_likelihood=groups["log_likelihood"]["n_correct"].to_numpy() if "log_likelihood" in groups else None,
        families=_families(constant),
        errors=_errors(constant),
        in_lumps=bool(constant.get("in_lumps", 0)),
    )


def _families(constant: xr.Dataset) -> dict[str, float]:
    if "family_weight" not in constant:
        return {}
    weights = constant["family_weight"]
    return {str(name): float(weight) for name, weight in zip(weights["family"].to_numpy(), weights, strict=True)}


def _errors(constant: xr.Dataset) -> VerdictErrors | None:
    if "false_positive" not in constant:
        return None
    return VerdictErrors(
        false_positive=constant["false_positive"].to_numpy(),
        false_negative=constant["false_negative"].to_numpy(),
        shared=bool(constant["errors_shared"]),
        node_weights=constant["node_weight"].to_numpy() if "node_weight" in constant else None,
    )
