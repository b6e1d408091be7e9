"""The records of ESTIMANDS: consistent, the source of the page and of the public names, and enough to add one."""

import ast
import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import boundary
from boundary.cli.main import main
from boundary.stats.estimands import ESTIMANDS, Estimand, pass_at_k
from boundary.stats.estimands.unbiased import mean_of, unbiased_pass_at_k
from boundary.stats.solve_rates import SolveRates

DOCS = Path(__file__).resolve().parents[3] / "docs"
# Public functions that give several estimands at once.
JOINT = {"flows", "gains", "support_rates"}


@pytest.fixture(scope="module")
def rates():
    p = np.random.default_rng(0).beta(0.5, 1, size=(2, 20, 12, 2))
    n_samples = np.full((12, 2), 16)
    return SolveRates(
        p, np.random.default_rng(1).binomial(n_samples, p[0, 0]), n_samples, "given", models=("base", "rl")
    )


@pytest.mark.parametrize("record", ESTIMANDS.values(), ids=ESTIMANDS)
def test_each_record_is_what_its_functions_give(record, rates):
    values = {"k": [1, 4], "tau": [0.25, 0.5], "max_k": 16}
    arguments = [values[name] for name in record.parameters]
    draws = record(rates, *arguments)
    assert draws.name == record.name
    if record.joint is not None:
        np.testing.assert_array_equal(
            record.joint(rates, *arguments)[record.name].to_numpy().ravel(), draws.values.ravel()
        )
    if record.unbiased is not None:
        columns = 0 if record.of == "model" else slice(None)
        at = {"k": 4, "tau": 0.5}
        estimate = record.unbiased(
            rates.n_correct[:, columns], rates.n_samples[:, columns], *(at[name] for name in record.parameters)
        )
        low, high = float(draws.min()) - 0.5, float(draws.max()) + 0.5
        assert np.all((np.asarray(estimate) >= low) & (np.asarray(estimate) <= high))
    for name in (*(record.ratio or ({}, {}))[0], *(record.ratio or ({}, {}))[1], record.root_of):
        assert not name or ESTIMANDS[name].additive
    assert record.label_at.format(k=4, tau=".5") or record.label


def test_the_page_has_the_table_of_the_records():
    spec = importlib.util.spec_from_file_location("make_estimands_table", DOCS / "make_estimands_table.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = (DOCS / "estimands.md").read_text(encoding="utf-8")
    assert script.page_with_table(page) == page, "Run: python docs/make_estimands_table.py"


def test_public_names_are_those_of_the_records():
    tree = ast.parse(Path(boundary.__file__).read_text(encoding="utf-8"))
    (for_type_checkers,) = (node for node in tree.body if isinstance(node, ast.If))
    names = {
        alias.name
        for node in for_type_checkers.body
        if isinstance(node, ast.ImportFrom) and node.module == "boundary.stats.estimands"
        for alias in node.names
    }
    assert names == {*ESTIMANDS, *JOINT, "ESTIMANDS"}


def unsolved(rates, k, *, target="benchmark"):
    """Share of problems that k samples do not solve."""
    return (1 - pass_at_k(rates, k, target=target)).rename("unsolved")


UNSOLVED = Estimand(
    name="unsolved",
    draws=unsolved,
    of="model",
    label="unsolved",
    group="coverage",
    definition="(1 - p)^k",
    unbiased=mean_of(lambda c, n, k: 1 - unbiased_pass_at_k(c, n, k)),
    additive=True,
)


@pytest.fixture
def counts(tmp_path):
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 1, (2, 24))
    table = pd.DataFrame({"model": np.repeat(["base", "trained"], 24), "problem_id": [*range(24)] * 2})
    table.assign(n_samples=16, n_correct=rng.binomial(16, p).ravel()).to_csv(tmp_path / "counts.csv", index=False)
    return tmp_path / "counts.csv"


def run(*words):
    result = CliRunner().invoke(main, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_new_estimand_is_one_function_and_one_record(counts, monkeypatch):
    monkeypatch.setitem(ESTIMANDS, "unsolved", UNSOLVED)
    folder, claim = counts.parent / "report", "unsolved(4) rl < .95"
    common = (counts, "--base", "base", "--prior", "independent")
    run("analyze", *common, "--k", "1,4", "--estimand", "unsolved", "--claim", claim, "-o", folder)
    rows = pd.read_csv(folder / "estimates.csv").query("model == 'trained' and k == 4")
    unsolved_rows, solved_rows = (rows[rows["estimand"] == name].reset_index() for name in ("unsolved", "pass_at_k"))
    assert len(unsolved_rows) == 2  # from the counts, and posterior
    np.testing.assert_allclose(unsolved_rows["mean"], 1 - solved_rows["mean"][:2])
    assert pd.read_csv(folder / "claims.csv")["probability"][0] > 0.5
    planned = run(
        "plan", *common, "--claim", "unsolved(4) rl < .4", "--budget", "100", "-o", counts.parent / "plan.csv"
    )
    assert "unsolved(4) rl < .4" in planned
