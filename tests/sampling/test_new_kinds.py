"""An engine, a verifier, a benchmark and a template are each added with one file and one line, and used by command."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import boundary

pytest.importorskip("transformers")

ENGINE = '''"""The toy engine: one fixed answer to everything."""

from contextlib import contextmanager

from boundary.sampling.problems import Completion


@contextmanager
def toy_engine(spec, *, answer="4"):
    """Answer every problem alike."""

    def generate(requests):
        for request in requests:
            for place in request.sample_indices:
                yield Completion(request.problem_id, place, f"Answer: {answer}", "stop", 3)

    yield generate
'''
ENGINE_LINE = '        Engine("toy", "toy:toy_engine", identifying_options=("answer",)),\n'
VERIFIER = '''"""The verifier `parity`: both numbers are even, or both are odd."""

from boundary.sampling.verifiers.exact import extract
from boundary.sampling.verifiers.spec import Verifier, reference_and_answer


def compare(gold, answer):
    """Whether both are even or both odd."""
    return ("correct" if int(gold) % 2 == int(answer) % 2 else "wrong"), ""


VERIFIERS = (Verifier("parity", "1", extract, reference_and_answer, "boundary.sampling.verifiers.parity:compare"),)
'''
PRESET = """
[toy-sums]
title = "Sums"
source = "reasoning-gym/chain_sum?size=2"
verifier = "reasoning-gym"
template = "toy"
"""
PROBLEMS = [
    {"problem_id": f"p{number}", "problem": f"What is {number} + 1?", "answer": number + 1} for number in range(4)
]


@pytest.fixture
def checkout(tmp_path):
    """A copy of the package whose room `sampling` can be added to; the other rooms are links."""
    package, source = tmp_path / "boundary", Path(boundary.__file__).parent
    package.mkdir()
    for path in source.iterdir():
        if path.name != "sampling":
            (package / path.name).symlink_to(path)
    shutil.copytree(source / "sampling", package / "sampling", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "toy.jsonl").write_text("".join(json.dumps(problem) + "\n" for problem in PROBLEMS))
    return tmp_path


def add_line(path, after, line):
    text = path.read_text(encoding="utf-8")
    assert text.count(after) == 1
    path.write_text(text.replace(after, after + line), encoding="utf-8")


def run_command(checkout, *words):
    command = [sys.executable, "-c", "from boundary.cli.main import main; main()", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    result = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def correct_by_problem(checkout):
    lines = run_command(checkout, "counts", "run", "-o", "counts.csv") and (checkout / "counts.csv").read_text()
    header, *rows = (line.split(",") for line in lines.splitlines())
    places = [header.index(name) for name in ("problem_id", "n_samples", "n_correct")]
    return [tuple(row[place] for place in places) for row in rows]


def test_a_new_engine_template_and_file_of_problems_are_sampled_and_counted(checkout, tokenizer_folder):
    sampling = checkout / "boundary" / "sampling"
    (sampling / "engines" / "toy.py").write_text(ENGINE)
    add_line(sampling / "engines" / "table.py", "    for engine in (\n", ENGINE_LINE)
    (sampling / "templates" / "toy.txt").write_text("Question: {problem}\nAnswer:")
    words = ["--model", f"toy={tokenizer_folder}", "--benchmark", "toy.jsonl", "--engine", "toy", "--template", "toy"]
    words += ["--engine-option", "answer=3", "--verifier", "number", "-n", 2, "-o", "run"]
    assert "toy on toy: 8 new samples of 8" in run_command(checkout, "sample", *words)
    assert correct_by_problem(checkout) == [("p0", "2", "0"), ("p1", "2", "0"), ("p2", "2", "2"), ("p3", "2", "0")]
    manifest = json.loads(next((checkout / "run").glob("*/*/manifest.json")).read_text())
    assert (manifest["engine"], manifest["template"], manifest["settings"]["answer"]) == ("toy", "toy", 3)


def test_a_new_verifier_judges_stored_samples(checkout, tokenizer_folder):
    sampling = checkout / "boundary" / "sampling"
    (sampling / "engines" / "toy.py").write_text(ENGINE)
    add_line(sampling / "engines" / "table.py", "    for engine in (\n", ENGINE_LINE)
    (sampling / "verifiers" / "parity.py").write_text(VERIFIER)
    add_line(sampling / "verifiers" / "table.py", "MODULES = (\n", '    "parity",\n')
    words = ["--model", f"toy={tokenizer_folder}", "--benchmark", "toy.jsonl", "--engine", "toy", "--template", "raw"]
    run_command(checkout, "sample", *words, "--verifier", "exact", "-n", 1, "-o", "run")
    assert [row[2] for row in correct_by_problem(checkout)] == ["0", "0", "0", "1"]
    printed = run_command(checkout, "verify", "run", "--verifier", "parity", "--use")
    assert "parity-1 judged 4 samples: correct 2, wrong 2" in printed
    assert [row[2] for row in correct_by_problem(checkout)] == ["0", "1", "0", "1"]


def test_a_new_preset_is_a_benchmark(checkout, tokenizer_folder):
    pytest.importorskip("reasoning_gym")
    sampling = checkout / "boundary" / "sampling"
    (sampling / "engines" / "toy.py").write_text(ENGINE)
    add_line(sampling / "engines" / "table.py", "    for engine in (\n", ENGINE_LINE)
    (sampling / "templates" / "toy.txt").write_text("Question: {problem}\nAnswer:")
    with (sampling / "benchmarks" / "presets.toml").open("a") as file:
        file.write(PRESET)
    words = ["--model", f"toy={tokenizer_folder}", "--benchmark", "toy-sums", "--engine", "toy", "-n", 1, "-o", "run"]
    assert "toy on toy-sums: 2 new samples of 2" in run_command(checkout, "sample", *words)
    assert len(correct_by_problem(checkout)) == 2
