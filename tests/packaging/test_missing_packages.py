"""What works where modules are missing: analyses without torch, counts without jax, both without what Windows lacks.

tests/sampling/test_without_jax.py samples without jax from end to end.
"""

import json
import subprocess

import pytest

TORCH = ["torch", "transformers", "accelerate", "datasets", "tokenizers", "httpx", "ray"]
JAX = ["jax", "jaxlib", "numpyro", "arviz", "arviz_base", "arviz_plots", "arviz_stats"]

NOT_ON_WINDOWS = ["fcntl", "grp", "pwd", "resource", "termios"]

COUNTS = "model,benchmark,problem_id,n_samples,n_correct\n" + "".join(
    f"{model},B,{i},16,{min(16, i + gain)}\n" for model, gain in (("base", 0), ("rl", 3)) for i in range(12)
)


@pytest.fixture
def run(boundary_command, tmp_path):
    """Run `boundary` without some packages in an empty folder: `run(packages, *words)`."""

    def run(packages, *words):
        return subprocess.run([*boundary_command(packages), *words], cwd=tmp_path, capture_output=True, text=True)

    return run


def test_analysis_without_torch_and_modules_of_unix(run, tmp_path):
    (tmp_path / "counts.csv").write_text(COUNTS)
    done = run(
        [*TORCH, *NOT_ON_WINDOWS], "analyze", "counts.csv", "--base", "base", "--prior", "independent", "-o", "report"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report" / "report.html").exists()


@pytest.mark.parametrize(("packages", "extra"), [(TORCH, "sampling"), (["math_verify"], "verify")])
def test_sampling_says_what_to_install(run, tmp_path, packages, extra):
    (tmp_path / "sums.jsonl").write_text('{"problem_id": "a", "problem": "1 + 1 =", "answer": "2"}\n')
    done = run(packages, "sample", "--model", "m", "--benchmark", "sums.jsonl", "-n", "2", "-o", "run")
    assert done.returncode == 2, done.stderr
    assert f"pip install '.[{extra}]'" in done.stderr


def test_import_without_jax(run, tmp_path):
    row = {"idx": 0, "question": "q", "gt_cot": "", "gt": "1", "code": ["1", "2", "3"], "score": [True, False, False]}
    (tmp_path / "samples.jsonl").write_text(json.dumps(row) + "\n")
    words = ["import", "auto", "samples.jsonl", "--model", "m", "--benchmark", "B", "-o", "counts.csv"]
    done = run([*JAX, *NOT_ON_WINDOWS], *words)
    assert done.returncode == 0, done.stderr
    assert "m,B,0,3,1" in (tmp_path / "counts.csv").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("sample", "--help"),
        ("plan", "--help"),
        ("data", "list"),
        ("data", "show", "deepscaler-1.5b"),
        ("data", "export", "deepscaler-1.5b", "-o", "counts.csv"),
    ],
    ids=" ".join,
)
def test_commands_that_need_neither_jax_nor_torch_nor_modules_of_unix(run, words):
    done = run([*JAX, *TORCH, *NOT_ON_WINDOWS], *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout
