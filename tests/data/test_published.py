"""Published sets: every card is whole; files are fetched once, noted and checked; what goes wrong is said plainly."""

import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner

from boundary.cli.main import main
from boundary.data.formats import FORMATS
from boundary.data.published import HOSTS, fetch, published_card, published_sets
from boundary.errors import InputError

NAME = "matharena-aime-2025"
REVISION = "0123456789abcdef0123456789abcdef01234567"
FILES = {"README.md": b"card", "data/train-0.parquet": b"first" * 50, "data/train-1.parquet": b"second" * 50}


class FakeHub:
    """The three names of huggingface_hub that are used, over files in memory."""

    def __init__(self, files=FILES, revision=REVISION):
        self.files, self.revision, self.downloads, self.asked = dict(files), revision, 0, []
        self.sizes = {}
        self.utils = SimpleNamespace(disable_progress_bars=lambda: None)

    def HfApi(self):  # noqa: N802
        return self

    def dataset_info(self, repository, revision=None, files_metadata=False):
        self.asked.append(revision)
        siblings = [SimpleNamespace(rfilename=name, size=self.sizes.get(name)) for name in self.files]
        return SimpleNamespace(sha=revision or self.revision, siblings=siblings)

    def snapshot_download(self, repository, repo_type, revision, allow_patterns, local_dir):
        from fnmatch import fnmatch

        assert repo_type == "dataset"
        self.downloads += 1
        for name, content in self.files.items():
            if any(fnmatch(name, pattern) for pattern in allow_patterns):
                path = local_dir / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


@pytest.fixture
def hub(monkeypatch):
    fake = FakeHub()
    monkeypatch.setitem(sys.modules, "huggingface_hub", fake)
    return fake


@pytest.mark.parametrize("name", published_sets())
def test_every_card_is_whole(name):
    card = published_card(name)
    assert card.hub in HOSTS
    assert card.repository.count("/") == 1
    assert card.text.startswith(f"# {name}\n")
    assert all([card.title, card.licence, card.format, card.benchmarks, card.n_samples, card.paper])
    assert re.search(r"boundary import [a-z-]+ .* -o \S+\.csv$", card.counts)
    assert re.search(r"boundary import ([a-z-]+)", card.counts)[1] in FORMATS
    assert card.repository in card.text
    assert "## Caveats" in card.text


def test_the_catalogue_lists_and_shows_them():
    runner = CliRunner()
    assert "monkey_business" in runner.invoke(main, ["data", "list"]).stdout
    for name in published_sets():
        card = published_card(name)
        listing = runner.invoke(main, ["data", "list"]).stdout
        assert all(fact in listing for fact in (name, card.url, card.licence, card.format, card.n_samples))
    entries = json.loads(runner.invoke(main, ["data", "list", "--json"]).stdout)
    assert {entry["name"] for entry in entries if not entry["shipped"]} == set(published_sets())
    assert "ScalingIntelligence/monkey_business" in runner.invoke(main, ["data", "show", "monkey_business"]).stdout


def test_fetched_once_then_read_from_the_cache(hub, tmp_path):
    first = fetch(NAME, cache=tmp_path)
    assert [path.name for path in first.files] == ["train-0.parquet", "train-1.parquet"]
    assert first.sha256["data/train-0.parquet"] == hashlib.sha256(FILES["data/train-0.parquet"]).hexdigest()
    assert fetch(NAME, cache=tmp_path) == first
    assert hub.downloads == 1


def test_more_files_come_at_the_revision_of_the_first(hub, tmp_path):
    fetch(NAME, ["data/train-0*"], cache=tmp_path)
    hub.revision = "f" * 40
    more = fetch(NAME, ["data/train-1*"], cache=tmp_path)
    assert more.revision == REVISION
    assert [path.name for path in more.files] == ["train-1.parquet"]
    assert fetch(NAME, ["data/train-0*"], cache=tmp_path).files[0].name == "train-0.parquet"
    assert fetch(NAME, ["data/train-0*"], refresh=True, cache=tmp_path).revision == "f" * 40
    assert hub.asked == [None, REVISION, None]


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"other"), lambda path: path.unlink()])
def test_a_changed_file_is_noticed_and_refreshed(hub, tmp_path, harm):
    fetched = fetch(NAME, cache=tmp_path)
    harm(fetched.files[1])
    with pytest.raises(InputError, match=r"train-1\.parquet.*--refresh"):
        fetch(NAME, cache=tmp_path)
    assert fetch(NAME, refresh=True, cache=tmp_path).sha256 == fetched.sha256


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "{"])
def test_a_broken_note_is_noticed(hub, tmp_path, text):
    fetch(NAME, cache=tmp_path)
    (tmp_path / NAME / "manifest.json").write_text(text)
    with pytest.raises(InputError, match="--refresh"):
        fetch(NAME, cache=tmp_path)


def test_large_sets_ask_which_files(hub, tmp_path):
    with pytest.raises(InputError, match=r"Choose with --files.*data/train-0\.parquet"):
        fetch("monkey_business", cache=tmp_path)
    with pytest.raises(InputError, match="named so"):
        fetch(NAME, ["nothing*"], cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_names_that_climb_out_are_left_alone(hub, tmp_path):
    hub.files = {"../outside.parquet": b"", "/etc/passwd.parquet": b"", "inside.parquet": b"x"}
    assert [path.name for path in fetch(NAME, ["*.parquet"], cache=tmp_path / "deep").files] == ["inside.parquet"]


HOSTILE = (
    "a\x1b[2Jb.parquet",
    "..\\up.parquet",
    "c:drive.parquet",
    "manifest.json",
    ".cache/x.parquet",
    "d/../../e.parquet",
)


def test_names_that_are_no_names_of_files_are_left_alone(hub, tmp_path):
    hub.files = dict.fromkeys(HOSTILE, b"") | {"in[1]side*.parquet": b"x", "x" * 600 + ".parquet": b""}
    assert [path.name for path in fetch(NAME, ["*"], cache=tmp_path).files] == ["in[1]side*.parquet"]
    assert sorted(path.name for path in (tmp_path / NAME).rglob("*")) == ["in[1]side*.parquet", "manifest.json"]
    assert "sha256" in json.loads((tmp_path / NAME / "manifest.json").read_text())


@pytest.mark.parametrize(("size", "why"), [(1 << 60, "has room for"), (1 << 62, "Name fewer with --files")])
def test_more_than_there_is_room_for_is_not_fetched(hub, tmp_path, size, why):
    hub.sizes = {"data/train-0.parquet": size}
    with pytest.raises(InputError, match=why):
        fetch(NAME, cache=tmp_path)
    assert hub.downloads == 0


def test_the_command_says_how_the_files_become_counts(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("BOUNDARY_CACHE", str(tmp_path))
    hub.files = {"data/train-0.parquet": b"x"}
    result = CliRunner().invoke(main, ["data", "get", "fineproofs-rl"])
    assert result.exit_code == 0, result.output
    assert (
        f"boundary import rows {tmp_path / 'fineproofs-rl'}/data --columns problem=problem,correct=rewards"
        in result.stderr
    )


def test_graded_proofs_become_counts_as_the_card_says(tmp_path):
    import pandas as pd

    card = published_card("fineproofs-rl")
    rows = [{"problem": f"p{i}", "rewards": [1.0, 3 / 7, 0.0], "num_rewards": 3, "reward_mean": 0.5} for i in range(3)]
    pd.DataFrame(rows).to_parquet(tmp_path / "train-00000-of-00001.parquet")
    words = card.counts.replace("FOLDER/data", str(tmp_path)).replace("counts.csv", str(tmp_path / "c.csv")).split()
    result = CliRunner().invoke(main, words[1:])
    assert result.exit_code == 0, result.output
    assert pd.read_csv(tmp_path / "c.csv")[["n_samples", "n_correct"]].to_numpy().tolist() == [[3, 1]] * 3


def test_a_cache_that_cannot_be_written_to_is_named(hub, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match=r"Cannot write to .*BOUNDARY_CACHE"):
        fetch(NAME, cache=tmp_path / "file")


def test_the_missing_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.setenv("BOUNDARY_CACHE", str(tmp_path))
    result = CliRunner().invoke(main, ["data", "get", NAME])
    assert result.exit_code == 2
    assert "pip install '.[hub]'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["get", "livecodebench-submissions"], "git clone https://github.com/LiveCodeBench/submissions.git"),
        (["get", "monkey_busines"], "Did you mean 'monkey_business'?"),
        (["export", "monkey_business", "-o", "out.csv"], "boundary data get monkey_business"),
        (["show", "monkey_busines"], "Did you mean 'monkey_business'?"),
        (
            ["show", "nothing"],
            "Shipped: deepscaler-1.5b, smollm2-arithmetic, smollm2-arithmetic-scored, smollm2-transfer. Published else",
        ),
        (["get", "deepscaler-1.5b"], "boundary analyze deepscaler-1.5b"),
    ],
)
def test_what_cannot_be_fetched_exits_with_2(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["data", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


class Loopback(http.server.BaseHTTPRequestHandler):
    """As much of the Hugging Face Hub as its own client asks for."""

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        if "/resolve/" in path and (content := FILES.get(path.split(f"/resolve/{REVISION}/")[-1])) is not None:
            etag = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            return self.answer(content, {"X-Repo-Commit": REVISION, "ETag": f'"{etag}"'})
        if "/tree/" in path:
            entries = [{"type": "file", "path": name, "size": len(FILES[name]), "oid": "0" * 40} for name in FILES]
            return self.answer(json.dumps(entries).encode())
        info = {"id": "MathArena/aime_2025_outputs", "sha": REVISION, "siblings": [{"rfilename": n} for n in FILES]}
        return self.answer(json.dumps(info | {"private": False, "downloads": 0, "likes": 0, "tags": []}).encode())

    def answer(self, content, headers=()):
        self.send_response(200)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_):
        """Keep quiet."""


def real_client(endpoint, cache, *arguments):
    pytest.importorskip("huggingface_hub")
    code = "import sys; from boundary.cli.main import main; main(['data', 'get', *sys.argv[1:]])"
    proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in proxies}
    environment = kept | {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1"}
    environment |= {"BOUNDARY_CACHE": str(cache), "HF_HOME": str(cache / "hf")}
    return subprocess.run(
        [sys.executable, "-c", code, NAME, *arguments], env=environment, capture_output=True, text=True, timeout=120
    )


def test_the_hubs_own_client_against_a_loopback_server(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Loopback)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = real_client(f"http://127.0.0.1:{server.server_port}", tmp_path, "--json")
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["revision"] == REVISION
    assert set(record["sha256"]) == {"data/train-0.parquet", "data/train-1.parquet"}
    assert (tmp_path / NAME / "data" / "train-1.parquet").read_bytes() == FILES["data/train-1.parquet"]
    # The server is gone: what is in the cache still answers.
    again = real_client("http://127.0.0.1:9", tmp_path, "--json")
    assert json.loads(again.stdout) == record


def test_no_network_is_said_plainly_with_exit_2(tmp_path):
    done = real_client("http://127.0.0.1:9", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: Cannot get '{NAME}' from {published_card(NAME).url}: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / NAME).exists()
