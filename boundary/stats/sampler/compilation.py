"""Compiled code kept on disk, so that the second run of a command does not compile again."""

import jax


def keep_compiled(folder: str) -> None:
    """Keep what JAX compiles from now on in a folder, unless the user has already chosen one."""
    if jax.config.values["jax_compilation_cache_dir"] is None:
        jax.config.update("jax_compilation_cache_dir", folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
