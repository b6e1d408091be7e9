"""Where the problems of a pair come in narrow lumps the report says that its population is another one."""

import numpy as np
import pandas as pd
from scipy.special import expit

import boundary as bd
from boundary.analysis import analyze as analyze_module
from boundary.stats.priors import NonParametric

SHORT = NonParametric(chains=8, draws=8, warmup=8, leapfrogs=2, new_problems=4)


def test_lumps_are_noted_kept_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(analyze_module, "MORE_DRAWS", ())
    rng = np.random.default_rng(0)
    base = rng.choice([-6.9, -2.0, 1.5], 400, p=[0.25, 0.35, 0.4]) + 0.3 * rng.normal(size=400)
    n_correct = rng.binomial(64, expit(np.concatenate([base, 1.2 * base + 2])))
    models, ids = np.repeat(["base", "rl"], 400), np.tile(np.arange(400), 2)
    columns = {"model": models, "benchmark": "B", "problem_id": ids, "n_samples": 64, "n_correct": n_correct}
    options = {"base": "base", "prior": SHORT, "keep_fits": tmp_path / "fits"}
    result = bd.analyze(pd.DataFrame(columns), **options)
    assert result.rates["B"].in_lumps
    assert [(note.benchmark, note.severity) for note in result.arms.remarks] == [("B", "note")]
    result.write(tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    assert "the population fitted to them allows for such groups" in page
    assert bd.read_posterior(tmp_path / "report")["B"].in_lumps
    again = bd.analyze(pd.DataFrame(columns), **options)
    assert again.rates["B"].in_lumps
    assert again.estimates.equals(result.estimates)
