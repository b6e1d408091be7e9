"""The posterior as a file: all that was fitted comes back, whatever it is called."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings, strategies as st

import boundary as bd
from boundary.analysis.output.posterior import write_posterior
from boundary.errors import InputError
from boundary.stats.solve_rates import SolveRates
from boundary.stats.verdict_errors import VerdictErrors

NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
FIT_NAMES = NAMES | st.sampled_from([".", "..", "a/b", "a|b", "a%2Fb", "A: b/c"])
SHARES = st.floats(0, 0.49)


@st.composite
def fits(draw):
    """Fields of any fit: labels, counts, draws, and what a prior may leave out.

    The fit itself is made in the test, since the check of its types draws random numbers.
    """
    problems, models = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = rng.integers(0, 9, (problems, models))
    shape = (2, 3, problems, models)
    errors = None
    if draw(st.booleans()):
        nodes = draw(st.integers(1, 3))
        positive, negative = rng.uniform(0, draw(SHARES), (2, problems, models, nodes))
        weights = rng.dirichlet(np.ones(nodes)) if draw(st.booleans()) else None
        errors = (positive, negative, draw(st.booleans()), weights)
    return {
        "p": rng.uniform(size=shape),
        "n_correct": rng.integers(0, n + 1),
        "n_samples": n,
        "prior": draw(NAMES),
        "new_p": rng.uniform(size=(2, 3, 5, models)) if draw(st.booleans()) else None,
        "models": tuple(draw(st.lists(NAMES, min_size=models, max_size=models, unique=True))),
        "problem_ids": tuple(draw(st.lists(NAMES, min_size=problems, max_size=problems))),
        "log_likelihood": -rng.exponential(size=(2, 3, problems)) if draw(st.booleans()) else None,
        "families": draw(st.dictionaries(NAMES, SHARES, max_size=3)),
        "errors": errors,
        "in_lumps": draw(st.booleans()),
    }


def fit_of(errors, **fields):
    return SolveRates(**fields, errors=None if errors is None else VerdictErrors(*errors))


def same(fit, fit_read):
    """Compare two fits field by field: draws as they are kept, all else to the last bit."""
    for part in dataclasses.fields(SolveRates):
        a, b = getattr(fit, part.name), getattr(fit_read, part.name)
        if part.name == "errors" and a is not None:
            assert a.shared == b.shared
            for name in ("false_positive", "false_negative", "node_weights"):
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        elif part.name in ("p", "new_p") and a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-37)
        elif part.name == "log_likelihood" and a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=0.5 / 1024)
        elif isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b
            assert type(a) is type(b)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(FIT_NAMES, fits(), min_size=1, max_size=2))
def test_all_of_every_fit_comes_back(tmp_path, rates):
    rates = {name: fit_of(**fields) for name, fields in rates.items()}
    path = write_posterior(rates, tmp_path / "posterior.nc")
    for place in (path, str(tmp_path)):
        read = bd.read_posterior(place)
        assert list(read) == list(rates)
        for name, fit in rates.items():
            same(fit, read[name])


def random_fit():
    """A fit with a population, of two models and nine problems."""
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 9, (9, 2))
    return SolveRates(
        rng.uniform(size=(2, 5, 9, 2)),
        counts,
        np.full((9, 2), 8),
        "nonparametric",
        new_p=rng.uniform(size=(2, 5, 4, 2)),
        models=("a", "b"),
        problem_ids=tuple("abcdefghi"),
        log_likelihood=rng.normal(size=(2, 5, 9)),
    )


def test_new_problems_are_left_out_where_nothing_needs_them(tmp_path):
    fit = random_fit()
    write_posterior({"B": fit}, tmp_path / "posterior.nc", new_problems=False)
    same(dataclasses.replace(fit, new_p=None), bd.read_posterior(tmp_path)["B"])


def test_files_of_earlier_versions_are_read(tmp_path):
    """There, draws may be in double precision, and every group has labels of its own."""
    fit = random_fit()
    tree = {f"/B%2F1/{group}": dataset.assign_attrs(fit="B/1") for group, dataset in fit.groups().items()}
    xr.DataTree.from_dict(tree).to_netcdf(tmp_path / "posterior.nc", engine="h5netcdf")
    read = bd.read_posterior(tmp_path)
    assert list(read) == ["B/1"]
    same(fit, read["B/1"])


def test_groups_of_a_file_are_those_of_arviz(tmp_path):
    fit = random_fit()
    path = write_posterior({"B": fit}, tmp_path / "posterior.nc")
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        assert set(tree["B"].children) == {"posterior", "observed_data", "constant_data", "log_likelihood"}
        rates = tree["B/posterior/p"].sel(model="b", problem="c")
        assert rates.dtype == np.float32
        np.testing.assert_allclose(rates, fit.p[..., 2, 1], rtol=1e-6)
        assert tree["B/log_likelihood/n_correct"].dims == ("chain", "draw", "problem")


def test_a_file_is_what_xarray_would_have_written(tmp_path):
    """Dimensions with labels and without, texts, numbers, single values, and chunks that the problems do not fill."""
    errors = VerdictErrors(np.full((9, 2, 3), 0.1), np.full((9, 2, 3), 0.2), True, np.array([0.2, 0.3, 0.5]))
    fit = dataclasses.replace(random_fit(), families={"a": 0.25, "b": 0.75}, errors=errors)
    path = write_posterior({"B": fit}, tmp_path / "posterior.nc")
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        for group, expected in fit.groups().items():
            kept_group = tree[f"B/{group}"].to_dataset()
            assert kept_group.attrs == {**expected.attrs, "fit": "B"}
            assert kept_group.sizes == {**kept_group.sizes, **expected.sizes}
            assert set(kept_group.data_vars) == set(expected.data_vars)
            for name, variable in ({**expected.coords, **expected.data_vars}).items():
                assert kept_group[name].dims == variable.dims
                assert np.array_equal(kept_group[name], variable) or kept_group[name].dtype == np.float32


def test_what_is_no_posterior_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not there"):
        bd.read_posterior(tmp_path)
    (tmp_path / "posterior.nc").write_text("model,benchmark\n")
    with pytest.raises(InputError, match="is no posterior"):
        bd.read_posterior(tmp_path)
