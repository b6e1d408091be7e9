"""The examples of the callbacks run, where the packages they are for are installed: make test-callbacks."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "callbacks"


def run(name, *arguments, folder, **environment):
    """What an example prints."""
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    kept = os.environ | {"PYTHONPATH": str(EXAMPLES.parents[1]), "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    done = subprocess.run(
        command, cwd=folder, env=kept | environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def numbers(output):
    """The mapping in the last line."""
    return ast.literal_eval(output.strip().splitlines()[-1])


def ordered(values, k):
    return 0 <= values[f"pass_at_{k}_lower"] <= values[f"pass_at_{k}"] <= values[f"pass_at_{k}_upper"] <= 1


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_examples_are_short(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert sum(isinstance(node, ast.stmt) for node in ast.walk(tree)) <= 35


def test_wandb_offline(tmp_path):
    pytest.importorskip("wandb")
    values = numbers(run("wandb_pass_at_k.py", folder=tmp_path, WANDB_MODE="offline", WANDB_SILENT="true"))
    assert all(ordered(values, k) for k in (1, 4, 16))
    (record,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    content = record.read_bytes()
    assert content.count(b"boundary/pass_at_4_lower") >= 3
    assert b"boundary/checkpoint_step" in content


def test_mlflow(tmp_path):
    pytest.importorskip("mlflow")
    values = numbers(run("mlflow_pass_at_k.py", "./mlruns", folder=tmp_path, MLFLOW_ALLOW_FILE_STORE="true"))
    assert all(ordered(values, k) for k in (1, 4, 16))
    (metric,) = tmp_path.glob("mlruns/0/*/metrics/boundary/pass_at_4_upper")
    assert [int(line.split()[2]) for line in metric.read_text().splitlines()] == [0, 100, 200]
    assert float(metric.read_text().split()[-2]) == pytest.approx(values["pass_at_4_upper"])


def test_inspect_ai(tmp_path):
    pytest.importorskip("inspect_ai")
    values = numbers(run("inspect_counts.py", tmp_path / "out", folder=tmp_path))
    assert ordered(values, 1)
    assert ordered(values, 4)
    assert values["pass_at_1"] == pytest.approx(5 / 12)
    assert values["pass_at_4"] == pytest.approx(5 / 6)
    (path,) = (tmp_path / "out").glob("*.csv")
    table = pd.read_csv(path).set_index("problem_id")
    assert dict(table["n_correct"]) == {"sum 0": 0} | {f"sum {i}": 2 for i in range(1, 6)}
    assert set(table["n_samples"]) == {4}
    assert set(table["model"]) == {"mockllm/model"}


@pytest.fixture
def tiny_model(tmp_path):
    """A llama of one layer with random weights and a tokenizer of words."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["[UNK]", "<s>", "</s>", "+", "=", *map(str, range(41))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"unk_token": "[UNK]", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(tmp_path / "tiny")
    torch.manual_seed(0)
    sizes = {"vocab_size": len(words), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64}
    ends = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    config = transformers.LlamaConfig(**sizes, **heads, **ends)
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_trl(tmp_path, tiny_model):
    pytest.importorskip("trl")
    output = run("trl_counts.py", tiny_model, tmp_path / "out", folder=tmp_path)
    table = pd.read_csv(tmp_path / "out" / "counts.csv")
    assert table["checkpoint_step"].tolist() == [0] * 4 + [2] * 4
    assert table["n_samples"].sum() == 4 * 2 * 4  # steps, prompts of a batch, generations
    lines = [line for line in output.splitlines() if "pass_at_1_lower" in line]
    logged = {int(line.split(" ", 1)[0].split()[-1]): ast.literal_eval(line.split(" ", 1)[1]) for line in lines}
    for step, rows in table.groupby("checkpoint_step"):
        shares = rows["n_correct"] / rows["n_samples"]
        assert logged[step]["pass_at_1"] == pytest.approx(shares.mean())
        assert ordered(logged[step], 1)


PROCESS = """
import json, sys
import torch.distributed as distributed
from types import SimpleNamespace
from boundary.callbacks import CheckpointCounts
from boundary.callbacks.trl import counting_reward
rank, folder = int(sys.argv[1]), sys.argv[2]
distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
counts = CheckpointCounts("run")
reward = counting_reward(lambda completions, **columns: [float(text) for text in completions], counts)
state = SimpleNamespace(global_step=0)
reward(completions=["1", "0"] if rank else ["1", "1"], problem_id=["a", "b"], trainer_state=state)
print(json.dumps(counts.counts().table[["problem_id", "n_samples", "n_correct"]].values.tolist()))
"""


def test_processes_count_the_verdicts_of_all(tmp_path):
    pytest.importorskip("trl")
    environment = os.environ | {"PYTHONPATH": str(EXAMPLES.parents[1])}
    command = [sys.executable, "-c", PROCESS]
    processes = [
        subprocess.Popen([*command, str(rank), str(tmp_path)], env=environment, stdout=subprocess.PIPE, text=True)
        for rank in (0, 1)
    ]
    for process in processes:
        output, _ = process.communicate(timeout=300)
        assert json.loads(output.strip().splitlines()[-1]) == [["a", 2, 2], ["b", 2, 1]]
