"""A kept fit comes back bit for bit, for the same inputs only; a file that was tampered with changes nothing."""

import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from boundary.analysis import fit_inputs, fit_store
from boundary.analysis.analyze import analyze
from boundary.analysis.checks import model_checks, tipping_point
from boundary.analysis.fit_inputs import FitInputs
from boundary.analysis.fit_store import FitStore
from boundary.analysis.fitting import Panel, fit
from boundary.data.counts import CountArrays
from boundary.errors import InputError
from boundary.stats.priors import PRIORS, BetaBinomial, Independent, LogitNormal, NonParametric, Stacked
from boundary.stats.random_keys import fit_key
from boundary.stats.verdict_errors import VerdictErrors

N_CORRECT, N_SAMPLES = np.array([[0, 3], [5, 8], [8, 2]]), np.full((3, 2), 8)
PRIOR = Independent(chains=2, draws=3)
SHORT_BETA = BetaBinomial(chains=2, draws=20, warmup=20, new_problems=4)


def constant_errors(shared):
    rates = np.full((3, 2, 2), 0.01) * np.arange(1, 3)
    return VerdictErrors(rates, rates, shared=shared, node_weights=np.array([0.25, 0.75]) if shared else None)


def panel_of(n_correct=N_CORRECT, n_samples=N_SAMPLES, benchmark="B", errors=None):
    ids = [f"p{i}" for i in range(len(n_correct))]
    pairs = [(benchmark, problem) for problem in ids]
    return Panel(
        benchmark, "a", "b", CountArrays(n_correct, n_samples, ids, ("a", "b"), benchmark, pairs), errors=errors
    )


def inputs_of(**changes):
    values = {"n_correct": N_CORRECT, "n_samples": N_SAMPLES, "prior": PRIOR, "seed": 0, "label": "B\0a\0b"}
    return FitInputs(**(values | changes))


def assert_equal(rates, other):
    """Every field, its type and its bits; the order in memory too, since sums depend on it."""
    for field in fields(rates):
        value, kept = getattr(rates, field.name), getattr(other, field.name)
        if isinstance(value, np.ndarray):
            assert (value.dtype, value.strides) == (kept.dtype, kept.strides), field.name
            assert np.array_equal(value, kept), field.name
        elif isinstance(value, VerdictErrors):
            assert_equal(value, kept)
        else:
            assert value == kept, field.name


@pytest.mark.parametrize(
    ("prior", "errors"),
    [
        (PRIOR, None),
        (SHORT_BETA, None),
        (Stacked(draws=8, families={"beta_binomial": BetaBinomial, "logit_normal": LogitNormal}), None),
        (NonParametric(chains=2, draws=8, warmup=8, new_problems=4), None),
        (NonParametric(chains=2, draws=8, warmup=8, new_problems=4), constant_errors(shared=False)),
        (NonParametric(chains=2, draws=8, warmup=8, new_problems=4), constant_errors(shared=True)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_kept_fit_is_the_same(tmp_path, prior, errors):
    panel = panel_of(errors=errors)
    rates = fit(panel, prior, 0, FitStore(tmp_path / "fits"))
    store = FitStore(tmp_path / "fits")
    kept = fit(panel, prior, 0, store)
    assert len(store.reused) == 1
    assert_equal(rates, kept)
    assert_equal(rates.thinned(2), kept.thinned(2))
    assert_equal(rates, fit(panel, prior, 0))


def test_fits_under_each_node_are_the_same(tmp_path):
    prior, errors = NonParametric(chains=2, draws=8, warmup=8), constant_errors(shared=True)
    inputs = inputs_of(prior=prior, errors=errors)
    fits, log_evidence = prior.posterior_by_node(N_CORRECT, N_SAMPLES, fit_key(0, "errors"), errors)
    FitStore(tmp_path).save_nodes(inputs, fits, log_evidence)
    kept, kept_evidence = FitStore(tmp_path).load_nodes(inputs)
    for rates, other in zip(fits, kept, strict=True):
        assert_equal(rates, other)
    assert np.array_equal(log_evidence, kept_evidence)
    assert FitStore(tmp_path).load(inputs) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"n_correct": np.minimum(N_CORRECT + 1, 8)},
        {"n_correct": N_CORRECT[::-1]},
        {"n_samples": N_SAMPLES + 1},
        {"seed": 1},
        {"label": "C\0a\0b"},
        {"prior": replace(PRIOR, draws=4)},
        {"prior": replace(PRIOR, a=0.5)},
        {"prior": BetaBinomial()},
        {"prior": Stacked()},
        {"prior": Stacked(families={"beta_binomial": BetaBinomial})},
        {"errors": constant_errors(shared=False)},
        {"errors": constant_errors(shared=True)},
        {"errors": replace(constant_errors(shared=True), node_weights=np.array([0.5, 0.5]))},
    ],
)
def test_other_inputs_have_another_fingerprint(changes):
    assert inputs_of(**changes).fingerprint not in (inputs_of().fingerprint, None)


def test_equal_inputs_have_one_fingerprint():
    narrow = inputs_of(n_correct=np.asfortranarray(N_CORRECT.astype(np.int32)), seed=np.int64(0))
    assert narrow.fingerprint == inputs_of().fingerprint == inputs_of().fingerprint


@pytest.mark.parametrize("name", ["boundary-stats", "jax", "numpy", "source"])
def test_other_software_has_another_fingerprint(monkeypatch, name):
    before = inputs_of().fingerprint
    changed = fit_inputs.software() | {name: "another"}
    monkeypatch.setattr(fit_inputs, "_unchanged_software", lambda: changed)
    assert inputs_of().fingerprint not in (before, None)


def test_code_that_was_changed_since_its_import_has_no_fingerprint(monkeypatch):
    monkeypatch.setattr(fit_inputs, "software", lambda: {"source": "newer"})
    fit_inputs._unchanged_software.cache_clear()
    assert inputs_of().fingerprint is None
    monkeypatch.undo()
    assert inputs_of().fingerprint is not None


class OwnPrior(Independent):
    """A prior whose code may change between two runs."""


@pytest.mark.parametrize("prior", [OwnPrior(), Stacked(families={"own": lambda: BetaBinomial()})])
def test_a_prior_of_the_users_own_is_not_kept(tmp_path, prior):
    assert inputs_of(prior=prior).fingerprint is None
    fit(panel_of(), OwnPrior(), 0, FitStore(tmp_path / "fits"))
    assert not (tmp_path / "fits").exists()


@pytest.fixture(scope="module", params=[PRIOR, SHORT_BETA], ids=["independent", "beta_binomial"])
def kept(request, tmp_path_factory):
    """A folder with one fit, the inputs of it, and its content."""
    folder, inputs = tmp_path_factory.mktemp("fits"), inputs_of(prior=request.param)
    fit(panel_of(), request.param, 0, FitStore(folder))
    (path,) = folder.iterdir()
    assert path.stem == inputs.fingerprint
    return path, inputs, path.read_bytes()


@given(data=st.data())
def test_a_changed_file_is_passed_over(kept, data):
    path, inputs, content = kept
    path.write_bytes(content)
    original = FitStore(path.parent).load(inputs)
    place = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.sampled_from([0, 1, 4, 64, len(content)]))
    path.write_bytes(content[:place] + data.draw(st.binary(max_size=8)) + content[place + length :])
    changed = FitStore(path.parent).load(inputs)
    if changed is not None:
        assert_equal(original, changed)


def rewritten(path, content, compression=zipfile.ZIP_STORED, **changes):
    """The file with some arrays changed and all checksums right."""
    path.write_bytes(content)
    with np.load(path) as loaded:
        arrays = {name: changes.get(name, loaded[name]) for name in loaded.files}
    with zipfile.ZipFile(path, "w", compression) as zipped:
        for name, array in arrays.items():
            if isinstance(array, bytes):
                zipped.writestr(f"{name}.npy", array)
            elif array is not None:
                with zipped.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array(member, np.asarray(array))


def npy_of_shape(shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + b"\0" * 64


@pytest.mark.parametrize(
    "p",
    [
        None,
        np.full((2, 2, 3, 3), np.nan),
        np.full((2, 2, 3, 3), 1.5),
        np.full((2, 2, 3, 3), -0.5),
        np.full((2, 2, 3, 3), 1),
        np.full((2, 2, 3, 3), 0.5 + 0j),
        np.full((2, 2, 3, 3), 0.5, dtype=np.float16),
        np.full((2, 2, 3, 4), 0.5),
        np.full((3, 3), 0.5),
        np.array(0.5),
        np.zeros((2, 2, 0, 3)),
        np.array([{}], dtype=object),
        npy_of_shape((2**20, 2**20, 2**20)),
        npy_of_shape("(" * 2000),
        b"no array",
    ],
)
def test_arrays_that_are_no_draws_are_passed_over(kept, p):
    path, inputs, content = kept
    rewritten(path, content, p=p)
    assert FitStore(path.parent).load(inputs) is None


def test_a_fit_of_other_inputs_under_this_name_is_passed_over(kept):
    path, inputs, content = kept
    rewritten(path, content)
    assert FitStore(path.parent).load(inputs) is not None
    rewritten(path, content, fingerprint=np.array("0" * 64))
    assert FitStore(path.parent).load(inputs) is None
    rewritten(path, content, compression=zipfile.ZIP_DEFLATED)
    assert FitStore(path.parent).load(inputs) is None
    if inputs.prior.has_population:
        rewritten(path, content, new_p=None)
        assert FitStore(path.parent).load(inputs) is None


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "folder"])
def test_what_is_no_file_is_neither_read_nor_written(tmp_path, kind):
    rates, inputs = fit(panel_of(), PRIOR, 0), inputs_of()
    FitStore(tmp_path / "elsewhere").save(inputs, rates)
    (elsewhere,) = (tmp_path / "elsewhere").iterdir()
    before, path = elsewhere.read_bytes(), tmp_path / elsewhere.name
    {
        "link": lambda: path.symlink_to(elsewhere),
        "dangling": lambda: path.symlink_to(tmp_path / "missing"),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
    }[kind]()
    assert FitStore(tmp_path).load(inputs) is None
    FitStore(tmp_path).save(inputs, rates)
    assert (FitStore(tmp_path).load(inputs) is None) == (kind == "folder")
    assert elsewhere.read_bytes() == before
    assert not (tmp_path / "missing").exists()


def test_what_is_too_large_or_finds_no_room_is_not_kept(tmp_path, monkeypatch):
    rates = fit(panel_of(), PRIOR, 0)
    for name, limit in (("LARGEST_FIT", 10), ("LEAST_FREE", 1 << 60)):
        with monkeypatch.context() as patch:
            patch.setattr(fit_store, name, limit)
            FitStore(tmp_path).save(inputs_of(), rates)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_stops_no_analysis(tmp_path, monkeypatch):
    def full(file, **arrays):
        file.write(b"some of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    fit(panel_of(), PRIOR, 0, FitStore(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_several_runs_in_one_folder_do_not_spoil_each_other(tmp_path):
    fits = [fit(panel_of(benchmark=name), PRIOR, 0) for name in ("B", "C")]
    inputs = [inputs_of(label=f"{name}\0a\0b") for name in ("B", "C")]

    def run_once(run):
        store, place = FitStore(tmp_path / "fits"), run % 2
        kept = store.load(inputs[place])
        if kept is not None:
            assert np.array_equal(kept.p, fits[place].p)
        store.save(inputs[place], fits[place])
        if run % 5 == 0:
            store.remove()
        return kept is not None

    with ThreadPoolExecutor(8) as pool:
        assert any(pool.map(run_once, range(200)))
    FitStore(tmp_path / "fits").remove()
    assert list(tmp_path.iterdir()) == []


def test_only_files_of_fits_are_removed(tmp_path):
    fit(panel_of(), PRIOR, 0, FitStore(tmp_path / "fits"))
    (tmp_path / "fits" / ".unfinished-abc_12.npz").touch()
    theirs = tmp_path / "fits" / "theirs.npz"
    theirs.touch()
    FitStore(tmp_path / "fits").remove()
    assert list((tmp_path / "fits").iterdir()) == [theirs]
    theirs.unlink()
    FitStore(tmp_path / "fits").remove()
    assert not (tmp_path / "fits").exists()
    FitStore(tmp_path / "fits").remove()


def test_a_place_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "fits"):
        with pytest.raises(InputError, match=r"Fits cannot be kept in .* Name a folder"):
            FitStore(place)


@pytest.fixture
def counts():
    rows = [
        {"model": model, "benchmark": benchmark, "problem_id": f"{i}", "n_samples": 8, "n_correct": (i * step) % 9}
        for model, step in (("base", 1), ("rl", 4))
        for benchmark in ("easy", "hard")
        for i in range(5)
    ]
    return pd.DataFrame(rows)


def run(counts, **options):
    stages = []
    options = {"base": "base", "rl": "rl", "k": [1, 8], "prior": "independent"} | options
    result = analyze(counts, progress=lambda stage, done, steps: stages.append((stage, done, steps)), **options)
    return result, stages


def test_an_analysis_takes_up_what_an_earlier_one_kept(tmp_path, counts):
    fits = tmp_path / "fits"
    plain, _ = run(counts)
    first, stages = run(counts, keep_fits=f"{fits}")
    assert not any("earlier" in stage for stage, *_ in stages)
    assert len(list(fits.iterdir())) == 3
    next(fits.iterdir()).unlink()
    second, stages = run(counts, keep_fits=fits)
    assert max(stage for stage, *_ in stages).endswith(" (2 of 3 fits were kept from an earlier run)")
    for result in (first, second):
        assert result.estimates.equals(plain.estimates)
        assert result.problems.equals(plain.problems)
    _, stages = run(counts, keep_fits=fits, seed=1)
    assert not any("earlier" in stage for stage, *_ in stages)
    assert len(list(fits.iterdir())) == 6
    second.write(tmp_path / "report")
    assert not fits.exists()
    assert (tmp_path / "report" / "report.html").exists()


def test_refits_are_kept_too(tmp_path, counts):
    """Those of fits that have not converged, with more draws, and those of counts with samples left out."""
    counts["n_truncated"] = 1
    counts["n_correct"] = counts["n_correct"].clip(upper=7)
    options = {"keep_fits": tmp_path, "benchmarks": "easy", "prior": Independent(chains=2, draws=4)}
    result, stages = run(counts, **options)
    kept = sorted(tmp_path.iterdir())
    reports_of_fits = [stage for stage in stages if stage[2]]
    assert len(kept) == len(reports_of_fits) / 2 >= 3  # each is reported as it begins and as it ends
    again, stages = run(counts, **options)
    assert sorted(tmp_path.iterdir()) == kept
    assert sum("(1 of 1 fits was kept from an earlier run)" in stage for stage, *_ in stages) == len(kept)
    assert again.missing_outcomes.rows.equals(result.missing_outcomes.rows)
    assert again.estimates.equals(result.estimates)


def test_fits_of_other_families_and_of_error_rates_are_kept_too(tmp_path, counts, monkeypatch):
    short = NonParametric(chains=2, draws=40, warmup=8, leapfrogs=2, new_problems=4)
    monkeypatch.setattr(tipping_point, "CURVE_PRIOR", short)
    monkeypatch.setattr(model_checks, "FAMILIES", ("nonparametric", "independent"))
    monkeypatch.setitem(PRIORS, "nonparametric", lambda: short)
    options = {"keep_fits": tmp_path, "benchmarks": "easy", "prior": "independent"}
    options |= {"compare_priors": True, "error_curve": True}
    result, _ = run(counts, **options)
    assert len(list(tmp_path.iterdir())) == 3
    again, stages = run(counts, **options)
    assert sum("(1 of 1 fits was kept from an earlier run)" in stage for stage, *_ in stages) == 3
    assert again.tipping_points.equals(result.tipping_points)
    assert again.model_checks.families.equals(result.model_checks.families)


def test_a_writing_that_fails_leaves_the_fits(tmp_path, counts):
    result, _ = run(counts, keep_fits=tmp_path / "fits")
    (tmp_path / "file").touch()
    with pytest.raises(InputError):
        result.write(tmp_path / "file")
    assert len(list((tmp_path / "fits").iterdir())) == 3
