"""What commands that fit set up before they load what computes."""

import atexit
import gc
import os


def prepare() -> None:
    """Keep compiled code on disk, and spare threads and clean-up that only take time."""
    # Fits run side by side, and the matrices are small: threads within an operation would wait for one another.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from platformdirs import user_cache_path

    from boundary.stats.sampler.compilation import keep_compiled

    keep_compiled(str(user_cache_path("boundary") / "compiled"))
    # Tables and figures are many small objects, which need not be looked through for every 700 new ones.
    gc.set_threshold(50_000, 20, 20)
    # The process ends: nothing need be looked through for what could be freed. Registered after what JAX registers,
    # so it runs before.
    atexit.register(gc.freeze)
