"""vLLM's options, passed through by name: on a module that stands for vLLM, which is not installed everywhere."""

import dataclasses
import sys
from types import ModuleType, SimpleNamespace

import msgspec
import pytest

from boundary.data.runs.folder import MUTABLE, manifest_hash
from boundary.errors import InputError
from boundary.sampling.arms import planned_arms
from boundary.sampling.engines import opening
from boundary.sampling.engines.opening import engine_facts, identifying_options, open_engine, passed_options
from boundary.sampling.engines.spec import EngineSpec, Request, Sampling
from boundary.sampling.requests import Run
from boundary.sampling.run_file import read_run
from boundary.sampling.scoring.run import OTHER_CUTS

pytest.importorskip("transformers")


@dataclasses.dataclass
class EngineArgs:
    model: str
    revision: str | None = None
    tokenizer: str | None = None
    trust_remote_code: bool = False
    dtype: str = "auto"
    generation_config: str = "auto"
    disable_log_stats: bool = False
    tensor_parallel_size: int = 1
    max_num_seqs: int = 256
    kv_cache_dtype: str = "auto"
    worker_cls: str = "auto"
    logits_processors: list[str] | None = None
    seed: int = 0

    def __post_init__(self):
        if self.max_num_seqs < 1:
            raise ValueError("max_num_seqs must be positive")


class SamplingParams(msgspec.Struct, kw_only=True):
    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    max_tokens: int = 16
    stop: list[str] = []
    stop_token_ids: list[int] = []
    ignore_eos: bool = False
    seed: int | None = None
    output_kind: int = 0
    detokenize: bool = True


class Engine:
    """Answers every request at once, and keeps what it was given."""

    def __init__(self, arguments):
        self.arguments, self.waiting, self.parameters = arguments, [], []
        self.engine_core = SimpleNamespace(shutdown=lambda: None)

    @classmethod
    def from_engine_args(cls, arguments):
        cls.latest = cls(arguments)
        return cls.latest

    def add_request(self, name, prompt, parameters):
        self.waiting.append(name)
        self.parameters.append(parameters)

    def step(self):
        output = SimpleNamespace(text="4", finish_reason="stop", token_ids=[5, 2])
        names, self.waiting = self.waiting, []
        return [SimpleNamespace(finished=True, request_id=name, outputs=[output]) for name in names]


@pytest.fixture(autouse=True)
def fake_vllm(monkeypatch):
    vllm, platforms, parameters = ModuleType("vllm"), ModuleType("vllm.platforms"), ModuleType("vllm.sampling_params")
    vllm.EngineArgs, vllm.SamplingParams, vllm.LLMEngine = EngineArgs, SamplingParams, Engine
    platforms.current_platform = SimpleNamespace(is_cpu=lambda: False)
    parameters.RequestOutputKind = SimpleNamespace(FINAL_ONLY=2)
    for module in (vllm, platforms, parameters):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(opening, "package_version", lambda package, extra="": "9.9")


def sampled(model, **options):
    spec = EngineSpec("vllm", str(model), sampling=Sampling(0.7, 0.9, 8, (2,), 3), options=options)
    with open_engine(spec) as generate:
        return list(generate([Request("p", (1, 3), (0, 1, 2))]))


def test_options_go_where_vllm_has_them(tokenizer_folder):
    completions = sampled(tokenizer_folder, max_num_seqs=8, kv_cache_dtype="fp8", top_k=20, stop=["\n\n"])
    assert [completion.sample_index for completion in completions] == [0, 1, 2]
    assert (Engine.latest.arguments.max_num_seqs, Engine.latest.arguments.kv_cache_dtype) == (8, "fp8")
    assert Engine.latest.arguments.generation_config == "vllm"
    parameters = Engine.latest.parameters
    assert {(p.top_k, p.min_p, p.temperature, p.top_p, tuple(p.stop)) for p in parameters} == {
        (20, 0.0, 0.7, 0.9, ("\n\n",))
    }
    assert len({p.seed for p in parameters}) == 3
    sampled(tokenizer_folder)
    assert {p.top_k for p in Engine.latest.parameters} == {-1}  # nothing is left to a model's own file


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_num_seq": 8}, r"no option 'max_num_seq', nor have .* Did you mean 'max_num_seqs'"),
        ({"temperature": 1.0}, "Set it with --temperature"),
        ({"n": 4}, "Set it with -n"),
        ({"trust_remote_code": True}, "Set it with --trust-remote-code"),
        ({"hf_token": "secret"}, "Set it with hf auth login"),
        ({"stop_token_ids": [7]}, "its samples rest on that"),
        ({"detokenize": False}, "its samples rest on that"),
    ],
)
def test_an_option_that_is_not_the_users_is_refused_before_anything_is_written(tokenizer_folder, options, message):
    spec = EngineSpec("vllm", str(tokenizer_folder), options=options)
    with pytest.raises(InputError, match=message):
        engine_facts(spec)
    with pytest.raises(InputError, match=message):
        sampled(tokenizer_folder, **options)


def test_a_value_that_vllm_refuses_is_said_plainly(tokenizer_folder):
    with pytest.raises(InputError, match=r"vLLM refuses an option \(max_num_seqs must be positive\)"):
        sampled(tokenizer_folder, max_num_seqs=0)


def test_what_changes_a_sample_is_part_of_its_fingerprint_and_speed_is_not(tokenizer_folder, tmp_path):
    options = {"max_num_seqs": 8, "kv_cache_dtype": "fp8", "top_k": 20, "dtype": "float16", "gpus": "all"}
    spec = EngineSpec("vllm", str(tokenizer_folder), options=options)
    assert identifying_options(spec) == {"kv_cache_dtype": "fp8", "top_k": 20, "dtype": "float16"}
    assert passed_options(EngineSpec("transformers", "m", options={"batch_size": 2})) == {}
    problems = tmp_path / "p.jsonl"
    problems.write_text('{"problem_id": "p0", "problem": "What is 1 + 1 ?", "answer": "2"}\n')
    run = Run(
        tmp_path / "run", (str(tokenizer_folder),), (str(problems),), 1, "vllm", template="raw", verifier="number"
    )
    manifests = []
    for more in (options, options | {"max_num_seqs": 16}, options | {"top_k": 40}):
        [[arm]] = planned_arms(dataclasses.replace(run, engine_options=more), ())
        manifests.append(arm.manifest(1, tmp_path / "run"))
    assert manifests[0]["settings"]["top_k"] == 20
    assert manifests[0]["engine_options"] == {"max_num_seqs": 8, "kv_cache_dtype": "fp8", "top_k": 20}
    assert manifests[1]["engine_options"]["max_num_seqs"] == 16
    hashes = [manifest_hash(manifest) for manifest in manifests]
    assert hashes[0] == hashes[1] != hashes[2]
    assert "engine_options" in MUTABLE
    assert "top_k" in OTHER_CUTS  # and such samples are not scored as if T and top-p were all


def test_workers_of_ray_pass_options_too():
    spec = EngineSpec("ray", "m", options={"worker": "vllm", "worker_options": {"top_k": 5, "max_num_seqs": 2}})
    assert identifying_options(spec) == {"top_k": 5, "worker": "vllm"}


@pytest.mark.parametrize(
    "table",
    [
        'worker_cls = "evil.Worker"',
        'logits_processors = ["evil:Processor"]',
        'kv_transfer_config = {kv_connector = "x"}',
    ],
)
def test_a_run_file_gives_no_option_that_could_name_code(tmp_path, table):
    file = tmp_path / "run.toml"
    for text in (f"[engine_options]\n{table}\n", f'[engine_options]\nworker = "vllm"\nworker_options = {{{table}}}\n'):
        engine = "ray" if "worker_options" in text else "vllm"
        file.write_text(f'engine = "{engine}"\noutput = "x"\n{text}')
        with pytest.raises(InputError, match="which could name code or files"):
            read_run(file, {})
    file.write_text('engine = "vllm"\noutput = "x"\n[engine_options]\nworker_cls = "mine.Worker"\ntop_k = 3\n')
    run = read_run(file, {"engine_options": {"worker_cls": "mine.Worker"}})
    assert run.engine_options == {"worker_cls": "mine.Worker", "top_k": 3}
    file.write_text(
        'engine = "vllm"\noutput = "x"\n[engine_options]\nkv_cache_dtype = "fp8"\nstop = ["a"]\ntop_k = 3\n'
    )
    assert read_run(file, {}).engine_options["kv_cache_dtype"] == "fp8"
