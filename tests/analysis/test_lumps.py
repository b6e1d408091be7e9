"""Where the problems of a pair come in narrow lumps the report says that its population is another one."""

import numpy as np
import pandas as pd
from scipy.special import expit

import boundary as bd
from boundary.analysis import analyze as analyze_module
from boundary.stats.priors import NonParametric

SHORT = NonParametric(chains=8, draws=8, warmup=8, leapfrogs=2, new_problems=4)


def table(rng, benchmark, base):
    n_samples = 64
    rates = expit(np.stack([base, 1.2 * base + 2], axis=1))
    counts = rng.binomial(n_samples, rates)
    columns = {"benchmark": benchmark, "problem_id": [f"{benchmark}-{i}" for i in range(len(base))]}
    return pd.concat(
        pd.DataFrame({"model": model, **columns, "n_samples": n_samples, "n_correct": n_correct})
        for model, n_correct in zip(("base", "rl"), counts.T, strict=True)
    )


def test_lumps_are_noted_kept_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(analyze_module, "MORE_DRAWS", ())
    rng = np.random.default_rng(0)
    lumps = rng.choice([-6.9, -2.0, 1.5], 400, p=[0.25, 0.35, 0.4]) + 0.3 * rng.normal(size=400)
    counts = pd.concat([table(rng, "lumps", lumps), table(rng, "smooth", rng.normal(0, 2, 60))])
    options = {"base": "base", "benchmarks": ["lumps", "smooth"], "prior": SHORT, "keep_fits": tmp_path / "fits"}
    result = bd.analyze(counts, **options)
    in_lumps = {"lumps": True, "smooth": False, "all": True}
    assert {name: rates.in_lumps for name, rates in result.rates.items()} == in_lumps
    assert [(note.benchmark, note.severity) for note in result.arms.remarks] == [("lumps", "note"), ("all", "note")]
    result.write(tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.count("the population fitted to them allows for such groups") == 2
    assert {name: rates.in_lumps for name, rates in bd.read_posterior(tmp_path / "report").items()} == in_lumps
    again = bd.analyze(counts, **options)
    assert again.rates["lumps"].in_lumps
    assert again.estimates.equals(result.estimates)
