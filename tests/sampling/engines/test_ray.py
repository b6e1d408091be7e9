"""The ray engine and the ray scorer on a cluster of two nodes here; for those who have Ray."""

import json
import os
import shutil
import signal
import warnings
from collections import Counter
from pathlib import Path

import pytest

from boundary.errors import InputError
from boundary.sampling.engines.opening import open_engine
from boundary.sampling.engines.spec import EngineSpec, Request, Sampling
from boundary.sampling.models import load_config
from boundary.sampling.scoring.ray import worker_dtype
from boundary.sampling.scoring.records import Response, ScorerSpec, ScoreTerms
from boundary.sampling.scoring.table import open_scorer
from boundary.sampling.scoring.transformers import scoring_dtype

pytest.importorskip("ray")
pytest.importorskip("torch")

REQUESTS = [Request(f"p{number}", (1, 3, number), tuple(range(16))) for number in range(4)]


@pytest.fixture(scope="module")
def cluster():
    import ray
    from ray.cluster_utils import Cluster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        local_cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        local_cluster.add_node(num_cpus=1)
        ray.init(address=local_cluster.address, log_to_driver=False)
        yield local_cluster
        ray.shutdown()
        local_cluster.shutdown()


def kill_a_worker():
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        if process.read_bytes().startswith(b"ray::Worker"):
            os.kill(int(process.parent.name), signal.SIGKILL)
            return


@pytest.mark.filterwarnings("ignore")
def test_a_lost_workers_block_is_done_again(cluster, tiny_model):
    options = {"block_samples": 4, "worker_options": {"device": "cpu"}}
    completions, notices = [], []
    spec = EngineSpec("ray", str(tiny_model), sampling=Sampling(1.0, 1.0, 8, (2,)), options=options)
    with open_engine(spec, notice=notices.append) as run:
        for completion in run(REQUESTS):
            completions.append(completion)
            if len(completions) == 5:
                kill_a_worker()
    expected = {(request.problem_id, place): 1 for request in REQUESTS for place in request.sample_indices}
    assert Counter((completion.problem_id, completion.sample_index) for completion in completions) == expected
    assert len(notices) <= 1  # none where its block had come back
    assert all("Lost a Ray worker" in text for text in notices)


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_no_worker_finds_ends_the_run(cluster):
    with (
        open_engine(EngineSpec("ray", "./nowhere", sampling=Sampling(stop_ids=(2,)))) as generate,
        pytest.raises(InputError, match=r"No folder './nowhere'"),
    ):
        list(generate(REQUESTS))


@pytest.mark.filterwarnings("ignore")
def test_the_dtype_is_decided_where_the_weights_are_loaded(cluster, tokenizer_folder, tmp_path, monkeypatch):
    import torch

    folder = shutil.copytree(tokenizer_folder, tmp_path / "saved")
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "dtype": "bfloat16"}))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # on the driver alone
    assert scoring_dtype(load_config(str(folder))) == "bfloat16"
    assert worker_dtype(ScorerSpec("ray", str(folder))) == "float32"
    with pytest.raises(InputError, match=r"No folder '\./nowhere'"):
        worker_dtype(ScorerSpec("ray", "./nowhere"))


@pytest.mark.filterwarnings("ignore")
def test_workers_score_what_one_process_scores(cluster, tiny_model):
    responses = [
        Response(f"p{number}", place, 0, (1, 3, number), [4 + place, 2], "token")
        for number in range(3, 6)
        for place in range(4)
    ]
    sums = {}
    for engine, options in (
        ("transformers", {"device": "cpu"}),
        ("ray", {"block_responses": 3, "worker_options": {"device": "cpu"}}),
    ):
        with open_scorer(ScorerSpec(engine, str(tiny_model), options=options)) as score:
            for _ in range(2):  # a second arm is scored by the same workers
                scores = list(score(iter(responses), ScoreTerms((2,))))
                assert len(scores) == len(responses)
        sums[engine] = {(score.problem_id, score.sample_index): score.sum_logp for score in scores}
    assert sums["ray"] == pytest.approx(sums["transformers"], abs=1e-4)
