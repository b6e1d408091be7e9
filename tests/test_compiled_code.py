"""Compiled code is kept on disk: by the command in the user's cache, by the tests in a folder of their own."""

import os
import subprocess
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from boundary.stats.sampler.compilation import compiled

COUNTS = "model,benchmark,problem_id,n_samples,n_correct\n" + "".join(f"m,B,{i},8,{i % 9}\n" for i in range(12))


def compiled_by(command, tmp_path, **environment):
    """Names of the compiled functions kept in the user's cache by a small analysis."""
    counts = tmp_path / "counts.csv"
    counts.write_text(COUNTS)
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    places = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    words = ["analyze", str(counts), "-o", str(tmp_path / "report"), "--prior", "independent"]
    subprocess.run([*command(), *words], check=True, capture_output=True, env=cleared | places | environment)
    return {path.name for path in tmp_path.rglob("boundary/compiled/*-cache")}


def test_command_keeps_compiled_code_in_the_users_cache(boundary_command, tmp_path):
    assert compiled_by(boundary_command, tmp_path)


def test_command_leaves_the_users_choice_of_folder(boundary_command, tmp_path):
    folder_of_user = tmp_path / "chosen"
    options = {"JAX_COMPILATION_CACHE_DIR": str(folder_of_user), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    assert compiled_by(boundary_command, tmp_path, **options) == set()
    assert list(folder_of_user.glob("*-cache"))


def test_tests_keep_compiled_code():
    folder = Path(jax.config.values["jax_compilation_cache_dir"])
    assert folder == Path(os.environ["JAX_COMPILATION_CACHE_DIR"])
    assert not folder.is_relative_to(Path.home() / ".cache" / "boundary")


def test_every_compiled_function_multiplies_in_full_precision(repository):
    """On a GPU, JAX would take ten bits of each factor."""
    folder = repository / "boundary"
    compiling = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py") if "jax.jit" in path.read_text()}
    assert compiling == {"stats/sampler/compilation.py"}
    product = compiled()(lambda a, b: a @ b)
    factors = np.ones((3, 3), np.float32), np.ones((3, 3), np.float32)
    assert "HIGHEST" in str(jax.make_jaxpr(product)(*factors))
    assert "HIGHEST" in str(jax.make_jaxpr(jax.grad(lambda a, b: product(a, b).sum()))(*map(jnp.asarray, factors)))
