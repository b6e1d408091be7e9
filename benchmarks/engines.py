"""Whether the engines sample one and the same model: 20 problems through each of them, compared problem by problem.

python -m benchmarks.engines sample ENGINE --model DIR [--base-url URL --served-model NAME] -o RUNS   # each engine once
python -m benchmarks.engines sample transformers --model DIR --temperature 1 -o RUNS               # what must not agree
python -m benchmarks.engines compare RUNS -o benchmarks/results

The problems are sums of two digits after three worked examples, at the paper's temperature .6 and top-p .95, so that a
server that cuts before it tempers, or keeps a top-k of its own, would be seen. `ray` starts a cluster of two nodes on
this machine and kills one of its workers while it samples. `compare` writes the counts (engines.csv) and, for each pair
of engines (engines_pairs.csv), `log_bf`, the logarithm of the Bayes factor for one solve rate a problem against two
(uniform priors; above 0 speaks for one), `p_value`, how often as large a sum of squared differences comes up when the
samples of a problem are dealt to the two engines at random, and `largest_z`, the largest difference of the posterior
means in posterior standard deviations.
"""

import argparse
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import betaln

from boundary.data.runs.counts import run_table
from boundary.sampling.run import Run, Snapshot, sample

SHOTS = "2 + 3 = 5\n4 + 1 = 5\n7 + 2 = 9\n{problem} ="
SUMS = [(a, b) for a in (1, 3, 5, 6, 9) for b in (2, 4, 7, 8)]
DEALS = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    sampling = commands.add_parser("sample")
    sampling.add_argument("engine", choices=("transformers", "openai", "vllm", "ray"))
    sampling.add_argument("--model", required=True)
    sampling.add_argument("--base-url", default="http://localhost:8000/v1")
    sampling.add_argument("--served-model", default="", help="what the server calls the model")
    sampling.add_argument("-n", type=int, default=64)
    sampling.add_argument("--temperature", type=float, default=0.6)
    comparison = commands.add_parser("compare")
    comparison.add_argument("runs", type=Path)
    for command in (sampling, comparison):
        command.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "sample":
        server = {"base_url": options.base_url, "served_model": options.served_model}
        run_engine(options.engine, options.model, server, options.n, options.temperature, options.output)
    else:
        compare(options.runs, options.output)


def run_engine(engine: str, model: str, server: dict[str, str], n: int, temperature: float, output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    (output / "shots.txt").write_text(SHOTS)
    lines = [{"problem_id": f"{a}+{b}", "problem": f"{a} + {b}", "answer": str(a + b)} for a, b in SUMS]
    (output / "sums.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    options = {
        "transformers": {"device": "cpu", "batch_size": 160},
        "openai": server,
        "vllm": {"max_model_len": 512, "enforce_eager": True},
        "ray": {"block_samples": 32, "worker_options": {"device": "cpu"}},
    }[engine]
    run = Run(
        output=output / (engine if temperature == 0.6 else f"{engine} at {temperature:g}"),
        models=(f"small={model}",),
        benchmarks=(str(output / "sums.jsonl"),),
        n=n,
        engine=engine,
        engine_options=options,
        template=str(output / "shots.txt"),
        verifier="first-number",
        temperature=temperature,
        max_tokens=4,
    )
    if engine == "ray":
        with two_nodes() as kill_one:
            done = sample(run, kill_one)
    else:
        done = sample(run)
    print(engine, done[0].new, "samples,", done[0].missing, "missing,", round(done[0].seconds), "s")


@contextmanager
def two_nodes() -> "Iterator[object]":
    """A Ray cluster of two nodes here; yields what kills a worker once some samples are there."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    killed: list[int] = []

    def kill_one(now: Snapshot) -> None:
        if killed or now.new < now.total / 4:
            return
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            if process.read_bytes().startswith(b"ray::Worker"):
                killed.append(int(process.parent.name))
                os.kill(killed[0], signal.SIGKILL)
                print("killed a worker at", now.new, "samples")
                return

    yield kill_one
    ray.shutdown()
    cluster.shutdown()


def compare(runs: Path, output: Path) -> None:
    tables = []
    for folder in sorted(path for path in runs.iterdir() if path.is_dir()):
        table = run_table(folder)
        manifest = json.loads(next(folder.glob("*/*/manifest.json")).read_text())
        table.insert(0, "engine", folder.name)
        table["engine_version"] = manifest["engine_version"]
        tables.append(table[["engine", "engine_version", "problem_id", "n_samples", "n_correct"]])
    counts = pd.concat(tables, ignore_index=True)
    counts.to_csv(output / "engines.csv", index=False)
    right = counts.pivot(index="problem_id", columns="engine", values="n_correct")
    n = counts.pivot(index="problem_id", columns="engine", values="n_samples")
    if right.isna().to_numpy().any():
        raise SystemExit(f"not finished: {', '.join(right.columns[right.isna().any()])}")
    rng = np.random.default_rng(0)
    rows = []
    for engine, other in combinations(right.columns, 2):
        c, m = right[[engine, other]].to_numpy(), n[[engine, other]].to_numpy()
        rows.append({"engine": engine, "other": other, **agreement(c, m, rng)})
    pairs = pd.DataFrame(rows)
    pairs.to_csv(output / "engines_pairs.csv", index=False)
    print(right.sum().to_string(), pairs.to_string(index=False), sep="\n")


def agreement(c: np.ndarray, n: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    """How two engines agree; c and n are (problem, 2)."""
    separate = betaln(c + 1, n - c + 1).sum(axis=1)
    together = betaln(c.sum(axis=1) + 1, (n - c).sum(axis=1) + 1)
    dealt = rng.hypergeometric(c.sum(axis=1), (n - c).sum(axis=1), n[:, 0], size=(DEALS, len(c)))
    observed = ((c[:, 0] / n[:, 0] - c[:, 1] / n[:, 1]) ** 2).sum()
    chance = ((dealt / n[:, 0] - (c.sum(axis=1) - dealt) / n[:, 1]) ** 2).sum(axis=1)
    p = (c + 1) / (n + 2)
    z = (p[:, 0] - p[:, 1]) / np.sqrt((p * (1 - p) / (n + 3)).sum(axis=1))
    return {
        "n_problems": len(c),
        "log_bf": round(float((together - separate).sum()), 2),
        "p_value": round(float((chance >= observed - 1e-12).mean()), 4),
        "largest_z": round(float(abs(z).max()), 2),
    }


if __name__ == "__main__":
    main()
