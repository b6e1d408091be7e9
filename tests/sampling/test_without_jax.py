"""Sampling, judging, status and counts where jax, numpyro and arviz are not installed."""

import json
import subprocess

import pytest

pytest.importorskip("httpx")
pytest.importorskip("transformers")

JAX = ["jax", "jaxlib", "numpyro", "arviz", "arviz_base", "arviz_plots", "arviz_stats"]


def test_from_samples_to_counts_without_jax(boundary_command, server, tokenizer_folder, tmp_path):
    sums = [{"problem_id": f"s{k}", "problem": f"What is {k} + {k} ?", "answer": str(2 * k)} for k in range(3)]
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps(line) + "\n" for line in sums))
    sample = ["sample", "--model", f"tiny={tokenizer_folder}", "--benchmark", "sums.jsonl", "--template", "raw"]
    sample += ["--verifier", "number", "--max-tokens", "8", "--base-url", server().url]
    sample += ["--engine-option", "served_model=served", "-n", "4", "-o", "run"]
    for words in (sample, ["status", "run"], ["verify", "run"], ["counts", "run", "-o", "counts.csv"]):
        command = [*boundary_command(without=JAX), *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, (words, done.stderr)
    table = (tmp_path / "counts.csv").read_text()
    assert [line.split(",")[:4] for line in table.splitlines()[1:]] == [
        ["tiny", "sums", f"s{k}", "4"] for k in range(3)
    ]
